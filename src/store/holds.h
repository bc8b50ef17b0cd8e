/*
 * holds: the active holds as the delete path asks them, inside its own
 * transaction.  Private to store/.
 *
 *   hold_record.c  rows of the table, and what their records say
 *   holds.c        which events active holds keep
 *   hold_search.c  which events match now
 *   hold.c         placing, lifting, listing, explaining
 */
#ifndef STORE_HOLDS_H
#define STORE_HOLDS_H

#include "store/hold.h"
#include "store/internal.h"
#include "store/match.h"

#define HOLDS_FILTERS_MAX (1024u * 1024) /* bytes of the filters of all that are active */

struct active_hold {
	int64_t id;
	uint64_t record;
	struct str matter;     /* lives in the set */
	struct filter *filter;
	uint64_t kept;         /* events that it alone or with others kept, since holds_read */
};

struct holds {
	struct active_hold *item; /* by id */
	size_t n, cap;
	size_t filters; /* bytes of their texts */
	struct filter_scratch *scratch;
	struct arena arena;
};

/* In the open transaction.  h starts as {0}; fini after -1 too.  A hold whose
 * record or filter cannot be read is an error: nothing is deleted then. */
int holds_read(struct holds *h, struct store *st, struct err *e);
void holds_fini(struct holds *h);

/* Clears the bits (a bit a row, MATCH_WORDS of them) of rows that a hold
 * keeps, and counts them for each hold that matches.  0 or -1. */
int holds_keep(struct holds *h, const struct stored *s, uint64_t *bits, struct err *e);
/* The same of one event, such as a line of the tail. */
bool holds_keep_event(struct holds *h, const struct event *ev);

/* Adds to a list by id, yours (free). */
void hold_kept_add(struct hold_kept **list, size_t *n, const struct hold_kept *more);
/* ... what each hold kept since holds_read. */
void holds_kept(const struct holds *h, struct hold_kept **list, size_t *n);

/*
 * Clears the bits of rows that a hold's filter does not match.  A row on which
 * a pattern took too long is taken as one that matches: what cannot be told
 * stays, and one hostile value neither frees an event nor stops retention.
 */
int hold_match(const struct filter *f, const struct stored *s, uint64_t *bits, struct err *e);
/* The same of one event; *x may be made anew. */
bool hold_match_event(const struct filter *f, const struct event *ev, struct filter_scratch **x);

/* ---- which seqs match now ---- */

struct hold_known { /* of a segment, found outside the transaction */
	int64_t id;
	uint64_t first;
	struct runs runs;
};

struct hold_search { /* starts with its filter alone */
	const struct filter *filter;
	struct runs runs;         /* ended by hold_search */
	struct hold_known *known; /* by first */
	size_t n, cap;
};
/* Looks through the segments in short transactions, so that others may write. */
int hold_search_ahead(struct hold_search *x, struct store *st, struct err *e);
/* All of the log, in the open transaction: what was not looked through, or is
 * another segment by now, and the tail. */
int hold_search(struct hold_search *x, struct store *st, struct err *e);
void hold_search_fini(struct hold_search *x);

/* ---- rows and records ---- */

struct hold_row {
	int64_t id;
	uint64_t record, lift;
	bool lifted;
};

/* Rows behind an id, up to HOLD_PAGE of them, in the open transaction; active:
 * only those.  A file of an older format has none. */
#define HOLD_PAGE 64 /* as ST_HOLD_AFTER */
int hold_rows(struct store *st, int64_t after, bool active, struct hold_row row[HOLD_PAGE], size_t *n, struct err *e);

struct hold_reader { /* starts as {0} */
	struct buf line;
	struct json_tape tape;
	struct arena arena;
};
void hold_reader_fini(struct hold_reader *r);

/* What the records of a row say, in the open transaction; texts in a.
 * ERR_INTEGRITY when one is not there, or is none of this hold. */
int hold_read(struct store *st, const struct hold_row *row, struct hold_reader *r, struct hold *h, struct arena *a,
    struct err *e);
/* What an event says as the placing record of hold h->id; false: it is none. */
bool hold_of_event(const struct event *ev, struct hold_reader *r, struct hold *h, struct arena *a);

/* What a hold of today must be: its matter, reason and filter, which is the
 * canonical text of the filter that it builds to.  NULL and ERR_FAIL. */
struct filter *hold_filter(const struct hold *h, struct err *e);

#endif
