/*
 * rule: rules from their file, audit-rules(5).
 *
 *	rules:
 *	  - name: login-lockout
 *	    title: Too many failed sign-ins
 *	    match: category = AUTHENTICATION and outcome = failure
 *	    by: [actor_id, ip]
 *	    count: 5
 *	    within: 15m
 */
#include "detect/rule.h"

#include <stdlib.h>

#include "base/time.h"
#include "base/yaml.h"

#define SILENCE_DEFAULT (3600 * TIME_SECOND)
#define WITHIN_SILENT_MIN TIME_SECOND
#define ACTION_DEFAULT "detect.alert"

struct reader {
	struct yaml *y;
	struct detect_rules *rules;
	int64_t now;
	const char *path;
};

enum key {
	KEY_NAME, KEY_TITLE, KEY_MATCH, KEY_BY, KEY_COUNT, KEY_DISTINCT, KEY_NEW, KEY_SILENT, KEY_WITHIN, KEY_SILENCE,
	KEY_SEVERITY, KEY_ACTION, KEYS
};
static const char *const keys[KEYS] = { "name", "title", "match", "by", "count", "distinct", "new", "silent", "within",
	"silence", "severity", "action" };

#define BIT(key) (UINT64_C(1) << (key))

static struct str
keep(struct reader *r, struct str s)
{
	return (struct str){ arena_copy(&r->rules->arena, s.p, s.len), s.len };
}

/* What others said of a value gets its place in the file. */
static int
placed(struct reader *r, const char *key, const struct err *why, struct err *e)
{
	return yaml_fault(r->y, e, "%s: %s", key, why->text);
}

/* ---- values ---- */

static int
read_text(struct reader *r, enum key key, size_t most, struct str *out, struct err *e)
{
	struct str text;

	if (yaml_text(r->y, keys[key], &text, e) < 0)
		return -1;
	if (text.len == 0 || text.len > most)
		return yaml_fault(r->y, e, "%s: 1 to %zu bytes", keys[key], most);
	*out = keep(r, text);
	return 0;
}

struct filter *
detect_rules_filter(const struct detect_rules *r, struct str_list *where, int64_t now, struct err *e)
{
	struct filter_args args = { .where = *where };
	struct filter *f;

	*where = (struct str_list){ 0 };
	if (r->only != NULL)
		str_list_add(&args.where, r->only, strlen(r->only));
	f = filter_build(&args, now, e);
	filter_args_fini(&args);
	return f;
}

/* One expression, or several that must all hold. */
static int
read_match(struct reader *r, struct detect_rule *rule, struct err *e)
{
	struct str_list where = { 0 };
	struct err why = ERR_NONE;
	int rc = yaml_texts(r->y, keys[KEY_MATCH], &where, e);

	if (rc == 0 && where.n == 0)
		rc = yaml_fault(r->y, e, "match: an empty list");
	if (rc == 0 && (rule->input->filter = detect_rules_filter(r->rules, &where, r->now, &why)) == NULL)
		rc = placed(r, keys[KEY_MATCH], &why, e);
	str_list_fini(&where);
	return rc;
}

static int
read_field(struct reader *r, enum key key, struct str text, struct detect_field *out, struct err *e)
{
	struct err why = ERR_NONE;

	out->from = arena_alloc(&r->rules->arena, sizeof(*out->from));
	out->n = 1;
	if (selector_parse(out->from, text, &r->rules->arena, &why) < 0)
		return placed(r, keys[key], &why, e);
	out->name = out->from->text;
	return 0;
}

static int
read_by(struct reader *r, struct detect_rule *rule, struct err *e)
{
	size_t count = 0;
	struct str text;
	int rc;

	rule->input->by = arena_alloc(&r->rules->arena, DETECT_BY_MAX * sizeof(*rule->input->by));
	while ((rc = yaml_each(r->y, keys[KEY_BY], &count, &text, e)) > 0) {
		if (count > DETECT_BY_MAX)
			return yaml_fault(r->y, e, "by: more than %d fields", DETECT_BY_MAX);
		if (read_field(r, KEY_BY, text, &rule->input->by[count - 1], e) < 0)
			return -1;
		for (size_t i = 0; i + 1 < count; i++)
			if (str_eq(rule->input->by[i].name, rule->input->by[count - 1].name))
				return yaml_fault(r->y, e, "by: %s twice", rule->input->by[i].name.p);
	}
	rule->bys = count;
	return rc;
}

/* What a rule is about decides of its kind. */
static int
read_value(struct reader *r, enum key key, enum detect_kind kind, struct detect_rule *rule, struct err *e)
{
	struct str text;

	rule->kind = kind;
	return yaml_text(r->y, keys[key], &text, e) < 0 ? -1 : read_field(r, key, text, &rule->input->value, e);
}

static int
read_count(struct reader *r, uint64_t *out, struct err *e)
{
	struct str text;
	char *end;

	if (yaml_text(r->y, keys[KEY_COUNT], &text, e) < 0)
		return -1;
	*out = text.p[0] >= '1' && text.p[0] <= '9' ? strtoull(text.p, &end, 10) : 0;
	if (*out == 0 || *end != '\0' || *out > DETECT_COUNT_MAX)
		return yaml_fault(r->y, e, "count: a number from 1 to %d", DETECT_COUNT_MAX);
	return 0;
}

static int
read_span(struct reader *r, enum key key, int64_t *out, struct err *e)
{
	struct err why = ERR_NONE;
	struct str text;

	if (yaml_text(r->y, keys[key], &text, e) < 0)
		return -1;
	if (duration_parse(text.p, out, &why) < 0)
		return placed(r, keys[key], &why, e);
	if (*out < TIME_SECOND || *out > DETECT_WITHIN_MAX)
		return yaml_fault(r->y, e, "%s: from 1s to 366d", keys[key]);
	return 0;
}

static int
read_severity(struct reader *r, struct detect_rule *rule, struct err *e)
{
	struct str text;
	int level;

	if (yaml_text(r->y, keys[KEY_SEVERITY], &text, e) < 0)
		return -1;
	if ((level = event_severity(text)) < 0)
		return yaml_fault(r->y, e, "severity: info, warning, error or critical");
	rule->severity = (enum event_severity)level;
	return 0;
}

static int
read_key(struct reader *r, enum key key, struct detect_rule *rule, struct err *e)
{
	switch (key) {
	case KEY_NAME: return read_text(r, key, DETECT_NAME_MAX, &rule->name, e);
	case KEY_TITLE: return read_text(r, key, 1024, &rule->title, e);
	case KEY_ACTION: return read_text(r, key, DETECT_NAME_MAX, &rule->action, e);
	case KEY_MATCH: return read_match(r, rule, e);
	case KEY_BY: return read_by(r, rule, e);
	case KEY_COUNT: return read_count(r, &rule->count, e);
	case KEY_DISTINCT: return read_value(r, key, DETECT_DISTINCT, rule, e);
	case KEY_NEW: return read_value(r, key, DETECT_NEW, rule, e);
	case KEY_SILENT: return read_value(r, key, DETECT_SILENT, rule, e);
	case KEY_WITHIN: return read_span(r, key, &rule->within, e);
	case KEY_SILENCE: return read_span(r, key, &rule->silence, e);
	case KEY_SEVERITY: return read_severity(r, rule, e);
	case KEYS: break;
	}
	return 0;
}

/* ---- a rule ---- */

/* Keys that mean nothing in this kind of rule, or that it needs. */
static int
check_keys(struct reader *r, const struct detect_rule *rule, uint64_t seen, struct yaml_place at, struct err *e)
{
	static const struct {
		uint64_t needed, refused;
		const char *what;
	} kinds[] = {
		[DETECT_COUNT] = { 0, 0, "a rule that counts" },
		[DETECT_DISTINCT] = { BIT(KEY_COUNT) | BIT(KEY_WITHIN), BIT(KEY_NEW) | BIT(KEY_SILENT), "a rule with 'distinct'" },
		[DETECT_ALL] = { 0, 0, "" }, /* of Sigma's rules alone */
		[DETECT_ORDERED] = { 0, 0, "" },
		[DETECT_NEW] = { 0, BIT(KEY_DISTINCT) | BIT(KEY_SILENT) | BIT(KEY_COUNT) | BIT(KEY_WITHIN) | BIT(KEY_SILENCE),
		    "a rule with 'new'" },
		[DETECT_SILENT] = { BIT(KEY_WITHIN), BIT(KEY_DISTINCT) | BIT(KEY_NEW) | BIT(KEY_COUNT) | BIT(KEY_BY) |
		    BIT(KEY_SILENCE), "a rule with 'silent'" },
	};
	uint64_t needed = kinds[rule->kind].needed | BIT(KEY_NAME);

	if (rule->kind != DETECT_SILENT)
		needed |= BIT(KEY_MATCH);
	if (rule->kind == DETECT_COUNT && rule->count > 1)
		needed |= BIT(KEY_WITHIN);
	for (size_t i = 0; i < KEYS; i++) {
		if (needed & ~seen & BIT(i))
			return yaml_fault_at(r->y, at, e, "%s needs '%s'", kinds[rule->kind].what, keys[i]);
		if (seen & kinds[rule->kind].refused & BIT(i))
			return yaml_fault_at(r->y, at, e, "%s has no '%s'", kinds[rule->kind].what, keys[i]);
	}
	return 0;
}

static int
fill_in(const struct reader *r, struct detect_rule *rule, uint64_t seen, struct err *e)
{
	struct str_list none = { 0 };

	if (rule->title.p == NULL)
		rule->title = rule->name;
	if (rule->input->filter == NULL)
		rule->input->filter = detect_rules_filter(r->rules, &none, r->now, e);
	if (rule->silence == 0)
		rule->silence = rule->within > 0 ? rule->within : SILENCE_DEFAULT;
	if (rule->within == 0)
		rule->within = TIME_SECOND; /* of one event, or of what is new */
	if (!(seen & BIT(KEY_ACTION)))
		rule->action = STR(ACTION_DEFAULT);
	return rule->input->filter != NULL ? 0 : -1;
}

static int
check_name(struct reader *r, const struct detect_rule *rule, struct yaml_place at, struct err *e)
{
	for (size_t i = 0; i + 1 < r->rules->n; i++)
		if (str_eq(r->rules->rule[i].name, rule->name))
			return yaml_fault_at(r->y, at, e, "the rule at %s:%zu has the name %s already", r->rules->rule[i].path.p,
			    r->rules->rule[i].line, rule->name.p);
	return 0;
}

static int
read_rule(struct reader *r, struct err *e)
{
	struct detect_rules *rules = r->rules;
	struct detect_rule *rule;
	struct yaml_place at;
	uint64_t seen = 0;
	size_t which;
	int rc;

	if (rules->n == DETECT_RULES_MAX)
		return yaml_fault(r->y, e, "more than %d rules", DETECT_RULES_MAX);
	if (yaml_mapping(r->y, "a rule", e) < 0)
		return -1;
	at = yaml_place(r->y);
	mem_grow(&rules->rule, &rules->cap, rules->n + 1, sizeof(*rules->rule));
	rule = &rules->rule[rules->n++];
	*rule = (struct detect_rule){ .count = 1, .severity = SEVERITY_WARNING, .path = keep(r, str_of(r->path)),
		.line = at.line, .input = arena_alloc(&rules->arena, sizeof(*rule->input)), .inputs = 1 };
	*rule->input = (struct detect_input){ 0 };
	while ((rc = yaml_key(r->y, keys, KEYS, &seen, &which, e)) > 0)
		if (read_key(r, (enum key)which, rule, e) < 0)
			return -1;
	if (rc < 0 || check_keys(r, rule, seen, at, e) < 0)
		return -1;
	return fill_in(r, rule, seen, e) < 0 ? -1 : check_name(r, rule, at, e);
}

/* ---- the file ---- */

static int
read_document(struct reader *r, struct err *e)
{
	static const char *const top[] = { "rules" };
	uint64_t seen = 0;
	size_t which;
	int rc = yaml_document(r->y, e);

	while (rc > 0 && (rc = yaml_key(r->y, top, 1, &seen, &which, e)) > 0) {
		if (yaml_list(r->y, top[which], e) < 0)
			return -1;
		while ((rc = yaml_item(r->y, e)) > 0)
			if (read_rule(r, e) < 0)
				return -1;
		if (rc < 0)
			return -1;
		rc = 1;
	}
	return rc;
}

static int
read_yaml(struct detect_rules *rules, const char *path, struct yaml *y, int64_t now, struct err *e)
{
	struct reader r = { .y = y, .rules = rules, .now = now, .path = path };
	int rc = y != NULL ? read_document(&r, e) : -1;

	yaml_close(y);
	return rc;
}

int
detect_rules_read(struct detect_rules *r, const char *path, int64_t now, struct err *e)
{
	return read_yaml(r, path, yaml_open(path, e), now, e);
}

int
detect_rules_parse(struct detect_rules *r, const char *path, struct str text, int64_t now, struct err *e)
{
	return read_yaml(r, path, yaml_new(path, text, e), now, e);
}

void
detect_rules_fini(struct detect_rules *r)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->rule[i].inputs; k++)
			filter_free(r->rule[i].input[k].filter);
	free(r->rule);
	free(r->refusal);
	arena_fini(&r->arena);
	*r = (struct detect_rules){ 0 };
}
