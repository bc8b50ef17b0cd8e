/*
 * detect: rules over the events that arrived (see detect.h).
 *
 * An alert leads to silence in its group.  When the program starts again it
 * reads the alerts of before for that, and the events whose windows are not
 * over: both from the time of the newest event that was asked about, less
 * what rules look back.
 */
#include "detect/detect.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/runs.h"
#include "detect/alert.h"
#include "detect/hits.h"
#include "detect/known.h"
#include "detect/silent.h"
#include "detect/window.h"
#include "query/query.h"

#define SILENT_MEMORY (31 * TIME_DAY) /* what was not seen for longer is not missed any more */
#define SILENT_EVERY (60 * TIME_SECOND)
#define SAVE_EVERY (5 * TIME_SECOND)

struct detect {
	struct store *st;
	struct detect_options o;
	struct detector place, saved; /* saved: as the store has it */
	int64_t saved_at;             /* by time_steady */
	struct windows *windows;
	struct hits hits;
	struct known known;    /* of rules with DETECT_NEW */
	uint64_t secret;
	bool *asked;           /* by rule; scratch */
	int64_t silent_looked; /* by time_steady */
	struct uuid7 ids;

	/* of the portion at work */
	struct alert *alert;
	size_t alerts, alerts_cap;
	uint64_t *by_rule;     /* how many */
	struct arena arena;
};

static int64_t
minus(int64_t time, int64_t span)
{
	int64_t out;

	return __builtin_sub_overflow(time, span, &out) || out < TIME_MIN ? TIME_MIN : out;
}

/* Whether events of before the portion are looked at again. */
static bool
looks_back(const struct detect_rule *r)
{
	return r->kind == DETECT_DISTINCT || r->kind == DETECT_ALL || r->kind == DETECT_ORDERED ||
	    (r->kind == DETECT_COUNT && r->count > 1);
}

static struct window_event
window_event(const struct hit *h)
{
	return (struct window_event){ h->time, h->seq, h->value_hash };
}

/* ---- alerts of the portion ---- */

static struct str
kept(struct detect *d, struct str s)
{
	return (struct str){ s.p != NULL ? arena_copy(&d->arena, s.p, s.len) : NULL, s.len };
}

/* NULL: there are so many of this rule that they are only counted. */
static struct alert *
add_alert(struct detect *d, uint32_t rule, int64_t at)
{
	if (++d->by_rule[rule] > DETECT_ALERTS_MAX + 1) {
		for (size_t i = d->alerts; i-- > 0;)
			if (d->alert[i].rule == rule) { /* the last one says how many */
				d->alert[i].more++;
				return NULL;
			}
	}
	mem_grow(&d->alert, &d->alerts_cap, d->alerts + 1, sizeof(*d->alert));
	d->alert[d->alerts] = (struct alert){ .rule = rule, .at = at, .first = TIME_NONE, .last = TIME_NONE, .until = TIME_NONE,
		.more = d->by_rule[rule] > DETECT_ALERTS_MAX };
	return d->alert[d->alerts++].more > 0 ? NULL : &d->alert[d->alerts - 1];
}

/* The newest of them are named. */
static void
set_evidence(struct detect *d, struct alert *al, const struct window_event *ev, size_t n)
{
	size_t from = n > ALERT_EVENTS_MAX ? n - ALERT_EVENTS_MAX : 0;

	al->count = n;
	al->first = ev[0].time;
	al->last = ev[n - 1].time;
	al->seqs = n - from;
	al->seq = arena_alloc(&d->arena, al->seqs * sizeof(*al->seq));
	al->id = arena_alloc(&d->arena, al->seqs * sizeof(*al->id));
	for (size_t i = 0; i < al->seqs; i++) {
		al->seq[i] = ev[from + i].seq;
		al->id[i] = (struct str){ NULL, 0 };
	}
}

static void
fire(struct detect *d, const struct hit *h, const struct window_firing *f)
{
	struct alert *al = add_alert(d, h->rule, f->at);

	if (al == NULL)
		return;
	al->group = kept(d, h->group);
	al->until = f->until;
	set_evidence(d, al, f->event, f->events);
}

static void
fire_new(struct detect *d, const struct hit *h)
{
	struct alert *al = add_alert(d, h->rule, h->time);
	struct window_event ev = window_event(h);

	if (al == NULL)
		return;
	al->group = kept(d, h->group);
	al->value = kept(d, h->value);
	set_evidence(d, al, &ev, 1);
}

/* ---- hits ---- */

/* A value that the group never had; the first one it has is no news. */
static bool
is_new(struct detect *d, const struct hit *h)
{
	uint64_t secret = d->secret + 2 * (uint64_t)h->rule;
	bool first, fresh;

	if (!h->valued)
		return false;
	first = known_add(&d->known, known_hash(secret, h->group, STR("")));
	fresh = known_add(&d->known, known_hash(secret + 1, h->group, h->value));
	return fresh && !first;
}

static void
ask(struct detect *d, const struct hit *h, struct detect_counts *counts)
{
	const struct detect_rule *r = &d->o.rules->rule[h->rule];
	struct window_event ev = window_event(h);
	struct window_firing f;
	int64_t from;

	if (h->clock > d->place.latest)
		d->place.latest = h->clock;
	if (r->kind == DETECT_NEW) {
		if (is_new(d, h))
			fire_new(d, h);
		return;
	}
	if (r->kind == DETECT_DISTINCT && !h->valued)
		return;
	from = looks_back(r) ? minus(minus(d->place.latest, r->within), d->o.late) : TIME_MIN;
	if (h->time < from)
		counts->late++;
	else if (windows_add(d->windows, h->rule, h->group, &ev, from, &f))
		fire(d, h, &f);
}

/* ---- the ids of what made rules fire ---- */

static int
by_number(const void *pa, const void *pb)
{
	const uint64_t *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

static size_t
gather_seqs(const struct detect *d, uint64_t **out)
{
	size_t n = 0, each = 0;

	for (size_t i = 0; i < d->alerts; i++)
		n += d->alert[i].seqs;
	*out = mem_alloc(n * sizeof(**out));
	n = 0;
	for (size_t i = 0; i < d->alerts; i++)
		for (size_t k = 0; k < d->alert[i].seqs; k++)
			(*out)[n++] = d->alert[i].seq[k];
	qsort(*out, n, sizeof(**out), by_number);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || (*out)[i] != (*out)[each - 1])
			(*out)[each++] = (*out)[i];
	return each;
}

static int
read_ids(struct detect *d, const struct runs *runs, const uint64_t *seq, struct str *id, size_t n, struct err *e)
{
	struct filter *all = filter_all();
	struct str only = buf_view(&runs->list);
	struct query_options qo = { .filter = all, .order = QUERY_ARRIVAL, .only = &only,
		.fields = FIELD_BIT(FIELD_ID), .go_on = d->o.go_on };
	struct query *q = query_open(d->st, &qo, e);
	const struct event *ev;
	uint64_t at;
	size_t i = 0;
	int rc = q != NULL ? 0 : -1;

	while (q != NULL && (rc = query_next(q, &ev, &at, e)) > 0) {
		while (i < n && seq[i] < at)
			i++;
		if (i < n && seq[i] == at && event_has(ev, FIELD_ID))
			id[i] = kept(d, ev->v[FIELD_ID]);
	}
	query_close(q);
	filter_free(all);
	return rc;
}

static int
name_evidence(struct detect *d, struct err *e)
{
	struct runs runs = { 0 };
	uint64_t *seq;
	size_t n = gather_seqs(d, &seq);
	struct str *id = mem_zero(n, sizeof(*id));
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		runs_add(&runs, seq[i], 1);
	runs_end(&runs);
	if (n > 0)
		rc = read_ids(d, &runs, seq, id, n, e);
	for (size_t i = 0; i < d->alerts; i++)
		for (size_t k = 0; k < d->alert[i].seqs; k++) {
			const uint64_t *at = bsearch(&d->alert[i].seq[k], seq, n, sizeof(*seq), by_number);

			if (at != NULL)
				d->alert[i].id[k] = id[at - seq];
		}
	runs_fini(&runs);
	free(seq);
	free(id);
	return rc;
}

/* ---- a portion ---- */

/* The place as it is, with records. */
static int
move(struct detect *d, const struct event *record, size_t records, uint64_t *seq, struct err *e)
{
	if (store_detector_move(d->st, d->o.name, &d->saved, &d->place, record, records, seq, e) < 0)
		return -1;
	d->saved = d->place;
	d->saved_at = time_steady();
	return 0;
}

/* Writes the alerts with the new place, then tells them. */
static int
commit(struct detect *d, struct detect_counts *counts, struct err *e)
{
	struct event *ev = mem_zero(d->alerts, sizeof(*ev));
	int64_t now = time_now();
	uint64_t seq = 0;
	int rc = name_evidence(d, e);

	for (size_t i = 0; i < d->alerts; i++)
		alert_event(&ev[i], d->o.rules, &d->alert[i], &d->ids, now, &d->arena);
	if (rc == 0 && !d->o.dry && (d->alerts > 0 || !d->o.lazy || time_steady() - d->saved_at >= SAVE_EVERY))
		rc = move(d, ev, d->alerts, &seq, e);
	for (size_t i = 0; rc == 0 && i < d->alerts; i++) {
		counts->alerts++;
		rc = d->o.alert(d->o.arg, &ev[i], seq + i, e);
	}
	free(ev);
	return rc;
}

static void
start_portion(struct detect *d)
{
	arena_reset(&d->arena);
	d->alerts = 0;
	memset(d->by_rule, 0, d->o.rules->n * sizeof(*d->by_rule));
}

static int
ask_portion(struct detect *d, uint64_t end, struct detect_counts *counts, struct err *e)
{
	struct hits_ask want = { .rules = d->o.rules, .asked = d->asked, .first = d->place.seq, .end = end,
		.pool = d->o.pool, .go_on = d->o.go_on };
	struct query_stats stats;

	start_portion(d);
	for (size_t i = 0; i < d->o.rules->n; i++)
		d->asked[i] = d->o.rules->rule[i].kind != DETECT_SILENT;
	if (hits_find(&d->hits, d->st, &want, &stats, e) < 0)
		return -1;
	for (size_t i = 0; i < d->hits.n; i++)
		ask(d, &d->hits.hit[i], counts);
	counts->events += end - d->place.seq;
	counts->hits += d->hits.n;
	d->place.seq = end;
	windows_forget(d->windows, minus(d->place.latest, d->o.late));
	if (windows_check(d->windows, e) < 0 || known_check(&d->known, e) < 0)
		return -1;
	return commit(d, counts, e);
}

/* ---- what no longer speaks ---- */

static void
fire_silent(struct detect *d, uint32_t rule, const struct last_seen *seen)
{
	const struct detect_rule *r = &d->o.rules->rule[rule];
	int64_t at = seen->time + r->within;
	struct buf group = { 0 };
	struct alert *al;

	buf_byte(&group, '{');
	json_quote(&group, r->input->value.name);
	buf_byte(&group, ':');
	json_quote(&group, seen->value);
	buf_byte(&group, '}');
	if (!windows_has_fired(d->windows, rule, buf_view(&group), at)) {
		windows_fired(d->windows, rule, buf_view(&group), at, at);
		if ((al = add_alert(d, rule, at)) != NULL) {
			al->group = kept(d, buf_view(&group));
			al->value = kept(d, seen->value);
			al->last = seen->time;
			al->until = at;
		}
	}
	buf_fini(&group);
}

static int
ask_silent(struct detect *d, struct detect_counts *counts, struct err *e)
{
	int64_t now = time_now();
	bool any = false;

	start_portion(d);
	for (uint32_t i = 0; i < d->o.rules->n; i++) {
		const struct detect_rule *r = &d->o.rules->rule[i];
		struct last_seen_list seen = { 0 };
		int rc = 0;

		if (r->kind != DETECT_SILENT)
			continue;
		any = true;
		rc = silent_look(&seen, d->st, r, minus(now, SILENT_MEMORY + r->within), d->place.seq, d->o.pool, d->o.go_on, e);
		for (size_t k = 0; rc == 0 && k < seen.n; k++)
			if (seen.item[k].time < minus(now, r->within))
				fire_silent(d, i, &seen.item[k]);
		last_seen_fini(&seen);
		if (rc < 0)
			return -1;
	}
	return any && d->alerts > 0 ? commit(d, counts, e) : 0;
}

int
detect_run(struct detect *d, struct detect_counts *counts, struct err *e)
{
	int64_t now = time_steady();
	struct segment_info *list;
	struct store_view v;
	size_t n;

	if (store_view(d->st, &v, &list, &n, e) < 0)
		return -1;
	free(list);
	if (v.size < d->place.seq)
		return err_set(e, ERR_FAIL, "%llu events were asked about, and the store has had %llu: an older copy of it?",
		    (unsigned long long)d->place.seq, (unsigned long long)v.size);
	while (d->place.seq < v.size) {
		uint64_t end = v.size - d->place.seq > DETECT_PORTION ? d->place.seq + DETECT_PORTION : v.size;

		if (ask_portion(d, end, counts, e) < 0)
			return -1;
	}
	if (d->silent_looked != 0 && now - d->silent_looked < SILENT_EVERY)
		return 0;
	d->silent_looked = now;
	return ask_silent(d, counts, e);
}

int
detect_save(struct detect *d, struct err *e)
{
	if (d->o.dry || (d->saved.seq == d->place.seq && d->saved.latest == d->place.latest))
		return 0;
	return move(d, NULL, 0, NULL, e);
}

/* ---- what the log says of before ---- */

/* How far back alerts matter: their silence may cover an event that comes late. */
static int64_t
memory_of(const struct detect *d)
{
	int64_t most = 0;

	for (size_t i = 0; i < d->o.rules->n; i++) {
		const struct detect_rule *r = &d->o.rules->rule[i];
		int64_t span = r->within + (r->kind == DETECT_SILENT ? SILENT_MEMORY : r->silence);

		most = span > most ? span : most;
	}
	return most + d->o.late;
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

static int
recall_alerts(struct detect *d, struct err *e)
{
	int64_t now = time_now(), from = d->place.latest != TIME_NONE && d->place.latest < now ? d->place.latest : now;
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

	alert_where(&where, minus(from, memory_of(d)));
	str_list_add(&args.where, where.p, where.len);
	if ((f = filter_build(&args, now, e)) != NULL) {
		qo.filter = f;
		q = query_open(d->st, &qo, e);
	}
	while (q != NULL && (rc = query_next(q, &ev, &seq, e)) > 0) {
		arena_reset(&a);
		if (alert_read(ev, &al, &a) && find_rule(d, al.rule, &rule))
			windows_fired(d->windows, rule, al.group, al.at, al.until);
	}
	windows_forget(d->windows, minus(d->place.latest, d->o.late)); /* other rules look back further */
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

		d->asked[i] = looks_back(r) && d->place.latest != TIME_NONE;
		since[i] = minus(minus(d->place.latest, r->within), d->o.late);
	}
	rc = hits_find(&d->hits, d->st, &want, &stats, e);
	for (size_t i = 0; rc == 0 && i < d->hits.n; i++) {
		const struct hit *h = &d->hits.hit[i];
		struct window_event ev = window_event(h);

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
			is_new(d, &d->hits.hit[i]);
	}
	return known_check(&d->known, e);
}

static int
find_place(struct detect *d, struct err *e)
{
	struct segment_info *list;
	struct store_view v;
	size_t n;
	int known = store_detector(d->st, d->o.name, &d->saved, e);

	d->place = d->saved;
	if (known != 0 || !d->o.from_end)
		return known < 0 ? -1 : 0;
	if (store_view(d->st, &v, &list, &n, e) < 0)
		return -1;
	free(list);
	d->place.seq = v.size;
	return detect_save(d, e);
}

struct detect *
detect_open(struct store *st, const struct detect_options *o, struct err *e)
{
	struct detect *d = mem_zero(1, sizeof(*d));

	d->st = st;
	d->o = *o;
	d->windows = windows_new(o->rules);
	d->secret = random_u64();
	d->asked = mem_zero(o->rules->n, sizeof(*d->asked));
	d->by_rule = mem_zero(o->rules->n, sizeof(*d->by_rule));
	if (find_place(d, e) == 0 && recall_alerts(d, e) == 0 && recall_events(d, e) == 0 && recall_values(d, e) == 0 &&
	    windows_check(d->windows, e) == 0)
		return d;
	detect_close(d);
	return NULL;
}

void
detect_close(struct detect *d)
{
	if (d == NULL)
		return;
	windows_free(d->windows);
	hits_fini(&d->hits);
	known_fini(&d->known);
	free(d->asked);
	free(d->by_rule);
	free(d->alert);
	arena_fini(&d->arena);
	free(d);
}
