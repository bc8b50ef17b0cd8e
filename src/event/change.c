/*
 * change: what became of each group (see change.h).
 *
 * In: a summary of each side, with groups.   Out: changes, what matters most first.
 */
#include "event/change.h"

#include <stdlib.h>

#include "base/rates.h"

const char *const change_names[CHANGE_KINDS + 1] = {
	"failing", "new", "vanished", "more", "less", "recovered", "none", NULL
};

void
change_group(struct summary_options *by)
{
	by->by[by->bys++] = selector_field(FIELD_OUTCOME);
}

/* ---- judging ---- */

/* Whether the share of failures grew (1), fell (-1) or neither. */
static int
share_sense(const struct change *c)
{
	double after = (double)c->after_failed * (double)c->before;
	double before = (double)c->before_failed * (double)c->after;

	return (after > before) - (after < before);
}

/* How small a p is beyond chance. */
struct limits {
	double p, failed_p;
};

/* The first that is true, of what is beyond chance. */
static enum change_kind
kind_of(const struct change *c, double before_span, double after_span, const struct limits *limit)
{
	bool much = c->p <= limit->p, fails = c->failed_p <= limit->failed_p;

	if (fails && share_sense(c) > 0)
		return CHANGE_FAILING;
	if (much && c->before == 0)
		return CHANGE_NEW;
	if (much && c->after == 0)
		return CHANGE_VANISHED;
	if (fails && share_sense(c) < 0)
		return CHANGE_RECOVERED;
	if (much)
		return change_ratio(c, before_span, after_span) > 1 ? CHANGE_MORE : CHANGE_LESS;
	return CHANGE_NONE;
}

static void
test_change(struct change *c, double before_span, double after_span)
{
	c->p = rates_p(c->before, before_span, c->after, after_span);
	c->failed_p = rates_p(c->before_failed, (double)c->before, c->after_failed, (double)c->after);
}

static int
by_number(const void *pa, const void *pb)
{
	const double *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

/* The largest p whose share of CHANGE_BY_CHANCE, by rank, it does not exceed;
 * -1: none.  Sorts them. */
static double
discovery_limit(double *p, size_t n)
{
	qsort(p, n, sizeof(*p), by_number);
	for (size_t rank = n; rank > 0; rank--) {
		if (p[rank - 1] <= (double)rank / (double)n * CHANGE_BY_CHANCE)
			return p[rank - 1];
	}
	return -1;
}

static void
judge(struct change *c, size_t n, double before_span, double after_span)
{
	double *p = mem_alloc((n + 1) * sizeof(*p));
	struct limits limit;

	for (size_t i = 0; i < n; i++) {
		test_change(&c[i], before_span, after_span);
		p[i] = c[i].p;
	}
	limit.p = discovery_limit(p, n);
	for (size_t i = 0; i < n; i++)
		p[i] = c[i].failed_p;
	limit.failed_p = discovery_limit(p, n);
	free(p);
	for (size_t i = 0; i < n; i++)
		c[i].kind = kind_of(&c[i], before_span, after_span, &limit);
}

double
change_ratio(const struct change *c, double before_span, double after_span)
{
	if (c->before == 0 || !(after_span > 0))
		return 0;
	return (double)c->after / after_span / ((double)c->before / before_span);
}

struct change
change_total(const struct summary *before, double before_span, const struct summary *after, double after_span)
{
	struct change c = { .value = STR(""), .before = before->total, .before_failed = before->failure,
		.after = after->total, .after_failed = after->failure };

	judge(&c, 1, before_span, after_span);
	return c;
}

/* ---- pairing ---- */

/* "alice|read|failure" is a failure of "alice|read". */
static bool
take_outcome(struct str *value)
{
	const char *gap = memrchr(value->p, SUMMARY_GAP, value->len);
	struct str outcome;

	outcome.p = gap + 1;
	outcome.len = (size_t)(value->p + value->len - outcome.p);
	value->len = (size_t)(gap - value->p);
	return str_eq(outcome, str_of(event_outcomes[OUTCOME_FAILURE]));
}

static size_t
add_side(struct change *to, const struct tally *t, bool after)
{
	size_t n;
	struct tally_entry *entry = tally_top(t, 0, &n);

	for (size_t i = 0; i < n; i++) {
		struct str value = entry[i].value;
		uint64_t count = entry[i].count, failed = take_outcome(&value) ? count : 0;

		to[i] = after ? (struct change){ .value = value, .after = count, .after_failed = failed }
		              : (struct change){ .value = value, .before = count, .before_failed = failed };
	}
	free(entry);
	return n;
}

static int
by_value(const void *pa, const void *pb)
{
	const struct change *a = pa, *b = pb;

	return tally_compare(a->value, b->value);
}

/* Equal values, of either side and any outcome, stand beside each other once
 * sorted. */
static size_t
join_equal(struct change *c, size_t n)
{
	size_t kept = 0;

	qsort(c, n, sizeof(*c), by_value);
	for (size_t i = 0; i < n; i++) {
		struct change *last = &c[kept > 0 ? kept - 1 : 0];

		if (kept == 0 || !str_eq(last->value, c[i].value)) {
			c[kept++] = c[i];
			continue;
		}
		last->before += c[i].before;
		last->before_failed += c[i].before_failed;
		last->after += c[i].after;
		last->after_failed += c[i].after_failed;
	}
	return kept;
}

/* ---- order ---- */

static double
least_likely(const struct change *c)
{
	return c->p < c->failed_p ? c->p : c->failed_p;
}

static uint64_t
distance(const struct change *c)
{
	return c->after > c->before ? c->after - c->before : c->before - c->after;
}

static int
by_weight(const void *pa, const void *pb)
{
	const struct change *a = pa, *b = pb;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (least_likely(a) < least_likely(b) || least_likely(a) > least_likely(b))
		return least_likely(a) < least_likely(b) ? -1 : 1;
	if (distance(a) != distance(b))
		return distance(a) > distance(b) ? -1 : 1;
	return by_value(pa, pb);
}

struct change *
change_list(const struct summary *before, double before_span, const struct summary *after, double after_span,
    size_t *n)
{
	size_t all = tally_size(before->groups) + tally_size(after->groups);
	struct change *c = mem_zero(all + 1, sizeof(*c));
	size_t first = add_side(c, before->groups, false);

	add_side(c + first, after->groups, true);
	*n = join_equal(c, all);
	judge(c, *n, before_span, after_span);
	qsort(c, *n, sizeof(*c), by_weight);
	return c;
}
