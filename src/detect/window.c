/*
 * window: the groups of the rules (see window.h).
 */
#include "detect/window.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/random.h"

struct firing {
	int64_t at, until;
};

struct group {
	uint32_t rule;
	uint64_t hash;
	struct str key;
	struct window_event *event; /* by time, then seq */
	size_t n, cap;
	struct firing *fired; /* by time */
	size_t firings, firings_cap;
};

struct windows {
	const struct detect_rules *rules;
	uint64_t secret;
	struct group *group;
	size_t n, cap;
	uint32_t *slot; /* of a group, plus 1; 0: free */
	size_t slots;   /* a power of two, or 0 */
	size_t bytes;
	size_t added;   /* events, firings and groups since it was forgotten last */
};

struct windows *
windows_new(const struct detect_rules *rules)
{
	struct windows *w = mem_zero(1, sizeof(*w));

	w->rules = rules;
	w->secret = random_u64();
	return w;
}

static void
group_fini(struct group *g)
{
	free((char *)(uintptr_t)g->key.p);
	free(g->event);
	free(g->fired);
}

void
windows_free(struct windows *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < w->n; i++)
		group_fini(&w->group[i]);
	free(w->group);
	free(w->slot);
	free(w);
}

/* ---- finding a group ---- */

static size_t
place_of(const struct windows *w, uint64_t hash, uint32_t rule, struct str key)
{
	size_t at = (size_t)hash & (w->slots - 1);

	for (; w->slot[at] != 0; at = (at + 1) & (w->slots - 1)) {
		const struct group *g = &w->group[w->slot[at] - 1];

		if (g->hash == hash && g->rule == rule && str_eq(g->key, key))
			break;
	}
	return at;
}

static void
set_slots(struct windows *w, size_t slots)
{
	free(w->slot);
	w->slot = mem_zero(slots, sizeof(*w->slot));
	w->slots = slots;
	for (size_t i = 0; i < w->n; i++)
		w->slot[place_of(w, w->group[i].hash, w->group[i].rule, w->group[i].key)] = (uint32_t)i + 1;
}

static uint64_t
hash_of(const struct windows *w, uint32_t rule, struct str key)
{
	return hash64(w->secret + rule, key.p, key.len);
}

static struct group *
find(const struct windows *w, uint32_t rule, struct str key)
{
	size_t at;

	if (w->slots == 0)
		return NULL;
	at = place_of(w, hash_of(w, rule, key), rule, key);
	return w->slot[at] != 0 ? &w->group[w->slot[at] - 1] : NULL;
}

static struct group *
find_or_add(struct windows *w, uint32_t rule, struct str key)
{
	struct group *g = find(w, rule, key);

	if (g != NULL)
		return g;
	if (w->n * 2 >= w->slots)
		set_slots(w, w->slots > 0 ? w->slots * 2 : 1024);
	mem_grow(&w->group, &w->cap, w->n + 1, sizeof(*w->group));
	g = &w->group[w->n];
	*g = (struct group){ .rule = rule, .hash = hash_of(w, rule, key), .key = { mem_dup(key.p, key.len), key.len } };
	w->slot[place_of(w, g->hash, rule, key)] = (uint32_t)++w->n;
	w->bytes += sizeof(*g) + key.len + 4 * sizeof(*w->slot);
	w->added++;
	return g;
}

/* ---- firings ---- */

static void
add_firing(struct windows *w, struct group *g, int64_t at, int64_t until)
{
	size_t i = g->firings;

	mem_grow(&g->fired, &g->firings_cap, g->firings + 1, sizeof(*g->fired));
	while (i > 0 && g->fired[i - 1].at > at) {
		g->fired[i] = g->fired[i - 1];
		i--;
	}
	g->fired[i] = (struct firing){ at, until };
	g->firings++;
	w->bytes += sizeof(*g->fired);
	w->added++;
}

void
windows_fired(struct windows *w, uint32_t rule, struct str group, int64_t at, int64_t until)
{
	if (!windows_has_fired(w, rule, group, at))
		add_firing(w, find_or_add(w, rule, group), at, until);
}

bool
windows_has_fired(const struct windows *w, uint32_t rule, struct str group, int64_t at)
{
	const struct group *g = find(w, rule, group);

	for (size_t i = 0; g != NULL && i < g->firings; i++)
		if (g->fired[i].at == at)
			return true;
	return false;
}

/* Between which times events count together with one of `time`: from the end
 * of the silence before it to the next firing.  False: it is silent then. */
static bool
open_span(const struct group *g, int64_t time, int64_t *low, int64_t *high)
{
	*low = INT64_MIN;
	*high = INT64_MAX;
	for (size_t i = 0; i < g->firings; i++) {
		if (g->fired[i].at > time) {
			*high = g->fired[i].at;
			break;
		}
		if (g->fired[i].until > time)
			return false;
		*low = g->fired[i].until > *low ? g->fired[i].until : *low;
	}
	return true;
}

/* ---- events ---- */

static bool
before(const struct window_event *a, const struct window_event *b)
{
	return a->time != b->time ? a->time < b->time : a->seq < b->seq;
}

/* Where it is now. */
static size_t
insert(struct windows *w, struct group *g, const struct window_event *ev)
{
	size_t i = g->n;

	mem_grow(&g->event, &g->cap, g->n + 1, sizeof(*g->event));
	while (i > 0 && before(ev, &g->event[i - 1])) {
		g->event[i] = g->event[i - 1];
		i--;
	}
	g->event[i] = *ev;
	g->n++;
	w->bytes += sizeof(*ev);
	w->added++;
	return i;
}

/*
 * The earliest window that has the event at `at` and enough of them: from
 * *first to *last, both included, where it became enough.  [low, high): events
 * that count.
 */
static bool
enough_events(const struct group *g, const struct detect_rule *r, size_t at, int64_t low, int64_t high, size_t *first,
    size_t *last)
{
	size_t from = at + 1 > r->count ? at + 1 - (size_t)r->count : 0;

	for (; from <= at; from++) {
		size_t to = from + (size_t)r->count - 1;

		if (to >= g->n || g->event[to].time >= high)
			return false;
		if (g->event[from].time < low || g->event[to].time - g->event[from].time > r->within)
			continue;
		*first = from;
		*last = to;
		return true;
	}
	return false;
}

/* ---- different values ---- */

/* How often each value is in a window. */
struct value_counts {
	uint64_t *value; /* sorted, each once */
	size_t *count;
	size_t n;
	uint64_t there;  /* values with a count */
};

static int
by_number(const void *pa, const void *pb)
{
	const uint64_t *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

/* Of the values of the events [from, end), none counted yet. */
static void
value_counts_init(struct value_counts *c, const struct group *g, size_t from, size_t end)
{
	*c = (struct value_counts){ .value = mem_alloc((end - from) * sizeof(*c->value)) };
	for (size_t i = from; i < end; i++)
		c->value[i - from] = g->event[i].value;
	qsort(c->value, end - from, sizeof(*c->value), by_number);
	for (size_t i = 0; i < end - from; i++)
		if (i == 0 || c->value[i] != c->value[c->n - 1])
			c->value[c->n++] = c->value[i];
	c->count = mem_zero(c->n, sizeof(*c->count));
}

static size_t *
count_of(const struct value_counts *c, uint64_t value)
{
	const uint64_t *at = bsearch(&value, c->value, c->n, sizeof(*c->value), by_number);

	return &c->count[at - c->value];
}

static void
put_in(struct value_counts *c, uint64_t value)
{
	c->there += (*count_of(c, value))++ == 0;
}

static void
take_out(struct value_counts *c, uint64_t value)
{
	c->there -= --*count_of(c, value) == 0;
}

static void
value_counts_fini(struct value_counts *c)
{
	free(c->value);
	free(c->count);
}

/* Whether the last event has a value that was in the window that ends with it
 * before: then it makes no window richer. */
static bool
adds_nothing(const struct group *g, const struct detect_rule *r, size_t at, int64_t low)
{
	const struct window_event *ev = &g->event[at];

	for (size_t i = at; i > 0 && g->event[i - 1].time >= low && ev->time - g->event[i - 1].time <= r->within; i--)
		if (g->event[i - 1].value == ev->value)
			return at + 1 == g->n;
	return false;
}

/*
 * No window without the event at `at` has enough: it would have fired before.
 * So the end of a window need not be looked for before that, and as the
 * beginning moves on the end does not go back.
 */
static bool
enough_values(const struct group *g, const struct detect_rule *r, size_t at, int64_t low, int64_t high, size_t *first,
    size_t *last)
{
	size_t from = at, end = at + 1, to;
	struct value_counts c;
	bool found = false;

	if (adds_nothing(g, r, at, low))
		return false;
	while (from > 0 && g->event[from - 1].time >= low && g->event[at].time - g->event[from - 1].time <= r->within)
		from--;
	while (end < g->n && g->event[end].time < high && g->event[end].time - g->event[at].time <= r->within)
		end++;
	value_counts_init(&c, g, from, end);
	for (size_t i = from; i <= at; i++)
		put_in(&c, g->event[i].value);
	for (to = at; from <= at && !found; from++) {
		while (c.there < r->count && to + 1 < end && g->event[to + 1].time - g->event[from].time <= r->within)
			put_in(&c, g->event[++to].value);
		if (c.there >= r->count && g->event[to].time - g->event[from].time <= r->within) {
			*first = from;
			*last = to;
			found = true;
		}
		take_out(&c, g->event[from].value);
	}
	value_counts_fini(&c);
	return found;
}

/*
 * All inputs one after the other: from each event of the first one the next of
 * the second and so on.  Looked at from the last event back to the first, so
 * that where each such chain ends is known when its beginning comes.
 */
static bool
in_order(const struct group *g, const struct detect_rule *r, size_t at, int64_t low, int64_t high, size_t *first,
    size_t *last)
{
	size_t inputs = r->inputs, end = at + 1, *ends;
	bool found = false;

	if (at + 1 == g->n && g->event[at].value + 1 != inputs)
		return false; /* nothing ends with it */
	while (end < g->n && g->event[end].time < high && g->event[end].time - g->event[at].time <= r->within)
		end++;
	ends = mem_alloc((inputs + 1) * sizeof(*ends)); /* of the inputs from this one on */
	for (size_t i = 0; i <= inputs; i++)
		ends[i] = end;
	for (size_t i = end; i > 0; i--) {
		const struct window_event *ev = &g->event[i - 1];

		if (ev->time < low || g->event[at].time - ev->time > r->within)
			break;
		ends[ev->value] = ev->value + 1 == inputs ? i - 1 : ends[ev->value + 1];
		if (ev->value == 0 && i - 1 <= at && ends[0] >= at && ends[0] < end &&
		    g->event[ends[0]].time - ev->time <= r->within) {
			*first = i - 1;
			*last = ends[0];
			found = true;
		}
	}
	free(ends);
	return found;
}

static bool
enough(const struct group *g, const struct detect_rule *r, size_t at, int64_t low, int64_t high, size_t *first,
    size_t *last)
{
	switch (r->kind) {
	case DETECT_DISTINCT:
	case DETECT_ALL: return enough_values(g, r, at, low, high, first, last);
	case DETECT_ORDERED: return in_order(g, r, at, low, high, first, last);
	default: return enough_events(g, r, at, low, high, first, last);
	}
}

/* An event that several inputs match counts once. */
static bool
is_there(const struct group *g, const struct detect_rule *r, const struct window_event *ev)
{
	if (r->kind != DETECT_COUNT || r->inputs == 1)
		return false;
	for (size_t i = g->n; i > 0 && g->event[i - 1].time >= ev->time; i--)
		if (g->event[i - 1].seq == ev->seq)
			return true;
	return false;
}

/* Where the event now stands; false: it is not counted, because the group is
 * silent then or has it already. */
static bool
keep(struct windows *w, struct group *g, const struct window_event *ev, size_t *at, int64_t *low, int64_t *high)
{
	const struct detect_rule *r = &w->rules->rule[g->rule];

	if (!open_span(g, ev->time, low, high) || is_there(g, r, ev))
		return false;
	*at = insert(w, g, ev);
	return true;
}

void
windows_keep(struct windows *w, uint32_t rule, struct str group, const struct window_event *ev)
{
	int64_t low, high;
	size_t at;

	keep(w, find_or_add(w, rule, group), ev, &at, &low, &high);
}

bool
windows_add(struct windows *w, uint32_t rule, struct str group, const struct window_event *ev, int64_t from,
    struct window_firing *out)
{
	const struct detect_rule *r = &w->rules->rule[rule];
	struct group *g = find_or_add(w, rule, group);
	size_t at, first = 0, last = 0;
	int64_t low, high;

	if (!keep(w, g, ev, &at, &low, &high) || !enough(g, r, at, low > from ? low : from, high, &first, &last))
		return false;
	out->at = g->event[last].time;
	if (__builtin_add_overflow(out->at, r->silence, &out->until))
		out->until = INT64_MAX;
	out->event = &g->event[first];
	out->events = last - first + 1;
	add_firing(w, g, out->at, out->until);
	return true;
}

/* ---- forgetting ---- */

static void
forget_in(struct windows *w, struct group *g, int64_t time)
{
	size_t events = 0, firings = 0;

	while (events < g->n && g->event[events].time < time)
		events++;
	while (firings < g->firings && g->fired[firings].until < time)
		firings++;
	if (events > 0)
		memmove(g->event, g->event + events, (g->n - events) * sizeof(*g->event));
	if (firings > 0)
		memmove(g->fired, g->fired + firings, (g->firings - firings) * sizeof(*g->fired));
	g->n -= events;
	g->firings -= firings;
	w->bytes -= events * sizeof(*g->event) + firings * sizeof(*g->fired);
}

void
windows_forget(struct windows *w, int64_t time)
{
	size_t kept = 0;

	/* Not all groups for each few events of a log that is followed. */
	if (w->added < w->n / 4 && w->bytes <= WINDOW_BYTES_MAX / 2)
		return;
	w->added = 0;
	for (size_t i = 0; i < w->n; i++) {
		struct group *g = &w->group[i];
		int64_t from;

		if (w->rules->rule[g->rule].kind != DETECT_SILENT &&
		    !__builtin_sub_overflow(time, w->rules->rule[g->rule].within, &from))
			forget_in(w, g, from);
		if (g->n + g->firings > 0) {
			w->group[kept++] = *g;
			continue;
		}
		w->bytes -= sizeof(*g) + g->key.len + 4 * sizeof(*w->slot);
		group_fini(g);
	}
	if (kept == w->n)
		return;
	w->n = kept;
	set_slots(w, w->slots);
}

int
windows_check(const struct windows *w, struct err *e)
{
	if (w->bytes <= WINDOW_BYTES_MAX)
		return 0;
	return err_set(e, ERR_FAIL, "the rules have more than %u MB of groups to remember: give them fewer, or less time",
	    WINDOW_BYTES_MAX >> 20);
}
