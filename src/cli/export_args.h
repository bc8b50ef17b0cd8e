/*
 * export_args: what is asked of audit-export: its options, and which of them go
 * together.
 */
#ifndef CLI_EXPORT_ARGS_H
#define CLI_EXPORT_ARGS_H

#include "cli/cli.h"
#include "cli/dialect.h"
#include "cli/export_split.h"

struct export_args {
	struct common_args common;
	struct filter_args filter;
	struct dialect_args dialect;
	struct str_list fields;
	char *output, *out, *split, *cursor_file, *request, *evidence;
	bool nested, csv_raw, csv_safe, proof, manifest;
};

extern const struct opt export_options[]; /* over struct export_args */

/* Of an export in this format: ERR_FAIL says which options do not go together,
 * or which has no such value.  *split: --split, {0} without it. */
int export_args_check(const struct export_args *a, const char *format, bool to_stdout, struct export_split *split,
    struct err *e);

#endif
