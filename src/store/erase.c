/*
 * erase: a person's values become one pseudonym.
 *
 * First, outside of any transaction, segments are looked through.  Then cells
 * that have the person are changed, a few in each transaction, which asks the
 * holds, appends the record and, the first of them, remembers the values: so
 * an erasure that a crash ends is known, and finished with the same pseudonym.
 * The last one changes the other tables, forgets the values, or keeps them
 * while holds defer a part, and sums up.
 *
 * What changed since it was looked through (merged, sealed, come in) is looked
 * through again inside the transaction, up to the end of the log.
 *
 * In: a person.   Out: a log without, records.
 */
#include <stdlib.h>

#include "store/erase_parts.h"
#include "store/schema.h"

#define PART_CELLS 4 /* changed in one transaction */

struct erasing {
	struct store *st;
	const struct subject *subject;
	const struct erase_deferred *what;
	struct pool *pool;
	erase_record_fn *record;
	void *arg;
	struct erase_found *done;
	struct erase_known *known; /* by segment */
	size_t n_known, known_cap;
	unsigned parts;
	int64_t row;               /* of `deferred`; 0: none */
	struct record_judge judge; /* of records to come */

	/* of the transaction at work */
	struct state state;
	struct holds holds;
	pthread_mutex_t lock; /* around them */
	struct erase_cell *cell[PART_CELLS];
	size_t cells;
	struct erase_found found;
	int64_t new_row;
};

/* ---- what waits ---- */

int
erase_deferred_next(struct store *st, struct erase_deferred *d, struct arena *a, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_DEFERRED_AFTER, e);
	int64_t after = d->id;
	struct str text[4];
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, after);
	if ((rc = db_step(&st->db, s, e)) <= 0)
		return rc;
	for (int i = 0; i < 4; i++) {
		struct str t = db_blob(s, 2 + i);

		text[i] = (struct str){ arena_copy(a, t.p, t.len), t.len };
	}
	*d = (struct erase_deferred){ .id = db_int(s, 0), .record = (uint64_t)db_int(s, 1), .pseudonym = text[0],
		.values = text[1], .reason = text[2], .by = text[3], .at = db_int(s, 6) };
	sqlite3_reset(s);
	if (d->id <= after)
		return db_disordered(&st->db, "erasures that wait", e);
	return 1;
}

int
store_erase_deferred_each(struct store *st, int (*each)(void *arg, const struct erase_deferred *d, struct err *e),
    void *arg, struct err *e)
{
	struct erase_deferred d = { .id = 0 };
	struct arena a = { 0 };
	int64_t version;
	int rc;

	if (schema_version(&st->db, &version, e) < 0)
		return -1;
	if (version < SCHEMA_HELD)
		return 0;
	while ((rc = erase_deferred_next(st, &d, &a, e)) > 0 && each(arg, &d, e) == 0)
		arena_reset(&a);
	arena_fini(&a);
	return rc > 0 ? -1 : rc;
}

/* Without the person, whose values are in the column of values alone. */
static struct str
without(const struct erasing *x, struct str text, struct buf *memory)
{
	return text.p != NULL && subject_replace(x->subject, text, memory) > 0 ? buf_view(memory)
	    : text.p != NULL                                                   ? text
	                                                                       : STR("");
}

/* record: the last one of this erasure so far. */
static int
remember(struct erasing *x, uint64_t record, struct err *e)
{
	struct buf reason = { 0 }, by = { 0 };
	int at = x->row > 0 ? 1 : 0, rc = -1;
	sqlite3_stmt *s = db_statement(&x->st->db, at > 0 ? ST_DEFERRED_PUT : ST_DEFERRED_ADD, e);

	if (s != NULL) {
		if (at > 0)
			db_bind_int(s, 1, x->row);
		db_bind_int(s, at + 1, (int64_t)record);
		db_bind_text(s, at + 2, subject_pseudonym(x->subject));
		db_bind_text(s, at + 3, x->what->values);
		db_bind_text(s, at + 4, without(x, x->what->reason, &reason));
		db_bind_text(s, at + 5, without(x, x->what->by, &by));
		db_bind_int(s, at + 6, x->what->at);
		rc = db_run(&x->st->db, s, e);
	}
	if (rc == 0)
		x->new_row = at > 0 ? x->row : sqlite3_last_insert_rowid(x->st->db.sqlite);
	buf_fini(&reason);
	buf_fini(&by);
	return rc;
}

static int
forget(struct erasing *x, struct err *e)
{
	sqlite3_stmt *s = db_statement(&x->st->db, ST_DEFERRED_DROP, e);

	x->new_row = 0;
	if (s == NULL)
		return -1;
	db_bind_int(s, 1, x->row);
	return db_run(&x->st->db, s, e);
}

/* ---- transactions ---- */

static int
begin(struct erasing *x, struct err *e)
{
	if (db_begin_write(&x->st->db, e) < 0)
		return -1;
	x->new_row = x->row;
	return state_get(x->st, &x->state, e) < 0 || holds_read(&x->holds, x->st, e) < 0 ? -1 : 0;
}

static void
clear(struct erasing *x)
{
	for (size_t i = 0; i < x->cells; i++) {
		erase_cell_fini(x->cell[i]);
		free(x->cell[i]);
	}
	x->cells = 0;
	holds_fini(&x->holds);
	erase_found_fini(&x->found);
}

/* What was done is done when it is committed. */
static int
finish(struct erasing *x, int rc, struct err *e)
{
	if (rc == 0)
		rc = state_put(x->st, &x->state, e);
	if (rc == 0 && (rc = db_commit(&x->st->db, e)) == 0) {
		holds_kept(&x->holds, &x->found.by, &x->found.by_n);
		erase_found_add(x->done, &x->found);
		x->row = x->new_row;
	} else
		db_rollback(&x->st->db);
	clear(x);
	return rc;
}

/* The record without the person; it must not say something else by that. */
static int
add_record(struct erasing *x, const struct erase_part *part, struct err *e)
{
	struct arena arena = { 0 };
	struct event ev = { 0 }, clean;
	int rc;

	x->record(x->arg, part, &ev, &arena);
	subject_event(x->subject, &ev, &clean, &arena, NULL);
	if (record_same(&x->judge, &ev, &clean))
		rc = record_add(x->st, &x->state, &clean, e);
	else
		rc = err_set(e, ERR_FAIL, "a value of the person is a word that records are made of: it cannot be erased");
	arena_fini(&arena);
	return rc;
}

/* ---- one part ---- */

static bool
is_known_clean(const struct erasing *x, int64_t segment)
{
	const struct erase_known *k = erase_known_find(x->known, x->n_known, segment);

	return k != NULL && k->rows.count == 0;
}

static int
take_cell(struct erasing *x, uint64_t no, struct err *e)
{
	struct erase_cell *c = mem_zero(1, sizeof(*c));
	int rc;

	*c = (struct erase_cell){ .st = x->st, .subject = x->subject, .holds = &x->holds, .lock = &x->lock,
		.known = x->known, .n_known = x->n_known, .job = { .run = erase_cell_run, .arg = c } };
	x->cell[x->cells++] = c;
	pthread_mutex_lock(&x->st->lock);
	rc = cell_copy_read(x->st, no, &c->copy, e);
	pthread_mutex_unlock(&x->st->lock);
	return rc;
}

/* The next cells from *no on in which something may have to change; *no moves
 * behind them, to UINT64_MAX when these were the last. */
static int
take_cells(struct erasing *x, uint64_t *no, struct err *e)
{
	uint64_t last = x->state.size > 0 ? (x->state.size - 1) / TREE_CELL : 0;
	struct segment_info *list;
	struct tail_size tail;
	size_t n, i = 0;
	int rc = 0;

	if (tail_size(x->st, &tail, e) < 0 || segment_list(x->st, *no * TREE_CELL, INT64_MAX, &list, &n, e) < 0)
		return -1;
	while (rc == 0 && x->cells < PART_CELLS && *no != UINT64_MAX) {
		while (i < n && is_known_clean(x, list[i].id))
			i++;
		*no = i < n ? list[i].first / TREE_CELL : tail.count > 0 && *no <= last ? last : UINT64_MAX;
		if (*no == UINT64_MAX)
			break;
		rc = take_cell(x, *no, e);
		while (i < n && list[i].first / TREE_CELL == *no)
			i++;
		++*no;
	}
	free(list);
	return rc;
}

static int
change_cells(struct erasing *x, struct err *e)
{
	for (size_t i = 1; i < x->cells && x->pool != NULL; i++)
		pool_submit(x->pool, &x->cell[i]->job);
	for (size_t i = 0; i < x->cells; i++) {
		if (i > 0 && x->pool != NULL)
			pool_wait(x->pool, &x->cell[i]->job);
		else
			erase_cell_run(x->cell[i]);
	}
	for (size_t i = 0; i < x->cells; i++)
		if (x->cell[i]->rc < 0) {
			*e = x->cell[i]->err;
			return err_doing(e, "cell %llu", (unsigned long long)x->cell[i]->copy.no);
		}
	return 0;
}

static void
hash_change(struct hasher *h, const struct changed_event *x)
{
	uint8_t seq[8];

	put_be64(seq, x->seq);
	hash_update(h, seq, sizeof(seq));
	hash_update(h, x->leaf.b, sizeof(x->leaf.b));
	hash_update(h, x->change.b, sizeof(x->change.b));
}

/* Rows, segments, lines, salts; gives the seqs and the digest of it all. */
static int
write_cells(struct erasing *x, struct runs *runs, struct hash *digest, struct err *e)
{
	struct hasher h;

	hash_init(&h);
	for (size_t i = 0; i < x->cells; i++) {
		struct erase_cell *c = x->cell[i];

		if (erase_cell_write(c, &x->state, x->state.size, e) < 0)
			return -1;
		for (size_t k = 0; k < c->changes; k++) {
			hash_change(&h, &c->change[k]);
			runs_add(runs, c->change[k].seq, 1);
		}
		erase_found_add(&x->found, &c->found);
	}
	runs_end(runs);
	hash_final(&h, digest);
	return 0;
}

static int
account(struct erasing *x, const struct runs *runs, const struct hash *digest, struct err *e)
{
	struct erase_other o = { .st = x->st, .subject = x->subject, .change = true, .hashes = x->found.events > 0,
		.found = &x->found };
	struct erase_part part = { .part = x->parts + 1, .events = runs->count, .first_seq = runs->first,
		.last_seq = runs->last, .found = &x->found };
	uint64_t record = x->state.size;
	struct buf hex = { 0 };

	buf_hex(&hex, digest->b, sizeof(digest->b));
	memcpy(part.digest, hex.p, sizeof(part.digest) - 1);
	buf_fini(&hex);
	if ((o.hashes && erase_files(&o, e) < 0) || removal_add(x->st, &x->state, buf_view(&runs->list), e) < 0 ||
	    add_record(x, &part, e) < 0 || (x->row == 0 && remember(x, record, e) < 0))
		return -1;
	x->parts++;
	return 0;
}

static int
change_part(struct erasing *x, uint64_t *no, struct err *e)
{
	struct runs runs = { 0 };
	struct hash digest;
	int rc = -1;

	if (take_cells(x, no, e) == 0 && change_cells(x, e) == 0 && write_cells(x, &runs, &digest, e) == 0)
		rc = runs.count > 0 ? account(x, &runs, &digest, e) : 0;
	runs_fini(&runs);
	return rc;
}

static int
change_all(struct erasing *x, int (*go_on)(struct err *e), struct err *e)
{
	uint64_t no = 0;

	while (no != UINT64_MAX) {
		if (go_on != NULL && go_on(e) < 0)
			return -1;
		if (finish(x, begin(x, e) < 0 ? -1 : change_part(x, &no, e), e) < 0)
			return -1;
	}
	return 0;
}

/* ---- the end ---- */

static int
close_part(struct erasing *x, bool cut, struct err *e)
{
	struct erase_other o = { .st = x->st, .subject = x->subject, .change = true, .hashes = x->done->events > 0,
		.waiting = x->row, .found = &x->found };
	struct erase_part part = { .events = x->done->events + x->done->records };
	struct erase_found all = { 0 };
	uint64_t record = x->state.size;
	int rc = cut ? 0 : erase_others(&o, e);

	erase_found_add(&all, x->done);
	erase_found_add(&all, &x->found);
	part.found = &all;
	if (rc == 0)
		rc = add_record(x, &part, e);
	erase_found_fini(&all);
	if (rc < 0)
		return -1;
	if (cut || x->done->held > 0)
		return remember(x, record, e);
	return x->row > 0 ? forget(x, e) : 0;
}

static int
close_erasing(struct erasing *x, bool cut, struct err *e)
{
	return finish(x, begin(x, e) < 0 ? -1 : close_part(x, cut, e), e);
}

/* ---- looking through ---- */

static int
note_rows(void *arg, struct stored *s, struct erase_hits *h, struct err *e)
{
	struct erasing *x = arg;
	struct erase_known *k;

	(void)e;
	mem_grow(&x->known, &x->known_cap, x->n_known + 1, sizeof(*x->known));
	k = &x->known[x->n_known++];
	*k = (struct erase_known){ .segment = s->info.id };
	for (uint32_t row = 0; row < s->info.meta.count && h->fields != 0; row++)
		if (bitmap_has(h->any, row))
			runs_add(&k->rows, row, 1);
	runs_end(&k->rows);
	return 0;
}

static int
by_segment(const void *a, const void *b)
{
	const struct erase_known *x = a, *y = b;

	return (x->segment > y->segment) - (x->segment < y->segment);
}

static int
look_through(struct erasing *x, int (*go_on)(struct err *e), struct err *e)
{
	struct erase_scan scan = { .st = x->st, .subject = x->subject, .pool = x->pool, .go_on = go_on,
		.segment = note_rows, .arg = x, .once = true }; /* those left out: in the transaction */
	struct segment_info *list;
	struct store_view v;
	size_t n;
	int rc;

	if (store_view(x->st, &v, &list, &n, e) < 0)
		return -1;
	rc = erase_scan(&scan, list, n, e);
	free(list);
	if (x->n_known > 0)
		qsort(x->known, x->n_known, sizeof(*x->known), by_segment);
	return rc;
}

int
store_erase(struct store *st, const struct subject *s, const struct erase_deferred *what, struct pool *pool,
    erase_record_fn *record, void *arg, int (*go_on)(struct err *e), struct erase_found *done, struct err *e)
{
	struct erasing x = { .st = st, .subject = s, .what = what, .pool = pool, .record = record, .arg = arg,
		.done = done, .row = what->id };
	struct err closing = ERR_NONE;
	int rc;

	pthread_mutex_init(&x.lock, NULL);
	rc = look_through(&x, go_on, e);
	if (rc == 0) {
		rc = change_all(&x, go_on, e);
		if (rc == 0)
			rc = close_erasing(&x, false, e);
		else if (x.parts > 0)
			close_erasing(&x, true, &closing); /* the first error is told */
	}
	for (size_t i = 0; i < x.n_known; i++)
		runs_fini(&x.known[i].rows);
	free(x.known);
	record_judge_fini(&x.judge);
	pthread_mutex_destroy(&x.lock);
	return rc < 0 ? store_blame(st, e) : 0;
}
