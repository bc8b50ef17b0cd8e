/* simd: the fast functions agree with their scalar twins. */
#include "unit.h"

#include <stdint.h>
#include <string.h>

#include "base/simd.h"

#define LEN_MAX 100

static void
compare_copies(const char *p, size_t len)
{
	char *fast = malloc(len + 1), *slow = malloc(len + 1);

	ck_assert_int_eq(simd_copy_plain(fast + 1, p, len), simd_copy_plain_scalar(slow + 1, p, len));
	ck_assert(len == 0 || memcmp(fast + 1, p, len) == 0);
	free(fast);
	free(slow);
}

static void
compare(const char *p, size_t len)
{
	unsigned fast = 0, slow = 0;

	ck_assert_uint_eq(simd_plain(p, len, &fast), simd_plain_scalar(p, len, &slow));
	ck_assert_int_eq(fast != 0, slow != 0);
	ck_assert_uint_eq(simd_ascii(p, len), simd_ascii_scalar(p, len));
	compare_copies(p, len);
	ck_assert_uint_eq(simd_find_jwt(p, len), simd_find_jwt_scalar(p, len));
}

/* Bytes that end where the allocation ends, so that a sanitizer sees a read
 * beyond them. */
static void
compare_at_every_alignment(const char *text, size_t len)
{
	for (size_t shift = 0; shift < 16; shift++) {
		char *block = malloc(shift + len + 1);

		memcpy(block + shift + 1, text, len);
		compare(block + shift + 1, len);
		free(block);
	}
}

START_TEST(every_byte_value_is_judged_alike_at_every_place)
{
	char text[40];

	for (size_t at = 0; at < sizeof(text); at++)
		for (unsigned c = 0; c < 256; c++) {
			memset(text, 'a', sizeof(text));
			text[at] = (char)c;
			compare(text, sizeof(text));
			compare(text, at + 1);
		}
}
END_TEST

START_TEST(bits_of_sixty_four_bytes_agree)
{
	char text[64];

	for (size_t at = 0; at < sizeof(text); at++)
		for (unsigned c = 0; c < 256; c++) {
			unsigned fast = 0, slow = 0;

			memset(text, 'a', sizeof(text));
			text[63 - at] = '\\';
			text[at] = (char)c;
			ck_assert_uint_eq(simd_stops64(text, &fast), simd_stops64_scalar(text, &slow));
			ck_assert_int_eq(fast != 0, slow != 0);
			ck_assert_int_eq(fast != 0, c >= 0x80);
		}
}
END_TEST

START_TEST(every_length_and_alignment_agree)
{
	char text[LEN_MAX];

	for (size_t len = 0; len <= LEN_MAX; len++) {
		memset(text, 'x', sizeof(text));
		compare_at_every_alignment(text, len);
		for (size_t at = 0; at < len; at++) {
			text[at] = '"';
			if (at > 0)
				text[at - 1] = '\xc3';
			compare_at_every_alignment(text, len);
			memset(text, 'x', at);
			if (at + 1 < len)
				text[at + 1] = '\xc3'; /* behind the stop */
			compare_at_every_alignment(text, len);
			memset(text, 'x', sizeof(text));
		}
	}
}
END_TEST

START_TEST(the_beginning_of_a_token_is_found_at_every_place)
{
	char text[LEN_MAX];

	for (size_t len = 3; len <= LEN_MAX; len++)
		for (size_t at = 0; at + 3 <= len; at++) {
			memset(text, 'e', sizeof(text));
			memcpy(text + at, "eyJ", 3);
			ck_assert_uint_eq(simd_find_jwt(text, len), at);
			compare_at_every_alignment(text, len);
		}
}
END_TEST

START_TEST(bytes_behind_a_stop_do_not_count_as_seen)
{
	unsigned high = 0;

	ck_assert_uint_eq(simd_plain("abc\"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16, &high), 3);
	ck_assert_uint_eq(high, 0);
	ck_assert_uint_eq(simd_plain("ab\xc3\xa4\"xxxxxxxxxxx", 16, &high), 4);
	ck_assert_uint_ne(high, 0);
}
END_TEST

START_TEST(bits_of_bytes_that_are_equal_agree)
{
	uint8_t bytes[64];

	for (unsigned b = 0; b < 256; b++)
		for (unsigned step = 0; step < 40; step++) {
			for (unsigned i = 0; i < sizeof(bytes); i++)
				bytes[i] = (uint8_t)(i * i * step / 7 % 3 == 0 ? b : i * step);
			ck_assert_uint_eq(simd_equal64(bytes, (uint8_t)b), simd_equal64_scalar(bytes, (uint8_t)b));
			ck_assert_uint_eq(simd_equal64(bytes, (uint8_t)b) & 1, 1);
		}
}
END_TEST

static Suite *
simd_suite(void)
{
	Suite *s = suite_create("base/simd");
	TCase *tc = tcase_create("twins");

	tcase_add_test(tc, every_byte_value_is_judged_alike_at_every_place);
	tcase_add_test(tc, bits_of_sixty_four_bytes_agree);
	tcase_add_test(tc, every_length_and_alignment_agree);
	tcase_add_test(tc, the_beginning_of_a_token_is_found_at_every_place);
	tcase_add_test(tc, bytes_behind_a_stop_do_not_count_as_seen);
	tcase_add_test(tc, bits_of_bytes_that_are_equal_agree);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(simd_suite)
