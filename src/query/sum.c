/*
 * sum: the rows of a segment into a summary (see sum.h).
 *
 * Where a whole segment matches, a dictionary's counts are the answer; else
 * codes are counted, and values only for what has no dictionary.
 */
#include "query/sum.h"

#include <stdlib.h>

#include "base/bitmap.h"
#include "base/mem.h"
#include "base/simd.h"
#include "query/unite.h"
#include "store/match.h"

enum { ACTION, CATEGORY, SEVERITY, IDENTITY, RESOURCE, CHAINS };

struct summer {
	struct summary *sum;
	struct value_list *ready[CHAINS]; /* loaded: all that the segment adds to this */
	struct unite *unite[CHAINS];
	struct code_counts counts;
	uint64_t left[MATCH_WORDS]; /* rows not yet counted under any field of a chain */
	uint64_t failed[MATCH_WORDS];
	uint32_t success, failure;  /* in the segment at hand */
};

struct summer *
summer_new(struct summary *sum)
{
	struct summer *m = mem_zero(1, sizeof(*m));

	m->sum = sum;
	for (size_t i = 0; i < CHAINS; i++)
		m->unite[i] = unite_new();
	return m;
}

static void
drop_ready(struct summer *m)
{
	for (size_t i = 0; i < CHAINS; i++) {
		value_list_free(m->ready[i]);
		m->ready[i] = NULL;
	}
}

void
summer_free(struct summer *m)
{
	if (m == NULL)
		return;
	drop_ready(m);
	for (size_t i = 0; i < CHAINS; i++)
		unite_free(m->unite[i]);
	code_counts_fini(&m->counts);
	free(m);
}

/* Fields of which the first that an event has counts. */
struct chain {
	enum field field[3];
	size_t n;
};

static const struct chain chains[CHAINS] = {
	[ACTION] = { { FIELD_ACTION }, 1 },
	[CATEGORY] = { { FIELD_CATEGORY }, 1 },
	[SEVERITY] = { { FIELD_SEVERITY }, 1 },
	[IDENTITY] = { { FIELD_ACTOR_ID, FIELD_ACTOR_EMAIL, FIELD_ACTOR_NAME }, 3 },
	[RESOURCE] = { { FIELD_TARGET_PATH, FIELD_TARGET_ID, FIELD_TARGET_NAME }, 3 },
};

/* The fields of a chain that the segment has. */
static struct chain
chain_in(const struct chain *all, field_set fields)
{
	struct chain c = { .n = 0 };

	for (size_t i = 0; i < all->n; i++)
		if (fields & FIELD_BIT(all->field[i]))
			c.field[c.n++] = all->field[i];
	return c;
}

/* Adds the chosen rows' values of one field; with `more` fields behind it in
 * the chain it clears from m->left the rows that have it.  *rest: whether
 * there may be others. */
static int
add_field(struct summer *m, const struct chosen *c, enum field f, bool more, struct tally *t, bool *rest,
    struct err *e)
{
	const struct column *col = segment_column(c->s->columns, f, e);

	if (col == NULL)
		return -1;
	*rest = more;
	if (col->kind == COLUMN_CODES) {
		const uint32_t *count = code_counts_of(&m->counts, c, f, col, e);

		if (count == NULL)
			return -1;
		tally_add_counts(t, col->values + 1, count + 1, col->n_values);
		if (!more || count[0] == 0) {
			*rest = false;
			return 0;
		}
		if ((col = segment_codes(c->s->columns, f, e)) == NULL)
			return -1;
		for (uint32_t row = 0; row < c->n; row++)
			if (column_code(col, row) != 0)
				bitmap_drop(m->left, row);
	} else if (col->kind == COLUMN_VALUES) {
		for (uint32_t row = 0; row < c->n; row++) {
			struct str v;

			if (!chosen_has(c, row))
				continue;
			if (segment_value(c->s->columns, f, row, &v, e) < 0)
				return -1;
			if (v.p == NULL)
				continue;
			tally_add(t, v, 1);
			bitmap_drop(m->left, row);
		}
	}
	return 0;
}

static int
add_chain(struct summer *m, struct chosen c, const struct chain *all, struct tally *t, struct err *e)
{
	struct chain chain = chain_in(all, c.s->info.meta.fields);
	bool rest = true;

	if (chain.n > 1) {
		if (c.bits == NULL)
			bitmap_fill(m->left, c.n);
		else
			memcpy(m->left, c.bits, (c.n + 63) / 64 * sizeof(*c.bits));
	}
	for (size_t i = 0; i < chain.n && rest; i++) {
		if (add_field(m, &c, chain.field[i], i + 1 < chain.n, t, &rest, e) < 0)
			return -1;
		c.bits = m->left;
	}
	return 0;
}

static void
mark_code(uint64_t *bits, const struct column *col, uint32_t rows, uint32_t code)
{
	const uint8_t *narrow = col->codes;
	uint32_t row = 0;

	if (col->code_width == 1)
		for (; row + 64 <= rows; row += 64)
			bits[row / 64] = simd_equal64(narrow + row, (uint8_t)code);
	for (; row < rows; row++)
		if (column_code(col, row) == code)
			bitmap_add(bits, row);
}

static int
outcomes_by_code(struct summer *m, const struct chosen *c, const struct column *out, struct err *e)
{
	const uint32_t *count = code_counts_of(&m->counts, c, FIELD_OUTCOME, out, e);

	if (count == NULL || (out = segment_codes(c->s->columns, FIELD_OUTCOME, e)) == NULL)
		return -1;
	for (uint32_t v = 1; v <= out->n_values; v++)
		if (str_eq(out->values[v], str_of(event_outcomes[OUTCOME_SUCCESS])))
			m->success += count[v];
		else if (str_eq(out->values[v], str_of(event_outcomes[OUTCOME_FAILURE]))) {
			m->failure += count[v];
			mark_code(m->failed, out, c->n, v);
		}
	return 0;
}

static int
outcomes_by_value(struct summer *m, const struct chosen *c, struct err *e)
{
	struct str word;

	for (uint32_t row = chosen_next(c, 0); row < c->n; row = chosen_next(c, row + 1)) {
		if (segment_value(c->s->columns, FIELD_OUTCOME, row, &word, e) < 0)
			return -1;
		if (word.p == NULL)
			continue;
		m->success += str_eq(word, str_of(event_outcomes[OUTCOME_SUCCESS]));
		if (str_eq(word, str_of(event_outcomes[OUTCOME_FAILURE]))) {
			m->failure++;
			bitmap_add(m->failed, row);
		}
	}
	return 0;
}

/* Outcomes, then times. */
static int
add_outcomes(struct summer *m, const struct chosen *c, struct err *e)
{
	const struct column *time = segment_column(c->s->columns, FIELD_TIME, e);
	const struct column *out = segment_column(c->s->columns, FIELD_OUTCOME, e);

	if (time == NULL || out == NULL)
		return -1;
	if (time->kind != COLUMN_TIME)
		return err_set(e, ERR_INTEGRITY, "segment %lld has no times", (long long)c->s->info.id);
	memset(m->failed, 0, sizeof(m->failed));
	m->success = m->failure = 0;
	if (out->kind == COLUMN_CODES && outcomes_by_code(m, c, out, e) < 0)
		return -1;
	if (out->kind == COLUMN_VALUES && outcomes_by_value(m, c, e) < 0)
		return -1;
	summary_add_times(m->sum, time->time, c->n, c->bits, m->failed);
	m->sum->total += c->matched;
	m->sum->success += m->success;
	m->sum->failure += m->failure;
	m->sum->unknown += c->matched - m->success - m->failure;
	return 0;
}

/* Where every event has the first of a chain, and that has many values, they
 * are taken as a list. */
static int
load_list(struct summer *m, const struct chosen *c, size_t i, const struct chain *chain, struct err *e)
{
	uint32_t values, absent;

	if (c->bits != NULL || chain->n == 0)
		return 0;
	if (segment_dictionary(c->s->columns, chain->field[0], &values, &absent, e) < 0)
		return -1;
	if (values < UNITE_LEAST || (absent > 0 && chain->n > 1))
		return 0;
	m->ready[i] = segment_value_list(c->s->columns, chain->field[0], e);
	return m->ready[i] != NULL ? 0 : -1;
}

/* Where all rows match, counts are enough; and where all have the first of a
 * chain, the others do not matter. */
static int
load_chain(struct summer *m, const struct chosen *c, size_t i, struct err *e)
{
	struct chain chain = chain_in(&chains[i], c->s->info.meta.fields);

	if (load_list(m, c, i, &chain, e) < 0)
		return -1;
	for (size_t k = 0; k < chain.n && m->ready[i] == NULL; k++) {
		const struct column *col = segment_column(c->s->columns, chain.field[k], e);
		bool rest = k + 1 < chain.n;

		if (col == NULL)
			return -1;
		if (col->kind != COLUMN_CODES)
			continue;
		rest = rest && col->counts[0] > 0;
		if ((c->bits != NULL || k > 0 || rest) && segment_codes(c->s->columns, chain.field[k], e) == NULL)
			return -1;
		if (!rest)
			break;
	}
	return 0;
}

static int
load_outcomes(const struct chosen *c, struct err *e)
{
	const struct column *out = segment_column(c->s->columns, FIELD_OUTCOME, e);

	if (out == NULL || segment_column(c->s->columns, FIELD_TIME, e) == NULL)
		return -1;
	return out->kind == COLUMN_CODES && segment_codes(c->s->columns, FIELD_OUTCOME, e) == NULL ? -1 : 0;
}

/* What is wanted nearly always; the rest one by one. */
int
summer_load(struct summer *m, const struct chosen *c, struct err *e)
{
	field_set codes = FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_OUTCOME), columns = codes;

	drop_ready(m);
	for (size_t i = 0; i < CHAINS; i++) {
		struct chain chain = chain_in(&chains[i], c->s->info.meta.fields);

		if (chain.n > 0)
			columns |= FIELD_BIT(chain.field[0]);
	}
	if (segment_fetch(c->s->columns, columns, c->bits != NULL ? columns : codes, e) < 0 ||
	    load_outcomes(c, e) < 0)
		return -1;
	for (size_t i = 0; i < CHAINS; i++)
		if (load_chain(m, c, i, e) < 0)
			return -1;
	return 0;
}

static struct tally *
tally_of(const struct summary *s, size_t chain)
{
	struct tally *const t[CHAINS] = { s->actions, s->categories, s->severities, s->identities, s->resources };

	return t[chain];
}

int
summer_add(struct summer *m, const struct chosen *c, struct err *e)
{
	if (add_outcomes(m, c, e) < 0)
		return -1;
	for (size_t i = 0; i < CHAINS; i++) {
		struct value_list *list = m->ready[i];

		m->ready[i] = NULL;
		if (list != NULL ? unite_add(m->unite[i], list, tally_of(m->sum, i), e) < 0
		                 : add_chain(m, *c, &chains[i], tally_of(m->sum, i), e) < 0)
			return -1;
	}
	return 0;
}

int
summer_flush(struct summer *m, struct err *e)
{
	for (size_t i = 0; i < CHAINS; i++)
		if (unite_flush(m->unite[i], tally_of(m->sum, i), e) < 0)
			return -1;
	return 0;
}
