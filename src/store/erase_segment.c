/*
 * erase_segment: a segment in which some rows are without the person.
 *
 * Only columns that change are made again; the pieces of all others are taken
 * as they are.  The filter of trigrams of all columns is put together from
 * those of the columns, so that nothing of the old values stays in it.  When
 * the lines became too long for one segment, all columns of its parts are made.
 *
 * In: a copied segment, which rows change, in which fields.   Out: pieces.
 */
#include <stdlib.h>

#include "store/erase_parts.h"

struct making {
	struct erase_cell *c;
	const struct copied_segment *old;
	struct segment *columns;
	const struct segment_rows *rows;
	const uint64_t *bits;
	struct err *e;
};

/* A row as it is to be, of the fields in `want` at least. */
static int
row_event(struct making *m, uint32_t row, field_set want, struct event *out)
{
	struct event old;

	if (!bitmap_has(m->bits, row))
		return segment_event(m->columns, row, want, out, m->e);
	if (segment_event(m->columns, row, FIELD_ALL, &old, m->e) < 0)
		return -1;
	arena_reset(&m->c->arena);
	subject_event(m->c->subject, &old, out, &m->c->arena, NULL);
	return 0;
}

/* The place for what is made of rows from `first` on. */
static struct sealed_rows *
next_made(struct making *m, struct changed_segment *out, uint32_t first, uint32_t count)
{
	uint64_t start = segment_rows_seq(m->rows, m->old->info.first, first);
	struct sealed_rows *r;

	mem_grow(&out->made, &out->cap, out->n + 1, sizeof(*out->made));
	r = &out->made[out->n++];
	*r = (struct sealed_rows){ .first = start };
	r->offset = mem_alloc(count * sizeof(*r->offset));
	r->kind = mem_alloc(count);
	for (uint32_t i = 0; i < count; i++) {
		r->offset[i] = (uint32_t)(segment_rows_seq(m->rows, m->old->info.first, first + i) - start);
		r->kind[i] = (uint8_t)segment_rows_kind(m->rows, first + i);
	}
	return r;
}

/* ---- in parts ---- */

static int
make_parts(struct making *m, struct changed_segment *out)
{
	struct segment_builder *b = m->c->builder;
	uint32_t count = m->old->info.meta.count, first = 0;
	struct event ev;

	for (uint32_t row = 0; row < count; row++) {
		if (row_event(m, row, FIELD_ALL, &ev) < 0)
			return -1;
		buf_reset(&m->c->line);
		event_format(&m->c->line, &ev);
		if (row > first && segment_builder_bytes(b) + m->c->line.len > SEGMENT_BYTES_MAX) {
			segment_builder_seal(b, NULL, &next_made(m, out, first, row - first)->sealed);
			segment_builder_reset(b);
			first = row;
		}
		segment_builder_add(b, &ev, m->c->line.len);
	}
	segment_builder_seal(b, NULL, &next_made(m, out, first, count - first)->sealed);
	segment_builder_reset(b);
	return 0;
}

/* ---- only what changed ---- */

static void
take_piece(struct sealed *s, size_t *cap, unsigned field, unsigned part, struct buf data)
{
	mem_grow(&s->piece, cap, s->n + 1, sizeof(*s->piece));
	s->piece[s->n++] = (struct piece){ .field = (uint16_t)field, .part = (uint16_t)part, .data = data };
}

/* Columns that change, made from all rows. */
static int
make_columns(struct making *m, field_set changed, struct sealed *out)
{
	struct segment_builder *b = m->c->builder;
	struct event ev;

	for (uint32_t row = 0; row < m->old->info.meta.count; row++) {
		if (row_event(m, row, changed, &ev) < 0)
			return -1;
		ev.present &= changed;
		segment_builder_add(b, &ev, 0);
	}
	segment_builder_seal(b, NULL, out);
	segment_builder_reset(b);
	return 0;
}

static int
by_place(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	return x->field != y->field ? (x->field > y->field) - (x->field < y->field)
	                            : (x->part > y->part) - (x->part < y->part);
}

/* All pieces but the filter of the whole: of old columns copied, of new ones taken. */
static void
join_pieces(const struct making *m, field_set changed, struct sealed *made, struct sealed *out)
{
	size_t cap = 0;

	for (size_t i = 0; i < m->old->n; i++) {
		const struct copied_piece *p = &m->old->piece[i];
		struct buf data = { 0 };

		if (p->field == SEGMENT_WHOLE || (changed >> p->field & 1))
			continue;
		buf_str(&data, buf_view(&p->data));
		take_piece(out, &cap, p->field, p->part, data);
	}
	for (size_t i = 0; i < made->n; i++)
		take_piece(out, &cap, made->piece[i].field, made->piece[i].part, made->piece[i].data);
	free(made->piece);
	*made = (struct sealed){ 0 };
	qsort(out->piece, out->n, sizeof(*out->piece), by_place);
}

/* ---- the filter of the whole ---- */

static int
get_made(void *arg, unsigned field, unsigned part, struct buf *out, struct err *e)
{
	const struct sealed *s = arg;
	struct piece key = { .field = (uint16_t)field, .part = (uint16_t)part };
	const struct piece *p = bsearch(&key, s->piece, s->n, sizeof(*s->piece), by_place);

	(void)e;
	if (p != NULL)
		buf_str(out, buf_view(&p->data));
	return p != NULL;
}

struct gathering {
	struct erase_cell *c;
	struct segment *columns;
	struct trigram_set *any;
	struct err *e;
};

static void
add_set(struct gathering *g, const struct trigram_set *set)
{
	for (uint32_t i = 0; i < TRIGRAM_WORDS; i++)
		g->any->word[i] |= set->word[i];
}

/* From the column's own filter: 1, 0 it has none. */
static int
gather_filter(struct gathering *g, enum field f, uint32_t blocks)
{
	struct loaded_column *col = reader_column(g->columns, f);

	if (reader_piece(g->columns, (unsigned)f, PART_TRIGRAMS, &col->trigrams, g->e) < 0)
		return -1;
	if (col->trigrams.len == 0)
		return 0;
	mem_grow(&g->c->set, &g->c->set_cap, (size_t)blocks + 1, sizeof(*g->c->set));
	if (!trigrams_decode(buf_view(&col->trigrams), blocks, g->c->scratch.codec, g->c->set + 1))
		return column_wrong(g->e, f, "the filter of trigrams cannot be read");
	for (uint32_t i = 0; i < blocks; i++)
		add_set(g, &g->c->set[1 + i]);
	return 1;
}

static void
gather_list(struct gathering *g, const struct str *value, uint32_t n)
{
	struct trigram_marks *marks = trigrams_begin(&g->c->scratch);

	for (uint32_t i = 0; i < n; i++)
		trigrams_add(marks, value[i]);
	trigrams_end(marks, &g->c->set[0]);
	add_set(g, &g->c->set[0]);
}

static int
gather_texts(struct gathering *g, enum field f)
{
	struct trigram_marks *marks = trigrams_begin(&g->c->scratch);
	struct str value;

	for (uint32_t row = 0; row < segment_meta(g->columns)->count; row++) {
		if (segment_value(g->columns, f, row, &value, g->e) < 0)
			return -1;
		if (value.p != NULL)
			trigrams_add(marks, value);
	}
	trigrams_end(marks, &g->c->set[0]);
	add_set(g, &g->c->set[0]);
	return 0;
}

static int
gather_column(struct gathering *g, enum field f)
{
	const struct loaded_column *col = reader_load(g->columns, f, g->e);
	int rc;

	if (col == NULL)
		return -1;
	switch (col->encoding) {
	case ENCODING_TIME:
		return 0;
	case ENCODING_UUID:
		gather_list(g, col->uuid.exception, col->uuid.exceptions);
		return 0;
	case ENCODING_DICTIONARY:
		if ((rc = gather_filter(g, f, 1)) == 0)
			gather_list(g, col->dictionary.values + 1, col->dictionary.n);
		return rc < 0 ? -1 : 0;
	default:
		rc = gather_filter(g, f, col->text.n);
		return rc == 0 ? gather_texts(g, f) : rc < 0 ? -1 : 0;
	}
}

static int
make_whole(struct making *m, struct sealed *out)
{
	struct gathering g = { .c = m->c, .e = m->e, .any = mem_zero(1, sizeof(*g.any)) };
	struct buf data = { 0 };
	size_t cap = 0;
	int rc = 0;

	g.columns = segment_new(&out->meta, (struct piece_source){ .get = get_made, .arg = out });
	mem_grow(&m->c->set, &m->c->set_cap, 1, sizeof(*m->c->set));
	if (m->c->scratch.codec == NULL)
		m->c->scratch.codec = codec_new();
	for (field_set left = out->meta.fields; left != 0 && rc == 0; left &= left - 1)
		rc = gather_column(&g, (enum field)__builtin_ctzll(left));
	segment_free(g.columns);
	if (rc == 0) {
		trigrams_encode(&data, g.any, 1, &m->c->scratch);
		take_piece(out, &cap, SEGMENT_WHOLE, PART_TRIGRAMS, data);
	}
	free(g.any);
	return rc;
}

static int
make_same(struct making *m, field_set changed, int64_t growth, struct changed_segment *out)
{
	struct sealed made = { 0 }, *s;

	if (make_columns(m, changed, &made) < 0)
		return -1;
	s = &next_made(m, out, 0, m->old->info.meta.count)->sealed;
	s->meta = m->old->info.meta;
	s->meta.bytes = (uint64_t)((int64_t)s->meta.bytes + growth);
	join_pieces(m, changed, &made, s);
	if (copied_piece_find(m->old, SEGMENT_WHOLE, PART_TRIGRAMS) == NULL)
		return 0;
	return make_whole(m, s);
}

int
erase_segment(struct erase_cell *c, const struct copied_segment *old, struct segment *columns,
    const struct segment_rows *rows, const uint64_t *bits, field_set changed, int64_t growth, struct err *e)
{
	struct making m = { c, old, columns, rows, bits, e };
	struct changed_segment *out;

	mem_grow(&c->segment, &c->segments_cap, c->segments + 1, sizeof(*c->segment));
	out = &c->segment[c->segments++];
	*out = (struct changed_segment){ .old = old->info.id };
	if (c->builder == NULL)
		c->builder = segment_builder_new();
	if ((int64_t)old->info.meta.bytes + growth > (int64_t)SEGMENT_BYTES_MAX)
		return make_parts(&m, out);
	return make_same(&m, changed, growth, out);
}
