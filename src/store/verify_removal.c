/*
 * verify_removal: what was removed, and the records that say so.
 *
 * A row of the removal table has a generation, the seq of its record and the
 * runs of seqs that it touched.  The record's digest must be that of the runs
 * (a prune) or of the changes (an erasure).  Whether the runs are what is
 * seen, cells find out.
 */
#include <stdlib.h>

#include "store/schema.h"
#include "store/verify_parts.h"

enum { ERASED_RUNS = 1024 }; /* read in one transaction */

/* ---- rows ---- */

static void
rewind_runs(struct removal *r)
{
	runs_read(&r->walk, buf_view(&r->runs));
}

/* Sums the runs up. */
static void
measure(struct removal *r, uint64_t size)
{
	int rc;

	rewind_runs(r);
	while ((rc = runs_next(&r->walk)) > 0) {
		if (r->events == 0)
			r->first = r->walk.first;
		r->last = r->walk.end - 1;
		r->events += r->walk.end - r->walk.first;
	}
	runs_digest(buf_view(&r->runs), &r->digest);
	r->damaged = rc < 0 || r->events == 0 || r->last >= size;
	if (r->damaged)
		buf_reset(&r->runs);
	rewind_runs(r);
}

static int
take_row(struct removals *r, sqlite3_stmt *s, struct store *st, uint64_t size, uint64_t limit,
    struct findings *found, struct err *e)
{
	uint64_t generation = (uint64_t)db_int(s, 0), expected = r->n > 0 ? r->item[r->n - 1].generation + 1 : 1;
	struct str runs = db_blob(s, 2);
	struct removal *x;

	if (generation < expected || r->bytes + runs.len > limit)
		return err_set(e, ERR_INTEGRITY, "%s: the rows of removals are damaged", st->db.path);
	if (generation > expected)
		findings_add(found, PLACE(VERIFY_REMOVAL), "removals %llu to %llu are not told of",
		    (unsigned long long)expected, (unsigned long long)generation - 1);
	mem_grow(&r->item, &r->cap, r->n + 1, sizeof(*r->item));
	x = &r->item[r->n++];
	*x = (struct removal){ .generation = generation, .record = (uint64_t)db_int(s, 1) };
	buf_reserve(&x->runs, runs.len + 1);
	if (runs.len > 0)
		buf_str(&x->runs, runs);
	r->bytes += runs.len;
	measure(x, size);
	if (x->damaged)
		findings_add(found, PLACE(VERIFY_REMOVAL), "removal %llu: its list of events cannot be",
		    (unsigned long long)generation);
	return 0;
}

int
removals_refresh(struct removals *r, struct store *st, uint64_t size, struct findings *found, struct err *e)
{
	sqlite3_stmt *s;
	uint64_t file;
	int64_t version;
	int rc;

	if (schema_version(&st->db, &version, e) < 0)
		return -1;
	if (version < SCHEMA_SIGNED)
		return 0;
	if (db_file_size(&st->db, &file, e) < 0)
		return -1;
	if ((s = db_statement(&st->db, ST_VERIFY_REMOVALS, e)) == NULL)
		return -1;
	db_bind_int(s, 1, r->n > 0 ? (int64_t)r->item[r->n - 1].generation : INT64_MIN);
	while ((rc = db_step(&st->db, s, e)) > 0)
		if (take_row(r, s, st, size, file, found, e) < 0) {
			sqlite3_reset(s);
			return -1;
		}
	return rc;
}

void
removals_fini(struct removals *r)
{
	for (size_t i = 0; i < r->n; i++)
		buf_fini(&r->item[i].runs);
	free(r->item);
	*r = (struct removals){ 0 };
}

/* ---- in a cell ---- */

static void
add_run(struct cell_work *w, size_t removal, const struct removal *r, uint64_t start)
{
	uint64_t end = start + TREE_CELL;
	uint64_t first = r->walk.first > start ? r->walk.first : start, last = r->walk.end < end ? r->walk.end : end;

	mem_grow(&w->run, &w->runs_cap, w->runs + 1, sizeof(*w->run));
	w->run[w->runs++] = (struct removal_run){ .removal = removal, .record = r->record,
		.first = (uint32_t)(first - start), .count = (uint32_t)(last - first) };
}

static void
clip_one(struct removal *r, size_t index, struct cell_work *w)
{
	uint64_t start = w->copy.no * TREE_CELL;
	struct runs_reader here;
	int rc = runs_skip(&r->walk, start);

	here = r->walk;
	for (; rc > 0 && r->walk.first < start + TREE_CELL; rc = runs_next(&r->walk))
		add_run(w, index, r, start);
	r->walk = here;
}

void
removals_clip(struct removals *r, struct cell_work *w)
{
	w->runs = 0;
	for (size_t i = 0; i < r->n; i++)
		if (r->item[i].events > 0 && r->item[i].last >= w->copy.no * TREE_CELL && !r->item[i].damaged)
			clip_one(&r->item[i], i, w);
}

/* ---- against their records ---- */

struct erasing {
	struct verify_log *v;
	struct hasher digest;
	bool whole; /* all rows are there */
};

static int
hash_changes(struct erasing *x, const struct removal *r, struct err *e)
{
	struct db *db = &x->v->st->db;
	sqlite3_stmt *s = db_statement(db, ST_VERIFY_CHANGES, e);
	uint64_t next = r->walk.first;
	uint8_t seq[8];
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)r->walk.first);
	db_bind_int(s, 2, (int64_t)r->walk.end);
	db_bind_int(s, 3, (int64_t)r->record);
	while ((rc = db_step(db, s, e)) > 0) {
		struct str leaf = db_blob(s, 1), change = db_blob(s, 2);

		if ((uint64_t)db_int(s, 0) != next || leaf.len != HASH_LEN || change.len != HASH_LEN)
			break;
		put_be64(seq, next++);
		hash_update(&x->digest, seq, sizeof(seq));
		hash_update(&x->digest, leaf.p, leaf.len);
		hash_update(&x->digest, change.p, change.len);
	}
	sqlite3_reset(s);
	x->whole = x->whole && rc == 0 && next == r->walk.end;
	return rc < 0 ? -1 : 0;
}

/* A few runs; 1 when there are more. */
static int
hash_some_changes(struct erasing *x, struct removal *r, struct err *e)
{
	struct store *st = x->v->st;
	int rc = 1;

	pthread_mutex_lock(&st->lock);
	if (db_begin_read(&st->db, e) < 0)
		rc = -1;
	for (unsigned i = 0; rc > 0 && i < ERASED_RUNS && x->whole; i++)
		if ((rc = runs_next(&r->walk)) > 0 && hash_changes(x, r, e) < 0)
			rc = -1;
	db_rollback(&st->db);
	pthread_mutex_unlock(&st->lock);
	return rc;
}

static int
erase_digest(struct verify_log *v, struct removal *r, struct hash *out, struct err *e)
{
	struct erasing x = { .v = v, .whole = true };
	int rc;

	hash_init(&x.digest);
	rewind_runs(r);
	do
		rc = hash_some_changes(&x, r, e);
	while (rc > 0 && x.whole);
	hash_final(&x.digest, out);
	if (rc >= 0 && !x.whole)
		memset(out, 0, sizeof(*out));
	return rc < 0 ? -1 : 0;
}

static void
removal_fault(struct verify_log *v, const struct removal *r, const char *what)
{
	findings_add(&v->found,
	    (struct place){ .fault = r->deed.kind == DEED_ERASE ? VERIFY_ERASURE : VERIFY_REMOVAL,
	        .has_seq = r->events > 0, .first = r->first, .last = r->last, .field = FIELD_NONE },
	    "removal %llu, of seqs %llu to %llu, with its record at seq %llu: %s", (unsigned long long)r->generation,
	    (unsigned long long)r->first, (unsigned long long)r->last, (unsigned long long)r->record, what);
}

/* What no record authorises is missing. */
static void
not_authorised(struct verify_log *v, const struct removal *r, const char *what)
{
	uint64_t n = r->events < v->r->pruned ? r->events : v->r->pruned;

	removal_fault(v, r, what);
	if (!r->as_prune)
		return;
	v->r->pruned -= n;
	v->r->missing += n;
	findings_add(&v->found, PLACE_SEQ(VERIFY_MISSING, r->first, r->last),
	    "%llu of the seqs %llu to %llu: missing, and no record that verifies accounts for them",
	    (unsigned long long)n, (unsigned long long)r->first, (unsigned long long)r->last);
}

static int
check_removal(struct verify_log *v, struct removal *r, struct err *e)
{
	const struct deed *d = &r->deed;
	struct hash digest = r->digest;

	if (r->skipped || r->damaged)
		return 0;
	if (!r->seen || d->closing) {
		not_authorised(v, r, "the record is not there, or says nothing of it");
		return 0;
	}
	if (r->record <= r->last)
		removal_fault(v, r, "the record is older than what it removed");
	if (d->kind == DEED_ERASE && d->complete && erase_digest(v, r, &digest, e) < 0)
		return -1;
	if (!d->complete || memcmp(digest.b, d->digest.b, HASH_LEN) != 0)
		not_authorised(v, r, "the record's digest is not that of what was touched");
	else if (d->kind == DEED_PRUNE && (d->events != r->events || d->first != r->first || d->last != r->last))
		removal_fault(v, r, "the record tells other numbers than what was removed");
	if (d->kind == DEED_PRUNE && r->as_erase)
		removal_fault(v, r, "the record tells of a prune, but events were erased");
	if (d->kind == DEED_ERASE && r->as_prune)
		removal_fault(v, r, "the record tells of an erasure, but rows of it are missing");
	return 0;
}

int
verify_removals(struct verify_log *v, struct err *e)
{
	const struct removals *r = &v->removals;
	uint64_t told = r->n > 0 ? r->item[r->n - 1].generation : 0;

	for (size_t i = 0; i < r->n; i++) {
		if (i > 0 && r->item[i].record <= r->item[i - 1].record)
			removal_fault(v, &r->item[i], "the record is not behind that of the removal before");
		if (check_removal(v, &r->item[i], e) < 0)
			return -1;
	}
	if (told < v->state.removals)
		findings_add(&v->found, PLACE(VERIFY_REMOVAL),
		    "removals %llu to %llu are not told of (made by an older version, or their rows are gone)",
		    (unsigned long long)told + 1, (unsigned long long)v->state.removals);
	if (told > v->state.removals)
		findings_add(&v->found, PLACE(VERIFY_REMOVAL), "removals are told of beyond number %llu, the last one",
		    (unsigned long long)v->state.removals);
	return 0;
}
