/*
 * verify: cell after cell is copied and judged; what was found is told in
 * order of seq.
 *
 * The caller's thread copies, in short transactions, and has the pool judge.
 * Each cell is held against the removals that its transaction saw, so that
 * others may write meanwhile.  The last, partial cell is copied together with
 * everything that must agree with the size of the log.
 *
 * In: a store.   Out: findings, counts, roots.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "store/schema.h"
#include "store/verify_walk.h"

/* ---- giving a cell to a worker ---- */

static int
by_record_seq(const void *a, const void *b)
{
	const struct expected_record *x = a, *y = b;

	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void
expect_record(struct cell_work *w, struct expected_record x)
{
	if (x.seq < w->copy.no * TREE_CELL || x.seq >= w->copy.end)
		return;
	mem_grow(&w->record, &w->records_cap, w->records + 1, sizeof(*w->record));
	w->record[w->records++] = x;
}

static void
expect_hold(struct cell_work *w, const struct known_hold *h, size_t index)
{
	expect_record(w, (struct expected_record){ .of = RECORD_HOLD, .index = index, .seq = h->record,
	    .hold = (uint64_t)h->id });
	if (h->lifted)
		expect_record(w, (struct expected_record){ .of = RECORD_LIFT, .index = index, .seq = h->lift,
		    .hold = (uint64_t)h->id });
}

static void
give_rows(struct verify_walk *k, struct cell_work *w)
{
	const struct removals *r = &k->v.removals;
	uint64_t start = w->copy.no * TREE_CELL;

	removals_clip(&k->v.removals, w);
	w->records = 0;
	for (size_t i = 0; i < r->n; i++)
		expect_record(w, (struct expected_record){ .index = i, .seq = r->item[i].record });
	for (size_t i = 0; i < k->keys; i++)
		expect_record(w, (struct expected_record){ .of = RECORD_KEY, .index = i, .seq = k->key[i].seq,
		    .key = buf_view(&k->key[i].line) });
	for (size_t i = 0; i < k->v.holds.n; i++)
		expect_hold(w, &k->v.holds.item[i], i);
	if (w->records > 1)
		qsort(w->record, w->records, sizeof(*w->record), by_record_seq);
	w->wanteds = 0;
	for (size_t i = walk_wanted_after(k, start); i < k->wanteds && k->wanted[i].at.size < start + TREE_CELL; i++) {
		if (k->wanted[i].at.size > w->copy.end)
			break;
		mem_grow(&w->wanted, &w->wanted_cap, w->wanteds + 1, sizeof(*w->wanted));
		w->wanted[w->wanteds++] = (struct wanted_root){ .n = (uint32_t)(k->wanted[i].at.size - start) };
	}
}

static void
run_cell(void *arg)
{
	cell_work_run(arg);
}

static void
start_cell(struct verify_walk *k, struct cell_work *w)
{
	give_rows(k, w);
	w->busy = true;
	w->job = (struct job){ .run = run_cell, .arg = w };
	if (k->v.o->pool != NULL)
		pool_submit(k->v.o->pool, &w->job);
	else
		cell_work_run(w);
}

/* ---- taking it back ---- */

static void
merge_record(struct verify_walk *k, const struct expected_record *x)
{
	struct verify_result *r = k->v.r;

	switch (x->of) {
	case RECORD_REMOVAL:
		k->v.removals.item[x->index].seen = true;
		k->v.removals.item[x->index].deed = x->deed;
		break;
	case RECORD_KEY:
		r->key = mem_resize(r->key, (r->keys + 1) * sizeof(*r->key));
		r->key[r->keys] = (struct verify_key){ .seq = x->seq };
		buf_str(&r->key[r->keys++].line, x->key);
		break;
	case RECORD_HOLD:
		k->v.holds.item[x->index].seen = true;
		k->v.holds.item[x->index].deed = x->deed;
		break;
	case RECORD_LIFT:
		k->v.holds.item[x->index].lift_seen = true;
		break;
	}
}

static void
merge_rows(struct verify_walk *k, const struct cell_work *w)
{
	for (size_t i = 0; i < w->runs; i++) {
		struct removal *r = &k->v.removals.item[w->run[i].removal];

		r->as_erase |= w->run[i].erase;
		r->as_prune |= !w->run[i].erase;
	}
	for (size_t i = 0; i < w->records; i++)
		if (w->record[i].found)
			merge_record(k, &w->record[i]);
}

static void
merge_cell(struct verify_walk *k, struct cell_work *w)
{
	struct verify_result *r = k->v.r;

	if (!w->busy)
		return;
	if (k->v.o->pool != NULL)
		pool_wait(k->v.o->pool, &w->job);
	w->busy = false;
	r->present += w->present;
	r->records += w->own_records;
	r->erased += w->erased;
	r->pruned += w->gone;
	r->missing += w->missing;
	r->recomputed += w->hashed;
	if (w->last_ingested > k->v.last_ingested)
		k->v.last_ingested = w->last_ingested;
	merge_rows(k, w);
	walk_merge_roots(k, w);
	verify_tell(&k->v, &w->found);
	if (k->v.o->progress != NULL)
		k->v.o->progress(k->v.o->arg, w->copy.end, w->copy.size);
}

/* In order of cells: the slot of the next cell holds the oldest one. */
static void
merge_all(struct verify_walk *k)
{
	for (unsigned i = 0; i < VERIFY_SLOTS; i++)
		merge_cell(k, &k->slot[(k->next + i) % VERIFY_SLOTS]);
}

/* ---- a cell that is not judged ---- */

/* The cell behind what is lost: this one; or all of them that the log claims,
 * but for whose hashes the file has no room. */
static uint64_t
loss_end(const struct verify_walk *k)
{
	uint64_t full = k->v.state.size / TREE_CELL, file = 0;
	struct err ignored = ERR_NONE;

	db_file_size(&k->v.st->db, &file, &ignored);
	return k->next < full && k->next >= file / (TREE_CELL_NODES * HASH_LEN) ? full : k->next + 1;
}

/* Nothing of the next cell can be read but perhaps its root. */
static void
lose_cell(struct verify_walk *k, struct err *e)
{
	uint64_t next = loss_end(k), first = k->next * TREE_CELL, end = next * TREE_CELL;
	struct err again = ERR_NONE;
	struct hash root;
	bool known = next == k->next + 1 && walk_kept_root(k, k->next, &root, &again) > 0;

	if (end > k->v.state.size)
		end = k->v.state.size;
	findings_add(&k->v.found, PLACE_SEQ(VERIFY_UNREADABLE, first, end - (end > first)), "%s", e->text);
	err_clear(e);
	merge_all(k);
	verify_tell(&k->v, &k->v.found);
	k->v.r->missing += end - first;
	if (end - first == TREE_CELL)
		walk_add_cell(k, known, &root);
	else
		k->broken = true;
	k->next = k->merged = next;
}

/* A full cell whose events were verified before: its kept root is taken. */
static int
skip_cell(struct verify_walk *k, uint64_t no, struct err *e)
{
	struct db *db = &k->v.st->db;
	sqlite3_stmt *s;
	struct hash root;
	int rc = walk_kept_root(k, no, &root, e);
	uint64_t count = 0;

	if (rc < 0 || (s = db_statement(db, ST_VERIFY_SEGMENT_SUM, e)) == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)(no * TREE_CELL));
	db_bind_int(s, 2, (int64_t)((no + 1) * TREE_CELL));
	if (db_step(db, s, e) <= 0)
		return -1;
	count = (uint64_t)db_int(s, 0) < TREE_CELL ? (uint64_t)db_int(s, 0) : TREE_CELL;
	sqlite3_reset(s);
	if (rc == 0)
		findings_add(&k->v.found, PLACE(VERIFY_HASHES),
		    "cell %" PRIu64 " is full, but its root is missing or damaged", no);
	merge_all(k);
	k->v.r->present += count;
	k->v.r->pruned += TREE_CELL - count;
	k->v.skipped = true;
	for (size_t i = 0; i < k->v.removals.n; i++)
		k->v.removals.item[i].skipped |= k->v.removals.item[i].record / TREE_CELL == no;
	for (size_t i = 0; i < k->keys; i++)
		k->key[i].skipped |= k->key[i].seq / TREE_CELL == no;
	for (size_t i = 0; i < k->v.holds.n; i++) {
		k->v.holds.item[i].skipped |= k->v.holds.item[i].record / TREE_CELL == no;
		k->v.holds.item[i].lift_skipped |= k->v.holds.item[i].lift / TREE_CELL == no;
	}
	walk_add_cell(k, rc > 0, &root);
	return 0;
}

/* Cells of which there is nothing at all: the log may claim any size. */
static int
skip_nothing(struct verify_walk *k, uint64_t cells, struct err *e)
{
	struct db *db = &k->v.st->db;
	sqlite3_stmt *s = db_statement(db, ST_VERIFY_NEXT_CELL, e);
	uint64_t first = k->next * TREE_CELL, end;
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)first);
	db_bind_int(s, 2, (int64_t)cells);
	if ((rc = db_step(db, s, e)) <= 0)
		return -1;
	end = (uint64_t)db_int(s, 0);
	sqlite3_reset(s);
	if (end <= k->next || end > cells)
		end = end > cells ? cells : k->next + 1;
	merge_all(k);
	findings_add(&k->v.found, PLACE_SEQ(VERIFY_MISSING, first, end * TREE_CELL - 1),
	    "cells %" PRIu64 " to %" PRIu64 ", seqs %" PRIu64 " to %" PRIu64 ": missing, with all hashes",
	    k->next, end - 1, first, end * TREE_CELL - 1);
	verify_tell(&k->v, &k->v.found);
	k->v.r->missing += (end - k->next) * TREE_CELL;
	k->broken = true;
	k->next = k->merged = end;
	return 0;
}

static bool
empty_copy(const struct cell_copy *c)
{
	return !c->there && c->segments == 0 && c->lines == 0 && c->leaf_rows == 0 && c->subtrees == 0;
}

/* ---- the last transaction ---- */

static int
take_last(struct verify_walk *k, struct err *e)
{
	int64_t version;

	k->last = true;
	k->v.r->size = k->v.state.size;
	k->v.r->removals = k->v.state.removals;
	walk_want(k, k->v.state.size, true);
	walk_want(k, k->v.state.size - k->v.state.size % TREE_CELL, true);
	walk_sort_wanted(k);
	if (schema_version(&k->v.st->db, &version, e) < 0 || verify_counters(&k->v, e) < 0)
		return -1;
	return version >= SCHEMA_SIGNED ? walk_forgive(k, walk_notes(k, e), e) : 0;
}

/* ---- one step ---- */

/* In one transaction.  *copied: w is to be judged; else the cell is done. */
static int
step_locked(struct verify_walk *k, struct cell_work *w, bool *copied, struct err *e)
{
	uint64_t end = (k->next + 1) * TREE_CELL;
	int rc;

	*copied = false;
	if (state_get(k->v.st, &k->v.state, e) < 0 || walk_refresh(k, e) < 0)
		return -1;
	if (k->v.state.size >= end && end <= k->v.o->from) {
		rc = skip_cell(k, k->next, e);
		k->next++;
		return rc;
	}
	if (k->v.state.size < end && take_last(k, e) < 0)
		return -1;
	if (cell_copy_read(k->v.st, k->next, &w->copy, e) < 0) {
		if (e->code != ERR_INTEGRITY)
			return -1;
		lose_cell(k, e);
		return 0;
	}
	if (k->v.state.size >= end && empty_copy(&w->copy))
		return skip_nothing(k, k->v.state.size / TREE_CELL, e);
	*copied = true;
	return 0;
}

static int
step(struct verify_walk *k, struct err *e)
{
	struct store *st = k->v.st;
	struct cell_work *w = &k->slot[k->next % VERIFY_SLOTS];
	bool copied = false;
	int rc;

	merge_cell(k, w);
	pthread_mutex_lock(&st->lock);
	rc = db_begin_read(&st->db, e);
	if (rc == 0)
		rc = step_locked(k, w, &copied, e);
	db_rollback(&st->db);
	pthread_mutex_unlock(&st->lock);
	if (rc == 0 && copied) {
		start_cell(k, w);
		k->next++;
	}
	return rc;
}

/* ---- results ---- */

static int
by_checkpoint_size(const void *a, const void *b)
{
	const struct verify_checkpoint *x = a, *y = b;

	return x->at.size < y->at.size ? -1 : x->at.size > y->at.size;
}

static int
by_key_seq(const void *a, const void *b)
{
	const struct verify_key *x = a, *y = b;

	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void
give_results(struct verify_walk *k)
{
	struct verify_result *r = k->v.r;

	r->root = walk_root(k, r->size)->root;
	r->whole = *walk_root(k, r->size - r->size % TREE_CELL);
	for (size_t i = 0; i < k->v.o->roots; i++) {
		uint64_t size = k->v.o->root[i].size;

		k->v.o->root[i] = *walk_root(k, size);
		k->v.o->root[i].size = size;
	}
	for (size_t i = 0; i < r->checkpoints; i++) {
		uint64_t size = r->checkpoint[i].at.size;

		r->checkpoint[i].at = *walk_root(k, size);
		r->checkpoint[i].at.size = size;
	}
	for (size_t i = 0; i < k->keys; i++)
		if (k->key[i].skipped) {
			r->key = mem_resize(r->key, (r->keys + 1) * sizeof(*r->key));
			r->key[r->keys] = (struct verify_key){ .seq = k->key[i].seq };
			buf_str(&r->key[r->keys++].line, buf_view(&k->key[i].line));
		}
	if (r->checkpoints > 1)
		qsort(r->checkpoint, r->checkpoints, sizeof(*r->checkpoint), by_checkpoint_size);
	if (r->keys > 1)
		qsort(r->key, r->keys, sizeof(*r->key), by_key_seq);
}

/* Keys whose seq no cell has. */
static void
check_keys(struct verify_walk *k)
{
	for (size_t i = 0; i < k->keys; i++)
		if (k->key[i].seq >= k->v.r->size)
			findings_add(&k->v.found, PLACE_SEQ(VERIFY_KEY, k->key[i].seq, k->key[i].seq),
			    "seq %" PRIu64 ": a key whose record is beyond the end of the log", k->key[i].seq);
}

static int
walk_log(struct verify_walk *k, struct err *e)
{
	while (!k->last) {
		if (k->v.o->go_on != NULL && k->v.o->go_on(e) < 0)
			return -1;
		if (step(k, e) < 0)
			return -1;
		verify_tell(&k->v, &k->v.found);
	}
	merge_all(k);
	check_keys(k);
	if (verify_removals(&k->v, e) < 0 || verify_holds(&k->v, e) < 0 || verify_leftovers(&k->v, e) < 0 ||
	    walk_late_roots(k, e) < 0)
		return -1;
	verify_tell(&k->v, &k->v.found);
	verify_tell_more(&k->v);
	give_results(k);
	return 0;
}

int
store_verify(struct store *st, const struct verify_options *o, struct verify_result *r, struct err *e)
{
	struct verify_walk *k = mem_zero(1, sizeof(*k));
	int rc;

	k->v = (struct verify_log){ .st = st, .o = o, .r = r, .last_ingested = TIME_NONE };
	k->checkpoint_id = INT64_MIN;
	for (size_t i = 0; i < o->roots; i++)
		walk_want(k, o->root[i].size, true);
	walk_sort_wanted(k);
	for (unsigned i = 0; i < VERIFY_SLOTS; i++)
		cell_work_init(&k->slot[i], st);
	rc = walk_log(k, e);
	for (unsigned i = 0; i < VERIFY_SLOTS; i++) {
		if (k->slot[i].busy && o->pool != NULL)
			pool_wait(o->pool, &k->slot[i].job);
		cell_work_fini(&k->slot[i]);
	}
	for (size_t i = 0; i < k->keys; i++)
		buf_fini(&k->key[i].line);
	free(k->key);
	free(k->wanted);
	removals_fini(&k->v.removals);
	known_holds_fini(&k->v.holds);
	findings_fini(&k->v.found);
	free(k);
	return rc < 0 ? store_blame(st, e) : 0;
}

void
verify_result_fini(struct verify_result *r)
{
	for (size_t i = 0; i < r->checkpoints; i++)
		buf_fini(&r->checkpoint[i].note);
	for (size_t i = 0; i < r->keys; i++)
		buf_fini(&r->key[i].line);
	free(r->checkpoint);
	free(r->key);
	*r = (struct verify_result){ 0 };
}
