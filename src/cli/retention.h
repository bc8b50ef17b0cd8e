/*
 * retention: the policy of the configuration as rules that the store can plan
 * with.
 */
#ifndef CLI_RETENTION_H
#define CLI_RETENTION_H

#include "cli/config.h"
#include "store/prune.h"

#define RETENTION_OLDER_THAN "older-than" /* no rule of the configuration has this name */

struct retention {
	struct prune_rule *rule;  /* as store_prune_plan takes them; names and filters live here */
	int64_t *keep;            /* microseconds, or RETENTION_FOREVER */
	struct buf *expression;   /* canonical, of each filter */
	size_t n;                 /* 0: the configuration has no rule */
	struct filter **filter;
	struct arena names;
};

/* The rules at `now`, whose cut-offs are now - keep.  r starts as {0}, and is
 * yours to end in any case. */
int retention_of(const struct config *c, int64_t now, struct retention *r, struct err *e);
/* One rule, RETENTION_OLDER_THAN, for all events; `span` as --older-than has
 * it.  ERR_REFUSED below PRUNE_FLOOR. */
int retention_older_than(const char *span, int64_t now, struct retention *r, struct err *e);
void retention_fini(struct retention *r);

#endif
