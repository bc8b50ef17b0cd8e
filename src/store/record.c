/*
 * record: what the toolkit writes about its own doing, as events of leaf kind 1.
 */
#include "proof/salt.h"
#include "store/internal.h"

/* The hash of the next leaf, with the salts of its cell, made when it is the first. */
static int
next_leaf(struct store *st, uint64_t seq, struct str line, struct hash *leaf, struct err *e)
{
	struct buf salts = { 0 };
	struct salt_walk walk;
	uint8_t salt[SALT_LEN];
	int rc = cell_salts(st, seq / TREE_CELL, &salts, e);

	if (rc == 0) {
		salt_new(&salts);
		rc = cell_add(st, seq / TREE_CELL, buf_view(&salts), e) < 0 ? -1 : 1;
	}
	if (rc > 0) {
		salt_walk_start(&walk, buf_view(&salts));
		rc = 0;
		if (salt_get(&walk, (uint32_t)(seq % TREE_CELL), salt))
			tree_leaf(leaf, salt, LEAF_RECORD, line);
		else
			rc = err_set(e, ERR_INTEGRITY, "%s: the salts of cell %llu do not cover what is still to come",
			    st->db.path, (unsigned long long)(seq / TREE_CELL));
	}
	buf_fini(&salts);
	return rc;
}

/* *tail is kept in step. */
static int
add(struct store *st, struct state *state, struct tail_size *tail, const struct event *ev, struct err *e)
{
	static const field_set needed = FIELD_BIT(FIELD_ID) | FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_INGESTED) |
	    FIELD_BIT(FIELD_SOURCE) | FIELD_BIT(FIELD_ACTION) | FIELD_BIT(FIELD_SEVERITY) | FIELD_BIT(FIELD_OUTCOME);
	struct buf line = { 0 };
	struct hash leaf;
	uint64_t seq = state->size;
	int rc;

	/* Without the last two its line would be another one when it is read again. */
	if (~ev->present & needed)
		return err_set(e, ERR_FAIL, "a record needs an id, a time, a source, an action, a severity and an outcome");
	if (!str_eq(ev->v[FIELD_SOURCE], STR(EVENT_RESERVED_SOURCE)))
		return err_set(e, ERR_FAIL, "a record has the source %s", EVENT_RESERVED_SOURCE);
	event_format(&line, ev);
	rc = next_leaf(st, seq, buf_view(&line), &leaf, e);
	if (rc == 0)
		rc = tail_add(st, seq, ev, LEAF_RECORD, &leaf, buf_view(&line), e);
	tail->count++;
	tail->bytes += line.len;
	buf_fini(&line);
	if (rc < 0)
		return -1;
	state->size++;
	if (event_has(ev, FIELD_INGESTED) && ev->ingested > state->last_ingested)
		state->last_ingested = ev->ingested;
	if (tail->count >= TAIL_EVENTS || tail->bytes >= TAIL_BYTES || state->size % TREE_CELL == 0) {
		if (tail_seal(st, state, NULL, e) < 0)
			return -1;
		*tail = (struct tail_size){ 0 };
	}
	return state->size % TREE_CELL == 0 ? cell_close(st, seq / TREE_CELL, NULL, e) : 0;
}

int
records_add(struct store *st, struct state *state, const struct event *ev, size_t n, struct err *e)
{
	struct tail_size tail;

	/* Counted once: that takes a step for each row of the tail. */
	if (n == 0)
		return 0;
	if (tail_size(st, &tail, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (add(st, state, &tail, &ev[i], e) < 0)
			return -1;
	return 0;
}

int
record_add(struct store *st, struct state *state, const struct event *ev, struct err *e)
{
	return records_add(st, state, ev, 1, e);
}

int
removal_add(struct store *st, struct state *state, struct str runs, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_REMOVAL_ADD, e);

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)++state->removals);
	db_bind_int(s, 2, (int64_t)state->size);
	db_bind_blob(s, 3, runs.p, runs.len);
	return db_run(&st->db, s, e);
}

int
store_record(struct store *st, const struct event *ev, uint64_t *seq, struct err *e)
{
	struct state state;

	if (db_begin_write(&st->db, e) < 0)
		return -1;
	if (state_get(st, &state, e) < 0)
		goto fail;
	*seq = state.size;
	if (record_add(st, &state, ev, e) < 0 || state_put(st, &state, e) < 0 || db_commit(&st->db, e) < 0)
		goto fail;
	return 0;
fail:
	db_rollback(&st->db);
	return -1;
}
