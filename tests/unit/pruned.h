/* pruned: a prune by time alone, for suites that are not about which events go. */
#ifndef TESTS_PRUNED_H
#define TESTS_PRUNED_H

#include <inttypes.h>

#include "base/time.h"
#include "store/store.h"

/* The context that the record of a prune needs to be verified: appended. */
static inline void
pruned_context(struct buf *context, const struct prune_part *part)
{
	char oldest[TIME_TEXT_LEN], newest[TIME_TEXT_LEN];

	if (part->part == 0) {
		buf_printf(context, "{\"closing\":true,\"events\":%" PRIu64 "}", part->events);
		return;
	}
	time_format(oldest, part->oldest);
	time_format(newest, part->newest);
	buf_printf(context, "{\"part\":%u,\"events\":%" PRIu64 ",\"first_seq\":%" PRIu64 ",\"last_seq\":%" PRIu64
	    ",\"oldest\":\"%.*s\",\"newest\":\"%.*s\",\"digest\":\"%s\"}", part->part, part->events, part->first_seq,
	    part->last_seq, TIME_TEXT_LEN, oldest, TIME_TEXT_LEN, newest, part->digest);
}

/* What happened before `cutoff` goes; *plan is what was planned (prune_plan_fini),
 * also after -1, *removed how many went. */
static inline int
pruned_before(struct store *st, int64_t cutoff, prune_record_fn *record, void *arg, struct prune_plan *plan,
    uint64_t *removed, struct err *e)
{
	struct filter *all = filter_all();
	struct prune_rule rule = { STR("all"), all, cutoff };
	int rc;

	*plan = (struct prune_plan){ .rules = 0 };
	*removed = 0;
	rc = store_prune_plan(st, &rule, 1, 0, NULL, NULL, plan, e);
	if (rc == 0)
		rc = store_prune(st, plan, NULL, record, arg, NULL, removed, e);
	filter_free(all);
	return rc;
}

/* The same where the plan does not matter. */
static inline int
prune_before(struct store *st, int64_t cutoff, prune_record_fn *record, void *arg, uint64_t *removed, struct err *e)
{
	struct prune_plan plan;
	int rc = pruned_before(st, cutoff, record, arg, &plan, removed, e);

	prune_plan_fini(&plan);
	return rc;
}

#endif
