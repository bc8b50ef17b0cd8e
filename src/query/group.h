/*
 * group: counts of values, or of several values together, from the columns of
 * segments and from events.  Private to query/.
 *
 * Each thread has a grouper.  It counts into a small tally of its own, which
 * goes into the one that all share when it has grown: memory depends on how
 * many different values there are, not on threads and segments.
 */
#ifndef QUERY_GROUP_H
#define QUERY_GROUP_H

#include <pthread.h>

#include "query/scan.h"

/* The tally of all threads. */
struct group_total {
	pthread_mutex_t lock;
	struct tally *tally; /* borrowed */
};
void group_total_init(struct group_total *g, struct tally *t);
void group_total_fini(struct group_total *g);

enum group_mode {
	GROUP_JOINED, /* an event is in one group (summary.h) */
	GROUP_EACH    /* of one selector: an event counts once for each different value;
	               * not at all when it has none */
};

struct grouper;

struct grouper *grouper_new(struct group_total *total, const struct selector *by, size_t bys,
    enum group_mode mode);
/* Columns are read before anything is counted, or what was counted is taken
 * back: after -1 the segment may be given again.  ERR_FAIL: too many values. */
int grouper_segment(struct grouper *g, const struct chosen *c, struct err *e);
int grouper_event(struct grouper *g, const struct event *ev, struct err *e);
/* Adds what is left to the total. */
int grouper_flush(struct grouper *g, struct err *e);
void grouper_free(struct grouper *g); /* NULL is fine */

#endif
