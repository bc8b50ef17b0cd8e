/*
 * many: several filters over the same events (see many.h).
 */
#include "query/many.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/match.h"
#include "store/spread.h"

#define LOOKS_MAX 20      /* for a tail that is sealed while it is looked for */
#define KEEP_TEXTS (64u * 1024 * 1024) /* of one segment's columns of texts, decoded once for all filters */

_Static_assert(SPREAD_THREADS_MAX <= MANY_THREADS_MAX, "each thread has a number");

/* The rows of a segment that match one filter. */
struct matched {
	size_t filter;
	uint64_t *bits; /* NULL: all */
};

struct worker {
	struct matcher **matcher; /* by filter; made when first asked */
	struct matched *matched;  /* of the segment at work */
	size_t n;
	struct query_stats stats;
};

struct many {
	struct store *st;
	const struct many_options *o;
	struct worker *worker;
	struct spread_list todo;
};

/* ---- one segment ---- */

/* The filter may match there, as far as its zone map tells. */
static bool
possible(const struct many_filter *f, const struct segment_info *info)
{
	return info->meta.max_time >= f->since && match_possible(f->filter, &info->meta);
}

/* Asks one filter; what matches is kept in w->matched. */
static int
ask(struct many *m, struct worker *w, size_t i, const struct spread_task *t, struct stored *s, struct err *e)
{
	uint32_t n = s->info.meta.count, words = (n + 63) / 64;
	struct matched *to = &w->matched[w->n];
	enum verdict verdict;
	uint64_t *bits;

	if (w->matcher[i] == NULL)
		w->matcher[i] = matcher_new(m->o->filter[i].filter);
	if (match_segment(w->matcher[i], s, &verdict, &bits, e) < 0)
		return -1;
	if (verdict == MATCH_NONE)
		return 0;
	if (verdict == MATCH_ALL)
		bitmap_fill(bits, n);
	spread_clip(t, s, bits);
	if (bitmap_count(bits, n) == 0)
		return 0;
	to->filter = i;
	if (to->bits == NULL)
		to->bits = mem_alloc(MATCH_WORDS * sizeof(*to->bits));
	memcpy(to->bits, bits, words * sizeof(*bits));
	w->n++;
	return 0;
}

static int
tell(struct many *m, struct worker *w, size_t thread, struct stored *s, uint32_t row, field_set want, struct err *e)
{
	struct event ev;

	if (segment_event(s->columns, row, want | FIELD_BIT(FIELD_TIME), &ev, e) < 0)
		return -1;
	for (size_t i = 0; i < w->n; i++) {
		size_t filter = w->matched[i].filter;

		if (!bitmap_has(w->matched[i].bits, row) || ev.time < m->o->filter[filter].since)
			continue;
		w->stats.matched++;
		if (m->o->match(m->o->arg, thread, filter, &ev, store_row_seq(s, row), e) < 0)
			return -1;
	}
	return 0;
}

/* Every row that some filter matched, once. */
static int
tell_rows(struct many *m, struct worker *w, size_t thread, struct stored *s, struct err *e)
{
	uint32_t n = s->info.meta.count, words = (n + 63) / 64;
	uint64_t *any = mem_zero(MATCH_WORDS, sizeof(*any));
	field_set want = 0;
	int rc = 0;

	for (size_t i = 0; i < w->n; i++) {
		want |= m->o->filter[w->matched[i].filter].fields;
		for (uint32_t word = 0; word < words; word++)
			any[word] |= w->matched[i].bits[word];
	}
	segment_expect(s->columns, bitmap_count(any, n));
	for (uint32_t row = (uint32_t)bitmap_next(any, 0, n); rc == 0 && row < n; row = (uint32_t)bitmap_next(any, row + 1, n))
		rc = tell(m, w, thread, s, row, want, e);
	free(any);
	return rc;
}

static int
look_at(void *arg, size_t thread, const struct spread_task *t, struct stored *s, bool *adding, struct err *e)
{
	struct many *m = arg;
	struct worker *w = &m->worker[thread];
	struct query_stats before = w->stats;
	size_t mark;

	(void)adding; /* what is told of a segment that is gone is taken back */
	w->stats.segments_read++;
	w->stats.rows_examined += s->info.meta.count;
	w->n = 0;
	segment_keep(s->columns, KEEP_TEXTS);
	for (size_t i = 0; i < m->o->n; i++)
		if (possible(&m->o->filter[i], &s->info) && ask(m, w, i, t, s, e) < 0)
			goto fail;
	if (w->n == 0)
		return 0;
	mark = m->o->mark(m->o->arg, thread);
	if (tell_rows(m, w, thread, s, e) == 0)
		return 0;
	m->o->back(m->o->arg, thread, mark);
fail:
	w->stats = before;
	return -1;
}

/* ---- the tail ---- */

struct tail {
	struct many *m;
	struct worker *w;
	struct filter_scratch *matching;
	struct json_tape tape;
	struct arena arena;
};

static int
tail_line(void *arg, uint64_t seq, struct str line, struct err *e)
{
	struct tail *t = arg;
	const struct many_options *o = t->m->o;
	const char *detail = "";
	struct event ev;

	if (seq < o->first || seq >= o->end)
		return 0;
	arena_reset(&t->arena);
	t->w->stats.rows_examined++;
	if (event_parse(&ev, line.p, line.len, &event_stored, &t->tape, &t->arena, &detail) != EVENT_OK)
		return err_set(e, ERR_INTEGRITY, "event %llu: its line is damaged", (unsigned long long)seq);
	for (size_t i = 0; i < o->n; i++) {
		if (ev.time < o->filter[i].since || !filter_match(o->filter[i].filter, &ev, t->matching))
			continue;
		t->w->stats.matched++;
		if (o->match(o->arg, 0, i, &ev, seq, e) < 0)
			return -1;
	}
	return 0;
}

/* What of the log is in no segment of the view; those end before `sealed`. */
static int
look_at_tail(struct many *m, const struct store_view *v, uint64_t sealed, bool *moved, struct err *e)
{
	struct tail t = { .m = m, .w = &m->worker[0], .matching = filter_scratch_new() };
	size_t mark = m->o->mark(m->o->arg, 0);
	int rc;

	rc = store_tail_from(m->st, v, sealed, m->o->first, moved, NULL, tail_line, &t, e);
	if (rc == 0)
		rc = filter_trouble(t.matching, e);
	if (rc < 0)
		m->o->back(m->o->arg, 0, mark);
	filter_scratch_free(t.matching);
	json_tape_fini(&t.tape);
	arena_fini(&t.arena);
	return rc;
}

/* ---- all of it ---- */

/* The tail is told first, together with the list of segments before it: what
 * is sealed later is looked for by its seqs. */
static int
look(struct many *m, struct query_stats *stats, struct err *e)
{
	const struct many_options *o = m->o;

	for (int looks = 0; looks < LOOKS_MAX; looks++) {
		struct segment_info *list;
		struct store_view v;
		uint64_t sealed;
		bool moved;
		size_t n;

		if (store_view(m->st, &v, &list, &n, e) < 0)
			return -1;
		sealed = n > 0 ? list[n - 1].last + 1 : 0;
		for (size_t k = 0; k < n; k++) {
			bool any = false;

			if (list[k].last < o->first || list[k].first >= o->end)
				continue;
			for (size_t i = 0; i < o->n && !any; i++)
				any = possible(&o->filter[i], &list[k]);
			if (any)
				spread_add(&m->todo, &list[k], o->first > list[k].first ? o->first : list[k].first,
				    o->end - 1 < list[k].last ? o->end - 1 : list[k].last);
			else
				stats->segments_skipped++;
		}
		free(list);
		if (look_at_tail(m, &v, sealed, &moved, e) < 0)
			return -1;
		if (!moved)
			return 0;
		spread_list_fini(&m->todo);
	}
	return err_set(e, ERR_BUSY, "events arrive faster than they can be read: try again");
}

static void
worker_fini(struct worker *w, size_t filters)
{
	for (size_t i = 0; i < filters; i++) {
		matcher_free(w->matcher[i]);
		free(w->matched[i].bits);
	}
	free(w->matcher);
	free(w->matched);
}

int
query_many(struct store *st, const struct many_options *o, struct query_stats *stats, struct err *e)
{
	size_t threads = o->pool != NULL ? SPREAD_THREADS_MAX : 1;
	struct many m = { .st = st, .o = o, .worker = mem_zero(threads, sizeof(*m.worker)) };
	int rc;

	*stats = (struct query_stats){ 0 };
	for (size_t i = 0; i < threads; i++) {
		m.worker[i].matcher = mem_zero(o->n, sizeof(*m.worker[i].matcher));
		m.worker[i].matched = mem_zero(o->n, sizeof(*m.worker[i].matched));
	}
	rc = o->n > 0 && o->first < o->end ? look(&m, stats, e) : 0;
	if (rc == 0)
		rc = spread_run(&(struct spread){ .st = st, .pool = o->pool, .threads = spread_threads(o->pool, m.todo.n),
			.go_on = o->go_on, .segment = look_at, .arg = &m }, &m.todo, e);
	for (size_t i = 0; i < threads; i++) {
		stats->segments_read += m.worker[i].stats.segments_read;
		stats->rows_examined += m.worker[i].stats.rows_examined;
		stats->matched += m.worker[i].stats.matched;
		worker_fini(&m.worker[i], o->n);
	}
	free(m.worker);
	spread_list_fini(&m.todo);
	return rc < 0 ? store_blame(st, e) : 0;
}
