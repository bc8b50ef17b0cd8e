/*
 * store: the SQLite file.  The one door to storage: nothing outside this
 * folder knows SQL, and a second engine could stand behind this header.
 *
 * Sequence numbers (seq) 0, 1, 2 ... are given in the order of commit.  The
 * newest events are rows of lines (the tail), all others are segments of
 * columns.  Readers keep their transactions short: a view fixes the size of
 * the log, and everything after reads ranges of seq below it, wherever they
 * now are.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/pool.h"
#include "base/stream.h"
#include "event/event.h"
#include "proof/path.h"
#include "store/erase.h"
#include "store/hold.h"
#include "store/prune.h"
#include "store/segment.h"
#include "store/verify.h"

#define STORE_FORMAT 5 /* user_version */

struct store;

enum store_mode {
	STORE_READ,  /* never writes, never migrates: older formats are read as they are */
	STORE_WRITE, /* the file must exist; brought up to date */
	STORE_CREATE /* made when it does not exist, with its folder's permission */
};

/* Errors: ERR_FAIL (no such file, not ours, newer format), ERR_INTEGRITY
 * (damaged), ERR_BUSY. */
struct store *store_open(const char *path, enum store_mode mode, struct err *e);
void store_close(struct store *st); /* NULL is fine */
const char *store_path(const struct store *st);
/* Puts the store's path before an error's text, unless it is there.  Returns -1. */
int store_blame(const struct store *st, struct err *e);
void store_id(const struct store *st, uint8_t id[16]);
const char *store_sqlite_version(void);

/* ---- reading ---- */

struct store_view {
	uint64_t size;     /* events ever stored; seqs below it are visible */
	uint64_t removals; /* generation of removals */
	uint64_t quarantined;
	uint64_t tail;     /* visible events that are in no segment */
	int64_t last_ingested; /* TIME_NONE in an empty store */
	uint64_t pruned_events; /* removed for ever, and their event times */
	int64_t pruned_min_time, pruned_max_time; /* TIME_NONE when none */
};

struct segment_info {
	int64_t id;       /* of this segment, never used again */
	uint64_t first;   /* seq of row 0 */
	uint64_t last;    /* seq of the last row; last - first + 1 > count when rows were pruned */
	struct segment_meta meta;
};

/* The size of the log and its segments by first seq, one short transaction.
 * The list is yours (free).  Events in none of them are in the tail. */
int store_view(struct store *st, struct store_view *v, struct segment_info **list, size_t *n, struct err *e);

/*
 * A segment of the store, opened.  Its pieces are read one by one when asked
 * for, each in a short transaction, from any thread.  When the segment was
 * replaced meanwhile (merged, pruned), columns fail with ERR_BUSY and `moved`
 * is set: ask store_view again.
 */
struct stored {
	struct segment *columns;
	struct segment_info info;
	struct segment_rows *rows;
	struct store *st;
	bool moved;
};
struct stored *store_segment(struct store *st, const struct segment_info *info, bool *moved, struct err *e);
void store_segment_free(struct stored *s); /* NULL is fine */
/* The seq of a row: first + row, unless rows were pruned. */
uint64_t store_row_seq(const struct stored *s, uint32_t row);
enum leaf_kind store_row_kind(const struct stored *s, uint32_t row);

/* Calls each tail line with first <= seq < end, in order, copied out of the
 * transaction before the first call.  *moved: the tail holds not `count` such
 * lines any more (sealed, pruned): ask store_view again; nothing was called. */
int store_tail(struct store *st, uint64_t first, uint64_t end, uint64_t count, bool *moved,
    int (*each)(void *arg, uint64_t seq, struct str line, struct err *e), void *arg, struct err *e);
/* The same of a view's tail, whose segments end before `sealed`.  Lines before
 * `first` are left out where it is known how many those are: nothing was pruned
 * behind the segments.  Lines that are not `worth` it are not copied nor told;
 * it may be called though nothing else is.  NULL: all are. */
int store_tail_from(struct store *st, const struct store_view *v, uint64_t sealed, uint64_t first, bool *moved,
    bool (*worth)(void *arg, uint64_t seq, struct str line), int (*each)(void *arg, uint64_t seq, struct str line, struct err *e), void *arg, struct err *e);

struct quarantined {
	int64_t id;
	int64_t at;          /* when, microseconds */
	struct str source, origin; /* --source; file name or "-" */
	uint64_t position;   /* byte offset in the decompressed input */
	uint64_t line;       /* 1-based; 0 unknown */
	struct str reason;   /* event_fault_name */
	struct str detail;
	struct str bytes;    /* redacted */
};
int store_quarantine_each(struct store *st,
    int (*each)(void *arg, const struct quarantined *q, struct err *e), void *arg, struct err *e);

/* How many lines were refused with from <= at < until. */
int store_quarantined(struct store *st, int64_t from, int64_t until, uint64_t *count, struct err *e);

/*
 * Waits until something may have been committed, or `timeout` (microseconds,
 * negative: for ever) is over; costs nothing meanwhile.  1: look again, 0: time
 * is over or a signal came, -1.  The first call returns 1 when there was a
 * commit since store_watch_open: look before waiting and nothing is missed.
 */
struct store_watch;
struct store_watch *store_watch_open(struct store *st, struct err *e);
int store_watch_wait(struct store_watch *w, int64_t timeout, struct err *e);
/* The path leads to another file now: what is open is the old one. */
bool store_watch_replaced(const struct store_watch *w);
void store_watch_close(struct store_watch *w); /* NULL is fine */

/* ---- saved queries ---- */

#define SAVED_NAME_MAX 64
#define SAVED_WORDS_MAX (64u * 1024)
#define SAVED_USER_MAX 256

struct saved_query {
	struct str name;
	struct str words; /* the arguments as typed: a JSON array of strings */
	int64_t at;       /* when it was saved */
	struct str by;    /* the user's name */
};

/* A letter or digit, then letters, digits, . _ - : at most SAVED_NAME_MAX bytes. */
bool saved_name_valid(const char *name);
/* By name. */
int store_saved_each(struct store *st, int (*each)(void *arg, const struct saved_query *q, struct err *e), void *arg,
    struct err *e);
/* Both with the record in the same transaction (leaf kind 1).  Put replaces;
 * ERR_FAIL when a part is too long or the name is not valid.  Nothing found:
 * nothing is recorded. */
int store_saved_put(struct store *st, const struct saved_query *q, const struct event *record, struct err *e);
int store_saved_delete(struct store *st, const char *name, const struct event *record, bool *found, struct err *e);

/* ---- how far rules were asked ---- */

/* Rules that are asked about each event once have a name together. */
#define DETECTOR_NAME_MAX 64
struct detector {
	uint64_t seq;   /* every event below it was asked about */
	int64_t latest; /* of their times, none ahead of its arrival; TIME_NONE: of none */
};

/* 1; 0 with the place of one that the store does not know: the beginning; -1. */
int store_detector(struct store *st, const char *name, struct detector *d, struct err *e);
/*
 * Moves it, with the records (leaf kind 1) of what was found, in one
 * transaction.  *seq (may be NULL) is that of the first record.  ERR_BUSY:
 * it is not at `from` any more, another program has the same rules in work.
 */
int store_detector_move(struct store *st, const char *name, const struct detector *from, const struct detector *to,
    const struct event *record, size_t records, uint64_t *seq, struct err *e);

/* ---- files that events come from ---- */

struct store_file {
	int64_t id;          /* row; 0: not yet known to the store */
	uint8_t key[8];      /* random; ids of its events are made of it */
	char *name;
	uint64_t dev, ino;
	uint64_t first_len;  /* bytes of the first record, 0 unknown */
	uint8_t first_hash[16];
	uint64_t offset;     /* decompressed bytes done */
	uint64_t last_len;   /* length of the record that ends at offset */
	uint8_t last_hash[16];
	uint64_t line;       /* lines done */
	int64_t seen;        /* when that was committed; read only */
	/* For append_position: where what came before it began, and that it would
	 * be something else if another program had given it too. */
	uint64_t from;
	bool alone;
};

/* All files known, newest first; yours (store_files_free). */
int store_files(struct store *st, struct store_file **list, size_t *n, struct err *e);
void store_files_free(struct store_file *list, size_t n);
/* The secret key of the hashes above (16 bytes, per store). */
void store_file_key(const struct store *st, uint8_t key[16]);

/* ---- appending ---- */

struct appender;

struct append_counts {
	uint64_t stored, duplicates, conflicts, quarantined;
	uint64_t released; /* quarantined lines that left the quarantine */
	uint64_t first_seq, last_seq; /* valid when stored > 0 */
};

/* Takes events, finds duplicates, seals and commits.  pool may be NULL.  The
 * pool must outlive it. */
struct appender *append_open(struct store *st, struct pool *pool, struct err *e);
void append_close(struct appender *a); /* drops what was not committed; NULL is fine */

enum append_result { APPEND_STORED, APPEND_DUPLICATE, APPEND_CONFLICT };

/*
 * Adds an event (copied).  It must have id, time, ingested, action, severity and
 * outcome: ERR_FAIL.  APPEND_CONFLICT: the same source, id and time with other
 * content is stored already; the caller quarantines it.  May commit on its own
 * when a cell is full: events given before, with the newest position that all
 * of them are behind.
 * 0 or -1.
 */
int append_event(struct appender *a, const struct event *ev, enum leaf_kind kind,
    enum append_result *result, struct err *e);

/* Is the same event stored already?  It is counted as a duplicate then.  0 or -1. */
int append_known(struct appender *a, const struct event *ev, bool *known, struct err *e);

/* Goes into the next commit.  Bytes are copied. */
void append_quarantine(struct appender *a, const struct quarantined *q);

/* The quarantined line of this id became the event given last, and leaves the
 * quarantine in the same commit, which fails (ERR_BUSY) when it is not there. */
void append_release(struct appender *a, int64_t id);

/* Where a file is after everything of it given so far; goes into the same
 * commit as the events before it.  The file is told by its key and copied; one
 * that the store does not know becomes known.  Each file has a place of its own,
 * which never goes back.
 *
 * When another program has moved it meanwhile, the events are duplicates of its
 * own.  Quarantined lines are not, nor is what has to be `alone`: then the
 * commit fails with ERR_BUSY, and all of it is to be read again. */
void append_position(struct appender *a, const struct store_file *f);

/*
 * Makes everything given durable.  After -1 the outcome may be unknown, and
 * what is said to be stored is what is known to be.
 *
 * ERR_FULL, here and from append_event and append_known: nothing that was given
 * is forgotten.  The same call can be made again, and again, until there is
 * room: the store is opened anew and looked into, and what is not there yet is
 * written, once.  After ERR_FAIL nothing more is written.
 */
int append_commit(struct appender *a, struct err *e);
void append_counts(const struct appender *a, struct append_counts *c);

/* Writes one record about the toolkit's own doing (leaf kind 1) and commits it. */
int store_record(struct store *st, const struct event *ev, uint64_t *seq, struct err *e);

/* ---- proof ---- */

/* The root over all present and removed leaves at the current size, from the
 * hashes that are kept: not recomputed from the events (store_verify does). */
int store_root(struct store *st, uint64_t *size, struct hash *root, struct err *e);

struct store_note {
	uint64_t size;   /* of the log that it is about */
	int64_t at;      /* when it was stored */
	struct str note; /* signed, as it was published */
};

/* Stored checkpoints by size, then in the order they were stored. */
int store_checkpoint_each(struct store *st, int (*each)(void *arg, const struct store_note *n, struct err *e), void *arg,
    struct err *e);
/* The last of the greatest size at most `size`: 1 with *n, its bytes in out; 0 there is none; -1. */
int store_checkpoint_last(struct store *st, uint64_t size, struct store_note *n, struct buf *out, struct err *e);
/*
 * Stores a note, unless the same bytes are stored already.  1: stored; 0:
 * something was removed since `removals` (verify_result): a prune may have gone
 * over this size, recompute and sign again; -1.
 */
int store_checkpoint_add(struct store *st, uint64_t size, uint64_t removals, struct str note, struct err *e);

/* Verifier keys, each with the record that introduced it: audit.key-init the
 * first, audit.key-rotate the others.  In order. */
struct store_key {
	uint64_t seq;    /* of the record */
	struct str line; /* verifier key */
};
int store_key_each(struct store *st, int (*each)(void *arg, const struct store_key *k, struct err *e), void *arg,
    struct err *e);
/* The record (leaf kind 1), whose context.key is the line, and the row, in one transaction. */
int store_key_add(struct store *st, struct str line, const struct event *record, uint64_t *seq, struct err *e);

/* What shows one event to be in the tree of `size` leaves. */
struct store_proof {
	struct buf line;
	uint8_t salt[SALT_LEN];
	enum leaf_kind kind;
	struct path path;
};
/* Recomputed from the events of its cell.  ERR_FAIL: not below size, pruned,
 * or changed by an erasure (its salt is gone).  p starts as {0}; fini frees. */
int store_prove(struct store *st, uint64_t seq, uint64_t size, struct store_proof *p, struct err *e);
void store_proof_fini(struct store_proof *p);
/* RFC 9162 2.1.4, between two sizes of the log. */
int store_prove_consistency(struct store *st, uint64_t first, uint64_t second, struct path *path, struct err *e);

/*
 * What shows all events of an export to be in the tree of `size` leaves, as
 * proof/export_proof.h reads it, up to the note: events are told in the order
 * of the export's lines.  Those from size on are named, and not shown; of those
 * that an erasure changed before it began, only the place is shown.
 */
struct export_prover;
struct export_prover *export_prover_new(struct store *st, uint64_t size);
void export_prover_free(struct export_prover *p); /* NULL is fine */
void export_prover_add(struct export_prover *p, uint64_t seq);
/* Events told that are not below size. */
uint64_t export_prover_beyond(const struct export_prover *p);
/* Once it is written: events told that were changed by an erasure. */
uint64_t export_prover_erased(const struct export_prover *p);
/* ERR_BUSY: an event was pruned or erased since it was told: export again. */
int export_prover_write(struct export_prover *p, struct outstream *out, struct err *e);
/* Begins the proof of another file of the same export: events that were erased
 * since the first one began are found in it too. */
void export_prover_again(struct export_prover *p);

#endif
