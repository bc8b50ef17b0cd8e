/*
 * holds: the active holds as the delete path asks them, inside its own
 * transaction.  Private to store/.
 */
#ifndef STORE_HOLDS_H
#define STORE_HOLDS_H

#include "store/hold.h"
#include "store/internal.h"
#include "store/match.h"

struct active_hold {
	int64_t id;
	uint64_t record;
	struct str matter;     /* lives in the set */
	struct filter *filter;
	struct matcher *matcher;
	uint64_t kept;         /* events that it alone or with others kept, since holds_read */
};

struct holds {
	struct active_hold *item; /* by id */
	size_t n;
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
/* The same of one event, such as a line of the tail: 1 kept, 0, -1. */
int holds_keep_event(struct holds *h, const struct event *ev, struct err *e);

#endif
