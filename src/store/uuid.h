/*
 * uuid: UUIDs as two big-endian numbers, and without the bits that many of
 * them have in common.  Private to store/.
 */
#ifndef STORE_UUID_H
#define STORE_UUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/bits.h"

#define UUID_LEN 16
#define UUID_TEXT_LEN 36

/* Exactly 8-4-4-4-12 lower-case digits, as two big-endian numbers. */
bool uuid_parse(const char *p, size_t len, uint64_t out[2]);
void uuid_format(uint64_t high, uint64_t low, char *text); /* UUID_TEXT_LEN bytes */

/* 8 bytes of a UUID: where the differing bits go. */
struct uuid_run {
	uint64_t mask; /* as many bits as the run has, from bit 0 */
	uint8_t from, to;
};
struct uuid_half {
	uint64_t common;
	unsigned width; /* bits that differ */
	unsigned runs;
	struct uuid_run run[32];
};

void uuid_half_init(struct uuid_half *h, uint64_t differing, uint64_t common);

static inline uint64_t
uuid_half_pack(const struct uuid_half *h, uint64_t v)
{
	uint64_t out = 0;

	for (unsigned i = 0; i < h->runs; i++)
		out |= (v >> h->run[i].from & h->run[i].mask) << h->run[i].to;
	return out;
}

static inline uint64_t
uuid_half_unpack(const struct uuid_half *h, uint64_t packed)
{
	uint64_t v = h->common;

	for (unsigned i = 0; i < h->runs; i++)
		v |= (packed >> h->run[i].to & h->run[i].mask) << h->run[i].from;
	return v;
}

/* Writes and reads up to 64 bits. */
static inline void
uuid_half_put(struct bits_writer *w, uint64_t v, unsigned width)
{
	unsigned low = width < 32 ? width : 32;

	bits_put(w, v & bits_mask(low), low);
	if (width > 32)
		bits_put(w, v >> 32, width - 32);
}

static inline uint64_t
uuid_half_get(const uint8_t *p, size_t bit, unsigned width)
{
	unsigned low = width < 32 ? width : 32;
	uint64_t v = bits_load(p + bit / 8) >> bit % 8 & bits_mask(low);

	if (width > 32)
		v |= (bits_load(p + (bit + 32) / 8) >> bit % 8 & bits_mask(width - 32)) << 32;
	return v;
}

#endif
