/*
 * schema: what the file consists of (audit-store(5)).
 *
 * Each object is written here exactly as SQLite keeps it, so that an opened
 * file can be compared with it word for word: a trigger, view, index or table
 * more, or a changed one, and the store is refused.
 */
#include "store/schema.h"

#include <sys/stat.h>

#include "base/random.h"
#include "base/time.h"
#include "store/store.h"

struct object {
	int since; /* the format that brought it */
	const char *type, *name, *sql;
};

/* By name, as the comparison reads them. */
static const struct object objects[] = {
	{ 1, "table", "cell",
	    "CREATE TABLE cell (no INTEGER PRIMARY KEY, salts BLOB NOT NULL, root BLOB, nodes BLOB) STRICT" },
	{ 3, "table", "checkpoint",
	    "CREATE TABLE checkpoint (id INTEGER PRIMARY KEY, size INTEGER NOT NULL, at INTEGER NOT NULL,"
	    " note TEXT NOT NULL) STRICT" },
	{ 3, "index", "checkpoint_size", "CREATE INDEX checkpoint_size ON checkpoint (size)" },
	{ 4, "table", "deferred",
	    "CREATE TABLE deferred (id INTEGER PRIMARY KEY, record INTEGER NOT NULL, pseudonym TEXT NOT NULL,"
	    " person TEXT NOT NULL, reason TEXT NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL) STRICT" },
	{ 5, "table", "detector",
	    "CREATE TABLE detector (key INTEGER PRIMARY KEY, seq INTEGER NOT NULL, latest INTEGER NOT NULL) STRICT" },
	{ 3, "table", "erased",
	    "CREATE TABLE erased (seq INTEGER NOT NULL, record INTEGER NOT NULL, leaf BLOB NOT NULL,"
	    " change BLOB NOT NULL, salt BLOB, PRIMARY KEY (seq, record)) STRICT, WITHOUT ROWID" },
	{ 1, "table", "file",
	    "CREATE TABLE file (id INTEGER PRIMARY KEY, key BLOB NOT NULL, name TEXT NOT NULL,"
	    " dev INTEGER NOT NULL, ino INTEGER NOT NULL, first_len INTEGER NOT NULL, first_hash BLOB NOT NULL,"
	    " offset INTEGER NOT NULL, last_len INTEGER NOT NULL, last_hash BLOB NOT NULL, line INTEGER NOT NULL,"
	    " seen INTEGER NOT NULL) STRICT" },
	{ 4, "table", "hold",
	    "CREATE TABLE hold (id INTEGER PRIMARY KEY, record INTEGER NOT NULL, lift INTEGER, runs BLOB NOT NULL) STRICT" },
	{ 3, "table", "key", "CREATE TABLE key (seq INTEGER PRIMARY KEY, verifier TEXT NOT NULL) STRICT" },
	{ 1, "table", "leaf", "CREATE TABLE leaf (first INTEGER PRIMARY KEY, hashes BLOB NOT NULL) STRICT" },
	{ 1, "table", "piece", "CREATE TABLE piece (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT" },
	{ 1, "table", "quarantine",
	    "CREATE TABLE quarantine (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, source TEXT, origin TEXT,"
	    " position INTEGER NOT NULL, line INTEGER NOT NULL, reason TEXT NOT NULL, detail TEXT,"
	    " bytes BLOB NOT NULL) STRICT" },
	{ 2, "index", "quarantine_at", "CREATE INDEX quarantine_at ON quarantine (at)" },
	{ 3, "table", "removal",
	    "CREATE TABLE removal (generation INTEGER PRIMARY KEY, record INTEGER NOT NULL, runs BLOB NOT NULL) STRICT" },
	{ 1, "table", "removed",
	    "CREATE TABLE removed (first INTEGER PRIMARY KEY, height INTEGER NOT NULL, hash BLOB NOT NULL) STRICT" },
	{ 2, "table", "saved",
	    "CREATE TABLE saved (name TEXT NOT NULL PRIMARY KEY, words TEXT NOT NULL, at INTEGER NOT NULL,"
	    " by TEXT NOT NULL) STRICT, WITHOUT ROWID" },
	{ 1, "table", "segment",
	    "CREATE TABLE segment (id INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL,"
	    " count INTEGER NOT NULL, min_time INTEGER NOT NULL, max_time INTEGER NOT NULL,"
	    " min_ingested INTEGER NOT NULL, max_ingested INTEGER NOT NULL, fields INTEGER NOT NULL,"
	    " bytes INTEGER NOT NULL, runs BLOB, records BLOB) STRICT" },
	{ 1, "index", "segment_first", "CREATE UNIQUE INDEX segment_first ON segment (first)" },
	{ 1, "table", "state",
	    "CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), id BLOB NOT NULL, created INTEGER NOT NULL,"
	    " file_key BLOB NOT NULL, size INTEGER NOT NULL, removals INTEGER NOT NULL, quarantined INTEGER NOT NULL,"
	    " next_segment INTEGER NOT NULL, last_ingested INTEGER NOT NULL, pruned_events INTEGER NOT NULL,"
	    " pruned_min_time INTEGER NOT NULL, pruned_max_time INTEGER NOT NULL) STRICT" },
	{ 1, "table", "tail",
	    "CREATE TABLE tail (seq INTEGER PRIMARY KEY, key INTEGER NOT NULL, kind INTEGER NOT NULL,"
	    " length INTEGER NOT NULL, leaf BLOB NOT NULL, line TEXT NOT NULL) STRICT" },
	{ 1, "index", "tail_key", "CREATE INDEX tail_key ON tail (key)" },
};

#define OBJECTS (sizeof(objects) / sizeof(objects[0]))

static int
pragma_int(struct db *db, const char *sql, int64_t *value, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = -1;

	if (sqlite3_prepare_v2(db->sqlite, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
		*value = sqlite3_column_int64(s, 0);
		rc = 0;
	} else
		db_error(db, e, "opening the store");
	sqlite3_finalize(s);
	return rc;
}

/* SQLite misses a file that was cut within its last page.  The lock of the
 * open transaction keeps the length from changing meanwhile. */
static int
check_length(struct db *db, struct err *e)
{
	int64_t pages, size;
	struct stat sb;

	if (pragma_int(db, "PRAGMA page_count", &pages, e) < 0 || pragma_int(db, "PRAGMA page_size", &size, e) < 0)
		return -1;
	if (stat(sqlite3_db_filename(db->sqlite, "main"), &sb) == 0 && sb.st_size < pages * size)
		return err_set(e, ERR_INTEGRITY, "%s: the file is damaged or truncated (%lld bytes of %lld are there)",
		    db->path, (long long)sb.st_size, (long long)(pages * size));
	return 0;
}

static int
check_version(struct db *db, int64_t *version, struct err *e)
{
	int64_t application, pages;

	if (pragma_int(db, "PRAGMA application_id", &application, e) < 0 ||
	    pragma_int(db, "PRAGMA page_count", &pages, e) < 0 ||
	    pragma_int(db, "PRAGMA user_version", version, e) < 0)
		return -1;
	if (application == 0 && pages == 0)
		return err_set(e, ERR_FAIL, "%s: the file is empty, no store yet (auditd-ingest makes one of it)", db->path);
	if (application != SCHEMA_APPLICATION_ID)
		return err_set(e, ERR_FAIL, "%s: not an audit-toolkit store", db->path);
	if (*version < 1)
		return err_set(e, ERR_INTEGRITY, "%s: there is no format %lld", db->path, (long long)*version);
	if (*version > STORE_FORMAT)
		return err_set(e, ERR_FAIL, "%s: made by a newer version (format %lld, this program knows %d)", db->path,
		    (long long)*version, STORE_FORMAT);
	return 0;
}

/* The next object of a format from i on; OBJECTS when there is none. */
static size_t
next_object(size_t i, int64_t version)
{
	while (i < OBJECTS && objects[i].since > version)
		i++;
	return i;
}

static int
compare_objects(struct db *db, int64_t version, struct err *e)
{
	static const char *const sql = "SELECT type, name, sql FROM sqlite_schema ORDER BY name";
	sqlite3_stmt *s = NULL;
	size_t i = next_object(0, version);
	int rc;

	if (sqlite3_prepare_v2(db->sqlite, sql, -1, &s, NULL) != SQLITE_OK)
		return db_error(db, e, "opening the store");
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct str type = db_blob(s, 0), name = db_blob(s, 1), text = db_blob(s, 2);

		if (i == OBJECTS || !str_eq(type, str_of(objects[i].type)) || !str_eq(name, str_of(objects[i].name)) ||
		    !str_eq(text, str_of(objects[i].sql)))
			break;
		i = next_object(i + 1, version);
	}
	if (rc == SQLITE_DONE && i == OBJECTS)
		rc = 0;
	else if (rc == SQLITE_DONE || rc == SQLITE_ROW)
		rc = err_set(e, ERR_INTEGRITY, "%s: the schema is not that of a store (at %s)", db->path,
		    i < OBJECTS ? objects[i].name : "its end");
	else
		rc = db_error(db, e, "opening the store");
	sqlite3_finalize(s);
	return rc;
}

/* In one read transaction, so that a writer that just makes or migrates the
 * store is never seen half way. */
int
schema_check(struct db *db, int64_t *version, struct err *e)
{
	int rc = -1;

	if (db_begin_read(db, e) < 0)
		return -1;
	if (check_version(db, version, e) == 0 && compare_objects(db, *version, e) == 0 && check_length(db, e) == 0)
		rc = 0;
	db_rollback(db);
	return rc;
}

int
schema_version(struct db *db, int64_t *version, struct err *e)
{
	return pragma_int(db, "PRAGMA user_version", version, e);
}

static int
insert_state(struct db *db, struct err *e)
{
	static const char *const sql = "INSERT INTO state VALUES (1, ?1, ?2, ?3, 0, 0, 0, 1, ?4, 0, ?4, ?4)";
	uint8_t id[16], key[16];
	sqlite3_stmt *s = NULL;
	int rc;

	random_bytes(id, sizeof(id));
	random_bytes(key, sizeof(key));
	if (sqlite3_prepare_v2(db->sqlite, sql, -1, &s, NULL) != SQLITE_OK)
		return db_error(db, e, "making the store");
	db_bind_blob(s, 1, id, sizeof(id));
	db_bind_int(s, 2, time_now());
	db_bind_blob(s, 3, key, sizeof(key));
	db_bind_int(s, 4, TIME_NONE);
	rc = db_run(db, s, e);
	sqlite3_finalize(s);
	return rc;
}

/* The objects of one format, with its number, in the open transaction. */
static int
bring(struct db *db, int version, struct err *e)
{
	struct buf sql = { 0 };
	int rc = 0;

	for (size_t i = 0; i < OBJECTS && rc == 0; i++)
		if (objects[i].since == version && strcmp(objects[i].type, "table") == 0)
			rc = db_exec(db, objects[i].sql, e);
	for (size_t i = 0; i < OBJECTS && rc == 0; i++)
		if (objects[i].since == version && strcmp(objects[i].type, "index") == 0)
			rc = db_exec(db, objects[i].sql, e);
	buf_printf(&sql, "PRAGMA application_id = %d; PRAGMA user_version = %d%c", SCHEMA_APPLICATION_ID, version, '\0');
	if (rc == 0)
		rc = db_exec(db, sql.p, e);
	buf_fini(&sql);
	if (rc == 0 && version == 1)
		rc = insert_state(db, e);
	return rc;
}

/* Nothing in it, and nothing said about it: a new file, or an empty one. */
static int
is_blank(struct db *db, bool *blank, struct err *e)
{
	int64_t application, version, objects_there;

	if (pragma_int(db, "PRAGMA application_id", &application, e) < 0 ||
	    pragma_int(db, "PRAGMA user_version", &version, e) < 0 ||
	    pragma_int(db, "SELECT count(*) FROM sqlite_schema", &objects_there, e) < 0)
		return -1;
	*blank = application == 0 && version == 0 && objects_there == 0;
	return 0;
}

int
schema_prepare(struct db *db, struct err *e)
{
	int64_t version = 0;
	bool blank;

	if (db_begin_write(db, e) < 0)
		return -1;
	if (is_blank(db, &blank, e) < 0 ||
	    (!blank && (check_version(db, &version, e) < 0 || compare_objects(db, version, e) < 0 ||
	        check_length(db, e) < 0)))
		goto fail;
	for (int v = (int)version + 1; v <= STORE_FORMAT; v++)
		if (bring(db, v, e) < 0)
			goto fail;
	return db_commit(db, e);
fail:
	db_rollback(db);
	return -1;
}
