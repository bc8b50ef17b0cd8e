/*
 * prune_record: what the log says of a prune: a record of each transaction,
 * and a closing one.
 */
#ifndef CLI_PRUNE_RECORD_H
#define CLI_PRUNE_RECORD_H

#include "cli/archive.h"
#include "cli/cli.h"
#include "cli/retention.h"
#include "store/prune.h"

struct prune_operation {
	char id[37];                   /* the same in all its records */
	const struct operator_info *who;
	const struct retention *rules;
	const struct prune_plan *plan;
	const struct archive *archive; /* NULL: none was made */
	struct progress *progress;
	uint64_t removed;              /* so far */
};

/* A prune_record_fn over struct prune_operation. */
void prune_record(void *arg, const struct prune_part *part, struct event *record, struct arena *a);

#endif
