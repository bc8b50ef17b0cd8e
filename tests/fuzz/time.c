/*
 * time: what is taken for a time is inside the limits, agrees with gmtime and
 * comes back from its text; expressions give a time or an error that says so.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/time.h"

#define NOW INT64_C(1776967200123456)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int truth)
{
	if (!truth)
		abort();
}

static void
check_instant(int64_t us)
{
	int64_t back, fraction = us % TIME_SECOND;
	time_t second = (time_t)(us / TIME_SECOND - (fraction < 0));
	char text[TIME_TEXT_LEN], want[64];
	bool inexact;
	struct tm tm;

	require(us >= TIME_MIN && us <= TIME_MAX);
	time_format(text, us);
	gmtime_r(&second, &tm);
	snprintf(want, sizeof(want), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    (int)(fraction < 0 ? fraction + TIME_SECOND : fraction));
	require(memcmp(text, want, sizeof(text)) == 0);
	require(time_parse(text, sizeof(text), &back, &inexact) == 0);
	require(back == us && !inexact);
}

static void
check_expression(const char *text, enum time_edge edge)
{
	struct err e = ERR_NONE;
	int64_t us;

	if (time_parse_expr(text, NOW, edge, &us, &e) != 0)
		require(e.code == ERR_FAIL && e.text[0] != '\0');
	else if (us != TIME_MAX + 1)
		check_instant(us);
	else
		require(edge == TIME_END);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	char *text = malloc(size + 1);
	struct err e = ERR_NONE;
	bool inexact;
	int64_t us;

	if (text == NULL)
		return 0;
	if (time_parse(bytes, size, &us, &inexact) == 0)
		check_instant(us);
	if (time_parse_number(bytes, size, &us, &inexact) == 0)
		check_instant(us);
	if (size > 0)
		memcpy(text, bytes, size);
	text[size] = '\0';
	check_expression(text, TIME_START);
	check_expression(text, TIME_END);
	if (duration_parse(text, &us, &e) == 0)
		require(us >= 0 && us <= TIME_MAX - TIME_MIN);
	free(text);
	return 0;
}
