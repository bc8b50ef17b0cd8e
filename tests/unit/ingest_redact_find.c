/* redact_find: the fast searches find what the slow ones find. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "ingest/redact_digits.h"
#include "ingest/redact_find.h"

#define LEN_MAX 200

static struct finder finder;

static void
setup(void)
{
	finder_init(&finder);
	finder_add(&finder, "ghp_", 4, FIND_TOKEN, false);
	finder_add(&finder, "://", 3, FIND_OTHER, false);
	finder_add(&finder, "Bearer", 6, FIND_OTHER, true);
	finder_add(&finder, "rd=", 3, FIND_PAIR, true);
	finder_add(&finder, "d =", 3, FIND_PAIR, true);
}

/* All places of a text, by each width that this machine has. */
static void
compare(const char *p, size_t len)
{
	static const unsigned widths[] = { 1, 16, 32, 64 };
	unsigned widest = finder.width;

	for (size_t i = 0; i < 4 && widths[i] <= widest; i++) {
		size_t at = 0, slow;
		unsigned kinds, slow_kinds;
		struct find_walk walk;

		finder.width = widths[i];
		walk = finder_walk(&finder, p, len);
		do {
			slow = finder_next_scalar(&finder, p, len, at, &slow_kinds);
			at = finder_next(&walk, at, &kinds);
			ck_assert_uint_eq(at, slow);
			ck_assert_uint_eq(kinds, at < len ? slow_kinds : kinds);
		} while (at++ < len);
	}
	finder.width = widest;
}

START_TEST(a_literal_is_found_at_every_place)
{
	static const char *const literals[] = { "ghp_", "://", "Bear", "bEAR", "rd=", "RD=", "D =" };
	char text[LEN_MAX];

	for (size_t i = 0; i < sizeof(literals) / sizeof(literals[0]); i++) {
		size_t n = strlen(literals[i]);

		for (size_t len = n; len <= 80; len++)
			for (size_t at = 0; at + n <= len; at++) {
				unsigned kinds;
				char *exact = malloc(len);
				struct find_walk walk = finder_walk(&finder, exact, len);

				memset(text, '-', sizeof(text));
				memcpy(text + at, literals[i], n);
				memcpy(exact, text, len);
				ck_assert_uint_eq(finder_next(&walk, 0, &kinds), at);
				ck_assert(kinds != 0);
				compare(exact, len);
				free(exact);
			}
	}
}
END_TEST

START_TEST(all_widths_agree_on_random_bytes)
{
	static const char letters[] = "ghp_:/ERrd= DBea\xff\x80";
	uint64_t seed = 1;
	char text[LEN_MAX];

	for (int round = 0; round < 3000; round++) {
		for (size_t i = 0; i < sizeof(text); i++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
			text[i] = letters[(seed >> 33) % (sizeof(letters) - 1)];
		}
		compare(text, (size_t)round % LEN_MAX);
	}
}
END_TEST

START_TEST(a_search_goes_on_from_every_place)
{
	static const unsigned widths[] = { 16, 32, 64 };
	char text[LEN_MAX];
	unsigned widest = finder.width, kinds, slow_kinds;

	memset(text, '-', sizeof(text));
	memcpy(text, "rd=", 3);
	for (size_t i = 0; i < 3 && widths[i] <= widest; i++)
		for (size_t len = 3; len <= sizeof(text); len++)
			for (size_t at = 0; at <= len; at++) {
				struct find_walk walk = finder_walk(&finder, text, len);

				finder.width = widths[i];
				memcpy(text + len - 3, "rd=", 3);
				finder_next(&walk, 0, &kinds);
				ck_assert_uint_eq(finder_next(&walk, at, &kinds),
				    finder_next_scalar(&finder, text, len, at, &slow_kinds));
				ck_assert_uint_eq(kinds, slow_kinds);
				memset(text + len - 3, '-', 3);
				memcpy(text, "rd=", 3);
			}
	finder.width = widest;
}
END_TEST

START_TEST(literals_in_the_wrong_case_are_passed)
{
	unsigned kinds;

	struct find_walk walk = finder_walk(&finder, "GHP_ ://", 8);

	ck_assert_uint_eq(finder_next(&walk, 0, &kinds), 5);
	ck_assert_uint_eq(kinds, FIND_OTHER);
}
END_TEST

START_TEST(runs_of_thirteen_are_found_at_every_place)
{
	char text[LEN_MAX];
	size_t end;

	for (size_t run = 11; run <= 20; run++)
		for (size_t at = 0; at + run <= 150; at++) {
			memset(text, 'x', sizeof(text));
			memset(text + at, '4', run);
			if (run < FIND_DIGITS_MIN) {
				ck_assert_uint_eq(find_digits(text, 150, 0, &end), 150);
				continue;
			}
			ck_assert_uint_eq(find_digits(text, 150, 0, &end), at);
			ck_assert_uint_eq(end, at + run);
			ck_assert_uint_eq(find_digits(text, 150, end, &end), 150);
		}
}
END_TEST

START_TEST(gaps_belong_to_a_run_but_do_not_begin_it)
{
	size_t end;

	ck_assert_uint_eq(find_digits("n: 4111 1111-1111 x", 19, 0, &end), 3);
	ck_assert_uint_eq(end, 18);
}
END_TEST

static Suite *
find_suite(void)
{
	Suite *s = suite_create("ingest/redact_find");
	TCase *tc = tcase_create("find");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_literal_is_found_at_every_place);
	tcase_add_test(tc, all_widths_agree_on_random_bytes);
	tcase_add_test(tc, a_search_goes_on_from_every_place);
	tcase_add_test(tc, literals_in_the_wrong_case_are_passed);
	tcase_add_test(tc, runs_of_thirteen_are_found_at_every_place);
	tcase_add_test(tc, gaps_belong_to_a_run_but_do_not_begin_it);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(find_suite)
