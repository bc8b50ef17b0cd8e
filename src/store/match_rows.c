/*
 * match_rows: one test on the rows in question.
 */
#include "store/matcher.h"

#define DENSE 12 /* rows in question of 64 from which all 64 are looked up */

/* ---- codes ---- */

/* Keeps of 64 rows in question those whose code is accepted. */
#define KEEP_CODES(type)                                                                        \
	static uint64_t keep_##type(const type *code, const uint8_t *accept, uint64_t in)       \
	{                                                                                       \
		uint64_t out = 0;                                                               \
                                                                                                \
		if (__builtin_popcountll(in) >= DENSE) {                                        \
			for (unsigned i = 0; i < 64; i++)                                       \
				out |= (uint64_t)accept[code[i]] << i;                          \
			return out & in;                                                        \
		}                                                                               \
		for (; in != 0; in &= in - 1)                                                   \
			out |= (uint64_t)accept[code[__builtin_ctzll(in)]] << __builtin_ctzll(in); \
		return out;                                                                     \
	}
KEEP_CODES(uint8_t)
KEEP_CODES(uint16_t)
KEEP_CODES(uint32_t)

/* The last word may reach over the last row: there, row by row. */
static uint64_t
keep_last(const struct column *c, uint32_t first, const uint8_t *accept, uint64_t in)
{
	uint64_t out = 0;

	for (; in != 0; in &= in - 1) {
		unsigned i = (unsigned)__builtin_ctzll(in);

		out |= (uint64_t)accept[column_code(c, first + i)] << i;
	}
	return out;
}

int
match_codes(struct matcher *m, enum field f, const uint8_t *accept, uint64_t *bits, struct err *e)
{
	const struct column *c = segment_codes(m->stored->columns, f, e);

	if (c == NULL)
		return -1;
	for (uint32_t w = 0; w < m->words; w++) {
		uint32_t first = w * 64;

		if (bits[w] == 0)
			continue;
		if (first + 64 > m->n)
			bits[w] = keep_last(c, first, accept, bits[w]);
		else if (c->code_width == 1)
			bits[w] = keep_uint8_t((const uint8_t *)c->codes + first, accept, bits[w]);
		else if (c->code_width == 2)
			bits[w] = keep_uint16_t((const uint16_t *)c->codes + first, accept, bits[w]);
		else
			bits[w] = keep_uint32_t((const uint32_t *)c->codes + first, accept, bits[w]);
	}
	return 0;
}

/* ---- times ---- */

static int
rows_time(struct matcher *m, const struct filter_test *t, uint64_t *bits, struct err *e)
{
	const struct column *c = segment_column(m->stored->columns, t->field, e);
	bool has = t->op == TEST_HAS;

	if (c == NULL)
		return -1;
	for (uint32_t w = 0; w < m->words; w++) {
		uint64_t out = 0;

		for (uint64_t in = bits[w]; in != 0; in &= in - 1) {
			unsigned i = (unsigned)__builtin_ctzll(in);
			int64_t v = c->time[w * 64 + i];

			out |= (uint64_t)(v != TIME_NONE && (has || (v >= t->lo && v < t->hi))) << i;
		}
		bits[w] = out;
	}
	return 0;
}

/* ---- values and lines, row by row ---- */

/* Each says whether a row passes the test of a step. */
typedef int passes_fn(struct matcher *m, const struct step *s, uint32_t row, bool *passes, struct err *e);

static int
value_passes(struct matcher *m, const struct step *s, uint32_t row, bool *passes, struct err *e)
{
	const struct filter_test *t = &s->node->test;
	struct str v;

	if (segment_value(m->stored->columns, t->field, row, &v, e) < 0)
		return -1;
	*passes = v.p != NULL && ((t->op == TEST_HAS && t->path == NULL) || filter_test_value(t, v, m->scratch));
	return 0;
}

static bool
contains_any(struct matcher *m, struct str value, const struct filter_need *need)
{
	for (size_t i = 0; i < need->texts; i++)
		if (match_contains(m, value, need->text[i], need->nocase))
			return true;
	return false;
}

/* A row has what the line needs: in a dictionary, or in one of few values. */
static int
has_need(struct matcher *m, const struct step *s, uint32_t row, bool *has, struct err *e)
{
	*has = !s->narrowed || bitmap_has(s->sure, row);
	for (field_set left = s->values; left != 0 && !*has; left &= left - 1) {
		struct str v;

		if (segment_value(m->stored->columns, (enum field)__builtin_ctzll(left), row, &v, e) < 0)
			return -1;
		*has = v.p != NULL && contains_any(m, v, &s->node->test.need);
	}
	return 0;
}

static int
line_passes(struct matcher *m, const struct step *s, uint32_t row, bool *passes, struct err *e)
{
	if (has_need(m, s, row, passes, e) < 0)
		return -1;
	if (!*passes)
		return 0;
	if (segment_event(m->stored->columns, row, FIELD_ALL, &m->event, e) < 0)
		return -1;
	buf_reset(&m->line);
	event_format(&m->line, &m->event);
	*passes = filter_test_line(&s->node->test, buf_view(&m->line), m->scratch);
	return 0;
}

static int
rows_each(struct matcher *m, const struct step *s, uint64_t *bits, passes_fn *passes, struct err *e)
{
	for (uint32_t w = 0; w < m->words; w++)
		for (uint64_t in = bits[w]; in != 0; in &= in - 1) {
			unsigned i = (unsigned)__builtin_ctzll(in);
			bool yes;

			if (passes(m, s, w * 64 + i, &yes, e) < 0)
				return -1;
			if (!yes)
				bits[w] &= ~(UINT64_C(1) << i);
		}
	return 0;
}

int
match_rows(struct matcher *m, const struct step *s, uint64_t *bits, struct err *e)
{
	const struct filter_test *t = &s->node->test;
	enum column_kind kind;
	int rc;

	if (t->op == TEST_LINE)
		return rows_each(m, s, bits, line_passes, e);
	if (segment_kind(m->stored->columns, t->field, &kind, e) < 0)
		return -1;
	switch (kind) {
	case COLUMN_CODES:
		return match_codes(m, t->field, s->accept, bits, e);
	case COLUMN_TIME:
		return rows_time(m, t, bits, e);
	default:
		if ((rc = match_texts(m, s, bits, e)) != 0)
			return rc < 0 ? -1 : 0;
		return rows_each(m, s, bits, value_passes, e);
	}
}
