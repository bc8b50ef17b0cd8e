/*
 * utf8: validity, as in RFC 3629 (no surrogates, no overlong forms, at most
 * U+10FFFF), and code points.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The offset of the first byte that is not part of valid UTF-8, or len. */
size_t utf8_valid_prefix(const char *p, size_t len);

/* Writes 1 to 4 bytes, returns how many.  cp must be a scalar value. */
size_t utf8_encode(char out[4], uint32_t cp);

/* Reads one code point from at least 1 byte; returns its length, or 0 when
 * the bytes are not valid UTF-8. */
size_t utf8_decode(const char *p, size_t len, uint32_t *cp);

/* Columns on a terminal (libunistring's uc_width, by Unicode and not by
 * locale): 0, 1 or 2; -1 for control characters. */
int utf8_width(uint32_t cp);

#endif
