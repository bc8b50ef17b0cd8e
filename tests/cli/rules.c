/*
 * rules: what rule files in the Sigma format mean, a line of JSON each rule.
 *
 * usage: rules MAPPINGS FILE...
 *
 * MAPPINGS is a folder of sigma mappings.  A file that is no YAML is told on
 * standard error, and the program ends with 1.
 */
#include <stdio.h>

#include "detect/sigma.h"
#include "event/json.h"

static void
put(struct buf *out, const char *key, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	buf_printf(out, "%s\"%s\":", out->len > 1 ? "," : "", key);
	json_quote(out, str_of(text));
}

static void
put_list(struct buf *out, const char *key, const struct str_list *l)
{
	if (l->n == 0)
		return;
	buf_printf(out, "%s\"%s\":[", out->len > 1 ? "," : "", key);
	for (size_t i = 0; i < l->n; i++) {
		if (i > 0)
			buf_byte(out, ',');
		json_quote(out, str_of(l->item[i]));
	}
	buf_byte(out, ']');
}

static void
put_correlation(struct buf *out, const struct sigma_correlation *c)
{
	static const char *const kinds[] = { "event_count", "value_count", "temporal", "temporal_ordered" };
	static const char *const signs[] = { "gt", "gte", "lt", "lte", "eq", "neq" };

	put(out, "type", kinds[c->kind]);
	put_list(out, "rules", &c->rules);
	put_list(out, "group-by", &c->group_by);
	put_list(out, "counted", &c->field);
	buf_printf(out, ",\"timespan\":%lld", (long long)(c->timespan / 1000000));
	for (size_t i = 0; i < c->bounds; i++)
		buf_printf(out, ",\"%s\":%llu", signs[c->bound[i].sign], (unsigned long long)c->bound[i].count);
	for (size_t i = 0; i < c->aliases; i++)
		buf_printf(out, ",\"%s/%s\":\"%s\"", c->alias[i].alias, c->alias[i].rule, c->alias[i].field);
	if (c->generate)
		buf_str(out, STR(",\"generate\":true"));
}

static void
print(const struct sigma_rule *r)
{
	struct buf out = { 0 };

	buf_byte(&out, '{');
	put(&out, "path", r->path);
	put(&out, "id", r->id);
	put(&out, "name", r->name);
	put(&out, "title", r->title);
	put(&out, "level", sigma_levels[r->level]);
	put_list(&out, "tags", &r->tags);
	put(&out, "where", r->where);
	put(&out, "refusal", r->refusal);
	if (r->correlation != NULL)
		put_correlation(&out, r->correlation);
	buf_str(&out, STR("}\n"));
	fwrite(out.p, 1, out.len, stdout);
	buf_fini(&out);
}

int
main(int argc, char *argv[])
{
	struct err e = ERR_NONE;
	struct sigma_maps *maps = argc > 2 ? sigma_maps_open(argv[1], &e) : NULL;
	int status = maps == NULL;

	for (int i = 2; i < argc && maps != NULL; i++) {
		struct sigma_rules rules = { 0 };
		struct err why = ERR_NONE;

		if (sigma_rules_read(&rules, maps, argv[i], &why) != 0) {
			fprintf(stderr, "%s\n", why.text);
			status = 1;
		}
		for (size_t k = 0; k < rules.n; k++)
			print(&rules.rule[k]);
		sigma_rules_fini(&rules);
	}
	if (e.code != ERR_OK)
		fprintf(stderr, "%s\n", e.text);
	sigma_maps_free(maps);
	return status;
}
