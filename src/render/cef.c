/*
 * cef: the Common Event Format, version 0, a line each.
 *
 * Keys are those of its dictionary where it has one for a value, and such as
 * AuditSessionId for the rest.  In the header | and \ have a backslash before
 * them, in values = and \; \n and \r are two characters.
 */
#include "render/dialect.h"

enum about { ACCOUNT, FILES, OTHER, ABOUTS };

#define FOR(a) (UINT64_C(1) << (a))

static const struct dialect_kind_row abouts[ABOUTS] = {
	[ACCOUNT] = { .number = ACCOUNT, .name = "account" },
	[FILES] = { .number = FILES, .name = "file" },
	[OTHER] = { .number = OTHER, .name = "other" },
};

static const struct dialect_rule_row rules[] = {
	{ NULL, "ACCOUNT", NULL, SEVERITY_INFO, ACCOUNT },
	{ NULL, "FILE_ACCESS FILE_MODIFICATION", NULL, SEVERITY_INFO, FILES },
};

static const struct dialect_word severities[] = { { "info", "3" }, { "warning", "6" }, { "error", "8" },
	{ "critical", "10" }, { NULL, "0" } };

#define HEADERS 6

static const struct dialect_row rows[] = {
	{ .to = "vendor", .text = DIALECT_VENDOR },
	{ .to = "product", .text = DIALECT_VENDOR },
	{ .to = "version", .text = PACKAGE_VERSION },
	{ .to = "signature", .from = "action" },
	{ .to = "name", .from = "description action" },
	{ .to = "severity", .from = "severity", .lookup = severities },

	{ .to = "rt", .from = "time", .as = AS_MILLISECONDS },
	{ .to = "externalId", .from = "id" },
	{ .to = "cat", .from = "category" },
	{ .to = "act", .from = "action" },
	{ .to = "outcome", .from = "outcome" },
	{ .to = "msg", .from = "description" },
	{ .to = "reason", .from = "reason" },
	{ .to = "suid", .from = "actor_id" },
	{ .to = "suser", .from = "actor_name actor_email" },
	{ .to = "src", .from = "ip", .as = AS_IPV4 },
	{ .to = "c6a2", .from = "ip", .as = AS_IPV6 },
	{ .to = "c6a2Label", .from = "ip", .as = AS_IPV6, .text = "Source IPv6 Address" },
	{ .to = "shost", .from = "ip", .as = AS_NAME },
	{ .to = "dvchost", .from = "host" },
	{ .to = "duid", .from = "target_id", .kinds = FOR(ACCOUNT) },
	{ .to = "duser", .from = "target_name target_path", .kinds = FOR(ACCOUNT) },
	{ .to = "filePath", .from = "target_path", .kinds = FOR(FILES) },
	{ .to = "fname", .from = "target_name", .kinds = FOR(FILES) },
	{ .to = "fileId", .from = "target_id", .kinds = FOR(FILES) },
	{ .to = "fileType", .from = "target_type", .kinds = FOR(FILES) },
	{ .to = "requestClientApplication", .from = "user_agent" },
	{ .to = "requestMethod", .from = "method" },
	{ .to = "deviceFacility", .from = "channel" },
	{ .to = "AuditSeq", .as = AS_SEQ },
};

static bool
is_key(struct str to)
{
	for (size_t i = 0; i < to.len; i++)
		if (!((to.p[i] >= 'a' && to.p[i] <= 'z') || (to.p[i] >= 'A' && to.p[i] <= 'Z') ||
		    (to.p[i] >= '0' && to.p[i] <= '9')))
			return false;
	return to.len > 0 && to.len <= DIALECT_TO_MAX;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct dialect_table dialect_cef = { .id = DIALECT_CEF, .name = "cef", .row = rows, .rows = COUNT(rows),
	.kind = abouts, .kinds = ABOUTS, .rule = rules, .rules = COUNT(rules), .headers = HEADERS,
	.header_meant = "|", .value_meant = "=", .valid = is_key };

static void
cef_event(struct render *r, const struct event *ev, uint64_t seq)
{
	static const struct dialect_line line = { .begin = "CEF:0|", .end = "", .header_max = 512, .between = ' ',
		.own = "Audit" };

	dialect_put_line(r, ev, seq, &line);
}

const struct render_format render_cef = { .name = "cef", .event = cef_event, .release = dialect_release,
	.dialect = &dialect_cef, .pieces = true, .plain = true };
