/*
 * hits: which events matched which rules (see hits.h).
 *
 * Threads come upon events in any order, and keep what they are told in
 * memory of their own; at the end it is put in order.
 */
#include "detect/hits.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/random.h"
#include "base/utf8.h"
#include "detect/alert.h"
#include "event/json.h"

#define VALUE_MAX (16u * 1024) /* bytes of one value: what is longer is cut */

struct hits_thread {
	struct hit *hit;
	size_t n, cap;
	struct arena arena;
	struct buf text, value;
	struct selector_scratch scratch;
};

struct finding {
	struct hits *hits;
	const struct hits_ask *ask;
	struct about *about; /* by number of the filter */
};

/* Whose filter it is. */
struct about {
	uint32_t rule, input;
};

/* What the event has there, in t->value; p NULL: nothing. */
static struct str
value_of(struct hits_thread *t, const struct detect_field *f, const struct event *ev)
{
	struct str out;
	size_t i = 0;

	buf_reset(&t->value);
	while (i < f->n && !selector_format_text(&t->value, &f->from[i], ev, &t->scratch))
		i++;
	if (i == f->n)
		return (struct str){ NULL, 0 };
	out = buf_view(&t->value);
	if (out.len > VALUE_MAX)
		out.len = utf8_valid_prefix(out.p, VALUE_MAX);
	return out;
}

static struct str
group_of(struct hits_thread *t, const struct detect_rule *rule, const struct detect_input *in, const struct event *ev)
{
	struct str value;

	buf_reset(&t->text);
	buf_byte(&t->text, '{');
	for (size_t i = 0; i < rule->bys; i++) {
		if (i > 0)
			buf_byte(&t->text, ',');
		json_quote(&t->text, rule->input->by[i].name);
		buf_byte(&t->text, ':');
		value = value_of(t, &in->by[i], ev);
		if (value.p != NULL)
			json_quote(&t->text, value);
		else
			buf_str(&t->text, STR("null"));
	}
	buf_byte(&t->text, '}');
	return (struct str){ arena_copy(&t->arena, t->text.p, t->text.len), t->text.len };
}

static void
set_value(struct hits *h, struct hits_thread *t, const struct detect_rule *rule, const struct detect_input *in,
    const struct event *ev, struct hit *out)
{
	struct str value = value_of(t, &in->value, ev);

	out->valued = value.p != NULL;
	if (!out->valued)
		return;
	out->value_hash = hash64(h->secret, value.p, value.len);
	if (rule->kind != DETECT_DISTINCT)
		out->value = (struct str){ arena_copy(&t->arena, value.p, value.len), value.len };
}

static int
match(void *arg, size_t thread, size_t filter, const struct event *ev, uint64_t seq, struct err *e)
{
	struct finding *f = arg;
	struct hits_thread *t = &f->hits->thread[thread];
	const struct about *about = &f->about[filter];
	const struct detect_rule *rule = &f->ask->rules->rule[about->rule];
	const struct detect_input *in = &rule->input[about->input];
	struct hit *h;

	(void)e;
	if (alert_is(ev))
		return 0;
	mem_grow(&t->hit, &t->cap, t->n + 1, sizeof(*t->hit));
	h = &t->hit[t->n++];
	*h = (struct hit){ .time = ev->time, .clock = ev->time, .seq = seq, .rule = about->rule,
		.input = (uint16_t)about->input, .value_hash = about->input };
	if (event_has(ev, FIELD_INGESTED) && ev->ingested < h->clock)
		h->clock = ev->ingested;
	h->group = group_of(t, rule, in, ev);
	if (detect_has_value(rule))
		set_value(f->hits, t, rule, in, ev, h);
	return 0;
}

static size_t
mark(void *arg, size_t thread)
{
	struct finding *f = arg;

	return f->hits->thread[thread].n;
}

static void
back(void *arg, size_t thread, size_t mark)
{
	struct finding *f = arg;

	f->hits->thread[thread].n = mark;
}

/* ---- order ---- */

static int
by_time(const void *pa, const void *pb)
{
	const struct hit *a = pa, *b = pb;

	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	if (a->seq != b->seq)
		return a->seq < b->seq ? -1 : 1;
	if (a->rule != b->rule)
		return a->rule < b->rule ? -1 : 1;
	return (a->input > b->input) - (a->input < b->input);
}

static void
put_in_order(struct hits *h)
{
	size_t n = 0;

	for (size_t i = 0; i < MANY_THREADS_MAX; i++)
		n += h->thread[i].n;
	h->hit = mem_resize(h->hit, n * sizeof(*h->hit));
	h->n = 0;
	for (size_t i = 0; i < MANY_THREADS_MAX; i++) {
		if (h->thread[i].n > 0)
			memcpy(h->hit + h->n, h->thread[i].hit, h->thread[i].n * sizeof(*h->hit));
		h->n += h->thread[i].n;
	}
	qsort(h->hit, h->n, sizeof(*h->hit), by_time);
}

/* ---- asking ---- */

static field_set
fields_at(const struct detect_field *f)
{
	field_set fields = 0;

	for (size_t i = 0; i < f->n; i++)
		fields |= FIELD_BIT(f->from[i].field);
	return fields;
}

/* What is looked at of a rule's events. */
static field_set
fields_of(const struct detect_rule *rule, const struct detect_input *in)
{
	field_set fields = FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_INGESTED) | ALERT_FIELDS;

	for (size_t i = 0; i < rule->bys; i++)
		fields |= fields_at(&in->by[i]);
	return detect_has_value(rule) ? fields | fields_at(&in->value) : fields;
}

/* A filter for each input of the rules that are asked. */
static void
list_filters(const struct hits_ask *ask, struct many_filter **filter, struct about **about, size_t *n)
{
	size_t cap = 0, cap_about = 0;

	for (uint32_t i = 0; i < ask->rules->n; i++) {
		const struct detect_rule *rule = &ask->rules->rule[i];

		for (uint32_t k = 0; ask->asked[i] && k < rule->inputs; k++) {
			mem_grow(filter, &cap, *n + 1, sizeof(**filter));
			mem_grow(about, &cap_about, *n + 1, sizeof(**about));
			(*filter)[*n] = (struct many_filter){ .filter = rule->input[k].filter,
				.since = ask->since != NULL ? ask->since[i] : TIME_MIN, .fields = fields_of(rule, &rule->input[k]) };
			(*about)[(*n)++] = (struct about){ i, k };
		}
	}
}

static void
start(struct hits *h)
{
	if (h->thread == NULL) {
		h->thread = mem_zero(MANY_THREADS_MAX, sizeof(*h->thread));
		h->secret = random_u64();
	}
	for (size_t i = 0; i < MANY_THREADS_MAX; i++) {
		h->thread[i].n = 0;
		arena_reset(&h->thread[i].arena);
	}
}

int
hits_find(struct hits *h, struct store *st, const struct hits_ask *ask, struct query_stats *stats, struct err *e)
{
	struct many_filter *filter = NULL;
	struct finding f = { .hits = h, .ask = ask };
	struct many_options o = { .first = ask->first, .end = ask->end, .pool = ask->pool,
		.go_on = ask->go_on, .arg = &f, .match = match, .mark = mark, .back = back };
	int rc;

	start(h);
	list_filters(ask, &filter, &f.about, &o.n);
	o.filter = filter;
	rc = query_many(st, &o, stats, e);
	if (rc == 0)
		put_in_order(h);
	free(filter);
	free(f.about);
	return rc;
}

void
hits_fini(struct hits *h)
{
	for (size_t i = 0; h->thread != NULL && i < MANY_THREADS_MAX; i++) {
		free(h->thread[i].hit);
		arena_fini(&h->thread[i].arena);
		buf_fini(&h->thread[i].text);
		buf_fini(&h->thread[i].value);
		selector_scratch_fini(&h->thread[i].scratch);
	}
	free(h->thread);
	free(h->hit);
	*h = (struct hits){ 0 };
}
