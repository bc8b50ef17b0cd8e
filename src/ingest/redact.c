/*
 * redact: secrets in a scanned line (see redact.h).
 *
 * In: the tape of a line.   Out: the same tape, some values replaced.
 */
#include "ingest/redact.h"

#include "base/simd.h"
#include "ingest/redact_rule.h"

/* A scalar under a secret name.  true, false and null tell nothing. */
static unsigned
redact_scalar(struct json_tape *t, uint32_t index, unsigned flags, struct arena *a)
{
	const struct json_token *tok = &t->tok[index];
	bool number = tok->type == TOKEN_NUMBER;
	struct str value;

	if (!number && tok->type != TOKEN_STRING)
		return 0;
	value = number ? json_bytes(t, tok) : json_unescape(t, tok, a);
	if (!redact_secret_value(value, number, flags))
		return 0;
	json_replace(t, index, redact_marker(REDACT_SECRET_KEY));
	return 1;
}

/* A value under a secret name: scalars, also in arrays.  What is in an object
 * has names of its own. */
static unsigned
redact_value(struct json_tape *t, uint32_t index, unsigned flags, struct arena *a)
{
	unsigned changed = 0;
	uint32_t end = t->tok[index].next;

	if (t->tok[index].type != TOKEN_ARRAY)
		return redact_scalar(t, index, flags, a);
	for (index++; index < end;) {
		if (t->tok[index].type == TOKEN_OBJECT)
			index = t->tok[index].next;
		else
			changed += redact_scalar(t, index++, flags, a);
	}
	return changed;
}

static unsigned
redact_secrets(struct json_tape *t, struct arena *a)
{
	unsigned changed = 0, flags;

	for (uint32_t i = 0; i < t->n; i++) {
		struct str name;

		if (!(t->tok[i].flags & JSON_KEY))
			continue;
		name = json_unescape(t, &t->tok[i], a);
		if (redact_likely_name(name) && redact_secret_name(name, &flags))
			changed += redact_value(t, i + 1, flags, a);
	}
	return changed;
}

/* The text with a marker in the place of each token; false when it has none. */
static bool
replace_jwts(struct str *s, struct arena *a)
{
	struct str marker = redact_marker(REDACT_JWT);
	size_t at, from = 0, n;
	char *out = NULL, *o = NULL;

	for (at = simd_find_jwt(s->p, s->len); at < s->len;
	    at += simd_find_jwt(s->p + at, s->len - at)) {
		n = redact_jwt_at(*s, at);
		if (n == 0) {
			at += 3;
			continue;
		}
		/* A marker is shorter than any token. */
		if (out == NULL)
			out = o = arena_bytes(a, s->len);
		memcpy(o, s->p + from, at - from);
		o += at - from;
		memcpy(o, marker.p, marker.len);
		o += marker.len;
		from = at += n;
	}
	if (out == NULL)
		return false;
	memcpy(o, s->p + from, s->len - from);
	*s = (struct str){ out, (size_t)(o - out) + s->len - from };
	return true;
}

/* Only a line with "eyJ" in it, or with escapes that may hide it, is walked. */
static bool
may_have_jwt(const struct json_tape *t)
{
	struct str all = json_bytes(t, &t->tok[0]);

	return t->escaped || simd_find_jwt(all.p, all.len) < all.len;
}

static unsigned
redact_jwts(struct json_tape *t, struct arena *a)
{
	unsigned changed = 0;

	for (uint32_t i = 0; i < t->n; i++) {
		const struct json_token *tok = &t->tok[i];
		struct str s;

		if (tok->type != TOKEN_STRING || tok->flags & (JSON_KEY | JSON_SIDE))
			continue;
		s = json_unescape(t, tok, a);
		if (replace_jwts(&s, a)) {
			json_replace(t, i, s);
			changed++;
		}
	}
	return changed;
}

unsigned
redact_tape(struct json_tape *t, struct arena *a)
{
	bool jwts;
	unsigned changed;

	if (t->n == 0)
		return 0;
	/* Asked first: the only token of a line may be one that is replaced. */
	jwts = may_have_jwt(t);
	changed = redact_secrets(t, a);
	return jwts ? changed + redact_jwts(t, a) : changed;
}
