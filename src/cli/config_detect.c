/*
 * config_detect: which rules audit-detect asks, and who is told of alerts.
 *
 *	detect:
 *	  rules: [login-lockout, /etc/audit-toolkit/rules]
 *	  hook:
 *	    command: [/usr/local/bin/page, security]
 *	    limit: 5s
 */
#include "cli/config_policy.h"

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
