/*
 * detect: rules over the events that arrived (see detect.h).
 *
 * An alert leads to silence in its group.  When the program starts again it
 * reads the alerts of before for that, and the events whose windows are not
 * over: both from the time of the newest event that was asked about, less
 * what rules look back.
 */
#include "detect/detect_parts.h"

#include <stdlib.h>

#include "base/hash.h"
#include "detect/silent.h"

#define SILENT_EVERY (60 * TIME_SECOND)
#define SAVE_EVERY (5 * TIME_SECOND)

static void
fire(struct detect *d, const struct hit *h, const struct window_firing *f)
{
	struct alert *al = detect_add_alert(d, h->rule, f->at);

	if (al == NULL)
		return;
	al->group = detect_kept(d, h->group);
	al->until = f->until;
	detect_set_evidence(d, al, f->event, f->events);
}

static void
fire_new(struct detect *d, const struct hit *h)
{
	struct alert *al = detect_add_alert(d, h->rule, h->time);
	struct window_event ev = detect_window_event(h);

	if (al == NULL)
		return;
	al->group = detect_kept(d, h->group);
	al->value = detect_kept(d, h->value);
	detect_set_evidence(d, al, &ev, 1);
}

/* ---- hits ---- */

static void
ask(struct detect *d, const struct hit *h, struct detect_counts *counts)
{
	const struct detect_rule *r = &d->o.rules->rule[h->rule];
	struct window_event ev = detect_window_event(h);
	struct window_firing f;
	int64_t from;

	if (h->clock > d->place.latest)
		d->place.latest = h->clock;
	if (r->kind == DETECT_NEW) {
		if (detect_is_new(d, h))
			fire_new(d, h);
		return;
	}
	if (r->kind == DETECT_DISTINCT && !h->valued)
		return;
	from = detect_looks_back(r) ? detect_minus(detect_minus(d->place.latest, r->within), d->o.late) : TIME_MIN;
	if (h->time < from)
		counts->late++;
	else if (windows_add(d->windows, h->rule, h->group, &ev, from, &f))
		fire(d, h, &f);
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
	int rc = detect_name_evidence(d, e);

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
	windows_forget(d->windows, detect_minus(d->place.latest, d->o.late));
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
		if ((al = detect_add_alert(d, rule, at)) != NULL) {
			al->group = detect_kept(d, buf_view(&group));
			al->value = detect_kept(d, seen->value);
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
		rc = silent_look(&seen, d->st, r, detect_minus(now, SILENT_MEMORY + r->within), d->place.seq, d->o.pool, d->o.go_on, e);
		for (size_t k = 0; rc == 0 && k < seen.n; k++)
			if (seen.item[k].time < detect_minus(now, r->within))
				fire_silent(d, i, &seen.item[k]);
		last_seen_fini(&seen);
		if (rc < 0)
			return -1;
	}
	return any && d->alerts > 0 ? commit(d, counts, e) : 0;
}

static int
log_size(const struct detect *d, uint64_t *size, struct err *e)
{
	struct segment_info *list;
	struct store_view v;
	size_t n;

	if (store_view(d->st, &v, &list, &n, e) < 0)
		return -1;
	free(list);
	*size = v.size;
	return 0;
}

int
detect_run(struct detect *d, struct detect_counts *counts, struct err *e)
{
	int64_t now = time_steady();
	uint64_t size;

	if (log_size(d, &size, e) < 0)
		return -1;
	if (size < d->place.seq)
		return err_set(e, ERR_FAIL, "%llu events were asked about, and the store has had %llu: an older copy of it?",
		    (unsigned long long)d->place.seq, (unsigned long long)size);
	while (d->place.seq < size) {
		uint64_t end = size - d->place.seq > DETECT_PORTION ? d->place.seq + DETECT_PORTION : size;

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

static int
find_place(struct detect *d, struct err *e)
{
	int known = store_detector(d->st, d->o.name, &d->saved, e);

	d->place = d->saved;
	if (known != 0 || !d->o.from_end)
		return known < 0 ? -1 : 0;
	return log_size(d, &d->place.seq, e) == 0 ? detect_save(d, e) : -1;
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
	d->last_by_rule = mem_zero(o->rules->n, sizeof(*d->last_by_rule));
	if (find_place(d, e) == 0 && detect_recall(d, e) == 0)
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
	free(d->last_by_rule);
	free(d->alert);
	arena_fini(&d->arena);
	free(d);
}
