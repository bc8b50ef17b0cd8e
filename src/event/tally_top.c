/*
 * tally_top: the most frequent values of a tally.
 *
 * In: a tally.   Out: a sorted list.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "event/tally.h"

int
tally_compare(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len, i = 0;
	uint64_t x, y;

	for (; i + sizeof(x) <= n; i += sizeof(x)) {
		memcpy(&x, a.p + i, sizeof(x));
		memcpy(&y, b.p + i, sizeof(y));
		if (x != y)
			break;
	}
	while (i < n && a.p[i] == b.p[i])
		i++;
	/* One more, and the gap is the least. */
	if (i < n)
		return (uint8_t)(a.p[i] - SUMMARY_GAP) < (uint8_t)(b.p[i] - SUMMARY_GAP) ? -1 : 1;
	return (a.len > b.len) - (a.len < b.len);
}

static int
by_rank(const void *pa, const void *pb)
{
	const struct tally_entry *a = pa, *b = pb;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return tally_compare(a->value, b->value);
}

/* heap[0] is the last in rank of n; lets it sink to its place. */
static void
sink(struct tally_entry *heap, size_t n)
{
	struct tally_entry moving = heap[0];
	size_t at = 0, child;

	while ((child = at * 2 + 1) < n) {
		if (child + 1 < n && by_rank(&heap[child + 1], &heap[child]) > 0)
			child++;
		if (by_rank(&heap[child], &moving) <= 0)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moving;
}

/* The first `top` of all, in a heap: a long tail of rare values is looked at
 * once and not sorted. */
static void
select_top(const struct tally *t, struct tally_entry *heap, size_t top)
{
	size_t i;

	for (i = 0; i < top; i++) {
		struct tally_entry entry = tally_entry(t, i);
		size_t at = i;

		/* Those after their parent in rank rise. */
		while (at > 0 && by_rank(&entry, &heap[(at - 1) / 2]) > 0) {
			heap[at] = heap[(at - 1) / 2];
			at = (at - 1) / 2;
		}
		heap[at] = entry;
	}
	for (; i < t->n; i++) {
		struct tally_entry entry = tally_entry(t, i);

		if (entry.count < heap[0].count || by_rank(&entry, &heap[0]) >= 0)
			continue;
		heap[0] = entry;
		sink(heap, top);
	}
}

struct tally_entry *
tally_top(const struct tally *t, size_t top, size_t *n)
{
	struct tally_entry *out;

	*n = top == 0 || top > t->n ? t->n : top;
	out = mem_alloc(*n * sizeof(*out));
	if (*n < t->n)
		select_top(t, out, *n);
	else
		for (size_t i = 0; i < t->n; i++)
			out[i] = tally_entry(t, i);
	qsort(out, *n, sizeof(*out), by_rank);
	return out;
}
