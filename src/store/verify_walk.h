/* verify_walk: all cells of a log, one after the other.  Private to store/; see verify_parts.h. */
#ifndef STORE_VERIFY_WALK_H
#define STORE_VERIFY_WALK_H

#include "proof/range.h"
#include "store/verify_parts.h"

enum { VERIFY_SLOTS = 3 }; /* cells in memory: two are judged, one is copied */

struct known_key {
	uint64_t seq;
	struct buf line;
	bool skipped;
};

struct size_wanted {
	struct verify_root at;
	bool asked; /* by the caller: cells left out are recomputed for it */
	bool done;
};

struct verify_walk {
	struct verify_log v;
	struct cell_work slot[VERIFY_SLOTS];
	uint64_t next, merged; /* cells */
	bool last;             /* the last cell was copied */
	struct range tree;     /* of the cells merged */
	bool broken;           /* a root is not known: nor are later ones */
	struct known_key *key;
	size_t keys, key_cap;
	struct size_wanted *wanted; /* by size */
	size_t wanteds, wanted_cap;
	int64_t checkpoint_id; /* the last one seen */
};

/* ---- rows read along with a cell, in the open transaction (verify_rows.c) ---- */

/* What came since: removals, keys, sizes of checkpoints. */
int walk_refresh(struct verify_walk *k, struct err *e);
/* The stored checkpoints, into the result. */
int walk_notes(struct verify_walk *k, struct err *e);
/* Damage is a finding; nothing more can be said of the table then. */
int walk_forgive(struct verify_walk *k, int rc, struct err *e);

/* ---- roots (verify_roots.c) ---- */

/* The root of a size is to be found out; asked: by the caller.  Before any is
 * looked for, they are sorted. */
void walk_want(struct verify_walk *k, uint64_t size, bool asked);
void walk_sort_wanted(struct verify_walk *k);
/* The first size wanted that is greater. */
size_t walk_wanted_after(const struct verify_walk *k, uint64_t size);
/* Roots of sizes inside the cell, then the cell itself when it is full. */
void walk_merge_roots(struct verify_walk *k, const struct cell_work *w);
void walk_add_cell(struct verify_walk *k, bool known, const struct hash *root);
/* The root that is kept of a cell: 1, 0 there is none, -1. */
int walk_kept_root(struct verify_walk *k, uint64_t no, struct hash *out, struct err *e);
/* Of sizes whose cell was judged before they were known. */
int walk_late_roots(struct verify_walk *k, struct err *e);
const struct verify_root *walk_root(const struct verify_walk *k, uint64_t size);

#endif
