/*
 * json_scan: the strict scanner (RFC 8259), from bytes to a tape.
 *
 * First all bytes that may end a string are marked, sixteen at a time, so that
 * the scanner goes from one to the next, however long strings are; whether any
 * byte is not ASCII is gathered on the way, and only then the line is checked
 * for valid UTF-8 as a whole.  Beside what is valid it notes what is
 * already canonical, so that most values are copied as they stand.
 *
 * In: one line.   Out: tokens in document order.
 */
#include "event/json.h"

#include <stdlib.h>

#include "base/simd.h"
#include "base/utf8.h"

/*
 * Where the scanner stands is handed from function to function, so that it
 * stays in a register; NULL after a fault.
 */
struct scanner {
	const char *start, *end;
	const uint64_t *stop;
	struct json_token *tok;
	uint32_t n;
	uint32_t odd;  /* what was met so far that is not canonical: white space, needless escapes */
	bool escaped;  /* some string has an escape */
	bool object;   /* the innermost open container is one */
	unsigned depth;
	struct {
		uint32_t index, odd; /* the open container, and s->odd when it opened */
	} open[JSON_DEPTH_MAX];
	struct json_error *e;
};

static const char *
fail(struct scanner *s, const char *p, enum json_fault fault, const char *expected)
{
	s->e->fault = fault;
	s->e->offset = (size_t)(p - s->start);
	s->e->expected = expected;
	return NULL;
}

static inline bool
at(const struct scanner *s, const char *p, char c)
{
	return p < s->end && *p == c;
}

static inline const char *
skip_space(struct scanner *s, const char *p)
{
	while (p < s->end && (unsigned char)*p <= ' ' &&
	    (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')) {
		p++;
		s->odd++;
	}
	return p;
}

/* The token of the bytes from `from` to p. */
static inline void
push(struct scanner *s, const char *from, const char *p, enum json_token_type type, unsigned flags)
{
	struct json_token *t = &s->tok[s->n++];

	t->off = (uint32_t)(from - s->start);
	t->len = (uint32_t)(p - from);
	t->next = s->n;
	t->type = (uint8_t)type;
	t->flags = (uint8_t)flags;
	t->depth = (uint8_t)s->depth;
}

/* ---- strings ---- */

/* Marks what may end a string.  Behind the text all is marked, two words of it.
 * Returns not 0 when some byte is not ASCII. */
static unsigned
mark_stops(uint64_t *stop, const char *p, size_t len)
{
	unsigned high = 0;
	char rest[64] = { 0 };

	for (; len >= 64; p += 64, len -= 64)
		*stop++ = simd_stops64(p, &high);
	memcpy(rest, p, len);
	*stop++ = simd_stops64(rest, &high);
	*stop = UINT64_MAX;
	return high;
}

/* From p on: the first byte that cannot stand in a string as it is, or the end. */
static inline const char *
next_stop(const struct scanner *s, const char *p)
{
	size_t at = (size_t)(p - s->start);
	const uint64_t *word = s->stop + at / 64;
	uint64_t ahead = word[0] >> at % 64 | word[1] << 1 << (63 - at % 64);

	if (ahead != 0)
		return p + __builtin_ctzll(ahead);
	for (word++; *word == 0; word++)
		;
	return s->start + (size_t)(word - s->stop) * 64 + __builtin_ctzll(*word);
}

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
static const char *
scan_hex4(struct scanner *s, const char *p, unsigned *unit, bool *upper)
{
	*unit = 0;
	for (int i = 0; i < 4; i++, p++) {
		int digit = p < s->end ? hex_digit(*p) : -1;

		if (digit < 0)
			return fail(s, p, JSON_SYNTAX, "four hexadecimal digits");
		*unit = *unit << 4 | (unsigned)digit;
		*upper |= *p >= 'A' && *p <= 'F';
	}
	return p;
}

/* Behind "\u": one code point, of one unit or a pair. */
static const char *
scan_unicode_escape(struct scanner *s, const char *p)
{
	const char *from = p - 2;
	unsigned unit, second;
	bool upper = false;

	if ((p = scan_hex4(s, p, &unit, &upper)) == NULL)
		return NULL;
	if (unit >= 0xd800 && unit < 0xe000) {
		bool pair = unit < 0xdc00 && at(s, p, '\\') && at(s, p + 1, 'u');

		if (pair) {
			if ((p = scan_hex4(s, p + 2, &second, &upper)) == NULL)
				return NULL;
			pair = second >= 0xdc00 && second < 0xe000;
		}
		if (!pair)
			return fail(s, from, JSON_SURROGATE, "a pair of surrogates");
	}
	/* Canonical only for controls without a short form, in lower case. */
	if (unit >= 0x20 || upper || (unit >= 0x08 && unit <= 0x0d && unit != 0x0b))
		s->odd++;
	return p;
}

/* At a backslash. */
static const char *
scan_escape(struct scanner *s, const char *p)
{
	s->escaped = true;
	if (++p == s->end)
		return fail(s, p, JSON_SYNTAX, "an escape");
	switch (*p) {
	case '"': case '\\': case 'b': case 'f': case 'n': case 'r': case 't':
		return p + 1;
	case '/':
		s->odd++;
		return p + 1;
	case 'u':
		return scan_unicode_escape(s, p + 1);
	default:
		return fail(s, p, JSON_SYNTAX, "one of \" \\ / b f n r t u");
	}
}

/* The rest of a string, from its first backslash or its fault. */
static const char *
scan_string_rest(struct scanner *s, const char *from, const char *p, unsigned flags)
{
	uint32_t odd = s->odd;

	while (p < s->end && *p != '"') {
		if (*p != '\\')
			return fail(s, p, JSON_SYNTAX, "an escape for the control character");
		if ((p = scan_escape(s, p)) == NULL)
			return NULL;
		p = next_stop(s, p);
	}
	if (p == s->end)
		return fail(s, p, JSON_SYNTAX, "'\"'");
	p++;
	push(s, from, p, TOKEN_STRING, flags | JSON_ESCAPED | (s->odd != odd ? JSON_REWRITE : 0));
	return p;
}

/* At a quote.  Most strings have no escape. */
static inline const char *
scan_string(struct scanner *s, const char *from, unsigned flags)
{
	const char *p = next_stop(s, from + 1);

	if (!at(s, p, '"'))
		return scan_string_rest(s, from, p, flags);
	p++;
	push(s, from, p, TOKEN_STRING, flags);
	return p;
}

/* ---- numbers and words ---- */

/* At least one digit. */
static inline const char *
scan_digits(struct scanner *s, const char *p)
{
	const char *from = p;

	while (p < s->end && *p >= '0' && *p <= '9')
		p++;
	return p > from ? p : fail(s, p, JSON_SYNTAX, "a digit");
}

static const char *
scan_number(struct scanner *s, const char *from)
{
	const char *p = *from == '-' ? from + 1 : from;

	if (at(s, p, '0'))
		p++;
	else if ((p = scan_digits(s, p)) == NULL)
		return NULL;
	if (at(s, p, '.') && (p = scan_digits(s, p + 1)) == NULL)
		return NULL;
	if (at(s, p, 'e') || at(s, p, 'E')) {
		p++;
		if (at(s, p, '+') || at(s, p, '-'))
			p++;
		if ((p = scan_digits(s, p)) == NULL)
			return NULL;
	}
	push(s, from, p, TOKEN_NUMBER, 0);
	return p;
}

static const char *
scan_word(struct scanner *s, const char *from, const char *word, enum json_token_type type)
{
	const char *p = from;

	for (const char *c = word; *c != '\0'; c++, p++)
		if (!at(s, p, *c))
			return fail(s, p, JSON_SYNTAX, word);
	push(s, from, p, type, 0);
	return p;
}

static inline const char *
scan_scalar(struct scanner *s, const char *p)
{
	switch (*p) {
	case '"':
		return scan_string(s, p, 0);
	case '-': case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9':
		return scan_number(s, p);
	case 't':
		return scan_word(s, p, "true", TOKEN_TRUE);
	case 'f':
		return scan_word(s, p, "false", TOKEN_FALSE);
	case 'n':
		return scan_word(s, p, "null", TOKEN_NULL);
	default:
		return fail(s, p, JSON_SYNTAX, "a value");
	}
}

/* ---- objects and arrays ---- */

/* A key and its colon. */
static inline const char *
scan_key(struct scanner *s, const char *p)
{
	p = skip_space(s, p);
	if (!at(s, p, '"'))
		return fail(s, p, JSON_SYNTAX, "a key");
	if ((p = scan_string(s, p, JSON_KEY)) == NULL)
		return NULL;
	p = skip_space(s, p);
	return at(s, p, ':') ? p + 1 : fail(s, p, JSON_SYNTAX, "':'");
}

/* At the bracket that closes the innermost container. */
static inline const char *
close_container(struct scanner *s, const char *p)
{
	struct json_token *t;

	p++;
	s->depth--;
	t = &s->tok[s->open[s->depth].index];
	t->len = (uint32_t)(p - s->start) - t->off;
	t->next = s->n;
	if (s->odd != s->open[s->depth].odd)
		t->flags |= JSON_REWRITE;
	s->object = s->depth > 0 && s->tok[s->open[s->depth - 1].index].type == TOKEN_OBJECT;
	return p;
}

/* At '{' or '['; to the first value, or behind the whole when it is empty.
 * Length and flags of the token are filled in when it closes. */
static const char *
scan_opening(struct scanner *s, const char *p, bool *empty)
{
	if (s->depth == JSON_DEPTH_MAX)
		return fail(s, p, JSON_TOO_DEEP, "less depth");
	s->object = *p == '{';
	s->open[s->depth].index = s->n;
	s->open[s->depth].odd = s->odd;
	push(s, p, p, s->object ? TOKEN_OBJECT : TOKEN_ARRAY, 0);
	s->depth++;
	p = skip_space(s, p + 1);
	*empty = at(s, p, s->object ? '}' : ']');
	if (*empty)
		return close_container(s, p);
	return s->object ? scan_key(s, p) : p;
}

/* Behind a value: closes what ends here and passes a comma, and the key
 * behind it.  Depth 0 afterwards: the outermost value has ended. */
static inline const char *
scan_behind_value(struct scanner *s, const char *p)
{
	while (s->depth > 0) {
		p = skip_space(s, p);
		if (at(s, p, ','))
			return s->object ? scan_key(s, p + 1) : p + 1;
		if (!at(s, p, s->object ? '}' : ']'))
			return fail(s, p, JSON_SYNTAX, s->object ? "',' or '}'" : "',' or ']'");
		p = close_container(s, p);
	}
	return p;
}

/* The one value of a line. */
static const char *
scan_text(struct scanner *s, const char *p)
{
	bool empty;

	do {
		p = skip_space(s, p);
		if (p == s->end)
			return fail(s, p, JSON_SYNTAX, "a value");
		if (*p == '{' || *p == '[') {
			p = scan_opening(s, p, &empty);
			if (p != NULL && !empty)
				continue;
		} else
			p = scan_scalar(s, p);
		if (p == NULL || (p = scan_behind_value(s, p)) == NULL)
			return NULL;
	} while (s->depth > 0);
	p = skip_space(s, p);
	return p == s->end ? p : fail(s, p, JSON_SYNTAX, "the end of the line");
}

int
json_scan(struct json_tape *t, const char *p, size_t len, struct json_error *e)
{
	return json_scan_limit(t, p, len, JSON_LEN_MAX, e);
}

int
json_scan_limit(struct json_tape *t, const char *p, size_t len, size_t max, struct json_error *e)
{
	struct scanner s;
	const char *end;
	size_t valid;
	unsigned high;

	t->n = 0;
	t->text = p;
	t->escaped = false;
	buf_reset(&t->side);
	*e = (struct json_error){ .fault = JSON_OK, .expected = "" };
	s.start = p;
	s.end = p + len;
	s.n = s.odd = s.depth = 0;
	s.object = s.escaped = false;
	s.e = e;
	if (len > max) {
		fail(&s, p + max, JSON_TOO_LONG, "the end of the line");
		return -1;
	}
	/* Each token but the open ones takes two bytes: itself and what follows it. */
	mem_grow(&t->tok, &t->cap, len / 2 + JSON_DEPTH_MAX + 2, sizeof(*t->tok));
	s.tok = t->tok;
	mem_grow(&t->stop, &t->stops, len / 64 + 2, sizeof(*t->stop));
	s.stop = t->stop;
	high = mark_stops(t->stop, p, len);
	end = scan_text(&s, p);
	if (high != 0 || end == NULL) {
		/* Bytes that are no text say more than where the syntax stumbled over them. */
		valid = utf8_valid_prefix(p, len);
		if (valid < len)
			end = fail(&s, p + valid, JSON_NOT_UTF8, "UTF-8");
	}
	if (end == NULL)
		return -1;
	t->n = s.n;
	t->escaped = s.escaped;
	return 0;
}

void
json_tape_fini(struct json_tape *t)
{
	free(t->tok);
	free(t->stop);
	buf_fini(&t->side);
	*t = (struct json_tape){ 0 };
}
