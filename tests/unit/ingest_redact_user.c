/* redact_user: rules from YAML, their errors, and that they hide. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ingest/redact_set.h"

static struct redactor *r;
static struct redact_work *w;
static struct arena arena;
static struct err e;

static void
setup(void)
{
	e = (struct err)ERR_NONE;
	r = redactor_new(NULL, &e);
	w = redact_work_new(r);
}

static void
teardown(void)
{
	redact_work_free(w);
	redactor_free(r);
	arena_fini(&arena);
}

static int
read_rules(const char *text)
{
	return redact_read_text(r, "rules.yaml", str_of(text), &e);
}

static const char *
hide(const char *text, unsigned *hidden)
{
	struct str s = redact_bytes(w, str_of(text), &arena, hidden);

	return arena_copy(&arena, s.p, s.len);
}

static void
check(const char *text, const char *expected)
{
	unsigned hidden;

	ck_assert_str_eq(hide(text, &hidden), expected);
	ck_assert_str_eq(hide(expected, &hidden), expected);
	ck_assert_uint_eq(hidden, 0);
}

START_TEST(a_rule_hides_its_match_or_its_group)
{
	ck_assert_int_eq(read_rules("rules:\n"
	    "  - name: staff\n    literal: EMP-\n    pattern: 'EMP-\\d{6}'\n"
	    "  - name: patient\n    literal: pat=\n    pattern: 'pat=(\\w+)'\n"), 0);
	check("EMP-123456, EMP-12, pat=Smith7;", "[REDACTED:staff], EMP-12, pat=[REDACTED:patient];");
	check("\xff EMP-123456 \xc3", "\xff [REDACTED:staff] \xc3");
	check("emp-123456", "emp-123456");
	check("pat=abc", "pat=abc"); /* shorter than a rule may hide */
}
END_TEST

START_TEST(greedy_patterns_come_to_rest)
{
	ck_assert_int_eq(read_rules("rules: [{name: all, literal: abc, pattern: '.*abc.*'}]"), 0);
	check("x abc y\nz", "[REDACTED:all]\nz");
	check("abc[REDACTED:jwt]abc1", "abc[REDACTED:jwt][REDACTED:all]");
}
END_TEST

START_TEST(patterns_do_not_see_into_markers)
{
	ck_assert_int_eq(read_rules("rules: [{name: mark, literal: RED, pattern: '\\w*RED\\w*'}]"), 0);
	check("[REDACTED:jwt] REDWOOD", "[REDACTED:jwt] [REDACTED:mark]");
}
END_TEST

START_TEST(what_takes_too_long_is_hidden_whole)
{
	size_t len = 512 * 1024;
	char *text = malloc(len + 1);
	unsigned hidden;
	clock_t start = clock();

	ck_assert_int_eq(read_rules("rules: [{name: slow, literal: aaa, pattern: '(a+)+(a+)+b'}]"), 0);
	memset(text, 'a', len);
	for (size_t at = 1000; at < len; at += 1000)
		memcpy(text + at, "!b", 2); /* without a b nothing would be tried */
	text[len] = '\0';
	ck_assert(strcmp(hide(text, &hidden), "[REDACTED:slow]") == 0);
	ck_assert(clock() - start < 5 * CLOCKS_PER_SEC);
	free(text);
}
END_TEST

/* Around the places where the pieces of a long text meet, too. */
START_TEST(matches_are_found_anywhere_in_a_long_text)
{
	size_t len = 200 * 1024;
	char *text = malloc(len + 1);
	unsigned hidden;

	ck_assert_int_eq(read_rules("rules: [{name: staff, literal: EMP-, pattern: 'EMP-\\d{6}'}]"), 0);
	for (size_t at = 61000; at < 66000; at += 7) {
		memset(text, 'a', len);
		text[len] = '\0';
		memcpy(text + at, "EMP-123456", 10);
		memcpy(text + len - 10, "EMP-123456", 10);
		ck_assert_ptr_null(strstr(hide(text, &hidden), "EMP-"));
		ck_assert_uint_eq(hidden, 2);
		arena_reset(&arena);
	}
	free(text);
}
END_TEST

static const struct {
	const char *yaml, *why;
} faults[] = {
	{ "rules: [{name: a}]", "rules.yaml:1:" },
	{ "rules: [{name: A, literal: abc, pattern: x}]", "name: lower-case" },
	{ "rules: [{name: a, literal: ab, pattern: x}]", "literal: 3 to 100 bytes" },
	{ "rules: [{name: a, literal: abc, pattern: '('}]", "rules.yaml:1:" },
	{ "rules: [{name: a, literal: abc, pattern: x, group: 1}]", "group" },
	{ "rules: [{name: jwt, literal: abc, pattern: x}]", "there already is a rule jwt" },
	{ "rules: [{name: a, literale: abc}]", "literal" },
	{ "rule: []", "rules" },
	{ "rules: x", "rules.yaml:1:" },
};

START_TEST(faults_say_where_and_why)
{
	ck_assert_int_eq(read_rules(faults[_i].yaml), -1);
	ck_assert_msg(strstr(e.text, faults[_i].why) != NULL, "%s", e.text);
}
END_TEST

START_TEST(more_rules_than_allowed_are_refused)
{
	struct buf yaml = { 0 };

	buf_printf(&yaml, "rules:\n");
	for (int i = 0; i <= REDACT_USER_MAX; i++)
		buf_printf(&yaml, "  - {name: r%d, literal: abc, pattern: x}\n", i);
	buf_byte(&yaml, '\0');
	ck_assert_int_eq(read_rules(yaml.p), -1);
	ck_assert_msg(strstr(e.text, "more than 64 rules") != NULL, "%s", e.text);
	buf_fini(&yaml);
}
END_TEST

START_TEST(rules_can_be_turned_off)
{
	static const char *const off[] = { "github-token" }, *const wrong[] = { "github" };
	struct redactor *less = redactor_new(&(struct redact_options){ .off = off, .offs = 1 }, &e);
	struct redact_work *work = redact_work_new(less);
	struct str s = STR("ghp_16C7e42F292c6912E7710c838347Ae178B4a"), now;
	unsigned hidden;

	now = redact_bytes(work, s, &arena, &hidden);
	ck_assert_ptr_eq(now.p, s.p);
	redact_work_free(work);
	redactor_free(less);
	ck_assert_ptr_null(redactor_new(&(struct redact_options){ .off = wrong, .offs = 1 }, &e));
	ck_assert_msg(strstr(e.text, "there is no rule github") != NULL, "%s", e.text);
}
END_TEST

static Suite *
user_suite(void)
{
	Suite *s = suite_create("ingest/redact_user");
	TCase *tc = tcase_create("user");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_rule_hides_its_match_or_its_group);
	tcase_add_test(tc, greedy_patterns_come_to_rest);
	tcase_add_test(tc, patterns_do_not_see_into_markers);
	tcase_add_test(tc, what_takes_too_long_is_hidden_whole);
	tcase_add_test(tc, matches_are_found_anywhere_in_a_long_text);
	tcase_add_loop_test(tc, faults_say_where_and_why, 0, sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tc, more_rules_than_allowed_are_refused);
	tcase_add_test(tc, rules_can_be_turned_off);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(user_suite)
