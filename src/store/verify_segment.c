/*
 * verify_segment: does a segment say what its lines say?
 *
 * Queries answer from its row, from dictionaries and codes, from filters.  The
 * lines are made of the same columns and are hashed: what they do not force
 * is held against them here.
 *
 * In: a copied segment.   Out: its events, and what is wrong.
 */
#include <stdlib.h>

#include "store/line_maker.h"
#include "store/verify_parts.h"

/* Decoded columns are not larger than their lines, but for what they are made
 * of: a small piece that grows without measure is none of ours. */
#define DECODED_MAX (4 * (size_t)SEGMENT_BYTES_MAX)

/* Texts are looked at three times: as values, in their lines, for filters.  So
 * many bytes of them, those of most segments, are decoded only once. */
#define TEXTS_KEPT ((size_t)32 * 1024 * 1024)

/* Without these no line of the store reads as an event. */
#define NEEDED \
	(FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_ACTION) | FIELD_BIT(FIELD_SEVERITY) | FIELD_BIT(FIELD_OUTCOME))

struct segment_work {
	struct cell_work *w;
	const struct copied_segment *s;
	struct copied_segment mended; /* the same, with what was found to be right */
	struct segment *columns;
	struct segment_rows rows;
	field_set good; /* fields that can be decoded */
};

static struct place
place_of(const struct segment_work *g, enum verify_fault fault, enum field f)
{
	return (struct place){ .fault = fault, .has_seq = true, .first = g->s->info.first, .last = g->s->info.last,
		.segment = g->s->info.id, .field = f };
}

static const char *
key_of(enum field f)
{
	return field_table[f].key;
}

/* ---- the row ---- */

/* The fields that it has pieces of. */
static void
check_fields(struct segment_work *g)
{
	struct segment_meta *m = &g->mended.info.meta;

	for (int f = 0; f < FIELD_COUNT; f++) {
		bool time = field_table[f].type == FIELD_TIMESTAMP;

		if (m->fields >> f & 1 || copied_piece_find(g->s, (unsigned)f, time ? PART_CODES : PART_DICTIONARY) == NULL)
			continue;
		findings_add(&g->w->found, place_of(g, VERIFY_SEGMENT, (enum field)f),
		    "segment %lld: its row does not tell of the field %s, which occurs", (long long)g->s->info.id,
		    key_of((enum field)f));
		m->fields |= FIELD_BIT(f);
	}
}

/* The range of times that its row tells, against the times. */
static void
check_range(struct segment_work *g, enum field f, int64_t *min, int64_t *max)
{
	const struct copied_piece *p = copied_piece_find(g->s, (unsigned)f, PART_CODES);
	uint32_t count = g->s->info.meta.count;
	int64_t range[2] = { TIME_NONE, TIME_NONE }, *time;
	struct buf padded = { 0 };
	struct err e = ERR_NONE;

	if (g->mended.info.meta.fields >> f & 1) {
		if (p == NULL)
			return;
		time = mem_alloc(count * sizeof(*time));
		buf_reserve(&padded, p->data.len + BITS_PADDING);
		buf_str(&padded, buf_view(&p->data));
		memset(padded.p + padded.len, 0, BITS_PADDING);
		int rc = time_decode(f, buf_view(&padded), count, time, range, &e);
		buf_fini(&padded);
		free(time);
		if (rc < 0)
			return; /* told when the column is loaded */
	}
	if (*min == range[0] && *max == range[1])
		return;
	findings_add(&g->w->found, place_of(g, VERIFY_SEGMENT, f),
	    "segment %lld: its row tells another range of the field %s than its events have",
	    (long long)g->s->info.id, key_of(f));
	*min = range[0];
	*max = range[1];
}

/* ---- columns ---- */

static void
column_fault(struct segment_work *g, enum field f, const char *text)
{
	findings_add(&g->w->found, place_of(g, VERIFY_COLUMN, f), "segment %lld: %s", (long long)g->s->info.id, text);
	g->good &= ~FIELD_BIT(f);
}

static void
value_fault(struct segment_work *g, enum field f)
{
	findings_add(&g->w->found, place_of(g, VERIFY_COLUMN, f),
	    "segment %lld: column %s: a value that is not what its line says", (long long)g->s->info.id, key_of(f));
}

/* Decodes all of a column: an error now or never. */
static bool
load(struct segment_work *g, enum field f, const struct loaded_column **out)
{
	struct err e = ERR_NONE;
	const struct column *c = segment_column(g->columns, f, &e);

	if (c != NULL && c->kind == COLUMN_CODES)
		c = segment_codes(g->columns, f, &e);
	if (c == NULL) {
		column_fault(g, f, e.text);
		return false;
	}
	*out = reader_column(g->columns, f);
	return true;
}

static bool
dictionary_values_good(struct segment_work *g, enum field f, const struct dictionary_column *d)
{
	for (uint32_t i = 1; i <= d->n; i++)
		if (!value_check(&g->w->check, f, d->values[i]))
			return false;
	return true;
}

/* A UUID is fine in any field of strings, and in no other. */
static bool
uuid_values_good(struct segment_work *g, enum field f, const struct uuid_column *u)
{
	if (u->n > 0 && !value_check(&g->w->check, f, STR("00000000-0000-0000-0000-000000000000")))
		return false;
	for (uint32_t i = 0; i < u->exceptions; i++)
		if (!value_check(&g->w->check, f, u->exception[i]))
			return false;
	return true;
}

/* 1 good, 0 not, -1 a block cannot be read. */
static int
text_values_good(struct segment_work *g, enum field f, struct err *e)
{
	struct str value;
	bool good = true;

	for (uint32_t row = 0; row < g->s->info.meta.count; row++) {
		if (segment_value(g->columns, f, row, &value, e) < 0)
			return -1;
		good = good && (value.p == NULL || value_check(&g->w->check, f, value));
	}
	return good;
}

static void
check_column(struct segment_work *g, enum field f)
{
	const struct loaded_column *col;
	struct err e = ERR_NONE;
	int good = 1;

	if (!load(g, f, &col))
		return;
	if (segment_memory(g->columns) > DECODED_MAX) {
		column_fault(g, f, "its columns are larger than their lines");
		return;
	}
	switch (col->encoding) {
	case ENCODING_TIME:
		break;
	case ENCODING_DICTIONARY:
		good = dictionary_values_good(g, f, &col->dictionary);
		break;
	case ENCODING_UUID:
		good = uuid_values_good(g, f, &col->uuid);
		break;
	case ENCODING_TEXT:
		good = text_values_good(g, f, &e);
		break;
	}
	if (good < 0)
		column_fault(g, f, e.text);
	else if (good == 0)
		value_fault(g, f);
}

static void
check_columns(struct segment_work *g)
{
	g->good = g->mended.info.meta.fields;
	for (field_set left = g->good; left != 0; left &= left - 1) {
		enum field f = (enum field)__builtin_ctzll(left);

		check_column(g, f);
		if (segment_memory(g->columns) > DECODED_MAX) {
			g->good &= FIELD_BIT(f) - 1;
			break;
		}
	}
}

/* ---- events ---- */

static void
take_bad_rows(struct segment_work *g)
{
	for (uint32_t row = 0; row < g->s->info.meta.count; row++)
		cell_take_bad(g->w, segment_rows_seq(&g->rows, g->s->info.first, row));
}

/* Nothing is known of the rows: any of its range may be there. */
static void
take_bad_range(struct cell_work *w, const struct copied_segment *s)
{
	uint64_t last = s->info.last < w->copy.end ? s->info.last : w->copy.end - 1;

	for (uint64_t seq = s->info.first; seq < w->copy.end && seq <= last; seq++)
		if (w->state[seq % TREE_CELL] == SEQ_GONE)
			w->state[seq % TREE_CELL] = SEQ_MAYBE;
}

static void
check_bytes(struct segment_work *g, uint64_t bytes)
{
	if (bytes != g->s->info.meta.bytes)
		findings_add(&g->w->found, place_of(g, VERIFY_SEGMENT, FIELD_NONE),
		    "segment %lld: its row tells of %llu bytes of lines, they are %llu", (long long)g->s->info.id,
		    (unsigned long long)g->s->info.meta.bytes, (unsigned long long)bytes);
}

static void
lacking(struct segment_work *g, uint64_t seq)
{
	findings_add(&g->w->found,
	    (struct place){ .fault = VERIFY_COLUMN, .has_seq = true, .first = seq, .last = seq,
	        .segment = g->s->info.id, .field = FIELD_NONE },
	    "segment %lld: the event at seq %llu lacks what every event has, or is too long",
	    (long long)g->s->info.id, (unsigned long long)seq);
}

static void
take_rows(struct segment_work *g)
{
	struct cell_work *w = g->w;
	uint64_t bytes = 0;
	bool told = false;
	struct event ev;
	struct line_maker *lines = line_maker_new(g->columns);

	for (uint32_t row = 0; row < g->s->info.meta.count; row++) {
		uint64_t seq = segment_rows_seq(&g->rows, g->s->info.first, row);
		enum leaf_kind kind = segment_rows_kind(&g->rows, row);
		field_set want = kind == LEAF_RECORD ? FIELD_ALL : FIELD_BIT(FIELD_SOURCE);
		struct err e = ERR_NONE;

		buf_reset(&w->line);
		if (line_maker_add(lines, row, want, &w->line, &ev, &e) < 0) {
			if (!told)
				column_fault(g, FIELD_NONE, e.text);
			told = true;
			cell_take_bad(w, seq);
			continue;
		}
		if (!told && ((~ev.present & NEEDED) != 0 || w->line.len > JSON_STORED_MAX)) {
			lacking(g, seq);
			told = true;
		}
		bytes += w->line.len;
		cell_take_event(w, &ev, buf_view(&w->line), seq, kind, g->s->info.id);
	}
	line_maker_free(lines);
	check_bytes(g, bytes);
}

void
verify_segment(struct cell_work *w, const struct copied_segment *s)
{
	struct segment_work g = { .w = w, .s = s, .mended = *s };
	struct segment_meta *m = &g.mended.info.meta;
	struct segment *opened;
	struct err e = ERR_NONE;

	if ((opened = copied_segment_open(s, &w->copy, &g.rows, &e)) == NULL) {
		findings_add(&w->found, place_of(&g, VERIFY_SEGMENT, FIELD_NONE), "segment %lld: %s",
		    (long long)s->info.id, e.text);
		take_bad_range(w, s);
		return;
	}
	segment_free(opened);
	check_fields(&g);
	check_range(&g, FIELD_TIME, &m->min_time, &m->max_time);
	check_range(&g, FIELD_INGESTED, &m->min_ingested, &m->max_ingested);
	segment_rows_fini(&g.rows);
	g.columns = copied_segment_open(&g.mended, &w->copy, &g.rows, &e);
	segment_keep(g.columns, TEXTS_KEPT);
	check_columns(&g);
	if (g.good == m->fields)
		take_rows(&g);
	else
		take_bad_rows(&g);
	verify_filters(w, s, g.columns, g.good);
	segment_free(g.columns);
	segment_rows_fini(&g.rows);
}
