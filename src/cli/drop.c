/* drop: which events auditd-ingest leaves out. */
#include "cli/drop.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"

/* A thread's memory. */
struct dropper {
	struct filter_scratch *scratch;
};

struct filter *
drop_new(const char *expression, struct err *e)
{
	struct filter_args args = { 0 };
	struct filter *f;

	str_list_add(&args.where, expression, strlen(expression));
	f = filter_build(&args, time_now(), e);
	filter_args_fini(&args);
	if (f == NULL)
		err_doing(e, "--drop");
	return f;
}

static void *
dropper_new(void)
{
	struct dropper *d = mem_alloc(sizeof(*d));

	d->scratch = filter_scratch_new();
	return d;
}

static void
dropper_free(void *arg)
{
	struct dropper *d = arg;

	if (d != NULL)
		filter_scratch_free(d->scratch);
	free(d);
}

/* An event on which a pattern takes too long is kept. */
static bool
is_dropped(const void *filter, void *arg, const struct event *ev)
{
	struct dropper *d = arg;
	struct err slow = ERR_NONE;
	bool matches = filter_match(filter, ev, d->scratch);

	if (filter_trouble(d->scratch, &slow) == 0)
		return matches;
	filter_scratch_free(d->scratch);
	d->scratch = filter_scratch_new();
	return false;
}

void
drop_by(struct ingest_options *o, const struct filter *f)
{
	o->drop = is_dropped;
	o->drop_arg = f;
	o->drop_scratch_new = dropper_new;
	o->drop_scratch_free = dropper_free;
}
