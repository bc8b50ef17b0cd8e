/*
 * text_maker: events of feeds as text, for one thread.  Private to query/.
 *
 * In: rows of a segment, events.   Out: what an event_writer makes of them, for
 * canonical lines straight from the columns.
 */
#ifndef QUERY_TEXT_MAKER_H
#define QUERY_TEXT_MAKER_H

#include "query/feed.h"
#include "store/row_reader.h"

/* The state of one thread; feeds and `shared` are shared with others. */
struct text_maker;

/* Both stay borrowed; scan->text is there. */
struct text_maker *text_maker_new(const struct feed_scan *scan, struct row_blocks *shared);
void text_maker_free(struct text_maker *t); /* NULL is fine */
/* Holds no block of texts any longer. */
void text_maker_release(struct text_maker *t);

/* Reads what about so many rows of an open feed need, which keeps it until it is
 * closed; then, and while nothing else is asked of its segment, several threads
 * may make them.  0 or -1. */
int text_maker_load(struct feed *s, const struct feed_scan *scan, uint32_t rows, struct err *e);
/* Appends the text of a row, after text_maker_load; `ahead` is a row that will
 * be asked for soon, or the same.  0, or -1: then out may have part of it. */
int text_maker_row(struct text_maker *t, const struct feed *s, uint32_t row, uint32_t ahead, struct buf *out,
    struct err *e);
/* Appends that of an event from anywhere. */
void text_maker_event(struct text_maker *t, const struct event *ev, uint64_t seq, struct buf *out);

#endif
