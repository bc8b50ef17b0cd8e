/*
 * config_detect: which rules audit-detect asks, and who is told of alerts; and
 * hooks, as sessions have them too.
 *
 *	detect:
 *	  rules: [login-lockout, /etc/audit-toolkit/rules]
 *	  hook:
 *	    command: [/usr/local/bin/page, security]
 *	    limit: 5s
 */
#include "cli/config_policy.h"

#define HOOK_LIMIT_MAX (600 * TIME_SECOND)

static int
read_limit(struct yaml *y, int64_t *us, struct err *e)
{
	struct str text;

	if (config_span(y, "limit", us, &text, e) != 0)
		return -1;
	if (*us >= TIME_SECOND && *us <= HOOK_LIMIT_MAX)
		return 0;
	return yaml_fault(y, e, "limit: expected a span from 1s to 10min, not '%.60s'", text.p);
}

int
config_hook(struct yaml *y, struct config_hook *h, struct err *e)
{
	enum { COMMAND, LIMIT };
	static const char *const names[] = { [COMMAND] = "command", [LIMIT] = "limit" };
	uint64_t seen = 0;
	size_t which;
	int rc;

	h->limit = CONFIG_HOOK_LIMIT;
	if (yaml_mapping(y, "hook (command: and limit: below)", e) != 0)
		return -1;
	while ((rc = yaml_key(y, names, 2, &seen, &which, e)) > 0)
		if ((which == COMMAND ? config_command(y, "command", &h->command, e) : read_limit(y, &h->limit, e)) != 0)
			return -1;
	if (rc == 0 && (seen & 1u << COMMAND) == 0)
		return yaml_fault(y, e, "hook: needs a command");
	return rc;
}

static int
read_rules(struct yaml *y, struct str_list *out, struct err *e)
{
	size_t count = 0;
	struct str name;
	int rc;

	while ((rc = yaml_each(y, "rules", &count, &name, e)) > 0) {
		if (name.len == 0)
			return yaml_fault(y, e, "rules: an empty name");
		if (memchr(name.p, '/', name.len) != NULL && config_check_path(y, "rules", name, e) != 0)
			return -1;
		str_list_add(out, name.p, name.len);
	}
	return rc;
}

int
config_detect(struct yaml *y, struct config *c, struct err *e)
{
	enum { RULES, HOOK };
	static const char *const names[] = { [RULES] = "rules", [HOOK] = "hook" };
	uint64_t seen = 0;
	size_t which;
	int rc;

	if (yaml_mapping(y, "detect (rules: and hook: below)", e) != 0)
		return -1;
	while ((rc = yaml_key(y, names, 2, &seen, &which, e)) > 0)
		if ((which == RULES ? read_rules(y, &c->detect.rules, e) : config_hook(y, &c->detect.hook, e)) != 0)
			return -1;
	return rc;
}
