/*
 * dialect_map_rule: one rule of a user's, audit-dialects(5): which events it is
 * for, and what they are to the collector.
 *
 *	{ category: ADMIN, action: "deploy.*", class: 6003, activity: 1 }
 *	{ category: ADMIN, categories: [configuration], types: [change] }
 *
 * In: a mapping of YAML.   Out: a rule, as dialect_new takes it.
 */
#include "base/mem.h"
#include "render/dialect_reader.h"

enum { RULE_SOURCE, RULE_CATEGORY, RULE_ACTION, RULE_SEVERITY, RULE_CLASS, RULE_ACTIVITY, RULE_KIND,
	RULE_CATEGORIES, RULE_TYPES };
static const char *const rule_keys[] = { "source", "category", "action", "severity", "class", "activity", "kind",
	"categories", "types" };

#define BIT(key) (UINT64_C(1) << (key))

/* ECS's values (event.kind), and event.category with the types that each may have. */
static const char *const kinds[] = { "alert", "asset", "enrichment", "event", "metric", "signal", "state" };
static const char *const categories[] = { "api", "authentication", "configuration", "database", "driver", "email",
	"file", "host", "iam", "intrusion_detection", "library", "malware", "network", "package", "process",
	"registry", "session", "threat", "vulnerability", "web" };
static const char *const allowed[COUNT(categories)] = {
	"access admin allowed change creation deletion denied end info start user",
	"start end info", "access change creation deletion info", "access change info error", "change end info start",
	"info", "access change creation deletion info", "access change end info start",
	"admin change creation deletion group info user", "allowed denied info", "start", "info",
	"access allowed connection denied end info protocol start", "access change deletion info installation start",
	"access change end info start", "access change creation deletion", "start end info", "indicator", "info",
	"access error info" };
static const char *const types[] = { "access", "admin", "allowed", "change", "connection", "creation", "deletion",
	"denied", "end", "error", "group", "indicator", "info", "installation", "protocol", "start", "user" };

static int
read_number(struct dialect_reader *r, const char *key, uint32_t max, uint32_t *out, struct err *e)
{
	struct str text;

	return yaml_text(r->y, key, &text, e) != 0 ? -1 : dialect_parse_number(r, key, text, max, out, e);
}

/* A list of words as JSON; all are letters and _. */
static int
read_json_words(struct dialect_reader *r, const char *key, const char *const *words, size_t n, struct str *out,
    struct err *e)
{
	struct buf json = { 0 };
	struct str *word;
	size_t count, which;
	int rc = dialect_words(r, key, &word, &count, e);

	for (size_t i = 0; i < count && rc == 0; i++) {
		rc = dialect_find_word(r, key, word[i], words, n, &which, e);
		buf_printf(&json, "%c\"%s\"", i == 0 ? '[' : ',', rc == 0 ? words[which] : "");
	}
	if (rc == 0) {
		buf_byte(&json, ']');
		*out = dialect_keep(r, buf_view(&json));
	}
	buf_fini(&json);
	return rc;
}

static int
read_severity(struct dialect_reader *r, struct dialect_rule *rule, struct err *e)
{
	struct str text;
	size_t which;

	if (yaml_text(r->y, "severity", &text, e) != 0 ||
	    dialect_find_word(r, "severity", text, event_severities, SEVERITY_COUNT, &which, e) != 0)
		return -1;
	rule->severity = (enum event_severity)which;
	return 0;
}

static int
read_kind(struct dialect_reader *r, struct dialect_rule *rule, struct err *e)
{
	struct buf json = { 0 };
	struct str text;
	size_t which;

	if (yaml_text(r->y, "kind", &text, e) != 0 ||
	    dialect_find_word(r, "kind", text, kinds, COUNT(kinds), &which, e) != 0)
		return -1;
	buf_printf(&json, "\"%s\"", kinds[which]);
	rule->alert = dialect_keep(r, buf_view(&json));
	buf_fini(&json);
	return 0;
}

static int
read_rule_key(struct dialect_reader *r, size_t which, struct dialect_rule *rule, struct err *e)
{
	switch (which) {
	case RULE_SOURCE:
		return dialect_words(r, "source", &rule->source, &rule->n_source, e);
	case RULE_CATEGORY:
		return dialect_words(r, "category", &rule->category, &rule->n_category, e);
	case RULE_ACTION:
		return dialect_words(r, "action", &rule->action, &rule->n_action, e);
	case RULE_SEVERITY:
		return read_severity(r, rule, e);
	case RULE_CLASS:
		return read_number(r, "class", CLASS_MAX, &rule->class_of, e);
	case RULE_ACTIVITY:
		rule->deed = true;
		return read_number(r, "activity", ACTIVITY_MAX, &rule->activity, e);
	case RULE_KIND:
		return read_kind(r, rule, e);
	case RULE_CATEGORIES:
		return read_json_words(r, "categories", categories, COUNT(categories), &rule->categories, e);
	default:
		return read_json_words(r, "types", types, COUNT(types), &rule->types, e);
	}
}

/* The i-th word of a list as read_json_words makes it; an empty one: it is over. */
static struct str
json_word(struct str json, size_t i)
{
	const char *p = json.p, *end = json.p + json.len;

	for (; p < end && (p = memchr(p, '"', (size_t)(end - p))) != NULL; i--) {
		const char *close = memchr(p + 1, '"', (size_t)(end - p - 1));

		if (i == 0)
			return (struct str){ p + 1, (size_t)(close - p - 1) };
		p = close + 1;
	}
	return STR("");
}

static bool
is_allowed(struct str category, struct str type)
{
	for (size_t i = 0; i < COUNT(categories); i++) {
		const char *words = allowed[i];

		if (!str_eq(str_of(categories[i]), category))
			continue;
		while (*words != '\0') {
			size_t len = strcspn(words, " ");

			if (str_eq((struct str){ words, len }, type))
				return true;
			words += len + strspn(words + len, " ");
		}
	}
	return false;
}

/* Each type goes with one of the categories. */
static int
check_types(struct dialect_reader *r, const struct dialect_rule *rule, struct err *e)
{
	struct str type;

	for (size_t i = 0; (type = json_word(rule->types, i)).len > 0; i++) {
		size_t k = 0;

		while (json_word(rule->categories, k).len > 0 && !is_allowed(json_word(rule->categories, k), type))
			k++;
		if (json_word(rule->categories, k).len == 0)
			return yaml_fault(r->y, e, "types: '%.*s' goes with none of the categories",
			    (int)type.len, type.p);
	}
	return 0;
}

/* Whether what the rule says is what the format has. */
static int
check_rule(struct dialect_reader *r, struct dialect_rule *rule, uint64_t seen, struct err *e)
{
	uint64_t ocsf = BIT(RULE_CLASS) | BIT(RULE_ACTIVITY);
	uint64_t ecs = BIT(RULE_KIND) | BIT(RULE_CATEGORIES) | BIT(RULE_TYPES);

	if (r->t->id == DIALECT_OCSF && ((seen & ecs) != 0 || (seen & BIT(RULE_CLASS)) == 0))
		return yaml_fault(r->y, e, "rules: one of ocsf has class, may have activity, and has no kind, "
		    "categories or types");
	if (r->t->id == DIALECT_ECS && ((seen & ocsf) != 0 || (seen & BIT(RULE_CATEGORIES)) == 0))
		return yaml_fault(r->y, e, "rules: one of ecs has categories, may have types and kind, and has no "
		    "class or activity");
	return rule->types.p != NULL ? check_types(r, rule, e) : 0;
}

/* The places of an ECS record are those of its first category. */
static uint32_t
kind_of_categories(const struct dialect_table *t, struct str json)
{
	for (size_t i = 0; i < t->kinds && json.p != NULL; i++)
		if (str_eq(str_of(t->kind[i].name), json_word(json, 0)))
			return t->kind[i].number;
	return t->kind[t->kinds - 1].number;
}

int
dialect_read_rule(struct dialect_reader *r, struct dialect_rule *rule, struct err *e)
{
	uint64_t seen = 0;
	size_t which;
	int rc;

	if (yaml_mapping(r->y, "rules (each a mapping)", e) != 0)
		return -1;
	while ((rc = yaml_key(r->y, rule_keys, COUNT(rule_keys), &seen, &which, e)) > 0)
		if (read_rule_key(r, which, rule, e) != 0)
			return -1;
	if (rc != 0 || check_rule(r, rule, seen, e) != 0)
		return -1;
	if (r->t->id == DIALECT_ECS)
		rule->class_of = kind_of_categories(r->t, rule->categories);
	return 0;
}
