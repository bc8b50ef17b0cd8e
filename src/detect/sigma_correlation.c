/*
 * sigma_correlation: rules over the events of other rules.
 *
 *     correlation:
 *       type: value_count
 *       rules: [failed_login]
 *       group-by: [ComputerName]
 *       timespan: 1d
 *       condition: { field: User, gte: 100 }
 *
 * In: the value of the key `correlation`.   Out: a struct sigma_correlation.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/time.h"
#include "detect/sigma_parts.h"

#define TIMESPAN_MAX (INT64_C(3650) * 86400) /* seconds */

/* The number of the text among the names; refused with the nearest. */
static int
read_choice(struct sigma_work *w, const struct sigma_node *n, const char *const *names, size_t count, size_t *out)
{
	const char *near;

	for (*out = 0; *out < count; ++*out)
		if (n->kind == YAML_SCALAR && str_eq(n->text, str_of(names[*out])))
			return 0;
	if (n->kind != YAML_SCALAR)
		return sigma_refuse(w, n, "%.60s: expected one value", n->key.p);
	near = nearest_name(n->text.p, names, count);
	return sigma_refuse(w, n, "%.60s: '%.60s' is not known%s%s%s", n->key.p, n->text.p,
	    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

/* 90s 5m 1h 7d, in microseconds. */
static int
read_timespan(struct sigma_work *w, const struct sigma_node *n, int64_t *out)
{
	static const char units[] = "smhd";
	static const int64_t seconds[] = { 1, 60, 3600, 86400 };
	const char *text = n->kind == YAML_SCALAR ? n->text.p : "", *unit;
	int64_t count = 0;
	size_t i = 0;

	for (; text[i] >= '0' && text[i] <= '9' && i < 10; i++)
		count = count * 10 + (text[i] - '0');
	unit = i > 0 && text[i] != '\0' && text[i + 1] == '\0' ? strchr(units, text[i]) : NULL;
	if (unit == NULL || count == 0)
		return sigma_refuse(w, n, "timespan: '%.60s' is no number with s, m, h or d behind it", text);
	if (count > TIMESPAN_MAX / seconds[unit - units])
		return sigma_refuse(w, n, "timespan: '%.60s' is longer than ten years", text);
	*out = count * seconds[unit - units] * TIME_SECOND;
	return 0;
}

static int
read_count(struct sigma_work *w, const struct sigma_node *n, uint64_t *out)
{
	char *end = NULL;

	errno = 0;
	if (n->kind == YAML_SCALAR && n->text.p[0] >= '0' && n->text.p[0] <= '9')
		*out = strtoull(n->text.p, &end, 10);
	if (end == NULL || *end != '\0' || errno != 0)
		return sigma_refuse(w, n, "%.60s: expected a whole number", n->key.p);
	return 0;
}

static int
read_condition(struct sigma_work *w, const struct sigma_node *n, struct sigma_correlation *c)
{
	static const char *const signs[] = { "gt", "gte", "lt", "lte", "eq", "neq" };

	if (n->kind != YAML_MAPPING)
		return sigma_refuse(w, n, "condition: expected a mapping such as gte: 10");
	for (const struct sigma_node *m = n->first; m != NULL; m = m->next) {
		size_t sign = 0;

		if (str_eq(m->key, STR("field"))) {
			if (sigma_read_texts(w, m, &c->field) != 0)
				return -1;
			continue;
		}
		while (sign < SIGMA_BOUNDS_MAX && !str_eq(m->key, str_of(signs[sign])))
			sign++;
		if (sign == SIGMA_BOUNDS_MAX)
			return sigma_refuse(w, m, "condition: '%.60s' is none of gt, gte, lt, lte, eq, neq and field",
			    m->key.p);
		if (c->bounds == SIGMA_BOUNDS_MAX || read_count(w, m, &c->bound[c->bounds].count) != 0)
			return -1;
		c->bound[c->bounds++].sign = (enum sigma_sign)sign;
	}
	return 0;
}

/* ALIAS: { RULE: FIELD, ... } */
static int
read_aliases(struct sigma_work *w, const struct sigma_node *n, struct sigma_correlation *c)
{
	size_t count = 0;

	for (const struct sigma_node *alias = n->first; alias != NULL; alias = alias->next) {
		if (n->kind != YAML_MAPPING || alias->kind != YAML_MAPPING)
			return sigma_refuse(w, alias, "aliases: expected ALIAS: { RULE: FIELD }");
		count += alias->children;
	}
	c->alias = arena_alloc(w->a, (count + 1) * sizeof(*c->alias));
	for (const struct sigma_node *alias = n->first; alias != NULL; alias = alias->next) {
		for (const struct sigma_node *m = alias->first; m != NULL; m = m->next) {
			if (m->kind != YAML_SCALAR || m->text.len == 0)
				return sigma_refuse(w, m, "aliases: expected the name of a field");
			c->alias[c->aliases++] = (struct sigma_alias){ alias->key.p, m->key.p, m->text.p };
		}
	}
	return 0;
}

static int
read_generate(struct sigma_work *w, const struct sigma_node *n, bool *out)
{
	static const char *const words[] = { "false", "true" };
	size_t which;

	if (read_choice(w, n, words, 2, &which) != 0)
		return -1;
	*out = which == 1;
	return 0;
}

static int
unknown_key(struct sigma_work *w, const struct sigma_node *n)
{
	static const char *const keys[] = {
		"type", "rules", "group-by", "timespan", "condition", "aliases", "generate"
	};
	const char *near = nearest_name(n->key.p, keys, sizeof(keys) / sizeof(keys[0]));

	return sigma_refuse(w, n, "correlation: unknown key '%.60s'%s%s", n->key.p, near ? "; the nearest is " : "",
	    near ? near : "");
}

static int
read_key(struct sigma_work *w, const struct sigma_node *n, struct sigma_correlation *c)
{
	static const char *const kinds[] = { "event_count", "value_count", "temporal", "temporal_ordered" };
	size_t which;

	if (str_eq(n->key, STR("type"))) {
		if (read_choice(w, n, kinds, 4, &which) != 0)
			return -1;
		c->kind = (enum sigma_kind)which;
		return 0;
	}
	if (str_eq(n->key, STR("rules")))
		return sigma_read_texts(w, n, &c->rules);
	if (str_eq(n->key, STR("group-by")))
		return sigma_read_texts(w, n, &c->group_by);
	if (str_eq(n->key, STR("timespan")))
		return read_timespan(w, n, &c->timespan);
	if (str_eq(n->key, STR("condition")))
		return read_condition(w, n, c);
	if (str_eq(n->key, STR("aliases")))
		return read_aliases(w, n, c);
	if (str_eq(n->key, STR("generate")))
		return read_generate(w, n, &c->generate);
	return unknown_key(w, n);
}

/* What a kind cannot be without, or has no use for. */
static int
check(struct sigma_work *w, const struct sigma_node *n, const struct sigma_correlation *c)
{
	bool counts = c->kind == SIGMA_EVENT_COUNT || c->kind == SIGMA_VALUE_COUNT;

	if (sigma_node_find(n, "type") == NULL)
		return sigma_refuse(w, n, "correlation: type is missing");
	if (c->rules.n == 0)
		return sigma_refuse(w, n, "correlation: rules are missing");
	if (c->timespan == 0)
		return sigma_refuse(w, n, "correlation: timespan is missing");
	if (counts && c->bounds == 0)
		return sigma_refuse(w, n, "correlation: a condition with a number is missing");
	if ((c->kind == SIGMA_VALUE_COUNT) != (c->field.n > 0))
		return sigma_refuse(w, n, c->field.n > 0 ?
		    "correlation: only value_count has a field in its condition" :
		    "correlation: the field whose values are counted is missing");
	return 0;
}

int
sigma_correlation_read(struct sigma_work *w, const struct sigma_node *n, struct sigma_correlation **out)
{
	struct sigma_correlation *c = arena_alloc(w->a, sizeof(*c));

	*c = (struct sigma_correlation){ 0 };
	*out = c;
	if (n->kind != YAML_MAPPING)
		return sigma_refuse(w, n, "correlation: expected a mapping");
	for (const struct sigma_node *m = n->first; m != NULL; m = m->next)
		if (read_key(w, m, c) != 0)
			return -1;
	return check(w, n, c);
}

void
sigma_correlation_fini(struct sigma_correlation *c)
{
	if (c == NULL)
		return;
	str_list_fini(&c->rules);
	str_list_fini(&c->group_by);
	str_list_fini(&c->field);
}
