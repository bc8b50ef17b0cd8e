/*
 * query: events of the store in order.
 *
 * One view of the store says which segments there are, and what is in the
 * tail; both become feeds, which are merged.  What a cursor says limits the
 * seqs and the places that are asked for.
 *
 * In: a store and a filter.   Out: events, one at a time.
 */
#include "query/query.h"

#include <stdlib.h>

#include "base/mem.h"
#include "query/cursor.h"
#include "query/lines.h"
#include "query/texts.h"

struct query {
	struct store *st;  /* NULL: files */
	struct merge merge;
	struct texts *texts; /* NULL: events are given */
	struct lines *tail;
	struct only *only; /* NULL: all seqs */
	struct query_faulty *faulty;
	uint64_t first, size; /* seqs it is about: first <= seq < size */
	uint64_t removals;
	bool ended;        /* there are no more */
	bool gone;         /* the event that the cursor stood at */
};

/* Where `after` and first_seq let the answer begin and end. */
static void
begin(struct query *q)
{
	const struct query_options *o = &q->merge.opts;
	const struct query_cursor *after = o->after;

	q->first = o->first_seq;
	q->size = UINT64_MAX;
	if (after == NULL)
		return;
	if (o->order == QUERY_ARRIVAL) {
		if (q->first < after->size)
			q->first = after->size;
		return;
	}
	q->size = after->size;
	if (after->begun)
		merge_begin_behind(&q->merge, (struct place){ after->time, after->seq });
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
	const struct query_cursor *after = q->merge.opts.after;
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
	if (q->merge.opts.only != NULL && (q->only = only_new(*q->merge.opts.only, e)) == NULL)
		return -1;
	q->merge.scan.only = q->only;
	lines_only(q->tail, q->only);
	lines_range(q->tail, q->first, q->size);
	if (lines_look(q->tail, q->st, &list, &n, e) < 0)
		return -1;
	if (q->size > lines_view(q->tail)->size)
		q->size = lines_view(q->tail)->size;
	if (q->size < q->first)
		q->size = q->first;
	q->removals = lines_view(q->tail)->removals;
	if (q->size > q->first)
		merge_add_segments(&q->merge, list, n, q->first, q->size - 1);
	rc = find_position(q, list, n, e);
	free(list);
	return rc;
}

static struct query *
query_new(struct store *st, const struct query_options *o)
{
	struct query *q = mem_zero(1, sizeof(*q));

	q->st = st;
	merge_init(&q->merge, st, o);
	q->tail = lines_new(o->filter);
	return q;
}

struct query *
query_open(struct store *st, const struct query_options *o, struct err *e)
{
	struct query *q = query_new(st, o);

	if (look(q, e) < 0) {
		store_blame(st, e);
		query_close(q);
		return NULL;
	}
	merge_add_lines(&q->merge, q->tail);
	if (o->text != NULL)
		q->texts = texts_new(&q->merge);
	return q;
}

struct query *
query_open_lines(const char *const *path, size_t n, const struct query_options *o, struct query_faulty *faulty,
    struct err *e)
{
	struct query *q = query_new(NULL, o);

	*faulty = (struct query_faulty){ 0 };
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
	*faulty = *lines_faulty(q->tail);
	merge_add_lines(&q->merge, q->tail);
	return q;
}

void
query_close(struct query *q)
{
	if (q == NULL)
		return;
	texts_free(q->texts);
	merge_fini(&q->merge);
	lines_free(q->tail);
	only_free(q->only);
	free(q);
}

/* The next line of files that are read as they come. */
static int
next_line(struct query *q, const struct event **ev, uint64_t *seq, struct err *e)
{
	struct merge *m = &q->merge;
	int rc;

	if (m->opts.limit > 0 && m->given == m->opts.limit)
		return 0;
	rc = lines_next(q->tail, ev, seq, e);
	*q->faulty = *lines_faulty(q->tail);
	m->stats.rows_examined = lines_examined(q->tail);
	if (rc > 0)
		m->stats.matched = ++m->given;
	return rc;
}

int
query_next(struct query *q, const struct event **ev, uint64_t *seq, struct err *e)
{
	const struct merge *m = &q->merge;
	int rc;

	if (lines_streaming(q->tail)) {
		rc = next_line(q, ev, seq, e);
	} else if ((rc = merge_next(&q->merge, e)) > 0) {
		*ev = &m->event;
		*seq = m->last.seq;
	}
	if (rc < 0)
		return q->st != NULL ? store_blame(q->st, e) : -1;
	q->ended = rc == 0 && (m->opts.limit == 0 || m->given < m->opts.limit);
	/* A line that a pattern gave up on may be missing in the answer. */
	return rc > 0 ? 1 : lines_trouble(q->tail, e);
}

int
query_texts(struct query *q, struct query_texts *out, struct err *e)
{
	int rc = texts_next(q->texts, out, e);

	if (rc < 0)
		return store_blame(q->st, e);
	q->ended = rc == 0 && (q->merge.opts.limit == 0 || texts_given(q->texts) < q->merge.opts.limit);
	return rc > 0 ? 1 : lines_trouble(q->tail, e);
}

void
query_stats(const struct query *q, struct query_stats *s)
{
	*s = q->merge.stats;
	if (q->texts != NULL)
		s->matched = texts_given(q->texts);
}

void
query_cursor(const struct query *q, struct query_cursor *out)
{
	const struct merge *m = &q->merge;
	struct place last = m->last;
	bool begun = m->begun;

	if (q->texts != NULL)
		begun = texts_place(q->texts, &last);
	*out = (struct query_cursor){
		.order = m->opts.order,
		.now = m->opts.now,
		.size = q->size,
		.removals = q->removals,
		.begun = begun,
		.time = last.time,
		.seq = last.seq,
	};
	cursor_identify(out, q->st, m->opts.filter);
	if (m->opts.order == QUERY_ARRIVAL && !q->ended)
		out->size = begun ? last.seq + 1 : q->first;
}

bool
query_position_gone(const struct query *q)
{
	return q->gone;
}
