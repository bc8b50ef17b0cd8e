/* Unit tests of < <= > >=: numbers of any length, addresses, levels, times. */
#include <stdio.h>

#include "filter/filter.h"
#include "unit.h"

#define NOW INT64_C(1776945600000000) /* 2026-04-23T12:00:00Z */

static struct filter *
build(const char *expr, struct err *e)
{
	struct filter_args args = { 0 };
	struct filter *f;

	str_list_add(&args.expr, expr, strlen(expr));
	f = filter_build(&args, NOW, e);
	filter_args_fini(&args);
	return f;
}

static void
refused(const char *expr, const char *why)
{
	struct err e = ERR_NONE;

	ck_assert_msg(build(expr, &e) == NULL, "%s", expr);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_msg(strstr(e.text, why) != NULL, "%s", e.text);
}

static bool
passes(const char *expr, struct str value)
{
	struct filter_scratch *x = filter_scratch_new();
	struct err e = ERR_NONE;
	struct filter *f = build(expr, &e);
	bool yes;

	ck_assert_msg(f != NULL, "%s", e.text);
	yes = filter_test_value(&f->root->test, value, x);
	filter_free(f);
	filter_scratch_free(x);
	return yes;
}

/* How a value stands to a number: -1, 0, 1, or 2 when it passes none. */
static int
order(const char *value, const char *bound)
{
	static const char *const signs[] = { "<", "<=", ">", ">=" };
	unsigned yes = 0;

	for (unsigned i = 0; i < 4; i++) {
		struct buf b = { 0 };

		buf_printf(&b, "duration_ms%s%s", signs[i], bound);
		yes |= (unsigned)passes(b.p, str_of(value)) << i;
		buf_fini(&b);
	}
	ck_assert_msg(yes == 3 || yes == 10 || yes == 12 || yes == 0, "%s and %s: %u", value, bound, yes);
	return yes == 3 ? -1 : yes == 10 ? 0 : yes == 12 ? 1 : 2;
}

START_TEST(numbers_are_compared_digit_by_digit)
{
	static const struct {
		const char *a, *b;
		int order;
	} rows[] = {
		{ "1", "2", -1 }, { "10", "9", 1 }, { "250.50", "250.5", 0 }, { "-1", "1", -1 }, { "-2", "-1", -1 },
		{ "0", "-0", 0 }, { "0.0e5", "0", 0 }, { "-0.0", "0", 0 }, { "1e3", "1000.00", 0 }, { "1E+3", "1e3", 0 },
		{ "0.001", "1e-3", 0 }, { "0.0011", "1e-3", 1 }, { "-0.0011", "-1e-3", -1 }, { "12e-1", "1.2", 0 },
		{ "9007199254740993", "9007199254740992", 1 }, { "0.1", "0.10000000000000001", -1 },
		{ "123456789012345678901234567890.1", "123456789012345678901234567890.10", 0 },
		{ "123456789012345678901234567890.1", "123456789012345678901234567890.11", -1 },
		{ "1e400", "1e399", 1 }, { "1e-400", "0", 1 }, { "-1e400", "1e-400", -1 }, { "1e10000000", "9e9999999", 1 },
		{ "1e99999999999999999999", "1e99999", 1 }, { "1e-99999999999999999999", "1e-99999", -1 },
		{ "0e99999999999999999999", "0", 0 }, { "10e-1", "1", 0 }, { "00", "1", 2 }, { "01", "1", 2 },
		{ "1.", "1", 2 }, { ".5", "1", 2 }, { "+1", "1", 2 }, { "1e", "1", 2 }, { "1e+", "1", 2 }, { "", "1", 2 },
		{ "-", "1", 2 }, { "1 ", "1", 2 }, { "0x1", "1", 2 }, { "NaN", "1", 2 }, { "1e5x", "1", 2 },
		{ "1.5.5", "1", 2 }, { "true", "1", 2 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(order(rows[i].a, rows[i].b) == rows[i].order, "%s and %s", rows[i].a, rows[i].b);
		if (rows[i].order != 2)
			ck_assert_msg(order(rows[i].b, rows[i].a) == -rows[i].order, "%s and %s", rows[i].b, rows[i].a);
	}
}
END_TEST

/* An integer of hundredths, written with a random exponent. */
static void
write_number(char out[64], long hundredths, unsigned how)
{
	unsigned long size = (unsigned long)(hundredths < 0 ? -hundredths : hundredths);
	const char *sign = hundredths < 0 ? "-" : "";

	switch (how % 4) {
	case 0:
		snprintf(out, 64, "%s%lu.%02lu", sign, size / 100, size % 100);
		break;
	case 1:
		snprintf(out, 64, "%s%lue-2", sign, size);
		break;
	case 2:
		snprintf(out, 64, "%s%lu.%lu%lu00E-1", sign, size / 10, size % 10, 0ul);
		break;
	default:
		snprintf(out, 64, "%s0.%012lue+10", sign, size);
	}
}

START_TEST(numbers_are_ordered_however_they_are_written)
{
	uint64_t seed = 5;

	for (int i = 0; i < 3000; i++) {
		long n[2];
		char text[2][64];

		for (int k = 0; k < 2; k++) {
			seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			n[k] = (long)(seed >> 33) % (i % 2 ? 2000 : 40) - (i % 2 ? 1000 : 20);
			write_number(text[k], n[k], (unsigned)(seed >> 20));
		}
		ck_assert_msg(order(text[0], text[1]) == (n[0] > n[1]) - (n[0] < n[1]), "%s and %s", text[0], text[1]);
	}
}
END_TEST

START_TEST(a_payload_place_is_compared_as_its_bound_says)
{
	ck_assert(passes("context.n>5", STR("{\"n\":6}")));
	ck_assert(passes("context.n>5", STR("{\"n\":\"6\"}")));
	ck_assert(passes("context.n>5", STR("{\"n\":[1,2,17]}")));
	ck_assert(!passes("context.n>5", STR("{\"n\":[1,2,\"x\"]}")));
	ck_assert(!passes("context.n>5", STR("{\"m\":6}")));
	ck_assert(passes("context.v>1.x", STR("{\"v\":\"2\"}")));
	ck_assert(passes("context.until<2026-05-01", STR("{\"until\":\"2026-04-30T10:00:00Z\"}")));
	ck_assert(!passes("context.until<2026-05-01", STR("{\"until\":\"2026-05-01T10:00:00Z\"}")));
}
END_TEST

START_TEST(texts_are_compared_bytewise)
{
	ck_assert(passes("action<m", STR("login")));
	ck_assert(!passes("action<m", STR("read")));
	ck_assert(passes("action>log", STR("login")));
	ck_assert(!passes("action>login", STR("login")));
	ck_assert(passes("action>=login", STR("login")));
	ck_assert(passes("action<Z", STR("Login")));
	ck_assert(!passes("action<Z", STR("login")));
	ck_assert(passes("host<=WEB-2", STR("Web-1")));
	ck_assert(passes("host>=web-1", STR("WEB-1")));
	ck_assert(!passes("host>web-1", STR("WEB-1")));
	ck_assert(passes("host>WEB-1", STR("web-2")));
}
END_TEST

START_TEST(addresses_are_compared_as_addresses)
{
	ck_assert(passes("ip<10.0.0.10", STR("10.0.0.9")));
	ck_assert(!passes("ip<10.0.0.10", STR("10.0.0.10")));
	ck_assert(passes("ip<=10.0.0.10", STR("::ffff:10.0.0.10")));
	ck_assert(passes("ip>10.0.0.10", STR("2001:db8::1")));
	ck_assert(passes("ip<2001:db8::2", STR("2001:db8::1")));
	ck_assert(!passes("ip>0.0.0.0", STR("AWS Internal")));
	refused("ip<10.0.0.0/8", "is no address");
	refused("ip<x", "ip: 'x' is no address");
}
END_TEST

static bool
selects(const char *expr, const char *severity, int64_t time)
{
	struct filter_scratch *x = filter_scratch_new();
	struct event ev = { .present = 0 };
	struct err e = ERR_NONE;
	struct filter *f = build(expr, &e);
	bool yes;

	ck_assert_msg(f != NULL, "%s", e.text);
	event_set_time(&ev, FIELD_TIME, time);
	event_set(&ev, FIELD_SEVERITY, str_of(severity));
	yes = filter_match(f, &ev, x);
	filter_free(f);
	filter_scratch_free(x);
	return yes;
}

START_TEST(severities_have_an_order)
{
	ck_assert(selects("severity>=WARN", "warning", NOW));
	ck_assert(!selects("severity>warning", "warning", NOW));
	ck_assert(selects("severity>warning", "error", NOW));
	ck_assert(selects("severity<err", "warning", NOW));
	ck_assert(!selects("severity<info", "info", NOW));
	ck_assert(!selects("severity>critical", "critical", NOW));
	ck_assert(selects("severity<=critical", "critical", NOW));
	refused("severity>=high", "no severity is called 'high'");
}
END_TEST

START_TEST(a_day_is_all_of_it)
{
	const int64_t day = NOW - TIME_DAY / 2; /* 2026-04-23T00:00:00Z */

	ck_assert(selects("time<2026-04-23", "info", day - 1));
	ck_assert(!selects("time<2026-04-23", "info", day));
	ck_assert(selects("time<=2026-04-23", "info", day + TIME_DAY - 1));
	ck_assert(!selects("time<=2026-04-23", "info", day + TIME_DAY));
	ck_assert(!selects("time>2026-04-23", "info", day + TIME_DAY - 1));
	ck_assert(selects("time>2026-04-23", "info", day + TIME_DAY));
	ck_assert(selects("time>=2026-04-23", "info", day));
	ck_assert(!selects("time>=2026-04-23", "info", day - 1));
	ck_assert(selects("time>=-1h", "info", NOW - 3600 * TIME_SECOND));
	ck_assert(!selects("time>now", "info", NOW));
	ck_assert(selects("time<=now", "info", NOW));
	refused("time<soon", "time: ");
}
END_TEST

START_TEST(an_instant_bounds_the_window)
{
	struct filter_args args = { 0 };
	struct err e = ERR_NONE;
	struct filter *f;

	str_list_add(&args.expr, "time>=-2h", 9);
	str_list_add(&args.expr, "time<-1h", 8);
	f = filter_build(&args, NOW, &e);
	ck_assert_int_eq(f->root->op, FILTER_TEST);
	ck_assert_int_eq(f->since, NOW - 7200 * TIME_SECOND);
	ck_assert_int_eq(f->until, NOW - 3600 * TIME_SECOND);
	ck_assert(f->stated_window);
	filter_free(f);
	filter_args_fini(&args);
}
END_TEST

START_TEST(spans_with_nothing_in_common_select_nothing)
{
	struct filter_scratch *x = filter_scratch_new();
	struct filter_args args = { 0 };
	struct event ev = { .present = 0 };
	struct err e = ERR_NONE;
	struct filter *f;

	str_list_add(&args.expr, "time<-2h", 8);
	str_list_add(&args.expr, "time>=-1h", 9);
	str_list_add(&args.expr, "severity>=error", 15);
	str_list_add(&args.expr, "severity<warning", 16);
	f = filter_build(&args, NOW, &e);
	ck_assert_uint_eq(f->root->children, 4);
	ck_assert(f->since > f->until && f->stated_window);
	event_set_time(&ev, FIELD_TIME, NOW);
	event_set(&ev, FIELD_SEVERITY, STR("critical"));
	ck_assert(!filter_match(f, &ev, x));
	filter_free(f);
	filter_args_fini(&args);
	filter_scratch_free(x);
}
END_TEST

START_TEST(what_has_no_order_is_refused)
{
	refused("context>5", "no order");
	refused("changes<x", "changes.KEY");
	refused("outcome<success", "no order");
	refused("status>x", "'x' is no number");
	refused("status>", "bound is empty");
	refused("duration_ms>0x10", "is no number");
}
END_TEST

static Suite *
compare_suite(void)
{
	Suite *s = suite_create("filter_compare");
	TCase *c = tcase_create("compare");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, numbers_are_compared_digit_by_digit);
	tcase_add_test(c, numbers_are_ordered_however_they_are_written);
	tcase_add_test(c, a_payload_place_is_compared_as_its_bound_says);
	tcase_add_test(c, texts_are_compared_bytewise);
	tcase_add_test(c, addresses_are_compared_as_addresses);
	tcase_add_test(c, severities_have_an_order);
	tcase_add_test(c, a_day_is_all_of_it);
	tcase_add_test(c, an_instant_bounds_the_window);
	tcase_add_test(c, spans_with_nothing_in_common_select_nothing);
	tcase_add_test(c, what_has_no_order_is_refused);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(compare_suite)
