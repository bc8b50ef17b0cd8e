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

/* Writes a sealed run: its segment row and its pieces.  offset[] are the seqs
 * of its rows less first (NULL: consecutive), kind[] their leaf kinds (NULL: all events). */
int segment_write(struct store *st, struct state *state, const struct sealed *sealed, uint64_t first,
    const uint32_t *offset, const uint8_t *kind, struct err *e);
int segment_drop(struct store *st, int64_t id, struct err *e);

/* One segment row of the current statement (ST_SEGMENT_ALL's columns). */
int segment_info_read(struct store *st, sqlite3_stmt *s, struct segment_info *info, struct err *e);
/* Segments that overlap [first, last]; yours (free). */
int segment_list(struct store *st, uint64_t first, uint64_t last, struct segment_info **list, size_t *n, struct err *e);

/* Cells: the salt set of a cell, made when it has none (in a write transaction). */
int cell_salts(struct store *st, uint64_t cell, bool make, struct buf *salts, struct err *e);
/* Gathers what is known of the leaf hashes of the open cell, and closes it
 * when the log now reaches its end: root and nodes written, leaf rows dropped. */
int cell_close(struct store *st, uint64_t cell, struct err *e);
int leaf_add(struct store *st, uint64_t first, const struct hash *leaf, uint32_t n, struct err *e);

/* The tail. */
struct tail_size {
	uint64_t count, bytes, first;
};
int tail_size(struct store *st, struct tail_size *t, struct err *e);
/* What duplicates are looked up by: of source, id and time. */
uint64_t event_key(const struct event *ev);
/* All tail rows become one or more segments. */
int tail_seal(struct store *st, struct state *state, struct pool *pool, struct err *e);
/* The small segments of a full cell become as few as fit. */
int cell_merge(struct store *st, uint64_t cell, struct pool *pool, struct err *e);

/* Gives every row of a segment, with its canonical line, in order. */
struct row_sink {
	int (*row)(void *arg, const struct event *ev, struct str line, uint64_t seq, enum leaf_kind kind, struct err *e);
	void *arg;
};
int stored_each(struct stored *s, struct row_sink sink, struct err *e);

#endif
