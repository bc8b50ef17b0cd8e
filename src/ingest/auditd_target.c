/*
 * auditd_target: what a recorded act was done to, and where from.
 *
 * In: the facts of an event.   Out: its target_*, ip, device, method, channel.
 */
#include <stdio.h>

#include "ingest/auditd_making.h"

/* A path as the process meant it: relative ones begin at its folder. */
static struct str
whole_path(struct auditd_making *m, struct str path)
{
	struct str cwd = auditd_fact(m, FACT_CWD);
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
set_address(struct auditd_making *m)
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
	if (auditd_has_value(m, FIELD_ACTION, STR("network.accept")) ||
	    auditd_has_value(m, FIELD_ACTION, STR("network.receive")))
		event_set(m->ev, FIELD_IP, auditd_keep(m, ip.p, ip.len));
	len = snprintf(text, sizeof(text), memchr(ip.p, ':', ip.len) != NULL ? "[%.*s]:%u" : "%.*s:%u",
	    (int)ip.len, ip.p, (unsigned)address->port);
	event_set(m->ev, FIELD_TARGET_ID, auditd_keep(m, text, (size_t)len));
}

/* The account, or the group, that a message is about. */
static void
set_account(struct auditd_making *m)
{
	bool group = str_begins(m->ev->v[FIELD_ACTION], STR("group."));
	struct str id = auditd_fact(m, FACT_ID);

	event_set(m->ev, FIELD_TARGET_TYPE, group ? STR("group") : STR("account"));
	auditd_set_if(m, FIELD_TARGET_NAME, auditd_fact(m, FACT_ACCT));
	if (id.p != NULL && auditd_is_integer(id))
		event_set(m->ev, FIELD_TARGET_ID, auditd_prefixed(m, group ? "gid:" : "uid:", id));
}

static void
set_target(struct auditd_making *m, const char *type, enum field field, struct str value)
{
	event_set(m->ev, FIELD_TARGET_TYPE, str_of(type));
	event_set(m->ev, field, value);
}

void
auditd_set_target(struct auditd_making *m)
{
	struct str path = auditd_first(m->facts.path, auditd_fact(m, FACT_PATH)), name = auditd_fact(m, FACT_NAME);
	bool runs = auditd_has_value(m, FIELD_ACTION, STR("process.execute"));

	if (m->role == AUDITD_ALONE && auditd_fact(m, FACT_UNIT).p != NULL)
		set_target(m, "service", FIELD_TARGET_NAME, auditd_fact(m, FACT_UNIT));
	else if (m->role == AUDITD_ALONE && (auditd_fact(m, FACT_ACCT).p != NULL || auditd_fact(m, FACT_ID).p != NULL))
		set_account(m);
	else if (m->has_address)
		set_address(m);
	else if (path.p != NULL)
		set_target(m, runs ? "program" : "file", FIELD_TARGET_PATH, whole_path(m, path));
	else if (name.p != NULL)
		set_target(m, "file", name.p[0] == '/' ? FIELD_TARGET_PATH : FIELD_TARGET_NAME, name);
	else if (auditd_fact(m, FACT_OPID).p != NULL)
		set_target(m, "process", FIELD_TARGET_ID, auditd_fact(m, FACT_OPID));
	else if (str_eq(m->main->type, STR("CONFIG_CHANGE")) && auditd_fact(m, FACT_KEY).p != NULL)
		set_target(m, "audit-rule", FIELD_TARGET_NAME, auditd_fact(m, FACT_KEY));
	else if (str_eq(m->main->type, STR("ANOM_PROMISCUOUS")) && auditd_fact(m, FACT_DEV).p != NULL)
		set_target(m, "network-device", FIELD_TARGET_NAME, auditd_fact(m, FACT_DEV));
	else if (auditd_fact(m, FACT_TABLE).p != NULL)
		set_target(m, "firewall", FIELD_TARGET_NAME, auditd_fact(m, FACT_TABLE));
	else if (m->main->known != NULL && m->main->known->severity != SEVERITY_INFO &&
	    auditd_fact(m, FACT_EXE).p != NULL)
		set_target(m, "program", FIELD_TARGET_PATH, auditd_fact(m, FACT_EXE));
}

void
auditd_set_origin(struct auditd_making *m)
{
	struct str addr = auditd_fact(m, FACT_ADDR);
	char text[IP_TEXT_MAX];
	struct ip ip;

	if (addr.p != NULL && ip_parse(addr.p, addr.len, &ip))
		event_set(m->ev, FIELD_IP, auditd_keep(m, text, ip_format(&ip, text)));
	auditd_set_if(m, FIELD_DEVICE, auditd_first(auditd_fact(m, FACT_TERMINAL), auditd_fact(m, FACT_TTY)));
	auditd_set_if(m, FIELD_METHOD, m->call);
	if (m->facts.n_keys > 0)
		event_set(m->ev, FIELD_CHANNEL, m->facts.keys[0]);
}
