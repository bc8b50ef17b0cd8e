/*
 * merge_plan: how much a feed is to do in a round (see merge_parts.h).
 *
 * A feed that gives many of the events stays open and gives them from there;
 * the others copy as much as there is room for, and are closed: memory does
 * not grow with the segments that overlap.
 */
#include "query/merge_parts.h"

#define KEPT_MAX 2                      /* segments that stay open */
#define KEPT_BYTES (24 * 1024 * 1024)   /* of their columns */
#define KEPT_SHARE 4                    /* one event of so many is worth it */
#define FIRST_ROWS 1024                 /* that are looked for in a segment at first */
#define EVENTS_BYTES (16 * 1024 * 1024) /* of copied events, of all feeds together */
#define BATCH_BYTES (1024 * 1024)       /* of one feed that stays open */
#define BATCH_BYTES_MIN (64 * 1024)

/* ---- which stay open ---- */

static size_t
kept(const struct merge *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->heap.n; i++)
		n += m->heap.item[i]->keep;
	for (size_t i = 0; i < m->n_round; i++)
		n += m->round[i]->keep;
	return n;
}

/* Whether of the newest events given at least one of so many is of the feed;
 * without enough of them, as it is when few feeds share. */
static bool
gives_much(const struct merge *m, const struct feed *s)
{
	uint64_t all = m->given - s->mark;

	return all < FIRST_ROWS / 4 ? m->heap.n + m->n_round < KEPT_MAX : s->gave >= all / KEPT_SHARE;
}

/* Whether few others give events among those that it is known to give next:
 * the first guess, so that it need not be opened again. */
static bool
is_alone(const struct merge *m, const struct feed *s)
{
	struct place last;
	size_t others = 0;

	if (m->opts.text == NULL || !s->more || s->event_bytes > 0 || s->rows == 0) /* all it knew was cut off */
		return false;
	last = s->row[s->rows - 1].place;
	for (size_t i = 0; i < m->heap.n && others < KEPT_MAX; i++)
		others += merge_compare(m, feed_head(m->heap.item[i]), last) < 0;
	return others < KEPT_MAX;
}

/* Makes room for one more open segment. */
static bool
close_idle(struct merge *m)
{
	for (size_t i = 0; i < m->heap.n; i++)
		if (m->heap.item[i]->keep && !gives_much(m, m->heap.item[i])) {
			feed_close(m->heap.item[i]);
			return true;
		}
	return false;
}

void
merge_close_large(struct merge *m)
{
	size_t bytes = 0;

	for (size_t i = 0; i < m->heap.n; i++) {
		struct feed *s = m->heap.item[i];

		if (s->stored == NULL)
			continue;
		bytes += segment_memory(s->stored->columns);
		if (bytes > KEPT_BYTES && i > 0)
			feed_close(s);
	}
}

/* ---- how many rows, how many bytes ---- */

/* How many rows it looks for, and events it copies, at once. */
static void
set_batch(const struct merge *m, struct feed *s)
{
	uint64_t rows = SEGMENT_EVENTS_MAX;

	s->want_bytes = BATCH_BYTES;
	if (!s->keep) {
		s->want_bytes = EVENTS_BYTES / (m->heap.n + m->n_round + 1);
		if (s->want_bytes < BATCH_BYTES_MIN)
			s->want_bytes = BATCH_BYTES_MIN;
		rows = feed_fits(s);
	}
	s->want_rows = (size_t)(rows < merge_needed(m) ? rows : merge_needed(m));
}

void
merge_join(struct merge *m, struct feed *take_feed, bool copy)
{
	struct feed *s = take_feed;
	bool keep = gives_much(m, s) || (copy && is_alone(m, s));

	if (keep && !s->keep)
		keep = kept(m) < KEPT_MAX || close_idle(m);
	s->keep = keep;
	s->want_rows = (size_t)(merge_needed(m) < FIRST_ROWS ? merge_needed(m) : FIRST_ROWS);
	s->want_bytes = 0;
	if (m->opts.text != NULL && m->opts.limit == 0)
		s->early_bytes = EVENTS_BYTES / (m->waiting.n + 1); /* its share among all there were */
	if (copy) {
		set_batch(m, s);
		s->mark = m->given;
		s->gave = 0;
	}
	m->round[m->n_round++] = s;
}
