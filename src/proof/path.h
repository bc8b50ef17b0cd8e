/*
 * path: roots, inclusion and consistency proofs from a few complete subtrees
 * (RFC 9162 2.1.3 and 2.1.4), and their verification.
 *
 * A log is asked for complete subtrees only.  It answers those it has at hand
 * (roots of cells, their nodes, hashes kept by a prune) and lets the others be
 * made of their halves, down to the leaves.
 *
 * Sizes are at most CHECKPOINT_SIZE_MAX, 2^63 - 1.
 */
#ifndef PROOF_PATH_H
#define PROOF_PATH_H

#include <stdint.h>

#include "base/err.h"
#include "proof/tree.h"

#define PATH_SIZE_MAX ((uint64_t)INT64_MAX)
#define PATH_LEN_MAX 64 /* of an inclusion proof 63, of a consistency proof one more */

struct path_source {
	/* Gives the root of a complete subtree: 0 with *out; 1: not at hand,
	 * ask for its two halves (never for a leaf, height 0); -1 with e. */
	int (*subtree)(void *arg, struct subtree s, struct hash *out, struct err *e);
	void *arg;
};

struct path {
	unsigned n;
	struct hash hash[PATH_LEN_MAX];
};

/* The root of one complete subtree: asks for halves where it must. */
int path_subtree(struct hash *out, const struct path_source *from, struct subtree s,
    struct err *e);

/* The RFC 6962 root over leaves [first, first + count).  It is a node of the
 * tree only when first is a multiple of the power of two that is at least
 * count; else ERR_FAIL.  With first 0: the root of the log when it had count
 * leaves.  ERR_INTEGRITY: the source has no answer for a leaf. */
int path_root(struct hash *out, const struct path_source *from, uint64_t first, uint64_t count,
    struct err *e);

/* PATH(index, D_size), RFC 9162 2.1.3.1.  ERR_FAIL: index is not below size. */
int path_inclusion(struct path *out, const struct path_source *from, uint64_t index,
    uint64_t size, struct err *e);

/* PROOF(first, D_second), RFC 9162 2.1.4.1, 0 < first <= second, else ERR_FAIL:
 * every tree is consistent with the empty one, and nothing shows it. */
int path_consistency(struct path *out, const struct path_source *from, uint64_t first,
    uint64_t second, struct err *e);

/* RFC 9162 2.1.3.2.  ERR_INTEGRITY unless the path leads from the leaf hash
 * at index to the root of a tree of this size. */
int path_inclusion_verify(const struct path *p, const struct hash *leaf, uint64_t index,
    uint64_t size, const struct hash *root, struct err *e);

/* RFC 9162 2.1.4.2.  ERR_INTEGRITY unless the tree of the first root is the
 * beginning of that of the second.  A first size of 0 is refused. */
int path_consistency_verify(const struct path *p, uint64_t first, const struct hash *first_root,
    uint64_t second, const struct hash *second_root, struct err *e);

#endif
