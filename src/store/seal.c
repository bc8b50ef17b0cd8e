/*
 * seal: lines of the tail into segments, and small segments into large ones.
 *
 * In: rows in order of seq.   Out: segments, in the open transaction.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"

void
sealer_init(struct sealer *s, struct store *st, struct state *state, struct pool *pool)
{
	*s = (struct sealer){
		.st = st,
		.state = state,
		.pool = pool,
		.builder = segment_builder_new(),
		.offset = mem_alloc(SEGMENT_EVENTS_MAX * sizeof(uint32_t)),
		.kind = mem_alloc(SEGMENT_EVENTS_MAX),
	};
}

void
sealer_fini(struct sealer *s)
{
	segment_builder_free(s->builder);
	free(s->offset);
	free(s->kind);
}

int
sealer_flush(struct sealer *s, struct err *e)
{
	struct sealed sealed;
	int rc;

	if (segment_builder_count(s->builder) == 0)
		return 0;
	segment_builder_seal(s->builder, s->pool, &sealed);
	rc = segment_write(s->st, s->state, &sealed, s->first, s->offset, s->kind, e);
	sealed_fini(&sealed);
	segment_builder_reset(s->builder);
	return rc;
}

int
sealer_add(struct sealer *s, const struct event *ev, size_t line_len, uint64_t seq, enum leaf_kind kind, struct err *e)
{
	uint32_t row = segment_builder_count(s->builder);

	if (row > 0 && (segment_builder_bytes(s->builder) + line_len > SEGMENT_BYTES_MAX ||
	                   seq / TREE_CELL != s->first / TREE_CELL)) {
		if (sealer_flush(s, e) < 0)
			return -1;
		row = 0;
	}
	if (row == 0)
		s->first = seq;
	s->offset[row] = (uint32_t)(seq - s->first);
	s->kind[row] = (uint8_t)kind;
	segment_builder_add(s->builder, ev, line_len);
	return 0;
}

uint64_t
event_key(const struct store *st, const struct event *ev)
{
	struct str id = event_has(ev, FIELD_ID) ? ev->v[FIELD_ID] : STR("");
	struct str source = event_has(ev, FIELD_SOURCE) ? ev->v[FIELD_SOURCE] : STR("");
	uint8_t time[8];
	uint64_t key;

	put_be64(time, (uint64_t)ev->time);
	key = hash64(get_be64(st->file_key), time, sizeof(time));
	key = hash64(key, source.p, source.len);
	return hash64(key, id.p, id.len);
}

int
tail_add(struct store *st, uint64_t seq, const struct event *ev, enum leaf_kind kind, const struct hash *leaf,
    struct str line, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_TAIL_ADD, e);

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)seq);
	db_bind_int(s, 2, (int64_t)event_key(st, ev));
	db_bind_int(s, 3, kind);
	db_bind_int(s, 4, (int64_t)line.len);
	db_bind_blob(s, 5, leaf, sizeof(*leaf));
	db_bind_text(s, 6, line);
	return db_run(&st->db, s, e);
}

/* The tail's rows, which are consecutive from `next`, into the sealer, and
 * their leaf hashes into one run. */
static int
take_tail(struct store *st, uint64_t next, struct sealer *sealer, struct buf *leaves, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_TAIL_RANGE, e);
	struct json_tape tape = { 0 };
	struct arena arena = { 0 };
	struct event ev;
	const char *detail;
	int rc = -1;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, 0);
	db_bind_int(s, 2, INT64_MAX);
	while ((rc = db_step(&st->db, s, e)) > 0) {
		struct str leaf = db_blob(s, 2), line = db_blob(s, 3);
		uint64_t seq = (uint64_t)db_int(s, 0);

		arena_reset(&arena);
		if (seq != next++ || leaf.len != HASH_LEN || event_parse(&ev, line.p, line.len, &event_stored, &tape, &arena, &detail) != EVENT_OK) {
			rc = err_set(e, ERR_INTEGRITY, "%s: the tail's line at seq %lld is damaged", st->db.path,
			    (long long)seq);
			break;
		}
		buf_str(leaves, leaf);
		if ((rc = sealer_add(sealer, &ev, line.len, seq, (enum leaf_kind)db_int(s, 1), e)) < 0)
			break;
	}
	sqlite3_reset(s);
	json_tape_fini(&tape);
	arena_fini(&arena);
	return rc;
}

int
tail_seal(struct store *st, struct state *state, struct pool *pool, struct err *e)
{
	struct tail_size size;
	struct sealer sealer;
	struct buf leaves = { 0 };
	sqlite3_stmt *s;
	int rc;

	if (tail_size(st, &size, e) < 0)
		return -1;
	if (size.count == 0)
		return 0;
	if (size.count > SEGMENT_EVENTS_MAX || size.bytes > SEGMENT_BYTES_MAX)
		return err_set(e, ERR_INTEGRITY, "%s: the tail is larger than any writer makes it", st->db.path);
	sealer_init(&sealer, st, state, pool);
	rc = take_tail(st, size.first, &sealer, &leaves, e);
	if (rc == 0)
		rc = leaf_add(st, size.first, (const struct hash *)(const void *)leaves.p, (uint32_t)size.count, e);
	if (rc == 0)
		rc = (s = db_statement(&st->db, ST_TAIL_CLEAR, e)) != NULL ? db_run(&st->db, s, e) : -1;
	if (rc == 0)
		rc = sealer_flush(&sealer, e);
	sealer_fini(&sealer);
	buf_fini(&leaves);
	return rc;
}

static int
move_row(void *arg, const struct event *ev, struct str line, uint64_t seq, enum leaf_kind kind, struct err *e)
{
	return sealer_add(arg, ev, line.len, seq, kind, e);
}

/* Whether two neighbours would fit in one segment. */
static bool
worth_merging(const struct segment_info *list, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (list[i - 1].meta.bytes + list[i].meta.bytes <= SEGMENT_BYTES_MAX)
			return true;
	return false;
}

static int
merge(struct store *st, const struct segment_info *list, size_t n, struct sealer *sealer, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		bool moved = false;
		struct stored *s = store_segment(st, &list[i], &moved, e);
		int rc = s != NULL ? stored_each(s, (struct row_sink){ move_row, sealer }, e) : -1;

		store_segment_free(s);
		if (rc < 0 || segment_drop(st, list[i].id, e) < 0)
			return -1;
	}
	return sealer_flush(sealer, e);
}

static int
list_cell(struct store *st, uint64_t cell, struct segment_info **list, size_t *n, bool *worth, struct err *e)
{
	if (segment_list(st, cell * TREE_CELL, cell * TREE_CELL + TREE_CELL - 1, list, n, e) < 0)
		return -1;
	*worth = worth_merging(*list, *n);
	return 0;
}

int
cell_merge(struct store *st, uint64_t cell, struct pool *pool, struct err *e)
{
	struct segment_info *list = NULL;
	struct state state;
	struct sealer sealer;
	bool worth;
	size_t n;
	int rc = list_cell(st, cell, &list, &n, &worth, e);

	free(list);
	if (rc < 0 || !worth)
		return rc;
	if (db_begin_write(&st->db, e) < 0)
		return -1;
	list = NULL;
	sealer_init(&sealer, st, &state, pool);
	rc = state_get(st, &state, e);
	if (rc == 0)
		rc = list_cell(st, cell, &list, &n, &worth, e);
	if (rc == 0 && worth && (rc = merge(st, list, n, &sealer, e)) == 0)
		rc = state_put(st, &state, e);
	sealer_fini(&sealer);
	free(list);
	if (rc < 0 || (rc = db_commit(&st->db, e)) < 0)
		db_rollback(&st->db);
	return rc;
}
