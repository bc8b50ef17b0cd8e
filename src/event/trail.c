/*
 * trail: what is said about one resource or one identity (see trail.h).
 *
 * In: its events.   Out: counts and the latest times.
 */
#include "event/trail.h"

#include "event/verb.h"

void
trail_init(struct trail *t, enum trail_subject subject)
{
	*t = (struct trail){ .subject = subject, .end = TIME_NONE, .last = TIME_NONE,
		.last_read = TIME_NONE, .last_write = TIME_NONE };
	t->others = tally_new();
}

void
trail_fini(struct trail *t)
{
	tally_free(t->others);
	t->others = NULL;
}

static void
keep_latest(int64_t *last, int64_t time)
{
	if (*last == TIME_NONE || time > *last)
		*last = time;
}

void
trail_add(struct trail *t, const struct event *ev, bool recent)
{
	struct str other = t->subject == TRAIL_RESOURCE ? event_identity(ev) : event_resource(ev);
	enum verb verb = event_verb_of(ev);

	keep_latest(&t->last, ev->time);
	if (verb == VERB_READ)
		keep_latest(&t->last_read, ev->time);
	if (verb == VERB_WRITE)
		keep_latest(&t->last_write, ev->time);
	if (!recent)
		return;
	t->actions++;
	t->reads += verb == VERB_READ;
	t->writes += verb == VERB_WRITE;
	if (other.p != NULL)
		tally_add(t->others, other, 1);
}
