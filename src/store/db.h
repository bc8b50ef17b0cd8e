/*
 * db: an SQLite connection, opened so that the file cannot harm us, and its
 * fixed statements.  Private to store/.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "base/bytes.h"
#include "base/err.h"

/* Every statement of the program, once: STATEMENT(NAME, "sql"). */
enum statement {
#define STATEMENT(name, sql) ST_##name,
#include "store/statement.def"
#undef STATEMENT
	STATEMENT_COUNT
};

struct db {
	sqlite3 *sqlite;
	sqlite3_stmt *statement[STATEMENT_COUNT];
	char *path;
	bool writable;
	uint64_t looks; /* of on_steps, since the transaction began */
};

enum db_mode { DB_READ, DB_WRITE, DB_CREATE };

/* Defensive open, style 8.  The schema is not looked at yet.  db stays where
 * it is until it is closed. */
int db_open(struct db *db, const char *path, enum db_mode mode, struct err *e);
void db_close(struct db *db);
/* A writer's connection closed and opened again; after -1 it is closed, and
 * this can be tried again. */
int db_reopen(struct db *db, struct err *e);

/* Fills e from the connection's last error, doing what; busy and locked
 * become ERR_BUSY, damage ERR_INTEGRITY, no room ERR_FULL.  Returns -1. */
int db_error(struct db *db, struct err *e, const char *doing);

/* For tables that are read a page of rows after the other: in a damaged file a
 * row could lead to itself.  ERR_INTEGRITY, -1. */
int db_disordered(struct db *db, const char *what, struct err *e);

/* Bytes of the file as it is now. */
int db_file_size(struct db *db, uint64_t *size, struct err *e);

int db_exec(struct db *db, const char *sql, struct err *e);

/* A statement, prepared on first use, reset, with no values bound. */
sqlite3_stmt *db_statement(struct db *db, enum statement which, struct err *e);

/* Runs a statement that gives no rows, and resets it. */
int db_run(struct db *db, sqlite3_stmt *s, struct err *e);

/* 1 a row, 0 the end (the statement is reset), -1 error (reset). */
int db_step(struct db *db, sqlite3_stmt *s, struct err *e);

int db_begin_read(struct db *db, struct err *e);
int db_begin_write(struct db *db, struct err *e);
int db_commit(struct db *db, struct err *e);
/* Ends whatever is open; for error paths, tells nothing. */
void db_rollback(struct db *db);

/* Binds by 1-based place.  Blobs are borrowed until the statement is reset. */
void db_bind_int(sqlite3_stmt *s, int place, int64_t v);
void db_bind_blob(sqlite3_stmt *s, int place, const void *p, size_t n);
void db_bind_text(sqlite3_stmt *s, int place, struct str t); /* p == NULL: NULL */

int64_t db_int(sqlite3_stmt *s, int column);
struct str db_blob(sqlite3_stmt *s, int column); /* text too; p == NULL: NULL */
/* A blob of exactly n bytes into out; false when it is not that. */
bool db_blob_fixed(sqlite3_stmt *s, int column, void *out, size_t n);

#endif
