/*
 * session_rules: what actions mean, unless the configuration says else.
 *
 * Actions are those of the toolkit's own vocabulary and of the shipped mappings
 * (mappings/): each row says whose.
 */
#include <string.h>

#include "query/session.h"

#define MINUTE (60 * TIME_SECOND)

static const struct {
	enum session_role role;
	const char *action;
} defaults[] = {
	/* our own vocabulary, and auditd (USER_LOGIN, USER_LOGOUT, LOGIN) */
	{ SESSION_SIGN_IN, "login" },
	{ SESSION_SIGN_IN, "login.success" },
	{ SESSION_SIGN_IN, "user.login" },
	{ SESSION_SIGN_IN, "signin" },
	{ SESSION_SIGN_IN, "user.signin" },
	{ SESSION_SIGN_IN, "session.create" },
	{ SESSION_SIGN_IN, "session.open" },
	{ SESSION_SIGN_IN, "session.assign" },
	{ SESSION_SIGN_OUT, "logout" },
	{ SESSION_SIGN_OUT, "user.logout" },
	{ SESSION_SIGN_OUT, "signout" },
	{ SESSION_SIGN_OUT, "user.signout" },
	{ SESSION_SIGN_OUT, "session.close" },
	{ SESSION_SIGN_OUT, "session.delete" },
	{ SESSION_EXPIRE, "session.expire" },
	{ SESSION_EXPIRE, "session.expired" },
	{ SESSION_EXPIRE, "session.timeout" },
	{ SESSION_REVOKE, SESSION_REVOKED },
	{ SESSION_REVOKE, "session.revoked" },
	/* auditd's USER_START and USER_END, of which sudo and cron have their own
	 * inside a session, journald's copy of them, teleport */
	{ SESSION_ENTER, "session.start" },
	{ SESSION_LEAVE, "session.end" },
	{ SESSION_ENTER, "audit.user_start" },
	{ SESSION_LEAVE, "audit.user_end" },
	{ SESSION_SIGN_IN, "audit.login" },
	{ SESSION_SIGN_IN, "audit.user_login" },
	{ SESSION_SIGN_OUT, "audit.user_logout" },
	/* teleport: app, db, windows.desktop */
	{ SESSION_SIGN_IN, "*.session.start" },
	{ SESSION_SIGN_OUT, "*.session.end" },
	/* okta: user.session.start and user.session.end are among those above */
	{ SESSION_EXPIRE, "user.session.expire" },
	/* cloudtrail, microsoft 365, azure */
	{ SESSION_SIGN_IN, "ConsoleLogin" },
	{ SESSION_SIGN_IN, "UserLoggedIn" },
	{ SESSION_SIGN_IN, "Sign-in activity" },
	/* windows: 4624; 4634 and 4647 */
	{ SESSION_SIGN_IN, "logon" },
	{ SESSION_SIGN_OUT, "logoff" },
	/* google-workspace */
	{ SESSION_SIGN_IN, "login.login_success" },
	{ SESSION_SIGN_OUT, "login.logout" },
};

static const char *const expires[] = { "context.expires_at", "context.session_expires_at", "context.identity.expires" };

static const char *const role_names[SESSION_ROLES] = {
	[SESSION_SIGN_IN] = "sign_in", [SESSION_ENTER] = "enter", [SESSION_LEAVE] = "leave",
	[SESSION_SIGN_OUT] = "sign_out", [SESSION_EXPIRE] = "expire", [SESSION_REVOKE] = "revoke",
};

static const char *const state_names[SESSION_STATES] = {
	[SESSION_LIVE] = "live", [SESSION_IDLE] = "idle", [SESSION_ENDED] = "ended", [SESSION_EXPIRED] = "expired",
	[SESSION_IS_REVOKED] = "revoked",
};

void
session_rules_default(struct session_rules *r)
{
	*r = (struct session_rules){ .idle = 30 * MINUTE, .unused = TIME_DAY, .lifetime = 30 * TIME_DAY };
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		str_list_add(&r->action[defaults[i].role], defaults[i].action, strlen(defaults[i].action));
	for (size_t i = 0; i < sizeof(expires) / sizeof(expires[0]); i++)
		str_list_add(&r->expires, expires[i], strlen(expires[i]));
}

void
session_rules_fini(struct session_rules *r)
{
	for (size_t i = 0; i < SESSION_ROLES; i++)
		str_list_fini(&r->action[i]);
	str_list_fini(&r->expires);
}

const char *
session_role_name(enum session_role r)
{
	return role_names[r];
}

const char *
session_state_name(enum session_state s)
{
	return state_names[s];
}

enum session_role
session_role_of(const struct session_rules *r, struct str action)
{
	for (size_t role = SESSION_ROLES; --role > SESSION_USES;)
		for (size_t i = 0; i < r->action[role].n; i++)
			if (filter_glob(str_of(r->action[role].item[i]), action, false))
				return (enum session_role)role;
	return SESSION_USES;
}

struct str
session_user(const struct session *s)
{
	static const enum session_text by[] = { SESSION_ACTOR_EMAIL, SESSION_ACTOR_NAME, SESSION_ACTOR_ID };

	for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++)
		if (s->text[by[i]].len > 0)
			return s->text[by[i]];
	return (struct str){ NULL, 0 };
}
