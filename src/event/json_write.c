/*
 * json_write: values of a tape as text: canonical, unescaped, replaced.
 *
 * No value grows by being made canonical: white space goes, every escape is
 * rewritten to one that is not longer.  So the bytes of a value are room
 * enough for its canonical form, unless something in it was replaced.
 */
#include "event/json.h"

#include "base/simd.h"
#include "base/utf8.h"

/* ---- escapes ---- */

static unsigned
hex_value(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
}

static uint32_t
hex4(const char *p)
{
	return hex_value(p[0]) << 12 | hex_value(p[1]) << 8 | hex_value(p[2]) << 4 | hex_value(p[3]);
}

/* *p stands at a backslash of a scanned string; moves behind the escape. */
static uint32_t
read_escape(const char **p)
{
	const char *q = *p + 2;
	uint32_t cp;

	*p = q;
	switch (q[-1]) {
	case 'b': return '\b';
	case 'f': return '\f';
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	case 'u': break;
	default: return (unsigned char)q[-1];
	}
	cp = hex4(q);
	*p = q + 4;
	if (cp >= 0xd800 && cp < 0xdc00) { /* the scanner saw to the second half: \uXXXX */
		cp = 0x10000 + ((cp - 0xd800) << 10) + (hex4(q + 6) - 0xdc00);
		*p = q + 10;
	}
	return cp;
}

/* The second character of a byte's short escape; 0: it has none. */
static char
short_escape(unsigned char c)
{
	switch (c) {
	case '"': return '"';
	case '\\': return '\\';
	case '\b': return 'b';
	case '\f': return 'f';
	case '\n': return 'n';
	case '\r': return 'r';
	case '\t': return 't';
	default: return 0;
	}
}

/* Writes the escape of a byte that needs one: 2 or 6 bytes. */
static char *
write_escape(char *o, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";
	char letter = short_escape(c);

	*o++ = '\\';
	if (letter != 0) {
		*o++ = letter;
		return o;
	}
	memcpy(o, "u00", 3);
	o[3] = digits[c >> 4];
	o[4] = digits[c & 15];
	return o + 5;
}

/* The inside of a scanned string, without its escapes. */
static char *
unescape(char *o, const char *p, const char *end)
{
	unsigned high;

	while (p < end) {
		size_t n = simd_plain(p, (size_t)(end - p), &high);

		memcpy(o, p, n);
		o += n;
		p += n;
		if (p < end)
			o += utf8_encode(o, read_escape(&p));
	}
	return o;
}

struct str
json_unescape_copy(const struct json_tape *t, const struct json_token *tok, struct arena *a)
{
	struct str s = json_bytes(t, tok);
	char *o = arena_bytes(a, s.len - 2);

	return (struct str){ o, (size_t)(unescape(o, s.p + 1, s.p + s.len - 1) - o) };
}

/* ---- writing ---- */

/* A string whose escapes are not the canonical ones. */
static char *
rewrite_string(char *o, struct str s)
{
	const char *p = s.p + 1, *end = s.p + s.len - 1;
	unsigned high;

	*o++ = '"';
	while (p < end) {
		size_t n = simd_plain(p, (size_t)(end - p), &high);
		uint32_t cp;

		memcpy(o, p, n);
		o += n;
		p += n;
		if (p == end)
			break;
		cp = read_escape(&p);
		if (cp < 0x20 || cp == '"' || cp == '\\')
			o = write_escape(o, (unsigned char)cp);
		else
			o += utf8_encode(o, cp);
	}
	*o++ = '"';
	return o;
}

/* Depth is bounded by the scanner. */
static char *
write_value(char *o, const struct json_tape *t, uint32_t index)
{
	const struct json_token *tok = &t->tok[index];
	struct str s = json_bytes(t, tok);
	bool container = tok->type >= TOKEN_ARRAY;
	uint32_t i;

	/* Only a tape without replacements knows that a container can be copied. */
	if (!(tok->flags & JSON_REWRITE) && (!container || t->side.len == 0)) {
		memcpy(o, s.p, s.len);
		return o + s.len;
	}
	if (!container)
		return rewrite_string(o, s);
	*o++ = tok->type == TOKEN_OBJECT ? '{' : '[';
	for (i = index + 1; i < tok->next; i = t->tok[i].next) {
		o = write_value(o, t, i);
		if (t->tok[i].flags & JSON_KEY)
			*o++ = ':';
		else if (t->tok[i].next < tok->next)
			*o++ = ',';
	}
	*o++ = tok->type == TOKEN_OBJECT ? '}' : ']';
	return o;
}

size_t
json_canonical_bound(const struct json_tape *t, uint32_t index)
{
	return t->tok[index].len + (t->tok[index].type >= TOKEN_ARRAY ? t->side.len : 0);
}

size_t
json_canonical_write(char *out, const struct json_tape *t, uint32_t index)
{
	return (size_t)(write_value(out, t, index) - out);
}

struct str
json_text(const struct json_tape *t, uint32_t index, struct arena *a)
{
	const struct json_token *tok = &t->tok[index];
	char *o;

	if (!(tok->flags & (JSON_REWRITE | JSON_SIDE)) && t->side.len == 0)
		return json_bytes(t, tok);
	o = arena_bytes(a, json_canonical_bound(t, index));
	return (struct str){ o, json_canonical_write(o, t, index) };
}

void
json_canonical(struct buf *out, const struct json_tape *t, uint32_t index)
{
	buf_reserve(out, json_canonical_bound(t, index));
	out->len += json_canonical_write(out->p + out->len, t, index);
}

char *
json_quote_write(char *o, struct str s)
{
	const char *p = s.p, *end = s.p + s.len;
	unsigned high;

	*o++ = '"';
	while (p < end) {
		size_t n = simd_plain(p, (size_t)(end - p), &high);

		memcpy(o, p, n);
		o += n;
		p += n;
		if (p < end)
			o = write_escape(o, (unsigned char)*p++);
	}
	*o++ = '"';
	return o;
}

void
json_quote(struct buf *out, struct str s)
{
	buf_reserve(out, json_quote_bound(s));
	out->len = (size_t)(json_quote_write(out->p + out->len, s) - out->p);
}

void
json_replace(struct json_tape *t, uint32_t index, struct str value)
{
	struct json_token *tok = &t->tok[index];
	size_t off = t->side.len;
	size_t len;

	json_quote(&t->side, value);
	len = t->side.len - off;
	tok->off = (uint32_t)off;
	tok->len = (uint32_t)len;
	tok->type = TOKEN_STRING;
	tok->flags = (uint8_t)((tok->flags & JSON_KEY) | JSON_SIDE |
	    (len != value.len + 2 ? JSON_ESCAPED : 0));
}
