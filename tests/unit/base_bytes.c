/* bytes: order, buffers, integers, hexadecimal, typing errors. */
#include "unit.h"

#include <string.h>

#include "base/bytes.h"

START_TEST(a_prefix_comes_before_the_longer_string)
{
	ck_assert_int_lt(str_cmp(STR("ab"), STR("abc")), 0);
	ck_assert_int_gt(str_cmp(STR("b"), STR("abc")), 0);
	ck_assert_int_eq(str_cmp(STR("a\0b"), STR("a\0b")), 0);
	ck_assert_int_lt(str_cmp(STR("a\0a"), STR("a\0b")), 0);
	ck_assert_int_lt(str_cmp(STR("a"), STR("\xff")), 0);
	ck_assert_int_eq(str_cmp((struct str){ NULL, 0 }, STR("")), 0);
}
END_TEST

START_TEST(case_is_ignored_for_ascii_letters_only)
{
	ck_assert(str_eq_nocase(STR("ABCxyz@["), STR("abcXYZ@[")));
	ck_assert(!str_eq_nocase(STR("@"), STR("`")));
	ck_assert(!str_eq_nocase(STR("["), STR("{")));
	ck_assert(!str_eq_nocase(STR("\xc3\x84"), STR("\xc3\xa4")));
	ck_assert(!str_eq_nocase(STR("ab"), STR("abc")));
}
END_TEST

START_TEST(buffer_grows_and_keeps_nul_bytes)
{
	struct buf b = { 0 };

	ck_assert_uint_eq(buf_view(&b).len, 0);
	ck_assert_ptr_nonnull(buf_view(&b).p);
	buf_add(&b, NULL, 0);
	for (int i = 0; i < 1000; i++) {
		buf_add(&b, "a\0b", 3);
		buf_byte(&b, 'c');
	}
	ck_assert_uint_eq(b.len, 4000);
	ck_assert_mem_eq(b.p + 3996, "a\0bc", 4);
	buf_reset(&b);
	ck_assert_uint_eq(b.len, 0);
	buf_fini(&b);
}
END_TEST

START_TEST(printf_appends_however_long)
{
	struct buf b = { 0 };
	char word[301];

	memset(word, 'w', 300);
	word[300] = '\0';
	buf_printf(&b, "%d-", 7);
	buf_printf(&b, "%s", "");
	buf_printf(&b, "%s.%s", word, word);
	ck_assert_uint_eq(b.len, 2 + 601);
	ck_assert_mem_eq(b.p, "7-www", 5);
	ck_assert_mem_eq(b.p + 302, ".w", 2);
	buf_fini(&b);
}
END_TEST

START_TEST(list_copies_its_strings)
{
	struct str_list l = { 0 };
	char text[] = "first";

	str_list_add(&l, text, 5);
	text[0] = 'x';
	str_list_add(&l, "second, cut", 6);
	ck_assert_uint_eq(l.n, 2);
	ck_assert_str_eq(l.item[0], "first");
	ck_assert_str_eq(l.item[1], "second");
	str_list_fini(&l);
	ck_assert_uint_eq(l.n, 0);
}
END_TEST

START_TEST(integers_are_big_endian)
{
	uint8_t b[8];

	put_be64(b, UINT64_C(0x0102030405060708));
	ck_assert_mem_eq(b, "\1\2\3\4\5\6\7\10", 8);
	ck_assert_uint_eq(get_be64(b), UINT64_C(0x0102030405060708));
	put_be32(b, 0xfffefdfc);
	ck_assert_mem_eq(b, "\xff\xfe\xfd\xfc\5", 5);
	ck_assert_uint_eq(get_be32(b), 0xfffefdfc);
	put_be16(b, 0x8001);
	ck_assert_mem_eq(b, "\x80\x01\xfd", 3);
	ck_assert_uint_eq(get_be16(b), 0x8001);
}
END_TEST

START_TEST(varints_come_back)
{
	for (unsigned shift = 0; shift < 64; shift++)
		for (int d = -1; d <= 1; d++) {
			uint64_t v = (UINT64_C(1) << shift) + (uint64_t)d, got = 0;
			struct buf b = { 0 };

			buf_varint(&b, v);
			ck_assert_uint_le(b.len, 10);

			const uint8_t *p = (uint8_t *)b.p, *end = p + b.len;

			ck_assert(get_varint(&p, end, &got));
			ck_assert_uint_eq(got, v);
			ck_assert_ptr_eq(p, end);

			/* Every shorter text ends early. */
			for (size_t n = 0; n < b.len; n++) {
				p = (uint8_t *)b.p;
				ck_assert(!get_varint(&p, p + n, &got));
				ck_assert_ptr_eq(p, (uint8_t *)b.p);
			}
			buf_fini(&b);
		}
}
END_TEST

START_TEST(varints_beyond_64_bits_are_refused)
{
	static const char *const texts[] = {
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00",
		"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
	};

	for (size_t i = 0; i < 3; i++) {
		const uint8_t *p = (const uint8_t *)texts[i];
		uint64_t v;

		ck_assert(!get_varint(&p, p + 11, &v));
	}
}
END_TEST

START_TEST(hexadecimal_goes_both_ways)
{
	struct buf b = { 0 };
	uint8_t out[4];

	buf_hex(&b, "\x00\x7f\xa5\xff", 4);
	ck_assert_uint_eq(b.len, 8);
	ck_assert_mem_eq(b.p, "007fa5ff", 8);
	ck_assert(hex_parse("007FA5fF", 8, out));
	ck_assert_mem_eq(out, "\x00\x7f\xa5\xff", 4);
	ck_assert(hex_parse("", 0, out));
	ck_assert(!hex_parse("0", 1, out));
	ck_assert(!hex_parse("0g", 2, out));
	ck_assert(!hex_parse("0x00", 4, out));
	ck_assert(!hex_parse("0@", 2, out));
	ck_assert(!hex_parse("0`", 2, out));
	buf_fini(&b);
}
END_TEST

START_TEST(typing_errors_find_the_name_meant)
{
	static const char *const names[] = { "since", "until", "severity", "service-account", "ip",
		"out" };
	static const struct {
		const char *word, *meant;
	} cases[] = {
		{ "sinec", "since" }, { "since", "since" }, { "SINCE", "since" }, { "sine", "since" },
		{ "untill", "until" }, { "untli", "until" }, { "sevrity", "severity" },
		{ "seveirty", "severity" }, { "serviceaccount", "service-account" },
		{ "service_acount", "service-account" }, { "pi", "ip" }, { "ipp", "ip" },
		{ "uot", "out" }, { "zebra", NULL }, { "", NULL }, { "x", NULL }, { "io", "ip" },
		{ "completely-different", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = nearest_name(cases[i].word, names, 6);

		ck_assert_msg(got == cases[i].meant || (got && cases[i].meant &&
		    strcmp(got, cases[i].meant) == 0), "%s: %s instead of %s", cases[i].word,
		    got ? got : "none", cases[i].meant ? cases[i].meant : "none");
	}
}
END_TEST

START_TEST(words_of_any_length_are_taken)
{
	static const char *const names[] = { "since" };
	char word[5000];

	for (size_t len = 0; len < sizeof(word); len += 61) {
		const char *one[] = { word };

		memset(word, 'a', len);
		word[len] = '\0';
		ck_assert_ptr_null(nearest_name(word, names, 1));
		ck_assert_ptr_null(nearest_name("since", one, 1));
	}
}
END_TEST

static Suite *
bytes_suite(void)
{
	Suite *s = suite_create("base/bytes");
	TCase *t = tcase_create("bytes");

	tcase_add_test(t, a_prefix_comes_before_the_longer_string);
	tcase_add_test(t, case_is_ignored_for_ascii_letters_only);
	tcase_add_test(t, buffer_grows_and_keeps_nul_bytes);
	tcase_add_test(t, printf_appends_however_long);
	tcase_add_test(t, list_copies_its_strings);
	tcase_add_test(t, integers_are_big_endian);
	tcase_add_test(t, varints_come_back);
	tcase_add_test(t, varints_beyond_64_bits_are_refused);
	tcase_add_test(t, hexadecimal_goes_both_ways);
	tcase_add_test(t, typing_errors_find_the_name_meant);
	tcase_add_test(t, words_of_any_length_are_taken);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(bytes_suite)
