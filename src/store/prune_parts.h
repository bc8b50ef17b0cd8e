/*
 * prune: what the files of the prune share.  Private to store/.
 */
#ifndef STORE_PRUNE_PARTS_H
#define STORE_PRUNE_PARTS_H

#include "store/internal.h"

/* Which rows of a segment go. */
struct doomed {
	uint8_t *row; /* 1: goes; yours */
	uint32_t count;
	int64_t oldest, newest; /* TIME_NONE when none */
};
/* d->row is to be freed after -1 too. */
int prune_doom(const struct stored *s, int64_t cutoff, struct doomed *d, struct err *e);

/* Adds what goes of a segment, and of the tail, to a plan. */
void prune_plan_add(struct cutoff_plan *p, const struct segment_meta *m, const struct doomed *d);
int prune_plan_tail(struct store *st, struct cutoff_plan *p, struct err *e);

/* The seqs that a transaction removes, as maximal runs: what its record has
 * the digest of, and what the removal table lists. */
struct removed_runs {
	uint64_t events, first_seq, last_seq;
	uint64_t run_first, run_count; /* not put yet */
	uint64_t end;                  /* of the run that was put last */
	struct buf list;               /* (gap, length) varints */
	struct hasher digest;
};
void removed_runs_init(struct removed_runs *r);
/* Ascending. */
void removed_runs_add(struct removed_runs *r, uint64_t first, uint64_t count);
/* The last one is put too. */
void removed_runs_end(struct removed_runs *r, struct hash *digest);
void removed_runs_fini(struct removed_runs *r);

/* Doomed rows of a segment go and leave the hashes that cover them; the others
 * become a new segment.  In the open transaction. */
int prune_rows(struct store *st, struct state *state, struct removed_runs *removed, struct stored *s,
    const struct doomed *d, struct err *e);
/* The same of a segment that is a whole cell, of which all goes. */
int prune_cell(struct store *st, struct removed_runs *removed, struct stored *s, struct err *e);

#endif
