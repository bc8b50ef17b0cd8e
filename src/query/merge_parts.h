/*
 * merge_parts: what the files of a merge share.  Private to merge*.c.
 *
 * merge.c is the door and gives one event after the other, merge_segments.c
 * knows which segments it is about, merge_round.c lets feeds work, and
 * merge_plan.c says how much each of them is to do.
 */
#ifndef QUERY_MERGE_PARTS_H
#define QUERY_MERGE_PARTS_H

#include "query/merge.h"

/* Negative: a comes first. */
static inline int
merge_compare(const struct merge *m, struct place a, struct place b)
{
	return place_compare(m->opts.order, a, b);
}

/* How many events may still be given. */
static inline uint64_t
merge_needed(const struct merge *m)
{
	return m->opts.limit > 0 ? m->opts.limit - m->given : UINT64_MAX;
}

/* ---- merge_segments.c ---- */

/* Feeds for the seqs from low to high, of the segments that the store has now. */
int merge_look_again(struct merge *m, uint64_t low, uint64_t high, struct err *e);
/* The same for the seqs of a feed whose segment was merged or pruned. */
int merge_replace(struct merge *m, struct feed *take_gone, struct err *e);

/* ---- merge_plan.c ---- */

/* The feed works in the next round: it looks for rows, and with `copy` it
 * copies events of them. */
void merge_join(struct merge *m, struct feed *take_feed, bool copy);
/* Closes segments whose columns take too much memory together. */
void merge_close_large(struct merge *m);

/* ---- merge_round.c: each lets some feeds work, 0 or -1 ---- */

/* The first of those waiting is due, and new. */
int merge_open_due(struct merge *m, struct err *e);
/* It is due, and gave all it knew. */
int merge_go_on_due(struct merge *m, struct err *e);
/* The top of the heap knows its event's place, but has no copy of it. */
int merge_work_on_top(struct merge *m, struct err *e);

#endif
