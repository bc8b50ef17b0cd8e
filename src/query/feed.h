/*
 * feed: one segment, or lines, from which a query takes events in its order.
 * Private to query/.
 *
 * A feed knows the next few of its matching rows by their places, and once they
 * are due has copies of the events, or their texts.  In between it need not
 * hold the segment: many segments may overlap in time, and the memory of a
 * query does not grow with the store.
 *
 * In: a segment and a filter.   Out: events of it, in order.
 */
#ifndef QUERY_FEED_H
#define QUERY_FEED_H

#include "base/pool.h"
#include "query/lines.h"
#include "query/only.h"
#include "query/order.h"
#include "query/packed.h"
#include "store/match.h"
#include "store/store.h"

struct feed {
	struct segment_info info;
	uint64_t low, high;    /* seqs taken from it, both included */
	struct place bound;    /* nothing that it will give comes before */
	struct place after;    /* what was taken: only what is behind it is left */
	bool begun;            /* after is valid */
	struct lines *lines;   /* no segment: all its rows are known from the start */

	bool matched;          /* the filter was asked */
	uint64_t *bits;        /* rows that match; NULL: all, or none with `empty` */
	bool empty;
	struct stored *stored; /* NULL: not open now */
	struct line_maker *lines_of; /* it, once lines are to be made; or NULL */
	bool keep;             /* it may stay open */
	bool lost;             /* it was replaced in the store: look for its seqs anew */

	struct ranked *row;    /* the next ones, in order */
	uint32_t rows, at;
	bool more;             /* there are others behind them */
	bool cut;              /* these are behind `bound` */
	uint32_t ready;        /* events of the rows from `at` to here can be given: */
	struct packed packed;  /* those copied */
	bool direct;           /* others are read from the open segment */
	size_t event_bytes;    /* that one took there; 0: not known yet */
	uint64_t mark, gave;   /* events that the query had given when it last copied, and
	                        * that this feed gave since */

	/* What it is to do next. */
	size_t want_rows;      /* know so many */
	size_t want_bytes;     /* copy about so many of events; 0: none, */
	size_t early_bytes;    /* unless all that it will give are few, or no more than that */
};

/* What feeds share in one query; read only while they work. */
struct feed_scan {
	struct store *st;
	const struct filter *filter;
	const struct only *only; /* NULL: all seqs */
	enum query_order order;
	field_set fields;
	const struct event_writer *text; /* NULL: events */
	bool cut;              /* nothing behind `last` will be asked for */
	struct place last;
	struct pool *pool;
	int (*go_on)(struct err *e);
};

static inline struct place
feed_head(const struct feed *s)
{
	return s->row[s->at].place;
}

/* Whether the event at the head can be given now. */
static inline bool
feed_is_ready(const struct feed *s)
{
	return s->lines != NULL || s->ready > s->at;
}

/* How many events about fit into want_bytes; at least 1. */
uint32_t feed_fits(const struct feed *s);

void feed_free(struct feed *s); /* NULL is fine */
/* Closes the segment, and it is not kept; what was copied of it stays. */
void feed_close(struct feed *s);
/* The event at the head, which is ready; borrowed until the feed moves on.
 * -1, with `lost` when the segment was replaced. */
int feed_event(struct feed *s, field_set fields, struct event *out, struct err *e);

/* Several threads that work on feeds, each with its own matcher. */
struct crew;
struct crew *crew_new(const struct feed_scan *scan); /* scan stays borrowed */
void crew_free(struct crew *c); /* NULL is fine */

/*
 * Lets each of the feeds do what it wants, and comes back when all have.
 * err[i] is set for each: what failed of feed i, or ERR_OK; a feed whose segment
 * was replaced is `lost`, without an error.
 */
void crew_work(struct crew *c, struct feed **s, size_t n, struct err *err);

#endif
