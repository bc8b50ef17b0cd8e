/*
 * ecs: the Elastic Common Schema 8.17, an object a line.
 *
 * event.category and event.type are those that the schema allows together.  What
 * has no place goes to `audit_toolkit`, a field set of our own: an index should
 * have its context as `flattened`.
 */
#include "render/dialect.h"

enum category { SIGN_IN, ACCOUNT, RIGHTS, FILES, DATA, SETTINGS, MACHINE, ALERT, OTHER, CATEGORIES };

#define FOR(c) (UINT64_C(1) << (c))
#define EVENT "\"event\""

static const struct dialect_kind_row categories[CATEGORIES] = {
	[SIGN_IN] = { .number = SIGN_IN, .name = "authentication", .value = "[\"authentication\"]", .alert = EVENT },
	[ACCOUNT] = { .number = ACCOUNT, .name = "iam", .value = "[\"iam\"]", .alert = EVENT },
	[RIGHTS] = { .number = RIGHTS, .name = "iam", .value = "[\"iam\"]", .alert = EVENT },
	[FILES] = { .number = FILES, .name = "file", .value = "[\"file\"]", .alert = EVENT },
	[DATA] = { .number = DATA, .name = "api", .value = "[\"api\"]", .alert = EVENT },
	[SETTINGS] = { .number = SETTINGS, .name = "configuration", .value = "[\"configuration\"]", .alert = EVENT },
	[MACHINE] = { .number = MACHINE, .name = "host", .value = "[\"host\"]", .alert = EVENT },
	[ALERT] = { .number = ALERT, .name = "intrusion_detection", .value = "[\"intrusion_detection\"]",
	    .alert = "\"alert\"" },
	[OTHER] = { .number = OTHER, .name = "none", .alert = EVENT },
};

static const struct dialect_rule_row rules[] = {
	{ "audit-toolkit*", "SECURITY", NULL, SEVERITY_INFO, ALERT },
	{ NULL, "SECURITY", NULL, SEVERITY_WARNING, ALERT },
	{ NULL, "AUTHENTICATION", NULL, SEVERITY_INFO, SIGN_IN },
	{ NULL, "ACCOUNT", NULL, SEVERITY_INFO, ACCOUNT },
	{ NULL, "AUTHORIZATION SHARING", NULL, SEVERITY_INFO, RIGHTS },
	{ NULL, "FILE_ACCESS FILE_MODIFICATION", NULL, SEVERITY_INFO, FILES },
	{ NULL, "DATA_ACCESS", NULL, SEVERITY_INFO, DATA },
	{ NULL, "ADMIN CONNECTOR RECOVERY COMPLIANCE SECURITY", NULL, SEVERITY_INFO, SETTINGS },
	{ NULL, "SYSTEM", NULL, SEVERITY_INFO, MACHINE },
};

/* The activities are not told; their values are. */
enum { CREATION = 1, ACCESS, CHANGE, DELETION, START, END, INFO };

#define CREATES "create add insert generate register issue upload import mkdir"
#define CHANGES \
	"update edit modify change set patch put write replace rename move append save store apply configure grant " \
	"revoke assign unassign enable disable activate deactivate lock unlock attach detach share unshare invite reset " \
	"rotate"
#define DELETES "delete remove destroy purge erase drop truncate prune unlink rmdir"
#define READS \
	"read get retrieve fetch view list search describe query access inspect preview download export watch open " \
	"stat"

static const struct dialect_deed_row deeds[] = {
	{ FOR(SIGN_IN), START, "[\"start\"]",
	    "login logon signin authenticate start UserLoggedIn UserLoginFailed ConsoleLogin login_success "
	    "login_failure" },
	{ FOR(SIGN_IN), END, "[\"end\"]", "logout logoff signout end" },
	{ FOR(ACCOUNT) | FOR(RIGHTS) | FOR(FILES) | FOR(DATA) | FOR(SETTINGS), CREATION, "[\"creation\"]", CREATES },
	{ FOR(ACCOUNT) | FOR(RIGHTS) | FOR(FILES) | FOR(DATA) | FOR(SETTINGS), CHANGE, "[\"change\"]", CHANGES },
	{ FOR(ACCOUNT) | FOR(RIGHTS) | FOR(FILES) | FOR(DATA) | FOR(SETTINGS), DELETION, "[\"deletion\"]", DELETES },
	{ FOR(FILES) | FOR(DATA) | FOR(SETTINGS), ACCESS, "[\"access\"]", READS },
	{ FOR(MACHINE), START, "[\"start\"]", "start boot" },
	{ FOR(MACHINE), END, "[\"end\"]", "stop shutdown end" },
	{ FOR(MACHINE), CHANGE, "[\"change\"]", CHANGES },
	{ FOR(MACHINE), ACCESS, "[\"access\"]", READS },
};

static const struct dialect_word severities[] = { { "info", "3" }, { "warning", "6" }, { "error", "8" },
	{ "critical", "10" }, { NULL, NULL } };

static const struct dialect_row rows[] = {
	{ .to = "@timestamp", .from = "time" },
	{ .to = "message", .from = "description" },
	{ .to = "ecs.version", .text = "8.17.0" },
	{ .to = "event.kind", .as = AS_KIND },
	{ .to = "event.category", .as = AS_CATEGORY },
	{ .to = "event.type", .as = AS_TYPE },
	{ .to = "event.action", .from = "action" },
	{ .to = "event.outcome", .from = "outcome" },
	{ .to = "event.id", .from = "id" },
	{ .to = "event.ingested", .from = "ingested" },
	{ .to = "event.severity", .from = "severity", .as = AS_INTEGER, .lookup = severities },
	{ .to = "log.level", .from = "severity" },
	{ .to = "event.provider", .from = "source" },
	{ .to = "event.dataset", .from = "channel" },
	{ .to = "event.reason", .from = "reason" },
	{ .to = "event.duration", .from = "duration_ms", .as = AS_NANOSECONDS },
	{ .to = "event.sequence", .as = AS_SEQ },
	{ .to = "error.code", .from = "error_code" },
	{ .to = "organization.id", .from = "tenant" },
	{ .to = "user.id", .from = "actor_id" },
	{ .to = "user.name", .from = "actor_name" },
	{ .to = "user.email", .from = "actor_email" },
	{ .to = "user.effective.id", .from = "effective_id" },
	{ .to = "rule.id", .from = "context.rule", .kinds = FOR(ALERT) },
	{ .to = "user.target.id", .from = "target_id", .kinds = FOR(ACCOUNT) },
	{ .to = "user.target.name", .from = "target_name target_path", .kinds = FOR(ACCOUNT) },
	{ .to = "file.path", .from = "target_path", .kinds = FOR(FILES) },
	{ .to = "file.name", .from = "target_name", .kinds = FOR(FILES) },
	{ .to = "source.address", .from = "ip" },
	{ .to = "source.ip", .from = "ip", .as = AS_ADDRESS },
	{ .to = "user_agent.original", .from = "user_agent" },
	{ .to = "host.name", .from = "host" },
	{ .to = "http.request.method", .from = "method" },
	{ .to = "http.request.id", .from = "request_id" },
	{ .to = "http.response.status_code", .from = "status", .as = AS_INTEGER },
	{ .to = "trace.id", .from = "trace_id" },
	{ .to = "related.user", .from = "actor_id actor_name actor_email effective_id service_account",
	    .as = AS_LIST },
	{ .to = "related.hosts", .from = "host", .as = AS_LIST },
	{ .to = "related.ip", .from = "ip", .as = AS_LIST },
};

static const char *const made[] = { "audit_toolkit", NULL };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct dialect_table dialect_ecs = { .id = DIALECT_ECS, .name = "ecs", .tree = true,
	.row = rows, .rows = COUNT(rows), .kind = categories, .kinds = CATEGORIES,
	.rule = rules, .rules = COUNT(rules),
	.deed = deeds, .deeds = COUNT(deeds), .other = INFO, .other_value = "[\"info\"]", .made = made,
	.valid = dialect_path_valid };

static void
ecs_event(struct render *r, const struct event *ev, uint64_t seq)
{
	struct dialect_verdict v;
	struct dialect_source s;

	dialect_begin(&s, &v, r, ev, seq);
	buf_byte(&r->buf, '{');
	dialect_members(&r->buf, &s, "audit_toolkit");
	buf_byte(&r->buf, '\n');
}

const struct render_format render_ecs = { .name = "ecs", .event = ecs_event, .release = dialect_release,
	.dialect = &dialect_ecs, .pieces = true };
