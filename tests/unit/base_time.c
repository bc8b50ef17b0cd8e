/* time: RFC 3339 and numbers, checked against gmtime and a third-party suite. */
#include "unit.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "corpora.h"

#define REFUSED TIME_NONE
#define APRIL INT64_C(1776967200000000) /* 2026-04-23T18:00:00Z */

struct text_case {
	const char *text;
	int64_t us;
	bool inexact;
};

static const struct text_case texts[] = {
	{ "2026-04-23T18:00:00Z", APRIL, false },
	{ "2026-04-23T18:00:00.123456Z", APRIL + 123456, false },
	{ "2026-04-23t18:00:00.123456z", APRIL + 123456, false },
	{ "2026-04-23 18:00:00.123456Z", APRIL + 123456, false },
	{ "2026-04-23T18:00:00,5Z", APRIL + 500000, false },
	{ "2026-04-23T18:00:00.000001Z", APRIL + 1, false },
	{ "2026-04-23T18:00:00.1234560Z", APRIL + 123456, false },
	{ "2026-04-23T18:00:00.123456000Z", APRIL + 123456, false },
	{ "2026-04-23T18:00:00.1234567Z", APRIL + 123456, true },
	{ "2026-04-23T18:00:00.123456001Z", APRIL + 123456, true },
	{ "2026-04-23T20:00:00+02:00", APRIL, false },
	{ "2026-04-23T20:00:00+0200", APRIL, false },
	{ "2026-04-23T12:30:00-05:30", APRIL, false },
	{ "2026-04-23T18:00:00-00:00", APRIL, false },
	{ "2026-04-24T17:59:00+23:59", APRIL, false },
	{ "2026-04-22T18:01:00.25-2359", APRIL + 250000, false },
	{ "1970-01-01T00:00:00Z", 0, false },
	{ "1969-12-31T23:59:59.999999Z", -1, false },
	{ "0001-01-01T00:00:00Z", TIME_MIN, false },
	{ "9999-12-31T23:59:59.999999Z", TIME_MAX, false },
	{ "9999-12-31T23:59:59.999999999Z", TIME_MAX, true },
	{ "2000-02-29T00:00:00Z", INT64_C(951782400000000), false },
	{ "2024-02-29T00:00:00Z", INT64_C(1709164800000000), false },
	/* Leap seconds stand before midnight UTC only. */
	{ "2016-12-31T23:59:60Z", INT64_C(1483228800000000), true },
	{ "2016-12-31T23:59:60.5Z", INT64_C(1483228800500000), true },
	{ "2016-12-31T23:59:60.500000Z", INT64_C(1483228800500000), true },
	{ "2017-01-01T00:59:60+01:00", INT64_C(1483228800000000), true },
	{ "2016-12-31T22:59:60Z", REFUSED, false },
	{ "2016-12-31T23:58:60Z", REFUSED, false },
	{ "2016-12-31T23:59:60+01:00", REFUSED, false },
	{ "2016-12-31T23:59:61Z", REFUSED, false },
	{ "9999-12-31T23:59:60Z", REFUSED, false },
	/* Outside of the years 1 to 9999. */
	{ "0000-12-31T23:59:59Z", REFUSED, false },
	{ "0000-12-31T23:59:59-23:59", REFUSED, false },
	{ "0001-01-01T00:00:00+00:01", REFUSED, false },
	{ "9999-12-31T23:59:59-00:01", REFUSED, false },
	/* No such date or time. */
	{ "2023-02-29T00:00:00Z", REFUSED, false },
	{ "1900-02-29T00:00:00Z", REFUSED, false },
	{ "2026-04-31T00:00:00Z", REFUSED, false },
	{ "2026-00-01T00:00:00Z", REFUSED, false },
	{ "2026-13-01T00:00:00Z", REFUSED, false },
	{ "2026-01-00T00:00:00Z", REFUSED, false },
	{ "2026-01-32T00:00:00Z", REFUSED, false },
	{ "2026-01-01T24:00:00Z", REFUSED, false },
	{ "2026-01-01T00:60:00Z", REFUSED, false },
	{ "2026-01-01T00:00:99Z", REFUSED, false },
	{ "2026-13-01T00:00:00.123456Z", REFUSED, false },
	{ "2026-01-01T24:00:00.123456Z", REFUSED, false },
	/* Not of the shape. */
	{ "", REFUSED, false },
	{ "2026", REFUSED, false },
	{ "2026-04-23", REFUSED, false },
	{ "2026-04-23T18:00:00", REFUSED, false },
	{ "2026-04-23T18:00Z", REFUSED, false },
	{ "2026-04-23T18:00:00.Z", REFUSED, false },
	{ "2026-04-23T18:00:00.1234567890Z", REFUSED, false },
	{ "2026-04-23T18:00:00.12345", REFUSED, false },
	{ "2026-04-23T18:00:00.123456", REFUSED, false },
	{ "2026-04-23T18:00:00+02", REFUSED, false },
	{ "2026-04-23T18:00:00+2:00", REFUSED, false },
	{ "2026-04-23T18:00:00+02:0", REFUSED, false },
	{ "2026-04-23T18:00:00+02-00", REFUSED, false },
	{ "2026-04-23T18:00:00+24:00", REFUSED, false },
	{ "2026-04-23T18:00:00+10:60", REFUSED, false },
	{ "2026-04-23T18:00:00 Z", REFUSED, false },
	{ "2026-04-23T18:00:00ZZ", REFUSED, false },
	{ " 2026-04-23T18:00:00Z", REFUSED, false },
	{ "2026-04-23T18:00:00Z ", REFUSED, false },
	{ "2026-04-23T18:00:00Z\n", REFUSED, false },
	{ "2026-04-23_18:00:00Z", REFUSED, false },
	{ "2026/04/23T18:00:00Z", REFUSED, false },
	{ "2026-04-23T18.00.00Z", REFUSED, false },
	{ "+2026-04-23T18:00:00Z", REFUSED, false },
	{ "-026-04-23T18:00:00Z", REFUSED, false },
	{ "2026-4-23T18:00:00.12345Z", REFUSED, false },
	{ "20260423T180000.1234567890Z", REFUSED, false },
	{ "2026-04-23T18:00: 0Z", REFUSED, false },
	{ "2026-04-23T-1:00:00Z", REFUSED, false },
	{ "2026-04-23T18:00:0/.123456Z", REFUSED, false },
	{ "2026-04-23T18:00:0:.123456Z", REFUSED, false },
	{ "2026-04-2\xb3T18:00:00.123456Z", REFUSED, false },
	{ "2026-04-23T18:00:00.12345\xb6Z", REFUSED, false },
};

START_TEST(table_of_texts)
{
	const struct text_case *c = &texts[_i];
	int64_t us = REFUSED;
	bool inexact = true;
	size_t len = strlen(c->text);
	char *exact = malloc(len ? len : 1); /* so that a sanitizer sees a read beyond */

	memcpy(exact, c->text, len);

	int rc = time_parse(exact, len, &us, &inexact);

	free(exact);
	ck_assert_msg(rc == (c->us == REFUSED ? -1 : 0) && us == c->us, "%s: %lld", c->text,
	    (long long)us);
	if (rc == 0)
		ck_assert_msg(inexact == c->inexact, "%s", c->text);
}
END_TEST

START_TEST(a_nul_is_no_end)
{
	int64_t us;
	bool inexact;

	ck_assert_int_eq(time_parse("2026-04-23T18:00:00Z\0", 21, &us, &inexact), -1);
	ck_assert_int_eq(time_parse("2026-04-23T18:00:00\0Z", 21, &us, &inexact), -1);
}
END_TEST

/* Every day of 9999 years, at its first or last microsecond. */
START_TEST(every_day_agrees_with_gmtime_and_comes_back)
{
	for (int64_t us = TIME_MIN, i = 0; us < TIME_MAX; us += TIME_DAY, i++) {
		int64_t t = us + (i % 2 ? TIME_DAY - 1 : 0), back;
		time_t second = (time_t)(us / TIME_SECOND);
		char text[TIME_TEXT_LEN], want[64];
		bool inexact;
		struct tm tm;

		gmtime_r(&second, &tm);
		snprintf(want, sizeof(want), "%04d-%02d-%02dT%s", tm.tm_year + 1900, tm.tm_mon + 1,
		    tm.tm_mday, i % 2 ? "23:59:59.999999Z" : "00:00:00.000000Z");
		time_format(text, t);
		if (memcmp(text, want, sizeof(text)) != 0)
			ck_abort_msg("%.27s instead of %s", text, want);
		if (time_parse(text, sizeof(text), &back, &inexact) != 0 || back != t || inexact)
			ck_abort_msg("%.27s does not come back", text);
	}
}
END_TEST

/* The text with a byte changed is understood alike by the path for our own
 * shape and, with a digit more, by the general one. */
START_TEST(both_paths_judge_alike)
{
	static const char ours[] = "2026-04-23T18:00:00.123456Z";

	for (size_t at = 0; at < TIME_TEXT_LEN; at++)
		for (unsigned c = 0; c < 256; c++) {
			char fast[TIME_TEXT_LEN], slow[TIME_TEXT_LEN + 1];
			int64_t a = 0, b = 0;
			bool x, y;

			memcpy(fast, ours, sizeof(fast));
			fast[at] = (char)c;
			memcpy(slow, fast, 26);
			slow[26] = '0';
			slow[27] = fast[26];

			int rc = time_parse(fast, sizeof(fast), &a, &x);

			if (at == 19 && c != '.' && c != ',')
				ck_assert_int_eq(rc, -1);
			else
				ck_assert_msg(rc == time_parse(slow, sizeof(slow), &b, &y) && a == b,
				    "byte %zu is %u", at, c);
		}
}
END_TEST

START_TEST(times_outside_are_printed_as_the_nearest_inside)
{
	char text[TIME_TEXT_LEN];

	time_format(text, TIME_NONE);
	ck_assert_mem_eq(text, "0001-01-01T00:00:00.000000Z", TIME_TEXT_LEN);
	time_format(text, INT64_MAX);
	ck_assert_mem_eq(text, "9999-12-31T23:59:59.999999Z", TIME_TEXT_LEN);
}
END_TEST

static const struct text_case numbers[] = {
	{ "0", 0, false },
	{ "-0", 0, false },
	{ "0.0", 0, false },
	{ "0e99999999999", 0, false },
	{ "1776967200", APRIL, false },
	{ "1776967200.5", APRIL + 500000, false },
	{ "1776967200.123456", APRIL + 123456, false },
	{ "1776967200.1234567", APRIL + 123456, true },
	{ "1776967200.1234560", APRIL + 123456, false },
	{ "1776967200123", APRIL + 123000, false },
	{ "1776967200123.456", APRIL + 123456, false },
	{ "1776967200123456", APRIL + 123456, false },
	{ "1776967200123456.7", APRIL + 123456, true },
	{ "1776967200123456789", APRIL + 123456, true },
	{ "1776967200123456000", APRIL + 123456, false },
	{ "1.7769672e9", APRIL, false },
	{ "1.7769672E+09", APRIL, false },
	{ "17769672000e-1", APRIL, false },
	{ "0.0017769672e12", APRIL, false },
	{ "1.776967200123e12", APRIL + 123000, false },
	{ "001776967200", APRIL, false },
	{ "0000000000000000000000000000001", TIME_SECOND, false },
	{ "0.000001", 1, false },
	{ "0.0000001", 0, true },
	{ "1e-6", 1, false },
	{ "1e-400", 0, true },
	{ "-1", -TIME_SECOND, false },
	{ "-0.5", -500000, false },
	/* The borders between the units. */
	{ "99999999999", INT64_C(99999999999) * TIME_SECOND, false },
	{ "100000000000", INT64_C(100000000) * TIME_SECOND, false },
	{ "99999999999999", INT64_C(99999999999999000), false },
	{ "100000000000000", INT64_C(100000000000000), false },
	{ "99999999999999999", INT64_C(99999999999999999), false },
	{ "100000000000000000", INT64_C(100000000000000), false },
	{ "99999999999999999999", INT64_C(99999999999999999), true },
	{ "100000000000000000000", REFUSED, false },
	{ "1e20", REFUSED, false },
	{ "1e99999999999999999999", REFUSED, false },
	{ "-62135596800", TIME_MIN, false },
	{ "-62135596801", REFUSED, false },
	{ "", REFUSED, false },
	{ "-", REFUSED, false },
	{ "+1", REFUSED, false },
	{ ".5", REFUSED, false },
	{ "1.", REFUSED, false },
	{ "1.e5", REFUSED, false },
	{ "1e", REFUSED, false },
	{ "1e+", REFUSED, false },
	{ "1e5x", REFUSED, false },
	{ "1 ", REFUSED, false },
	{ " 1", REFUSED, false },
	{ "1x", REFUSED, false },
	{ "0x10", REFUSED, false },
	{ "1,5", REFUSED, false },
	{ "--1", REFUSED, false },
	{ "1.5.5", REFUSED, false },
	{ "NaN", REFUSED, false },
	{ "Infinity", REFUSED, false },
};

START_TEST(table_of_numbers)
{
	const struct text_case *c = &numbers[_i];
	int64_t us = REFUSED;
	bool inexact = true;
	int rc = time_parse_number(c->text, strlen(c->text), &us, &inexact);

	ck_assert_msg(rc == (c->us == REFUSED ? -1 : 0) && us == c->us, "%s: %lld", c->text,
	    (long long)us);
	if (rc == 0)
		ck_assert_msg(inexact == c->inexact, "%s", c->text);
}
END_TEST

/* Ours is a little wider than RFC 3339 (a space, a comma, no colon in the
 * offset) and narrower in one place; of the suite only this differs. */
static bool
deviates(const char *text)
{
	/* More than nine digits of fraction. */
	return strcmp(text, "1985-04-12T00:59:59.999999999999999Z") == 0;
}

START_TEST(json_schema_suite_agrees)
{
	char path[CORPORA_PATH_MAX];
	json_t *suite, *group, *test;
	size_t i, j;
	unsigned strings = 0;

	if (!corpora_path(path, "conformance/formats/json-schema/date-time.json"))
		return;
	suite = json_load_file(path, JSON_ALLOW_NUL, NULL);
	ck_assert_ptr_nonnull(suite);
	json_array_foreach(suite, i, group)
		json_array_foreach(json_object_get(group, "tests"), j, test) {
			json_t *data = json_object_get(test, "data");
			bool valid = json_is_true(json_object_get(test, "valid")), inexact;
			const char *text = json_string_value(data);
			int64_t us;

			if (text == NULL)
				continue;
			strings++;

			int rc = time_parse(text, json_string_length(data), &us, &inexact);

			ck_assert_msg((rc == 0) == (valid && !deviates(text)), "%s", text);
		}
	ck_assert_uint_ge(strings, 27);
	json_decref(suite);
}
END_TEST

START_TEST(local_text_follows_the_zone)
{
	char text[32];

	setenv("TZ", "XYZ-5:30", 1);
	tzset();
	time_format_local(text, APRIL + 999999);
	ck_assert_str_eq(text, "2026-04-23 23:30:00");
	time_format_local(text, -1);
	ck_assert_str_eq(text, "1970-01-01 05:29:59");
	time_format_local(text, TIME_MAX);
	ck_assert_uint_eq(strlen(text), 19);
	setenv("TZ", "UTC", 1);
	tzset();
	time_format_local(text, -1);
	ck_assert_str_eq(text, "1969-12-31 23:59:59");
}
END_TEST

START_TEST(now_is_now)
{
	int64_t before = time_now();
	time_t now = time(NULL);

	ck_assert_int_le(before / TIME_SECOND, now + 1);
	ck_assert_int_ge(time_now() / TIME_SECOND, now);
}
END_TEST

static Suite *
time_suite(void)
{
	Suite *s = suite_create("base/time");
	TCase *t = tcase_create("time");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, table_of_texts, 0, sizeof(texts) / sizeof(texts[0]));
	tcase_add_test(t, a_nul_is_no_end);
	tcase_add_test(t, every_day_agrees_with_gmtime_and_comes_back);
	tcase_add_test(t, both_paths_judge_alike);
	tcase_add_test(t, times_outside_are_printed_as_the_nearest_inside);
	tcase_add_loop_test(t, table_of_numbers, 0, sizeof(numbers) / sizeof(numbers[0]));
	tcase_add_test(t, json_schema_suite_agrees);
	tcase_add_test(t, local_text_follows_the_zone);
	tcase_add_test(t, now_is_now);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(time_suite)
