/*
 * lines: events as JSON lines in memory: the store's tail, or files given
 * with -i.  Those that match a filter are kept.  Private to query/.
 */
#ifndef QUERY_LINES_H
#define QUERY_LINES_H

#include "filter/filter.h"
#include "query/only.h"
#include "query/query.h"

struct lines;

struct lines *lines_new(const struct filter *f); /* f stays borrowed */
void lines_free(struct lines *l);

/* lines_look leaves out what is not in [first, end). */
void lines_range(struct lines *l, uint64_t first, uint64_t end);
/* Nor what is not in `only`, which stays borrowed; NULL: all. */
void lines_only(struct lines *l, const struct only *only);
/* What lines_look saw. */
const struct store_view *lines_view(const struct lines *l);

/* The segments of the store, yours (free), and, kept in l, what matches of the
 * tail behind them: both of one view. */
int lines_look(struct lines *l, struct store *st, struct segment_info **list, size_t *n, struct err *e);

/*
 * Of files only the first `limit` in this order are kept (0: all that match,
 * so that a sorted answer without a limit takes the memory of its lines).
 * Before lines_read.
 */
void lines_keep_best(struct lines *l, enum query_order order, uint64_t limit);

/* All lines of a file ("-": standard input); seq is the line's number from 0,
 * over all files. */
int lines_read(struct lines *l, const char *path, int (*go_on)(struct err *e), struct err *e);

size_t lines_count(const struct lines *l);    /* kept */
uint64_t lines_examined(const struct lines *l);
const struct query_faulty *lines_faulty(const struct lines *l);
int64_t lines_time(const struct lines *l, size_t i);
uint64_t lines_seq(const struct lines *l, size_t i);
/* Borrowed until the next lines_event. */
int lines_event(struct lines *l, size_t i, struct event *out, struct err *e);

/* Instead of lines_read: the files one after the other, nothing is kept.
 * The paths stay borrowed. */
void lines_stream(struct lines *l, const char *const *path, size_t n, int (*go_on)(struct err *e));
bool lines_streaming(const struct lines *l);
/* 1: the next event that matches, borrowed until the next call; 0: no more; -1. */
int lines_next(struct lines *l, const struct event **ev, uint64_t *seq, struct err *e);

/* filter_trouble of all that was matched. */
int lines_trouble(const struct lines *l, struct err *e);

/* Calls each for every event of a file that matches, without keeping it;
 * adds to *examined and *faulty. */
int lines_each(const char *path, const struct query_options *o, void (*each)(void *arg, const struct event *ev), void *arg,
    uint64_t *examined, struct query_faulty *faulty, struct err *e);

/* For store_tail, to ask only whether lines are there. */
int lines_ignore(void *arg, uint64_t seq, struct str line, struct err *e);

#endif
