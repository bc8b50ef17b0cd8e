/* Unit tests of globs. */
#include "filter/filter.h"
#include "unit.h"

static bool
glob(const char *pattern, const char *text)
{
	return filter_glob(str_of(pattern), str_of(text), false);
}

START_TEST(a_star_takes_any_run_of_bytes_even_none)
{
	ck_assert(glob("*", ""));
	ck_assert(glob("*", "a/b c"));
	ck_assert(glob("prod/*", "prod/"));
	ck_assert(glob("prod/*", "prod/db/orders"));
	ck_assert(glob("*.pdf", "a.pdf.pdf"));
	ck_assert(glob("a*b*c", "abbbcc"));
	ck_assert(glob("a**c", "abc"));
	ck_assert(!glob("prod/*", "prod"));
	ck_assert(!glob("*.pdf", "a.pdf2"));
	ck_assert(!glob("a*b*c", "acb"));
	ck_assert(!glob("a*", ""));
}
END_TEST

START_TEST(a_question_mark_takes_one_character_of_any_length)
{
	ck_assert(glob("?", "a"));
	ck_assert(glob("?", "é"));
	ck_assert(glob("?", "鍵"));
	ck_assert(glob("x?y", "x\xf0\x9f\x94\x91y"));
	ck_assert(glob("*?", "é"));
	ck_assert(!glob("??", "é"));
	ck_assert(!glob("*??", "é"));
	ck_assert(!glob("?*?", "é"));
	ck_assert(!glob("?", ""));
	ck_assert(!glob("?", "ab"));
}
END_TEST

START_TEST(a_backslash_takes_a_wildcard_comma_or_backslash_literally)
{
	ck_assert(glob("user:\\*", "user:*"));
	ck_assert(!glob("user:\\*", "user:bob"));
	ck_assert(glob("\\?*", "?x"));
	ck_assert(!glob("\\?*", "ax"));
	ck_assert(glob("a\\,b", "a,b"));
	ck_assert(glob("\\\\*", "\\x"));
	ck_assert(!glob("\\\\*", "x"));
}
END_TEST

START_TEST(a_backslash_before_anything_else_is_itself)
{
	ck_assert(glob("C:\\Users\\\\*", "C:\\Users\\alice"));
	ck_assert(glob("*\\", "a\\"));
	ck_assert(!glob("\\x", "x"));
}
END_TEST

START_TEST(case_is_ignored_only_when_asked_and_only_for_ascii)
{
	ck_assert(!glob("Web-*", "WEB-1"));
	ck_assert(filter_glob(STR("Web-*"), STR("wEB-1"), true));
	ck_assert(filter_glob(STR("*E*e"), STR("xeyE"), true));
	ck_assert(!filter_glob(STR("É*"), STR("é"), true));
}
END_TEST

START_TEST(what_the_ends_have_in_common_is_not_taken_twice)
{
	ck_assert(!glob("ab*b", "ab"));
	ck_assert(glob("ab*b", "abb"));
	ck_assert(!glob("aba*ba", "aba"));
	ck_assert(!glob("xab", "ab"));
	ck_assert(glob("*\\*", "x*"));
	ck_assert(!glob("*\\*", "xy"));
	ck_assert(glob("*\\,b", "a,b"));
	ck_assert(filter_glob(STR("*:PutRole"), STR("iam:pUTrOLE"), true));
	ck_assert(!filter_glob(STR("*:PutRole"), STR("iam:GetRole"), true));
}
END_TEST

START_TEST(text_with_a_nul_is_matched_to_its_end)
{
	ck_assert(filter_glob(STR("a*b"), STR("a\0b"), false));
	ck_assert(filter_glob(STR("a?b"), STR("a\0b"), false));
	ck_assert(!filter_glob(STR("a"), STR("a\0b"), false));
}
END_TEST

/* The remembered star is the last one, so that this ends. */
START_TEST(many_stars_do_not_take_exponential_time)
{
	char text[20001];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert(!glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
	ck_assert(!glob("a*a*a*a*a*a*a*a*a*?b?", text));
	ck_assert(!glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*ab*a", text));
}
END_TEST

static Suite *
glob_suite(void)
{
	Suite *s = suite_create("filter glob");
	TCase *c = tcase_create("globs");

	tcase_add_test(c, a_star_takes_any_run_of_bytes_even_none);
	tcase_add_test(c, a_question_mark_takes_one_character_of_any_length);
	tcase_add_test(c, a_backslash_takes_a_wildcard_comma_or_backslash_literally);
	tcase_add_test(c, a_backslash_before_anything_else_is_itself);
	tcase_add_test(c, case_is_ignored_only_when_asked_and_only_for_ascii);
	tcase_add_test(c, what_the_ends_have_in_common_is_not_taken_twice);
	tcase_add_test(c, text_with_a_nul_is_matched_to_its_end);
	tcase_add_test(c, many_stars_do_not_take_exponential_time);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(glob_suite)
