/*
 * verify: is the store what was put into it?  Everything that a query relies
 * on is made again from bytes that are hashed into the tree, and compared.
 *
 * A cell and what was removed of it are read in one short transaction; others
 * write, prune, erase and rotate meanwhile without a false alarm.  Whether the
 * tree is the one that was signed is for the caller to find out, with
 * epoch_check and the roots given here.
 */
#ifndef STORE_VERIFY_H
#define STORE_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/pool.h"
#include "event/field.h"

struct store;

enum verify_fault {
	VERIFY_UNREADABLE, /* a part of the file cannot be read */
	VERIFY_SEGMENT,    /* a segment's row: range, counts, times, fields, bytes, runs */
	VERIFY_COLUMN,     /* a column that no program of ours made, or that means something else than its line */
	VERIFY_FILTER,     /* a filter that hides a value which is there */
	VERIFY_TAIL,       /* a row of the tail: its line, key, length */
	VERIFY_CHANGED,    /* events that are not those whose hashes are kept */
	VERIFY_MISSING,    /* events that no verified record accounts for */
	VERIFY_EXTRA,      /* there twice, or there although a record says it was removed */
	VERIFY_REMOVAL,    /* a removal and its record disagree, or one without the other */
	VERIFY_ERASURE,    /* an erased event and its record disagree */
	VERIFY_RECORD,     /* an event from outside posing as a record, or a record as an event */
	VERIFY_HASHES,     /* kept hashes or salts that cannot be, or contradict each other */
	VERIFY_KEY,        /* a verifier key and its record disagree */
	VERIFY_HOLD,       /* a hold and its record disagree, or what it held was removed */
	VERIFY_COUNTERS,   /* the store's own counters */
	VERIFY_LEFTOVER    /* rows that belong to nothing */
};
#define VERIFY_FAULTS (VERIFY_LEFTOVER + 1)

/* "unreadable", "segment" ...: for machines. */
const char *verify_fault_name(enum verify_fault fault);

struct verify_finding {
	enum verify_fault fault;
	bool has_seq;         /* about the events first .. last */
	uint64_t first, last;
	int64_t segment;      /* 0: of none */
	enum field field;     /* FIELD_NONE: of none */
	const char *text;     /* one sentence, which names the above; borrowed */
};

/* A size of the log, and the root that the log had then, as recomputed. */
struct verify_root {
	uint64_t size;
	bool known; /* false: beyond the log, within what was removed, behind damage, or
	             * of a stored checkpoint in a cell that `from` leaves out */
	struct hash root;
};

struct verify_options {
	struct pool *pool; /* NULL: one thread */
	uint64_t from;     /* cells that end at or below this size are not recomputed: their kept roots are taken */
	struct verify_root *root; /* sizes asked for; filled in */
	size_t roots;
	/* From the caller's thread: each finding, by seq as far as it goes; NULL
	 * is fine.  go_on ends it with -1; told how far it is. */
	void (*found)(void *arg, const struct verify_finding *f);
	void (*progress)(void *arg, uint64_t events, uint64_t of);
	int (*go_on)(struct err *e);
	void *arg;
};

struct verify_checkpoint { /* a stored one */
	struct verify_root at;
	struct buf note;
};

struct verify_key { /* introduced by a verified record */
	uint64_t seq;
	struct buf line;
};

struct verify_result {
	uint64_t size, removals; /* of the log that was verified */
	struct hash root; /* zeros when damage hides it */
	struct verify_root whole; /* of the full cells: can be made again whatever is pruned */
	/* present + pruned + missing == size; records and erased are present too,
	 * what is there but cannot be read is missing. */
	uint64_t present, records, erased, pruned, missing;
	uint64_t findings;
	uint64_t recomputed;     /* events hashed; less than present with `from` */
	uint64_t holds;          /* active */
	uint64_t quarantined, saved; /* outside of the tree: counted only */
	struct verify_checkpoint *checkpoint; /* by size */
	size_t checkpoints;
	struct verify_key *key;  /* by seq; the first is of the record audit.key-init */
	size_t keys;
};

/* 0 when it came to the end, whatever was found; -1 when it could not
 * (interrupted, busy).  r starts as {0}; verify_result_fini frees. */
int store_verify(struct store *st, const struct verify_options *o, struct verify_result *r, struct err *e);
void verify_result_fini(struct verify_result *r);

#endif
