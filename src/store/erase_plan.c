/*
 * erase_plan: where a person is.
 *
 * Segments are shared out to workers, each read in short transactions; the
 * tail is read in one.  A segment that is merged or pruned meanwhile is looked
 * for again, and then only its seqs count.
 *
 * In: a store and a person.   Out: calls with rows, counts.
 */
#include <stdlib.h>

#include "store/erase_parts.h"
#include "store/schema.h"

#define WORKERS_MAX 16
#define ROUNDS_MAX 20 /* of segments that moved while being read */

/* ---- segments ---- */

struct scanning {
	struct erase_scan *scan;
	const struct erase_range *range;
	size_t n, next;
	pthread_mutex_t lock; /* around all of these, and calls */
	bool failed;
};

struct worker {
	struct scanning *all;
	struct erase_finder finder;
	struct job job;
	struct err err;
};

/* The next one; false: there is none, or it ends here. */
static bool
next_range(struct worker *w, const struct erase_range **r)
{
	struct scanning *all = w->all;
	bool got;

	pthread_mutex_lock(&all->lock);
	if (!all->failed && all->scan->go_on != NULL && all->next < all->n && all->scan->go_on(&w->err) < 0)
		all->failed = true;
	got = !all->failed && all->next < all->n;
	if (got)
		*r = &all->range[all->next++];
	pthread_mutex_unlock(&all->lock);
	return got;
}

static void
clip(const struct erase_range *r, const struct stored *s, struct erase_hits *h)
{
	if (r->low <= s->info.first && r->high >= s->info.last)
		return;
	for (uint32_t row = 0; row < s->info.meta.count; row++)
		if (store_row_seq(s, row) < r->low || store_row_seq(s, row) > r->high)
			bitmap_drop(h->any, row);
}

static void
put_back(struct scanning *all, const struct erase_range *r)
{
	struct erase_scan *s = all->scan;

	pthread_mutex_lock(&all->lock);
	mem_grow(&s->moved, &s->moved_cap, s->n_moved + 1, sizeof(*s->moved));
	s->moved[s->n_moved++] = *r;
	pthread_mutex_unlock(&all->lock);
}

static int
scan_one(struct worker *w, const struct erase_range *r)
{
	bool moved = false;
	struct stored *s = store_segment(w->all->scan->st, &r->info, &moved, &w->err);
	int rc = s != NULL ? erase_find(&w->finder, s->columns, &w->err) : -1;

	if (rc == 0) {
		pthread_mutex_lock(&w->all->lock);
		clip(r, s, &w->finder.hits);
		rc = w->all->scan->segment(w->all->scan->arg, r, s, &w->finder.hits, &w->err);
		pthread_mutex_unlock(&w->all->lock);
	}
	if (rc < 0 && (moved || (s != NULL && s->moved))) {
		err_clear(&w->err);
		put_back(w->all, r);
		rc = 0;
	}
	store_segment_free(s);
	return rc;
}

static void
work(void *arg)
{
	struct worker *w = arg;
	const struct erase_range *r;

	while (next_range(w, &r))
		if (scan_one(w, r) < 0) {
			pthread_mutex_lock(&w->all->lock);
			w->all->failed = true;
			pthread_mutex_unlock(&w->all->lock);
			return;
		}
}

int
erase_scan(struct erase_scan *scan, const struct erase_range *range, size_t n, struct err *e)
{
	struct scanning all = { .scan = scan, .range = range, .n = n };
	size_t workers = scan->pool != NULL ? pool_cpus() : 1;
	struct worker *w;

	workers = workers < WORKERS_MAX ? workers : WORKERS_MAX;
	workers = workers < n ? workers : n > 0 ? n : 1;
	w = mem_zero(workers, sizeof(*w));
	pthread_mutex_init(&all.lock, NULL);
	for (size_t i = 0; i < workers; i++) {
		w[i].all = &all;
		w[i].finder.subject = scan->subject;
		w[i].job = (struct job){ .run = work, .arg = &w[i] };
	}
	for (size_t i = 1; i < workers; i++)
		pool_submit(scan->pool, &w[i].job);
	work(&w[0]);
	for (size_t i = 1; i < workers; i++)
		pool_wait(scan->pool, &w[i].job);
	for (size_t i = 0; i < workers; i++) {
		if (w[i].err.code != ERR_OK && e->code == ERR_OK)
			*e = w[i].err;
		erase_finder_fini(&w[i].finder);
	}
	pthread_mutex_destroy(&all.lock);
	free(w);
	return all.failed ? -1 : 0;
}

const struct erase_known *
erase_known_find(const struct erase_known *known, size_t n, int64_t segment)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (known[middle].segment < segment)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && known[low].segment == segment ? &known[low] : NULL;
}

/* ---- counting ---- */

void
erase_found_fini(struct erase_found *f)
{
	free(f->by);
	*f = (struct erase_found){ 0 };
}

void
erase_found_add(struct erase_found *f, const struct erase_found *more)
{
	f->events += more->events;
	f->records += more->records;
	for (int i = 0; i < FIELD_COUNT; i++)
		f->fields[i] += more->fields[i];
	f->held += more->held;
	f->kept += more->kept;
	f->quarantine += more->quarantine;
	f->saved += more->saved;
	f->files += more->files;
	f->deferred += more->deferred;
	for (size_t i = 0; i < more->by_n; i++)
		hold_kept_add(&f->by, &f->by_n, &more->by[i]);
}

/* ---- the plan ---- */

struct planning {
	struct store *st;
	const struct subject *subject;
	struct holds holds;
	struct record_judge judge;
	struct erase_found *found;
	struct buf text;
	struct json_tape tape;
	struct arena arena;
};

static int
count_segment(void *arg, const struct erase_range *r, struct stored *s, struct erase_hits *h, struct err *e)
{
	struct planning *p = arg;
	struct erase_found own = { 0 };
	uint32_t count = s->info.meta.count;

	(void)r;
	if (bitmap_count(h->any, count) == 0)
		return 0;
	if (erase_spare(&p->judge, p->subject, &p->holds, s, h->any, &own, e) < 0)
		return -1;
	for (uint32_t row = 0; row < count; row++)
		if (bitmap_has(h->any, row))
			*(store_row_kind(s, row) == LEAF_RECORD ? &own.records : &own.events) += 1;
	for (field_set left = h->fields; left != 0; left &= left - 1) {
		enum field f = (enum field)__builtin_ctzll(left);

		for (uint32_t word = 0; word < MATCH_WORDS; word++)
			own.fields[f] += (uint64_t)__builtin_popcountll(h->field[f][word] & h->any[word]);
	}
	erase_found_add(p->found, &own);
	return 0;
}

static int
count_line(void *arg, uint64_t seq, struct str line, struct err *e)
{
	struct planning *p = arg;
	struct event ev;
	const char *detail;
	field_set fields = 0;
	bool record;
	bool held;

	if (!subject_may_occur(p->subject, line))
		return 0;
	arena_reset(&p->arena);
	if (event_parse(&ev, line.p, line.len, &event_stored, &p->tape, &p->arena, &detail) != EVENT_OK)
		return err_set(e, ERR_INTEGRITY, "the tail's line at seq %llu is damaged", (unsigned long long)seq);
	for (field_set left = ev.present & erase_fields(); left != 0; left &= left - 1) {
		enum field f = (enum field)__builtin_ctzll(left);

		if (erase_hit(p->subject, f, ev.v[f], &p->text))
			fields |= FIELD_BIT(f);
	}
	if (fields == 0)
		return 0;
	held = holds_keep_event(&p->holds, &ev);
	record = event_has(&ev, FIELD_SOURCE) && str_eq(ev.v[FIELD_SOURCE], STR(EVENT_RESERVED_SOURCE));
	if (!held && record)
		switch (record_fate(&p->judge, p->subject, &p->holds, seq, &ev)) {
		case RECORD_CHANGES:
			break;
		case RECORD_KEPT:
			p->found->kept++;
			return 0;
		case RECORD_HELD:
			held = true;
			break;
		}
	if (held) {
		p->found->held++;
		return 0;
	}
	*(record ? &p->found->records : &p->found->events) += 1;
	for (; fields != 0; fields &= fields - 1)
		p->found->fields[__builtin_ctzll(fields)]++;
	return 0;
}

/* The view's segments and its tail, which is read before it can move: 1; 0:
 * it did, look again. */
static int
plan_view(struct planning *p, struct erase_range **range, size_t *n, struct err *e)
{
	struct segment_info *list;
	struct store_view v;
	bool moved = false;
	int rc;

	if (store_view(p->st, &v, &list, n, e) < 0)
		return -1;
	rc = store_tail(p->st, v.size - v.tail, v.size, v.tail, &moved, count_line, p, e);
	if (rc == 0 && !moved) {
		*range = mem_alloc(*n * sizeof(**range));
		for (size_t i = 0; i < *n; i++)
			(*range)[i] = (struct erase_range){ list[i], list[i].first, list[i].last };
	}
	free(list);
	return rc < 0 ? -1 : !moved;
}

/* Where the seqs of segments that moved are now. */
static int
find_moved(struct planning *p, struct erase_scan *scan, struct erase_range **range, size_t *n, struct err *e)
{
	struct segment_info *list;
	struct store_view v;
	size_t segments, cap = 0;

	*range = NULL;
	*n = 0;
	if (store_view(p->st, &v, &list, &segments, e) < 0)
		return -1;
	for (size_t i = 0; i < scan->n_moved; i++)
		for (size_t k = 0; k < segments; k++)
			if (list[k].first <= scan->moved[i].high && list[k].last >= scan->moved[i].low) {
				mem_grow(range, &cap, *n + 1, sizeof(**range));
				(*range)[(*n)++] = (struct erase_range){ list[k], scan->moved[i].low, scan->moved[i].high };
			}
	scan->n_moved = 0;
	free(list);
	return 0;
}

static int
plan_segments(struct planning *p, struct erase_scan *scan, struct erase_range *range, size_t n, struct err *e)
{
	int rc = 0;

	for (int round = 0; rc == 0; round++) {
		rc = erase_scan(scan, range, n, e);
		free(range);
		range = NULL;
		if (rc < 0 || scan->n_moved == 0)
			break;
		if (round == ROUNDS_MAX)
			rc = err_set(e, ERR_BUSY, "%s: segments move faster than they are read", p->st->db.path);
		else
			rc = find_moved(p, scan, &range, &n, e);
	}
	free(range);
	return rc;
}

/* Holds and the small tables, in one transaction. */
static int
plan_rest(struct planning *p, struct err *e)
{
	struct erase_other o = { .st = p->st, .subject = p->subject, .found = p->found };
	int rc;

	if (db_begin_read(&p->st->db, e) < 0)
		return -1;
	rc = holds_read(&p->holds, p->st, e);
	if (rc == 0)
		rc = erase_others(&o, e);
	db_rollback(&p->st->db);
	return rc;
}

static int
plan(struct planning *p, struct erase_scan *scan, struct err *e)
{
	struct erase_range *range = NULL;
	size_t n = 0;
	int rc, round = 0;

	if (plan_rest(p, e) < 0)
		return -1;
	while ((rc = plan_view(p, &range, &n, e)) == 0)
		if (++round == ROUNDS_MAX)
			return err_set(e, ERR_BUSY, "%s: the tail moves faster than it is read", p->st->db.path);
	return rc < 0 ? -1 : plan_segments(p, scan, range, n, e);
}

int
store_erase_plan(struct store *st, const struct subject *s, struct pool *pool, int (*go_on)(struct err *e),
    struct erase_found *f, struct err *e)
{
	struct planning p = { .st = st, .subject = s, .found = f };
	struct erase_scan scan = { .st = st, .subject = s, .pool = pool, .go_on = go_on, .segment = count_segment,
		.arg = &p };
	int rc = plan(&p, &scan, e);

	holds_kept(&p.holds, &f->by, &f->by_n);
	holds_fini(&p.holds);
	record_judge_fini(&p.judge);
	buf_fini(&p.text);
	json_tape_fini(&p.tape);
	arena_fini(&p.arena);
	free(scan.moved);
	return rc < 0 ? store_blame(st, e) : 0;
}
