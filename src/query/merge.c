/*
 * merge: events of many feeds in one order (see merge.h).
 *
 * A feed waits until the next event may come from it: its times bound what
 * it can give.  Those whose next event is known are merged through a heap; one
 * that has given all it knew waits again.
 *
 * Feeds work in rounds, on several threads (merge_parts.h says where).
 */
#include <stdlib.h>

#include "base/mem.h"
#include "query/merge_parts.h"

#define CUT_MAX 65536 /* limits up to which rows beyond are not read */

/* ---- begin and end ---- */

void
merge_init(struct merge *m, struct store *st, const struct query_options *o)
{
	*m = (struct merge){ .st = st, .opts = *o, .ahead = 1, .waiting = { .order = o->order },
		.heap = { .order = o->order }, .cutting = o->limit > 0 && o->limit <= CUT_MAX };
	if (o->fields == 0)
		m->opts.fields = FIELD_ALL;
	m->opts.fields |= FIELD_BIT(FIELD_TIME);
	if (m->cutting)
		best_init(&m->found, o->order, (size_t)o->limit);
	m->scan = (struct feed_scan){ .st = st, .filter = o->filter, .order = o->order, .fields = m->opts.fields,
		.text = o->text, .pool = o->pool, .go_on = o->go_on };
	m->crew = crew_new(&m->scan);
}

static void
drop_feeds(struct merge *m)
{
	waiting_clear(&m->waiting);
	for (size_t i = 0; i < m->n_round; i++)
		feed_free(m->round[i]);
	for (size_t i = 0; i < m->heap.n; i++)
		feed_free(m->heap.item[i]);
	m->n_round = m->heap.n = 0;
}

void
merge_fini(struct merge *m)
{
	drop_feeds(m);
	waiting_fini(&m->waiting);
	heap_fini(&m->heap);
	free(m->found.item);
	crew_free(m->crew);
}

void
merge_begin_behind(struct merge *m, struct place p)
{
	m->last = p;
	m->begun = true;
}

void
merge_add_lines(struct merge *m, struct lines *l)
{
	struct feed *s = mem_zero(1, sizeof(*s));
	struct best all;

	m->stats.rows_examined += m->lines == NULL ? lines_examined(l) : 0;
	m->lines = s->lines = l;
	best_init(&all, m->opts.order, SIZE_MAX);
	for (uint32_t i = 0; i < lines_count(l); i++) {
		struct ranked r = { { lines_time(l, i), lines_seq(l, i) }, i }, gone;

		if (!m->begun || merge_compare(m, r.place, m->last) > 0)
			best_add(&all, r, &gone);
	}
	best_sort(&all);
	s->row = all.item;
	s->rows = (uint32_t)all.n;
	if (s->rows > 0)
		heap_push(&m->heap, s);
	else
		feed_free(s);
}

int
merge_again(struct merge *m, const struct place *last, uint64_t given, struct err *e)
{
	drop_feeds(m);
	m->out = m->busy = false;
	m->begun = last != NULL;
	if (last != NULL)
		m->last = *last;
	m->stats.matched = m->given = given;
	if (merge_look_again(m, m->low, m->high, e) < 0)
		return -1;
	if (m->lines != NULL)
		merge_add_lines(m, m->lines);
	return 0;
}

/* ---- one event after the other ---- */

/* The top of the heap gave its event: the next one, or it waits, or its end. */
static void
advance(struct merge *m)
{
	struct feed *s = merge_feed(m);

	s->after = s->row[s->at++].place;
	s->begun = true;
	s->gave++;
	if (s->at < s->rows) {
		heap_down(&m->heap, 0);
		return;
	}
	heap_take(&m->heap, 0);
	heap_down(&m->heap, 0);
	if (!s->more) {
		feed_free(s);
		return;
	}
	if (s->cut)
		feed_close(s);
	else
		s->bound = s->after;
	waiting_return(&m->waiting, s);
}

/* The top of the heap knows its event. */
static int
give_top(struct merge *m, struct err *e)
{
	struct feed *s = merge_feed(m);

	if (s->lines != NULL)
		return lines_event(s->lines, s->row[s->at].row, &m->event, e) < 0 ? -1 : 1;
	if (m->opts.text != NULL || feed_event(s, m->opts.fields, &m->event, e) == 0)
		return 1;
	if (!s->lost)
		return -1;
	err_clear(e);
	heap_take(&m->heap, 0);
	heap_settle(&m->heap);
	return merge_replace(m, s, e);
}

/* The first of those waiting, when the next event may be its. */
static const struct feed *
find_due(const struct merge *m)
{
	const struct feed *s = waiting_first(&m->waiting);

	if (s != NULL && m->heap.n > 0 && merge_compare(m, s->bound, feed_head(m->heap.item[0])) >= 0)
		return NULL;
	return s;
}

/* Finds the next event and reads it: 1, 0 at the end, MERGE_BUSY, -1. */
static int
find_next(struct merge *m, struct err *e)
{
	int rc = 0;

	while (rc == 0) {
		const struct feed *due = find_due(m), *top = m->heap.n > 0 ? m->heap.item[0] : NULL;

		if (due == NULL && top == NULL)
			return 0;
		if (due == NULL && feed_is_ready(top))
			rc = give_top(m, e);
		else if (m->busy)
			return MERGE_BUSY;
		else if (due == NULL)
			rc = merge_work_on_top(m, e);
		else
			rc = due->matched ? merge_go_on_due(m, e) : merge_open_due(m, e);
	}
	return rc;
}

/*
 * The event given is borrowed from its feed, so the feed moves on at the
 * beginning of the next call.
 */
int
merge_next(struct merge *m, struct err *e)
{
	const struct feed *s = m->out ? merge_feed(m) : NULL;
	int rc;

	if (s != NULL && m->busy && s->direct && s->at + 1 == s->rows)
		return MERGE_BUSY; /* its segment would be closed */
	if (m->out)
		advance(m);
	m->out = false;
	if (m->opts.limit > 0 && m->given == m->opts.limit)
		return 0;
	if ((rc = find_next(m, e)) != 1)
		return rc;
	m->last = feed_head(merge_feed(m));
	m->begun = true;
	m->out = true;
	m->stats.matched = ++m->given;
	return 1;
}
