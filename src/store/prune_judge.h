/*
 * prune_judge: rules and holds over the rows of one segment, or over one event
 * of the tail.  Private to store/prune*.c.
 */
#ifndef STORE_PRUNE_JUDGE_H
#define STORE_PRUNE_JUDGE_H

#include "store/prune_parts.h"

/* What goes, ascending: (gap, length, 1 + rule) varints, gaps counted from first. */
struct prune_going {
	uint64_t first, end; /* end: of the run that was put last; first when none */
	struct buf list;
};

/* Of one thread. */
struct prune_judge {
	const struct prune_rule *rule;
	size_t rules;
	int64_t latest;           /* cut-off */
	struct matcher **matcher; /* by rule */
	struct filter_scratch *scratch;
	struct holds holds;       /* to be read once, in an open transaction */
	/* sums */
	struct prune_share *share; /* by rule; runs are not used */
	uint64_t kept, no_rule, whole, mixed, tail;
	/* of the segment at work */
	uint8_t fate[SEGMENT_EVENTS_MAX];
	uint64_t over[MATCH_WORDS]; /* rows that go */
};

void prune_judge_init(struct prune_judge *j, const struct prune_rule *rule, size_t n);
void prune_judge_fini(struct prune_judge *j);

/* The shares of n rules, of nothing; yours (free). */
struct prune_share *prune_shares_new(size_t n);

/* Rows with low <= seq <= high.  After -1 the sums are as before; g starts as
 * {0} and is yours, also then. */
int prune_judge_segment(struct prune_judge *j, struct stored *s, uint64_t low, uint64_t high, struct prune_going *g,
    struct err *e);
/* One event that is no record of the toolkit's; bytes: of its line. */
int prune_judge_event(struct prune_judge *j, const struct event *ev, uint64_t seq, uint64_t bytes,
    struct prune_going *g, struct err *e);

#endif
