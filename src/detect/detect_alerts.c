/*
 * detect_alerts: the alerts of the portion at work, with the ids of the events
 * that made rules fire.
 *
 * In: firings.   Out: alerts that can be made events.
 */
#include "detect/detect_parts.h"

#include <stdlib.h>

#include "base/runs.h"
#include "query/query.h"

struct str
detect_kept(struct detect *d, struct str s)
{
	return (struct str){ s.p != NULL ? arena_copy(&d->arena, s.p, s.len) : NULL, s.len };
}

struct alert *
detect_add_alert(struct detect *d, uint32_t rule, int64_t at)
{
	if (++d->by_rule[rule] > DETECT_ALERTS_MAX + 1) {
		d->alert[d->last_by_rule[rule]].more++; /* the last one says how many */
		return NULL;
	}
	mem_grow(&d->alert, &d->alerts_cap, d->alerts + 1, sizeof(*d->alert));
	d->alert[d->alerts] = (struct alert){ .rule = rule, .at = at, .first = TIME_NONE, .last = TIME_NONE, .until = TIME_NONE,
		.more = d->by_rule[rule] > DETECT_ALERTS_MAX };
	d->last_by_rule[rule] = d->alerts;
	return d->alert[d->alerts++].more > 0 ? NULL : &d->alert[d->alerts - 1];
}

void
detect_set_evidence(struct detect *d, struct alert *al, const struct window_event *ev, size_t n)
{
	for (size_t i = 0; i < n; i++)
		al->count += i == 0 || ev[i].seq != ev[i - 1].seq;
	al->first = ev[0].time;
	al->last = ev[n - 1].time;
	al->seqs = al->count < ALERT_EVENTS_MAX ? al->count : ALERT_EVENTS_MAX;
	al->seq = arena_alloc(&d->arena, al->seqs * sizeof(*al->seq));
	al->id = arena_alloc(&d->arena, al->seqs * sizeof(*al->id));
	for (size_t i = n, k = al->seqs; k > 0; i--)
		if (i == n || ev[i - 1].seq != ev[i].seq) {
			al->seq[--k] = ev[i - 1].seq;
			al->id[k] = (struct str){ NULL, 0 };
		}
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
			id[i] = detect_kept(d, ev->v[FIELD_ID]);
	}
	query_close(q);
	filter_free(all);
	return rc;
}

int
detect_name_evidence(struct detect *d, struct err *e)
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
