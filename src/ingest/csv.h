/*
 * csv: rows of CSV as JSON records, by the names in the header.
 *
 * RFC 4180, strictly (libcsv): an unmatched quote, or bytes behind a closing
 * one, are an error and not the rest of the file; a BOM is passed over.  A row
 * becomes {"name":"cell",...} in the header's order, empty cells included.  A
 * row with more cells than the header is broken, one with fewer lacks the last.
 *
 * In: bytes.   Out: the text of an object for each row, and where it was.
 */
#ifndef INGEST_CSV_H
#define INGEST_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define CSV_COLUMNS_MAX 4096
#define CSV_ROW_MAX (1024 * 1024) /* bytes of a row's cells */

struct csv_reader;

/* fold: "Event Type" is event_type; letters and digits stay, in lower case. */
struct csv_reader *csv_reader_new(char delimiter, bool fold);
void csv_reader_free(struct csv_reader *r); /* NULL is fine */

/*
 * Reads the header at the beginning of `head`, and goes on with the bytes at
 * `offset`, behind so many lines.  -1: there is no whole header.
 */
int csv_reader_go_on(struct csv_reader *r, struct str head, uint64_t offset, uint64_t lines, struct err *e);

struct csv_row {
	struct str text;      /* the object; borrowed until the next call */
	uint64_t offset, end; /* in the stream, newline included */
	uint64_t line;        /* the first, the header's, is 0 */
	bool broken;          /* more cells than names: text is the cells as a list */
};

/* Takes bytes of the stream, and returns how many: up to the end of a row, which
 * *row then is (*got), or all of them.  -1: the stream is no such CSV, and
 * "line N: why" is told; what follows cannot be read. */
int64_t csv_reader_feed(struct csv_reader *r, const char *p, size_t len, struct csv_row *row, bool *got,
    struct err *e);

/* The names of the columns, as JSON strings; i < columns. */
size_t csv_reader_columns(const struct csv_reader *r);
struct str csv_reader_name(const struct csv_reader *r, size_t i);

/* Newlines before what will be read next; whether a row has begun there. */
uint64_t csv_reader_lines(const struct csv_reader *r);
bool csv_reader_within(const struct csv_reader *r);

/* There is no more: 1 with a last row that had no newline, 0, -1 as above. */
int csv_reader_end(struct csv_reader *r, struct csv_row *row, struct err *e);

#endif
