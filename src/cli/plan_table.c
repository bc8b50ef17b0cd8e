/*
 * plan_table: what a prune would remove, for people.
 *
 *	RULE      KEEP     BEFORE      EVENTS    BYTES  OLDEST      NEWEST
 *	debug     30d      2026-03-24   12034   4.7 MB  2025-01-01  2026-03-23
 *	security  forever  -                0      0 B  -           -
 *	total                           12034   4.7 MB  2025-01-01  2026-03-23
 *
 *	holds keep 12 events whose time is over: M-17 (12)
 */
#include <inttypes.h>

#include "cli/plan.h"
#include "render/grid.h"
#include "render/render.h"

static void
add_counts(struct grid *g, uint64_t events, uint64_t bytes, int64_t oldest, int64_t newest)
{
	grid_printf(g, "%" PRIu64, events);
	grid_size(g, bytes);
	grid_day(g, events > 0 ? oldest : TIME_NONE);
	grid_day(g, events > 0 ? newest : TIME_NONE);
}

static void
add_rule(struct grid *g, const struct plan *p, size_t i)
{
	const struct prune_rule *rule = &p->rules->rule[i];
	const struct prune_share *share = &p->plan->share[i];
	struct buf keep = { 0 };

	plan_keep(&keep, p->rules->keep[i]);
	grid_cell(g, rule->name);
	grid_cell(g, buf_view(&keep));
	grid_day(g, rule->cutoff == TIME_MIN ? TIME_NONE : rule->cutoff);
	add_counts(g, share->events, share->bytes, share->oldest, share->newest);
	buf_fini(&keep);
}

/* Several holds may be of one matter: one event may be in both, so that their
 * numbers are told one by one. */
static void
add_held(struct buf *out, const struct prune_plan *p)
{
	if (p->kept == 0)
		return;
	buf_printf(out, "\nholds keep %" PRIu64 " event%s whose time is over:", p->kept, p->kept == 1 ? "" : "s");
	for (size_t i = 0; i < p->holds; i++) {
		buf_str(out, i > 0 ? STR(", ") : STR(" "));
		render_safe(out, str_of(p->held[i].matter));
		buf_printf(out, " (%" PRIu64 ")", p->held[i].events);
	}
	buf_byte(out, '\n');
}

void
plan_table(struct buf *out, const struct plan *p, unsigned width, bool colour)
{
	static const struct grid_column columns[] = {
		{ "RULE", false, 12 }, { "KEEP", false, 0 }, { "BEFORE", false, 0 }, { "EVENTS", true, 0 },
		{ "BYTES", true, 0 }, { "OLDEST", false, 0 }, { "NEWEST", false, 0 },
	};
	struct grid g = GRID(columns);
	const struct prune_plan *plan = p->plan;

	for (size_t i = 0; i < plan->rules; i++)
		add_rule(&g, p, i);
	if (plan->rules > 1) {
		grid_cell(&g, STR("total"));
		grid_cell(&g, STR(""));
		grid_cell(&g, STR(""));
		add_counts(&g, plan->events, plan->bytes, plan->oldest, plan->newest);
	}
	grid_print(&g, out, width, colour);
	grid_fini(&g);
	add_held(out, plan);
}
