/*
 * merge: events of many feeds in one order (see merge.h).
 *
 * A feed waits until the next event may come from it: its times bound what
 * it can give.  Those whose next event is known are merged through a heap; one
 * that has given all it knew waits again.
 *
 * Feeds work in groups, on several threads: what is due, and what will be
 * due anyway.
 */
#include "query/merge.h"

#include <stdlib.h>

#include "base/mem.h"

#define KEPT_MAX 2                      /* segments that stay open */
#define KEPT_BYTES (24 * 1024 * 1024)   /* of their columns */
#define KEPT_SHARE 4                    /* one event of so many is worth it */
#define FIRST_ROWS 1024                 /* that are looked for in a segment at first */
#define EVENTS_BYTES (16 * 1024 * 1024) /* of copied events, of all feeds together */
#define BATCH_BYTES (1024 * 1024)       /* of one feed that stays open */
#define BATCH_BYTES_MIN (64 * 1024)
#define CUT_MAX 65536                   /* limits up to which rows beyond are not read */

/* ---- order ---- */

static int
compare(const struct merge *m, struct place a, struct place b)
{
	return place_compare(m->opts.order, a, b);
}

/* The first place that a segment could give. */
static struct place
bound(const struct merge *m, const struct segment_info *i)
{
	const struct filter *f = m->opts.filter;

	if (m->opts.order != QUERY_NEWEST)
		return (struct place){ i->meta.min_time > f->since ? i->meta.min_time : f->since, i->first };
	return (struct place){ i->meta.max_time < f->until ? i->meta.max_time : f->until - 1, i->last };
}

/* ---- who waits ---- */

static int
by_bound(const void *a, const void *b, void *arg)
{
	struct feed *const *x = a, *const *y = b;

	return compare(arg, (*x)->bound, (*y)->bound);
}

/* Whether something of the segment may come behind the position. */
static bool
is_ahead(const struct merge *m, const struct segment_info *i)
{
	struct place final = { i->meta.max_time, i->last };

	if (m->opts.order == QUERY_NEWEST)
		final = (struct place){ i->meta.min_time, i->first };
	return !m->begun || compare(m, final, m->last) > 0;
}

/* Segments of the list that overlap [low, high] wait to be opened. */
static void
add_waiting(struct merge *m, const struct segment_info *list, size_t n, uint64_t low, uint64_t high, bool again)
{
	for (size_t i = 0; i < n; i++) {
		struct feed *s;

		if (list[i].last < low || list[i].first > high || !is_ahead(m, &list[i]) ||
		    !match_possible(m->opts.filter, &list[i].meta) ||
		    (m->scan.only != NULL && !only_overlaps(m->scan.only, list[i].first, list[i].last))) {
			m->stats.segments_skipped += !again;
			continue;
		}
		s = mem_zero(1, sizeof(*s));
		s->info = list[i];
		s->low = list[i].first > low ? list[i].first : low;
		s->high = list[i].last < high ? list[i].last : high;
		s->bound = bound(m, &list[i]);
		s->after = m->last;
		s->begun = m->begun;
		s->mark = m->given;
		mem_grow(&m->waiting, &m->cap, m->n_waiting + 1, sizeof(struct feed *));
		m->waiting[m->n_waiting++] = s;
	}
	if (m->n_waiting > m->at)
		qsort_r(m->waiting + m->at, m->n_waiting - m->at, sizeof(struct feed *), by_bound, m);
}

/* A feed that was taken from those waiting, once more.  Its place is nearly
 * always the first. */
static void
wait_again(struct merge *m, struct feed *s)
{
	size_t i = --m->at;

	for (; i + 1 < m->n_waiting && compare(m, m->waiting[i + 1]->bound, s->bound) < 0; i++)
		m->waiting[i] = m->waiting[i + 1];
	m->waiting[i] = s;
}

/* A segment was merged or pruned: its seqs are looked for where they now are. */
static int
look_again(struct merge *m, struct feed *gone, struct err *e)
{
	struct segment_info *list;
	struct store_view view;
	size_t n;
	int rc;

	/* Its rows were counted once, and may be fewer now. */
	m->cutting = m->scan.cut = false;
	rc = store_view(m->st, &view, &list, &n, e);
	if (rc == 0) {
		add_waiting(m, list, n, gone->low, gone->high, true);
		free(list);
	}
	feed_free(gone);
	return rc;
}

/* ---- what a group is to do ---- */

static uint64_t
needed(const struct merge *m)
{
	return m->opts.limit > 0 ? m->opts.limit - m->given : UINT64_MAX;
}

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
	return rows >= needed(m);
}

static size_t
kept(const struct merge *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->heap.n; i++)
		n += m->heap.item[i]->keep;
	for (size_t i = 0; i < m->n_group; i++)
		n += m->group[i]->keep;
	return n;
}

/* Whether of the newest events given at least one of so many is of the feed;
 * without enough of them, as it is when few feeds share. */
static bool
gives_much(const struct merge *m, const struct feed *s)
{
	uint64_t all = m->given - s->mark;

	return all < FIRST_ROWS / 4 ? m->heap.n + m->n_group < KEPT_MAX : s->gave >= all / KEPT_SHARE;
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
		others += compare(m, feed_head(m->heap.item[i]), last) < 0;
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

/* How many rows it looks for, and events it copies, at once. */
static void
set_batch(const struct merge *m, struct feed *s)
{
	uint64_t rows = SEGMENT_EVENTS_MAX;

	s->want_bytes = BATCH_BYTES;
	if (!s->keep) {
		s->want_bytes = EVENTS_BYTES / (m->heap.n + m->n_group + 1);
		if (s->want_bytes < BATCH_BYTES_MIN)
			s->want_bytes = BATCH_BYTES_MIN;
		rows = feed_fits(s);
	}
	s->want_rows = (size_t)(rows < needed(m) ? rows : needed(m));
}

static void
join_group(struct merge *m, struct feed *s, bool copy)
{
	bool keep = gives_much(m, s) || (copy && is_alone(m, s));

	if (keep && !s->keep)
		keep = kept(m) < KEPT_MAX || close_idle(m);
	s->keep = keep;
	s->want_rows = (size_t)(needed(m) < FIRST_ROWS ? needed(m) : FIRST_ROWS);
	s->want_bytes = 0;
	if (m->opts.text != NULL && m->opts.limit == 0)
		s->early_bytes = EVENTS_BYTES / (m->n_waiting + 1);
	if (copy) {
		set_batch(m, s);
		s->mark = m->given;
		s->gave = 0;
	}
	m->group[m->n_group++] = s;
}

/* What the columns of open segments may take in memory. */
static void
close_large(struct merge *m)
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

/* ---- groups at work ---- */

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
place(struct merge *m, struct feed *s, struct err *e)
{
	if (s->lost)
		return look_again(m, s, e);
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
	wait_again(m, s);
	return 0;
}

/* A failure of a feed that is not yet due may never matter: it is asked again. */
static int
run_group(struct merge *m, struct err *e)
{
	struct err err[GROUP_MAX];
	bool known[GROUP_MAX];
	size_t n = m->n_group;
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		known[i] = m->group[i]->matched;
	crew_work(m->crew, m->group, n, err);
	if (err[0].code != ERR_OK) {
		*e = err[0];
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		if (m->group[i]->matched && !known[i])
			note_found(m, m->group[i]);
	m->n_group = 0;
	for (size_t i = 0; i < n; i++) {
		struct feed *s = m->group[i];

		if (rc < 0)
			feed_free(s);
		else if (err[i].code != ERR_OK) {
			feed_close(s);
			wait_again(m, s);
		} else
			rc = place(m, s, e);
	}
	close_large(m);
	return rc;
}

/* Others in the heap that have few rows left and more behind them. */
static void
join_exhausted(struct merge *m)
{
	for (size_t i = 0; i < m->heap.n && m->n_group < GROUP_MAX; i++) {
		struct feed *s = m->heap.item[i];

		if (!s->more || s->ready < s->rows || s->rows - s->at > s->rows / 8)
			continue;
		heap_take(&m->heap, i--);
		s->bound = s->begun ? s->after : s->bound;
		join_group(m, s, true);
	}
	heap_settle(&m->heap);
}

static bool
due(const struct merge *m)
{
	return m->at < m->n_waiting &&
	    (m->heap.n == 0 || compare(m, m->waiting[m->at]->bound, feed_head(m->heap.item[0])) < 0);
}

/*
 * The first of those waiting is due.  With a new one go others, when there is
 * no end in sight: they will be due, too; their number grows from one, so that
 * the first answer comes soon.
 */
static int
open_due(struct merge *m, struct err *e)
{
	bool few = m->opts.pool != NULL && !enough(m);

	join_group(m, m->waiting[m->at++], false);
	while (few && m->n_group < m->ahead && m->at < m->n_waiting && !m->waiting[m->at]->matched)
		join_group(m, m->waiting[m->at++], false);
	if (few && m->ahead < GROUP_MAX)
		m->ahead *= 2;
	return run_group(m, e);
}

/* The first of those waiting, which gave all it knew, goes on, and with it
 * others that soon have to. */
static int
go_on_due(struct merge *m, struct err *e)
{
	join_group(m, m->waiting[m->at++], true);
	if (m->opts.pool != NULL)
		join_exhausted(m);
	return run_group(m, e);
}

/* The one that has its turn after this one is opened beside it, when all of
 * both will be given: to open one is not shared among threads. */
static void
join_next(struct merge *m)
{
	struct feed *s = m->heap.n > 0 ? m->heap.item[0] : NULL;

	if (m->opts.text == NULL || m->opts.pool == NULL || m->opts.limit > 0 || m->n_group > 1 || s == NULL ||
	    s->lines != NULL || s->ready > s->at)
		return;
	heap_take(&m->heap, 0);
	heap_down(&m->heap, 0);
	s->bound = feed_head(s);
	join_group(m, s, true);
}

/* The top of the heap has no copies of its events yet: it makes them, and with
 * it others that are to be asked in between, or know all that they will give. */
static int
work_on_top(struct merge *m, struct err *e)
{
	struct feed *s = heap_take(&m->heap, 0);
	struct place last = s->row[s->rows - 1].place;

	s->bound = feed_head(s);
	join_group(m, s, true);
	for (size_t i = 0; m->opts.pool != NULL && i < m->heap.n && m->n_group < GROUP_MAX; i++) {
		s = m->heap.item[i];
		if (s->lines != NULL || s->ready > s->at || (s->more && compare(m, feed_head(s), last) > 0))
			continue;
		heap_take(&m->heap, i--);
		s->bound = feed_head(s);
		join_group(m, s, true);
	}
	heap_settle(&m->heap);
	join_next(m);
	return run_group(m, e);
}

/* ---- one event after the other ---- */

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

		if (!m->begun || compare(m, r.place, m->last) > 0)
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

/* The top of the heap gave its event: the next one, or it waits, or its end. */
static void
advance(struct merge *m)
{
	struct feed *s = m->heap.item[0];

	s->after = s->row[s->at++].place;
	s->begun = true;
	s->gave++;
	if (s->at < s->rows) {
		heap_down(&m->heap, 0);
		return;
	}
	heap_take(&m->heap, 0);
	if (m->heap.n > 0)
		heap_down(&m->heap, 0);
	if (s->more) {
		if (s->cut)
			feed_close(s);
		else
			s->bound = s->after;
		wait_again(m, s);
	} else
		feed_free(s);
}

/* The top of the heap knows its event. */
static int
give_top(struct merge *m, struct err *e)
{
	struct feed *s = m->heap.item[0];

	if (s->lines != NULL)
		return lines_event(s->lines, s->row[s->at].row, &m->event, e) < 0 ? -1 : 1;
	if (m->opts.text != NULL || feed_event(s, m->opts.fields, &m->event, e) == 0)
		return 1;
	if (!s->lost)
		return -1;
	err_clear(e);
	heap_take(&m->heap, 0);
	heap_settle(&m->heap);
	return look_again(m, s, e);
}

/* Finds the next event and reads it: 1, 0 at the end, MERGE_BUSY, -1. */
static int
find_next(struct merge *m, struct err *e)
{
	int rc = 0;

	while (rc == 0) {
		bool is_due = due(m);
		const struct feed *s = !is_due && m->heap.n > 0 ? m->heap.item[0] : NULL;

		if (!is_due && s == NULL)
			return 0;
		if (s != NULL && (s->lines != NULL || s->ready > s->at))
			rc = give_top(m, e);
		else if (m->busy)
			return MERGE_BUSY;
		else if (is_due)
			rc = m->waiting[m->at]->matched ? go_on_due(m, e) : open_due(m, e);
		else
			rc = work_on_top(m, e);
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
	int rc;

	if (m->out && m->busy && m->heap.item[0]->direct && m->heap.item[0]->at + 1 == m->heap.item[0]->rows)
		return MERGE_BUSY; /* its segment would be closed */
	if (m->out)
		advance(m);
	m->out = false;
	if (m->opts.limit > 0 && m->given == m->opts.limit)
		return 0;
	if ((rc = find_next(m, e)) != 1)
		return rc;
	m->last = feed_head(m->heap.item[0]);
	m->begun = true;
	m->out = true;
	m->stats.matched = ++m->given;
	return 1;
}

/* ---- the door ---- */

void
merge_init(struct merge *m, struct store *st, const struct query_options *o)
{
	*m = (struct merge){ .st = st, .opts = *o, .ahead = 1, .heap = { .order = o->order },
		.cutting = o->limit > 0 && o->limit <= CUT_MAX };
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
	for (; m->at < m->n_waiting; m->at++)
		feed_free(m->waiting[m->at]);
	for (size_t i = 0; i < m->n_group; i++)
		feed_free(m->group[i]);
	for (size_t i = 0; i < m->heap.n; i++)
		feed_free(m->heap.item[i]);
	m->at = m->n_waiting = m->n_group = m->heap.n = 0;
}

void
merge_fini(struct merge *m)
{
	drop_feeds(m);
	free(m->waiting);
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
merge_add_segments(struct merge *m, const struct segment_info *list, size_t n, uint64_t low, uint64_t high)
{
	m->low = low;
	m->high = n > 0 && list[n - 1].last < high ? list[n - 1].last : high;
	add_waiting(m, list, n, low, high, false);
}

int
merge_again(struct merge *m, const struct place *last, uint64_t given, struct err *e)
{
	struct segment_info *list;
	struct store_view view;
	size_t n;

	drop_feeds(m);
	m->out = m->busy = false;
	m->begun = last != NULL;
	if (last != NULL)
		m->last = *last;
	m->stats.matched = m->given = given;
	/* Its rows were counted once, and may be fewer now. */
	m->cutting = m->scan.cut = false;
	if (store_view(m->st, &view, &list, &n, e) < 0)
		return -1;
	add_waiting(m, list, n, m->low, m->high, true);
	free(list);
	if (m->lines != NULL)
		merge_add_lines(m, m->lines);
	return 0;
}
