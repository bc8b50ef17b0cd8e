/*
 * find: where a text stands in many bytes, as they are or without case (ASCII
 * letters only).
 *
 * Two bytes of the text, the rarest by what logs are made of, are looked for
 * many places at a time; where both are, the whole is compared.
 */
#ifndef BASE_FIND_H
#define BASE_FIND_H

#include "base/bytes.h"
#include "base/simd.h"

#define FIND_MAX 64 /* bytes of a text: more would let repetitive bytes cost a compare each */

struct finder {
	struct str text; /* borrowed */
	bool nocase;
	size_t first;    /* where in the text the pair begins */
	struct simd_pair pair;
};

/* text: 1 to FIND_MAX bytes, in lower case (ASCII) with nocase. */
void find_init(struct finder *f, struct str text, bool nocase);

/* The first place at `from` or behind it, in.len when there is none. */
size_t find_next(const struct finder *f, struct str in, size_t from);

#endif
