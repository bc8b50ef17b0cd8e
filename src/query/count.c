/*
 * count: how many events match, and summaries of them, without building lines.
 *
 * Segments are shared out to the pool's threads, each with its own matcher and
 * its own sums.  Where a whole segment matches, a dictionary's counts are the
 * answer; else codes are counted, and values only for what has no dictionary.
 *
 * In: a store and a filter.   Out: a number, or a filled summary.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "query/lines.h"
#include "query/match.h"
#include "query/query.h"

#define WORKERS_MAX 8
#define ROUNDS_MAX 20 /* of segments that moved while being read */
#define WORDS_MAX (SEGMENT_EVENTS_MAX / 64)

struct task {
	struct segment_info info;
	uint64_t low, high; /* seqs that count */
};

struct scan {
	struct store *st;
	const struct query_options *opts;
	pthread_mutex_t lock; /* around the lists */
	struct task *task;
	size_t n, next;
	struct task *moved;   /* to be looked for again */
	size_t n_moved, cap_moved;
	bool failed;
};

struct worker {
	struct scan *scan;
	struct job job;
	struct matcher *matcher;
	uint64_t count;
	struct summary *sum; /* NULL: only count */
	uint32_t *code_count;
	size_t code_cap;
	bool adding;              /* something of the segment at work was added */
	uint64_t left[WORDS_MAX]; /* rows not yet counted under any field of a chain */
	struct query_stats stats;
	struct err err;
};

/* ---- one segment into a summary ---- */

/* Rows that matched: bits, or all of them when NULL. */
struct chosen {
	struct stored *s;
	const uint64_t *bits;
	uint32_t n;
};

static bool
chosen_has(const struct chosen *c, uint32_t row)
{
	return c->bits == NULL || (c->bits[row / 64] >> (row % 64) & 1);
}

/* How many chosen rows have each code of a dictionary column. */
static const uint32_t *
count_codes(struct worker *w, const struct chosen *c, enum field f, const struct column *col, struct err *e)
{
	if (c->bits == NULL)
		return col->counts;
	if ((col = segment_codes(c->s->columns, f, e)) == NULL)
		return NULL;
	mem_grow(&w->code_count, &w->code_cap, (size_t)col->n_values + 1, sizeof(*w->code_count));
	memset(w->code_count, 0, ((size_t)col->n_values + 1) * sizeof(*w->code_count));
	for (uint32_t i = 0; i < (c->n + 63) / 64; i++)
		for (uint64_t in = c->bits[i]; in != 0; in &= in - 1)
			w->code_count[column_code(col, i * 64 + (uint32_t)__builtin_ctzll(in))]++;
	return w->code_count;
}

/* Adds the chosen rows' values of one field; clears from w->left the rows that have it
 * when there are fields behind it in the chain. */
static int
add_field(struct worker *w, const struct chosen *c, enum field f, bool more, struct tally *t, struct err *e)
{
	const struct column *col = segment_column(c->s->columns, f, e);

	if (col == NULL)
		return -1;
	if (col->kind == COLUMN_CODES) {
		const uint32_t *count = count_codes(w, c, f, col, e);

		if (count == NULL)
			return -1;
		tally_add_counts(t, col->values + 1, count + 1, col->n_values);
		if (!more || count[0] == 0) {
			if (more)
				memset(w->left, 0, sizeof(w->left));
			return 0;
		}
		if ((col = segment_codes(c->s->columns, f, e)) == NULL)
			return -1;
		for (uint32_t row = 0; row < c->n; row++)
			if (column_code(col, row) != 0)
				w->left[row / 64] &= ~(UINT64_C(1) << (row % 64));
	} else if (col->kind == COLUMN_VALUES) {
		for (uint32_t row = 0; row < c->n; row++) {
			struct str v;

			if (!chosen_has(c, row))
				continue;
			if (segment_value(c->s->columns, f, row, &v, e) < 0)
				return -1;
			if (v.p == NULL)
				continue;
			tally_add(t, v, 1);
			w->left[row / 64] &= ~(UINT64_C(1) << (row % 64));
		}
	}
	return 0;
}

/* Of each chosen row the first of these fields that it has. */
static int
add_chain(struct worker *w, struct chosen c, const enum field *field, size_t n, struct tally *t, struct err *e)
{
	field_set fields = c.s->info.meta.fields;

	if (n > 1) {
		if (c.bits == NULL)
			bits_fill(w->left, c.n);
		else
			memcpy(w->left, c.bits, (c.n + 63) / 64 * sizeof(*c.bits));
	}
	for (size_t i = 0; i < n; i++) {
		if (!(fields & FIELD_BIT(field[i])))
			continue;
		if (add_field(w, &c, field[i], i + 1 < n, t, e) < 0)
			return -1;
		c.bits = w->left;
	}
	return 0;
}

/* Outcomes by code, then times; `failed` is a byte a code. */
static int
add_outcomes(struct worker *w, const struct chosen *c, uint32_t matched, struct err *e)
{
	const struct column *time = segment_column(c->s->columns, FIELD_TIME, e);
	const struct column *out = segment_column(c->s->columns, FIELD_OUTCOME, e);
	struct summary *sum = w->sum;
	uint32_t success = 0, failure = 0, code_of_failure = UINT32_MAX;
	struct str word;

	if (time == NULL || out == NULL)
		return -1;
	if (time->kind != COLUMN_TIME)
		return err_set(e, ERR_INTEGRITY, "segment %lld has no times", (long long)c->s->info.id);
	if (out->kind == COLUMN_CODES) {
		const uint32_t *count = count_codes(w, c, FIELD_OUTCOME, out, e);

		if (count == NULL)
			return -1;
		for (uint32_t v = 1; v <= out->n_values; v++)
			if (str_eq(out->values[v], str_of(event_outcomes[OUTCOME_SUCCESS])))
				success += count[v];
			else if (str_eq(out->values[v], str_of(event_outcomes[OUTCOME_FAILURE]))) {
				failure += count[v];
				code_of_failure = v;
			}
		if (failure > 0 && (out = segment_codes(c->s->columns, FIELD_OUTCOME, e)) == NULL)
			return -1;
	}
	for (uint32_t row = 0; row < c->n; row++) {
		bool failed = false;

		if (!chosen_has(c, row))
			continue;
		if (out->kind == COLUMN_CODES)
			failed = failure > 0 && column_code(out, row) == code_of_failure;
		else if (out->kind == COLUMN_VALUES) {
			if (segment_value(c->s->columns, FIELD_OUTCOME, row, &word, e) < 0)
				return -1;
			failed = word.p != NULL && str_eq(word, str_of(event_outcomes[OUTCOME_FAILURE]));
			failure += failed;
			success += word.p != NULL && str_eq(word, str_of(event_outcomes[OUTCOME_SUCCESS]));
		}
		summary_add_time(sum, time->time[row], failed);
	}
	sum->total += matched;
	sum->success += success;
	sum->failure += failure;
	sum->unknown += matched - success - failure;
	return 0;
}

static int
add_groups(struct worker *w, const struct chosen *c, struct err *e)
{
	const struct summary_options *o = &w->sum->opts;
	field_set want = 0;
	struct event ev;

	for (size_t i = 0; i < o->bys; i++)
		want |= FIELD_BIT(o->by[i].field);
	for (uint32_t row = 0; row < c->n; row++) {
		if (!chosen_has(c, row))
			continue;
		if (segment_event(c->s->columns, row, want, &ev, e) < 0)
			return -1;
		summary_add_group(w->sum, &ev);
	}
	return 0;
}

static int
add_segment(struct worker *w, const struct chosen *c, uint32_t matched, struct err *e)
{
	static const enum field action[] = { FIELD_ACTION }, category[] = { FIELD_CATEGORY },
	                        severity[] = { FIELD_SEVERITY },
	                        identity[] = { FIELD_ACTOR_ID, FIELD_ACTOR_EMAIL, FIELD_ACTOR_NAME },
	                        resource[] = { FIELD_TARGET_PATH, FIELD_TARGET_ID, FIELD_TARGET_NAME };

	if (add_outcomes(w, c, matched, e) < 0 || add_chain(w, *c, action, 1, w->sum->actions, e) < 0 ||
	    add_chain(w, *c, category, 1, w->sum->categories, e) < 0 ||
	    add_chain(w, *c, severity, 1, w->sum->severities, e) < 0 ||
	    add_chain(w, *c, identity, 3, w->sum->identities, e) < 0 ||
	    add_chain(w, *c, resource, 3, w->sum->resources, e) < 0)
		return -1;
	return w->sum->groups != NULL ? add_groups(w, c, e) : 0;
}

/* ---- sharing out ---- */

/* Rows whose seqs the task does not count are cleared. */
static void
clip(const struct task *t, const struct stored *s, uint64_t *bits)
{
	for (uint32_t row = 0; row < s->info.meta.count; row++) {
		uint64_t seq = store_row_seq(s, row);

		if (seq < t->low || seq > t->high)
			bits[row / 64] &= ~(UINT64_C(1) << (row % 64));
	}
}

/*
 * The columns that a summary looks at are read before anything is added, so
 * that a segment which is replaced meanwhile can be looked for again.  Where
 * all rows match, counts are enough, but for outcomes, which go with times.
 */
static int
load(const struct worker *w, const struct chosen *c, struct err *e)
{
	struct segment *columns = c->s->columns;

	for (field_set left = summary_fields(&w->sum->opts); left != 0; left &= left - 1) {
		enum field f = (enum field)__builtin_ctzll(left);
		const struct column *col = segment_column(columns, f, e);

		if (col == NULL)
			return -1;
		/* Where a value is absent, another field may stand in for it. */
		if (col->kind == COLUMN_CODES && (c->bits != NULL || f == FIELD_OUTCOME || col->counts[0] > 0) &&
		    segment_codes(columns, f, e) == NULL)
			return -1;
	}
	return 0;
}

static int
scan_segment(struct worker *w, const struct task *t, struct stored *s, struct err *e)
{
	uint32_t n = s->info.meta.count, matched;
	struct chosen c = { s, NULL, n };
	enum verdict verdict;
	uint64_t *bits;

	if (match_segment(w->matcher, s, &verdict, &bits, e) < 0)
		return -1;
	w->stats.segments_read++;
	w->stats.rows_examined += n;
	if (verdict == MATCH_NONE)
		return 0;
	if (t->low > s->info.first || t->high < s->info.last) {
		if (verdict == MATCH_ALL)
			bits_fill(bits, n);
		clip(t, s, bits);
		verdict = MATCH_SOME;
	}
	if (verdict == MATCH_SOME)
		c.bits = bits;
	matched = c.bits != NULL ? bits_count(bits, n) : n;
	if (matched > 0 && w->sum != NULL) {
		if (load(w, &c, e) < 0)
			return -1;
		w->adding = true;
		if (add_segment(w, &c, matched, e) < 0)
			return -1;
	}
	w->count += matched;
	return 0;
}

static void
put_back(struct scan *scan, const struct task *t)
{
	pthread_mutex_lock(&scan->lock);
	mem_grow(&scan->moved, &scan->cap_moved, scan->n_moved + 1, sizeof(*scan->moved));
	scan->moved[scan->n_moved++] = *t;
	pthread_mutex_unlock(&scan->lock);
}

static bool
next_task(struct scan *scan, struct task *t)
{
	bool got;

	pthread_mutex_lock(&scan->lock);
	got = !scan->failed && scan->next < scan->n;
	if (got)
		*t = scan->task[scan->next++];
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
		bool moved = false;
		int rc = o->go_on != NULL ? o->go_on(&w->err) : 0;

		w->adding = false;
		if (rc == 0)
			s = store_segment(w->scan->st, &t.info, &moved, &w->err);
		rc = s != NULL ? scan_segment(w, &t, s, &w->err) : -1;

		/* Counted in part already: then the answer is "try again". */
		if (rc < 0 && !w->adding && (moved || (s != NULL && s->moved))) {
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

static void
add_task(struct scan *scan, size_t *cap, const struct segment_info *info, uint64_t low, uint64_t high)
{
	mem_grow(&scan->task, cap, scan->n + 1, sizeof(*scan->task));
	scan->task[scan->n++] = (struct task){ *info, low, high };
}

/* The present homes of the seqs of the tasks that moved. */
static int
find_moved(struct scan *scan, size_t *cap, struct err *e)
{
	struct task *old = scan->moved;
	size_t n_old = scan->n_moved, n;
	struct segment_info *list;
	struct store_view view;

	scan->moved = NULL;
	scan->n_moved = scan->cap_moved = 0;
	scan->n = scan->next = 0;
	if (store_view(scan->st, &view, &list, &n, e) < 0) {
		free(old);
		return -1;
	}
	for (size_t i = 0; i < n_old; i++)
		for (size_t k = 0; k < n; k++)
			if (list[k].first <= old[i].high && list[k].last >= old[i].low)
				add_task(scan, cap, &list[k], old[i].low, old[i].high);
	free(list);
	free(old);
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
collect(struct worker *w, size_t n, uint64_t *count, struct summary *sum, struct query_stats *stats, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (w[i].err.code != ERR_OK) {
			*e = w[i].err;
			return -1;
		}
		*count += w[i].count;
		stats->segments_read += w[i].stats.segments_read;
		stats->rows_examined += w[i].stats.rows_examined;
		if (sum != NULL && w[i].sum != sum)
			summary_merge(sum, w[i].sum);
	}
	return 0;
}

/* The tail's matching lines, kept by `tail`. */
static int
count_tail(struct lines *tail, uint64_t *count, struct summary *sum, struct err *e)
{
	struct event ev;

	*count += lines_count(tail);
	for (size_t i = 0; sum != NULL && i < lines_count(tail); i++) {
		if (lines_event(tail, i, &ev, e) < 0)
			return -1;
		summary_add(sum, &ev);
	}
	return 0;
}

static int
look(struct scan *scan, struct lines *tail, size_t *cap, struct query_stats *stats, struct err *e)
{
	struct segment_info *list;
	size_t n;

	if (lines_look(tail, scan->st, &list, &n, e) < 0)
		return -1;
	for (size_t k = 0; k < n; k++)
		if (match_possible(scan->opts->filter, &list[k].meta))
			add_task(scan, cap, &list[k], list[k].first, list[k].last);
		else
			stats->segments_skipped++;
	stats->rows_examined += lines_examined(tail);
	free(list);
	return 0;
}

/* All matching events into *count and, when it is given, sum. */
static int
scan_store(struct store *st, const struct query_options *o, uint64_t *count, struct summary *sum,
    struct query_stats *stats, struct err *e)
{
	struct scan scan = { .st = st, .opts = o };
	struct lines *tail = lines_new(o->filter);
	struct worker *w;
	size_t n = o->pool != NULL ? pool_cpus() : 1, cap = 0;
	int rc;

	if (n > WORKERS_MAX)
		n = WORKERS_MAX;
	pthread_mutex_init(&scan.lock, NULL);
	w = mem_zero(n, sizeof(*w));
	for (size_t i = 0; i < n; i++) {
		w[i].scan = &scan;
		w[i].job = (struct job){ .run = work, .arg = &w[i] };
		w[i].matcher = matcher_new(o->filter);
		w[i].sum = sum == NULL || i == 0 ? sum : summary_new(&sum->opts);
	}
	*stats = (struct query_stats){ 0 };
	*count = 0;
	rc = look(&scan, tail, &cap, stats, e);
	if (rc == 0)
		run_workers(&scan, w, n);
	for (unsigned round = 0; rc == 0 && scan.n_moved > 0; round++) {
		if (round == ROUNDS_MAX)
			rc = err_set(e, ERR_BUSY, "%s: segments are replaced faster than they can be read", store_path(st));
		else if ((rc = find_moved(&scan, &cap, e)) == 0)
			run_workers(&scan, w, n);
	}
	if (rc == 0)
		rc = collect(w, n, count, sum, stats, e);
	if (rc == 0)
		rc = count_tail(tail, count, sum, e);
	stats->matched = *count;
	for (size_t i = 0; i < n; i++) {
		matcher_free(w[i].matcher);
		if (i > 0)
			summary_free(w[i].sum);
		free(w[i].code_count);
	}
	free(w);
	free(scan.task);
	free(scan.moved);
	lines_free(tail);
	pthread_mutex_destroy(&scan.lock);
	return rc < 0 ? store_blame(st, e) : 0;
}

int
query_count(struct store *st, const struct query_options *o, uint64_t *count, struct query_stats *stats, struct err *e)
{
	return scan_store(st, o, count, NULL, stats, e);
}

int
query_summary(struct store *st, const struct query_options *o, struct summary *sum, struct query_stats *stats,
    struct err *e)
{
	uint64_t count;

	return scan_store(st, o, &count, sum, stats, e);
}

struct line_sums {
	struct summary *sum;
	uint64_t matched;
};

static void
add_line(void *arg, const struct event *ev)
{
	struct line_sums *s = arg;

	s->matched++;
	if (s->sum != NULL)
		summary_add(s->sum, ev);
}

int
query_sum_lines(const char *const *path, size_t n, const struct query_options *o, struct summary *sum,
    struct query_stats *stats, uint64_t *faulty, struct err *e)
{
	struct line_sums s = { .sum = sum };

	*stats = (struct query_stats){ 0 };
	*faulty = 0;
	for (size_t i = 0; i < n; i++)
		if (lines_each(path[i], o, add_line, &s, &stats->rows_examined, faulty, e) < 0)
			return -1;
	stats->matched = s.matched;
	return 0;
}
