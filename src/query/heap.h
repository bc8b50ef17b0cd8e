/* heap: feeds by the place of their head, the first on top.  Private to query/. */
#ifndef QUERY_HEAP_H
#define QUERY_HEAP_H

#include "query/feed.h"

struct heap {
	enum query_order order;
	struct feed **item;
	size_t n, cap;
};

void heap_push(struct heap *h, struct feed *s);
/* Takes feed i out; heap_settle, or with i = 0 heap_down, sets the rest right. */
struct feed *heap_take(struct heap *h, size_t i);
void heap_settle(struct heap *h);
/* Feed i has moved on. */
void heap_down(struct heap *h, size_t i);
void heap_fini(struct heap *h); /* frees the feeds too */

#endif
