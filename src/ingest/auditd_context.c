/*
 * auditd_context: the context of an event of Linux audit.
 *
 * In: its facts, and its records as JSON.   Out: {"serial":77,"type":"SYSCALL",
 * "exe":...,"records":[...]}.
 */
#include "event/json.h"
#include "ingest/auditd_making.h"

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
add_missing(struct buf *out, const struct auditd_making *m)
{
	struct str item[4];
	size_t n = 0;
	uint64_t paths = 0;

	if (auditd_fact(m, FACT_ITEMS).p != NULL)
		auditd_number(auditd_fact(m, FACT_ITEMS), &paths);
	if (auditd_rank(m->main) <= 1)
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
command_line(const struct auditd_making *m)
{
	if (m->facts.command.len > 0)
		return buf_view(&m->facts.command);
	return auditd_first(auditd_fact(m, FACT_CMD), auditd_fact(m, FACT_TITLE));
}

void
auditd_set_context(struct auditd_making *m, struct str records)
{
	struct buf out = { 0 };
	struct str saddr = { m->address.ip, m->address.ip_len };

	buf_byte(&out, '{');
	auditd_write_name(&out, STR("serial"), true);
	buf_printf(&out, "%llu", (unsigned long long)m->main->serial);
	add_text(&out, STR("type"), m->main->type);
	add_text(&out, STR("op"), auditd_first(auditd_fact(m, FACT_OP), auditd_fact(m, FACT_OPERATION)));
	add_text(&out, STR("exe"), auditd_fact(m, FACT_EXE));
	add_text(&out, STR("comm"), auditd_fact(m, FACT_COMM));
	add_text(&out, STR("command"), command_line(m));
	add_text(&out, STR("cwd"), auditd_fact(m, FACT_CWD));
	add_number(&out, STR("pid"), auditd_fact(m, FACT_PID));
	add_number(&out, STR("ppid"), auditd_fact(m, FACT_PPID));
	add_text(&out, STR("arch"), m->arch);
	add_number(&out, STR("exit"), auditd_fact(m, FACT_EXIT));
	add_text(&out, STR("hostname"), auditd_fact(m, FACT_HOSTNAME));
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
	event_set(m->ev, FIELD_CONTEXT, auditd_keep(m, out.p, out.len));
	buf_fini(&out);
}
