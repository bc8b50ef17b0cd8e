/*
 * follow: events as they arrive.
 *
 * First the newest of what is there, then everything that is committed from
 * then on, each once, in order of arrival, whatever happens to the segments
 * meanwhile.  Between commits it sleeps.
 *
 * In: a store and a filter.   Out: events, until someone has enough.
 */
#ifndef QUERY_FOLLOW_H
#define QUERY_FOLLOW_H

#include "query/query.h"

struct follow_options {
	/* Filter, fields, pool, go_on and now; `after` to go on where an arrival
	 * query left off.  Order and limit are not looked at. */
	const struct query_options *query;
	uint64_t earlier; /* so many of the newest events of before come first; not with `after` */
	int64_t timeout;  /* microseconds for the whole; negative: for ever */
	void *arg;
	/* An event, borrowed.  1: that was enough; -1 and an error. */
	int (*event)(void *arg, const struct event *ev, uint64_t seq, bool earlier, struct err *e);
	/* Everything there is was given: the moment to flush.  Also about once a
	 * second while nothing comes, and at the end, also when go_on stops it in
	 * the middle.  `end` is where to go on.  1: enough; -1. */
	int (*pause)(void *arg, const struct query_cursor *end, struct err *e);
};

/* 0: someone had enough, or the time is over; -1.  *stats is of all queries. */
int query_follow(struct store *st, const struct follow_options *o, struct query_stats *stats, struct err *e);

#endif
