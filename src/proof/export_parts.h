/* export_parts: an export proof while it is read.  Private to proof/export_proof*.c. */
#ifndef PROOF_EXPORT_PARTS_H
#define PROOF_EXPORT_PARTS_H

#include <stdbool.h>

#include "proof/export_proof.h"
#include "proof/salt.h"

/* Offsets first .. last of a cell. */
struct span {
	uint16_t first, last;
};

struct spans {
	struct span *p; /* rising, none touches the next */
	size_t n, cap;
};

/* A leaf whose cell is not complete. */
struct waiting {
	struct hash leaf;
	uint16_t offset;
};

/* A cell between its first and its last line. */
struct opened {
	struct buf salts;
	struct salt_walk walk;
	struct waiting *leaf;
	size_t n, cap;
	uint32_t given; /* lines */
	size_t record, erased; /* the spans that were hit last */
};

struct shown_cell { /* a cell with lines */
	uint64_t no;
	uint32_t leaves; /* that the tree has of it */
	uint32_t lines, erased; /* that the file has of it; of them, erased */
	struct hash root;
	struct str salts, hashes; /* base64, or empty */
	size_t n_hashes;
	struct spans shown, records, erasures;
	struct opened *opened;
	uint64_t first_line, last_line;
};

/* Takes runs off the order, as often as needed. */
struct order {
	struct str rest;
	uint64_t seq, left; /* of the run at work: behind its end, and how many are not yet given */
};

struct export_proof {
	uint64_t size, lines, beyond, erased;
	uint64_t first, last; /* seqs of lines, the least and the greatest */
	struct str order, outside, note, chain;
	struct shown_cell *cell;
	size_t cells, cap;
	size_t found;      /* the cell that was asked for last */
	struct order next; /* line */
	uint64_t given;    /* lines */
	bool wrong;        /* a cell had another root */
	struct hash *leaf; /* of a complete cell, TREE_CELL */
};

/* Reads the text into a p that is zero.  -1: what it has is to be freed. */
int export_parts_parse(struct export_proof *p, struct str text, struct err *e);

/* The cell of a seq; NULL when the proof has none. */
struct shown_cell *export_parts_cell(struct export_proof *p, uint64_t seq);

/* The next run.  false: the end, or none that can be next. */
bool export_parts_run(struct order *o, uint64_t *first, uint64_t *count);

/* Is the offset in one of the spans?  *at is where the last search ended, 0 at
 * first: offsets mostly rise. */
bool export_parts_within(const struct spans *s, size_t *at, uint32_t offset);

/* Calls each with what the hashes of a cell are of, by offset. */
int export_parts_hashes(const struct shown_cell *c, int (*each)(void *arg, struct subtree s), void *arg);

/* The bytes of a base64 text that was parsed; out has room even when there are none. */
void export_parts_decode(struct buf *out, struct str base64);

#endif
