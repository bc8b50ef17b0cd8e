/*
 * waiting: feeds whose next event is not known, by the first place that it may
 * have.  Private to query/.
 */
#ifndef QUERY_WAITING_H
#define QUERY_WAITING_H

#include "query/feed.h"

struct waiting {
	enum query_order order;
	struct feed **item; /* by bound, from `at` on; those before were taken */
	size_t n, at, cap;
};

/* The one that is due first, or NULL. */
static inline struct feed *
waiting_first(const struct waiting *w)
{
	return w->at < w->n ? w->item[w->at] : NULL;
}

/* After some calls waiting_sort, before anything else. */
void waiting_add(struct waiting *w, struct feed *take_feed);
void waiting_sort(struct waiting *w);

/* Takes the first, of which there is one: it is yours (feed_free). */
struct feed *waiting_take(struct waiting *w);
/* It was taken, and waits again by its bound. */
void waiting_return(struct waiting *w, struct feed *take_feed);

/* Frees those that wait. */
void waiting_clear(struct waiting *w);
void waiting_fini(struct waiting *w); /* the same, and the memory */

#endif
