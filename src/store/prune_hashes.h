/* prune_hashes: the hashes of a cell of which something goes.  Private to
 * store/prune*.c. */
#ifndef STORE_PRUNE_HASHES_H
#define STORE_PRUNE_HASHES_H

#include "proof/salt.h"
#include "store/prune_parts.h"

enum { NODE_LEAVES = 1 << TREE_NODE_HEIGHT };

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

struct cell_hashes *prune_hashes_new(void);
void prune_hashes_free(struct cell_hashes *c);
/* What is kept of the cell of a segment; size: of the log.  In the open
 * transaction, as all of these. */
int prune_hashes_start(struct cell_hashes *c, struct store *st, const struct segment_info *info, uint64_t size,
    struct err *e);

/* Sizes of checkpoints within the segment, ascending. */
size_t prune_hashes_sizes(const struct cell_hashes *c, const uint64_t **size);

/* Makes the leaf of a row again.  ERR_INTEGRITY: of an open cell, when it is not
 * the one that is kept; the salt is gone. */
int prune_hashes_leaf(struct cell_hashes *c, uint64_t seq, enum leaf_kind kind, struct str line, struct err *e);
/* Those of a segment's rows with first <= seq < end. */
int prune_hashes_rows(struct cell_hashes *c, const struct segment_info *info, uint64_t first, uint64_t end,
    struct err *e);

/* What the leaves that were made of a node of a full cell lead to, with those of
 * other segments than `own` and of what was removed before, must be the kept
 * one: else ERR_INTEGRITY. */
int prune_hashes_check(struct cell_hashes *c, const struct segment_info *own, unsigned node, struct err *e);

/* A run of leaves into the removed table, cut at sizes. */
int prune_hashes_keep(struct cell_hashes *c, uint64_t first, uint64_t count, struct err *e);

#endif
