/*
 * order: which event comes first, and the best of many.  Private to query/.
 */
#ifndef QUERY_ORDER_H
#define QUERY_ORDER_H

#include "query/query.h"

/* Where an event stands in the order. */
struct place {
	int64_t time;
	uint64_t seq;
};

/* Negative: a comes first. */
static inline int
place_compare(enum query_order order, struct place a, struct place b)
{
	int rc = (a.seq > b.seq) - (a.seq < b.seq);

	if (order == QUERY_ARRIVAL)
		return rc;
	if (a.time != b.time)
		rc = (a.time > b.time) - (a.time < b.time);
	return order == QUERY_NEWEST ? -rc : rc;
}

/* An event by its place, and where it is kept. */
struct ranked {
	struct place place;
	uint32_t row;
};

/*
 * The first `max` in the order of all that are added; fastest when they are
 * added in about that order.
 */
struct best {
	enum query_order order;
	size_t max;
	struct ranked *item; /* yours (free) */
	size_t n, cap;
	bool heap;           /* the last in the order is item[0] */
	bool sorted;
	size_t worst;        /* unless heap: the last in the order, once n == max */
};

void best_init(struct best *b, enum query_order order, size_t max); /* max > 0 */
/* Whether best_add would keep it. */
bool best_wants(const struct best *b, struct place p);
/* Keeps what best_wants wants; true: *out had to go for it. */
bool best_add(struct best *b, struct ranked r, struct ranked *out);
/* The last in the order of those kept; there is one. */
struct place best_last(const struct best *b);
/* The row of the one that best_add will let go; n == max. */
uint32_t best_next_row(const struct best *b);
/* Puts them in order; nothing is added afterwards. */
void best_sort(struct best *b);

#endif
