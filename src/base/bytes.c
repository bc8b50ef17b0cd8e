/*
 * bytes: comparing, buffers, integers in byte order, hexadecimal, and the
 * nearest name to a mistyped word.
 */
#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

static unsigned char
lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

int
str_cmp(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int rc = n ? memcmp(a.p, b.p, n) : 0;

	if (rc != 0)
		return rc;
	return (a.len > b.len) - (a.len < b.len);
}

bool
str_eq_nocase(struct str a, struct str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

void
buf_reserve(struct buf *b, size_t more)
{
	size_t want;

	if (more <= b->cap - b->len)
		return;
	if (__builtin_add_overflow(b->len, more, &want))
		want = SIZE_MAX; /* ends in mem's message */
	if (want < 64)
		want = 64;
	mem_grow(&b->p, &b->cap, want, 1);
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	buf_reserve(b, n);
	memcpy(b->p + b->len, p, n);
	b->len += n;
}

void
buf_drop(struct buf *b, size_t n)
{
	b->len -= n;
	if (n > 0 && b->len > 0)
		memmove(b->p, b->p + n, b->len);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	buf_reserve(b, 64);

	size_t room = b->cap - b->len;
	int n = vsnprintf(b->p + b->len, room, fmt, ap);

	if (n > 0 && (size_t)n >= room) {
		buf_reserve(b, (size_t)n + 1);
		vsnprintf(b->p + b->len, (size_t)n + 1, fmt, again);
	}
	if (n > 0)
		b->len += (size_t)n;
	va_end(again);
	va_end(ap);
}

void
buf_fini(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

void
str_list_add(struct str_list *l, const char *s, size_t len)
{
	mem_grow(&l->item, &l->cap, l->n + 1, sizeof(*l->item));
	l->item[l->n++] = mem_dup(s, len);
}

void
str_list_fini(struct str_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->item[i]);
	free(l->item);
	*l = (struct str_list){ 0 };
}

void
put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void
put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, (uint16_t)(v >> 16));
	put_be16(p + 2, (uint16_t)v);
}

void
put_be64(uint8_t *p, uint64_t v)
{
	put_be32(p, (uint32_t)(v >> 32));
	put_be32(p + 4, (uint32_t)v);
}

uint16_t
get_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t
get_be32(const uint8_t *p)
{
	return (uint32_t)get_be16(p) << 16 | get_be16(p + 2);
}

uint64_t
get_be64(const uint8_t *p)
{
	return (uint64_t)get_be32(p) << 32 | get_be32(p + 4);
}

void
buf_varint(struct buf *b, uint64_t v)
{
	buf_reserve(b, 10);
	while (v >= 0x80) {
		b->p[b->len++] = (char)(v | 0x80);
		v >>= 7;
	}
	b->p[b->len++] = (char)v;
}

bool
get_varint(const uint8_t **p, const uint8_t *end, uint64_t *v)
{
	const uint8_t *at = *p;
	uint64_t sum = 0;

	for (unsigned shift = 0; shift < 64 && at < end; shift += 7) {
		uint8_t byte = *at++;

		if (shift == 63 && byte > 1)
			return false;
		sum |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*p = at;
			*v = sum;
			return true;
		}
	}
	return false;
}

void
buf_hex(struct buf *b, const void *p, size_t n)
{
	static const char digit[] = "0123456789abcdef";
	const uint8_t *byte = p;

	if (n > SIZE_MAX / 2)
		n = SIZE_MAX / 2; /* no such object; the reserve below ends it */
	buf_reserve(b, 2 * n);
	for (size_t i = 0; i < n; i++) {
		b->p[b->len++] = digit[byte[i] >> 4];
		b->p[b->len++] = digit[byte[i] & 15];
	}
}

/* 0 to 15, or -1. */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
hex_parse(const char *p, size_t len, uint8_t *out)
{
	if (len % 2 != 0)
		return false;
	for (size_t i = 0; i < len; i += 2) {
		int high = hex_value(p[i]), low = hex_value(p[i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i / 2] = (uint8_t)(high << 4 | low);
	}
	return true;
}

enum { NAME_MAX_LEN = 63 }; /* longer words are never typing errors of a name */

static unsigned
min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Edits from a to b: insert, remove, replace, or swap two neighbours. */
static unsigned
edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	/* row[i][j]: between the first i letters of a and the first j of b. */
	unsigned row[NAME_MAX_LEN + 1][NAME_MAX_LEN + 1];

	for (size_t i = 0; i <= a_len; i++)
		row[i][0] = (unsigned)i;
	for (size_t j = 0; j <= b_len; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++)
		for (size_t j = 1; j <= b_len; j++) {
			unsigned cost = lower(a[i - 1]) != lower(b[j - 1]);

			row[i][j] = min3(row[i - 1][j] + 1, row[i][j - 1] + 1,
			    row[i - 1][j - 1] + cost);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]) &&
			    row[i - 2][j - 2] + 1 < row[i][j])
				row[i][j] = row[i - 2][j - 2] + 1;
		}
	return row[a_len][b_len];
}

const char *
nearest_name(const char *word, const char *const *names, size_t n)
{
	size_t len = strlen(word);
	const char *best = NULL;

	if (len == 0 || len > NAME_MAX_LEN)
		return NULL;

	/* One edit for short words, two or three for longer ones. */
	unsigned near = len < 4 ? 1 : len < 9 ? 2 : 3;

	for (size_t i = 0; i < n; i++) {
		size_t name_len = strlen(names[i]);

		if (name_len > NAME_MAX_LEN)
			continue;

		unsigned d = edit_distance(word, len, names[i], name_len);

		/* All letters wrong is another word, not a typing error. */
		if (d <= near && d < name_len && d < len) {
			best = names[i];
			near = d == 0 ? 0 : d - 1;
			if (d == 0)
				break;
		}
	}
	return best;
}
