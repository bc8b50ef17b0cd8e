/*
 * export_split: an export in parts: where one ends, and what they are called.
 *
 *	q1.jsonl.zst	q1.0001.jsonl.zst, q1.0002.jsonl.zst, ...
 */
#ifndef CLI_EXPORT_SPLIT_H
#define CLI_EXPORT_SPLIT_H

#include <stdint.h>

#include "base/err.h"

#define EXPORT_PARTS_MAX 9999 /* names with four digits sort */

struct export_split {
	uint64_t events, bytes; /* at most so many in a part; both 0: it is one file */
};

/* A number of events, or with a unit one of bytes: 64MiB, 10M (the same as
 * 10MiB), 10MB (10,000,000), 4096B; case does not matter.  ERR_FAIL. */
int export_split_parse(const char *text, struct export_split *out, struct err *e);

/* The name of part `no`, 1 .. EXPORT_PARTS_MAX, of an export to `path`: the
 * number stands before the ending, or before two when the last is .gz or .zst.
 * Yours. */
char *export_part_path(const char *path, unsigned no);

/* The export's path that has this as the name of a part; NULL: it is no such
 * name.  *no: its number.  Yours. */
char *export_part_of(const char *path, unsigned *no);

#endif
