/*
 * detect_recall: what the log says of before the place, when a program starts.
 *
 * In: the store and the place.   Out: windows, silences and known values as they
 * were when the place was written.
 */
#include "detect/detect_parts.h"

#include <stdlib.h>

#include "query/query.h"

bool
detect_looks_back(const struct detect_rule *r)
{
	return r->kind == DETECT_DISTINCT || r->kind == DETECT_ALL || r->kind == DETECT_ORDERED ||
	    (r->kind == DETECT_COUNT && r->count > 1);
}

/* Whether it was not. */
static bool
know_group(struct detect *d, uint32_t rule, struct str group)
{
	return known_add(&d->known, known_hash(d->secret + 2 * (uint64_t)rule, group, STR("")));
}

static bool
know_value(struct detect *d, uint32_t rule, struct str group, struct str value)
{
	return known_add(&d->known, known_hash(d->secret + 2 * (uint64_t)rule + 1, group, value));
}

bool
detect_is_new(struct detect *d, const struct hit *h)
{
	bool first, fresh;

	if (!h->valued)
		return false;
	first = know_group(d, h->rule, h->group);
	fresh = know_value(d, h->rule, h->group, h->value);
	return fresh && !first;
}

/* How far back alerts matter: their silence may cover an event that comes late,
 * and what was new once is not new again.  TIME_MIN: all of them. */
static int64_t
alerts_since(const struct detect *d)
{
	int64_t most = 0, now = time_now();

	if (d->place.seq == 0) /* who begins with the first event comes by all of them */
		return TIME_MIN;

	for (size_t i = 0; i < d->o.rules->n; i++) {
		const struct detect_rule *r = &d->o.rules->rule[i];
		int64_t span = r->within + (r->kind == DETECT_SILENT ? SILENT_MEMORY : r->silence);

		if (r->kind == DETECT_NEW)
			return TIME_MIN;
		most = span > most ? span : most;
	}
	return detect_minus(d->place.latest != TIME_NONE && d->place.latest < now ? d->place.latest : now,
	    most + d->o.late);
}

static int
find_rule(const struct detect *d, struct str name, uint32_t *rule)
{
	for (uint32_t i = 0; i < d->o.rules->n; i++)
		if (str_eq(d->o.rules->rule[i].name, name)) {
			*rule = i;
			return 1;
		}
	return 0;
}

static void
heed(struct detect *d, uint32_t rule, const struct alert_read *al)
{
	if (d->o.rules->rule[rule].kind == DETECT_NEW) {
		if (al->value.p != NULL)
			know_value(d, rule, al->group, al->value);
	} else if (al->until != TIME_NONE)
		windows_fired(d->windows, rule, al->group, al->at, al->until);
}

static int
recall_alerts(struct detect *d, struct err *e)
{
	struct filter_args args = { 0 };
	struct buf where = { 0 };
	struct query_options qo = { .order = QUERY_ARRIVAL, .go_on = d->o.go_on, .pool = d->o.pool };
	struct filter *f = NULL;
	struct query *q = NULL;
	struct arena a = { 0 };
	const struct event *ev;
	struct alert_read al;
	uint64_t seq;
	uint32_t rule;
	int rc = -1;

	alert_where(&where, alerts_since(d));
	str_list_add(&args.where, where.p, where.len);
	if ((f = filter_build(&args, time_now(), e)) != NULL) {
		qo.filter = f;
		q = query_open(d->st, &qo, e);
	}
	while (q != NULL && (rc = query_next(q, &ev, &seq, e)) > 0) {
		arena_reset(&a);
		if (alert_read(ev, &al, &a) && find_rule(d, al.rule, &rule))
			heed(d, rule, &al);
	}
	windows_forget(d->windows, detect_minus(d->place.latest, d->o.late)); /* other rules look back further */
	query_close(q);
	filter_free(f);
	str_list_fini(&args.where);
	buf_fini(&where);
	arena_fini(&a);
	return rc;
}

/* Events of before whose windows are not over, and all values of what is to
 * be new. */
static int
recall_events(struct detect *d, struct err *e)
{
	int64_t *since = mem_zero(d->o.rules->n, sizeof(*since));
	struct hits_ask want = { .rules = d->o.rules, .asked = d->asked, .since = since, .end = d->place.seq,
		.pool = d->o.pool, .go_on = d->o.go_on };
	struct query_stats stats;
	int rc;

	for (size_t i = 0; i < d->o.rules->n; i++) {
		const struct detect_rule *r = &d->o.rules->rule[i];

		d->asked[i] = detect_looks_back(r) && d->place.latest != TIME_NONE;
		since[i] = detect_minus(detect_minus(d->place.latest, r->within), d->o.late);
	}
	rc = hits_find(&d->hits, d->st, &want, &stats, e);
	for (size_t i = 0; rc == 0 && i < d->hits.n; i++) {
		const struct hit *h = &d->hits.hit[i];
		struct window_event ev = detect_window_event(h);

		if (!detect_has_value(&d->o.rules->rule[h->rule]) || h->valued)
			windows_keep(d->windows, h->rule, h->group, &ev);
	}
	free(since);
	return rc;
}

/* In portions: of a rule about all events each is a hit. */
static int
recall_values(struct detect *d, struct err *e)
{
	struct hits_ask want = { .rules = d->o.rules, .asked = d->asked, .pool = d->o.pool, .go_on = d->o.go_on };
	struct query_stats stats;
	bool any = false;

	for (size_t i = 0; i < d->o.rules->n; i++) {
		d->asked[i] = d->o.rules->rule[i].kind == DETECT_NEW;
		any |= d->asked[i];
	}
	for (want.first = 0; any && want.first < d->place.seq; want.first = want.end) {
		want.end = d->place.seq - want.first > DETECT_PORTION ? want.first + DETECT_PORTION : d->place.seq;
		if (hits_find(&d->hits, d->st, &want, &stats, e) < 0 || known_check(&d->known, e) < 0)
			return -1;
		for (size_t i = 0; i < d->hits.n; i++)
			detect_is_new(d, &d->hits.hit[i]);
	}
	return known_check(&d->known, e);
}

int
detect_recall(struct detect *d, struct err *e)
{
	if (recall_alerts(d, e) < 0 || recall_events(d, e) < 0 || recall_values(d, e) < 0)
		return -1;
	return windows_check(d->windows, e);
}
