/*
 * bytes: strings with a length, growing buffers, integers in byte order.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Borrowed bytes; NUL may sit in the middle.  p == NULL means absent. */
struct str {
	const char *p;
	size_t len;
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })

static inline struct str
str_of(const char *s)
{
	return (struct str){ s, s ? strlen(s) : 0 };
}

static inline bool
str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline bool
str_begins(struct str s, struct str with)
{
	return s.len >= with.len && (with.len == 0 || memcmp(s.p, with.p, with.len) == 0);
}

/* memcmp order, a prefix before the longer one. */
int str_cmp(struct str a, struct str b);
/* ASCII letters without case, other bytes as they are. */
bool str_eq_nocase(struct str a, struct str b);

/* A growing buffer, yours until buf_fini. */
struct buf {
	char *p;
	size_t len, cap;
};

void buf_reserve(struct buf *b, size_t more); /* room for `more` beyond len */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_drop(struct buf *b, size_t n); /* the first n bytes, at most len */
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void buf_fini(struct buf *b);

static inline void
buf_reset(struct buf *b)
{
	b->len = 0;
}

static inline void
buf_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.len);
}

static inline void
buf_byte(struct buf *b, char c)
{
	if (b->len == b->cap)
		buf_reserve(b, 1);
	b->p[b->len++] = c;
}

static inline struct str
buf_view(const struct buf *b)
{
	return (struct str){ b->p ? b->p : "", b->len };
}

/* A list of owned, NUL-terminated strings. */
struct str_list {
	char **item;
	size_t n, cap;
};

void str_list_add(struct str_list *l, const char *s, size_t len); /* copies */
void str_list_fini(struct str_list *l);

/* Big-endian, as in every hashed structure. */
void put_be16(uint8_t *p, uint16_t v);
void put_be32(uint8_t *p, uint32_t v);
void put_be64(uint8_t *p, uint64_t v);
uint16_t get_be16(const uint8_t *p);
uint32_t get_be32(const uint8_t *p);
uint64_t get_be64(const uint8_t *p);

/* LEB128, at most 10 bytes.  get_varint moves *p and returns false when the
 * bytes end before *p reaches end, or the number does not fit 64 bits. */
void buf_varint(struct buf *b, uint64_t v);
bool get_varint(const uint8_t **p, const uint8_t *end, uint64_t *v);

void buf_hex(struct buf *b, const void *p, size_t n); /* lower case */
bool hex_parse(const char *p, size_t len, uint8_t *out); /* len / 2 bytes; lower or upper case */

/* The candidate nearest to `word` by edit distance (transposition counts
 * one), or NULL when none is near enough to be a typing error. */
const char *nearest_name(const char *word, const char *const *names, size_t n);

#endif
