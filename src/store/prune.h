/*
 * prune: what retention lets go is removed, and stays verifiable.
 *
 * First a plan: rules say which events have had their time, holds say which of
 * them stay, and what is left is a set of seqs for each rule.  Then the delete
 * path takes exactly these seqs, a few segments a transaction, asks the holds
 * again inside each, and appends the record that says so.  Nothing else in the
 * program deletes events.
 */
#ifndef STORE_PRUNE_H
#define STORE_PRUNE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"
#include "base/runs.h"
#include "base/time.h"
#include "filter/filter.h"
#include "store/hold.h"

struct store;

/* No event that happened later than this before now is ever removed. */
#define PRUNE_FLOOR_DAYS 30
#define PRUNE_FLOOR (PRUNE_FLOOR_DAYS * TIME_DAY)
#define PRUNE_RULES_MAX 250

/* The first rule that matches an event decides; what none matches stays. */
struct prune_rule {
	struct str name;
	const struct filter *filter;
	int64_t cutoff; /* event times below it go; TIME_MIN: they stay for ever */
};

/* The toolkit's own records are in none of these counts. */
struct prune_share {     /* of one rule */
	uint64_t matched;    /* events that it decides on, with those that stay */
	uint64_t events;     /* that go */
	uint64_t bytes;      /* of their lines, about */
	int64_t oldest, newest; /* event times; TIME_NONE when none goes */
	struct runs runs;    /* ended */
};

struct prune_plan {
	uint8_t store[16];   /* whose plan it is */
	uint64_t size;       /* of the log that was planned for: later events are not looked at */
	struct prune_share *share; /* by rule */
	size_t rules;
	struct hold_kept *held;    /* by hold, those that keep something whose time is over */
	size_t holds;
	uint64_t kept;       /* events that holds keep */
	uint64_t no_rule;    /* events that no rule matches */
	uint64_t events, bytes;
	uint64_t segments_whole, segments_mixed, tail;
	int64_t oldest, newest;
	struct runs runs;    /* of all that goes */
	struct hash digest;  /* of these runs (runs_digest) */
};
void prune_plan_fini(struct prune_plan *p);

/*
 * p starts as {0}.  Seqs from `size` on (0: the log's size now) are not looked
 * at.  ERR_REFUSED: a cut-off is later than the floor, or the log has no
 * `size` events.  In short read transactions, segments shared out to the pool
 * (NULL: one thread).
 */
int store_prune_plan(struct store *st, const struct prune_rule *rule, size_t n, uint64_t size, struct pool *pool,
    int (*go_on)(struct err *e), struct prune_plan *p, struct err *e);

/* Makes the record of one transaction, whole, with bytes in a: part from 1 on,
 * 0: the closing one, which sums up. */
struct prune_part {
	unsigned part;
	uint64_t events;
	const uint64_t *by_rule; /* events that went, as many numbers as the plan has rules */
	char digest[65];         /* of the removed runs, hex; not of the closing one */
	uint64_t first_seq, last_seq;
	int64_t oldest, newest;  /* event times of what went */
	const struct hold_kept *held; /* closing: what holds kept, at the plan and since */
	size_t holds;
};
typedef void prune_record_fn(void *arg, const struct prune_part *part, struct event *record, struct arena *a);

/*
 * Removes what the plan says and no hold keeps by now.  go_on is asked between
 * transactions and ends it with -1 (NULL: it runs through); what was removed
 * until then has a closing record too, nothing removed has none.  *removed says
 * how many, also on -1.  ERR_REFUSED: an event is younger than the floor, or
 * the plan is not of this store.  ERR_INTEGRITY: what goes is not what was
 * logged, as far as its hash is made again.
 */
int store_prune(struct store *st, const struct prune_plan *plan, struct pool *pool, prune_record_fn *record, void *arg,
    int (*go_on)(struct err *e), uint64_t *removed, struct err *e);

/* Gives the space of what was removed back to the file system: bytes before
 * and after.  Needs twice as much free space as the store will have; others wait
 * meanwhile. */
int store_reclaim(struct store *st, uint64_t *before, uint64_t *after, struct err *e);

#endif
