/*
 * silence: sources that said nothing for longer than usual (see silence.h).
 *
 * All threads mark slots in the same bits; a source is entered under the lock.
 *
 * In: times and sources of the segments around a window.   Out: silences.
 */
#include "query/silence.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "query/scan.h"

#define WORDS (SILENCE_SLOTS / 64)

struct voice {
	struct str source;
	uint64_t *slot; /* bits */
	int64_t last;   /* its last event */
};

struct rhythm {
	int64_t begin, until; /* what is looked at */
	int64_t from;         /* where the window begins */
	unsigned shift;       /* a slot is 1 << shift microseconds long */
	pthread_mutex_t lock;
	struct tally *names;  /* sources; their places are those of voice[] */
	struct voice *voice[SILENCE_SOURCES_MAX];
	uint32_t voices;
	uint32_t *gaps;       /* of the source at work: how many are so many slots long */
};

/* What one thread keeps of the dictionary of a segment. */
struct listener {
	struct rhythm *r;
	struct voice **of_code;
	int64_t *last;
	size_t cap, last_cap;
};

/* ---- marking ---- */

/* The source's bits; NULL for one that is not judged. */
static struct voice *
find_voice(struct rhythm *r, struct str source)
{
	struct voice *v = NULL;
	size_t place;

	if (source.p == NULL)
		source = STR("");
	if (str_eq(source, STR(EVENT_RESERVED_SOURCE)))
		return NULL;
	pthread_mutex_lock(&r->lock);
	if (tally_find(r->names, source, &place))
		v = r->voice[place];
	else if (r->voices < SILENCE_SOURCES_MAX) {
		v = mem_zero(1, sizeof(*v));
		v->source = tally_value(r->names, tally_add(r->names, source, 1));
		v->slot = mem_zero(WORDS, sizeof(*v->slot));
		v->last = TIME_NONE;
		r->voice[r->voices++] = v;
	}
	pthread_mutex_unlock(&r->lock);
	return v;
}

static inline void
mark(const struct rhythm *r, struct voice *v, int64_t time)
{
	uint64_t slot = ((uint64_t)time - (uint64_t)r->begin) >> r->shift;
	uint64_t bit = UINT64_C(1) << (slot % 64);

	/* Mostly it is set already: then nothing is written that others read. */
	if (!(__atomic_load_n(&v->slot[slot / 64], __ATOMIC_RELAXED) & bit))
		__atomic_fetch_or(&v->slot[slot / 64], bit, __ATOMIC_RELAXED);
}

static void
note_last(struct rhythm *r, struct voice *v, int64_t time)
{
	pthread_mutex_lock(&r->lock);
	if (v->last == TIME_NONE || time > v->last)
		v->last = time;
	pthread_mutex_unlock(&r->lock);
}

static bool
looked_at(const struct rhythm *r, int64_t time)
{
	return time >= r->begin && time < r->until;
}

static int
mark_by_code(struct listener *l, const struct chosen *c, const int64_t *time, const struct column *source,
    struct err *e)
{
	if ((source = segment_codes(c->s->columns, FIELD_SOURCE, e)) == NULL)
		return -1;
	mem_grow(&l->of_code, &l->cap, (size_t)source->n_values + 1, sizeof(*l->of_code));
	mem_grow(&l->last, &l->last_cap, (size_t)source->n_values + 1, sizeof(*l->last));
	for (uint32_t code = 0; code <= source->n_values; code++) {
		l->of_code[code] = source->counts[code] > 0 ? find_voice(l->r, source->values[code]) : NULL;
		l->last[code] = TIME_NONE;
	}
	for (uint32_t row = chosen_next(c, 0); row < c->n; row = chosen_next(c, row + 1)) {
		uint32_t code = column_code(source, row);

		if (!looked_at(l->r, time[row]) || l->of_code[code] == NULL)
			continue;
		mark(l->r, l->of_code[code], time[row]);
		if (time[row] > l->last[code])
			l->last[code] = time[row];
	}
	for (uint32_t code = 0; code <= source->n_values; code++)
		if (l->last[code] != TIME_NONE)
			note_last(l->r, l->of_code[code], l->last[code]);
	return 0;
}

/* All rows are of one source. */
static void
mark_all(struct listener *l, const struct chosen *c, const int64_t *time, struct str source)
{
	struct voice *v = find_voice(l->r, source);
	int64_t last = TIME_NONE;

	if (v == NULL)
		return;
	for (uint32_t row = chosen_next(c, 0); row < c->n; row = chosen_next(c, row + 1))
		if (looked_at(l->r, time[row])) {
			mark(l->r, v, time[row]);
			last = time[row] > last ? time[row] : last;
		}
	if (last != TIME_NONE)
		note_last(l->r, v, last);
}

static int
mark_by_value(struct listener *l, const struct chosen *c, const int64_t *time, struct err *e)
{
	for (uint32_t row = chosen_next(c, 0); row < c->n; row = chosen_next(c, row + 1)) {
		struct voice *v;
		struct str source;

		if (!looked_at(l->r, time[row]))
			continue;
		if (segment_value(c->s->columns, FIELD_SOURCE, row, &source, e) < 0)
			return -1;
		if ((v = find_voice(l->r, source)) != NULL) {
			mark(l->r, v, time[row]);
			note_last(l->r, v, time[row]);
		}
	}
	return 0;
}

/* Marking twice does no harm: a segment that moves may be given again. */
static int
add_segment(void *sums, const struct chosen *c, bool *adding, struct err *e)
{
	struct listener *l = sums;
	const struct column *time = segment_column(c->s->columns, FIELD_TIME, e);
	const struct column *source = segment_column(c->s->columns, FIELD_SOURCE, e);

	(void)adding;
	if (time == NULL || source == NULL)
		return -1;
	if (time->kind != COLUMN_TIME)
		return err_set(e, ERR_INTEGRITY, "segment %lld has no times", (long long)c->s->info.id);
	if (source->kind == COLUMN_VALUES)
		return mark_by_value(l, c, time->time, e);
	if (source->kind == COLUMN_CODES && (source->n_values > 1 || source->counts[0] > 0))
		return mark_by_code(l, c, time->time, source, e);
	mark_all(l, c, time->time, source->kind == COLUMN_CODES ? source->values[1] : STR(""));
	return 0;
}

static int
add_event(void *sums, const struct event *ev, struct err *e)
{
	struct listener *l = sums;
	struct voice *v;

	(void)e;
	if (!event_has(ev, FIELD_TIME) || !looked_at(l->r, ev->time))
		return 0;
	v = find_voice(l->r, event_has(ev, FIELD_SOURCE) ? ev->v[FIELD_SOURCE] : STR(""));
	if (v != NULL) {
		mark(l->r, v, ev->time);
		note_last(l->r, v, ev->time);
	}
	return 0;
}

static void *
start(void *arg)
{
	struct listener *l = mem_zero(1, sizeof(*l));

	l->r = arg;
	return l;
}

static void
finish(void *sums, bool failed)
{
	struct listener *l = sums;

	(void)failed;
	free(l->of_code);
	free(l->last);
	free(l);
}

/* ---- judging ---- */

struct gap {
	int64_t from, until; /* not clipped to the window */
	uint32_t slots;
};

/* What is known of a source's gaps; `longest` takes most of the window. */
struct gaps {
	struct gap longest;
	int64_t inside;  /* of the longest, in the window */
	uint32_t events; /* slots with some */
	uint32_t widest; /* any gap, in slots */
	uint64_t total;  /* of all, in slots */
};

static void
note_gap(struct rhythm *r, struct gaps *g, struct gap gap)
{
	int64_t inside = gap.until - (gap.from > r->from ? gap.from : r->from);

	r->gaps[gap.slots]++;
	g->total += gap.slots;
	if (gap.slots > g->widest)
		g->widest = gap.slots;
	if (inside > g->inside) {
		g->inside = inside;
		g->longest = gap;
	}
}

/* The start of a slot; behind the last one, the end of what is looked at. */
static int64_t
slot_start(const struct rhythm *r, uint32_t slot)
{
	int64_t start = r->begin + ((int64_t)slot << r->shift);

	return start < r->until ? start : r->until;
}

static void
find_gaps(struct rhythm *r, const struct voice *v, struct gaps *g)
{
	uint32_t before = 0, end;

	for (uint32_t w = 0; w < WORDS; w++)
		for (uint64_t in = v->slot[w]; in != 0; in &= in - 1) {
			uint32_t slot = w * 64 + (uint32_t)__builtin_ctzll(in);

			if (g->events++ > 0)
				note_gap(r, g, (struct gap){ slot_start(r, before + 1), slot_start(r, slot),
				    slot - before });
			before = slot;
		}
	end = (uint32_t)((r->until - 1 - r->begin) >> r->shift);
	if (g->events > 0 && end > before)
		note_gap(r, g, (struct gap){ v->last, r->until, end - before });
}

/* In slots, without the longest gap itself. */
static uint32_t
usual_gap(const struct rhythm *r, const struct gaps *g)
{
	uint64_t rest = g->total - g->longest.slots, seen = 0;
	uint32_t number = 0;

	for (uint32_t n = g->widest; n > 0; n--) {
		uint32_t have = r->gaps[n] - (n == g->longest.slots);

		number += have;
		seen += (uint64_t)have * n;
		if (number >= 3 || seen * 100 > rest * (100 - SILENCE_SHARE))
			return n;
	}
	return 1;
}

/* The rule of silence.h. */
static bool
judge(struct rhythm *r, const struct voice *v, struct silence *out)
{
	struct gaps g = { .inside = 0 };
	int64_t length, heard;
	uint32_t usual;

	find_gaps(r, v, &g);
	usual = usual_gap(r, &g);
	memset(r->gaps, 0, ((size_t)g.widest + 1) * sizeof(*r->gaps));
	length = g.longest.until - g.longest.from;
	heard = (int64_t)(g.total - g.longest.slots) << r->shift;
	if (g.inside <= SILENCE_LEAST || g.inside <= (r->until - r->from) / SILENCE_PART ||
	    g.longest.slots <= (uint64_t)usual * SILENCE_FACTOR || g.events < SILENCE_EVENTS ||
	    (heard < length && heard < SILENCE_HEARD))
		return false;
	out->from = g.longest.from > r->from ? g.longest.from : r->from;
	out->until = g.longest.until;
	out->usual = (int64_t)usual << r->shift;
	return true;
}

/* Whether the filter asks about the source at all: its tests that all must hold. */
static bool
node_lets_through(const struct filter_node *n, struct str source, struct filter_scratch *x)
{
	const struct filter_node *t = n->op == FILTER_NOT ? n->child[0] : n;

	if (n->op == FILTER_AND) {
		for (size_t i = 0; i < n->children; i++)
			if (!node_lets_through(n->child[i], source, x))
				return false;
		return true;
	}
	if (t->op != FILTER_TEST || t->test.field != FIELD_SOURCE || t->test.op == TEST_LINE ||
	    t->test.op == TEST_SAME)
		return true;
	if (source.len == 0)
		return n->op == FILTER_NOT;
	return (t->test.op == TEST_HAS || filter_test_value(&t->test, source, x)) != (n->op == FILTER_NOT);
}

static int
by_length(const void *pa, const void *pb)
{
	const struct silence *a = pa, *b = pb;
	int64_t x = a->until - a->from, y = b->until - b->from;

	return x != y ? (x > y ? -1 : 1) : str_cmp(a->source, b->source);
}

static void
judge_all(struct rhythm *r, const struct filter *f, struct coverage *out)
{
	struct filter_scratch *x = filter_scratch_new();
	size_t cap = out->silences;

	r->gaps = mem_zero(SILENCE_SLOTS + 1, sizeof(*r->gaps));
	for (uint32_t i = 0; i < r->voices; i++) {
		const struct voice *v = r->voice[i];
		struct silence s;

		if (!node_lets_through(f->root, v->source, x) || !judge(r, v, &s))
			continue;
		s.source = (struct str){ arena_copy(&out->arena, v->source.p, v->source.len), v->source.len };
		mem_grow(&out->silent, &cap, out->silences + 1, sizeof(*out->silent));
		out->silent[out->silences++] = s;
	}
	if (out->silences > 1)
		qsort(out->silent, out->silences, sizeof(*out->silent), by_length);
	free(r->gaps);
	filter_scratch_free(x);
}

/* ---- the window ---- */

/* Everything up to `until`, however long ago, begins with the first segment. */
static int
first_time(struct store *st, int64_t until, int64_t *first, struct err *e)
{
	struct segment_info *list;
	struct store_view view;
	size_t n;

	if (store_view(st, &view, &list, &n, e) < 0)
		return -1;
	*first = until - SILENCE_BEFORE;
	for (size_t i = 0; i < n; i++)
		if (list[i].meta.min_time < *first)
			*first = list[i].meta.min_time;
	free(list);
	return 0;
}

/* false: there is nothing to look at. */
static bool
set_window(struct rhythm *r, const struct filter *f, int64_t now, int64_t first)
{
	r->until = f->until < now ? f->until : now;
	r->from = f->since > first ? f->since : first;
	if (r->until > TIME_MAX)
		r->until = TIME_MAX;
	if (r->from >= r->until)
		return false;
	r->begin = r->from > TIME_MIN + SILENCE_BEFORE ? r->from - SILENCE_BEFORE : TIME_MIN;
	while ((r->until - r->begin) >> r->shift >= SILENCE_SLOTS)
		r->shift++;
	return true;
}

int
silence_find(struct store *st, const struct filter *f, int64_t now, struct pool *pool, struct coverage *out,
    struct err *e)
{
	struct filter_node all = { .op = FILTER_TRUE };
	struct filter near = { .root = &all };
	struct query_options o = { .filter = &near, .pool = pool };
	struct rhythm r = { .shift = 0 };
	const struct scan_use use = { &r, start, add_segment, add_event, NULL, finish };
	struct query_stats stats;
	int64_t first = TIME_MIN;
	int rc;

	if (f->since <= TIME_MIN && first_time(st, f->until < now ? f->until : now, &first, e) < 0)
		return -1;
	if (!set_window(&r, f, now, first))
		return 0;
	near.since = r.begin;
	near.until = r.until;
	pthread_mutex_init(&r.lock, NULL);
	r.names = tally_new();
	rc = scan_store(st, &o, &use, &stats, e);
	if (rc == 0)
		judge_all(&r, f, out);
	for (uint32_t i = 0; i < r.voices; i++) {
		free(r.voice[i]->slot);
		free(r.voice[i]);
	}
	tally_free(r.names);
	pthread_mutex_destroy(&r.lock);
	return rc;
}
