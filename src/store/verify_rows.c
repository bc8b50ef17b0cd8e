/*
 * verify_rows: rows of keys, removals and checkpoints, as a cell's transaction
 * sees them.
 */
#include "proof/note.h"
#include "store/schema.h"
#include "store/verify_walk.h"

static int
refresh_keys(struct verify_walk *k, struct err *e)
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
refresh_sizes(struct verify_walk *k, struct err *e)
{
	struct db *db = &k->v.st->db;
	sqlite3_stmt *s = db_statement(db, ST_VERIFY_SIZES, e);
	size_t before = k->wanteds;
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, k->checkpoint_id);
	while ((rc = db_step(db, s, e)) > 0) {
		if (db_int(s, 0) <= k->checkpoint_id) {
			sqlite3_reset(s);
			rc = err_set(e, ERR_INTEGRITY, "%s: the rows of checkpoints are damaged", db->path);
			break;
		}
		k->checkpoint_id = db_int(s, 0);
		walk_want(k, (uint64_t)db_int(s, 1), false);
	}
	if (k->wanteds > before)
		walk_sort_wanted(k);
	return rc;
}

/* Damage is a finding; nothing more can be said of the table then. */
int
walk_forgive(struct verify_walk *k, int rc, struct err *e)
{
	if (rc == 0 || e->code != ERR_INTEGRITY)
		return rc;
	findings_add(&k->v.found, PLACE(VERIFY_UNREADABLE), "%s", e->text);
	err_clear(e);
	return 0;
}

int
walk_refresh(struct verify_walk *k, struct err *e)
{
	int64_t version;

	if (schema_version(&k->v.st->db, &version, e) < 0)
		return -1;
	if (walk_forgive(k, removals_refresh(&k->v.removals, k->v.st, k->v.state.size, &k->v.found, e), e) < 0)
		return -1;
	if (version < SCHEMA_SIGNED)
		return 0;
	if (version >= SCHEMA_HELD && walk_forgive(k, known_holds_refresh(&k->v.holds, k->v.st, e), e) < 0)
		return -1;
	return walk_forgive(k, refresh_keys(k, e), e) < 0 || walk_forgive(k, refresh_sizes(k, e), e) < 0 ? -1 : 0;
}

int
walk_notes(struct verify_walk *k, struct err *e)
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
