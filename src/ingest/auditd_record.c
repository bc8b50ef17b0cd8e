/*
 * auditd_record: one line of a Linux audit log.
 *
 * In: a line.   Out: its head; words and pairs, one after the other.
 */
#include "ingest/auditd_record.h"

#include "base/time.h"
#include "base/utf8.h"

#define ENRICHED_MARK '\x1d'

/* ---- The head ---- */

static bool
skip_text(struct str *s, struct str text)
{
	if (!str_begins(*s, text))
		return false;
	s->p += text.len;
	s->len -= text.len;
	return true;
}

static void
skip_space(struct str *s)
{
	while (s->len > 0 && (s->p[0] == ' ' || s->p[0] == '\t')) {
		s->p++;
		s->len--;
	}
}

/* What stands before the first of the bytes in `stops`; moves behind it. */
static struct str
take_until(struct str *s, const char *stops)
{
	struct str got = { s->p, 0 };

	while (got.len < s->len && strchr(stops, s->p[got.len]) == NULL)
		got.len++;
	s->p += got.len;
	s->len -= got.len;
	return got;
}

bool
auditd_line_blank(struct str line)
{
	skip_space(&line);
	return line.len == 0 || (line.len == 1 && line.p[0] == '\r') || str_begins(line, STR("----")) ||
	    str_begins(line, STR("time->"));
}

/* 1700000000, 1700000000.123: seconds and at most six digits more. */
static bool
parse_time(struct str text, int64_t *us)
{
	struct str whole = text, part = { "", 0 };
	const char *dot = memchr(text.p, '.', text.len);
	uint64_t seconds, fraction = 0;

	if (dot != NULL) {
		whole.len = (size_t)(dot - text.p);
		part = (struct str){ dot + 1, text.len - whole.len - 1 };
		if (part.len > 6 || !auditd_number(part, &fraction))
			return false;
	}
	if (!auditd_number(whole, &seconds) || seconds > TIME_MAX / TIME_SECOND)
		return false;
	for (size_t i = part.len; i < 6; i++)
		fraction *= 10;
	*us = (int64_t)seconds * TIME_SECOND + (int64_t)fraction;
	return true;
}

/* audit(1700000000.123:77): */
static bool
parse_stamp(struct auditd_head *h, struct str *s, const char **detail)
{
	struct str time, serial;

	skip_text(s, STR("msg="));
	*detail = "no audit(TIME:SERIAL)";
	if (!skip_text(s, STR("audit(")))
		return false;
	time = take_until(s, ":) ");
	if (!parse_time(time, &h->time)) {
		*detail = "the time in audit(TIME:SERIAL)";
		return false;
	}
	*detail = "the serial number in audit(TIME:SERIAL)";
	if (!skip_text(s, STR(":")))
		return false;
	serial = take_until(s, ") ");
	if (!auditd_number(serial, &h->serial) || !skip_text(s, STR(")")))
		return false;
	skip_text(s, STR(":"));
	return true;
}

/* [   12.345678] or, of dmesg -T, [Mon Nov  6 12:00:00 2023] */
static void
skip_clock(struct str *s)
{
	const char *end = s->len > 0 && s->p[0] == '[' ? memchr(s->p, ']', s->len) : NULL;

	if (end == NULL)
		return;
	s->len -= (size_t)(end + 1 - s->p);
	s->p = end + 1;
	skip_space(s);
}

/* The last word of a text, and what is before it. */
static struct str
last_word(struct str *s)
{
	size_t start;

	while (s->len > 0 && s->p[s->len - 1] == ' ')
		s->len--;
	start = s->len;
	while (start > 0 && s->p[start - 1] != ' ')
		start--;

	struct str word = { s->p + start, s->len - start };

	s->len = start;
	return word;
}

/* HOST TAG[PID]: of a syslog daemon, after its own clock. */
static bool
skip_tag(struct str *s, struct str *host)
{
	static const struct str tags[] = { { "kernel", 6 }, { "audit", 5 }, { "auditd", 6 }, { "audispd", 7 },
		{ "audisp-syslog", 13 } };
	const char *colon = memmem(s->p, s->len, ": ", 2), *bracket;
	struct str before = { s->p, colon != NULL ? (size_t)(colon - s->p) : 0 }, tag = last_word(&before);

	if ((bracket = memchr(tag.p, '[', tag.len)) != NULL)
		tag.len = (size_t)(bracket - tag.p);
	for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++)
		if (str_eq(tag, tags[i])) {
			*host = last_word(&before);
			s->len -= (size_t)(colon + 2 - s->p);
			s->p = colon + 2;
			return true;
		}
	return false;
}

/*
 * What the kernel's own log, or syslog, has before a record:
 *	[   12.345678] audit: type=1400 audit(1700000000.123:77): ...
 *	Nov  6 12:00:00 web1 kernel: [   12.345678] audit: type=1400 audit(...): ...
 * The record must stand directly behind the first tag: behind others stands
 * what anybody may have written.
 */
static void
skip_prefix(struct auditd_head *h, struct str *line)
{
	struct str host = { NULL, 0 };

	if (str_begins(*line, STR("type=")) || str_begins(*line, STR("node=")))
		return;
	skip_clock(line);
	if (skip_tag(line, &host))
		skip_clock(line);
	skip_text(line, STR("audit: "));
	if (host.len > 0)
		h->node = host;
}

static bool
check_line(struct str line, enum event_fault *fault, const char **detail)
{
	*fault = EVENT_OK;
	if (line.len > AUDITD_LINE_MAX)
		*fault = EVENT_TOO_LONG;
	else if (utf8_valid_prefix(line.p, line.len) < line.len)
		*fault = EVENT_NOT_UTF8;
	*detail = "";
	return *fault == EVENT_OK;
}

enum event_fault
auditd_head_parse(struct auditd_head *h, struct str line, const char **detail)
{
	enum event_fault fault;

	*h = (struct auditd_head){ 0 };
	if (!check_line(line, &fault, detail))
		return fault;
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	skip_space(&line);
	skip_prefix(h, &line);
	if (skip_text(&line, STR("node="))) {
		h->node = take_until(&line, " ");
		skip_space(&line);
	}
	*detail = "no type=";
	if (!skip_text(&line, STR("type=")))
		return EVENT_NO_ACTION;
	h->type = take_until(&line, " ");
	skip_space(&line);
	if (h->type.len == 0)
		return EVENT_NO_ACTION;
	*detail = "a node= or type= that is too long";
	if (h->type.len > AUDITD_TYPE_MAX || h->node.len > AUDITD_NODE_MAX)
		return EVENT_NO_ACTION;
	if (!parse_stamp(h, &line, detail))
		return EVENT_BAD_TIME;
	h->known = auditd_type_find(h->type);
	if (h->known != NULL)
		h->type = h->known->name;
	h->body = line;
	*detail = "";
	return EVENT_OK;
}

/* ---- Words and pairs ---- */

static bool
is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	    c == '-' || c == '.' || c == '[' || c == ']' || c == ':' || c == '/';
}

static bool
is_gap(char c)
{
	return c == ' ' || c == '\t' || c == ENRICHED_MARK;
}

/* The apostrophe that ends a program's message: nothing of it follows. */
static bool
ends_message(const struct auditd_walk *w, const char *p)
{
	return w->inner && *p == '\'' &&
	    (p + 1 == w->end || is_gap(p[1]) || (p[1] >= 'A' && p[1] <= 'Z'));
}

/*
 * Where forwarders dropped the mark before the enriched part: res=1UID="root",
 * key=(null)ARCH=x86_64.  p is within a value; behind a digit or ')' stands a
 * name in capitals.
 */
static bool
begins_enriched(const char *p, const char *end)
{
	const char *q = p;

	if (!((p[-1] >= '0' && p[-1] <= '9') || p[-1] == ')'))
		return false;
	while (q < end && ((*q >= 'A' && *q <= 'Z') || *q == '_' || *q == '-'))
		q++;
	return q - p >= 2 && q < end && *q == '=';
}

static struct str
take_quoted(struct auditd_walk *w, char quote)
{
	const char *start = ++w->p;
	const char *close = memchr(start, quote, (size_t)(w->end - start));

	w->p = close != NULL ? close + 1 : w->end;
	return (struct str){ start, (size_t)((close != NULL ? close : w->end) - start) };
}

static struct str
take_bare(struct auditd_walk *w)
{
	const char *start = w->p, *q = start;

	while (q < w->end && !is_gap(*q) && !ends_message(w, q) &&
	    !(q > start && begins_enriched(q, w->end)))
		q++;
	w->p = q;
	return (struct str){ start, (size_t)(q - start) };
}

/* Old programs write: (hostname=?, addr=?, terminal=cron res=success) */
static struct str
without_punctuation(struct str value)
{
	if (value.len > 1 && value.p[value.len - 1] == ')' && memchr(value.p, '(', value.len) == NULL)
		value.len--;
	if (value.len > 1 && value.p[value.len - 1] == ',')
		value.len--;
	return value;
}

static void
take_value(struct auditd_walk *w, struct auditd_pair *pair)
{
	pair->quoted = false;
	if (w->p < w->end && *w->p == '\'' && !w->inner && str_eq(pair->name, STR("msg"))) {
		w->inner = true;
		w->p++;
		pair->name = (struct str){ NULL, 0 };
		pair->value = (struct str){ "", 0 };
	} else if (w->p < w->end && (*w->p == '"' || (*w->p == '\'' && !ends_message(w, w->p)))) {
		pair->quoted = true;
		pair->value = take_quoted(w, *w->p);
	} else
		pair->value = w->inner ? without_punctuation(take_bare(w)) : take_bare(w);
}

bool
auditd_walk_next(struct auditd_walk *w, struct auditd_pair *pair)
{
	const char *start;

	for (;;) {
		while (w->p < w->end && is_gap(*w->p))
			w->p++;
		if (w->p == w->end)
			return false;
		if (ends_message(w, w->p)) {
			w->inner = false;
			w->p++;
			continue;
		}
		if (w->inner && *w->p == '(' && w->p + 1 < w->end && is_name_byte(w->p[1]))
			w->p++;
		start = w->p;
		while (w->p < w->end && w->p - start <= AUDITD_NAME_MAX && is_name_byte(*w->p))
			w->p++;
		if (w->p == w->end || *w->p != '=' || w->p == start || w->p - start > AUDITD_NAME_MAX) {
			w->p = start;
			pair->name = (struct str){ NULL, 0 };
			pair->quoted = false;
			pair->value = take_bare(w);
			return true;
		}
		pair->name = (struct str){ start, (size_t)(w->p - start) };
		w->p++;
		take_value(w, pair);
		if (pair->name.p != NULL)
			return true;
	}
}

/* ---- Values ---- */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool
auditd_is_hex(struct str s)
{
	if (s.len < 2 || s.len % 2 != 0)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (hex_digit(s.p[i]) < 0)
			return false;
	return true;
}

struct str
auditd_unhex(struct str digits, struct arena *a)
{
	size_t n = digits.len / 2;
	char *out = arena_bytes(a, n);

	for (size_t i = 0; i < n; i++)
		out[i] = (char)(hex_digit(digits.p[2 * i]) << 4 | hex_digit(digits.p[2 * i + 1]));
	return (struct str){ out, n };
}

bool
auditd_is_integer(struct str s)
{
	size_t i = s.len > 0 && s.p[0] == '-' ? 1 : 0;

	if (i == s.len || (s.p[i] == '0' && s.len > 1))
		return false;
	for (; i < s.len; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

bool
auditd_is_nothing(struct str s)
{
	return s.len == 0 || str_eq(s, STR("?")) || str_eq(s, STR("(null)")) || str_eq(s, STR("(none)"));
}
