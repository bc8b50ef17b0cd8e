/*
 * coverage: how far an answer can be trusted: what of the asked window was
 * pruned or refused, and which sources fell silent in it.
 *
 * In: a store and a filter's window.   Out: struct coverage.
 */
#include <stdlib.h>

#include "query/silence.h"

/* Whether something of the filter's window was pruned, stated or not. */
static bool
overlaps_pruned(const struct store_view *view, const struct filter *f)
{
	return view->pruned_events > 0 && view->pruned_max_time >= f->since && view->pruned_min_time < f->until;
}

static void
note_pruned(struct coverage *out, const struct store_view *view, const struct filter *f)
{
	out->complete = true;
	out->pruned_events = view->pruned_events;
	out->pruned_from = out->pruned_until = TIME_NONE;
	if (!overlaps_pruned(view, f))
		return;
	out->complete = !f->stated_window;
	out->pruned_from = view->pruned_min_time > f->since ? view->pruned_min_time : f->since;
	out->pruned_until = view->pruned_max_time < f->until ? view->pruned_max_time + 1 : f->until;
}

int
query_covered(struct store *st, const struct filter *f, bool *covered, struct err *e)
{
	struct segment_info *list;
	struct store_view view;
	size_t n;

	if (store_view(st, &view, &list, &n, e) < 0)
		return -1;
	free(list);
	*covered = !f->stated_window || !overlaps_pruned(&view, f);
	return 0;
}

int
query_coverage(struct store *st, const struct filter *f, int64_t now, struct pool *pool, struct coverage *out,
    struct err *e)
{
	struct segment_info *list;
	struct store_view view;
	size_t n;

	*out = (struct coverage){ 0 };
	if (store_view(st, &view, &list, &n, e) < 0)
		return -1;
	note_pruned(out, &view, f);
	free(list);
	out->quarantined = view.quarantined;
	if (!f->stated_window)
		return 0;
	if (store_quarantined(st, f->since, f->until, &out->quarantined, e) < 0)
		return -1;
	return silence_find(st, f, now, pool, out, e);
}

void
coverage_fini(struct coverage *c)
{
	free(c->silent);
	arena_fini(&c->arena);
	*c = (struct coverage){ 0 };
}
