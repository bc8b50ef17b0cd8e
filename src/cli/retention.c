/*
 * retention: from how long to keep, to when it is over.
 *
 * In: the rules of the configuration, and an instant.   Out: filters with
 * cut-offs, in the same order.
 */
#include "cli/retention.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/time.h"

/* What was to be kept since before the calendar begins is kept for ever. */
static int64_t
cutoff_of(int64_t keep, int64_t now)
{
	if (keep == RETENTION_FOREVER || now < TIME_MIN || keep > now - TIME_MIN)
		return TIME_MIN;
	return now - keep;
}

/* Room for n rules, none of which is there yet. */
static void
reserve(struct retention *r, size_t n)
{
	r->rule = mem_zero(n, sizeof(*r->rule));
	r->keep = mem_zero(n, sizeof(*r->keep));
	r->expression = mem_zero(n, sizeof(*r->expression));
	r->filter = mem_zero(n, sizeof(*r->filter));
}

/* Takes the filter. */
static void
add_rule(struct retention *r, const char *name, struct filter *take_f, int64_t keep, int64_t now)
{
	struct str text = str_of(name);

	r->filter[r->n] = take_f;
	r->keep[r->n] = keep;
	filter_format(&r->expression[r->n], take_f);
	r->rule[r->n] = (struct prune_rule){
		.name = { arena_copy(&r->names, text.p, text.len), text.len },
		.filter = take_f,
		.cutoff = cutoff_of(keep, now),
	};
	r->n++;
}

int
retention_of(const struct config *c, int64_t now, struct retention *r, struct err *e)
{
	reserve(r, c->retentions);
	for (size_t i = 0; i < c->retentions; i++) {
		const struct retention_rule *rule = &c->retention[i];
		struct filter *f = filter_build(&rule->match, now, e);

		if (f == NULL)
			return err_doing(e, "retention rule '%s'", rule->name);
		add_rule(r, rule->name, f, rule->keep, now);
	}
	return 0;
}

int
retention_older_than(const char *span, int64_t now, struct retention *r, struct err *e)
{
	int64_t keep;

	if (duration_parse(span, &keep, e) != 0)
		return err_doing(e, "--older-than");
	if (keep < PRUNE_FLOOR)
		return err_set(e, ERR_REFUSED, "--older-than %.60s: nothing younger than %d days is removed", span,
		    PRUNE_FLOOR_DAYS);
	reserve(r, 1);
	add_rule(r, RETENTION_OLDER_THAN, filter_all(), keep, now);
	return 0;
}

void
retention_fini(struct retention *r)
{
	for (size_t i = 0; i < r->n; i++) {
		filter_free(r->filter[i]);
		buf_fini(&r->expression[i]);
	}
	free(r->rule);
	free(r->keep);
	free(r->expression);
	free(r->filter);
	arena_fini(&r->names);
	*r = (struct retention){ 0 };
}
