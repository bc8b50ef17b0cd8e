/*
 * context: what a record of the toolkit says besides the fields that all
 * events have.
 *
 *	"context":{"hold":3,"matter":"2026-17","holds":[1,2],"digest":"9f86..."}
 *
 * In: an event.   Out: members of its context.
 */
#include "store/context.h"

bool
context_scan(const struct event *ev, struct json_tape *t)
{
	struct json_error wrong;
	struct str s;

	if (!event_has(ev, FIELD_CONTEXT))
		return false;
	s = ev->v[FIELD_CONTEXT];
	return json_scan_limit(t, s.p, s.len, JSON_STORED_MAX, &wrong) == 0 && t->tok[0].type == TOKEN_OBJECT;
}

uint32_t
context_find(const struct json_tape *t, const char *key, struct arena *a)
{
	uint32_t at = json_find(t, 0, str_of(key), a);

	return at == UINT32_MAX ? 0 : at;
}

bool
context_text(const struct json_tape *t, const char *key, struct arena *a, struct str *out)
{
	uint32_t at = context_find(t, key, a);

	if (at == 0 || t->tok[at].type != TOKEN_STRING)
		return false;
	*out = json_unescape(t, &t->tok[at], a);
	return true;
}

bool
context_number_at(const struct json_tape *t, uint32_t at, uint64_t *out)
{
	struct str s;

	if (t->tok[at].type != TOKEN_NUMBER)
		return false;
	s = json_bytes(t, &t->tok[at]);
	*out = 0;
	if (s.len > 18)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(s.p[i] - '0');
	}
	return true;
}

bool
context_number(const struct json_tape *t, const char *key, struct arena *a, uint64_t *out)
{
	uint32_t at = context_find(t, key, a);

	return at != 0 && context_number_at(t, at, out);
}

bool
context_time(const struct json_tape *t, const char *key, struct arena *a, int64_t *out)
{
	struct str s;
	bool inexact;

	return context_text(t, key, a, &s) && time_parse(s.p, s.len, out, &inexact) == 0;
}

bool
context_digest(const struct json_tape *t, const char *key, struct arena *a, struct hash *out)
{
	struct str s;

	return context_text(t, key, a, &s) && s.len == 2 * HASH_LEN && hex_parse(s.p, s.len, out->b);
}
