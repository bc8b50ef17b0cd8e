/*
 * match: a filter over the rows of one segment: the tree (see match.h).
 */
#include "store/matcher.h"

#include <stdlib.h>

#include "base/mem.h"

/* ---- the tree ---- */

static void
step_init(struct step *s, const struct filter_node *n)
{
	*s = (struct step){ .node = n };
	if (n->children > 0)
		s->child = mem_zero(n->children, sizeof(*s->child));
	for (size_t i = 0; i < n->children; i++)
		step_init(&s->child[i], n->child[i]);
	if (n->op == FILTER_OR || n->op == FILTER_NOT || (n->op == FILTER_TEST && n->test.op == TEST_LINE))
		s->bits = mem_alloc(2 * MATCH_WORDS * sizeof(*s->bits));
	match_finders(s);
}

static void
step_fini(struct step *s)
{
	for (size_t i = 0; i < s->node->children; i++)
		step_fini(&s->child[i]);
	free(s->child);
	free(s->accept);
	free(s->maybe);
	free(s->bits);
	free(s->find);
}

static void
step_forget(struct step *s)
{
	s->judged = s->narrowed = false;
	s->values = 0;
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
	buf_fini(&m->line);
	free(m);
}

/* ---- rows ---- */

static int rows(struct matcher *m, struct step *s, uint64_t *bits, struct err *e);

/* What takes most rows away for its cost comes first. */
static int
by_worth(const void *a, const void *b)
{
	const struct step *x = a, *y = b;
	double dx = x->cost * (1 - y->share), dy = y->cost * (1 - x->share);

	return dx < dy ? -1 : dx > dy;
}

/* What is already known to be outside goes before anything is read. */
static int
rows_and(struct matcher *m, struct step *s, uint64_t *bits, struct err *e)
{
	for (size_t i = 0; i < s->node->children; i++)
		if (s->child[i].narrowed)
			bits_and(bits, s->child[i].maybe, m->words);
	qsort(s->child, s->node->children, sizeof(*s->child), by_worth);
	for (size_t i = 0; i < s->node->children && bits_any(bits, m->words); i++)
		if (rows(m, &s->child[i], bits, e) < 0)
			return -1;
	return 0;
}

/* Cheapest first, each on the rows that the others did not find. */
static int
by_cost(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	return x->cost < y->cost ? -1 : x->cost > y->cost;
}

static int
rows_or(struct matcher *m, struct step *s, uint64_t *bits, struct err *e)
{
	uint64_t *found = s->bits, *left = s->bits + MATCH_WORDS;

	memset(found, 0, m->words * sizeof(*found));
	qsort(s->child, s->node->children, sizeof(*s->child), by_cost);
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

static int
rows_not(struct matcher *m, struct step *s, uint64_t *bits, struct err *e)
{
	memcpy(s->bits, bits, m->words * sizeof(*bits));
	if (rows(m, &s->child[0], s->bits, e) < 0)
		return -1;
	for (uint32_t w = 0; w < m->words; w++)
		bits[w] &= ~s->bits[w];
	return 0;
}

/* Clears the bits in question whose rows do not match. */
static int
rows(struct matcher *m, struct step *s, uint64_t *bits, struct err *e)
{
	if (match_judge(m, s, e) < 0)
		return -1;
	if (s->verdict == MATCH_ALL)
		return 0;
	if (s->verdict == MATCH_NONE) {
		memset(bits, 0, m->words * sizeof(*bits));
		return 0;
	}
	switch (s->node->op) {
	case FILTER_AND:
		return rows_and(m, s, bits, e);
	case FILTER_OR:
		return rows_or(m, s, bits, e);
	case FILTER_NOT:
		return rows_not(m, s, bits, e);
	default:
		if (s->narrowed)
			bits_and(bits, s->maybe, m->words);
		return bits_any(bits, m->words) ? match_rows(m, s, bits, e) : 0;
	}
}

int
match_segment(struct matcher *m, const struct stored *s, enum verdict *verdict, uint64_t **bits,
    struct err *e)
{
	m->stored = s;
	m->n = s->info.meta.count;
	m->words = (m->n + 63) / 64;
	step_forget(&m->root);
	if (match_judge(m, &m->root, e) < 0)
		return -1;
	*verdict = m->root.verdict;
	*bits = m->bits;
	if (*verdict == MATCH_SOME) {
		bitmap_fill(m->bits, m->n);
		if (rows(m, &m->root, m->bits, e) < 0)
			return -1;
	}
	return filter_trouble(m->scratch, e);
}

bool
match_possible(const struct filter *f, const struct segment_meta *meta)
{
	return meta->max_time >= f->since && meta->min_time < f->until;
}
