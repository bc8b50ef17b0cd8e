/* value_list: values one after the other are those of the decoded column. */
#include "one_dictionary.h"

/* ---- walking ---- */

/* All values up to `until` against those of the column, from *at on. */
static int
walk(struct value_list *l, struct str until, const struct column *col, uint32_t *at, uint32_t most,
    struct err *e)
{
	struct tally_entry few[40];
	unsigned wrong = 0;
	size_t n;

	do {
		if (value_list_next(l, until, few, most, &n, e) < 0)
			return -1;
		for (size_t i = 0; i < n && col != NULL; i++)
			wrong += ++*at > col->n_values || !str_eq(few[i].value, col->values[*at]) ||
			    few[i].count != col->counts[*at] || (until.p != NULL && str_cmp(few[i].value, until) > 0);
	} while (n > 0);
	ck_assert_uint_eq(wrong, 0);
	return 0;
}

static void
check_walk(struct made *m, uint64_t seed, bool whole)
{
	struct segment *s = open_made(m), *other = open_made(m);
	struct err e = ERR_NONE;
	const struct column *col = segment_column(other, FIELD_IP, &e);
	uint32_t n, absent, at = 0, most = 1 + below(&seed, 40);
	char bound[9000];
	struct str last = STR("");
	struct buf kept = { 0 };

	ck_assert_int_eq(segment_dictionary(s, FIELD_IP, &n, &absent, &e), 0);
	ck_assert_uint_eq(n, col->n_values);
	ck_assert_uint_eq(absent, col->counts[0]);
	struct value_list *l = segment_value_list(s, FIELD_IP, &e);
	segment_free(s);
	while (!whole && !value_list_ended(l)) {
		struct str until = { bound, make_value(bound, &seed) };

		/* Often a value that there is. */
		if (below(&seed, 2) == 0)
			until = col->values[1 + below(&seed, n)];
		if (str_cmp(until, last) < 0)
			until = below(&seed, 9) == 0 ? (struct str){ NULL, 0 } : last;
		ck_assert_int_eq(walk(l, until, col, &at, most, &e), 0);
		ck_assert_uint_eq(value_list_left(l), n - at);
		ck_assert(at == n || str_cmp(col->values[at + 1], until) > 0);
		buf_reset(&kept);
		buf_str(&kept, until);
		last = buf_view(&kept);
	}
	ck_assert_int_eq(walk(l, (struct str){ NULL, 0 }, col, &at, most, &e), 0);
	ck_assert_uint_eq(at, n);
	ck_assert(value_list_ended(l));
	buf_fini(&kept);
	value_list_free(l);
	segment_free(other);
}

START_TEST(a_list_gives_the_values_of_the_column)
{
	struct made m;

	for (uint64_t seed = 1; seed < 60; seed++) {
		make(&m, seed < 40 ? (uint32_t)seed * 7 : 3000, seed);
		check_walk(&m, seed, true);
		for (uint64_t i = 0; i < 10; i++)
			check_walk(&m, seed * 100 + i, false);
		sealed_fini(&m.sealed);
	}
}
END_TEST

START_TEST(a_decoded_column_has_no_list)
{
	struct made m;
	struct err e = ERR_NONE;
	uint32_t n, absent;

	make(&m, 100, 3);
	struct segment *s = open_made(&m);
	ck_assert_int_eq(segment_dictionary(s, FIELD_HOST, &n, &absent, &e), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(segment_dictionary(s, FIELD_TIME, &n, &absent, &e), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert(segment_column(s, FIELD_IP, &e) != NULL);
	ck_assert_int_eq(segment_dictionary(s, FIELD_IP, &n, &absent, &e), 0);
	ck_assert_uint_eq(n, 0);
	segment_free(s);
	sealed_fini(&m.sealed);
}
END_TEST

static int
read_column(struct made *m)
{
	struct segment *s = open_made(m);
	struct err e = ERR_NONE;
	int rc = segment_column(s, FIELD_IP, &e) != NULL ? 0 : -1;

	segment_free(s);
	return rc;
}

static int
read_list(struct made *m)
{
	struct segment *s = open_made(m);
	struct err e = ERR_NONE;
	struct value_list *l = NULL;
	uint32_t n, absent, at = 0;
	int rc = segment_dictionary(s, FIELD_IP, &n, &absent, &e);

	if (rc == 0)
		rc = n > 0 && (l = segment_value_list(s, FIELD_IP, &e)) != NULL ? 0 : -1;
	segment_free(s);
	if (rc == 0)
		rc = walk(l, (struct str){ NULL, 0 }, NULL, &at, 7, &e);
	value_list_free(l);
	return rc;
}

/* Both ways find the same damage, and neither reads where it must not. */
START_TEST(a_changed_dictionary_is_wrong_either_way)
{
	struct made m;
	uint64_t state = 5;
	unsigned wrong = 0, differ = 0;

	make(&m, 60, 11);
	for (size_t i = 0; i < m.sealed.n; i++) {
		const struct piece *piece = &m.sealed.piece[i];

		if (piece->field != FIELD_IP || piece->part != PART_DICTIONARY)
			continue;
		ck_assert_int_eq(piece->data.p[0], 2);
		for (unsigned times = 0; times < 20000; times++) {
			m.changed_len = times % 4 == 0 ? below(&state, (uint32_t)piece->data.len) : piece->data.len;
			m.changed = mem_alloc(m.changed_len);
			memcpy(m.changed, piece->data.p, m.changed_len);
			if (m.changed_len > 0)
				m.changed[below(&state, (uint32_t)m.changed_len)] = (char)below(&state, times % 2 ? 256 : 4);
			int rc = read_column(&m);
			differ += read_list(&m) != rc;
			wrong += rc < 0;
			free(m.changed);
		}
	}
	m.changed = NULL;
	ck_assert_uint_eq(differ, 0);
	ck_assert_uint_gt(wrong, 1000);
	ck_assert_uint_lt(wrong, 20000);
	sealed_fini(&m.sealed);
}
END_TEST

static Suite *
value_list_suite(void)
{
	Suite *s = suite_create("value_list");
	TCase *t = tcase_create("value_list");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_list_gives_the_values_of_the_column);
	tcase_add_test(t, a_decoded_column_has_no_list);
	tcase_add_test(t, a_changed_dictionary_is_wrong_either_way);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(value_list_suite)
