/*
 * hold: holds are placed, lifted, listed and explained.
 *
 * Placing is one transaction: the runs of seqs that match become the row, and
 * the record gets their digest.  Lifting marks the rows and adds its record;
 * nothing of a hold is ever deleted.
 *
 * In: a filter, a matter.   Out: rows, records.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/holds.h"

/* ---- placing ---- */

static int
next_id(struct store *st, int64_t *id, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_HOLD_NEXT, e);

	if (s == NULL || db_step(&st->db, s, e) <= 0)
		return -1;
	*id = db_int(s, 0);
	sqlite3_reset(s);
	return *id > 0 ? 0 : err_set(e, ERR_INTEGRITY, "%s: the numbers of holds are damaged", st->db.path);
}

/* What is written can be read again, as the same filter. */
static int
check_record(const struct event *record, const struct filter *f, int64_t id, size_t *filter_len, struct err *e)
{
	struct hold_reader r = { .line = { 0 } };
	struct hold h = { .id = id };
	struct arena a = { 0 };
	struct buf text = { 0 };
	struct filter *again = NULL;
	int rc = -1;

	filter_format(&text, f);
	if (!hold_of_event(record, &r, &h, &a))
		err_set(e, ERR_FAIL, "the record of a hold does not say what is held");
	else if ((again = hold_filter(&h, e)) != NULL)
		rc = str_eq(buf_view(&text), h.filter) ? 0 : err_set(e, ERR_FAIL, "the record of a hold has another filter");
	*filter_len = h.filter.len;
	filter_free(again);
	buf_fini(&text);
	arena_fini(&a);
	hold_reader_fini(&r);
	return rc;
}

static int
check_room(struct store *st, size_t filter_len, struct err *e)
{
	struct holds active = { .n = 0 };
	int rc = holds_read(&active, st, e);

	if (rc == 0 && active.n >= HOLDS_ACTIVE_MAX)
		rc = err_set(e, ERR_REFUSED, "%d holds are active already, which is the most that can be", HOLDS_ACTIVE_MAX);
	if (rc == 0 && active.filters + filter_len > HOLDS_FILTERS_MAX)
		rc = err_set(e, ERR_REFUSED, "the filters of all active holds have at most %u bytes", HOLDS_FILTERS_MAX);
	holds_fini(&active);
	return rc;
}

static int
add_row(struct store *st, int64_t id, uint64_t record, struct str runs, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_HOLD_ADD, e);

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, id);
	db_bind_int(s, 2, (int64_t)record);
	db_bind_blob(s, 3, runs.p, runs.len);
	return db_run(&st->db, s, e);
}

static void
describe(struct hold_placing *p, const struct runs *runs)
{
	struct buf hex = { 0 };
	struct hash digest;

	runs_digest(buf_view(&runs->list), &digest);
	buf_hex(&hex, digest.b, sizeof(digest.b));
	memcpy(p->digest, hex.p, sizeof(p->digest) - 1);
	p->digest[sizeof(p->digest) - 1] = '\0';
	p->events = runs->count;
	buf_fini(&hex);
}

static int
place(struct store *st, struct hold_search *x, hold_place_fn *record, void *arg, struct hold_placing *p, struct err *e)
{
	struct state state;
	struct arena arena = { 0 };
	struct event ev = { 0 };
	size_t filter_len;
	int rc = -1;

	if (state_get(st, &state, e) < 0 || next_id(st, &p->id, e) < 0 || hold_search(x, st, e) < 0)
		return -1;
	describe(p, &x->runs);
	record(arg, p, &ev, &arena);
	if (check_record(&ev, x->filter, p->id, &filter_len, e) == 0 && check_room(st, filter_len, e) == 0 &&
	    add_row(st, p->id, state.size, buf_view(&x->runs.list), e) == 0 && record_add(st, &state, &ev, e) == 0 &&
	    state_put(st, &state, e) == 0)
		rc = db_commit(&st->db, e);
	arena_fini(&arena);
	return rc;
}

int
store_hold_place(struct store *st, const struct filter *f, hold_place_fn *record, void *arg,
    struct hold_placing *placed, struct err *e)
{
	struct hold_search x = { .filter = f };
	int rc;

	*placed = (struct hold_placing){ 0 };
	rc = hold_search_ahead(&x, st, e);
	if (rc == 0 && (rc = db_begin_write(&st->db, e)) == 0 && (rc = place(st, &x, record, arg, placed, e)) < 0)
		db_rollback(&st->db);
	hold_search_fini(&x);
	return rc < 0 ? store_blame(st, e) : 0;
}

/* ---- lifting ---- */

struct lifting {
	int64_t id[HOLDS_ACTIVE_MAX];
	size_t n;
};

static int
mark(struct store *st, int64_t id, uint64_t record, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_HOLD_LIFT, e);

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, id);
	db_bind_int(s, 2, (int64_t)record);
	return db_run(&st->db, s, e);
}

static int
find_matter(struct store *st, struct str matter, struct lifting *l, struct err *e)
{
	struct holds active = { .n = 0 };
	int rc = holds_read(&active, st, e);

	for (size_t i = 0; rc == 0 && i < active.n; i++)
		if (str_eq(active.item[i].matter, matter))
			l->id[l->n++] = active.item[i].id;
	holds_fini(&active);
	return rc;
}

static int
lift(struct store *st, const struct lifting *l, hold_lift_fn *record, void *arg, struct err *e)
{
	struct state state;
	struct arena arena = { 0 };
	struct event ev = { 0 };
	int rc = state_get(st, &state, e);

	for (size_t i = 0; rc == 0 && i < l->n; i++)
		rc = mark(st, l->id[i], state.size, e);
	if (rc == 0) {
		record(arg, l->id, l->n, &ev, &arena);
		rc = record_add(st, &state, &ev, e) < 0 || state_put(st, &state, e) < 0 ? -1 : db_commit(&st->db, e);
	}
	arena_fini(&arena);
	return rc;
}

int
store_hold_lift(struct store *st, struct str matter, hold_lift_fn *record, void *arg, size_t *lifted, struct err *e)
{
	struct lifting l = { .n = 0 };
	int rc;

	*lifted = 0;
	if ((rc = db_begin_write(&st->db, e)) == 0) {
		rc = find_matter(st, matter, &l, e);
		if (rc == 0 && l.n > 0)
			rc = lift(st, &l, record, arg, e);
		if (rc < 0 || l.n == 0)
			db_rollback(&st->db);
	}
	if (rc == 0)
		*lifted = l.n;
	return rc < 0 ? store_blame(st, e) : 0;
}

/* ---- listing ---- */

static int
read_page(struct store *st, int64_t after, struct hold hold[HOLD_PAGE], size_t *n, struct arena *a, struct err *e)
{
	struct hold_row row[HOLD_PAGE];
	struct hold_reader reader = { .line = { 0 } };
	int rc;

	*n = 0;
	if (db_begin_read(&st->db, e) < 0)
		return -1;
	rc = hold_rows(st, after, false, row, n, e);
	for (size_t i = 0; rc == 0 && i < *n; i++)
		rc = hold_read(st, &row[i], &reader, &hold[i], a, e);
	db_rollback(&st->db);
	hold_reader_fini(&reader);
	return rc;
}

int
store_hold_each(struct store *st, int (*each)(void *arg, const struct hold *h, struct err *e), void *arg,
    struct err *e)
{
	struct hold hold[HOLD_PAGE];
	struct arena arena = { 0 };
	int64_t after = 0;
	size_t n;
	int rc;

	do {
		arena_reset(&arena);
		if ((rc = read_page(st, after, hold, &n, &arena, e)) < 0)
			store_blame(st, e);
		for (size_t i = 0; rc == 0 && i < n; i++) {
			after = hold[i].id;
			rc = each(arg, &hold[i], e);
		}
	} while (rc == 0 && n == HOLD_PAGE);
	arena_fini(&arena);
	return rc;
}

/* ---- explaining ---- */

struct explaining {
	struct event event;
	struct buf line;
	struct json_tape tape;
	struct arena arena;    /* of the event */
	struct arena memory;   /* of the holds */
	struct hold *hold;
	size_t n, cap;
};

/* The event, and whether it is there. */
static int
find_event(struct explaining *x, struct store *st, uint64_t seq, enum seq_fate *fate, struct err *e)
{
	struct state state;
	enum leaf_kind kind;
	const char *detail;
	int rc;

	if (state_get(st, &state, e) < 0 || (rc = stored_line(st, seq, &x->line, &kind, e)) < 0)
		return -1;
	*fate = rc > 0 ? SEQ_THERE : seq < state.size ? SEQ_PRUNED : SEQ_NOT_YET;
	if (rc > 0 && event_parse(&x->event, x->line.p, x->line.len, &event_stored, &x->tape, &x->arena, &detail) !=
	    EVENT_OK)
		return err_set(e, ERR_INTEGRITY, "the event at seq %llu is damaged", (unsigned long long)seq);
	return 0;
}

/* The holds that match, with what they say of themselves. */
static int
find_holds(struct explaining *x, struct store *st, struct err *e)
{
	struct holds active = { .n = 0 };
	struct hold_reader reader = { .line = { 0 } };
	int rc = holds_read(&active, st, e);

	for (size_t i = 0; rc == 0 && i < active.n; i++) {
		struct hold_row row = { .id = active.item[i].id, .record = active.item[i].record };

		if (!hold_match_event(active.item[i].filter, &x->event, &active.scratch))
			continue;
		mem_grow(&x->hold, &x->cap, x->n + 1, sizeof(*x->hold));
		rc = hold_read(st, &row, &reader, &x->hold[x->n++], &x->memory, e);
	}
	hold_reader_fini(&reader);
	holds_fini(&active);
	return rc;
}

int
store_hold_explain(struct store *st, uint64_t seq, enum seq_fate *fate,
    int (*each)(void *arg, const struct hold *h, struct err *e), void *arg, struct err *e)
{
	struct explaining x = { .n = 0 };
	int rc;

	if ((rc = db_begin_read(&st->db, e)) == 0) {
		rc = find_event(&x, st, seq, fate, e);
		if (rc == 0 && *fate == SEQ_THERE)
			rc = find_holds(&x, st, e);
		db_rollback(&st->db);
	}
	if (rc < 0)
		store_blame(st, e);
	for (size_t i = 0; rc == 0 && i < x.n; i++)
		rc = each(arg, &x.hold[i], e);
	free(x.hold);
	buf_fini(&x.line);
	json_tape_fini(&x.tape);
	arena_fini(&x.arena);
	arena_fini(&x.memory);
	return rc;
}
