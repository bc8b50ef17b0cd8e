/*
 * append: events into the store, each once, in transactions.
 *
 * Events gather in a batch: columns, leaf hashes and keys, made for the seqs
 * that they are expected to get.  A batch that reaches the end of its cell is
 * encoded by the pool while the next one fills.  A small batch becomes lines
 * of the tail.  When another writer was faster, the seqs are not the expected
 * ones: then everything waiting is looked up and hashed anew, inside the
 * transaction.
 *
 * In: events with id, time and ingested.   Out: committed rows.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "proof/salt.h"
#include "store/internal.h"
#include "store/leaf_maker.h"

#define KEY_SLOTS (2 * SEGMENT_EVENTS_MAX)

struct held { /* a quarantined line that waits, with its bytes */
	struct quarantined q;
	char *bytes;
};

struct held_list {
	struct held *item;
	size_t n, cap;
};

struct batch {
	uint64_t first; /* the seq expected for row 0 */
	struct segment_builder *builder;
	struct hash *leaf; /* by leaf_maker; there when that was waited for */
	struct leaf_maker *leaf_maker;
	uint8_t *kind;
	uint64_t *key;  /* event_key of each row */
	uint32_t *slot; /* KEY_SLOTS: row + 1, by key */
	struct buf salts;
	bool new_cell;
	bool any_record;
	int64_t last_ingested;
	struct store_file *position; /* NULL: none given */
	struct held_list held;
	int64_t *released; /* quarantined lines of the store that became these events */
	size_t releases, releases_cap;
	struct sealed sealed;
	bool encoded;
	struct job job;
};

struct appender {
	struct store *st;
	struct pool *pool;
	struct batch batch[2];
	struct batch *filling, *waiting; /* waiting: full, being encoded; NULL: none */
	struct duplicates *known;
	uint64_t removals; /* when known was looked up */
	bool stale;            /* known must be looked up anew */
	uint64_t merged_cells; /* full cells that cell_merge was asked about */
	bool unready;          /* the filling batch must be started anew */
	struct held_list held; /* quarantined, behind the last position */
	struct held_list conflicts; /* with what another writer stored meanwhile */
	struct append_counts counts;
	struct buf line;
};

/* ---- batches ---- */

static void
held_clear(struct held_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->item[i].bytes);
	l->n = 0;
}

static void
position_free(struct store_file *f)
{
	if (f != NULL)
		free(f->name);
	free(f);
}

static struct store_file *
position_copy(const struct store_file *f)
{
	struct store_file *copy = mem_dup(f, sizeof(*f));

	copy->name = mem_strdup(f->name);
	return copy;
}

static void
batch_init(struct batch *b, struct pool *pool)
{
	*b = (struct batch){
		.builder = segment_builder_new(),
		.leaf = mem_alloc(SEGMENT_EVENTS_MAX * sizeof(struct hash)),
		.leaf_maker = leaf_maker_new(pool),
		.kind = mem_alloc(SEGMENT_EVENTS_MAX),
		.key = mem_alloc(SEGMENT_EVENTS_MAX * sizeof(uint64_t)),
		.slot = mem_zero(KEY_SLOTS, sizeof(uint32_t)),
		.last_ingested = TIME_NONE,
	};
}

static void
batch_fini(struct batch *b)
{
	held_clear(&b->held);
	free(b->held.item);
	free(b->released);
	position_free(b->position);
	sealed_fini(&b->sealed);
	segment_builder_free(b->builder);
	leaf_maker_free(b->leaf_maker);
	free(b->leaf);
	free(b->kind);
	free(b->key);
	free(b->slot);
	buf_fini(&b->salts);
}

static void
batch_clear(struct batch *b)
{
	if (segment_builder_count(b->builder) > 0) {
		segment_builder_reset(b->builder);
		memset(b->slot, 0, KEY_SLOTS * sizeof(uint32_t));
	}
	if (b->encoded)
		sealed_fini(&b->sealed);
	b->sealed = (struct sealed){ 0 };
	b->encoded = false;
	b->any_record = false;
	b->last_ingested = TIME_NONE;
	position_free(b->position);
	b->position = NULL;
	held_clear(&b->held);
	b->releases = 0;
}

/* Makes an empty batch ready for rows from seq `first` on. */
static int
batch_place(struct batch *b, struct store *st, uint64_t first, struct err *e)
{
	int rc;

	leaf_maker_drop(b->leaf_maker);
	rc = cell_salts(st, first / TREE_CELL, &b->salts, e);
	if (rc < 0)
		return -1;
	b->new_cell = rc == 0;
	if (b->new_cell) {
		buf_reset(&b->salts);
		salt_new(&b->salts);
	}
	leaf_maker_start(b->leaf_maker, buf_view(&b->salts), (uint32_t)(first % TREE_CELL), b->leaf);
	b->first = first;
	return 0;
}

static int
batch_start(struct batch *b, struct store *st, uint64_t first, struct err *e)
{
	batch_clear(b);
	return batch_place(b, st, first, e);
}

/* As batch_start behind a batch that fills its cell or not: the salts of the
 * same cell are taken over when they are not in the file yet. */
static int
batch_follow(struct batch *b, struct store *st, const struct batch *before, struct err *e)
{
	uint64_t first = before->first + segment_builder_count(before->builder);

	if (batch_start(b, st, first, e) < 0)
		return -1;
	if (b->new_cell && before->new_cell && first / TREE_CELL == before->first / TREE_CELL) {
		leaf_maker_drop(b->leaf_maker);
		buf_reset(&b->salts);
		buf_str(&b->salts, buf_view(&before->salts));
		leaf_maker_start(b->leaf_maker, buf_view(&b->salts), (uint32_t)(first % TREE_CELL), b->leaf);
		b->new_cell = false;
	}
	return 0;
}

static bool
batch_full(const struct batch *b, size_t more)
{
	uint32_t n = segment_builder_count(b->builder);

	return n == TREE_CELL - b->first % TREE_CELL ||
	    (n > 0 && segment_builder_bytes(b->builder) + more > SEGMENT_BYTES_MAX);
}

static void
batch_find(const struct batch *b, const struct event *ev, uint64_t key, enum append_result *result)
{
	struct event old;
	struct str source = event_has(ev, FIELD_SOURCE) ? ev->v[FIELD_SOURCE] : STR("");

	for (uint32_t at = (uint32_t)key % KEY_SLOTS; b->slot[at] != 0; at = (at + 1) % KEY_SLOTS) {
		uint32_t row = b->slot[at] - 1;

		if (b->key[row] != key)
			continue;
		segment_builder_event(b->builder, row, &old);
		if (old.time == ev->time && str_eq(old.v[FIELD_ID], ev->v[FIELD_ID]) &&
		    str_eq(event_has(&old, FIELD_SOURCE) ? old.v[FIELD_SOURCE] : STR(""), source)) {
			*result = event_same(ev, &old) ? APPEND_DUPLICATE : APPEND_CONFLICT;
			return;
		}
	}
}

static void
batch_add(struct batch *b, const struct event *ev, enum leaf_kind kind, uint64_t key, struct str line)
{
	uint32_t row = segment_builder_count(b->builder);
	uint32_t at;

	leaf_maker_add(b->leaf_maker, kind, line);
	segment_builder_add(b->builder, ev, line.len);
	b->kind[row] = (uint8_t)kind;
	b->any_record |= kind == LEAF_RECORD;
	b->key[row] = key;
	for (at = (uint32_t)key % KEY_SLOTS; b->slot[at] != 0; at = (at + 1) % KEY_SLOTS)
		;
	b->slot[at] = row + 1;
	if (event_has(ev, FIELD_INGESTED) && ev->ingested > b->last_ingested)
		b->last_ingested = ev->ingested;
}

static void
encode(void *arg)
{
	struct batch *b = arg;

	segment_builder_seal(b->builder, NULL, &b->sealed);
	b->encoded = true;
}

/* Into a->line, which one function may not expect to be kept by another. */
static void
format_line(struct appender *a, const struct event *ev)
{
	buf_reset(&a->line);
	event_format(&a->line, ev);
}

/* ---- writing, inside a transaction ---- */

static int
write_direct(struct appender *a, struct batch *b, struct state *state, struct err *e)
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
write_tail(struct appender *a, struct batch *b, struct state *state, struct err *e)
{
	uint32_t n = segment_builder_count(b->builder);
	struct tail_size size;
	struct event ev;

	for (uint32_t row = 0; row < n; row++) {
		segment_builder_event(b->builder, row, &ev);
		format_line(a, &ev);
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

static int
write_events(struct appender *a, struct batch *b, struct state *state, struct err *e)
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
		if (a->counts.stored == 0)
			a->counts.first_seq = first;
		a->counts.stored += n;
		a->counts.last_seq = state->size - 1;
	}
	return rc;
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
	state->quarantined += l->n;
	a->counts.quarantined += l->n;
	return 0;
}

/* A line that is not there any more went with another replay, whose events may
 * have other ids: then these are not stored. */
static int
write_released(struct appender *a, const struct batch *b, struct state *state, struct err *e)
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

static int
write_position(struct appender *a, const struct store_file *f, struct err *e)
{
	static const enum statement attempt[] = { ST_FILE_PUT, ST_FILE_ADD };

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
keep_bytes(struct held *h, size_t *at, struct str *s)
{
	if (s->p == NULL)
		return;
	memcpy(h->bytes + *at, s->p, s->len);
	s->p = h->bytes + *at;
	*at += s->len;
}

static void
hold(struct held_list *l, const struct quarantined *q)
{
	struct held *h;
	size_t at = 0;

	mem_grow(&l->item, &l->cap, l->n + 1, sizeof(*l->item));
	h = &l->item[l->n++];
	h->q = *q;
	h->bytes = mem_alloc(q->source.len + q->origin.len + q->reason.len + q->detail.len + q->bytes.len + 1);
	keep_bytes(h, &at, &h->q.source);
	keep_bytes(h, &at, &h->q.origin);
	keep_bytes(h, &at, &h->q.reason);
	keep_bytes(h, &at, &h->q.detail);
	keep_bytes(h, &at, &h->q.bytes);
}

static void
hold_conflict(struct appender *a, struct held_list *l, const struct event *ev)
{
	struct quarantined q = {
		.at = time_now(),
		.origin = STR("-"),
		.reason = str_of(event_fault_name(EVENT_CONFLICT)),
		.detail = STR("stored by another writer meanwhile"),
	};

	format_line(a, ev);
	q.bytes = buf_view(&a->line);
	if (event_has(ev, FIELD_SOURCE))
		q.source = ev->v[FIELD_SOURCE];
	hold(l, &q);
}

static int
find(struct appender *a, const struct batch *one, const struct batch *two, const struct event *ev, uint64_t key,
    enum append_result *result, struct err *e)
{
	*result = APPEND_STORED;
	batch_find(one, ev, key, result);
	if (*result == APPEND_STORED && two != NULL)
		batch_find(two, ev, key, result);
	if (*result != APPEND_STORED)
		return 0;
	return duplicates_find(a->known, ev, key, result, e);
}

/* One row of an overtaken batch, looked up again and hashed for its new seq. */
static int
add_again(struct appender *a, struct batch *fresh, const struct event *ev, enum leaf_kind kind, uint64_t key,
    struct state *state, struct err *e)
{
	enum append_result result;

	if (find(a, fresh, NULL, ev, key, &result, e) < 0)
		return -1;
	if (result == APPEND_DUPLICATE)
		a->counts.duplicates++;
	if (result == APPEND_CONFLICT) {
		a->counts.conflicts++;
		hold_conflict(a, &a->conflicts, ev);
	}
	if (result != APPEND_STORED)
		return 0;
	format_line(a, ev);
	if (batch_full(fresh, a->line.len)) {
		if (write_events(a, fresh, state, e) < 0 || duplicates_refresh(a->known, e) < 0 ||
		    batch_start(fresh, a->st, state->size, e) < 0)
			return -1;
		format_line(a, ev); /* other lines were made meanwhile */
	}
	batch_add(fresh, ev, kind, key, buf_view(&a->line));
	return 0;
}

/* Writes everything that waits, in its order, behind what others wrote. */
static int
write_again(struct appender *a, struct state *state, struct err *e)
{
	const struct batch *from[] = { a->waiting, a->filling };
	struct batch fresh;
	struct event ev;
	int rc;

	batch_init(&fresh, a->pool);
	rc = duplicates_refresh(a->known, e);
	if (rc == 0)
		rc = batch_start(&fresh, a->st, state->size, e);
	for (size_t i = 0; i < 2; i++)
		for (uint32_t row = 0; rc == 0 && from[i] != NULL && row < segment_builder_count(from[i]->builder); row++) {
			segment_builder_event(from[i]->builder, row, &ev);
			rc = add_again(a, &fresh, &ev, (enum leaf_kind)from[i]->kind[row], from[i]->key[row], state, e);
		}
	if (rc == 0)
		rc = write_events(a, &fresh, state, e);
	batch_fini(&fresh);
	return rc;
}

/* ---- transactions ---- */

/* What goes with the events of b: quarantined lines and where the input is. */
static int
write_rest(struct appender *a, struct batch *b, struct state *state, struct err *e)
{
	if (write_held(a, &b->held, state, e) < 0 || write_released(a, b, state, e) < 0)
		return -1;
	return b->position != NULL ? write_position(a, b->position, e) : 0;
}

static int
write_batches(struct appender *a, struct batch *b, bool last, bool *all, struct state *state, struct err *e)
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

/*
 * Commits batch b (waiting, or filling as the last); *state is then what the
 * file says, and *all whether both batches went.
 */
static int
commit_batch(struct appender *a, struct batch *b, bool last, bool *all, struct state *state, struct err *e)
{
	struct append_counts before = a->counts;
	int rc;

	if (db_begin_write(&a->st->db, e) < 0)
		return -1;
	rc = write_batches(a, b, last, all, state, e);
	if (rc < 0 || (rc = db_commit(&a->st->db, e)) < 0) {
		db_rollback(&a->st->db);
		duplicates_forget(a->known);
		a->counts = before;
	} else if (last)
		held_clear(&a->held);
	held_clear(&a->conflicts);
	a->stale = true;
	return rc;
}

/* Finds the place of the filling batch, if it has none yet. */
static int
make_ready(struct appender *a, struct err *e)
{
	struct state state;

	if (a->unready && (state_get(a->st, &state, e) < 0 || batch_place(a->filling, a->st, state.size, e) < 0))
		return -1;
	a->unready = false;
	return 0;
}

/* What is committed is committed: what comes behind it can fail without making
 * it undone, and is tried again before the next event. */
static void
start_filling(struct appender *a)
{
	struct err e = ERR_NONE;

	batch_clear(a->filling);
	a->unready = true;
	make_ready(a, &e);
}

/* Once for each cell that became full, and once after opening, should a crash
 * have come between.  A cell that cannot be merged stays as it is. */
static void
merge_full_cells(struct appender *a, const struct state *state)
{
	for (; a->merged_cells < state->size / TREE_CELL; a->merged_cells++) {
		struct err e = ERR_NONE;

		cell_merge(a->st, a->merged_cells, a->pool, &e);
	}
}

static int
commit_waiting(struct appender *a, struct err *e)
{
	struct state state;
	bool all;

	if (a->waiting == NULL)
		return 0;
	if (a->pool != NULL)
		pool_wait(a->pool, &a->waiting->job);
	if (commit_batch(a, a->waiting, false, &all, &state, e) < 0)
		return -1;
	a->waiting = NULL;
	if (all)
		start_filling(a);
	merge_full_cells(a, &state);
	return 0;
}

static int
commit_all(struct appender *a, struct err *e)
{
	struct state state;
	bool all;

	if (commit_waiting(a, e) < 0 || make_ready(a, e) < 0)
		return -1;
	if (segment_builder_count(a->filling->builder) == 0 && a->filling->position == NULL &&
	    a->filling->held.n + a->filling->releases + a->held.n == 0)
		return 0;
	if (commit_batch(a, a->filling, true, &all, &state, e) < 0)
		return -1;
	start_filling(a);
	merge_full_cells(a, &state);
	return 0;
}

int
append_commit(struct appender *a, struct err *e)
{
	return commit_all(a, e) < 0 ? store_blame(a->st, e) : 0;
}

/* The filling batch is full: encode it while the other one fills. */
static int
turn(struct appender *a, struct err *e)
{
	struct batch *full = a->filling, *other = full == &a->batch[0] ? &a->batch[1] : &a->batch[0];

	if (commit_waiting(a, e) < 0 || make_ready(a, e) < 0)
		return -1;
	if (segment_builder_count(full->builder) == 0) /* written behind another writer's already */
		return 0;
	if (batch_follow(other, a->st, full, e) < 0)
		return -1;
	a->waiting = full;
	a->filling = other;
	segment_builder_settle(full->builder); /* duplicates are still looked for in it */
	full->job = (struct job){ .run = encode, .arg = full };
	if (a->pool != NULL)
		pool_submit(a->pool, &full->job);
	else
		encode(full);
	return 0;
}

/* ---- the door ---- */

struct appender *
append_open(struct store *st, struct pool *pool, struct err *e)
{
	struct appender *a = mem_zero(1, sizeof(*a));
	struct state state;

	a->st = st;
	a->pool = pool;
	a->known = duplicates_new(st);
	a->stale = true;
	batch_init(&a->batch[0], pool);
	batch_init(&a->batch[1], pool);
	a->filling = &a->batch[0];
	if (state_get(st, &state, e) < 0 || batch_start(a->filling, st, state.size, e) < 0) {
		append_close(a);
		return NULL;
	}
	a->removals = state.removals;
	a->merged_cells = state.size >= TREE_CELL ? state.size / TREE_CELL - 1 : 0;
	return a;
}

void
append_close(struct appender *a)
{
	if (a == NULL)
		return;
	if (a->waiting != NULL && a->pool != NULL)
		pool_wait(a->pool, &a->waiting->job);
	duplicates_free(a->known);
	batch_fini(&a->batch[0]);
	batch_fini(&a->batch[1]);
	held_clear(&a->held);
	free(a->held.item);
	held_clear(&a->conflicts);
	free(a->conflicts.item);
	buf_fini(&a->line);
	free(a);
}

static int
known(struct appender *a, const struct event *ev, enum append_result *result, struct err *e)
{
	if (make_ready(a, e) < 0 || (a->stale && duplicates_refresh(a->known, e) < 0))
		return -1;
	a->stale = false;
	return find(a, a->filling, a->waiting, ev, event_key(a->st, ev), result, e);
}

int
append_known(struct appender *a, const struct event *ev, bool *there, struct err *e)
{
	enum append_result result;

	if (known(a, ev, &result, e) < 0)
		return store_blame(a->st, e);
	*there = result == APPEND_DUPLICATE;
	a->counts.duplicates += *there;
	return 0;
}

static int
add_event(struct appender *a, const struct event *ev, enum leaf_kind kind, enum append_result *result,
    struct err *e)
{
	uint64_t key = event_key(a->st, ev);

	if (make_ready(a, e) < 0)
		return -1;
	format_line(a, ev);
	if (batch_full(a->filling, a->line.len)) {
		if (turn(a, e) < 0)
			return -1;
		format_line(a, ev); /* other lines were made meanwhile */
	}
	if (a->stale && duplicates_refresh(a->known, e) < 0)
		return -1;
	a->stale = false;
	if (find(a, a->filling, a->waiting, ev, key, result, e) < 0)
		return -1;
	a->counts.duplicates += *result == APPEND_DUPLICATE;
	a->counts.conflicts += *result == APPEND_CONFLICT;
	if (*result != APPEND_STORED)
		return 0;
	batch_add(a->filling, ev, kind, key, buf_view(&a->line));
	return 0;
}

int
append_event(struct appender *a, const struct event *ev, enum leaf_kind kind, enum append_result *result,
    struct err *e)
{
	/* Without the last two its line would be another one when it is read again. */
	static const field_set needed = FIELD_BIT(FIELD_ID) | FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_INGESTED) |
	    FIELD_BIT(FIELD_ACTION) | FIELD_BIT(FIELD_SEVERITY) | FIELD_BIT(FIELD_OUTCOME);

	if (~ev->present & needed)
		return err_set(e, ERR_FAIL, "an event needs an id, times, an action, a severity and an outcome");
	return add_event(a, ev, kind, result, e) < 0 ? store_blame(a->st, e) : 0;
}

void
append_quarantine(struct appender *a, const struct quarantined *q)
{
	hold(&a->held, q);
}

void
append_release(struct appender *a, int64_t id)
{
	struct batch *b = a->filling;

	mem_grow(&b->released, &b->releases_cap, b->releases + 1, sizeof(b->released[0]));
	b->released[b->releases++] = id;
}

void
append_position(struct appender *a, const struct store_file *f)
{
	struct held_list *to = &a->filling->held;

	position_free(a->filling->position);
	a->filling->position = position_copy(f);
	mem_grow(&to->item, &to->cap, to->n + a->held.n, sizeof(*to->item));
	for (size_t i = 0; i < a->held.n; i++)
		to->item[to->n++] = a->held.item[i];
	a->held.n = 0;
}

void
append_counts(const struct appender *a, struct append_counts *c)
{
	*c = a->counts;
}
