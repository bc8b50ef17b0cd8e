/*
 * segment_build: events in, rows gathered.
 *
 * While rows arrive a column is a table of its distinct values and a code a
 * row.  When most of them turn out to be distinct it becomes plain: the
 * values one behind the other and no hashing any more.
 *
 * In: events.   Out: columns for segment_seal.c.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/random.h"
#include "store/builder.h"

enum {
	PLAIN_ROWS = 2048, /* before that a growing column is not judged */
	SHORT_ROWS = 16    /* nor any column of fewer */
};

/* A column that once grew beyond this gives its memory back on reset, so that
 * huge values in one field after the other do not add up. */
#define KEEP_MAX (16u * 1024 * 1024)

struct segment_builder *
segment_builder_new(void)
{
	struct segment_builder *b = mem_zero(1, sizeof(*b));

	for (int f = 0; f < FIELD_COUNT; f++)
		dictionary_init(&b->column[f].dictionary, random_u64());
	return b;
}

void
segment_builder_free(struct segment_builder *b)
{
	if (b == NULL)
		return;
	for (int f = 0; f < FIELD_COUNT; f++) {
		struct column_builder *col = &b->column[f];
		dictionary_fini(&col->dictionary);
		free(col->code);
		free(col->span);
		buf_fini(&col->bytes);
	}
	for (int i = 0; i < BUILDER_WORKERS; i++)
		scratch_fini(&b->scratch[i]);
	free(b->time[0]);
	free(b->time[1]);
	free(b);
}

void
segment_builder_reset(struct segment_builder *b)
{
	for (int f = 0; f < FIELD_COUNT; f++) {
		struct column_builder *col = &b->column[f];
		col->plain = false;
		col->rows = col->present = 0;
		if (col->dictionary.arena.requested > KEEP_MAX)
			arena_fini(&col->dictionary.arena);
		dictionary_reset(&col->dictionary);
		if (col->bytes.cap > KEEP_MAX)
			buf_fini(&col->bytes);
		buf_reset(&col->bytes);
	}
	for (int i = 0; i < BUILDER_WORKERS; i++)
		if (b->scratch[i].raw.cap > KEEP_MAX || b->scratch[i].table_cap > KEEP_MAX)
			scratch_fini(&b->scratch[i]);
	b->count = 0;
	b->bytes = 0;
	b->fields = 0;
}

uint32_t
segment_builder_count(const struct segment_builder *b)
{
	return b->count;
}

uint64_t
segment_builder_bytes(const struct segment_builder *b)
{
	return b->bytes;
}

/* ---- rows in ---- */

static void
push_plain(struct column_builder *col, uint32_t row, struct str value)
{
	mem_grow(&col->span, &col->span_cap, (size_t)row + 1, sizeof(*col->span));
	for (; col->rows < row; col->rows++)
		col->span[col->rows] = (struct span){ (uint32_t)col->bytes.len, ABSENT };
	col->span[row] = (struct span){ (uint32_t)col->bytes.len, (uint32_t)value.len };
	buf_str(&col->bytes, value);
	col->rows = row + 1;
	col->present++;
}

/* The column's values, row by row, from its dictionary. */
static void
turn_plain(struct column_builder *col)
{
	uint32_t rows = col->rows;

	col->plain = true;
	col->rows = col->present = 0;
	for (uint32_t row = 0; row < rows; row++)
		if (col->code[row])
			push_plain(col, row, col->dictionary.value[col->code[row] - 1]);
	dictionary_reset(&col->dictionary);
}

/* Prose and ids gain nothing from a dictionary when every second value is
 * new; what people filter by is worth one until nearly all are. */
static bool
mostly_distinct(enum field f, const struct column_builder *col)
{
	uint32_t n = col->dictionary.n;

	if (field_table[f].flags & (F_PROSE | F_MEMBER))
		return n > col->present / 2;
	return n > col->present - col->present / 8;
}

static void
add_value(struct segment_builder *b, enum field f, uint32_t row, struct str value, uint32_t tag)
{
	struct column_builder *col = &b->column[f];

	if (col->plain) {
		push_plain(col, row, value);
		return;
	}
	mem_grow(&col->code, &col->code_cap, (size_t)row + 1, sizeof(*col->code));
	for (; col->rows < row; col->rows++)
		col->code[col->rows] = 0;
	uint32_t known = col->dictionary.n;
	col->code[row] = dictionary_add_tagged(&col->dictionary, value, tag);
	col->rows = row + 1;
	col->present++;
	if (col->dictionary.n > known && col->present >= PLAIN_ROWS && mostly_distinct(f, col))
		turn_plain(col);
}

static void
add_time(struct segment_builder *b, enum field f, const struct event *ev, int64_t time)
{
	int which = f == FIELD_INGESTED;

	mem_grow(&b->time[which], &b->time_cap[which], (size_t)b->count + 1, sizeof(*b->time[which]));
	b->time[which][b->count] = event_has(ev, f) ? time : TIME_NONE;
	if (b->time[which][b->count] != TIME_NONE)
		b->fields |= FIELD_BIT(f);
}

void
segment_builder_expect(const struct segment_builder *b, const struct event *ev, struct segment_expected *x)
{
	for (field_set left = ev->present & ~BUILDER_TIMES; left; left &= left - 1) {
		enum field f = (enum field)__builtin_ctzll(left);
		x->tag[f] = b->column[f].plain ? 0 : dictionary_tag(&b->column[f].dictionary, ev->v[f]);
	}
}

void
segment_builder_add_expected(struct segment_builder *b, const struct event *ev, const struct segment_expected *x,
    size_t line_len)
{
	for (field_set left = ev->present & ~BUILDER_TIMES; left; left &= left - 1) {
		enum field f = (enum field)__builtin_ctzll(left);
		if (!b->column[f].plain)
			dictionary_expect(&b->column[f].dictionary, x->tag[f]);
	}
	add_time(b, FIELD_TIME, ev, ev->time);
	add_time(b, FIELD_INGESTED, ev, ev->ingested);
	for (field_set left = ev->present & ~BUILDER_TIMES; left; left &= left - 1) {
		enum field f = (enum field)__builtin_ctzll(left);
		add_value(b, f, b->count, ev->v[f], x->tag[f]);
	}
	b->fields |= ev->present & ~BUILDER_TIMES;
	b->bytes += line_len;
	b->count++;
}

void
segment_builder_add(struct segment_builder *b, const struct event *ev, size_t line_len)
{
	struct segment_expected x;

	segment_builder_expect(b, ev, &x);
	segment_builder_add_expected(b, ev, &x, line_len);
}

void
segment_builder_event(const struct segment_builder *b, uint32_t row, struct event *out)
{
	out->present = 0;
	out->time = b->time[0][row];
	out->ingested = b->time[1][row];
	if (out->time != TIME_NONE)
		out->present |= FIELD_BIT(FIELD_TIME);
	if (out->ingested != TIME_NONE)
		out->present |= FIELD_BIT(FIELD_INGESTED);
	for (field_set left = b->fields & ~BUILDER_TIMES; left; left &= left - 1) {
		enum field f = (enum field)__builtin_ctzll(left);
		const struct column_builder *col = &b->column[f];
		if (row >= col->rows)
			continue;
		if (!col->plain && col->code[row])
			event_set(out, f, col->dictionary.value[col->code[row] - 1]);
		else if (col->plain && col->span[row].len != ABSENT)
			event_set(out, f, (struct str){ col->bytes.p + col->span[row].off, col->span[row].len });
	}
}

/* ---- before sealing ---- */

static bool
looks_like_uuids(const struct column_builder *col)
{
	uint64_t uuid[2];

	for (uint32_t i = 0; i < col->dictionary.n; i++)
		if (!uuid_parse(col->dictionary.value[i].p, col->dictionary.value[i].len, uuid))
			return false;
	return true;
}

/* Fills in the rows behind the last present one, and decides for a short
 * column what the rows did not yet.  A second time it changes nothing. */
static void
settle(struct segment_builder *b, enum field f)
{
	struct column_builder *col = &b->column[f];
	bool own = field_table[f].flags & (F_PROSE | F_MEMBER);

	if (!col->plain && col->present > SHORT_ROWS && col->dictionary.n > col->present / 2 &&
	    (own || looks_like_uuids(col)))
		turn_plain(col);
	if (col->plain) {
		mem_grow(&col->span, &col->span_cap, b->count, sizeof(*col->span));
		for (; col->rows < b->count; col->rows++)
			col->span[col->rows] = (struct span){ (uint32_t)col->bytes.len, ABSENT };
	} else {
		mem_grow(&col->code, &col->code_cap, b->count, sizeof(*col->code));
		for (; col->rows < b->count; col->rows++)
			col->code[col->rows] = 0;
	}
}

void
segment_builder_settle(struct segment_builder *b)
{
	for (field_set left = b->fields & ~BUILDER_TIMES; left; left &= left - 1)
		settle(b, (enum field)__builtin_ctzll(left));
}
