/*
 * query: events of the store in order of time.
 *
 * Each segment is a source with its matching rows in order; so is the tail.
 * A source is opened only when the next event may come from it: its times
 * bound what it can give.  What is open is merged through a heap.
 *
 * In: a store and a filter.   Out: events, one at a time.
 */
#include "query/query.h"

#include <stdlib.h>

#include "base/mem.h"
#include "query/cursor.h"
#include "query/lines.h"
#include "query/match.h"

/* Where an event stands in the order. */
struct place {
	int64_t time;
	uint64_t seq;
};

struct row {
	int64_t time;
	uint32_t row; /* of the segment, or of the lines */
};

struct source {
	struct segment_info info;
	uint64_t low, high;    /* seqs taken from it, both included */
	bool again;            /* found anew: what was given before is left out */
	struct stored *stored; /* NULL: not opened, or lines */
	struct lines *lines;
	struct row *row;       /* matching, in the order of the query */
	uint32_t rows, at;
};

struct query {
	struct store *st;
	struct query_options opts;
	struct matcher *matcher;
	struct source **waiting; /* by what they can give first */
	size_t n_waiting, at, cap;
	struct source **heap;
	size_t n_heap, cap_heap;
	struct lines *tail;
	uint64_t first, size; /* seqs it is about: first <= seq < size */
	uint64_t removals;
	uint64_t given;    /* events */
	struct place last; /* of the newest given, here or on the page before */
	bool begun;        /* last is valid */
	bool ended;        /* there are no more */
	bool gone;         /* the event that the cursor stood at */
	bool out;          /* it is still at the top of the heap */
	struct event event;
	struct query_stats stats;
};

/* ---- order ---- */

/* Negative: a comes first. */
static int
compare(const struct query *q, struct place a, struct place b)
{
	int order = (a.seq > b.seq) - (a.seq < b.seq);

	if (q->opts.order != QUERY_ARRIVAL && a.time != b.time)
		order = (a.time > b.time) - (a.time < b.time);
	return q->opts.order == QUERY_NEWEST ? -order : order;
}

static uint64_t
seq_of(const struct source *s, uint32_t row)
{
	return s->lines != NULL ? lines_seq(s->lines, row) : store_row_seq(s->stored, row);
}

static struct place
head(const struct source *s)
{
	return (struct place){ s->row[s->at].time, seq_of(s, s->row[s->at].row) };
}

/* The first place that the source could give, before it is opened. */
static struct place
bound(const struct query *q, const struct source *s)
{
	const struct segment_meta *m = &s->info.meta;
	const struct filter *f = q->opts.filter;

	if (q->opts.order != QUERY_NEWEST)
		return (struct place){ m->min_time > f->since ? m->min_time : f->since, s->info.first };
	return (struct place){ m->max_time < f->until ? m->max_time : f->until - 1, s->info.last };
}

static int
by_row_time(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->time != y->time)
		return (x->time > y->time) - (x->time < y->time);
	return (x->row > y->row) - (x->row < y->row);
}

static void
order_rows(const struct query *q, struct source *s)
{
	bool sorted = true;

	if (q->opts.order == QUERY_ARRIVAL)
		return;
	for (uint32_t i = 1; i < s->rows && sorted; i++)
		sorted = s->row[i - 1].time <= s->row[i].time;
	if (!sorted)
		qsort(s->row, s->rows, sizeof(*s->row), by_row_time);
	if (q->opts.order == QUERY_NEWEST)
		for (uint32_t i = 0; i < s->rows / 2; i++) {
			struct row t = s->row[i];

			s->row[i] = s->row[s->rows - 1 - i];
			s->row[s->rows - 1 - i] = t;
		}
}

static void
heap_down(struct query *q, size_t i)
{
	for (;;) {
		size_t best = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < q->n_heap; child++)
			if (compare(q, head(q->heap[child]), head(q->heap[best])) < 0)
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
	while (i > 0 && compare(q, head(q->heap[i]), head(q->heap[(i - 1) / 2])) < 0) {
		struct source *t = q->heap[i];
		q->heap[i] = q->heap[(i - 1) / 2];
		q->heap[(i - 1) / 2] = t;
		i = (i - 1) / 2;
	}
}

/* ---- sources ---- */

static void
source_free(struct source *s)
{
	if (s == NULL)
		return;
	store_segment_free(s->stored);
	free(s->row);
	free(s);
}

/* Whether the row is to be given at all, and was not given before. */
static bool
wanted(const struct query *q, const struct source *s, struct row r)
{
	struct place p;

	if (s->low == s->info.first && s->high == s->info.last && !s->again && !q->begun)
		return true;
	p = (struct place){ r.time, store_row_seq(s->stored, r.row) };
	return p.seq >= s->low && p.seq <= s->high && (!q->begun || compare(q, p, q->last) > 0);
}

static void
take_rows(struct query *q, struct source *s, const int64_t *time, enum verdict verdict, const uint64_t *bits)
{
	uint32_t n = s->info.meta.count;
	uint32_t count = verdict == MATCH_ALL ? n : verdict == MATCH_NONE ? 0 : bits_count(bits, n);

	if (count == 0)
		return;
	s->row = mem_alloc(count * sizeof(*s->row));
	for (uint32_t i = 0; i < n; i++) {
		struct row r = { time[i], i };

		if ((verdict == MATCH_ALL || (bits[i / 64] >> (i % 64) & 1)) && wanted(q, s, r))
			s->row[s->rows++] = r;
	}
	order_rows(q, s);
	if (q->opts.limit > 0 && s->rows > q->opts.limit - q->given) {
		s->rows = (uint32_t)(q->opts.limit - q->given);
		s->row = mem_resize(s->row, s->rows * sizeof(*s->row));
	}
}

/* Finds the source's matching rows; 1 when a segment is no longer there. */
static int
source_open(struct query *q, struct source *s, struct err *e)
{
	enum verdict verdict;
	const struct column *time;
	bool moved = false;
	uint64_t *bits;

	s->stored = store_segment(q->st, &s->info, &moved, e);
	if (s->stored == NULL)
		return moved ? 1 : -1;
	if (match_segment(q->matcher, s->stored, &verdict, &bits, e) < 0 ||
	    (verdict != MATCH_NONE && (time = segment_column(s->stored->columns, FIELD_TIME, e)) == NULL))
		return s->stored->moved ? 1 : -1;
	q->stats.segments_read++;
	q->stats.rows_examined += s->info.meta.count;
	if (verdict != MATCH_NONE) {
		if (time->kind != COLUMN_TIME)
			return err_set(e, ERR_INTEGRITY, "segment %lld has no times", (long long)s->info.id);
		take_rows(q, s, time->time, verdict, bits);
	}
	return 0;
}

static int
by_bound(const void *a, const void *b, void *arg)
{
	struct source *const *x = a, *const *y = b;

	return compare(arg, bound(arg, *x), bound(arg, *y));
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

		if (list[i].last < low || list[i].first > high)
			continue;
		if (!is_ahead(q, &list[i]) || !match_possible(q->opts.filter, &list[i].meta)) {
			q->stats.segments_skipped += !again;
			continue;
		}
		s = mem_zero(1, sizeof(*s));
		s->info = list[i];
		s->low = list[i].first > low ? list[i].first : low;
		s->high = list[i].last < high ? list[i].last : high;
		s->again = again;
		mem_grow(&q->waiting, &q->cap, q->n_waiting + 1, sizeof(struct source *));
		q->waiting[q->n_waiting++] = s;
	}
	if (q->n_waiting > q->at)
		qsort_r(q->waiting + q->at, q->n_waiting - q->at, sizeof(struct source *), by_bound, q);
}

/* A segment was merged or pruned: its seqs are looked for where they now are. */
static int
look_again(struct query *q, struct source *gone, struct err *e)
{
	struct segment_info *list;
	struct store_view view;
	size_t n;

	int rc;

	err_clear(e);
	rc = store_view(q->st, &view, &list, &n, e);
	if (rc == 0) {
		add_waiting(q, list, n, gone->low, gone->high, true);
		free(list);
	}
	source_free(gone);
	return rc;
}

/* Opens every waiting source that may hold the next event. */
static int
open_due(struct query *q, struct err *e)
{
	while (q->at < q->n_waiting &&
	    (q->n_heap == 0 || compare(q, bound(q, q->waiting[q->at]), head(q->heap[0])) < 0)) {
		struct source *s = q->waiting[q->at++];
		int rc = q->opts.go_on != NULL ? q->opts.go_on(e) : 0;

		if (rc == 0)
			rc = source_open(q, s, e);
		if (rc < 0) {
			source_free(s);
			return -1;
		}
		if (rc > 0) {
			if (look_again(q, s, e) < 0)
				return -1;
		} else if (s->rows > 0)
			heap_push(q, s);
		else
			source_free(s);
	}
	return 0;
}

/* ---- the door ---- */

static void
add_tail(struct query *q)
{
	struct source *s;
	size_t n = lines_count(q->tail);

	q->stats.rows_examined += lines_examined(q->tail);
	s = mem_zero(1, sizeof(*s));
	s->lines = q->tail;
	s->row = mem_alloc(n * sizeof(*s->row));
	for (uint32_t i = 0; i < n; i++) {
		struct place p = { lines_time(q->tail, i), lines_seq(q->tail, i) };

		if (!q->begun || compare(q, p, q->last) > 0)
			s->row[s->rows++] = (struct row){ p.time, i };
	}
	order_rows(q, s);
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
	q->tail = lines_new(o->filter);
	return q;
}

struct query *
query_open(struct store *st, const struct query_options *o, struct err *e)
{
	struct query *q = query_new(o);

	q->st = st;
	q->matcher = matcher_new(o->filter);
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
	free(q->waiting);
	free(q->heap);
	matcher_free(q->matcher);
	lines_free(q->tail);
	free(q);
}

static int
read_row(struct query *q, struct source *s, uint32_t row, struct err *e)
{
	if (s->lines != NULL)
		return lines_event(s->lines, row, &q->event, e);
	return segment_event(s->stored->columns, row, q->opts.fields, &q->event, e);
}

/* The top of the heap gave its event: the next one, or the end of it. */
static void
advance(struct query *q)
{
	if (++q->heap[0]->at == q->heap[0]->rows) {
		source_free(q->heap[0]);
		q->heap[0] = q->heap[--q->n_heap];
	}
	if (q->n_heap > 0)
		heap_down(q, 0);
}

/* Finds the next event and reads it: 1, 0 at the end, -1. */
static int
find_next(struct query *q, struct err *e)
{
	for (;;) {
		struct source *s;

		if (open_due(q, e) < 0)
			return -1;
		if (q->n_heap == 0)
			return 0;
		s = q->heap[0];
		if (read_row(q, s, s->row[s->at].row, e) == 0)
			return 1;
		if (s->stored == NULL || !s->stored->moved)
			return -1;
		q->heap[0] = q->heap[--q->n_heap];
		if (q->n_heap > 0)
			heap_down(q, 0);
		if (look_again(q, s, e) < 0)
			return -1;
	}
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
		return 0;
	if ((rc = find_next(q, e)) <= 0) {
		q->ended = rc == 0;
		return rc < 0 && q->st != NULL ? store_blame(q->st, e) : rc;
	}
	q->last = head(q->heap[0]);
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
