/*
 * sigma_map_yaml: one document of a mapping file (audit-sigma(5)).
 *
 *     sources: [{ product: aws, service: cloudtrail }]
 *     events: source = cloudtrail
 *     fields:
 *       userAgent: user_agent
 *       eventName: { place: action, as: "*:{}" }
 *
 * In: YAML, read strictly.   Out: a map, checked as a whole: its filters can be
 * built and its selectors name fields.
 */
#include "base/yaml.h"
#include "detect/sigma_map.h"
#include "event/field.h"
#include "event/json.h"
#include "event/selector.h"

struct map_reader {
	struct sigma_maps *maps;
	struct sigma_map *map;
	struct yaml *y;
};

static const char *
keep(struct map_reader *r, struct str s)
{
	return arena_copy(&r->maps->arena, s.p, s.len);
}

/* ---- places ---- */

/* The path behind `context.`, all in quotes: no word of it is one of the grammar. */
static const char *
member(struct map_reader *r, const struct selector *s)
{
	struct buf b = { 0 };
	const char *out;

	for (size_t i = 0; i < s->steps; i++) {
		if (i > 0)
			buf_byte(&b, '.');
		json_quote(&b, s->step[i]);
	}
	out = keep(r, buf_view(&b));
	buf_fini(&b);
	return out;
}

/* A selector, which within `each` is a member's. */
static int
read_selector(struct map_reader *r, struct str text, struct sigma_place *p, struct err *e)
{
	struct arena *a = &r->maps->arena;
	struct buf whole = { 0 };
	struct selector s;
	int rc;

	if (r->map->each != NULL)
		buf_str(&whole, STR("context."));
	buf_str(&whole, text);
	rc = selector_parse(&s, buf_view(&whole), a, e);
	buf_fini(&whole);
	if (rc != 0) {
		struct err why = *e;

		err_clear(e);
		return yaml_fault(r->y, e, "%s", why.text);
	}
	if (field_table[s.field].type == FIELD_TIMESTAMP)
		return yaml_fault(r->y, e, "%s is a time: rules cannot ask for it", s.text.p);
	p->selector = r->map->each != NULL ? member(r, &s) : s.text.p;
	p->ip = s.field == FIELD_IP;
	p->nocase = (field_table[s.field].flags & F_NOCASE) != 0;
	return 0;
}

/* "*:{}": what stands before and behind the value. */
static int
read_shape(struct map_reader *r, struct str text, struct sigma_place *p, struct err *e)
{
	const char *hole = memmem(text.p, text.len, "{}", 2);

	if (hole == NULL)
		return yaml_fault(r->y, e, "as: the value's place {} is missing");
	p->before = keep(r, (struct str){ text.p, (size_t)(hole - text.p) });
	p->behind = keep(r, (struct str){ hole + 2, (size_t)(text.p + text.len - hole) - 2 });
	if (strchr(p->before, '"') != NULL || strchr(p->behind, '"') != NULL)
		return yaml_fault(r->y, e, "as: quotes are not taken");
	return 0;
}

/* { place: SELECTOR, as: SHAPE, when: FILTER } or a selector alone. */
static int
read_place(struct map_reader *r, struct sigma_field *f, struct err *e)
{
	static const char *const keys[] = { "place", "as", "when" };
	enum { PLACE, AS, WHEN, KEYS };
	struct sigma_place p = { .before = "", .behind = "" };
	enum yaml_kind kind;
	uint64_t seen = 0;
	struct str text;
	size_t which;
	int rc;

	if (yaml_kind(r->y, &kind, e) != 0)
		return -1;
	if (f->places == SIGMA_PLACES_MAX)
		return yaml_fault(r->y, e, "%s: more than %d places", f->name, SIGMA_PLACES_MAX);
	if (kind != YAML_MAPPING) {
		if (yaml_text(r->y, f->name, &text, e) != 0 || read_selector(r, text, &p, e) != 0)
			return -1;
		f->place[f->places++] = p;
		return 0;
	}
	if (yaml_mapping(r->y, f->name, e) != 0)
		return -1;
	while ((rc = yaml_key(r->y, keys, KEYS, &seen, &which, e)) > 0) {
		if (yaml_text(r->y, keys[which], &text, e) != 0)
			return -1;
		if (which == WHEN)
			p.when = keep(r, text);
		else if ((which == PLACE ? read_selector(r, text, &p, e) : read_shape(r, text, &p, e)) != 0)
			return -1;
	}
	if (rc == 0 && p.selector == NULL)
		return yaml_fault(r->y, e, "%s: a place without 'place'", f->name);
	f->place[f->places++] = p;
	return rc;
}

static int
read_places(struct map_reader *r, struct sigma_field *f, struct err *e)
{
	enum yaml_kind kind;
	int rc;

	if (yaml_kind(r->y, &kind, e) != 0)
		return -1;
	if (kind != YAML_LIST)
		return read_place(r, f, e);
	if (yaml_list(r->y, f->name, e) != 0)
		return -1;
	while ((rc = yaml_item(r->y, e)) > 0)
		if (read_place(r, f, e) != 0)
			return -1;
	return rc;
}

/* ---- fields ---- */

/* The keys of { place: ... }, { any: ... }, { constant: ... } and { refuse: ... }. */
static int
read_details(struct map_reader *r, struct sigma_field *f, struct err *e)
{
	static const char *const keys[] = { "place", "any", "as", "when", "constant", "refuse" };
	enum { PLACE, ANY, AS, WHEN, CONSTANT, REFUSE, KEYS };
	struct sigma_place common = { .before = "", .behind = "" };
	uint64_t seen = 0;
	struct str text;
	size_t which;
	int rc;

	while ((rc = yaml_key(r->y, keys, KEYS, &seen, &which, e)) > 0) {
		f->any |= which == ANY;
		if (which == PLACE || which == ANY) {
			if (read_places(r, f, e) != 0)
				return -1;
			continue;
		}
		if (yaml_text(r->y, keys[which], &text, e) != 0)
			return -1;
		if (which == WHEN)
			common.when = keep(r, text);
		else if (which == REFUSE || which == CONSTANT)
			*(which == REFUSE ? &f->refuse : &f->constant) = keep(r, text);
		else if (read_shape(r, text, &common, e) != 0)
			return -1;
	}
	if (rc != 0)
		return -1;
	if (!!(seen >> PLACE & 1) + !!(seen >> ANY & 1) + !!(seen >> CONSTANT & 1) + !!(seen >> REFUSE & 1) != 1)
		return yaml_fault(r->y, e, "%s: one of place, any, constant and refuse is needed", f->name);
	for (size_t i = 0; i < f->places; i++) {
		struct sigma_place *p = &f->place[i];

		p->when = common.when ? common.when : p->when;
		if (seen >> AS & 1) {
			p->before = common.before;
			p->behind = common.behind;
		}
	}
	return 0;
}

static int
read_field(struct map_reader *r, struct str name, struct err *e)
{
	struct sigma_map *m = r->map;
	struct sigma_field *f;
	enum yaml_kind kind;

	if (m->fields == SIGMA_FIELDS_MAX)
		return yaml_fault(r->y, e, "more than %d fields", SIGMA_FIELDS_MAX);
	for (size_t i = 0; i < m->fields; i++)
		if (str_eq(name, str_of(m->field[i].name)))
			return yaml_fault(r->y, e, "the field '%.60s' is given twice", name.p);
	mem_grow(&m->field, &m->cap, m->fields + 1, sizeof(*m->field));
	f = &m->field[m->fields++];
	*f = (struct sigma_field){ .name = keep(r, name) };
	if (yaml_kind(r->y, &kind, e) != 0)
		return -1;
	if (kind != YAML_MAPPING)
		return read_places(r, f, e);
	return yaml_mapping(r->y, f->name, e) != 0 ? -1 : read_details(r, f, e);
}

static int
read_fields(struct map_reader *r, struct err *e)
{
	struct str name;
	int rc;

	if (yaml_mapping(r->y, "fields", e) != 0)
		return -1;
	while ((rc = yaml_name(r->y, &name, e)) > 0)
		if (read_field(r, name, e) != 0)
			return -1;
	return rc;
}

/* ---- log sources ---- */

static int
read_source(struct map_reader *r, struct err *e)
{
	static const char *const keys[] = { "product", "category", "service" };
	struct sigma_source s = { "", "", "" };
	const char **at[] = { &s.product, &s.category, &s.service };
	uint64_t seen = 0;
	struct str text;
	size_t which;
	int rc;

	if (yaml_mapping(r->y, "sources", e) != 0)
		return -1;
	while ((rc = yaml_key(r->y, keys, 3, &seen, &which, e)) > 0) {
		if (yaml_text(r->y, keys[which], &text, e) != 0)
			return -1;
		*at[which] = keep(r, text);
	}
	if (rc == 0 && seen == 0)
		return yaml_fault(r->y, e, "sources: one of product, category and service is needed");
	r->map->source[r->map->sources++] = s;
	return rc;
}

static int
read_sources(struct map_reader *r, struct err *e)
{
	enum { SOURCES_MAX = 64 };
	int rc;

	r->map->source = arena_alloc(&r->maps->arena, SOURCES_MAX * sizeof(*r->map->source));
	if (yaml_list(r->y, "sources", e) != 0)
		return -1;
	while ((rc = yaml_item(r->y, e)) > 0) {
		if (r->map->sources == SOURCES_MAX)
			return yaml_fault(r->y, e, "sources: more than %d", SOURCES_MAX);
		if (read_source(r, e) != 0)
			return -1;
	}
	return rc;
}

/* ---- one document ---- */

/* A filter of the file, perhaps of an element, can be built. */
static int
check_where(struct map_reader *r, const char *key, const char *where, bool element, struct err *e)
{
	struct err why = ERR_NONE;
	struct buf text = { 0 };
	int rc;

	if (element)
		buf_printf(&text, "any %s (%s)", r->map->each, where);
	else
		buf_str(&text, str_of(where));
	buf_byte(&text, '\0');
	rc = sigma_try_where(text.p, &why);
	buf_fini(&text);
	return rc == 0 ? 0 : yaml_fault(r->y, e, "%s: %s", key, why.text);
}

/* Its shape can be asked for, and its condition. */
static int
check_place(struct map_reader *r, const struct sigma_field *f, const struct sigma_place *p, struct err *e)
{
	struct buf text = { 0 };
	int rc;

	buf_printf(&text, "%s like \"%sx%s\"", p->selector, p->before, p->behind);
	if (p->when != NULL)
		buf_printf(&text, " and (%s)", p->when);
	rc = check_where(r, f->name, text.p, r->map->each != NULL, e);
	buf_fini(&text);
	return rc;
}

static int
check_map(struct map_reader *r, struct err *e)
{
	const struct sigma_map *m = r->map;

	if (m->sources == 0 || m->events == NULL)
		return yaml_fault(r->y, e, "%s is missing", m->sources == 0 ? "sources" : "events");
	if (check_where(r, "events", m->events, false, e) != 0)
		return -1;
	if (m->each != NULL && check_where(r, "each", "true", true, e) != 0)
		return -1;
	for (size_t i = 0; i < m->fields; i++)
		for (size_t k = 0; k < m->field[i].places; k++)
			if (check_place(r, &m->field[i], &m->field[i].place[k], e) != 0)
				return -1;
	return 0;
}

static int
read_keywords(struct map_reader *r, struct err *e)
{
	struct sigma_place p;
	struct str text;
	size_t count = 0;
	int rc;

	while ((rc = yaml_each(r->y, "keywords", &count, &text, e)) > 0) {
		if (read_selector(r, text, &p, e) != 0)
			return -1;
		str_list_add(&r->map->keywords, text.p, text.len);
	}
	return rc;
}

static int
read_text(struct map_reader *r, const char *key, const char **out, struct err *e)
{
	struct str text;

	if (yaml_text(r->y, key, &text, e) != 0)
		return -1;
	*out = keep(r, text);
	return 0;
}

int
sigma_map_read(struct sigma_map *m, struct sigma_maps *maps, struct yaml *y, struct err *e)
{
	struct map_reader reader = { .maps = maps, .map = m, .y = y }, *r = &reader;
	static const char *const keys[] = { "title", "sources", "events", "each", "prefix", "keywords", "fields" };
	enum { TITLE, SOURCES, EVENTS, EACH, PREFIX, KEYWORDS, FIELDS, KEYS };
	const char *title;
	uint64_t seen = 0;
	size_t which;
	int rc;

	while ((rc = yaml_key(r->y, keys, KEYS, &seen, &which, e)) > 0) {
		switch (which) {
		case TITLE:
			rc = read_text(r, "title", &title, e);
			break;
		case SOURCES:
			rc = read_sources(r, e);
			break;
		case EVENTS:
			rc = read_text(r, "events", &m->events, e);
			break;
		case EACH:
			if (seen & (1u << KEYWORDS | 1u << FIELDS))
				return yaml_fault(r->y, e, "each stands before keywords and fields");
			rc = read_text(r, "each", &m->each, e);
			break;
		case PREFIX:
			rc = read_text(r, "prefix", &m->prefix, e);
			break;
		case KEYWORDS:
			rc = read_keywords(r, e);
			break;
		default:
			rc = read_fields(r, e);
			break;
		}
		if (rc != 0)
			return -1;
	}
	if (m->prefix == NULL)
		m->prefix = m->each != NULL ? "" : "context.";
	return rc == 0 ? check_map(r, e) : -1;
}
