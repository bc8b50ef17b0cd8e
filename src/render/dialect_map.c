/*
 * dialect_map: what a user adds to the tables of collectors' formats,
 * audit-dialects(5).
 *
 *	ocsf:
 *	  rules:
 *	    - { category: ADMIN, action: "deploy.*", class: 6003, activity: 1 }
 *	  fields:
 *	    cloud.region: context.region
 *	    metadata.product.name: { text: Acme Deploy }
 *	  omit: [metadata.original_time]
 *
 * In: a YAML file.   Out: places and rules, as dialect_new takes them.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "render/dialect_reader.h"

static const struct dialect_table *const tables[DIALECTS] = { [DIALECT_OCSF] = &dialect_ocsf,
	[DIALECT_ECS] = &dialect_ecs, [DIALECT_CEF] = &dialect_cef, [DIALECT_LEEF] = &dialect_leef,
	[DIALECT_SYSLOG] = &dialect_syslog };

struct str
dialect_keep(struct dialect_reader *r, struct str s)
{
	return (struct str){ arena_copy(&r->m->arena, s.p, s.len), s.len };
}

/* ---- texts, numbers, words ---- */

/* One text or a list of them, at most DIALECT_WORDS_MAX. */
int
dialect_words(struct dialect_reader *r, const char *key, struct str **out, size_t *n, struct err *e)
{
	struct str list[DIALECT_WORDS_MAX], text;
	size_t count = 0;
	int rc;

	while ((rc = yaml_each(r->y, key, &count, &text, e)) > 0) {
		if (count > DIALECT_WORDS_MAX)
			return yaml_fault(r->y, e, "%s: more than %d", key, DIALECT_WORDS_MAX);
		list[count - 1] = dialect_keep(r, text);
	}
	if (rc == 0 && count == 0)
		return yaml_fault(r->y, e, "%s: an empty list", key);
	*out = arena_alloc(&r->m->arena, count * sizeof(**out));
	memcpy(*out, list, count * sizeof(**out));
	*n = count;
	return rc;
}

int
dialect_parse_number(struct dialect_reader *r, const char *key, struct str text, uint32_t max, uint32_t *out,
    struct err *e)
{
	if (!event_is_integer(text) || text.p[0] == '-' || text.len > 9 || strtoul(text.p, NULL, 10) > max)
		return yaml_fault(r->y, e, "%s: expected a number up to %u, not '%.40s'", key, max, text.p);
	*out = (uint32_t)strtoul(text.p, NULL, 10);
	return 0;
}

/* One of a few words. */
int
dialect_find_word(struct dialect_reader *r, const char *key, struct str text, const char *const *words, size_t n,
    size_t *which, struct err *e)
{
	const char *near;

	for (*which = 0; *which < n; ++*which)
		if (str_eq(str_of(words[*which]), text))
			return 0;
	near = nearest_name(text.p, words, n);
	return yaml_fault(r->y, e, "%s: '%.40s' is not known here%s%s", key, text.p,
	    near != NULL ? "; the nearest is " : "", near != NULL ? near : "");
}

/* ---- fields ---- */

static const char *const as_names[] = { [AS_TEXT] = "text", [AS_INTEGER] = "integer", [AS_NUMBER] = "number",
	[AS_BOOLEAN] = "boolean", [AS_JSON] = "json", [AS_MILLISECONDS] = "milliseconds",
	[AS_NANOSECONDS] = "nanoseconds", [AS_ADDRESS] = "address" };

static int
read_from(struct dialect_reader *r, const char *key, struct dialect_place *p, struct err *e)
{
	struct selector list[DIALECT_FROM_MAX];
	struct str text;
	size_t count = 0;
	int rc;

	while ((rc = yaml_each(r->y, key, &count, &text, e)) > 0) {
		struct err why = ERR_NONE;

		if (count > DIALECT_FROM_MAX)
			return yaml_fault(r->y, e, "%.40s: more than %d fields", key, DIALECT_FROM_MAX);
		if (selector_parse(&list[count - 1], text, &r->m->arena, &why) != 0)
			return yaml_fault(r->y, e, "%s", why.text);
		p->fields |= FIELD_BIT(list[count - 1].field);
	}
	if (rc == 0 && count == 0)
		return yaml_fault(r->y, e, "%.40s: an empty list", key);
	p->from = arena_alloc(&r->m->arena, count * sizeof(*p->from));
	memcpy(p->from, list, count * sizeof(*p->from));
	p->n_from = count;
	return rc;
}

static int
read_lookup(struct dialect_reader *r, struct dialect_place *p, struct err *e)
{
	struct dialect_pair list[DIALECT_WORDS_MAX], *kept;
	size_t n = 0;
	struct str text;
	int rc;

	if (yaml_mapping(r->y, "lookup (a word and what it becomes)", e) != 0)
		return -1;
	while ((rc = yaml_name(r->y, &text, e)) > 0) {
		if (n == DIALECT_WORDS_MAX)
			return yaml_fault(r->y, e, "lookup: more than %d", DIALECT_WORDS_MAX);
		list[n].word = dialect_keep(r, text);
		if (yaml_text(r->y, "lookup", &text, e) != 0)
			return -1;
		list[n++].value = dialect_keep(r, text);
	}
	kept = arena_alloc(&r->m->arena, n * sizeof(*kept));
	memcpy(kept, list, n * sizeof(*kept));
	p->lookup = kept;
	p->n_lookup = n;
	return rc;
}

static int
read_classes(struct dialect_reader *r, struct dialect_place *p, struct err *e)
{
	uint32_t list[DIALECT_KINDS_MAX];
	struct str text;
	size_t count = 0;
	int rc;

	if (r->t->id != DIALECT_OCSF)
		return yaml_fault(r->y, e, "class: only ocsf has classes");
	while ((rc = yaml_each(r->y, "class", &count, &text, e)) > 0) {
		if (count > DIALECT_KINDS_MAX)
			return yaml_fault(r->y, e, "class: more than %d", DIALECT_KINDS_MAX);
		if (dialect_parse_number(r, "class", text, CLASS_MAX, &list[count - 1], e) != 0)
			return -1;
	}
	p->class_of = arena_alloc(&r->m->arena, count * sizeof(*list));
	memcpy(p->class_of, list, count * sizeof(*list));
	p->n_class = count;
	return rc;
}

enum { KEY_FROM, KEY_TEXT, KEY_AS, KEY_LOOKUP, KEY_ELSE, KEY_CLASS };
static const char *const field_keys[] = { "from", "text", "as", "lookup", "else", "class" };

static int
read_field_key(struct dialect_reader *r, size_t which, struct dialect_place *p, struct err *e)
{
	struct str text;
	size_t as;

	switch (which) {
	case KEY_FROM:
		return read_from(r, "from", p, e);
	case KEY_LOOKUP:
		return read_lookup(r, p, e);
	case KEY_CLASS:
		return read_classes(r, p, e);
	default:
		break;
	}
	if (yaml_text(r->y, field_keys[which], &text, e) != 0)
		return -1;
	if (which == KEY_AS) {
		if (dialect_find_word(r, "as", text, as_names, COUNT(as_names), &as, e) != 0)
			return -1;
		p->as = (enum dialect_as)as;
	} else if (which == KEY_TEXT)
		p->text = dialect_keep(r, text);
	else
		p->otherwise = dialect_keep(r, text);
	return 0;
}

/* What a field of the event is by itself, where there are other types than text. */
static enum dialect_as
usual(const struct dialect_reader *r, const struct dialect_place *p)
{
	static const enum dialect_as types[] = { [FIELD_STRING] = AS_TEXT, [FIELD_TIMESTAMP] = AS_TEXT,
		[FIELD_INTEGER] = AS_INTEGER, [FIELD_NUMBER] = AS_NUMBER, [FIELD_JSON] = AS_JSON };

	if (!r->t->tree || p->n_from != 1 || p->from[0].steps > 0 || p->lookup != NULL)
		return AS_TEXT;
	return types[field_table[p->from[0].field].type];
}

/* A text that is a token of JSON as it stands: of one line, without blanks. */
static bool
take_token(struct dialect_reader *r, struct dialect_place *p)
{
	struct json_tape t = { 0 };
	struct json_error why;
	bool is = json_scan(&t, p->text.p, p->text.len, &why) == 0;

	if (is) {
		p->text = json_text(&t, 0, &r->m->arena);
		is = (p->as == AS_JSON || t.tok[0].type < TOKEN_STRING) &&
		    (p->as != AS_INTEGER || event_is_integer(p->text));
	}
	json_tape_fini(&t);
	return is;
}

/* Words are looked up for each event; that what they become is such a token is
 * known now. */
static int
check_lookup(struct dialect_reader *r, const struct dialect_place *p, struct err *e)
{
	for (size_t i = 0; i <= p->n_lookup && p->as >= AS_INTEGER && p->as <= AS_BOOLEAN; i++) {
		struct str text = i < p->n_lookup ? p->lookup[i].value : p->otherwise;
		struct dialect_place token = { .as = p->as, .text = text };

		if (text.p != NULL && !take_token(r, &token))
			return yaml_fault(r->y, e, "lookup: '%.40s' is no %s", text.p, as_names[p->as]);
	}
	if (p->as > AS_JSON)
		return yaml_fault(r->y, e, "%.40s: lookup gives no %s", p->to.p, as_names[p->as]);
	return 0;
}

/* `seen`: the keys of field_keys that were there. */
static int
check_field(struct dialect_reader *r, struct dialect_place *p, uint64_t seen, struct err *e)
{
	bool text = p->text.p != NULL;

	if (p->n_from == 0 && !text)
		return yaml_fault(r->y, e, "%.40s: it needs from or text", p->to.p);
	if ((seen >> KEY_ELSE & 1) != 0 && p->lookup == NULL)
		return yaml_fault(r->y, e, "%.40s: else belongs to lookup", p->to.p);
	if (text && p->lookup != NULL)
		return yaml_fault(r->y, e, "%.40s: a text is not looked up", p->to.p);
	if (p->as == AS_JSON && p->lookup != NULL)
		return yaml_fault(r->y, e, "%.40s: lookup gives no json", p->to.p);
	if (text && p->as >= AS_INTEGER && p->as <= AS_JSON && !take_token(r, p))
		return yaml_fault(r->y, e, "%.40s: text is no %s", p->to.p, as_names[p->as]);
	if (text && p->as > AS_JSON)
		return yaml_fault(r->y, e, "%.40s: such a text is a text, not %s", p->to.p, as_names[p->as]);
	if ((seen >> KEY_AS & 1) == 0 && !text)
		p->as = usual(r, p);
	return p->lookup != NULL ? check_lookup(r, p, e) : 0;
}

static int
read_field(struct dialect_reader *r, struct dialect_place *p, struct err *e)
{
	enum yaml_kind kind;
	uint64_t seen = 0;
	size_t which;
	int rc;

	if (yaml_kind(r->y, &kind, e) != 0)
		return -1;
	if (kind != YAML_MAPPING)
		rc = read_from(r, p->to.p, p, e);
	else if ((rc = yaml_mapping(r->y, p->to.p, e)) == 0)
		while ((rc = yaml_key(r->y, field_keys, COUNT(field_keys), &seen, &which, e)) > 0)
			if (read_field_key(r, which, p, e) != 0)
				return -1;
	return rc != 0 ? -1 : check_field(r, p, seen, e);
}

/* A name that a record may have, and is not made of others. */
static int
check_to(struct dialect_reader *r, struct str to, struct err *e)
{
	size_t first = 0;

	if (!r->t->valid(to))
		return yaml_fault(r->y, e, "'%.40s' cannot be a name in %s", to.p, r->t->name);
	while (first < to.len && to.p[first] != '.' && to.p[first] != '[')
		first++;
	for (size_t i = 0; r->t->made != NULL && r->t->made[i] != NULL; i++)
		if (str_eq(str_of(r->t->made[i]), (struct str){ to.p, first }))
			return yaml_fault(r->y, e, "'%.40s' is not for fields: %s makes it", to.p, r->t->name);
	for (size_t i = 0; i < r->own->places; i++)
		if (str_eq(r->own->place[i].to, to))
			return yaml_fault(r->y, e, "'%.40s' is there twice", to.p);
	return 0;
}

static int
read_fields(struct dialect_reader *r, struct err *e)
{
	struct dialect_own *own = r->own;
	struct str to;
	int rc;

	if (yaml_mapping(r->y, "fields (names of the record and what they have)", e) != 0)
		return -1;
	while ((rc = yaml_name(r->y, &to, e)) > 0) {
		if (own->places == DIALECT_FIELDS_MAX)
			return yaml_fault(r->y, e, "fields: more than %d", DIALECT_FIELDS_MAX);
		if (check_to(r, to, e) != 0)
			return -1;
		mem_grow(&own->place, &own->place_cap, own->places + 1, sizeof(*own->place));
		own->place[own->places] = (struct dialect_place){ .own = true, .to = dialect_keep(r, to) };
		if (read_field(r, &own->place[own->places], e) != 0)
			return -1;
		own->places++;
	}
	return rc;
}

/* ---- omit ---- */

static int
read_omit(struct dialect_reader *r, struct err *e)
{
	struct str text;
	size_t count = 0, row;
	int rc;

	while ((rc = yaml_each(r->y, "omit", &count, &text, e)) > 0) {
		for (row = 0; row < r->t->rows && !str_eq(str_of(r->t->row[row].to), text); row++)
			continue;
		if (row == r->t->rows)
			return yaml_fault(r->y, e, "omit: %s has no '%.40s'", r->t->name, text.p);
		if (row < r->t->headers)
			return yaml_fault(r->y, e, "omit: '%.40s' is a part of each header", text.p);
		mem_grow(&r->own->omit, &r->own->omit_cap, count, sizeof(*r->own->omit));
		r->own->omit[r->own->omits++] = dialect_keep(r, text);
	}
	return rc;
}

/* ---- rules ---- */

static int
read_rules(struct dialect_reader *r, struct err *e)
{
	struct dialect_own *own = r->own;
	int rc;

	if (r->t->id != DIALECT_OCSF && r->t->id != DIALECT_ECS)
		return yaml_fault(r->y, e, "rules: %s has none", r->t->name);
	if (yaml_list(r->y, "rules", e) != 0)
		return -1;
	while ((rc = yaml_item(r->y, e)) > 0) {
		if (own->rules == DIALECT_RULES_MAX)
			return yaml_fault(r->y, e, "rules: more than %d", DIALECT_RULES_MAX);
		mem_grow(&own->rule, &own->rule_cap, own->rules + 1, sizeof(*own->rule));
		own->rule[own->rules] = (struct dialect_rule){ .severity = SEVERITY_INFO };
		if (dialect_read_rule(r, &own->rule[own->rules++], e) != 0)
			return -1;
	}
	return rc;
}

/* ---- the whole ---- */

static int
read_dialect(struct dialect_reader *r, struct err *e)
{
	enum { FIELDS, OMIT, RULES };
	static const char *const keys[] = { [FIELDS] = "fields", [OMIT] = "omit", [RULES] = "rules" };
	uint64_t seen = 0;
	size_t which;
	int rc = yaml_mapping(r->y, r->t->name, e);

	while (rc == 0 && (rc = yaml_key(r->y, keys, COUNT(keys), &seen, &which, e)) > 0)
		rc = which == FIELDS ? read_fields(r, e) : which == OMIT ? read_omit(r, e) : read_rules(r, e);
	return rc;
}

static int
read_document(struct dialect_reader *r, struct err *e)
{
	static const char *const names[] = { [DIALECT_OCSF] = "ocsf", [DIALECT_ECS] = "ecs", [DIALECT_CEF] = "cef",
		[DIALECT_LEEF] = "leef", [DIALECT_SYSLOG] = "syslog" };
	uint64_t seen = 0;
	size_t which;
	int rc = yaml_document(r->y, e);

	if (rc <= 0)
		return rc;
	while ((rc = yaml_key(r->y, names, DIALECTS, &seen, &which, e)) > 0) {
		r->t = tables[which];
		r->own = &r->m->own[which];
		if (read_dialect(r, e) != 0)
			return -1;
	}
	return rc;
}

/* That each can be made into a table is known before it is needed. */
static int
try_all(const struct dialect_map *m, const char *name, struct err *e)
{
	for (size_t i = 0; i < DIALECTS; i++) {
		struct dialect *d = dialect_new(tables[i], m, e);

		if (d == NULL)
			return err_doing(e, "%s", name);
		dialect_free(d);
	}
	return 0;
}

/* Takes y, which may be NULL after an error. */
static struct dialect_map *
read_all(struct yaml *y, const char *name, struct err *e)
{
	struct dialect_reader r = { .y = y, .m = mem_zero(1, sizeof(*r.m)) };
	int rc = y != NULL ? read_document(&r, e) : -1;

	yaml_close(y);
	if (rc == 0 && try_all(r.m, name, e) == 0)
		return r.m;
	dialect_map_free(r.m);
	return NULL;
}

struct dialect_map *
dialect_map_open(const char *path, struct err *e)
{
	return read_all(yaml_open(path, e), path, e);
}

struct dialect_map *
dialect_map_read(const char *name, struct str text, struct err *e)
{
	return read_all(yaml_new(name, text, e), name, e);
}

void
dialect_map_free(struct dialect_map *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < DIALECTS; i++) {
		free(m->own[i].place);
		free(m->own[i].rule);
		free(m->own[i].omit);
	}
	arena_fini(&m->arena);
	free(m);
}
