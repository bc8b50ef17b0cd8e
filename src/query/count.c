/*
 * count: how many events match, and summaries of them, without building lines.
 *
 * In: a store, or JSON lines, and a filter.   Out: a number, or a filled summary.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "query/group.h"
#include "query/lines.h"
#include "query/sum.h"

int
query_count(struct store *st, const struct query_options *o, uint64_t *count, struct query_stats *stats,
    struct err *e)
{
	static const struct scan_use use = { 0 };
	int rc = scan_store(st, o, &use, stats, e);

	*count = stats->matched;
	return rc;
}

/* ---- summaries ---- */

struct sums {
	struct summary *sum; /* the whole */
	struct group_total groups;
	bool shared;         /* some thread adds to the whole itself */
};

struct own_sums {
	struct sums *all;
	struct summary *sum;
	struct summer *summer;
	struct grouper *grouper;
};

/* The first thread adds to the whole, the others have a summary of their own. */
static void *
start(void *arg)
{
	struct sums *all = arg;
	struct own_sums *own = mem_zero(1, sizeof(*own));

	own->all = all;
	own->sum = all->shared ? summary_new(&all->sum->opts) : all->sum;
	all->shared = true;
	own->summer = summer_new(own->sum);
	if (all->sum->groups != NULL)
		own->grouper = grouper_new(&all->groups, all->sum->opts.by, all->sum->opts.bys, GROUP_JOINED);
	return own;
}

static int
add_segment(void *sums, const struct chosen *c, bool *adding, struct err *e)
{
	struct own_sums *own = sums;

	if (summer_load(own->summer, c, e) < 0 || (own->grouper != NULL && grouper_segment(own->grouper, c, e) < 0))
		return -1;
	*adding = true;
	return summer_add(own->summer, c, e);
}

static int
add_event(void *sums, const struct event *ev, struct err *e)
{
	struct own_sums *own = sums;

	summary_add_but_group(own->sum, ev);
	return own->grouper != NULL ? grouper_event(own->grouper, ev, e) : 0;
}

static int
settle(void *sums, struct err *e)
{
	struct own_sums *own = sums;

	if (own->grouper != NULL && grouper_flush(own->grouper, e) < 0)
		return -1;
	return summer_flush(own->summer, e);
}

static void
finish(void *sums, bool failed)
{
	struct own_sums *own = sums;

	if (own->sum != own->all->sum) {
		if (!failed)
			summary_merge(own->all->sum, own->sum);
		summary_free(own->sum);
	}
	summer_free(own->summer);
	grouper_free(own->grouper);
	free(own);
}

int
query_summary(struct store *st, const struct query_options *o, struct summary *sum, struct query_stats *stats,
    struct err *e)
{
	struct sums all = { .sum = sum };
	const struct scan_use use = { &all, start, add_segment, add_event, settle, finish };
	int rc;

	group_total_init(&all.groups, sum->groups);
	rc = scan_store(st, o, &use, stats, e);
	group_total_fini(&all.groups);
	return rc == 0 ? summary_check(sum, e) : -1;
}

struct line_sums {
	const struct query_side *side;
	size_t sides;
	uint64_t matched;
	struct err err; /* what made the summing end */
};

static void
add_line(void *arg, const struct event *ev)
{
	struct line_sums *s = arg;

	s->matched++;
	for (size_t i = 0; i < s->sides && s->err.code == ERR_OK; i++) {
		const struct query_side *side = &s->side[i];

		if (ev->time < side->since || ev->time >= side->until)
			continue;
		summary_add(side->sum, ev);
		if (side->sum->groups != NULL)
			tally_check(side->sum->groups, &s->err);
	}
}

int
query_sum_sides(const char *const *path, size_t n, const struct query_options *o, const struct query_side *side,
    size_t sides, struct query_stats *stats, struct query_faulty *faulty, struct err *e)
{
	struct line_sums s = { .side = side, .sides = sides, .err = ERR_NONE };

	*stats = (struct query_stats){ 0 };
	*faulty = (struct query_faulty){ 0 };
	for (size_t i = 0; i < n; i++) {
		if (lines_each(path[i], o, add_line, &s, &stats->rows_examined, faulty, e) < 0)
			return -1;
		if (s.err.code != ERR_OK) {
			*e = s.err;
			return -1;
		}
	}
	stats->matched = s.matched;
	for (size_t i = 0; i < sides; i++) {
		if (summary_check(side[i].sum, e) != 0)
			return -1;
	}
	return 0;
}

int
query_sum_lines(const char *const *path, size_t n, const struct query_options *o, struct summary *sum,
    struct query_stats *stats, struct query_faulty *faulty, struct err *e)
{
	const struct query_side all = { INT64_MIN, INT64_MAX, sum };

	return query_sum_sides(path, n, o, &all, sum != NULL, stats, faulty, e);
}
