/*
 * salt: 65,536 salts grown from one seed a cell, and forgetting some of them.
 *
 * A salt set is what is left of a cell's seed: a list of nodes of the tree of
 * salts that covers exactly the offsets still known.  Encoded as
 * (depth u8, path u16 big-endian left-aligned in the low `depth` bits, node
 * 16 bytes) one after the other, by offset; a whole seed is depth 0, path 0.
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

/* ERR_INTEGRITY when the bytes are no salt set. */
int salt_check(struct str set, struct err *e);

/* Iterates over salts in ascending order of offset; a step costs amortised
 * one hash. */
struct salt_walk {
	struct str set;
	size_t at;                 /* the node in use */
	uint32_t offset;           /* of the last salt given */
	uint8_t path[TREE_CELL_HEIGHT + 1][SALT_LEN]; /* nodes from depth 0 down to the last salt */
	int known;                 /* depths of path that are valid for offset; -1: none */
};

void salt_walk_start(struct salt_walk *w, struct str set); /* set stays borrowed */
/* The salt of an offset in the cell; ascending order is the fast case, any
 * order works.  false: it was forgotten. */
bool salt_get(struct salt_walk *w, uint32_t offset, uint8_t out[SALT_LEN]);

/* Appends the set that knows the same salts but those of the offsets whose
 * bit is set in forget (65,536 bits).  May append nothing at all. */
void salt_forget(struct buf *out, struct str set, const uint64_t forget[TREE_CELL / 64]);

#endif
