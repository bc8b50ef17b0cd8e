/*
 * unhashed: the tree and its salts without hashing, to measure what hashing
 * costs.
 *
 * Linked before the library, so that its own tree and salts are left out.  A
 * store made like this proves nothing: every hash and every salt is zero,
 * but as many bytes are written.
 */
#include <string.h>

#include "proof/salt.h"
#include "proof/tree.h"

static void
zero(struct hash *out)
{
	memset(out, 0, sizeof(*out));
}

void
tree_leaf(struct hash *out, const uint8_t salt[SALT_LEN], enum leaf_kind kind, struct str line)
{
	(void)salt;
	(void)kind;
	(void)line;
	zero(out);
}

void
tree_node(struct hash *out, const struct hash *left, const struct hash *right)
{
	(void)left;
	(void)right;
	zero(out);
}

void
tree_empty(struct hash *out)
{
	zero(out);
}

void
tree_root(struct hash *out, const struct hash *leaf, uint64_t n)
{
	(void)leaf;
	(void)n;
	zero(out);
}

void
tree_cell(const struct hash *leaf, struct hash nodes[TREE_CELL_NODES], struct hash *root)
{
	(void)leaf;
	memset(nodes, 0, TREE_CELL_NODES * sizeof(*nodes));
	zero(root);
}

void
tree_root_cells(struct hash *out, const struct hash *cell, uint64_t cells, const struct hash *rest)
{
	(void)cell;
	(void)cells;
	(void)rest;
	zero(out);
}

/* Only removals ask for a cover. */
void
tree_cover(uint64_t first, uint64_t count, void (*each)(void *arg, struct subtree s), void *arg)
{
	(void)first;
	(void)count;
	(void)each;
	(void)arg;
}

/* One node, as for a new cell: depth 0, path 0. */
void
salt_new(struct buf *set)
{
	static const uint8_t node[SALT_NODE_LEN];

	buf_add(set, node, sizeof(node));
}

int
salt_check(struct str set, struct err *e)
{
	(void)set;
	(void)e;
	return 0;
}

void
salt_walk_start(struct salt_walk *w, struct str set)
{
	memset(w, 0, sizeof(*w));
	w->set = set;
}

bool
salt_get(struct salt_walk *w, uint32_t offset, uint8_t out[SALT_LEN])
{
	(void)w;
	(void)offset;
	memset(out, 0, SALT_LEN);
	return true;
}

void
salt_forget(struct buf *out, struct str set, const uint64_t forget[TREE_CELL / 64])
{
	(void)forget;
	buf_str(out, set);
}
