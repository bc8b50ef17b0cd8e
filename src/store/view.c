/*
 * view: what readers see.  One short transaction fixes the size of the log and
 * the list of segments; each later one reads pieces of one segment (stored.c),
 * or the tail's lines.
 *
 * In: seqs.   Out: segments, lines.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"

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

	*list = NULL;
	*n = 0;
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

struct tail_ask {
	uint64_t first, end; /* seqs */
	bool (*worth)(void *arg, uint64_t seq, struct str line); /* NULL: all are */
	void *arg;
};

struct tail_lines {
	uint64_t seen;
	struct buf bytes;
	struct {
		uint64_t seq;
		size_t off, len;
	} *line;
	size_t n, cap; /* those that are worth it */
};

static int
read_tail(struct store *st, const struct tail_ask *ask, struct tail_lines *t, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_TAIL_RANGE, e);
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)ask->first);
	db_bind_int(s, 2, (int64_t)ask->end);
	while ((rc = db_step(&st->db, s, e)) > 0) {
		uint64_t seq = (uint64_t)db_int(s, 0);
		struct str line = db_blob(s, 3);

		t->seen++;
		if (ask->worth != NULL && !ask->worth(ask->arg, seq, line))
			continue;
		mem_grow(&t->line, &t->cap, t->n + 1, sizeof(t->line[0]));
		t->line[t->n].seq = seq;
		t->line[t->n].off = t->bytes.len;
		t->line[t->n++].len = line.len;
		buf_str(&t->bytes, line);
	}
	return rc;
}

static int
tell_tail(struct store *st, const struct tail_ask *ask, uint64_t count, bool *moved,
    int (*each)(void *arg, uint64_t seq, struct str line, struct err *e), struct err *e)
{
	struct tail_lines t = { 0 };
	int rc = read_tail(st, ask, &t, e);

	*moved = rc == 0 && t.seen != count;
	for (size_t i = 0; i < t.n && rc == 0 && !*moved; i++)
		rc = each(ask->arg, t.line[i].seq, (struct str){ t.bytes.p + t.line[i].off, t.line[i].len }, e);
	buf_fini(&t.bytes);
	free(t.line);
	return rc;
}

int
store_tail(struct store *st, uint64_t first, uint64_t end, uint64_t count, bool *moved,
    int (*each)(void *arg, uint64_t seq, struct str line, struct err *e), void *arg, struct err *e)
{
	return tell_tail(st, &(struct tail_ask){ first, end, NULL, arg }, count, moved, each, e);
}

int
store_tail_from(struct store *st, const struct store_view *v, uint64_t sealed, uint64_t first, bool *moved,
    bool (*worth)(void *arg, uint64_t seq, struct str line),
    int (*each)(void *arg, uint64_t seq, struct str line, struct err *e), void *arg, struct err *e)
{
	struct tail_ask ask = { 0, v->size, worth, arg };
	uint64_t count = v->tail;

	*moved = false;
	if (v->size - sealed == v->tail && first > sealed) {
		ask.first = first < v->size ? first : v->size;
		count = v->size - ask.first;
	}
	return count > 0 ? tell_tail(st, &ask, count, moved, each, e) : 0;
}
