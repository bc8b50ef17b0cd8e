/*
 * query: events of the store in order.
 *
 * Each segment is a source with its matching rows in order; so is the tail.
 * A source waits until the next event may come from it: its times bound what
 * it can give.  Those whose next event is known are merged through a heap; one
 * that has given all it knew waits again.
 *
 * Sources work in groups, on several threads: what is due, and what will be
 * due anyway.
 *
 * In: a store and a filter.   Out: events, one at a time.
 */
#include "query/query.h"

#include <stdlib.h>

#include "base/mem.h"
#include "query/cursor.h"
#include "query/lines.h"
#include "query/match.h"
#include "query/order.h"
#include "query/source.h"

#define GROUP_MAX 16                    /* sources that work at a time */
#define KEPT_MAX 2                      /* segments that stay open */
#define KEPT_BYTES (24 * 1024 * 1024)   /* of their columns */
#define KEPT_SHARE 4                    /* one event of so many is worth it */
#define FIRST_ROWS 1024                 /* that are looked for in a segment at first */
#define EVENTS_BYTES (24 * 1024 * 1024) /* of copied events, of all sources together */
#define BATCH_BYTES (1024 * 1024)       /* of one source that stays open */
#define BATCH_BYTES_MIN (64 * 1024)
#define CUT_MAX 65536                   /* limits up to which rows beyond are not read */

struct query {
	struct store *st;
	struct query_options opts;
	struct source_scan scan;
	struct crew *crew;
	struct source **waiting; /* by bound, from `at` on */
	size_t n_waiting, at, cap;
	struct source **heap;
	size_t n_heap, cap_heap;
	struct source *group[GROUP_MAX]; /* at work */
	size_t n_group;
	size_t ahead;      /* how large a group may be */
	struct best found; /* the first `limit` of all rows seen, when cutting */
	bool cutting;
	struct lines *tail;
	uint64_t *faulty;  /* lines of files */
	uint64_t first, size; /* seqs it is about: first <= seq < size */
	uint64_t removals;
	uint64_t given;    /* events */
	struct place last; /* of the newest given, here or on the page before */
	bool begun;        /* last is valid */
	bool ended;        /* there are no more */
	bool gone;         /* the event that the cursor stood at */
	bool out;          /* the event given is still at the top of the heap */
	struct event event;
	struct query_stats stats;
};

/* ---- order ---- */

static int
compare(const struct query *q, struct place a, struct place b)
{
	return place_compare(q->opts.order, a, b);
}

/* The first place that a segment could give. */
static struct place
bound(const struct query *q, const struct segment_info *i)
{
	const struct filter *f = q->opts.filter;

	if (q->opts.order != QUERY_NEWEST)
		return (struct place){ i->meta.min_time > f->since ? i->meta.min_time : f->since, i->first };
	return (struct place){ i->meta.max_time < f->until ? i->meta.max_time : f->until - 1, i->last };
}

static void
heap_down(struct query *q, size_t i)
{
	for (;;) {
		size_t best = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < q->n_heap; child++)
			if (compare(q, source_head(q->heap[child]), source_head(q->heap[best])) < 0)
				best = child;
		if (best == i)
			return;
		struct source *t = q->heap[i];
		q->heap[i] = q->heap[best];
		q->heap[best] = t;
		i = best;
	}
}

static void
heap_push(struct query *q, struct source *s)
{
	size_t i = q->n_heap;

	mem_grow(&q->heap, &q->cap_heap, q->n_heap + 1, sizeof(struct source *));
	q->heap[q->n_heap++] = s;
	while (i > 0 && compare(q, source_head(q->heap[i]), source_head(q->heap[(i - 1) / 2])) < 0) {
		struct source *t = q->heap[i];
		q->heap[i] = q->heap[(i - 1) / 2];
		q->heap[(i - 1) / 2] = t;
		i = (i - 1) / 2;
	}
}

/* Takes source i out; the caller sets the heap right afterwards. */
static struct source *
heap_take(struct query *q, size_t i)
{
	struct source *s = q->heap[i];

	q->heap[i] = q->heap[--q->n_heap];
	return s;
}

static void
heap_settle(struct query *q)
{
	for (size_t i = q->n_heap / 2; i-- > 0;)
		heap_down(q, i);
}

/* ---- who waits ---- */

static int
by_bound(const void *a, const void *b, void *arg)
{
	struct source *const *x = a, *const *y = b;

	return compare(arg, (*x)->bound, (*y)->bound);
}

/* Whether something of the segment may come behind the position. */
static bool
is_ahead(const struct query *q, const struct segment_info *i)
{
	struct place final = { i->meta.max_time, i->last };

	if (q->opts.order == QUERY_NEWEST)
		final = (struct place){ i->meta.min_time, i->first };
	return !q->begun || compare(q, final, q->last) > 0;
}

/* Segments of the list that overlap [low, high] wait to be opened. */
static void
add_waiting(struct query *q, const struct segment_info *list, size_t n, uint64_t low, uint64_t high, bool again)
{
	for (size_t i = 0; i < n; i++) {
		struct source *s;

		if (list[i].last < low || list[i].first > high || !is_ahead(q, &list[i]) ||
		    !match_possible(q->opts.filter, &list[i].meta)) {
			q->stats.segments_skipped += !again;
			continue;
		}
		s = mem_zero(1, sizeof(*s));
		s->info = list[i];
		s->low = list[i].first > low ? list[i].first : low;
		s->high = list[i].last < high ? list[i].last : high;
		s->bound = bound(q, &list[i]);
		s->after = q->last;
		s->begun = q->begun;
		s->mark = q->given;
		mem_grow(&q->waiting, &q->cap, q->n_waiting + 1, sizeof(struct source *));
		q->waiting[q->n_waiting++] = s;
	}
	if (q->n_waiting > q->at)
		qsort_r(q->waiting + q->at, q->n_waiting - q->at, sizeof(struct source *), by_bound, q);
}

/* A source that was taken from those waiting, once more.  Its place is nearly
 * always the first. */
static void
wait_again(struct query *q, struct source *s)
{
	size_t i = --q->at;

	for (; i + 1 < q->n_waiting && compare(q, q->waiting[i + 1]->bound, s->bound) < 0; i++)
		q->waiting[i] = q->waiting[i + 1];
	q->waiting[i] = s;
}

/* A segment was merged or pruned: its seqs are looked for where they now are. */
static int
look_again(struct query *q, struct source *gone, struct err *e)
{
	struct segment_info *list;
	struct store_view view;
	size_t n;
	int rc;

	/* Its rows were counted once, and may be fewer now. */
	q->cutting = q->scan.cut = false;
	rc = store_view(q->st, &view, &list, &n, e);
	if (rc == 0) {
		add_waiting(q, list, n, gone->low, gone->high, true);
		free(list);
	}
	source_free(gone);
	return rc;
}

/* ---- what a group is to do ---- */

static uint64_t
needed(const struct query *q)
{
	return q->opts.limit > 0 ? q->opts.limit - q->given : UINT64_MAX;
}

/* Whether what the heap knows is enough for the limit. */
static bool
enough(const struct query *q)
{
	uint64_t rows = 0;

	if (q->opts.limit == 0)
		return false;
	for (size_t i = 0; i < q->n_heap; i++) {
		if (q->heap[i]->more)
			return true;
		rows += q->heap[i]->rows - q->heap[i]->at;
	}
	return rows >= needed(q);
}

static size_t
kept(const struct query *q)
{
	size_t n = 0;

	for (size_t i = 0; i < q->n_heap; i++)
		n += q->heap[i]->keep;
	for (size_t i = 0; i < q->n_group; i++)
		n += q->group[i]->keep;
	return n;
}

/* Whether of the newest events given at least one of so many is of the source;
 * without enough of them, as it is when few sources share. */
static bool
gives_much(const struct query *q, const struct source *s)
{
	uint64_t all = q->given - s->mark;

	return all < FIRST_ROWS / 4 ? q->n_heap + q->n_group < KEPT_MAX : s->gave >= all / KEPT_SHARE;
}

/* Makes room for one more open segment. */
static bool
close_idle(struct query *q)
{
	for (size_t i = 0; i < q->n_heap; i++)
		if (q->heap[i]->keep && !gives_much(q, q->heap[i])) {
			source_close(q->heap[i]);
			return true;
		}
	return false;
}

/* How many rows it looks for, and events it copies, at once. */
static void
set_batch(const struct query *q, struct source *s)
{
	uint64_t rows = SEGMENT_EVENTS_MAX;

	s->want_bytes = BATCH_BYTES;
	if (!s->keep) {
		s->want_bytes = EVENTS_BYTES / (q->n_heap + q->n_group + 1);
		if (s->want_bytes < BATCH_BYTES_MIN)
			s->want_bytes = BATCH_BYTES_MIN;
		rows = source_fits(s);
	}
	s->want_rows = (size_t)(rows < needed(q) ? rows : needed(q));
}

static void
join_group(struct query *q, struct source *s, bool copy)
{
	bool keep = gives_much(q, s);

	if (keep && !s->keep)
		keep = kept(q) < KEPT_MAX || close_idle(q);
	s->keep = keep;
	s->want_rows = (size_t)(needed(q) < FIRST_ROWS ? needed(q) : FIRST_ROWS);
	s->want_bytes = 0;
	if (copy) {
		set_batch(q, s);
		s->mark = q->given;
		s->gave = 0;
	}
	q->group[q->n_group++] = s;
}

/* What the columns of open segments may take in memory. */
static void
close_large(struct query *q)
{
	size_t bytes = 0;

	for (size_t i = 0; i < q->n_heap; i++) {
		struct source *s = q->heap[i];

		if (s->stored == NULL)
			continue;
		bytes += segment_memory(s->stored->columns);
		if (bytes > KEPT_BYTES && i > 0)
			source_close(s);
	}
}

/* ---- groups at work ---- */

/* What a source found, before it goes into the heap. */
static void
note_found(struct query *q, const struct source *s)
{
	struct ranked gone;

	q->stats.segments_read++;
	q->stats.rows_examined += s->info.meta.count;
	for (uint32_t i = 0; q->cutting && i < s->rows && best_wants(&q->found, s->row[i].place); i++)
		best_add(&q->found, s->row[i], &gone);
	q->scan.cut = q->cutting && q->found.n == q->found.max;
	if (q->scan.cut)
		q->scan.last = best_last(&q->found);
}

/* To the heap, to those waiting, or away. */
static int
place(struct query *q, struct source *s, struct err *e)
{
	if (s->lost)
		return look_again(q, s, e);
	if (s->at < s->rows) {
		heap_push(q, s);
		return 0;
	}
	if (!s->more) {
		source_free(s);
		return 0;
	}
	/* All that it has left lies behind the cut. */
	source_close(s);
	wait_again(q, s);
	return 0;
}

/* A failure of a source that is not yet due may never matter: it is asked again. */
static int
run_group(struct query *q, struct err *e)
{
	struct err err[GROUP_MAX];
	bool known[GROUP_MAX];
	size_t n = q->n_group;
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		known[i] = q->group[i]->matched;
	crew_work(q->crew, q->group, n, err);
	if (err[0].code != ERR_OK) {
		*e = err[0];
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		if (q->group[i]->matched && !known[i])
			note_found(q, q->group[i]);
	q->n_group = 0;
	for (size_t i = 0; i < n; i++) {
		struct source *s = q->group[i];

		if (rc < 0)
			source_free(s);
		else if (err[i].code != ERR_OK) {
			source_close(s);
			wait_again(q, s);
		} else
			rc = place(q, s, e);
	}
	close_large(q);
	return rc;
}

/* Others in the heap that have few rows left and more behind them. */
static void
join_exhausted(struct query *q)
{
	for (size_t i = 0; i < q->n_heap && q->n_group < GROUP_MAX; i++) {
		struct source *s = q->heap[i];

		if (!s->more || s->ready < s->rows || s->rows - s->at > s->rows / 8)
			continue;
		heap_take(q, i--);
		s->bound = s->begun ? s->after : s->bound;
		join_group(q, s, true);
	}
	heap_settle(q);
}

static bool
due(const struct query *q)
{
	return q->at < q->n_waiting &&
	    (q->n_heap == 0 || compare(q, q->waiting[q->at]->bound, source_head(q->heap[0])) < 0);
}

/*
 * The first of those waiting is due.  With a new one go others, when there is
 * no end in sight: they will be due, too; their number grows from one, so that
 * the first answer comes soon.
 */
static int
open_due(struct query *q, struct err *e)
{
	bool few = q->opts.pool != NULL && !enough(q);

	join_group(q, q->waiting[q->at++], false);
	while (few && q->n_group < q->ahead && q->at < q->n_waiting && !q->waiting[q->at]->matched)
		join_group(q, q->waiting[q->at++], false);
	if (few && q->ahead < GROUP_MAX)
		q->ahead *= 2;
	return run_group(q, e);
}

/* The first of those waiting, which gave all it knew, goes on, and with it
 * others that soon have to. */
static int
go_on_due(struct query *q, struct err *e)
{
	join_group(q, q->waiting[q->at++], true);
	if (q->opts.pool != NULL)
		join_exhausted(q);
	return run_group(q, e);
}

/* The top of the heap has no copies of its events yet: it makes them, and with
 * it others that are to be asked in between, or know all that they will give. */
static int
work_on_top(struct query *q, struct err *e)
{
	struct source *s = heap_take(q, 0);
	struct place last = s->row[s->rows - 1].place;

	s->bound = source_head(s);
	join_group(q, s, true);
	for (size_t i = 0; q->opts.pool != NULL && i < q->n_heap && q->n_group < GROUP_MAX; i++) {
		s = q->heap[i];
		if (s->lines != NULL || s->ready > s->at || (s->more && compare(q, source_head(s), last) > 0))
			continue;
		heap_take(q, i--);
		s->bound = source_head(s);
		join_group(q, s, true);
	}
	heap_settle(q);
	return run_group(q, e);
}

/* ---- the door ---- */

static void
add_tail(struct query *q)
{
	struct source *s = mem_zero(1, sizeof(*s));
	struct best all;

	q->stats.rows_examined += lines_examined(q->tail);
	s->lines = q->tail;
	best_init(&all, q->opts.order, SIZE_MAX);
	for (uint32_t i = 0; i < lines_count(q->tail); i++) {
		struct ranked r = { { lines_time(q->tail, i), lines_seq(q->tail, i) }, i }, gone;

		if (!q->begun || compare(q, r.place, q->last) > 0)
			best_add(&all, r, &gone);
	}
	best_sort(&all);
	s->row = all.item;
	s->rows = (uint32_t)all.n;
	if (s->rows > 0)
		heap_push(q, s);
	else
		source_free(s);
}

/* Where `after` and first_seq let the answer begin and end. */
static void
begin(struct query *q)
{
	const struct query_cursor *after = q->opts.after;

	q->first = q->opts.first_seq;
	q->size = UINT64_MAX;
	if (after == NULL)
		return;
	if (q->opts.order == QUERY_ARRIVAL) {
		if (q->first < after->size)
			q->first = after->size;
		return;
	}
	q->size = after->size;
	q->begun = after->begun;
	q->last = (struct place){ after->time, after->seq };
}

/* Whether the store still has an event: 1, 0, -1. */
static int
present(struct query *q, const struct segment_info *list, size_t n, uint64_t seq, struct err *e)
{
	bool moved = false;
	int rc;

	for (size_t i = 0; i < n; i++) {
		struct stored *s;

		if (seq < list[i].first || seq > list[i].last)
			continue;
		if ((s = store_segment(q->st, &list[i], &moved, e)) == NULL)
			break;
		rc = 0;
		for (uint32_t row = 0; row < list[i].meta.count && rc == 0; row++)
			rc = store_row_seq(s, row) == seq;
		store_segment_free(s);
		return rc;
	}
	if (moved) /* removed from at this moment: no longer to be relied on */
		err_clear(e);
	else if (e->code != ERR_OK)
		return -1;
	return 0;
}

/* Whether the position was pruned since the cursor was given. */
static int
find_position(struct query *q, const struct segment_info *list, size_t n, struct err *e)
{
	const struct query_cursor *after = q->opts.after;
	bool moved;
	int rc;

	if (after == NULL || !after->begun || after->removals == q->removals)
		return 0;
	if ((rc = present(q, list, n, after->seq, e)) < 0)
		return -1;
	if (rc == 0) {
		if (store_tail(q->st, after->seq, after->seq + 1, 1, &moved, lines_ignore, NULL, e) < 0)
			return -1;
		q->gone = moved;
	}
	return 0;
}

static int
look(struct query *q, struct err *e)
{
	struct segment_info *list;
	int rc = 0;
	size_t n;

	begin(q);
	lines_range(q->tail, q->first, q->size);
	if (lines_look(q->tail, q->st, &list, &n, e) < 0)
		return -1;
	if (q->size > lines_view(q->tail)->size)
		q->size = lines_view(q->tail)->size;
	if (q->size < q->first)
		q->size = q->first;
	q->removals = lines_view(q->tail)->removals;
	if (q->size > q->first)
		add_waiting(q, list, n, q->first, q->size - 1, false);
	rc = find_position(q, list, n, e);
	free(list);
	return rc;
}

static struct query *
query_new(const struct query_options *o)
{
	struct query *q = mem_zero(1, sizeof(*q));

	q->opts = *o;
	if (o->fields == 0)
		q->opts.fields = FIELD_ALL;
	q->opts.fields |= FIELD_BIT(FIELD_TIME);
	q->ahead = 1;
	q->cutting = o->limit > 0 && o->limit <= CUT_MAX;
	if (q->cutting)
		best_init(&q->found, o->order, (size_t)o->limit);
	q->tail = lines_new(o->filter);
	return q;
}

struct query *
query_open(struct store *st, const struct query_options *o, struct err *e)
{
	struct query *q = query_new(o);

	q->st = st;
	q->scan = (struct source_scan){ .st = st, .filter = o->filter, .order = o->order, .fields = q->opts.fields,
		.pool = o->pool, .go_on = o->go_on };
	q->crew = crew_new(&q->scan);
	if (look(q, e) < 0) {
		store_blame(st, e);
		query_close(q);
		return NULL;
	}
	add_tail(q);
	return q;
}

struct query *
query_open_lines(const char *const *path, size_t n, const struct query_options *o, uint64_t *faulty, struct err *e)
{
	struct query *q = query_new(o);

	*faulty = 0;
	q->faulty = faulty;
	if (o->order == QUERY_ARRIVAL) {
		lines_stream(q->tail, path, n, o->go_on);
		return q;
	}
	lines_keep_best(q->tail, o->order, o->limit);
	for (size_t i = 0; i < n; i++)
		if (lines_read(q->tail, path[i], o->go_on, e) < 0) {
			query_close(q);
			return NULL;
		}
	*faulty = lines_faulty(q->tail);
	add_tail(q);
	return q;
}

void
query_close(struct query *q)
{
	if (q == NULL)
		return;
	for (; q->at < q->n_waiting; q->at++)
		source_free(q->waiting[q->at]);
	for (size_t i = 0; i < q->n_heap; i++)
		source_free(q->heap[i]);
	for (size_t i = 0; i < q->n_group; i++)
		source_free(q->group[i]);
	free(q->waiting);
	free(q->heap);
	free(q->found.item);
	crew_free(q->crew);
	lines_free(q->tail);
	free(q);
}

/* The top of the heap gave its event: the next one, or it waits, or its end. */
static void
advance(struct query *q)
{
	struct source *s = q->heap[0];

	s->after = s->row[s->at++].place;
	s->begun = true;
	s->gave++;
	if (s->at < s->rows) {
		heap_down(q, 0);
		return;
	}
	heap_take(q, 0);
	if (q->n_heap > 0)
		heap_down(q, 0);
	if (s->more) {
		if (s->cut)
			source_close(s);
		else
			s->bound = s->after;
		wait_again(q, s);
	} else
		source_free(s);
}

/* Finds the next event and reads it: 1, 0 at the end, -1. */
static int
find_next(struct query *q, struct err *e)
{
	for (;;) {
		struct source *s;

		if (due(q)) {
			if ((q->waiting[q->at]->matched ? go_on_due(q, e) : open_due(q, e)) < 0)
				return -1;
			continue;
		}
		if (q->n_heap == 0)
			return 0;
		s = q->heap[0];
		if (s->lines != NULL)
			return lines_event(s->lines, s->row[s->at].row, &q->event, e) < 0 ? -1 : 1;
		if (s->ready == s->at) {
			if (work_on_top(q, e) < 0)
				return -1;
			continue;
		}
		if (source_event(s, q->opts.fields, &q->event, e) == 0)
			return 1;
		if (!s->lost)
			return -1;
		err_clear(e);
		heap_take(q, 0);
		heap_settle(q);
		if (look_again(q, s, e) < 0)
			return -1;
	}
}

/* The next line of files that are read as they come. */
static int
next_line(struct query *q, const struct event **ev, uint64_t *seq, struct err *e)
{
	int rc = lines_next(q->tail, ev, seq, e);

	*q->faulty = lines_faulty(q->tail);
	q->stats.rows_examined = lines_examined(q->tail);
	if (rc > 0)
		q->stats.matched = ++q->given;
	return rc;
}

/*
 * The event given is borrowed from its source, so the source moves on at the
 * beginning of the next call.
 */
int
query_next(struct query *q, const struct event **ev, uint64_t *seq, struct err *e)
{
	int rc;

	if (q->out)
		advance(q);
	q->out = false;
	if (q->opts.limit > 0 && q->given == q->opts.limit)
		return lines_trouble(q->tail, e);
	if (lines_streaming(q->tail))
		return (rc = next_line(q, ev, seq, e)) == 0 ? lines_trouble(q->tail, e) : rc;
	if ((rc = find_next(q, e)) <= 0) {
		q->ended = rc == 0;
		return rc < 0 && q->st != NULL ? store_blame(q->st, e) : rc < 0 ? -1 : lines_trouble(q->tail, e);
	}
	q->last = source_head(q->heap[0]);
	q->begun = true;
	q->out = true;
	q->stats.matched = ++q->given;
	*ev = &q->event;
	*seq = q->last.seq;
	return 1;
}

void
query_stats(const struct query *q, struct query_stats *s)
{
	*s = q->stats;
}

void
query_cursor(const struct query *q, struct query_cursor *out)
{
	*out = (struct query_cursor){
		.order = q->opts.order,
		.now = q->opts.now,
		.size = q->size,
		.removals = q->removals,
		.begun = q->begun,
		.time = q->last.time,
		.seq = q->last.seq,
	};
	cursor_identify(out, q->st, q->opts.filter);
	if (q->opts.order == QUERY_ARRIVAL && !q->ended)
		out->size = q->begun ? q->last.seq + 1 : q->first;
}

uint64_t
query_size(const struct query *q)
{
	return q->size;
}

bool
query_position_gone(const struct query *q)
{
	return q->gone;
}

int
query_covered(struct store *st, const struct filter *f, bool *covered, struct err *e)
{
	struct segment_info *list;
	struct store_view view;
	size_t n;

	if (store_view(st, &view, &list, &n, e) < 0)
		return -1;
	free(list);
	*covered = !f->stated_window || view.pruned_events == 0 || view.pruned_max_time < f->since ||
	    view.pruned_min_time >= f->until;
	return 0;
}
