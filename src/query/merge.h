/*
 * merge: events of many feeds in one order.  Private to query/.
 *
 * In: segments that may hold events, lines.   Out: events, one at a time.
 */
#ifndef QUERY_MERGE_H
#define QUERY_MERGE_H

#include "query/heap.h"
#include "query/waiting.h"

#define ROUND_MAX 16 /* feeds that work at a time */

#define MERGE_BUSY 2

struct merge {
	struct store *st;
	struct query_options opts;
	struct feed_scan scan;
	struct crew *crew;
	struct waiting waiting;        /* feeds whose next event is not known */
	struct heap heap;              /* those whose next event is known */
	struct feed *round[ROUND_MAX]; /* those at work */
	size_t n_round;
	size_t ahead;      /* how many of those waiting may be in a round */
	struct best found; /* the first `limit` of all rows seen, when cutting */
	bool cutting;
	uint64_t given;    /* events */
	struct place last; /* of the newest given, here or on the page before */
	bool begun;        /* last is valid */
	bool out;          /* the event given is still at the top of the heap */
	bool busy;         /* rows that were given are being made into text */
	uint64_t low, high; /* seqs of segments that it is about */
	struct lines *lines; /* NULL: none */
	struct event event;
	struct query_stats stats;
};

/* st may be NULL when there are only lines. */
void merge_init(struct merge *m, struct store *st, const struct query_options *o);
void merge_fini(struct merge *m);

/* Only what comes behind this place. */
void merge_begin_behind(struct merge *m, struct place p);
/* The seqs from low to high of these segments. */
void merge_add_segments(struct merge *m, const struct segment_info *list, size_t n, uint64_t low, uint64_t high);
/* What was kept of them; borrowed. */
void merge_add_lines(struct merge *m, struct lines *l);

/*
 * 1: m->event is the next event, at m->last; 0: no more, or the limit; -1.
 * With opts.text there is no event, unless the feed at the top has lines, but a
 * text in its copies, or a row to be made into one; while they are made
 * (m->busy), MERGE_BUSY says that it must first be done with.
 */
int merge_next(struct merge *m, struct err *e);

/* Whose event was given, by merge_next's last 1. */
static inline struct feed *
merge_feed(const struct merge *m)
{
	return m->heap.item[0];
}

/* Begins anew behind `last`, or where it began when NULL, as if so many events
 * had been given. */
int merge_again(struct merge *m, const struct place *last, uint64_t given, struct err *e);

#endif
