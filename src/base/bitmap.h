/*
 * bitmap: a bit for each of some small numbers, such as the rows of a segment
 * or the leaves of a cell; 64 of them a word, the lowest bit first.
 */
#ifndef BASE_BITMAP_H
#define BASE_BITMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BITMAP_WORDS(n) (((n) + 63) / 64)

static inline bool
bitmap_has(const uint64_t *map, size_t i)
{
	return map[i / 64] >> i % 64 & 1;
}

static inline void
bitmap_add(uint64_t *map, size_t i)
{
	map[i / 64] |= UINT64_C(1) << i % 64;
}

static inline void
bitmap_drop(uint64_t *map, size_t i)
{
	map[i / 64] &= ~(UINT64_C(1) << i % 64);
}

/* Sets the first n bits and clears the rest of the last word. */
static inline void
bitmap_fill(uint64_t *map, size_t n)
{
	memset(map, 0xff, BITMAP_WORDS(n) * sizeof(*map));
	if (n % 64 != 0)
		map[n / 64] = (UINT64_C(1) << n % 64) - 1;
}

/* How many are set; behind the first n there are none in the last word. */
static inline uint32_t
bitmap_count(const uint64_t *map, size_t n)
{
	uint32_t count = 0;

	for (size_t w = 0; w < BITMAP_WORDS(n); w++)
		count += (uint32_t)__builtin_popcountll(map[w]);
	return count;
}

/* The first that is set, of those from i to n; n when none is. */
static inline size_t
bitmap_next(const uint64_t *map, size_t i, size_t n)
{
	for (; i < n; i = (i / 64 + 1) * 64) {
		uint64_t left = map[i / 64] >> i % 64;

		if (left != 0)
			return i + (size_t)__builtin_ctzll(left);
	}
	return n;
}

#endif
