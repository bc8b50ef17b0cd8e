/*
 * summary: totals, breakdowns and a histogram over events (see summary.h).
 *
 * In: events, or values with their counts.   Out: tables for render.
 */
#include "event/summary.h"

#include <stdlib.h>

#include "base/bitmap.h"
#include "event/histogram.h"

struct summary *
summary_new(const struct summary_options *o)
{
	struct summary *s = mem_zero(1, sizeof(*s));

	s->opts = *o;
	s->first = s->last = TIME_NONE;
	s->actions = tally_new();
	s->categories = tally_new();
	s->severities = tally_new();
	s->identities = tally_new();
	s->resources = tally_new();
	if (o->bys > 0)
		s->groups = tally_new();
	s->histogram = histogram_new(o->bucket);
	return s;
}

void
summary_free(struct summary *s)
{
	if (s == NULL)
		return;
	tally_free(s->actions);
	tally_free(s->categories);
	tally_free(s->severities);
	tally_free(s->identities);
	tally_free(s->resources);
	tally_free(s->groups);
	histogram_free(s->histogram);
	buf_fini(&s->group);
	selector_scratch_fini(&s->scratch);
	free(s);
}

/* The first of three fields that is present. */
static struct str
first_of(const struct event *ev, enum field a, enum field b, enum field c)
{
	if (event_has(ev, a))
		return ev->v[a];
	if (event_has(ev, b))
		return ev->v[b];
	if (event_has(ev, c))
		return ev->v[c];
	return (struct str){ NULL, 0 };
}

struct str
event_resource(const struct event *ev)
{
	return first_of(ev, FIELD_TARGET_PATH, FIELD_TARGET_ID, FIELD_TARGET_NAME);
}

struct str
event_identity(const struct event *ev)
{
	return first_of(ev, FIELD_ACTOR_ID, FIELD_ACTOR_EMAIL, FIELD_ACTOR_NAME);
}

static void
add_value(struct tally *t, struct str value)
{
	if (value.p != NULL)
		tally_add(t, value, 1);
}

static struct str
value_of(const struct event *ev, enum field f)
{
	return event_has(ev, f) ? ev->v[f] : (struct str){ NULL, 0 };
}

/* An absent value is an empty one. */
static void
add_group(struct summary *s, const struct event *ev)
{
	buf_reset(&s->group);
	for (size_t i = 0; i < s->opts.bys; i++) {
		if (i > 0)
			buf_byte(&s->group, SUMMARY_GAP);
		selector_format_text(&s->group, &s->opts.by[i], ev, &s->scratch);
	}
	tally_add(s->groups, buf_view(&s->group), 1);
}

void
summary_add_but_group(struct summary *s, const struct event *ev)
{
	struct str outcome = value_of(ev, FIELD_OUTCOME);
	bool failed = outcome.p != NULL && str_eq(outcome, str_of(event_outcomes[OUTCOME_FAILURE]));

	s->total++;
	if (failed)
		s->failure++;
	else if (outcome.p != NULL && str_eq(outcome, str_of(event_outcomes[OUTCOME_SUCCESS])))
		s->success++;
	else
		s->unknown++;
	add_value(s->actions, value_of(ev, FIELD_ACTION));
	add_value(s->categories, value_of(ev, FIELD_CATEGORY));
	add_value(s->severities, value_of(ev, FIELD_SEVERITY));
	add_value(s->identities, event_identity(ev));
	add_value(s->resources, event_resource(ev));
	if (event_has(ev, FIELD_TIME))
		summary_add_time(s, ev->time, failed);
}

void
summary_add(struct summary *s, const struct event *ev)
{
	summary_add_but_group(s, ev);
	if (s->groups != NULL)
		add_group(s, ev);
}

static void
widen(struct summary *s, int64_t first, int64_t last)
{
	if (s->first == TIME_NONE || first < s->first)
		s->first = first;
	if (s->last == TIME_NONE || last > s->last)
		s->last = last;
}

void
summary_add_time(struct summary *s, int64_t time, bool failed)
{
	widen(s, time, time);
	histogram_add(s->histogram, time, failed);
}

void
summary_add_times(struct summary *s, const int64_t *time, size_t n, const uint64_t *in,
    const uint64_t *failed)
{
	int64_t first = INT64_MAX, last = INT64_MIN;

	for (size_t i = 0; i < n; i++) {
		if (in != NULL && !bitmap_has(in, i))
			continue;
		first = time[i] < first ? time[i] : first;
		last = time[i] > last ? time[i] : last;
	}
	if (first <= last) {
		widen(s, first, last);
		histogram_add_rows(s->histogram, time, n, in, failed);
	}
}

void
summary_merge(struct summary *into, const struct summary *from)
{
	into->total += from->total;
	into->success += from->success;
	into->failure += from->failure;
	into->unknown += from->unknown;
	if (from->first != TIME_NONE)
		widen(into, from->first, from->last);
	tally_merge(into->actions, from->actions);
	tally_merge(into->categories, from->categories);
	tally_merge(into->severities, from->severities);
	tally_merge(into->identities, from->identities);
	tally_merge(into->resources, from->resources);
	if (into->groups != NULL && from->groups != NULL)
		tally_merge(into->groups, from->groups);
	histogram_merge(into->histogram, from->histogram);
}

int
summary_check(const struct summary *s, struct err *e)
{
	return histogram_check(s->histogram, s->opts.bucket, s->first, s->last, e);
}

struct summary_bucket *
summary_histogram(const struct summary *s, int64_t *bucket, size_t *n)
{
	return histogram_buckets(s->histogram, bucket, n);
}

field_set
summary_fields(const struct summary_options *o)
{
	field_set fields = FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_ACTION) |
	    FIELD_BIT(FIELD_CATEGORY) | FIELD_BIT(FIELD_SEVERITY) | FIELD_BIT(FIELD_OUTCOME) |
	    FIELD_BIT(FIELD_ACTOR_ID) | FIELD_BIT(FIELD_ACTOR_EMAIL) |
	    FIELD_BIT(FIELD_ACTOR_NAME) | FIELD_BIT(FIELD_TARGET_PATH) |
	    FIELD_BIT(FIELD_TARGET_ID) | FIELD_BIT(FIELD_TARGET_NAME);

	for (size_t i = 0; i < o->bys; i++)
		fields |= FIELD_BIT(o->by[i].field);
	return fields;
}
