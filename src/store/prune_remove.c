/*
 * prune_remove: what stays of the events of a segment that go.
 *
 * Their lines and salts are forgotten.  What covers them is kept: the hashes of
 * the largest complete subtrees, cut at the sizes of stored checkpoints, so
 * that the root of each can still be made.  A whole cell keeps its nodes:
 *
 *	cell	|.......|.......|.......|.......|	nodes of height 8
 *	sizes	        ^           ^
 *	kept	  node    node   cut at it  node
 *
 * Of a full cell only those nodes are made again that do not go whole, or are
 * cut; what they are made of must give the kept node, else nothing goes: a
 * changed event would be covered by a new hash.  Of an open cell each leaf is
 * kept, and must be the one that is made again.
 *
 * In: a segment, which rows go.   Out: rows of the removed table, salts, a
 * smaller segment.
 */
#include "store/prune_hashes.h"

/* ---- some rows of a segment ---- */

struct parting {
	struct store *st;
	struct stored *s;
	const struct doomed *doomed;
	struct cell_hashes *cell;
	bool again[TREE_CELL_NODES];    /* leaves of the node are made again: all, or in an open cell those that go */
	uint64_t forget[TREE_CELL / 64]; /* offsets that go */
	struct runs runs;               /* the same */
	struct sealer sealer;
};

/* Which rows go, as seqs, and of which nodes the leaves are needed. */
static void
look_at_rows(struct parting *t, struct runs *removed)
{
	const uint64_t *size;
	size_t n = prune_hashes_sizes(t->cell, &size);
	uint16_t gone[TREE_CELL_NODES] = { 0 };
	bool cut[TREE_CELL_NODES] = { false };

	for (uint32_t row = 0; row < t->s->info.meta.count; row++) {
		uint64_t seq = store_row_seq(t->s, row);

		if (!bitmap_has(t->doomed->bits, row))
			continue;
		runs_add(removed, seq, 1);
		runs_add(&t->runs, seq, 1);
		bitmap_add(t->forget, (uint32_t)(seq % TREE_CELL));
		gone[seq % TREE_CELL / NODE_LEAVES]++;
	}
	runs_end(&t->runs);
	for (size_t i = 0; i < n; i++)
		if (size[i] % NODE_LEAVES != 0)
			cut[size[i] % TREE_CELL / NODE_LEAVES] = true;
	for (unsigned i = 0; i < TREE_CELL_NODES; i++)
		t->again[i] = gone[i] > 0 && (!t->cell->full || gone[i] < NODE_LEAVES || cut[i]);
}

static bool
leaf_wanted(const struct parting *t, uint32_t row, uint64_t seq)
{
	return t->again[seq % TREE_CELL / NODE_LEAVES] && (t->cell->full || bitmap_has(t->doomed->bits, row));
}

static void
expect_rows(const struct parting *t)
{
	uint32_t n = 0;

	for (uint32_t row = 0; row < t->s->info.meta.count; row++)
		n += !bitmap_has(t->doomed->bits, row) || leaf_wanted(t, row, store_row_seq(t->s, row));
	segment_expect(t->s->columns, n);
}

/* Rows that stay go into a new segment; of those that go, most are not even
 * decoded. */
static int
pass_rows(struct parting *t, struct err *e)
{
	struct buf line = { 0 };
	struct event ev;
	int rc = 0;

	expect_rows(t);
	for (uint32_t row = 0; rc == 0 && row < t->s->info.meta.count; row++) {
		uint64_t seq = store_row_seq(t->s, row);
		enum leaf_kind kind = store_row_kind(t->s, row);
		bool stays = !bitmap_has(t->doomed->bits, row), wanted = leaf_wanted(t, row, seq);

		if (!stays && !wanted)
			continue;
		if ((rc = segment_event(t->s->columns, row, FIELD_ALL, &ev, e)) < 0)
			break;
		buf_reset(&line);
		event_format(&line, &ev);
		if (wanted)
			rc = prune_hashes_leaf(t->cell, seq, kind, buf_view(&line), e);
		if (rc == 0 && stays)
			rc = sealer_add(&t->sealer, &ev, line.len, seq, kind, e);
	}
	buf_fini(&line);
	return rc;
}

static int
cover_rows(struct parting *t, struct err *e)
{
	struct runs_reader r;
	int rc = 0;

	for (unsigned i = 0; rc == 0 && t->cell->full && i < TREE_CELL_NODES; i++)
		if (t->again[i])
			rc = prune_hashes_check(t->cell, &t->s->info, i, e);
	runs_read(&r, buf_view(&t->runs.list));
	while (rc == 0 && runs_next(&r) > 0)
		rc = prune_hashes_keep(t->cell, r.first, r.end - r.first, e);
	return rc;
}

static int
part(struct parting *t, uint64_t size, struct runs *removed, struct err *e)
{
	const struct segment_info *info = &t->s->info;
	struct buf left = { 0 };
	int rc;

	if (prune_hashes_start(t->cell, t->st, info, size, e) < 0)
		return -1;
	look_at_rows(t, removed);
	if (pass_rows(t, e) < 0 || cover_rows(t, e) < 0)
		return -1;
	salt_forget(&left, buf_view(&t->cell->salts), t->forget);
	rc = cell_salts_put(t->st, info->first / TREE_CELL, buf_view(&left), e);
	buf_fini(&left);
	if (rc < 0 || segment_drop(t->st, info->id, e) < 0)
		return -1;
	return sealer_flush(&t->sealer, e);
}

int
prune_rows(struct store *st, struct state *state, struct runs *removed, struct stored *s, const struct doomed *d,
    struct pool *pool, struct err *e)
{
	struct parting t = { .st = st, .s = s, .doomed = d, .cell = prune_hashes_new() };
	int rc;

	sealer_init(&t.sealer, st, state, pool);
	rc = part(&t, state->size, removed, e);
	sealer_fini(&t.sealer);
	prune_hashes_free(t.cell);
	runs_fini(&t.runs);
	return rc;
}

/* ---- a whole cell ---- */

/* A node that has a checkpoint's size within is cut there; one that has it at
 * its edge is not reached over by any node. */
static int
cut_nodes(struct store *st, struct stored *s, struct err *e)
{
	struct cell_hashes *c = prune_hashes_new();
	int rc = prune_hashes_start(c, st, &s->info, s->info.last + 1, e);
	const uint64_t *size;
	size_t n = rc == 0 ? prune_hashes_sizes(c, &size) : 0;
	unsigned done = TREE_CELL_NODES;

	for (size_t i = 0; i < n && rc == 0; i++) {
		unsigned node = (unsigned)(size[i] % TREE_CELL) / NODE_LEAVES;
		uint64_t first = c->start + node * NODE_LEAVES;

		if (size[i] % NODE_LEAVES == 0 || node == done)
			continue;
		done = node;
		rc = prune_hashes_rows(c, &s->info, first, first + NODE_LEAVES, e);
		if (rc == 0)
			rc = prune_hashes_check(c, &s->info, node, e);
		if (rc == 0)
			rc = prune_hashes_keep(c, first, NODE_LEAVES, e);
	}
	prune_hashes_free(c);
	return rc;
}

/* Its root and nodes are kept already, so that nothing is decoded. */
int
prune_cell(struct store *st, struct runs *removed, struct stored *s, struct err *e)
{
	uint64_t first = s->info.first;
	struct buf sizes = { 0 };
	int rc = checkpoint_sizes(st, first, first + TREE_CELL, &sizes, e);

	if (rc == 0 && sizes.len > 0)
		rc = cut_nodes(st, s, e);
	buf_fini(&sizes);
	if (rc < 0)
		return -1;
	runs_add(removed, first, TREE_CELL);
	if (cell_salts_put(st, first / TREE_CELL, STR(""), e) < 0)
		return -1;
	return segment_drop(st, s->info.id, e);
}
