/*
 * sigma_rule: one document of a rule file into a rule.
 *
 * A detection's search identifiers become expressions, which its condition
 * joins; the whole is built as a filter once, and told in its canonical form.
 *
 * In: a document as a tree.   Out: a rule with a filter, a correlation or a
 * refusal.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "detect/sigma_parts.h"
#include "filter/filter.h"

const char *const sigma_levels[] = { "", "informational", "low", "medium", "high", "critical" };

#define LEVELS (sizeof(sigma_levels) / sizeof(sigma_levels[0]))

int
sigma_refuse(struct sigma_work *w, const struct sigma_node *n, const char *fmt, ...)
{
	char text[sizeof(w->e->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	w->at = n->at;
	return err_set(w->e, ERR_FAIL, "%s", text);
}

/* ---- what it says of itself ---- */

int
sigma_read_text(struct sigma_work *w, const struct sigma_node *n, const char **out)
{
	if (n == NULL)
		return 0;
	if (n->kind != YAML_SCALAR)
		return sigma_refuse(w, n, "%.60s: expected one value", n->key.p);
	*out = sigma_node_is_null(n) ? "" : n->text.p;
	return 0;
}

int
sigma_read_texts(struct sigma_work *w, const struct sigma_node *n, struct str_list *out)
{
	if (n == NULL || sigma_node_is_null(n))
		return 0;
	if (n->kind == YAML_SCALAR) {
		str_list_add(out, n->text.p, n->text.len);
		return 0;
	}
	for (const struct sigma_node *c = n->first; c != NULL; c = c->next) {
		if (n->kind != YAML_LIST || c->kind != YAML_SCALAR)
			return sigma_refuse(w, c, "%.60s: expected a list of values", n->key.p);
		str_list_add(out, c->text.p, c->text.len);
	}
	return 0;
}

static int
read_level(struct sigma_work *w, struct sigma_rule *rule, const struct sigma_node *n)
{
	const char *typed = "", *near;

	if (sigma_read_text(w, n, &typed) != 0)
		return -1;
	for (size_t i = 0; i < LEVELS; i++) {
		if (str_eq_nocase(str_of(typed), str_of(sigma_levels[i]))) {
			rule->level = (enum sigma_level)i;
			return 0;
		}
	}
	near = nearest_name(typed, sigma_levels + 1, LEVELS - 1);
	return sigma_refuse(w, n, "no level is called '%.60s'%s%s%s", typed, near ? "; did you mean " : "",
	    near ? near : "", near ? "?" : "");
}

static int
read_words(struct sigma_work *w, struct sigma_rule *rule, const struct sigma_node *root)
{
	const struct {
		const char *key, **to;
	} text[] = {
		{ "id", &rule->id }, { "name", &rule->name }, { "title", &rule->title }, { "status", &rule->status },
		{ "description", &rule->description }, { "author", &rule->author }, { "date", &rule->date },
		{ "license", &rule->license },
	};
	const struct {
		const char *key;
		struct str_list *to;
	} list[] = {
		{ "tags", &rule->tags }, { "falsepositives", &rule->falsepositives },
		{ "references", &rule->references },
	};

	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		if (sigma_read_text(w, sigma_node_find(root, text[i].key), text[i].to) != 0)
			return -1;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (sigma_read_texts(w, sigma_node_find(root, list[i].key), list[i].to) != 0)
			return -1;
	return read_level(w, rule, sigma_node_find(root, "level"));
}

static int
read_source(struct sigma_work *w, struct sigma_rule *rule, const struct sigma_maps *maps,
    const struct sigma_node *root)
{
	const struct sigma_node *n = sigma_node_find(root, "logsource");

	if (n == NULL || n->kind != YAML_MAPPING)
		return sigma_refuse(w, n ? n : root, "the rule has no logsource");
	if (sigma_read_text(w, sigma_node_find(n, "product"), &rule->product) != 0 ||
	    sigma_read_text(w, sigma_node_find(n, "category"), &rule->category) != 0 ||
	    sigma_read_text(w, sigma_node_find(n, "service"), &rule->service) != 0)
		return -1;
	w->map = rule->map = sigma_map_find(maps, rule->product, rule->category, rule->service);
	if (rule->map != NULL)
		return 0;
	return sigma_refuse(w, n, "no mapping for product '%.60s' category '%.60s' service '%.60s'", rule->product,
	    rule->category, rule->service);
}

/* ---- search identifiers ---- */

static int
put_keyword(struct sigma_work *w, const struct sigma_node *n, struct buf *out)
{
	struct sigma_values v;
	int rc = sigma_values_keyword(&v, n, w->a, &w->at, w->e);

	if (rc == 0)
		rc = sigma_put_test(w, &v, out);
	sigma_values_fini(&v);
	return rc;
}

/* All members of a mapping. */
static int
put_mapping(struct sigma_work *w, const struct sigma_node *n, struct buf *out)
{
	if (n->first == NULL)
		return sigma_refuse(w, n, "nothing is asked for");
	buf_byte(out, '(');
	for (const struct sigma_node *c = n->first; c != NULL; c = c->next) {
		struct sigma_values v;
		int rc;

		if (c != n->first)
			buf_str(out, STR(" and "));
		rc = sigma_values_read(&v, c, w->a, &w->at, w->e);
		if (rc == 0)
			rc = sigma_put_test(w, &v, out);
		sigma_values_fini(&v);
		if (rc != 0)
			return -1;
	}
	buf_byte(out, ')');
	return 0;
}

static int
put_item(struct sigma_work *w, const struct sigma_node *n, struct buf *out)
{
	switch (n->kind) {
	case YAML_MAPPING:
		return put_mapping(w, n, out);
	case YAML_SCALAR:
		return put_keyword(w, n, out);
	default:
		return sigma_refuse(w, n, "a list within a list");
	}
}

/* Any of a list: keywords, mappings or both. */
static int
put_identifier(struct sigma_work *w, const struct sigma_node *n, struct buf *out)
{
	if (n->kind != YAML_LIST)
		return put_item(w, n, out);
	if (n->first == NULL)
		return sigma_refuse(w, n, "nothing is asked for");
	buf_byte(out, '(');
	for (const struct sigma_node *c = n->first; c != NULL; c = c->next) {
		if (c != n->first)
			buf_str(out, STR(" or "));
		if (put_item(w, c, out) != 0)
			return -1;
		if (out->len > SIGMA_WHERE_MAX)
			return sigma_refuse(w, c, "the filter is longer than %d bytes", SIGMA_WHERE_MAX);
	}
	buf_byte(out, ')');
	return 0;
}

static int
read_identifiers(struct sigma_work *w, const struct sigma_node *detection, struct sigma_identifiers *ids)
{
	size_t together = 0;

	for (const struct sigma_node *c = detection->first; c != NULL; c = c->next) {
		struct buf where = { 0 };
		int rc;

		if (str_eq(c->key, STR("condition")) || str_eq(c->key, STR("timeframe")))
			continue;
		rc = put_identifier(w, c, &where);
		together += where.len;
		if (rc == 0 && (together > SIGMA_WHERE_MAX || ids->n == SIGMA_IDENTIFIERS_MAX))
			rc = sigma_refuse(w, c, "the search identifiers are too many, or too long together");
		if (rc == 0)
			ids->item[ids->n++] = (struct sigma_identifier){ c->key.p,
				{ arena_copy(w->a, where.p, where.len), where.len } };
		buf_fini(&where);
		if (rc != 0)
			return -1;
	}
	return 0;
}

/* ---- the condition ---- */

static int
put_condition(struct sigma_work *w, const struct sigma_node *n, const struct sigma_identifiers *ids,
    struct buf *out)
{
	w->at = n->at;
	if (n->kind != YAML_SCALAR || n->text.len == 0)
		return sigma_refuse(w, n, "expected a condition");
	return sigma_put_condition(ids, n->text, out, w->e);
}

/* One, or any of a list. */
static int
put_conditions(struct sigma_work *w, const struct sigma_node *n, const struct sigma_identifiers *ids,
    struct buf *out)
{
	if (n->kind != YAML_LIST)
		return put_condition(w, n, ids, out);
	if (n->first == NULL)
		return sigma_refuse(w, n, "expected a condition");
	for (const struct sigma_node *c = n->first; c != NULL; c = c->next) {
		if (c != n->first)
			buf_str(out, STR(" or "));
		if (put_condition(w, c, ids, out) != 0)
			return -1;
	}
	return 0;
}

/* The filter of the whole text, in its canonical form. */
static int
finish_where(struct sigma_work *w, struct str text, const char **out)
{
	struct filter_args args = { 0 };
	struct buf canonical = { 0 };
	struct filter *f;

	if (text.len > SIGMA_WHERE_MAX)
		return err_set(w->e, ERR_FAIL, "the filter is longer than %d bytes", SIGMA_WHERE_MAX);
	str_list_add(&args.where, text.p, text.len);
	f = filter_build(&args, 0, w->e);
	filter_args_fini(&args);
	if (f == NULL)
		return err_doing(w->e, "the filter that it means");
	filter_format(&canonical, f);
	filter_free(f);
	*out = arena_copy(w->a, canonical.p, canonical.len);
	buf_fini(&canonical);
	return 0;
}

static int
read_detection(struct sigma_work *w, struct sigma_rule *rule, const struct sigma_node *root)
{
	const struct sigma_node *detection = sigma_node_find(root, "detection"), *condition;
	struct sigma_identifiers *ids;
	struct buf text = { 0 };
	int rc;

	if (detection == NULL || detection->kind != YAML_MAPPING)
		return sigma_refuse(w, detection ? detection : root, "the rule has no detection");
	condition = sigma_node_find(detection, "condition");
	if (condition == NULL)
		return sigma_refuse(w, detection, "the detection has no condition");
	ids = mem_zero(1, sizeof(*ids));
	buf_printf(&text, "(%s) and ", w->map->events);
	if (w->map->each != NULL)
		buf_printf(&text, "any %s ", w->map->each);
	buf_byte(&text, '(');
	rc = read_identifiers(w, detection, ids);
	if (rc == 0)
		rc = put_conditions(w, condition, ids, &text);
	buf_byte(&text, ')');
	if (rc == 0)
		rc = finish_where(w, buf_view(&text), &rule->where);
	buf_fini(&text);
	free(ids);
	return rc;
}

/* ---- the document ---- */

static int
read_rule(struct sigma_work *w, struct sigma_rule *rule, const struct sigma_maps *maps,
    const struct sigma_document *d)
{
	const struct sigma_node *root = &d->root, *n;

	if (read_words(w, rule, root) != 0)
		return -1;
	if (d->twice != NULL)
		return sigma_refuse(w, d->twice, "the key '%.60s' is given twice", d->twice->key.p);
	if ((n = sigma_node_find(root, "action")) != NULL)
		return sigma_refuse(w, n, "collections by 'action' are no part of the format any more");
	if ((n = sigma_node_find(root, "filter")) != NULL)
		return sigma_refuse(w, n, "a filter of other rules is not supported");
	if ((n = sigma_node_find(root, "correlation")) != NULL)
		return sigma_correlation_read(w, n, &rule->correlation);
	return read_source(w, rule, maps, root) != 0 ? -1 : read_detection(w, rule, root);
}

void
sigma_rule_read(struct sigma_rule *rule, const struct sigma_maps *maps, const struct sigma_document *d,
    struct arena *a)
{
	struct err e = ERR_NONE;
	struct sigma_work w = { .a = a, .e = &e, .at = d->root.at };
	struct buf refusal = { 0 };

	rule->line = d->root.at.line;
	rule->id = rule->name = rule->title = rule->status = rule->description = "";
	rule->author = rule->date = rule->license = rule->product = rule->category = rule->service = "";
	if (read_rule(&w, rule, maps, d) == 0)
		return;
	buf_printf(&refusal, "%zu:%zu: %s", w.at.line, w.at.column, e.text);
	rule->refusal = arena_copy(a, refusal.p, refusal.len);
	rule->refusal_line = w.at.line;
	rule->where = NULL;
	sigma_correlation_fini(rule->correlation);
	rule->correlation = NULL;
	buf_fini(&refusal);
}
