/*
 * trail: what is said about one resource or one identity beside its events:
 * how much happened in the last TRAIL_DAYS, and when it last did.
 *
 * Filled event by event (files of lines), or from counts (query/trail.h).
 */
#ifndef EVENT_TRAIL_H
#define EVENT_TRAIL_H

#include "event/summary.h"

#define TRAIL_DAYS 30

enum trail_subject { TRAIL_RESOURCE, TRAIL_IDENTITY };

struct trail {
	enum trail_subject subject;
	int64_t end;          /* of the days that are recent; TIME_NONE: now */
	uint64_t actions, reads, writes; /* recent ones; what is neither is an action only */
	struct tally *others; /* recent: the identities of a resource, the resources of an identity */
	int64_t last, last_read, last_write; /* ever; TIME_NONE: never */
};

void trail_init(struct trail *t, enum trail_subject subject);
void trail_fini(struct trail *t);

/* recent: it happened within the days that are counted. */
void trail_add(struct trail *t, const struct event *ev, bool recent);

#endif
