/* periods: which two periods a comparison is of. */
#include "unit.h"

#include <string.h>

#include "base/bytes.h"
#include "base/time.h"
#include "cli/periods.h"

#define NOW INT64_C(1776945600000000) /* 2026-04-23T12:00:00Z */
#define HOUR (3600 * TIME_SECOND)

static int64_t
at(const char *text)
{
	struct err e = ERR_NONE;
	int64_t us = 0;

	ck_assert_msg(time_parse_expr(text, NOW, TIME_START, &us, &e) == 0, "%s", e.text);
	return us;
}

static struct period
window(const char *since, const char *until)
{
	return (struct period){ since ? at(since) : TIME_MIN, until ? at(until) : INT64_MAX };
}

static void
compares(const char *text, struct period asked, const char *since, const char *until)
{
	struct err e = ERR_NONE;
	struct periods p;

	ck_assert_msg(periods_compare(&p, text, asked, NOW, &e) == 0, "%s: %s", text, e.text);
	ck_assert_msg(p.before.since == at(since) && p.before.until == at(until), "%s", text);
	ck_assert(p.after.since == asked.since);
	ck_assert(p.after.until == (asked.until > NOW ? NOW : asked.until));
}

static void
refuses(const char *text, struct period asked, const char *why)
{
	struct err e = ERR_NONE;
	struct periods p;

	ck_assert_int_eq(periods_compare(&p, text, asked, NOW, &e), -1);
	ck_assert_msg(strstr(e.text, why) != NULL, "%s: %s", text, e.text);
}

START_TEST(previous_is_as_long_and_just_before)
{
	compares("previous", window("2026-04-01", "2026-04-11"), "2026-03-22", "2026-04-01");
	compares("previous", window("2026-04-22T12:00:00Z", NULL), "2026-04-21T12:00:00Z", "2026-04-22T12:00:00Z");
}
END_TEST

START_TEST(a_span_is_the_same_window_so_much_earlier)
{
	compares("7d", window("2026-04-20", "2026-04-21"), "2026-04-13", "2026-04-14");
	compares("-7d", window("2026-04-20", "2026-04-21"), "2026-04-13", "2026-04-14");
	compares("24h", window("2026-04-20 10:00", "2026-04-20 11:00"), "2026-04-19 10:00", "2026-04-19 11:00");
}
END_TEST

START_TEST(a_period_may_be_named)
{
	compares("2026-03", window("2026-04-01", "2026-05-01"), "2026-03-01", "2026-04-01");
	compares("2025", window("2026-01-01", NULL), "2025-01-01", "2026-01-01");
	compares("yesterday", window("2026-04-23", NULL), "2026-04-22", "2026-04-23");
	compares("2026-03-01..2026-03-07", window("2026-04-01", NULL), "2026-03-01", "2026-03-08");
	compares("2026-03-01 10:00..2026-03-01 12:30", window("2026-04-01", NULL), "2026-03-01 10:00", "2026-03-01 12:30");
}
END_TEST

START_TEST(what_has_not_happened_is_left_out)
{
	compares("1d", window("2026-04-23", "2026-04-24"), "2026-04-22", "2026-04-22 12:00");
	compares("previous", window("2026-04-23", "2026-04-24"), "2026-04-22 12:00", "2026-04-23");
}
END_TEST

START_TEST(what_is_no_earlier_period_is_refused)
{
	struct period april = window("2026-04-01", "2026-04-11");

	refuses("last", april, "no time such as");
	refuses("previos", april, "did you mean 'previous'?");
	refuses("2026-03-01 10:00", april, "a moment, and no period");
	refuses("2026-03-07..2026-03-01", april, "ends before it begins");
	refuses("..", april, "empty time");
	refuses("5d", april, "overlap");
	refuses("2026", april, "overlap");
	refuses("2026-04-05", april, "overlap");
	refuses("2026-04-12", april, "later than the window");
	refuses("2027y", april, "before the year 1");
	refuses("previous", window(NULL, "2026-04-01"), "needs a window that begins");
	refuses("previous", window("2026-05-01", NULL), "begins in the future");
}
END_TEST

START_TEST(a_text_of_any_length_is_refused)
{
	char text[1000];

	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	refuses(text, window("2026-04-01", NULL), "longer than 200 bytes");
}
END_TEST

START_TEST(a_pivot_cuts_the_window)
{
	struct err e = ERR_NONE;
	struct periods p;

	ck_assert_int_eq(periods_pivot(&p, NOW - HOUR, (struct period){ NOW - 49 * HOUR, NOW + 47 * HOUR }, NOW, &e), 0);
	ck_assert_int_eq(p.before.until - p.before.since, 48 * HOUR);
	ck_assert_int_eq(p.after.until - p.after.since, HOUR);
	ck_assert(p.before.until == p.after.since && p.after.since == NOW - HOUR);
	ck_assert_int_eq(periods_pivot(&p, NOW - HOUR, (struct period){ NOW - 3 * HOUR, INT64_MAX }, NOW, &e), 0);
	ck_assert(p.before.since == NOW - 3 * HOUR && p.after.until == NOW);
	/* A log whose clock runs ahead is taken as it is. */
	ck_assert_int_eq(periods_pivot(&p, NOW + 2 * HOUR, (struct period){ NOW + HOUR, NOW + 3 * HOUR }, NOW, &e), 0);
}
END_TEST

START_TEST(a_pivot_outside_the_window_is_refused)
{
	const struct period day = { NOW - 24 * HOUR, NOW - HOUR };
	const int64_t outside[] = { NOW - 25 * HOUR, NOW - 24 * HOUR, NOW - HOUR, NOW };
	struct periods p;

	for (size_t i = 0; i < 4; i++) {
		struct err e = ERR_NONE;

		ck_assert_int_eq(periods_pivot(&p, outside[i], day, NOW, &e), -1);
		ck_assert(strstr(e.text, "not inside the window") != NULL);
	}
	struct err e = ERR_NONE;
	ck_assert_int_eq(periods_pivot(&p, NOW + HOUR, (struct period){ NOW - HOUR, NOW + 3 * HOUR }, NOW, &e), -1);
	ck_assert(strstr(e.text, "not happened yet") != NULL);
	e = (struct err)ERR_NONE;
	ck_assert_int_eq(periods_pivot(&p, NOW, (struct period){ TIME_MIN, INT64_MAX }, NOW, &e), -1);
	ck_assert(strstr(e.text, "needs a window that begins") != NULL);
}
END_TEST

static Suite *
periods_suite(void)
{
	Suite *s = suite_create("cli/periods");
	TCase *tc = tcase_create("periods");

	tcase_add_test(tc, previous_is_as_long_and_just_before);
	tcase_add_test(tc, a_span_is_the_same_window_so_much_earlier);
	tcase_add_test(tc, a_period_may_be_named);
	tcase_add_test(tc, what_has_not_happened_is_left_out);
	tcase_add_test(tc, what_is_no_earlier_period_is_refused);
	tcase_add_test(tc, a_text_of_any_length_is_refused);
	tcase_add_test(tc, a_pivot_cuts_the_window);
	tcase_add_test(tc, a_pivot_outside_the_window_is_refused);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(periods_suite)
