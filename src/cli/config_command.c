/*
 * config_command: programs that the configuration names.
 *
 *	hook:
 *	  command: [/usr/local/bin/page, security]
 *	  limit: 5s
 */
#include "cli/config_policy.h"

#define COMMAND_WORDS_MAX 256
#define HOOK_LIMIT_MAX (600 * TIME_SECOND)

/* [/usr/bin/program, argument]: no shell, so each is given as it is. */
int
config_command(struct yaml *y, const char *key, struct str_list *out, struct err *e)
{
	struct yaml_place at;
	struct str word;
	int rc;

	if (yaml_list(y, "command (the program and each of its arguments)", e) != 0)
		return -1;
	at = yaml_place(y);
	while ((rc = yaml_item(y, e)) > 0) {
		if (yaml_text(y, key, &word, e) != 0 || (out->n == 0 && config_check_path(y, key, word, e) != 0))
			return -1;
		if (out->n == COMMAND_WORDS_MAX)
			return yaml_fault(y, e, "%s: too many arguments, more than %d", key, COMMAND_WORDS_MAX - 1);
		str_list_add(out, word.p, word.len);
	}
	if (rc == 0 && out->n == 0)
		return yaml_fault_at(y, at, e, "%s: expected at least the program", key);
	return rc;
}

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
