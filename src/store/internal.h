/* internal: what the files of store/ share.  Private to store/. */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <pthread.h>

#include "store/db.h"
#include "store/store.h"

struct store {
	struct db db;
	uint8_t id[16];
	uint8_t file_key[16];
	pthread_mutex_t lock; /* around the connection, when segments are read by several threads */
};

/* A writer's connection closed and opened again.  After -1 nothing can be done
 * with the store but this, or closing it.  ERR_FAIL: another store has its name. */
int store_reopen(struct store *st, struct err *e);

#define SEGMENT_ID_MAX (INT64_C(1) << 46) /* so that the numbers of pieces fit 63 bits */

/* (segment, field, part) as the key of a piece, so that a segment's pieces
 * lie together. */
static inline int64_t
piece_id(int64_t segment, unsigned field, unsigned part)
{
	return segment << 16 | (int64_t)(field << 10 | part);
}

/* The one row of counters; read and written inside transactions. */
struct state {
	uint64_t size, removals, quarantined;
	int64_t next_segment, last_ingested;
	uint64_t pruned_events;
	int64_t pruned_min_time, pruned_max_time;
};

int state_get(struct store *st, struct state *s, struct err *e);
int state_put(struct store *st, const struct state *s, struct err *e);

/* Rows of a segment that are not simply first, first + 1 ...: lists of
 * (gap, length) varints.  runs: of seqs present, relative to first.  records:
 * of rows with leaf kind 1. */
struct segment_rows {
	uint32_t *offset; /* NULL: row r is seq first + r */
	uint64_t *record; /* a bit a row; NULL: none */
};
int segment_rows_parse(struct segment_rows *rows, uint64_t first, uint64_t last, uint32_t count, struct str runs,
    struct str records, struct err *e);
void segment_rows_fini(struct segment_rows *rows);
/* The seq of a row, and whether it is one of the toolkit's own records. */
uint64_t segment_rows_seq(const struct segment_rows *rows, uint64_t first, uint32_t row);
enum leaf_kind segment_rows_kind(const struct segment_rows *rows, uint32_t row);
/* The row of a seq; false when the segment has none. */
bool segment_rows_find(const struct segment_rows *rows, uint64_t first, uint32_t count, uint64_t seq, uint32_t *row);

/* Writes a sealed run: its segment row and its pieces.  offset[] are the seqs
 * of its rows less first (NULL: consecutive), kind[] their leaf kinds (NULL: all events). */
int segment_write(struct store *st, struct state *state, const struct sealed *sealed, uint64_t first,
    const uint32_t *offset, const uint8_t *kind, struct err *e);
int segment_drop(struct store *st, int64_t id, struct err *e);

/* One segment row of the current statement (ST_SEGMENT_ALL's columns). */
int segment_info_read(struct store *st, sqlite3_stmt *s, struct segment_info *info, struct err *e);
/* The membership filter of a field of a segment into out; empty when it has none. */
int segment_members(struct store *st, int64_t id, enum field f, struct buf *out, struct err *e);

/* Segments that overlap [first, last]; yours (free). */
int segment_list(struct store *st, uint64_t first, uint64_t last, struct segment_info **list, size_t *n, struct err *e);

/* Cells.  Appends the salt set of a cell; 1 found, 0 there is none yet, -1. */
int cell_salts(struct store *st, uint64_t cell, struct buf *salts, struct err *e);
/* What is left of them. */
int cell_salts_put(struct store *st, uint64_t cell, struct str salts, struct err *e);
int cell_add(struct store *st, uint64_t cell, struct str salts, struct err *e);
/* Leaf hashes of sealed events of the open cell, kept until it is full. */
int leaf_add(struct store *st, uint64_t first, const struct hash *leaf, uint32_t n, struct err *e);
/* The leaf hashes [cell start, cell start + n) from leaf rows and tail. */
int leaf_gather(struct store *st, uint64_t cell, struct hash *leaf, uint32_t n, struct err *e);
/* Writes root and nodes of a full cell from its leaves (NULL: gathered) and
 * forgets the single hashes. */
int cell_close(struct store *st, uint64_t cell, const struct hash *leaf, struct err *e);
/* The 256 nodes of height 8 of a full cell. */
int cell_nodes(struct store *st, uint64_t cell, struct hash nodes[TREE_CELL_NODES], struct err *e);
/* The small segments of a full cell become as few as fit, in a transaction of its own. */
int cell_merge(struct store *st, uint64_t cell, struct pool *pool, struct err *e);

/* The tail. */
#define TAIL_EVENTS 4096
#define TAIL_BYTES (4u * 1024 * 1024)

struct tail_size {
	uint64_t count, bytes, first;
};
int tail_size(struct store *st, struct tail_size *t, struct err *e);
int tail_add(struct store *st, uint64_t seq, const struct event *ev, enum leaf_kind kind, const struct hash *leaf,
    struct str line, struct err *e);
/* All tail rows become segments, in the open transaction. */
int tail_seal(struct store *st, struct state *state, struct pool *pool, struct err *e);

/* What duplicates are looked up by, made of source, id and time with the
 * store's secret. */
uint64_t event_key(const struct store *st, const struct event *ev);

/*
 * sealer: rows in order of seq into segments, cut where one is full or a cell
 * ends.  The rows' old home must be dropped before the segment that begins
 * with them is flushed.
 */
struct sealer {
	struct store *st;
	struct state *state;
	struct pool *pool;
	struct segment_builder *builder;
	uint64_t first;
	uint32_t *offset;
	uint8_t *kind;
};
void sealer_init(struct sealer *s, struct store *st, struct state *state, struct pool *pool);
int sealer_add(struct sealer *s, const struct event *ev, size_t line_len, uint64_t seq, enum leaf_kind kind,
    struct err *e);
int sealer_flush(struct sealer *s, struct err *e);
void sealer_fini(struct sealer *s);

/* One of the toolkit's own records, as the next seq, in the open transaction.
 * ERR_FAIL: without id, times, action, severity, outcome, or the reserved source. */
int record_add(struct store *st, struct state *state, const struct event *ev, struct err *e);
/* Several of them. */
int records_add(struct store *st, struct state *state, const struct event *ev, size_t n, struct err *e);
/* Begins the next generation of removals: what a transaction removed or
 * changed, as maximal runs of seqs, (gap, length) varints from 0 on.  Its
 * record is the next thing added. */
int removal_add(struct store *st, struct state *state, struct str runs, struct err *e);

/* Sizes of stored checkpoints with first < size < end into *sizes, as uint64_t,
 * ascending, each once.  In the open transaction of a writer. */
int checkpoint_sizes(struct store *st, uint64_t first, uint64_t end, struct buf *sizes, struct err *e);

/* Events already stored, by source, id and time. */
struct duplicates;
struct duplicates *duplicates_new(struct store *st);
void duplicates_free(struct duplicates *d);
/* Looks anew at what segments and tail there are. */
int duplicates_refresh(struct duplicates *d, struct err *e);
/* After a rollback: what was seen inside the transaction is not there. */
void duplicates_forget(struct duplicates *d);
/* key: the event's event_key. */
int duplicates_find(struct duplicates *d, const struct event *ev, uint64_t key, enum append_result *result,
    struct err *e);

/* Gives every row of a segment, with its canonical line, in order. */
struct row_sink {
	int (*row)(void *arg, const struct event *ev, struct str line, uint64_t seq, enum leaf_kind kind, struct err *e);
	void *arg;
};
int stored_each(struct stored *s, struct row_sink sink, struct err *e);

/* One event as it is now, its canonical line instead of what was in *line, in
 * the open transaction: 1, 0 when it was pruned or is still to come, -1. */
int stored_line(struct store *st, uint64_t seq, struct buf *line, enum leaf_kind *kind, struct err *e);

#endif
