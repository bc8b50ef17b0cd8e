/*
 * event_writer: how events become text, on several threads.
 *
 * Who knows a format makes one; who finds events calls it where it found them.
 */
#ifndef EVENT_EVENT_WRITER_H
#define EVENT_EVENT_WRITER_H

#include "event/event.h"

/* Each thread has a state of its own, and the text of an event does not depend
 * on those before it. */
struct event_writer {
	void *(*start)(void *arg); /* NULL: there is no state */
	/* Appends to out.  NULL: the canonical line and a newline. */
	void (*event)(void *state, const struct event *ev, uint64_t seq, struct buf *out);
	void (*finish)(void *state); /* frees the state; NULL: nothing to be done */
	void *arg;
};

#endif
