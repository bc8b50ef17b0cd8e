/*
 * ocsf: the Open Cybersecurity Schema Framework 1.8.0, an object a line.
 *
 * A class is claimed only of events that have the values which it requires:
 * else the next one that fits, and at last Base Event.  What has no place goes
 * to `unmapped`, under the event's own names.
 */
#include "render/dialect.h"

#define BITS(f) FIELD_BIT(FIELD_##f)
#define ACTOR (BITS(ACTOR_ID) | BITS(ACTOR_NAME) | BITS(ACTOR_EMAIL))
#define TARGET (BITS(TARGET_ID) | BITS(TARGET_NAME) | BITS(TARGET_PATH))
#define ORIGIN (BITS(IP) | BITS(HOST))

enum class {
	FILE_ACTIVITY, EVENT_LOG, FINDING, ACCOUNT_CHANGE, AUTHENTICATION, ENTITY, GROUP, WEB_RESOURCES, API,
	HOSTED_FILE, BASE, CLASSES
};

#define FOR(c) (UINT64_C(1) << (c))

/* The first that has what it needs, in the order of `otherwise`. */
static const struct dialect_kind_row classes[CLASSES] = {
	[FILE_ACTIVITY] = { .number = 1001, .name = "File System Activity",
	    .needs = { ACTOR, BITS(HOST), BITS(TARGET_PATH) }, .otherwise = HOSTED_FILE },
	[EVENT_LOG] = { .number = 1008, .name = "Event Log Activity",
	    .needs = { BITS(SOURCE) | BITS(CHANNEL) | BITS(TARGET_NAME) }, .otherwise = BASE },
	[FINDING] = { .number = 2004, .name = "Detection Finding",
	    .needs = { BITS(ID) }, .otherwise = BASE },
	[ACCOUNT_CHANGE] = { .number = 3001, .name = "Account Change",
	    .needs = { TARGET }, .otherwise = API, .reads = ENTITY },
	[AUTHENTICATION] = { .number = 3002, .name = "Authentication",
	    .needs = { ACTOR, BITS(SOURCE) | BITS(IDP) | BITS(HOST) }, .otherwise = BASE },
	[ENTITY] = { .number = 3004, .name = "Entity Management",
	    .needs = { TARGET }, .otherwise = API },
	[GROUP] = { .number = 3006, .name = "Group Management",
	    .needs = { TARGET }, .otherwise = API, .reads = ENTITY },
	[WEB_RESOURCES] = { .number = 6001, .name = "Web Resources Activity",
	    .needs = { TARGET }, .otherwise = API },
	[API] = { .number = 6003, .name = "API Activity",
	    .needs = { ACTOR, ORIGIN }, .otherwise = BASE },
	[HOSTED_FILE] = { .number = 6006, .name = "File Hosting Activity",
	    .needs = { ACTOR, ORIGIN, TARGET }, .otherwise = API },
	[BASE] = { .number = 0, .name = "Base Event", .otherwise = BASE },
};

/* The toolkit's own records first; an alert of its rules is one of them. */
static const struct dialect_rule_row rules[] = {
	{ "audit-toolkit*", "SECURITY", NULL, SEVERITY_INFO, FINDING },
	{ "audit-toolkit*", NULL, NULL, SEVERITY_INFO, EVENT_LOG },
	{ NULL, "COMPLIANCE", "audit.*", SEVERITY_INFO, EVENT_LOG },
	{ NULL, "SECURITY", NULL, SEVERITY_WARNING, FINDING },
	{ NULL, "AUTHENTICATION", NULL, SEVERITY_INFO, AUTHENTICATION },
	{ NULL, "ACCOUNT", "group.* groups.*", SEVERITY_INFO, GROUP },
	{ NULL, "ACCOUNT", NULL, SEVERITY_INFO, ACCOUNT_CHANGE },
	{ NULL, "AUTHORIZATION", "group.* groups.*", SEVERITY_INFO, GROUP },
	{ NULL, "AUTHORIZATION", NULL, SEVERITY_INFO, ENTITY },
	{ NULL, "FILE_ACCESS FILE_MODIFICATION", NULL, SEVERITY_INFO, FILE_ACTIVITY },
	{ NULL, "SHARING", NULL, SEVERITY_INFO, WEB_RESOURCES },
	{ NULL, "DATA_ACCESS ADMIN CONNECTOR RECOVERY", NULL, SEVERITY_INFO, API },
};

#define CREATE "create add insert generate register issue upload import"
#define READ "read get retrieve fetch view list search describe query access inspect preview download export watch"
#define UPDATE "update edit modify change set patch put write replace rename move append save store apply configure"
#define DELETE "delete remove destroy purge erase drop truncate deregister unregister"

static const struct dialect_deed_row deeds[] = {
	{ FOR(AUTHENTICATION), 1, NULL, "login logon signin authenticate start assign" },
	{ FOR(AUTHENTICATION), 1, NULL, "UserLoggedIn UserLoginFailed ConsoleLogin login_success login_failure" },
	{ FOR(AUTHENTICATION), 2, NULL, "logout logoff signout end dispose" },
	{ FOR(AUTHENTICATION), 3, NULL, "ticket" },
	{ FOR(AUTHENTICATION), 7, NULL, "assume impersonate AssumeRole su" },
	{ FOR(ACCOUNT_CHANGE), 12, NULL, "unlock unsuspend" },
	{ FOR(ACCOUNT_CHANGE), 9, NULL, "lock suspend block" },
	{ FOR(ACCOUNT_CHANGE), 1, NULL, CREATE },
	{ FOR(ACCOUNT_CHANGE), 2, NULL, "enable activate" },
	{ FOR(ACCOUNT_CHANGE), 5, NULL, "disable deactivate" },
	{ FOR(ACCOUNT_CHANGE), 6, NULL, DELETE },
	{ FOR(ACCOUNT_CHANGE), 3, NULL, "change_password password_change" },
	{ FOR(ACCOUNT_CHANGE), 4, NULL, "reset_password password_reset" },
	{ FOR(ACCOUNT_CHANGE), 7, NULL, "attach" },
	{ FOR(ACCOUNT_CHANGE), 8, NULL, "detach" },
	{ FOR(GROUP), 3, NULL, "add_member member_add" },
	{ FOR(GROUP), 4, NULL, "remove_member member_remove" },
	{ FOR(GROUP), 1, NULL, "grant assign" },
	{ FOR(GROUP), 2, NULL, "revoke unassign" },
	{ FOR(GROUP), 6, NULL, "create" },
	{ FOR(GROUP), 5, NULL, "delete destroy" },
	{ FOR(ENTITY) | FOR(WEB_RESOURCES) | FOR(API), 1, NULL, CREATE },
	{ FOR(ENTITY) | FOR(WEB_RESOURCES) | FOR(API), 2, NULL, READ },
	{ FOR(ENTITY) | FOR(WEB_RESOURCES) | FOR(API), 3, NULL, UPDATE },
	{ FOR(ENTITY) | FOR(WEB_RESOURCES) | FOR(API), 4, NULL, DELETE },
	{ FOR(ENTITY), 8, NULL, "enable" },
	{ FOR(ENTITY), 9, NULL, "disable" },
	{ FOR(ENTITY), 10, NULL, "activate" },
	{ FOR(ENTITY), 11, NULL, "deactivate" },
	{ FOR(ENTITY), 12, NULL, "suspend" },
	{ FOR(ENTITY), 13, NULL, "resume" },
	{ FOR(WEB_RESOURCES), 8, NULL, "share invite" },
	{ FOR(FILE_ACTIVITY), 14, NULL, "open" },
	{ FOR(FILE_ACTIVITY), 5, NULL, "rename move" },
	{ FOR(FILE_ACTIVITY), 7, NULL, "chmod chown setxattr" },
	{ FOR(FILE_ACTIVITY), 12, NULL, "mount" },
	{ FOR(FILE_ACTIVITY), 13, NULL, "unmount umount" },
	{ FOR(FILE_ACTIVITY), 10, NULL, "encrypt" },
	{ FOR(FILE_ACTIVITY), 11, NULL, "decrypt" },
	{ FOR(FILE_ACTIVITY), 1, NULL, "mkdir mknod link symlink " CREATE },
	{ FOR(FILE_ACTIVITY), 2, NULL, "stat " READ },
	{ FOR(FILE_ACTIVITY), 3, NULL, UPDATE },
	{ FOR(FILE_ACTIVITY), 4, NULL, "unlink rmdir " DELETE },
	{ FOR(HOSTED_FILE), 1, NULL, "upload create add import FileUploaded" },
	{ FOR(HOSTED_FILE), 2, NULL, "download export FileDownloaded" },
	{ FOR(HOSTED_FILE), 3, NULL, "update edit modify change put write replace append save store FileModified" },
	{ FOR(HOSTED_FILE), 4, NULL, DELETE " FileDeleted FileRecycled" },
	{ FOR(HOSTED_FILE), 5, NULL, "rename FileRenamed" },
	{ FOR(HOSTED_FILE), 6, NULL, "copy FileCopied" },
	{ FOR(HOSTED_FILE), 7, NULL, "move FileMoved" },
	{ FOR(HOSTED_FILE), 8, NULL, "restore FileRestored" },
	{ FOR(HOSTED_FILE), 9, NULL, "preview FilePreviewed" },
	{ FOR(HOSTED_FILE), 10, NULL, "lock" },
	{ FOR(HOSTED_FILE), 11, NULL, "unlock" },
	{ FOR(HOSTED_FILE), 12, NULL, "share" },
	{ FOR(HOSTED_FILE), 13, NULL, "unshare" },
	{ FOR(HOSTED_FILE), 14, NULL, "open read get view fetch access FileAccessed" },
	{ FOR(HOSTED_FILE), 15, NULL, "sync" },
	{ FOR(FINDING), 3, NULL, "close end" },
	{ FOR(FINDING), 2, NULL, "update" },
	{ FOR(FINDING), 1, NULL, "*" },
	{ FOR(EVENT_LOG), 1, NULL, "clear" },
	{ FOR(EVENT_LOG), 2, NULL, "prune erase delete" },
	{ FOR(EVENT_LOG), 3, NULL, "export" },
	{ FOR(EVENT_LOG), 4, NULL, "archive" },
	{ FOR(EVENT_LOG), 5, NULL, "rotate" },
	{ FOR(EVENT_LOG), 6, NULL, "start" },
	{ FOR(EVENT_LOG), 7, NULL, "end stop abort" },
	{ FOR(EVENT_LOG), 8, NULL, "restart" },
	{ FOR(EVENT_LOG), 9, NULL, "enable" },
	{ FOR(EVENT_LOG), 10, NULL, "disable" },
};

static const struct dialect_word severities[] = { { "info", "1" }, { "warning", "3" }, { "error", "4" },
	{ "critical", "5" }, { NULL, "0" } };
static const struct dialect_word outcomes[] = { { "success", "1" }, { "failure", "2" }, { "unknown", "0" },
	{ NULL, NULL } };
static const struct dialect_word actor_types[] = { { "user", "1" }, { "admin", "2" }, { "system", "3" },
	{ "service_account", "4" }, { "service", "4" }, { NULL, NULL } };

static const struct dialect_word file_types[] = { { "file", "1" }, { "folder", "2" }, { "directory", "2" },
	{ NULL, "0" } };
static const struct dialect_word device_types[] = { { NULL, "0" } };

/* Of the classes whose actor is who did it; of a sign-in that is its user. */
#define DOES (~FOR(AUTHENTICATION))
#define CALLED (FOR(API) | FOR(WEB_RESOURCES) | FOR(HOSTED_FILE))
#define FROM_WHERE (CALLED | FOR(AUTHENTICATION) | FOR(ACCOUNT_CHANGE) | FOR(ENTITY) | FOR(GROUP) | FOR(EVENT_LOG))
#define ABOUT_FILE (FOR(FILE_ACTIVITY) | FOR(HOSTED_FILE))

static const struct dialect_row rows[] = {
	{ .to = "time", .from = "time", .as = AS_MILLISECONDS },
	{ .to = "severity_id", .from = "severity", .as = AS_INTEGER, .lookup = severities },
	{ .to = "status_id", .from = "outcome", .as = AS_INTEGER, .lookup = outcomes },
	{ .to = "status_code", .from = "error_code status" },
	{ .to = "status_detail", .from = "reason" },
	{ .to = "message", .from = "description" },
	{ .to = "duration", .from = "duration_ms", .as = AS_INTEGER },

	{ .to = "metadata.version", .text = "1.8.0" },
	{ .to = "metadata.product.name", .text = DIALECT_VENDOR },
	{ .to = "metadata.product.vendor_name", .text = DIALECT_VENDOR },
	{ .to = "metadata.product.version", .text = PACKAGE_VERSION },
	{ .to = "metadata.profiles", .text = "[\"host\"]", .as = AS_JSON },
	{ .to = "metadata.uid", .from = "id" },
	{ .to = "metadata.event_code", .from = "action" },
	{ .to = "metadata.log_provider", .from = "source" },
	{ .to = "metadata.log_name", .from = "channel" },
	{ .to = "metadata.tenant_uid", .from = "tenant" },
	{ .to = "metadata.original_time", .from = "time" },
	{ .to = "metadata.logged_time", .from = "ingested", .as = AS_MILLISECONDS },
	{ .to = "metadata.correlation_uid", .from = "request_id trace_id" },
	{ .to = "metadata.sequence", .as = AS_SEQ },

	{ .to = "actor.user.uid", .from = "actor_id", .kinds = DOES },
	{ .to = "actor.user.name", .from = "actor_name actor_email", .kinds = DOES },
	{ .to = "actor.user.email_addr", .from = "actor_email", .kinds = DOES },
	{ .to = "actor.user.type_id", .from = "actor_type", .as = AS_INTEGER, .lookup = actor_types,
	    .kinds = DOES, .with = ACTOR },
	{ .to = "actor.session.uid", .from = "session_id", .kinds = DOES },
	{ .to = "actor.idp.name", .from = "idp", .kinds = DOES, .with = ACTOR | BITS(SESSION_ID) },
	{ .to = "actor.app_name", .from = "service_account" },
	{ .to = "device.hostname", .from = "host" },
	{ .to = "device.type_id", .from = "host", .as = AS_INTEGER, .lookup = device_types, .with = BITS(HOST) },

	{ .to = "user.uid", .from = "actor_id", .kinds = FOR(AUTHENTICATION) },
	{ .to = "user.name", .from = "actor_name actor_email", .kinds = FOR(AUTHENTICATION) },
	{ .to = "user.email_addr", .from = "actor_email", .kinds = FOR(AUTHENTICATION) },
	{ .to = "user.type_id", .from = "actor_type", .as = AS_INTEGER, .lookup = actor_types,
	    .kinds = FOR(AUTHENTICATION) },
	{ .to = "session.uid", .from = "session_id", .kinds = FOR(AUTHENTICATION) },
	{ .to = "service.name", .from = "idp source host", .kinds = FOR(AUTHENTICATION) },

	{ .to = "user.uid", .from = "target_id", .kinds = FOR(ACCOUNT_CHANGE) },
	{ .to = "user.name", .from = "target_name target_path", .kinds = FOR(ACCOUNT_CHANGE) },
	{ .to = "group.uid", .from = "target_id", .kinds = FOR(GROUP) },
	{ .to = "group.name", .from = "target_name target_path", .kinds = FOR(GROUP) },
	{ .to = "group.type", .from = "target_type", .kinds = FOR(GROUP) },
	{ .to = "entity.uid", .from = "target_id", .kinds = FOR(ENTITY) },
	{ .to = "entity.name", .from = "target_name target_path", .kinds = FOR(ENTITY) },
	{ .to = "entity.type", .from = "target_type", .kinds = FOR(ENTITY) },

	{ .to = "src_endpoint.ip", .from = "ip", .as = AS_ADDRESS, .kinds = FROM_WHERE },
	{ .to = "src_endpoint.name", .from = "ip host", .as = AS_NAME, .kinds = FROM_WHERE },
	{ .to = "src_endpoint.type", .from = "device", .kinds = FROM_WHERE, .with = ORIGIN },
	{ .to = "http_request.user_agent", .from = "user_agent", .kinds = CALLED | FOR(AUTHENTICATION) },
	{ .to = "http_request.http_method", .from = "method", .kinds = CALLED },
	{ .to = "api.operation", .from = "action", .kinds = FOR(API) },
	{ .to = "api.service.name", .from = "source", .kinds = FOR(API) },
	{ .to = "api.request.uid", .from = "request_id", .kinds = FOR(API) },
	{ .to = "resources[].uid", .from = "target_id", .kinds = FOR(API) },
	{ .to = "resources[].name", .from = "target_name target_path", .kinds = FOR(API) },
	{ .to = "resources[].type", .from = "target_type", .kinds = FOR(API), .with = TARGET },
	{ .to = "resources[].namespace", .from = "share", .kinds = FOR(API), .with = TARGET },
	{ .to = "web_resources[].uid", .from = "target_id", .kinds = FOR(WEB_RESOURCES) },
	{ .to = "web_resources[].name", .from = "target_name target_path", .kinds = FOR(WEB_RESOURCES) },
	{ .to = "web_resources[].type", .from = "target_type", .kinds = FOR(WEB_RESOURCES) },

	{ .to = "file.name", .from = "target_name target_path target_id", .kinds = ABOUT_FILE },
	{ .to = "file.path", .from = "target_path", .kinds = ABOUT_FILE },
	{ .to = "file.uid", .from = "target_id", .kinds = ABOUT_FILE },
	{ .to = "file.type", .from = "target_type", .kinds = ABOUT_FILE },
	{ .to = "file.type_id", .from = "target_type", .as = AS_INTEGER, .lookup = file_types, .kinds = ABOUT_FILE },

	{ .to = "finding_info.uid", .from = "id", .kinds = FOR(FINDING) },
	{ .to = "finding_info.title", .from = "description action", .kinds = FOR(FINDING) },
	{ .to = "finding_info.analytic.uid", .from = "context.rule", .kinds = FOR(FINDING) },
	{ .to = "finding_info.analytic.type_id", .from = "context.rule", .text = "1", .as = AS_INTEGER,
	    .kinds = FOR(FINDING) },
	{ .to = "evidences[].src_endpoint.ip", .from = "ip", .as = AS_ADDRESS, .kinds = FOR(FINDING) },
	{ .to = "log_name", .from = "target_name channel", .kinds = FOR(EVENT_LOG) },
	{ .to = "log_provider", .from = "source", .kinds = FOR(EVENT_LOG) },
};

/* What follows from the class and the activity. */
static const char *const made[] = { "activity_id", "activity_name", "category_uid", "class_uid", "type_uid",
	"unmapped", NULL };

#define OTHER 99 /* the activity that no number is for */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct dialect_table dialect_ocsf = { .id = DIALECT_OCSF, .name = "ocsf", .tree = true,
	.row = rows, .rows = COUNT(rows), .kind = classes, .kinds = CLASSES, .rule = rules, .rules = COUNT(rules),
	.deed = deeds, .deeds = COUNT(deeds), .other = OTHER, .made = made, .valid = dialect_path_valid };

static void
ocsf_event(struct render *r, const struct event *ev, uint64_t seq)
{
	struct dialect_verdict v;
	struct dialect_source s;
	uint64_t type;

	dialect_begin(&s, &v, r, ev, seq);
	type = (uint64_t)v.kind->number * 100 + v.activity;
	buf_str(&r->buf, STR("{\"activity_id\":"));
	dialect_decimal(&r->buf, v.activity);
	if (v.activity == OTHER && event_has(ev, FIELD_ACTION)) {
		buf_str(&r->buf, STR(",\"activity_name\":"));
		json_quote(&r->buf, ev->v[FIELD_ACTION]);
	}
	buf_str(&r->buf, STR(",\"category_uid\":"));
	dialect_decimal(&r->buf, v.kind->number / 1000);
	buf_str(&r->buf, STR(",\"class_uid\":"));
	dialect_decimal(&r->buf, v.kind->number);
	buf_str(&r->buf, STR(",\"type_uid\":"));
	dialect_decimal(&r->buf, type);
	dialect_members(&r->buf, &s, "unmapped");
	buf_byte(&r->buf, '\n');
}

const struct render_format render_ocsf = { .name = "ocsf", .event = ocsf_event, .release = dialect_release,
	.dialect = &dialect_ocsf, .pieces = true };
