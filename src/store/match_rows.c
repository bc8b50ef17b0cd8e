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

/* ---- values ---- */

static bool
value_passes(struct matcher *m, const struct step *s, enum field f, struct str value)
{
	(void)f;
	return filter_test_value(&s->node->test, value, m->scratch);
}

static int
rows_values(struct matcher *m, const struct step *s, const struct value_test *t, uint64_t *bits, struct err *e)
{
	for (uint32_t w = 0; w < m->words; w++)
		for (uint64_t in = bits[w]; in != 0; in &= in - 1) {
			unsigned i = (unsigned)__builtin_ctzll(in);
			struct str v;

			if (segment_value(m->stored->columns, t->field, w * 64 + i, &v, e) < 0)
				return -1;
			if (v.p == NULL || !t->passes(m, s, t->field, v))
				bits[w] &= ~(UINT64_C(1) << i);
		}
	return 0;
}

int
match_values(struct matcher *m, const struct step *s, const struct value_test *t, uint64_t *bits, struct err *e)
{
	int rc = match_texts(m, s, t, bits, e);

	return rc < 0 ? -1 : rc > 0 ? 0 : rows_values(m, s, t, bits, e);
}

/* ---- two fields ---- */

static int
rows_same(struct matcher *m, const struct filter_test *t, uint64_t *bits, struct err *e)
{
	field_set want = FIELD_BIT(t->field) | FIELD_BIT(t->other_field);

	for (size_t row = bitmap_next(bits, 0, m->n); row < m->n; row = bitmap_next(bits, row + 1, m->n)) {
		const struct event *ev = &m->event;

		if (segment_event(m->stored->columns, (uint32_t)row, want, &m->event, e) < 0)
			return -1;
		if (!event_has(ev, t->field) || !event_has(ev, t->other_field) ||
		    !filter_test_same(t, ev->v[t->field], ev->v[t->other_field], m->scratch))
			bitmap_drop(bits, row);
	}
	return 0;
}

int
match_rows(struct matcher *m, const struct step *s, uint64_t *bits, struct err *e)
{
	const struct filter_test *t = &s->node->test;
	enum column_kind kind;

	if (t->op == TEST_LINE)
		return match_rows_line(m, s, bits, e);
	if (t->op == TEST_SAME)
		return rows_same(m, t, bits, e);
	if (segment_kind(m->stored->columns, t->field, &kind, e) < 0)
		return -1;
	switch (kind) {
	case COLUMN_CODES:
		return match_codes(m, t->field, s->accept, bits, e);
	case COLUMN_TIME:
		return rows_time(m, t, bits, e);
	default:
		return match_values(m, s, &(struct value_test){ t->field, value_passes, s->find_decides }, bits, e);
	}
}
