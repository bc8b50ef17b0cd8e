/*
 * verify_parts: what the files of the verifier share.  Private to store/.
 *
 *   verify.c          cell after cell, by workers
 *   verify_rows.c     rows that are read along with a cell
 *   verify_roots.c    roots of the sizes that are asked for
 *   verify_found.c    what is found, in order
 *   verify_cell.c     one cell: what is there, what should be, its tail
 *   verify_segment.c  one segment: its row, its columns, its events
 *   verify_filter.c   its filters, and pieces that nothing calls for
 *   verify_value.c    whether a value is one that a line gives back
 *   verify_tree.c     leaves against kept hashes, salts, roots
 *   verify_deed.c     what a record authorises
 *   verify_record.c   records against the rows that they answer for
 *   verify_removal.c  removals, their runs and their records
 *   verify_hold.c     holds, their records, and whether what they hold is there
 *   verify_rest.c     counters, and rows that belong to nothing
 *
 * A cell is read by the caller's thread and judged by any other, which
 * touches nothing but its struct cell_work.
 */
#ifndef STORE_VERIFY_PARTS_H
#define STORE_VERIFY_PARTS_H

#include "base/mem.h"
#include "base/runs.h"
#include "proof/salt.h"
#include "store/cell_copy.h"
#include "store/column.h"
#include "store/reader.h"
#include "store/trigrams.h"
#include "store/verify.h"

#define VERIFY_TOLD_MAX 1000 /* findings of one kind that are told one by one */

/* ---- findings, until they are told ---- */

struct findings {
	struct verify_finding *item; /* texts live in the arena */
	size_t n, cap;
	uint64_t count[VERIFY_FAULTS]; /* with those that were not kept */
	struct arena arena;
};

/* Where something was found. */
struct place {
	enum verify_fault fault;
	bool has_seq;
	uint64_t first, last;
	int64_t segment;
	enum field field;
};

#define PLACE(f) ((struct place){ .fault = (f), .field = FIELD_NONE })
#define PLACE_SEQ(f, a, b) \
	((struct place){ .fault = (f), .has_seq = true, .first = (a), .last = (b), .field = FIELD_NONE })

void findings_add(struct findings *f, struct place at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void findings_reset(struct findings *f);
void findings_fini(struct findings *f);

/* "seq 5" or "seqs 5 to 9", for texts. */
#define SEQS_TEXT 64
const char *seqs_text(char out[SEQS_TEXT], uint64_t first, uint64_t last);

/* ---- values ---- */

struct value_check {
	struct json_tape tape;
	struct arena arena;
	struct buf line;
};

/* Whether a line with this value of the field reads as exactly this value. */
bool value_check(struct value_check *v, enum field f, struct str value);
/* The same, slowly: by making the line. */
bool value_check_line(struct value_check *v, enum field f, struct str value);
void value_check_fini(struct value_check *v);

/* ---- removals ---- */

/* What a record of the toolkit says that something else is held against. */
enum deed_kind { DEED_NONE, DEED_PRUNE, DEED_ERASE, DEED_FIRST_KEY, DEED_NEXT_KEY, DEED_HOLD, DEED_LIFT };

struct deed {
	enum deed_kind kind;
	bool closing, complete; /* complete: all that is needed is there */
	struct hash digest;
	uint64_t events, first, last;
	int64_t oldest, newest;
	struct str key;        /* borrowed from the event */
	uint64_t hold;         /* its id */
	const uint64_t *lifts; /* ids; borrowed until the next is read */
	size_t n_lifts;
};
/* Whether a lifting names the hold. */
bool deed_lifts(const struct deed *d, uint64_t hold);
/* What an event of kind 1 is. */
void deed_read(struct deed *d, const struct event *ev, struct value_check *memory);

/* A part of a removal that lies in a cell. */
struct removal_run {
	size_t removal; /* index */
	uint64_t record;
	uint32_t first, count; /* offsets in the cell */
	bool erase;            /* found out by the worker: rows of `erased` name it */
};

/* A row that names a record in the cell. */
enum record_of { RECORD_REMOVAL, RECORD_KEY, RECORD_HOLD, RECORD_LIFT };
struct expected_record {
	enum record_of of;
	size_t index;   /* of the removal, key or hold */
	uint64_t seq;
	struct str key; /* the row's, borrowed */
	uint64_t hold;  /* its id */
	bool found;
	struct deed deed; /* without what is borrowed */
};

struct removal {
	uint64_t generation, record;
	struct buf runs;
	struct runs_reader walk; /* over them; cells take the runs in ascending order */
	uint64_t first, last, events; /* of all runs */
	struct hash digest;     /* as of a prune */
	bool damaged;           /* runs that cannot be */
	bool as_prune, as_erase; /* what cells saw */
	bool seen, skipped;     /* its record was verified, or not looked at */
	struct deed deed;
};

struct removals {
	struct removal *item;
	size_t n, cap;
	uint64_t bytes;
};

/* Reads rows that came since, in the open transaction.  size: of the log. */
int removals_refresh(struct removals *r, struct store *st, uint64_t size, struct findings *found, struct err *e);
void removals_fini(struct removals *r);

struct cell_work;
/* Gives the cell the runs that lie in it; cells come in ascending order, the
 * last one perhaps more than once. */
void removals_clip(struct removals *r, struct cell_work *w);

/* ---- holds ---- */

struct known_hold { /* a row */
	int64_t id;
	uint64_t record, lift;
	bool lifted;
	bool seen, skipped;           /* the placing record was verified, or not looked at */
	bool lift_seen, lift_skipped; /* the lifting one */
	struct deed deed;
};

struct known_holds {
	struct known_hold *item; /* by id */
	size_t n, cap;
};

/* Rows that came since, and what was lifted since, in the open transaction. */
int known_holds_refresh(struct known_holds *h, struct store *st, struct err *e);
void known_holds_fini(struct known_holds *h);

/* ---- a cell at work ---- */

enum { PRUNED_SAID = 1, PRUNED_COVERED = 2 };

enum seq_state {
	SEQ_GONE = 0,
	SEQ_PRESENT, /* leaf[] is made of its line */
	SEQ_ERASED,  /* leaf[] is the one it had before */
	SEQ_BAD,     /* there, but its line cannot be made */
	SEQ_UNSALTED, /* its line is there, its salt is gone */
	SEQ_MAYBE    /* in the range of a segment of which nothing can be read */
};

struct wanted_root { /* of a size within the cell */
	uint32_t n;
	bool known;
	struct hash rest; /* the root over its first n leaves */
};

struct cell_work {
	struct store *st; /* its keys; no statements */
	struct cell_copy copy;
	struct job job;
	bool busy;

	/* given */
	struct removal_run *run;
	size_t runs, runs_cap;
	struct expected_record *record; /* by seq */
	size_t records, records_cap;
	struct wanted_root *wanted;
	size_t wanteds, wanted_cap;

	/* at work */
	struct hash *leaf, *kept; /* kept: of the open cell */
	uint8_t *state, *kind;
	uint8_t *pruned;      /* PRUNED_SAID, and PRUNED_COVERED when a kept hash covers it */
	bool *subtree_good;   /* rows of `removed` that can be */
	int32_t *change;      /* the newest row of `erased`, -1 none; NULL: the cell has none */
	bool *change_told;    /* a removal names the row */
	uint32_t kept_n;
	struct hash node[TREE_CELL_NODES]; /* of a full cell */
	bool node_known[TREE_CELL_NODES];
	struct salt_walk walk;
	struct scratch scratch;
	struct value_check check;
	struct buf line;
	struct json_tape tape;
	struct arena arena;
	struct trigram_set *set;
	size_t set_cap;

	/* results */
	struct findings found;
	uint64_t present, own_records, erased, gone, missing, hashed;
	int64_t last_ingested;
	bool root_known;
	struct hash root; /* over all leaves of the cell, when it is full */
};

/* Its first seq, and how many the log has of it. */
static inline uint64_t
cell_start(const struct cell_work *w)
{
	return w->copy.no * TREE_CELL;
}

static inline uint32_t
cell_events(const struct cell_work *w)
{
	return (uint32_t)(w->copy.end - cell_start(w));
}

void cell_work_init(struct cell_work *w, struct store *st);
void cell_work_fini(struct cell_work *w);
/* Judges what was copied. */
void cell_work_run(struct cell_work *w);

/* One event that is there: its line and what it is made of; of an event from
 * outside only source and times. */
void cell_take_event(struct cell_work *w, const struct event *ev, struct str line, uint64_t seq, enum leaf_kind kind,
    int64_t segment);
/* One that is there, but cannot be read. */
void cell_take_bad(struct cell_work *w, uint64_t seq);

/* One that is there, record or not, against the rows that name its seq. */
void verify_record(struct cell_work *w, const struct event *ev, uint64_t seq, enum leaf_kind kind, int64_t segment,
    bool erased);
/* After all events: rows whose record was not there. */
void verify_missing_records(struct cell_work *w);

/* A segment: all its events are taken. */
void verify_segment(struct cell_work *w, const struct copied_segment *s);

/* Of an opened segment whose columns are decoded: filters, and pieces that
 * nothing calls for.  good: the fields that could be decoded. */
void verify_filters(struct cell_work *w, const struct copied_segment *s, struct segment *columns, field_set good);

/* Hashes of the cell: after all events were taken, and states are known. */
void verify_hashes(struct cell_work *w);
void verify_salts(struct cell_work *w);

/* ---- all cells ---- */

struct verify_log {
	struct store *st;
	const struct verify_options *o;
	struct verify_result *r;
	struct removals removals;
	struct known_holds holds;
	uint64_t told[VERIFY_FAULTS];
	struct findings found; /* of none of the cells */
	struct state state;    /* of the last transaction */
	int64_t last_ingested; /* of events that are there */
	int64_t quarantine_rows;
	bool skipped;          /* `from` left cells out */
};

/* Tells what was found and forgets it. */
void verify_tell(struct verify_log *v, struct findings *f);
/* At the end: how many more there were than were told. */
void verify_tell_more(struct verify_log *v);

/* After all cells: removals against their records. */
int verify_removals(struct verify_log *v, struct err *e);
/* And holds against theirs, and against removals. */
int verify_holds(struct verify_log *v, struct err *e);
/* Counters and what the last transaction sees beyond the log; within it. */
int verify_counters(struct verify_log *v, struct err *e);
/* The rest, in transactions of its own. */
int verify_leftovers(struct verify_log *v, struct err *e);

#endif
