/*
 * dictionary_list: the list inside a dictionary piece while it is read: how
 * often each value occurs, what it shares with the value before, and the rest
 * of it.  Private to store/.
 */
#ifndef STORE_DICTIONARY_LIST_H
#define STORE_DICTIONARY_LIST_H

#include "store/column.h"

/* Where reading stands in a list whose numbers were checked. */
struct dictionary_cursors {
	const uint8_t *counts, *shared, *rest; /* numbers */
	const uint8_t *bytes;                  /* of the rests */
};

/* Unpacks and checks a list: numbers, what they add up to, and that there are
 * as many bytes as they say; *total is the length of all values.  The list is
 * in the piece or in made, with BITS_PADDING behind. */
int dictionary_walk(enum field f, const struct dictionary_head *h, uint32_t rows, struct codec *codec,
    struct buf *made, struct dictionary_cursors *at, size_t *total, struct err *e);

/* The next of numbers that were checked. */
static inline uint32_t
dictionary_number(const uint8_t **p)
{
	uint32_t v = *(*p)++;

	for (unsigned shift = 7; v >> shift != 0; shift += 7)
		v = (v & ((1u << shift) - 1)) | (uint32_t)*(*p)++ << shift;
	return v;
}

/* How many bytes two values have in common at the front. */
static inline size_t
dictionary_shared(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len, i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t differ = bits_load((const uint8_t *)a.p + i) ^ bits_load((const uint8_t *)b.p + i);
		if (differ) /* the lowest byte is the first */
			return i + (size_t)__builtin_ctzll(differ) / 8;
	}
	while (i < n && a.p[i] == b.p[i])
		i++;
	return i;
}

/* Whether a value may follow that takes `front` bytes from the one before and
 * has `back` at `rest`: what follows the shared bytes must be greater than what
 * did.  Only the first value of all may be empty. */
static inline bool
dictionary_follows(struct str before, size_t front, size_t back, const uint8_t *rest, bool first)
{
	if (front < before.len)
		return back > 0 && rest[0] > (uint8_t)before.p[front];
	return front == before.len && (back > 0 || first);
}

#define DICTIONARY_CHUNK 16
#define DICTIONARY_SLACK 32 /* bytes behind a value that may be read, and written to */

/* memcpy in whole chunks; DICTIONARY_CHUNK - 1 bytes more are read and written. */
static inline void
dictionary_copy(char *to, const char *from, size_t n)
{
	for (size_t i = 0; i < n; i += DICTIONARY_CHUNK) {
		char chunk[DICTIONARY_CHUNK];
		memcpy(chunk, from + i, sizeof(chunk));
		memcpy(to + i, chunk, sizeof(chunk));
	}
}

/* Puts a value together.  Most have a short front: it is copied without asking
 * for its length, which nobody could foretell. */
static inline struct str
dictionary_make(char *to, struct str before, size_t front, const uint8_t *rest, size_t back)
{
	if (front > 0) {
		char chunk[DICTIONARY_SLACK];
		memcpy(chunk, before.p, sizeof(chunk));
		memcpy(to, chunk, sizeof(chunk));
	}
	if (front > DICTIONARY_SLACK)
		dictionary_copy(to + DICTIONARY_SLACK, before.p + DICTIONARY_SLACK, front - DICTIONARY_SLACK);
	dictionary_copy(to + front, (const char *)rest, back);
	return (struct str){ to, front + back };
}

#endif
