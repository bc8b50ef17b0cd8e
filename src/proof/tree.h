/*
 * tree: the RFC 6962 Merkle tree over salted leaves (integrity definitions 1).
 *
 * Sequence numbers are divided into cells of 65,536: cell k is the complete
 * subtree of height 16 over [k * 65536, (k + 1) * 65536).
 */
#ifndef PROOF_TREE_H
#define PROOF_TREE_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/hash.h"

#define TREE_CELL_HEIGHT 16
#define TREE_CELL 65536u
#define TREE_NODE_HEIGHT 8 /* the stored inner nodes of a full cell: 256 of this height */
#define TREE_CELL_NODES 256u

enum leaf_kind { LEAF_EVENT = 0, LEAF_RECORD = 1 };

#define SALT_LEN 16

void tree_leaf(struct hash *out, const uint8_t salt[SALT_LEN], enum leaf_kind kind, struct str line);
void tree_node(struct hash *out, const struct hash *left, const struct hash *right);
void tree_empty(struct hash *out);

/* The root of n leaf hashes (any n), RFC 6962 2.1. */
void tree_root(struct hash *out, const struct hash *leaf, uint64_t n);

/* Of a full cell's 65,536 leaves: its 256 nodes of height 8 and its root. */
void tree_cell(const struct hash *leaf, struct hash nodes[TREE_CELL_NODES], struct hash *root);

/* The root over `cells` full cells' roots and the root of what comes behind
 * (rest may be NULL when nothing does).  rest is the RFC 6962 root of the
 * partial last cell. */
void tree_root_cells(struct hash *out, const struct hash *cell, uint64_t cells, const struct hash *rest);

/* A complete subtree: leaves [index << height, (index + 1) << height). */
struct subtree {
	uint8_t height;
	uint64_t index;
};

/* The largest complete subtrees that together are exactly [first, first +
 * count), cut so that none reaches over a multiple of a cell.  Calls each in order. */
void tree_cover(uint64_t first, uint64_t count,
    void (*each)(void *arg, struct subtree s), void *arg);

#endif
