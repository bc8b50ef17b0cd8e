/*
 * mapping_time: times as foreign logs write them.
 *
 * A pattern is strptime's without its locale: names are English, a field has
 * as many digits as are there, up to its greatest number.  What it reads is
 * put into RFC 3339 and judged there, so that the 30th of February is no time.
 *
 *	10/Oct/2000:13:55:36 -0700    %d/%b/%Y:%H:%M:%S %z
 *	2022-11-29 00:09:04.38        %Y-%m-%d %H:%M:%S
 */
#include <stdio.h>

#include "ingest/mapping_tree.h"

#define PATTERN_MAX 128
#define FRACTION_MAX 9

static const struct {
	struct str name;
	enum time_kind kind;
	int64_t nanoseconds;
} formats[] = {
	{ { "rfc3339", 7 }, TIME_RFC3339, 0 }, { { "epoch", 5 }, TIME_EPOCH, 0 },
	{ { "seconds", 7 }, TIME_UNIT, 1000000000 }, { { "milliseconds", 12 }, TIME_UNIT, 1000000 },
	{ { "microseconds", 12 }, TIME_UNIT, 1000 }, { { "nanoseconds", 11 }, TIME_UNIT, 1 },
};

static const char *const format_names[] = {
	"rfc3339", "epoch", "seconds", "milliseconds", "microseconds", "nanoseconds"
};

/* ---- reading a format ---- */

/* A day, a month, a year and a clock are what makes an instant. */
static int
check_pattern(struct str p, struct err *e)
{
	char seen[128] = { 0 };

	for (size_t i = 0; i < p.len; i++) {
		if (p.p[i] != '%')
			continue;
		if (++i == p.len || strchr("YymbdeHIMSpzaFT%", p.p[i]) == NULL)
			return err_set(e, ERR_FAIL, "'%%%.*s' is not known: %%Y %%y %%m %%b %%d %%e %%H %%I %%p %%M %%S"
			    " %%z %%a %%F %%T %%%%", i < p.len, p.p + (i < p.len ? i : 0));
		seen[(unsigned char)p.p[i]] = 1;
	}
	if (!seen['F'] && !((seen['Y'] || seen['y']) && (seen['m'] || seen['b']) && (seen['d'] || seen['e'])))
		return err_set(e, ERR_FAIL, "the pattern needs a year, a month and a day");
	if (!seen['T'] && !((seen['H'] || (seen['I'] && seen['p'])) && seen['M']))
		return err_set(e, ERR_FAIL, "the pattern needs %%T, or an hour and a minute (%%I needs %%p)");
	return 0;
}

int
mapping_time_parse(struct str text, struct time_format *out, struct arena *a, struct err *e)
{
	const char *near;

	*out = (struct time_format){ .kind = TIME_PATTERN };
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (str_eq(text, formats[i].name)) {
			out->kind = formats[i].kind;
			out->nanoseconds = formats[i].nanoseconds;
			return 0;
		}
	if (memchr(text.p, '%', text.len) == NULL) {
		near = nearest_name(text.p, format_names, sizeof(format_names) / sizeof(*format_names));
		return err_set(e, ERR_FAIL, "'%.40s' is no format: rfc3339, epoch, seconds, milliseconds,"
		    " microseconds, nanoseconds or a pattern with %%Y%s%s", text.p,
		    near ? "; the nearest is " : "", near ? near : "");
	}
	if (text.len > PATTERN_MAX)
		return err_set(e, ERR_FAIL, "a pattern of more than %d bytes", PATTERN_MAX);
	out->pattern = (struct str){ arena_copy(a, text.p, text.len), text.len };
	return check_pattern(text, e);
}

bool
mapping_zone_valid(struct str zone)
{
	char text[64];
	int64_t us;
	bool inexact;
	int n;

	if (zone.len > 10)
		return false;
	n = snprintf(text, sizeof(text), "2000-01-01T00:00:00%.*s", (int)zone.len, zone.p);
	return time_parse(text, (size_t)n, &us, &inexact) == 0;
}

/* ---- numbers of some unit ---- */

/* 1621305118.553 */
static int
read_unit(struct str s, int64_t nanoseconds, int64_t *us, bool *inexact)
{
	bool negative = s.len > 0 && s.p[0] == '-';
	size_t i = negative, from = i;
	__int128 value = 0;
	int64_t scale = nanoseconds;

	*inexact = false;
	for (; i < s.len && s.p[i] >= '0' && s.p[i] <= '9'; i++)
		if ((value = value * 10 + (s.p[i] - '0')) > (__int128)1 << 80)
			return -1;
	if (i == from)
		return -1;
	value *= nanoseconds;
	if (i < s.len && s.p[i] == '.') {
		for (from = ++i; i < s.len && s.p[i] >= '0' && s.p[i] <= '9'; i++) {
			*inexact |= scale < 10 && s.p[i] != '0';
			scale /= 10;
			value += scale * (s.p[i] - '0');
		}
		if (i == from)
			return -1;
	}
	if (i < s.len)
		return -1;
	*inexact |= value % 1000 != 0;
	value = negative ? -value : value;
	/* Towards the past, whatever the sign. */
	value = value >= 0 ? value / 1000 : -((-value + 999) / 1000);
	if (value < TIME_MIN || value > TIME_MAX)
		return -1;
	*us = (int64_t)value;
	return 0;
}

/* ---- patterns ---- */

struct clock_read {
	struct str s;
	size_t at;
	unsigned year, month, day, hour, minute, second;
	bool afternoon, morning;
	struct str fraction, zone;
};

static bool
digits(struct clock_read *c, unsigned most, unsigned *out)
{
	size_t from = c->at;

	*out = 0;
	while (c->at < c->s.len && c->at - from < most && c->s.p[c->at] >= '0' && c->s.p[c->at] <= '9')
		*out = *out * 10 + (unsigned)(c->s.p[c->at++] - '0');
	return c->at > from;
}

/* Of three letters each; a longer name's other letters follow. */
static bool
name(struct clock_read *c, const char *names, unsigned *out)
{
	struct str s = { c->s.p + c->at, 3 };

	if (c->s.len - c->at < 3)
		return false;
	for (*out = 1; *names != '\0'; names += 3, ++*out)
		if (str_eq_nocase((struct str){ names, 3 }, s))
			break;
	while (c->at < c->s.len && ((c->s.p[c->at] | 0x20) >= 'a' && (c->s.p[c->at] | 0x20) <= 'z'))
		c->at++;
	return *names != '\0';
}

/* Seconds, and a fraction of them where there is one. */
static bool
seconds(struct clock_read *c)
{
	size_t from;

	if (!digits(c, 2, &c->second))
		return false;
	if (c->at + 1 >= c->s.len || (c->s.p[c->at] != '.' && c->s.p[c->at] != ',') ||
	    c->s.p[c->at + 1] < '0' || c->s.p[c->at + 1] > '9')
		return true;
	from = ++c->at;
	while (c->at < c->s.len && c->s.p[c->at] >= '0' && c->s.p[c->at] <= '9')
		c->at++;
	c->fraction = (struct str){ c->s.p + from, c->at - from };
	return c->fraction.len <= FRACTION_MAX;
}

/* Z, UTC, GMT, +hh:mm, +hhmm or +hh. */
static bool
zone(struct clock_read *c)
{
	struct str rest = { c->s.p + c->at, c->s.len - c->at };
	size_t n = 0;

	if (str_begins(rest, STR("Z")) || str_begins(rest, STR("UTC")) || str_begins(rest, STR("GMT"))) {
		c->at += rest.p[0] == 'Z' ? 1 : 3;
		c->zone = STR("Z");
		return true;
	}
	if (rest.len < 3 || (rest.p[0] != '+' && rest.p[0] != '-'))
		return false;
	for (n = 1; n < rest.len && n < 6 && ((rest.p[n] >= '0' && rest.p[n] <= '9') || rest.p[n] == ':');)
		n++;
	c->at += n;
	c->zone = (struct str){ rest.p, n };
	return n == 3 || n == 5 || n == 6;
}

static bool
half_of_day(struct clock_read *c)
{
	struct str s = { c->s.p + c->at, 2 };

	if (c->s.len - c->at < 2)
		return false;
	c->at += 2;
	c->afternoon = str_eq_nocase(s, STR("pm"));
	c->morning = str_eq_nocase(s, STR("am"));
	return c->afternoon || c->morning;
}

static bool read_pattern(struct clock_read *c, struct str p);

static bool
conversion(struct clock_read *c, char letter)
{
	unsigned ignored;

	switch (letter) {
	case 'Y': return digits(c, 4, &c->year);
	case 'y':
		if (!digits(c, 2, &c->year))
			return false;
		c->year += c->year < 69 ? 2000 : 1900; /* as POSIX has it */
		return true;
	case 'm': return digits(c, 2, &c->month);
	case 'b': return name(c, "JanFebMarAprMayJunJulAugSepOctNovDec", &c->month);
	case 'a': return name(c, "MonTueWedThuFriSatSun", &ignored);
	case 'e': case 'd':
		while (letter == 'e' && c->at < c->s.len && c->s.p[c->at] == ' ')
			c->at++;
		return digits(c, 2, &c->day);
	case 'I': case 'H': return digits(c, 2, &c->hour);
	case 'M': return digits(c, 2, &c->minute);
	case 'S': return seconds(c);
	case 'p': return half_of_day(c);
	case 'z': return zone(c);
	case 'F': return read_pattern(c, STR("%Y-%m-%d"));
	case 'T': return read_pattern(c, STR("%H:%M:%S"));
	default: return c->at < c->s.len && c->s.p[c->at++] == '%';
	}
}

static bool
read_pattern(struct clock_read *c, struct str p)
{
	for (size_t i = 0; i < p.len; i++) {
		if (p.p[i] == '%' && i + 1 < p.len) {
			if (!conversion(c, p.p[++i]))
				return false;
		} else if (c->at == c->s.len || c->s.p[c->at++] != p.p[i])
			return false;
	}
	return true;
}

static int
read_by_pattern(struct str pattern, struct str default_zone, struct str s, int64_t *us, bool *inexact)
{
	struct clock_read c = { .s = s, .zone = default_zone.p != NULL ? default_zone : STR("Z") };
	char text[96];
	int n;

	if (!read_pattern(&c, pattern) || c.at != s.len)
		return -1;
	if (c.morning || c.afternoon) {
		if (c.hour < 1 || c.hour > 12)
			return -1;
		c.hour = c.hour % 12 + (c.afternoon ? 12 : 0);
	}
	n = snprintf(text, sizeof(text), "%04u-%02u-%02uT%02u:%02u:%02u%s%.*s%.*s%s", c.year, c.month, c.day,
	    c.hour, c.minute, c.second, c.fraction.len > 0 ? "." : "", (int)c.fraction.len, c.fraction.p,
	    (int)c.zone.len, c.zone.p, c.zone.len == 3 ? "00" : "");
	return time_parse(text, (size_t)n, us, inexact);
}

int
mapping_time_read(const struct time_format *f, struct str zone_name, struct str text, int64_t *us,
    bool *inexact)
{
	*inexact = false;
	switch (f->kind) {
	case TIME_ANY:
		if (time_parse(text.p, text.len, us, inexact) == 0)
			return 0;
		return time_parse_number(text.p, text.len, us, inexact);
	case TIME_RFC3339:
		return time_parse(text.p, text.len, us, inexact);
	case TIME_EPOCH:
		return time_parse_number(text.p, text.len, us, inexact);
	case TIME_UNIT:
		return read_unit(text, f->nanoseconds, us, inexact);
	case TIME_PATTERN:
		break;
	}
	return read_by_pattern(f->pattern, zone_name, text, us, inexact);
}
