/*
 * prune_plan: which events have had their time.
 *
 * Rules are asked in order about the rows of each segment, and the holds about
 * what is over.  One short transaction lists the segments and copies the
 * tail's lines; segments are shared out to threads then, and one that moved
 * meanwhile is looked for again by its seqs.
 *
 * In: rules, holds.   Out: runs of seqs, by rule.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/prune_judge.h"

#define THREADS_MAX 16
#define ROUNDS_MAX 20 /* of segments that moved while being read */

struct task {
	struct segment_info info;
	uint64_t low, high; /* seqs that count */
};

struct task_list {
	struct task *item;
	size_t n, cap;
};

struct tail_line {
	uint64_t seq;
	size_t off, len;
};

struct planning {
	struct store *st;
	const struct prune_rule *rule;
	size_t rules;
	uint64_t size;
	int (*go_on)(struct err *e);
	struct buf lines; /* of the tail */
	struct tail_line *line;
	size_t n_lines, lines_cap;
	pthread_mutex_t lock; /* around what follows */
	struct task_list todo, moved;
	size_t next;
	struct prune_going *going;
	size_t n_going, going_cap;
	bool failed;
};

struct worker {
	struct planning *planning;
	struct job job;
	struct prune_judge judge;
	struct err err;
};

int64_t
prune_earlier(int64_t a, int64_t b)
{
	return a == TIME_NONE || (b != TIME_NONE && b < a) ? b : a;
}

int64_t
prune_later(int64_t a, int64_t b)
{
	return a == TIME_NONE || (b != TIME_NONE && b > a) ? b : a;
}

int64_t
prune_floor(void)
{
	return time_now() - PRUNE_FLOOR;
}

static void
add_task(struct task_list *l, const struct segment_info *info, uint64_t low, uint64_t high)
{
	mem_grow(&l->item, &l->cap, l->n + 1, sizeof(*l->item));
	l->item[l->n++] = (struct task){ *info, low, high };
}

/* ---- sharing out ---- */

static void
put_going(struct planning *p, const struct prune_going *g)
{
	if (g->list.len == 0)
		return;
	pthread_mutex_lock(&p->lock);
	mem_grow(&p->going, &p->going_cap, p->n_going + 1, sizeof(*p->going));
	p->going[p->n_going++] = *g;
	pthread_mutex_unlock(&p->lock);
}

static int
look_at(struct worker *w, const struct task *t, bool *moved)
{
	struct stored *s = store_segment(w->planning->st, &t->info, moved, &w->err);
	struct prune_going g = { .first = 0 };
	int rc;

	if (s == NULL)
		return -1;
	rc = prune_judge_segment(&w->judge, s, t->low, t->high, &g, &w->err);
	*moved = s->moved;
	store_segment_free(s);
	put_going(w->planning, &g);
	return rc;
}

static bool
next_task(struct planning *p, struct task *t)
{
	bool got;

	pthread_mutex_lock(&p->lock);
	got = !p->failed && p->next < p->todo.n;
	if (got)
		*t = p->todo.item[p->next++];
	pthread_mutex_unlock(&p->lock);
	return got;
}

static void
work(void *arg)
{
	struct worker *w = arg;
	struct planning *p = w->planning;
	struct task t;
	int rc = 0;

	while (rc == 0 && next_task(p, &t)) {
		bool moved = false;

		rc = p->go_on != NULL ? p->go_on(&w->err) : 0;
		if (rc == 0 && (rc = look_at(w, &t, &moved)) < 0 && moved) {
			err_clear(&w->err);
			pthread_mutex_lock(&p->lock);
			add_task(&p->moved, &t.info, t.low, t.high);
			pthread_mutex_unlock(&p->lock);
			rc = 0;
		}
	}
	if (rc < 0) {
		pthread_mutex_lock(&p->lock);
		p->failed = true;
		pthread_mutex_unlock(&p->lock);
	}
}

/* The present homes of the seqs of the tasks that moved. */
static int
find_moved(struct planning *p, struct err *e)
{
	struct task_list old = p->moved;
	struct segment_info *list = NULL;
	size_t n = 0;
	int rc = segment_list(p->st, 0, INT64_MAX, &list, &n, e);

	p->moved = (struct task_list){ 0 };
	p->todo.n = p->next = 0;
	for (size_t i = 0; rc == 0 && i < old.n; i++)
		for (size_t k = 0; k < n; k++)
			if (list[k].first <= old.item[i].high && list[k].last >= old.item[i].low)
				add_task(&p->todo, &list[k], old.item[i].low, old.item[i].high);
	free(list);
	free(old.item);
	return rc;
}

static int
run_workers(struct planning *p, struct worker *w, size_t n, struct pool *pool, struct err *e)
{
	for (size_t i = 1; i < n; i++)
		pool_submit(pool, &w[i].job);
	work(&w[0]);
	for (size_t i = 1; i < n; i++)
		pool_wait(pool, &w[i].job);
	for (size_t i = 0; p->failed && i < n; i++)
		if (w[i].err.code != ERR_OK) {
			*e = w[i].err;
			return -1;
		}
	return 0;
}

static int
plan_segments(struct planning *p, struct worker *w, size_t n, struct pool *pool, struct err *e)
{
	int rc = run_workers(p, w, n, pool, e);

	for (unsigned round = 0; rc == 0 && p->moved.n > 0; round++) {
		if (round == ROUNDS_MAX)
			return err_set(e, ERR_BUSY, "segments are replaced faster than they can be read");
		rc = find_moved(p, e);
		if (rc == 0)
			rc = run_workers(p, w, n, pool, e);
	}
	return rc;
}

/* ---- the tail ---- */

static int
copy_line(void *arg, uint64_t seq, struct str line, struct err *e)
{
	struct planning *p = arg;

	(void)e;
	if (seq >= p->size)
		return 0;
	mem_grow(&p->line, &p->lines_cap, p->n_lines + 1, sizeof(*p->line));
	p->line[p->n_lines++] = (struct tail_line){ seq, p->lines.len, line.len };
	buf_str(&p->lines, line);
	return 0;
}

/* The toolkit's own records are told by their reserved source, which nothing
 * from outside can have. */
static int
plan_tail(struct worker *w, struct err *e)
{
	struct planning *p = w->planning;
	struct prune_going g = { .first = 0 };
	struct json_tape tape = { 0 };
	struct arena arena = { 0 };
	struct event ev;
	const char *detail;
	int rc = 0;

	for (size_t i = 0; i < p->n_lines && rc == 0; i++) {
		const struct tail_line *line = &p->line[i];

		arena_reset(&arena);
		if (event_parse(&ev, p->lines.p + line->off, line->len, &event_stored, &tape, &arena, &detail) != EVENT_OK)
			rc = err_set(e, ERR_INTEGRITY, "the tail's line at seq %llu is damaged", (unsigned long long)line->seq);
		else if (!event_has(&ev, FIELD_SOURCE) || !str_eq(ev.v[FIELD_SOURCE], STR(EVENT_RESERVED_SOURCE)))
			rc = prune_judge_event(&w->judge, &ev, line->seq, line->len, &g, e);
	}
	put_going(p, &g);
	json_tape_fini(&tape);
	arena_fini(&arena);
	return rc;
}

/* ---- all ---- */

static int
look(struct planning *p, uint64_t size, struct worker *w, size_t n, struct err *e)
{
	struct store *st = p->st;
	struct segment_info *list = NULL;
	struct tail_size tail;
	struct state state;
	bool moved;
	size_t segments = 0;
	int rc = 0;

	if (state_get(st, &state, e) < 0 || tail_size(st, &tail, e) < 0)
		return -1;
	if (size > state.size)
		return err_set(e, ERR_REFUSED, "the log has %llu events only, not %llu", (unsigned long long)state.size,
		    (unsigned long long)size);
	p->size = size > 0 ? size : state.size;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = holds_read(&w[i].judge.holds, st, e);
	if (rc < 0 || store_tail(st, 0, INT64_MAX, tail.count, &moved, copy_line, p, e) < 0 ||
	    segment_list(st, 0, INT64_MAX, &list, &segments, e) < 0)
		return -1;
	for (size_t i = 0; i < segments; i++)
		if (list[i].first < p->size)
			add_task(&p->todo, &list[i], list[i].first,
			    list[i].last < p->size ? list[i].last : p->size - 1);
	free(list);
	return 0;
}

static int
by_first(const void *a, const void *b)
{
	const struct prune_going *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* In order of seq; a damaged file may have a seq twice. */
static int
join_going(struct planning *p, struct prune_plan *plan, struct err *e)
{
	uint64_t end = 0, gap, length, rule;

	if (p->n_going > 0)
		qsort(p->going, p->n_going, sizeof(*p->going), by_first);
	for (size_t i = 0; i < p->n_going; i++) {
		const uint8_t *at = (const uint8_t *)p->going[i].list.p, *limit = at + p->going[i].list.len;
		uint64_t seq = p->going[i].first;

		while (get_varint(&at, limit, &gap) && get_varint(&at, limit, &length) && get_varint(&at, limit, &rule)) {
			seq += gap;
			if (seq < end)
				return err_set(e, ERR_INTEGRITY, "seq %llu is there twice", (unsigned long long)seq);
			runs_add(&plan->share[rule - 1].runs, seq, length);
			runs_add(&plan->runs, seq, length);
			end = seq += length;
		}
	}
	for (size_t i = 0; i < p->rules; i++)
		runs_end(&plan->share[i].runs);
	runs_end(&plan->runs);
	return runs_digest(buf_view(&plan->runs.list), &plan->digest);
}

static void
add_sums(struct prune_plan *plan, const struct prune_judge *s)
{
	for (size_t i = 0; i < plan->rules; i++) {
		struct prune_share *to = &plan->share[i];
		const struct prune_share *from = &s->share[i];

		to->matched += from->matched;
		to->events += from->events;
		to->bytes += from->bytes;
		to->oldest = prune_earlier(to->oldest, from->oldest);
		to->newest = prune_later(to->newest, from->newest);
		plan->events += from->events;
		plan->bytes += from->bytes;
		plan->oldest = prune_earlier(plan->oldest, from->oldest);
		plan->newest = prune_later(plan->newest, from->newest);
	}
	plan->kept += s->kept;
	plan->no_rule += s->no_rule;
	plan->segments_whole += s->whole;
	plan->segments_mixed += s->mixed;
	plan->tail += s->tail;
}

static struct worker *
new_workers(struct planning *p, size_t n)
{
	struct worker *w = mem_zero(n, sizeof(*w));

	for (size_t i = 0; i < n; i++) {
		w[i].planning = p;
		w[i].job = (struct job){ .run = work, .arg = &w[i] };
		prune_judge_init(&w[i].judge, p->rule, p->rules);
	}
	return w;
}

static void
free_workers(struct worker *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		prune_judge_fini(&w[i].judge);
	free(w);
}

static int
plan_all(struct planning *p, uint64_t size, struct worker *w, size_t n, struct pool *pool, struct prune_plan *plan,
    struct err *e)
{
	int rc;

	if (db_begin_read(&p->st->db, e) < 0)
		return -1;
	rc = look(p, size, w, n, e);
	db_rollback(&p->st->db);
	if (rc < 0 || plan_segments(p, w, n, pool, e) < 0 || plan_tail(&w[0], e) < 0 || join_going(p, plan, e) < 0)
		return -1;
	plan->size = p->size;
	for (size_t i = 0; i < n; i++) {
		add_sums(plan, &w[i].judge);
		holds_kept(&w[i].judge.holds, &plan->held, &plan->holds);
	}
	return 0;
}

static void
planning_fini(struct planning *p)
{
	for (size_t i = 0; i < p->n_going; i++)
		buf_fini(&p->going[i].list);
	free(p->going);
	free(p->todo.item);
	free(p->moved.item);
	free(p->line);
	buf_fini(&p->lines);
	pthread_mutex_destroy(&p->lock);
}

int
store_prune_plan(struct store *st, const struct prune_rule *rule, size_t n, uint64_t size, struct pool *pool,
    int (*go_on)(struct err *e), struct prune_plan *p, struct err *e)
{
	struct planning planning = { .st = st, .rule = rule, .rules = n, .go_on = go_on };
	size_t threads = pool == NULL ? 1 : pool_cpus() < THREADS_MAX ? pool_cpus() : THREADS_MAX;
	int64_t latest = TIME_MIN;
	struct worker *w;
	int rc;

	if (n > PRUNE_RULES_MAX)
		return err_set(e, ERR_FAIL, "more than %d rules", PRUNE_RULES_MAX);
	for (size_t i = 0; i < n; i++)
		latest = prune_later(latest, rule[i].cutoff);
	if (latest > prune_floor())
		return err_set(e, ERR_REFUSED, "nothing younger than %d days is removed", PRUNE_FLOOR_DAYS);
	pthread_mutex_init(&planning.lock, NULL);
	*p = (struct prune_plan){ .rules = n, .share = prune_shares_new(n), .oldest = TIME_NONE, .newest = TIME_NONE };
	store_id(st, p->store);
	w = new_workers(&planning, threads);
	rc = plan_all(&planning, size, w, threads, pool, p, e);
	free_workers(w, threads);
	planning_fini(&planning);
	if (rc < 0)
		prune_plan_fini(p);
	return rc < 0 ? store_blame(st, e) : 0;
}

void
prune_plan_fini(struct prune_plan *p)
{
	for (size_t i = 0; i < p->rules; i++)
		runs_fini(&p->share[i].runs);
	free(p->share);
	free(p->held);
	runs_fini(&p->runs);
	*p = (struct prune_plan){ 0 };
}
