/*
 * config_retention: the rules of `retention:`.
 *
 *	retention:
 *	  - name: sign-ins
 *	    category: [AUTHENTICATION, AUTHORIZATION]
 *	    severity: warning
 *	    keep: 400d
 *	  - keep: forever
 *
 * The first rule that matches an event decides, so one behind a rule that
 * takes all it could match is a mistake, and told as one.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/time.h"
#include "base/utf8.h"
#include "cli/config_policy.h"
#include "cli/retention.h"
#include "event/field.h"

#define COUNT(names) (sizeof(names) / sizeof((names)[0]))

enum rule_key { RULE_NAME, RULE_KEEP, RULE_SEVERITY, RULE_LISTS };

static const char *const rule_keys[] = {
	"name", "keep", "severity",
	/* RULE_LISTS on: the conditions, in their order */
	"tenant", "category", "channel", "source", "action",
};

/* The conditions that are patterns, one or several. */
static const struct condition {
	size_t offset; /* of the list in struct filter_args */
	enum field field;
} conditions[] = {
	{ offsetof(struct filter_args, tenant), FIELD_TENANT },
	{ offsetof(struct filter_args, category), FIELD_CATEGORY },
	{ offsetof(struct filter_args, channel), FIELD_CHANNEL },
	{ offsetof(struct filter_args, source), FIELD_SOURCE },
	{ offsetof(struct filter_args, action), FIELD_ACTION },
};

_Static_assert(COUNT(rule_keys) == RULE_LISTS + COUNT(conditions), "each condition has its key");

struct reader {
	struct yaml *y;
	struct config *c;
	size_t cap;    /* of c->retention */
	size_t values; /* of all conditions so far */
};

static const struct str_list *
values_of(const struct retention_rule *r, size_t condition)
{
	return (const struct str_list *)(const void *)((const char *)&r->match + conditions[condition].offset);
}

static struct str_list *
values_at(struct filter_args *a, size_t condition)
{
	return (struct str_list *)(void *)((char *)a + conditions[condition].offset);
}

/* ---- one rule ---- */

static bool
is_printable(struct str s)
{
	uint32_t cp;
	size_t len;

	for (size_t i = 0; i < s.len; i += len)
		if ((len = utf8_decode(s.p + i, s.len - i, &cp)) == 0 || utf8_width(cp) < 0)
			return false;
	return true;
}

static int
read_name(struct reader *r, char **out, struct err *e)
{
	struct str name;

	if (yaml_text(r->y, "name", &name, e) != 0)
		return -1;
	if (name.len == 0 || name.len > RETENTION_NAME_MAX)
		return yaml_fault(r->y, e, "name: expected 1 to %d bytes, not %zu", RETENTION_NAME_MAX, name.len);
	if (!is_printable(name))
		return yaml_fault(r->y, e, "name: a control character in it");
	if (str_eq(name, STR(RETENTION_OLDER_THAN)))
		return yaml_fault(r->y, e, "name: '%s' is that of the rule of --older-than", name.p);
	*out = mem_strdup(name.p);
	return 0;
}

static int
read_keep(struct reader *r, int64_t *keep, struct err *e)
{
	struct str text;

	if (config_span(r->y, "keep", keep, &text, e) != 0)
		return -1;
	if (*keep < PRUNE_FLOOR)
		return yaml_fault(r->y, e, "keep: %.60s is too short: nothing younger than %d days is removed",
		    text.p, PRUNE_FLOOR_DAYS);
	return 0;
}

/* What filter_build says names an option, where the key belongs. */
static int
check_filter(const struct reader *r, const struct filter_args *a, const char *key, struct err *e)
{
	struct err why = ERR_NONE;
	struct filter *f = filter_build(a, 0, &why);
	const char *text = why.text, *colon;

	if (f != NULL) {
		filter_free(f);
		return 0;
	}
	if (strncmp(text, "--", 2) == 0 && (colon = strstr(text, ": ")) != NULL)
		text = colon + 2;
	return yaml_fault(r->y, e, "%s: %s", key, text);
}

static int
read_severity(struct reader *r, char **out, struct err *e)
{
	struct filter_args one = { 0 };
	struct str text;

	if (yaml_text(r->y, "severity", &text, e) != 0)
		return -1;
	one.severity = *out = mem_strdup(text.p);
	return check_filter(r, &one, "severity", e);
}

static int
read_condition(struct reader *r, size_t condition, struct filter_args *match, struct err *e)
{
	const char *key = rule_keys[RULE_LISTS + condition];
	struct str text;
	size_t count = 0;
	int rc;

	while ((rc = yaml_each(r->y, key, &count, &text, e)) > 0) {
		struct filter_args one = { 0 };

		if (r->values++ == RETENTION_VALUES_MAX)
			return yaml_fault(r->y, e, "retention: more than %d values", RETENTION_VALUES_MAX);
		if (config_check_pattern(r->y, key, text.p, e) != 0)
			return -1;
		str_list_add(values_at(&one, condition), text.p, text.len);
		rc = check_filter(r, &one, key, e);
		filter_args_fini(&one);
		if (rc != 0)
			return -1;
		str_list_add(values_at(match, condition), text.p, text.len);
	}
	/* No condition at all is what an empty list would turn into. */
	if (rc == 0 && count == 0)
		return yaml_fault(r->y, e, "%s: an empty list; leave the key out for any", key);
	return rc;
}

static int
read_part(struct reader *r, size_t which, struct retention_rule *rule, struct err *e)
{
	switch (which) {
	case RULE_NAME:
		return read_name(r, &rule->name, e);
	case RULE_KEEP:
		return read_keep(r, &rule->keep, e);
	case RULE_SEVERITY:
		return read_severity(r, &rule->match.severity, e);
	default:
		return read_condition(r, which - RULE_LISTS, &rule->match, e);
	}
}

/* ---- rules behind others ---- */

/* A severity as typed, or none, is one range. */
static void
levels_of(const char *typed, int64_t *lo, int64_t *hi)
{
	struct filter_args one = { .severity = typed ? mem_strdup(typed) : NULL };
	struct err why = ERR_NONE;
	struct filter *f = filter_build(&one, 0, &why);

	*lo = INT64_MIN;
	*hi = INT64_MAX;
	if (f != NULL && f->root->op == FILTER_TEST && f->root->test.op == TEST_LEVEL) {
		*lo = f->root->test.lo;
		*hi = f->root->test.hi;
	}
	filter_free(f);
	filter_args_fini(&one);
}

static bool
severity_covers(const char *wide, const char *narrow)
{
	int64_t lo, hi, narrow_lo, narrow_hi;

	levels_of(wide, &lo, &hi);
	levels_of(narrow, &narrow_lo, &narrow_hi);
	return lo <= narrow_lo && hi >= narrow_hi;
}

/* Whether each value of the one is covered by some value of the other. */
static bool
condition_covers(const struct str_list *wide, const struct str_list *narrow, bool nocase)
{
	if (wide->n > 0 && narrow->n == 0)
		return false;
	for (size_t i = 0; wide->n > 0 && i < narrow->n; i++) {
		size_t j = 0;

		while (j < wide->n && !config_pattern_covers(wide->item[j], narrow->item[i], nocase))
			j++;
		if (j == wide->n)
			return false;
	}
	return true;
}

static bool
rule_covers(const struct retention_rule *wide, const struct retention_rule *narrow)
{
	for (size_t i = 0; i < COUNT(conditions); i++)
		if (!condition_covers(values_of(wide, i), values_of(narrow, i),
		    (field_table[conditions[i].field].flags & F_NOCASE) != 0))
			return false;
	return severity_covers(wide->match.severity, narrow->match.severity);
}

static bool
takes_all(const struct retention_rule *rule)
{
	for (size_t i = 0; i < COUNT(conditions); i++)
		if (values_of(rule, i)->n > 0)
			return false;
	return rule->match.severity == NULL;
}

/* The last rule, whose mapping began there, against those before it. */
static int
check_last(const struct reader *r, struct yaml_place at, struct err *e)
{
	const struct retention_rule *before = r->c->retention, *last = &before[r->c->retentions - 1];

	for (; before < last; before++) {
		if (strcmp(before->name, last->name) == 0)
			return yaml_fault_at(r->y, at, e, "retention: two rules are called '%s'", last->name);
		if (rule_covers(before, last))
			return yaml_fault_at(r->y, at, e, "never reached: rule '%s' before it takes %s",
			    before->name, takes_all(before) ? "all events" : "all that it would match");
	}
	return 0;
}

/* ---- the list ---- */

static int
read_rule(struct reader *r, struct retention_rule *rule, struct err *e)
{
	struct yaml_place at;
	uint64_t seen = 0;
	size_t which;
	int rc;

	if (yaml_mapping(r->y, "retention", e) != 0)
		return -1;
	at = yaml_place(r->y);
	while ((rc = yaml_key(r->y, rule_keys, COUNT(rule_keys), &seen, &which, e)) > 0)
		if (read_part(r, which, rule, e) != 0)
			return -1;
	if (rc != 0)
		return -1;
	if (rule->name == NULL) {
		struct buf name = { 0 };

		buf_printf(&name, "rule %zu", r->c->retentions);
		rule->name = name.p;
	}
	if ((seen & 1u << RULE_KEEP) == 0)
		return yaml_fault_at(r->y, at, e, "retention: %s has no keep: a span such as 400d, or forever",
		    rule->name);
	return check_last(r, at, e);
}

int
config_retention(struct yaml *y, struct config *c, struct err *e)
{
	struct reader r = { .y = y, .c = c };
	int rc;

	if (yaml_list(y, "retention", e) != 0)
		return -1;
	while ((rc = yaml_item(y, e)) > 0) {
		if (c->retentions == PRUNE_RULES_MAX)
			return yaml_fault(y, e, "retention: more than %d rules", PRUNE_RULES_MAX);
		mem_grow(&c->retention, &r.cap, c->retentions + 1, sizeof(*c->retention));
		c->retention[c->retentions++] = (struct retention_rule){ 0 };
		if (read_rule(&r, &c->retention[c->retentions - 1], e) != 0)
			return -1;
	}
	return rc;
}

void
retention_rules_free(struct retention_rule *rule, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(rule[i].name);
		filter_args_fini(&rule[i].match);
	}
	free(rule);
}
