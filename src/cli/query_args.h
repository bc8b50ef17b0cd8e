/*
 * query_args: what is asked of audit-query: its options, and which of them go
 * together.
 */
#ifndef CLI_QUERY_ARGS_H
#define CLI_QUERY_ARGS_H

#include "cli/cli.h"
#include "cli/dialect.h"

struct query_args {
	struct common_args common;
	struct filter_args filter;
	struct dialect_args dialect;
	struct str_list fields, input, facet;
	uint64_t limit, until_match;
	bool reverse, count, seq, quarantine, follow, show_cursor, first_seen;
	char *output, *cursor, *cursor_file, *timeout;
};

extern const struct opt query_args_options[]; /* over struct query_args; limit is OPT_NUMBER_NONE at first */

/* Of an answer in this format: ERR_FAIL says which options do not go together.
 * What would do nothing is refused rather than ignored. */
int query_args_check(const struct query_args *a, const char *format, struct err *e);

#endif
