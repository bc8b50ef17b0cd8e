/*
 * prove: the hashes of the store's tree, as proofs ask for them.  Private to
 * store/.
 */
#ifndef STORE_PROVE_H
#define STORE_PROVE_H

#include "store/cell_copy.h"

#define PROVER_CELLS 2 /* held at once: a proof needs the cell of its event, and the last one */

struct proved_cell {
	struct cell_copy copy;
	struct cell_leaves leaves;
	bool valid;
	uint64_t used; /* when; the older one goes first */
};

struct prover {
	struct store *st;
	uint64_t size;     /* of the tree */
	struct hash *root; /* of its full cells, as kept */
	uint64_t roots, clock;
	struct proved_cell cell[PROVER_CELLS];
};

/* For the tree of `size` leaves.  ERR_FAIL: the log has fewer.  Free it in any case. */
int prover_init(struct prover *p, struct store *st, uint64_t size, struct err *e);
void prover_fini(struct prover *p);

/* A cell as it is now, its leaves recomputed; borrowed until PROVER_CELLS
 * others were asked for.  ERR_INTEGRITY: they are not those whose root is kept. */
const struct proved_cell *prover_cell(struct prover *p, uint64_t no, struct err *e);

/* A path_source; arg: struct prover.  Roots of full cells are those kept.
 * ERR_FAIL: within what a prune left one hash of. */
int prover_subtree(void *arg, struct subtree s, struct hash *out, struct err *e);

#endif
