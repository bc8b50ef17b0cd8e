/* line_maker: the canonical lines of a segment's rows.  Private to store/. */
#ifndef STORE_LINE_MAKER_H
#define STORE_LINE_MAKER_H

#include "store/segment.h"

struct line_maker;

/* s stays borrowed. */
struct line_maker *line_maker_new(struct segment *s);
void line_maker_free(struct line_maker *m); /* NULL is fine */

/* Appends what event_format makes of segment_event.  ev: which fields are
 * present, times, and the values of those in want, borrowed until the next
 * row.  0 or -1. */
int line_maker_add(struct line_maker *m, uint32_t row, field_set want, struct buf *out, struct event *ev,
    struct err *e);

#endif
