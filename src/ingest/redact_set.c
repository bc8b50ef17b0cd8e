/*
 * redact_set: the set of rules in force, made from the tables, the options
 * and the user's files.
 */
#include "ingest/redact_set.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const fixed_names[REDACT_FIXED] = {
	[REDACT_SECRET_KEY] = "secret-key", [REDACT_JWT] = "jwt",
	[REDACT_PRIVATE_KEY] = "private-key", [REDACT_AUTHORIZATION] = "authorization",
	[REDACT_URL_PASSWORD] = "url-password", [REDACT_URL_TOKEN] = "url-token",
	[REDACT_COMMAND] = "command-password", [REDACT_CARD] = "card-number",
	[REDACT_AWS_SECRET] = "aws-secret", [REDACT_AZURE_SECRET] = "azure-secret",
	[REDACT_MAILCHIMP] = "mailchimp-key", [REDACT_TELEGRAM] = "telegram-token",
	[REDACT_KEYSTROKES] = "keystrokes",
};

uint8_t
redact_add_rule(struct redactor *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->rules; i++)
		if (strcmp(r->name[i], name) == 0)
			return (uint8_t)i;
	snprintf(r->name[i], sizeof(r->name[i]), "%s", name);
	r->marker_len[i] = (uint8_t)snprintf(r->marker[i], sizeof(r->marker[i]), "[REDACTED:%s]", name);
	r->rules++;
	return (uint8_t)i;
}

void
redact_add_literal(struct redactor *r, const char *literal, size_t len, enum find_kind kind, bool nocase)
{
	finder_add(&r->line, literal, len, kind, nocase);
	finder_add(&r->text, literal, len, kind, nocase);
}

static int
turn_off(struct redactor *r, const char *name, struct err *e)
{
	const char *names[REDACT_RULES_MAX], *near;

	for (size_t i = 0; i < r->rules; i++) {
		names[i] = r->name[i];
		if (strcmp(name, names[i]) == 0 || strcmp(name, "all") == 0) {
			r->off[i] = true;
			if (strcmp(name, "all") != 0)
				return 0;
		}
	}
	if (strcmp(name, "all") == 0)
		return 0;
	near = nearest_name(name, names, r->rules);
	return err_set(e, ERR_FAIL, near != NULL ? "there is no rule %s (did you mean %s?)" :
	    "there is no rule %s (audit-redaction(7) lists them)", name, near);
}

struct redactor *
redactor_new(const struct redact_options *o, struct err *e)
{
	static const struct redact_options none = { 0 };
	struct redactor *r = mem_zero(1, sizeof(*r));
	int rc = 0;

	if (o == NULL)
		o = &none;
	finder_init(&r->line);
	finder_init(&r->text);
	for (size_t i = 0; i < REDACT_FIXED; i++)
		redact_add_rule(r, fixed_names[i]);
	redact_add_tokens(r);
	redact_add_windows(r);
	for (size_t i = 0; i < o->files && rc == 0; i++)
		rc = redact_read_rules(r, o->file[i], e);
	for (size_t i = 0; i < o->offs && rc == 0; i++)
		rc = turn_off(r, o->off[i], e);
	r->none = true;
	for (size_t i = 0; i < r->rules; i++)
		r->none = r->none && r->off[i];
	if (rc == 0)
		return r;
	redactor_free(r);
	return NULL;
}

void
redactor_free(struct redactor *r)
{
	if (r == NULL)
		return;
	redact_free_rules(r);
	free(r);
}

size_t
redactor_rules(const struct redactor *r)
{
	return r->rules;
}

const char *
redactor_rule(const struct redactor *r, size_t i)
{
	return r->name[i];
}

/* ---- work ---- */

struct redact_work *
redact_work_new(const struct redactor *r)
{
	struct redact_work *w = mem_zero(1, sizeof(*w));

	w->r = r;
	return w;
}

void
redact_work_free(struct redact_work *w)
{
	if (w == NULL)
		return;
	regex_scratch_fini(&w->regex);
	for (size_t i = 0; i < REDACT_LEVELS; i++)
		buf_fini(&w->plain[i]);
	free(w->hit);
	free(w);
}

void
redact_add_hit(struct redact_work *w, unsigned rule)
{
	mem_grow(&w->hit, &w->hits_cap, w->hits + 1, 1);
	w->hit[w->hits++] = (uint8_t)rule;
}

const uint8_t *
redact_hits(const struct redact_work *w)
{
	return w->hit;
}
