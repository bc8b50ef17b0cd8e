/*
 * erase_write: a changed cell into the file.
 *
 * In: what erase_rows made of a cell.   Out: rows of `erased`, segments, lines
 * of the tail, salts; the old ones are gone.
 */
#include "proof/salt.h"
#include "store/erase_parts.h"

static int
write_change(struct store *st, const struct changed_event *x, uint64_t record, struct err *e)
{
	sqlite3_stmt *s;

	if (x->again) {
		if ((s = db_statement(&st->db, ST_ERASED_FORGET, e)) == NULL)
			return -1;
		db_bind_int(s, 1, (int64_t)x->seq);
		if (db_run(&st->db, s, e) < 0)
			return -1;
	}
	if ((s = db_statement(&st->db, ST_ERASED_ADD, e)) == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)x->seq);
	db_bind_int(s, 2, (int64_t)record);
	db_bind_blob(s, 3, &x->leaf, sizeof(x->leaf));
	db_bind_blob(s, 4, &x->change, sizeof(x->change));
	db_bind_blob(s, 5, x->salt, sizeof(x->salt));
	return db_run(&st->db, s, e);
}

static int
put_line(struct erase_cell *c, const struct copied_line *t, const struct changed_line *changed, struct err *e)
{
	sqlite3_stmt *s = db_statement(&c->st->db, ST_TAIL_ADD, e);
	struct str line = buf_view(&t->line);

	if (s == NULL)
		return -1;
	if (changed != NULL)
		line = (struct str){ c->bytes.p + changed->off, changed->len };
	db_bind_int(s, 1, (int64_t)t->seq);
	db_bind_int(s, 2, changed == NULL ? t->key : changed->key);
	db_bind_int(s, 3, t->kind);
	db_bind_int(s, 4, changed == NULL ? t->length : (int64_t)line.len);
	db_bind_blob(s, 5, t->leaf.p, t->leaf.len);
	db_bind_text(s, 6, line);
	return db_run(&c->st->db, s, e);
}

/* The whole tail is written anew: rows that only became longer would leave
 * copies of their neighbours in the pages. */
static int
write_tail(struct erase_cell *c, struct err *e)
{
	struct tail_size size;
	sqlite3_stmt *s;
	size_t next = 0;

	if (tail_size(c->st, &size, e) < 0)
		return -1;
	if (size.count != c->copy.lines)
		return err_set(e, ERR_INTEGRITY, "the tail has lines of more than one cell");
	if ((s = db_statement(&c->st->db, ST_TAIL_CLEAR, e)) == NULL || db_run(&c->st->db, s, e) < 0)
		return -1;
	for (size_t i = 0; i < c->copy.lines; i++) {
		const struct changed_line *changed =
		    next < c->lines && c->changed[next].seq == c->copy.line[i].seq ? &c->changed[next++] : NULL;

		if (put_line(c, &c->copy.line[i], changed, e) < 0)
			return -1;
	}
	return 0;
}

static int
write_segment(struct erase_cell *c, struct state *state, const struct changed_segment *s, struct err *e)
{
	if (segment_drop(c->st, s->old, e) < 0)
		return -1;
	for (size_t i = 0; i < s->n; i++) {
		const struct sealed_rows *r = &s->made[i];

		if (segment_write(c->st, state, &r->sealed, r->first, r->offset, r->kind, e) < 0)
			return -1;
	}
	return 0;
}

static int
write_salts(struct erase_cell *c, struct err *e)
{
	struct buf left = { 0 };
	int rc;

	salt_forget(&left, buf_view(&c->copy.salts), c->forget);
	rc = cell_salts_put(c->st, c->copy.no, buf_view(&left), e);
	if (left.len > 0)
		explicit_bzero(left.p, left.len);
	buf_fini(&left);
	return rc;
}

int
erase_cell_write(struct erase_cell *c, struct state *state, uint64_t record, struct err *e)
{
	if (c->changes == 0)
		return 0;
	for (size_t i = 0; i < c->changes; i++)
		if (write_change(c->st, &c->change[i], record, e) < 0)
			return -1;
	for (size_t i = 0; i < c->segments; i++)
		if (write_segment(c, state, &c->segment[i], e) < 0)
			return -1;
	if (c->lines > 0 && write_tail(c, e) < 0)
		return -1;
	return write_salts(c, e);
}
