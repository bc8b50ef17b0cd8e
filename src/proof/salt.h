/*
 * salt: 65,536 salts grown from one seed a cell, and forgetting some of them.
 *
 * A salt set is what is left of a cell's seed: a list of nodes of the tree of
 * salts that covers exactly the offsets still known, by offset.  A node is
 *
 *	depth u8 || path u16 || value[16]
 *
 * where path is its number among the nodes of its depth, counted from the
 * left (the first `depth` bits of the offsets below it), big-endian.  A whole
 * seed is depth 0, path 0.  The empty set knows nothing.
 */
#ifndef PROOF_SALT_H
#define PROOF_SALT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "proof/tree.h"

#define SALT_NODE_LEN 19

/* A new seed from the kernel, encoded as a salt set of one node. */
void salt_new(struct buf *set);

/* ERR_INTEGRITY when the bytes are no salt set.  The functions below read
 * nothing outside of an unchecked set, but may answer wrongly. */
int salt_check(struct str set, struct err *e);

/* Iterates over salts in ascending order of offset; a step costs amortised
 * one hash. */
struct salt_walk {
	struct str set;
	size_t at;       /* the node in use */
	uint32_t offset; /* of the last salt given */
	int known;       /* depth of the node in use; -1: none */
	uint8_t pair[TREE_CELL_HEIGHT + 1][2 * SALT_LEN]; /* children on the way to offset, by depth */
};

void salt_walk_start(struct salt_walk *w, struct str set); /* set stays borrowed */
/* The salt of an offset in the cell; ascending order is the fast case, any
 * order works.  false: it was forgotten. */
bool salt_get(struct salt_walk *w, uint32_t offset, uint8_t out[SALT_LEN]);

/* Appends the set that knows the same salts but those of the offsets whose
 * bit is set in forget (65,536 bits).  May append nothing at all. */
void salt_forget(struct buf *out, struct str set, const uint64_t forget[TREE_CELL / 64]);

#endif
