/* redact_byte: classes of bytes that secrets are made of; private to redact*.c. */
#ifndef INGEST_REDACT_BYTE_H
#define INGEST_REDACT_BYTE_H

#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"

static inline bool
byte_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
byte_is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static inline bool
byte_is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool
byte_is_alnum(char c)
{
	return byte_is_digit(c) || byte_is_lower(c) || byte_is_upper(c);
}

/* A NUL is none of any. */
static inline bool
byte_is_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static inline char
byte_lower(char c)
{
	return byte_is_upper(c) ? (char)(c | 0x20) : c;
}

/* s[from, to) */
static inline struct str
redact_part(struct str s, size_t from, size_t to)
{
	return (struct str){ s.p + from, to - from };
}

#endif
