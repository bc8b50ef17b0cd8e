/*
 * auditd_event: the records of one kernel event as an event of ours.
 *
 * In: lines that belong together.   Out: an event with all of them in it.
 */
#include "ingest/auditd_event.h"

#include <stdio.h>

#include "base/hash.h"
#include "ingest/auditd_making.h"

static const struct str absent = { NULL, 0 };

struct str
auditd_prefixed(struct auditd_making *m, const char *prefix, struct str value)
{
	size_t n = strlen(prefix);
	char *p = arena_bytes(m->a, n + value.len);

	memcpy(p, prefix, n);
	memcpy(p + n, value.p, value.len);
	return (struct str){ p, n + value.len };
}

/* ---- Which record it is about ---- */

int
auditd_rank(const struct auditd_head *h)
{
	static const int rank[] = { [AUDITD_ALONE] = 4, [AUDITD_MAIN] = 4, [AUDITD_CALL] = 3,
		[AUDITD_PART] = 1, [AUDITD_LAST] = 1, [AUDITD_END] = 0 };

	/* A type that nobody knows is likelier a new kind than a new part. */
	return h->known != NULL ? rank[h->known->role] : 2;
}

static void
choose_main(struct auditd_making *m)
{
	m->main = &m->head[0];
	for (size_t i = 1; i < m->n; i++)
		if (auditd_rank(&m->head[i]) > auditd_rank(m->main))
			m->main = &m->head[i];
	m->role = m->main->known != NULL ? m->main->known->role : AUDITD_MAIN;
}

static void
read_heads(struct auditd_making *m, struct str lines, size_t n)
{
	m->head = arena_alloc(m->a, n * sizeof(m->head[0]));
	while (lines.len > 0 && m->n < n) {
		const char *end = memchr(lines.p, '\n', lines.len);
		size_t len = end != NULL ? (size_t)(end - lines.p) : lines.len;
		const char *detail;

		if (auditd_head_parse(&m->head[m->n], (struct str){ lines.p, len }, &detail) == EVENT_OK)
			m->n++;
		len += end != NULL;
		lines.p += len;
		lines.len -= len;
	}
}

static void
write_records(struct auditd_making *m, struct buf *out)
{
	bool arguments = false;

	buf_byte(out, '[');
	for (size_t i = 0; i < m->n; i++) {
		struct auditd_head *h = &m->head[i];
		bool is_execve = h->known != NULL && str_eq(h->type, STR("EXECVE"));

		if ((is_execve && arguments) || auditd_rank(h) == 0)
			continue;
		if (out->p[out->len - 1] == '}')
			buf_byte(out, ',');
		if (is_execve)
			auditd_write_arguments(out, h, m->n - i, &m->facts);
		else
			auditd_write_record(out, h, &m->facts, h == m->main);
		arguments = arguments || is_execve;
	}
	buf_byte(out, ']');
}

/* ---- Fields ---- */

/*
 * NODE:SECONDS.MILLISECONDS:SERIAL, as ausearch prints it.  Records that came
 * when their event was gone are another event, with +TYPE and a hash behind.
 */
static void
set_identity(struct auditd_making *m, struct str lines)
{
	const struct auditd_head *h = m->main;
	char text[AUDITD_NODE_MAX + AUDITD_TYPE_MAX + 96];
	long long seconds = h->time / TIME_SECOND, us = h->time % TIME_SECOND;
	bool exact = us % 1000 != 0;
	int len;

	len = snprintf(text, sizeof(text), "%.*s%s%lld.%0*lld:%llu", (int)h->node.len,
	    h->node.p != NULL ? h->node.p : "", h->node.len > 0 ? ":" : "", seconds, exact ? 6 : 3,
	    exact ? us : us / 1000, (unsigned long long)h->serial);
	if (auditd_rank(h) <= 1)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "+%.*s-%016llx", (int)h->type.len,
		    h->type.p, (unsigned long long)hash64_stable(lines.p, lines.len));
	event_set(m->ev, FIELD_ID, auditd_keep(m, text, (size_t)len));
	event_set_time(m->ev, FIELD_TIME, h->time);
	if (h->node.len > 0)
		event_set(m->ev, FIELD_HOST, h->node);
}

static bool
is_unset(struct str id)
{
	return id.p == NULL || str_eq(id, STR("4294967295")) || str_eq(id, STR("-1")) ||
	    str_eq(id, STR("18446744073709551615")) || str_eq(id, STR("unset"));
}

static void
set_identities(struct auditd_making *m)
{
	struct str auid = auditd_fact(m, FACT_AUID), name = auditd_fact(m, FACT_AUID_NAME);
	struct str uid = auditd_fact(m, FACT_UID), session = auditd_fact(m, FACT_SES);
	/* Somebody else, whom the reporting program does not know yet. */
	bool anonymous = m->role == AUDITD_ALONE && auditd_fact(m, FACT_ACCT).p != NULL;

	if (!is_unset(auid)) {
		event_set(m->ev, FIELD_ACTOR_ID, auditd_prefixed(m, "uid:", auid));
		event_set(m->ev, FIELD_ACTOR_TYPE, STR("user"));
		if (!is_unset(name) && !str_eq(name, STR("unknown")))
			event_set(m->ev, FIELD_ACTOR_NAME, name);
	} else if (auid.p != NULL)
		event_set(m->ev, FIELD_ACTOR_TYPE, anonymous ? STR("anonymous") : STR("system"));
	if (!is_unset(uid))
		event_set(m->ev, FIELD_EFFECTIVE_ID, auditd_prefixed(m, "uid:", uid));
	if (!is_unset(session))
		event_set(m->ev, FIELD_SESSION_ID, session);
}

/* What was opened was perhaps made. */
static struct str
call_action(struct auditd_making *m, struct str *category)
{
	const struct auditd_action *row = m->call.p != NULL ? auditd_action_find(m->call) : NULL;

	*category = STR("SYSTEM");
	if (row == NULL)
		return m->call.p != NULL ? auditd_prefixed(m, "syscall.", m->call) : STR("syscall");
	*category = row->category;
	if (str_eq(row->action, STR("file.open")) && m->facts.path_rank == PATH_CREATED) {
		*category = STR("FILE_MODIFICATION");
		return STR("file.create");
	}
	return row->action;
}

static struct str
lower_case(struct auditd_making *m, struct str s)
{
	char *p = arena_copy(m->a, s.p, s.len);

	for (size_t i = 0; i < s.len; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] - 'A' + 'a');
	return (struct str){ p, s.len };
}

static void
set_action(struct auditd_making *m)
{
	const struct auditd_type *type = m->main->known;
	struct str action, category;

	if (type == NULL || auditd_rank(m->main) <= 1) {
		action = auditd_prefixed(m, "record.", lower_case(m, m->main->type));
		category = STR("SYSTEM");
	} else if (m->role == AUDITD_CALL)
		action = call_action(m, &category);
	else {
		action = type->action;
		category = type->category;
	}
	event_set(m->ev, FIELD_ACTION, action);
	event_set(m->ev, FIELD_CATEGORY, category);
}

/* success=yes of a call, res=failed or res=1 of a message. */
static struct str
outcome_of(struct str word)
{
	static const struct str good[] = { { "yes", 3 }, { "success", 7 }, { "1", 1 } };
	static const struct str bad[] = { { "no", 2 }, { "failed", 6 }, { "fail", 4 }, { "0", 1 } };

	for (size_t i = 0; word.p != NULL && i < sizeof(good) / sizeof(*good); i++)
		if (str_eq(word, good[i]))
			return STR("success");
	for (size_t i = 0; word.p != NULL && i < sizeof(bad) / sizeof(*bad); i++)
		if (str_eq(word, bad[i]))
			return STR("failure");
	return absent;
}

/* avc: denied { read } for ..., apparmor="DENIED": what is decided, when
 * nothing says what came of it. */
static struct str
decision(const struct auditd_making *m)
{
	struct str apparmor = auditd_fact(m, FACT_APPARMOR);

	if (m->facts.denied || (apparmor.p != NULL && str_eq(apparmor, STR("DENIED"))))
		return STR("failure");
	if (m->facts.granted || (apparmor.p != NULL && str_eq(apparmor, STR("ALLOWED"))))
		return STR("success");
	return absent;
}

static void
set_outcome(struct auditd_making *m)
{
	struct str said = auditd_first(auditd_fact(m, FACT_RES), auditd_fact(m, FACT_RESULT));
	struct str success = auditd_fact(m, FACT_SUCCESS), outcome;
	bool by_main = (m->facts.from_main & (FIELD_BIT(FACT_RES) | FIELD_BIT(FACT_RESULT))) != 0;

	outcome = outcome_of(by_main ? said : auditd_first(success, said));
	if (outcome.p == NULL && said.p == NULL && success.p == NULL)
		outcome = decision(m);
	event_set(m->ev, FIELD_OUTCOME, auditd_first(outcome, STR("unknown")));
	if (success.p != NULL && str_eq(success, STR("no")) && auditd_fact(m, FACT_EXIT).p != NULL)
		auditd_set_if(m, FIELD_ERROR_CODE, auditd_errno_name(auditd_fact(m, FACT_EXIT)));
	auditd_set_if(m, FIELD_REASON, auditd_fact(m, FACT_REASON));
}

static void
set_severity(struct auditd_making *m)
{
	enum event_severity severity = m->main->known != NULL ? m->main->known->severity : SEVERITY_INFO;
	struct str apparmor = auditd_fact(m, FACT_APPARMOR);
	bool decided = m->facts.granted || apparmor.p != NULL;

	if (str_eq(m->main->type, STR("AVC")) && decided && !m->facts.denied &&
	    (apparmor.p == NULL || !str_eq(apparmor, STR("DENIED"))))
		severity = SEVERITY_INFO;
	if (severity == SEVERITY_INFO && auditd_has_value(m, FIELD_OUTCOME, STR("failure")) &&
	    auditd_has_value(m, FIELD_CATEGORY, STR("AUTHENTICATION")))
		severity = SEVERITY_WARNING;
	event_set(m->ev, FIELD_SEVERITY, str_of(event_severities[severity]));
}

static void
find_call(struct auditd_making *m)
{
	struct str arch = auditd_fact(m, FACT_ARCH), number = auditd_fact(m, FACT_SYSCALL);

	m->has_address = auditd_fact(m, FACT_SADDR).p != NULL &&
	    auditd_address_parse(&m->address, auditd_fact(m, FACT_SADDR), m->a);
	m->arch = auditd_first(auditd_fact(m, FACT_ARCH_NAME), arch.p != NULL ? auditd_arch_name(arch) : absent);
	m->call = auditd_fact(m, FACT_CALL_NAME);
	if (m->call.p == NULL && arch.p != NULL && number.p != NULL)
		m->call = auditd_call_name(arch, number);
	/* Interpreted logs have the name where the number was. */
	if (m->call.p == NULL)
		m->call = number;
}

void
auditd_event_make(struct event *ev, struct str lines, size_t n, bool cut, struct arena *a)
{
	struct auditd_making m = { .ev = ev, .a = a, .cut = cut };
	struct buf records = { 0 };

	ev->present = 0;
	read_heads(&m, lines, n);
	choose_main(&m);
	auditd_facts_init(&m.facts, a);
	write_records(&m, &records);
	find_call(&m);
	set_action(&m);
	set_identity(&m, lines);
	set_identities(&m);
	set_outcome(&m);
	set_severity(&m);
	auditd_set_origin(&m);
	auditd_set_target(&m);
	auditd_set_context(&m, buf_view(&records));
	auditd_facts_fini(&m.facts);
	buf_fini(&records);
}
