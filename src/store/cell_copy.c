/*
 * cell_copy: the rows of one cell, out of the file in one short transaction.
 *
 * The file may come from an attacker.  Keys must ascend, so that a tree of
 * pages that leads to itself ends; and no cell can be larger than the file, so
 * that chains of pages used many times do.
 *
 * In: the number of a cell.   Out: bytes, not looked at yet.
 */
#include "store/cell_copy.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/schema.h"

struct copying {
	struct store *st;
	struct cell_copy *c;
	uint64_t left; /* bytes that the file can still have */
	size_t cap[6]; /* of the lists */
	struct err *e;
};

enum { CAP_SEGMENT, CAP_PIECE, CAP_LINE, CAP_LEAVES, CAP_SUBTREE, CAP_CHANGE };

/* Damage is the cell's; a store that is busy is nobody's. */
static int
failed(struct copying *t, const char *doing)
{
	switch (sqlite3_errcode(t->st->db.sqlite)) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_TOOBIG:
		err_set(t->e, ERR_INTEGRITY, "damaged");
		break;
	default:
		break;
	}
	return err_doing(t->e, "cell %llu, %s", (unsigned long long)t->c->no, doing);
}

static int
disordered(struct copying *t, const char *what)
{
	return err_set(t->e, ERR_INTEGRITY, "%s: cell %llu, %s: rows are out of order or twice there", t->st->db.path,
	    (unsigned long long)t->c->no, what);
}

static int
take(struct copying *t, sqlite3_stmt *s, int column, struct buf *out)
{
	struct str bytes = db_blob(s, column);

	if (bytes.len > t->left) {
		sqlite3_reset(s);
		return err_set(t->e, ERR_INTEGRITY, "%s: cell %llu: there is more of it than the file can hold",
		    t->st->db.path, (unsigned long long)t->c->no);
	}
	t->left -= bytes.len;
	buf_reset(out);
	buf_reserve(out, bytes.len + 1);
	if (bytes.len > 0)
		buf_str(out, bytes);
	return 0;
}

/* A statement over the rows first <= key < end. */
static sqlite3_stmt *
range(struct copying *t, enum statement which, int64_t first, int64_t end)
{
	sqlite3_stmt *s = db_statement(&t->st->db, which, t->e);

	if (s != NULL) {
		db_bind_int(s, 1, first);
		db_bind_int(s, 2, end);
	}
	return s;
}

/* The next row, whose key in column 0 must be greater than the one before. */
static int
next_row(struct copying *t, sqlite3_stmt *s, int64_t *before, const char *what)
{
	int rc = s != NULL ? db_step(&t->st->db, s, t->e) : -1;

	if (rc < 0)
		return failed(t, what);
	if (rc > 0 && db_int(s, 0) <= *before) {
		sqlite3_reset(s);
		return disordered(t, what);
	}
	if (rc > 0)
		*before = db_int(s, 0);
	return rc;
}

static int64_t
cell_start(const struct copying *t)
{
	return (int64_t)(t->c->no * TREE_CELL);
}

static int
copy_cell(struct copying *t)
{
	struct cell_copy *c = t->c;
	sqlite3_stmt *s = db_statement(&t->st->db, ST_CELL_GET, t->e);
	int rc;

	c->there = c->full = false;
	buf_reset(&c->salts);
	buf_reset(&c->root);
	buf_reset(&c->nodes);
	if (s == NULL)
		return failed(t, "its salts and hashes");
	db_bind_int(s, 1, (int64_t)c->no);
	if ((rc = db_step(&t->st->db, s, t->e)) < 0)
		return failed(t, "its salts and hashes");
	if (rc == 0)
		return 0;
	c->there = true;
	c->full = db_blob(s, 1).p != NULL && db_blob(s, 2).p != NULL;
	if (take(t, s, 0, &c->salts) < 0 || take(t, s, 1, &c->root) < 0 || take(t, s, 2, &c->nodes) < 0)
		return -1;
	sqlite3_reset(s);
	return 0;
}

/* ---- lists; what an earlier use left there is used again ---- */

static void
segment_fini(struct copied_segment *s)
{
	for (size_t i = 0; i < s->n; i++)
		buf_fini(&s->piece[i].data);
	free(s->piece);
	buf_fini(&s->runs);
	buf_fini(&s->records);
}

static void
forget_segments(struct cell_copy *c)
{
	for (size_t i = 0; i < c->segments; i++)
		segment_fini(&c->segment[i]);
	free(c->segment);
	c->segment = NULL;
	c->segments = 0;
}

/* By its key, as queries read it. */
static int
copy_piece(struct copying *t, int64_t id, struct buf *out)
{
	sqlite3_stmt *s = db_statement(&t->st->db, ST_PIECE_GET, t->e);
	int rc;

	if (s == NULL)
		return failed(t, "pieces");
	db_bind_int(s, 1, id);
	if ((rc = db_step(&t->st->db, s, t->e)) < 0)
		return failed(t, "pieces");
	if (rc == 0)
		return err_set(t->e, ERR_INTEGRITY, "%s: cell %llu: a piece is found in order, but not by its key",
		    t->st->db.path, (unsigned long long)t->c->no);
	rc = take(t, s, 0, out);
	sqlite3_reset(s);
	return rc;
}

static int
copy_pieces(struct copying *t, struct copied_segment *seg)
{
	int64_t id = seg->info.id, before = -1;
	sqlite3_stmt *s;
	int rc;

	/* Of others the numbers would overflow; their row is reported. */
	if (id < 1 || id >= SEGMENT_ID_MAX)
		return 0;
	s = range(t, ST_COPY_PIECES, piece_id(id, 0, 0), piece_id(id + 1, 0, 0));
	t->cap[CAP_PIECE] = 0;
	while ((rc = next_row(t, s, &before, "pieces")) > 0) {
		uint64_t part = (uint64_t)(before - piece_id(id, 0, 0));

		mem_grow(&seg->piece, &t->cap[CAP_PIECE], seg->n + 1, sizeof(*seg->piece));
		seg->piece[seg->n++] =
		    (struct copied_piece){ .field = (uint16_t)(part >> 10), .part = (uint16_t)(part & 1023) };
	}
	for (size_t i = 0; rc == 0 && i < seg->n; i++)
		rc = copy_piece(t, piece_id(id, seg->piece[i].field, seg->piece[i].part), &seg->piece[i].data);
	return rc;
}

/* As it stands there: nothing is checked, but nothing is cut off silently. */
static void
read_info(sqlite3_stmt *s, struct copied_segment *seg)
{
	int64_t count = db_int(s, 3);

	seg->info = (struct segment_info){
		.id = db_int(s, 1),
		.first = (uint64_t)db_int(s, 0),
		.last = (uint64_t)db_int(s, 2),
		.meta = {
			.count = count < 0 || count > UINT32_MAX ? UINT32_MAX : (uint32_t)count,
			.min_time = db_int(s, 4),
			.max_time = db_int(s, 5),
			.min_ingested = db_int(s, 6),
			.max_ingested = db_int(s, 7),
			.fields = (field_set)db_int(s, 8),
			.bytes = (uint64_t)db_int(s, 9),
		},
	};
}

static int
copy_segments(struct copying *t)
{
	struct cell_copy *c = t->c;
	sqlite3_stmt *s = range(t, ST_COPY_SEGMENTS, cell_start(t), cell_start(t) + TREE_CELL);
	int64_t before = -1;
	int rc;

	forget_segments(c);
	while ((rc = next_row(t, s, &before, "segments")) > 0) {
		struct copied_segment *seg;

		mem_grow(&c->segment, &t->cap[CAP_SEGMENT], c->segments + 1, sizeof(*c->segment));
		seg = &c->segment[c->segments++];
		*seg = (struct copied_segment){ 0 };
		read_info(s, seg);
		seg->has_runs = db_blob(s, 10).p != NULL;
		seg->has_records = db_blob(s, 11).p != NULL;
		if (take(t, s, 10, &seg->runs) < 0 || take(t, s, 11, &seg->records) < 0)
			return -1;
	}
	for (size_t i = 0; rc == 0 && i < c->segments; i++)
		rc = copy_pieces(t, &c->segment[i]);
	return rc;
}

static void
forget_lines(struct cell_copy *c)
{
	for (size_t i = 0; i < c->lines; i++) {
		buf_fini(&c->line[i].leaf);
		buf_fini(&c->line[i].line);
	}
	free(c->line);
	c->line = NULL;
	c->lines = 0;
}

static int
copy_tail(struct copying *t)
{
	struct cell_copy *c = t->c;
	sqlite3_stmt *s = range(t, ST_COPY_TAIL, cell_start(t), cell_start(t) + TREE_CELL);
	int64_t before = -1;
	int rc;

	forget_lines(c);
	while ((rc = next_row(t, s, &before, "lines")) > 0) {
		struct copied_line *l;

		mem_grow(&c->line, &t->cap[CAP_LINE], c->lines + 1, sizeof(*c->line));
		l = &c->line[c->lines++];
		*l = (struct copied_line){ .seq = (uint64_t)before, .key = db_int(s, 1), .kind = db_int(s, 2),
			.length = db_int(s, 3) };
		if (take(t, s, 4, &l->leaf) < 0 || take(t, s, 5, &l->line) < 0)
			return -1;
	}
	return rc;
}

static void
forget_leaves(struct cell_copy *c)
{
	for (size_t i = 0; i < c->leaf_rows; i++)
		buf_fini(&c->leaves[i].hashes);
	free(c->leaves);
	c->leaves = NULL;
	c->leaf_rows = 0;
}

static int
copy_leaves(struct copying *t)
{
	struct cell_copy *c = t->c;
	sqlite3_stmt *s = range(t, ST_LEAF_RANGE, cell_start(t), cell_start(t) + TREE_CELL);
	int64_t before = -1;
	int rc;

	forget_leaves(c);
	while ((rc = next_row(t, s, &before, "leaf hashes")) > 0) {
		mem_grow(&c->leaves, &t->cap[CAP_LEAVES], c->leaf_rows + 1, sizeof(*c->leaves));
		c->leaves[c->leaf_rows] = (struct copied_leaves){ .first = (uint64_t)before };
		if (take(t, s, 1, &c->leaves[c->leaf_rows++].hashes) < 0)
			return -1;
	}
	return rc;
}

static void
forget_subtrees(struct cell_copy *c)
{
	for (size_t i = 0; i < c->subtrees; i++)
		buf_fini(&c->subtree[i].hash);
	free(c->subtree);
	c->subtree = NULL;
	c->subtrees = 0;
}

static int
copy_subtrees(struct copying *t)
{
	struct cell_copy *c = t->c;
	sqlite3_stmt *s = range(t, ST_COPY_REMOVED, cell_start(t), cell_start(t) + TREE_CELL);
	int64_t before = -1;
	int rc;

	forget_subtrees(c);
	while ((rc = next_row(t, s, &before, "hashes of what was removed")) > 0) {
		struct copied_subtree *sub;

		mem_grow(&c->subtree, &t->cap[CAP_SUBTREE], c->subtrees + 1, sizeof(*c->subtree));
		sub = &c->subtree[c->subtrees++];
		*sub = (struct copied_subtree){ .first = (uint64_t)before, .height = db_int(s, 1) };
		if (take(t, s, 2, &sub->hash) < 0)
			return -1;
	}
	return rc;
}

static void
forget_changes(struct cell_copy *c)
{
	for (size_t i = 0; i < c->changes; i++) {
		buf_fini(&c->change[i].leaf);
		buf_fini(&c->change[i].change);
		buf_fini(&c->change[i].salt);
	}
	free(c->change);
	c->change = NULL;
	c->changes = 0;
}

static int
copy_changes(struct copying *t)
{
	struct cell_copy *c = t->c;
	sqlite3_stmt *s = range(t, ST_COPY_ERASED, cell_start(t), cell_start(t) + TREE_CELL);
	int rc;

	while ((rc = s != NULL ? db_step(&t->st->db, s, t->e) : -1) > 0) {
		const struct copied_change *last = c->changes > 0 ? &c->change[c->changes - 1] : NULL;
		uint64_t seq = (uint64_t)db_int(s, 0), record = (uint64_t)db_int(s, 1);
		struct copied_change *x;

		if (last != NULL && (seq < last->seq || (seq == last->seq && record <= last->record))) {
			sqlite3_reset(s);
			return disordered(t, "erased events");
		}
		mem_grow(&c->change, &t->cap[CAP_CHANGE], c->changes + 1, sizeof(*c->change));
		x = &c->change[c->changes++];
		*x = (struct copied_change){ .seq = seq, .record = record, .has_salt = db_blob(s, 4).p != NULL };
		if (take(t, s, 2, &x->leaf) < 0 || take(t, s, 3, &x->change) < 0 || take(t, s, 4, &x->salt) < 0)
			return -1;
	}
	return rc < 0 ? failed(t, "erased events") : 0;
}

static int
copy_all(struct copying *t)
{
	struct cell_copy *c = t->c;
	struct state state;
	int64_t version;

	if (state_get(t->st, &state, t->e) < 0)
		return failed(t, "counters");
	if (schema_version(&t->st->db, &version, t->e) < 0)
		return failed(t, "format");
	if (db_file_size(&t->st->db, &t->left, t->e) < 0)
		return -1;
	c->size = state.size;
	c->removals = state.removals;
	c->end = state.size < (c->no + 1) * TREE_CELL ? state.size : (c->no + 1) * TREE_CELL;
	forget_changes(c);
	if (copy_cell(t) < 0 || copy_segments(t) < 0 || copy_tail(t) < 0 || copy_leaves(t) < 0 || copy_subtrees(t) < 0)
		return -1;
	return version >= SCHEMA_SIGNED ? copy_changes(t) : 0;
}

int
cell_copy_read(struct store *st, uint64_t no, struct cell_copy *c, struct err *e)
{
	struct copying t = { .st = st, .c = c, .e = e };
	bool own = sqlite3_get_autocommit(st->db.sqlite);
	int rc;

	c->no = no;
	if (no >= (UINT64_C(1) << 48) / TREE_CELL)
		return err_set(e, ERR_FAIL, "there is no cell %llu", (unsigned long long)no);
	if (own && db_begin_read(&st->db, e) < 0)
		return -1;
	rc = copy_all(&t);
	if (own)
		db_rollback(&st->db);
	return rc;
}

void
cell_copy_fini(struct cell_copy *c)
{
	forget_segments(c);
	forget_lines(c);
	forget_leaves(c);
	forget_subtrees(c);
	forget_changes(c);
	buf_fini(&c->salts);
	buf_fini(&c->root);
	buf_fini(&c->nodes);
	*c = (struct cell_copy){ 0 };
}
