/*
 * config_policy: the keys of the configuration that are policy, but for
 * retention (config_retention.c).
 *
 *	export_limits:
 *	  - tenant: "acme*"
 *	    rows: 100000
 *	record_reads: [audit-query, audit-trail]
 */
#include "cli/config_policy.h"

#include <stdlib.h>

#include "base/mem.h"

#define COUNT(names) (sizeof(names) / sizeof((names)[0]))

/* ---- values that are patterns ---- */

/* A comma separates values in options, where a list would do it here: whoever
 * means several and gets one that matches nothing would learn it too late. */
static bool
has_comma(const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == ',')
			return true;
		if (*s == '\\' && s[1] != '\0' && strchr(",*?\\", s[1]) != NULL)
			s++;
	}
	return false;
}

int
config_check_pattern(struct yaml *y, const char *key, const char *value, struct err *e)
{
	if (!has_comma(value))
		return 0;
	return yaml_fault(y, e, "%s: '%.60s' has a comma: several values are a list, [a, b]; a literal one is \\,",
	    key, value);
}

/* The last byte is a star, and nothing before it is special. */
static bool
is_prefix_pattern(struct str s)
{
	if (s.len == 0 || s.p[s.len - 1] != '*')
		return false;
	for (size_t i = 0; i + 1 < s.len; i++)
		if (memchr("*?\\", s.p[i], 3) != NULL)
			return false;
	return true;
}

bool
config_pattern_covers(const char *wide, const char *narrow, bool nocase)
{
	struct str a = str_of(wide), b = str_of(narrow);

	if (is_prefix_pattern(a)) {
		a.len--;
		if (b.len < a.len)
			return false;
		b.len = a.len;
	}
	return nocase ? str_eq_nocase(a, b) : str_eq(a, b);
}

/* ---- values that are spans of time ---- */

int
config_span(struct yaml *y, const char *key, int64_t *us, struct str *text, struct err *e)
{
	static const char *const words[] = { "forever" };
	struct err why = ERR_NONE;
	const char *near;

	if (yaml_text(y, key, text, e) != 0)
		return -1;
	if (str_eq(*text, STR("forever"))) {
		*us = INT64_MAX;
		return 0;
	}
	if ((near = nearest_name(text->p, words, COUNT(words))) != NULL)
		return yaml_fault(y, e, "%s: '%s' is no span of time; did you mean '%s'?", key, text->p, near);
	if (duration_parse(text->p, us, &why) != 0)
		return yaml_fault(y, e, "%s: %s; or forever", key, why.text);
	return 0;
}

/* ---- export_limits ---- */

/* Digits only, and no 0 before them: to some readers of YAML that is octal. */
static int
read_rows(struct yaml *y, uint64_t *rows, struct err *e)
{
	struct str text;
	size_t i = 0;

	if (yaml_text(y, "rows", &text, e) != 0)
		return -1;
	for (*rows = 0; i < text.len && text.p[i] >= '0' && text.p[i] <= '9' && *rows <= EXPORT_ROWS_MAX; i++)
		*rows = *rows * 10 + (uint64_t)(text.p[i] - '0');
	if (i == 0 || i < text.len || *rows > EXPORT_ROWS_MAX || (text.len > 1 && text.p[0] == '0'))
		return yaml_fault(y, e, "rows: expected a number from 0 to 9007199254740992, not '%.60s'", text.p);
	return 0;
}

static int
read_tenant(struct yaml *y, char **out, struct err *e)
{
	struct str text;

	if (yaml_text(y, "tenant", &text, e) != 0 || config_check_pattern(y, "tenant", text.p, e) != 0)
		return -1;
	*out = mem_strdup(text.p);
	return 0;
}

/* One item; what it has goes into l, also on -1. */
static int
read_limit(struct yaml *y, struct export_limit *l, struct yaml_place *at, struct err *e)
{
	enum { TENANT, ROWS };
	static const char *const names[] = { [TENANT] = "tenant", [ROWS] = "rows" };
	uint64_t seen = 0;
	size_t which;
	int rc;

	if (yaml_mapping(y, "export_limits", e) != 0)
		return -1;
	*at = yaml_place(y);
	while ((rc = yaml_key(y, names, COUNT(names), &seen, &which, e)) > 0)
		if ((which == TENANT ? read_tenant(y, &l->tenant, e) : read_rows(y, &l->rows, e)) != 0)
			return -1;
	if (rc == 0 && seen != (1u << TENANT | 1u << ROWS))
		return yaml_fault_at(y, *at, e, "export_limits: a limit needs both tenant and rows");
	return rc;
}

/* The first that matches is the limit. */
static int
check_limit_reached(const struct yaml *y, struct yaml_place at, const struct config *c, struct err *e)
{
	const char *tenant = c->limit[c->limits - 1].tenant;

	for (size_t i = 0; i + 1 < c->limits; i++)
		if (config_pattern_covers(c->limit[i].tenant, tenant, false))
			return yaml_fault_at(y, at, e,
			    "never reached: the limit for '%.60s' before it takes '%.60s'", c->limit[i].tenant, tenant);
	return 0;
}

int
config_export_limits(struct yaml *y, struct config *c, struct err *e)
{
	struct yaml_place at;
	size_t cap = 0;
	int rc;

	if (yaml_list(y, "export_limits", e) != 0)
		return -1;
	while ((rc = yaml_item(y, e)) > 0) {
		if (c->limits == EXPORT_LIMITS_MAX)
			return yaml_fault(y, e, "export_limits: more than %d", EXPORT_LIMITS_MAX);
		mem_grow(&c->limit, &cap, c->limits + 1, sizeof(*c->limit));
		c->limit[c->limits++] = (struct export_limit){ 0 };
		if (read_limit(y, &c->limit[c->limits - 1], &at, e) != 0 || check_limit_reached(y, at, c, e) != 0)
			return -1;
	}
	return rc;
}

void
export_limits_free(struct export_limit *limit, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(limit[i].tenant);
	free(limit);
}

/* ---- record_reads ---- */

/* Those that show events; audit-export records what it does in any case. */
static const char *const readers[] = { "audit-query", "audit-sessions", "audit-summary", "audit-trail" };

static bool
has_item(const struct str_list *l, struct str s)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(str_of(l->item[i]), s))
			return true;
	return false;
}

static int
unknown_reader(const struct yaml *y, struct str word, struct err *e)
{
	static const char *const words[] = { "none", "all", "audit-query", "audit-sessions", "audit-summary",
	    "audit-trail" };
	const char *near = nearest_name(word.p, words, COUNT(words));

	if (str_eq(word, STR("audit-export")))
		return yaml_fault(y, e, "record_reads: audit-export records each export in any case");
	return yaml_fault(y, e, "record_reads: no program that reads is called '%.60s'%s%s", word.p,
	    near ? "; the nearest is " : ": none, all, or of audit-query, audit-sessions, audit-summary, audit-trail",
	    near ? near : "");
}

/* `first`: nothing stands before it. */
static int
read_reader(struct yaml *y, struct str word, bool first, struct str_list *out, struct err *e)
{
	bool all = str_eq(word, STR("all"));

	if (all || str_eq(word, STR("none"))) {
		if (!first)
			return yaml_fault(y, e, "record_reads: '%s' stands alone", word.p);
		for (size_t i = 0; all && i < COUNT(readers); i++)
			str_list_add(out, readers[i], strlen(readers[i]));
		return 0;
	}
	for (size_t i = 0; i < COUNT(readers); i++)
		if (str_eq(word, str_of(readers[i]))) {
			if (has_item(out, word))
				return yaml_fault(y, e, "record_reads: '%s' is there already", word.p);
			str_list_add(out, word.p, word.len);
			return 0;
		}
	return unknown_reader(y, word, e);
}

int
config_record_reads(struct yaml *y, struct config *c, struct err *e)
{
	struct str word;
	size_t count = 0;
	bool whole = false; /* all or none was said */
	int rc;

	while ((rc = yaml_each(y, "record_reads", &count, &word, e)) > 0) {
		if (whole)
			return yaml_fault(y, e, "record_reads: 'all' and 'none' stand alone");
		whole = str_eq(word, STR("all")) || str_eq(word, STR("none"));
		if (read_reader(y, word, count == 1, &c->record_reads, e) != 0)
			return -1;
	}
	return rc;
}
