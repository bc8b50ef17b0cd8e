/* Regular expressions: captures, limits, what is refused. */
#include <stdlib.h>

#include "base/regex.h"
#include "base/time.h"
#include "unit.h"

static struct regex_scratch x;
static struct err e;

static void
setup(void)
{
	x = (struct regex_scratch){ 0 };
	err_clear(&e);
}

static void
teardown(void)
{
	regex_scratch_fini(&x);
}

/* NULL: no match. */
static void
finds(const char *pattern, const char *subject, const char *expected)
{
	struct regex *r = regex_new(str_of(pattern), &e);
	struct str found;

	ck_assert_msg(r != NULL, "%s", e.text);
	if (expected == NULL)
		ck_assert(!regex_match(r, str_of(subject), &found, &x));
	else {
		ck_assert(regex_match(r, str_of(subject), &found, &x));
		ck_assert_msg(str_eq(found, str_of(expected)), "%.*s", (int)found.len, found.p);
	}
	regex_free(r);
}

START_TEST(the_first_group_that_took_part_is_found)
{
	finds("b+", "abbc", "bb");
	finds("a(b+)c", "abbc", "bb");
	finds("(x)|(b)", "abc", "b");
	finds("a(?:b)(c)?", "ab", "");
	finds("a(b*)", "a", "");
	finds("^b", "ab", NULL);
	finds("^(\\w+)@", "zoë@x", "zoë");
}
END_TEST

START_TEST(what_is_no_pattern_is_refused)
{
	static const char *const bad[] = { "(", "[a", "*", "", "\\C", "\\Ga", "(*COMMIT)a", "\xff" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err_clear(&e);
		ck_assert_ptr_null(regex_new(str_of(bad[i]), &e));
		ck_assert_int_eq(e.code, ERR_FAIL);
	}
}
END_TEST

START_TEST(a_subject_that_costs_too_much_does_not_match)
{
	struct regex *r = regex_new(STR("^(a|aa)+$"), &e);
	char *text = malloc(REGEX_SUBJECT_MAX + 1);
	struct str found;

	ck_assert_ptr_nonnull(r);
	ck_assert_ptr_nonnull(text);
	memset(text, 'a', REGEX_SUBJECT_MAX + 1);
	text[60] = 'b';
	ck_assert(!regex_match(r, (struct str){ text, 61 }, &found, &x));
	ck_assert_uint_eq(x.given_up, 1);
	ck_assert(!regex_match(r, (struct str){ text, REGEX_SUBJECT_MAX + 1 }, NULL, &x));
	ck_assert_uint_eq(x.given_up, 2);
	ck_assert(regex_match(r, (struct str){ text, 9 }, NULL, &x));
	free(text);
	regex_free(r);
}
END_TEST

START_TEST(a_long_subject_is_matched_anywhere_and_for_a_while_only)
{
	struct regex *slow = regex_new(STR("[^@]+@"), &e), *r = regex_new(STR("é(x+)$"), &e);
	char *text = malloc(REGEX_SUBJECT_MAX);
	struct str s = { text, REGEX_SUBJECT_MAX }, found;
	int64_t before = time_steady();

	ck_assert_ptr_nonnull(slow);
	ck_assert_ptr_nonnull(r);
	ck_assert_ptr_nonnull(text);
	memset(text, 'a', s.len);
	ck_assert(!regex_match(slow, s, NULL, &x));
	ck_assert_int_lt(time_steady() - before, TIME_SECOND);
	for (size_t at = 300; at < s.len - 400; at += 253) {
		memset(text, 'a', s.len);
		memcpy(text + at, "é", 2);
		memset(text + at + 2, 'x', s.len - at - 2);
		ck_assert(regex_match(r, s, &found, &x));
		ck_assert_ptr_eq(found.p, text + at + 2);
	}
	free(text);
	regex_free(slow);
	regex_free(r);
}
END_TEST

static Suite *
regex_suite(void)
{
	Suite *s = suite_create("base_regex");
	TCase *t = tcase_create("match");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_first_group_that_took_part_is_found);
	tcase_add_test(t, what_is_no_pattern_is_refused);
	tcase_add_test(t, a_long_subject_is_matched_anywhere_and_for_a_while_only);
	tcase_add_test(t, a_subject_that_costs_too_much_does_not_match);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(regex_suite)
