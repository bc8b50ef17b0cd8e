/* Unit tests of filters: what each option selects, and what is refused. */
#include <stdio.h>

#include "filter/filter.h"
#include "unit.h"

/* 2026-04-23T12:00:00Z, the now of all tests. */
#define NOW INT64_C(1776945600000000)

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

static void
set(char **option, const char *value)
{
	free(*option);
	*option = mem_strdup(value);
}

static struct filter *
build(void)
{
	struct err e = ERR_NONE;
	struct filter *f = filter_build(&args, NOW, &e);

	ck_assert_msg(f != NULL, "%s", e.text);
	return f;
}

/* Whether the present args select an event; `members` are put behind time
 * and action. */
static bool
selects(const char *members)
{
	static const struct event_policy policy = { .stored = true, .assume_now = TIME_NONE };
	struct filter *f = build();
	struct filter_scratch *x = filter_scratch_new();
	struct json_tape tape = { 0 };
	struct arena arena = { 0 };
	struct buf line = { 0 };
	struct event ev;
	const char *detail;
	bool yes;

	buf_printf(&line, "{\"time\":\"2026-04-23T11:00:00Z\",\"action\":\"read\"%s%s}", *members ? "," : "", members);
	ck_assert_msg(event_parse(&ev, line.p, line.len, &policy, &tape, &arena, &detail) == EVENT_OK,
	    "%.*s", (int)line.len, line.p);
	yes = filter_match(f, &ev, x);
	filter_scratch_free(x);
	buf_fini(&line);
	json_tape_fini(&tape);
	arena_fini(&arena);
	filter_free(f);
	return yes;
}

/* The present args are refused with words that contain all of these. */
static void
refused(const char *one, const char *two)
{
	struct err e = ERR_NONE;
	struct filter *f = filter_build(&args, NOW, &e);

	ck_assert(f == NULL);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_msg(strstr(e.text, one) && strstr(e.text, two), "%s", e.text);
	drop_args();
}

START_TEST(no_option_selects_everything)
{
	struct filter *f = filter_all();

	ck_assert_int_eq(f->root->op, FILTER_TRUE);
	ck_assert(f->since == TIME_MIN && f->until == INT64_MAX && !f->stated_window && f->fields == 0);
	filter_free(f);
	ck_assert(selects(""));
}
END_TEST

/* ---- lists ---- */

START_TEST(actor_looks_at_id_email_and_name)
{
	give(&args.actor, "alice");
	ck_assert(selects("\"actor_id\":\"alice\""));
	ck_assert(selects("\"actor_email\":\"ALICE\""));
	ck_assert(selects("\"actor_name\":\"alice\",\"actor_id\":\"7\""));
	ck_assert(!selects("\"actor_id\":\"Alice\""));
	ck_assert(!selects("\"actor_name\":\"ALICE\""));
	ck_assert(!selects("\"target_id\":\"alice\""));
	ck_assert(!selects(""));
}
END_TEST

START_TEST(target_looks_at_id_name_and_path)
{
	give(&args.target, "prod/db/*");
	ck_assert(selects("\"target_path\":\"prod/db/orders/1\""));
	ck_assert(selects("\"target_id\":\"prod/db/\""));
	ck_assert(selects("\"target_name\":\"prod/db/x\""));
	ck_assert(!selects("\"target_path\":\"prod/db\""));
}
END_TEST

START_TEST(repeated_options_and_commas_are_alternatives)
{
	give(&args.action, "login,logout");
	give(&args.action, "re*");
	ck_assert(selects(""));
	drop_args();
	give(&args.action, "login,logout");
	ck_assert(!selects(""));
}
END_TEST

START_TEST(different_options_must_all_hold)
{
	give(&args.action, "read");
	give(&args.tenant, "acme");
	ck_assert(selects("\"tenant\":\"acme\""));
	ck_assert(!selects("\"tenant\":\"globex\""));
	ck_assert(!selects(""));
}
END_TEST

START_TEST(a_backslash_takes_a_comma_literally)
{
	give(&args.actor_type, "a\\,b,c");
	ck_assert(selects("\"actor_type\":\"a,b\""));
	ck_assert(selects("\"actor_type\":\"c\""));
	ck_assert(!selects("\"actor_type\":\"a\""));
	ck_assert(!selects("\"actor_type\":\"b\""));
}
END_TEST

START_TEST(a_backslash_takes_a_wildcard_literally)
{
	give(&args.share, "\\*,a\\?*");
	ck_assert(selects("\"share\":\"*\""));
	ck_assert(selects("\"share\":\"a?b\""));
	ck_assert(!selects("\"share\":\"x\""));
	ck_assert(!selects("\"share\":\"axb\""));
}
END_TEST

START_TEST(a_literal_means_itself_and_nothing_else)
{
	static const struct { const char *value, *json, *other; } cases[] = {
		{ "*", "*", "ab" }, { "a*", "a*", "ab" }, { "a?", "a?", "ab" }, { "a,b", "a,b", "a" }, { "a\\*", "a\\\\*", "a*" },
		{ "a\\", "a\\\\", "a" }, { "\"a\" ", "\\\"a\\\" ", "a" }, { "\\\\,?*", "\\\\\\\\,?*", "\\\\,?*" }
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf text = { 0 }, members = { 0 };

		drop_args();
		fresh_args();
		buf_str(&text, STR("target_id="));
		filter_literal(&text, cases[i].value);
		str_list_add(&args.expr, text.p, text.len);
		buf_printf(&members, "\"target_id\":\"%s\"", cases[i].json);
		ck_assert_msg(selects(members.p), "%s", text.p);
		buf_reset(&members);
		buf_printf(&members, "\"target_id\":\"%s\"", cases[i].other);
		ck_assert_msg(!selects(members.p), "%s", text.p);
		buf_fini(&text);
		buf_fini(&members);
	}
}
END_TEST

START_TEST(case_counts_but_for_category_outcome_email_and_host)
{
	give(&args.category, "authentication");
	give(&args.host, "WEB-*");
	give(&args.outcome, "FAILURE");
	ck_assert(selects("\"category\":\"AUTHENTICATION\",\"host\":\"web-1\",\"outcome\":\"failure\""));
	drop_args();
	give(&args.tenant, "ACME");
	ck_assert(!selects("\"tenant\":\"acme\""));
}
END_TEST

START_TEST(long_lists_are_searched_with_and_without_case)
{
	char value[32];

	for (int i = 0; i < 1000; i += 2) {
		snprintf(value, sizeof(value), "Id-%d", i);
		give(&args.request_id, value);
		give(&args.host, value);
	}
	ck_assert(selects("\"request_id\":\"Id-998\",\"host\":\"ID-0\""));
	ck_assert(selects("\"request_id\":\"Id-0\",\"host\":\"id-500\""));
	ck_assert(!selects("\"request_id\":\"Id-1\",\"host\":\"id-500\""));
	ck_assert(!selects("\"request_id\":\"id-0\",\"host\":\"id-500\""));
	ck_assert(!selects("\"request_id\":\"Id-0\",\"host\":\"id-501\""));
}
END_TEST

START_TEST(every_list_option_looks_at_its_field)
{
	const struct {
		struct str_list *list;
		const char *field;
	} options[] = {
		{ &args.actor_type, "actor_type" }, { &args.service_account, "service_account" },
		{ &args.effective, "effective_id" }, { &args.category, "category" },
		{ &args.channel, "channel" }, { &args.target_type, "target_type" },
		{ &args.share, "share" }, { &args.tenant, "tenant" }, { &args.source, "source" },
		{ &args.user_agent, "user_agent" }, { &args.host, "host" }, { &args.session, "session_id" },
		{ &args.request_id, "request_id" }, { &args.trace_id, "trace_id" }, { &args.id, "id" },
		{ &args.ip, "ip" }, { &args.path_prefix, "target_path" },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		char member[64];

		give(options[i].list, "some");
		snprintf(member, sizeof(member), "\"%s\":\"some\"", options[i].field);
		ck_assert_msg(selects(member), "%s", options[i].field);
		ck_assert_msg(!selects("\"description\":\"some\""), "%s", options[i].field);
		drop_args();
	}
}
END_TEST

START_TEST(an_empty_value_is_refused)
{
	give(&args.actor, "");
	refused("--actor", "empty");
	give(&args.tenant, "a,,b");
	refused("--tenant", "empty value");
	give(&args.tenant, "a,");
	refused("--tenant", "empty value");
}
END_TEST

START_TEST(a_value_may_be_4096_bytes_and_no_longer)
{
	char value[4098];

	memset(value, 'x', sizeof(value));
	value[4096] = '\0';
	give(&args.tenant, value);
	ck_assert(!selects(""));
	drop_args();
	value[4096] = 'x';
	value[4097] = '\0';
	give(&args.tenant, value);
	refused("--tenant", "longer than 4096");
}
END_TEST

START_TEST(a_value_that_is_not_utf8_is_refused)
{
	give(&args.actor, "al\xffice");
	refused("--actor", "UTF-8");
	give(&args.expr, "share=\xc3");
	refused("UTF-8", "");
}
END_TEST

/* ---- severity and outcome ---- */

START_TEST(severity_takes_a_level_and_those_above)
{
	set(&args.severity, "error");
	ck_assert(selects("\"severity\":\"error\""));
	ck_assert(selects("\"severity\":\"critical\""));
	ck_assert(!selects("\"severity\":\"warning\""));
}
END_TEST

START_TEST(severity_takes_a_range)
{
	set(&args.severity, "Warning..error");
	ck_assert(!selects("\"severity\":\"info\""));
	ck_assert(selects("\"severity\":\"warning\""));
	ck_assert(selects("\"severity\":\"error\""));
	ck_assert(!selects("\"severity\":\"critical\""));
	set(&args.severity, "..warning");
	ck_assert(selects("\"severity\":\"info\""));
	ck_assert(!selects("\"severity\":\"error\""));
}
END_TEST

START_TEST(a_mistyped_severity_gets_the_nearest_word)
{
	set(&args.severity, "warnign");
	refused("--severity", "did you mean 'warning'");
	set(&args.severity, "high");
	refused("--severity", "info, warning, error, critical");
	set(&args.severity, "critical..info");
	refused("--severity", "begins above its end");
	give(&args.expr, "severity=eror");
	refused("severity", "did you mean 'error'");
}
END_TEST

START_TEST(outcome_takes_every_word_the_reader_takes)
{
	give(&args.outcome, "denied");
	ck_assert(selects("\"outcome\":\"failure\""));
	ck_assert(!selects("\"outcome\":\"success\""));
	drop_args();
	give(&args.outcome, "ok,unknown");
	ck_assert(selects("\"outcome\":\"success\""));
	ck_assert(selects("\"outcome\":\"unknown\""));
	ck_assert(!selects("\"outcome\":\"failure\""));
	drop_args();
	give(&args.outcome, "succes");
	refused("--outcome", "did you mean 'success'");
	give(&args.outcome, "nobody");
	refused("--outcome", "success, failure or unknown");
}
END_TEST

START_TEST(severity_as_a_field_is_exactly_that_level)
{
	give(&args.expr, "severity=WARN,critical");
	ck_assert(selects("\"severity\":\"warning\""));
	ck_assert(selects("\"severity\":\"critical\""));
	ck_assert(!selects("\"severity\":\"error\""));
}
END_TEST

/* ---- addresses ---- */

START_TEST(ip_takes_an_address_in_any_spelling)
{
	give(&args.ip, "2001:DB8:0::1,::ffff:192.0.2.7");
	ck_assert(selects("\"ip\":\"2001:db8::1\""));
	ck_assert(selects("\"ip\":\"192.0.2.7\""));
	ck_assert(!selects("\"ip\":\"192.0.2.8\""));
}
END_TEST

/* A look at how a value begins does not change what passes. */
START_TEST(ip_passes_what_lies_in_the_range)
{
	static const char *const ranges[] = { "10.0.0.0/8", "0.0.0.0/0", "192.168.0.0/12", "9.255.0.1-11.0.0.0",
		"255.255.255.255", "0.0.0.1", "64.0.0.0/2", "2001:db8::/32", "::/0", "::ffff:10.0.0.0/104", "::1" };
	static const char *const texts[] = { "10.0.0.0", "10.255.255.255", "11.0.0.0", "9.255.255.255", "1.0.0.0",
		"100.1.1.1", "0.0.0.0", "0.0.0.1", "64.0.0.0", "127.255.255.255", "128.0.0.0", "255.255.255.255",
		"192.160.0.1", "192.175.9.9", "256.1.1.1", "999.1.1.1", "010.1.1.1", "10.1.1", "10.", "10", "1000.1.1.1",
		"::ffff:10.1.2.3", "::FFFF:a01:203", "0:0:0:0:0:ffff:10.1.2.3", "0000::ffff:10.1.2.3", "::", "::1", "1::",
		"10::", "10:0::", "2001:db8::7", "2001:DB8:0::7", "fe80::1", "a.b", ".", ":", "" };

	for (size_t r = 0; r < sizeof(ranges) / sizeof(*ranges); r++) {
		struct filter_scratch *x = filter_scratch_new();
		struct ip_range range;
		struct filter *f;
		struct ip ip;

		ck_assert(ip_range_parse(ranges[r], strlen(ranges[r]), &range));
		give(&args.ip, ranges[r]);
		f = build();
		ck_assert_int_eq(f->root->test.op, TEST_IP);
		for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
			struct str text = str_of(texts[i]);
			bool wanted = ip_parse(text.p, text.len, &ip) && ip_in_range(&ip, &range);

			ck_assert_msg(filter_test_value(&f->root->test, text, x) == wanted, "%s: %s",
			    ranges[r], texts[i]);
		}
		filter_scratch_free(x);
		filter_free(f);
		drop_args();
		fresh_args();
	}
}
END_TEST

START_TEST(ip_takes_networks_and_ranges)
{
	give(&args.ip, "10.0.0.0/8,192.0.2.5-192.0.2.9");
	give(&args.ip, "2001:db8::/32");
	ck_assert(selects("\"ip\":\"10.0.0.0\""));
	ck_assert(selects("\"ip\":\"10.255.255.255\""));
	ck_assert(!selects("\"ip\":\"11.0.0.0\""));
	ck_assert(!selects("\"ip\":\"9.255.255.255\""));
	ck_assert(!selects("\"ip\":\"192.0.2.4\""));
	ck_assert(selects("\"ip\":\"192.0.2.5\""));
	ck_assert(selects("\"ip\":\"192.0.2.9\""));
	ck_assert(!selects("\"ip\":\"192.0.2.10\""));
	ck_assert(selects("\"ip\":\"2001:db8:ffff::1\""));
	ck_assert(!selects("\"ip\":\"2001:db9::\""));
	ck_assert(!selects("\"ip\":\"::a00:1\""));
	ck_assert(!selects(""));
}
END_TEST

START_TEST(overlapping_networks_are_one)
{
	give(&args.ip, "10.0.0.0/8,10.1.0.0/16,10.0.0.0/9,9.0.0.0-10.0.0.5,10.255.0.0-11.0.0.0");
	ck_assert(selects("\"ip\":\"9.0.0.0\""));
	ck_assert(selects("\"ip\":\"10.200.0.1\""));
	ck_assert(selects("\"ip\":\"11.0.0.0\""));
	ck_assert(!selects("\"ip\":\"11.0.0.1\""));
	ck_assert(!selects("\"ip\":\"8.255.255.255\""));
}
END_TEST

START_TEST(an_ip_that_is_no_address_is_compared_as_text)
{
	give(&args.ip, "ec2.amazonaws.com,10.0.0.0/8");
	ck_assert(selects("\"ip\":\"ec2.amazonaws.com\""));
	ck_assert(selects("\"ip\":\"10.0.0.1\""));
	ck_assert(!selects("\"ip\":\"AWS Internal\""));
	drop_args();
	give(&args.ip, "10.0.?.1,AWS*");
	ck_assert(selects("\"ip\":\"10.0.3.1\""));
	ck_assert(selects("\"ip\":\"AWS Internal\""));
	ck_assert(!selects("\"ip\":\"10.0.33.1\""));
}
END_TEST

START_TEST(a_network_that_is_none_is_refused)
{
	give(&args.ip, "10.0.0.0/33");
	refused("--ip", "10.0.0.0/33");
	give(&args.ip, "10.0.0.9-10.0.0.1");
	refused("--ip", "range");
	give(&args.ip, "1.2.3.4-2001:db8::1");
	refused("--ip", "range");
}
END_TEST

/* ---- paths ---- */

START_TEST(path_prefix_ends_at_a_slash)
{
	give(&args.path_prefix, "/srv/data");
	ck_assert(selects("\"target_path\":\"/srv/data\""));
	ck_assert(selects("\"target_path\":\"/srv/data/x\""));
	ck_assert(!selects("\"target_path\":\"/srv/data2\""));
	ck_assert(!selects("\"target_path\":\"/srv/dat\""));
	ck_assert(!selects("\"target_path\":\"/srv/data\\\\x\""));
	ck_assert(!selects("\"target_id\":\"/srv/data\""));
}
END_TEST

START_TEST(a_slash_at_the_end_of_a_path_prefix_says_nothing)
{
	give(&args.path_prefix, "prod/");
	ck_assert(selects("\"target_path\":\"prod\""));
	ck_assert(selects("\"target_path\":\"prod/db\""));
	ck_assert(!selects("\"target_path\":\"production\""));
	drop_args();
	give(&args.path_prefix, "/");
	ck_assert(selects("\"target_path\":\"/etc/passwd\""));
	ck_assert(selects("\"target_path\":\"/\""));
	ck_assert(!selects("\"target_path\":\"etc\""));
	ck_assert(!selects("\"target_path\":\"\""));
}
END_TEST

START_TEST(a_windows_path_prefix_ends_at_a_backslash)
{
	give(&args.path_prefix, "C:\\Users");
	ck_assert(selects("\"target_path\":\"C:\\\\Users\\\\alice\""));
	ck_assert(selects("\"target_path\":\"C:\\\\Users\""));
	ck_assert(!selects("\"target_path\":\"C:\\\\Users2\""));
}
END_TEST

START_TEST(path_prefixes_are_alternatives_and_take_no_wildcards)
{
	give(&args.path_prefix, "/a,/b");
	give(&args.path_prefix, "/c\\*");
	ck_assert(selects("\"target_path\":\"/b/x\""));
	ck_assert(selects("\"target_path\":\"/c*/x\""));
	ck_assert(!selects("\"target_path\":\"/cc/x\""));
	drop_args();
	give(&args.path_prefix, "/srv/*/x");
	refused("--path-prefix", "wildcard");
}
END_TEST

/* ---- time ---- */

/* The window in seconds before NOW; `until` 0 is NOW itself. */
static void
window_is(int64_t since, int64_t until)
{
	struct filter *f = build();

	ck_assert_int_eq(f->since, NOW - since * TIME_SECOND);
	ck_assert_int_eq(f->until, NOW - until * TIME_SECOND);
	ck_assert(f->stated_window);
	filter_free(f);
	drop_args();
}

START_TEST(a_window_is_half_open)
{
	set(&args.since, "2026-04-23T11:00:00Z");
	set(&args.until, "2026-04-23T11:00:00.000001Z");
	ck_assert(selects(""));
	set(&args.since, "2026-04-23T10:00:00Z");
	set(&args.until, "2026-04-23T11:00:00Z");
	ck_assert(!selects(""));
	set(&args.since, "2026-04-23T11:00:00.000001Z");
	set(&args.until, "2026-04-23T12:00:00Z");
	ck_assert(!selects(""));
}
END_TEST

START_TEST(until_includes_the_whole_of_a_day)
{
	set(&args.since, "2026-04-22");
	set(&args.until, "2026-04-22");
	window_is(36 * 3600, 12 * 3600);
}
END_TEST

START_TEST(last_counts_back_from_now)
{
	struct filter *f;

	set(&args.last, "24h");
	f = build();
	ck_assert_int_eq(f->since, NOW - TIME_DAY);
	ck_assert_int_eq(f->until, INT64_MAX);
	filter_free(f);
	set(&args.until, "1h");
	window_is(86400, 3600);
}
END_TEST

START_TEST(around_takes_both_sides)
{
	set(&args.around, "2026-04-23T11:00:00Z");
	set(&args.window, "5m");
	window_is(3900, 3300);
}
END_TEST

START_TEST(by_ingested_judges_the_clock_of_arrival)
{
	struct filter *f;

	set(&args.since, "2026-04-23T11:30:00Z");
	set(&args.by, "ingested");
	ck_assert(selects("\"ingested\":\"2026-04-23T11:30:00.000000Z\""));
	ck_assert(!selects("\"ingested\":\"2026-04-23T11:29:59.999999Z\""));
	ck_assert(!selects(""));
	f = build();
	ck_assert(f->since == TIME_MIN && f->until == INT64_MAX && f->stated_window);
	ck_assert_uint_eq(f->fields, FIELD_BIT(FIELD_INGESTED));
	filter_free(f);
}
END_TEST

START_TEST(times_that_contradict_each_other_are_refused)
{
	set(&args.since, "2026-04-23");
	set(&args.until, "2026-04-21");
	refused("ends before it begins", "");
	set(&args.since, "1h");
	set(&args.last, "1h");
	refused("--last", "--since");
	set(&args.around, "now");
	refused("--around", "--window");
	set(&args.window, "5m");
	refused("--window", "--around");
	set(&args.around, "now");
	set(&args.window, "5m");
	set(&args.until, "now");
	refused("--around", "--until");
	set(&args.around, "now");
	set(&args.window, "0m");
	refused("--window", "empty");
}
END_TEST

START_TEST(an_option_is_named_when_its_time_is_none)
{
	set(&args.since, "soon");
	refused("--since", "soon");
	set(&args.until, "2026-13");
	refused("--until", "2026-13");
	set(&args.last, "many");
	refused("--last", "many");
	set(&args.by, "ingest");
	refused("--by", "did you mean 'ingested'");
}
END_TEST

START_TEST(only_what_must_hold_bounds_the_window)
{
	struct filter *f;

	give(&args.expr, "time!=2026-04-23T11:00:00Z");
	give(&args.expr, "time=2026-04-22T11:00:00Z,2026-04-21T11:00:00Z");
	f = build();
	ck_assert(f->since == TIME_MIN && f->until == INT64_MAX && !f->stated_window);
	filter_free(f);
	drop_args();
	give(&args.expr, "time=2026-04-23T11:00:00Z");
	f = build();
	ck_assert_int_eq(f->since, NOW - 3600 * TIME_SECOND);
	ck_assert_int_eq(f->until, f->since + 1);
	filter_free(f);
}
END_TEST

/* ---- operands ---- */

START_TEST(an_operand_tests_any_field)
{
	give(&args.expr, "status=500,40?");
	ck_assert(selects("\"status\":500"));
	ck_assert(selects("\"status\":403"));
	ck_assert(!selects("\"status\":200"));
	ck_assert(!selects(""));
	drop_args();
	give(&args.expr, "context=*manual*");
	ck_assert(selects("\"context\":{\"rotation\":\"manual\"}"));
	ck_assert(!selects("\"context\":{\"rotation\":\"timed\"}"));
}
END_TEST

START_TEST(operands_of_one_field_are_alternatives_and_of_others_not)
{
	give(&args.expr, "tenant=acme");
	give(&args.expr, "tenant=globex");
	give(&args.expr, "share=x");
	ck_assert(selects("\"tenant\":\"globex\",\"share\":\"x\""));
	ck_assert(selects("\"tenant\":\"acme\",\"share\":\"x\""));
	ck_assert(!selects("\"tenant\":\"acme\",\"share\":\"y\""));
	ck_assert(!selects("\"share\":\"x\""));
}
END_TEST

START_TEST(not_equal_is_the_negation_also_for_absent_fields)
{
	give(&args.expr, "tenant!=acme,globex");
	ck_assert(!selects("\"tenant\":\"acme\""));
	ck_assert(!selects("\"tenant\":\"globex\""));
	ck_assert(selects("\"tenant\":\"other\""));
	ck_assert(selects(""));
	give(&args.expr, "tenant!=other");
	ck_assert(!selects("\"tenant\":\"other\""));
	ck_assert(selects(""));
}
END_TEST

START_TEST(a_lone_star_asks_whether_the_field_is_there)
{
	give(&args.expr, "reason=*");
	ck_assert(selects("\"reason\":\"\""));
	ck_assert(!selects(""));
	drop_args();
	give(&args.expr, "reason!=*");
	ck_assert(!selects("\"reason\":\"x\""));
	ck_assert(selects(""));
	drop_args();
	give(&args.expr, "ingested!=*");
	ck_assert(selects(""));
	ck_assert(!selects("\"ingested\":\"2026-04-23T11:30:00.000000Z\""));
}
END_TEST

START_TEST(nothing_behind_the_sign_is_the_empty_text)
{
	give(&args.expr, "reason=");
	ck_assert(selects("\"reason\":\"\""));
	ck_assert(!selects("\"reason\":\"x\""));
	ck_assert(!selects(""));
}
END_TEST

START_TEST(a_value_may_hold_more_signs)
{
	give(&args.expr, "reason=a=b~c!=<d>");
	ck_assert(selects("\"reason\":\"a=b~c!=<d>\""));
}
END_TEST

START_TEST(time_as_a_field_is_an_instant)
{
	give(&args.expr, "time=2026-04-23T13:00:00+02:00");
	ck_assert(selects(""));
	drop_args();
	give(&args.expr, "time!=2026-04-23T11:00:00Z");
	ck_assert(!selects(""));
	drop_args();
	give(&args.expr, "time=2026-04-23");
	refused("time", "--since");
	give(&args.expr, "ingested=2026-*");
	refused("ingested", "--by ingested");
}
END_TEST

START_TEST(a_mistyped_field_gets_the_nearest_name)
{
	give(&args.expr, "actr_id=alice");
	refused("actr_id", "did you mean actor_id");
	give(&args.expr, "user_id=alice");
	refused("user_id", "actor_id");
	give(&args.expr, "qqqqqqq=alice");
	refused("qqqqqqq", "no field");
	give(&args.expr, "=alice");
	refused("name of a field is missing", "");
	give(&args.expr, "actor_id.x=alice");
	refused("actor_id", "nothing inside it");
	give(&args.expr, "contxt.a.b~x");
	refused("contxt", "did you mean context?");
}
END_TEST

START_TEST(what_is_no_operand_is_told_what_one_is)
{
	give(&args.expr, "target=prod/*");
	refused("'target' is no field: ask with --target, or in --where", "");
	give(&args.expr, "line~x");
	refused("'line' is no field", "--grep");
	give(&args.expr, "alice");
	refused("'alice' is no FIELD=VALUE", "--where takes expressions");
	give(&args.expr, "reason x=1");
	refused("'reason x=1' is no FIELD=VALUE", "");
	give(&args.expr, "reason!x");
	refused("no FIELD=VALUE", "");
}
END_TEST

/* ---- the payload ---- */

START_TEST(a_path_is_equal_by_text_or_token)
{
	give(&args.expr, "context.n=5,7");
	ck_assert(selects("\"context\":{\"n\":5}"));
	ck_assert(selects("\"context\":{\"n\":\"5\"}"));
	ck_assert(selects("\"context\":{\"n\":[1,7]}"));
	ck_assert(!selects("\"context\":{\"n\":5.0}"));
	ck_assert(!selects("\"context\":{\"m\":5}"));
	ck_assert(!selects("\"changes\":{\"n\":5}"));
	ck_assert(!selects(""));
	drop_args();
	give(&args.expr, "context.a=true");
	ck_assert(selects("\"context\":{\"a\":true}"));
	drop_args();
	give(&args.expr, "context.a={\"b\":[1\\,2]}");
	ck_assert(selects("\"context\":{\"a\":{ \"b\": [1, 2] }}"));
}
END_TEST

START_TEST(a_path_takes_globs_and_leads_through_arrays)
{
	give(&args.expr, "changes.after.roles=adm*");
	ck_assert(selects("\"changes\":{\"after\":{\"roles\":[\"user\",\"admin\"]}}"));
	ck_assert(!selects("\"changes\":{\"after\":{\"roles\":[\"user\"]},\"before\":\"admin\"}"));
	drop_args();
	give(&args.expr, "context.\"k8s.io/x\"=y");
	ck_assert(selects("\"context\":{\"k8s.io/x\":\"y\"}"));
	drop_args();
	give(&args.expr, "context.user=C:\\Users\\\\*");
	ck_assert(selects("\"context\":{\"user\":\"C:\\\\Users\\\\eve\"}"));
}
END_TEST

START_TEST(a_path_that_is_not_equal_has_no_such_value)
{
	give(&args.expr, "context.tags!=b");
	ck_assert(selects("\"context\":{\"tags\":[\"a\",\"c\"]}"));
	ck_assert(!selects("\"context\":{\"tags\":[\"a\",\"b\"]}"));
	ck_assert(selects(""));
}
END_TEST

START_TEST(a_lone_star_asks_whether_a_path_leads_to_a_value)
{
	give(&args.expr, "context.a.b=*");
	ck_assert(selects("\"context\":{\"a\":{\"b\":\"\"}}"));
	ck_assert(selects("\"context\":{\"a\":{\"b\":[]}}"));
	ck_assert(!selects("\"context\":{\"a\":{\"b\":null}}"));
	ck_assert(!selects("\"context\":{\"a\":1}"));
	drop_args();
	give(&args.expr, "context.a!=*");
	ck_assert(selects("\"context\":{\"a\":null}"));
	ck_assert(!selects("\"context\":{\"a\":1}"));
}
END_TEST

START_TEST(different_paths_are_different_operands)
{
	give(&args.expr, "context.a=1");
	give(&args.expr, "context.\"a\"=2");
	give(&args.expr, "context.b=3");
	ck_assert(selects("\"context\":{\"a\":2,\"b\":3}"));
	ck_assert(!selects("\"context\":{\"a\":2,\"b\":4}"));
	ck_assert(!selects("\"context\":{\"a\":3,\"b\":3}"));
}
END_TEST

/* ---- expressions and filters besides ---- */

START_TEST(every_expression_must_hold)
{
	give(&args.where, "tenant = acme or tenant = globex");
	give(&args.where, "not share = x");
	ck_assert(selects("\"tenant\":\"globex\""));
	ck_assert(!selects("\"tenant\":\"globex\",\"share\":\"x\""));
	ck_assert(!selects("\"tenant\":\"other\""));
	drop_args();
	give(&args.where, "tenant =");
	refused("--where: column", "expected");
}
END_TEST

START_TEST(an_expression_can_state_the_window)
{
	struct filter *f;

	give(&args.where, "time >= -2h and tenant = acme");
	f = build();
	ck_assert_int_eq(f->since, NOW - 7200 * TIME_SECOND);
	ck_assert(f->until == INT64_MAX && f->stated_window);
	filter_free(f);
	drop_args();
	give(&args.where, "time >= -2h or tenant = acme");
	f = build();
	ck_assert(f->since == TIME_MIN && !f->stated_window);
	filter_free(f);
	set(&args.until, "1h");
	give(&args.where, "time >= -3h");
	f = build();
	ck_assert_int_eq(f->until, NOW - 3600 * TIME_SECOND);
	filter_free(f);
}
END_TEST

static struct filter_args *
also(struct filter_args *a, size_t n)
{
	a->also = mem_zero(n, sizeof(*a->also));
	a->n_also = n;
	return a->also;
}

START_TEST(further_arguments_must_hold_too)
{
	struct filter_args *more = also(&args, 2);
	struct filter *f;

	give(&args.tenant, "acme");
	give(&more[0].expr, "share=x");
	give(&also(&more[1], 1)->text, "needle");
	ck_assert(selects("\"tenant\":\"acme\",\"share\":\"x\",\"reason\":\"Needle\""));
	ck_assert(!selects("\"tenant\":\"acme\",\"share\":\"x\""));
	ck_assert(!selects("\"tenant\":\"acme\",\"reason\":\"needle\""));
	ck_assert(!selects("\"share\":\"x\",\"reason\":\"needle\""));
	set(&more[0].last, "2h");
	set(&args.since, "1h");
	f = build();
	ck_assert_int_eq(f->since, NOW - 3600 * TIME_SECOND);
	ck_assert(f->stated_window);
	filter_free(f);
}
END_TEST

START_TEST(filters_inside_filters_end_somewhere)
{
	struct filter_args *a = &args;

	for (int i = 0; i < 33; i++)
		a = also(a, 1);
	give(&a->tenant, "acme");
	refused("more than 32 deep", "");
}
END_TEST

START_TEST(a_value_alone_can_be_tested)
{
	struct filter_scratch *x = filter_scratch_new();
	struct filter *f;

	give(&args.action, "login*,read");
	f = build();
	ck_assert_int_eq(f->root->op, FILTER_TEST);
	ck_assert(filter_test_value(&f->root->test, STR("login.ok"), x));
	ck_assert(filter_test_value(&f->root->test, STR("read"), x));
	ck_assert(!filter_test_value(&f->root->test, STR("reader"), x));
	ck_assert_uint_eq(f->fields, FIELD_BIT(FIELD_ACTION));
	filter_scratch_free(x);
	filter_free(f);
}
END_TEST

static TCase *
make_case(const char *name)
{
	TCase *c = tcase_create(name);

	tcase_add_checked_fixture(c, fresh_args, drop_args);
	return c;
}

static TCase *
list_case(void)
{
	TCase *c = make_case("lists");

	tcase_add_test(c, no_option_selects_everything);
	tcase_add_test(c, actor_looks_at_id_email_and_name);
	tcase_add_test(c, target_looks_at_id_name_and_path);
	tcase_add_test(c, repeated_options_and_commas_are_alternatives);
	tcase_add_test(c, different_options_must_all_hold);
	tcase_add_test(c, a_backslash_takes_a_comma_literally);
	tcase_add_test(c, a_backslash_takes_a_wildcard_literally);
	tcase_add_test(c, a_literal_means_itself_and_nothing_else);
	tcase_add_test(c, case_counts_but_for_category_outcome_email_and_host);
	tcase_add_test(c, long_lists_are_searched_with_and_without_case);
	tcase_add_test(c, every_list_option_looks_at_its_field);
	tcase_add_test(c, an_empty_value_is_refused);
	tcase_add_test(c, a_value_may_be_4096_bytes_and_no_longer);
	tcase_add_test(c, a_value_that_is_not_utf8_is_refused);
	return c;
}

static TCase *
kind_case(void)
{
	TCase *c = make_case("severity, outcome, address, path");

	tcase_add_test(c, severity_takes_a_level_and_those_above);
	tcase_add_test(c, severity_takes_a_range);
	tcase_add_test(c, a_mistyped_severity_gets_the_nearest_word);
	tcase_add_test(c, outcome_takes_every_word_the_reader_takes);
	tcase_add_test(c, severity_as_a_field_is_exactly_that_level);
	tcase_add_test(c, ip_takes_an_address_in_any_spelling);
	tcase_add_test(c, ip_passes_what_lies_in_the_range);
	tcase_add_test(c, ip_takes_networks_and_ranges);
	tcase_add_test(c, overlapping_networks_are_one);
	tcase_add_test(c, an_ip_that_is_no_address_is_compared_as_text);
	tcase_add_test(c, a_network_that_is_none_is_refused);
	tcase_add_test(c, path_prefix_ends_at_a_slash);
	tcase_add_test(c, a_slash_at_the_end_of_a_path_prefix_says_nothing);
	tcase_add_test(c, a_windows_path_prefix_ends_at_a_backslash);
	tcase_add_test(c, path_prefixes_are_alternatives_and_take_no_wildcards);
	return c;
}

static TCase *
time_case(void)
{
	TCase *c = make_case("time");

	tcase_add_test(c, a_window_is_half_open);
	tcase_add_test(c, until_includes_the_whole_of_a_day);
	tcase_add_test(c, last_counts_back_from_now);
	tcase_add_test(c, around_takes_both_sides);
	tcase_add_test(c, by_ingested_judges_the_clock_of_arrival);
	tcase_add_test(c, times_that_contradict_each_other_are_refused);
	tcase_add_test(c, an_option_is_named_when_its_time_is_none);
	tcase_add_test(c, only_what_must_hold_bounds_the_window);
	return c;
}

static TCase *
operand_case(void)
{
	TCase *c = make_case("operands");

	tcase_add_test(c, an_operand_tests_any_field);
	tcase_add_test(c, operands_of_one_field_are_alternatives_and_of_others_not);
	tcase_add_test(c, not_equal_is_the_negation_also_for_absent_fields);
	tcase_add_test(c, a_lone_star_asks_whether_the_field_is_there);
	tcase_add_test(c, nothing_behind_the_sign_is_the_empty_text);
	tcase_add_test(c, a_value_may_hold_more_signs);
	tcase_add_test(c, time_as_a_field_is_an_instant);
	tcase_add_test(c, a_mistyped_field_gets_the_nearest_name);
	tcase_add_test(c, what_is_no_operand_is_told_what_one_is);
	tcase_add_test(c, a_value_alone_can_be_tested);
	return c;
}

static TCase *
more_case(void)
{
	TCase *c = make_case("payload and expressions");

	tcase_add_test(c, a_path_is_equal_by_text_or_token);
	tcase_add_test(c, a_path_takes_globs_and_leads_through_arrays);
	tcase_add_test(c, a_path_that_is_not_equal_has_no_such_value);
	tcase_add_test(c, a_lone_star_asks_whether_a_path_leads_to_a_value);
	tcase_add_test(c, different_paths_are_different_operands);
	tcase_add_test(c, every_expression_must_hold);
	tcase_add_test(c, an_expression_can_state_the_window);
	tcase_add_test(c, further_arguments_must_hold_too);
	tcase_add_test(c, filters_inside_filters_end_somewhere);
	return c;
}

static Suite *
build_suite(void)
{
	Suite *s = suite_create("filter");

	suite_add_tcase(s, list_case());
	suite_add_tcase(s, kind_case());
	suite_add_tcase(s, time_case());
	suite_add_tcase(s, operand_case());
	suite_add_tcase(s, more_case());
	return s;
}

UNIT_MAIN(build_suite)
