/*
 * rows: which seq a row of a segment has once others were pruned, and which
 * rows are the toolkit's own records.
 */
#include <stdlib.h>

#include "base/bitmap.h"
#include "base/mem.h"
#include "store/column.h"
#include "store/internal.h"

/* Calls set for each (start, length) of the list; false when it is malformed,
 * reaches over `limit`, or has two runs that are one. */
static bool
each_run(struct str list, uint64_t limit, void (*set)(void *arg, uint32_t start, uint32_t length), void *arg)
{
	struct cursor c = { (const uint8_t *)list.p, (const uint8_t *)list.p + list.len };
	uint64_t at = 0, gap, length;

	while (cursor_left(&c) > 0) {
		if (!cursor_number(&c, limit, &gap) || !cursor_number(&c, limit, &length) || length == 0 ||
		    (gap == 0 && at > 0) || at + gap + length > limit)
			return false;
		set(arg, (uint32_t)(at + gap), (uint32_t)length);
		at += gap + length;
	}
	return true;
}

struct offsets {
	uint32_t *offset, count, n;
};

static void
add_offsets(void *arg, uint32_t start, uint32_t length)
{
	struct offsets *o = arg;

	for (uint32_t i = 0; i < length; i++, o->n++)
		if (o->n < o->count)
			o->offset[o->n] = start + i;
}

static void
add_records(void *arg, uint32_t start, uint32_t length)
{
	uint64_t *bit = arg;

	for (uint32_t i = start; i < start + length; i++)
		bitmap_add(bit, i);
}

int
segment_rows_parse(struct segment_rows *rows, uint64_t first, uint64_t last, uint32_t count, struct str runs,
    struct str records, struct err *e)
{
	uint64_t span = last - first + 1;

	*rows = (struct segment_rows){ 0 };
	if (runs.p != NULL) {
		struct offsets o = { mem_zero(count, sizeof(uint32_t)), count, 0 };

		rows->offset = o.offset;
		if (span == count || !each_run(runs, span, add_offsets, &o) || o.n != count || o.offset[0] != 0 ||
		    o.offset[count - 1] != span - 1)
			goto damaged;
	} else if (span != count)
		goto damaged;
	if (records.p != NULL) {
		rows->record = mem_zero((count + 63) / 64, sizeof(uint64_t));
		if (!each_run(records, count, add_records, rows->record))
			goto damaged;
	}
	return 0;
damaged:
	segment_rows_fini(rows);
	return err_set(e, ERR_INTEGRITY, "the list of rows of the segment at seq %llu is damaged", (unsigned long long)first);
}

void
segment_rows_fini(struct segment_rows *rows)
{
	free(rows->offset);
	free(rows->record);
	*rows = (struct segment_rows){ 0 };
}

uint64_t
segment_rows_seq(const struct segment_rows *rows, uint64_t first, uint32_t row)
{
	return first + (rows->offset != NULL ? rows->offset[row] : row);
}

enum leaf_kind
segment_rows_kind(const struct segment_rows *rows, uint32_t row)
{
	return rows->record != NULL && bitmap_has(rows->record, row) ? LEAF_RECORD : LEAF_EVENT;
}

bool
segment_rows_find(const struct segment_rows *rows, uint64_t first, uint32_t count, uint64_t seq, uint32_t *row)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (segment_rows_seq(rows, first, middle) < seq)
			low = middle + 1;
		else
			high = middle;
	}
	*row = low;
	return low < count && segment_rows_seq(rows, first, low) == seq;
}
