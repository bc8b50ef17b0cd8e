/*
 * saved: queries kept in the store under a name, so that every program and
 * user sees them.  Each change writes its record in the same transaction.
 */
#include "base/mem.h"
#include "store/internal.h"
#include "store/schema.h"

enum { SAVED_PAGE = 64 }; /* rows a transaction: ST_SAVED_AFTER */

static bool
is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool
name_valid(struct str name)
{
	if (name.len == 0 || name.len > SAVED_NAME_MAX || !is_letter_or_digit(name.p[0]))
		return false;
	for (size_t i = 1; i < name.len; i++)
		if (!is_letter_or_digit(name.p[i]) && memchr("._-", name.p[i], 3) == NULL)
			return false;
	return true;
}

bool
saved_name_valid(const char *name)
{
	return name_valid(str_of(name));
}

/* ---- reading ---- */

static bool
read_row(sqlite3_stmt *s, struct saved_query *q, struct arena *a)
{
	struct str name = db_blob(s, 0), words = db_blob(s, 1), by = db_blob(s, 3);

	if (name.p == NULL || !name_valid(name) || words.p == NULL || words.len > SAVED_WORDS_MAX || by.p == NULL ||
	    by.len > SAVED_USER_MAX)
		return false;
	*q = (struct saved_query){
		.name = { arena_copy(a, name.p, name.len), name.len },
		.words = { arena_copy(a, words.p, words.len), words.len },
		.at = db_int(s, 2),
		.by = { arena_copy(a, by.p, by.len), by.len },
	};
	return true;
}

static int
read_rows(struct store *st, struct str after, struct saved_query *q, size_t *n, struct arena *a, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_SAVED_AFTER, e);
	int rc;

	if (s == NULL)
		return -1;
	db_bind_text(s, 1, after);
	while ((rc = db_step(&st->db, s, e)) > 0 && *n < SAVED_PAGE) {
		if (!read_row(s, &q[*n], a)) {
			rc = err_set(e, ERR_INTEGRITY, "%s: a saved query is damaged", st->db.path);
			break;
		}
		if (after.len > 0 && str_cmp(q[*n].name, after) <= 0) {
			rc = db_disordered(&st->db, "saved queries", e);
			break;
		}
		after = q[(*n)++].name;
	}
	sqlite3_reset(s);
	return rc < 0 ? -1 : 0;
}

/* A file of an older format, not brought up to date meanwhile, has none. */
static int
saved_page(struct store *st, struct str after, struct saved_query *q, size_t *n, struct arena *a, struct err *e)
{
	int64_t version;
	int rc;

	*n = 0;
	if (db_begin_read(&st->db, e) < 0)
		return -1;
	rc = schema_version(&st->db, &version, e);
	if (rc == 0 && version >= SCHEMA_SAVED)
		rc = read_rows(st, after, q, n, a, e);
	db_rollback(&st->db);
	return rc;
}

int
store_saved_each(struct store *st, int (*each)(void *arg, const struct saved_query *q, struct err *e), void *arg,
    struct err *e)
{
	struct saved_query page[SAVED_PAGE];
	char last[SAVED_NAME_MAX] = "";
	struct str after = { last, 0 };
	struct arena arena = { 0 };
	size_t n = 0;
	int rc;

	do {
		arena_reset(&arena);
		rc = saved_page(st, after, page, &n, &arena, e);
		for (size_t i = 0; rc == 0 && i < n; i++)
			rc = each(arg, &page[i], e);
		if (n > 0) {
			after.len = page[n - 1].name.len;
			memcpy(last, page[n - 1].name.p, after.len);
		}
	} while (rc == 0 && n == SAVED_PAGE);
	arena_fini(&arena);
	return rc;
}

/* ---- writing ---- */

/* The record, the counters and the end of the open transaction. */
static int
commit_record(struct store *st, const struct event *record, struct err *e)
{
	struct state state;

	if (state_get(st, &state, e) < 0 || record_add(st, &state, record, e) < 0 || state_put(st, &state, e) < 0)
		return -1;
	return db_commit(&st->db, e);
}

static int
put_row(struct store *st, const struct saved_query *q, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_SAVED_PUT, e);

	if (s == NULL)
		return -1;
	db_bind_text(s, 1, q->name);
	db_bind_text(s, 2, q->words);
	db_bind_int(s, 3, q->at);
	db_bind_text(s, 4, q->by);
	return db_run(&st->db, s, e);
}

int
store_saved_put(struct store *st, const struct saved_query *q, const struct event *record, struct err *e)
{
	if (!name_valid(q->name))
		return err_set(e, ERR_FAIL,
		    "a saved query's name is a letter or digit, then letters, digits, . _ and -, at most %d", SAVED_NAME_MAX);
	if (q->words.len > SAVED_WORDS_MAX || q->by.len > SAVED_USER_MAX)
		return err_set(e, ERR_FAIL, "saved query %.*s: too long (at most %u bytes)", (int)q->name.len, q->name.p,
		    SAVED_WORDS_MAX);
	if (db_begin_write(&st->db, e) < 0)
		return -1;
	if (put_row(st, q, e) == 0 && commit_record(st, record, e) == 0)
		return 0;
	db_rollback(&st->db);
	return -1;
}

static int
drop_row(struct store *st, const char *name, bool *found, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_SAVED_DROP, e);

	if (s == NULL)
		return -1;
	db_bind_text(s, 1, str_of(name));
	if (db_run(&st->db, s, e) < 0)
		return -1;
	*found = sqlite3_changes(st->db.sqlite) > 0;
	return 0;
}

int
store_saved_delete(struct store *st, const char *name, const struct event *record, bool *found, struct err *e)
{
	int rc;

	*found = false;
	if (db_begin_write(&st->db, e) < 0)
		return -1;
	rc = drop_row(st, name, found, e);
	if (rc == 0 && *found && (rc = commit_record(st, record, e)) == 0)
		return 0;
	db_rollback(&st->db);
	return rc;
}
