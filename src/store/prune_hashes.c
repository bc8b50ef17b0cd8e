/*
 * prune_hashes: the hashes of a cell of which something goes: made again,
 * compared with those that are kept, and kept for what goes.
 *
 * In: rows, salts, nodes.   Out: leaves, rows of the removed table.
 */
#include "store/prune_hashes.h"

#include <stdlib.h>

#include "base/mem.h"
#include "proof/path.h"

/* ---- the cell's hashes ---- */

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

int
prune_hashes_start(struct cell_hashes *c, struct store *st, const struct segment_info *info, uint64_t size,
    struct err *e)
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

struct cell_hashes *
prune_hashes_new(void)
{
	return mem_zero(1, sizeof(struct cell_hashes));
}

void
prune_hashes_free(struct cell_hashes *c)
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

int
prune_hashes_leaf(struct cell_hashes *c, uint64_t seq, enum leaf_kind kind, struct str line, struct err *e)
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

int
prune_hashes_rows(struct cell_hashes *c, const struct segment_info *info, uint64_t first, uint64_t end,
    struct err *e)
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
		rc = prune_hashes_leaf(c, seq, store_row_kind(s, row), buf_view(&line), e);
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

int
prune_hashes_check(struct cell_hashes *c, const struct segment_info *own, unsigned node, struct err *e)
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
			rc = prune_hashes_rows(c, &list[i], first, end, e);
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

size_t
prune_hashes_sizes(const struct cell_hashes *c, const uint64_t **size)
{
	*size = (const uint64_t *)(const void *)c->sizes.p;
	return c->sizes.len / sizeof(**size);
}

int
prune_hashes_keep(struct cell_hashes *c, uint64_t first, uint64_t count, struct err *e)
{
	struct keeper k = { .cell = c, .e = e };
	uint64_t at = first, end = first + count;
	const uint64_t *size;
	size_t n = prune_hashes_sizes(c, &size);

	for (size_t i = 0; i < n && size[i] < end; i++)
		if (size[i] > at) {
			tree_cover(at, size[i] - at, keep_subtree, &k);
			at = size[i];
		}
	tree_cover(at, end - at, keep_subtree, &k);
	return k.rc;
}
