/*
 * match_line: a pattern in the canonical line, without making lines where that
 * can be helped.
 *
 * A pattern whose matches lie inside of one value is asked of the values: once
 * each of a dictionary, and of texts block by block.  Of another, what it needs
 * must be in some value, and only lines that have it are made.
 */
#include "store/matcher.h"

#include "base/simd.h"
#include "store/line_maker.h"

enum { MANY_LINES = 4096 }; /* of a segment, for which members are made ready */

/* ---- one value ---- */

/* Whether a value may contain what the line must; may say yes wrongly. */
static bool
has_need(struct matcher *m, const struct step *s, enum field f, struct str value)
{
	(void)m;
	(void)f;
	for (size_t i = 0; i < s->finds; i++)
		if (find_next(&s->find[i], value, 0) < value.len)
			return true;
	return s->finds == 0 || (s->node->test.need.nocase && match_strange(value));
}

/* Whether the pattern is in the value, as the line has it. */
static bool
is_inside(struct matcher *m, const struct step *s, enum field f, struct str value)
{
	unsigned high = 0;

	if (field_table[f].type == FIELD_STRING && simd_plain(value.p, value.len, &high) < value.len) {
		buf_reset(&m->line);
		json_quote(&m->line, value);
		value = (struct str){ m->line.p + 1, m->line.len - 2 };
	}
	return filter_test_line(&s->node->test, value, m->scratch);
}

/* ---- before rows are looked at ---- */

/* Sets m->other to the rows whose value may have what is needed; times have
 * none of it. */
static int
ask_filters(struct matcher *m, const struct step *s, enum field f, struct err *e)
{
	const struct filter_need *need = &s->node->test.need;
	uint64_t *any = s->bits, *one = s->bits + MATCH_WORDS;

	memset(any, 0, m->words * sizeof(*any));
	for (size_t i = 0; i < need->texts; i++) {
		bitmap_fill(one, m->n);
		if (segment_may_contain(m->stored->columns, f, need->text[i], need->nocase, one, e) < 0)
			return -1;
		for (uint32_t w = 0; w < m->words; w++)
			any[w] |= one[w];
	}
	if (need->texts == 0)
		bitmap_fill(any, m->n);
	memcpy(m->other, any, m->words * sizeof(*any));
	return 0;
}

/* Adds to sure the rows whose value of a dictionary passes, or with a pattern
 * that is not inside has what is needed. */
static int
add_codes(struct matcher *m, struct step *s, enum field f, struct err *e)
{
	const struct column *c = segment_column(m->stored->columns, f, e);
	bool inside = s->node->test.inside, any = false;

	if (c == NULL)
		return -1;
	mem_grow(&s->accept, &s->accept_cap, (size_t)c->n_values + 1, 1);
	s->accept[0] = 0;
	for (uint32_t i = 1; i <= c->n_values; i++) {
		s->accept[i] = has_need(m, s, f, c->values[i]) &&
		    (!inside || is_inside(m, s, f, c->values[i]));
		any |= s->accept[i];
	}
	if (!any)
		return 0;
	if (match_codes(m, f, s->accept, m->other, e) < 0)
		return -1;
	for (uint32_t w = 0; w < m->words; w++)
		s->sure[w] |= m->other[w];
	return 0;
}

static int
add_field(struct matcher *m, struct step *s, enum field f, struct err *e)
{
	bool time = field_table[f].type == FIELD_TIMESTAMP;
	enum column_kind kind;

	if (time && (!s->node->test.in_time || s->node->test.need.texts > 0))
		return 0;
	if (time)
		bitmap_fill(m->other, m->n);
	else if (ask_filters(m, s, f, e) < 0)
		return -1;
	if (!bits_any(m->other, m->words))
		return 0;
	if (segment_kind(m->stored->columns, f, &kind, e) < 0)
		return -1;
	if (kind == COLUMN_CODES)
		return add_codes(m, s, f, e);
	for (uint32_t w = 0; w < m->words; w++)
		s->maybe[w] |= m->other[w];
	s->values |= FIELD_BIT(f);
	return 0;
}

int
match_judge_line(struct matcher *m, struct step *s, struct err *e)
{
	const struct filter_test *t = &s->node->test;

	match_judged(s, MATCH_SOME);
	s->cost = COST_LINE;
	if (t->need.texts == 0 && !t->inside)
		return 0;
	s->sure = match_maybe(s) + MATCH_WORDS;
	memset(s->maybe, 0, m->words * sizeof(*s->maybe));
	memset(s->sure, 0, m->words * sizeof(*s->sure));
	for (field_set left = m->stored->info.meta.fields & FIELD_ALL; left != 0; left &= left - 1)
		if (add_field(m, s, (enum field)__builtin_ctzll(left), e) < 0)
			return -1;
	for (uint32_t w = 0; w < m->words; w++)
		s->maybe[w] |= s->sure[w];
	match_narrow(m, s, t->inside ? COST_INSIDE : COST_LINE);
	return 0;
}

/* ---- rows ---- */

static int
match_times(struct matcher *m, const struct step *s, enum field f, uint64_t *bits, struct err *e)
{
	const struct column *c = segment_column(m->stored->columns, f, e);

	if (c == NULL)
		return -1;
	for (size_t row = bitmap_next(bits, 0, m->n); row < m->n; row = bitmap_next(bits, row + 1, m->n)) {
		char text[TIME_TEXT_LEN];

		if (c->time[row] != TIME_NONE) {
			time_format(text, c->time[row]);
			if (is_inside(m, s, f, (struct str){ text, sizeof(text) }))
				continue;
		}
		bitmap_drop(bits, row);
	}
	return 0;
}

static int
match_field(struct matcher *m, const struct step *s, enum field f, uint64_t *bits, struct err *e)
{
	bool inside = s->node->test.inside;

	if (field_table[f].type == FIELD_TIMESTAMP)
		return match_times(m, s, f, bits, e);
	return match_values(m, s, &(struct value_test){ f, inside ? is_inside : has_need,
	    inside ? s->find_decides : !s->finds_cut }, bits, e);
}

/* Clears the bits of rows that pass, or have what is needed, neither by a
 * dictionary nor by a value. */
static int
match_fields(struct matcher *m, const struct step *s, uint64_t *bits, struct err *e)
{
	uint64_t *left = s->bits, *found = s->bits + MATCH_WORDS;

	memcpy(left, bits, m->words * sizeof(*left));
	for (uint32_t w = 0; w < m->words; w++) {
		left[w] &= ~s->sure[w];
		bits[w] &= s->sure[w];
	}
	for (field_set f = s->values; f != 0 && bits_any(left, m->words); f &= f - 1) {
		memcpy(found, left, m->words * sizeof(*found));
		if (match_field(m, s, (enum field)__builtin_ctzll(f), found, e) < 0)
			return -1;
		for (uint32_t w = 0; w < m->words; w++) {
			bits[w] |= found[w];
			left[w] &= ~found[w];
		}
	}
	return 0;
}

/* The line of a row into m->line: by the maker, when there is one. */
static int
make_line(struct matcher *m, struct line_maker *maker, uint32_t row, struct err *e)
{
	buf_reset(&m->line);
	if (maker != NULL)
		return line_maker_add(maker, row, 0, &m->line, &m->event, e);
	if (segment_event(m->stored->columns, row, FIELD_ALL, &m->event, e) < 0)
		return -1;
	event_format(&m->line, &m->event);
	return 0;
}

static int
match_lines(struct matcher *m, const struct step *s, uint64_t *bits, struct err *e)
{
	struct line_maker *maker = NULL;
	int rc = 0;

	if (bitmap_count(bits, m->n) >= MANY_LINES)
		maker = line_maker_new(m->stored->columns);
	for (size_t row = bitmap_next(bits, 0, m->n); row < m->n; row = bitmap_next(bits, row + 1, m->n)) {
		if ((rc = make_line(m, maker, (uint32_t)row, e)) < 0)
			break;
		if (!filter_test_line(&s->node->test, buf_view(&m->line), m->scratch))
			bitmap_drop(bits, row);
	}
	line_maker_free(maker);
	return rc;
}

int
match_rows_line(struct matcher *m, const struct step *s, uint64_t *bits, struct err *e)
{
	if (s->narrowed && match_fields(m, s, bits, e) < 0)
		return -1;
	return s->node->test.inside ? 0 : match_lines(m, s, bits, e);
}
