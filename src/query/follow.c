/*
 * follow: events as they arrive (see follow.h).
 *
 * Each round asks for what has a seq from `next` on, in order of seq, and
 * learns from the answer how far it reached; the watch is opened before the
 * first round, so that no commit falls between a look and a sleep.
 */
#include "query/follow.h"

#define SLICE TIME_SECOND /* of sleep, after which `pause` is asked again */

struct follow {
	struct store *st;
	const struct follow_options *o;
	struct query_cursor end; /* of what was given */
	bool begun;              /* end is valid */
	bool refused;            /* an event could not be taken: end is not to be believed */
	int64_t deadline;        /* of time_steady; INT64_MAX: none */
	struct query_stats *stats;
};

static void
add_stats(struct follow *f, const struct query *q)
{
	struct query_stats s;

	query_stats(q, &s);
	f->stats->segments_read += s.segments_read;
	f->stats->segments_skipped += s.segments_skipped;
	f->stats->rows_examined += s.rows_examined;
	f->stats->matched += s.matched;
}

/* Gives what the query finds: 0 all of it, 1 enough, -1. */
static int
give(struct follow *f, const struct query_options *qo, bool earlier, struct err *e)
{
	struct query *q = query_open(f->st, qo, e);
	const struct event *ev;
	uint64_t seq;
	int rc = 0;

	if (q == NULL)
		return -1;
	while (rc == 0 && (rc = query_next(q, &ev, &seq, e)) == 1) {
		rc = f->o->event(f->o->arg, ev, seq, earlier, e);
		f->refused = rc < 0;
	}
	query_cursor(q, &f->end);
	f->begun |= !earlier;
	add_stats(f, q);
	query_close(q);
	return rc;
}

/*
 * The newest events of before, oldest first, in two steps: where they begin,
 * seen from the newest; then from there on.  Both are about the same log.
 */
static int
give_earlier(struct follow *f, struct err *e)
{
	struct query_options qo = *f->o->query;
	struct query_cursor before;
	const struct event *ev;
	uint64_t seq, n = 0;
	struct query *q;
	int rc;

	qo.order = QUERY_NEWEST;
	qo.limit = f->o->earlier + 1;
	qo.fields = FIELD_BIT(FIELD_TIME);
	if ((q = query_open(f->st, &qo, e)) == NULL)
		return -1;
	while ((rc = query_next(q, &ev, &seq, e)) == 1)
		n++;
	query_cursor(q, &before);
	before.order = QUERY_OLDEST;
	before.begun = n > f->o->earlier;
	query_close(q);
	if (rc < 0)
		return -1;

	qo = *f->o->query;
	qo.order = QUERY_OLDEST;
	qo.after = &before;
	qo.limit = 0;
	if ((rc = give(f, &qo, true, e)) < 0)
		return -1;
	/* From here on by arrival, behind all that the log had. */
	f->end.order = QUERY_ARRIVAL;
	f->end.size = before.size;
	f->end.begun = false;
	f->begun = true;
	return rc;
}

static int
give_arrivals(struct follow *f, struct err *e)
{
	struct query_options qo = *f->o->query;

	qo.order = QUERY_ARRIVAL;
	qo.limit = 0;
	if (f->begun) {
		qo.after = NULL;
		qo.first_seq = f->end.size;
	}
	return give(f, &qo, false, e);
}

/* Sleeps until there may be more: 0 look again, 1 enough, -1. */
static int
sleep_on(struct follow *f, struct store_watch *watch, struct err *e)
{
	for (;;) {
		int64_t left = f->deadline - time_steady();
		int rc;

		if (left <= 0)
			return 1;
		rc = store_watch_wait(watch, left < SLICE ? left : SLICE, e);
		if (store_watch_replaced(watch))
			return err_set(e, ERR_FAIL, "another file has taken the store's place: nothing more will come of this one");
		if (rc != 0)
			return rc < 0 ? -1 : 0;
		if (f->o->query->go_on != NULL && f->o->query->go_on(e) < 0)
			return -1;
		if ((rc = f->o->pause(f->o->arg, &f->end, e)) != 0)
			return rc;
	}
}

int
query_follow(struct store *st, const struct follow_options *o, struct query_stats *stats, struct err *e)
{
	struct follow f = { .st = st, .o = o, .deadline = INT64_MAX, .stats = stats };
	struct store_watch *watch = store_watch_open(st, e);
	int rc = 0;

	*stats = (struct query_stats){ 0 };
	if (watch == NULL)
		return -1;
	if (o->timeout >= 0 && __builtin_add_overflow(time_steady(), o->timeout, &f.deadline))
		f.deadline = INT64_MAX;
	if (o->query->after == NULL)
		rc = give_earlier(&f, e);
	while (rc == 0) {
		rc = give_arrivals(&f, e);
		if (rc == 0)
			rc = o->pause(o->arg, &f.end, e);
		if (rc == 0)
			rc = sleep_on(&f, watch, e);
	}
	/* Enough, or asked to stop: what was given is flushed, and its end known. */
	if (rc > 0)
		rc = o->pause(o->arg, &f.end, e);
	else if (f.begun && !f.refused && o->query->go_on != NULL && o->query->go_on(e) < 0)
		o->pause(o->arg, &f.end, e);
	store_watch_close(watch);
	return rc < 0 ? -1 : 0;
}
