/*
 * scan: the events of a store that match, for those who only count them.
 *
 * Segments are shared out to the pool's threads; each thread has its own
 * matcher and its own sums, which are put together at the end.  A segment that
 * is replaced while it is read is looked for again.  Private to query/.
 */
#ifndef QUERY_SCAN_H
#define QUERY_SCAN_H

#include "base/bitmap.h"
#include "query/query.h"
#include "store/segment.h"

/* The rows of a segment that matched: bits, or all of them when NULL. */
struct chosen {
	struct stored *s;
	const uint64_t *bits;
	uint32_t n;       /* rows of the segment */
	uint32_t matched; /* at least 1 */
};

static inline bool
chosen_has(const struct chosen *c, uint32_t row)
{
	return c->bits == NULL || bitmap_has(c->bits, row);
}

/* The first chosen row from `row` on, or n. */
static inline uint32_t
chosen_next(const struct chosen *c, uint32_t row)
{
	if (c->bits == NULL)
		return row < c->n ? row : c->n;
	return (uint32_t)bitmap_next(c->bits, row, c->n);
}

/* How many chosen rows have each code; one after the other. */
struct code_counts {
	uint32_t *n;
	size_t cap;
};

/* Of a dictionary column; absent ones have code 0.  Borrowed from the column or
 * from the room, until either is used anew; NULL with an error. */
const uint32_t *code_counts_of(struct code_counts *room, const struct chosen *c, enum field f,
    const struct column *col, struct err *e);
void code_counts_fini(struct code_counts *room);

/* What is done with what matches; with no `start` it is only counted. */
struct scan_use {
	void *arg;
	void *(*start)(void *arg); /* the sums of one thread */
	/*
	 * A segment with chosen rows.  Columns are read first, then *adding is
	 * set and the sums change: an error before that may be no error but a
	 * segment that moved, and the call is made again for where it went.
	 */
	int (*segment)(void *sums, const struct chosen *c, bool *adding, struct err *e);
	/* An event of the tail. */
	int (*event)(void *sums, const struct event *ev, struct err *e);
	/* Does what one thread's sums have put off, each thread its own; may be NULL. */
	int (*settle)(void *sums, struct err *e);
	/* Ends one thread's sums: adds them to the whole unless something failed. */
	void (*finish)(void *sums, bool failed);
};

int scan_store(struct store *st, const struct query_options *o, const struct scan_use *use,
    struct query_stats *stats, struct err *e);

#endif
