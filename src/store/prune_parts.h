/*
 * prune: what the files of the prune share.  Private to store/.
 *
 *   prune_plan.c    a plan: segments shared out to threads, the tail
 *   prune_judge.c   rules and holds over one segment, or one event
 *   prune.c         transactions that remove them, and their records
 *   prune_remove.c  what stays of the rows of a segment
 *   prune_hashes.c  the hashes of its cell
 */
#ifndef STORE_PRUNE_PARTS_H
#define STORE_PRUNE_PARTS_H

#include "store/holds.h"

/* Of event times; TIME_NONE is none. */
int64_t prune_earlier(int64_t a, int64_t b);
int64_t prune_later(int64_t a, int64_t b);
/* What happened later is never removed. */
int64_t prune_floor(void);

/* Which rows of a segment go. */
struct doomed {
	uint64_t bits[MATCH_WORDS];
	uint32_t count;
	int64_t oldest, newest; /* event times; TIME_NONE when none */
};

/*
 * Doomed rows go and leave the hashes that cover them; the others become a new
 * segment.  In the open transaction; seqs are added to `removed`.
 * ERR_INTEGRITY: rows are not those whose hashes are kept, or a salt is gone.
 */
int prune_rows(struct store *st, struct state *state, struct runs *removed, struct stored *s, const struct doomed *d,
    struct pool *pool, struct err *e);
/* The same of a segment that is a whole cell, of which all goes. */
int prune_cell(struct store *st, struct runs *removed, struct stored *s, struct err *e);

#endif
