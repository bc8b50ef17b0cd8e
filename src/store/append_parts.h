/*
 * append_parts: what the files of an appender share.  Private to append*.c.
 *
 * append.c is the door, append_batch.c gathers, append_write.c writes inside a
 * transaction, append_commit.c makes the transactions.
 */
#ifndef STORE_APPEND_PARTS_H
#define STORE_APPEND_PARTS_H

#include "store/internal.h"
#include "store/leaf_maker.h"

struct held { /* a quarantined line that waits, with its bytes */
	struct quarantined q;
	char *bytes;
};

struct held_list {
	struct held *item;
	size_t n, cap;
};

struct append_batch {
	uint64_t first; /* the seq expected for row 0 */
	struct segment_builder *builder;
	struct hash *leaf; /* by leaf_maker; there when that was waited for */
	struct leaf_maker *leaf_maker;
	uint8_t *kind;
	uint64_t *key;  /* event_key of each row */
	uint32_t *slot; /* KEY_SLOTS, by key */
	struct buf salts;
	bool new_cell;
	bool any_record;
	int64_t last_ingested;
	struct store_file *position; /* one of each file */
	size_t positions, positions_cap;
	struct held_list held;
	int64_t *released; /* quarantined lines of the store that became these events */
	size_t releases, releases_cap;
	struct sealed sealed;
	bool encoded;
	struct job job;
};

/* The newest transaction: what tells whether it is in the file. */
struct append_attempt {
	bool open; /* it failed, and may be there all the same */
	struct append_batch *batch;
	bool last; /* the filling batch, and what is behind the last position */
	bool all;  /* both batches */
	struct append_counts counts; /* if it is */
	bool event;   /* it has events, the last of them this one */
	uint64_t seq;
	enum leaf_kind kind;
	struct buf line;
	bool refusal; /* it has quarantined lines, the last of them this one */
	int64_t refusal_id;
	struct buf refused; /* by append_describe_held */
};

struct appender {
	struct store *st;
	struct pool *pool;
	struct append_batch batch[2];
	struct append_batch *filling, *waiting; /* waiting: full, being encoded; NULL: none */
	struct duplicates *known;
	uint64_t removals; /* when known was looked up */
	bool stale;            /* known must be looked up anew */
	uint64_t merged_cells; /* full cells that cell_merge was asked about */
	bool unready;          /* the filling batch must be started anew */
	struct held_list held; /* quarantined, behind the last position */
	struct held_list conflicts; /* with what another writer stored meanwhile */
	struct append_counts counts;
	struct buf line;
	struct append_attempt attempt;
	bool lost;         /* the disk was full: the store must be opened again */
	struct err broken; /* why nothing more is written */
};

/* ---- append_batch.c ---- */

/* The bytes of q are copied. */
void append_hold(struct held_list *l, const struct quarantined *q);
void append_held_clear(struct held_list *l);

void append_batch_init(struct append_batch *b, struct pool *pool);
void append_batch_fini(struct append_batch *b);
void append_batch_clear(struct append_batch *b);
/* Makes an empty batch ready for rows from seq `first` on. */
int append_batch_place(struct append_batch *b, struct store *st, uint64_t first, struct err *e);
/* Both in one. */
int append_batch_start(struct append_batch *b, struct store *st, uint64_t first, struct err *e);
/* As append_batch_start behind a batch that fills its cell or not: the salts
 * of the same cell are taken over when they are not in the file yet. */
int append_batch_follow(struct append_batch *b, struct store *st, const struct append_batch *before, struct err *e);
/* Whether a line of so many bytes more has no place in it. */
bool append_batch_full(const struct append_batch *b, size_t more);
/* append_batch_find will be asked for the key: its place is a cache miss. */
void append_batch_expect(const struct append_batch *b, uint64_t key);
/* *result stays as it is when no row of the batch is the same event. */
void append_batch_find(const struct append_batch *b, const struct event *ev, uint64_t key,
    enum append_result *result);
/* x: segment_builder_expect of its builder. */
void append_batch_add(struct append_batch *b, const struct event *ev, const struct segment_expected *x,
    enum leaf_kind kind, uint64_t key, struct str line);
/* Copied, instead of what it had of the same file. */
void append_batch_position(struct append_batch *b, const struct store_file *f);
/* A job: its rows as a segment. */
void append_batch_encode(void *batch);

/* Into a->line, which one function may not expect to be kept by another. */
void append_format(struct appender *a, const struct event *ev);

/* ---- append_write.c ---- */

/* Whether it waits in one of the batches (two may be NULL) or is stored. */
int append_find(struct appender *a, const struct append_batch *one, const struct append_batch *two,
    const struct event *ev, uint64_t key, enum append_result *result, struct err *e);
/* Batch b (the filling one as the last) with what goes with it, in the open
 * transaction.  *all: another writer was faster, and both batches went. */
int append_write(struct appender *a, struct append_batch *b, bool last, bool *all, struct state *state,
    struct err *e);

/* What tells a quarantined line from others: when it came, where it was, and its bytes. */
void append_describe_held(struct buf *out, const struct quarantined *q);

/* ---- append_commit.c ---- */

/* Finds the place of the filling batch, if it has none yet; after a full disk
 * it opens the store again.  Before anything else is done. */
int append_ready(struct appender *a, struct err *e);
/* The filling batch is full: encode it while the other one fills. */
int append_turn(struct appender *a, struct err *e);
/* Notes what an error means for what comes next, and names the store.  Returns -1. */
int append_blame(struct appender *a, struct err *e);

#endif
