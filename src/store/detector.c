/*
 * detector: how far rules were asked about the log, kept so that each event is
 * asked about once.
 *
 * A row has no word of anybody: its key is a hash of the rules' name, so that
 * an erasure has nothing to change in it.
 */
#include "base/hash.h"
#include "store/internal.h"
#include "store/schema.h"

/* A positive number, the same in every store. */
static int64_t
key_of(const char *name)
{
	struct hash h;

	hash_bytes(&h, name, strlen(name));
	return (int64_t)(get_be64(h.b) >> 1);
}

/* In the open transaction: 1, 0 it is not known, -1. */
static int
read_row(struct store *st, const char *name, struct detector *d, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_DETECTOR_GET, e);
	int rc;

	*d = (struct detector){ .latest = TIME_NONE };
	if (s == NULL)
		return -1;
	db_bind_int(s, 1, key_of(name));
	if ((rc = db_step(&st->db, s, e)) > 0) {
		int64_t seq = db_int(s, 0);

		*d = (struct detector){ .seq = seq > 0 ? (uint64_t)seq : 0, .latest = db_int(s, 1) };
	}
	sqlite3_reset(s);
	return rc;
}

int
store_detector(struct store *st, const char *name, struct detector *d, struct err *e)
{
	int64_t version;
	int rc;

	*d = (struct detector){ .latest = TIME_NONE };
	if (db_begin_read(&st->db, e) < 0)
		return -1;
	rc = schema_version(&st->db, &version, e);
	if (rc == 0 && version >= SCHEMA_DETECTED)
		rc = read_row(st, name, d, e);
	db_rollback(&st->db);
	return rc;
}

static int
write_row(struct store *st, const char *name, const struct detector *d, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_DETECTOR_PUT, e);

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, key_of(name));
	db_bind_int(s, 2, (int64_t)d->seq);
	db_bind_int(s, 3, d->latest);
	return db_run(&st->db, s, e);
}

static int
move(struct store *st, const char *name, const struct detector *from, const struct detector *to,
    const struct event *record, size_t records, uint64_t *seq, struct err *e)
{
	struct detector there;
	struct state state;

	if (read_row(st, name, &there, e) < 0 || state_get(st, &state, e) < 0)
		return -1;
	if (there.seq != from->seq || there.latest != from->latest)
		return err_set(e, ERR_BUSY, "another program asks the same rules: try again");
	if (to->seq > state.size)
		return err_set(e, ERR_FAIL, "there are %llu events only", (unsigned long long)state.size);
	if (seq != NULL)
		*seq = state.size;
	if (records_add(st, &state, record, records, e) < 0 || write_row(st, name, to, e) < 0 || state_put(st, &state, e) < 0)
		return -1;
	return db_commit(&st->db, e);
}

int
store_detector_move(struct store *st, const char *name, const struct detector *from, const struct detector *to,
    const struct event *record, size_t records, uint64_t *seq, struct err *e)
{
	if (db_begin_write(&st->db, e) < 0)
		return -1;
	if (move(st, name, from, to, record, records, seq, e) == 0)
		return 0;
	db_rollback(&st->db);
	return -1;
}
