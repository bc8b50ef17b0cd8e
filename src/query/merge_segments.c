/*
 * merge_segments: which segments a merge is about (see merge_parts.h).
 *
 * Times and seqs of a segment say whether it may hold an event that is asked
 * for, and where its first one would stand: only such a segment becomes a feed.
 *
 * In: the segments of a view.   Out: feeds that wait.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "query/merge_parts.h"

/* The first place that a segment could give. */
static struct place
bound(const struct merge *m, const struct segment_info *i)
{
	const struct filter *f = m->opts.filter;

	if (m->opts.order != QUERY_NEWEST)
		return (struct place){ i->meta.min_time > f->since ? i->meta.min_time : f->since, i->first };
	return (struct place){ i->meta.max_time < f->until ? i->meta.max_time : f->until - 1, i->last };
}

/* Whether something of the segment may come behind the position. */
static bool
is_ahead(const struct merge *m, const struct segment_info *i)
{
	struct place final = { i->meta.max_time, i->last };

	if (m->opts.order == QUERY_NEWEST)
		final = (struct place){ i->meta.min_time, i->first };
	return !m->begun || merge_compare(m, final, m->last) > 0;
}

static bool
is_wanted(const struct merge *m, const struct segment_info *i, uint64_t low, uint64_t high)
{
	return i->last >= low && i->first <= high && is_ahead(m, i) && match_possible(m->opts.filter, &i->meta) &&
	    (m->scan.only == NULL || only_overlaps(m->scan.only, i->first, i->last));
}

static struct feed *
make_feed(const struct merge *m, const struct segment_info *i, uint64_t low, uint64_t high)
{
	struct feed *s = mem_zero(1, sizeof(*s));

	s->info = *i;
	s->low = i->first > low ? i->first : low;
	s->high = i->last < high ? i->last : high;
	s->bound = bound(m, i);
	s->after = m->last;
	s->begun = m->begun;
	s->mark = m->given;
	return s;
}

/* Segments of the list that overlap [low, high] wait to be opened.  Gives how
 * many of all are not needed. */
static size_t
add(struct merge *m, const struct segment_info *list, size_t n, uint64_t low, uint64_t high)
{
	size_t skipped = 0;

	for (size_t i = 0; i < n; i++)
		if (is_wanted(m, &list[i], low, high))
			waiting_add(&m->waiting, make_feed(m, &list[i], low, high));
		else
			skipped++;
	waiting_sort(&m->waiting);
	return skipped;
}

void
merge_add_segments(struct merge *m, const struct segment_info *list, size_t n, uint64_t low, uint64_t high)
{
	m->low = low;
	m->high = n > 0 && list[n - 1].last < high ? list[n - 1].last : high;
	m->stats.segments_skipped += add(m, list, n, low, high);
}

int
merge_look_again(struct merge *m, uint64_t low, uint64_t high, struct err *e)
{
	struct segment_info *list;
	struct store_view view;
	size_t n;

	/* Rows of what is gone were counted for the cut, and may be fewer now. */
	m->cutting = m->scan.cut = false;
	if (store_view(m->st, &view, &list, &n, e) < 0)
		return -1;
	add(m, list, n, low, high);
	free(list);
	return 0;
}

int
merge_replace(struct merge *m, struct feed *take_gone, struct err *e)
{
	int rc = merge_look_again(m, take_gone->low, take_gone->high, e);

	feed_free(take_gone);
	return rc;
}
