/* base64: the vectors of RFC 4648, and what is not canonical. */
#include "unit.h"

#include <string.h>

#include "base/base64.h"

static const struct {
	const char *plain, *text;
} vectors[] = {
	{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" }, { "\xfb\xff\xbf", "+/+/" },
};

START_TEST(the_vectors_go_both_ways)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t n = strlen(vectors[i].plain), len;
		struct buf out = { 0 };
		uint8_t back[16];

		base64_add(&out, vectors[i].plain, n);
		ck_assert_uint_eq(out.len, BASE64_LEN(n));
		ck_assert(str_eq(buf_view(&out), str_of(vectors[i].text)));
		ck_assert(base64_parse(buf_view(&out), back, sizeof(back), &len));
		ck_assert_uint_eq(len, n);
		ck_assert(n == 0 || memcmp(back, vectors[i].plain, n) == 0);
		ck_assert(base64_parse_exact(buf_view(&out), back, n));
		ck_assert(!base64_parse_exact(buf_view(&out), back, n + 1));
		buf_fini(&out);
	}
}
END_TEST

START_TEST(only_the_first_bytes_are_written_but_all_are_counted)
{
	uint8_t back[4] = { 0, 0, '!', '!' };
	size_t len;

	ck_assert(base64_parse(STR("Zm9vYmFy"), back, 2, &len));
	ck_assert_uint_eq(len, 6);
	ck_assert_mem_eq(back, "fo!!", 4);
	ck_assert(base64_parse(STR("Zm9vYmFy"), NULL, 0, &len));
	ck_assert_uint_eq(len, 6);
}
END_TEST

START_TEST(what_is_not_canonical_is_refused)
{
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9v\n",
		"Zm 9v", " Zm9", "Zm9v Zm9v", "Zg==Zm9v", "Zm8=Zm8=", "====", "Z===", "Zm9-", "Zm9_",
		"Zm\n9vYg", "Zm9v    ", "\xc3\xa9\xc3\xa9" };
	uint8_t back[16];
	size_t len;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!base64_parse(str_of(bad[i]), back, sizeof(back), &len), "%s", bad[i]);
	ck_assert(!base64_parse((struct str){ "Zm\0v", 4 }, back, sizeof(back), &len));
}
END_TEST

static Suite *
base64_suite(void)
{
	Suite *s = suite_create("base/base64");
	TCase *t = tcase_create("base64");

	tcase_add_test(t, the_vectors_go_both_ways);
	tcase_add_test(t, only_the_first_bytes_are_written_but_all_are_counted);
	tcase_add_test(t, what_is_not_canonical_is_refused);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(base64_suite)
