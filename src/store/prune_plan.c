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
#include "store/spread.h"

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
	struct spread_list todo;
	struct prune_judge *judge; /* of each thread */
	pthread_mutex_t lock;      /* around what follows */
	struct prune_going *going;
	size_t n_going, going_cap;
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

/* ---- segments ---- */

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
plan_segment(void *arg, size_t thread, const struct spread_task *t, struct stored *s, bool *adding, struct err *e)
{
	struct planning *p = arg;
	struct prune_going g = { .first = 0 };
	int rc = prune_judge_segment(&p->judge[thread], s, t->low, t->high, &g, e);

	(void)adding;
	put_going(p, &g);
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
plan_tail(struct planning *p, struct err *e)
{
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
			rc = prune_judge_event(&p->judge[0], &ev, line->seq, line->len, &g, e);
	}
	put_going(p, &g);
	json_tape_fini(&tape);
	arena_fini(&arena);
	return rc;
}

/* ---- all ---- */

static int
look(struct planning *p, uint64_t size, size_t threads, struct err *e)
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
	for (size_t i = 0; i < threads && rc == 0; i++)
		rc = holds_read(&p->judge[i].holds, st, e);
	if (rc < 0 || store_tail(st, 0, INT64_MAX, tail.count, &moved, copy_line, p, e) < 0 ||
	    segment_list(st, 0, INT64_MAX, &list, &segments, e) < 0)
		return -1;
	for (size_t i = 0; i < segments; i++)
		if (list[i].first < p->size)
			spread_add(&p->todo, &list[i], list[i].first,
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

static int
plan_all(struct planning *p, uint64_t size, size_t threads, struct pool *pool, struct prune_plan *plan, struct err *e)
{
	struct spread spread = { .st = p->st, .pool = pool, .threads = threads, .go_on = p->go_on,
		.segment = plan_segment, .arg = p };
	int rc;

	if (db_begin_read(&p->st->db, e) < 0)
		return -1;
	rc = look(p, size, threads, e);
	db_rollback(&p->st->db);
	if (rc < 0 || spread_run(&spread, &p->todo, e) < 0 || plan_tail(p, e) < 0 || join_going(p, plan, e) < 0)
		return -1;
	plan->size = p->size;
	for (size_t i = 0; i < threads; i++) {
		add_sums(plan, &p->judge[i]);
		holds_kept(&p->judge[i].holds, &plan->held, &plan->holds);
	}
	return 0;
}

static void
planning_fini(struct planning *p)
{
	for (size_t i = 0; i < p->n_going; i++)
		buf_fini(&p->going[i].list);
	free(p->going);
	spread_list_fini(&p->todo);
	free(p->line);
	buf_fini(&p->lines);
	pthread_mutex_destroy(&p->lock);
}

int
store_prune_plan(struct store *st, const struct prune_rule *rule, size_t n, uint64_t size, struct pool *pool,
    int (*go_on)(struct err *e), struct prune_plan *p, struct err *e)
{
	struct planning planning = { .st = st, .rule = rule, .rules = n, .go_on = go_on };
	size_t threads = spread_threads(pool, SIZE_MAX);
	int64_t latest = TIME_MIN;
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
	planning.judge = mem_zero(threads, sizeof(*planning.judge));
	for (size_t i = 0; i < threads; i++)
		prune_judge_init(&planning.judge[i], rule, n);
	rc = plan_all(&planning, size, threads, pool, p, e);
	for (size_t i = 0; i < threads; i++)
		prune_judge_fini(&planning.judge[i]);
	free(planning.judge);
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
