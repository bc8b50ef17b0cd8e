/*
 * cell_copy: all that the file has of one cell, as one short transaction saw
 * it, and the leaf hashes made again from it.  Private to store/.
 */
#ifndef STORE_CELL_COPY_H
#define STORE_CELL_COPY_H

#include "proof/path.h"
#include "store/internal.h"

struct copied_piece {
	uint16_t field, part;
	struct buf data;
};

struct copied_segment {
	struct segment_info info; /* as it says; not checked */
	struct buf runs, records;
	bool has_runs, has_records;
	struct copied_piece *piece; /* by field, then part */
	size_t n;
};

struct copied_line { /* a row of the tail */
	uint64_t seq;
	int64_t key, kind, length;
	struct buf leaf, line;
};

struct copied_leaves { /* a row of the leaf table */
	uint64_t first;
	struct buf hashes;
};

struct copied_subtree { /* a row of the removed table */
	uint64_t first;
	int64_t height;
	struct buf hash;
};

struct copied_change { /* a row of the erased table */
	uint64_t seq, record;
	struct buf leaf, change, salt;
	bool has_salt;
};

struct cell_copy {
	uint64_t no;             /* seqs [no * TREE_CELL, end) */
	uint64_t size, removals; /* of the log then */
	uint64_t end;            /* the least of size and the cell's end */
	bool there, full;        /* it has a row; that has root and nodes */
	struct buf salts, root, nodes;
	struct copied_segment *segment; /* by first */
	size_t segments;
	struct copied_line *line;       /* by seq */
	size_t lines;
	struct copied_leaves *leaves;   /* by first */
	size_t leaf_rows;
	struct copied_subtree *subtree; /* by first */
	size_t subtrees;
	struct copied_change *change;   /* by seq, then record */
	size_t changes;
};

/* In a transaction of its own, or in the one that is open.  With the store's
 * lock held.  c starts as {0} or is used again.  ERR_INTEGRITY: the file cannot
 * be read there. */
int cell_copy_read(struct store *st, uint64_t no, struct cell_copy *c, struct err *e);
void cell_copy_fini(struct cell_copy *c);

/* A piece of a segment; NULL: there is none. */
const struct copied_piece *copied_piece_find(const struct copied_segment *s, unsigned field, unsigned part);

/* Its columns and rows, when its row can be right: within the cell and below
 * its end, as many rows as it says.  Both borrow from s; rows starts as {0}.
 * NULL and ERR_INTEGRITY. */
struct segment *copied_segment_open(const struct copied_segment *s, const struct cell_copy *c,
    struct segment_rows *rows, struct err *e);

/* H(0x03 || salt || line): what an erased event became (integrity definitions 3). */
void erased_change(struct hash *out, const uint8_t salt[SALT_LEN], struct str line);

/* What a seq of the cell is. */
enum leaf_state {
	LEAF_GONE = 0, /* nothing of it is there but what covers it */
	LEAF_PRESENT, /* leaf[] is made of its line and salt */
	LEAF_ERASED   /* leaf[] is the kept one: the line is another now */
};

struct cell_leaves {
	const struct cell_copy *copy; /* borrowed */
	struct hash *leaf;  /* TREE_CELL of them */
	uint8_t *state;     /* enum leaf_state, TREE_CELL of them */
	uint8_t *kind;      /* enum leaf_kind of the present */
};

/* Makes all leaves again, or those below nodes of height 8 that have a bit in
 * `nodes` (TREE_CELL_NODES of them; NULL: all): of segments, the others are
 * left LEAF_GONE.  Whatever is found wrong on the way is ERR_INTEGRITY: for
 * proofs, which want sound cells (store_verify looks closer).  l starts as {0}
 * or is used again. */
int cell_leaves_make(struct cell_leaves *l, const struct cell_copy *c, const uint64_t *nodes, struct err *e);
void cell_leaves_fini(struct cell_leaves *l);

/* A path_source over one cell: complete subtrees of height 16 and below; what
 * was pruned is answered from the removed table or, of a cell that was pruned
 * whole, from its nodes.  arg: struct cell_leaves. */
int cell_leaves_subtree(void *arg, struct subtree s, struct hash *out, struct err *e);

#endif
