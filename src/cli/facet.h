/*
 * facet: which values events have and how often, instead of the events
 * themselves; and which of them are new (audit-query -F, --first-seen).
 */
#ifndef CLI_FACET_H
#define CLI_FACET_H

#include "cli/cli.h"
#include "render/render.h"

struct facet {
	const struct program *program;
	const struct common_args *common;
	const struct str_list *names;         /* -F: fields and payload paths, at most SUMMARY_BY_MAX */
	const struct str_list *input;         /* -i, when there is no store */
	const struct filter_args *first_seen; /* the filter as typed: only values that no event before its
	                                       * window has; store only; NULL: all values */
	struct store *st;                     /* NULL: input */
	const struct query_options *opts;
	struct facet_render look;             /* but for the fields */
	/* what it came to: */
	struct query_stats stats;
	struct query_faulty faulty;
	uint64_t values;                      /* how many there are, also those that -n leaves out */
};

/* Counts and prints.  ERR_FAIL: a field that there is not, or too many; first_seen
 * of a window that has no beginning; more values than TALLY_BYTES_MAX holds. */
int facet_print(struct facet *f, struct outstream *out, struct err *e);

#endif
