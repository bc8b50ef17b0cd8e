/*
 * verify_deed: what a record of the toolkit authorises.
 *
 * In: an event of leaf kind 1.   Out: what other rows are held against.
 */
#include "store/context.h"
#include "store/verify_parts.h"

static enum deed_kind
deed_kind(const struct event *ev)
{
	static const struct {
		struct str action;
		enum deed_kind kind;
	} kinds[] = {
		{ { "audit.prune", 11 }, DEED_PRUNE },
		{ { "audit.erase", 11 }, DEED_ERASE },
		{ { "audit.key-init", 14 }, DEED_FIRST_KEY },
		{ { "audit.key-rotate", 16 }, DEED_NEXT_KEY },
		{ { "audit.hold-place", 16 }, DEED_HOLD },
		{ { "audit.hold-lift", 15 }, DEED_LIFT },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (event_has(ev, FIELD_ACTION) && str_eq(ev->v[FIELD_ACTION], kinds[i].action))
			return kinds[i].kind;
	return DEED_NONE;
}

/* The ids, as long as there are no more than can be active. */
static bool
read_lifts(struct deed *d, const struct json_tape *t, struct arena *a)
{
	uint32_t list = context_find(t, "holds", a);
	uint64_t *id;
	size_t n = 0;

	if (list == 0 || t->tok[list].type != TOKEN_ARRAY)
		return false;
	id = arena_alloc(a, HOLDS_ACTIVE_MAX * sizeof(*id));
	for (uint32_t at = list + 1; at < t->tok[list].next; at = t->tok[at].next)
		if (n == HOLDS_ACTIVE_MAX || !context_number_at(t, at, &id[n++]))
			return false;
	d->lifts = id;
	d->n_lifts = n;
	return true;
}

bool
deed_lifts(const struct deed *d, uint64_t hold)
{
	for (size_t i = 0; i < d->n_lifts; i++)
		if (d->lifts[i] == hold)
			return true;
	return false;
}

static void
read_context(struct deed *d, const struct json_tape *t, struct arena *a)
{
	uint32_t closing = context_find(t, "closing", a);

	d->closing = closing != 0 && t->tok[closing].type == TOKEN_TRUE;
	switch (d->kind) {
	case DEED_FIRST_KEY:
	case DEED_NEXT_KEY:
		d->complete = context_text(t, "key", a, &d->key);
		break;
	case DEED_ERASE:
		d->complete = context_digest(t, "digest", a, &d->digest);
		break;
	case DEED_HOLD:
		d->complete = context_number(t, "hold", a, &d->hold) && context_digest(t, "digest", a, &d->digest) &&
		    context_number(t, "events", a, &d->events);
		break;
	case DEED_LIFT:
		d->complete = read_lifts(d, t, a);
		break;
	default:
		d->complete = context_digest(t, "digest", a, &d->digest) && context_number(t, "events", a, &d->events) &&
		    context_number(t, "first_seq", a, &d->first) && context_number(t, "last_seq", a, &d->last) &&
		    context_time(t, "oldest", a, &d->oldest) && context_time(t, "newest", a, &d->newest);
	}
}

void
deed_read(struct deed *d, const struct event *ev, struct value_check *memory)
{
	*d = (struct deed){ .kind = deed_kind(ev), .key = STR("") };
	if (d->kind == DEED_NONE)
		return;
	arena_reset(&memory->arena);
	if (context_scan(ev, &memory->tape))
		read_context(d, &memory->tape, &memory->arena);
}
