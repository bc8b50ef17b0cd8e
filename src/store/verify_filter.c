/*
 * verify_filter: would a filter of a segment hide a value that is there?
 *
 * Filters may say more than is there: that costs time only.  They must not
 * say less; and no piece may stand where a reader asks for another.
 */
#include <stdlib.h>

#include "store/members.h"
#include "store/verify_parts.h"

struct filter_work {
	struct cell_work *w;
	const struct copied_segment *s;
	struct segment *columns;
	const struct copied_piece *whole; /* the filter of the segment; NULL: none */
	struct trigram_set *any;          /* what values have, for it */
};

static struct place
place_of(const struct filter_work *g, enum verify_fault fault, enum field f)
{
	return (struct place){ .fault = fault, .has_seq = true, .first = g->s->info.first, .last = g->s->info.last,
		.segment = g->s->info.id, .field = f };
}

static void
hides(struct filter_work *g, enum field f, const char *what)
{
	findings_add(&g->w->found, place_of(g, VERIFY_FILTER, f),
	    "segment %lld: the %s of the field %s hides values that are there", (long long)g->s->info.id, what,
	    field_table[f].key);
}

static void
unreadable(struct filter_work *g, enum field f, const char *what)
{
	findings_add(&g->w->found, place_of(g, VERIFY_FILTER, f), "segment %lld: the %s%s%s cannot be read",
	    (long long)g->s->info.id, what, f == FIELD_NONE ? "" : " of the field ",
	    f == FIELD_NONE ? "" : field_table[f].key);
}

/* ---- membership ---- */

struct members {
	const uint8_t *filter;
	size_t len;
	bool folded;
};

static bool
has(const struct members *m, struct str value)
{
	return members_may_have(m->filter, m->len, m->folded ? members_hash_folded(value) : members_hash(value));
}

static bool
has_all(struct filter_work *g, enum field f, const struct members *m)
{
	const struct loaded_column *col = reader_column(g->columns, f);
	struct err e = ERR_NONE;
	struct str value;

	if (col->encoding == ENCODING_DICTIONARY) {
		for (uint32_t i = 1; i <= col->dictionary.n; i++)
			if (!has(m, col->dictionary.values[i]))
				return false;
		return true;
	}
	for (uint32_t row = 0; row < g->s->info.meta.count; row++)
		if (segment_value(g->columns, f, row, &value, &e) < 0 || (value.p != NULL && !has(m, value)))
			return false;
	return true;
}

static void
check_members(struct filter_work *g, enum field f)
{
	const struct copied_piece *p = copied_piece_find(g->s, (unsigned)f, PART_MEMBERS);
	struct members m;

	if (p == NULL || field_table[f].type != FIELD_STRING)
		return;
	m = (struct members){ (const uint8_t *)p->data.p, p->data.len, (field_table[f].flags & F_NOCASE) != 0 };
	if (!members_valid(m.len))
		unreadable(g, f, "membership filter");
	else if (!has_all(g, f, &m))
		hides(g, f, "membership filter");
}

/* ---- trigrams ---- */

/* Whether the filter tells of all that was marked; notes it for the whole. */
static bool
covered(struct filter_work *g, const struct trigram_marks *marks, const struct trigram_set *filter)
{
	struct trigram_set *own = &g->w->set[0];
	uint64_t hidden = 0;

	trigrams_end(marks, own);
	for (uint32_t i = 0; filter != NULL && i < TRIGRAM_WORDS; i++)
		hidden |= own->word[i] & ~filter->word[i];
	for (uint32_t i = 0; g->any != NULL && i < TRIGRAM_WORDS; i++)
		g->any->word[i] |= own->word[i];
	return hidden == 0;
}

/* The sets of a column's blocks; NULL: it has no filter, or none that can be read. */
static const struct trigram_set *
decode(struct filter_work *g, enum field f, uint32_t blocks)
{
	const struct copied_piece *p = copied_piece_find(g->s, (unsigned)f, PART_TRIGRAMS);

	if (p == NULL)
		return NULL;
	mem_grow(&g->w->set, &g->w->set_cap, 2 + (size_t)blocks, sizeof(*g->w->set));
	if (trigrams_decode(buf_view(&p->data), blocks, g->w->scratch.codec, g->w->set + 2))
		return g->w->set + 2;
	unreadable(g, f, "filter of trigrams");
	return NULL;
}

static void
check_texts(struct filter_work *g, enum field f, const struct text_column *t)
{
	const struct trigram_set *filter = decode(g, f, t->n);
	bool good = true;
	struct err e = ERR_NONE;
	struct str value;

	if (filter == NULL && g->any == NULL)
		return;
	for (uint32_t b = 0; b < t->n; b++) {
		struct trigram_marks *marks = trigrams_begin(&g->w->scratch);

		for (uint32_t row = t->block[b].row; row < t->block[b].row + t->block[b].rows; row++)
			if (segment_value(g->columns, f, row, &value, &e) == 0 && value.p != NULL)
				trigrams_add(marks, value);
		good = covered(g, marks, filter != NULL ? &filter[b] : NULL) && good;
	}
	if (!good)
		hides(g, f, "filter of trigrams");
}

static void
check_values(struct filter_work *g, enum field f, const struct str *value, uint32_t n, bool own)
{
	const struct trigram_set *filter = own ? decode(g, f, 1) : NULL;
	struct trigram_marks *marks;

	if (filter == NULL && g->any == NULL)
		return;
	marks = trigrams_begin(&g->w->scratch);
	for (uint32_t i = 0; i < n; i++)
		trigrams_add(marks, value[i]);
	if (!covered(g, marks, filter))
		hides(g, f, "filter of trigrams");
}

static void
check_trigrams(struct filter_work *g, enum field f)
{
	const struct loaded_column *col = reader_column(g->columns, f);

	switch (col->encoding) {
	case ENCODING_TIME:
		break;
	case ENCODING_DICTIONARY:
		check_values(g, f, col->dictionary.values + 1, col->dictionary.n, true);
		break;
	case ENCODING_UUID:
		check_values(g, f, col->uuid.exception, col->uuid.exceptions, false);
		break;
	case ENCODING_TEXT:
		check_texts(g, f, &col->text);
		break;
	}
}

static void
check_whole(struct filter_work *g)
{
	struct trigram_set *filter = &g->w->set[0];
	uint64_t hidden = 0;

	if (!trigrams_decode(buf_view(&g->whole->data), 1, g->w->scratch.codec, filter)) {
		unreadable(g, FIELD_NONE, "filter of trigrams of all columns");
		return;
	}
	for (uint32_t i = 0; i < TRIGRAM_WORDS; i++)
		hidden |= g->any->word[i] & ~filter->word[i];
	if (hidden != 0)
		findings_add(&g->w->found, place_of(g, VERIFY_FILTER, FIELD_NONE),
		    "segment %lld: the filter of trigrams of all columns hides values that are there",
		    (long long)g->s->info.id);
}

/* ---- pieces ---- */

static bool
called_for(struct filter_work *g, const struct copied_piece *p, field_set good)
{
	enum field f = (enum field)p->field;
	const struct loaded_column *col;

	if (p->field == SEGMENT_WHOLE)
		return p->part == PART_TRIGRAMS;
	if (p->field >= FIELD_COUNT || !(segment_meta(g->columns)->fields >> f & 1))
		return false;
	if (!(good >> f & 1)) /* nothing is known of it */
		return true;
	col = reader_column(g->columns, f);
	switch (p->part) {
	case PART_DICTIONARY:
		return col->encoding != ENCODING_TIME;
	case PART_CODES:
		return col->encoding != ENCODING_DICTIONARY || col->head.width > 0;
	case PART_MEMBERS:
		return col->encoding != ENCODING_TIME && field_table[f].type == FIELD_STRING;
	case PART_TRIGRAMS:
		return col->encoding == ENCODING_DICTIONARY || col->encoding == ENCODING_TEXT;
	default:
		return col->encoding == ENCODING_TEXT && p->part >= PART_BLOCK &&
		    (uint32_t)p->part - PART_BLOCK < col->text.n;
	}
}

static void
check_pieces(struct filter_work *g, field_set good)
{
	for (size_t i = 0; i < g->s->n; i++) {
		const struct copied_piece *p = &g->s->piece[i];
		enum field f = p->field < FIELD_COUNT ? (enum field)p->field : FIELD_NONE;

		if (!called_for(g, p, good))
			findings_add(&g->w->found, place_of(g, VERIFY_LEFTOVER, f),
			    "segment %lld: a piece that nothing calls for (field %u, part %u)",
			    (long long)g->s->info.id, p->field, p->part);
	}
}

void
verify_filters(struct cell_work *w, const struct copied_segment *s, struct segment *columns, field_set good)
{
	struct filter_work g = { .w = w, .s = s, .columns = columns };

	g.whole = copied_piece_find(s, SEGMENT_WHOLE, PART_TRIGRAMS);
	mem_grow(&w->set, &w->set_cap, 2, sizeof(*w->set));
	if (w->scratch.codec == NULL)
		w->scratch.codec = codec_new();
	if (g.whole != NULL)
		g.any = mem_zero(1, sizeof(*g.any));
	for (field_set left = good; left != 0; left &= left - 1) {
		check_members(&g, (enum field)__builtin_ctzll(left));
		check_trigrams(&g, (enum field)__builtin_ctzll(left));
	}
	if (g.whole != NULL && good == segment_meta(columns)->fields)
		check_whole(&g);
	check_pieces(&g, good);
	free(g.any);
}
