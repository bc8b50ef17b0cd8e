/*
 * runs: a set of sequence numbers as maximal runs, ascending, each written as
 * (gap, length) varints: gap counted from the end of the run before, from 0
 * for the first.  What the tables `removal` and `hold` list, and what a prune
 * is told to remove.
 */
#ifndef BASE_RUNS_H
#define BASE_RUNS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/hash.h"

#define RUNS_END (UINT64_C(1) << 48) /* no seq is as great */

/* ---- making ---- */

struct runs { /* starts as {0} */
	struct buf list;         /* of the runs that are over; complete after runs_end */
	uint64_t count;          /* seqs in it */
	uint64_t first, last;    /* of all; valid when count > 0 */
	uint64_t open, length;   /* the run at work; length 0: none */
	uint64_t end;            /* of the run that was written last */
};

/* Ascending, never overlapping; neighbours become one run. */
void runs_add(struct runs *r, uint64_t first, uint64_t count);
/* Writes the last one; adding goes on behind a gap only. */
void runs_end(struct runs *r);
void runs_fini(struct runs *r);

/* ---- reading ---- */

struct runs_reader {
	const uint8_t *p, *limit;
	uint64_t first, end;     /* of the run read last: [first, end) */
	bool any;
};

void runs_read(struct runs_reader *r, struct str list); /* list stays borrowed */
/* 1 with first and end, 0 behind the last, -1: no such list. */
int runs_next(struct runs_reader *r);
/* Whether seq is in the set.  Asked in ascending order; what is no such list
 * ends there. */
bool runs_has(struct runs_reader *r, uint64_t seq);
/* Moves on to the first run that ends behind seq: as runs_next; stays when the
 * run at hand does. */
int runs_skip(struct runs_reader *r, uint64_t seq);

/* The digest of integrity definitions 3: H of `u64 first || u64 count` of each
 * run.  -1: no such list. */
int runs_digest(struct str list, struct hash *out);

#endif
