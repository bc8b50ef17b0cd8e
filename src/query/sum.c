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
#include "store/match.h"

struct summer {
	struct summary *sum;
	uint32_t *code_count;
	size_t code_cap;
	uint64_t left[MATCH_WORDS]; /* rows not yet counted under any field of a chain */
};

struct summer *
summer_new(struct summary *sum)
{
	struct summer *m = mem_zero(1, sizeof(*m));

	m->sum = sum;
	return m;
}

void
summer_free(struct summer *m)
{
	if (m == NULL)
		return;
	free(m->code_count);
	free(m);
}

/* How many chosen rows have each code of a dictionary column. */
static const uint32_t *
count_codes(struct summer *m, const struct chosen *c, enum field f, const struct column *col, struct err *e)
{
	if (c->bits == NULL)
		return col->counts;
	if ((col = segment_codes(c->s->columns, f, e)) == NULL)
		return NULL;
	mem_grow(&m->code_count, &m->code_cap, (size_t)col->n_values + 1, sizeof(*m->code_count));
	memset(m->code_count, 0, ((size_t)col->n_values + 1) * sizeof(*m->code_count));
	for (uint32_t i = 0; i < (c->n + 63) / 64; i++)
		for (uint64_t in = c->bits[i]; in != 0; in &= in - 1)
			m->code_count[column_code(col, i * 64 + (uint32_t)__builtin_ctzll(in))]++;
	return m->code_count;
}

/* Adds the chosen rows' values of one field; clears from m->left the rows that have it
 * when there are fields behind it in the chain. */
static int
add_field(struct summer *m, const struct chosen *c, enum field f, bool more, struct tally *t, struct err *e)
{
	const struct column *col = segment_column(c->s->columns, f, e);

	if (col == NULL)
		return -1;
	if (col->kind == COLUMN_CODES) {
		const uint32_t *count = count_codes(m, c, f, col, e);

		if (count == NULL)
			return -1;
		tally_add_counts(t, col->values + 1, count + 1, col->n_values);
		if (!more || count[0] == 0) {
			if (more)
				memset(m->left, 0, sizeof(m->left));
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

/* Of each chosen row the first of these fields that it has. */
static int
add_chain(struct summer *m, struct chosen c, const enum field *field, size_t n, struct tally *t, struct err *e)
{
	field_set fields = c.s->info.meta.fields;

	if (n > 1) {
		if (c.bits == NULL)
			bitmap_fill(m->left, c.n);
		else
			memcpy(m->left, c.bits, (c.n + 63) / 64 * sizeof(*c.bits));
	}
	for (size_t i = 0; i < n; i++) {
		if (!(fields & FIELD_BIT(field[i])))
			continue;
		if (add_field(m, &c, field[i], i + 1 < n, t, e) < 0)
			return -1;
		c.bits = m->left;
	}
	return 0;
}

/* Outcomes by code, then times; `failed` is a byte a code. */
static int
add_outcomes(struct summer *m, const struct chosen *c, struct err *e)
{
	const struct column *time = segment_column(c->s->columns, FIELD_TIME, e);
	const struct column *out = segment_column(c->s->columns, FIELD_OUTCOME, e);
	struct summary *sum = m->sum;
	uint32_t success = 0, failure = 0, code_of_failure = UINT32_MAX;
	struct str word;

	if (time == NULL || out == NULL)
		return -1;
	if (time->kind != COLUMN_TIME)
		return err_set(e, ERR_INTEGRITY, "segment %lld has no times", (long long)c->s->info.id);
	if (out->kind == COLUMN_CODES) {
		const uint32_t *count = count_codes(m, c, FIELD_OUTCOME, out, e);

		if (count == NULL)
			return -1;
		for (uint32_t v = 1; v <= out->n_values; v++)
			if (str_eq(out->values[v], str_of(event_outcomes[OUTCOME_SUCCESS])))
				success += count[v];
			else if (str_eq(out->values[v], str_of(event_outcomes[OUTCOME_FAILURE]))) {
				failure += count[v];
				code_of_failure = v;
			}
		if (failure > 0 && (out = segment_codes(c->s->columns, FIELD_OUTCOME, e)) == NULL)
			return -1;
	}
	for (uint32_t row = 0; row < c->n; row++) {
		bool failed = false;

		if (!chosen_has(c, row))
			continue;
		if (out->kind == COLUMN_CODES)
			failed = failure > 0 && column_code(out, row) == code_of_failure;
		else if (out->kind == COLUMN_VALUES) {
			if (segment_value(c->s->columns, FIELD_OUTCOME, row, &word, e) < 0)
				return -1;
			failed = word.p != NULL && str_eq(word, str_of(event_outcomes[OUTCOME_FAILURE]));
			failure += failed;
			success += word.p != NULL && str_eq(word, str_of(event_outcomes[OUTCOME_SUCCESS]));
		}
		summary_add_time(sum, time->time[row], failed);
	}
	sum->total += c->matched;
	sum->success += success;
	sum->failure += failure;
	sum->unknown += c->matched - success - failure;
	return 0;
}

/* Where all rows match, counts are enough, but for outcomes, which go with times. */
int
summer_load(const struct chosen *c, struct err *e)
{
	static const struct summary_options plain = { 0 };
	struct segment *columns = c->s->columns;

	for (field_set left = summary_fields(&plain); left != 0; left &= left - 1) {
		enum field f = (enum field)__builtin_ctzll(left);
		const struct column *col = segment_column(columns, f, e);

		if (col == NULL)
			return -1;
		/* Where a value is absent, another field may stand in for it. */
		if (col->kind == COLUMN_CODES && (c->bits != NULL || f == FIELD_OUTCOME || col->counts[0] > 0) &&
		    segment_codes(columns, f, e) == NULL)
			return -1;
	}
	return 0;
}

int
summer_add(struct summer *m, const struct chosen *c, struct err *e)
{
	static const enum field action[] = { FIELD_ACTION }, category[] = { FIELD_CATEGORY },
	                        severity[] = { FIELD_SEVERITY },
	                        identity[] = { FIELD_ACTOR_ID, FIELD_ACTOR_EMAIL, FIELD_ACTOR_NAME },
	                        resource[] = { FIELD_TARGET_PATH, FIELD_TARGET_ID, FIELD_TARGET_NAME };

	if (add_outcomes(m, c, e) < 0 || add_chain(m, *c, action, 1, m->sum->actions, e) < 0 ||
	    add_chain(m, *c, category, 1, m->sum->categories, e) < 0 ||
	    add_chain(m, *c, severity, 1, m->sum->severities, e) < 0 ||
	    add_chain(m, *c, identity, 3, m->sum->identities, e) < 0 ||
	    add_chain(m, *c, resource, 3, m->sum->resources, e) < 0)
		return -1;
	return 0;
}
