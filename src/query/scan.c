/*
 * scan: segments shared out to threads (see scan.h).
 *
 * In: a store and a filter.   Out: calls with the rows that match.
 */
#include "query/scan.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "query/lines.h"
#include "query/only.h"
#include "store/match.h"

#define ROUNDS_MAX 20 /* of segments that moved while being read */

struct task {
	struct segment_info info;
	uint64_t low, high; /* seqs that count */
};

struct task_list {
	struct task *item;
	size_t n, cap;
};

struct scan {
	struct store *st;
	const struct query_options *opts;
	const struct scan_use *use;
	struct only *only; /* NULL: all seqs */
	pthread_mutex_t lock; /* around what follows */
	struct task_list todo;
	size_t next;
	struct task_list moved; /* to be looked for again */
	bool failed;
};

struct worker {
	struct scan *scan;
	struct job job;
	struct matcher *matcher;
	void *sums;
	struct query_stats stats;
	struct err err;
};

static void
add_task(struct task_list *l, const struct segment_info *info, uint64_t low, uint64_t high)
{
	mem_grow(&l->item, &l->cap, l->n + 1, sizeof(*l->item));
	l->item[l->n++] = (struct task){ *info, low, high };
}

/* ---- one segment ---- */

/* Rows whose seqs the task does not count are cleared. */
static void
clip(const struct task *t, const struct stored *s, uint64_t *bits)
{
	for (uint32_t row = 0; row < s->info.meta.count; row++) {
		uint64_t seq = store_row_seq(s, row);

		if (seq < t->low || seq > t->high)
			bitmap_drop(bits, row);
	}
}

static int
scan_segment(struct worker *w, const struct task *t, struct stored *s, bool *adding, struct err *e)
{
	struct chosen c = { .s = s, .n = s->info.meta.count };
	enum verdict verdict;
	uint64_t *bits;

	if (match_segment(w->matcher, s, &verdict, &bits, e) < 0)
		return -1;
	w->stats.segments_read++;
	w->stats.rows_examined += c.n;
	if (verdict == MATCH_NONE)
		return 0;
	if (t->low > s->info.first || t->high < s->info.last || w->scan->only != NULL) {
		if (verdict == MATCH_ALL)
			bitmap_fill(bits, c.n);
		clip(t, s, bits);
		if (w->scan->only != NULL)
			only_clip(w->scan->only, s, bits);
		verdict = MATCH_SOME;
	}
	c.bits = verdict == MATCH_SOME ? bits : NULL;
	c.matched = c.bits != NULL ? bitmap_count(bits, c.n) : c.n;
	if (c.matched == c.n)
		c.bits = NULL;
	if (c.matched > 0 && w->sums != NULL && w->scan->use->segment(w->sums, &c, adding, e) < 0)
		return -1;
	w->stats.matched += c.matched;
	return 0;
}

/* ---- sharing out ---- */

static void
put_back(struct scan *scan, const struct task *t)
{
	pthread_mutex_lock(&scan->lock);
	add_task(&scan->moved, &t->info, t->low, t->high);
	pthread_mutex_unlock(&scan->lock);
}

static bool
next_task(struct scan *scan, struct task *t)
{
	bool got;

	pthread_mutex_lock(&scan->lock);
	got = !scan->failed && scan->next < scan->todo.n;
	if (got)
		*t = scan->todo.item[scan->next++];
	pthread_mutex_unlock(&scan->lock);
	return got;
}

static void
work(void *arg)
{
	struct worker *w = arg;
	struct task t;

	while (next_task(w->scan, &t)) {
		const struct query_options *o = w->scan->opts;
		struct stored *s = NULL;
		bool moved = false, adding = false;
		int rc = o->go_on != NULL ? o->go_on(&w->err) : 0;

		if (rc == 0)
			s = store_segment(w->scan->st, &t.info, &moved, &w->err);
		rc = s != NULL ? scan_segment(w, &t, s, &adding, &w->err) : -1;

		/* Counted in part already: then the answer is "try again". */
		if (rc < 0 && !adding && (moved || (s != NULL && s->moved))) {
			err_clear(&w->err);
			put_back(w->scan, &t);
			rc = 0;
		}
		store_segment_free(s);
		if (rc < 0) {
			pthread_mutex_lock(&w->scan->lock);
			w->scan->failed = true;
			pthread_mutex_unlock(&w->scan->lock);
			return;
		}
	}
}

/* The present homes of the seqs of the tasks that moved. */
static int
find_moved(struct scan *scan, struct err *e)
{
	struct task_list old = scan->moved;
	struct segment_info *list;
	struct store_view view;
	size_t n;

	scan->moved = (struct task_list){ 0 };
	scan->todo.n = scan->next = 0;
	if (store_view(scan->st, &view, &list, &n, e) < 0) {
		free(old.item);
		return -1;
	}
	for (size_t i = 0; i < old.n; i++)
		for (size_t k = 0; k < n; k++)
			if (list[k].first <= old.item[i].high && list[k].last >= old.item[i].low)
				add_task(&scan->todo, &list[k], old.item[i].low, old.item[i].high);
	free(list);
	free(old.item);
	return 0;
}

static void
run_workers(struct scan *scan, struct worker *w, size_t n)
{
	for (size_t i = 1; i < n; i++)
		pool_submit(scan->opts->pool, &w[i].job);
	work(&w[0]);
	for (size_t i = 1; i < n; i++)
		pool_wait(scan->opts->pool, &w[i].job);
}

static int
first_error(const struct worker *w, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (w[i].err.code != ERR_OK) {
			*e = w[i].err;
			return -1;
		}
	return 0;
}

static int
scan_segments(struct scan *scan, struct worker *w, size_t n, struct err *e)
{
	run_workers(scan, w, n);
	for (unsigned round = 0; !scan->failed && scan->moved.n > 0; round++) {
		if (round == ROUNDS_MAX)
			return err_set(e, ERR_BUSY, "%s: segments are replaced faster than they can be read",
			    store_path(scan->st));
		if (find_moved(scan, e) < 0)
			return -1;
		run_workers(scan, w, n);
	}
	return first_error(w, n, e);
}

/* The tail's matching lines, kept by `tail`. */
static int
scan_tail(struct scan *scan, struct worker *w, struct lines *tail, struct err *e)
{
	struct event ev;

	w->stats.matched += lines_count(tail);
	for (size_t i = 0; w->sums != NULL && i < lines_count(tail); i++)
		if (lines_event(tail, i, &ev, e) < 0 || scan->use->event(w->sums, &ev, e) < 0)
			return -1;
	return lines_trouble(tail, e);
}

static int
look(struct scan *scan, struct lines *tail, struct query_stats *stats, struct err *e)
{
	struct segment_info *list;
	size_t n;

	if (scan->opts->only != NULL && (scan->only = only_new(*scan->opts->only, e)) == NULL)
		return -1;
	lines_only(tail, scan->only);
	if (lines_look(tail, scan->st, &list, &n, e) < 0)
		return -1;
	for (size_t k = 0; k < n; k++)
		if (match_possible(scan->opts->filter, &list[k].meta) &&
		    (scan->only == NULL || only_overlaps(scan->only, list[k].first, list[k].last)))
			add_task(&scan->todo, &list[k], list[k].first, list[k].last);
		else
			stats->segments_skipped++;
	stats->rows_examined += lines_examined(tail);
	free(list);
	return 0;
}

static size_t
thread_count(const struct scan *scan)
{
	size_t n = scan->opts->pool != NULL ? pool_cpus() : 1;

	if (n > SCAN_THREADS_MAX)
		n = SCAN_THREADS_MAX;
	if (n > scan->todo.n)
		n = scan->todo.n;
	return n > 0 ? n : 1;
}

/* With threads for what there is to do. */
static int
scan_with(struct scan *scan, struct lines *tail, struct query_stats *stats, struct err *e)
{
	size_t n = thread_count(scan);
	struct worker *w = mem_zero(n, sizeof(*w));
	int rc;

	for (size_t i = 0; i < n; i++) {
		w[i].scan = scan;
		w[i].job = (struct job){ .run = work, .arg = &w[i] };
		w[i].matcher = matcher_new(scan->opts->filter);
		w[i].sums = scan->use->start != NULL ? scan->use->start(scan->use->arg) : NULL;
	}
	rc = scan_segments(scan, w, n, e);
	if (rc == 0)
		rc = scan_tail(scan, &w[0], tail, e);
	for (size_t i = 0; i < n; i++) {
		if (w[i].sums != NULL && scan->use->finish(w[i].sums, rc < 0, e) < 0)
			rc = -1;
		stats->segments_read += w[i].stats.segments_read;
		stats->rows_examined += w[i].stats.rows_examined;
		stats->matched += w[i].stats.matched;
		matcher_free(w[i].matcher);
	}
	free(w);
	return rc;
}

int
scan_store(struct store *st, const struct query_options *o, const struct scan_use *use,
    struct query_stats *stats, struct err *e)
{
	struct scan scan = { .st = st, .opts = o, .use = use };
	struct lines *tail = lines_new(o->filter);
	int rc;

	pthread_mutex_init(&scan.lock, NULL);
	*stats = (struct query_stats){ 0 };
	rc = look(&scan, tail, stats, e);
	if (rc == 0)
		rc = scan_with(&scan, tail, stats, e);
	free(scan.todo.item);
	free(scan.moved.item);
	lines_free(tail);
	only_free(scan.only);
	pthread_mutex_destroy(&scan.lock);
	return rc < 0 ? store_blame(st, e) : 0;
}
