/*
 * opt: option tables.  Parsing, --help, typo hints and the hidden
 * --list-options (for completion) all come from the same rows.
 */
#ifndef CLI_OPT_H
#define CLI_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

enum opt_type {
	OPT_END,
	OPT_FLAG,     /* bool at offset */
	OPT_STRING,   /* char * at offset, replaced when repeated; yours */
	OPT_LIST,     /* struct str_list at offset, appended to */
	OPT_COUNT,    /* uint64_t at offset, decimal, > 0 */
	OPT_NUMBER,   /* the same, and 0; OPT_NUMBER_NONE is what no one can give */
	OPT_INCLUDE,  /* another table; `offset` is added to its offsets */
	OPT_HEADING   /* help text only: a group title */
};

#define OPT_NUMBER_NONE UINT64_MAX

/* What completion offers for the value. */
enum opt_value {
	VALUE_ANY, VALUE_FILE, VALUE_DIR, VALUE_FORMAT, VALUE_FIELD, VALUE_SEVERITY,
	VALUE_OUTCOME, VALUE_WHEN /* auto always never */, VALUE_CLOCK /* time ingested */,
	VALUE_FROM /* foreign logs */, VALUE_RULE /* of redaction */, VALUE_CONTROL /* of auditors */,
	VALUE_FULL /* wait exit */, VALUE_ACK /* omprog */,
	VALUE_FACILITY /* of syslog */, VALUE_FRAMING /* newline octets */,
	/* what the store has */
	VALUE_CATEGORY, VALUE_ACTION, VALUE_CHANNEL, VALUE_SOURCE, VALUE_TENANT, VALUE_SAVED
};

struct opt {
	char letter;             /* 0: none */
	const char *name;        /* long name, without dashes */
	enum opt_type type;
	size_t offset;
	const char *arg;         /* "TIME"; NULL for flags */
	const char *help;        /* NULL: hidden from --help and --list-options */
	enum opt_value value;
	const struct opt *table; /* OPT_INCLUDE */
};

#define OPT_TABLE_END { 0, NULL, OPT_END, 0, NULL, NULL, VALUE_ANY, NULL }

/* Permutes like GNU getopt; "--" ends options; --name=value and --name value;
 * -abc and -nVALUE; no abbreviated names.  Operands are added to `operands`.
 * ERR_FAIL with the nearest name for a typo. */
int opt_parse(const struct opt *table, int argc, char *argv[], void *into,
    struct str_list *operands, struct err *e);

/* Calls `visit` for each row, headings included, those of included tables in
 * their place, with its offset from the outermost struct, until one returns
 * other than 0; returns that. */
typedef int opt_visit(void *arg, const struct opt *o, size_t offset);
int opt_each(const struct opt *table, size_t offset, opt_visit *visit, void *arg);

/* The text of --help for the rows; wrapped for 80 columns. */
void opt_help(const struct opt *table, struct buf *out);

/* The rows for completion, one a line: --name, -letter or "-", what the value
 * is ("none", "file", "format" ...), help; separated by TAB. */
void opt_list(const struct opt *table, struct buf *out);

/* "none" is not among them: that is for flags. */
const char *opt_value_name(enum opt_value v);

/* Frees every OPT_STRING and OPT_LIST of the table. */
void opt_fini(const struct opt *table, void *into);

#endif
