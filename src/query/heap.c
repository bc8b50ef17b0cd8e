/*
 * heap: which feed has the next event (see heap.h).
 */
#include "query/heap.h"

#include <stdlib.h>

#include "base/mem.h"

void
heap_down(struct heap *h, size_t i)
{
	for (;;) {
		size_t best = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < h->n; child++)
			if (place_compare(h->order, feed_head(h->item[child]), feed_head(h->item[best])) < 0)
				best = child;
		if (best == i)
			return;
		struct feed *t = h->item[i];
		h->item[i] = h->item[best];
		h->item[best] = t;
		i = best;
	}
}

void
heap_push(struct heap *h, struct feed *s)
{
	size_t i = h->n;

	mem_grow(&h->item, &h->cap, h->n + 1, sizeof(struct feed *));
	h->item[h->n++] = s;
	while (i > 0 && place_compare(h->order, feed_head(h->item[i]), feed_head(h->item[(i - 1) / 2])) < 0) {
		struct feed *t = h->item[i];
		h->item[i] = h->item[(i - 1) / 2];
		h->item[(i - 1) / 2] = t;
		i = (i - 1) / 2;
	}
}

struct feed *
heap_take(struct heap *h, size_t i)
{
	struct feed *s = h->item[i];

	h->item[i] = h->item[--h->n];
	return s;
}

void
heap_settle(struct heap *h)
{
	for (size_t i = h->n / 2; i-- > 0;)
		heap_down(h, i);
}

void
heap_fini(struct heap *h)
{
	for (size_t i = 0; i < h->n; i++)
		feed_free(h->item[i]);
	free(h->item);
}
