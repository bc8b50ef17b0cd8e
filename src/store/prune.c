/*
 * prune: what a plan says goes, and stays verifiable.
 *
 * What remains of a removed event is a hash (prune_remove.c).  Its line and its
 * salt are gone, and the bytes are overwritten (secure_delete).  Each
 * transaction asks the holds, takes a few segments and appends the record that
 * says so; the removal table says which seqs it was.  The toolkit's own records
 * stay: they authorise what went.
 *
 * In: runs of seqs, by rule.   Out: fewer segments, records.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/prune_parts.h"

#define PART_EVENTS (4 * TREE_CELL) /* a transaction ends when it asked the holds about so many, or more */

enum { STAYS = 0 }; /* else 1 + the rule */

/* What went, of one transaction or of all. */
struct gone {
	uint64_t events;
	uint64_t *by_rule;
	int64_t oldest, newest;
};

struct pruning {
	struct store *st;
	const struct prune_plan *plan;
	struct pool *pool;
	prune_record_fn *record;
	void *arg;
	struct runs_reader all;   /* of the plan's runs; so far every transaction goes on from the one before */
	struct runs_reader *rule; /* of each rule's */
	struct gone sum;          /* what is committed */
	struct hold_kept *held;  /* what holds kept, with the plan's */
	size_t holds_n;
	unsigned part;
	/* of the transaction at work */
	struct state state;
	struct holds holds;
	struct gone gone;
	struct runs removed;
	uint64_t asked;           /* events of segments of which some go */
	uint8_t fate[SEGMENT_EVENTS_MAX];
	struct doomed doomed;
};

static struct gone
new_gone(size_t rules)
{
	return (struct gone){ .by_rule = mem_zero(rules + 1, sizeof(uint64_t)), .oldest = TIME_NONE, .newest = TIME_NONE };
}

static void
add_gone(struct gone *to, const struct gone *from, size_t rules)
{
	to->events += from->events;
	for (size_t i = 0; i < rules; i++)
		to->by_rule[i] += from->by_rule[i];
	to->oldest = prune_earlier(to->oldest, from->oldest);
	to->newest = prune_later(to->newest, from->newest);
}

/* ---- which rows go ---- */

/* The first row whose seq is not below. */
static uint32_t
row_at(const struct stored *s, uint64_t seq)
{
	uint32_t low = 0, high = s->info.meta.count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (store_row_seq(s, middle) < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
bad_plan(struct err *e)
{
	return err_set(e, ERR_REFUSED, "the plan is not one of this store");
}

/* The rows that a rule takes. */
static int
mark_rule(struct pruning *p, size_t i, const struct stored *s, struct err *e)
{
	struct runs_reader *r = &p->rule[i];
	int rc = runs_skip(r, s->info.first);

	while (rc > 0 && r->first <= s->info.last) {
		uint32_t from = row_at(s, r->first), to = row_at(s, r->end);

		memset(p->fate + from, (int)(i + 1), to - from);
		if (r->end > s->info.last)
			break;
		rc = runs_next(r);
	}
	return rc < 0 ? bad_plan(e) : 0;
}

static int
mark(struct pruning *p, const struct stored *s, struct err *e)
{
	struct doomed *d = &p->doomed;
	uint32_t n = s->info.meta.count;

	memset(p->fate, STAYS, n);
	for (size_t i = 0; i < p->plan->rules; i++)
		if (mark_rule(p, i, s, e) < 0)
			return -1;
	memset(d->bits, 0, sizeof(d->bits));
	for (uint32_t row = 0; row < n; row++)
		if (p->fate[row] != STAYS && store_row_kind(s, row) != LEAF_RECORD)
			bitmap_add(d->bits, row);
	return 0;
}

/* Counts what is left of the doomed rows after the holds; their own times are
 * asked, not what is said of the segment. */
static int
count_rows(struct pruning *p, struct stored *s, struct err *e)
{
	const struct column *time = segment_column(s->columns, FIELD_TIME, e);
	struct doomed *d = &p->doomed;
	int64_t floor = prune_floor();

	d->count = 0;
	d->oldest = d->newest = TIME_NONE;
	if (time == NULL)
		return -1;
	if (time->kind != COLUMN_TIME)
		return err_set(e, ERR_INTEGRITY, "segment %lld has no times", (long long)s->info.id);
	for (uint32_t row = 0; row < s->info.meta.count; row++) {
		if (!bitmap_has(d->bits, row))
			continue;
		if (time->time[row] > floor)
			return err_set(e, ERR_REFUSED, "the event at seq %llu is younger than %d days",
			    (unsigned long long)store_row_seq(s, row), PRUNE_FLOOR_DAYS);
		d->count++;
		d->oldest = prune_earlier(d->oldest, time->time[row]);
		d->newest = prune_later(d->newest, time->time[row]);
		p->gone.by_rule[p->fate[row] - 1]++;
	}
	p->gone.events += d->count;
	p->gone.oldest = prune_earlier(p->gone.oldest, d->oldest);
	p->gone.newest = prune_later(p->gone.newest, d->newest);
	return 0;
}

static int
prune_segment(struct pruning *p, const struct segment_info *info, struct err *e)
{
	bool moved = false;
	struct stored *s = store_segment(p->st, info, &moved, e);
	int rc = s != NULL ? mark(p, s, e) : -1;

	if (rc == 0 && bitmap_count(p->doomed.bits, info->meta.count) > 0) {
		p->asked += info->meta.count;
		rc = holds_keep(&p->holds, s, p->doomed.bits, e);
		if (rc == 0)
			rc = count_rows(p, s, e);
		if (rc == 0 && p->doomed.count == TREE_CELL)
			rc = prune_cell(p->st, &p->removed, s, e);
		else if (rc == 0 && p->doomed.count > 0)
			rc = prune_rows(p->st, &p->state, &p->removed, s, &p->doomed, p->pool, e);
	}
	store_segment_free(s);
	return rc;
}

/* ---- records ---- */

static int
add_record(struct pruning *p, const struct prune_part *part, struct err *e)
{
	struct arena arena = { 0 };
	struct event ev = { 0 };
	int rc;

	p->record(p->arg, part, &ev, &arena);
	rc = record_add(p->st, &p->state, &ev, e);
	arena_fini(&arena);
	return rc;
}

/* Counters, the row of the removal table, the record. */
static int
account(struct pruning *p, struct err *e)
{
	struct prune_part part = { .part = p->part + 1, .events = p->gone.events, .by_rule = p->gone.by_rule,
		.first_seq = p->removed.first, .last_seq = p->removed.last, .oldest = p->gone.oldest,
		.newest = p->gone.newest };
	struct buf hex = { 0 };
	struct hash digest;

	runs_end(&p->removed);
	if (p->removed.count != p->gone.events || runs_digest(buf_view(&p->removed.list), &digest) < 0)
		return err_set(e, ERR_INTEGRITY, "segments overlap");
	buf_hex(&hex, digest.b, sizeof(digest.b));
	memcpy(part.digest, hex.p, sizeof(part.digest) - 1);
	buf_fini(&hex);
	p->state.pruned_events += p->gone.events;
	p->state.pruned_min_time = prune_earlier(p->state.pruned_min_time, p->gone.oldest);
	p->state.pruned_max_time = prune_later(p->state.pruned_max_time, p->gone.newest);
	if (removal_add(p->st, &p->state, buf_view(&p->removed.list), e) < 0 || add_record(p, &part, e) < 0)
		return -1;
	return state_put(p->st, &p->state, e);
}

/* The closing record sums up what all parts removed. */
static int
close_pruning(struct pruning *p, struct err *e)
{
	struct prune_part part = { .events = p->sum.events, .by_rule = p->sum.by_rule, .oldest = p->sum.oldest,
		.newest = p->sum.newest, .held = p->held, .holds = p->holds_n };

	if (db_begin_write(&p->st->db, e) < 0)
		return -1;
	if (state_get(p->st, &p->state, e) == 0 && add_record(p, &part, e) == 0 &&
	    state_put(p->st, &p->state, e) == 0 && db_commit(&p->st->db, e) == 0)
		return 0;
	db_rollback(&p->st->db);
	return -1;
}

/* ---- transactions ---- */

/* What goes while it is a line becomes a segment first. */
static int
seal_tail(struct pruning *p, struct err *e)
{
	struct tail_size tail;

	if (tail_size(p->st, &tail, e) < 0)
		return -1;
	if (tail.count == 0 || p->plan->runs.last < tail.first)
		return 0;
	if (tail_seal(p->st, &p->state, p->pool, e) < 0)
		return -1;
	return state_put(p->st, &p->state, e);
}

/* The segments from seq *from on that fit one transaction; *from moves behind
 * them, to UINT64_MAX when these were the last. */
static int
prune_segments(struct pruning *p, uint64_t *from, struct err *e)
{
	struct segment_info *list;
	size_t n, i;
	int rc = segment_list(p->st, *from, p->plan->runs.last, &list, &n, e);

	for (i = 0; rc == 0 && i < n && p->asked < PART_EVENTS; i++) {
		int there = runs_skip(&p->all, list[i].first);

		if (there <= 0) {
			rc = there < 0 ? bad_plan(e) : 0;
			break;
		}
		if (p->all.first <= list[i].last)
			rc = prune_segment(p, &list[i], e);
	}
	if (rc == 0)
		*from = i < n && p->asked >= PART_EVENTS ? list[i].first : UINT64_MAX;
	free(list);
	return rc;
}

static int
prune_part(struct pruning *p, uint64_t *from, struct err *e)
{
	if (state_get(p->st, &p->state, e) < 0)
		return -1;
	if (p->plan->size > p->state.size || p->plan->runs.last >= p->plan->size)
		return bad_plan(e);
	if (holds_read(&p->holds, p->st, e) < 0 || seal_tail(p, e) < 0 || prune_segments(p, from, e) < 0)
		return -1;
	return p->gone.events > 0 ? account(p, e) : 0;
}

/* One transaction.  What it did counts when it is committed. */
static int
prune_once(struct pruning *p, uint64_t *from, struct err *e)
{
	size_t rules = p->plan->rules;
	int rc;

	p->asked = 0;
	p->gone = new_gone(rules);
	if ((rc = db_begin_write(&p->st->db, e)) == 0 &&
	    ((rc = prune_part(p, from, e)) < 0 || (rc = db_commit(&p->st->db, e)) < 0))
		db_rollback(&p->st->db);
	if (rc == 0) {
		add_gone(&p->sum, &p->gone, rules);
		holds_kept(&p->holds, &p->held, &p->holds_n);
		p->part += p->gone.events > 0;
	}
	holds_fini(&p->holds);
	runs_fini(&p->removed);
	free(p->gone.by_rule);
	return rc;
}

static int
prune_all(struct pruning *p, int (*go_on)(struct err *e), struct err *e)
{
	uint64_t from = 0;
	int rc = 0;

	while (from != UINT64_MAX && rc == 0) {
		rc = prune_once(p, &from, e);
		if (rc == 0 && from != UINT64_MAX && go_on != NULL)
			rc = go_on(e);
	}
	/* Also of what was cut short. */
	if (p->sum.events > 0) {
		struct err closing = ERR_NONE;

		if (close_pruning(p, &closing) < 0 && rc == 0) {
			*e = closing;
			rc = -1;
		}
	}
	return rc;
}

/* The rules' runs together are those that the plan has the digest of. */
static int
check_plan(struct store *st, const struct prune_plan *plan, struct err *e)
{
	struct hash digest;
	uint64_t events = 0;
	uint8_t id[16];

	store_id(st, id);
	for (size_t i = 0; i < plan->rules; i++)
		events += plan->share[i].runs.count;
	if (plan->rules > PRUNE_RULES_MAX || memcmp(id, plan->store, sizeof(id)) != 0 || events != plan->runs.count ||
	    runs_digest(buf_view(&plan->runs.list), &digest) < 0 || memcmp(&digest, &plan->digest, sizeof(digest)) != 0)
		return bad_plan(e);
	return 0;
}

static struct pruning *
new_pruning(struct store *st, const struct prune_plan *plan)
{
	struct pruning *p = mem_zero(1, sizeof(*p));

	p->st = st;
	p->plan = plan;
	p->sum = new_gone(plan->rules);
	p->rule = mem_alloc((plan->rules + 1) * sizeof(*p->rule));
	runs_read(&p->all, buf_view(&plan->runs.list));
	for (size_t i = 0; i < plan->rules; i++)
		runs_read(&p->rule[i], buf_view(&plan->share[i].runs.list));
	if (plan->holds > 0)
		p->held = mem_dup(plan->held, plan->holds * sizeof(*plan->held));
	p->holds_n = plan->holds;
	return p;
}

static void
free_pruning(struct pruning *p)
{
	free(p->sum.by_rule);
	free(p->rule);
	free(p->held);
	free(p);
}

int
store_prune(struct store *st, const struct prune_plan *plan, struct pool *pool, prune_record_fn *record, void *arg,
    int (*go_on)(struct err *e), uint64_t *removed, struct err *e)
{
	struct pruning *p;
	int rc;

	*removed = 0;
	if (check_plan(st, plan, e) < 0)
		return store_blame(st, e);
	if (plan->runs.count == 0)
		return 0;
	p = new_pruning(st, plan);
	p->pool = pool;
	p->record = record;
	p->arg = arg;
	rc = prune_all(p, go_on, e);
	*removed = p->sum.events;
	free_pruning(p);
	return rc < 0 ? store_blame(st, e) : 0;
}
