/* The policy of the configuration as rules with cut-offs. */
#include "base/mem.h"
#include "cli/retention.h"
#include "unit.h"

#define NOW INT64_C(1777000000000000)

static struct config config;
static struct retention rules;
static struct filter_scratch *scratch;
static struct err e;

static void
setup(void)
{
	err_clear(&e);
	scratch = filter_scratch_new();
}

static void
teardown(void)
{
	retention_fini(&rules);
	config_fini(&config);
	filter_scratch_free(scratch);
}

static void
policy(const char *text)
{
	ck_assert_msg(config_parse(&config, "x", str_of(text), &e) == 0, "%s", e.text);
	ck_assert_msg(retention_of(&config, NOW, &rules, &e) == 0, "%s", e.text);
}

static void
is_rule(size_t i, const char *name, const char *expression, int64_t cutoff)
{
	ck_assert(str_eq(rules.rule[i].name, str_of(name)));
	ck_assert_msg(str_eq(buf_view(&rules.expression[i]), str_of(expression)), "%.*s",
	    (int)rules.expression[i].len, rules.expression[i].p);
	ck_assert_int_eq(rules.rule[i].cutoff, cutoff);
	ck_assert_ptr_eq(rules.rule[i].filter, rules.filter[i]);
}

START_TEST(rules_keep_their_order_names_and_cut_offs)
{
	policy("retention:\n"
	    "- {name: sign-ins, category: [AUTHENTICATION, Admin], severity: warning, keep: 400d}\n"
	    "- {tenant: 'acme*', source: [b, a], channel: web, action: 'x y', keep: forever}\n"
	    "- {severity: ..warning, keep: 30d}\n"
	    "- keep: 2y\n");
	ck_assert_uint_eq(rules.n, 4);
	is_rule(0, "sign-ins", "category in (admin, authentication) and severity >= warning",
	    NOW - 400 * TIME_DAY);
	is_rule(1, "rule 2", "source in (a, b) and tenant = acme* and channel = web and action = \"x y\"",
	    TIME_MIN);
	is_rule(2, "rule 3", "severity <= warning", NOW - 30 * TIME_DAY);
	is_rule(3, "rule 4", "true", NOW - 730 * TIME_DAY);
	ck_assert_int_eq(rules.keep[0], 400 * TIME_DAY);
	ck_assert_int_eq(rules.keep[1], RETENTION_FOREVER);
}
END_TEST

/* The index of the first rule that takes it, or the number of rules. */
static size_t
rule_for(const char *category, const char *tenant, const char *action)
{
	struct event ev = { 0 };
	size_t i = 0;

	event_set(&ev, FIELD_CATEGORY, str_of(category));
	event_set(&ev, FIELD_ACTION, str_of(action));
	if (tenant != NULL)
		event_set(&ev, FIELD_TENANT, str_of(tenant));
	while (i < rules.n && !filter_match(rules.filter[i], &ev, scratch))
		i++;
	return i;
}

START_TEST(conditions_of_a_rule_must_all_hold_and_its_values_are_alternatives)
{
	policy("retention:\n"
	    "- {category: [auth, SECURITY], tenant: 'acme*', keep: 1y}\n"
	    "- {action: ['a\\,b', 'c\\*'], keep: 1y}\n"
	    "- {tenant: '*', keep: 1y}\n");
	ck_assert_uint_eq(rule_for("AUTH", "acme-eu", "x"), 0);
	ck_assert_uint_eq(rule_for("security", "acme", "a,b"), 0);
	ck_assert_uint_eq(rule_for("auth", "globex", "a,b"), 1);
	ck_assert_uint_eq(rule_for("auth", "globex", "c*"), 1);
	ck_assert_uint_eq(rule_for("auth", "globex", "cc"), 2);
	ck_assert_uint_eq(rule_for("auth", "globex", "a"), 2);
	ck_assert_uint_eq(rule_for("auth", NULL, "a"), 3);
}
END_TEST

START_TEST(severity_is_a_level_and_above_as_in_the_option)
{
	struct event ev = { 0 };

	policy("retention: [{severity: warning, keep: 1y}]");
	event_set(&ev, FIELD_SEVERITY, STR("critical"));
	ck_assert(filter_match(rules.filter[0], &ev, scratch));
	event_set(&ev, FIELD_SEVERITY, STR("warning"));
	ck_assert(filter_match(rules.filter[0], &ev, scratch));
	event_set(&ev, FIELD_SEVERITY, STR("info"));
	ck_assert(!filter_match(rules.filter[0], &ev, scratch));
}
END_TEST

START_TEST(no_rules_are_no_rules)
{
	policy("db: /x\n");
	ck_assert_uint_eq(rules.n, 0);
}
END_TEST

START_TEST(what_is_kept_longer_than_time_is_kept_for_ever)
{
	policy("retention: [{tenant: a, keep: 9000y}, {keep: 2000y}]");
	is_rule(0, "rule 1", "tenant = a", TIME_MIN);
	is_rule(1, "rule 2", "true", NOW - 2000 * 365 * TIME_DAY);
}
END_TEST

START_TEST(older_than_is_one_rule_for_all)
{
	ck_assert_int_eq(retention_older_than("30d", NOW, &rules, &e), 0);
	ck_assert_uint_eq(rules.n, 1);
	is_rule(0, RETENTION_OLDER_THAN, "true", NOW - 30 * TIME_DAY);
	ck_assert_int_eq(rules.keep[0], 30 * TIME_DAY);
}
END_TEST

START_TEST(older_than_is_never_below_the_floor)
{
	ck_assert_int_eq(retention_older_than("29d23h59min59s", NOW, &rules, &e), -1);
	ck_assert_int_eq(e.code, ERR_REFUSED);
	ck_assert_uint_eq(rules.n, 0);
	err_clear(&e);
	ck_assert_int_eq(retention_older_than("400", NOW, &rules, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_ptr_nonnull(strstr(e.text, "--older-than: "));
}
END_TEST

static Suite *
retention_suite(void)
{
	Suite *s = suite_create("retention");
	TCase *c = tcase_create("retention");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, rules_keep_their_order_names_and_cut_offs);
	tcase_add_test(c, conditions_of_a_rule_must_all_hold_and_its_values_are_alternatives);
	tcase_add_test(c, severity_is_a_level_and_above_as_in_the_option);
	tcase_add_test(c, no_rules_are_no_rules);
	tcase_add_test(c, what_is_kept_longer_than_time_is_kept_for_ever);
	tcase_add_test(c, older_than_is_one_rule_for_all);
	tcase_add_test(c, older_than_is_never_below_the_floor);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(retention_suite)
