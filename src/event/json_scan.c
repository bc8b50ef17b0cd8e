/*
 * json_scan: the strict scanner (RFC 8259), from bytes to a tape.
 *
 * The scanner looks at each byte once.  Strings go by sixteen bytes; whether
 * any byte was not ASCII is gathered on the way, and only then the line is
 * checked for valid UTF-8 as a whole.  Beside what is valid it notes what is
 * already canonical, so that most values are copied as they stand.
 *
 * In: one line.   Out: tokens in document order.
 */
#include "event/json.h"

#include <stdlib.h>

#include "base/simd.h"
#include "base/utf8.h"

struct scanner {
	const char *start, *p, *end;
	struct json_token *tok;
	uint32_t n;
	uint32_t odd;  /* what was met so far that is not canonical: white space, needless escapes */
	unsigned high; /* not 0: some byte was not ASCII */
	unsigned depth;
	struct {
		uint32_t index, odd; /* the open container, and s->odd when it opened */
	} open[JSON_DEPTH_MAX];
	struct json_error *e;
};

static int
fail(struct scanner *s, enum json_fault fault, const char *expected)
{
	s->e->fault = fault;
	s->e->offset = (size_t)(s->p - s->start);
	s->e->expected = expected;
	return -1;
}

static inline void
skip_space(struct scanner *s)
{
	if (s->p == s->end || (unsigned char)*s->p > ' ')
		return;
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r')) {
		s->p++;
		s->odd++;
	}
}

/* The token that begins at `from` and ends where the scanner stands. */
static inline void
push(struct scanner *s, const char *from, enum json_token_type type, unsigned flags)
{
	struct json_token *t = &s->tok[s->n++];

	t->off = (uint32_t)(from - s->start);
	t->len = (uint32_t)(s->p - from);
	t->next = s->n;
	t->type = (uint8_t)type;
	t->flags = (uint8_t)flags;
	t->depth = (uint8_t)s->depth;
}

/* ---- strings ---- */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Behind "\u": four hexadecimal digits.  *upper: a letter was upper case. */
static int
scan_hex4(struct scanner *s, unsigned *unit, bool *upper)
{
	*unit = 0;
	for (int i = 0; i < 4; i++, s->p++) {
		int digit = s->p < s->end ? hex_digit(*s->p) : -1;

		if (digit < 0)
			return fail(s, JSON_SYNTAX, "four hexadecimal digits");
		*unit = *unit << 4 | (unsigned)digit;
		*upper |= *s->p >= 'A' && *s->p <= 'F';
	}
	return 0;
}

/* Behind "\u": one code point, of one unit or a pair. */
static int
scan_unicode_escape(struct scanner *s)
{
	const char *from = s->p - 2;
	unsigned unit, second;
	bool upper = false;

	if (scan_hex4(s, &unit, &upper) != 0)
		return -1;
	if (unit >= 0xd800 && unit < 0xe000) {
		bool pair = unit < 0xdc00 && s->end - s->p >= 2 && s->p[0] == '\\' && s->p[1] == 'u';

		if (pair) {
			s->p += 2;
			if (scan_hex4(s, &second, &upper) != 0)
				return -1;
			pair = second >= 0xdc00 && second < 0xe000;
		}
		if (!pair) {
			s->p = from;
			return fail(s, JSON_SURROGATE, "a pair of surrogates");
		}
	}
	/* Canonical only for controls without a short form, in lower case. */
	if (unit >= 0x20 || upper || (unit >= 0x08 && unit <= 0x0d && unit != 0x0b))
		s->odd++;
	return 0;
}

static int
scan_escape(struct scanner *s)
{
	s->p++;
	if (s->p == s->end)
		return fail(s, JSON_SYNTAX, "an escape");
	switch (*s->p++) {
	case '"': case '\\': case 'b': case 'f': case 'n': case 'r': case 't':
		return 0;
	case '/':
		s->odd++;
		return 0;
	case 'u':
		return scan_unicode_escape(s);
	default:
		s->p--;
		return fail(s, JSON_SYNTAX, "one of \" \\ / b f n r t u");
	}
}

/* At a quote.  The token of a key is told by flags. */
static inline int
scan_string(struct scanner *s, unsigned flags)
{
	const char *from = s->p++;
	uint32_t odd = s->odd;

	for (;;) {
		s->p += simd_plain(s->p, (size_t)(s->end - s->p), &s->high);
		if (s->p == s->end)
			return fail(s, JSON_SYNTAX, "'\"'");
		if (*s->p == '"')
			break;
		if (*s->p != '\\')
			return fail(s, JSON_SYNTAX, "an escape for the control character");
		flags |= JSON_ESCAPED;
		if (scan_escape(s) != 0)
			return -1;
	}
	s->p++;
	push(s, from, TOKEN_STRING, s->odd != odd ? flags | JSON_REWRITE : flags);
	return 0;
}

/* ---- numbers and words ---- */

/* At least one digit. */
static inline int
scan_digits(struct scanner *s)
{
	const char *from = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return s->p > from ? 0 : fail(s, JSON_SYNTAX, "a digit");
}

static int
scan_number(struct scanner *s)
{
	const char *from = s->p;

	if (*s->p == '-')
		s->p++;
	if (s->p < s->end && *s->p == '0')
		s->p++;
	else if (scan_digits(s) != 0)
		return -1;
	if (s->p < s->end && *s->p == '.') {
		s->p++;
		if (scan_digits(s) != 0)
			return -1;
	}
	if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		if (scan_digits(s) != 0)
			return -1;
	}
	push(s, from, TOKEN_NUMBER, 0);
	return 0;
}

static int
scan_word(struct scanner *s, const char *word, size_t len, enum json_token_type type)
{
	const char *from = s->p;

	for (size_t i = 0; i < len; i++, s->p++)
		if (s->p == s->end || *s->p != word[i])
			return fail(s, JSON_SYNTAX, word);
	push(s, from, type, 0);
	return 0;
}

static int
scan_scalar(struct scanner *s)
{
	switch (*s->p) {
	case '"':
		return scan_string(s, 0);
	case '-': case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9':
		return scan_number(s);
	case 't':
		return scan_word(s, "true", 4, TOKEN_TRUE);
	case 'f':
		return scan_word(s, "false", 5, TOKEN_FALSE);
	case 'n':
		return scan_word(s, "null", 4, TOKEN_NULL);
	default:
		return fail(s, JSON_SYNTAX, "a value");
	}
}

/* ---- objects and arrays ---- */

/* A key and its colon; the scanner stands at the value then. */
static inline int
scan_key(struct scanner *s)
{
	skip_space(s);
	if (s->p == s->end || *s->p != '"')
		return fail(s, JSON_SYNTAX, "a key");
	if (scan_string(s, JSON_KEY) != 0)
		return -1;
	skip_space(s);
	if (s->p == s->end || *s->p != ':')
		return fail(s, JSON_SYNTAX, "':'");
	s->p++;
	return 0;
}

/* At '{' or '['.  Its length and flags are filled in when it closes. */
static inline int
open_container(struct scanner *s, enum json_token_type type)
{
	if (s->depth == JSON_DEPTH_MAX)
		return fail(s, JSON_TOO_DEEP, "less depth");
	s->open[s->depth].index = s->n;
	s->open[s->depth].odd = s->odd;
	push(s, s->p, type, 0);
	s->depth++;
	s->p++;
	return 0;
}

static inline void
close_container(struct scanner *s)
{
	struct json_token *t;

	s->p++;
	s->depth--;
	t = &s->tok[s->open[s->depth].index];
	t->len = (uint32_t)(s->p - s->start) - t->off;
	t->next = s->n;
	if (s->odd != s->open[s->depth].odd)
		t->flags |= JSON_REWRITE;
}

/*
 * Behind a value: closes what ends here, and passes a comma (and the key
 * behind it).  1: another value is due, 0: the outermost value has ended.
 */
static inline int
scan_behind_value(struct scanner *s)
{
	while (s->depth > 0) {
		bool object = s->tok[s->open[s->depth - 1].index].type == TOKEN_OBJECT;

		skip_space(s);
		if (s->p < s->end && *s->p == ',') {
			s->p++;
			return object && scan_key(s) != 0 ? -1 : 1;
		}
		if (s->p == s->end || *s->p != (object ? '}' : ']'))
			return fail(s, JSON_SYNTAX, object ? "',' or '}'" : "',' or ']'");
		close_container(s);
	}
	return 0;
}

/* The one value of a line. */
static int
scan_text(struct scanner *s)
{
	int more = 1;

	while (more > 0) {
		bool object;

		skip_space(s);
		if (s->p == s->end)
			return fail(s, JSON_SYNTAX, "a value");
		object = *s->p == '{';
		if (object || *s->p == '[') {
			if (open_container(s, object ? TOKEN_OBJECT : TOKEN_ARRAY) != 0)
				return -1;
			skip_space(s);
			if (s->p == s->end || *s->p != (object ? '}' : ']')) {
				if (object && scan_key(s) != 0)
					return -1;
				continue;
			}
			close_container(s);
		} else if (scan_scalar(s) != 0)
			return -1;
		more = scan_behind_value(s);
	}
	if (more < 0)
		return -1;
	skip_space(s);
	return s->p == s->end ? 0 : fail(s, JSON_SYNTAX, "the end of the line");
}

int
json_scan(struct json_tape *t, const char *p, size_t len, struct json_error *e)
{
	return json_scan_limit(t, p, len, JSON_LEN_MAX, e);
}

int
json_scan_limit(struct json_tape *t, const char *p, size_t len, size_t max, struct json_error *e)
{
	struct scanner s = { .start = p, .p = p, .end = p + len, .e = e };
	size_t valid;
	int rc;

	t->n = 0;
	t->text = p;
	buf_reset(&t->side);
	*e = (struct json_error){ .fault = JSON_OK, .expected = "" };
	if (len > max) {
		s.p = p + max;
		return fail(&s, JSON_TOO_LONG, "the end of the line");
	}
	/* Each token but the open ones takes two bytes: itself and what follows it. */
	mem_grow(&t->tok, &t->cap, len / 2 + JSON_DEPTH_MAX + 2, sizeof(*t->tok));
	s.tok = t->tok;
	rc = scan_text(&s);
	if (s.high != 0 || rc != 0) {
		/* Bytes that are no text say more than where the syntax stumbled over them. */
		valid = utf8_valid_prefix(p, len);
		if (valid < len) {
			s.p = p + valid;
			rc = fail(&s, JSON_NOT_UTF8, "UTF-8");
		}
	}
	t->n = rc == 0 ? s.n : 0;
	return rc;
}

void
json_tape_fini(struct json_tape *t)
{
	free(t->tok);
	buf_fini(&t->side);
	*t = (struct json_tape){ 0 };
}
