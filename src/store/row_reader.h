/*
 * row_reader: rows of a segment, read by several threads at a time.
 *
 * segment_load decodes the columns; then, and while nothing else is asked of
 * the segment, each thread reads rows with a reader of its own.  Blocks of texts
 * are decoded once for those that need them at about the same time.
 */
#ifndef STORE_ROW_READER_H
#define STORE_ROW_READER_H

#include "store/segment.h"

/* Decodes what rows need of these columns but blocks of texts. */
int segment_load(struct segment *s, field_set want, struct err *e);

/* Blocks of texts that readers share. */
struct row_blocks;

struct row_blocks *row_blocks_new(void);
void row_blocks_free(struct row_blocks *b); /* NULL is fine; after its readers */
/* Before a segment that was read from is freed; no reader holds any.  What huge
 * values took is given back. */
void row_blocks_forget(struct row_blocks *b);

struct row_reader;

struct row_reader *row_reader_new(struct row_blocks *shared); /* stays borrowed */
void row_reader_free(struct row_reader *r); /* NULL is fine */
/* Holds no block any longer. */
void row_reader_release(struct row_reader *r);

/* As segment_value and segment_event, of loaded columns.  Borrowed until the
 * next value of the field. */
int row_reader_value(struct row_reader *r, const struct segment *s, enum field f, uint32_t row,
    struct str *out, struct err *e);
int row_reader_event(struct row_reader *r, const struct segment *s, uint32_t row, field_set want,
    struct event *out, struct err *e);

#endif
