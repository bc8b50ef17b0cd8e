/* pruned: a prune by time alone, for suites that are not about which events go. */
#ifndef TESTS_PRUNED_H
#define TESTS_PRUNED_H

#include "store/store.h"

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
