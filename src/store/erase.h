/*
 * erase: a person's values become one pseudonym, everywhere in the store.
 *
 * The lines change, their original leaf hashes stay, their salts are
 * forgotten, and records (audit.erase) have the digest of the changes: the
 * rest of the log verifies as before (integrity definitions 3).  What an
 * active hold matches is left as it is; the values then wait in the store for
 * the hold to be lifted.
 *
 * Records that introduce a key are never changed (proofs of later keys need
 * their salts), nor is one that would say something else of what it
 * authorises; both are counted as kept.
 */
#ifndef STORE_ERASE_H
#define STORE_ERASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"
#include "event/subject.h"
#include "store/hold.h"

/* What of the person is, or was, where. */
struct erase_found {
	uint64_t events, records;        /* from outside; the toolkit's own */
	uint64_t fields[FIELD_COUNT];    /* events and records with a hit in the field */
	uint64_t held, kept;             /* not in the above: by holds; records that must stay */
	uint64_t quarantine, saved, files, deferred; /* rows of these tables; of files the names */
	struct hold_kept *by;            /* by id; those that defer something */
	size_t by_n;
};
void erase_found_fini(struct erase_found *f);

/* Where the values occur; reads only.  f starts as {0}. */
int store_erase_plan(struct store *st, const struct subject *s, struct pool *pool, int (*go_on)(struct err *e),
    struct erase_found *f, struct err *e);

/* Makes the record of one transaction (part from 1 on; 0: the closing one). */
struct erase_part {
	unsigned part;
	uint64_t events;                 /* changed in it, records among them */
	char digest[65];                 /* of the changes, hex; not of the closing one */
	uint64_t first_seq, last_seq;
	const struct erase_found *found; /* closing: all that was done and deferred */
};
typedef void erase_record_fn(void *arg, const struct erase_part *part, struct event *record, struct arena *a);

/* What is remembered while holds defer a part: a JSON array of the values. */
struct erase_deferred {
	int64_t id;
	struct str pseudonym, values, reason, by;
	int64_t at;
	uint64_t record; /* seq of the closing record that deferred it last */
};
int store_erase_deferred_each(struct store *st, int (*each)(void *arg, const struct erase_deferred *d, struct err *e),
    void *arg, struct err *e);

/*
 * Changes all that no hold keeps, a few segments a transaction, each with its
 * record, and appends a closing record, also when it was cut short.  When
 * something was deferred, or it was cut short, what->values are remembered;
 * else they are forgotten (what->id > 0: that row).  *done says what was
 * changed, also after -1.  Values in the records are replaced too.
 */
int store_erase(struct store *st, const struct subject *s, const struct erase_deferred *what, struct pool *pool,
    erase_record_fn *record, void *arg, int (*go_on)(struct err *e), struct erase_found *done, struct err *e);

/* ---- afterwards ---- */

struct erase_check {
	/* given; 0: all is from before */
	uint64_t size;              /* events from this seq on came since */
	int64_t since;              /* so did lines that were refused and queries that were saved from then on */

	uint64_t events, values;    /* decoded and looked at: of rows, distinct in dictionaries */
	uint64_t found_events;      /* that an erasure would still change */
	uint64_t found_elsewhere;   /* refused lines and saved queries */
	uint64_t found_waiting;     /* erasures that wait for a hold to be lifted */
	uint64_t found_files;       /* that events come from, by name */
	uint64_t found_signed;      /* keys and checkpoints: what is signed cannot change */
	uint64_t found_since;       /* events, lines and queries that came since */
	uint64_t found_words;       /* in lines of the tail: words of the format, as info, time, 200 */
	uint64_t raw_bytes;         /* of the file, searched */
	uint64_t raw_found;         /* places with a value as a whole word: plain, escaped, any case */
	uint64_t free_pages, free_dirty; /* free pages; of them not all zero */
	uint64_t slack_dirty;       /* pages with copies of what was moved, where nothing is stored */
	uint64_t slack_found;       /* of raw_found: in free pages or where nothing is stored */
	bool journal;               /* a journal lies beside the file */
};
/* Decodes every live block and dictionary, then reads the bytes of the file.
 * All of *out that is not given is filled.  -1 when not all of it could be looked at. */
int store_erase_check(struct store *st, const struct subject *s, struct pool *pool, int (*go_on)(struct err *e),
    struct erase_check *out, struct err *e);

#endif
