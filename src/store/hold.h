/*
 * hold: legal holds.  An event that an active hold's filter matches is neither
 * pruned nor erased, whether it was there when the hold was placed or came
 * later: the one delete path asks inside its own transaction.
 *
 * What a hold is stands in the record that placed it (audit.hold-place), not
 * in a row that could be changed: the row leads to the record, and has the
 * runs of seqs that matched then, of which the record has the digest.
 */
#ifndef STORE_HOLD_H
#define STORE_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "event/event.h"
#include "filter/filter.h"

struct store;

#define HOLD_MATTER_MAX 128
#define HOLD_REASON_MAX 1024
#define HOLD_FILTER_MAX (16u * 1024)
#define HOLDS_ACTIVE_MAX 1024

struct hold {
	int64_t id;
	uint64_t record;            /* seq of the record that placed it */
	struct str matter, reason, by, filter; /* filter: canonical, as --where reads it */
	int64_t at, review;         /* review: TIME_NONE when none was named */
	uint64_t events;            /* that matched when it was placed */
	bool lifted;
	uint64_t lift;              /* seq of the record that lifted it */
	int64_t lifted_at;
	struct str lifted_by, lift_reason;
};

/* Whether they are such as a hold can have: text, of 1 to so many bytes, and in
 * a matter no control characters.  ERR_FAIL. */
int store_hold_check(struct str matter, struct str reason, struct err *e);

/* By id.  ERR_INTEGRITY when a record is not there or is none of a hold. */
int store_hold_each(struct store *st, int (*each)(void *arg, const struct hold *h, struct err *e), void *arg,
    struct err *e);

/* Makes the record, whole, with bytes in a.  Its context has `hold`, `matter`,
 * `reason`, `filter`, `review` (when there is one), `events` and `digest`. */
struct hold_placing {
	int64_t id;
	uint64_t events;
	char digest[65]; /* of the runs that match now, hex */
};
typedef void hold_place_fn(void *arg, const struct hold_placing *h, struct event *record, struct arena *a);

/* Finds what matches and appends the record, in one transaction.  ERR_REFUSED:
 * HOLDS_ACTIVE_MAX are active already. */
int store_hold_place(struct store *st, const struct filter *f, hold_place_fn *record, void *arg,
    struct hold_placing *placed, struct err *e);

/* The record of the lifting: its context has `matter`, `reason` and `holds`
 * (the ids, a JSON array). */
typedef void hold_lift_fn(void *arg, const int64_t *id, size_t n, struct event *record, struct arena *a);
/* Lifts all active holds of a matter; *lifted says how many there were, and
 * with none nothing is recorded. */
int store_hold_lift(struct store *st, struct str matter, hold_lift_fn *record, void *arg, size_t *lifted,
    struct err *e);

/* What a prune or an erasure left because of one hold. */
struct hold_kept {
	int64_t hold;
	char matter[HOLD_MATTER_MAX + 1];
	uint64_t events; /* that it alone or with others keeps */
};

/* What the active holds say of one event. */
enum seq_fate { SEQ_THERE, SEQ_PRUNED, SEQ_NOT_YET };
/* each: for every active hold that matches.  *fate says whether the event is
 * there at all. */
int store_hold_explain(struct store *st, uint64_t seq, enum seq_fate *fate,
    int (*each)(void *arg, const struct hold *h, struct err *e), void *arg, struct err *e);

#endif
