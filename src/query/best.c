/*
 * best: the first N of many, in a heap whose top is the one to go next.
 *
 * As long as nothing has to go, items are only appended: input in order is
 * never moved.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "query/order.h"

#define MOVES 4 /* an item may cost, on the average, before all are sorted anew */

void
best_init(struct best *b, enum query_order order, size_t max)
{
	*b = (struct best){ .order = order, .max = max, .sorted = true };
}

static int
compare(const struct best *b, size_t i, size_t k)
{
	return place_compare(b->order, b->item[i].place, b->item[k].place);
}

static void
sift_down(struct best *b, size_t i)
{
	for (;;) {
		size_t last = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < b->n; child++)
			if (compare(b, child, last) > 0)
				last = child;
		if (last == i)
			return;
		struct ranked t = b->item[i];
		b->item[i] = b->item[last];
		b->item[last] = t;
		i = last;
	}
}

struct place
best_last(const struct best *b)
{
	return b->item[b->heap ? 0 : b->worst].place;
}

uint32_t
best_next_row(const struct best *b)
{
	return b->item[b->heap ? 0 : b->worst].row;
}

bool
best_wants(const struct best *b, struct place p)
{
	return b->n < b->max || place_compare(b->order, p, best_last(b)) < 0;
}

bool
best_add(struct best *b, struct ranked r, struct ranked *out)
{
	if (b->n < b->max) {
		mem_grow(&b->item, &b->cap, b->n + 1, sizeof(*b->item));
		b->item[b->n] = r;
		if (b->n > 0 && compare(b, b->n, b->worst) < 0)
			b->sorted = false;
		else
			b->worst = b->n;
		b->n++;
		return false;
	}
	if (!b->heap) {
		for (size_t i = b->n / 2; i-- > 0;)
			sift_down(b, i);
		b->heap = true;
		b->sorted = false;
	}
	*out = b->item[0];
	b->item[0] = r;
	sift_down(b, 0);
	return true;
}

static int
by_place(const void *x, const void *y, void *order)
{
	const struct ranked *a = x, *b = y;

	return place_compare(*(const enum query_order *)order, a->place, b->place);
}

/*
 * Events come a little late, not anywhere: each moves past a few others.
 * False when there was more to do than sorting from nothing would cost; the
 * items are all there.
 */
static bool
insert_late(struct best *b)
{
	size_t left = MOVES * b->n;

	for (size_t i = 1; i < b->n; i++) {
		struct ranked late = b->item[i];
		size_t at = i;

		while (at > 0 && left > 0 && place_compare(b->order, late.place, b->item[at - 1].place) < 0) {
			b->item[at] = b->item[at - 1];
			at--;
			left--;
		}
		b->item[at] = late;
	}
	return left > 0;
}

void
best_sort(struct best *b)
{
	if (!b->sorted && !insert_late(b))
		qsort_r(b->item, b->n, sizeof(*b->item), by_place, &b->order);
	b->sorted = true;
	b->heap = false;
	b->worst = b->n > 0 ? b->n - 1 : 0;
}
