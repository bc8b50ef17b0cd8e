/*
 * auditd_event: the records of one kernel event as an event of ours.
 *
 * In: lines that belong together.   Out: an event with all of them in it.
 */
#include "ingest/auditd_event.h"

#include <stdio.h>

#include "base/hash.h"
#include "ingest/auditd_address.h"
#include "ingest/auditd_facts.h"

/* What one event is made of, while it is made. */
struct making {
	struct event *ev;
	struct arena *a;
	struct auditd_head *head;
	size_t n;
	const struct auditd_head *main;
	enum auditd_role role;   /* of main */
	struct auditd_facts facts;
	struct auditd_address address;
	bool has_address;
	struct str call;         /* the system call's name; p NULL: none */
	struct str arch;
	bool cut;
};

static const struct str absent = { NULL, 0 };

/* ---- Texts ---- */

static struct str
keep(struct making *m, const char *text, size_t len)
{
	return (struct str){ arena_copy(m->a, text, len), len };
}

/* A prefix and a value, "uid:1000". */
static struct str
prefixed(struct making *m, const char *prefix, struct str value)
{
	size_t n = strlen(prefix);
	char *p = arena_bytes(m->a, n + value.len);

	memcpy(p, prefix, n);
	memcpy(p + n, value.p, value.len);
	return (struct str){ p, n + value.len };
}

static void
set_if(struct making *m, enum field field, struct str value)
{
	if (value.p != NULL)
		event_set(m->ev, field, value);
}

static struct str
fact(const struct making *m, enum auditd_fact f)
{
	return m->facts.v[f];
}

static struct str
first_of(struct str a, struct str b)
{
	return a.p != NULL ? a : b;
}

/* ---- Which record it is about ---- */

static int
rank_role(const struct auditd_head *h)
{
	static const int rank[] = { [AUDITD_ALONE] = 4, [AUDITD_MAIN] = 4, [AUDITD_CALL] = 3,
		[AUDITD_PART] = 1, [AUDITD_LAST] = 1, [AUDITD_END] = 0 };

	/* A type that nobody knows is likelier a new kind than a new part. */
	return h->known != NULL ? rank[h->known->role] : 2;
}

static void
choose_main(struct making *m)
{
	m->main = &m->head[0];
	for (size_t i = 1; i < m->n; i++)
		if (rank_role(&m->head[i]) > rank_role(m->main))
			m->main = &m->head[i];
	m->role = m->main->known != NULL ? m->main->known->role : AUDITD_MAIN;
}

static void
read_heads(struct making *m, struct str lines, size_t n)
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
write_records(struct making *m, struct buf *out)
{
	bool arguments = false;

	buf_byte(out, '[');
	for (size_t i = 0; i < m->n; i++) {
		struct auditd_head *h = &m->head[i];
		bool is_execve = h->known != NULL && str_eq(h->type, STR("EXECVE"));

		if ((is_execve && arguments) || rank_role(h) == 0)
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
set_identity(struct making *m, struct str lines)
{
	const struct auditd_head *h = m->main;
	char text[AUDITD_NODE_MAX + AUDITD_TYPE_MAX + 96];
	long long seconds = h->time / TIME_SECOND, us = h->time % TIME_SECOND;
	bool exact = us % 1000 != 0;
	int len;

	len = snprintf(text, sizeof(text), "%.*s%s%lld.%0*lld:%llu", (int)h->node.len,
	    h->node.p != NULL ? h->node.p : "", h->node.len > 0 ? ":" : "", seconds, exact ? 6 : 3,
	    exact ? us : us / 1000, (unsigned long long)h->serial);
	if (rank_role(h) <= 1)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "+%.*s-%016llx", (int)h->type.len,
		    h->type.p, (unsigned long long)hash64_stable(lines.p, lines.len));
	event_set(m->ev, FIELD_ID, keep(m, text, (size_t)len));
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
set_identities(struct making *m)
{
	struct str auid = fact(m, FACT_AUID), name = fact(m, FACT_AUID_NAME);
	struct str uid = fact(m, FACT_UID), session = fact(m, FACT_SES);
	/* Somebody else, whom the reporting program does not know yet. */
	bool anonymous = m->role == AUDITD_ALONE && fact(m, FACT_ACCT).p != NULL;

	if (!is_unset(auid)) {
		event_set(m->ev, FIELD_ACTOR_ID, prefixed(m, "uid:", auid));
		event_set(m->ev, FIELD_ACTOR_TYPE, STR("user"));
		if (!is_unset(name) && !str_eq(name, STR("unknown")))
			event_set(m->ev, FIELD_ACTOR_NAME, name);
	} else if (auid.p != NULL)
		event_set(m->ev, FIELD_ACTOR_TYPE, anonymous ? STR("anonymous") : STR("system"));
	if (!is_unset(uid))
		event_set(m->ev, FIELD_EFFECTIVE_ID, prefixed(m, "uid:", uid));
	if (!is_unset(session))
		event_set(m->ev, FIELD_SESSION_ID, session);
}

/* What was opened was perhaps made. */
static struct str
call_action(struct making *m, struct str *category)
{
	const struct auditd_action *row = m->call.p != NULL ? auditd_action_find(m->call) : NULL;

	*category = STR("SYSTEM");
	if (row == NULL)
		return m->call.p != NULL ? prefixed(m, "syscall.", m->call) : STR("syscall");
	*category = row->category;
	if (str_eq(row->action, STR("file.open")) && m->facts.path_rank == PATH_CREATED) {
		*category = STR("FILE_MODIFICATION");
		return STR("file.create");
	}
	return row->action;
}

static struct str
lower_case(struct making *m, struct str s)
{
	char *p = arena_copy(m->a, s.p, s.len);

	for (size_t i = 0; i < s.len; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] - 'A' + 'a');
	return (struct str){ p, s.len };
}

static void
set_action(struct making *m)
{
	const struct auditd_type *type = m->main->known;
	struct str action, category;

	if (type == NULL || rank_role(m->main) <= 1) {
		action = prefixed(m, "record.", lower_case(m, m->main->type));
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
decision(const struct making *m)
{
	struct str apparmor = fact(m, FACT_APPARMOR);

	if (m->facts.denied || (apparmor.p != NULL && str_eq(apparmor, STR("DENIED"))))
		return STR("failure");
	if (m->facts.granted || (apparmor.p != NULL && str_eq(apparmor, STR("ALLOWED"))))
		return STR("success");
	return absent;
}

static void
set_outcome(struct making *m)
{
	struct str said = first_of(fact(m, FACT_RES), fact(m, FACT_RESULT));
	struct str success = fact(m, FACT_SUCCESS), outcome;
	bool by_main = (m->facts.from_main & (FIELD_BIT(FACT_RES) | FIELD_BIT(FACT_RESULT))) != 0;

	outcome = outcome_of(by_main ? said : first_of(success, said));
	if (outcome.p == NULL && said.p == NULL && success.p == NULL)
		outcome = decision(m);
	event_set(m->ev, FIELD_OUTCOME, first_of(outcome, STR("unknown")));
	if (success.p != NULL && str_eq(success, STR("no")) && fact(m, FACT_EXIT).p != NULL)
		set_if(m, FIELD_ERROR_CODE, auditd_errno_name(fact(m, FACT_EXIT)));
	set_if(m, FIELD_REASON, fact(m, FACT_REASON));
}

static bool
has_value(const struct making *m, enum field field, struct str value)
{
	return event_has(m->ev, field) && str_eq(m->ev->v[field], value);
}

static void
set_severity(struct making *m)
{
	enum event_severity severity = m->main->known != NULL ? m->main->known->severity : SEVERITY_INFO;
	struct str apparmor = fact(m, FACT_APPARMOR);
	bool decided = m->facts.granted || apparmor.p != NULL;

	if (str_eq(m->main->type, STR("AVC")) && decided && !m->facts.denied &&
	    (apparmor.p == NULL || !str_eq(apparmor, STR("DENIED"))))
		severity = SEVERITY_INFO;
	if (severity == SEVERITY_INFO && has_value(m, FIELD_OUTCOME, STR("failure")) &&
	    has_value(m, FIELD_CATEGORY, STR("AUTHENTICATION")))
		severity = SEVERITY_WARNING;
	event_set(m->ev, FIELD_SEVERITY, str_of(event_severities[severity]));
}

/* ---- The target ---- */

/* A path as the process meant it: relative ones begin at its folder. */
static struct str
whole_path(struct making *m, struct str path)
{
	struct str cwd = fact(m, FACT_CWD);
	bool slash;
	char *p;

	if (path.p[0] == '/' || cwd.p == NULL || cwd.p[0] != '/')
		return path;
	if (str_begins(path, STR("./")))
		path = (struct str){ path.p + 2, path.len - 2 };
	slash = cwd.p[cwd.len - 1] != '/';
	p = arena_bytes(m->a, cwd.len + slash + path.len);
	memcpy(p, cwd.p, cwd.len);
	p[cwd.len] = '/';
	memcpy(p + cwd.len + slash, path.p, path.len);
	return (struct str){ p, cwd.len + slash + path.len };
}

static void
set_address(struct making *m)
{
	const struct auditd_address *address = &m->address;
	struct str ip = { address->ip, address->ip_len };
	char text[IP_TEXT_MAX + 16];
	int len;

	event_set(m->ev, FIELD_TARGET_TYPE, STR("socket"));
	if (address->path.p != NULL) {
		event_set(m->ev, FIELD_TARGET_PATH, whole_path(m, address->path));
		return;
	}
	/* From where, when the peer came to us; to where, when we went. */
	if (has_value(m, FIELD_ACTION, STR("network.accept")) ||
	    has_value(m, FIELD_ACTION, STR("network.receive")))
		event_set(m->ev, FIELD_IP, keep(m, ip.p, ip.len));
	len = snprintf(text, sizeof(text), memchr(ip.p, ':', ip.len) != NULL ? "[%.*s]:%u" : "%.*s:%u",
	    (int)ip.len, ip.p, (unsigned)address->port);
	event_set(m->ev, FIELD_TARGET_ID, keep(m, text, (size_t)len));
}

/* The account, or the group, that a message is about. */
static void
set_account(struct making *m)
{
	bool group = str_begins(m->ev->v[FIELD_ACTION], STR("group."));
	struct str id = fact(m, FACT_ID);

	event_set(m->ev, FIELD_TARGET_TYPE, group ? STR("group") : STR("account"));
	set_if(m, FIELD_TARGET_NAME, fact(m, FACT_ACCT));
	if (id.p != NULL && auditd_is_integer(id))
		event_set(m->ev, FIELD_TARGET_ID, prefixed(m, group ? "gid:" : "uid:", id));
}

static void
set_target(struct making *m, const char *type, enum field field, struct str value)
{
	event_set(m->ev, FIELD_TARGET_TYPE, str_of(type));
	event_set(m->ev, field, value);
}

static void
choose_target(struct making *m)
{
	struct str path = first_of(m->facts.path, fact(m, FACT_PATH)), name = fact(m, FACT_NAME);
	bool runs = has_value(m, FIELD_ACTION, STR("process.execute"));

	if (m->role == AUDITD_ALONE && fact(m, FACT_UNIT).p != NULL)
		set_target(m, "service", FIELD_TARGET_NAME, fact(m, FACT_UNIT));
	else if (m->role == AUDITD_ALONE && (fact(m, FACT_ACCT).p != NULL || fact(m, FACT_ID).p != NULL))
		set_account(m);
	else if (m->has_address)
		set_address(m);
	else if (path.p != NULL)
		set_target(m, runs ? "program" : "file", FIELD_TARGET_PATH, whole_path(m, path));
	else if (name.p != NULL)
		set_target(m, "file", name.p[0] == '/' ? FIELD_TARGET_PATH : FIELD_TARGET_NAME, name);
	else if (fact(m, FACT_OPID).p != NULL)
		set_target(m, "process", FIELD_TARGET_ID, fact(m, FACT_OPID));
	else if (str_eq(m->main->type, STR("CONFIG_CHANGE")) && fact(m, FACT_KEY).p != NULL)
		set_target(m, "audit-rule", FIELD_TARGET_NAME, fact(m, FACT_KEY));
	else if (str_eq(m->main->type, STR("ANOM_PROMISCUOUS")) && fact(m, FACT_DEV).p != NULL)
		set_target(m, "network-device", FIELD_TARGET_NAME, fact(m, FACT_DEV));
	else if (fact(m, FACT_TABLE).p != NULL)
		set_target(m, "firewall", FIELD_TARGET_NAME, fact(m, FACT_TABLE));
	else if (m->main->known != NULL && m->main->known->severity != SEVERITY_INFO && fact(m, FACT_EXE).p != NULL)
		set_target(m, "program", FIELD_TARGET_PATH, fact(m, FACT_EXE));
}

static void
set_origin(struct making *m)
{
	struct str addr = fact(m, FACT_ADDR);
	char text[IP_TEXT_MAX];
	struct ip ip;

	if (addr.p != NULL && ip_parse(addr.p, addr.len, &ip))
		event_set(m->ev, FIELD_IP, keep(m, text, ip_format(&ip, text)));
	set_if(m, FIELD_DEVICE, first_of(fact(m, FACT_TERMINAL), fact(m, FACT_TTY)));
	set_if(m, FIELD_METHOD, m->call);
	if (m->facts.n_keys > 0)
		event_set(m->ev, FIELD_CHANNEL, m->facts.keys[0]);
}

/* ---- The context ---- */

static void
add_text(struct buf *out, struct str name, struct str value)
{
	if (value.p == NULL)
		return;
	auditd_write_name(out, name, false);
	json_quote(out, value);
}

static void
add_number(struct buf *out, struct str name, struct str value)
{
	if (value.p == NULL || !auditd_is_integer(value)) {
		add_text(out, name, value);
		return;
	}
	auditd_write_name(out, name, false);
	buf_str(out, value);
}

static void
add_list(struct buf *out, struct str name, const struct str *item, size_t n)
{
	if (n == 0)
		return;
	auditd_write_name(out, name, false);
	for (size_t i = 0; i < n; i++) {
		buf_byte(out, i == 0 ? '[' : ',');
		json_quote(out, item[i]);
	}
	buf_byte(out, ']');
}

/* What did not come of an event: lost, filtered by rules, or too much. */
static void
add_missing(struct buf *out, const struct making *m)
{
	struct str item[4];
	size_t n = 0;
	uint64_t paths = 0;

	if (fact(m, FACT_ITEMS).p != NULL)
		auditd_number(fact(m, FACT_ITEMS), &paths);
	if (rank_role(m->main) <= 1)
		item[n++] = STR("call");
	if (paths > m->facts.paths)
		item[n++] = STR("paths");
	if (m->facts.arguments_missing)
		item[n++] = STR("arguments");
	if (m->cut)
		item[n++] = STR("records");
	add_list(out, STR("missing"), item, n);
}

static struct str
command_line(const struct making *m)
{
	if (m->facts.command.len > 0)
		return buf_view(&m->facts.command);
	return first_of(fact(m, FACT_CMD), fact(m, FACT_TITLE));
}

static void
set_context(struct making *m, struct str records)
{
	struct buf out = { 0 };
	struct str saddr = { m->address.ip, m->address.ip_len };

	buf_byte(&out, '{');
	auditd_write_name(&out, STR("serial"), true);
	buf_printf(&out, "%llu", (unsigned long long)m->main->serial);
	add_text(&out, STR("type"), m->main->type);
	add_text(&out, STR("op"), first_of(fact(m, FACT_OP), fact(m, FACT_OPERATION)));
	add_text(&out, STR("exe"), fact(m, FACT_EXE));
	add_text(&out, STR("comm"), fact(m, FACT_COMM));
	add_text(&out, STR("command"), command_line(m));
	add_text(&out, STR("cwd"), fact(m, FACT_CWD));
	add_number(&out, STR("pid"), fact(m, FACT_PID));
	add_number(&out, STR("ppid"), fact(m, FACT_PPID));
	add_text(&out, STR("arch"), m->arch);
	add_number(&out, STR("exit"), fact(m, FACT_EXIT));
	add_text(&out, STR("hostname"), fact(m, FACT_HOSTNAME));
	if (m->has_address && saddr.len > 0) {
		add_text(&out, STR("address"), saddr);
		auditd_write_name(&out, STR("port"), false);
		buf_printf(&out, "%u", (unsigned)m->address.port);
	}
	add_list(&out, STR("keys"), m->facts.keys, m->facts.n_keys);
	add_missing(&out, m);
	auditd_write_name(&out, STR("records"), false);
	buf_str(&out, records);
	buf_byte(&out, '}');
	event_set(m->ev, FIELD_CONTEXT, keep(m, out.p, out.len));
	buf_fini(&out);
}

static void
find_call(struct making *m)
{
	struct str arch = fact(m, FACT_ARCH), number = fact(m, FACT_SYSCALL);

	m->has_address = fact(m, FACT_SADDR).p != NULL &&
	    auditd_address_parse(&m->address, fact(m, FACT_SADDR), m->a);
	m->arch = first_of(fact(m, FACT_ARCH_NAME), arch.p != NULL ? auditd_arch_name(arch) : absent);
	m->call = fact(m, FACT_CALL_NAME);
	if (m->call.p == NULL && arch.p != NULL && number.p != NULL)
		m->call = auditd_call_name(arch, number);
	/* Interpreted logs have the name where the number was. */
	if (m->call.p == NULL)
		m->call = number;
}

void
auditd_event_make(struct event *ev, struct str lines, size_t n, bool cut, struct arena *a)
{
	struct making m = { .ev = ev, .a = a, .cut = cut };
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
	set_origin(&m);
	choose_target(&m);
	set_context(&m, buf_view(&records));
	auditd_facts_fini(&m.facts);
	buf_fini(&records);
}
