/*
 * leef: the Log Event Extended Format 2.0, a line each.
 *
 * The sixth part of its header names the delimiter of attributes: x09, the tab
 * that version 1 has too.  A tab, a newline and a backslash in a value are \t, \n
 * and \\; = needs nothing, because a value begins behind the first one.
 */
#include "render/dialect.h"

enum about { ACCOUNT, OTHER, ABOUTS };

#define FOR(a) (UINT64_C(1) << (a))

static const struct dialect_kind_row abouts[ABOUTS] = {
	[ACCOUNT] = { .number = ACCOUNT, .name = "account" },
	[OTHER] = { .number = OTHER, .name = "other" },
};

static const struct dialect_rule_row rules[] = {
	{ NULL, "ACCOUNT", NULL, SEVERITY_INFO, ACCOUNT },
};

static const struct dialect_word severities[] = { { "info", "3" }, { "warning", "6" }, { "error", "8" },
	{ "critical", "10" }, { NULL, "1" } };

#define HEADERS 4

static const struct dialect_row rows[] = {
	{ .to = "vendor", .text = DIALECT_VENDOR },
	{ .to = "product", .text = DIALECT_VENDOR },
	{ .to = "version", .text = PACKAGE_VERSION },
	{ .to = "event_id", .from = "action" },

	{ .to = "devTime", .from = "time", .as = AS_MILLISECONDS },
	{ .to = "cat", .from = "category" },
	{ .to = "sev", .from = "severity", .lookup = severities },
	{ .to = "src", .from = "ip", .as = AS_ADDRESS },
	{ .to = "usrName", .from = "actor_name actor_email actor_id" },
	{ .to = "accountName", .from = "target_name target_path target_id", .kinds = FOR(ACCOUNT) },
	{ .to = "identHostName", .from = "host" },
	{ .to = "resource", .from = "target_path target_name target_id", .kinds = FOR(OTHER) },
	{ .to = "msg", .from = "description" },
	{ .to = "seq", .as = AS_SEQ },
};

static bool
is_key(struct str to)
{
	for (size_t i = 0; i < to.len; i++)
		if (!((to.p[i] >= 'a' && to.p[i] <= 'z') || (to.p[i] >= 'A' && to.p[i] <= 'Z') ||
		    (to.p[i] >= '0' && to.p[i] <= '9') || to.p[i] == '_'))
			return false;
	return to.len > 0 && to.len <= DIALECT_TO_MAX;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct dialect_table dialect_leef = { .id = DIALECT_LEEF, .name = "leef", .row = rows, .rows = COUNT(rows),
	.kind = abouts, .kinds = ABOUTS, .rule = rules, .rules = COUNT(rules), .headers = HEADERS,
	.header_meant = "|", .value_meant = "", .tab = true, .valid = is_key };

static void
leef_event(struct render *r, const struct event *ev, uint64_t seq)
{
	static const struct dialect_line line = { .begin = "LEEF:2.0|", .end = "x09|", .header_max = 512,
		.between = '\t', .own = "" };

	dialect_put_line(r, ev, seq, &line);
}

const struct render_format render_leef = { .name = "leef", .event = leef_event, .release = dialect_release,
	.dialect = &dialect_leef, .pieces = true, .plain = true };
