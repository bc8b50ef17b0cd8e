/*
 * redact_encoded: texts in which bytes are written as others.
 *
 *   next=https%3A%2F%2Fann%3Ahunter2%40db      percent signs of an address
 *   {\"key\":\"ghp\\u005f16C7e42F...\"}        JSON inside of a string
 *   type=PROCTITLE ... proctitle=6D7973716C002D70...   Linux audit
 *
 * Such a text is searched as what it means, too.  What is found there is
 * hidden where it is written.
 */
#include "ingest/redact_set.h"

#define HEX_MIN 6 /* digits of a name or argument in hexadecimal */

static int
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The printable byte of two digits at `at`, or -1. */
static int
byte_of(struct str s, size_t at)
{
	int high, low;

	if (s.len < at + 2 || (high = digit_of(s.p[at])) < 2 || high > 7 || (low = digit_of(s.p[at + 1])) < 0)
		return -1;
	return high << 4 | low;
}

/* The byte that \u0041 stands for, with however many backslashes, and its
 * length; -1. */
static int
escape_at(struct str s, size_t at, size_t *len)
{
	size_t to = at;
	int c;

	while (to < s.len && s.p[to] == '\\')
		to++;
	if (s.len - to < 5 || memcmp(s.p + to, "u00", 3) != 0 || (c = byte_of(s, to + 3)) < 0)
		return -1;
	*len = to + 5 - at;
	return c;
}

size_t
redact_encoded_at(struct search *f, size_t at)
{
	f->encoded = true;
	return at + 1;
}

size_t
redact_escape_at(struct search *f, size_t at)
{
	size_t len;

	f->encoded = f->encoded || escape_at(f->s, at, &len) >= 0;
	return at + 1;
}

struct reader {
	struct str s;
	size_t at, hex_end; /* before hex_end two digits are a byte */
};

/* proctitle=6D79..., a2=..: whole bytes up to a space; words end with NUL. */
static size_t
find_hex_end(struct str s, size_t at)
{
	size_t to = at;

	while (to < s.len && digit_of(s.p[to]) >= 0 && s.p[to] < 'a')
		to++;
	if (to - at < HEX_MIN || (to - at) % 2 != 0 || (to < s.len && s.p[to] != ' ' && s.p[to] != '\n'))
		return at;
	for (size_t i = at; i < to; i += 2)
		if (byte_of(s, i) < 0 && (s.p[i] != '0' || s.p[i + 1] != '0') && (s.p[i] < '8'))
			return at;
	return to;
}

/* What next_byte looks at more closely. */
static inline bool
is_sign(char c)
{
	return c == '%' || c == '\\' || c == '=';
}

/* The next byte of what the text means. */
static char
next_byte(struct reader *r)
{
	struct str s = r->s;
	size_t len, at = r->at;
	int c;

	if (at < r->hex_end) {
		c = digit_of(s.p[at]) << 4 | digit_of(s.p[at + 1]);
		r->at += 2;
		return c == 0 ? ' ' : (char)c;
	}
	c = s.p[at] == '%' ? byte_of(s, at + 1) : s.p[at] == '\\' ? escape_at(s, at, &len) : -1;
	if (c >= 0) {
		r->at += s.p[at] == '%' ? 3 : len;
		return (char)c;
	}
	r->at++;
	if (s.p[at] == '=' && at > 0)
		r->hex_end = find_hex_end(s, at + 1);
	return s.p[at];
}

static bool
decode(struct str s, struct buf *out)
{
	struct reader r = { .s = s };

	buf_reset(out);
	buf_reserve(out, s.len);
	while (r.at < s.len) {
		size_t plain = r.at;

		/* Most bytes mean themselves. */
		while (r.at < s.len && r.at >= r.hex_end && !is_sign(s.p[r.at]))
			r.at++;
		memcpy(out->p + out->len, s.p + plain, r.at - plain);
		out->len += r.at - plain;
		if (r.at < s.len)
			out->p[out->len++] = next_byte(&r);
	}
	return out->len < s.len;
}

/* Edits of what a text means become those of the text. */
static void
translate(struct str s, struct edit *edit, size_t n)
{
	struct reader r = { .s = s };
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		for (; at < edit[i].from; at++)
			next_byte(&r);
		edit[i].from = r.at;
		for (; at < edit[i].to; at++)
			next_byte(&r);
		edit[i].to = r.at;
	}
}

void
redact_encoded_find(struct search *f, struct redact_work *w)
{
	struct str level[REDACT_LEVELS + 1] = { f->s };

	for (size_t n = 0; n < REDACT_LEVELS && decode(level[n], &w->plain[n]); n++) {
		struct search g = { .r = f->r, .s = buf_view(&w->plain[n]), .a = f->a, .card = f->card };

		level[n + 1] = g.s;
		redact_find_edits(&g, w);
		if (g.n == 0)
			continue;
		for (size_t i = n + 1; i-- > 0;)
			translate(level[i], g.edit, g.n);
		f->edit = g.edit;
		f->n = g.n;
		return;
	}
}
