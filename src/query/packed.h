/*
 * packed: events copied out of a segment, or text made of them, one behind the
 * other.  Private to query/.
 *
 * A feed keeps them instead of its segment's columns, which take far more
 * memory, until the events are given.
 *
 * In: events by number, in any sequence.   Out: the same, by number.
 */
#ifndef QUERY_PACKED_H
#define QUERY_PACKED_H

#include "event/event.h"

/* {0} is empty. */
struct packed {
	struct buf bytes; /* its length is what they take */
	size_t *offset;   /* of each event in it; SIZE_MAX: not copied */
	size_t cap;
};

/* Forgets what is there and makes room for n events: for each of them that will
 * be asked for comes one of packed_add, packed_skip and packed_begin_text. */
void packed_reset(struct packed *p, size_t n);
/* Copies event i of them in. */
void packed_add(struct packed *p, size_t i, const struct event *ev);
/* Event i is not copied. */
void packed_skip(struct packed *p, size_t i);
bool packed_has(const struct packed *p, size_t i);
/* Its values are borrowed until packed_reset. */
void packed_get(const struct packed *p, size_t i, struct event *out);
/* In the place of event i its text: all that is appended, until packed_end_text,
 * to the buffer that it gives. */
struct buf *packed_begin_text(struct packed *p, size_t i);
void packed_end_text(struct packed *p, size_t i);
struct str packed_text(const struct packed *p, size_t i); /* borrowed likewise */
void packed_fini(struct packed *p);

#endif
