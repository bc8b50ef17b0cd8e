/*
 * merge_round: feeds that work at the same time, on several threads (see
 * merge_parts.h).
 *
 * In a round are those whose work is due, and those whose will be due anyway.
 *
 * In: feeds that wait, or know too little.   Out: feeds in the heap.
 */
#include "query/merge_parts.h"

/* What a feed found, before it goes into the heap. */
static void
note_found(struct merge *m, const struct feed *s)
{
	struct ranked gone;

	m->stats.segments_read++;
	m->stats.rows_examined += s->info.meta.count;
	for (uint32_t i = 0; m->cutting && i < s->rows && best_wants(&m->found, s->row[i].place); i++)
		best_add(&m->found, s->row[i], &gone);
	m->scan.cut = m->cutting && m->found.n == m->found.max;
	if (m->scan.cut)
		m->scan.last = best_last(&m->found);
}

/* To the heap, to those waiting, or away. */
static int
settle(struct merge *m, struct feed *take_feed, struct err *e)
{
	struct feed *s = take_feed;

	if (s->lost)
		return merge_replace(m, s, e);
	if (s->at < s->rows) {
		heap_push(&m->heap, s);
		return 0;
	}
	if (!s->more) {
		feed_free(s);
		return 0;
	}
	/* All that it has left lies behind the cut. */
	feed_close(s);
	waiting_return(&m->waiting, s);
	return 0;
}

/*
 * A failure of a feed that is not yet due may never matter: it is asked again.
 * Its rows were counted for the cut and may never come, so that nothing is cut
 * from now on; and the cut put its bound behind those that it has.
 */
static void
put_off(struct merge *m, struct feed *take_feed)
{
	struct feed *s = take_feed;

	m->cutting = m->scan.cut = false;
	if (s->at < s->rows)
		s->bound = feed_head(s);
	feed_close(s);
	waiting_return(&m->waiting, s);
}

static int
run(struct merge *m, struct err *e)
{
	struct err err[ROUND_MAX];
	bool known[ROUND_MAX];
	size_t n = m->n_round;
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		known[i] = m->round[i]->matched;
	crew_work(m->crew, m->round, n, err);
	if (err[0].code != ERR_OK) {
		*e = err[0];
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		if (m->round[i]->matched && !known[i])
			note_found(m, m->round[i]);
	m->n_round = 0;
	for (size_t i = 0; i < n; i++) {
		struct feed *s = m->round[i];

		if (rc < 0)
			feed_free(s);
		else if (err[i].code != ERR_OK)
			put_off(m, s);
		else
			rc = settle(m, s, e);
	}
	merge_close_large(m);
	return rc;
}

/* ---- the first of those waiting is due ---- */

/* Whether what the heap knows is enough for the limit. */
static bool
enough(const struct merge *m)
{
	uint64_t rows = 0;

	if (m->opts.limit == 0)
		return false;
	for (size_t i = 0; i < m->heap.n; i++) {
		if (m->heap.item[i]->more)
			return true;
		rows += m->heap.item[i]->rows - m->heap.item[i]->at;
	}
	return rows >= merge_needed(m);
}

/*
 * With a new one go others, when there is no end in sight: they will be due,
 * too; their number grows from one, so that the first answer comes soon.
 */
int
merge_open_due(struct merge *m, struct err *e)
{
	bool few = m->opts.pool != NULL && !enough(m);
	const struct feed *next;

	merge_join(m, waiting_take(&m->waiting), false);
	while (few && m->n_round < m->ahead && (next = waiting_first(&m->waiting)) != NULL && !next->matched)
		merge_join(m, waiting_take(&m->waiting), false);
	if (few && m->ahead < ROUND_MAX)
		m->ahead *= 2;
	return run(m, e);
}

/* Others in the heap that have few rows left and more behind them. */
static void
join_exhausted(struct merge *m)
{
	for (size_t i = 0; i < m->heap.n && m->n_round < ROUND_MAX; i++) {
		struct feed *s = m->heap.item[i];

		if (!s->more || s->ready < s->rows || s->rows - s->at > s->rows / 8)
			continue;
		heap_take(&m->heap, i--);
		s->bound = s->begun ? s->after : s->bound;
		merge_join(m, s, true);
	}
	heap_settle(&m->heap);
}

int
merge_go_on_due(struct merge *m, struct err *e)
{
	merge_join(m, waiting_take(&m->waiting), true);
	if (m->opts.pool != NULL)
		join_exhausted(m);
	return run(m, e);
}

/* ---- the top of the heap is due ---- */

/* Feed i of the heap copies events; the heap is to be set right. */
static void
join_from_heap(struct merge *m, size_t i)
{
	struct feed *s = heap_take(&m->heap, i);

	s->bound = feed_head(s);
	merge_join(m, s, true);
}

/* The one that has its turn after this one is opened beside it, when all of
 * both will be given: to open one is not shared among threads. */
static void
join_next(struct merge *m)
{
	if (m->opts.text == NULL || m->opts.pool == NULL || m->opts.limit > 0 || m->n_round > 1 || m->heap.n == 0 ||
	    feed_is_ready(m->heap.item[0]))
		return;
	join_from_heap(m, 0);
	heap_down(&m->heap, 0);
}

/* With it go others that are to be asked in between, or know all that they
 * will give. */
int
merge_work_on_top(struct merge *m, struct err *e)
{
	const struct feed *s = m->heap.item[0];
	struct place last = s->row[s->rows - 1].place;

	join_from_heap(m, 0);
	for (size_t i = 0; m->opts.pool != NULL && i < m->heap.n && m->n_round < ROUND_MAX; i++) {
		s = m->heap.item[i];
		if (!feed_is_ready(s) && (!s->more || merge_compare(m, feed_head(s), last) <= 0))
			join_from_heap(m, i--);
	}
	heap_settle(&m->heap);
	join_next(m);
	return run(m, e);
}
