/*
 * yaml: any bytes are a configuration or refused with a place in the file; one
 * that is taken has rules that can be planned with, and replaces itself
 * without complaint.
 *
 * Input: the file.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"
#include "cli/retention.h"
#include "located.h"

#define NOW INT64_C(1777000000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_sessions(const struct config_sessions *s)
{
	for (size_t i = 0; i < SESSION_ROLES; i++)
		if (s->rules.action[i].n > SESSION_PATTERNS_MAX)
			abort();
	if (s->rules.expires.n > SESSION_PATHS_MAX || s->rules.idle < TIME_SECOND || s->rules.unused < TIME_SECOND ||
	    s->rules.lifetime < TIME_SECOND || (s->hook.command.n > 0 && s->hook.limit < TIME_SECOND))
		abort();
	if (s->hook.command.n > 0 && s->hook.command.item[0][0] != '/')
		abort();
	session_role_of(&s->rules, STR("user.login"));
}

static void
check_policy(const struct config *c)
{
	struct retention r = { 0 };
	struct err e = ERR_NONE;

	if (c->retentions > PRUNE_RULES_MAX || retention_of(c, NOW, &r, &e) != 0 || r.n != c->retentions)
		abort();
	for (size_t i = 0; i < r.n; i++)
		if (r.rule[i].cutoff > NOW - PRUNE_FLOOR || r.rule[i].name.len == 0 || r.expression[i].len == 0)
			abort();
	for (size_t i = 0; i < c->limits; i++)
		if (c->limit[i].tenant == NULL || c->limit[i].rows > UINT64_C(1) << 53)
			abort();
	if (c->archive != NULL && c->archive[0] != '/')
		abort();
	retention_fini(&r);
	if (c->sessions != NULL)
		check_sessions(c->sessions);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct config c = { 0 };
	struct err e = ERR_NONE;

	if (config_parse(&c, "x", text, &e) != 0) {
		check_error(&e);
		if (c.db != NULL || c.retentions != 0 || c.limits != 0)
			abort();
	} else {
		check_policy(&c);
		if (config_parse(&c, "x", text, &e) != 0)
			abort();
	}
	config_fini(&c);
	return 0;
}
