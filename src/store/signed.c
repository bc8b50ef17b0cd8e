/*
 * signed: checkpoints and verifier keys, kept with the log for ever.
 *
 * A checkpoint says what the root was at a size.  A prune leaves no hash that
 * reaches over the size of a stored one, so that its root can always be made
 * again; that is why a note is stored before anyone else sees it.
 *
 * In: signed notes, records that introduce a key.   Out: rows, in order.
 */
#include "base/mem.h"
#include "proof/note.h"
#include "store/internal.h"
#include "store/schema.h"

enum {
	NOTE_PAGE = 64, /* rows a transaction: ST_CHECKPOINT_AFTER, ST_KEY_AFTER */
	KEY_LEN_MAX = NOTE_NAME_MAX + 64 /* of a verifier key */
};

/* A file of an older format, not brought up to date meanwhile, has none: 0. */
static int
begin_signed(struct store *st, struct err *e)
{
	int64_t version;

	if (db_begin_read(&st->db, e) < 0)
		return -1;
	if (schema_version(&st->db, &version, e) < 0) {
		db_rollback(&st->db);
		return -1;
	}
	return version >= SCHEMA_SIGNED;
}

/* ---- checkpoints ---- */

struct note_page {
	struct store_note note[NOTE_PAGE];
	int64_t id[NOTE_PAGE];
	size_t n;
	struct arena arena;
};

static int
damaged_note(struct store *st, struct err *e)
{
	return err_set(e, ERR_INTEGRITY, "%s: a stored checkpoint is damaged", st->db.path);
}

/* Size, time and text from a column on; the text stays SQLite's. */
static bool
read_note(sqlite3_stmt *s, int column, struct store_note *n)
{
	int64_t size = db_int(s, column);

	*n = (struct store_note){ (uint64_t)size, db_int(s, column + 1), db_blob(s, column + 2) };
	return size >= 0 && n->note.p != NULL && n->note.len <= NOTE_LEN_MAX;
}

static int
read_notes(struct store *st, int64_t size, int64_t id, struct note_page *page, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_CHECKPOINT_AFTER, e);
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, size);
	db_bind_int(s, 2, id);
	while ((rc = db_step(&st->db, s, e)) > 0 && page->n < NOTE_PAGE) {
		struct store_note *n = &page->note[page->n];

		page->id[page->n] = db_int(s, 0);
		if (!read_note(s, 1, n)) {
			rc = damaged_note(st, e);
			break;
		}
		if ((int64_t)n->size < size || ((int64_t)n->size == size && page->id[page->n] <= id)) {
			rc = db_disordered(&st->db, "checkpoints", e);
			break;
		}
		n->note.p = arena_copy(&page->arena, n->note.p, n->note.len);
		size = (int64_t)n->size;
		id = page->id[page->n++];
	}
	sqlite3_reset(s);
	return rc < 0 ? -1 : 0;
}

/* The rows behind the last one of the page as it is. */
static int
next_notes(struct store *st, struct note_page *page, struct err *e)
{
	int64_t size = page->n > 0 ? (int64_t)page->note[page->n - 1].size : INT64_MIN;
	int64_t id = page->n > 0 ? page->id[page->n - 1] : INT64_MIN;
	int rc = begin_signed(st, e);

	page->n = 0;
	arena_reset(&page->arena);
	if (rc < 0)
		return -1;
	if (rc > 0)
		rc = read_notes(st, size, id, page, e);
	db_rollback(&st->db);
	return rc;
}

int
store_checkpoint_each(struct store *st, int (*each)(void *arg, const struct store_note *n, struct err *e), void *arg,
    struct err *e)
{
	struct note_page page = { .n = 0 };
	int rc;

	do {
		rc = next_notes(st, &page, e);
		for (size_t i = 0; rc == 0 && i < page.n; i++)
			rc = each(arg, &page.note[i], e);
	} while (rc == 0 && page.n == NOTE_PAGE);
	arena_fini(&page.arena);
	return rc;
}

static int
read_last(struct store *st, uint64_t size, struct store_note *n, struct buf *out, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_CHECKPOINT_LAST, e);
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, size > INT64_MAX ? INT64_MAX : (int64_t)size);
	if ((rc = db_step(&st->db, s, e)) <= 0)
		return rc;
	if (read_note(s, 0, n)) {
		buf_reset(out);
		buf_str(out, n->note);
		n->note = buf_view(out);
	} else
		rc = damaged_note(st, e);
	sqlite3_reset(s);
	return rc;
}

int
store_checkpoint_last(struct store *st, uint64_t size, struct store_note *n, struct buf *out, struct err *e)
{
	int rc = begin_signed(st, e);

	if (rc < 0)
		return -1;
	if (rc > 0)
		rc = read_last(st, size, n, out, e);
	db_rollback(&st->db);
	return rc;
}

/* 1: the same bytes are there, 0, -1. */
static int
has_note(struct store *st, uint64_t size, struct str note, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_CHECKPOINT_SAME, e);
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)size);
	db_bind_text(s, 2, note);
	rc = db_step(&st->db, s, e);
	sqlite3_reset(s);
	return rc;
}

static int
put_note(struct store *st, uint64_t size, struct str note, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_CHECKPOINT_ADD, e);

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)size);
	db_bind_int(s, 2, time_now());
	db_bind_text(s, 3, note);
	return db_run(&st->db, s, e) < 0 || db_commit(&st->db, e) < 0 ? -1 : 1;
}

int
store_checkpoint_add(struct store *st, uint64_t size, uint64_t removals, struct str note, struct err *e)
{
	struct state state;
	int rc;

	if (note.p == NULL || note.len > NOTE_LEN_MAX)
		return err_set(e, ERR_FAIL, "a checkpoint of more than %u bytes is not stored", NOTE_LEN_MAX);
	if (db_begin_write(&st->db, e) < 0)
		return -1;
	if ((rc = state_get(st, &state, e)) == 0 && size > state.size)
		rc = err_set(e, ERR_FAIL, "%s: a checkpoint of %llu events, and the log has %llu", st->db.path,
		    (unsigned long long)size, (unsigned long long)state.size);
	/* One that is there already was cut around by every prune since. */
	if (rc == 0 && (rc = has_note(st, size, note, e)) == 0 && state.removals == removals)
		rc = put_note(st, size, note, e);
	db_rollback(&st->db);
	return rc;
}

int
checkpoint_sizes(struct store *st, uint64_t first, uint64_t end, struct buf *sizes, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_CHECKPOINT_SIZES, e);
	int rc;

	buf_reset(sizes);
	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)first);
	db_bind_int(s, 2, (int64_t)end);
	while ((rc = db_step(&st->db, s, e)) > 0) {
		uint64_t size = (uint64_t)db_int(s, 0);

		buf_add(sizes, &size, sizeof(size));
	}
	return rc;
}

/* ---- keys ---- */

struct key_page {
	struct store_key key[NOTE_PAGE];
	size_t n;
	struct arena arena;
};

static int
read_keys(struct store *st, int64_t after, struct key_page *page, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_KEY_AFTER, e);
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, after);
	while ((rc = db_step(&st->db, s, e)) > 0 && page->n < NOTE_PAGE) {
		struct str line = db_blob(s, 1);
		int64_t seq = db_int(s, 0);

		if (seq < 0 || line.p == NULL || line.len > KEY_LEN_MAX) {
			rc = err_set(e, ERR_INTEGRITY, "%s: a stored verifier key is damaged", st->db.path);
			break;
		}
		if (seq <= after) {
			rc = db_disordered(&st->db, "keys", e);
			break;
		}
		after = seq;
		page->key[page->n++] =
		    (struct store_key){ (uint64_t)seq, { arena_copy(&page->arena, line.p, line.len), line.len } };
	}
	sqlite3_reset(s);
	return rc < 0 ? -1 : 0;
}

/* The rows behind the last one of the page as it is. */
static int
next_keys(struct store *st, struct key_page *page, struct err *e)
{
	int64_t after = page->n > 0 ? (int64_t)page->key[page->n - 1].seq : INT64_MIN;
	int rc = begin_signed(st, e);

	page->n = 0;
	arena_reset(&page->arena);
	if (rc < 0)
		return -1;
	if (rc > 0)
		rc = read_keys(st, after, page, e);
	db_rollback(&st->db);
	return rc;
}

int
store_key_each(struct store *st, int (*each)(void *arg, const struct store_key *k, struct err *e), void *arg,
    struct err *e)
{
	struct key_page page = { .n = 0 };
	int rc;

	do {
		rc = next_keys(st, &page, e);
		for (size_t i = 0; rc == 0 && i < page.n; i++)
			rc = each(arg, &page.key[i], e);
	} while (rc == 0 && page.n == NOTE_PAGE);
	arena_fini(&page.arena);
	return rc;
}

static int
put_key(struct store *st, uint64_t seq, struct str line, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_KEY_ADD, e);

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)seq);
	db_bind_text(s, 2, line);
	return db_run(&st->db, s, e);
}

int
store_key_add(struct store *st, struct str line, const struct event *record, uint64_t *seq, struct err *e)
{
	struct state state;

	if (line.p == NULL || line.len == 0 || line.len > KEY_LEN_MAX)
		return err_set(e, ERR_FAIL, "a verifier key has 1 to %d bytes", KEY_LEN_MAX);
	if (db_begin_write(&st->db, e) < 0)
		return -1;
	if (state_get(st, &state, e) == 0) {
		*seq = state.size;
		if (put_key(st, state.size, line, e) == 0 && record_add(st, &state, record, e) == 0 &&
		    state_put(st, &state, e) == 0 && db_commit(&st->db, e) == 0)
			return 0;
	}
	db_rollback(&st->db);
	return -1;
}
