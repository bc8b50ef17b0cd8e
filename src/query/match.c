/*
 * match: a filter over the rows of one segment (see match.h).
 */
#include "query/match.h"

#include <stdlib.h>

#include "base/mem.h"

#define WORDS_MAX (SEGMENT_EVENTS_MAX / 64)
#define DENSE 12 /* rows in question of 64 from which all 64 are looked up */

/* A node of the filter with what is known of it for the segment at work. */
struct step {
	const struct filter_node *node;
	struct step *child;
	bool judged;
	enum verdict verdict;
	uint8_t *accept; /* TEST on a dictionary: a byte a code */
	size_t accept_cap;
	uint64_t *bits;  /* OR and NOT: scratch */
};

struct matcher {
	struct step root;
	struct filter_scratch *scratch;
	const struct stored *stored;
	uint32_t n, words;
	uint64_t bits[WORDS_MAX];
};

/* ---- the tree ---- */

/* What a test costs, roughly: times, then dictionaries, then texts. */
static int
cost(const struct filter_node *n)
{
	if (n->op != FILTER_TEST)
		return 4;
	if (n->test.op == TEST_TIME)
		return 0;
	if (n->test.op == TEST_HAS)
		return 1;
	return field_table[n->test.field].flags & (F_MEMBER | F_PROSE) ? 3 : 2;
}

static int
by_cost(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	return cost(x->node) - cost(y->node);
}

static void
step_init(struct step *s, const struct filter_node *n)
{
	*s = (struct step){ .node = n };
	if (n->children > 0)
		s->child = mem_zero(n->children, sizeof(*s->child));
	for (size_t i = 0; i < n->children; i++)
		step_init(&s->child[i], n->child[i]);
	if (n->op == FILTER_AND || n->op == FILTER_OR)
		qsort(s->child, n->children, sizeof(*s->child), by_cost);
	if (n->op == FILTER_OR || n->op == FILTER_NOT)
		s->bits = mem_alloc(2 * WORDS_MAX * sizeof(*s->bits));
}

static void
step_fini(struct step *s)
{
	for (size_t i = 0; i < s->node->children; i++)
		step_fini(&s->child[i]);
	free(s->child);
	free(s->accept);
	free(s->bits);
}

static void
step_forget(struct step *s)
{
	s->judged = false;
	for (size_t i = 0; i < s->node->children; i++)
		step_forget(&s->child[i]);
}

struct matcher *
matcher_new(const struct filter *f)
{
	struct matcher *m = mem_zero(1, sizeof(*m));

	step_init(&m->root, f->root);
	m->scratch = filter_scratch_new();
	return m;
}

void
matcher_free(struct matcher *m)
{
	if (m == NULL)
		return;
	step_fini(&m->root);
	filter_scratch_free(m->scratch);
	free(m);
}

/* ---- bits ---- */

void
bits_fill(uint64_t *bits, uint32_t n)
{
	memset(bits, 0xff, (n + 63) / 64 * sizeof(*bits));
	if (n % 64 != 0)
		bits[n / 64] = (UINT64_C(1) << (n % 64)) - 1;
}

uint32_t
bits_count(const uint64_t *bits, uint32_t n)
{
	uint32_t count = 0;

	for (uint32_t w = 0; w < (n + 63) / 64; w++)
		count += (uint32_t)__builtin_popcountll(bits[w]);
	return count;
}

static bool
bits_any(const uint64_t *bits, uint32_t words)
{
	for (uint32_t w = 0; w < words; w++)
		if (bits[w] != 0)
			return true;
	return false;
}

/* ---- judging: dictionaries and zone maps only ---- */

static enum verdict
judge_time(const struct matcher *m, const struct filter_test *t)
{
	const struct segment_meta *meta = &m->stored->info.meta;
	int64_t min = t->field == FIELD_TIME ? meta->min_time : meta->min_ingested;
	int64_t max = t->field == FIELD_TIME ? meta->max_time : meta->max_ingested;

	/* Rows without the time are outside of min and max. */
	if (min == TIME_NONE || max < t->lo || min >= t->hi)
		return MATCH_NONE;
	return t->field == FIELD_TIME && min >= t->lo && max < t->hi ? MATCH_ALL : MATCH_SOME;
}

static enum verdict
judge_codes(struct matcher *m, struct step *s, const struct column *c)
{
	const struct filter_test *t = &s->node->test;
	uint64_t hits = 0;

	mem_grow(&s->accept, &s->accept_cap, (size_t)c->n_values + 1, 1);
	s->accept[0] = 0;
	for (uint32_t i = 1; i <= c->n_values; i++) {
		s->accept[i] = t->op == TEST_HAS || filter_test_value(t, c->values[i], m->scratch);
		if (s->accept[i])
			hits += c->counts[i];
	}
	return hits == 0 ? MATCH_NONE : hits == m->n ? MATCH_ALL : MATCH_SOME;
}

/* Values of their own: the membership filter may say that none is there. */
static int
judge_values(const struct matcher *m, const struct filter_test *t, enum verdict *v, struct err *e)
{
	*v = MATCH_SOME;
	if (t->op != TEST_ANY || t->nocase)
		return 0;
	for (size_t i = 0; i < t->patterns; i++) {
		int may;

		if (t->pattern[i].glob)
			return 0;
		if ((may = segment_may_have(m->stored->columns, t->field, t->pattern[i].text, e)) != 0)
			return may < 0 ? -1 : 0;
	}
	*v = MATCH_NONE;
	return 0;
}

static int
judge_test(struct matcher *m, struct step *s, struct err *e)
{
	const struct filter_test *t = &s->node->test;
	const struct column *c;

	if (!(m->stored->info.meta.fields & FIELD_BIT(t->field))) {
		s->verdict = MATCH_NONE;
		return 0;
	}
	if (t->op == TEST_TIME) {
		s->verdict = judge_time(m, t);
		return 0;
	}
	if ((c = segment_column(m->stored->columns, t->field, e)) == NULL)
		return -1;
	switch (c->kind) {
	case COLUMN_ABSENT:
		s->verdict = MATCH_NONE;
		return 0;
	case COLUMN_CODES:
		s->verdict = judge_codes(m, s, c);
		return 0;
	case COLUMN_VALUES:
		return judge_values(m, t, &s->verdict, e);
	default: /* a time that is asked for its presence */
		s->verdict = MATCH_SOME;
		return 0;
	}
}

static int judge(struct matcher *m, struct step *s, struct err *e);

/* AND stops at the first NONE, OR at the first ALL; children behind it stay
 * unjudged. */
static int
judge_children(struct matcher *m, struct step *s, enum verdict stop, enum verdict otherwise, struct err *e)
{
	s->verdict = otherwise;
	for (size_t i = 0; i < s->node->children; i++) {
		if (judge(m, &s->child[i], e) < 0)
			return -1;
		if (s->child[i].verdict == stop) {
			s->verdict = stop;
			return 0;
		}
		if (s->child[i].verdict == MATCH_SOME)
			s->verdict = MATCH_SOME;
	}
	return 0;
}

static int
judge(struct matcher *m, struct step *s, struct err *e)
{
	if (s->judged)
		return 0;
	s->judged = true;
	switch (s->node->op) {
	case FILTER_TRUE:
		s->verdict = MATCH_ALL;
		return 0;
	case FILTER_AND:
		return judge_children(m, s, MATCH_NONE, MATCH_ALL, e);
	case FILTER_OR:
		return judge_children(m, s, MATCH_ALL, MATCH_NONE, e);
	case FILTER_NOT:
		if (judge(m, &s->child[0], e) < 0)
			return -1;
		s->verdict = (enum verdict)(MATCH_ALL - s->child[0].verdict);
		return 0;
	default:
		return judge_test(m, s, e);
	}
}

/* ---- looking at rows ---- */

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

static int
rows_codes(struct matcher *m, const struct step *s, uint64_t *bits, struct err *e)
{
	const struct column *c = segment_codes(m->stored->columns, s->node->test.field, e);

	if (c == NULL)
		return -1;
	for (uint32_t w = 0; w < m->words; w++) {
		uint32_t first = w * 64;

		if (bits[w] == 0)
			continue;
		if (first + 64 > m->n)
			bits[w] = keep_last(c, first, s->accept, bits[w]);
		else if (c->code_width == 1)
			bits[w] = keep_uint8_t((const uint8_t *)c->codes + first, s->accept, bits[w]);
		else if (c->code_width == 2)
			bits[w] = keep_uint16_t((const uint16_t *)c->codes + first, s->accept, bits[w]);
		else
			bits[w] = keep_uint32_t((const uint32_t *)c->codes + first, s->accept, bits[w]);
	}
	return 0;
}

static void
rows_time(const struct matcher *m, const struct filter_test *t, const struct column *c, uint64_t *bits)
{
	bool has = t->op == TEST_HAS;

	for (uint32_t w = 0; w < m->words; w++) {
		uint64_t out = 0;

		for (uint64_t in = bits[w]; in != 0; in &= in - 1) {
			unsigned i = (unsigned)__builtin_ctzll(in);
			int64_t v = c->time[w * 64 + i];

			out |= (uint64_t)(v != TIME_NONE && (has || (v >= t->lo && v < t->hi))) << i;
		}
		bits[w] = out;
	}
}

static int
rows_values(struct matcher *m, const struct filter_test *t, uint64_t *bits, struct err *e)
{
	for (uint32_t w = 0; w < m->words; w++)
		for (uint64_t in = bits[w]; in != 0; in &= in - 1) {
			unsigned i = (unsigned)__builtin_ctzll(in);
			struct str v;

			if (segment_value(m->stored->columns, t->field, w * 64 + i, &v, e) < 0)
				return -1;
			if (v.p == NULL || !(t->op == TEST_HAS || filter_test_value(t, v, m->scratch)))
				bits[w] &= ~(UINT64_C(1) << i);
		}
	return 0;
}

static int
rows_test(struct matcher *m, struct step *s, uint64_t *bits, struct err *e)
{
	const struct column *c = segment_column(m->stored->columns, s->node->test.field, e);

	if (c == NULL)
		return -1;
	switch (c->kind) {
	case COLUMN_CODES:
		return rows_codes(m, s, bits, e);
	case COLUMN_TIME:
		rows_time(m, &s->node->test, c, bits);
		return 0;
	default:
		return rows_values(m, &s->node->test, bits, e);
	}
}

static int rows(struct matcher *m, struct step *s, uint64_t *bits, struct err *e);

static int
rows_or(struct matcher *m, struct step *s, uint64_t *bits, struct err *e)
{
	uint64_t *found = s->bits, *left = s->bits + WORDS_MAX;

	memset(found, 0, m->words * sizeof(*found));
	for (size_t i = 0; i < s->node->children; i++) {
		for (uint32_t w = 0; w < m->words; w++)
			left[w] = bits[w] & ~found[w];
		if (!bits_any(left, m->words))
			break;
		if (rows(m, &s->child[i], left, e) < 0)
			return -1;
		for (uint32_t w = 0; w < m->words; w++)
			found[w] |= left[w];
	}
	memcpy(bits, found, m->words * sizeof(*bits));
	return 0;
}

/* Clears the bits in question whose rows do not match. */
static int
rows(struct matcher *m, struct step *s, uint64_t *bits, struct err *e)
{
	if (judge(m, s, e) < 0)
		return -1;
	if (s->verdict == MATCH_ALL)
		return 0;
	if (s->verdict == MATCH_NONE) {
		memset(bits, 0, m->words * sizeof(*bits));
		return 0;
	}
	switch (s->node->op) {
	case FILTER_AND:
		for (size_t i = 0; i < s->node->children && bits_any(bits, m->words); i++)
			if (rows(m, &s->child[i], bits, e) < 0)
				return -1;
		return 0;
	case FILTER_OR:
		return rows_or(m, s, bits, e);
	case FILTER_NOT:
		memcpy(s->bits, bits, m->words * sizeof(*bits));
		if (rows(m, &s->child[0], s->bits, e) < 0)
			return -1;
		for (uint32_t w = 0; w < m->words; w++)
			bits[w] &= ~s->bits[w];
		return 0;
	default:
		return rows_test(m, s, bits, e);
	}
}

int
match_segment(struct matcher *m, const struct stored *s, enum verdict *verdict, uint64_t **bits, struct err *e)
{
	m->stored = s;
	m->n = s->info.meta.count;
	m->words = (m->n + 63) / 64;
	step_forget(&m->root);
	if (judge(m, &m->root, e) < 0)
		return -1;
	*verdict = m->root.verdict;
	*bits = m->bits;
	if (*verdict != MATCH_SOME)
		return 0;
	bits_fill(m->bits, m->n);
	return rows(m, &m->root, m->bits, e);
}

bool
match_possible(const struct filter *f, const struct segment_meta *meta)
{
	return meta->max_time >= f->since && meta->min_time < f->until;
}
