/*
 * session_sums: which session something belongs to, and what it says of it
 * (see session_sums.h).
 */
#include "query/session_sums.h"

const enum field session_text_field[SESSION_TEXTS] = {
	[SESSION_ACTOR_ID] = FIELD_ACTOR_ID, [SESSION_ACTOR_NAME] = FIELD_ACTOR_NAME,
	[SESSION_ACTOR_EMAIL] = FIELD_ACTOR_EMAIL, [SESSION_IDP] = FIELD_IDP, [SESSION_DEVICE] = FIELD_DEVICE,
	[SESSION_USER_AGENT] = FIELD_USER_AGENT, [SESSION_IP] = FIELD_IP, [SESSION_LAST_IP] = FIELD_IP,
};

/* ---- which session ---- */

bool
session_sums_find(const struct session_sums *s, const int64_t **start, uint32_t *parts)
{
	size_t place;

	*start = NULL;
	*parts = 1;
	if (s->known == NULL)
		return true;
	if (!tally_find(s->known->keys, buf_view(&s->text), &place))
		return false;
	if (s->known->from != NULL) {
		*start = s->known->start + s->known->from[place];
		*parts = (uint32_t)(s->known->from[place + 1] - s->known->from[place]) + 1;
	}
	return true;
}

uint32_t
session_part(const int64_t *start, uint32_t parts, int64_t time)
{
	uint32_t low = 0, high = parts - 1; /* starts that are not later: from low to high */

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (start[middle] <= time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t
session_part_number(const struct session_sums *s, uint32_t part)
{
	return s->known != NULL && s->known->from != NULL ? part : SESSION_UNDIVIDED;
}

bool
session_sums_key(struct session_sums *s, struct session_key *k, int64_t time)
{
	const int64_t *start;
	uint32_t parts;

	k->part = SESSION_UNDIVIDED;
	buf_reset(&s->text);
	session_key_format(&s->text, k);
	if (!session_sums_find(s, &start, &parts))
		return false;
	k->part = session_part_number(s, parts > 1 ? session_part(start, parts, time) : 0);
	if (k->part != SESSION_UNDIVIDED) {
		buf_reset(&s->text);
		session_key_format(&s->text, k);
	}
	return true;
}

/* ---- what an event says ---- */

/* The first value of a path in a payload, p NULL: none. */
static struct str
first_value(struct session_sums *s, const struct selector *path, struct str json)
{
	selector_values(path, json, &s->scratch, NULL);
	return s->scratch.n > 0 ? s->scratch.value[0].text : (struct str){ NULL, 0 };
}

void
session_sums_expiry(struct session_sums *s, struct session_facts *f, int64_t time, const struct selector *path,
    struct str json)
{
	struct str text = first_value(s, path, json);
	bool inexact;
	int64_t us;

	if (text.p == NULL || (time_parse(text.p, text.len, &us, &inexact) != 0 &&
	    time_parse_number(text.p, text.len, &us, &inexact) != 0))
		return;
	if (time > f->stated_at || (time == f->stated_at && us > f->expires)) {
		f->stated_at = time;
		f->expires = us;
	}
}

void
session_sums_revoke(struct session_sums *s, struct str id, struct str context, int64_t time)
{
	struct session_key k = { .id = id };
	struct str *const part[] = { &k.source, &k.tenant, &k.host };
	const uint32_t none[SESSION_TEXTS] = { 0 };
	struct session_facts nothing;

	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		struct str v = first_value(s, &s->plan->named[i], context);

		if (v.p != NULL)
			*part[i] = (struct str){ arena_copy(&s->arena, v.p, v.len), v.len };
	}
	if (!session_sums_key(s, &k, time))
		return;
	session_facts_init(&nothing);
	session_table_mark(s->table, session_table_add(s->table, buf_view(&s->text), &nothing, none), time,
	    SESSION_REVOKE);
}

bool
session_has_failed(struct str outcome)
{
	return str_eq(outcome, str_of(event_outcomes[OUTCOME_FAILURE]));
}
