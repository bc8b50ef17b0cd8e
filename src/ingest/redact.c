/*
 * redact: secrets in a scanned line (see redact.h).
 *
 * In: the tape of a line.   Out: the same tape, some values replaced.
 *
 * Names are looked at one by one.  For texts the line is searched as a whole,
 * and only a value, or a name, in which something was found is looked at
 * alone, as are those whose escapes may hide something.
 */
#include "ingest/redact.h"

#include <stdio.h>
#include <string.h>

#include "ingest/redact_digits.h"
#include "ingest/redact_rule.h"
#include "ingest/redact_set.h"

/* ---- values under secret names ---- */

/* A scalar under a secret name.  true, false and null tell nothing. */
static void
redact_scalar(struct redact_work *w, struct json_tape *t, uint32_t index, unsigned flags, struct arena *a)
{
	const struct json_token *tok = &t->tok[index];
	bool number = tok->type == TOKEN_NUMBER;
	unsigned rule = redact_rule_of_name(flags);
	struct str value;

	if ((!number && tok->type != TOKEN_STRING) || w->r->off[rule])
		return;
	value = number ? json_bytes(t, tok) : json_unescape(t, tok, a);
	if (!redact_secret_value(value, number, flags))
		return;
	json_replace(t, index, redact_marker(w->r, rule));
	redact_add_hit(w, rule);
}

/* A value under a secret name: scalars, also in arrays.  What is in an object
 * has names of its own. */
static void
redact_value(struct redact_work *w, struct json_tape *t, uint32_t index, unsigned flags, struct arena *a)
{
	uint32_t end = t->tok[index].next;

	if (t->tok[index].type != TOKEN_ARRAY) {
		redact_scalar(w, t, index, flags, a);
		return;
	}
	for (index++; index < end;) {
		if (t->tok[index].type == TOKEN_OBJECT)
			index = t->tok[index].next;
		else
			redact_scalar(w, t, index++, flags, a);
	}
}

#define PAIR_REACH 3 /* members between the name and the value, and one */

/* {"name":"DB_PASSWORD","value":"x"}, {"ParameterKey":...,"ParameterValue":...} */
static bool
is_value_name(struct str name)
{
	return name.len >= 5 && str_eq_nocase((struct str){ name.p + name.len - 5, 5 }, STR("value"));
}

static bool
is_name_name(struct str name)
{
	static const char *const names[] = { "name", "key", "parameterkey", "parametername", "variable", "field", "header" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq_nocase(name, str_of(names[i])))
			return true;
	return false;
}

/* Whether the member at `index` says that the value beside it is secret. */
static bool
names_secret(const struct json_tape *t, uint32_t index, unsigned *flags, struct arena *a)
{
	return t->tok[index + 1].type == TOKEN_STRING && is_name_name(json_unescape(t, &t->tok[index], a)) &&
	    redact_secret_name(json_unescape(t, &t->tok[index + 1], a), flags);
}

/* Looks at members beside the one at `index`: before it only behind scalars. */
static bool
has_secret_name(const struct json_tape *t, uint32_t index, unsigned *flags, struct arena *a)
{
	uint8_t depth = t->tok[index].depth;
	uint32_t at = index;

	for (unsigned i = 0; i < PAIR_REACH && at >= 2 && t->tok[at - 2].flags & JSON_KEY && t->tok[at - 2].depth == depth; i++)
		if (names_secret(t, at -= 2, flags, a))
			return true;
	at = t->tok[index + 1].next;
	for (unsigned i = 0; i < PAIR_REACH && at < t->n && t->tok[at].flags & JSON_KEY && t->tok[at].depth == depth; i++) {
		if (names_secret(t, at, flags, a))
			return true;
		at = t->tok[at + 1].next;
	}
	return false;
}

static void
redact_names(struct redact_work *w, struct json_tape *t, struct arena *a)
{
	unsigned flags;

	for (uint32_t i = 0; i < t->n; i++) {
		struct str name;

		if (t->tok[i].type == TOKEN_ARRAY && !w->r->off[REDACT_COMMAND])
			redact_list(w, t, i, a);
		if (!(t->tok[i].flags & JSON_KEY))
			continue;
		name = json_unescape(t, &t->tok[i], a);
		if (redact_likely_name(name) && (redact_secret_name(name, &flags) ||
		    (is_value_name(name) && has_secret_name(t, i, &flags, a))))
			redact_value(w, t, i + 1, flags, a);
	}
}

/* ---- texts ---- */

/* request_id, eventTime, recipientAccountId: no number under these is a card's. */
static bool
is_number_of(struct str name)
{
	static const char *const ends[] = { "id", "ids", "time", "timestamp", "arn", "hash", "uid", "seq",
		"serial", "version", "port" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct str end = str_of(ends[i]);

		if (name.len >= end.len &&
		    str_eq_nocase((struct str){ name.p + name.len - end.len, end.len }, end))
			return true;
	}
	return false;
}

/* The key before a value, or "" in an array. */
static struct str
name_of(const struct json_tape *t, uint32_t index, struct arena *a)
{
	if (index == 0 || !(t->tok[index - 1].flags & JSON_KEY))
		return STR("");
	return json_unescape(t, &t->tok[index - 1], a);
}

/* Two names that were hidden must not be one: the second is [REDACTED:rule]#2. */
static void
replace_name(struct redact_work *w, struct json_tape *t, uint32_t index, struct str clean, struct arena *a)
{
	char number[16];
	size_t len = 0;
	char *name;

	if (++w->names > 1)
		len = (size_t)snprintf(number, sizeof(number), "#%u", w->names);
	name = arena_bytes(a, clean.len + len);
	memcpy(name, clean.p, clean.len);
	memcpy(name + clean.len, number, len);
	json_replace(t, index, (struct str){ name, clean.len + len });
}

static void
redact_value_text(struct redact_work *w, struct json_tape *t, uint32_t index, struct arena *a)
{
	const struct json_token *tok = &t->tok[index];
	bool card = !w->r->off[REDACT_CARD] && !is_number_of(name_of(t, index, a));
	struct str s, clean;

	if (tok->type == TOKEN_NUMBER && (!card || tok->len < FIND_DIGITS_MIN))
		return;
	s = tok->type == TOKEN_NUMBER ? json_bytes(t, tok) : json_unescape(t, tok, a);
	clean = redact_text(w, s, card, a);
	if (clean.p == s.p)
		return;
	if (tok->flags & JSON_KEY)
		replace_name(w, t, index, clean, a);
	else
		json_replace(t, index, clean);
}

/* Whether this token's bytes are those of the line. */
static inline bool
is_plain(const struct json_token *tok)
{
	return (tok->type == TOKEN_STRING || tok->type == TOKEN_NUMBER) &&
	    !(tok->flags & (JSON_SIDE | JSON_ESCAPED));
}

/*
 * The value that the place `at` of the line is in: looks at it, once, and
 * returns where it ends.  *index goes on with the places.
 */
static size_t
redact_place(struct redact_work *w, struct json_tape *t, uint32_t *index, size_t at, struct arena *a)
{
	const struct json_token *tok;
	size_t end;

	while (*index < t->n && (!is_plain(&t->tok[*index]) ||
	    t->tok[*index].off + t->tok[*index].len <= at))
		++*index;
	if (*index == t->n)
		return SIZE_MAX;
	tok = &t->tok[*index];
	if (tok->off > at)
		return at + 1;
	end = tok->off + tok->len;
	redact_value_text(w, t, *index, a);
	return end;
}

static void
redact_found(struct redact_work *w, struct json_tape *t, struct str line, size_t base, struct arena *a)
{
	struct find_walk walk = finder_walk(&w->r->line, line.p, line.len);
	uint32_t index = 0;
	unsigned kinds;
	size_t at = 0, end;

	while ((at = finder_next(&walk, at, &kinds)) < line.len) {
		at = redact_place(w, t, &index, base + at, a);
		if (at == SIZE_MAX)
			break;
		at -= base;
	}
	if (w->r->off[REDACT_CARD])
		return;
	index = 0;
	for (at = 0; (at = find_digits(line.p, line.len, at, &end)) < line.len; at = end)
		redact_place(w, t, &index, base + at, a);
}

static void
redact_escaped(struct redact_work *w, struct json_tape *t, struct arena *a)
{
	for (uint32_t i = 0; i < t->n; i++)
		if ((t->tok[i].flags & (JSON_ESCAPED | JSON_SIDE)) == JSON_ESCAPED)
			redact_value_text(w, t, i, a);
}

unsigned
redact_tape(struct redact_work *w, struct json_tape *t, struct arena *a)
{
	struct str line;
	size_t base;
	bool escaped = t->escaped;

	w->hits = 0;
	w->names = 0;
	if (w->r->none || t->n == 0 || t->tok[0].flags & JSON_SIDE)
		return 0;
	/* Asked first: the only token of a line may be one that is replaced. */
	base = t->tok[0].off;
	line = json_bytes(t, &t->tok[0]);
	redact_names(w, t, a);
	redact_found(w, t, line, base, a);
	if (escaped)
		redact_escaped(w, t, a);
	return (unsigned)w->hits;
}

#define CUT_MAX (16 * 1024) /* no token is longer */

/* Groups of a card's number count as one word. */
struct str
redact_cut(struct str p)
{
	static const char ends[] = "\"'\\,;<> \t\r\n";
	size_t low = p.len > CUT_MAX ? p.len - CUT_MAX : 0, at = p.len;

	while (at > low && (p.p[at - 1] == ' ' || p.p[at - 1] == '-' || (p.p[at - 1] >= '0' && p.p[at - 1] <= '9')))
		at--;
	if (at == p.len || p.p[at] != ' ')
		while (at > low && memchr(ends, p.p[at - 1], sizeof(ends) - 1) == NULL)
			at--;
	return (struct str){ p.p, at };
}

struct str
redact_bytes(struct redact_work *w, struct str p, struct arena *a, unsigned *hidden)
{
	struct str s;

	w->hits = 0;
	s = w->r->none ? p : redact_text(w, p, true, a);
	*hidden = (unsigned)w->hits;
	return s;
}
