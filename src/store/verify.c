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
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "proof/note.h"
#include "proof/range.h"
#include "store/schema.h"
#include "store/verify_parts.h"

enum {
	SLOTS = 3,        /* cells in memory: two are judged, one is copied */
	SIGNED_FORMAT = 3 /* the first that has keys and checkpoints */
};

/* ---- findings ---- */

static const char *const fault_names[VERIFY_FAULTS] = {
	[VERIFY_UNREADABLE] = "unreadable",
	[VERIFY_SEGMENT] = "segment",
	[VERIFY_COLUMN] = "column",
	[VERIFY_FILTER] = "filter",
	[VERIFY_TAIL] = "tail",
	[VERIFY_CHANGED] = "changed",
	[VERIFY_MISSING] = "missing",
	[VERIFY_EXTRA] = "extra",
	[VERIFY_REMOVAL] = "removal",
	[VERIFY_ERASURE] = "erasure",
	[VERIFY_RECORD] = "record",
	[VERIFY_HASHES] = "hashes",
	[VERIFY_KEY] = "key",
	[VERIFY_COUNTERS] = "counters",
	[VERIFY_LEFTOVER] = "leftover",
};

const char *
verify_fault_name(enum verify_fault fault)
{
	return fault_names[fault];
}

const char *
seqs_text(char out[SEQS_TEXT], uint64_t first, uint64_t last)
{
	if (first == last)
		snprintf(out, SEQS_TEXT, "seq %" PRIu64, first);
	else
		snprintf(out, SEQS_TEXT, "seqs %" PRIu64 " to %" PRIu64, first, last);
	return out;
}

void
findings_add(struct findings *f, struct place at, const char *fmt, ...)
{
	struct verify_finding *x;
	char text[1024];
	va_list ap;
	int n;

	if (f->count[at.fault]++ >= VERIFY_TOLD_MAX)
		return;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	mem_grow(&f->item, &f->cap, f->n + 1, sizeof(*f->item));
	x = &f->item[f->n++];
	*x = (struct verify_finding){ at.fault, at.has_seq, at.first, at.last, at.segment, at.field, NULL };
	x->text = arena_copy(&f->arena, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

void
findings_reset(struct findings *f)
{
	f->n = 0;
	memset(f->count, 0, sizeof(f->count));
	arena_reset(&f->arena);
}

void
findings_fini(struct findings *f)
{
	free(f->item);
	arena_fini(&f->arena);
	*f = (struct findings){ 0 };
}

void
verify_tell(struct verify_log *v, struct findings *f)
{
	uint64_t told[VERIFY_FAULTS];

	memcpy(told, v->told, sizeof(told));
	for (size_t i = 0; i < f->n; i++)
		if (told[f->item[i].fault]++ < VERIFY_TOLD_MAX && v->o->found != NULL)
			v->o->found(v->o->arg, &f->item[i]);
	for (size_t i = 0; i < VERIFY_FAULTS; i++) {
		v->told[i] += f->count[i];
		v->r->findings += f->count[i];
	}
	findings_reset(f);
}

/* How many more there were than were told. */
static void
tell_more(struct verify_log *v)
{
	char text[96];

	for (int i = 0; i < VERIFY_FAULTS; i++) {
		struct verify_finding f = { .fault = (enum verify_fault)i, .field = FIELD_NONE, .text = text };

		if (v->told[i] <= VERIFY_TOLD_MAX || v->o->found == NULL)
			continue;
		snprintf(text, sizeof(text), "%" PRIu64 " more of this kind (%s)", v->told[i] - VERIFY_TOLD_MAX,
		    verify_fault_name((enum verify_fault)i));
		v->o->found(v->o->arg, &f);
	}
}

/* ---- all cells ---- */

struct known_key {
	uint64_t seq;
	struct buf line;
	bool skipped;
};

struct size_wanted {
	struct verify_root at;
	bool asked; /* by the caller: cells left out are recomputed for it */
	bool done;
};

struct walk {
	struct verify_log v;
	struct cell_work slot[SLOTS];
	uint64_t next, merged; /* cells */
	bool last;             /* the last cell was copied */
	struct range tree;     /* of the cells merged */
	bool broken;           /* a root is not known: nor are later ones */
	struct known_key *key;
	size_t keys, key_cap;
	struct size_wanted *wanted; /* by size */
	size_t wanteds, wanted_cap;
	int64_t checkpoint_id; /* the last one seen */
};

static int
by_size(const void *a, const void *b)
{
	const struct size_wanted *x = a, *y = b;

	return x->at.size < y->at.size ? -1 : x->at.size > y->at.size;
}

static void
want(struct walk *k, uint64_t size, bool asked)
{
	for (size_t i = k->wanteds; i > 0 && k->wanted[i - 1].at.size >= size; i--)
		if (k->wanted[i - 1].at.size == size) {
			k->wanted[i - 1].asked |= asked;
			return;
		}
	mem_grow(&k->wanted, &k->wanted_cap, k->wanteds + 1, sizeof(*k->wanted));
	k->wanted[k->wanteds++] = (struct size_wanted){ .at = { .size = size }, .asked = asked };
	if (k->wanteds > 1 && k->wanted[k->wanteds - 2].at.size > size)
		qsort(k->wanted, k->wanteds, sizeof(*k->wanted), by_size);
}

/* The first whose size is greater. */
static size_t
wanted_after(const struct walk *k, uint64_t size)
{
	size_t low = 0, high = k->wanteds;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (k->wanted[middle].at.size <= size)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- what is read along with a cell ---- */

static int
refresh_keys(struct walk *k, struct err *e)
{
	struct db *db = &k->v.st->db;
	sqlite3_stmt *s = db_statement(db, ST_VERIFY_KEYS, e);
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, k->keys > 0 ? (int64_t)k->key[k->keys - 1].seq : INT64_MIN);
	while ((rc = db_step(db, s, e)) > 0) {
		struct str line = db_blob(s, 1);
		uint64_t seq = (uint64_t)db_int(s, 0);

		if (line.len > NOTE_LEN_MAX || (k->keys > 0 && seq <= k->key[k->keys - 1].seq)) {
			sqlite3_reset(s);
			return err_set(e, ERR_INTEGRITY, "%s: the rows of keys are damaged", db->path);
		}
		mem_grow(&k->key, &k->key_cap, k->keys + 1, sizeof(*k->key));
		k->key[k->keys] = (struct known_key){ .seq = seq };
		buf_reserve(&k->key[k->keys].line, line.len + 1);
		buf_str(&k->key[k->keys++].line, line);
	}
	return rc;
}

static int
refresh_sizes(struct walk *k, struct err *e)
{
	struct db *db = &k->v.st->db;
	sqlite3_stmt *s = db_statement(db, ST_VERIFY_SIZES, e);
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, k->checkpoint_id);
	while ((rc = db_step(db, s, e)) > 0) {
		if (db_int(s, 0) <= k->checkpoint_id) {
			sqlite3_reset(s);
			return err_set(e, ERR_INTEGRITY, "%s: the rows of checkpoints are damaged", db->path);
		}
		k->checkpoint_id = db_int(s, 0);
		want(k, (uint64_t)db_int(s, 1), false);
	}
	return rc;
}

/* Damage is a finding; nothing more can be said of the table then. */
static int
forgive(struct walk *k, int rc, struct err *e)
{
	if (rc == 0 || e->code != ERR_INTEGRITY)
		return rc;
	findings_add(&k->v.found, PLACE(VERIFY_UNREADABLE), "%s", e->text);
	err_clear(e);
	return 0;
}

static int
refresh(struct walk *k, struct err *e)
{
	int64_t version;

	if (schema_version(&k->v.st->db, &version, e) < 0)
		return -1;
	if (forgive(k, removals_refresh(&k->v.removals, k->v.st, k->v.state.size, &k->v.found, e), e) < 0)
		return -1;
	if (version < SIGNED_FORMAT)
		return 0;
	return forgive(k, refresh_keys(k, e), e) < 0 || forgive(k, refresh_sizes(k, e), e) < 0 ? -1 : 0;
}

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
give_rows(struct walk *k, struct cell_work *w)
{
	const struct removals *r = &k->v.removals;
	uint64_t start = w->copy.no * TREE_CELL;

	removals_clip(&k->v.removals, w);
	w->records = 0;
	for (size_t i = 0; i < r->n; i++)
		expect_record(w, (struct expected_record){ .index = i, .seq = r->item[i].record });
	for (size_t i = 0; i < k->keys; i++)
		expect_record(w, (struct expected_record){ .index = i, .seq = k->key[i].seq, .is_key = true,
		    .key = buf_view(&k->key[i].line) });
	if (w->records > 1)
		qsort(w->record, w->records, sizeof(*w->record), by_record_seq);
	w->wanteds = 0;
	for (size_t i = wanted_after(k, start); i < k->wanteds && k->wanted[i].at.size < start + TREE_CELL; i++) {
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
start_cell(struct walk *k, struct cell_work *w)
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
merge_rows(struct walk *k, const struct cell_work *w)
{
	for (size_t i = 0; i < w->runs; i++) {
		struct removal *r = &k->v.removals.item[w->run[i].removal];

		r->as_erase |= w->run[i].erase;
		r->as_prune |= !w->run[i].erase;
	}
	for (size_t i = 0; i < w->records; i++) {
		const struct expected_record *x = &w->record[i];
		struct verify_result *r = k->v.r;

		if (!x->is_key && x->found) {
			k->v.removals.item[x->index].seen = true;
			k->v.removals.item[x->index].deed = x->deed;
		}
		if (x->is_key && x->found) {
			r->key = mem_resize(r->key, (r->keys + 1) * sizeof(*r->key));
			r->key[r->keys] = (struct verify_key){ .seq = x->seq };
			buf_str(&r->key[r->keys++].line, x->key);
		}
	}
}

/* The root of the log with `rest` behind the cells merged. */
static struct hash
root_with(const struct walk *k, const struct hash *rest)
{
	struct hash root = *rest;

	for (unsigned i = k->tree.n; i > 0; i--)
		tree_node(&root, &k->tree.top[i - 1], &root);
	return root;
}

static void
give_root(struct walk *k, uint64_t size, bool known, const struct hash *root)
{
	size_t i = wanted_after(k, size);

	if (i == 0 || k->wanted[i - 1].at.size != size)
		return;
	k->wanted[i - 1].done = true;
	k->wanted[i - 1].at.known = known;
	if (known)
		k->wanted[i - 1].at.root = *root;
}

/* Roots inside the cell, then the cell itself. */
static void
add_cell(struct walk *k, bool known, const struct hash *root)
{
	struct err e = ERR_NONE;
	struct subtree s = { TREE_CELL_HEIGHT, k->merged };
	struct hash whole;

	k->broken = k->broken || !known || range_subtree(&k->tree, s, root, &e) < 0;
	k->merged++;
	range_root(&k->tree, &whole);
	give_root(k, k->merged * TREE_CELL, !k->broken, &whole);
}

static void
merge_roots(struct walk *k, const struct cell_work *w)
{
	uint64_t start = w->copy.no * TREE_CELL;

	for (size_t i = 0; i < w->wanteds; i++) {
		struct hash root = root_with(k, &w->wanted[i].rest);

		give_root(k, start + w->wanted[i].n, w->wanted[i].known && !k->broken, &root);
	}
	if (w->copy.end == start + TREE_CELL)
		add_cell(k, w->root_known, &w->root);
}

static void
merge_cell(struct walk *k, struct cell_work *w)
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
	merge_roots(k, w);
	verify_tell(&k->v, &w->found);
	if (k->v.o->progress != NULL)
		k->v.o->progress(k->v.o->arg, w->copy.end, w->copy.size);
}

/* In order of cells: the slot of the next cell holds the oldest one. */
static void
merge_all(struct walk *k)
{
	for (unsigned i = 0; i < SLOTS; i++)
		merge_cell(k, &k->slot[(k->next + i) % SLOTS]);
}

/* ---- a cell that is not judged ---- */

/* The root that is kept of it: 1, 0 there is none, -1. */
static int
kept_root(struct walk *k, uint64_t no, struct hash *out, struct err *e)
{
	struct db *db = &k->v.st->db;
	sqlite3_stmt *s = db_statement(db, ST_CELL_GET, e);
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)no);
	if ((rc = db_step(db, s, e)) > 0)
		rc = db_blob_fixed(s, 1, out, sizeof(*out));
	sqlite3_reset(s);
	return rc;
}

/* Nothing of it can be read but perhaps its root. */
static int
lose_cell(struct walk *k, uint64_t no, struct err *e)
{
	uint64_t first = no * TREE_CELL, end = first + TREE_CELL;
	struct err again = ERR_NONE;
	struct hash root;
	bool known = kept_root(k, no, &root, &again) > 0;

	if (end > k->v.state.size)
		end = k->v.state.size;
	findings_add(&k->v.found, PLACE_SEQ(VERIFY_UNREADABLE, first, end - (end > first)), "%s", e->text);
	err_clear(e);
	merge_all(k);
	verify_tell(&k->v, &k->v.found);
	k->v.r->missing += end - first;
	if (end - first == TREE_CELL)
		add_cell(k, known, &root);
	else
		k->broken = true;
	return 0;
}

/* A full cell whose events were verified before: its kept root is taken. */
static int
skip_cell(struct walk *k, uint64_t no, struct err *e)
{
	struct db *db = &k->v.st->db;
	sqlite3_stmt *s;
	struct hash root;
	int rc = kept_root(k, no, &root, e);
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
		findings_add(&k->v.found, PLACE(VERIFY_HASHES), "cell %" PRIu64 " is full, but its root is missing or damaged", no);
	merge_all(k);
	k->v.r->present += count;
	k->v.r->pruned += TREE_CELL - count;
	k->v.skipped = true;
	for (size_t i = 0; i < k->v.removals.n; i++)
		k->v.removals.item[i].skipped |= k->v.removals.item[i].record / TREE_CELL == no;
	for (size_t i = 0; i < k->keys; i++)
		k->key[i].skipped |= k->key[i].seq / TREE_CELL == no;
	add_cell(k, rc > 0, &root);
	return 0;
}

/* Cells of which there is nothing at all: the log may claim any size. */
static int
skip_nothing(struct walk *k, uint64_t cells, struct err *e)
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
	    "cells %" PRIu64 " to %" PRIu64 ", seqs %" PRIu64 " to %" PRIu64 ": missing, with all hashes", k->next, end - 1,
	    first, end * TREE_CELL - 1);
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
take_notes(struct walk *k, struct err *e)
{
	struct db *db = &k->v.st->db;
	struct verify_result *r = k->v.r;
	sqlite3_stmt *s = db_statement(db, ST_VERIFY_NOTES, e);
	int64_t before = INT64_MIN;
	size_t cap = 0;
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, INT64_MIN);
	while ((rc = db_step(db, s, e)) > 0) {
		struct str note = db_blob(s, 2);
		struct verify_checkpoint *c;

		if (note.len > NOTE_LEN_MAX || (r->checkpoints > 0 && db_int(s, 0) <= before) || db_int(s, 1) < 0) {
			sqlite3_reset(s);
			return err_set(e, ERR_INTEGRITY, "%s: the rows of checkpoints are damaged", db->path);
		}
		before = db_int(s, 0);
		mem_grow(&r->checkpoint, &cap, r->checkpoints + 1, sizeof(*r->checkpoint));
		c = &r->checkpoint[r->checkpoints++];
		*c = (struct verify_checkpoint){ .at = { .size = (uint64_t)db_int(s, 1) } };
		buf_reserve(&c->note, note.len + 1);
		buf_str(&c->note, note);
	}
	return rc;
}

static int
take_last(struct walk *k, struct err *e)
{
	int64_t version;

	k->last = true;
	k->v.r->size = k->v.state.size;
	k->v.r->removals = k->v.state.removals;
	want(k, k->v.state.size, true);
	if (schema_version(&k->v.st->db, &version, e) < 0 || verify_counters(&k->v, e) < 0)
		return -1;
	return version >= SIGNED_FORMAT ? forgive(k, take_notes(k, e), e) : 0;
}

/* ---- one step ---- */

/* In one transaction.  *copied: w is to be judged; else the cell is done. */
static int
step_locked(struct walk *k, struct cell_work *w, bool *copied, struct err *e)
{
	uint64_t end = (k->next + 1) * TREE_CELL;
	int rc;

	*copied = false;
	if (state_get(k->v.st, &k->v.state, e) < 0 || refresh(k, e) < 0)
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
		rc = lose_cell(k, k->next, e);
		k->next++;
		return rc;
	}
	if (k->v.state.size >= end && empty_copy(&w->copy))
		return skip_nothing(k, k->v.state.size / TREE_CELL, e);
	*copied = true;
	return 0;
}

static int
step(struct walk *k, struct err *e)
{
	struct store *st = k->v.st;
	struct cell_work *w = &k->slot[k->next % SLOTS];
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

/* ---- roots of sizes whose cell was not judged with them in mind ---- */

/* Checkpoints of sizes long passed, that were stored meanwhile, and what was
 * asked for within cells that were left out. */
static int
late_root(struct walk *k, struct size_wanted *x, struct err *e)
{
	uint64_t cells = x->at.size / TREE_CELL, start = cells * TREE_CELL;
	struct cell_copy copy = { 0 };
	struct cell_leaves leaves = { 0 };
	struct range tree = RANGE_DEFAULT;
	struct hash root, rest;
	int rc = 1;

	pthread_mutex_lock(&k->v.st->lock);
	for (uint64_t no = 0; rc > 0 && no < cells; no++)
		if ((rc = kept_root(k, no, &root, e)) > 0)
			rc = range_subtree(&tree, (struct subtree){ TREE_CELL_HEIGHT, no }, &root, e) == 0 ? 1 : -1;
	if (rc > 0 && x->at.size > start && cell_copy_read(k->v.st, cells, &copy, e) < 0)
		rc = -1;
	pthread_mutex_unlock(&k->v.st->lock);
	if (rc > 0 && x->at.size > start) {
		struct path_source from = { cell_leaves_subtree, &leaves };

		if (cell_leaves_make(&leaves, &copy, e) < 0 || path_root(&rest, &from, start, x->at.size - start, e) < 0)
			rc = -1;
	}
	if (rc > 0) {
		x->at.known = true;
		range_root(&tree, &x->at.root);
		if (x->at.size > start) {
			x->at.root = rest;
			for (unsigned i = tree.n; i > 0; i--)
				tree_node(&x->at.root, &tree.top[i - 1], &x->at.root);
		}
	}
	cell_leaves_fini(&leaves);
	cell_copy_fini(&copy);
	if (rc < 0 && e->code == ERR_INTEGRITY) { /* told already: a finding of its cell */
		err_clear(e);
		rc = 0;
	}
	return rc < 0 ? -1 : 0;
}

static int
late_roots(struct walk *k, struct err *e)
{
	for (size_t i = 0; i < k->wanteds; i++) {
		struct size_wanted *x = &k->wanted[i];

		if (x->at.size == 0) {
			tree_empty(&x->at.root);
			x->at.known = x->done = true;
		}
		if (x->done || x->at.size > k->v.r->size || k->broken)
			continue;
		if ((x->asked || x->at.size > k->v.o->from) && late_root(k, x, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- results ---- */

static const struct verify_root *
find_root(const struct walk *k, uint64_t size)
{
	static const struct verify_root none;
	size_t i = wanted_after(k, size);

	return i > 0 && k->wanted[i - 1].at.size == size ? &k->wanted[i - 1].at : &none;
}

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
give_results(struct walk *k)
{
	struct verify_result *r = k->v.r;

	r->root = find_root(k, r->size)->root;
	for (size_t i = 0; i < k->v.o->roots; i++) {
		uint64_t size = k->v.o->root[i].size;

		k->v.o->root[i] = *find_root(k, size);
		k->v.o->root[i].size = size;
	}
	for (size_t i = 0; i < r->checkpoints; i++) {
		uint64_t size = r->checkpoint[i].at.size;

		r->checkpoint[i].at = *find_root(k, size);
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
check_keys(struct walk *k)
{
	for (size_t i = 0; i < k->keys; i++)
		if (k->key[i].seq >= k->v.r->size)
			findings_add(&k->v.found, PLACE_SEQ(VERIFY_KEY, k->key[i].seq, k->key[i].seq),
			    "seq %" PRIu64 ": a key whose record is beyond the end of the log", k->key[i].seq);
}

static int
walk_log(struct walk *k, struct err *e)
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
	if (verify_removals(&k->v, e) < 0 || verify_leftovers(&k->v, e) < 0 || late_roots(k, e) < 0)
		return -1;
	verify_tell(&k->v, &k->v.found);
	tell_more(&k->v);
	give_results(k);
	return 0;
}

int
store_verify(struct store *st, const struct verify_options *o, struct verify_result *r, struct err *e)
{
	struct walk *k = mem_zero(1, sizeof(*k));
	int rc;

	k->v = (struct verify_log){ .st = st, .o = o, .r = r, .last_ingested = TIME_NONE };
	k->checkpoint_id = INT64_MIN;
	for (size_t i = 0; i < o->roots; i++)
		want(k, o->root[i].size, true);
	for (unsigned i = 0; i < SLOTS; i++)
		cell_work_init(&k->slot[i], st);
	rc = walk_log(k, e);
	for (unsigned i = 0; i < SLOTS; i++) {
		if (k->slot[i].busy && o->pool != NULL)
			pool_wait(o->pool, &k->slot[i].job);
		cell_work_fini(&k->slot[i]);
	}
	for (size_t i = 0; i < k->keys; i++)
		buf_fini(&k->key[i].line);
	free(k->key);
	free(k->wanted);
	removals_fini(&k->v.removals);
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
