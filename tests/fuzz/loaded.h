/*
 * loaded: a segment that anyone may have written, read by what several threads
 * and lists of values read it by: each gives what segment_event and
 * segment_column give of another one of the same pieces (`whole`), or finds it
 * damaged as they do.
 */
#ifndef FUZZ_LOADED_H
#define FUZZ_LOADED_H

#include <stdlib.h>

#include "store/line_maker.h"
#include "store/value_list.h"

/* Every byte is looked at, so that a sanitizer sees a wrong one. */
static unsigned
touch(struct str s)
{
	unsigned sum = 0;

	for (size_t i = 0; i < s.len; i++)
		sum += (unsigned char)s.p[i];
	return sum;
}

static void
must(bool good)
{
	if (!good)
		abort();
}

static void
must_be_wrong(const struct err *e)
{
	must(e->code == ERR_INTEGRITY);
}

/* Rows that a row_reader and a line_maker give.  Frees s. */
static void
read_rows(struct segment *s, struct segment *whole, enum field f)
{
	struct line_maker *m = line_maker_new(s);
	struct row_blocks *blocks = row_blocks_new();
	struct row_reader *r = row_reader_new(blocks);
	struct buf line = { 0 }, same_line = { 0 };
	struct err e = ERR_NONE, load = ERR_NONE, make = ERR_NONE;
	struct event one, same;
	uint32_t rows = segment_meta(s)->count;

	if (segment_load(s, FIELD_BIT(f), &load) < 0)
		must_be_wrong(&load);
	if (load.code == ERR_OK && line_maker_load(m, rows % 3 ? rows : 1 + rows / 8, &make) < 0)
		must_be_wrong(&make);
	for (uint32_t row = rows; row > 0 && load.code == ERR_OK; row -= row > 50 ? 50 : 1) {
		struct err e2 = ERR_NONE;

		err_clear(&e);
		if (row_reader_event(r, s, row - 1, FIELD_BIT(f), &one, &e) < 0)
			must_be_wrong(&e);
		must((segment_event(whole, row - 1, FIELD_BIT(f), &same, &e2) == 0) == (e.code == ERR_OK));
		if (e.code != ERR_OK)
			continue;
		must(one.present == same.present && one.time == same.time && one.ingested == same.ingested);
		must(field_table[f].type == FIELD_TIMESTAMP || !one.present || str_eq(one.v[f], same.v[f]));
		if (make.code != ERR_OK)
			continue;
		buf_reset(&line);
		buf_reset(&same_line);
		must(line_maker_line(m, r, row - 1, row / 2, &line, &e) == 0);
		must(segment_event(whole, row - 1, FIELD_ALL, &same, &e) == 0);
		event_format(&same_line, &same);
		must(str_eq(buf_view(&line), buf_view(&same_line)));
	}
	row_reader_free(r);
	row_blocks_free(blocks);
	line_maker_free(m);
	segment_free(s);
	buf_fini(&line);
	buf_fini(&same_line);
}

/* A dictionary's values, of a list.  Frees s. */
static void
read_list(struct segment *s, struct segment *whole, enum field f)
{
	struct value_list *l = NULL;
	struct err e = ERR_NONE, e2 = ERR_NONE;
	uint32_t values, absent, taken = 0;
	const struct column *c = NULL;
	struct tally_entry few[3];
	size_t n = 1;

	if (segment_dictionary(s, f, &values, &absent, &e) == 0 && values > 0) {
		c = segment_column(whole, f, &e2);
		l = segment_value_list(s, f, &e);
		while (l != NULL && n > 0 && value_list_next(l, (struct str){ NULL, 0 }, few, 3, &n, &e) == 0)
			for (size_t i = 0; i < n; i++, taken++) {
				must(taken < values);
				must(c == NULL || (str_eq(few[i].value, c->values[taken + 1]) &&
				    few[i].count == c->counts[taken + 1]));
				touch(few[i].value);
			}
		must((c != NULL) == (e.code == ERR_OK) && (c == NULL || taken == values));
	}
	must(e.code == ERR_OK || e.code == ERR_INTEGRITY);
	value_list_free(l);
	segment_free(s);
}

#endif
