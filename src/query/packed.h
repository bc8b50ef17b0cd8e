/*
 * packed: events copied out of a segment, small, or text made of them, so that its columns can be
 * given back before the events are given.  Private to query/.
 */
#ifndef QUERY_PACKED_H
#define QUERY_PACKED_H

#include "event/event.h"

struct packed {
	struct buf bytes;
	size_t *offset;
	size_t cap;
};

/* Forgets what is there and makes room for n events. */
void packed_reset(struct packed *p, size_t n);
/* Copies event i of them in; in any sequence, each once. */
void packed_add(struct packed *p, size_t i, const struct event *ev);
/* Event i is not copied. */
void packed_skip(struct packed *p, size_t i);
bool packed_has(const struct packed *p, size_t i);
/* Borrowed until packed_reset. */
void packed_get(const struct packed *p, size_t i, struct event *out);
/* In the place of an event: text, appended to the buffer that it gives. */
struct buf *packed_begin_text(struct packed *p, size_t i);
void packed_end_text(struct packed *p, size_t i);
struct str packed_text(const struct packed *p, size_t i); /* borrowed likewise */
void packed_fini(struct packed *p);

#endif
