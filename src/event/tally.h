/*
 * tally: how counts by value are kept.  Private to event/; others use
 * summary.h.
 */
#ifndef EVENT_TALLY_H
#define EVENT_TALLY_H

#include "event/summary.h"

/* A value with its count: what a look-up touches lies together. */
struct tally_record {
	uint64_t count;
	uint32_t len;
	uint32_t place;
	char bytes[]; /* and a NUL */
};

struct tally_slot {
	uint32_t hash;
	uint32_t at; /* of the record; 0: free */
};

/* Records stay where they are, in blocks.  They are told by a number of 32
 * bits: that of the block, and the place in it in units of 8 bytes. */
#define TALLY_UNIT 8
#define TALLY_BLOCK (256u << 10)
#define TALLY_BLOCK_UNITS (TALLY_BLOCK / TALLY_UNIT)

struct tally {
	uint64_t secret;
	struct tally_slot *slot;
	size_t slots;   /* a power of two */
	uint32_t *at;   /* of the records, by place */
	size_t n, cap;
	char **block;   /* of TALLY_BLOCK bytes; longer for a longer record alone */
	size_t blocks, block_cap;
	size_t used;    /* blocks with records; the last of them has */
	size_t room;    /* bytes behind */
	uint32_t end;   /* where the next record goes */
	size_t bytes;   /* of the values */
};

static inline struct tally_record *
tally_record(const struct tally *t, uint32_t at)
{
	return (struct tally_record *)(void *)(t->block[at / TALLY_BLOCK_UNITS] +
	    (size_t)(at % TALLY_BLOCK_UNITS) * TALLY_UNIT);
}

static inline struct tally_entry
tally_entry(const struct tally *t, size_t place)
{
	const struct tally_record *r = tally_record(t, t->at[place]);

	return (struct tally_entry){ { r->bytes, r->len }, r->count };
}

#endif
