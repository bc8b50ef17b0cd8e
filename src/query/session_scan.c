/*
 * session_scan: what events say of sessions (see session_scan.h).
 *
 * In: events that match.   Out: a table of sessions.
 */
#include "query/session_scan.h"

#include <stdlib.h>

#include "base/mem.h"
#include "query/session_sums.h"

/* ---- the plan ---- */

int
session_plan_init(struct session_plan *p, const struct session_rules *r, struct err *e)
{
	static const char *const named[] = { "context.session.source", "context.session.tenant", "context.session.host" };

	*p = (struct session_plan){ .rules = r };
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (selector_parse(&p->named[i], str_of(named[i]), &p->arena, e) != 0)
			return -1;
	for (size_t i = 0; i < r->expires.n && i < SESSION_PATHS_MAX; i++)
		if (selector_parse(&p->expires[p->paths++], str_of(r->expires.item[i]), &p->arena, e) != 0)
			return err_doing(e, "sessions: expires");
	return 0;
}

void
session_plan_fini(struct session_plan *p)
{
	arena_fini(&p->arena);
}

/* ---- an event of the tail ---- */

static struct str
value_of(const struct event *ev, enum field f)
{
	return event_has(ev, f) ? ev->v[f] : (struct str){ NULL, 0 };
}

static int
add_event(void *sums, const struct event *ev, struct err *e)
{
	struct session_sums *s = sums;
	struct session_key k = { .id = value_of(ev, FIELD_SESSION_ID), .source = value_of(ev, FIELD_SOURCE),
		.tenant = value_of(ev, FIELD_TENANT) };
	enum session_role role = session_role_of(s->plan->rules, value_of(ev, FIELD_ACTION));
	bool failed = session_has_failed(value_of(ev, FIELD_OUTCOME));
	struct session_facts facts;
	uint32_t text[SESSION_TEXTS];
	size_t record;

	if (k.id.len == 0)
		return 0;
	if (event_source_reserved(k.source)) {
		if (str_eq(value_of(ev, FIELD_ACTION), STR(SESSION_REVOKED)))
			session_sums_revoke(s, k.id, value_of(ev, FIELD_CONTEXT), ev->time);
		arena_reset(&s->arena);
		return session_table_check(s->table, e);
	}
	if (session_is_refused(role, failed))
		return 0;
	if (session_id_is_counted(k.id))
		k.host = value_of(ev, FIELD_HOST);
	if (failed)
		role = SESSION_USES;
	if (!session_sums_key(s, &k, ev->time))
		return 0;
	session_facts_init(&facts);
	facts.first = facts.last = ev->time;
	facts.used = session_is_use(role, failed) ? ev->time : TIME_NONE;
	facts.events = 1;
	for (size_t i = 0; i < SESSION_TEXTS; i++)
		if ((text[i] = session_table_text(s->table, value_of(ev, session_text_field[i]))) != 0)
			facts.when[i] = session_goodness(i, ev->time, session_signs_in(role));
	for (size_t i = 0; session_signs_in(role) && i < s->plan->paths; i++)
		if (event_has(ev, s->plan->expires[i].field))
			session_sums_expiry(s, &facts, ev->time, &s->plan->expires[i], ev->v[s->plan->expires[i].field]);
	record = session_table_add(s->table, buf_view(&s->text), &facts, text);
	if (role != SESSION_USES)
		session_table_mark(s->table, record, ev->time, role);
	return session_table_check(s->table, e);
}

/* ---- threads ---- */

struct session_pass {
	const struct session_plan *plan;
	const struct session_known *known;
	struct session_table *total;
};

static void *
start(void *arg)
{
	const struct session_pass *pass = arg;
	struct session_sums *s = mem_zero(1, sizeof(*s));

	s->plan = pass->plan;
	s->known = pass->known;
	s->total = pass->total;
	s->table = session_table_new();
	s->columns = session_columns_new();
	return s;
}

static void
finish(void *sums, bool failed)
{
	struct session_sums *s = sums;

	if (!failed)
		session_table_merge(s->total, s->table);
	session_table_free(s->table);
	session_columns_free(s->columns);
	selector_scratch_fini(&s->scratch);
	arena_fini(&s->arena);
	buf_fini(&s->text);
	free(s);
}

int
session_scan(struct store *st, const struct query_options *o, const struct session_plan *p,
    const struct session_known *known, struct session_table *t, struct query_stats *stats, struct err *e)
{
	struct session_pass pass = { p, known, t };
	const struct scan_use use = { .arg = &pass, .start = start, .segment = session_columns_add, .event = add_event,
		.finish = finish };

	return scan_store(st, o, &use, stats, e) < 0 ? -1 : session_table_check(t, e);
}
