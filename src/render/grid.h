/*
 * grid: a small table for people: cells in columns as wide as they must be.
 * For lists of our own things; events have render_table.
 */
#ifndef RENDER_GRID_H
#define RENDER_GRID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

struct grid_column {
	const char *title;
	bool right;        /* numbers */
	unsigned squeeze;  /* it may be cut down to so many columns, and further when all is
	                    * too wide then; 0: never */
};

struct grid {
	const struct grid_column *column;
	size_t columns;
	struct buf text;   /* of all cells, made safe */
	size_t *end;       /* of each cell in it, row by row */
	size_t cells, cap;
};

/* g starts as GRID(columns), an array. */
#define GRID(list) { .column = (list), .columns = sizeof(list) / sizeof((list)[0]) }

/* The next cell, row by row; no byte of it steers a terminal. */
void grid_cell(struct grid *g, struct str raw);
void grid_printf(struct grid *g, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Bytes as 734 B, 4.1 kB, 12 MB: of thousands. */
void grid_size(struct grid *g, uint64_t bytes);
/* The day in the zone of TZ; "-" for TIME_NONE. */
void grid_day(struct grid *g, int64_t us);

/* Appends titles and rows; width: of the terminal, 0: no limit. */
void grid_print(const struct grid *g, struct buf *out, unsigned width, bool colour);
void grid_fini(struct grid *g);

#endif
