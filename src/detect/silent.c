/*
 * silent: which values of a field had events (see silent.h).
 */
#include "detect/silent.h"

#include <stdlib.h>

#include "query/many.h"

/* One thread's; values are few, and most events have that of the one before. */
struct seen {
	struct last_seen_list list;
	size_t recent;
	struct buf text;
	struct selector_scratch scratch;
};

struct looking {
	const struct detect_rule *rule;
	struct seen *seen;
};

/* The first that is not before the value; the list is in order. */
static size_t
place_of(const struct last_seen_list *l, struct str value)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (str_cmp(l->item[middle].value, value) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static size_t
note(struct last_seen_list *l, struct str value, int64_t time)
{
	size_t at = place_of(l, value);

	if (at == l->n || !str_eq(l->item[at].value, value)) {
		mem_grow(&l->item, &l->cap, l->n + 1, sizeof(*l->item));
		memmove(&l->item[at + 1], &l->item[at], (l->n - at) * sizeof(*l->item));
		l->item[at] = (struct last_seen){ { arena_copy(&l->arena, value.p, value.len), value.len }, time };
		l->n++;
	} else if (time > l->item[at].time)
		l->item[at].time = time;
	return at;
}

static int
match(void *arg, size_t thread, size_t filter, const struct event *ev, uint64_t seq, struct err *e)
{
	struct looking *k = arg;
	struct seen *s = &k->seen[thread];
	struct last_seen *recent;

	(void)filter;
	(void)seq;
	/* What the toolkit writes, it writes when there is something. */
	if (event_has(ev, FIELD_SOURCE) && str_eq(ev->v[FIELD_SOURCE], STR(EVENT_RESERVED_SOURCE)))
		return 0;
	buf_reset(&s->text);
	if (!selector_format_text(&s->text, k->rule->input->value.from, ev, &s->scratch))
		return 0;
	recent = s->recent < s->list.n ? &s->list.item[s->recent] : NULL;
	if (recent != NULL && str_eq(recent->value, buf_view(&s->text)))
		recent->time = ev->time > recent->time ? ev->time : recent->time;
	else
		s->recent = note(&s->list, buf_view(&s->text), ev->time);
	if (s->list.n <= SILENT_VALUES_MAX)
		return 0;
	return err_set(e, ERR_FAIL, "rule %s: %s has more than %d values", k->rule->name.p, k->rule->input->value.name.p,
	    SILENT_VALUES_MAX);
}

/* To be told the same event again changes nothing. */
static size_t
mark(void *arg, size_t thread)
{
	(void)arg;
	(void)thread;
	return 0;
}

static void
back(void *arg, size_t thread, size_t mark)
{
	(void)arg;
	(void)thread;
	(void)mark;
}

int
silent_look(struct last_seen_list *out, struct store *st, const struct detect_rule *rule, int64_t since, uint64_t end,
    struct pool *pool, int (*go_on)(struct err *e), struct err *e)
{
	struct looking k = { rule, mem_zero(MANY_THREADS_MAX, sizeof(*k.seen)) };
	struct many_filter filter = { rule->input->filter, since,
		FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_SOURCE) | FIELD_BIT(rule->input->value.from->field) };
	struct many_options o = { .filter = &filter, .n = 1, .end = end, .pool = pool, .go_on = go_on, .arg = &k,
		.match = match, .mark = mark, .back = back };
	struct query_stats stats;
	int rc = query_many(st, &o, &stats, e);

	for (size_t t = 0; t < MANY_THREADS_MAX; t++) {
		struct seen *s = &k.seen[t];

		for (size_t i = 0; rc == 0 && i < s->list.n; i++)
			note(out, s->list.item[i].value, s->list.item[i].time);
		last_seen_fini(&s->list);
		buf_fini(&s->text);
		selector_scratch_fini(&s->scratch);
	}
	free(k.seen);
	return rc;
}

void
last_seen_fini(struct last_seen_list *l)
{
	free(l->item);
	arena_fini(&l->arena);
	*l = (struct last_seen_list){ 0 };
}
