/*
 * append: events into the store, each once, in transactions.
 *
 * Events gather in a batch: columns, leaf hashes and keys, made for the seqs
 * that they are expected to get.  A batch that reaches the end of its cell is
 * encoded by the pool while the next one fills.  A small batch becomes lines
 * of the tail.  When another writer was faster, the seqs are not the expected
 * ones: then everything waiting is looked up and hashed anew, inside the
 * transaction.
 *
 * In: events with id, time and ingested.   Out: committed rows.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/append_parts.h"

struct appender *
append_open(struct store *st, struct pool *pool, struct err *e)
{
	struct appender *a = mem_zero(1, sizeof(*a));
	struct state state;

	a->st = st;
	a->pool = pool;
	a->known = duplicates_new(st);
	a->stale = true;
	append_batch_init(&a->batch[0], pool);
	append_batch_init(&a->batch[1], pool);
	a->filling = &a->batch[0];
	if (state_get(st, &state, e) < 0 || append_batch_start(a->filling, st, state.size, e) < 0) {
		append_close(a);
		return NULL;
	}
	a->removals = state.removals;
	a->merged_cells = state.size >= TREE_CELL ? state.size / TREE_CELL - 1 : 0;
	return a;
}

void
append_close(struct appender *a)
{
	if (a == NULL)
		return;
	if (a->waiting != NULL && a->pool != NULL)
		pool_wait(a->pool, &a->waiting->job);
	duplicates_free(a->known);
	append_batch_fini(&a->batch[0]);
	append_batch_fini(&a->batch[1]);
	append_held_clear(&a->held);
	free(a->held.item);
	append_held_clear(&a->conflicts);
	free(a->conflicts.item);
	buf_fini(&a->line);
	buf_fini(&a->attempt.line);
	buf_fini(&a->attempt.refused);
	free(a);
}

static int
known(struct appender *a, const struct event *ev, enum append_result *result, struct err *e)
{
	if (append_ready(a, e) < 0 || (a->stale && duplicates_refresh(a->known, e) < 0))
		return -1;
	a->stale = false;
	return append_find(a, a->filling, a->waiting, ev, event_key(a->st, ev), result, e);
}

int
append_known(struct appender *a, const struct event *ev, bool *there, struct err *e)
{
	enum append_result result;

	if (known(a, ev, &result, e) < 0)
		return append_blame(a, e);
	*there = result == APPEND_DUPLICATE;
	a->counts.duplicates += *there;
	return 0;
}

static int
add_event(struct appender *a, const struct event *ev, enum leaf_kind kind, enum append_result *result,
    struct err *e)
{
	uint64_t key = event_key(a->st, ev);
	struct segment_expected x;

	if (append_ready(a, e) < 0)
		return -1;
	append_batch_expect(a->filling, key);
	if (a->waiting != NULL)
		append_batch_expect(a->waiting, key);
	segment_builder_expect(a->filling->builder, ev, &x);
	append_format(a, ev);
	if (append_batch_full(a->filling, a->line.len)) {
		if (append_turn(a, e) < 0)
			return -1;
		/* It is another batch, and other lines were made meanwhile. */
		segment_builder_expect(a->filling->builder, ev, &x);
		append_format(a, ev);
	}
	if (a->stale && duplicates_refresh(a->known, e) < 0)
		return -1;
	a->stale = false;
	if (append_find(a, a->filling, a->waiting, ev, key, result, e) < 0)
		return -1;
	a->counts.duplicates += *result == APPEND_DUPLICATE;
	a->counts.conflicts += *result == APPEND_CONFLICT;
	if (*result != APPEND_STORED)
		return 0;
	append_batch_add(a->filling, ev, &x, kind, key, buf_view(&a->line));
	return 0;
}

int
append_event(struct appender *a, const struct event *ev, enum leaf_kind kind, enum append_result *result,
    struct err *e)
{
	/* Without the last two its line would be another one when it is read again. */
	static const field_set needed = FIELD_BIT(FIELD_ID) | FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_INGESTED) |
	    FIELD_BIT(FIELD_ACTION) | FIELD_BIT(FIELD_SEVERITY) | FIELD_BIT(FIELD_OUTCOME);

	if (~ev->present & needed)
		return err_set(e, ERR_FAIL, "an event needs an id, times, an action, a severity and an outcome");
	return add_event(a, ev, kind, result, e) < 0 ? append_blame(a, e) : 0;
}

void
append_quarantine(struct appender *a, const struct quarantined *q)
{
	append_hold(&a->held, q);
}

void
append_release(struct appender *a, int64_t id)
{
	struct append_batch *b = a->filling;

	mem_grow(&b->released, &b->releases_cap, b->releases + 1, sizeof(b->released[0]));
	b->released[b->releases++] = id;
}

void
append_position(struct appender *a, const struct store_file *f)
{
	struct held_list *to = &a->filling->held;

	append_batch_position(a->filling, f);
	mem_grow(&to->item, &to->cap, to->n + a->held.n, sizeof(*to->item));
	for (size_t i = 0; i < a->held.n; i++)
		to->item[to->n++] = a->held.item[i];
	a->held.n = 0;
}

void
append_counts(const struct appender *a, struct append_counts *c)
{
	*c = a->counts;
}
