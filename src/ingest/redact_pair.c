/*
 * redact_pair: `name: value` and `name=value` in a text, quoted or not:
 *
 *   {"user":"ann","password":"hunter2"       a line cut short
 *   POST /login?user=ann&password=hunter2    a form
 *   Authorization: Basic YW5uOmh1bnRlcjI=    a header
 *   Server=db;Password=two words;Pooling=1   a connection string
 *
 * Nothing can be known about the structure.  Each byte is looked at a bounded
 * number of times.
 */
#include "ingest/redact_rule.h"
#include "ingest/redact_set.h"

#define NAME_LOOK_BACK 64
#define PLACE_HOLDER_MAX 128 /* bytes of a value that may stand for another */
#define URL_TOKEN_MIN 16
#define BLANK_RUN 10         /* of the same byte: nobody's secret */
#define BLANK_END 8

bool
redact_is_name_byte(char c)
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
	while (start > low && redact_is_name_byte(s.p[start - 1]))
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

/* Behind a ';' a value may have spaces, up to the next one. */
static size_t
connection_end(struct str s, size_t at)
{
	while (at < s.len && memchr(";\"'\r\n\\", s.p[at], 6) == NULL)
		at++;
	return at;
}

static bool
in_connection(struct str s, const char *name, size_t floor)
{
	size_t at = (size_t)(name - s.p);

	while (at > floor && s.p[at - 1] == ' ')
		at--;
	return at > floor && s.p[at - 1] == ';';
}

/* Values that hide nothing, as in JSON. */
static bool
is_open_value(struct str value)
{
	static const char *const words[] = { "true", "false", "null", "yes", "no", "none", "nil", "-", "0", "1" };

	if (value.p[0] == '{' || value.p[0] == '[')
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_eq_nocase(value, str_of(words[i])))
			return true;
	return false;
}

/* hf_xxxxxxxxxxxx: eight at the end, or ten anywhere. */
bool
redact_is_blank(struct str value)
{
	size_t run = 1;

	for (size_t i = 1; i < value.len; i++) {
		run = value.p[i] == value.p[i - 1] ? run + 1 : 1;
		if (run >= BLANK_RUN)
			return true;
	}
	return run >= BLANK_END && memchr("xX*.", value.p[value.len - 1], 4) != NULL;
}

/* Signs of a program's text: password=") */
static bool
is_punctuation(struct str value)
{
	if (value.len > 3)
		return false;
	for (size_t i = 0; i < value.len; i++)
		if (redact_is_name_byte(value.p[i]) || (unsigned char)value.p[i] >= 0x80)
			return false;
	return true;
}

/* $PASSWORD, ${x}, `x`, <password>, {{ .x }}, %s, ****, xxxx: stands for a value. */
bool
redact_is_place_holder(struct str value)
{
	char c = value.len > 0 ? value.p[0] : '\0';
	size_t i = 1;

	if (value.len > PLACE_HOLDER_MAX)
		return false;
	if (value.len > 1 && (c == '$' || c == '%') && (redact_is_name_byte(value.p[1]) ||
	    value.p[1] == '{' || value.p[1] == '(' || value.p[1] == '%'))
		return value.p[1] == '%' || !redact_is_mixed(value) || value.p[1] == '{' || value.p[1] == '(';
	if ((c == '<' && value.p[value.len - 1] == '>') || (value.len > 1 && c == '{' && value.p[1] == '{'))
		return true;
	if (c == '`' || redact_is_blank(value))
		return true;
	if (value.len < 3 || memchr("*xXyY.", c, 6) == NULL)
		return false;
	while (i < value.len && value.p[i] == c)
		i++;
	return i == value.len;
}

/* ?sig=, &key= ... of an address may hide one as well. */
static bool
is_url_name(struct str s, struct str name, size_t floor)
{
	static const char *const names[] = { "sig", "signature", "x-amz-signature", "x-goog-signature",
		"key", "auth", "code" };
	size_t at = (size_t)(name.p - s.p);

	if (at <= floor || (s.p[at - 1] != '?' && s.p[at - 1] != '&'))
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq_nocase(name, str_of(names[i])))
			return true;
	return false;
}

/* arn:aws:secretsmanager:eu-west-1:123456789012:secret:name */
static bool
is_path_part(struct str s, struct str name, size_t at, size_t floor)
{
	size_t start = (size_t)(name.p - s.p);

	return s.p[at] == ':' && start > floor && (s.p[start - 1] == ':' || s.p[start - 1] == '/');
}

struct pair_value {
	size_t from, to;
	bool quoted;
};

/* The value behind the ':' or '=' at `at`. */
static struct pair_value
value_behind(struct search *f, size_t at, bool connection, unsigned flags)
{
	struct str s = f->s;
	size_t from = at + 1, backslashes = 0;

	if (s.p[at] == '=' && from < s.len && s.p[from] == '>')
		from++;
	while (from < s.len && (s.p[from] == ' ' || s.p[from] == '\t'))
		from++;
	while (from < s.len && s.p[from] == '\\') {
		from++;
		backslashes++;
	}
	if (from < s.len && is_quote(s.p[from]))
		return (struct pair_value){ from + 1, quoted_end(s, from + 1, s.p[from], backslashes), true };
	if (connection)
		return (struct pair_value){ from, connection_end(s, from), false };
	return (struct pair_value){ from, bare_end(s, from, flags & SECRET_LINE), false };
}

/* Which rule asks for the value behind a name, or REDACT_FIXED. */
static unsigned
rule_of(const struct search *f, struct str name, size_t at, unsigned *flags)
{
	/* a == b and a::b are no pairs. */
	if (name.len == 0 || (at + 1 < f->s.len && f->s.p[at + 1] == f->s.p[at]))
		return REDACT_FIXED;
	if (f->keystrokes && f->s.p[at] == '=' && str_eq(name, STR("data")))
		return f->r->off[REDACT_KEYSTROKES] ? REDACT_FIXED : REDACT_KEYSTROKES;
	if (redact_secret_name(name, flags) && !is_path_part(f->s, name, at, f->floor)) {
		unsigned rule = redact_rule_of_name(*flags);

		return f->r->off[rule] ? REDACT_FIXED : rule;
	}
	if (f->s.p[at] == '=' && !f->r->off[REDACT_URL_TOKEN] && is_url_name(f->s, name, f->floor))
		return REDACT_URL_TOKEN;
	return REDACT_FIXED;
}

/* What is behind the scheme of a header: Bearer <token>. */
static struct str
behind_scheme(struct str value)
{
	const char *space = value.len > 0 ? memchr(value.p, ' ', value.len) : NULL;

	if (space == NULL)
		return value;
	return (struct str){ space + 1, value.len - (size_t)(space + 1 - value.p) };
}

/* Whether the value is one that the rule hides. */
static bool
is_hidden(unsigned rule, struct str value, bool quoted, unsigned flags)
{
	if (rule == REDACT_URL_TOKEN)
		return !quoted && value.len >= URL_TOKEN_MIN && redact_is_mixed(value);
	if (flags & SECRET_LINE && value.len > 0) {
		struct str rest = behind_scheme(value);

		if (rest.len > 0 && (rest.p[0] == '{' || redact_is_place_holder(rest)))
			return false;
	}
	if (is_punctuation(value))
		return false;
	return !redact_is_place_holder(value) && redact_secret_value(value, false, flags);
}

size_t
redact_pair_at(struct search *f, size_t at)
{
	struct str s = f->s, name = name_before(s, at, f->floor), value;
	unsigned flags = 0, rule = rule_of(f, name, at, &flags);
	struct pair_value v;
	size_t marker;

	if (rule == REDACT_FIXED)
		return at + 1;
	v = value_behind(f, at, in_connection(s, name.p, f->floor), flags);
	if (v.from >= s.len)
		return s.len;
	value = (struct str){ s.p + v.from, v.to - v.from };
	marker = redact_marker_prefix((struct str){ value.p, s.len - v.from });
	if (marker != 0) {
		f->floor = v.from + marker;
		return f->floor;
	}
	if (!v.quoted && (value.len == 0 || is_open_value(value)))
		return v.from;
	if (is_hidden(rule, value, v.quoted, flags))
		redact_hide(f, v.from, v.to, rule);
	return v.to > at ? v.to : at + 1;
}
