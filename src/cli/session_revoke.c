/*
 * session_revoke: a session, revoked, and the application told.
 *
 *	session.revoke       committed: the session is revoked
 *	the hook             reads {"session_id":"f3a9","source":"portal", ...}
 *	session.revoke-told  committed: how it ended
 *
 * In: a session, or the records of those that were not told.
 * Out: records, and what the hook reads.
 */
#include "cli/session_revoke.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

/* What both the hook and the records are told; texts with len 0 are left out. */
enum text { SESSION_ID, SOURCE, TENANT, HOST, USER, ACTOR_ID, REASON, REVOKED_BY, TEXTS };

static const char *const text_names[TEXTS] = {
	[SESSION_ID] = "session_id", [SOURCE] = "source", [TENANT] = "tenant", [HOST] = "host", [USER] = "user",
	[ACTOR_ID] = "actor_id", [REASON] = "reason", [REVOKED_BY] = "revoked_by",
};

struct revocation {
	struct str id;  /* of its record */
	int64_t time;
	struct str text[TEXTS];
};

/* ---- records ---- */

static void
add_texts(struct buf *out, const struct revocation *r, enum text from, enum text to)
{
	const char *comma = "";

	for (size_t i = from; i < to; i++)
		if (r->text[i].len > 0) {
			buf_printf(out, "%s\"%s\":", comma, text_names[i]);
			cli_quote(out, r->text[i]);
			comma = ",";
		}
}

/* What both records have besides their context: so that filters find them. */
static void
set_session(struct event *ev, const struct revocation *r)
{
	event_set(ev, FIELD_SESSION_ID, r->text[SESSION_ID]);
	event_set(ev, FIELD_TARGET_TYPE, STR("session"));
	event_set(ev, FIELD_TARGET_ID, r->text[SESSION_ID]);
	if (r->text[USER].len > 0)
		event_set(ev, FIELD_TARGET_NAME, r->text[USER]);
	if (r->text[TENANT].len > 0)
		event_set(ev, FIELD_TENANT, r->text[TENANT]);
	if (r->text[REASON].len > 0)
		event_set(ev, FIELD_REASON, r->text[REASON]);
}

/* The session's id is a field of its own; id and time of the record go into r. */
static int
record_revocation(struct session_revoker *v, struct revocation *r, struct arena *a, struct err *e)
{
	struct buf context = { 0 };
	struct event ev;
	uint64_t seq;
	int rc;

	buf_str(&context, STR("{\"session\":{"));
	add_texts(&context, r, SOURCE, REASON);
	buf_printf(&context, "},\"hook\":%s}", hook_is_there(v->hook) ? "true" : "false");
	cli_record(&ev, v->who, SESSION_REVOKED, buf_view(&context), a);
	set_session(&ev, r);
	rc = store_record(v->st, &ev, &seq, e);
	r->id = ev.v[FIELD_ID];
	r->time = ev.time;
	buf_fini(&context);
	return rc;
}

static int
record_end(struct session_revoker *v, const struct revocation *r, const struct hook_result *h, bool told,
    struct err *e)
{
	struct buf context = { 0 };
	struct arena a = { 0 };
	struct event ev;
	uint64_t seq;
	int rc;

	buf_str(&context, STR("{\"revocation\":"));
	cli_quote(&context, r->id);
	buf_str(&context, STR(",\"hook\":{\"command\":"));
	cli_quote(&context, str_of(v->hook->name));
	buf_printf(&context, ",\"end\":\"%s\",\"number\":%d,\"milliseconds\":%" PRId64, hook_end_name(h->end), h->number,
	    h->took / 1000);
	if (h->said_len > 0) {
		buf_str(&context, STR(",\"said\":"));
		cli_quote(&context, (struct str){ h->said, h->said_len });
	}
	buf_str(&context, STR("}}"));
	cli_record(&ev, v->who, SESSION_TOLD, buf_view(&context), &a);
	set_session(&ev, r);
	if (!told) {
		event_set(&ev, FIELD_OUTCOME, str_of(event_outcomes[OUTCOME_FAILURE]));
		event_set(&ev, FIELD_SEVERITY, str_of(event_severities[SEVERITY_WARNING]));
	}
	rc = store_record(v->st, &ev, &seq, e);
	arena_fini(&a);
	buf_fini(&context);
	return rc;
}

/* ---- telling ---- */

/* One JSON object and a newline: what the hook reads. */
static void
format_message(struct buf *out, const struct revocation *r)
{
	buf_str(out, STR("{\"revocation\":"));
	cli_quote(out, r->id);
	buf_str(out, STR(",\"revoked\":"));
	cli_quote_time(out, r->time);
	buf_byte(out, ',');
	add_texts(out, r, SESSION_ID, TEXTS);
	buf_str(out, STR("}\n"));
}

/* When the hook itself is lost there is no end to record: it is found again. */
static int
tell(struct session_revoker *v, const struct revocation *r, struct err *e)
{
	struct err why = ERR_NONE;
	struct hook_result h;
	struct buf message = { 0 };
	bool told, ran;

	if (!hook_is_there(v->hook))
		return 0;
	format_message(&message, r);
	ran = hook_run(v->hook, buf_view(&message), &h, &why) == 0;
	told = ran && hook_judge(v->hook, &h, &why) == 0;
	buf_fini(&message);
	v->told += told;
	v->failed += !told;
	if (!told && v->why.code == ERR_OK)
		v->why = why;
	if (!ran)
		return err_set(e, ERR_FAIL, "%s", why.text);
	return record_end(v, r, &h, told, e);
}

int
session_revoke(struct session_revoker *v, const struct session *s, struct err *e)
{
	char by[16];
	struct arena a = { 0 };
	struct revocation r = { .text = { [SESSION_ID] = s->id, [SOURCE] = s->source, [TENANT] = s->tenant,
		[HOST] = s->host, [USER] = session_user(s), [ACTOR_ID] = s->text[SESSION_ACTOR_ID] } };
	int rc;

	snprintf(by, sizeof(by), "uid:%u", v->who->uid);
	r.text[REVOKED_BY] = str_of(by);
	if (v->reason != NULL)
		r.text[REASON] = str_of(v->reason);
	rc = record_revocation(v, &r, &a, e);
	if (rc == 0) {
		v->revoked++;
		rc = tell(v, &r, e);
	}
	arena_fini(&a);
	return rc;
}

/* ---- those that were not told ---- */

struct untold {
	struct revocation *item;
	bool *told;
	size_t n, cap, told_cap;
	struct tally *ids;  /* of their records; the place is that of the item */
	struct arena arena;
};

static struct str
keep(struct untold *u, struct str text)
{
	return text.p == NULL ? text : (struct str){ arena_copy(&u->arena, text.p, text.len), text.len };
}

static struct str
kept_field(struct untold *u, const struct event *ev, enum field f)
{
	return event_has(ev, f) ? keep(u, ev->v[f]) : (struct str){ NULL, 0 };
}

/* Paths into the records' contexts. */
enum { AT_HOOK, AT_REVOCATION, AT_SOURCE, AT_HOST, AT_USER, AT_ACTOR_ID, PATHS };

static const char *const paths[PATHS] = {
	[AT_HOOK] = "context.hook", [AT_REVOCATION] = "context.revocation", [AT_SOURCE] = "context.session.source",
	[AT_HOST] = "context.session.host", [AT_USER] = "context.session.user",
	[AT_ACTOR_ID] = "context.session.actor_id",
};

/* What a record says there; p NULL: nothing. */
static struct str
said(struct untold *u, const struct event *ev, const struct selector *path, struct selector_scratch *x)
{
	if (!event_has(ev, FIELD_CONTEXT))
		return (struct str){ NULL, 0 };
	selector_values(path, ev->v[FIELD_CONTEXT], x, NULL);
	return x->n > 0 ? keep(u, x->value[0].text) : (struct str){ NULL, 0 };
}

static void
add_untold(struct untold *u, const struct event *ev, const struct selector path[PATHS], struct selector_scratch *x)
{
	struct revocation r = { .id = kept_field(u, ev, FIELD_ID), .time = ev->time, .text = {
		[SESSION_ID] = kept_field(u, ev, FIELD_SESSION_ID), [TENANT] = kept_field(u, ev, FIELD_TENANT),
		[REASON] = kept_field(u, ev, FIELD_REASON), [REVOKED_BY] = kept_field(u, ev, FIELD_ACTOR_ID),
		[SOURCE] = said(u, ev, &path[AT_SOURCE], x), [HOST] = said(u, ev, &path[AT_HOST], x),
		[USER] = said(u, ev, &path[AT_USER], x), [ACTOR_ID] = said(u, ev, &path[AT_ACTOR_ID], x),
	} };

	if (r.id.p == NULL || tally_add(u->ids, r.id, 1) != u->n)
		return;
	mem_grow(&u->item, &u->cap, u->n + 1, sizeof(*u->item));
	mem_grow(&u->told, &u->told_cap, u->n + 1, sizeof(*u->told));
	u->told[u->n] = !str_eq(said(u, ev, &path[AT_HOOK], x), STR("true"));
	u->item[u->n++] = r;
}

static void
note_told(struct untold *u, const struct event *ev, const struct selector path[PATHS], struct selector_scratch *x)
{
	struct str id = said(u, ev, &path[AT_REVOCATION], x);
	size_t place;

	if (id.p != NULL && event_has(ev, FIELD_OUTCOME) && str_eq(ev->v[FIELD_OUTCOME], STR("success")) &&
	    tally_find(u->ids, id, &place))
		u->told[place] = true;
}

static int
read_records(struct store *st, const struct filter *f, const struct selector path[PATHS], struct untold *u,
    struct err *e)
{
	const struct query_options o = { .filter = f, .order = QUERY_ARRIVAL, .go_on = cli_go_on };
	struct query *q = query_open(st, &o, e);
	struct selector_scratch x = { 0 };
	const struct event *ev;
	uint64_t seq;
	int rc = -1;

	while (q != NULL && (rc = query_next(q, &ev, &seq, e)) > 0)
		if (str_eq(ev->v[FIELD_ACTION], STR(SESSION_REVOKED)))
			add_untold(u, ev, path, &x);
		else
			note_told(u, ev, path, &x);
	query_close(q);
	selector_scratch_fini(&x);
	return rc;
}

static int
find_untold(struct store *st, struct untold *u, struct err *e)
{
	struct filter_args args = { 0 };
	struct selector path[PATHS];
	struct filter *f = NULL;
	int rc = 0;

	u->ids = tally_new();
	str_list_add(&args.source, EVENT_RESERVED_SOURCE, strlen(EVENT_RESERVED_SOURCE));
	str_list_add(&args.action, SESSION_REVOKED, strlen(SESSION_REVOKED));
	str_list_add(&args.action, SESSION_TOLD, strlen(SESSION_TOLD));
	for (size_t i = 0; rc == 0 && i < PATHS; i++)
		rc = selector_parse(&path[i], str_of(paths[i]), &u->arena, e);
	if (rc == 0)
		rc = (f = filter_build(&args, 0, e)) != NULL ? read_records(st, f, path, u, e) : -1;
	filter_free(f);
	filter_args_fini(&args);
	return rc;
}

static void
untold_fini(struct untold *u)
{
	free(u->item);
	free(u->told);
	tally_free(u->ids);
	arena_fini(&u->arena);
}

int
session_untold(struct store *st, size_t *n, struct err *e)
{
	struct untold u = { 0 };
	int rc = find_untold(st, &u, e);

	*n = 0;
	for (size_t i = 0; i < u.n; i++)
		*n += !u.told[i];
	untold_fini(&u);
	return rc;
}

int
session_tell_again(struct session_revoker *v, struct err *e)
{
	struct untold u = { 0 };
	int rc = find_untold(v->st, &u, e);

	for (size_t i = 0; rc == 0 && i < u.n; i++)
		if (!u.told[i])
			rc = cli_go_on(e) == 0 ? tell(v, &u.item[i], e) : -1;
	untold_fini(&u);
	return rc;
}
