/*
 * bits: small numbers, each in the same number of bits.
 *
 * Number i of width w is the bits i*w and following of a string of bits that
 * starts with the lowest bit of the first byte.  Readers load more bytes than
 * they need: there must be BITS_PADDING readable ones behind the packed ones.
 */
#ifndef STORE_BITS_H
#define STORE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define BITS_WIDTH_MAX 56
#define BITS_PADDING 16

static inline uint64_t
bits_load(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? v : __builtin_bswap64(v);
}

static inline void
bits_save(uint8_t *p, uint64_t v)
{
	v = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? v : __builtin_bswap64(v);
	memcpy(p, &v, sizeof(v));
}

static inline uint64_t
bits_mask(unsigned width)
{
	return (UINT64_C(1) << width) - 1;
}

/* Bits that hold 0 to max. */
static inline unsigned
bits_width(uint64_t max)
{
	return max ? 64 - (unsigned)__builtin_clzll(max) : 0;
}

static inline size_t
bits_bytes(size_t n, unsigned width)
{
	return (n * width + 7) / 8;
}

/* Whether the last byte of n packed numbers is filled up with zeros. */
static inline bool
bits_clean(const uint8_t *p, size_t n, unsigned width)
{
	size_t bits = n * width;

	return bits % 8 == 0 || p[bits / 8] >> bits % 8 == 0;
}

/* Number i alone. */
static inline uint64_t
bits_get(const uint8_t *p, size_t i, unsigned width)
{
	size_t bit = i * width;

	return bits_load(p + bit / 8) >> bit % 8 & bits_mask(width);
}

static inline bool
bit_test(const uint8_t *map, size_t i)
{
	return map[i / 8] >> i % 8 & 1;
}

/* How many of the first n bits are set. */
static inline uint32_t
bits_ones(const uint8_t *map, uint32_t n)
{
	uint32_t ones = 0, i = 0;

	for (; i + 64 <= n; i += 64)
		ones += (uint32_t)__builtin_popcountll(bits_load(map + i / 8));
	for (; i < n; i++)
		ones += bit_test(map, i);
	return ones;
}

/* Appends numbers one after the other.  The place must have room for all
 * bytes and BITS_PADDING more. */
struct bits_writer {
	uint8_t *p;
	uint64_t pending;
	unsigned n; /* bits pending, below 8 between calls */
};

static inline void
bits_put(struct bits_writer *w, uint64_t v, unsigned width)
{
	w->pending |= v << w->n;
	w->n += width;
	bits_save(w->p, w->pending);
	w->p += w->n / 8;
	w->pending >>= w->n & ~7u;
	w->n %= 8;
}

/* Packs n numbers to the end of b. */
void bits_pack32(struct buf *b, const uint32_t *v, size_t n, unsigned width);

/* Unpacks n numbers and adds `plus`; width at most 8, 16, 32 and
 * BITS_WIDTH_MAX.  One that overflows may spoil others. */
void bits_unpack8(uint8_t *out, const uint8_t *p, size_t n, unsigned width, uint8_t plus);
void bits_unpack16(uint16_t *out, const uint8_t *p, size_t n, unsigned width, uint16_t plus);
void bits_unpack32(uint32_t *out, const uint8_t *p, size_t n, unsigned width, uint32_t plus);
void bits_unpack64(uint64_t *out, const uint8_t *p, size_t n, unsigned width);

#endif
