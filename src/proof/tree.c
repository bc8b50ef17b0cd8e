/*
 * tree: leaves, nodes, roots.
 *
 * In: salts and lines, or leaf hashes, in order of seq.   Out: roots.
 */
#include "proof/tree.h"

#include <stdbool.h>
#include <string.h>

enum {
	PREFIX_LEAF = 0x00,
	PREFIX_NODE = 0x01,
	PEAKS_MAX = 64 /* complete subtrees in a tree of less than 2^64 leaves */
};

/* H(0x00 || salt || kind || line) */
void
tree_leaf(struct hash *out, const uint8_t salt[SALT_LEN], enum leaf_kind kind, struct str line)
{
	uint8_t prefix[1 + SALT_LEN + 1];
	struct hasher h;

	prefix[0] = PREFIX_LEAF;
	memcpy(prefix + 1, salt, SALT_LEN);
	prefix[1 + SALT_LEN] = (uint8_t)kind;
	hash_init(&h);
	hash_update(&h, prefix, sizeof(prefix));
	hash_update(&h, line.p, line.len);
	hash_final(&h, out);
}

/* H(0x01 || left || right); out may be one of them. */
void
tree_node(struct hash *out, const struct hash *left, const struct hash *right)
{
	uint8_t bytes[1 + 2 * HASH_LEN];

	bytes[0] = PREFIX_NODE;
	memcpy(bytes + 1, left->b, HASH_LEN);
	memcpy(bytes + 1 + HASH_LEN, right->b, HASH_LEN);
	hash_bytes(out, bytes, sizeof(bytes));
}

void
tree_empty(struct hash *out)
{
	hash_bytes(out, "", 0);
}

/* The complete subtrees so far, largest first, as the bits of a count. */
struct peaks {
	struct hash top[PEAKS_MAX];
	unsigned n;
	uint64_t count;
};

static void
peaks_add(struct peaks *p, const struct hash *subtree)
{
	p->top[p->n++] = *subtree;
	p->count++;

	/* As many neighbours of one size are complete as the count ends in zeros. */
	for (uint64_t c = p->count; (c & 1) == 0; c >>= 1) {
		p->n--;
		tree_node(&p->top[p->n - 1], &p->top[p->n - 1], &p->top[p->n]);
	}
}

/* The smaller ones on the right hang below the larger on their left. */
static void
peaks_root(const struct peaks *p, const struct hash *rest, struct hash *out)
{
	unsigned i = p->n;

	if (rest != NULL)
		*out = *rest;
	else if (i > 0)
		*out = p->top[--i];
	else
		tree_empty(out);
	while (i > 0) {
		i--;
		tree_node(out, &p->top[i], out);
	}
}

void
tree_root(struct hash *out, const struct hash *leaf, uint64_t n)
{
	struct peaks p;

	p.n = 0;
	p.count = 0;
	for (uint64_t i = 0; i < n; i++)
		peaks_add(&p, &leaf[i]);
	peaks_root(&p, NULL, out);
}

void
tree_cell(const struct hash *leaf, struct hash nodes[TREE_CELL_NODES], struct hash *root)
{
	const unsigned below = 1u << TREE_NODE_HEIGHT;

	for (unsigned i = 0; i < TREE_CELL_NODES; i++)
		tree_root(&nodes[i], leaf + (size_t)i * below, below);
	tree_root(root, nodes, TREE_CELL_NODES);
}

void
tree_root_cells(struct hash *out, const struct hash *cell, uint64_t cells, const struct hash *rest)
{
	struct peaks p;

	p.n = 0;
	p.count = 0;
	for (uint64_t i = 0; i < cells; i++)
		peaks_add(&p, &cell[i]);
	peaks_root(&p, rest, out);
}

/* The height of the largest complete subtree that starts at first and has at
 * most count leaves. */
static uint8_t
cover_height(uint64_t first, uint64_t count)
{
	uint8_t height = 0;

	while (height < TREE_CELL_HEIGHT && (first >> height & 1) == 0 && count >> height > 1)
		height++;
	return height;
}

void
tree_cover(uint64_t first, uint64_t count, void (*each)(void *arg, struct subtree s), void *arg)
{
	while (count > 0) {
		uint8_t height = cover_height(first, count);

		each(arg, (struct subtree){ height, first >> height });
		first += UINT64_C(1) << height;
		count -= UINT64_C(1) << height;
	}
}
