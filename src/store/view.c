/*
 * view: what readers see.  One short transaction fixes the size of the log and
 * the list of segments; each later one reads one piece, or the tail's lines.
 *
 * In: seqs and segments.   Out: columns, lines.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"

/* (segment, field, part) as the key of a piece, so that a segment's pieces
 * lie together. */
static int64_t
piece_id(int64_t segment, unsigned field, unsigned part)
{
	return segment << 16 | (int64_t)(field << 10 | part);
}

int
segment_info_read(struct store *st, sqlite3_stmt *s, struct segment_info *info, struct err *e)
{
	*info = (struct segment_info){
		.id = db_int(s, 0),
		.first = (uint64_t)db_int(s, 1),
		.last = (uint64_t)db_int(s, 2),
		.meta = {
			.count = (uint32_t)db_int(s, 3),
			.min_time = db_int(s, 4),
			.max_time = db_int(s, 5),
			.min_ingested = db_int(s, 6),
			.max_ingested = db_int(s, 7),
			.fields = (field_set)db_int(s, 8),
			.bytes = (uint64_t)db_int(s, 9),
		},
	};
	int64_t count = db_int(s, 3);

	if (info->id < 1 || info->id >= SEGMENT_ID_MAX || info->first > info->last || info->last >= UINT64_C(1) << 48 ||
	    info->first / TREE_CELL != info->last / TREE_CELL || count < 1 ||
	    (uint64_t)count > info->last - info->first + 1 || info->meta.min_time > info->meta.max_time ||
	    (info->meta.fields & ~FIELD_ALL) != 0)
		return err_set(e, ERR_INTEGRITY, "%s: segment %lld: its row is damaged", st->db.path, (long long)info->id);
	return 0;
}

static int
read_list(struct store *st, sqlite3_stmt *s, struct segment_info **list, size_t *n, struct err *e)
{
	size_t cap = 0;
	uint64_t next = 0;
	int rc;

	*list = NULL;
	*n = 0;
	while ((rc = db_step(&st->db, s, e)) > 0) {
		mem_grow(list, &cap, *n + 1, sizeof(**list));
		if (segment_info_read(st, s, &(*list)[*n], e) < 0) {
			rc = -1;
			break;
		}
		if ((*list)[*n].first < next) {
			rc = err_set(e, ERR_INTEGRITY, "%s: segment %lld overlaps another", st->db.path,
			    (long long)(*list)[*n].id);
			break;
		}
		next = (*list)[*n].last + 1;
		(*n)++;
	}
	if (rc < 0) {
		sqlite3_reset(s);
		free(*list);
		*list = NULL;
		*n = 0;
	}
	return rc;
}

int
segment_list(struct store *st, uint64_t first, uint64_t last, struct segment_info **list, size_t *n, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_SEGMENT_RANGE, e);

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)first);
	db_bind_int(s, 2, (int64_t)last);
	return read_list(st, s, list, n, e);
}

int
tail_size(struct store *st, struct tail_size *t, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_TAIL_SIZE, e);
	int rc = s != NULL ? db_step(&st->db, s, e) : -1;

	if (rc <= 0)
		return -1;
	*t = (struct tail_size){ (uint64_t)db_int(s, 0), (uint64_t)db_int(s, 1), (uint64_t)db_int(s, 2) };
	sqlite3_reset(s);
	return 0;
}

int
store_view(struct store *st, struct store_view *v, struct segment_info **list, size_t *n, struct err *e)
{
	struct state state;
	struct tail_size tail;
	sqlite3_stmt *s;
	int rc = -1;

	*list = NULL;
	*n = 0;
	if (db_begin_read(&st->db, e) < 0)
		return -1;
	if (state_get(st, &state, e) == 0 && tail_size(st, &tail, e) == 0 &&
	    (s = db_statement(&st->db, ST_SEGMENT_ALL, e)) != NULL)
		rc = read_list(st, s, list, n, e);
	db_rollback(&st->db);
	if (rc == 0)
		*v = (struct store_view){ state.size, state.removals, state.quarantined, tail.count, state.last_ingested,
			state.pruned_events, state.pruned_min_time, state.pruned_max_time };
	return rc;
}

/* ---- one segment ---- */

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

	if (o->begun && get_blob(o, field, part, (struct piece_range){ 0, SIZE_MAX }, out, &length))
		return 1;
	if (o->begun)
		return get_locked(&o->stored, field, part, out, e);
	pthread_mutex_lock(&o->stored.st->lock);
	rc = get_locked(&o->stored, field, part, out, e);
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

/* ---- writing and dropping ---- */

/* Bits of a list of kinds, as (gap, length) varints; nothing when all are 0. */
static void
encode_runs(struct buf *out, const uint8_t *set, uint32_t n)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < n;) {
		uint32_t start, length = 0;

		while (i < n && !set[i])
			i++;
		for (start = i; i < n && set[i]; i++)
			length++;
		if (length > 0) {
			buf_varint(out, start - at);
			buf_varint(out, length);
			at = start + length;
		}
	}
}

static void
encode_offsets(struct buf *out, const uint32_t *offset, uint32_t n)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < n;) {
		uint32_t length = 1;

		while (i + length < n && offset[i + length] == offset[i] + length)
			length++;
		buf_varint(out, offset[i] - at);
		buf_varint(out, length);
		at = offset[i] + length;
		i += length;
	}
}

static int
write_pieces(struct store *st, int64_t id, const struct sealed *sealed, struct err *e)
{
	for (size_t i = 0; i < sealed->n; i++) {
		const struct piece *p = &sealed->piece[i];
		sqlite3_stmt *s = db_statement(&st->db, ST_PIECE_ADD, e);

		if (s == NULL)
			return -1;
		db_bind_int(s, 1, piece_id(id, p->field, p->part));
		db_bind_blob(s, 2, p->data.p, p->data.len);
		if (db_run(&st->db, s, e) < 0)
			return -1;
	}
	return 0;
}

int
segment_write(struct store *st, struct state *state, const struct sealed *sealed, uint64_t first,
    const uint32_t *offset, const uint8_t *kind, struct err *e)
{
	const struct segment_meta *m = &sealed->meta;
	struct buf runs = { 0 }, records = { 0 };
	sqlite3_stmt *s = db_statement(&st->db, ST_SEGMENT_ADD, e);
	int64_t id = state->next_segment;
	int rc = -1;

	if (offset != NULL && offset[m->count - 1] != m->count - 1)
		encode_offsets(&runs, offset, m->count);
	if (kind != NULL)
		encode_runs(&records, kind, m->count);
	if (s != NULL) {
		db_bind_int(s, 1, id);
		db_bind_int(s, 2, (int64_t)first);
		db_bind_int(s, 3, (int64_t)(first + (offset != NULL ? offset[m->count - 1] : m->count - 1)));
		db_bind_int(s, 4, m->count);
		db_bind_int(s, 5, m->min_time);
		db_bind_int(s, 6, m->max_time);
		db_bind_int(s, 7, m->min_ingested);
		db_bind_int(s, 8, m->max_ingested);
		db_bind_int(s, 9, (int64_t)m->fields);
		db_bind_int(s, 10, (int64_t)m->bytes);
		if (runs.len > 0)
			db_bind_blob(s, 11, runs.p, runs.len);
		if (records.len > 0)
			db_bind_blob(s, 12, records.p, records.len);
		rc = db_run(&st->db, s, e);
	}
	if (rc == 0)
		rc = write_pieces(st, id, sealed, e);
	if (rc == 0)
		state->next_segment++;
	buf_fini(&runs);
	buf_fini(&records);
	return rc;
}

int
segment_drop(struct store *st, int64_t id, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_PIECE_DROP, e);

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, piece_id(id, 0, 0));
	db_bind_int(s, 2, piece_id(id + 1, 0, 0));
	if (db_run(&st->db, s, e) < 0 || (s = db_statement(&st->db, ST_SEGMENT_DROP, e)) == NULL)
		return -1;
	db_bind_int(s, 1, id);
	return db_run(&st->db, s, e);
}

/* ---- the tail ---- */

struct tail_lines {
	struct buf bytes;
	struct {
		uint64_t seq;
		size_t off, len;
	} *line;
	size_t n, cap;
};

static int
read_tail(struct store *st, uint64_t first, uint64_t end, struct tail_lines *t, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_TAIL_RANGE, e);
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)first);
	db_bind_int(s, 2, (int64_t)end);
	while ((rc = db_step(&st->db, s, e)) > 0) {
		struct str line = db_blob(s, 3);

		mem_grow(&t->line, &t->cap, t->n + 1, sizeof(t->line[0]));
		t->line[t->n].seq = (uint64_t)db_int(s, 0);
		t->line[t->n].off = t->bytes.len;
		t->line[t->n++].len = line.len;
		buf_str(&t->bytes, line);
	}
	return rc;
}

int
store_tail(struct store *st, uint64_t first, uint64_t end, uint64_t count, bool *moved,
    int (*each)(void *arg, uint64_t seq, struct str line, struct err *e), void *arg, struct err *e)
{
	struct tail_lines t = { 0 };
	int rc = read_tail(st, first, end, &t, e);

	*moved = rc == 0 && t.n != count;
	for (size_t i = 0; i < t.n && rc == 0 && !*moved; i++)
		rc = each(arg, t.line[i].seq, (struct str){ t.bytes.p + t.line[i].off, t.line[i].len }, e);
	buf_fini(&t.bytes);
	free(t.line);
	return rc;
}
