/*
 * waiting: which feed has to be asked next (see waiting.h).
 *
 * A sorted list, and no heap: nearly all are put in at once, and one that comes
 * back belongs near the front.
 */
#include "query/waiting.h"

#include <stdlib.h>

#include "base/mem.h"

static int
by_bound(const void *a, const void *b, void *order)
{
	struct feed *const *x = a, *const *y = b;

	return place_compare(*(const enum query_order *)order, (*x)->bound, (*y)->bound);
}

void
waiting_add(struct waiting *w, struct feed *take_feed)
{
	mem_grow(&w->item, &w->cap, w->n + 1, sizeof(struct feed *));
	w->item[w->n++] = take_feed;
}

void
waiting_sort(struct waiting *w)
{
	if (w->n > w->at)
		qsort_r(w->item + w->at, w->n - w->at, sizeof(struct feed *), by_bound, &w->order);
}

struct feed *
waiting_take(struct waiting *w)
{
	return w->item[w->at++];
}

void
waiting_return(struct waiting *w, struct feed *take_feed)
{
	size_t i = --w->at;

	for (; i + 1 < w->n && place_compare(w->order, w->item[i + 1]->bound, take_feed->bound) < 0; i++)
		w->item[i] = w->item[i + 1];
	w->item[i] = take_feed;
}

void
waiting_clear(struct waiting *w)
{
	for (; w->at < w->n; w->at++)
		feed_free(w->item[w->at]);
	w->at = w->n = 0;
}

void
waiting_fini(struct waiting *w)
{
	waiting_clear(w);
	free(w->item);
}
