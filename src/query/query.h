/*
 * query: a filter over the store: events in order of time, counts.
 *
 * A filter is evaluated on dictionaries first, then on codes, then on the few
 * texts left.  Events come out by event time, ties by seq; segments that
 * overlap in time are merged, so that the newest 100 read little.
 *
 * In: a store and a filter.   Out: events, one at a time.
 */
#ifndef QUERY_QUERY_H
#define QUERY_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"
#include "event/event.h"
#include "event/summary.h"
#include "filter/filter.h"
#include "store/store.h"

struct query_options {
	const struct filter *filter;
	bool oldest_first;
	uint64_t limit;    /* 0: none */
	field_set fields;  /* that the caller will look at; 0: all */
	struct pool *pool; /* NULL: one thread */
	/* Asked now and then, from any thread: 0, or -1 with an error to stop with; may be NULL. */
	int (*go_on)(struct err *e);
};

struct query_stats {
	uint64_t segments_read, segments_skipped, rows_examined, matched;
};

struct query;

struct query *query_open(struct store *st, const struct query_options *o, struct err *e);
void query_close(struct query *q);
/* 1: *ev and *seq are the next event, borrowed until the next call; 0: no
 * more; -1. */
int query_next(struct query *q, const struct event **ev, uint64_t *seq, struct err *e);
void query_stats(const struct query *q, struct query_stats *s);

/* How many match; lines are not built. */
int query_count(struct store *st, const struct query_options *o, uint64_t *count,
    struct query_stats *stats, struct err *e);

/* Adds every matching event to a summary, from dictionary counts where a
 * whole segment matches. */
int query_summary(struct store *st, const struct query_options *o, struct summary *sum,
    struct query_stats *stats, struct err *e);

/* Both over files of JSON lines ("-": standard input), in one pass that keeps
 * no line.  sum may be NULL. */
int query_sum_lines(const char *const *path, size_t n, const struct query_options *o,
    struct summary *sum, struct query_stats *stats, uint64_t *faulty, struct err *e);

/* Whether the store can answer for the filter's window: false when the stated
 * window overlaps what was pruned. */
int query_covered(struct store *st, const struct filter *f, bool *covered, struct err *e);

/* Lines instead of a store: events of a file in memory order, filtered and
 * sorted like query_next.  Faulty lines are counted, not stored. */
struct query *query_open_lines(const char *const *path, size_t n, const struct query_options *o,
    uint64_t *faulty, struct err *e);

#endif
