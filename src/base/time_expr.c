/*
 * time_expr: the times and durations that people type.
 *
 *	2026-04-22 14:30    2026-04    yesterday    -7d    "3 days ago"    @1776816000
 *
 * A date and time is completed to RFC 3339 text, so that one parser judges
 * all of them; without a zone its fields are then given to mktime.
 */
#include "base/time.h"

#include <string.h>
#include <time.h>

#include "base/bytes.h"

__extension__ typedef __int128 wide;

#define MINUTE (60 * TIME_SECOND)
#define HOUR (60 * MINUTE)

#define DURATION_MAX (TIME_MAX - TIME_MIN)
#define TEXT_MAX 100 /* of what is typed; longer is nonsense */

/* Single letters as they are (m is minutes, M months), words without case. */
static const struct unit {
	const char *name;
	int64_t us;
} units[] = {
	{ "us", 1 }, { "usec", 1 },
	{ "ms", 1000 }, { "msec", 1000 },
	{ "s", TIME_SECOND }, { "sec", TIME_SECOND }, { "secs", TIME_SECOND },
	{ "second", TIME_SECOND }, { "seconds", TIME_SECOND },
	{ "m", MINUTE }, { "min", MINUTE }, { "mins", MINUTE },
	{ "minute", MINUTE }, { "minutes", MINUTE },
	{ "h", HOUR }, { "hr", HOUR }, { "hrs", HOUR }, { "hour", HOUR }, { "hours", HOUR },
	{ "d", TIME_DAY }, { "day", TIME_DAY }, { "days", TIME_DAY },
	{ "w", 7 * TIME_DAY }, { "week", 7 * TIME_DAY }, { "weeks", 7 * TIME_DAY },
	{ "M", 30 * TIME_DAY }, { "month", 30 * TIME_DAY }, { "months", 30 * TIME_DAY },
	{ "y", 365 * TIME_DAY }, { "year", 365 * TIME_DAY }, { "years", 365 * TIME_DAY },
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_word(struct str s, const char *word)
{
	return str_eq_nocase(s, str_of(word));
}

static struct str
trim(struct str s)
{
	while (s.len > 0 && (*s.p == ' ' || *s.p == '\t')) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
		s.len--;
	return s;
}

static const struct unit *
find_unit(struct str name)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		struct str unit = str_of(units[i].name);

		if (name.len == 1 ? str_eq(name, unit) : str_eq_nocase(name, unit))
			return &units[i];
	}
	return NULL;
}

static struct str
rest_from(struct str s, size_t n)
{
	return (struct str){ s.p + n, s.len - n };
}

/* "2" or "1.5" in front of *s, in units of 1e-9.  false: no number, or too large. */
static bool
take_number(struct str *s, wide *nano)
{
	size_t i = 0;
	wide v = 0, place = 1000000000;

	for (; i < s->len && is_digit(s->p[i]); i++) {
		v = v * 10 + (s->p[i] - '0');
		if (v > DURATION_MAX)
			return false;
	}
	if (i == 0)
		return false;
	v *= place;
	if (i + 1 < s->len && s->p[i] == '.' && is_digit(s->p[i + 1]))
		for (i++; i < s->len && is_digit(s->p[i]); i++) {
			place /= 10;
			v += (s->p[i] - '0') * place;
		}
	*nano = v;
	*s = rest_from(*s, i);
	return true;
}

/* One or more "NUMBER UNIT", spaces anywhere between. */
static int
parse_duration(struct str text, int64_t *us, struct err *e)
{
	struct str s = trim(text);
	int len = text.len < TEXT_MAX ? (int)text.len : TEXT_MAX;
	wide sum = 0;

	if (s.len == 0)
		return err_set(e, ERR_FAIL, "an empty duration");
	while (s.len > 0) {
		size_t letters = 0;
		wide nano;

		if (!take_number(&s, &nano))
			return err_set(e, ERR_FAIL, "\"%.*s\" is no duration such as 90s, 2h30min or 7d",
			    len, text.p);
		s = trim(s);
		while (letters < s.len && is_letter(s.p[letters]))
			letters++;
		if (letters == 0)
			return err_set(e, ERR_FAIL, "\"%.*s\" lacks a unit (s, min, h, d, w, M, y)", len,
			    text.p);

		const struct unit *unit = find_unit((struct str){ s.p, letters });

		if (unit == NULL)
			return err_set(e, ERR_FAIL,
			    "\"%.*s\": unknown unit \"%.*s\" (s, min, h, d, w, M, y)", len, text.p,
			    letters < TEXT_MAX ? (int)letters : TEXT_MAX, s.p);
		bool too_long = nano / 1000000000 > DURATION_MAX / unit->us;

		if (!too_long)
			sum += nano * unit->us / 1000000000;
		if (too_long || sum > DURATION_MAX)
			return err_set(e, ERR_FAIL, "\"%.*s\" is longer than 10,000 years", len, text.p);
		s = trim(rest_from(s, letters));
	}
	*us = (int64_t)sum;
	return 0;
}

int
duration_parse(const char *text, int64_t *us, struct err *e)
{
	return parse_duration(str_of(text), us, e);
}

enum precision { YEAR, MONTH, DAY, EXACT };

/* A date and time as typed, completed to RFC 3339 but for the zone. */
struct civil {
	char text[64];
	size_t len;
	enum precision precision;
	struct str zone; /* as typed; empty: the zone of TZ */
};

/* A struct tm to an instant; fields out of range are carried over. */
static bool
local_instant(struct tm *tm, int64_t *us)
{
	tm->tm_isdst = -1;
	tm->tm_wday = -1; /* stays on failure, where -1 is also a time */

	time_t t = mktime(tm);

	if (tm->tm_wday < 0 || t < TIME_MIN / TIME_SECOND || t > TIME_MAX / TIME_SECOND + 1)
		return false;
	*us = (int64_t)t * TIME_SECOND;
	return true;
}

/* Moves to the start of the next year, month or day. */
static void
step_over(struct tm *tm, enum precision precision)
{
	tm->tm_year += precision == YEAR;
	tm->tm_mon += precision == MONTH;
	tm->tm_mday += precision == DAY;
}

/* The start of today in the zone of TZ, `days` later. */
static bool
local_day(int64_t now, int days, int64_t *us)
{
	time_t second = (time_t)(now / TIME_SECOND - (now % TIME_SECOND < 0));
	struct tm tm;

	if (localtime_r(&second, &tm) == NULL)
		return false;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_mday += days;
	return local_instant(&tm, us);
}

/* Copies what looks like the shape, 0 being any digit, from *s to c. */
static bool
take_shape(struct civil *c, struct str *s, const char *shape)
{
	size_t n = strlen(shape);

	if (s->len < n || c->len + n >= sizeof(c->text))
		return false;
	for (size_t i = 0; i < n; i++)
		if (shape[i] == '0' ? !is_digit(s->p[i]) : s->p[i] != shape[i])
			return false;
	memcpy(c->text + c->len, s->p, n);
	c->len += n;
	*s = rest_from(*s, n);
	return true;
}

static void
add_text(struct civil *c, const char *s)
{
	size_t n = strlen(s);

	memcpy(c->text + c->len, s, n);
	c->len += n;
}

/* "14:30", "14:30:05" or "14:30:05.5", then perhaps a zone. */
static bool
take_clock(struct civil *c, struct str *s)
{
	if (!take_shape(c, s, "00:00"))
		return false;
	if (!take_shape(c, s, ":00"))
		add_text(c, ":00");
	else if (take_shape(c, s, ".0") || take_shape(c, s, ",0"))
		while (take_shape(c, s, "0"))
			continue;
	c->precision = EXACT;
	c->zone = trim(*s);
	return true;
}

/* Completes what was typed; false when it does not look like a date. */
static bool
read_civil(struct civil *c, struct str s, int64_t now)
{
	char today[32];

	c->len = 0;
	c->zone = (struct str){ "", 0 };
	if (s.len >= 5 && s.p[2] == ':') {
		time_format_local(today, now);
		today[10] = '\0';
		add_text(c, today);
		add_text(c, "T");
		return take_clock(c, &s);
	}
	if (!take_shape(c, &s, "0000"))
		return false;
	c->precision = YEAR;
	if (take_shape(c, &s, "-00"))
		c->precision = take_shape(c, &s, "-00") ? DAY : MONTH;
	if (c->precision == DAY && s.len > 1 && (*s.p == 'T' || *s.p == 't' || *s.p == ' ')) {
		s = trim(rest_from(s, 1));
		add_text(c, "T");
		return take_clock(c, &s);
	}
	add_text(c, c->precision == YEAR ? "-01-01" : c->precision == MONTH ? "-01" : "");
	add_text(c, "T00:00:00");
	return s.len == 0;
}

/* Z, UTC, +02:00, +0200 or +02 behind the time; nothing is Z for now. */
static bool
add_zone(struct civil *c)
{
	struct str z = c->zone;

	if (z.len == 0 || is_word(z, "UTC"))
		z = STR("Z");
	if (z.len > 6 || c->len + 9 > sizeof(c->text))
		return false;
	memcpy(c->text + c->len, z.p, z.len);
	c->len += z.len;
	if (z.len == 3)
		add_text(c, ":00");
	return true;
}

/* Gives the fields that make `us` in UTC to the zone of TZ. */
static bool
reread_local(int64_t *us, enum precision precision, enum time_edge edge)
{
	int64_t fraction = *us % TIME_SECOND;
	struct tm tm;

	if (fraction < 0)
		fraction += TIME_SECOND;

	time_t second = (time_t)((*us - fraction) / TIME_SECOND);

	if (gmtime_r(&second, &tm) == NULL)
		return false;
	if (edge == TIME_END)
		step_over(&tm, precision);
	if (!local_instant(&tm, us))
		return false;
	*us += fraction;
	return true;
}

/* true: understood, *us is the instant; else *is_date tells which message. */
static bool
parse_civil(struct str s, int64_t now, enum time_edge edge, int64_t *us, bool *is_date)
{
	struct civil c;
	bool inexact;

	*is_date = read_civil(&c, s, now);
	if (!*is_date || !add_zone(&c) || time_parse(c.text, c.len, us, &inexact) != 0)
		return false;
	return c.zone.len > 0 || reread_local(us, c.precision, edge);
}

/* "-7d", "7d", "+1h", "3 days ago" */
static int
parse_relative(struct str s, int64_t now, int64_t *us, struct err *e)
{
	static const struct str ago = { "ago", 3 };
	struct str text = s;
	bool is_ago = s.len > ago.len && is_word(rest_from(s, s.len - ago.len), ago.p);
	bool is_future = *s.p == '+';
	int64_t d;

	if (is_ago)
		s.len -= ago.len;
	if (*s.p == '+' || *s.p == '-') {
		if (is_ago)
			return err_set(e, ERR_FAIL, "\"%.*s\": a sign and \"ago\"", (int)text.len, text.p);
		s = rest_from(s, 1);
	}
	if (parse_duration(s, &d, e) != 0)
		return -1;

	int64_t t = is_future ? now + d : now - d;

	if (t < TIME_MIN || t > TIME_MAX)
		return err_set(e, ERR_FAIL, "\"%.*s\" is outside the years 1 to 9999", (int)text.len,
		    text.p);
	*us = t;
	return 0;
}

/* Begins as a duration does: so its errors are those of a duration. */
static bool
looks_relative(struct str s)
{
	size_t i = 0;

	if (*s.p == '-' || *s.p == '+')
		return true;
	while (i < s.len && is_digit(s.p[i]))
		i++;
	return i > 0 && is_letter(s.p[s.len - 1]) &&
	    (is_letter(s.p[i]) || s.p[i] == ' ' || s.p[i] == '.');
}

/* now, today, yesterday, tomorrow */
static bool
parse_word(struct str s, int64_t now, enum time_edge edge, int64_t *us)
{
	int days = edge == TIME_END;

	if (is_word(s, "now")) {
		*us = now;
		return true;
	}
	if (is_word(s, "today"))
		return local_day(now, days, us);
	if (is_word(s, "yesterday"))
		return local_day(now, days - 1, us);
	if (is_word(s, "tomorrow"))
		return local_day(now, days + 1, us);
	return false;
}

int
time_parse_expr(const char *text, int64_t now, enum time_edge edge, int64_t *us, struct err *e)
{
	struct str s = trim(str_of(text));
	bool inexact, is_date;

	if (s.len == 0)
		return err_set(e, ERR_FAIL, "an empty time");
	if (s.len > TEXT_MAX)
		return err_set(e, ERR_FAIL, "\"%.*s...\" is no time", TEXT_MAX, s.p);
	if (parse_word(s, now, edge, us))
		return 0;
	if (*s.p == '@' && time_parse_number(s.p + 1, s.len - 1, us, &inexact) == 0)
		return 0;
	if (parse_civil(s, now, edge, us, &is_date))
		return 0;
	if (is_date)
		return err_set(e, ERR_FAIL, "\"%.*s\": there is no such date or time", (int)s.len, s.p);
	if (looks_relative(s))
		return parse_relative(s, now, us, e);
	return err_set(e, ERR_FAIL, "\"%.*s\" is no time such as 2026-04-22, \"2026-04-22 14:30\", "
	    "-7d or yesterday", (int)s.len, s.p);
}
