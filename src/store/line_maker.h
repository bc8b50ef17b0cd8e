/* line_maker: the canonical lines of a segment's rows. */
#ifndef STORE_LINE_MAKER_H
#define STORE_LINE_MAKER_H

#include "store/row_reader.h"

struct line_maker;

/* s stays borrowed. */
struct line_maker *line_maker_new(struct segment *s);
void line_maker_free(struct line_maker *m); /* NULL is fine */

/* Appends what event_format makes of segment_event.  ev: which fields are
 * present, times, and the values of those in want, borrowed until the next
 * row.  0 or -1. */
int line_maker_add(struct line_maker *m, uint32_t row, field_set want, struct buf *out, struct event *ev,
    struct err *e);

/* Reads what about so many lines need, all but blocks of texts.  After it, and
 * while nothing else is asked of the segment, several threads may make lines. */
int line_maker_load(struct line_maker *m, uint32_t lines, struct err *e);

/* Appends the line, by the thread's own reader; `ahead` is a row that will be
 * asked for soon, or the same. */
int line_maker_line(const struct line_maker *m, struct row_reader *r, uint32_t row, uint32_t ahead,
    struct buf *out, struct err *e);

size_t line_maker_memory(const struct line_maker *m);

#endif
