/*
 * alert: what a rule writes when it fires (see alert.h).
 */
#include "detect/alert.h"

#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"
#include "event/json.h"

#define SHORT_MAX 200 /* bytes of a value in the sentence */

bool
alert_is(const struct event *ev)
{
	return event_has(ev, FIELD_SOURCE) && str_eq(ev->v[FIELD_SOURCE], STR(EVENT_RESERVED_SOURCE)) &&
	    event_has(ev, FIELD_CHANNEL) && str_eq(ev->v[FIELD_CHANNEL], STR(ALERT_CHANNEL));
}

/* ---- the group's values ---- */

struct member {
	struct str name, value; /* value.p NULL: null */
};

/* Of a flat object of strings and nulls; its texts in a. */
static size_t
members_of(struct str object, struct member out[DETECT_BY_MAX], struct arena *a)
{
	struct json_tape tape = { 0 };
	struct json_error je;
	size_t n = 0;

	if (json_scan(&tape, object.p, object.len, &je) == 0 && tape.tok[0].type == TOKEN_OBJECT)
		for (uint32_t i = 1; i < tape.tok[0].next && n < DETECT_BY_MAX; i = tape.tok[i + 1].next) {
			struct str name = json_unescape(&tape, &tape.tok[i], a), value = { NULL, 0 };

			if (tape.tok[i + 1].type == TOKEN_STRING)
				value = json_unescape(&tape, &tape.tok[i + 1], a);
			out[n++] = (struct member){ { arena_copy(a, name.p, name.len), name.len },
				{ value.p != NULL ? arena_copy(a, value.p, value.len) : NULL, value.len } };
		}
	json_tape_fini(&tape);
	return n;
}

/* The field that a group's value is of, whatever the rule calls it: Sigma has
 * names of its own. */
static struct str
field_of(const struct detect_rule *r, size_t i, struct str name)
{
	const struct detect_field *by = i < r->bys ? &r->input->by[i] : NULL;

	for (size_t k = 0; by != NULL && k < by->n; k++)
		if (by->from[k].steps == 0)
			return by->from[k].text;
	return name;
}

/* Where a group's value stands in the alert: actors are what it is about, the
 * rest is where it came from. */
static void
set_field(struct event *ev, struct str name, struct str value, struct arena *a)
{
	static const enum field same[] = { FIELD_TENANT, FIELD_SESSION_ID, FIELD_DEVICE, FIELD_SHARE, FIELD_HOST,
		FIELD_USER_AGENT, FIELD_TARGET_ID, FIELD_TARGET_NAME, FIELD_TARGET_PATH, FIELD_TARGET_TYPE };

	if (value.p == NULL)
		return;
	if (str_begins(name, STR("actor_")) && !event_has(ev, FIELD_TARGET_ID) && !str_eq(name, STR("actor_type"))) {
		event_set(ev, FIELD_TARGET_TYPE, STR("identity"));
		event_set(ev, FIELD_TARGET_ID, value);
	} else if (str_eq(name, STR("ip"))) {
		event_set_ip(ev, value, a);
	} else
		for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
			if (str_eq(name, str_of(field_table[same[i]].key)) && !event_has(ev, same[i]))
				event_set(ev, same[i], value);
}

/* ---- the event ---- */

static struct str
kept(struct arena *a, const struct buf *b)
{
	return (struct str){ arena_copy(a, b->p, b->len), b->len };
}

static void
put_time(struct buf *out, const char *key, int64_t us)
{
	char text[TIME_TEXT_LEN];

	if (us == TIME_NONE)
		return;
	time_format(text, us);
	buf_printf(out, ",\"%s\":\"%.*s\"", key, TIME_TEXT_LEN, text);
}

static void
put_evidence(struct buf *out, const struct alert *al)
{
	bool any = false;

	buf_str(out, STR(",\"events\":["));
	for (size_t i = 0; i < al->seqs; i++) {
		if (al->id[i].p == NULL)
			continue;
		if (any)
			buf_byte(out, ',');
		json_quote(out, al->id[i]);
		any = true;
	}
	buf_str(out, STR("],\"seqs\":["));
	for (size_t i = 0; i < al->seqs; i++)
		buf_printf(out, "%s%" PRIu64, i > 0 ? "," : "", al->seq[i]);
	buf_byte(out, ']');
}

static void
put_context(struct buf *out, const struct detect_rule *r, const struct alert *al)
{
	buf_str(out, STR("{\"rule\":"));
	json_quote(out, r->name);
	if (al->more > 0) {
		buf_printf(out, ",\"more\":%" PRIu64 "}", al->more);
		return;
	}
	if (r->details.p != NULL) {
		buf_byte(out, ',');
		buf_str(out, r->details);
	}
	buf_str(out, STR(",\"group\":"));
	buf_str(out, al->group);
	if (al->value.p != NULL) {
		buf_printf(out, ",\"%s\":", r->kind == DETECT_SILENT ? "silent" : "new");
		json_quote(out, al->value);
	}
	buf_printf(out, ",\"count\":%" PRIu64, al->count);
	put_time(out, "first", al->first);
	put_time(out, "last", al->last);
	put_time(out, "until", al->until);
	if (al->seqs > 0)
		put_evidence(out, al);
	buf_byte(out, '}');
}

/* The beginning of what is long. */
static void
put_short(struct buf *out, struct str value)
{
	size_t len = value.len <= SHORT_MAX ? value.len : utf8_valid_prefix(value.p, SHORT_MAX);

	buf_add(out, value.p, len);
	if (len < value.len)
		buf_str(out, STR("..."));
}

/* "Too many failed sign-ins: alice, 10.0.0.9" */
static void
put_description(struct buf *out, const struct detect_rule *r, const struct alert *al, const struct member *m, size_t n)
{
	const char *gap = ": ";

	buf_str(out, r->title);
	if (al->more > 0)
		buf_printf(out, ": %" PRIu64 " groups more", al->more);
	for (size_t i = 0; i < n; i++) {
		if (m[i].value.p == NULL)
			continue;
		buf_str(out, str_of(gap));
		put_short(out, m[i].value);
		gap = ", ";
	}
	if (al->value.p != NULL && r->kind != DETECT_SILENT) { /* there it is the group's */
		buf_str(out, str_of(gap));
		put_short(out, al->value);
	}
}

void
alert_event(struct event *ev, const struct detect_rules *rules, const struct alert *al, struct uuid7 *ids, int64_t now,
    struct arena *a)
{
	const struct detect_rule *r = &rules->rule[al->rule];
	struct member member[DETECT_BY_MAX];
	size_t n = al->more > 0 ? 0 : members_of(al->group, member, a);
	struct buf text = { 0 };
	char id[37];

	*ev = (struct event){ 0 };
	uuid7_next(ids, now, id);
	event_set(ev, FIELD_ID, (struct str){ arena_copy(a, id, 36), 36 });
	event_set_time(ev, FIELD_TIME, al->at);
	event_set_time(ev, FIELD_INGESTED, now);
	event_set(ev, FIELD_SOURCE, STR(EVENT_RESERVED_SOURCE));
	event_set(ev, FIELD_CHANNEL, STR(ALERT_CHANNEL));
	event_set(ev, FIELD_CATEGORY, STR("SECURITY"));
	event_set(ev, FIELD_ACTION, r->action);
	event_set(ev, FIELD_SEVERITY, str_of(event_severities[r->severity]));
	event_set(ev, FIELD_OUTCOME, str_of(event_outcomes[OUTCOME_UNKNOWN]));
	event_set(ev, FIELD_ACTOR_TYPE, STR("system"));
	event_set(ev, FIELD_ACTOR_NAME, STR("audit-detect"));
	put_description(&text, r, al, member, n);
	event_set(ev, FIELD_DESCRIPTION, kept(a, &text));
	for (size_t i = 0; i < n; i++)
		set_field(ev, field_of(r, i, member[i].name), member[i].value, a);
	buf_reset(&text);
	put_context(&text, r, al);
	event_set(ev, FIELD_CONTEXT, kept(a, &text));
	buf_fini(&text);
}

/* ---- read again ---- */

void
alert_where(struct buf *out, int64_t since)
{
	char text[TIME_TEXT_LEN];

	buf_printf(out, "source = " EVENT_RESERVED_SOURCE " and channel = " ALERT_CHANNEL);
	if (since <= TIME_MIN)
		return;
	time_format(text, since);
	buf_printf(out, " and time >= %.*s", TIME_TEXT_LEN, text);
}

static bool
is_key(const struct json_tape *t, uint32_t i, struct str name, struct arena *a)
{
	return str_eq(json_unescape(t, &t->tok[i], a), name);
}

bool
alert_read(const struct event *ev, struct alert_read *out, struct arena *a)
{
	struct str context = event_has(ev, FIELD_CONTEXT) ? ev->v[FIELD_CONTEXT] : STR("");
	struct json_tape tape = { 0 };
	struct json_error je;
	bool inexact;

	*out = (struct alert_read){ .at = ev->time, .until = TIME_NONE };
	if (!alert_is(ev) || json_scan(&tape, context.p, context.len, &je) != 0 || tape.tok[0].type != TOKEN_OBJECT)
		goto out;
	for (uint32_t i = 1; i < tape.tok[0].next; i = tape.tok[i + 1].next) {
		const struct json_token *value = &tape.tok[i + 1];
		struct str text = value->type == TOKEN_STRING ? json_unescape(&tape, value, a) : STR("");

		if (is_key(&tape, i, STR("rule"), a))
			out->rule = (struct str){ arena_copy(a, text.p, text.len), text.len };
		else if (is_key(&tape, i, STR("group"), a) && value->type == TOKEN_OBJECT)
			out->group = (struct str){ arena_copy(a, context.p + value->off, value->len), value->len };
		else if (is_key(&tape, i, STR("new"), a) && value->type == TOKEN_STRING)
			out->value = (struct str){ arena_copy(a, text.p, text.len), text.len };
		else if (is_key(&tape, i, STR("until"), a) && time_parse(text.p, text.len, &out->until, &inexact) < 0)
			out->until = TIME_NONE;
	}
out:
	json_tape_fini(&tape);
	return out->rule.p != NULL && out->group.p != NULL && (out->until != TIME_NONE || out->value.p != NULL);
}
