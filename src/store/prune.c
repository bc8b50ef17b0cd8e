/*
 * prune: events older than a cut-off go, and stay verifiable.
 *
 * What remains of a removed event is a hash (prune_remove.c).  Its line and its
 * salt are gone, and the bytes are overwritten (secure_delete).  Each
 * transaction takes a few segments and appends the record that says so; the
 * removal table says which seqs it was.  The toolkit's own records stay: they
 * authorise what went.
 *
 * In: a cut-off.   Out: fewer segments, records.
 */
#include <stdlib.h>

#include "store/prune_parts.h"

#define PART_EVENTS (4 * TREE_CELL) /* a transaction ends when it removed or rewrote so many */

struct pruning {
	struct store *st;
	struct state state;
	int64_t cutoff;
	struct cutoff_plan *done;
	/* of the transaction at work */
	struct removed_runs removed;
	uint64_t rewritten; /* events */
	struct cutoff_part part;
};

static int64_t
earlier(int64_t a, int64_t b)
{
	return a == TIME_NONE || b < a ? b : a;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a == TIME_NONE || b > a ? b : a;
}

static int
prune_segment(struct pruning *p, const struct segment_info *info, struct err *e)
{
	bool moved = false;
	struct stored *s = store_segment(p->st, info, &moved, e);
	struct doomed d = { 0 };
	int rc = s != NULL ? prune_doom(s, p->cutoff, &d, e) : -1;

	if (rc == 0 && d.count > 0) {
		prune_plan_add(p->done, &info->meta, &d);
		p->part.oldest = earlier(p->part.oldest, d.oldest);
		p->part.newest = later(p->part.newest, d.newest);
		p->rewritten += info->meta.count - d.count;
		rc = d.count == TREE_CELL ? prune_cell(p->st, &p->removed, s, e)
		                          : prune_rows(p->st, &p->state, &p->removed, s, &d, e);
	}
	free(d.row);
	store_segment_free(s);
	return rc;
}

static int
add_record(struct pruning *p, cutoff_record_fn *record, void *arg, struct err *e)
{
	struct arena arena = { 0 };
	struct event ev = { 0 };
	int rc;

	record(arg, &p->part, &ev, &arena);
	rc = record_add(p->st, &p->state, &ev, e);
	arena_fini(&arena);
	return rc;
}

/* Counters, the row of the removal table, the record. */
static int
account(struct pruning *p, cutoff_record_fn *record, void *arg, struct err *e)
{
	struct buf hex = { 0 };
	struct hash digest;

	removed_runs_end(&p->removed, &digest);
	buf_hex(&hex, digest.b, sizeof(digest.b));
	memcpy(p->part.digest, hex.p, sizeof(p->part.digest) - 1);
	buf_fini(&hex);
	p->part.part++;
	p->part.events = p->removed.events;
	p->part.first_seq = p->removed.first_seq;
	p->part.last_seq = p->removed.last_seq;
	p->state.pruned_events += p->removed.events;
	p->state.pruned_min_time = earlier(p->state.pruned_min_time, p->part.oldest);
	p->state.pruned_max_time = later(p->state.pruned_max_time, p->part.newest);
	if (removal_add(p->st, &p->state, buf_view(&p->removed.list), e) < 0 || add_record(p, record, arg, e) < 0)
		return -1;
	return state_put(p->st, &p->state, e);
}

/* The segments from seq *from on that fit one transaction; *from moves behind
 * them, to UINT64_MAX when these were the last. */
static int
prune_part(struct pruning *p, uint64_t *from, cutoff_record_fn *record, void *arg, struct err *e)
{
	struct segment_info *list = NULL;
	size_t n, i;
	int rc;

	if (state_get(p->st, &p->state, e) < 0 || segment_list(p->st, *from, INT64_MAX, &list, &n, e) < 0)
		return -1;
	p->rewritten = 0;
	p->part.oldest = p->part.newest = TIME_NONE;
	removed_runs_init(&p->removed);
	for (i = 0, rc = 0; i < n && rc == 0 && p->removed.events + p->rewritten < PART_EVENTS; i++)
		if (list[i].meta.min_time < p->cutoff)
			rc = prune_segment(p, &list[i], e);
	*from = i < n ? list[i].first : UINT64_MAX;
	free(list);
	if (rc == 0 && p->removed.events > 0)
		rc = account(p, record, arg, e);
	removed_runs_fini(&p->removed);
	return rc;
}

/* The closing record sums up what all parts removed. */
static int
close_pruning(struct pruning *p, cutoff_record_fn *record, void *arg, struct err *e)
{
	p->part = (struct cutoff_part){ .events = p->done->events, .oldest = p->done->oldest, .newest = p->done->newest };
	if (db_begin_write(&p->st->db, e) < 0)
		return -1;
	if (state_get(p->st, &p->state, e) == 0 && add_record(p, record, arg, e) == 0 &&
	    state_put(p->st, &p->state, e) == 0 && db_commit(&p->st->db, e) == 0)
		return 0;
	db_rollback(&p->st->db);
	return -1;
}

/* Old events that are still lines become a segment first. */
static int
seal_old_tail(struct pruning *p, struct err *e)
{
	struct cutoff_plan tail = { .cutoff = p->cutoff, .oldest = TIME_NONE, .newest = TIME_NONE };

	if (prune_plan_tail(p->st, &tail, e) < 0)
		return -1;
	if (tail.tail == 0)
		return 0;
	if (state_get(p->st, &p->state, e) < 0 || tail_seal(p->st, &p->state, NULL, e) < 0)
		return -1;
	return state_put(p->st, &p->state, e);
}

/* One transaction; *done is as before when it fails. */
static int
prune_once(struct pruning *p, uint64_t *from, cutoff_record_fn *record, void *arg, struct err *e)
{
	struct cutoff_plan before = *p->done;
	bool first = *from == 0;

	if (db_begin_write(&p->st->db, e) < 0)
		return -1;
	if ((!first || seal_old_tail(p, e) == 0) && prune_part(p, from, record, arg, e) == 0 &&
	    db_commit(&p->st->db, e) == 0)
		return 0;
	db_rollback(&p->st->db);
	*p->done = before;
	return -1;
}

int
store_cutoff(struct store *st, int64_t cutoff, cutoff_record_fn *record, void *arg, int (*go_on)(struct err *e),
    struct cutoff_plan *done, struct err *e)
{
	struct pruning p = { .st = st, .cutoff = cutoff, .done = done };
	uint64_t from = 0;
	int rc = 0;

	*done = (struct cutoff_plan){ .cutoff = cutoff, .oldest = TIME_NONE, .newest = TIME_NONE };
	while (from != UINT64_MAX && rc == 0) {
		rc = prune_once(&p, &from, record, arg, e);
		if (rc == 0 && from != UINT64_MAX && go_on != NULL)
			rc = go_on(e);
	}
	/* Also of what was cut short. */
	if (done->events > 0) {
		struct err closing = ERR_NONE;

		if (close_pruning(&p, record, arg, &closing) < 0 && rc == 0) {
			*e = closing;
			rc = -1;
		}
	}
	return rc < 0 ? store_blame(st, e) : 0;
}
