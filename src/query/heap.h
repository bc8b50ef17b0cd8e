/* heap: sources by the place of their head, the first on top.  Private to query/. */
#ifndef QUERY_HEAP_H
#define QUERY_HEAP_H

#include "query/source.h"

struct heap {
	enum query_order order;
	struct source **item;
	size_t n, cap;
};

void heap_push(struct heap *h, struct source *s);
/* Takes source i out; heap_settle, or with i = 0 heap_down, sets the rest right. */
struct source *heap_take(struct heap *h, size_t i);
void heap_settle(struct heap *h);
/* Source i has moved on. */
void heap_down(struct heap *h, size_t i);
void heap_fini(struct heap *h); /* frees the sources too */

#endif
