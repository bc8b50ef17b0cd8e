/*
 * prune: events older than a cut-off go, and stay verifiable.
 *
 * What remains of a removed event is a hash: that of the largest complete
 * subtrees which cover what went.  Its line and its salt are gone, and the
 * bytes are overwritten (secure_delete).  Each transaction takes a few segments
 * and appends the record that says so.  The toolkit's own records stay: they
 * authorise what went.
 *
 * In: a cut-off.   Out: fewer segments, records.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "proof/salt.h"
#include "store/internal.h"

#define PART_EVENTS (4 * TREE_CELL) /* a transaction ends when it removed or rewrote so many */

struct pruning {
	struct store *st;
	struct state state;
	int64_t cutoff;
	struct prune_plan *done;
	/* of the transaction at work */
	uint64_t removed, rewritten; /* events */
	uint64_t run_first, run_count; /* maximal run not yet digested */
	struct hasher digest;
	struct prune_part part;
};

static void
plan_add(struct prune_plan *p, int64_t oldest, int64_t newest, uint64_t events, uint64_t bytes)
{
	if (p->oldest == TIME_NONE || oldest < p->oldest)
		p->oldest = oldest;
	if (p->newest == TIME_NONE || newest > p->newest)
		p->newest = newest;
	p->events += events;
	p->bytes += bytes;
}

/* ---- what of a segment goes ---- */

struct doomed {
	uint8_t *row; /* 1: goes */
	uint32_t count;
	int64_t oldest, newest;
};

static int
doom(const struct stored *s, int64_t cutoff, struct doomed *d, struct err *e)
{
	const struct column *time = segment_column(s->columns, FIELD_TIME, e);
	uint32_t n = s->info.meta.count;

	*d = (struct doomed){ .row = mem_zero(n, 1), .oldest = TIME_NONE, .newest = TIME_NONE };
	if (time == NULL)
		return -1;
	if (time->kind != COLUMN_TIME)
		return err_set(e, ERR_INTEGRITY, "segment %lld has no times", (long long)s->info.id);
	for (uint32_t i = 0; i < n; i++) {
		if (time->time[i] >= cutoff || store_row_kind(s, i) == LEAF_RECORD)
			continue;
		d->row[i] = 1;
		if (d->count++ == 0 || time->time[i] < d->oldest)
			d->oldest = time->time[i];
		if (d->newest == TIME_NONE || time->time[i] > d->newest)
			d->newest = time->time[i];
	}
	return 0;
}

static uint64_t
share_of_bytes(const struct segment_meta *m, uint32_t count)
{
	return count == m->count ? m->bytes : m->bytes * count / m->count;
}

/* ---- the plan ---- */

static int
plan_segment(struct store *st, const struct segment_info *info, int64_t cutoff, struct prune_plan *p, struct err *e)
{
	bool moved = false;
	struct stored *s = store_segment(st, info, &moved, e);
	struct doomed d = { 0 };
	int rc = s != NULL ? doom(s, cutoff, &d, e) : -1;

	if (rc == 0 && d.count > 0) {
		plan_add(p, d.oldest, d.newest, d.count, share_of_bytes(&info->meta, d.count));
		if (d.count == info->meta.count)
			p->segments_whole++;
		else
			p->segments_mixed++;
	}
	free(d.row);
	store_segment_free(s);
	return rc;
}

struct tail_plan {
	struct prune_plan *plan;
	struct json_tape tape;
	struct arena arena;
};

/* The toolkit's own records are told by their reserved source, which nothing
 * from outside can have. */
static int
plan_line(void *arg, uint64_t seq, struct str line, struct err *e)
{
	struct tail_plan *t = arg;
	struct event ev;
	const char *detail;

	arena_reset(&t->arena);
	if (event_parse(&ev, line.p, line.len, &event_stored, &t->tape, &t->arena, &detail) != EVENT_OK)
		return err_set(e, ERR_INTEGRITY, "the tail's line at seq %llu is damaged", (unsigned long long)seq);
	if (ev.time < t->plan->cutoff &&
	    !(event_has(&ev, FIELD_SOURCE) && str_eq(ev.v[FIELD_SOURCE], STR(EVENT_RESERVED_SOURCE)))) {
		plan_add(t->plan, ev.time, ev.time, 1, line.len);
		t->plan->tail++;
	}
	return 0;
}

static int
plan_tail(struct store *st, struct prune_plan *p, struct err *e)
{
	struct tail_plan t = { .plan = p };
	struct tail_size size;
	bool moved;
	int rc = tail_size(st, &size, e);

	if (rc == 0 && size.count > 0)
		rc = store_tail(st, 0, INT64_MAX, size.count, &moved, plan_line, &t, e);
	json_tape_fini(&t.tape);
	arena_fini(&t.arena);
	return rc;
}

static int
plan_all(struct store *st, struct prune_plan *p, struct err *e)
{
	struct segment_info *list;
	size_t n;
	int rc = segment_list(st, 0, INT64_MAX, &list, &n, e);

	for (size_t i = 0; rc == 0 && i < n; i++)
		if (list[i].meta.min_time < p->cutoff)
			rc = plan_segment(st, &list[i], p->cutoff, p, e);
	free(list);
	return rc < 0 ? -1 : plan_tail(st, p, e);
}

int
store_prune_plan(struct store *st, int64_t cutoff, struct prune_plan *p, struct err *e)
{
	int rc;

	*p = (struct prune_plan){ .cutoff = cutoff, .oldest = TIME_NONE, .newest = TIME_NONE };
	/* One transaction, so that the plan is of one state. It reads only time columns. */
	if (db_begin_read(&st->db, e) < 0)
		return -1;
	rc = plan_all(st, p, e);
	db_rollback(&st->db);
	return rc < 0 ? store_blame(st, e) : 0;
}

/* ---- removing ---- */

static void
digest_run(struct pruning *p)
{
	uint8_t b[16];

	if (p->run_count == 0)
		return;
	put_be64(b, p->run_first);
	put_be64(b + 8, p->run_count);
	hash_update(&p->digest, b, sizeof(b));
	p->run_count = 0;
}

/* Seqs in ascending order. */
static void
note_removed(struct pruning *p, uint64_t seq)
{
	if (p->run_count > 0 && p->run_first + p->run_count != seq)
		digest_run(p);
	if (p->run_count == 0)
		p->run_first = seq;
	p->run_count++;
	if (p->removed++ == 0)
		p->part.first_seq = seq;
	p->part.last_seq = seq;
}

struct cover {
	struct pruning *p;
	const struct hash *leaf;
	uint64_t first;
	struct err *e;
	int rc;
};

static void
keep_subtree(void *arg, struct subtree t)
{
	struct cover *c = arg;
	uint64_t start = t.index << t.height;
	struct hash root;
	sqlite3_stmt *s;

	if (c->rc < 0)
		return;
	tree_root(&root, c->leaf + (start - c->first), UINT64_C(1) << t.height);
	if ((s = db_statement(&c->p->st->db, ST_REMOVED_ADD, c->e)) == NULL) {
		c->rc = -1;
		return;
	}
	db_bind_int(s, 1, (int64_t)start);
	db_bind_int(s, 2, t.height);
	db_bind_blob(s, 3, &root, sizeof(root));
	c->rc = db_run(&c->p->st->db, s, c->e);
}

/* One pass over a segment's rows: those that go leave their hashes, those that
 * stay go into a new segment. */
struct parting {
	struct pruning *p;
	const struct doomed *doomed;
	uint32_t row;
	struct salt_walk walk;
	uint64_t forget[TREE_CELL / 64];
	struct hash *leaf; /* of the run at work */
	uint64_t run_first;
	uint32_t run;
	struct sealer sealer;
};

static int
end_run(struct parting *t, struct err *e)
{
	struct cover c = { t->p, t->leaf, t->run_first, e, 0 };

	if (t->run > 0)
		tree_cover(t->run_first, t->run, keep_subtree, &c);
	t->run = 0;
	return c.rc;
}

static int
part_row(void *arg, const struct event *ev, struct str line, uint64_t seq, enum leaf_kind kind, struct err *e)
{
	struct parting *t = arg;
	uint32_t offset = (uint32_t)(seq % TREE_CELL);
	uint8_t salt[SALT_LEN];

	if (!t->doomed->row[t->row++])
		return end_run(t, e) < 0 ? -1 : sealer_add(&t->sealer, ev, line.len, seq, kind, e);
	if (t->run > 0 && t->run_first + t->run != seq && end_run(t, e) < 0)
		return -1;
	if (!salt_get(&t->walk, offset, salt))
		return err_set(e, ERR_INTEGRITY, "the salt of seq %llu is gone", (unsigned long long)seq);
	if (t->run == 0)
		t->run_first = seq;
	tree_leaf(&t->leaf[t->run++], salt, kind, line);
	t->forget[offset / 64] |= UINT64_C(1) << (offset % 64);
	note_removed(t->p, seq);
	return 0;
}

static int
put_salts(struct store *st, uint64_t cell, struct str salts, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_CELL_SALTS, e);

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)cell);
	db_bind_blob(s, 2, salts.p, salts.len);
	return db_run(&st->db, s, e);
}

/* A segment that is a whole, full cell: its root and nodes are kept already. */
static int
remove_cell(struct pruning *p, const struct segment_info *info, struct err *e)
{
	for (uint64_t seq = info->first; seq <= info->last; seq++)
		note_removed(p, seq);
	if (put_salts(p->st, info->first / TREE_CELL, STR(""), e) < 0)
		return -1;
	return segment_drop(p->st, info->id, e);
}

static int
remove_rows(struct pruning *p, struct stored *s, const struct doomed *d, struct err *e)
{
	struct parting t = { .p = p, .doomed = d };
	struct buf salts = { 0 }, left = { 0 };
	uint64_t cell = s->info.first / TREE_CELL;
	int rc = cell_salts(p->st, cell, &salts, e);

	if (rc <= 0)
		return rc < 0 ? -1 : err_set(e, ERR_INTEGRITY, "the salts of cell %llu are gone", (unsigned long long)cell);
	sealer_init(&t.sealer, p->st, &p->state, NULL);
	t.leaf = mem_alloc(TREE_CELL * sizeof(*t.leaf));
	salt_walk_start(&t.walk, buf_view(&salts));
	rc = stored_each(s, (struct row_sink){ part_row, &t }, e);
	if (rc == 0)
		rc = end_run(&t, e);
	if (rc == 0) {
		salt_forget(&left, buf_view(&salts), t.forget);
		rc = put_salts(p->st, cell, buf_view(&left), e);
	}
	if (rc == 0)
		rc = segment_drop(p->st, s->info.id, e);
	if (rc == 0)
		rc = sealer_flush(&t.sealer, e);
	sealer_fini(&t.sealer);
	free(t.leaf);
	buf_fini(&salts);
	buf_fini(&left);
	return rc;
}

static int
prune_segment(struct pruning *p, const struct segment_info *info, struct err *e)
{
	bool moved = false;
	struct stored *s = store_segment(p->st, info, &moved, e);
	struct doomed d = { 0 };
	int rc = s != NULL ? doom(s, p->cutoff, &d, e) : -1;

	if (rc == 0 && d.count > 0) {
		bool whole = d.count == info->meta.count;

		plan_add(p->done, d.oldest, d.newest, d.count, share_of_bytes(&info->meta, d.count));
		p->done->segments_whole += whole;
		p->done->segments_mixed += !whole;
		if (p->state.pruned_min_time == TIME_NONE || d.oldest < p->state.pruned_min_time)
			p->state.pruned_min_time = d.oldest;
		if (p->state.pruned_max_time == TIME_NONE || d.newest > p->state.pruned_max_time)
			p->state.pruned_max_time = d.newest;
		p->rewritten += whole ? 0 : info->meta.count - d.count;
		rc = d.count == TREE_CELL ? remove_cell(p, info, e) : remove_rows(p, s, &d, e);
	}
	free(d.row);
	store_segment_free(s);
	return rc;
}

static int
add_record(struct pruning *p, prune_record_fn *record, void *arg, struct err *e)
{
	struct arena arena = { 0 };
	struct event ev = { 0 };
	int rc;

	record(arg, &p->part, &ev, &arena);
	rc = record_add(p->st, &p->state, &ev, e);
	arena_fini(&arena);
	return rc;
}

/* The segments from seq *from on that fit one transaction; *from moves behind
 * them, to UINT64_MAX when these were the last. */
static int
prune_part(struct pruning *p, uint64_t *from, prune_record_fn *record, void *arg, struct err *e)
{
	struct segment_info *list = NULL;
	struct buf hex = { 0 };
	struct hash digest;
	size_t n, i;
	int rc;

	if (state_get(p->st, &p->state, e) < 0 || segment_list(p->st, *from, INT64_MAX, &list, &n, e) < 0)
		return -1;
	p->removed = p->rewritten = 0;
	p->part.events = 0;
	hash_init(&p->digest);
	for (i = 0, rc = 0; i < n && rc == 0 && p->removed + p->rewritten < PART_EVENTS; i++)
		if (list[i].meta.min_time < p->cutoff)
			rc = prune_segment(p, &list[i], e);
	*from = i < n ? list[i].first : UINT64_MAX;
	free(list);
	if (rc < 0 || p->removed == 0)
		return rc;
	digest_run(p);
	hash_final(&p->digest, &digest);
	buf_hex(&hex, digest.b, sizeof(digest.b));
	memcpy(p->part.digest, hex.p, 64);
	buf_fini(&hex);
	p->part.part++;
	p->part.events = p->removed;
	p->state.removals++;
	p->state.pruned_events += p->removed;
	return add_record(p, record, arg, e) < 0 ? -1 : state_put(p->st, &p->state, e);
}

/* The closing record sums up what all parts removed. */
static int
close_pruning(struct pruning *p, prune_record_fn *record, void *arg, struct err *e)
{
	p->part = (struct prune_part){ .part = 0, .events = p->done->events };
	if (db_begin_write(&p->st->db, e) < 0)
		return -1;
	if (state_get(p->st, &p->state, e) == 0 && add_record(p, record, arg, e) == 0 &&
	    state_put(p->st, &p->state, e) == 0 && db_commit(&p->st->db, e) == 0)
		return 0;
	db_rollback(&p->st->db);
	return -1;
}

/* Old events that are still lines become a segment first. */
static int
seal_old_tail(struct pruning *p, struct err *e)
{
	struct prune_plan tail = { .cutoff = p->cutoff, .oldest = TIME_NONE, .newest = TIME_NONE };

	if (plan_tail(p->st, &tail, e) < 0)
		return -1;
	if (tail.tail == 0)
		return 0;
	if (state_get(p->st, &p->state, e) < 0 || tail_seal(p->st, &p->state, NULL, e) < 0)
		return -1;
	return state_put(p->st, &p->state, e);
}

/* One transaction; *done is as before when it fails. */
static int
prune_once(struct pruning *p, uint64_t *from, prune_record_fn *record, void *arg, struct err *e)
{
	struct prune_plan before = *p->done;
	bool first = *from == 0;

	if (db_begin_write(&p->st->db, e) < 0)
		return -1;
	if ((!first || seal_old_tail(p, e) == 0) && prune_part(p, from, record, arg, e) == 0 &&
	    db_commit(&p->st->db, e) == 0)
		return 0;
	db_rollback(&p->st->db);
	*p->done = before;
	return -1;
}

int
store_prune(struct store *st, int64_t cutoff, prune_record_fn *record, void *arg, int (*go_on)(struct err *e),
    struct prune_plan *done, struct err *e)
{
	struct pruning p = { .st = st, .cutoff = cutoff, .done = done };
	uint64_t from = 0;
	int rc = 0;

	*done = (struct prune_plan){ .cutoff = cutoff, .oldest = TIME_NONE, .newest = TIME_NONE };
	while (from != UINT64_MAX && rc == 0) {
		rc = prune_once(&p, &from, record, arg, e);
		if (rc == 0 && from != UINT64_MAX && go_on != NULL)
			rc = go_on(e);
	}
	/* Also of what was cut short. */
	if (done->events > 0) {
		struct err closing = ERR_NONE;

		if (close_pruning(&p, record, arg, &closing) < 0 && rc == 0) {
			*e = closing;
			rc = -1;
		}
	}
	return rc < 0 ? store_blame(st, e) : 0;
}
