/*
 * scan: what matches, by all threads (see scan.h).
 *
 * In: a store and a filter.   Out: calls with the rows that match.
 */
#include "query/scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "query/lines.h"
#include "query/only.h"
#include "store/match.h"
#include "store/spread.h"

struct scan {
	struct store *st;
	const struct query_options *opts;
	const struct scan_use *use;
	struct only *only; /* NULL: all seqs */
	struct spread_list todo;
	struct worker *worker;
};

struct worker {
	struct matcher *matcher;
	void *sums;
	struct query_stats stats;
	/* settling: */
	const struct scan_use *use;
	struct err err;
};

/* ---- counting codes ---- */

const uint32_t *
code_counts_of(struct code_counts *room, const struct chosen *c, enum field f, const struct column *col,
    struct err *e)
{
	size_t codes = (size_t)col->n_values + 1;

	if (c->bits == NULL)
		return col->counts;
	if ((col = segment_codes(c->s->columns, f, e)) == NULL)
		return NULL;
	mem_grow(&room->n, &room->cap, codes, sizeof(*room->n));
	memset(room->n, 0, codes * sizeof(*room->n));
	for (uint32_t row = chosen_next(c, 0); row < c->n; row = chosen_next(c, row + 1))
		room->n[column_code(col, row)]++;
	return room->n;
}

void
code_counts_fini(struct code_counts *room)
{
	free(room->n);
}

/* ---- one segment ---- */

static int
scan_segment(void *arg, size_t thread, const struct spread_task *t, struct stored *s, bool *adding, struct err *e)
{
	const struct scan *scan = arg;
	struct worker *w = &scan->worker[thread];
	struct chosen c = { .s = s, .n = s->info.meta.count };
	enum verdict verdict;
	uint64_t *bits;

	if (match_segment(w->matcher, s, &verdict, &bits, e) < 0)
		return -1;
	w->stats.segments_read++;
	w->stats.rows_examined += c.n;
	if (verdict == MATCH_NONE)
		return 0;
	if (t->low > s->info.first || t->high < s->info.last || scan->only != NULL) {
		if (verdict == MATCH_ALL)
			bitmap_fill(bits, c.n);
		spread_clip(t, s, bits);
		if (scan->only != NULL)
			only_clip(scan->only, s, bits);
		verdict = MATCH_SOME;
	}
	c.bits = verdict == MATCH_SOME ? bits : NULL;
	c.matched = c.bits != NULL ? bitmap_count(bits, c.n) : c.n;
	if (c.matched == c.n)
		c.bits = NULL;
	if (c.matched > 0 && w->sums != NULL && scan->use->segment(w->sums, &c, adding, e) < 0)
		return -1;
	w->stats.matched += c.matched;
	return 0;
}

/* ---- all of them ---- */

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
			spread_add(&scan->todo, &list[k], list[k].first, list[k].last);
		else
			stats->segments_skipped++;
	stats->rows_examined += lines_examined(tail);
	free(list);
	return 0;
}

static void
settle(void *arg)
{
	struct worker *w = arg;

	w->use->settle(w->sums, &w->err);
}

/* On all threads, as they worked. */
static int
settle_all(struct scan *scan, size_t n, struct err *e)
{
	struct worker *w = scan->worker;

	if (scan->use->settle == NULL)
		return 0;
	for (size_t i = 0; i < n; i++) {
		w[i].use = scan->use;
		err_clear(&w[i].err);
	}
	pool_each(scan->opts->pool, settle, w, n, sizeof(*w));
	for (size_t i = 0; i < n; i++)
		if (w[i].err.code != ERR_OK) {
			*e = w[i].err;
			return -1;
		}
	return 0;
}

/* With threads for what there is to do. */
static int
scan_with(struct scan *scan, struct lines *tail, struct query_stats *stats, struct err *e)
{
	size_t n = spread_threads(scan->opts->pool, scan->todo.n);
	struct worker *w = scan->worker = mem_zero(n, sizeof(*w));
	struct spread spread = { .st = scan->st, .pool = scan->opts->pool, .threads = n, .go_on = scan->opts->go_on,
		.segment = scan_segment, .arg = scan };
	int rc;

	for (size_t i = 0; i < n; i++) {
		w[i].matcher = matcher_new(scan->opts->filter);
		w[i].sums = scan->use->start != NULL ? scan->use->start(scan->use->arg) : NULL;
	}
	rc = spread_run(&spread, &scan->todo, e);
	if (rc == 0)
		rc = scan_tail(scan, &w[0], tail, e);
	if (rc == 0)
		rc = settle_all(scan, n, e);
	for (size_t i = 0; i < n; i++) {
		if (w[i].sums != NULL)
			scan->use->finish(w[i].sums, rc < 0);
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

	*stats = (struct query_stats){ 0 };
	rc = look(&scan, tail, stats, e);
	if (rc == 0)
		rc = scan_with(&scan, tail, stats, e);
	spread_list_fini(&scan.todo);
	lines_free(tail);
	only_free(scan.only);
	return rc < 0 ? store_blame(st, e) : 0;
}
