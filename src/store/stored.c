/*
 * stored: one segment of the store: its rows, and the source of its pieces.
 *
 * A transaction reads one piece, or between begin_pieces and end_pieces what
 * is taken in one go.  None stays open beyond that.
 *
 * In: a segment of the list.   Out: pieces for its columns, seqs of its rows.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"

/* ---- pieces ---- */

/* 1, 0 when it is gone, -1. */
static int
still_there(struct stored *s, struct err *e)
{
	sqlite3_stmt *q = db_statement(&s->st->db, ST_SEGMENT_EXISTS, e);
	int rc;

	if (q == NULL)
		return -1;
	db_bind_int(q, 1, s->info.id);
	rc = db_step(&s->st->db, q, e);
	sqlite3_reset(q);
	return rc;
}

/* A piece's bytes: 1, 0 there is none, -1. */
static int
read_piece(struct db *db, int64_t segment, unsigned field, unsigned part, struct buf *out, struct err *e)
{
	sqlite3_stmt *q = db_statement(db, ST_PIECE_GET, e);
	int rc;

	if (q == NULL)
		return -1;
	db_bind_int(q, 1, piece_id(segment, field, part));
	rc = db_step(db, q, e);
	buf_reset(out);
	if (rc > 0)
		buf_str(out, db_blob(q, 0));
	sqlite3_reset(q);
	return rc;
}

int
segment_members(struct store *st, int64_t id, enum field f, struct buf *out, struct err *e)
{
	return read_piece(&st->db, id, (unsigned)f, PART_MEMBERS, out, e) < 0 ? -1 : 0;
}

/* A segment with what its pieces are read by. */
struct opened {
	struct stored stored; /* the first, so that it is freed with the rest */
	bool begun;           /* the lock is held */
	sqlite3_blob *blob;   /* between begin and end: of piece `of` */
	int64_t of;
};

/* Segment ids are never used again, so a piece that is missing while its
 * segment is there was never written. */
static int
get_locked(struct stored *s, unsigned field, unsigned part, struct buf *out, struct err *e)
{
	struct db *db = &s->st->db;
	int rc = read_piece(db, s->info.id, field, part, out, e), there;

	if (rc == 0 && (there = still_there(s, e)) <= 0) {
		s->moved = there == 0;
		rc = there < 0 ? -1
		               : err_set(e, ERR_BUSY, "%s: segment %lld was replaced meanwhile", db->path,
		                     (long long)s->info.id);
	}
	return rc;
}

static void
begin_pieces(void *arg)
{
	struct opened *o = arg;

	pthread_mutex_lock(&o->stored.st->lock);
	o->begun = true;
}

/* The blob is what keeps the transaction open. */
static void
end_pieces(void *arg)
{
	struct opened *o = arg;

	sqlite3_blob_close(o->blob);
	o->blob = NULL;
	o->begun = false;
	pthread_mutex_unlock(&o->stored.st->lock);
}

/* Whether the piece can be read through the blob.  From the first to the last
 * of them they are read in one transaction. */
static bool
move_blob(struct opened *o, unsigned field, unsigned part)
{
	int64_t id = piece_id(o->stored.info.id, field, part);
	int rc = SQLITE_OK;

	if (o->blob == NULL)
		rc = sqlite3_blob_open(o->stored.st->db.sqlite, "main", "piece", "data", id, 0, &o->blob);
	else if (o->of != id)
		rc = sqlite3_blob_reopen(o->blob, id);
	o->of = id;
	if (rc == SQLITE_OK)
		return true;
	sqlite3_blob_close(o->blob);
	o->blob = NULL;
	return false;
}

/* Without SQLite's own copy of it.  Whatever is wrong, the other way says so. */
static bool
get_blob(struct opened *o, unsigned field, unsigned part, struct piece_range range, struct buf *out, size_t *length)
{
	if (!move_blob(o, field, part))
		return false;
	*length = (size_t)sqlite3_blob_bytes(o->blob);
	range.from = range.from < *length ? range.from : *length;
	range.n = range.n < *length - range.from ? range.n : *length - range.from;
	buf_reset(out);
	buf_reserve(out, range.n + 1);
	if (sqlite3_blob_read(o->blob, out->p, (int)range.n, (int)range.from) != SQLITE_OK)
		return false;
	out->len = range.n;
	return true;
}

static int
get_piece(void *arg, unsigned field, unsigned part, struct buf *out, struct err *e)
{
	struct opened *o = arg;
	size_t length;
	int rc;

	/* Recursive: with the lock, begun is this thread's own. */
	pthread_mutex_lock(&o->stored.st->lock);
	rc = o->begun && get_blob(o, field, part, (struct piece_range){ 0, SIZE_MAX }, out, &length)
	    ? 1 : get_locked(&o->stored, field, part, out, e);
	pthread_mutex_unlock(&o->stored.st->lock);
	return rc;
}

static int
get_part(void *arg, unsigned field, unsigned part, struct piece_range range, struct buf *out, size_t *length,
    struct err *e)
{
	struct opened *o = arg;
	int rc;

	if (get_blob(o, field, part, range, out, length))
		return 1;
	if ((rc = get_locked(&o->stored, field, part, out, e)) <= 0)
		return rc;
	*length = out->len;
	range.from = range.from < out->len ? range.from : out->len;
	out->len = range.n < out->len - range.from ? range.n : out->len - range.from;
	memmove(out->p, out->p + range.from, out->len);
	return 1;
}

/* ---- rows ---- */

static int
read_rows(struct stored *s, bool *moved, struct err *e)
{
	struct db *db = &s->st->db;
	sqlite3_stmt *q = db_statement(db, ST_SEGMENT_ROWS, e);
	int rc;

	if (q == NULL)
		return -1;
	db_bind_int(q, 1, s->info.id);
	if ((rc = db_step(db, q, e)) < 0)
		return -1;
	if (rc == 0) {
		*moved = true;
		return err_set(e, ERR_BUSY, "%s: segment %lld was replaced meanwhile", db->path, (long long)s->info.id);
	}
	rc = segment_rows_parse(s->rows, s->info.first, s->info.last, s->info.meta.count, db_blob(q, 0), db_blob(q, 1), e);
	sqlite3_reset(q);
	return rc;
}

struct stored *
store_segment(struct store *st, const struct segment_info *info, bool *moved, struct err *e)
{
	struct opened *o = mem_zero(1, sizeof(*o));
	struct stored *s = &o->stored;
	int rc;

	*s = (struct stored){ .info = *info, .st = st, .rows = mem_zero(1, sizeof(*s->rows)) };
	s->columns = segment_new(&info->meta,
	    (struct piece_source){ .get = get_piece, .arg = o, .begin = begin_pieces, .end = end_pieces, .part = get_part });
	pthread_mutex_lock(&st->lock);
	rc = read_rows(s, moved, e);
	pthread_mutex_unlock(&st->lock);
	if (rc < 0) {
		store_segment_free(s);
		return NULL;
	}
	return s;
}

void
store_segment_free(struct stored *s)
{
	if (s == NULL)
		return;
	segment_free(s->columns);
	segment_rows_fini(s->rows);
	free(s->rows);
	free(s);
}

uint64_t
store_row_seq(const struct stored *s, uint32_t row)
{
	return segment_rows_seq(s->rows, s->info.first, row);
}

enum leaf_kind
store_row_kind(const struct stored *s, uint32_t row)
{
	return segment_rows_kind(s->rows, row);
}

int
stored_each(struct stored *s, struct row_sink sink, struct err *e)
{
	struct buf line = { 0 };
	struct event ev;
	int rc = 0;

	for (uint32_t row = 0; row < s->info.meta.count && rc == 0; row++) {
		if ((rc = segment_event(s->columns, row, FIELD_ALL, &ev, e)) < 0)
			break;
		buf_reset(&line);
		event_format(&line, &ev);
		rc = sink.row(sink.arg, &ev, buf_view(&line), store_row_seq(s, row), store_row_kind(s, row), e);
	}
	buf_fini(&line);
	return rc;
}

/* ---- one event ---- */

static int
tail_line(struct store *st, uint64_t seq, struct buf *line, enum leaf_kind *kind, struct err *e)
{
	sqlite3_stmt *q = db_statement(&st->db, ST_TAIL_RANGE, e);
	int rc;

	if (q == NULL)
		return -1;
	db_bind_int(q, 1, (int64_t)seq);
	db_bind_int(q, 2, (int64_t)seq + 1);
	if ((rc = db_step(&st->db, q, e)) > 0) {
		*kind = db_int(q, 1) == LEAF_RECORD ? LEAF_RECORD : LEAF_EVENT;
		buf_str(line, db_blob(q, 3));
	}
	sqlite3_reset(q);
	return rc;
}

static int
segment_line(struct store *st, const struct segment_info *info, uint64_t seq, struct buf *line, enum leaf_kind *kind,
    struct err *e)
{
	bool moved = false;
	struct stored *s = store_segment(st, info, &moved, e);
	struct event ev;
	uint32_t row;
	int rc = s != NULL ? 0 : -1;

	if (rc == 0 && segment_rows_find(s->rows, info->first, info->meta.count, seq, &row)) {
		segment_expect(s->columns, 1);
		if ((rc = segment_event(s->columns, row, FIELD_ALL, &ev, e)) == 0) {
			event_format(line, &ev);
			*kind = store_row_kind(s, row);
			rc = 1;
		}
	}
	store_segment_free(s);
	return rc;
}

int
stored_line(struct store *st, uint64_t seq, struct buf *line, enum leaf_kind *kind, struct err *e)
{
	struct segment_info *list;
	size_t n;
	int rc;

	buf_reset(line);
	if (seq >= RUNS_END)
		return 0;
	if ((rc = tail_line(st, seq, line, kind, e)) != 0)
		return rc;
	if (segment_list(st, seq, seq, &list, &n, e) < 0)
		return -1;
	if (n > 0)
		rc = segment_line(st, &list[0], seq, line, kind, e);
	free(list);
	return rc;
}
