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
#include "event/event_writer.h"
#include "event/summary.h"
#include "filter/filter.h"
#include "store/store.h"

enum query_order {
	QUERY_NEWEST, /* by event time, newest first */
	QUERY_OLDEST, /* by event time, oldest first */
	QUERY_ARRIVAL /* by seq: the order of commit */
};

/*
 * Where an answer was left off: enough to go on with exactly the events that
 * would have come next.  `now` is what relative times of the filter were
 * resolved with: a page is asked with the same.
 */
struct query_cursor {
	uint8_t store[16];     /* store_id */
	uint8_t filter[8];     /* of the canonical expression */
	enum query_order order;
	int64_t now;
	uint64_t size;         /* of the log when paging began: later events are not shown;
	                        * QUERY_ARRIVAL: how far was read */
	uint64_t removals;     /* generation when it was given */
	bool begun;            /* some event was given; the last one: */
	int64_t time;
	uint64_t seq;
};

/* As text: letters, digits, - and _; a check inside tells a damaged one. */
void query_cursor_format(struct buf *out, const struct query_cursor *c);
/* ERR_FAIL: no cursor, or cut off or mistyped. */
int query_cursor_parse(const char *text, struct query_cursor *out, struct err *e);
/* ERR_FAIL when it is another store's, another filter's (f is resolved with
 * c->now) or another order's: three messages; a fourth when the store has had
 * fewer events than the cursor knows (an older copy of it). */
int query_cursor_check(const struct query_cursor *c, struct store *st, const struct filter *f, enum query_order order,
    struct err *e);

extern const struct event_writer query_canonical; /* canonical lines */

struct query_options {
	const struct filter *filter;
	enum query_order order;
	const struct query_cursor *after; /* go on behind it; NULL: from the start; store only */
	int64_t now;       /* for the cursor: what the filter was resolved with */
	uint64_t first_seq; /* only events from this seq on; 0: all; store only */
	const struct str *only; /* only events whose seq is in this list of runs (base/runs.h);
	                         * NULL: all; store only */
	uint64_t limit;    /* 0: none */
	field_set fields;  /* that the caller will look at; 0: all */
	const struct event_writer *text; /* query_texts is asked, and not query_next; NULL: the
	                                * other way round; store only */
	struct pool *pool; /* NULL: one thread */
	/* Asked now and then, from any thread: 0, or -1 with an error to stop with; may be NULL. */
	int (*go_on)(struct err *e);
};

struct query_stats {
	uint64_t segments_read, segments_skipped, rows_examined, matched;
};

/* The lines of files that are no events. */
struct query_faulty {
	uint64_t lines;
	/* Of the first of them: */
	const char *path;       /* borrowed from the caller's paths */
	uint64_t line;          /* of this file, from 1 */
	enum event_fault fault;
};

struct query;

struct query *query_open(struct store *st, const struct query_options *o, struct err *e);
void query_close(struct query *q);
/* 1: *ev and *seq are the next event, borrowed until the next call; 0: no
 * more; -1, also when a pattern took too long on some value: then an event may
 * be missing in what was given. */
int query_next(struct query *q, const struct event **ev, uint64_t *seq, struct err *e);

/* The same events, many at a time, as text. */
struct query_text_end {
	uint64_t seq; /* of the event */
	size_t end;   /* where its text ends */
};
struct query_texts {
	struct str bytes; /* of all of them */
	const struct query_text_end *event;
	size_t n;         /* at least 1 */
};
/* As query_next; borrowed until the next call.  Threads go on reading from the
 * store between calls, so that until query_close nothing else may be done with
 * this handle of it. */
int query_texts(struct query *q, struct query_texts *out, struct err *e);

void query_stats(const struct query *q, struct query_stats *s);
/* Where to go on behind the last event that was given; store only.
 * QUERY_ARRIVAL: once query_next or query_texts said 0 without reaching the limit, all that
 * the log had is behind it, matching or not. */
void query_cursor(const struct query *q, struct query_cursor *out);
/* The event at which `after` stood is no longer there: pruned meanwhile. */
bool query_position_gone(const struct query *q);

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
    struct summary *sum, struct query_stats *stats, struct query_faulty *faulty, struct err *e);

/* The same, each event into the summary of the side, or sides, that its time is in. */
struct query_side {
	int64_t since, until;
	struct summary *sum;
};
int query_sum_sides(const char *const *path, size_t n, const struct query_options *o, const struct query_side *side,
    size_t sides, struct query_stats *stats, struct query_faulty *faulty, struct err *e);

/* The values of one field or path with their counts, from dictionaries where
 * there are some: an event counts once for each different value it has.  Of
 * several, the values that they have together: groups as a summary has them.
 * ERR_FAIL when there are more of them than TALLY_BYTES_MAX holds; the same
 * for the groups of a summary. */
int query_facet(struct store *st, const struct query_options *o, const struct selector *field, size_t fields,
    struct tally *t, struct query_stats *stats, struct err *e);
int query_facet_lines(const char *const *path, size_t n, const struct query_options *o, const struct selector *field,
    size_t fields, struct tally *t, struct query_stats *stats, struct query_faulty *faulty, struct err *e);

/* Whether the store can answer for the filter's window: false when the stated
 * window overlaps what was pruned. */
int query_covered(struct store *st, const struct filter *f, bool *covered, struct err *e);

/* A source that was silent for longer than it usually is (the rule is in
 * query/silence.h). */
struct silence {
	struct str source;  /* in the coverage's arena; empty: events without one */
	int64_t from, until; /* of the gap, inside the window; until is its end when
	                      * the source did not speak again */
	int64_t usual;      /* what nearly all its gaps stay below, microseconds */
};

/* How far an answer can be trusted: what of the asked window is not, or may
 * not be, in the store. */
struct coverage {
	bool complete;            /* nothing of the stated window was pruned */
	uint64_t pruned_events;   /* ever */
	int64_t pruned_from, pruned_until; /* of what was pruned, clipped to the window; TIME_NONE: none in it */
	uint64_t quarantined;     /* lines refused while the window lasted; all without a window */
	bool position_gone;       /* query_position_gone */
	struct silence *silent;   /* longest first */
	size_t silences;
	struct arena arena;
};

/* `now` ends a window that has no end or lies in the future.  Silences are
 * looked for when the filter states a window, among the sources that it lets
 * through; only times and sources of the segments in it and in the four weeks
 * before are read. */
int query_coverage(struct store *st, const struct filter *f, int64_t now, struct pool *pool, struct coverage *out,
    struct err *e);
void coverage_fini(struct coverage *c);

/*
 * Lines instead of a store, filtered and ordered like query_next; seq is the
 * line's number from 0, over all files.  QUERY_ARRIVAL gives them as they are
 * read, and keeps none; in order of time the matching lines are kept in
 * memory, with a limit only so many of them.  *faulty, the lines that are no
 * events, must live until query_close.  paths stay borrowed.
 */
struct query *query_open_lines(const char *const *path, size_t n, const struct query_options *o,
    struct query_faulty *faulty, struct err *e);

#endif
