/*
 * append_write: a batch into the store, inside a transaction.
 *
 * When another writer was faster, the seqs are not the expected ones: then
 * everything that waits is looked up and hashed anew.
 */
#include "base/mem.h"
#include "store/append_parts.h"

static int
write_direct(struct appender *a, struct append_batch *b, struct state *state, struct err *e)
{
	uint32_t n = segment_builder_count(b->builder);

	if (tail_seal(a->st, state, a->pool, e) < 0)
		return -1;
	if (!b->encoded) {
		segment_builder_seal(b->builder, a->pool, &b->sealed);
		b->encoded = true;
	}
	if (segment_write(a->st, state, &b->sealed, b->first, NULL, b->any_record ? b->kind : NULL, e) < 0)
		return -1;
	state->size += n;
	if (n == TREE_CELL)
		return cell_close(a->st, b->first / TREE_CELL, b->leaf, e);
	return leaf_add(a->st, b->first, b->leaf, n, e);
}

static int
write_tail(struct appender *a, struct append_batch *b, struct state *state, struct err *e)
{
	uint32_t n = segment_builder_count(b->builder);
	struct tail_size size;
	struct event ev;

	for (uint32_t row = 0; row < n; row++) {
		segment_builder_event(b->builder, row, &ev);
		append_format(a, &ev);
		if (tail_add(a->st, b->first + row, &ev, b->kind[row], &b->leaf[row], buf_view(&a->line), e) < 0)
			return -1;
	}
	state->size += n;
	if (tail_size(a->st, &size, e) < 0)
		return -1;
	if (size.count < TAIL_EVENTS && size.bytes < TAIL_BYTES && state->size % TREE_CELL != 0)
		return 0;
	return tail_seal(a->st, state, a->pool, e);
}

/* The last event of the transaction so far. */
static void
note_event(struct appender *a, struct append_batch *b, uint64_t seq)
{
	uint32_t row = segment_builder_count(b->builder) - 1;
	struct append_attempt *t = &a->attempt;
	struct event ev;

	t->event = true;
	t->seq = seq;
	t->kind = (enum leaf_kind)b->kind[row];
	segment_builder_event(b->builder, row, &ev);
	buf_reset(&t->line);
	event_format(&t->line, &ev);
}

static int
write_events(struct appender *a, struct append_batch *b, struct state *state, struct err *e)
{
	uint32_t n = segment_builder_count(b->builder);
	uint64_t first = state->size;
	int rc;

	if (n == 0)
		return 0;
	if (leaf_maker_wait(b->leaf_maker, e) < 0)
		return -1;
	if (b->new_cell && cell_add(a->st, b->first / TREE_CELL, buf_view(&b->salts), e) < 0)
		return -1;
	if (b->encoded || n >= TAIL_EVENTS || segment_builder_bytes(b->builder) >= TAIL_BYTES)
		rc = write_direct(a, b, state, e);
	else
		rc = write_tail(a, b, state, e);
	if (rc == 0 && state->size % TREE_CELL == 0 && n < TREE_CELL)
		rc = cell_close(a->st, first / TREE_CELL, NULL, e);
	if (b->last_ingested > state->last_ingested)
		state->last_ingested = b->last_ingested;
	if (rc == 0) {
		note_event(a, b, state->size - 1);
		if (a->counts.stored == 0)
			a->counts.first_seq = first;
		a->counts.stored += n;
		a->counts.last_seq = state->size - 1;
	}
	return rc;
}

void
append_describe_held(struct buf *out, const struct quarantined *q)
{
	buf_printf(out, "%lld %llu %llu ", (long long)q->at, (unsigned long long)q->position, (unsigned long long)q->line);
	buf_str(out, q->bytes);
}

static int
write_held(struct appender *a, struct held_list *l, struct state *state, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct quarantined *q = &l->item[i].q;
		sqlite3_stmt *s = db_statement(&a->st->db, ST_QUARANTINE_ADD, e);

		if (s == NULL)
			return -1;
		db_bind_int(s, 1, q->at);
		db_bind_text(s, 2, q->source);
		db_bind_text(s, 3, q->origin);
		db_bind_int(s, 4, (int64_t)q->position);
		db_bind_int(s, 5, (int64_t)q->line);
		db_bind_text(s, 6, q->reason);
		db_bind_text(s, 7, q->detail);
		db_bind_blob(s, 8, q->bytes.p, q->bytes.len);
		if (db_run(&a->st->db, s, e) < 0)
			return -1;
	}
	if (l->n > 0) {
		a->attempt.refusal = true;
		a->attempt.refusal_id = sqlite3_last_insert_rowid(a->st->db.sqlite);
		buf_reset(&a->attempt.refused);
		append_describe_held(&a->attempt.refused, &l->item[l->n - 1].q);
	}
	state->quarantined += l->n;
	a->counts.quarantined += l->n;
	return 0;
}

/* A line that is not there any more went with another replay, whose events may
 * have other ids: then these are not stored. */
static int
write_released(struct appender *a, const struct append_batch *b, struct state *state, struct err *e)
{
	for (size_t i = 0; i < b->releases; i++) {
		sqlite3_stmt *s = db_statement(&a->st->db, ST_QUARANTINE_REMOVE, e);

		if (s == NULL)
			return -1;
		db_bind_int(s, 1, b->released[i]);
		if (db_run(&a->st->db, s, e) < 0)
			return -1;
		if (sqlite3_changes(a->st->db.sqlite) != 1)
			return err_set(e, ERR_BUSY, "another program takes lines out of the quarantine: try again");
		state->quarantined--;
	}
	a->counts.released += b->releases;
	return 0;
}

static void
bind_position(sqlite3_stmt *s, const struct store_file *f)
{
	db_bind_blob(s, 1, f->key, sizeof(f->key));
	db_bind_text(s, 2, str_of(f->name));
	db_bind_int(s, 3, (int64_t)f->dev);
	db_bind_int(s, 4, (int64_t)f->ino);
	db_bind_int(s, 5, (int64_t)f->first_len);
	db_bind_blob(s, 6, f->first_hash, sizeof(f->first_hash));
	db_bind_int(s, 7, (int64_t)f->offset);
	db_bind_int(s, 8, (int64_t)f->last_len);
	db_bind_blob(s, 9, f->last_hash, sizeof(f->last_hash));
	db_bind_int(s, 10, (int64_t)f->line);
	db_bind_int(s, 11, time_now());
}

/* 1 with the place that the store has, 0 when it does not know the file. */
static int
find_position(struct appender *a, const struct store_file *f, uint64_t *offset, struct err *e)
{
	sqlite3_stmt *s = db_statement(&a->st->db, ST_FILE_OFFSET, e);
	int rc;

	if (s == NULL)
		return -1;
	db_bind_blob(s, 1, f->key, sizeof(f->key));
	if ((rc = db_step(&a->st->db, s, e)) > 0)
		*offset = (uint64_t)db_int(s, 0);
	sqlite3_reset(s);
	return rc;
}

/* The place, unless another program is further.  held: quarantined lines go with it. */
static int
write_position(struct appender *a, const struct store_file *f, bool held, struct err *e)
{
	static const enum statement attempt[] = { ST_FILE_PUT, ST_FILE_ADD };
	uint64_t there = 0;
	int rc = find_position(a, f, &there, e);

	if (rc > 0 && there != f->from && (held || f->alone))
		return err_set(e, ERR_BUSY, "another program reads the same file: try again");
	if (rc < 0 || there > f->offset)
		return rc < 0 ? -1 : 0;
	for (size_t i = 0; i < 2; i++) {
		sqlite3_stmt *s = db_statement(&a->st->db, attempt[i], e);

		if (s == NULL)
			return -1;
		bind_position(s, f);
		if (db_run(&a->st->db, s, e) < 0)
			return -1;
		if (sqlite3_changes(a->st->db.sqlite) > 0)
			break;
	}
	return 0;
}

/* ---- another writer was faster ---- */

static void
hold_conflict(struct appender *a, struct held_list *l, const struct event *ev)
{
	struct quarantined q = {
		.at = time_now(),
		.origin = STR("-"),
		.reason = str_of(event_fault_name(EVENT_CONFLICT)),
		.detail = STR("stored by another writer meanwhile"),
	};

	append_format(a, ev);
	q.bytes = buf_view(&a->line);
	if (event_has(ev, FIELD_SOURCE))
		q.source = ev->v[FIELD_SOURCE];
	append_hold(l, &q);
}

int
append_find(struct appender *a, const struct append_batch *one, const struct append_batch *two,
    const struct event *ev, uint64_t key, enum append_result *result, struct err *e)
{
	*result = APPEND_STORED;
	append_batch_find(one, ev, key, result);
	if (*result == APPEND_STORED && two != NULL)
		append_batch_find(two, ev, key, result);
	if (*result != APPEND_STORED)
		return 0;
	return duplicates_find(a->known, ev, key, result, e);
}

/* One row of an overtaken batch, looked up again and hashed for its new seq. */
static int
add_again(struct appender *a, struct append_batch *fresh, const struct event *ev, enum leaf_kind kind, uint64_t key,
    struct state *state, struct err *e)
{
	struct segment_expected x;
	enum append_result result;

	if (append_find(a, fresh, NULL, ev, key, &result, e) < 0)
		return -1;
	if (result == APPEND_DUPLICATE)
		a->counts.duplicates++;
	if (result == APPEND_CONFLICT) {
		a->counts.conflicts++;
		hold_conflict(a, &a->conflicts, ev);
	}
	if (result != APPEND_STORED)
		return 0;
	append_format(a, ev);
	if (append_batch_full(fresh, a->line.len)) {
		if (write_events(a, fresh, state, e) < 0 || duplicates_refresh(a->known, e) < 0 ||
		    append_batch_start(fresh, a->st, state->size, e) < 0)
			return -1;
		append_format(a, ev); /* other lines were made meanwhile */
	}
	segment_builder_expect(fresh->builder, ev, &x);
	append_batch_add(fresh, ev, &x, kind, key, buf_view(&a->line));
	return 0;
}

/* Writes everything that waits, in its order, behind what others wrote. */
static int
write_again(struct appender *a, struct state *state, struct err *e)
{
	const struct append_batch *from[] = { a->waiting, a->filling };
	struct append_batch fresh;
	struct event ev;
	int rc;

	append_batch_init(&fresh, a->pool);
	rc = duplicates_refresh(a->known, e);
	if (rc == 0)
		rc = append_batch_start(&fresh, a->st, state->size, e);
	for (size_t i = 0; i < 2; i++)
		for (uint32_t row = 0; rc == 0 && from[i] != NULL && row < segment_builder_count(from[i]->builder); row++) {
			segment_builder_event(from[i]->builder, row, &ev);
			rc = add_again(a, &fresh, &ev, (enum leaf_kind)from[i]->kind[row], from[i]->key[row], state, e);
		}
	if (rc == 0)
		rc = write_events(a, &fresh, state, e);
	append_batch_fini(&fresh);
	return rc;
}

/* ---- the whole ---- */

/* What goes with the events of b: quarantined lines and where the input is. */
static int
write_rest(struct appender *a, struct append_batch *b, struct state *state, struct err *e)
{
	if (write_held(a, &b->held, state, e) < 0 || write_released(a, b, state, e) < 0)
		return -1;
	for (size_t i = 0; i < b->positions; i++)
		if (write_position(a, &b->position[i], b->held.n > 0, e) < 0)
			return -1;
	return 0;
}

int
append_write(struct appender *a, struct append_batch *b, bool last, bool *all, struct state *state, struct err *e)
{
	if (state_get(a->st, state, e) < 0)
		return -1;
	a->stale |= state->removals != a->removals;
	a->removals = state->removals;
	*all = segment_builder_count(b->builder) > 0 && state->size != b->first;
	if (*all) {
		if (write_again(a, state, e) < 0 || (a->waiting != NULL && write_rest(a, a->waiting, state, e) < 0) ||
		    write_rest(a, a->filling, state, e) < 0)
			return -1;
	} else if (write_events(a, b, state, e) < 0 || write_rest(a, b, state, e) < 0)
		return -1;
	if (write_held(a, &a->conflicts, state, e) < 0 || (last && write_held(a, &a->held, state, e) < 0))
		return -1;
	return state_put(a->st, state, e);
}
