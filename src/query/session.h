/*
 * session: sessions, as the events that carry a session id tell of them.
 *
 * A session is known by its id together with source and tenant; an id that
 * looks counted ("3", "c2", "0x3e7") by the host too, for each host counts from
 * 1.  What an action means is said by rules.  Events count by their time: it
 * makes no difference in which order they arrived.
 *
 * In: a store and rules.   Out: sessions, the one used last first.
 */
#ifndef QUERY_SESSION_H
#define QUERY_SESSION_H

#include "query/query.h"

/* What an event does to the session it belongs to.  Any renews it. */
enum session_role {
	SESSION_USES,
	SESSION_SIGN_IN,  /* opens; again in an open one it only renews */
	SESSION_ENTER,    /* opens, and may come again inside: as many LEAVE end it */
	SESSION_LEAVE,
	SESSION_SIGN_OUT, /* these close it, whatever is open inside */
	SESSION_EXPIRE,
	SESSION_REVOKE,
	SESSION_ROLES
};

#define SESSION_PATTERNS_MAX 256 /* of one role */
#define SESSION_PATHS_MAX 16
#define SESSION_FOREVER INT64_MAX
#define SESSION_REVOKED "session.revoke" /* the action of our own records */

struct session_rules {
	struct str_list action[SESSION_ROLES]; /* globs; of SESSION_USES none */
	struct str_list expires; /* payload paths where a sign-in says when it expires */
	int64_t idle;     /* without activity for so long: idle */
	int64_t unused;   /* expires so long after its last activity; SESSION_FOREVER */
	int64_t lifetime; /* and so long after its start; SESSION_FOREVER */
};

/* Those for our own events and the shipped mappings.  Yours. */
void session_rules_default(struct session_rules *r);
void session_rules_fini(struct session_rules *r);
/* "sign_in": the name of a role in the configuration; NULL for SESSION_USES. */
const char *session_role_name(enum session_role r);
/* What the action means: of several roles the one furthest down. */
enum session_role session_role_of(const struct session_rules *r, struct str action);

enum session_state { SESSION_LIVE, SESSION_IDLE, SESSION_ENDED, SESSION_EXPIRED, SESSION_IS_REVOKED, SESSION_STATES };
const char *session_state_name(enum session_state s);

/* What is told of a session besides times: from its first sign-in that says it,
 * else from its earliest event that does; the last address from the latest. */
enum session_text {
	SESSION_ACTOR_ID, SESSION_ACTOR_NAME, SESSION_ACTOR_EMAIL, SESSION_IDP, SESSION_DEVICE,
	SESSION_USER_AGENT, SESSION_IP, SESSION_LAST_IP, SESSION_TEXTS
};

struct session {
	struct str id, source, tenant, host; /* len 0: none; host only where ids are counted */
	struct str text[SESSION_TEXTS];      /* p NULL: none */
	enum session_state state;
	bool in_use;      /* live or idle; or used after its end, and not long ago */
	bool signed_in;   /* its beginning is among the events; else the first of them is its start */
	int64_t started, last;
	int64_t expires;  /* TIME_NONE: never, or closed */
	int64_t closed;   /* TIME_NONE: not */
	int64_t late;     /* the last use after that; what failed, and what closes, is none */
	uint64_t events;
};

/* actor_email, else actor_name, else actor_id; p NULL. */
struct str session_user(const struct session *s);

/* "phone", "tablet", "computer", "program", "unknown": what it says of itself. */
const char *session_device_kind(struct str user_agent, struct str device);

struct sessions;

/* Memory for what is known of sessions; more is ERR_FAIL. */
#define SESSIONS_BYTES_MAX (256u << 20)

/*
 * The sessions of which an event matches o->filter; all of their events count.
 * o->now is the instant for which states are told; of o the filter, now, pool
 * and go_on are used.  ERR_FAIL: a path of the rules is none; too many sessions
 * for SESSIONS_BYTES_MAX.
 */
int sessions_find(struct store *st, const struct query_options *o, const struct session_rules *r,
    struct sessions **out, struct query_stats *stats, struct err *e);
void sessions_free(struct sessions *s); /* NULL is fine */
size_t sessions_count(const struct sessions *s);
/* 0 is the one used last.  Texts are borrowed from s. */
void sessions_get(const struct sessions *s, size_t i, struct session *out);

#endif
