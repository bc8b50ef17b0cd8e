/*
 * store: opening and closing the file, and its one row of counters.
 */
#include "store/store.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"
#include "store/schema.h"

static int
read_identity(struct store *st, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_STATE_GET, e);
	int rc = s != NULL ? db_step(&st->db, s, e) : -1;

	if (rc > 0 && db_blob_fixed(s, 4, st->id, sizeof(st->id)) &&
	    db_blob_fixed(s, 5, st->file_key, sizeof(st->file_key))) {
		sqlite3_reset(s);
		return 0;
	}
	if (s != NULL)
		sqlite3_reset(s);
	return rc < 0 ? -1 : err_set(e, ERR_INTEGRITY, "%s: the store's own row of counters is damaged", st->db.path);
}

/* Readers take an older format as it is; writers bring it up to date. */
static int
prepare(struct store *st, enum store_mode mode, struct err *e)
{
	int64_t version;

	if (mode == STORE_CREATE && schema_prepare(&st->db, e) < 0)
		return -1;
	if (schema_check(&st->db, &version, e) < 0)
		return -1;
	if (mode == STORE_READ || version == STORE_FORMAT)
		return 0;
	return schema_prepare(&st->db, e) < 0 ? -1 : schema_check(&st->db, &version, e);
}

/* Who reads several pieces in one go has the lock, and asks for each piece. */
static void
lock_init(pthread_mutex_t *lock)
{
	pthread_mutexattr_t how;

	pthread_mutexattr_init(&how);
	pthread_mutexattr_settype(&how, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(lock, &how);
	pthread_mutexattr_destroy(&how);
}

struct store *
store_open(const char *path, enum store_mode mode, struct err *e)
{
	static const enum db_mode modes[] = { [STORE_READ] = DB_READ, [STORE_WRITE] = DB_WRITE, [STORE_CREATE] = DB_CREATE };
	struct store *st = mem_zero(1, sizeof(*st));

	lock_init(&st->lock);
	if (db_open(&st->db, path, modes[mode], e) < 0 ||
	    prepare(st, mode, e) < 0 || read_identity(st, e) < 0) {
		store_close(st);
		return NULL;
	}
	return st;
}

int
store_reopen(struct store *st, struct err *e)
{
	uint8_t id[sizeof(st->id)];

	memcpy(id, st->id, sizeof(id));
	if (db_reopen(&st->db, e) < 0 || prepare(st, STORE_WRITE, e) < 0 || read_identity(st, e) < 0)
		return -1;
	if (memcmp(id, st->id, sizeof(id)) == 0)
		return 0;
	memcpy(st->id, id, sizeof(id));
	return err_set(e, ERR_FAIL, "%s: is another store now", st->db.path);
}

void
store_close(struct store *st)
{
	if (st == NULL)
		return;
	db_close(&st->db);
	pthread_mutex_destroy(&st->lock);
	free(st);
}

const char *
store_path(const struct store *st)
{
	return st->db.path;
}

int
store_blame(const struct store *st, struct err *e)
{
	if (strncmp(e->text, st->db.path, strlen(st->db.path)) == 0)
		return -1;
	return err_doing(e, "%s", st->db.path);
}

void
store_id(const struct store *st, uint8_t id[16])
{
	memcpy(id, st->id, sizeof(st->id));
}

const char *
store_sqlite_version(void)
{
	return sqlite3_libversion();
}

int
state_get(struct store *st, struct state *state, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_STATE_GET, e);
	int rc = s != NULL ? db_step(&st->db, s, e) : -1;

	if (rc < 0)
		return -1;
	if (rc == 0)
		return err_set(e, ERR_INTEGRITY, "%s: the store's own row of counters is gone", st->db.path);
	*state = (struct state){
		.size = (uint64_t)db_int(s, 0),
		.removals = (uint64_t)db_int(s, 1),
		.quarantined = (uint64_t)db_int(s, 2),
		.next_segment = db_int(s, 3),
		.last_ingested = db_int(s, 6),
		.pruned_events = (uint64_t)db_int(s, 7),
		.pruned_min_time = db_int(s, 8),
		.pruned_max_time = db_int(s, 9),
	};
	sqlite3_reset(s);
	/* Limits of the numbering of pieces and of signed 64-bit columns. */
	if (state->size > (UINT64_C(1) << 48) || state->next_segment < 1 || state->next_segment >= SEGMENT_ID_MAX)
		return err_set(e, ERR_INTEGRITY, "%s: the store's own row of counters is damaged", st->db.path);
	return 0;
}

int
state_put(struct store *st, const struct state *state, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_STATE_PUT, e);

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)state->size);
	db_bind_int(s, 2, (int64_t)state->removals);
	db_bind_int(s, 3, (int64_t)state->quarantined);
	db_bind_int(s, 4, state->next_segment);
	db_bind_int(s, 5, state->last_ingested);
	db_bind_int(s, 6, (int64_t)state->pruned_events);
	db_bind_int(s, 7, state->pruned_min_time);
	db_bind_int(s, 8, state->pruned_max_time);
	return db_run(&st->db, s, e);
}
