/*
 * export_proof: what shows that the lines of an exported file are events of a
 * signed log, all of them and as they were logged (audit-proof(5)).
 *
 *	audit-toolkit/export-proof@v1
 *	size 131072                          leaves of the tree
 *	order 0+1000 1003+1 1002+1           seqs of the file's lines, in their order
 *	cell 0 ROOT KINDS ERASED SALTS HASHES  one for each cell with a line below size
 *	outside HASHES                       the subtrees between the cells
 *
 *	audit.example.com/app1               the checkpoint of that size
 *	...
 *
 * order    runs of rising seqs as FIRST+COUNT, each as long as it can be, or -
 * ROOT     base64, of the cell, or of what the tree has of the last one
 * KINDS    which lines are the toolkit's own records: offsets in the cell as
 *	    FIRST+COUNT, rising, separated by commas, or -
 * ERASED   which lines an erasure has changed since they were logged, as KINDS
 *	    is written; what they were cannot be shown, and they have no kind
 * SALTS    base64 of the salt set (proof/salt.h) of exactly the other lines, or -
 * HASHES   base64 of the hashes one behind the other, or -: what covers the
 *	    gaps between the lines within the cell, as proof/range.h cuts them,
 *	    and of each erased line the leaf hash that it was logged with
 *
 * Of an erased line its place is shown, and nothing of what it says: whoever
 * wrote the proof may have called any line so.
 *
 * The gaps between the cells are cut in the same way, by seq over the whole
 * tree.  Lines with seqs from size on were not signed yet: they are in
 * `order` and in no cell.  Behind the checkpoint may come bundles
 * (proof/bundle.h): records that introduce the keys of later epochs, each
 * under the seal of the one before.
 */
#ifndef PROOF_EXPORT_PROOF_H
#define PROOF_EXPORT_PROOF_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/hash.h"
#include "proof/path.h"

#define EXPORT_PROOF_HEADER "audit-toolkit/export-proof@v1"
#define EXPORT_PROOF_MAX (512u * 1024 * 1024) /* bytes of such a file */

/* ---- reading ---- */

struct export_proof;

/* Reads all but the lines.  text stays borrowed.  ERR_INTEGRITY: not such a
 * text, to the byte, or the checkpoint is of another size. */
struct export_proof *export_proof_parse(struct str text, struct err *e);
void export_proof_free(struct export_proof *p); /* NULL is fine */

uint64_t export_proof_size(const struct export_proof *p);
uint64_t export_proof_lines(const struct export_proof *p);  /* that the file has */
uint64_t export_proof_beyond(const struct export_proof *p); /* of them, not signed yet */
uint64_t export_proof_erased(const struct export_proof *p); /* of them, changed by an erasure */
/* The least and the greatest seq of a line.  false: there is no line. */
bool export_proof_span(const struct export_proof *p, uint64_t *first, uint64_t *last);
/* Calls each with the runs of seqs of lines, those from size on left out, until
 * it returns other than 0; returns that. */
int export_proof_shown(const struct export_proof *p, int (*each)(void *arg, uint64_t first, uint64_t count),
    void *arg);
struct str export_proof_note(const struct export_proof *p);
struct str export_proof_chain(const struct export_proof *p); /* the bundles; may be empty */

/* The next line of the file, without newline.  0; 1: it is one that was erased,
 * and is not looked at; -1.  ERR_INTEGRITY: one more than the proof has, or its
 * cell is complete and has another root; the message says which lines.  Going on
 * after that finds other cells that are wrong. */
int export_proof_line(struct export_proof *p, struct str line, struct err *e);

/* After the last one: the root of the tree.  ERR_INTEGRITY: lines are missing,
 * or a cell was wrong.  Nothing is proved before it equals the root of a
 * checkpoint that verifies. */
int export_proof_root(struct export_proof *p, struct hash *root, struct err *e);

/* ---- writing ---- */

/* The order, as seqs are told.  Starts as {0}. */
struct export_order {
	struct buf text;       /* runs that are over */
	uint64_t first, count; /* the last one; count 0: none yet */
};
void export_order_add(struct export_order *o, uint64_t seq);
void export_order_fini(struct export_order *o);

/* Appends the lines above the cells. */
void export_proof_begin(struct buf *out, uint64_t size, const struct export_order *order);

/* A bit for each offset in a cell. */
#define EXPORT_BITS (TREE_CELL / 64)

/* Of one cell; cells come by number.  At least one line is in the file, and none
 * from size on. */
struct export_cell {
	uint64_t no;
	const uint64_t *shown;           /* lines of the file; EXPORT_BITS each */
	const uint64_t *record, *erased; /* among them; others do not matter */
	struct str salts;                /* those of the lines that are not erased, or more */
};
/* from answers for the tree of `size` leaves.  Appends the line, and nothing
 * when it fails, which is for the reasons of the source. */
int export_proof_cell(struct buf *out, const struct export_cell *c, uint64_t size, const struct path_source *from,
    struct err *e);

/* Appends the line behind the cells, whose numbers are in cell[], and the
 * empty line.  What follows is the checkpoint. */
int export_proof_outside(struct buf *out, const uint64_t *cell, size_t cells, uint64_t size,
    const struct path_source *from, struct err *e);

#endif
