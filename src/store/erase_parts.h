/*
 * erase_parts: what the files of the erasure share.  Private to store/.
 *
 *   erase.c          transactions, their records, what waits for holds
 *   erase_find.c     which rows of a segment have the person
 *   erase_plan.c     all segments and the tail, by workers
 *   erase_rows.c     the events of one cell without the person
 *   erase_segment.c  a segment with other values in some columns
 *   erase_write.c    a changed cell into the file
 *   erase_other.c    the other tables
 *
 * A cell is copied by the thread that has the transaction open, changed by any
 * other, which touches nothing but its struct erase_cell, and written by the
 * first again.
 */
#ifndef STORE_ERASE_PARTS_H
#define STORE_ERASE_PARTS_H

#include <pthread.h>

#include "base/runs.h"
#include "store/cell_copy.h"
#include "store/holds.h"
#include "store/verify_parts.h"

/* ---- rows that have the person (erase_find.c) ---- */

/* The fields that a value can be in. */
field_set erase_fields(void);
/* Whether subject_event would change this value. */
bool erase_hit(const struct subject *s, enum field f, struct str value, struct buf *memory);

struct erase_hits { /* a bit a row */
	field_set fields;   /* that have one */
	uint64_t any[MATCH_WORDS];
	uint64_t field[FIELD_COUNT][MATCH_WORDS]; /* of those fields */
};

struct erase_finder { /* of one thread */
	const struct subject *subject;
	struct erase_hits hits; /* of the last segment */
	uint64_t may[FIELD_COUNT][MATCH_WORDS]; /* rows that filters do not rule out */
	uint8_t *code;          /* 1: the value has one */
	size_t code_cap;
	struct buf text;
};
void erase_finder_fini(struct erase_finder *f);
/* Into f->hits. */
int erase_find(struct erase_finder *f, struct segment *columns, struct err *e);

/* ---- records and holds ---- */

/* What becomes of one of the toolkit's own records that has the person. */
enum record_fate { RECORD_CHANGES, RECORD_KEPT, RECORD_HELD };

struct record_judge { /* starts as {0} */
	struct value_check before, after;
	struct arena arena;
};
void record_judge_fini(struct record_judge *j);
/* RECORD_HELD is counted for the hold that it places. */
enum record_fate record_fate(struct record_judge *j, const struct subject *s, struct holds *h, uint64_t seq,
    const struct event *ev);
/* Whether a record says the same to the verifier. */
bool record_same(struct record_judge *j, const struct event *before, const struct event *after);

/* Clears the bits of rows that stay as they are, and counts them. */
int erase_spare(struct record_judge *j, const struct subject *s, struct holds *h, struct stored *rows,
    uint64_t *bits, struct erase_found *found, struct err *e);

void erase_found_add(struct erase_found *f, const struct erase_found *more);

/* ---- all segments (erase_plan.c) ---- */

/* Rows of one segment, found before. */
struct erase_known {
	int64_t segment;
	struct runs rows; /* none: count is 0 */
};
/* NULL: nothing is known of the segment.  known: by segment. */
const struct erase_known *erase_known_find(const struct erase_known *known, size_t n, int64_t segment);

struct erase_scan {
	struct store *st;
	const struct subject *subject;
	struct pool *pool;
	int (*go_on)(struct err *e);
	int (*segment)(void *arg, struct stored *s, struct erase_hits *h, struct err *e);
	void *arg;
	bool once; /* segments that are replaced meanwhile are left out */
};
/* Calls `segment` for each of the list, one call at a time, also when no row
 * has the person. */
int erase_scan(const struct erase_scan *scan, const struct segment_info *list, size_t n, struct err *e);

/* ---- one cell (erase_rows.c) ---- */

struct changed_event {
	uint64_t seq;
	struct hash leaf, change; /* the original leaf; what the line is now */
	uint8_t salt[SALT_LEN];
	bool again;               /* it was changed by an erasure before */
};

struct changed_line { /* of the tail */
	uint64_t seq;
	int64_t key;
	size_t off, len; /* in lines */
};

struct changed_segment {
	int64_t old;
	struct sealed_rows {
		struct sealed sealed;
		uint64_t first;
		uint32_t *offset;
		uint8_t *kind;
	} *made;
	size_t n, cap;
};

struct erase_cell {
	/* given */
	struct store *st; /* its keys; no statements */
	const struct subject *subject;
	struct holds *holds;
	pthread_mutex_t *lock;           /* around holds */
	const struct erase_known *known; /* by segment */
	size_t n_known;
	struct cell_copy copy;
	struct job job;

	/* at work */
	struct erase_finder finder;
	struct record_judge judge;
	struct cell_leaves leaves;
	struct segment_builder *builder;
	struct scratch scratch;
	struct trigram_set *set;
	size_t set_cap;
	struct arena arena;
	struct json_tape tape;
	struct buf line;

	/* results */
	int rc;
	struct err err;
	struct erase_found found;
	struct changed_event *change; /* by seq */
	size_t changes, changes_cap;
	struct changed_segment *segment;
	size_t segments, segments_cap;
	struct changed_line *changed;
	size_t lines, lines_cap;
	struct buf bytes; /* of lines */
	uint64_t forget[TREE_CELL / 64];
};

void erase_cell_fini(struct erase_cell *c);
/* Finds and changes; arg: struct erase_cell. */
void erase_cell_run(void *arg);
/* Puts what was made into the file (erase_write.c); record: the seq of the one
 * to come. */
int erase_cell_write(struct erase_cell *c, struct state *state, uint64_t record, struct err *e);

/* ---- one segment (erase_segment.c) ---- */

/* Rows with a bit are without the person; the others are as they were. */
int erase_segment(struct erase_cell *c, const struct copied_segment *old, struct segment *columns,
    const struct segment_rows *rows, const uint64_t *bits, field_set changed, int64_t growth, struct err *e);

/* ---- what waits (erase.c) ---- */

/* The row of `deferred` behind d->id: 1, 0 there is none, -1.  Texts in a. */
int erase_deferred_next(struct store *st, struct erase_deferred *d, struct arena *a, struct err *e);

/* ---- other tables (erase_other.c) ---- */

struct erase_other {
	struct store *st;
	const struct subject *subject;
	bool change;     /* else they are only counted */
	bool hashes;     /* events changed: hashes of files' records go */
	int64_t waiting; /* the row of `deferred` that is not looked at */
	struct erase_found *found;
};
/* In the open transaction. */
int erase_others(struct erase_other *o, struct err *e);
int erase_files(struct erase_other *o, struct err *e);

#endif
