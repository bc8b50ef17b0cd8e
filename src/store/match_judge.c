/*
 * match_judge: what can be said of a segment before codes and texts are read.
 *
 * Zone maps, dictionaries, membership filters and filters of trigrams are
 * asked; often that alone says "no row" or "every row", else it says in which
 * rows to look, and what that will cost.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/matcher.h"

#define SHARE_UNKNOWN 0.5

void
match_judged(struct step *s, enum verdict v)
{
	s->verdict = v;
	s->share = v == MATCH_NONE ? 0 : v == MATCH_ALL ? 1 : SHARE_UNKNOWN;
	s->cost = 0;
}

/* ---- times and codes ---- */

static void
judge_time(const struct matcher *m, struct step *s)
{
	const struct filter_test *t = &s->node->test;
	const struct segment_meta *meta = &m->stored->info.meta;
	int64_t min = t->field == FIELD_TIME ? meta->min_time : meta->min_ingested;
	int64_t max = t->field == FIELD_TIME ? meta->max_time : meta->max_ingested;

	/* Rows without the time are outside of min and max. */
	if (min == TIME_NONE || max < t->lo || min >= t->hi)
		match_judged(s, MATCH_NONE);
	else if (t->field == FIELD_TIME && min >= t->lo && max < t->hi)
		match_judged(s, MATCH_ALL);
	else {
		double span = (double)max - (double)min + 1;
		double inside = (double)(max < t->hi ? max + 1 : t->hi) - (double)(min > t->lo ? min : t->lo);

		match_judged(s, MATCH_SOME);
		s->share = inside / span;
		s->cost = COST_TIME;
	}
}

static void
judge_codes(struct matcher *m, struct step *s, const struct column *c)
{
	const struct filter_test *t = &s->node->test;
	bool present = t->op == TEST_HAS && t->path == NULL;
	uint64_t hits = 0;

	mem_grow(&s->accept, &s->accept_cap, (size_t)c->n_values + 1, 1);
	s->accept[0] = 0;
	for (uint32_t i = 1; i <= c->n_values; i++) {
		s->accept[i] = present || filter_test_value(t, c->values[i], m->scratch);
		if (s->accept[i])
			hits += c->counts[i];
	}
	match_judged(s, hits == 0 ? MATCH_NONE : hits == m->n ? MATCH_ALL : MATCH_SOME);
	s->share = (double)hits / m->n;
	s->cost = COST_CODE;
}

/* ---- what can be where ---- */

uint64_t *
match_maybe(struct step *s)
{
	if (s->maybe == NULL)
		s->maybe = mem_alloc(2 * MATCH_WORDS * sizeof(*s->maybe));
	return s->maybe;
}

/* Each address is written in one way only, so that one can be looked for as a
 * text.  False when it is a range. */
static bool
address_text(const struct ip_range *r, char text[IP_TEXT_MAX], struct str *out)
{
	if (r->first.v6 != r->last.v6 || memcmp(r->first.b, r->last.b, sizeof(r->first.b)) != 0)
		return false;
	*out = (struct str){ text, ip_format(&r->first, text) };
	return true;
}

/* The literal number i of the test; false: it is none. */
static bool
literal_of(const struct filter_test *t, size_t i, char text[IP_TEXT_MAX], struct str *out)
{
	if (i < t->ranges)
		return address_text(&t->range[i], text, out);
	*out = t->pattern[i - t->ranges].text;
	return true;
}

/* False when the membership filter says that none of the literals is there. */
static int
members_may_pass(const struct matcher *m, const struct filter_test *t, bool *may, struct err *e)
{
	char text[IP_TEXT_MAX];
	struct str literal;

	*may = true;
	if ((t->op != TEST_ANY && t->op != TEST_IP) || t->path != NULL || t->patterns != t->literals || t->nocase)
		return 0;
	if (t->op == TEST_IP && t->field != FIELD_IP) /* where an address may be written in several ways */
		return 0;
	for (size_t i = 0; i < t->ranges + t->patterns; i++) {
		int rc;

		if (!literal_of(t, i, text, &literal))
			return 0;
		if ((rc = segment_may_have(m->stored->columns, t->field, literal, e)) != 0)
			return rc < 0 ? -1 : 0;
	}
	*may = false;
	return 0;
}

/* Adds to maybe the rows whose value may contain the text. */
static int
add_values(struct matcher *m, enum field f, struct str text, bool nocase, uint64_t *maybe, struct err *e)
{
	bitmap_fill(m->other, m->n);
	if (segment_may_contain(m->stored->columns, f, text, nocase, m->other, e) < 0)
		return -1;
	for (uint32_t w = 0; w < m->words; w++)
		maybe[w] |= m->other[w];
	return 0;
}

/* The rows whose value may have what the test needs; the membership filter is
 * asked first, which is smaller than a column of UUIDs. */
static int
judge_filters(struct matcher *m, struct step *s, struct err *e)
{
	const struct filter_test *t = &s->node->test;
	bool may;

	if (members_may_pass(m, t, &may, e) < 0)
		return -1;
	match_judged(s, may ? MATCH_SOME : MATCH_NONE);
	if (!may || t->need.texts == 0)
		return 0;
	memset(match_maybe(s), 0, m->words * sizeof(*s->maybe));
	for (size_t i = 0; i < t->need.texts; i++)
		if (add_values(m, t->field, t->need.text[i], t->need.nocase, s->maybe, e) < 0)
			return -1;
	match_judged(s, bits_any(s->maybe, m->words) ? MATCH_SOME : MATCH_NONE);
	return 0;
}

void
match_narrow(struct matcher *m, struct step *s, double cost)
{
	uint32_t left = bitmap_count(s->maybe, m->n);

	match_judged(s, left > 0 ? MATCH_SOME : MATCH_NONE);
	s->narrowed = true;
	s->share = SHARE_UNKNOWN * left / m->n;
	s->cost = cost;
}

/* ---- nodes ---- */

static int
judge_test(struct matcher *m, struct step *s, struct err *e)
{
	const struct filter_test *t = &s->node->test;
	const struct column *c;
	enum column_kind kind;

	if (t->op == TEST_LINE)
		return match_judge_line(m, s, e);
	if (!(m->stored->info.meta.fields & FIELD_BIT(t->field))) {
		match_judged(s, MATCH_NONE);
		return 0;
	}
	if (t->op == TEST_TIME) {
		judge_time(m, s);
		return 0;
	}
	if (t->op == TEST_SAME) {
		match_judged(s, m->stored->info.meta.fields & FIELD_BIT(t->other_field) ? MATCH_SOME : MATCH_NONE);
		s->cost = COST_TEXT;
		return 0;
	}
	if (judge_filters(m, s, e) < 0)
		return -1;
	if (s->verdict == MATCH_NONE)
		return 0;
	if (segment_kind(m->stored->columns, t->field, &kind, e) < 0)
		return -1;
	switch (kind) {
	case COLUMN_CODES:
		if ((c = segment_column(m->stored->columns, t->field, e)) == NULL)
			return -1;
		judge_codes(m, s, c);
		return 0;
	case COLUMN_VALUES:
		s->cost = field_table[t->field].flags & F_MEMBER ? COST_UUID : COST_TEXT;
		if (t->need.texts > 0)
			match_narrow(m, s, s->cost);
		return 0;
	default: /* a time that is asked for its presence */
		match_judged(s, MATCH_SOME);
		s->cost = COST_TIME;
		return 0;
	}
}

/* What is known without reading anything comes first, then what reads a
 * dictionary, then filters of texts, then what is made of several. */
static int
effort(const struct filter_node *n)
{
	unsigned flags;

	if (n->op != FILTER_TEST)
		return 4;
	switch (n->test.op) {
	case TEST_TIME:
		return 0;
	case TEST_LINE:
	case TEST_SAME:
		return 5;
	default:
		flags = field_table[n->test.field].flags;
		return flags & F_PROSE ? 3 : flags & F_MEMBER ? 1 : 2;
	}
}

static int
by_effort(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	return effort(x->node) - effort(y->node);
}

/* Rows pass an AND that pass all, an OR that pass any, taken as independent. */
static void
sum_up(struct step *s)
{
	bool and = s->node->op == FILTER_AND;
	double share = 1, cost = 0;

	for (size_t i = 0; i < s->node->children; i++) {
		const struct step *c = &s->child[i];

		cost += c->cost * share;
		share *= and ? c->share : 1 - c->share;
	}
	s->share = and ? share : 1 - share;
	s->cost = cost;
}

/* AND stops at the first NONE, OR at the first ALL; children behind it stay
 * unjudged. */
static int
judge_children(struct matcher *m, struct step *s, enum verdict stop, enum verdict otherwise, struct err *e)
{
	enum verdict v = otherwise;

	if (s->node->children > 1)
		qsort(s->child, s->node->children, sizeof(*s->child), by_effort);
	for (size_t i = 0; i < s->node->children; i++) {
		if (match_judge(m, &s->child[i], e) < 0)
			return -1;
		if (s->child[i].verdict == stop) {
			match_judged(s, stop);
			return 0;
		}
		if (s->child[i].verdict == MATCH_SOME)
			v = MATCH_SOME;
	}
	match_judged(s, v);
	if (v == MATCH_SOME)
		sum_up(s);
	return 0;
}

static int
judge_not(struct matcher *m, struct step *s, struct err *e)
{
	const struct step *c = &s->child[0];

	if (match_judge(m, &s->child[0], e) < 0)
		return -1;
	s->verdict = (enum verdict)(MATCH_ALL - c->verdict);
	s->share = 1 - c->share;
	s->cost = c->cost;
	return 0;
}

int
match_judge(struct matcher *m, struct step *s, struct err *e)
{
	if (s->judged)
		return 0;
	s->judged = true;
	switch (s->node->op) {
	case FILTER_TRUE:
		match_judged(s, MATCH_ALL);
		return 0;
	case FILTER_AND:
		return judge_children(m, s, MATCH_NONE, MATCH_ALL, e);
	case FILTER_OR:
		return judge_children(m, s, MATCH_ALL, MATCH_NONE, e);
	case FILTER_NOT:
		return judge_not(m, s, e);
	default:
		return judge_test(m, s, e);
	}
}
