/*
 * db: one SQLite connection.
 *
 * The file may come from an attacker, so it is opened with every defence that
 * SQLite has: no extensions, no views or triggers, no schema functions, cells
 * checked, no symbolic link followed.  Rollback journal and synchronous EXTRA:
 * committed means on disk.  With FULL the journal's name may be there again
 * after a loss of power, and would undo a commit that was acknowledged.
 */
#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define BUSY_MS 10000
#define PAGE_SIZE "16384"
#define STEPS_A_LOOK 100000 /* of SQLite's machine: about a millisecond */
#define LOOKS_MIN 2000      /* in a transaction, of a file of any size */
#define BYTES_A_LOOK 4096   /* and one more for so many: 24 steps a byte; a row takes fewer */
/* Not count(*): that is one step, however long it takes. */
#define LOOK_AT_SCHEMA "SELECT count(type) FROM sqlite_schema"
#define VALUE_MAX (256 * 1024 * 1024) /* of one row; no piece is near it */

static const char *const statement_sql[STATEMENT_COUNT] = {
#define STATEMENT(name, sql) sql,
#include "store/statement.def"
#undef STATEMENT
};

static bool
means_full(int system)
{
	return system == ENOSPC || system == EDQUOT;
}

/* Whether a file can be made in the store's folder, with a page in it. */
static bool
has_room(struct db *db)
{
	static const char page[16384];
	const char *file = sqlite3_db_filename(db->sqlite, "main");
	const char *slash = file != NULL ? strrchr(file, '/') : NULL;
	ssize_t wrote = -1;
	char *folder;
	bool full;
	int fd;

	if (slash == NULL)
		return true;
	folder = mem_dup(file, (size_t)(slash - file) + 1);
	fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0)
		wrote = write(fd, page, sizeof(page));
	full = wrote < 0 ? means_full(errno) : wrote < (ssize_t)sizeof(page);
	if (fd >= 0)
		close(fd);
	free(folder);
	return !full;
}

/*
 * SQLite says SQLITE_FULL of ENOSPC alone, and of that only where it writes; by
 * the time it tells of anything else, its own clearing up may have hidden the
 * reason.  So when that is not known, the disk is asked.
 */
static bool
is_full(struct db *db)
{
	switch (sqlite3_extended_errcode(db->sqlite)) {
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR_WRITE:
	case SQLITE_IOERR_DELETE: /* the journal: what is removed takes room on some file systems */
	case SQLITE_IOERR_FSYNC:
	case SQLITE_IOERR_DIR_FSYNC:
	case SQLITE_IOERR_TRUNCATE:
		return means_full(sqlite3_system_errno(db->sqlite)) || !has_room(db);
	}
	return false;
}

static int
full(struct db *db, struct err *e, const char *doing)
{
	return err_set(e, ERR_FULL, "%s: %s: the disk is full", db->path, doing);
}

/* A writer left a journal that a reader may not play back. */
static bool
needs_recovery(struct db *db)
{
	int code = sqlite3_extended_errcode(db->sqlite);

	return code == SQLITE_READONLY_ROLLBACK || code == SQLITE_READONLY_RECOVERY;
}

static int
interrupted(struct db *db, struct err *e)
{
	return err_set(e, ERR_BUSY, "%s: a writer was interrupted; someone who may write the store must open it once",
	    db->path);
}

int
db_error(struct db *db, struct err *e, const char *doing)
{
	int code = db->sqlite != NULL ? sqlite3_errcode(db->sqlite) : SQLITE_NOMEM;
	const char *text = db->sqlite != NULL ? sqlite3_errmsg(db->sqlite) : "no connection";

	switch (code) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(e, ERR_BUSY, "%s: %s: the store is busy; try again", db->path, doing);
	case SQLITE_CORRUPT:
		return err_set(e, ERR_INTEGRITY, "%s: %s: the file is damaged or truncated (%s)", db->path, doing, text);
	case SQLITE_INTERRUPT: /* by on_steps */
		return err_set(e, ERR_INTEGRITY, "%s: %s: the file is damaged: there is more in it than it has room for",
		    db->path, doing);
	case SQLITE_NOTADB:
		return err_set(e, ERR_FAIL, "%s: not an audit-toolkit store", db->path);
	case SQLITE_FULL:
		return full(db, e, doing);
	case SQLITE_READONLY:
		if (needs_recovery(db))
			return interrupted(db, e);
		return err_set(e, ERR_FAIL, "%s: %s: the store or its folder may not be written", db->path, doing);
	default:
		if (db->writable && db->sqlite != NULL && is_full(db))
			return full(db, e, doing);
		return err_set(e, ERR_FAIL, "%s: %s: %s", db->path, doing, text);
	}
}

int
db_disordered(struct db *db, const char *what, struct err *e)
{
	return err_set(e, ERR_INTEGRITY, "%s: %s: rows are out of order", db->path, what);
}

int
db_file_size(struct db *db, uint64_t *size, struct err *e)
{
	struct stat sb;

	if (stat(sqlite3_db_filename(db->sqlite, "main"), &sb) < 0)
		return err_errno(e, "%s", db->path);
	*size = (uint64_t)sb.st_size;
	return 0;
}

int
db_exec(struct db *db, const char *sql, struct err *e)
{
	if (sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_error(db, e, "preparing the store");
	return 0;
}

static int
no_such_store(const char *path, struct err *e)
{
	return err_set(e, ERR_FAIL, "%s: no such store (auditd-ingest makes one; --db names another)", path);
}

/*
 * The folder with links resolved, the file name as it is: NOFOLLOW then
 * refuses a store that is itself a symbolic link.  Absolute, so that a name
 * such as "file:x?mode=rw" is a name.
 */
static char *
resolve(const char *path, enum db_mode mode, struct err *e)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash != NULL ? slash + 1 : path;
	char *folder = slash == NULL ? mem_strdup(".")
	    : slash == path         ? mem_strdup("/")
	                            : mem_dup(path, (size_t)(slash - path));
	char *real = realpath(folder, NULL);
	struct buf out = { 0 };

	if (*path == '\0')
		err_set(e, ERR_FAIL, "the store's name is empty");
	else if (real == NULL && errno == ENOENT && mode != DB_CREATE)
		no_such_store(path, e);
	else if (real == NULL)
		err_errno(e, "%s: its folder", path);
	else if (*base == '\0')
		err_set(e, ERR_FAIL, "%s: is a folder, not a store", path);
	else
		buf_printf(&out, "%s/%s%c", strcmp(real, "/") == 0 ? "" : real, base, '\0');
	free(folder);
	free(real);
	return out.p;
}

/* Whether a store can be made there. */
static int
check_folder(const char *path, const char *real, struct err *e)
{
	const char *slash = strrchr(real, '/');
	char *folder = slash == real ? mem_strdup("/") : mem_dup(real, (size_t)(slash - real));
	int rc = access(folder, W_OK | X_OK);

	if (rc < 0)
		err_errno(e, "%s: cannot be made in %s", path, folder);
	free(folder);
	return rc;
}

static int
check_file(const char *path, const char *real, enum db_mode mode, struct err *e)
{
	struct stat sb;

	if (lstat(real, &sb) < 0) {
		if (errno == ENOENT)
			return mode == DB_CREATE ? check_folder(path, real, e) : no_such_store(path, e);
		return err_errno(e, "%s", path);
	}
	if (S_ISLNK(sb.st_mode))
		return err_set(e, ERR_FAIL, "%s: is a symbolic link; name the store itself", path);
	if (!S_ISREG(sb.st_mode))
		return err_set(e, ERR_FAIL, "%s: is not a regular file", path);
	if (access(real, mode == DB_READ ? R_OK : R_OK | W_OK) < 0)
		return err_errno(e, "%s", path);
	return 0;
}

/*
 * Pages that lead to one page many times, in each of a few levels, make a small
 * file a table without end.  What a transaction does is bounded by the size
 * of the file; 1 stops the statement.
 */
static int
on_steps(void *arg)
{
	struct db *db = arg;
	struct err ignored = ERR_NONE;
	uint64_t size = 0;

	if (++db->looks <= LOOKS_MIN)
		return 0;
	db_file_size(db, &size, &ignored);
	return db->looks - LOOKS_MIN > size / BYTES_A_LOOK;
}

static int
connect(struct db *db, const char *real, int flags, struct err *e)
{
	static const struct {
		int option, value;
	} defence[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
		{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
		{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },
	};

	if (sqlite3_open_v2(real, &db->sqlite,
	        flags | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return db_error(db, e, "opening the store");
	for (size_t i = 0; i < sizeof(defence) / sizeof(defence[0]); i++)
		sqlite3_db_config(db->sqlite, defence[i].option, defence[i].value, NULL);
	sqlite3_extended_result_codes(db->sqlite, 0);
	sqlite3_busy_timeout(db->sqlite, BUSY_MS);
	sqlite3_limit(db->sqlite, SQLITE_LIMIT_LENGTH, VALUE_MAX);
	sqlite3_progress_handler(db->sqlite, STEPS_A_LOOK, on_steps, db);
	return 0;
}

/*
 * A writer that was killed leaves a journal that only someone who may write
 * can play back.  When that is us, a reader does it, in a connection of its own.
 */
static int
recover(struct db *db, const char *real, struct err *e)
{
	struct db writer = { .path = db->path };
	int rc = -1;

	if (access(real, R_OK | W_OK) < 0)
		return interrupted(db, e);
	if (connect(&writer, real, SQLITE_OPEN_READWRITE, e) == 0)
		rc = db_exec(&writer, LOOK_AT_SCHEMA, e);
	sqlite3_close(writer.sqlite);
	return rc;
}

static int
settle(struct db *db, const char *real, struct err *e)
{
	static const char *const common =
	    "PRAGMA cell_size_check = ON; PRAGMA foreign_keys = OFF; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY";

	if (db_exec(db, common, e) < 0)
		return -1;
	if (!db->writable) {
		if (sqlite3_exec(db->sqlite, LOOK_AT_SCHEMA, NULL, NULL, NULL) != SQLITE_OK) {
			if (!needs_recovery(db))
				return db_error(db, e, "opening the store");
			if (recover(db, real, e) < 0)
				return -1;
		}
		return db_exec(db, "PRAGMA query_only = ON", e);
	}
	return db_exec(db,
	    "PRAGMA page_size = " PAGE_SIZE "; PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA;"
	    "PRAGMA secure_delete = ON; PRAGMA cache_spill = OFF", e);
}

int
db_open(struct db *db, const char *path, enum db_mode mode, struct err *e)
{
	char *real = resolve(path, mode, e);
	int flags = mode == DB_READ ? SQLITE_OPEN_READONLY
	    : mode == DB_WRITE  ? SQLITE_OPEN_READWRITE
	                        : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	int rc = -1;

	*db = (struct db){ .path = mem_strdup(path), .writable = mode != DB_READ };
	if (real != NULL && check_file(path, real, mode, e) == 0 && connect(db, real, flags, e) == 0)
		rc = settle(db, real, e);
	free(real);
	if (rc < 0)
		db_close(db);
	return rc;
}

void
db_close(struct db *db)
{
	for (size_t i = 0; i < STATEMENT_COUNT; i++)
		sqlite3_finalize(db->statement[i]);
	sqlite3_close(db->sqlite);
	free(db->path);
	*db = (struct db){ 0 };
}

int
db_reopen(struct db *db, struct err *e)
{
	char *path = mem_strdup(db->path);
	int rc;

	/* Closed first: a process has one set of locks on a file. */
	db_close(db);
	rc = db_open(db, path, DB_WRITE, e);
	if (rc < 0)
		*db = (struct db){ .path = path, .writable = true };
	else
		free(path);
	return rc;
}

sqlite3_stmt *
db_statement(struct db *db, enum statement which, struct err *e)
{
	sqlite3_stmt **s = &db->statement[which];

	if (sqlite3_get_autocommit(db->sqlite))
		db->looks = 0;
	if (*s == NULL) {
		if (sqlite3_prepare_v3(db->sqlite, statement_sql[which], -1, SQLITE_PREPARE_PERSISTENT, s, NULL) !=
		    SQLITE_OK) {
			db_error(db, e, "preparing a statement");
			return NULL;
		}
	} else {
		sqlite3_reset(*s);
		sqlite3_clear_bindings(*s);
	}
	return *s;
}

int
db_step(struct db *db, sqlite3_stmt *s, struct err *e)
{
	int rc = sqlite3_step(s);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE)
		db_error(db, e, db->writable ? "writing the store" : "reading the store");
	sqlite3_reset(s);
	return rc == SQLITE_DONE ? 0 : -1;
}

int
db_run(struct db *db, sqlite3_stmt *s, struct err *e)
{
	int rc = db_step(db, s, e);

	if (rc > 0)
		sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return rc < 0 ? -1 : 0;
}

static int
transaction(struct db *db, const char *sql, const char *doing, struct err *e)
{
	db->looks = 0;
	if (sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_error(db, e, doing);
	return 0;
}

int
db_begin_read(struct db *db, struct err *e)
{
	return transaction(db, "BEGIN", "reading the store", e);
}

int
db_begin_write(struct db *db, struct err *e)
{
	return transaction(db, "BEGIN IMMEDIATE", "writing the store", e);
}

int
db_commit(struct db *db, struct err *e)
{
	return transaction(db, "COMMIT", "committing", e);
}

void
db_rollback(struct db *db)
{
	for (size_t i = 0; i < STATEMENT_COUNT; i++)
		sqlite3_reset(db->statement[i]);
	if (db->sqlite != NULL && !sqlite3_get_autocommit(db->sqlite))
		sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
}

void
db_bind_int(sqlite3_stmt *s, int place, int64_t v)
{
	sqlite3_bind_int64(s, place, v);
}

void
db_bind_blob(sqlite3_stmt *s, int place, const void *p, size_t n)
{
	sqlite3_bind_blob64(s, place, n > 0 ? p : "", n, SQLITE_STATIC);
}

void
db_bind_text(sqlite3_stmt *s, int place, struct str t)
{
	if (t.p == NULL)
		sqlite3_bind_null(s, place);
	else
		sqlite3_bind_text64(s, place, t.p, t.len, SQLITE_STATIC, SQLITE_UTF8);
}

int64_t
db_int(sqlite3_stmt *s, int column)
{
	return sqlite3_column_int64(s, column);
}

struct str
db_blob(sqlite3_stmt *s, int column)
{
	const void *p;

	if (sqlite3_column_type(s, column) == SQLITE_NULL)
		return (struct str){ NULL, 0 };
	p = sqlite3_column_blob(s, column);
	return (struct str){ p != NULL ? p : "", (size_t)sqlite3_column_bytes(s, column) };
}

bool
db_blob_fixed(sqlite3_stmt *s, int column, void *out, size_t n)
{
	struct str b = db_blob(s, column);

	if (b.p == NULL || b.len != n)
		return false;
	memcpy(out, b.p, n);
	return true;
}
