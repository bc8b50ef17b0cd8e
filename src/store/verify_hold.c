/*
 * verify_hold: holds, and what they hold.
 *
 * A row of the hold table has the seqs that matched when it was placed; the
 * record of the placing has their digest.  Between that record and the one
 * that lifts the hold, nothing of it may have been removed: no removal whose
 * own record lies between them may have touched one of its seqs, nor the record
 * that placed it.
 *
 *	seq     ... place ........ prune ........ lift ........ prune ...
 *	            |  must not touch its seqs    |  may
 *
 * In: rows, deeds of records, removals.   Out: findings.
 */
#include <stdlib.h>

#include "store/schema.h"
#include "store/verify_parts.h"

/* ---- rows ---- */

static int
damaged_rows(struct store *st, struct err *e)
{
	return err_set(e, ERR_INTEGRITY, "%s: the rows of holds are damaged", st->db.path);
}

/* Only those that were active when they were seen last can have changed. */
static int
refresh_lifts(struct known_holds *h, struct store *st, struct err *e)
{
	for (size_t i = 0; i < h->n; i++) {
		struct known_hold *x = &h->item[i];
		sqlite3_stmt *s;
		int rc;

		if (x->lifted)
			continue;
		if ((s = db_statement(&st->db, ST_VERIFY_HOLD_LIFT, e)) == NULL)
			return -1;
		db_bind_int(s, 1, x->id);
		if ((rc = db_step(&st->db, s, e)) < 0)
			return -1;
		if (rc == 0)
			return damaged_rows(st, e);
		x->lifted = db_blob(s, 0).p != NULL;
		x->lift = (uint64_t)db_int(s, 0);
		sqlite3_reset(s);
	}
	return 0;
}

int
known_holds_refresh(struct known_holds *h, struct store *st, struct err *e)
{
	sqlite3_stmt *s;
	int rc;

	if (refresh_lifts(h, st, e) < 0 || (s = db_statement(&st->db, ST_VERIFY_HOLDS, e)) == NULL)
		return -1;
	db_bind_int(s, 1, h->n > 0 ? h->item[h->n - 1].id : INT64_MIN);
	while ((rc = db_step(&st->db, s, e)) > 0) {
		struct known_hold x = { .id = db_int(s, 0), .record = (uint64_t)db_int(s, 1),
			.lift = (uint64_t)db_int(s, 2), .lifted = db_blob(s, 2).p != NULL };

		/* In the order of their numbers they were placed. */
		if (x.id < 1 || (h->n > 0 && x.record <= h->item[h->n - 1].record)) {
			sqlite3_reset(s);
			return damaged_rows(st, e);
		}
		mem_grow(&h->item, &h->cap, h->n + 1, sizeof(*h->item));
		h->item[h->n++] = x;
	}
	return rc;
}

void
known_holds_fini(struct known_holds *h)
{
	free(h->item);
	*h = (struct known_holds){ 0 };
}

/* ---- what was removed of it ---- */

struct held_run {
	uint64_t first, end;
};

struct held_seqs {
	struct held_run *run; /* ascending */
	size_t n, cap;
	uint64_t events;
	struct hash digest;
};

static int
read_runs(struct held_seqs *held, struct str list)
{
	struct runs_reader r;
	int rc;

	held->n = 0;
	held->events = 0;
	runs_read(&r, list);
	while ((rc = runs_next(&r)) > 0) {
		mem_grow(&held->run, &held->cap, held->n + 1, sizeof(*held->run));
		held->run[held->n++] = (struct held_run){ r.first, r.end };
		held->events += r.end - r.first;
	}
	return rc < 0 ? -1 : runs_digest(list, &held->digest);
}

/* The first run that ends behind seq. */
static size_t
run_behind(const struct held_seqs *held, uint64_t seq)
{
	size_t low = 0, high = held->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (held->run[middle].end <= seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* How many of the held seqs a removal touched, and the first and last of them. */
static uint64_t
touched(const struct held_seqs *held, const struct removal *x, struct held_run *where)
{
	struct runs_reader r;
	uint64_t n = 0;

	runs_read(&r, buf_view(&x->runs));
	while (runs_next(&r) > 0)
		for (size_t i = run_behind(held, r.first); i < held->n && held->run[i].first < r.end; i++) {
			uint64_t first = held->run[i].first > r.first ? held->run[i].first : r.first;
			uint64_t end = held->run[i].end < r.end ? held->run[i].end : r.end;

			if (n == 0)
				where->first = first;
			where->end = end;
			n += end - first;
		}
	return n;
}

static void
hold_fault(struct verify_log *v, const struct known_hold *h, const char *what)
{
	findings_add(&v->found, PLACE(VERIFY_HOLD), "hold %lld: %s", (long long)h->id, what);
}

/* What an active hold is stands in its record alone: another filter there would
 * be another hold. */
static void
check_placing(struct verify_log *v, const struct known_hold *h, const struct removal *x)
{
	struct held_run placing = { h->record, h->record + 1 }, where;
	const struct held_seqs one = { .run = &placing, .n = 1 };

	if (x->last < h->record || touched(&one, x, &where) == 0)
		return;
	findings_add(&v->found, PLACE_SEQ(VERIFY_HOLD, h->record, h->record),
	    "hold %lld: the record that placed it was changed while it was active (the record of this is at seq %llu)",
	    (long long)h->id, (unsigned long long)x->record);
}

static void
check_removals(struct verify_log *v, const struct known_hold *h, const struct held_seqs *held)
{
	char seqs[SEQS_TEXT];
	struct held_run where;
	uint64_t n;

	for (size_t i = 0; i < v->removals.n; i++) {
		const struct removal *x = &v->removals.item[i];

		if (x->damaged || x->events == 0 || x->record <= h->record || (h->lifted && x->record >= h->lift))
			continue;
		check_placing(v, h, x);
		if (held->n == 0 || x->last < held->run[0].first || x->first >= held->run[held->n - 1].end ||
		    (n = touched(held, x, &where)) == 0)
			continue;
		findings_add(&v->found, PLACE_SEQ(VERIFY_HOLD, where.first, where.end - 1),
		    "hold %lld: %llu events that it held, at %s, were removed (the record is at seq %llu)", (long long)h->id,
		    (unsigned long long)n, seqs_text(seqs, where.first, where.end - 1), (unsigned long long)x->record);
	}
}

/* ---- a hold ---- */

static void
check_records(struct verify_log *v, const struct known_hold *h)
{
	if (!h->seen && !h->skipped)
		hold_fault(v, h, "the record that placed it is not there, or is of another");
	if (h->lifted && !h->lift_seen && !h->lift_skipped)
		hold_fault(v, h, "it is marked as lifted, and no record lifts it");
	else if (h->lifted && h->lift <= h->record)
		hold_fault(v, h, "it was lifted before it was placed");
}

static void
check_runs(struct verify_log *v, const struct known_hold *h, struct held_seqs *held, struct str runs)
{
	if (read_runs(held, runs) < 0) {
		hold_fault(v, h, "its list of events cannot be");
		return;
	}
	if (held->n > 0 && held->run[held->n - 1].end > h->record)
		hold_fault(v, h, "its list has events that came after it");
	if (h->seen && (!h->deed.complete || held->events != h->deed.events ||
	    memcmp(held->digest.b, h->deed.digest.b, HASH_LEN) != 0))
		hold_fault(v, h, "its list of events is not the one of its record");
	check_removals(v, h, held);
}

/* Each in a transaction of its own: its runs never change. */
static int
check_hold(struct verify_log *v, const struct known_hold *h, struct held_seqs *held, struct err *e)
{
	struct db *db = &v->st->db;
	sqlite3_stmt *s = db_statement(db, ST_VERIFY_HOLD_RUNS, e);
	struct buf runs = { 0 };
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, h->id);
	if ((rc = db_step(db, s, e)) > 0)
		buf_str(&runs, db_blob(s, 0));
	sqlite3_reset(s);
	if (rc > 0)
		check_runs(v, h, held, buf_view(&runs));
	else if (rc == 0)
		hold_fault(v, h, "its row is gone");
	buf_fini(&runs);
	return rc < 0 ? -1 : 0;
}

int
verify_holds(struct verify_log *v, struct err *e)
{
	struct held_seqs held = { .n = 0 };
	int rc = 0;

	for (size_t i = 0; i < v->holds.n && rc == 0; i++) {
		const struct known_hold *h = &v->holds.item[i];

		check_records(v, h);
		v->r->holds += !h->lifted;
		pthread_mutex_lock(&v->st->lock);
		rc = check_hold(v, h, &held, e);
		pthread_mutex_unlock(&v->st->lock);
		if (rc < 0 && e->code == ERR_INTEGRITY) {
			findings_add(&v->found, PLACE(VERIFY_UNREADABLE), "%s", e->text);
			err_clear(e);
			rc = 0;
		}
	}
	free(held.run);
	return rc;
}
