/*
 * time: RFC 3339 and numbers to microseconds, and back.
 *
 * Runs once or twice for every event, so the one shape that we print
 * ourselves, 2026-04-23T18:00:00.123456Z, is read eight bytes at a time.
 * What people type is in time_expr.c.
 */
#include "base/time.h"

#include <string.h>
#include <time.h>

#define SECONDS_A_DAY INT64_C(86400)
#define DAYS_TO_1970 INT64_C(719162) /* from 0001-01-01 */

/* A date and a time of day as written. */
struct fields {
	int year, month, day, hour, minute, second;
	int64_t fraction; /* microseconds */
};

int64_t
time_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * TIME_SECOND + now.tv_nsec / 1000;
}

int64_t
time_steady(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * TIME_SECOND + ts.tv_nsec / 1000;
}

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
days_in_month(int year, int month)
{
	static const uint8_t days[] = { 0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month] + (month == 2 && is_leap(year));
}

/* Days since 1970-01-01 of a date of the years 1 to 9999. */
static int64_t
days_of(int year, int month, int day)
{
	static const int16_t before[] = { 0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304,
		334 };
	int past = year - 1;
	int days = past * 365 + past / 4 - past / 100 + past / 400;

	days += before[month] + (month > 2 && is_leap(year)) + day - 1;
	return days - DAYS_TO_1970;
}

/* Checks the ranges, puts the fields and the offset (seconds east) together. */
static int
combine(const struct fields *f, int offset, int64_t *us, bool *inexact)
{
	if (f->year < 1 || f->month < 1 || f->month > 12 || f->day < 1 ||
	    f->day > days_in_month(f->year, f->month) || f->hour > 23 || f->minute > 59 ||
	    f->second > 60)
		return -1;

	int64_t of_day = f->hour * 3600 + f->minute * 60 + f->second - offset;
	int64_t second = days_of(f->year, f->month, f->day) * SECONDS_A_DAY + of_day;

	/* Leap seconds are inserted before midnight UTC only. */
	if (f->second == 60) {
		if (second % SECONDS_A_DAY != 0)
			return -1;
		*inexact = true;
	}

	int64_t t = second * TIME_SECOND + f->fraction;

	if (t < TIME_MIN || t > TIME_MAX)
		return -1;
	*us = t;
	return 0;
}

/* Two digits known to be digits. */
static inline int
two(const char *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

/* Reads n digits.  Returns -1 when there is another byte among them. */
static int
digits(const char *p, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		v = v * 10 + (p[i] - '0');
	}
	return v;
}

/*
 * Compares eight bytes with a pattern that has 0 where a digit belongs.  XOR
 * makes a digit 0 to 9 and an equal byte 0; adding 0x76 (v) to the one and
 * 0x7f to the other sets the high bit of everything else.
 */
static inline uint64_t
mismatch(const char *p, const char pattern[8], const char add[8])
{
	uint64_t v, want, sum;

	memcpy(&v, p, sizeof(v));
	memcpy(&want, pattern, sizeof(want));
	memcpy(&sum, add, sizeof(sum));
	v ^= want;
	return ((v + sum) | v) & UINT64_C(0x8080808080808080);
}

static inline bool
is_our_shape(const char *p)
{
	return (mismatch(p, "0000-00-", "vvvv\x7fvv\x7f") |
	    mismatch(p + 8, "00T00:00", "vv\x7fvv\x7fvv") |
	    mismatch(p + 16, ":00.0000", "\x7fvv\x7fvvvv") |
	    mismatch(p + 19, ".000000Z", "\x7fvvvvvv\x7f")) == 0;
}

/* ".123456789" at *p: moves *p, gives microseconds and whether more was cut. */
static int
parse_fraction(const char **p, const char *end, int64_t *us, bool *inexact)
{
	const char *at = *p + 1;
	int n = 0;
	int64_t v = 0;

	for (; at < end && *at >= '0' && *at <= '9'; at++, n++) {
		if (n < 6)
			v = v * 10 + (*at - '0');
		else if (*at != '0')
			*inexact = true;
	}
	if (n == 0 || n > 9)
		return -1;
	for (; n < 6; n++)
		v *= 10;
	*us = v;
	*p = at;
	return 0;
}

/* "Z", "+02:00" or "+0200", to the end of the text: seconds east of UTC. */
static int
parse_offset(const char *p, const char *end, int *offset)
{
	size_t len = (size_t)(end - p);

	if (len == 1 && (*p == 'Z' || *p == 'z')) {
		*offset = 0;
		return 0;
	}
	if (len != 5 && len != 6)
		return -1;
	if ((p[0] != '+' && p[0] != '-') || (len == 6 && p[3] != ':'))
		return -1;

	int hour = digits(p + 1, 2), minute = digits(end - 2, 2);

	if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
		return -1;
	*offset = (hour * 60 + minute) * 60;
	if (p[0] == '-')
		*offset = -*offset;
	return 0;
}

int
time_parse(const char *p, size_t len, int64_t *us, bool *inexact)
{
	struct fields f = { 0 };
	int offset;

	*inexact = false;
	if (len == TIME_TEXT_LEN && is_our_shape(p)) {
		f.year = two(p) * 100 + two(p + 2);
		f.month = two(p + 5);
		f.day = two(p + 8);
		f.hour = two(p + 11);
		f.minute = two(p + 14);
		f.second = two(p + 17);
		f.fraction = two(p + 20) * 10000 + two(p + 22) * 100 + two(p + 24);
		return combine(&f, 0, us, inexact);
	}

	const char *end = p + len;

	if (len < sizeof("2026-04-23T18:00:00Z") - 1 || p[4] != '-' || p[7] != '-' ||
	    (p[10] != 'T' && p[10] != 't' && p[10] != ' ') || p[13] != ':' || p[16] != ':')
		return -1;
	f.year = digits(p, 4);
	f.month = digits(p + 5, 2);
	f.day = digits(p + 8, 2);
	f.hour = digits(p + 11, 2);
	f.minute = digits(p + 14, 2);
	f.second = digits(p + 17, 2);
	if (f.hour < 0 || f.minute < 0 || f.second < 0)
		return -1;
	p += 19;
	if ((*p == '.' || *p == ',') && parse_fraction(&p, end, &f.fraction, inexact) != 0)
		return -1;
	if (parse_offset(p, end, &offset) != 0)
		return -1;
	return combine(&f, offset, us, inexact);
}

/* The significant digits of a number and where its point is. */
struct number {
	const char *digit; /* with at most one '.' among them */
	const char *end;
	int64_t whole;     /* digits before the point; may be negative or beyond the end */
	bool is_negative;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* An exponent such as e+12; large ones are all the same to us. */
static int
parse_exponent(const char *p, const char *end, int64_t *exponent)
{
	bool negative = false;

	if (p < end && (*p == '+' || *p == '-'))
		negative = *p++ == '-';
	if (p == end)
		return -1;

	int64_t v = 0;

	for (; p < end; p++) {
		if (!is_digit(*p))
			return -1;
		if (v < INT32_MAX)
			v = v * 10 + (*p - '0');
	}
	*exponent = negative ? -v : v;
	return 0;
}

/* -? digits [. digits] [e exponent], leading zeros allowed and skipped. */
static int
parse_number(const char *p, size_t len, struct number *n)
{
	const char *end = p + len, *point = NULL, *start;
	int64_t exponent = 0;

	n->is_negative = len > 0 && *p == '-';
	if (n->is_negative)
		p++;
	start = p;
	while (p < end && is_digit(*p))
		p++;
	if (p == start)
		return -1;
	point = p;
	if (p < end && *p == '.') {
		while (++p < end && is_digit(*p))
			continue;
		if (p == point + 1)
			return -1;
	}
	n->end = p;
	if (p < end && (*p | 0x20) == 'e') {
		if (parse_exponent(p + 1, end, &exponent) != 0)
			return -1;
	} else if (p < end) {
		return -1;
	}

	/* Skip zeros in front; those behind the point move it to the left. */
	for (n->digit = start; n->digit < n->end; n->digit++)
		if (*n->digit != '0' && *n->digit != '.')
			break;
	n->whole = point - n->digit + (n->digit > point) + exponent;
	if (n->digit == n->end)
		n->whole = 0;
	return 0;
}

/* The whole part as an integer of at most 18 digits; tells what was cut. */
static int64_t
number_cut(const struct number *n, int64_t whole, bool *inexact)
{
	int64_t v = 0, taken = 0;

	for (const char *p = n->digit; p < n->end; p++) {
		if (*p == '.')
			continue;
		if (taken < whole) {
			v = v * 10 + (*p - '0');
			taken++;
		} else if (*p != '0') {
			*inexact = true;
		}
	}
	for (; taken < whole; taken++)
		v *= 10;
	return n->is_negative ? -v : v;
}

int
time_parse_number(const char *p, size_t len, int64_t *us, bool *inexact)
{
	struct number n;
	int64_t shift;

	*inexact = false;
	if (parse_number(p, len, &n) != 0)
		return -1;

	/* 1e11 has twelve digits: up to eleven are seconds, and so on. */
	if (n.whole <= 11)
		shift = 6;
	else if (n.whole <= 14)
		shift = 3;
	else if (n.whole <= 17)
		shift = 0;
	else if (n.whole <= 20)
		shift = -3;
	else
		return -1;

	int64_t t = number_cut(&n, n.whole + shift, inexact);

	if (t < TIME_MIN || t > TIME_MAX)
		return -1;
	*us = t;
	return 0;
}

/* "00" to "99". */
static const char pair[] =
    "00010203040506070809" "10111213141516171819" "20212223242526272829"
    "30313233343536373839" "40414243444546474849" "50515253545556575859"
    "60616263646566676869" "70717273747576777879" "80818283848586878889"
    "90919293949596979899";

static inline void
put_two(char *p, unsigned v)
{
	memcpy(p, pair + 2 * (size_t)v, 2);
}

/* Days since 0000-03-01, the start of a cycle of 400 years whose leap days
 * are the last days of their years. */
static void
put_date(char *p, unsigned days)
{
	unsigned cycle = days / 146097, of_cycle = days % 146097;
	unsigned year = (of_cycle - of_cycle / 1460 + of_cycle / 36524 - of_cycle / 146096) / 365;
	unsigned of_year = of_cycle - (365 * year + year / 4 - year / 100);
	unsigned month = (5 * of_year + 2) / 153; /* March is 0 */
	unsigned day = of_year - (153 * month + 2) / 5 + 1;

	year += cycle * 400 + (month >= 10);
	month = month < 10 ? month + 3 : month - 9;
	put_two(p, year / 100);
	put_two(p + 2, year % 100);
	p[4] = '-';
	put_two(p + 5, month);
	p[7] = '-';
	put_two(p + 8, day);
}

void
time_format(char out[TIME_TEXT_LEN], int64_t us)
{
	if (us < TIME_MIN)
		us = TIME_MIN;
	if (us > TIME_MAX)
		us = TIME_MAX;

	uint64_t since_year_1 = (uint64_t)(us - TIME_MIN);
	uint64_t second = since_year_1 / (uint64_t)TIME_SECOND;
	unsigned fraction = (unsigned)(since_year_1 % (uint64_t)TIME_SECOND);
	unsigned of_day = (unsigned)(second % (uint64_t)SECONDS_A_DAY);

	put_date(out, (unsigned)(second / (uint64_t)SECONDS_A_DAY) + 306);
	out[10] = 'T';
	put_two(out + 11, of_day / 3600);
	out[13] = ':';
	put_two(out + 14, of_day / 60 % 60);
	out[16] = ':';
	put_two(out + 17, of_day % 60);
	out[19] = '.';
	put_two(out + 20, fraction / 10000);
	put_two(out + 22, fraction / 100 % 100);
	put_two(out + 24, fraction % 100);
	out[26] = 'Z';
}

void
time_format_local(char out[32], int64_t us)
{
	/* Toward the past, also before 1970. */
	time_t second = (time_t)(us / TIME_SECOND - (us % TIME_SECOND < 0));
	char text[TIME_TEXT_LEN];
	struct tm tm = { 0 };

	localtime_r(&second, &tm);
	if (us > TIME_MIN + TIME_DAY && us < TIME_MAX - TIME_DAY)
		us += tm.tm_gmtoff * TIME_SECOND;
	time_format(text, us);
	text[10] = ' ';
	memcpy(out, text, 19);
	out[19] = '\0';
}
