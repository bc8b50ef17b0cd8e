/*
 * mapping_rule: the key `event` of a mapping: the rules of each field.
 *
 *	ip: [sourceIPAddress, client.ip]
 *	actor_name: { from: login, before: "@" }
 *	target_path: { text: "{bucket}/{object}", when: has object }
 *	outcome:
 *	  - { from: result, lookup: { ok: success, refused: failure } }
 *	  - { text: failure, when: has error }
 */
#include <stdlib.h>

#include "base/mem.h"
#include "ingest/mapping_yaml.h"

#define COUNT(names) (sizeof(names) / sizeof((names)[0]))
#define TEMPLATE_MAX 4096
#define FORMATS_MAX 16

/* ---- texts with paths in them ---- */

/* Up to the next lone brace; {{ and }} are one literally. */
static struct str
literal(struct mapping_reader *r, struct str text, size_t *at)
{
	char *o = arena_bytes(&r->m->arena, text.len);
	size_t n = 0;

	for (; *at < text.len; ++*at) {
		char c = text.p[*at];

		if (c == '{' || c == '}') {
			if (*at + 1 == text.len || text.p[*at + 1] != c)
				break;
			++*at;
		}
		o[n++] = c;
	}
	return (struct str){ o, n };
}

static int
read_template(struct mapping_reader *r, struct rule *rule, struct err *e)
{
	struct str text, path;
	struct part *part;
	size_t at = 0;
	const char *close;

	if (yaml_text(r->y, "text", &text, e) != 0)
		return -1;
	if (text.len == 0 || text.len > TEMPLATE_MAX)
		return yaml_fault(r->y, e, "text: expected 1 to %d bytes", TEMPLATE_MAX);
	rule->told = mapping_keep(r->m, text);
	rule->part = part = arena_alloc(&r->m->arena, (text.len + 1) * sizeof(*part));
	while (at < text.len) {
		part->node = 0;
		part->text = literal(r, text, &at);
		if (part->text.len > 0)
			part++;
		if (at == text.len)
			break;
		if (text.p[at] == '}' || (close = memchr(text.p + at, '}', text.len - at)) == NULL)
			return yaml_fault(r->y, e, "text: a lone '%c' at character %zu; write it twice for itself",
			    text.p[at], at + 1);
		path = (struct str){ text.p + at + 1, (size_t)(close - text.p) - at - 1 };
		if (mapping_read_path(r, path, &part->node, e) != 0)
			return -1;
		part++;
		at = (size_t)(close - text.p) + 1;
	}
	rule->n_part = (size_t)(part - rule->part);
	return 0;
}

/* ---- the keys of a rule ---- */

static int
read_from(struct mapping_reader *r, struct rule *rule, struct err *e)
{
	struct buf told = { 0 };
	int rc = mapping_read_paths(r, "from", &rule->from, &rule->n_from, &told, e);

	if (rc == 0)
		rule->told = mapping_keep(r->m, buf_view(&told));
	buf_fini(&told);
	return rc;
}

static int
read_mark(struct mapping_reader *r, const char *key, struct str *out, struct err *e)
{
	struct str text;

	if (yaml_text(r->y, key, &text, e) != 0)
		return -1;
	if (text.len == 0 || text.len > 64)
		return yaml_fault(r->y, e, "%s: expected 1 to 64 bytes", key);
	*out = mapping_keep(r->m, text);
	return 0;
}

static int
read_match(struct mapping_reader *r, struct rule *rule, struct err *e)
{
	struct err why = ERR_NONE;
	struct str text;

	if (yaml_text(r->y, "match", &text, e) != 0)
		return -1;
	if ((rule->match = mapping_regex(r->m, text, &why)) == NULL)
		return yaml_fault(r->y, e, "match: %s", why.text);
	return 0;
}

/* The name of a table, or one of its own. */
static int
read_lookup(struct mapping_reader *r, struct rule *rule, struct err *e)
{
	enum yaml_kind kind;
	struct table *own;
	struct str text;

	if (yaml_kind(r->y, &kind, e) != 0)
		return -1;
	if (kind == YAML_MAPPING) {
		rule->lookup = own = arena_alloc(&r->m->arena, sizeof(*own));
		own->name = STR("lookup");
		return yaml_mapping(r->y, "lookup", e) != 0 ? -1 : mapping_read_table(r, "lookup", own, e);
	}
	if (yaml_text(r->y, "lookup", &text, e) != 0)
		return -1;
	if ((rule->lookup = mapping_find_table(r->m, text)) == NULL)
		return yaml_fault(r->y, e, "lookup: no table '%.60s' in the key tables above", text.p);
	return 0;
}

static int
read_letters(struct mapping_reader *r, struct rule *rule, struct err *e)
{
	struct str text;

	if (yaml_text(r->y, "letters", &text, e) != 0)
		return -1;
	rule->letters = str_eq(text, STR("lower")) ? LETTERS_LOWER : str_eq(text, STR("upper")) ? LETTERS_UPPER :
	    LETTERS_AS_THEY_ARE;
	return rule->letters != LETTERS_AS_THEY_ARE ? 0 : yaml_fault(r->y, e, "letters: expected lower or upper");
}

static int
read_format(struct mapping_reader *r, struct rule *rule, struct err *e)
{
	struct str text;
	size_t count = 0;
	int rc;

	rule->format = arena_alloc(&r->m->arena, FORMATS_MAX * sizeof(*rule->format));
	while ((rc = yaml_each(r->y, "format", &count, &text, e)) > 0) {
		struct err why = ERR_NONE;

		if (count > FORMATS_MAX)
			return yaml_fault(r->y, e, "format: more than %d", FORMATS_MAX);
		if (mapping_time_parse(text, &rule->format[count - 1], &r->m->arena, &why) != 0)
			return yaml_fault(r->y, e, "format: %s", why.text);
	}
	rule->n_format = count;
	return rc;
}

static int
read_zone(struct mapping_reader *r, struct rule *rule, struct err *e)
{
	struct str text;

	if (yaml_text(r->y, "zone", &text, e) != 0)
		return -1;
	if (!mapping_zone_valid(text))
		return yaml_fault(r->y, e, "zone: expected Z or an offset such as +02:00");
	rule->zone = mapping_keep(r->m, text);
	return 0;
}

enum rule_key {
	RULE_FROM, RULE_TEXT, RULE_BEFORE, RULE_AFTER, RULE_MATCH, RULE_LOOKUP, RULE_LETTERS, RULE_FORMAT,
	RULE_ZONE, RULE_WHEN
};

static const char *const rule_keys[] = {
	"from", "text", "before", "after", "match", "lookup", "letters", "format", "zone", "when",
};

static int
read_part(struct mapping_reader *r, size_t which, struct rule *rule, struct err *e)
{
	switch ((enum rule_key)which) {
	case RULE_FROM: return read_from(r, rule, e);
	case RULE_TEXT: return read_template(r, rule, e);
	case RULE_BEFORE: return read_mark(r, "before", &rule->before, e);
	case RULE_AFTER: return read_mark(r, "after", &rule->after, e);
	case RULE_MATCH: return read_match(r, rule, e);
	case RULE_LOOKUP: return read_lookup(r, rule, e);
	case RULE_LETTERS: return read_letters(r, rule, e);
	case RULE_FORMAT: return read_format(r, rule, e);
	case RULE_ZONE: return read_zone(r, rule, e);
	case RULE_WHEN: break;
	}
	return mapping_read_tests(r, "when", &rule->when, e);
}

/* ---- a rule ---- */

#define BIT(key) (UINT64_C(1) << (key))

/* What goes together, and what the field can use. */
static int
check_rule(struct mapping_reader *r, enum field f, struct yaml_place at, uint64_t seen, struct err *e)
{
	const uint64_t parts = BIT(RULE_BEFORE) | BIT(RULE_AFTER) | BIT(RULE_MATCH) | BIT(RULE_LOOKUP) |
	    BIT(RULE_LETTERS);
	const char *key = field_table[f].key;

	if (!(seen & BIT(RULE_FROM)) == !(seen & BIT(RULE_TEXT)))
		return yaml_fault_at(r->y, at, e, "%s: a rule has either from or text", key);
	if (f != FIELD_TIME && seen & (BIT(RULE_FORMAT) | BIT(RULE_ZONE)))
		return yaml_fault_at(r->y, at, e, "%s: format and zone are for time alone", key);
	if (field_table[f].type == FIELD_JSON && seen & (parts | BIT(RULE_TEXT)))
		return yaml_fault_at(r->y, at, e, "%s: JSON is taken as it is: from and when alone", key);
	return 0;
}

static int
read_rule(struct mapping_reader *r, enum field f, struct rule *rule, struct err *e)
{
	struct yaml_place at;
	enum yaml_kind kind;
	uint64_t seen = 0;
	size_t which;
	int rc;

	if (yaml_kind(r->y, &kind, e) != 0)
		return -1;
	if (kind != YAML_MAPPING) {
		rule->line = yaml_place(r->y).line;
		return read_from(r, rule, e);
	}
	if (yaml_mapping(r->y, field_table[f].key, e) != 0)
		return -1;
	at = yaml_place(r->y);
	rule->line = at.line;
	while ((rc = yaml_key(r->y, rule_keys, COUNT(rule_keys), &seen, &which, e)) > 0)
		if (read_part(r, which, rule, e) != 0)
			return -1;
	return rc != 0 ? -1 : check_rule(r, f, at, seen, e);
}

/* One rule, or a list of them. */
static int
read_field(struct mapping_reader *r, enum field f, struct err *e)
{
	struct rule *rule = NULL;
	size_t cap = 0, n = 0;
	enum yaml_kind kind;
	int rc;

	if (yaml_kind(r->y, &kind, e) != 0 || (kind == YAML_LIST && yaml_list(r->y, field_table[f].key, e) != 0))
		return -1;
	do {
		if (kind == YAML_LIST && (rc = yaml_item(r->y, e)) <= 0)
			break;
		mem_grow(&rule, &cap, n + 1, sizeof(*rule));
		rule[n] = (struct rule){ 0 };
		if (r->m->rules++ == MAPPING_RULES_MAX)
			rc = yaml_fault(r->y, e, "more than %d rules", MAPPING_RULES_MAX);
		else
			rc = read_rule(r, f, &rule[n], e);
		n++;
	} while (rc == 0 && kind == YAML_LIST);
	if (rc == 0 && n == 0)
		rc = yaml_fault(r->y, e, "%s: an empty list", field_table[f].key);
	if (rc == 0) {
		r->m->field[f].rule = arena_alloc(&r->m->arena, n * sizeof(*rule));
		memcpy(r->m->field[f].rule, rule, n * sizeof(*rule));
		r->m->field[f].n = n;
		r->m->fields |= FIELD_BIT(f);
	}
	free(rule);
	return rc;
}

/* ---- the event ---- */

/* rest, nothing, or a list of paths. */
static int
read_context(struct mapping_reader *r, struct err *e)
{
	enum yaml_kind kind;
	uint32_t *node;
	struct str text;
	size_t n;

	if (yaml_kind(r->y, &kind, e) != 0)
		return -1;
	if (kind != YAML_LIST) {
		if (yaml_text(r->y, "context", &text, e) != 0)
			return -1;
		if (str_eq(text, STR("nothing")))
			r->m->context = CONTEXT_NOTHING;
		else if (!str_eq(text, STR("rest")))
			return yaml_fault(r->y, e, "context: expected rest, nothing or a list of paths");
		return 0;
	}
	r->m->context = CONTEXT_NAMED;
	if (mapping_read_paths(r, "context", &node, &n, NULL, e) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		r->m->path.node[node[i]].wanted = true;
	return 0;
}

int
mapping_read_event(struct mapping_reader *r, struct err *e)
{
	uint64_t seen = 0;
	size_t which;
	int rc;

	if (yaml_mapping(r->y, "event", e) != 0)
		return -1;
	while ((rc = yaml_key(r->y, field_names(), FIELD_COUNT, &seen, &which, e)) > 0) {
		enum field f = (enum field)which;

		if (f == FIELD_INGESTED || f == FIELD_PEER_UID)
			return yaml_fault(r->y, e, "%s is set by the toolkit alone", field_table[f].key);
		if ((f == FIELD_CONTEXT ? read_context(r, e) : read_field(r, f, e)) != 0)
			return -1;
	}
	return rc;
}
