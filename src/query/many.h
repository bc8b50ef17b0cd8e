/*
 * many: several filters over the same events, each segment opened once.
 *
 * What one filter had decoded of a segment is there for the next, and a
 * segment in whose dictionaries a filter can find nothing costs it no more
 * than that look.  Events are told as threads come upon them, in no order.
 *
 * In: a store and filters.   Out: which event matches which.
 */
#ifndef QUERY_MANY_H
#define QUERY_MANY_H

#include "query/query.h"

/* One of the filters. */
struct many_filter {
	const struct filter *filter;
	int64_t since;    /* events of before are not told; TIME_MIN: all are */
	field_set fields; /* that the caller looks at */
};

#define MANY_THREADS_MAX 8

struct many_options {
	const struct many_filter *filter;
	size_t n;
	uint64_t first, end; /* seqs: first <= seq < end */
	struct pool *pool;   /* NULL: one thread */
	int (*go_on)(struct err *e);
	void *arg;
	/*
	 * Event seq matches the filter of this number.  Called on several
	 * threads, told apart by a number below MANY_THREADS_MAX; ev is borrowed
	 * for the call.
	 */
	int (*match)(void *arg, size_t thread, size_t filter, const struct event *ev, uint64_t seq, struct err *e);
	/*
	 * Asked on a thread before the matches of a segment: how much it was
	 * told.  When the segment is gone in the middle of it, the thread goes
	 * back to there, and is told them again.
	 */
	size_t (*mark)(void *arg, size_t thread);
	void (*back)(void *arg, size_t thread, size_t mark);
};

/* stats.matched counts matches, of all filters.  0 or -1. */
int query_many(struct store *st, const struct many_options *o, struct query_stats *stats, struct err *e);

#endif
