/*
 * trail: what a store knows about one resource or one identity, from counts
 * and from its newest events, without reading every line.
 *
 * In: a filter that selects the subject.   Out: struct trail.
 */
#ifndef QUERY_TRAIL_H
#define QUERY_TRAIL_H

#include "event/trail.h"
#include "query/query.h"

/*
 * The two filters of a trail: everything of the subject that is kept, and what
 * of it counts as recent.  Both are `a` (the subject and saved queries taken
 * in) without --since, --until, --last and --around; recent are the TRAIL_DAYS
 * before the end of that window, or before now.  --by is obeyed, and bounds of
 * time in --where stay.
 */
struct trail_filters {
	struct filter *all, *recent;
	int64_t end; /* of the days that are recent; TIME_NONE: now, no end was asked for */
};

int trail_filters_build(struct trail_filters *f, const struct filter_args *a, int64_t now, struct err *e);
void trail_filters_free(struct trail_filters *f);

struct trail_question {
	const struct filter_args *args; /* as for trail_filters_build */
	const struct trail_filters *filters;
	int64_t now;
	struct pool *pool;
	int (*go_on)(struct err *e);
};

/* t is initialised and empty, but for t->last when the caller knows it. */
int query_trail(struct store *st, const struct trail_question *q, struct trail *t, struct err *e);

#endif
