/*
 * verify_rest: the store's counters, its indexes, and rows of nothing.
 *
 * In: what the cells gave.   Out: findings.
 */
#include "store/schema.h"
#include "store/verify_parts.h"

enum { PIECE_STEPS = 512 }; /* segments looked for in one transaction */

/* ---- counters: in the last cell's transaction ---- */

static void
counter_fault(struct verify_log *v, const char *what)
{
	findings_add(&v->found, PLACE(VERIFY_COUNTERS), "the store's own counters: %s", what);
}

/* One row of numbers into out. */
static int
numbers(struct verify_log *v, enum statement which, int64_t bound, int64_t *out, int n, struct err *e)
{
	struct db *db = &v->st->db;
	sqlite3_stmt *s = db_statement(db, which, e);

	if (s == NULL)
		return -1;
	if (sqlite3_bind_parameter_count(s) > 0)
		db_bind_int(s, 1, bound);
	if (db_step(db, s, e) <= 0)
		return -1;
	for (int i = 0; i < n; i++)
		out[i] = db_int(s, i);
	sqlite3_reset(s);
	return 0;
}

static void
beyond(struct verify_log *v, int64_t n, const char *what)
{
	if (n > 0)
		findings_add(&v->found, PLACE(VERIFY_LEFTOVER), "%lld %s beyond the end of the log or before its beginning",
		    (long long)n, what);
}

static int
count_rows(struct verify_log *v, int64_t version, struct err *e)
{
	int64_t counts[3], out[5], n = 0;

	if (numbers(v, ST_VERIFY_COUNTS, 0, counts, 3, e) < 0 ||
	    numbers(v, ST_VERIFY_BEYOND, (int64_t)v->state.size, out, 5, e) < 0 ||
	    (version >= SCHEMA_SAVED && numbers(v, ST_VERIFY_SAVED, 0, &n, 1, e) < 0))
		return -1;
	v->r->saved = (uint64_t)n;
	v->r->quarantined = (uint64_t)counts[1];
	if (counts[0] != 1)
		counter_fault(v, "there is not one row of them");
	if (v->state.quarantined != (uint64_t)counts[1])
		counter_fault(v, "the number of quarantined lines is not that of the rows");
	if (v->state.next_segment <= counts[2])
		counter_fault(v, "the number of the next segment is used already");
	beyond(v, out[0], "segments");
	beyond(v, out[1], "lines of the tail");
	beyond(v, out[2], "cells");
	beyond(v, out[3], "rows of leaf hashes");
	beyond(v, out[4], "hashes of what was removed");
	if (version >= SCHEMA_DETECTED) {
		if (numbers(v, ST_VERIFY_DETECTORS, (int64_t)v->state.size, &n, 1, e) < 0)
			return -1;
		beyond(v, n, "places of detectors");
	}
	if (version < SCHEMA_SIGNED)
		return 0;
	if (numbers(v, ST_VERIFY_SIGNED_BEYOND, (int64_t)v->state.size, out, 4, e) < 0)
		return -1;
	beyond(v, out[0], "rows of erased events");
	beyond(v, out[1], "checkpoints");
	beyond(v, out[2], "keys");
	beyond(v, out[3], "rows of removals");
	return 0;
}

int
verify_counters(struct verify_log *v, struct err *e)
{
	int64_t version;

	if (schema_version(&v->st->db, &version, e) < 0)
		return -1;
	if (count_rows(v, version, e) == 0)
		return 0;
	if (e->code != ERR_INTEGRITY)
		return -1;
	findings_add(&v->found, PLACE(VERIFY_UNREADABLE), "%s", e->text);
	err_clear(e);
	return 0;
}

/* ---- counters against what cells and records gave ---- */

static void
check_ingested(struct verify_log *v)
{
	bool all = v->r->pruned == 0 && v->r->missing == 0 && !v->skipped;

	if (all ? v->state.last_ingested != v->last_ingested : v->state.last_ingested < v->last_ingested)
		counter_fault(v, "the newest time of storing is not that of the events");
}

static int64_t
lesser(int64_t a, int64_t b)
{
	return a == TIME_NONE || b < a ? b : a;
}

static void
check_pruned(struct verify_log *v)
{
	uint64_t events = 0;
	int64_t oldest = TIME_NONE, newest = TIME_NONE;

	for (size_t i = 0; i < v->removals.n; i++) {
		const struct removal *r = &v->removals.item[i];

		if (r->skipped)
			return;
		if (!r->seen || r->deed.kind != DEED_PRUNE || !r->deed.complete)
			continue;
		events += r->deed.events;
		oldest = lesser(oldest, r->deed.oldest);
		newest = r->deed.newest > newest ? r->deed.newest : newest;
	}
	if (v->state.pruned_events != events)
		counter_fault(v, "the number of pruned events is not that of the records");
	if (v->state.pruned_min_time != oldest || v->state.pruned_max_time != newest)
		counter_fault(v, "the times of pruned events are not those of the records");
}

/* ---- pieces of no segment ---- */

/* The first piece from id on: 1, 0 there is none, -1. */
static int
next_piece(struct verify_log *v, bool first, int64_t *id, struct err *e)
{
	struct db *db = &v->st->db;
	sqlite3_stmt *s = db_statement(db, first ? ST_VERIFY_FIRST_PIECE : ST_VERIFY_NEXT_PIECE, e);
	int rc;

	if (s == NULL)
		return -1;
	if (!first)
		db_bind_int(s, 1, *id);
	if ((rc = db_step(db, s, e)) > 0) {
		rc = sqlite3_column_type(s, 0) != SQLITE_NULL;
		*id = db_int(s, 0);
	}
	sqlite3_reset(s);
	return rc;
}

static int
segment_there(struct verify_log *v, int64_t id, struct err *e)
{
	struct db *db = &v->st->db;
	sqlite3_stmt *s = db_statement(db, ST_SEGMENT_EXISTS, e);
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, id);
	rc = db_step(db, s, e);
	sqlite3_reset(s);
	return rc;
}

/* Some segments, in one transaction; 1 when there are more. */
static int
some_pieces(struct verify_log *v, bool *first, int64_t *id, struct err *e)
{
	struct store *st = v->st;
	int rc = 1;

	pthread_mutex_lock(&st->lock);
	if (db_begin_read(&st->db, e) < 0)
		rc = -1;
	for (unsigned i = 0; rc > 0 && i < PIECE_STEPS && (rc = next_piece(v, *first, id, e)) > 0; i++) {
		int64_t segment = *id >> 16;
		int there = segment_there(v, segment, e);

		*first = false;
		if (there < 0)
			rc = -1;
		if (there == 0)
			findings_add(&v->found, (struct place){ .fault = VERIFY_LEFTOVER, .segment = segment, .field = FIELD_NONE },
			    "pieces of segment %lld, which is not there", (long long)segment);
		if (segment >= SEGMENT_ID_MAX)
			rc = 0; /* the last there can be */
		*id = segment < SEGMENT_ID_MAX ? piece_id(segment + 1, 0, 0) : *id;
	}
	db_rollback(&st->db);
	pthread_mutex_unlock(&st->lock);
	return rc;
}

static int
check_pieces(struct verify_log *v, struct err *e)
{
	bool first = true;
	int64_t id = 0;
	int rc;

	do
		rc = some_pieces(v, &first, &id, e);
	while (rc > 0);
	return rc;
}

/* ---- indexes ---- */

/* "Page 7: unable to get the page. error code=7" (SQLITE_NOMEM): the table is
 * not to blame when memory runs out while it is looked at. */
static bool
tells_no_memory(struct str text)
{
	static const char told[] = "error code=7";
	size_t len = sizeof(told) - 1;

	return text.len >= len && memcmp(text.p + text.len - len, told, len) == 0;
}

/* A row that an index hides would be hidden from those who look through it. */
static int
check_index(struct verify_log *v, const char *table, struct err *e)
{
	struct db *db = &v->st->db;
	struct buf sql = { 0 };
	sqlite3_stmt *s = NULL;
	int rc = -1;

	buf_printf(&sql, "PRAGMA integrity_check('%s')", table);
	pthread_mutex_lock(&v->st->lock);
	if (sqlite3_prepare_v2(db->sqlite, sql.p, (int)sql.len, &s, NULL) == SQLITE_OK) {
		while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
			struct str text = db_blob(s, 0);

			if (tells_no_memory(text))
				break;
			if (!str_eq(text, STR("ok")))
				findings_add(&v->found, PLACE(VERIFY_UNREADABLE), "table %s: %.*s", table,
				    (int)(text.len < 500 ? text.len : 500), text.p != NULL ? text.p : "");
		}
		if (rc == SQLITE_ROW)
			rc = err_set(e, ERR_FAIL, "reading the store: out of memory");
		else
			rc = rc == SQLITE_DONE ? 0 : db_error(db, e, "reading the store");
	} else
		db_error(db, e, "reading the store");
	sqlite3_finalize(s);
	pthread_mutex_unlock(&v->st->lock);
	buf_fini(&sql);
	return rc;
}

static int
check_indexes(struct verify_log *v, struct err *e)
{
	static const struct {
		const char *table;
		int since; /* the format that brought its index */
	} tables[] = { { "segment", 1 }, { "tail", 1 }, { "quarantine", 2 }, { "checkpoint", 3 } };
	int64_t version;

	if (schema_version(&v->st->db, &version, e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (version >= tables[i].since && check_index(v, tables[i].table, e) < 0)
			return -1;
	return 0;
}

int
verify_leftovers(struct verify_log *v, struct err *e)
{
	check_ingested(v);
	check_pruned(v);
	if (check_pieces(v, e) == 0 && check_indexes(v, e) == 0)
		return 0;
	if (e->code != ERR_INTEGRITY)
		return -1;
	findings_add(&v->found, PLACE(VERIFY_UNREADABLE), "%s", e->text);
	err_clear(e);
	return 0;
}
