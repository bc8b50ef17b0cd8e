/*
 * range: some leaves of a tree shown, all others covered by the hashes of
 * complete subtrees; enough to come to the root of the whole.
 *
 * It is how a whole export is verified at once.  The leaves shown are runs
 * of seq in rising order; each gap between them, in front and behind, is cut
 * from the left into the largest complete subtrees that fit:
 *
 *	size 11, shown 5 6:  [0,4) [4,5) | 5 6 | [7,8) [8,10) [10,11)
 *
 * The cut follows from the numbers, so that a list of hashes is right for one
 * choice of leaves only, and a leaf left out or put in changes the root.  For
 * one contiguous run the hashes are its boundary, at most 126.
 */
#ifndef PROOF_RANGE_H
#define PROOF_RANGE_H

#include "proof/path.h"

/* Calls each with the subtrees that cover the gap [first, end), in order.
 * Stops at the first call that does not return 0, and returns that. */
int range_gap(uint64_t first, uint64_t end, int (*each)(void *arg, struct subtree s), void *arg);

/* Puts the tree together from the left.  Start with RANGE_DEFAULT. */
struct range {
	uint64_t at; /* leaves so far; the next one has this number */
	unsigned n;
	uint8_t height[64];
	struct hash top[64]; /* the complete subtrees so far, largest first */
};

#define RANGE_DEFAULT { 0 }

/* The next leaf. */
void range_leaf(struct range *r, const struct hash *leaf);
/* A complete subtree that starts at r->at.  ERR_INTEGRITY: it does not fit. */
int range_subtree(struct range *r, struct subtree s, const struct hash *hash, struct err *e);
/* The root over all so far. */
void range_root(const struct range *r, struct hash *out);

#endif
