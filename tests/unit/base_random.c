/* random: bytes that differ, UUIDs that keep their order. */
#include "unit.h"

#include <ctype.h>
#include <string.h>

#include "base/random.h"

START_TEST(random_numbers_differ)
{
	uint64_t seen[64];
	uint64_t set = 0, clear = 0;

	for (size_t i = 0; i < 64; i++) {
		seen[i] = random_u64();
		set |= seen[i];
		clear |= ~seen[i];
		for (size_t j = 0; j < i; j++)
			ck_assert(seen[i] != seen[j]);
	}
	ck_assert(set == UINT64_MAX && clear == UINT64_MAX);
}
END_TEST

START_TEST(random_bytes_fills_any_length)
{
	static uint8_t block[100000];
	unsigned zeros = 0;

	random_bytes(block, 0);
	random_bytes(block, sizeof(block));
	for (size_t i = 0; i < sizeof(block); i++)
		zeros += block[i] == 0;
	ck_assert_uint_lt(zeros, 1000);
}
END_TEST

START_TEST(uuid_has_the_form_of_rfc_9562)
{
	struct uuid7 g = { 0 };
	char out[37];

	/* The example of appendix A.6 has this time: 017F22E2-79B0-7... */
	uuid7_next(&g, INT64_C(1645557742000) * 1000, out);
	ck_assert_uint_eq(strlen(out), 36);
	ck_assert_mem_eq(out, "017f22e2-79b0-7", 15);
	ck_assert_ptr_nonnull(strchr("89ab", out[19]));
	for (size_t i = 0; i < 36; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23)
			ck_assert_int_eq(out[i], '-');
		else
			ck_assert(isdigit((unsigned char)out[i]) || strchr("abcdef", out[i]));
}
END_TEST

START_TEST(uuids_of_one_millisecond_keep_their_order)
{
	struct uuid7 g = { 0 };
	char before[37] = "", out[37];

	for (int i = 0; i < 200000; i++) {
		uuid7_next(&g, INT64_C(1776967200123456) + i / 100, out);
		ck_assert_int_lt(strcmp(before, out), 0);
		memcpy(before, out, sizeof(out));
	}
}
END_TEST

START_TEST(generators_do_not_meet)
{
	struct uuid7 a = { 0 }, b = { 0 };
	char x[37], y[37];

	for (int i = 0; i < 1000; i++) {
		uuid7_next(&a, 0, x);
		uuid7_next(&b, -5, y);
		ck_assert_str_ne(x, y);
		ck_assert_mem_eq(x, "00000000-0000-7", 15);
		ck_assert_mem_eq(y, "00000000-0000-7", 15);
	}
}
END_TEST

static Suite *
random_suite(void)
{
	Suite *s = suite_create("base/random");
	TCase *t = tcase_create("random");

	tcase_add_test(t, random_numbers_differ);
	tcase_add_test(t, random_bytes_fills_any_length);
	tcase_add_test(t, uuid_has_the_form_of_rfc_9562);
	tcase_add_test(t, uuids_of_one_millisecond_keep_their_order);
	tcase_add_test(t, generators_do_not_meet);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(random_suite)
