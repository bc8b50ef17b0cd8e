/* Unit tests of the canonical expression: one filter, one text. */
#include "filter/filter.h"
#include "unit.h"

#define NOW INT64_C(1776945600000000) /* 2026-04-23T12:00:00Z */

static struct filter_args args;

static void
fresh_args(void)
{
	args = (struct filter_args){ 0 };
}

static void
drop_args(void)
{
	filter_args_fini(&args);
}

static void
give(struct str_list *list, const char *value)
{
	str_list_add(list, value, strlen(value));
}

/* The present args are written so; they are used up. */
static void
becomes(const char *expected)
{
	struct err e = ERR_NONE;
	struct filter *f = filter_build(&args, NOW, &e);
	struct buf text = { 0 };

	ck_assert_msg(f != NULL, "%s", e.text);
	filter_format(&text, f);
	buf_byte(&text, '\0');
	ck_assert_str_eq(text.p, expected);
	buf_fini(&text);
	filter_free(f);
	drop_args();
}

START_TEST(everything_is_true)
{
	becomes("true");
}
END_TEST

START_TEST(one_value_is_equal_several_are_a_list)
{
	give(&args.action, "login");
	becomes("action = login");
	give(&args.action, "logout,login");
	becomes("action in (login, logout)");
}
END_TEST

START_TEST(the_order_of_typing_does_not_matter)
{
	give(&args.tenant, "b,a");
	give(&args.tenant, "a");
	give(&args.action, "x");
	give(&args.expr, "share!=s");
	give(&args.expr, "device=d");
	becomes("tenant in (a, b) and action = x and device = d and share != s");
	give(&args.expr, "device=d");
	give(&args.expr, "share!=s");
	give(&args.action, "x,x");
	give(&args.tenant, "a");
	give(&args.tenant, "b");
	becomes("tenant in (a, b) and action = x and device = d and share != s");
}
END_TEST

START_TEST(values_are_quoted_where_they_could_be_taken_for_grammar)
{
	give(&args.share, "a b");
	becomes("share = \"a b\"");
	give(&args.share, "say \"hi\"");
	becomes("share = \"say \\\"hi\\\"\"");
	give(&args.share, "and");
	becomes("share = \"and\"");
	give(&args.share, "a\\,b");
	becomes("share = \"a,b\"");
	give(&args.share, "(x)");
	becomes("share = \"(x)\"");
	give(&args.share, "zoë");
	becomes("share = \"zoë\"");
	give(&args.expr, "share=");
	becomes("share = \"\"");
	give(&args.share, "a-b_c.d/e:f@g+h%i");
	becomes("share = a-b_c.d/e:f@g+h%i");
}
END_TEST

START_TEST(globs_and_literal_stars_are_told_apart)
{
	give(&args.share, "a*,a\\*");
	becomes("share in (a\\*, a*)");
	give(&args.share, "a\\,b***\\?\\x?");
	becomes("share = \"a,b*\\?\\\\x?\"");
	give(&args.share, "C:\\Users");
	becomes("share = C:\\\\Users");
	give(&args.share, "C:\\\\Users");
	becomes("share = C:\\\\Users");
}
END_TEST

START_TEST(values_without_case_are_in_lower_case)
{
	give(&args.category, "Admin,ADMIN");
	becomes("category = admin");
	give(&args.outcome, "DENIED,failure");
	becomes("outcome = failure");
	give(&args.expr, "severity=WARN");
	becomes("severity = warning");
}
END_TEST

START_TEST(several_fields_are_alternatives_in_parentheses)
{
	give(&args.actor, "Alice");
	becomes("actor_id = Alice or actor_name = Alice or actor_email = alice");
	give(&args.actor, "a*");
	give(&args.action, "read");
	becomes("action = read and (actor_id = a* or actor_name = a* or actor_email = a*)");
}
END_TEST

START_TEST(addresses_networks_and_ranges_look_as_people_write_them)
{
	give(&args.ip, "192.0.2.7");
	becomes("ip = 192.0.2.7");
	give(&args.ip, "10.1.2.3/8");
	becomes("ip in 10.0.0.0/8");
	give(&args.ip, "10.0.0.1-10.0.0.9");
	becomes("ip in 10.0.0.1-10.0.0.9");
	give(&args.ip, "0.0.0.0/0,::/0");
	becomes("ip in (0.0.0.0/0, ::/0)");
	give(&args.ip, "2001:DB8::/32,fe80::1,10.0.0.0-10.255.255.255,10.2.0.0/16");
	becomes("ip in (10.0.0.0/8, 2001:db8::/32, fe80::1)");
	give(&args.ip, "10.0.0.1,somewhere,10.2.*");
	becomes("ip in (10.0.0.1, \"somewhere\", 10.2.*)");
	give(&args.expr, "ip!=10.0.0.1");
	becomes("ip != 10.0.0.1");
	give(&args.expr, "ip!=10.0.0.0/8");
	becomes("not ip in 10.0.0.0/8");
}
END_TEST

START_TEST(path_prefixes_are_the_path_and_all_below)
{
	give(&args.path_prefix, "/srv/data/");
	becomes("target_path in (/srv/data, /srv/data/*)");
	give(&args.path_prefix, "/");
	becomes("target_path = /*");
	give(&args.path_prefix, "/a b\\*");
	becomes("target_path in (\"/a b\\*\", \"/a b\\*/*\")");
	give(&args.path_prefix, "C:\\Users");
	becomes("target_path in (C:\\\\Users, C:\\\\Users/*, C:\\\\Users\\\\*)");
}
END_TEST

START_TEST(severities_are_levels)
{
	args.severity = mem_strdup("warn");
	becomes("severity >= warning");
	args.severity = mem_strdup("info..error");
	becomes("severity <= error");
	args.severity = mem_strdup("warning..error");
	becomes("severity >= warning and severity <= error");
	args.severity = mem_strdup("error..error");
	becomes("severity = error");
	args.severity = mem_strdup("info");
	becomes("severity >= info");
}
END_TEST

START_TEST(times_are_instants)
{
	args.since = mem_strdup("2026-01");
	becomes("time >= 2026-01-01T00:00:00.000000Z");
	args.since = mem_strdup("1h");
	args.until = mem_strdup("now");
	becomes("time >= 2026-04-23T11:00:00.000000Z and time < 2026-04-23T12:00:00.000000Z");
	args.until = mem_strdup("2026-01-01T00:00:00.5Z");
	args.by = mem_strdup("ingested");
	becomes("ingested < 2026-01-01T00:00:00.500000Z");
	give(&args.expr, "time=2026-01-01T00:00:00Z");
	becomes("time = 2026-01-01T00:00:00.000000Z");
	give(&args.expr, "time!=2026-01-01T00:00:00Z");
	becomes("time != 2026-01-01T00:00:00.000000Z");
}
END_TEST

START_TEST(negations_are_as_short_as_the_grammar_lets_them)
{
	give(&args.expr, "share!=a");
	becomes("share != a");
	give(&args.expr, "share!=a,b");
	becomes("not share in (a, b)");
	give(&args.expr, "share!=*");
	becomes("not has share");
	give(&args.expr, "share=*,a");
	becomes("has share");
	give(&args.expr, "time!=2026-01-01T00:00:00Z,2026-01-02T00:00:00Z");
	becomes("not (time = 2026-01-01T00:00:00.000000Z or time = 2026-01-02T00:00:00.000000Z)");
}
END_TEST

START_TEST(alternatives_of_one_field_are_joined)
{
	give(&args.expr, "share=a");
	give(&args.expr, "share=b");
	give(&args.action, "x");
	becomes("action = x and share in (a, b)");
}
END_TEST

static Suite *
format_suite(void)
{
	Suite *s = suite_create("filter format");
	TCase *c = tcase_create("canonical expressions");

	tcase_add_checked_fixture(c, fresh_args, drop_args);
	tcase_add_test(c, everything_is_true);
	tcase_add_test(c, one_value_is_equal_several_are_a_list);
	tcase_add_test(c, the_order_of_typing_does_not_matter);
	tcase_add_test(c, values_are_quoted_where_they_could_be_taken_for_grammar);
	tcase_add_test(c, globs_and_literal_stars_are_told_apart);
	tcase_add_test(c, values_without_case_are_in_lower_case);
	tcase_add_test(c, several_fields_are_alternatives_in_parentheses);
	tcase_add_test(c, addresses_networks_and_ranges_look_as_people_write_them);
	tcase_add_test(c, path_prefixes_are_the_path_and_all_below);
	tcase_add_test(c, severities_are_levels);
	tcase_add_test(c, times_are_instants);
	tcase_add_test(c, negations_are_as_short_as_the_grammar_lets_them);
	tcase_add_test(c, alternatives_of_one_field_are_joined);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(format_suite)
