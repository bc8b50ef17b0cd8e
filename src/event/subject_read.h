/*
 * subject_read: one text, several readings.
 *
 * A name does not always stand in a text as it is written: JSON inside of a
 * string escapes it once more (`\u0061lice`, `\\\"Al\\\"`), an address in a URL
 * has %40.  At each place a text can be read as it stands, or as what an
 * escape there stands for; backslashes in a row are one escape, however deep
 * the nesting was that made so many of them.
 */
#ifndef EVENT_SUBJECT_READ_H
#define EVENT_SUBJECT_READ_H

#include <stdbool.h>

#include "base/bytes.h"

struct reading {
	uint32_t cp;
	size_t next; /* where the text goes on, or (backwards) where the character begins */
};

#define READINGS_MAX 3

/* What stands at `at`, which is inside of the text: 0 (bytes that are no
 * UTF-8) to READINGS_MAX characters. */
unsigned read_forward(struct str text, size_t at, struct reading r[READINGS_MAX]);

/* The character that ends before `at`, which is more than 0: what an escape
 * there stands for, else as it stands; U+FFFD for what is none. */
struct reading read_back(struct str text, size_t at);

/* Whether a word that ends with `edge` before `at`, or begins with it there,
 * is whole: the contract is in subject.h. */
bool read_word_ends(struct str text, size_t at, uint32_t edge);
bool read_word_begins(struct str text, size_t at, uint32_t edge);

/* Without case and decomposed: 1 to FOLDED_MAX code points. */
#define FOLDED_MAX 8
unsigned read_fold(uint32_t cp, uint32_t out[FOLDED_MAX]);

#endif
