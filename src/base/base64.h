/*
 * base64: RFC 4648 section 4, with padding; read only in its canonical form.
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define BASE64_LEN(n) (((n) + 2) / 3 * 4)

/* Writes BASE64_LEN(n) characters, without NUL. */
void base64_format(char *out, const void *p, size_t n);
void base64_add(struct buf *b, const void *p, size_t n);

/* Writes the first `max` bytes of what text stands for to out (NULL: none);
 * *len is how many there are in all.  false when text is not what
 * base64_format makes of them: white space, missing padding and stray bits
 * are refused, so that no bytes have two texts. */
bool base64_parse(struct str text, uint8_t *out, size_t max, size_t *len);
/* The same for exactly n bytes. */
bool base64_parse_exact(struct str text, uint8_t *out, size_t n);

#endif
