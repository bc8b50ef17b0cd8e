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
#include "store/spread.h"

#define ROUNDS_MAX 20 /* of a tail that moves while it is read */

/* ---- segments ---- */

struct scanning {
	const struct erase_scan *scan;
	struct erase_finder *finder; /* of each thread */
	pthread_mutex_t lock;        /* around calls */
};

static int
scan_segment(void *arg, size_t thread, const struct spread_task *t, struct stored *s, bool *adding, struct err *e)
{
	struct scanning *all = arg;
	struct erase_finder *finder = &all->finder[thread];
	int rc = erase_find(finder, s->columns, e);

	(void)adding;
	if (rc == 0) {
		spread_clip(t, s, finder->hits.any);
		pthread_mutex_lock(&all->lock);
		rc = all->scan->segment(all->scan->arg, s, &finder->hits, e);
		pthread_mutex_unlock(&all->lock);
	}
	return rc;
}

int
erase_scan(const struct erase_scan *scan, const struct segment_info *list, size_t n, struct err *e)
{
	size_t threads = spread_threads(scan->pool, n);
	struct scanning all = { .scan = scan, .finder = mem_zero(threads, sizeof(*all.finder)) };
	struct spread spread = { .st = scan->st, .pool = scan->pool, .threads = threads, .go_on = scan->go_on,
		.segment = scan_segment, .arg = &all, .once = scan->once };
	struct spread_list todo = { 0 };
	int rc;

	pthread_mutex_init(&all.lock, NULL);
	for (size_t i = 0; i < threads; i++)
		all.finder[i].subject = scan->subject;
	for (size_t i = 0; i < n; i++)
		spread_add(&todo, &list[i], list[i].first, list[i].last);
	rc = spread_run(&spread, &todo, e);
	spread_list_fini(&todo);
	for (size_t i = 0; i < threads; i++)
		erase_finder_fini(&all.finder[i]);
	free(all.finder);
	pthread_mutex_destroy(&all.lock);
	return rc;
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
count_segment(void *arg, struct stored *s, struct erase_hits *h, struct err *e)
{
	struct planning *p = arg;
	struct erase_found own = { 0 };
	uint32_t count = s->info.meta.count;

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

/* The view's segments, yours (free), and its tail, which is read before it can
 * move: 1; 0: it did, look again. */
static int
plan_view(struct planning *p, struct segment_info **list, size_t *n, struct err *e)
{
	struct store_view v;
	bool moved = false;
	int rc;

	if (store_view(p->st, &v, list, n, e) < 0)
		return -1;
	rc = store_tail(p->st, v.size - v.tail, v.size, v.tail, &moved, count_line, p, e);
	if (rc == 0 && !moved)
		return 1;
	free(*list);
	*list = NULL;
	return rc < 0 ? -1 : 0;
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
plan(struct planning *p, const struct erase_scan *scan, struct err *e)
{
	struct segment_info *list = NULL;
	size_t n = 0;
	int rc, round = 0;

	if (plan_rest(p, e) < 0)
		return -1;
	while ((rc = plan_view(p, &list, &n, e)) == 0)
		if (++round == ROUNDS_MAX)
			return err_set(e, ERR_BUSY, "%s: the tail moves faster than it is read", p->st->db.path);
	if (rc > 0)
		rc = erase_scan(scan, list, n, e);
	free(list);
	return rc;
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
	return rc < 0 ? store_blame(st, e) : 0;
}
