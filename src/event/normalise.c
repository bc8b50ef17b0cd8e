/*
 * normalise: a scanned line becomes an event.
 *
 * First every key of the line claims its field; of two that claim the same
 * the better name stays.  Then members of an actor object claim what is
 * still free.  Then the claims are read: texts, times, words, addresses.
 * What claims nothing, loses, or does not fit its field is left over for
 * the context, so that nothing of the line is lost but nulls.
 *
 * In: a tape.   Out: an event, or the reason why it is none.
 */
#include "event/event.h"

#include <stdio.h>

#include "base/utf8.h"
#include "event/context.h"

#define DETAIL_MAX 80           /* bytes of a line that a message may quote */
#define RANK_STATUS 10000       /* an outcome in the place of a status: behind every alias */
#define RANK_MEMBER 10001       /* a member of an actor object: behind every key of the line */

const struct event_policy event_stored = { .stored = true, .assume_now = TIME_NONE };

struct normaliser {
	struct event *ev;
	const struct json_tape *t;
	const struct event_policy *policy;
	struct arena *a;
	const char **detail;
	field_set claimed;
	struct {
		uint32_t key;
		unsigned rank;
	} claim[FIELD_COUNT];    /* defined where claimed */
	uint32_t user, actor;    /* objects to flatten: their keys; 0: none */
	uint32_t bad_time;       /* the key of a time that is neither text nor number; 0: none */
	struct context context;
};

/* Bytes of the line for a message, shortened between characters. */
static const char *
quote_detail(struct arena *a, struct str s)
{
	char *copy;
	size_t n = s.len;

	if (n <= DETAIL_MAX)
		return arena_copy(a, s.p, n);
	n = utf8_valid_prefix(s.p, DETAIL_MAX);
	copy = arena_bytes(a, n + 4);
	memcpy(copy, s.p, n);
	memcpy(copy + n, "...", 4);
	return copy;
}

/* ---- claims ---- */

static void
leave_over(struct normaliser *n, uint32_t key)
{
	context_add(&n->context, key, key + 1, json_unescape(n->t, &n->t->tok[key], n->a));
}

static void
claim(struct normaliser *n, enum field f, unsigned rank, uint32_t key)
{
	if (n->claimed & FIELD_BIT(f)) {
		if (n->claim[f].rank <= rank) {
			leave_over(n, key);
			return;
		}
		leave_over(n, n->claim[f].key);
	}
	n->claimed |= FIELD_BIT(f);
	n->claim[f].key = key;
	n->claim[f].rank = rank;
}

/* A scalar as text: strings unescaped, others as their token. */
static struct str
scalar(const struct normaliser *n, uint32_t value)
{
	const struct json_token *tok = &n->t->tok[value];

	return tok->type == TOKEN_STRING ? json_unescape(n->t, tok, n->a) : json_bytes(n->t, tok);
}

/* A 64-bit integer stays a status; the word of an outcome is one. */
static void
claim_status(struct normaliser *n, unsigned rank, uint32_t key)
{
	struct str s = scalar(n, key + 1);

	if (n->t->tok[key + 1].type >= TOKEN_ARRAY)
		leave_over(n, key);
	else if (event_is_integer(s))
		claim(n, FIELD_STATUS, rank, key);
	else if (event_outcome(s) >= 0)
		claim(n, FIELD_OUTCOME, RANK_STATUS, key);
	else
		leave_over(n, key);
}

/*
 * What only the store may say.  Coming from outside it is dropped when it
 * looks like the store's own, so that exported lines go in again unchanged;
 * else it is somebody else's and kept.
 */
static void
claim_attested(struct normaliser *n, enum field f, uint32_t key)
{
	const struct json_token *tok = &n->t->tok[key + 1];
	bool fits;
	int64_t us;
	bool inexact;

	if (f == FIELD_PEER_UID)
		fits = tok->type == TOKEN_NUMBER && event_is_integer(json_bytes(n->t, tok));
	else
		fits = tok->type == TOKEN_STRING && tok->len == TIME_TEXT_LEN + 2 &&
		    time_parse(json_bytes(n->t, tok).p + 1, TIME_TEXT_LEN, &us, &inexact) == 0;
	if (!fits)
		leave_over(n, key);
	else if (n->policy->stored)
		claim(n, f, 0, key);
}

static void
claim_time(struct normaliser *n, unsigned rank, uint32_t key)
{
	unsigned type = n->t->tok[key + 1].type;

	if (type == TOKEN_STRING || type == TOKEN_NUMBER) {
		claim(n, FIELD_TIME, rank, key);
		return;
	}
	n->bad_time = key;
	leave_over(n, key);
}

static void
claim_string(struct normaliser *n, enum field f, unsigned rank, uint32_t key, struct str name)
{
	const struct json_token *tok = &n->t->tok[key + 1];

	if (tok->type < TOKEN_ARRAY) {
		/* An empty id or action names nothing. */
		if (tok->len > 2 || tok->type != TOKEN_STRING || (f != FIELD_ID && f != FIELD_ACTION))
			claim(n, f, rank, key);
	} else if (tok->type == TOKEN_OBJECT && str_eq(name, STR("user")))
		n->user = key;
	else if (tok->type == TOKEN_OBJECT && str_eq(name, STR("actor")))
		n->actor = key;
	else
		leave_over(n, key);
}

/* One key of the line, and its value. */
static void
claim_member(struct normaliser *n, uint32_t key)
{
	const struct json_token *tok = &n->t->tok[key];
	struct str name = json_unescape(n->t, tok, n->a);
	unsigned rank;
	enum field f = field_find_alias(name.p, name.len, &rank);

	if (f == FIELD_NONE) {
		context_add(&n->context, key, key + 1, name);
		return;
	}
	if (tok[1].type == TOKEN_NULL)
		return;
	switch (f) {
	case FIELD_TIME:
		claim_time(n, rank, key);
		break;
	case FIELD_INGESTED:
	case FIELD_PEER_UID:
		claim_attested(n, f, key);
		break;
	case FIELD_STATUS:
		claim_status(n, rank, key);
		break;
	case FIELD_DURATION_MS:
		if (tok[1].type == TOKEN_NUMBER)
			claim(n, f, rank, key);
		else
			leave_over(n, key);
		break;
	case FIELD_CHANGES:
	case FIELD_CONTEXT:
		claim(n, f, rank, key);
		break;
	default:
		claim_string(n, f, rank, key, name);
		break;
	}
}

/* ---- actor objects ---- */

/* Which members of an actor or user object are fields, the best name first. */
static const struct {
	struct str name;
	enum field field;
} principal[] = {
	{ { "id", 2 }, FIELD_ACTOR_ID },
	{ { "type", 4 }, FIELD_ACTOR_TYPE },
	{ { "name", 4 }, FIELD_ACTOR_NAME },
	{ { "login", 5 }, FIELD_ACTOR_NAME },
	{ { "username", 8 }, FIELD_ACTOR_NAME },
	{ { "email", 5 }, FIELD_ACTOR_EMAIL },
};

/* Takes the members that fill a free field; the object keeps the others. */
static void
flatten(struct normaliser *n, uint32_t key)
{
	for (size_t i = 0; i < sizeof(principal) / sizeof(*principal); i++) {
		uint32_t value = json_find(n->t, key + 1, principal[i].name, n->a);
		enum field f = principal[i].field;
		unsigned type;

		if (value == UINT32_MAX)
			continue;
		type = n->t->tok[value].type;
		if (type != TOKEN_NULL) {
			if (type >= TOKEN_ARRAY || n->claimed & FIELD_BIT(f))
				continue;
			claim(n, f, RANK_MEMBER, value - 1);
		}
		context_use(&n->context, value - 1);
	}
	leave_over(n, key);
}

/* ---- reading the claims ---- */

static enum event_fault
read_time(struct normaliser *n)
{
	struct event *ev = n->ev;
	uint32_t key = n->claim[FIELD_TIME].key;
	bool inexact = false;
	struct str s;

	if (!(n->claimed & FIELD_BIT(FIELD_TIME))) {
		if (n->bad_time != 0) {
			*n->detail = quote_detail(n->a, json_text(n->t, n->bad_time + 1, n->a));
			return EVENT_BAD_TIME;
		}
		if (n->policy->assume_now == TIME_NONE)
			return EVENT_NO_TIME;
		event_set_time(ev, FIELD_TIME, n->policy->assume_now);
		return EVENT_OK;
	}
	s = scalar(n, key + 1);
	if ((n->t->tok[key + 1].type == TOKEN_NUMBER ||
	    time_parse(s.p, s.len, &ev->time, &inexact) != 0) &&
	    time_parse_number(s.p, s.len, &ev->time, &inexact) != 0) {
		*n->detail = quote_detail(n->a, s);
		return EVENT_BAD_TIME;
	}
	ev->present |= FIELD_BIT(FIELD_TIME);
	if (inexact) {
		context_add(&n->context, key, key + 1, STR("time"));
		n->context.may_collide = true;
	}
	return EVENT_OK;
}

/* The stored field is known to be a time in canonical text. */
static void
read_ingested(struct normaliser *n)
{
	struct str s = scalar(n, n->claim[FIELD_INGESTED].key + 1);
	bool inexact;

	if (time_parse(s.p, s.len, &n->ev->ingested, &inexact) == 0)
		n->ev->present |= FIELD_BIT(FIELD_INGESTED);
}

/* A word of a closed list; one that is not known is kept in the context. */
static void
read_word(struct normaliser *n, enum field f)
{
	bool severity = f == FIELD_SEVERITY;
	const char *const *words = severity ? event_severities : event_outcomes;
	int word = severity ? SEVERITY_INFO : OUTCOME_UNKNOWN;

	if (n->claimed & FIELD_BIT(f)) {
		uint32_t key = n->claim[f].key;
		struct str s = scalar(n, key + 1);

		word = severity ? event_severity(s) : event_outcome(s);
		if (word < 0) {
			word = severity ? SEVERITY_WARNING : OUTCOME_UNKNOWN;
			leave_over(n, key);
		}
	}
	event_set(n->ev, f, str_of(words[word]));
}

static void
read_ip(struct normaliser *n)
{
	event_set_ip(n->ev, scalar(n, n->claim[FIELD_IP].key + 1), n->a);
}

/* Must be the last: what others left over belongs to it. */
static void
read_context(struct normaliser *n)
{
	struct str text;

	if (n->claimed & FIELD_BIT(FIELD_CONTEXT)) {
		uint32_t value = n->claim[FIELD_CONTEXT].key + 1;

		if (n->t->tok[value].type == TOKEN_OBJECT)
			n->context.base = value;
		else {
			context_add(&n->context, 0, value, STR("value"));
			n->context.may_collide = true;
		}
	}
	text = context_finish(&n->context);
	if (text.p != NULL)
		event_set(n->ev, FIELD_CONTEXT, text);
}

static void
read_claims(struct normaliser *n)
{
	const field_set apart = FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_INGESTED) |
	    FIELD_BIT(FIELD_SEVERITY) | FIELD_BIT(FIELD_OUTCOME) | FIELD_BIT(FIELD_IP) |
	    FIELD_BIT(FIELD_CHANGES) | FIELD_BIT(FIELD_CONTEXT);
	field_set left;

	for (left = n->claimed & ~apart; left != 0; left &= left - 1) {
		enum field f = (enum field)__builtin_ctzll(left);

		event_set(n->ev, f, scalar(n, n->claim[f].key + 1));
	}
	if (n->claimed & FIELD_BIT(FIELD_INGESTED))
		read_ingested(n);
	if (n->claimed & FIELD_BIT(FIELD_IP))
		read_ip(n);
	if (n->claimed & FIELD_BIT(FIELD_CHANGES))
		event_set(n->ev, FIELD_CHANGES,
		    json_text(n->t, n->claim[FIELD_CHANGES].key + 1, n->a));
	read_word(n, FIELD_SEVERITY);
	read_word(n, FIELD_OUTCOME);
	read_context(n);
}

bool
event_source_reserved(struct str source)
{
	return str_begins(source, STR(EVENT_RESERVED_SOURCE));
}

/* audit-toolkit@0123456789ab */
static bool
is_restored(struct str source)
{
	if (!str_begins(source, STR(EVENT_RESTORED_SOURCE)) ||
	    source.len != sizeof(EVENT_RESTORED_SOURCE) - 1 + EVENT_RESTORED_HEX)
		return false;
	for (size_t i = sizeof(EVENT_RESTORED_SOURCE) - 1; i < source.len; i++)
		if ((source.p[i] < '0' || source.p[i] > '9') && (source.p[i] < 'a' || source.p[i] > 'f'))
			return false;
	return true;
}

/* The source is one that may come from outside, or becomes one. */
static bool
settle_source(struct normaliser *n)
{
	struct event *ev = n->ev;

	if (n->policy->stored || !event_has(ev, FIELD_SOURCE) || !event_source_reserved(ev->v[FIELD_SOURCE]))
		return true;
	if (n->policy->restored.p == NULL)
		return false;
	if (str_eq(ev->v[FIELD_SOURCE], STR(EVENT_RESERVED_SOURCE))) {
		event_set(ev, FIELD_SOURCE, n->policy->restored);
		return true;
	}
	return is_restored(ev->v[FIELD_SOURCE]);
}

/* What makes a line no event, though every value was readable. */
static enum event_fault
check(struct normaliser *n)
{
	struct event *ev = n->ev;
	if (event_has(ev, FIELD_ID) && ev->v[FIELD_ID].len > EVENT_ID_MAX) {
		*n->detail = quote_detail(n->a, ev->v[FIELD_ID]);
		return EVENT_ID_TOO_LONG;
	}
	if (!settle_source(n)) {
		*n->detail = quote_detail(n->a, ev->v[FIELD_SOURCE]);
		return EVENT_RESERVED;
	}
	return EVENT_OK;
}

enum event_fault
event_from_json(struct event *ev, const struct json_tape *t, const struct event_policy *policy,
    struct arena *a, const char **detail)
{
	struct normaliser n;
	enum event_fault fault;
	uint32_t i;

	*detail = "";
	ev->present = 0;
	ev->time = ev->ingested = TIME_NONE;
	if (t->tok[0].type != TOKEN_OBJECT)
		return EVENT_NOT_OBJECT;
	n.ev = ev;
	n.t = t;
	n.policy = policy;
	n.a = a;
	n.detail = detail;
	n.claimed = 0;
	n.user = n.actor = n.bad_time = 0;
	context_init(&n.context, t, a);

	for (i = 1; i < t->tok[0].next; i = t->tok[i + 1].next)
		claim_member(&n, i);
	if (n.user != 0)
		flatten(&n, n.user);
	if (n.actor != 0)
		flatten(&n, n.actor);

	if (!(n.claimed & FIELD_BIT(FIELD_ACTION)))
		return EVENT_NO_ACTION;
	fault = read_time(&n);
	if (fault != EVENT_OK)
		return fault;
	read_claims(&n);
	return check(&n);
}

/* ---- from the bytes of a line ---- */

static enum event_fault
scan_fault(const struct json_error *e, struct arena *a, const char **detail)
{
	char *text = arena_bytes(a, DETAIL_MAX + 1);

	snprintf(text, DETAIL_MAX + 1, "byte %zu: expected %s", e->offset + 1, e->expected);
	*detail = text;
	switch (e->fault) {
	case JSON_NOT_UTF8: return EVENT_NOT_UTF8;
	case JSON_TOO_DEEP: return EVENT_TOO_DEEP;
	case JSON_TOO_LONG: return EVENT_TOO_LONG;
	case JSON_SURROGATE: return EVENT_LONE_SURROGATE;
	case JSON_SYNTAX: case JSON_OK: break;
	}
	return EVENT_NOT_JSON;
}

static bool
is_blank(const char *p, size_t len)
{
	size_t i = 0;

	while (i < len && (p[i] == ' ' || p[i] == '\t' || p[i] == '\r' || p[i] == '\n'))
		i++;
	return i == len;
}

enum event_fault
event_scan(struct json_tape *t, const char *line, size_t len, const struct event_policy *policy, struct arena *a,
    const char **detail)
{
	struct json_error e;

	*detail = "";
	if (is_blank(line, len))
		return EVENT_BLANK;
	if (json_scan_limit(t, line, len, policy->stored ? JSON_STORED_MAX : JSON_LEN_MAX, &e) != 0)
		return scan_fault(&e, a, detail);
	return EVENT_OK;
}

enum event_fault
event_check_keys(const struct json_tape *t, struct arena *a, const char **detail)
{
	uint32_t key = json_duplicate_key(t, a);

	*detail = "";
	if (key == UINT32_MAX)
		return EVENT_OK;
	*detail = quote_detail(a, json_unescape(t, &t->tok[key], a));
	return EVENT_DUPLICATE_KEY;
}

enum event_fault
event_parse(struct event *ev, const char *line, size_t len, const struct event_policy *policy,
    struct json_tape *t, struct arena *a, const char **detail)
{
	enum event_fault fault = event_scan(t, line, len, policy, a, detail);

	if (fault == EVENT_OK)
		fault = event_check_keys(t, a, detail);
	return fault == EVENT_OK ? event_from_json(ev, t, policy, a, detail) : fault;
}
