/*
 * time_expr: what people type, as a table.  It is 18:00:00.123456 on
 * Thursday 2026-04-23.
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/time.h"

#define NOW INT64_C(1776967200123456)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
use_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

/* `want` without its zeros at the end of the time: "2026-04-23T18:00". */
static void
check(const char *text, enum time_edge edge, const char *want)
{
	char got[TIME_TEXT_LEN + 1], full[] = "0001-01-01T00:00:00.000000Z";
	struct err e = ERR_NONE;
	int64_t us;
	int rc = time_parse_expr(text, NOW, edge, &us, &e);

	ck_assert_msg(rc == 0, "%s: %s", text, e.text);
	time_format(got, us);
	got[TIME_TEXT_LEN] = '\0';
	memcpy(full, want, strlen(want));
	ck_assert_msg(strcmp(got, full) == 0, "\"%s\" at its %s is %s instead of %s", text,
	    edge == TIME_END ? "end" : "start", got, full);
}

/* Periods: start, end. */
static const struct {
	const char *text, *start, *end;
} periods[] = {
	{ "2026", "2026-01-01", "2027-01-01" },
	{ "2024", "2024-01-01", "2025-01-01" },
	{ "0001", "0001-01-01", "0002-01-01" },
	{ "1970", "1970-01-01", "1971-01-01" },
	{ "2026-01", "2026-01-01", "2026-02-01" },
	{ "2026-02", "2026-02-01", "2026-03-01" },
	{ "2024-02", "2024-02-01", "2024-03-01" },
	{ "2026-04", "2026-04-01", "2026-05-01" },
	{ "2026-12", "2026-12-01", "2027-01-01" },
	{ "1969-12", "1969-12-01", "1970-01-01" },
	{ "2026-04-22", "2026-04-22", "2026-04-23" },
	{ "2026-04-30", "2026-04-30", "2026-05-01" },
	{ "2026-12-31", "2026-12-31", "2027-01-01" },
	{ "2024-02-28", "2024-02-28", "2024-02-29" },
	{ "2024-02-29", "2024-02-29", "2024-03-01" },
	{ "2026-02-28", "2026-02-28", "2026-03-01" },
	{ "1969-12-31", "1969-12-31", "1970-01-01" },
	{ "1970-01-01", "1970-01-01", "1970-01-02" },
	{ "0001-01-01", "0001-01-01", "0001-01-02" },
	{ " 2026-04-22 ", "2026-04-22", "2026-04-23" },
	{ "\t2026-04\t", "2026-04-01", "2026-05-01" },
	{ "today", "2026-04-23", "2026-04-24" },
	{ "yesterday", "2026-04-22", "2026-04-23" },
	{ "tomorrow", "2026-04-24", "2026-04-25" },
	{ "Today", "2026-04-23", "2026-04-24" },
	{ "YESTERDAY", "2026-04-22", "2026-04-23" },
	{ " today ", "2026-04-23", "2026-04-24" },
};

START_TEST(periods_have_a_start_and_an_end)
{
	check(periods[_i].text, TIME_START, periods[_i].start);
	check(periods[_i].text, TIME_END, periods[_i].end);
}
END_TEST

/* Instants: the same at both edges. */
static const struct {
	const char *text, *want;
} instants[] = {
	{ "now", "2026-04-23T18:00:00.123456" },
	{ "NOW", "2026-04-23T18:00:00.123456" },
	/* Dates with a time. */
	{ "2026-04-22 14:30", "2026-04-22T14:30" },
	{ "2026-04-22 14:30:05", "2026-04-22T14:30:05" },
	{ "2026-04-22 14:30:05.5", "2026-04-22T14:30:05.5" },
	{ "2026-04-22 14:30:05,5", "2026-04-22T14:30:05.5" },
	{ "2026-04-22 14:30:05.123456", "2026-04-22T14:30:05.123456" },
	{ "2026-04-22 14:30:05.123456789", "2026-04-22T14:30:05.123456" },
	{ "2026-04-22T14:30", "2026-04-22T14:30" },
	{ "2026-04-22t14:30:05", "2026-04-22T14:30:05" },
	{ "2026-04-22  14:30", "2026-04-22T14:30" },
	{ "2026-04-22 00:00", "2026-04-22" },
	{ "2026-04-22 00:00:00", "2026-04-22" },
	{ "2026-04-22 23:59:59.999999", "2026-04-22T23:59:59.999999" },
	{ "1969-12-31 23:59:59", "1969-12-31T23:59:59" },
	{ "1969-12-31 23:59:59.25", "1969-12-31T23:59:59.25" },
	{ "0001-01-01 00:00", "0001-01-01" },
	{ "9999-12-31 23:59:59", "9999-12-31T23:59:59" },
	/* With a zone. */
	{ "2026-04-22T14:30:05Z", "2026-04-22T14:30:05" },
	{ "2026-04-22t14:30:05.5z", "2026-04-22T14:30:05.5" },
	{ "2026-04-22T14:30:05+02:00", "2026-04-22T12:30:05" },
	{ "2026-04-22T14:30:05+0200", "2026-04-22T12:30:05" },
	{ "2026-04-22T14:30:05+02", "2026-04-22T12:30:05" },
	{ "2026-04-22T14:30:05-05:30", "2026-04-22T20:00:05" },
	{ "2026-04-22 14:30Z", "2026-04-22T14:30" },
	{ "2026-04-22 14:30 Z", "2026-04-22T14:30" },
	{ "2026-04-22 14:30 UTC", "2026-04-22T14:30" },
	{ "2026-04-22 14:30:05 utc", "2026-04-22T14:30:05" },
	{ "2026-04-22 14:30 +02:00", "2026-04-22T12:30" },
	{ "2026-04-22 14:30:05.123456789-01:00", "2026-04-22T15:30:05.123456" },
	{ "2016-12-31T23:59:60Z", "2017-01-01" },
	/* Today at. */
	{ "14:30", "2026-04-23T14:30" },
	{ "14:30:05", "2026-04-23T14:30:05" },
	{ "14:30:05.25", "2026-04-23T14:30:05.25" },
	{ "00:00", "2026-04-23" },
	{ "23:59", "2026-04-23T23:59" },
	{ "14:30 UTC", "2026-04-23T14:30" },
	{ "14:30+02:00", "2026-04-23T12:30" },
	/* Numbers since 1970. */
	{ "@0", "1970-01-01" },
	{ "@1776816000", "2026-04-22" },
	{ "@1776816000.5", "2026-04-22T00:00:00.5" },
	{ "@1776816000.123456", "2026-04-22T00:00:00.123456" },
	{ "@1776816000123", "2026-04-22T00:00:00.123" },
	{ "@1776816000123456", "2026-04-22T00:00:00.123456" },
	{ "@-1", "1969-12-31T23:59:59" },
	/* Ago, with every unit. */
	{ "-1us", "2026-04-23T18:00:00.123455" },
	{ "-1usec", "2026-04-23T18:00:00.123455" },
	{ "-3ms", "2026-04-23T18:00:00.120456" },
	{ "-3msec", "2026-04-23T18:00:00.120456" },
	{ "-10s", "2026-04-23T17:59:50.123456" },
	{ "-10sec", "2026-04-23T17:59:50.123456" },
	{ "-10secs", "2026-04-23T17:59:50.123456" },
	{ "-1second", "2026-04-23T17:59:59.123456" },
	{ "-10seconds", "2026-04-23T17:59:50.123456" },
	{ "-5m", "2026-04-23T17:55:00.123456" },
	{ "-5min", "2026-04-23T17:55:00.123456" },
	{ "-5mins", "2026-04-23T17:55:00.123456" },
	{ "-1minute", "2026-04-23T17:59:00.123456" },
	{ "-5minutes", "2026-04-23T17:55:00.123456" },
	{ "-2h", "2026-04-23T16:00:00.123456" },
	{ "-2hr", "2026-04-23T16:00:00.123456" },
	{ "-2hrs", "2026-04-23T16:00:00.123456" },
	{ "-1hour", "2026-04-23T17:00:00.123456" },
	{ "-2hours", "2026-04-23T16:00:00.123456" },
	{ "-7d", "2026-04-16T18:00:00.123456" },
	{ "-1day", "2026-04-22T18:00:00.123456" },
	{ "-7days", "2026-04-16T18:00:00.123456" },
	{ "-2w", "2026-04-09T18:00:00.123456" },
	{ "-1week", "2026-04-16T18:00:00.123456" },
	{ "-2weeks", "2026-04-09T18:00:00.123456" },
	{ "-1M", "2026-03-24T18:00:00.123456" },
	{ "-1month", "2026-03-24T18:00:00.123456" },
	{ "-2months", "2026-02-22T18:00:00.123456" },
	{ "-1y", "2025-04-23T18:00:00.123456" },
	{ "-1year", "2025-04-23T18:00:00.123456" },
	{ "-2years", "2024-04-23T18:00:00.123456" },
	/* The same without the sign. */
	{ "10s", "2026-04-23T17:59:50.123456" },
	{ "5m", "2026-04-23T17:55:00.123456" },
	{ "5min", "2026-04-23T17:55:00.123456" },
	{ "2h", "2026-04-23T16:00:00.123456" },
	{ "24h", "2026-04-22T18:00:00.123456" },
	{ "7d", "2026-04-16T18:00:00.123456" },
	{ "90d", "2026-01-23T18:00:00.123456" },
	{ "2w", "2026-04-09T18:00:00.123456" },
	{ "1M", "2026-03-24T18:00:00.123456" },
	{ "1y", "2025-04-23T18:00:00.123456" },
	{ "0s", "2026-04-23T18:00:00.123456" },
	{ "-0d", "2026-04-23T18:00:00.123456" },
	{ "2026d", "2020-10-05T18:00:00.123456" },
	{ "2025y", "0002-08-27T18:00:00.123456" },
	/* In words. */
	{ "3 days ago", "2026-04-20T18:00:00.123456" },
	{ "3 days", "2026-04-20T18:00:00.123456" },
	{ "1 day ago", "2026-04-22T18:00:00.123456" },
	{ "3days ago", "2026-04-20T18:00:00.123456" },
	{ "3d ago", "2026-04-20T18:00:00.123456" },
	{ "3 Days Ago", "2026-04-20T18:00:00.123456" },
	{ "5 minutes ago", "2026-04-23T17:55:00.123456" },
	{ "1 hour ago", "2026-04-23T17:00:00.123456" },
	{ "2 weeks ago", "2026-04-09T18:00:00.123456" },
	{ "1 month ago", "2026-03-24T18:00:00.123456" },
	{ "1 year ago", "2025-04-23T18:00:00.123456" },
	{ "30 seconds ago", "2026-04-23T17:59:30.123456" },
	{ "  3   days   ago  ", "2026-04-20T18:00:00.123456" },
	{ "2 hours 30 minutes ago", "2026-04-23T15:30:00.123456" },
	{ "- 7 d", "2026-04-16T18:00:00.123456" },
	{ "3 daysago", "2026-04-20T18:00:00.123456" },
	/* Several units. */
	{ "2h30min", "2026-04-23T15:30:00.123456" },
	{ "-2h30min", "2026-04-23T15:30:00.123456" },
	{ "2h30m", "2026-04-23T15:30:00.123456" },
	{ "2h 30min", "2026-04-23T15:30:00.123456" },
	{ "1d12h", "2026-04-22T06:00:00.123456" },
	{ "1w1d1h1m1s", "2026-04-15T16:58:59.123456" },
	{ "1y1M", "2025-03-24T18:00:00.123456" },
	{ "30min2h", "2026-04-23T15:30:00.123456" },
	/* Fractions. */
	{ "1.5h", "2026-04-23T16:30:00.123456" },
	{ "0.5d", "2026-04-23T06:00:00.123456" },
	{ "-0.25h", "2026-04-23T17:45:00.123456" },
	{ "1.5 hours ago", "2026-04-23T16:30:00.123456" },
	{ "0.000001s", "2026-04-23T18:00:00.123455" },
	{ "0.0000000000001s", "2026-04-23T18:00:00.123456" },
	/* To come. */
	{ "+1h", "2026-04-23T19:00:00.123456" },
	{ "+7d", "2026-04-30T18:00:00.123456" },
	{ "+2h30min", "2026-04-23T20:30:00.123456" },
	{ "+ 1 hour", "2026-04-23T19:00:00.123456" },
	{ "+1y", "2027-04-23T18:00:00.123456" },
	{ "+1.5d", "2026-04-25T06:00:00.123456" },
};

START_TEST(instants_are_the_same_at_both_edges)
{
	check(instants[_i].text, TIME_START, instants[_i].want);
	check(instants[_i].text, TIME_END, instants[_i].want);
}
END_TEST

/* What is no time, and a part of what is said about it. */
static const struct {
	const char *text, *message;
} faults[] = {
	{ "", "empty" }, { "   ", "empty" }, { "-", "empty duration" }, { "+", "empty duration" },
	{ "foo", "no time such as" }, { "monday", "no time such as" }, { "last week", "no time" },
	{ "ago", "no time" }, { "nowish", "no time" }, { "todays", "no time" },
	{ "@", "no time" }, { "@x", "no time" }, { "@1x", "no time" }, { "@@1", "no time" },
	{ "@1e30", "no time" }, { "@ 1", "no time" },
	{ "1", "no time" }, { "123", "no time" }, { "20260422", "no time" },
	{ "1776816000", "no time" }, { "2026-", "no time" }, { "2026-4", "no time" },
	{ "2026-04-", "no time" }, { "2026-4-22", "no time" }, { "2026/04/22", "no time" },
	{ "22.04.2026", "no time" }, { "04/22/2026", "no time" }, { "12:3", "no time" },
	{ "26-04-22", "no time" }, { "12026-04-22", "no time" }, { "2026-04-22 14", "no time" },
	{ "2026-04-22 1:30", "no time" }, { "2026-04 14:30", "no time" }, { "2026 14:30", "no time" },
	{ "12:3x", "no time" }, { "2026-04-22T", "no time" }, { "0x10s", "unknown unit" },
	{ "2026-00", "no such date" }, { "2026-13", "no such date" }, { "0000", "no such date" },
	{ "0000-01-01", "no such date" }, { "2026-04-00", "no such date" },
	{ "2026-04-31", "no such date" }, { "2026-02-29", "no such date" },
	{ "2026-02-29 12:00", "no such date" }, { "2026-04-22 24:00", "no such date" },
	{ "2026-04-22 12:60", "no such date" }, { "2026-04-22 12:00:61", "no such date" },
	{ "24:00", "no such date" }, { "12:61", "no such date" },
	{ "2026-04-22 14:30 CET", "no such date" }, { "2026-04-22 14:30 Europe/Berlin", "no such" },
	{ "2026-04-22 14:30+24:00", "no such date" }, { "2026-04-22 14:30+2", "no such date" },
	{ "2026-04-22 14:30:05.Z", "no such date" }, { "2026-04-22 14:30:05.1234567890", "no such" },
	{ "2026-04-22 14:30pm", "no such date" }, { "2026-04-22 14:30-7d", "no such date" },
	{ "-7", "lacks a unit" }, { "+7", "lacks a unit" }, { "- 7", "lacks a unit" },
	{ "-1h30", "lacks a unit" }, { "-1.5", "lacks a unit" }, { "7 ago", "lacks a unit" },
	{ "7q", "unknown unit \"q\"" }, { "-7D", "unknown unit \"D\"" }, { "7H", "unknown unit" },
	{ "-7S", "unknown unit" }, { "7dayz", "unknown unit \"dayz\"" }, { "1h2x", "unknown unit" },
	{ "3 fortnights ago", "unknown unit \"fortnights\"" }, { "-1e3s", "unknown unit \"e\"" },
	{ "-.5h", "no duration" }, { "-1,5h", "lacks a unit" }, { "--7d", "no duration" },
	{ "-+7d", "no duration" }, { "-d", "no duration" }, { "+-1h", "no duration" },
	{ "-3 days ago", "a sign and \"ago\"" }, { "+3 days ago", "a sign and \"ago\"" },
	{ "-2030y", "outside the years" }, { "+7990y", "outside the years" },
	{ "9999y", "outside the years" }, { "99999y", "10,000 years" },
	{ "9999999999999999999999999999s", "no duration" }, { "99999999999999999h", "10,000 years" },
	{ "197769619776961967y", "10,000 years" },
	{ "6000y6000y", "10,000 years" },
};

START_TEST(faults_are_named)
{
	struct err e = ERR_NONE;
	int64_t us = 7;

	ck_assert_int_eq(time_parse_expr(faults[_i].text, NOW, TIME_START, &us, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_msg(strstr(e.text, faults[_i].message) != NULL, "\"%s\": %s", faults[_i].text,
	    e.text);
}
END_TEST

START_TEST(the_end_of_the_last_year_is_just_behind_time_max)
{
	static const char *const last[] = { "9999", "9999-12", "9999-12-31" };
	struct err e = ERR_NONE;
	int64_t us;

	for (size_t i = 0; i < COUNT(last); i++) {
		ck_assert_int_eq(time_parse_expr(last[i], NOW, TIME_END, &us, &e), 0);
		ck_assert_int_eq(us, TIME_MAX + 1);
	}
}
END_TEST

START_TEST(long_texts_are_cut_in_the_message)
{
	char text[5000];
	struct err e = ERR_NONE;
	int64_t us;

	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(time_parse_expr(text, NOW, TIME_START, &us, &e), -1);
	ck_assert_uint_lt(strlen(e.text), 150);
	err_clear(&e);
	ck_assert_int_eq(duration_parse(text, &us, &e), -1);
	ck_assert_uint_lt(strlen(e.text), 200);
	memset(text, 'x', sizeof(text) - 1);
	text[0] = '1';
	err_clear(&e);
	ck_assert_int_eq(duration_parse(text, &us, &e), -1);
	ck_assert_uint_lt(strlen(e.text), 300);
}
END_TEST

/* Berlin without the system's zone files: the rules are in the variable. */
#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

static const struct {
	const char *zone, *text, *start, *end;
} zones[] = {
	{ BERLIN, "today", "2026-04-22T22:00", "2026-04-23T22:00" },
	{ BERLIN, "yesterday", "2026-04-21T22:00", "2026-04-22T22:00" },
	{ BERLIN, "2026-04-22", "2026-04-21T22:00", "2026-04-22T22:00" },
	{ BERLIN, "2026-01", "2025-12-31T23:00", "2026-01-31T23:00" },
	{ BERLIN, "2026-03", "2026-02-28T23:00", "2026-03-31T22:00" },
	{ BERLIN, "2026", "2025-12-31T23:00", "2026-12-31T23:00" },
	/* The days of 23 and 25 hours. */
	{ BERLIN, "2026-03-29", "2026-03-28T23:00", "2026-03-29T22:00" },
	{ BERLIN, "2026-10-25", "2026-10-24T22:00", "2026-10-25T23:00" },
	{ BERLIN, "2026-04-22 14:30", "2026-04-22T12:30", "2026-04-22T12:30" },
	{ BERLIN, "2026-01-22 14:30:05.5", "2026-01-22T13:30:05.5", "2026-01-22T13:30:05.5" },
	{ BERLIN, "14:30", "2026-04-23T12:30", "2026-04-23T12:30" },
	{ BERLIN, "2026-04-22 14:30Z", "2026-04-22T14:30", "2026-04-22T14:30" },
	{ BERLIN, "2026-04-22 14:30+05:00", "2026-04-22T09:30", "2026-04-22T09:30" },
	{ BERLIN, "1970-01-01 00:59:59", "1969-12-31T23:59:59", "1969-12-31T23:59:59" },
	{ BERLIN, "-7d", "2026-04-16T18:00:00.123456", "2026-04-16T18:00:00.123456" },
	{ BERLIN, "@0", "1970-01-01", "1970-01-01" },
	/* Where it is tomorrow already, and where it is still morning. */
	{ "AAA-14", "today", "2026-04-23T10:00", "2026-04-24T10:00" },
	{ "BBB+12", "today", "2026-04-23T12:00", "2026-04-24T12:00" },
	{ "AAA-14", "14:30", "2026-04-24T00:30", "2026-04-24T00:30" },
	{ "IST-5:30", "2026-04-22", "2026-04-21T18:30", "2026-04-22T18:30" },
};

START_TEST(times_without_a_zone_follow_tz)
{
	use_zone(zones[_i].zone);
	check(zones[_i].text, TIME_START, zones[_i].start);
	check(zones[_i].text, TIME_END, zones[_i].end);
	use_zone("UTC");
}
END_TEST

static const struct {
	const char *text;
	int64_t us;
} durations[] = {
	{ "90s", 90 * TIME_SECOND }, { "5m", 300 * TIME_SECOND }, { "5min", 300 * TIME_SECOND },
	{ "2h30min", 9000 * TIME_SECOND }, { "7d", 7 * TIME_DAY }, { "2w", 14 * TIME_DAY },
	{ "1y", 365 * TIME_DAY }, { "1M", 30 * TIME_DAY }, { "3 days", 3 * TIME_DAY },
	{ " 1 h ", 3600 * TIME_SECOND }, { "0s", 0 }, { "1.5s", 1500000 }, { "250ms", 250000 },
	{ "10us", 10 }, { "9000y", 9000 * 365 * TIME_DAY }, { "1h1h", 7200 * TIME_SECOND },
};

START_TEST(table_of_durations)
{
	struct err e = ERR_NONE;
	int64_t us;

	ck_assert_int_eq(duration_parse(durations[_i].text, &us, &e), 0);
	ck_assert_int_eq(us, durations[_i].us);
}
END_TEST

static const char *const no_durations[] = { "", " ", "5", "s", "-5s", "+5s", "5x", "5s ago", "now",
	"5 s 6", "5..5s", "5.s", "1e3s", "12:30", "20000y", "99999999999999999999y" };

START_TEST(what_is_no_duration_is_refused)
{
	struct err e = ERR_NONE;
	int64_t us;

	ck_assert_int_eq(duration_parse(no_durations[_i], &us, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_str_ne(e.text, "");
}
END_TEST

static Suite *
time_expr_suite(void)
{
	Suite *s = suite_create("base/time_expr");
	TCase *t = tcase_create("time_expr");

	use_zone("UTC");
	tcase_add_loop_test(t, periods_have_a_start_and_an_end, 0, COUNT(periods));
	tcase_add_loop_test(t, instants_are_the_same_at_both_edges, 0, COUNT(instants));
	tcase_add_loop_test(t, faults_are_named, 0, COUNT(faults));
	tcase_add_test(t, the_end_of_the_last_year_is_just_behind_time_max);
	tcase_add_test(t, long_texts_are_cut_in_the_message);
	tcase_add_loop_test(t, times_without_a_zone_follow_tz, 0, COUNT(zones));
	tcase_add_loop_test(t, table_of_durations, 0, COUNT(durations));
	tcase_add_loop_test(t, what_is_no_duration_is_refused, 0, COUNT(no_durations));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(time_expr_suite)
