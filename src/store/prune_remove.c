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
#include <stdlib.h>

#include "base/mem.h"
#include "proof/path.h"
#include "proof/salt.h"
#include "store/prune_parts.h"

enum { NODE_LEAVES = 1 << TREE_NODE_HEIGHT };

/* ---- the cell's hashes ---- */

struct kept_leaf { /* of an erased event, whose salt is gone */
	uint64_t seq;
	struct hash leaf;
};

/* What is known of the leaves of the cell that the segment is in. */
struct cell_hashes {
	struct store *st;
	uint64_t start;             /* seq */
	bool full;
	struct hash *node;          /* of a full cell, as kept */
	struct hash *kept;          /* of the open cell: its leaves, as kept */
	struct hash *leaf;          /* made again, where known */
	uint64_t known[TREE_CELL / 64];
	struct buf salts;
	struct salt_walk walk;
	struct kept_leaf *erased;   /* by seq */
	size_t n, cap;
	struct buf sizes;           /* of checkpoints within the segment, as uint64_t */
};

static int
read_erased(struct cell_hashes *c, struct err *e)
{
	sqlite3_stmt *s = db_statement(&c->st->db, ST_ERASED_LEAVES, e);
	struct kept_leaf k;
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)c->start);
	db_bind_int(s, 2, (int64_t)(c->start + TREE_CELL - 1));
	while ((rc = db_step(&c->st->db, s, e)) > 0) {
		const struct kept_leaf *last = c->n > 0 ? &c->erased[c->n - 1] : NULL;

		k.seq = (uint64_t)db_int(s, 0);
		if (!db_blob_fixed(s, 1, &k.leaf, sizeof(k.leaf)) ||
		    (last != NULL && last->seq == k.seq && memcmp(&last->leaf, &k.leaf, sizeof(k.leaf)) != 0)) {
			sqlite3_reset(s);
			return err_set(e, ERR_INTEGRITY, "the original leaf hash of the erased event at seq %llu is damaged",
			    (unsigned long long)k.seq);
		}
		/* Erased again: the original is the same. */
		if (last != NULL && last->seq == k.seq)
			continue;
		mem_grow(&c->erased, &c->cap, c->n + 1, sizeof(*c->erased));
		c->erased[c->n++] = k;
	}
	return rc;
}

/* Of the state of the log in this transaction. */
static int
hashes_start(struct cell_hashes *c, struct store *st, const struct segment_info *info, uint64_t size, struct err *e)
{
	uint64_t cell = info->first / TREE_CELL;
	int rc;

	c->st = st;
	c->start = cell * TREE_CELL;
	c->full = size >= c->start + TREE_CELL;
	c->leaf = mem_alloc(TREE_CELL * sizeof(*c->leaf));
	if (c->full) {
		c->node = mem_alloc(TREE_CELL_NODES * sizeof(*c->node));
		rc = cell_nodes(st, cell, c->node, e);
	} else {
		c->kept = mem_alloc(TREE_CELL * sizeof(*c->kept));
		rc = leaf_gather(st, cell, c->kept, (uint32_t)(size - c->start), e);
	}
	if (rc < 0 || checkpoint_sizes(st, info->first, info->last + 1, &c->sizes, e) < 0 || read_erased(c, e) < 0 ||
	    (rc = cell_salts(st, cell, &c->salts, e)) < 0)
		return -1;
	if (rc == 0)
		return err_set(e, ERR_INTEGRITY, "the salts of cell %llu are gone", (unsigned long long)cell);
	salt_walk_start(&c->walk, buf_view(&c->salts));
	return 0;
}

static struct cell_hashes *
hashes_new(void)
{
	return mem_zero(1, sizeof(struct cell_hashes));
}

static void
hashes_free(struct cell_hashes *c)
{
	free(c->node);
	free(c->kept);
	free(c->leaf);
	free(c->erased);
	buf_fini(&c->salts);
	buf_fini(&c->sizes);
	free(c);
}

static const struct kept_leaf *
find_erased(const struct cell_hashes *c, uint64_t seq)
{
	size_t low = 0, high = c->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c->erased[middle].seq == seq)
			return &c->erased[middle];
		if (c->erased[middle].seq < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static int
not_logged(uint64_t seq, struct err *e)
{
	return err_set(e, ERR_INTEGRITY, "what is stored from seq %llu on is not what was logged: nothing of it is removed"
	    " (audit-verify tells more)", (unsigned long long)seq);
}

/* The leaf of a row again. */
static int
make_leaf(struct cell_hashes *c, uint64_t seq, enum leaf_kind kind, struct str line, struct err *e)
{
	uint32_t at = (uint32_t)(seq % TREE_CELL);
	const struct kept_leaf *erased = find_erased(c, seq);
	uint8_t salt[SALT_LEN];

	if (erased != NULL)
		c->leaf[at] = erased->leaf;
	else if (salt_get(&c->walk, at, salt))
		tree_leaf(&c->leaf[at], salt, kind, line);
	else
		return err_set(e, ERR_INTEGRITY, "the salt of seq %llu is gone", (unsigned long long)seq);
	bitmap_add(c->known, at);
	return c->full || memcmp(&c->leaf[at], &c->kept[at], sizeof(c->leaf[at])) == 0 ? 0 : not_logged(seq, e);
}

/* ---- a node of it ---- */

/* Rows of another segment of the cell. */
static int
make_leaves(struct cell_hashes *c, const struct segment_info *info, uint64_t first, uint64_t end, struct err *e)
{
	bool moved = false;
	struct stored *s = store_segment(c->st, info, &moved, e);
	struct buf line = { 0 };
	struct event ev;
	int rc = s != NULL ? 0 : -1;

	if (s != NULL)
		segment_expect(s->columns, NODE_LEAVES);
	for (uint32_t row = 0; rc == 0 && row < info->meta.count; row++) {
		uint64_t seq = store_row_seq(s, row);

		if (seq < first || seq >= end)
			continue;
		if ((rc = segment_event(s->columns, row, FIELD_ALL, &ev, e)) < 0)
			break;
		buf_reset(&line);
		event_format(&line, &ev);
		rc = make_leaf(c, seq, store_row_kind(s, row), buf_view(&line), e);
	}
	buf_fini(&line);
	store_segment_free(s);
	return rc;
}

/* The hash that an earlier removal kept of exactly this subtree: 1, 0, -1. */
static int
find_removed(struct store *st, uint64_t first, unsigned height, struct hash *out, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_COPY_REMOVED, e);
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)first);
	db_bind_int(s, 2, (int64_t)first + 1);
	rc = db_step(&st->db, s, e);
	if (rc > 0 && (db_int(s, 1) != (int64_t)height || !db_blob_fixed(s, 2, out, sizeof(*out))))
		rc = 0;
	sqlite3_reset(s);
	return rc;
}

/* A path_source below one node. */
static int
node_subtree(void *arg, struct subtree t, struct hash *out, struct err *e)
{
	struct cell_hashes *c = arg;
	uint64_t first = t.index << t.height;
	uint32_t at = (uint32_t)(first - c->start), n = 1u << t.height, i = 0;
	int rc;

	while (i < n && bitmap_has(c->known, at + i))
		i++;
	if (i == n) {
		tree_root(out, c->leaf + at, n);
		return 0;
	}
	if ((rc = find_removed(c->st, first, t.height, out, e)) != 0)
		return rc < 0 ? -1 : 0;
	return t.height > 0 ? 1 : not_logged(first, e);
}

/* What the leaves that were made of a node lead to, with those of other
 * segments and of what was removed before, must be the kept one. */
static int
check_node(struct cell_hashes *c, const struct segment_info *own, unsigned node, struct err *e)
{
	uint64_t first = c->start + node * NODE_LEAVES, end = first + NODE_LEAVES;
	struct path_source source = { node_subtree, c };
	struct subtree t = { TREE_NODE_HEIGHT, first >> TREE_NODE_HEIGHT };
	struct segment_info *list = NULL;
	struct hash root;
	size_t n = 0;
	int rc = 0;

	if (first < own->first || end - 1 > own->last)
		rc = segment_list(c->st, first, end - 1, &list, &n, e);
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (list[i].id != own->id)
			rc = make_leaves(c, &list[i], first, end, e);
	free(list);
	if (rc < 0 || path_subtree(&root, &source, t, e) < 0)
		return -1;
	return memcmp(&root, &c->node[node], sizeof(root)) == 0 ? 0 : not_logged(first, e);
}

/* ---- the hashes that cover what goes ---- */

struct keeper {
	struct cell_hashes *cell;
	struct err *e;
	int rc;
};

static void
keep_subtree(void *arg, struct subtree t)
{
	struct keeper *k = arg;
	struct cell_hashes *c = k->cell;
	uint64_t first = t.index << t.height, at = first - c->start;
	const struct hash *leaf = c->full ? c->leaf : c->kept;
	struct hash root;
	sqlite3_stmt *s;

	if (k->rc < 0)
		return;
	if (c->full && t.height >= TREE_NODE_HEIGHT)
		tree_root(&root, c->node + at / NODE_LEAVES, UINT64_C(1) << (t.height - TREE_NODE_HEIGHT));
	else
		tree_root(&root, leaf + at, UINT64_C(1) << t.height);
	if ((s = db_statement(&c->st->db, ST_REMOVED_ADD, k->e)) == NULL) {
		k->rc = -1;
		return;
	}
	db_bind_int(s, 1, (int64_t)first);
	db_bind_int(s, 2, t.height);
	db_bind_blob(s, 3, &root, sizeof(root));
	k->rc = db_run(&c->st->db, s, k->e);
}

/* Sizes of checkpoints within the segment, ascending. */
static size_t
sizes_of(const struct cell_hashes *c, const uint64_t **size)
{
	*size = (const uint64_t *)(const void *)c->sizes.p;
	return c->sizes.len / sizeof(**size);
}

/* A run of leaves into the removed table, cut at sizes. */
static int
keep_run(struct cell_hashes *c, uint64_t first, uint64_t count, struct err *e)
{
	struct keeper k = { .cell = c, .e = e };
	uint64_t at = first, end = first + count;
	const uint64_t *size;
	size_t n = sizes_of(c, &size);

	for (size_t i = 0; i < n && size[i] < end; i++)
		if (size[i] > at) {
			tree_cover(at, size[i] - at, keep_subtree, &k);
			at = size[i];
		}
	tree_cover(at, end - at, keep_subtree, &k);
	return k.rc;
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
	size_t n = sizes_of(t->cell, &size);
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
			rc = make_leaf(t->cell, seq, kind, buf_view(&line), e);
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
			rc = check_node(t->cell, &t->s->info, i, e);
	runs_read(&r, buf_view(&t->runs.list));
	while (rc == 0 && runs_next(&r) > 0)
		rc = keep_run(t->cell, r.first, r.end - r.first, e);
	return rc;
}

static int
part(struct parting *t, uint64_t size, struct runs *removed, struct err *e)
{
	const struct segment_info *info = &t->s->info;
	struct buf left = { 0 };
	int rc;

	if (hashes_start(t->cell, t->st, info, size, e) < 0)
		return -1;
	look_at_rows(t, removed);
	if (pass_rows(t, e) < 0 || cover_rows(t, e) < 0)
		return -1;
	salt_forget(&left, buf_view(&t->cell->salts), t->forget);
	rc = put_salts(t->st, info->first / TREE_CELL, buf_view(&left), e);
	buf_fini(&left);
	if (rc < 0 || segment_drop(t->st, info->id, e) < 0)
		return -1;
	return sealer_flush(&t->sealer, e);
}

int
prune_rows(struct store *st, struct state *state, struct runs *removed, struct stored *s, const struct doomed *d,
    struct pool *pool, struct err *e)
{
	struct parting t = { .st = st, .s = s, .doomed = d, .cell = hashes_new() };
	int rc;

	sealer_init(&t.sealer, st, state, pool);
	rc = part(&t, state->size, removed, e);
	sealer_fini(&t.sealer);
	hashes_free(t.cell);
	runs_fini(&t.runs);
	return rc;
}

/* ---- a whole cell ---- */

/* A node that has a checkpoint's size within is cut there; one that has it at
 * its edge is not reached over by any node. */
static int
cut_nodes(struct store *st, struct stored *s, struct err *e)
{
	struct cell_hashes *c = hashes_new();
	int rc = hashes_start(c, st, &s->info, s->info.last + 1, e);
	const uint64_t *size;
	size_t n = rc == 0 ? sizes_of(c, &size) : 0;
	unsigned done = TREE_CELL_NODES;

	for (size_t i = 0; i < n && rc == 0; i++) {
		unsigned node = (unsigned)(size[i] % TREE_CELL) / NODE_LEAVES;
		uint64_t first = c->start + node * NODE_LEAVES;

		if (size[i] % NODE_LEAVES == 0 || node == done)
			continue;
		done = node;
		rc = make_leaves(c, &s->info, first, first + NODE_LEAVES, e);
		if (rc == 0)
			rc = check_node(c, &s->info, node, e);
		if (rc == 0)
			rc = keep_run(c, first, NODE_LEAVES, e);
	}
	hashes_free(c);
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
	if (put_salts(st, first / TREE_CELL, STR(""), e) < 0)
		return -1;
	return segment_drop(st, s->info.id, e);
}
