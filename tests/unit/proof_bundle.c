/* bundle: the third event of our vectors, whole and spoiled. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "proof/bundle.h"

#define KEY "audit.example.com/app1+edc7944c+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk"
#define NOTE                                                                           \
	"audit.example.com/app1\n3\nwrP/2rqdSjtRVV0wE39nTSKD9e+u4QG7DPDoBNVNq4o=\n\n"   \
	"\xe2\x80\x94 audit.example.com/app1 7ceUTKtROF8aW0Nqsz+lmSkRjGl2dVTsrsg/ZdYo9F" \
	"RbeCbAUI9uUrlck1F3mV18Sb6QXqJ4cDOm5wtIHKCEAS0W7wk=\n"
#define HASH "eioNulFG2zhHfO86eo3fV3qxo4DJ8Ykeuxt2b4qGrxM="

static const char line2[] =
    "{\"id\":\"m-0001\",\"time\":\"2026-04-22T00:00:03.000000Z\",\"ingested\":"
    "\"2026-04-22T00:00:03.000000Z\",\"source\":\"audit-toolkit\",\"category\":\"COMPLIANCE\","
    "\"action\":\"audit.export\",\"severity\":\"info\",\"outcome\":\"success\",\"actor_id\":"
    "\"uid:1000\"}";
#define SALT2 "bc363e4db2f8cae253083a44fa9d8231"
#define ROOT2 "02b7a6c0ef144d72c8dfb8347bda3969e1f38086bc4ee924ab175f298cf7c636"

static struct note_verifier
our_key(void)
{
	struct note_verifier v;
	struct err e = ERR_NONE;

	ck_assert_int_eq(note_verifier_parse(&v, STR(KEY), &e), 0);
	return v;
}

/* Of event 2, whose sibling is the root of the first two. */
static struct buf
our_bundle(void)
{
	struct path p = { .n = 1 };
	uint8_t salt[SALT_LEN];
	struct buf out = { 0 };

	ck_assert(hex_parse(SALT2, 2 * SALT_LEN, salt));
	ck_assert(hex_parse(ROOT2, 2 * HASH_LEN, p.hash[0].b));
	bundle_format(&out, salt, LEAF_RECORD, STR(line2), 2, &p, STR(NOTE));
	return out;
}

/* Is the text read and verified? */
static int
check(struct str text, struct bundle *b, struct bundle_entry *entry)
{
	struct note_verifier v = our_key();
	struct checkpoint c;
	struct err e = ERR_NONE;

	if (bundle_parse(b, text, &e) == 0 && bundle_verify(b, &v, entry, &c, &e) == 0)
		return 0;
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	ck_assert_str_ne(e.text, "");
	return -1;
}

START_TEST(our_event_is_proved)
{
	struct buf text = our_bundle();
	struct bundle b = { 0 };
	struct bundle_entry entry;

	ck_assert_int_eq(check(buf_view(&text), &b, &entry), 0);
	ck_assert_int_eq(entry.kind, LEAF_RECORD);
	ck_assert(str_eq(entry.line, STR(line2)));
	ck_assert_uint_eq(b.index, 2);
	ck_assert_uint_eq(b.path.n, 1);
	ck_assert(str_eq(b.note, STR(NOTE)));
	bundle_fini(&b);
	buf_fini(&text);
}
END_TEST

START_TEST(any_changed_bit_and_any_cut_is_noticed)
{
	struct buf text = our_bundle();
	struct bundle b = { 0 };
	struct bundle_entry entry;

	for (size_t i = 0; i < text.len; i++) {
		text.p[i] = (char)(text.p[i] ^ (1 << i % 8));
		ck_assert_msg(check(buf_view(&text), &b, &entry) == -1, "byte %zu", i);
		text.p[i] = (char)(text.p[i] ^ (1 << i % 8));
	}
	for (size_t n = 0; n < text.len; n++) {
		char *exact = malloc(n ? n : 1); /* so that a sanitizer sees one byte too many */

		memcpy(exact, text.p, n);
		ck_assert_int_eq(check((struct str){ exact, n }, &b, &entry), -1);
		free(exact);
	}
	buf_byte(&text, '\n');
	ck_assert_int_eq(check(buf_view(&text), &b, &entry), -1);
	bundle_fini(&b);
	buf_fini(&text);
}
END_TEST

#define V1 "c2sp.org/tlog-proof@v1\n"

START_TEST(only_the_layout_of_the_specification_is_read)
{
	static const char *const good[] = { V1 "index 0\n\n", V1 "index 7\n" HASH "\n\n",
		V1 "extra Zg==\nindex 7\n\n", V1 "index 9223372036854775807\n\nnote" };
	static const char *const bad[] = { "", V1, "c2sp.org/tlog-proof@v2\nindex 0\n\n",
		V1 "index 0\n", V1 "index 00\n\n", V1 "index -1\n\n", V1 "index  1\n\n", V1 "index\n\n",
		V1 "index 9223372036854775808\n\n", V1 "indexes 1\n\n", V1 "extra\nindex 0\n\n",
		V1 "extra \nindex 0\n\n", V1 "extra Zh==\nindex 0\n\n", V1 "extra Zg==\n\n",
		V1 "extra Zg==\nextra Zg==\nindex 0\n\n", V1 "index 0\nextra Zg==\n\n",
		V1 "index 0\n" HASH " \n\n", V1 "index 0\nZg==\n\n", V1 "index 0\r\n\r\n",
		V1 "index 0\n" HASH };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct bundle b = { 0 };
		struct err e = ERR_NONE;

		ck_assert_msg(bundle_parse(&b, str_of(good[i]), &e) == 0, "%s: %s", good[i], e.text);
		bundle_fini(&b);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bundle b = { 0 };
		struct err e = ERR_NONE;

		ck_assert_msg(bundle_parse(&b, str_of(bad[i]), &e) == -1, "%s", bad[i]);
		ck_assert_int_eq(e.code, ERR_INTEGRITY);
		bundle_fini(&b);
	}
}
END_TEST

START_TEST(paths_have_64_hashes_at_most)
{
	struct buf text = { 0 };
	struct bundle b = { 0 };
	struct err e = ERR_NONE;

	for (int n = PATH_LEN_MAX; n <= PATH_LEN_MAX + 1; n++) {
		buf_reset(&text);
		buf_str(&text, STR(V1 "index 0\n"));
		for (int i = 0; i < n; i++)
			buf_str(&text, STR(HASH "\n"));
		buf_byte(&text, '\n');
		ck_assert_int_eq(bundle_parse(&b, buf_view(&text), &e), n == PATH_LEN_MAX ? 0 : -1);
	}
	bundle_fini(&b);
	buf_fini(&text);
}
END_TEST

START_TEST(the_longest_line_fits_and_one_byte_more_does_not)
{
	static const uint8_t salt[SALT_LEN] = { 1 };
	struct path p = { .n = 0 };
	struct bundle b = { 0 };
	struct bundle_entry entry;
	struct buf text = { 0 };
	struct err e = ERR_NONE;

	for (size_t more = 0; more < 2; more++) {
		struct str line = { mem_zero(BUNDLE_LINE_MAX + more, 1), BUNDLE_LINE_MAX + more };

		buf_reset(&text);
		bundle_format(&text, salt, LEAF_EVENT, line, 0, &p, STR(NOTE));
		ck_assert_int_eq(bundle_parse(&b, buf_view(&text), &e), more ? -1 : 0);
		if (!more) {
			ck_assert_int_eq(bundle_entry(&b, &entry, &e), 0);
			ck_assert_uint_eq(entry.line.len, BUNDLE_LINE_MAX);
		}
		free((char *)line.p);
	}
	bundle_fini(&b);
	buf_fini(&text);
}
END_TEST

START_TEST(a_leaf_that_is_none_of_ours_is_refused)
{
	struct bundle b = { 0 };
	struct bundle_entry entry;
	struct err e = ERR_NONE;

	ck_assert_int_eq(bundle_entry(&b, &entry, &e), -1);
	buf_add(&b.extra, "0123456789abcdef", SALT_LEN);
	ck_assert_int_eq(bundle_entry(&b, &entry, &e), -1);
	buf_byte(&b.extra, 2);
	ck_assert_int_eq(bundle_entry(&b, &entry, &e), -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	b.extra.p[SALT_LEN] = LEAF_EVENT;
	ck_assert_int_eq(bundle_entry(&b, &entry, &e), 0);
	ck_assert_uint_eq(entry.line.len, 0);
	bundle_fini(&b);
}
END_TEST

/* An ingested event posing as a record, or shown at another place. */
START_TEST(another_kind_or_index_is_noticed)
{
	uint8_t salt[SALT_LEN];
	struct path p = { .n = 1 };
	struct bundle b = { 0 };
	struct bundle_entry entry;
	struct buf text = { 0 };

	ck_assert(hex_parse(SALT2, 2 * SALT_LEN, salt));
	ck_assert(hex_parse(ROOT2, 2 * HASH_LEN, p.hash[0].b));
	bundle_format(&text, salt, LEAF_EVENT, STR(line2), 2, &p, STR(NOTE));
	ck_assert_int_eq(check(buf_view(&text), &b, &entry), -1);
	for (uint64_t index = 0; index < 5; index++) {
		buf_reset(&text);
		bundle_format(&text, salt, LEAF_RECORD, STR(line2), index, &p, STR(NOTE));
		ck_assert_int_eq(check(buf_view(&text), &b, &entry), index == 2 ? 0 : -1);
	}
	bundle_fini(&b);
	buf_fini(&text);
}
END_TEST

static Suite *
bundle_suite(void)
{
	Suite *s = suite_create("proof/bundle");
	TCase *t = tcase_create("bundle");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, our_event_is_proved);
	tcase_add_test(t, any_changed_bit_and_any_cut_is_noticed);
	tcase_add_test(t, only_the_layout_of_the_specification_is_read);
	tcase_add_test(t, paths_have_64_hashes_at_most);
	tcase_add_test(t, the_longest_line_fits_and_one_byte_more_does_not);
	tcase_add_test(t, a_leaf_that_is_none_of_ours_is_refused);
	tcase_add_test(t, another_kind_or_index_is_noticed);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(bundle_suite)
