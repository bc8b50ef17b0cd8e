/*
 * redact_bytes: secrets in bytes that are no JSON: what will be quarantined.
 *
 * Nothing can be known about the structure, so the text is searched for
 * `name: value` and `name=value`, quoted or not, and for web tokens:
 *
 *   {"user":"ann","password":"hunter2"       a line cut short
 *   POST /login?user=ann&password=hunter2    a form
 *   Authorization: Basic YW5uOmh1bnRlcjI=    a header
 *
 * Each byte is looked at a bounded number of times.
 */
#include "ingest/redact_rule.h"

#define NAME_LOOK_BACK 64

struct edit {
	size_t from, to;
	enum redact_rule rule;
};

struct edits {
	struct edit *item;
	size_t n, cap;
	size_t floor; /* behind the last value hidden: no name begins before it */
	struct arena *a;
};

static void
add_edit(struct edits *e, size_t from, size_t to, enum redact_rule rule)
{
	if (e->n == e->cap) {
		size_t cap = e->cap > 0 ? e->cap * 2 : 8;
		struct edit *item = arena_alloc(e->a, cap * sizeof(*item));

		if (e->n > 0)
			memcpy(item, e->item, e->n * sizeof(*item));
		e->item = item;
		e->cap = cap;
	}
	e->item[e->n++] = (struct edit){ from, to, rule };
	e->floor = to;
}

static bool
is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    c == '_' || c == '-' || c == '.';
}

static bool
is_quote(char c)
{
	return c == '"' || c == '\'';
}

/* The name before the ':' or '=' at `at`; quotes and their backslashes are
 * passed. */
static struct str
name_before(struct str s, size_t at, size_t floor)
{
	size_t low = at - floor > NAME_LOOK_BACK ? at - NAME_LOOK_BACK : floor;
	size_t end = at, start;

	while (end > low && (s.p[end - 1] == ' ' || s.p[end - 1] == '\t' || is_quote(s.p[end - 1]) ||
	    s.p[end - 1] == '\\'))
		end--;
	start = end;
	while (start > low && is_name_byte(s.p[start - 1]))
		start--;
	return (struct str){ s.p + start, end - start };
}

/* Behind an opening quote: where the value ends.  Quotes with more
 * backslashes before them than the opening one belong to the value. */
static size_t
quoted_end(struct str s, size_t at, char quote, size_t backslashes)
{
	size_t run = 0;

	for (; at < s.len && s.p[at] != '\n'; at++) {
		if (s.p[at] == '\\') {
			run++;
			continue;
		}
		if (s.p[at] == quote && (backslashes == 0 ? run % 2 == 0 : run <= backslashes))
			return backslashes == 0 ? at : at - run;
		run = 0;
	}
	return at;
}

static size_t
bare_end(struct str s, size_t at, bool whole_line)
{
	static const char stops[] = " \t,;&|)}]<>\"'\\";

	while (at < s.len && s.p[at] != '\n' && s.p[at] != '\r') {
		if (whole_line ? is_quote(s.p[at]) : memchr(stops, s.p[at], sizeof(stops) - 1) != NULL)
			break;
		at++;
	}
	return at;
}

/* Values that hide nothing, as in JSON. */
static bool
is_open_value(struct str value)
{
	return value.p[0] == '{' || value.p[0] == '[' || str_eq(value, STR("true")) ||
	    str_eq(value, STR("false")) || str_eq(value, STR("null"));
}

/* At a ':' or '=': where to go on. */
static size_t
redact_pair(struct str s, size_t at, struct edits *e)
{
	struct str name = name_before(s, at, e->floor);
	size_t from = at + 1, backslashes = 0, end, marker;
	struct str value;
	unsigned flags;

	if (!redact_secret_name(name, &flags))
		return at + 1;
	while (from < s.len && (s.p[from] == ' ' || s.p[from] == '\t'))
		from++;
	while (from < s.len && s.p[from] == '\\') {
		from++;
		backslashes++;
	}
	if (from == s.len)
		return s.len;
	marker = redact_marker_prefix((struct str){ s.p + from, s.len - from });
	if (marker != 0) {
		e->floor = from + marker;
		return from + marker;
	}
	if (is_quote(s.p[from])) {
		from++;
		end = quoted_end(s, from, s.p[from - 1], backslashes);
		value = (struct str){ s.p + from, end - from };
	} else {
		end = bare_end(s, from, flags & SECRET_LINE);
		value = (struct str){ s.p + from, end - from };
		if (value.len == 0 || is_open_value(value))
			return from;
	}
	if (!redact_secret_value(value, false, flags))
		return end > at ? end : at + 1;
	add_edit(e, from, end, REDACT_SECRET_KEY);
	return end;
}

static void
find_edits(struct str s, struct edits *e)
{
	size_t at = 0, n;

	while (at < s.len) {
		switch (s.p[at]) {
		case ':':
		case '=':
			at = redact_pair(s, at, e);
			break;
		case 'e':
			n = redact_jwt_at(s, at);
			if (n > 0)
				add_edit(e, at, at + n, REDACT_JWT);
			at += n > 0 ? n : 1;
			break;
		default:
			at++;
			break;
		}
	}
}

struct str
redact_bytes(struct str p, struct arena *a, unsigned *changed)
{
	struct edits e = { .a = a };
	size_t len = p.len, from = 0;
	char *out, *o;

	find_edits(p, &e);
	*changed = (unsigned)e.n;
	if (e.n == 0)
		return p;
	for (size_t i = 0; i < e.n; i++)
		len += redact_marker(e.item[i].rule).len;
	out = o = arena_bytes(a, len);
	for (size_t i = 0; i < e.n; i++) {
		struct str marker = redact_marker(e.item[i].rule);

		memcpy(o, p.p + from, e.item[i].from - from);
		o += e.item[i].from - from;
		memcpy(o, marker.p, marker.len);
		o += marker.len;
		from = e.item[i].to;
	}
	memcpy(o, p.p + from, p.len - from);
	return (struct str){ out, (size_t)(o - out) + p.len - from };
}
