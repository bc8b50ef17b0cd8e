/* unite: dictionaries side by side give what their values give one by one. */
#include "one_dictionary.h"
#include "query/unite.h"

static void
add_column(struct made *m, struct tally *t)
{
	struct segment *s = open_made(m);
	struct err e = ERR_NONE;
	const struct column *col = segment_column(s, FIELD_IP, &e);

	ck_assert_ptr_nonnull(col);
	for (uint32_t i = 1; i <= col->n_values; i++)
		tally_add(t, col->values[i], col->counts[i]);
	segment_free(s);
}

static int
add_list(struct made *m, struct unite *u, struct tally *t, struct err *e)
{
	struct segment *s = open_made(m);
	struct value_list *l = segment_value_list(s, FIELD_IP, e);

	ck_assert_msg(l != NULL, "%s", e->text);
	segment_free(s);
	return unite_add(u, l, t, e);
}

static void
compare(const struct tally *a, const struct tally *b)
{
	size_t n_a, n_b;
	struct tally_entry *x = tally_top(a, 0, &n_a), *y = tally_top(b, 0, &n_b);

	ck_assert_uint_eq(n_a, n_b);
	for (size_t i = 0; i < n_a; i++) {
		ck_assert(str_eq(x[i].value, y[i].value));
		ck_assert_uint_eq(x[i].count, y[i].count);
	}
	free(x);
	free(y);
}

/* More lists than are kept at a time, of all sizes. */
START_TEST(lists_add_up_to_their_values)
{
	struct tally *got = tally_new(), *wanted = tally_new();
	struct unite *u = unite_new();
	struct err e = ERR_NONE;

	for (uint64_t seed = 1; seed <= 90; seed++) {
		struct made m;

		make(&m, seed % 9 == 0 ? 4000 : (uint32_t)(seed * 37 % 500) + 5, seed);
		add_column(&m, wanted);
		ck_assert_int_eq(add_list(&m, u, got, &e), 0);
		sealed_fini(&m.sealed);
		if (seed % 41 == 0) {
			ck_assert_int_eq(unite_flush(u, got, &e), 0);
			compare(got, wanted);
		}
	}
	ck_assert_int_eq(unite_flush(u, got, &e), 0);
	ck_assert_int_eq(unite_flush(u, got, &e), 0);
	compare(got, wanted);
	unite_free(u);
	tally_free(got);
	tally_free(wanted);
}
END_TEST

START_TEST(damage_in_a_list_is_told)
{
	struct tally *t = tally_new();
	struct unite *u = unite_new();
	struct err e = ERR_NONE;
	struct made good, bad;

	make(&good, 40, 1);
	make(&bad, 3, 2);
	/* b before a, of three rows */
	bad.changed = mem_dup("\2\2\0\10\0" "\2\1" "\0\0" "\1\1" "ba", bad.changed_len = 13);
	ck_assert_int_eq(add_list(&good, u, t, &e), 0);
	ck_assert_int_eq(add_list(&bad, u, t, &e), 0);
	ck_assert_int_eq(unite_flush(u, t, &e), -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	free(bad.changed);
	sealed_fini(&good.sealed);
	sealed_fini(&bad.sealed);
	unite_free(u);
	tally_free(t);
}
END_TEST

static Suite *
unite_suite(void)
{
	Suite *s = suite_create("unite");
	TCase *t = tcase_create("unite");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, lists_add_up_to_their_values);
	tcase_add_test(t, damage_in_a_list_is_told);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(unite_suite)
