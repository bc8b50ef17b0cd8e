/*
 * config_sessions: what actions mean to sessions, when these expire, and who
 * is told when one is revoked.
 *
 *	sessions:
 *	  sign_in: [portal.login, sso.callback]
 *	  unused: 8h
 *	  hook:
 *	    command: [/usr/local/bin/end-session]
 *
 * What is not said is as without `sessions:` (query/session_rules.c).
 */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/config_policy.h"

enum { EXPIRES = SESSION_ROLES, IDLE, UNUSED, LIFETIME, HOOK, KEYS };

static int
full(const struct yaml *y, const char *key, size_t n, size_t most, struct err *e)
{
	return n <= most ? 0 : yaml_fault(y, e, "%s: more than %zu", key, most);
}

static int
read_actions(struct yaml *y, const char *key, struct str_list *out, struct err *e)
{
	struct str word;
	size_t count = 0;
	int rc;

	str_list_fini(out);
	*out = (struct str_list){ 0 };
	while ((rc = yaml_each(y, key, &count, &word, e)) > 0) {
		if (config_check_pattern(y, key, word.p, e) != 0 || full(y, key, count, SESSION_PATTERNS_MAX, e) != 0)
			return -1;
		str_list_add(out, word.p, word.len);
	}
	return rc;
}

static int
read_paths(struct yaml *y, struct str_list *out, struct err *e)
{
	struct err why = ERR_NONE;
	struct arena arena = { 0 };
	struct selector path;
	struct str word;
	size_t count = 0;
	int rc;

	str_list_fini(out);
	*out = (struct str_list){ 0 };
	while ((rc = yaml_each(y, "expires", &count, &word, e)) > 0) {
		if (full(y, "expires", count, SESSION_PATHS_MAX, e) != 0)
			rc = -1;
		else if (selector_parse(&path, word, &arena, &why) != 0)
			rc = yaml_fault(y, e, "expires: %s", why.text);
		else if (path.steps == 0)
			rc = yaml_fault(y, e, "expires: expected a path into the payload, such as context.expires_at");
		if (rc < 0)
			break;
		str_list_add(out, word.p, word.len);
	}
	arena_fini(&arena);
	return rc;
}

/* Nothing is 0 long: all would be idle, or expired, at once. */
static int
read_span(struct yaml *y, const char *key, int64_t *us, struct err *e)
{
	struct str text;

	if (config_span(y, key, us, &text, e) != 0)
		return -1;
	return *us >= TIME_SECOND ? 0 : yaml_fault(y, e, "%s: at least 1s", key);
}

static int
read_key(struct yaml *y, const char *name, size_t key, struct config_sessions *s, struct err *e)
{
	switch (key) {
	case EXPIRES:
		return read_paths(y, &s->rules.expires, e);
	case IDLE:
		return read_span(y, name, &s->rules.idle, e);
	case UNUSED:
		return read_span(y, name, &s->rules.unused, e);
	case LIFETIME:
		return read_span(y, name, &s->rules.lifetime, e);
	case HOOK:
		return config_hook(y, &s->hook, e);
	default:
		return read_actions(y, name, &s->rules.action[key], e);
	}
}

/* Keys by their number; that of SESSION_USES, which has no name, is none. */
static size_t
name_keys(const char *names[KEYS], size_t number[KEYS])
{
	static const char *const others[KEYS] = {
		[EXPIRES] = "expires", [IDLE] = "idle", [UNUSED] = "unused", [LIFETIME] = "lifetime", [HOOK] = "hook",
	};
	size_t n = 0;

	for (size_t key = 0; key < KEYS; key++) {
		const char *name = key < SESSION_ROLES ? session_role_name((enum session_role)key) : others[key];

		if (name == NULL)
			continue;
		names[n] = name;
		number[n++] = key;
	}
	return n;
}

int
config_sessions(struct yaml *y, struct config *c, struct err *e)
{
	const char *names[KEYS];
	size_t number[KEYS], n = name_keys(names, number), which;
	uint64_t seen = 0;
	int rc;

	c->sessions = mem_zero(1, sizeof(*c->sessions));
	session_rules_default(&c->sessions->rules);
	if (yaml_mapping(y, "sessions", e) != 0)
		return -1;
	while ((rc = yaml_key(y, names, n, &seen, &which, e)) > 0)
		if (read_key(y, names[which], number[which], c->sessions, e) != 0)
			return -1;
	return rc;
}

void
config_sessions_free(struct config_sessions *s)
{
	if (s == NULL)
		return;
	session_rules_fini(&s->rules);
	str_list_fini(&s->hook.command);
	free(s);
}
