/*
 * append_commit: transactions, and what is to be done when one fails.
 *
 * What failed to be committed stays in its batch.  When the disk was full, the
 * store is closed and opened again before the next attempt, and looked into
 * first: a commit that was said to have failed may be there all the same.
 *
 * In: batches.   Out: batches that are empty because they are stored.
 */
#include <string.h>

#include "store/append_parts.h"

/*
 * Commits batch b (waiting, or filling as the last); *state is then what the
 * file says.
 */
static int
commit_batch(struct appender *a, struct append_batch *b, bool last, struct state *state, struct err *e)
{
	struct append_counts before = a->counts;
	struct append_attempt *t = &a->attempt;
	int rc;

	if (db_begin_write(&a->st->db, e) < 0)
		return -1;
	t->batch = b;
	t->last = last;
	t->event = t->refusal = false;
	rc = append_write(a, b, last, &t->all, state, e);
	if (rc == 0) {
		t->counts = a->counts;
		rc = db_commit(&a->st->db, e);
		t->open = rc < 0 && e->code != ERR_BUSY;
	}
	if (rc < 0) {
		db_rollback(&a->st->db);
		duplicates_forget(a->known);
		a->counts = before;
	}
	append_held_clear(&a->conflicts);
	a->stale = true;
	return rc;
}

/* Finds the place of the filling batch, if it has none yet. */
static int
place_filling(struct appender *a, struct err *e)
{
	struct state state;

	if (a->unready && (state_get(a->st, &state, e) < 0 || append_batch_place(a->filling, a->st, state.size, e) < 0))
		return -1;
	a->unready = false;
	return 0;
}

/* What is committed is committed: what comes behind it can fail without making
 * it undone, and is tried again before the next event. */
static void
start_filling(struct appender *a)
{
	struct err e = ERR_NONE;

	append_batch_clear(a->filling);
	a->unready = true;
	if (place_filling(a, &e) < 0)
		append_blame(a, &e);
}

/* Once for each cell that became full, and once after opening, should a crash
 * have come between.  A cell that cannot be merged stays as it is; on a full
 * disk it is tried again after the next commit. */
static void
merge_full_cells(struct appender *a, const struct state *state)
{
	for (; a->merged_cells < state->size / TREE_CELL; a->merged_cells++) {
		struct err e = ERR_NONE;

		if (cell_merge(a->st, a->merged_cells, a->pool, &e) < 0 && append_blame(a, &e) < 0 &&
		    e.code == ERR_FULL)
			break;
	}
}

/* The attempt is in the file: its batches are done. */
static void
finish_attempt(struct appender *a, const struct state *state)
{
	const struct append_attempt *t = &a->attempt;

	if (t->last)
		append_held_clear(&a->held);
	else
		a->waiting = NULL;
	if (t->last || t->all)
		start_filling(a);
	merge_full_cells(a, state);
}

static int
commit_waiting(struct appender *a, struct err *e)
{
	struct state state;

	if (a->waiting == NULL)
		return 0;
	if (a->pool != NULL)
		pool_wait(a->pool, &a->waiting->job);
	if (commit_batch(a, a->waiting, false, &state, e) < 0)
		return -1;
	finish_attempt(a, &state);
	return 0;
}

static int
commit_all(struct appender *a, struct err *e)
{
	struct state state;

	if (append_ready(a, e) < 0 || commit_waiting(a, e) < 0 || append_ready(a, e) < 0)
		return -1;
	if (segment_builder_count(a->filling->builder) == 0 && a->filling->positions == 0 &&
	    a->filling->held.n + a->filling->releases + a->held.n == 0)
		return 0;
	if (commit_batch(a, a->filling, true, &state, e) < 0)
		return -1;
	finish_attempt(a, &state);
	return 0;
}

int
append_commit(struct appender *a, struct err *e)
{
	return commit_all(a, e) < 0 ? append_blame(a, e) : 0;
}

int
append_turn(struct appender *a, struct err *e)
{
	struct append_batch *full = a->filling, *other = full == &a->batch[0] ? &a->batch[1] : &a->batch[0];

	if (commit_waiting(a, e) < 0 || append_ready(a, e) < 0)
		return -1;
	if (segment_builder_count(full->builder) == 0) /* written behind another writer's already */
		return 0;
	if (append_batch_follow(other, a->st, full, e) < 0)
		return -1;
	a->waiting = full;
	a->filling = other;
	segment_builder_settle(full->builder); /* duplicates are still looked for in it */
	full->job = (struct job){ .run = append_batch_encode, .arg = full };
	if (a->pool != NULL)
		pool_submit(a->pool, &full->job);
	else
		append_batch_encode(full);
	return 0;
}

/* ---- after a failure ---- */

int
append_blame(struct appender *a, struct err *e)
{
	if (e->code == ERR_FULL)
		a->lost = true;
	else if (e->code == ERR_FAIL && a->broken.code == ERR_OK)
		a->broken = *e;
	return store_blame(a->st, e);
}

/* Whether the quarantined line with this number is there; out: as
 * append_describe_held made it, when there is one. */
static int
find_quarantined(struct appender *a, int64_t id, struct buf *out, struct err *e)
{
	sqlite3_stmt *s = db_statement(&a->st->db, ST_QUARANTINE_AFTER, e);
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, id - 1);
	rc = db_step(&a->st->db, s, e);
	if (rc > 0 && (rc = db_int(s, 0) == id) > 0)
		append_describe_held(out, &(struct quarantined){ .at = db_int(s, 1), .position = (uint64_t)db_int(s, 4),
			.line = (uint64_t)db_int(s, 5), .bytes = db_blob(s, 8) });
	sqlite3_reset(s);
	return rc;
}

/*
 * Is the attempt in the file?  A seq is given once, so its last event is where
 * it was to be or the whole is not there.  Without events, a row of the
 * quarantine tells.  Nothing but a position: it can be written once more.
 */
static int
landed(struct appender *a, struct err *e)
{
	const struct append_attempt *t = &a->attempt;
	struct buf found = { 0 };
	enum leaf_kind kind = LEAF_EVENT;
	int rc = 0;

	if (t->event) {
		if ((rc = stored_line(a->st, t->seq, &found, &kind, e)) > 0)
			rc = kind == t->kind && str_eq(buf_view(&found), buf_view(&t->line));
	} else if (t->refusal) {
		if ((rc = find_quarantined(a, t->refusal_id, &found, e)) > 0)
			rc = str_eq(buf_view(&found), buf_view(&t->refused));
	} else if (t->batch->releases > 0 && (rc = find_quarantined(a, t->batch->released[0], &found, e)) >= 0)
		rc = !rc;
	buf_fini(&found);
	return rc;
}

/* After a full disk: a new connection, that trusts nothing of the old one. */
static int
recover(struct appender *a, struct err *e)
{
	struct state state;
	int rc;

	duplicates_forget(a->known);
	a->stale = true;
	if (store_reopen(a->st, e) < 0)
		return -1;
	if (a->attempt.open) {
		if (state_get(a->st, &state, e) < 0 || (rc = landed(a, e)) < 0)
			return -1;
		a->attempt.open = false;
		if (rc > 0) {
			a->lost = false;
			a->counts = a->attempt.counts;
			finish_attempt(a, &state);
			return 0;
		}
	}
	a->lost = false;
	return 0;
}

int
append_ready(struct appender *a, struct err *e)
{
	if (a->broken.code != ERR_OK)
		return err_set(e, a->broken.code, "%s", a->broken.text);
	if (a->lost && recover(a, e) < 0)
		return -1;
	return place_filling(a, e);
}
