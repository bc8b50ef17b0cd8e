/* redact_digits: where in a text a number of a card may be. */
#ifndef INGEST_REDACT_DIGITS_H
#define INGEST_REDACT_DIGITS_H

#include <stddef.h>

#define FIND_DIGITS_MIN 13

/*
 * The next run of at least 13 digits, spaces and hyphens in p[at, len): its
 * start, which is at a digit, and *end; len when there is none.
 */
size_t find_digits(const char *p, size_t len, size_t at, size_t *end);

#endif
