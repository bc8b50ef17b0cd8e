/*
 * erase_find: which rows of a segment have the person.
 *
 * Filters of trigrams rule out whole segments, columns and blocks.  Of what is
 * left, each value of a dictionary is looked at once; of texts and ids each row.
 *
 * In: columns.   Out: a bit for each row and field.
 */
#include <stdlib.h>

#include "base/simd.h"
#include "store/erase_parts.h"

field_set
erase_fields(void)
{
	field_set all = 0;

	for (int f = 0; f < FIELD_COUNT; f++)
		if (field_table[f].type == FIELD_JSON ||
		    (field_table[f].type == FIELD_STRING && !(field_table[f].flags & F_ENUM)))
			all |= FIELD_BIT(f);
	return all;
}

bool
erase_hit(const struct subject *s, enum field f, struct str value, struct buf *memory)
{
	size_t start, end;

	if (value.p == NULL || !subject_may_occur(s, value))
		return false;
	if (field_table[f].type != FIELD_JSON)
		return subject_find(s, value, 0, &start, &end);
	buf_reset(memory);
	return subject_replace_json(s, value, memory) > 0;
}

void
erase_finder_fini(struct erase_finder *f)
{
	free(f->code);
	buf_fini(&f->text);
}

static void
mark(struct erase_finder *f, enum field field, uint32_t row)
{
	struct erase_hits *h = &f->hits;

	if (!(h->fields >> field & 1)) {
		h->fields |= FIELD_BIT(field);
		memset(h->field[field], 0, sizeof(h->field[field]));
	}
	bitmap_add(h->field[field], row);
	bitmap_add(h->any, row);
}

static int
find_codes(struct erase_finder *f, struct segment *columns, enum field field, const struct column *col,
    struct err *e)
{
	uint32_t count = segment_meta(columns)->count, hits = 0;

	mem_grow(&f->code, &f->code_cap, (size_t)col->n_values + 1, 1);
	f->code[0] = 0;
	for (uint32_t i = 1; i <= col->n_values; i++) {
		f->code[i] = erase_hit(f->subject, field, col->values[i], &f->text);
		hits += f->code[i];
	}
	if (hits == 0)
		return 0;
	if ((col = segment_codes(columns, field, e)) == NULL)
		return -1;
	for (uint32_t row = 0; row < count; row++)
		if (f->code[column_code(col, row)])
			mark(f, field, row);
	return 0;
}

static int
find_values(struct erase_finder *f, struct segment *columns, enum field field, struct err *e)
{
	uint32_t count = segment_meta(columns)->count;
	struct str value;

	for (uint32_t row = 0; row < count; row++) {
		if (!bitmap_has(f->may[field], row))
			continue;
		if (segment_value(columns, field, row, &value, e) < 0)
			return -1;
		if (erase_hit(f->subject, field, value, &f->text))
			mark(f, field, row);
	}
	return 0;
}

/* The rows that may have the hint; a hint that is no ASCII stands as it is. */
static int
ask_filters(struct erase_finder *f, struct segment *columns, enum field field, struct str hint, struct err *e)
{
	uint64_t bits[MATCH_WORDS];
	uint32_t count = segment_meta(columns)->count;

	bitmap_fill(bits, count);
	if (segment_may_contain(columns, field, hint, simd_ascii(hint.p, hint.len) == hint.len, bits, e) < 0)
		return -1;
	for (uint32_t i = 0; i < (count + 63) / 64; i++)
		f->may[field][i] |= bits[i];
	return 0;
}

/* Fields of which something is left; by hint, then field: what the filter of
 * all columns says of a hint is kept for the next field. */
static int
rule_out(struct erase_finder *f, struct segment *columns, field_set *fields, struct err *e)
{
	uint32_t count = segment_meta(columns)->count;
	const char *const *hint;
	size_t n = subject_hints(f->subject, &hint);

	for (field_set left = *fields; left != 0; left &= left - 1) {
		memset(f->may[__builtin_ctzll(left)], 0, sizeof(f->may[0]));
		if (n == 0)
			bitmap_fill(f->may[__builtin_ctzll(left)], count);
	}
	for (size_t i = 0; i < n; i++)
		for (field_set left = *fields; left != 0; left &= left - 1)
			if (ask_filters(f, columns, (enum field)__builtin_ctzll(left), str_of(hint[i]), e) < 0)
				return -1;
	for (field_set left = *fields; left != 0; left &= left - 1)
		if (bitmap_count(f->may[__builtin_ctzll(left)], count) == 0)
			*fields &= ~(left & -left);
	return 0;
}

int
erase_find(struct erase_finder *f, struct segment *columns, struct err *e)
{
	field_set fields = segment_meta(columns)->fields & erase_fields();

	f->hits.fields = 0;
	memset(f->hits.any, 0, sizeof(f->hits.any));
	if (rule_out(f, columns, &fields, e) < 0)
		return -1;
	for (; fields != 0; fields &= fields - 1) {
		enum field field = (enum field)__builtin_ctzll(fields);
		const struct column *col = segment_column(columns, field, e);

		if (col == NULL || (col->kind == COLUMN_CODES ? find_codes(f, columns, field, col, e)
		                                              : find_values(f, columns, field, e)) < 0)
			return -1;
	}
	return 0;
}

/* ---- what stays as it is ---- */

void
record_judge_fini(struct record_judge *j)
{
	value_check_fini(&j->before);
	value_check_fini(&j->after);
	arena_fini(&j->arena);
}

/* Fields that a deed has not are 0 in both. */
static bool
deed_same(const struct deed *a, const struct deed *b)
{
	return a->kind == b->kind && a->closing == b->closing && a->complete == b->complete &&
	    memcmp(&a->digest, &b->digest, sizeof(a->digest)) == 0 && a->events == b->events && a->first == b->first &&
	    a->last == b->last && a->oldest == b->oldest && a->newest == b->newest && str_eq(a->key, b->key) &&
	    a->hold == b->hold && a->n_lifts == b->n_lifts &&
	    (a->n_lifts == 0 || memcmp(a->lifts, b->lifts, a->n_lifts * sizeof(*a->lifts)) == 0);
}

bool
record_same(struct record_judge *j, const struct event *before, const struct event *after)
{
	struct deed a, b;

	deed_read(&a, before, &j->before);
	deed_read(&b, after, &j->after);
	return deed_same(&a, &b);
}

enum record_fate
record_fate(struct record_judge *j, const struct subject *s, struct holds *h, uint64_t seq,
    const struct event *ev)
{
	struct event changed;
	struct deed deed;

	for (size_t i = 0; i < h->n; i++)
		if (h->item[i].record == seq) {
			h->item[i].kept++;
			return RECORD_HELD;
		}
	arena_reset(&j->arena);
	subject_event(s, ev, &changed, &j->arena, NULL);
	deed_read(&deed, ev, &j->before);
	if (deed.kind == DEED_FIRST_KEY || deed.kind == DEED_NEXT_KEY || !record_same(j, ev, &changed))
		return RECORD_KEPT;
	return RECORD_CHANGES;
}

static int
spare_record(struct record_judge *j, const struct subject *s, struct holds *h, struct stored *rows,
    uint32_t row, uint64_t *bits, struct erase_found *found, struct err *e)
{
	struct event ev;

	if (segment_event(rows->columns, row, FIELD_ALL, &ev, e) < 0)
		return -1;
	switch (record_fate(j, s, h, store_row_seq(rows, row), &ev)) {
	case RECORD_CHANGES:
		return 0;
	case RECORD_KEPT:
		found->kept++;
		break;
	case RECORD_HELD:
		found->held++;
		break;
	}
	bitmap_drop(bits, row);
	return 0;
}

int
erase_spare(struct record_judge *j, const struct subject *s, struct holds *h, struct stored *rows,
    uint64_t *bits, struct erase_found *found, struct err *e)
{
	uint32_t count = rows->info.meta.count, before = bitmap_count(bits, count);

	if (before == 0)
		return 0;
	if (h->n > 0 && holds_keep(h, rows, bits, e) < 0)
		return -1;
	found->held += before - bitmap_count(bits, count);
	for (uint32_t word = 0; word < (count + 63) / 64; word++)
		for (uint64_t left = bits[word]; left != 0; left &= left - 1) {
			uint32_t row = word * 64 + (uint32_t)__builtin_ctzll(left);

			if (store_row_kind(rows, row) == LEAF_RECORD && spare_record(j, s, h, rows, row, bits, found, e) < 0)
				return -1;
		}
	return 0;
}
