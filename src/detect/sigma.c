/*
 * sigma: rule files, document by document (see sigma.h).
 *
 * In: YAML.   Out: rules.
 */
#include "detect/sigma.h"

#include <stdlib.h>

#include "detect/sigma_parts.h"

static void
rule_fini(struct sigma_rule *rule)
{
	str_list_fini(&rule->tags);
	str_list_fini(&rule->falsepositives);
	str_list_fini(&rule->references);
	sigma_correlation_fini(rule->correlation);
}

static struct sigma_rule *
new_rule(struct sigma_rules *rules, const char *path)
{
	mem_grow(&rules->rule, &rules->cap, rules->n + 1, sizeof(*rules->rule));
	rules->rule[rules->n] = (struct sigma_rule){ .path = path };
	return &rules->rule[rules->n++];
}

/* All documents; those from before the first fault are taken back. */
static int
read_documents(struct sigma_rules *out, const struct sigma_maps *maps, const char *name, struct yaml *y,
    struct err *e)
{
	const char *path = arena_copy(&out->arena, name, strlen(name));
	size_t before = out->n;
	struct sigma_document d;
	int rc;

	yaml_several(y);
	while ((rc = sigma_document_read(&d, y, &out->arena, e)) > 0) {
		if (out->n - before == SIGMA_RULES_MAX) {
			rc = yaml_fault(y, e, "more than %d documents", SIGMA_RULES_MAX);
			break;
		}
		sigma_rule_read(new_rule(out, path), maps, &d, &out->arena);
	}
	while (rc != 0 && out->n > before)
		rule_fini(&out->rule[--out->n]);
	return rc;
}

int
sigma_rules_read(struct sigma_rules *out, const struct sigma_maps *maps, const char *path, struct err *e)
{
	struct yaml *y = yaml_open(path, e);
	int rc = y != NULL ? read_documents(out, maps, path, y, e) : -1;

	yaml_close(y);
	return rc;
}

int
sigma_rules_parse(struct sigma_rules *out, const struct sigma_maps *maps, const char *name, struct str text,
    struct err *e)
{
	struct yaml *y = yaml_new(name, text, e);
	int rc = y != NULL ? read_documents(out, maps, name, y, e) : -1;

	yaml_close(y);
	return rc;
}

void
sigma_rules_fini(struct sigma_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		rule_fini(&rules->rule[i]);
	free(rules->rule);
	arena_fini(&rules->arena);
	*rules = (struct sigma_rules){ 0 };
}

int
sigma_rule_field(const struct sigma_rule *rule, const char *field, struct str_list *out, struct err *e)
{
	const struct sigma_field *f;
	struct buf path = { 0 };
	int rc = 0;

	if (rule->where == NULL)
		return err_set(e, ERR_FAIL, "the rule '%.60s' has no filter", rule->title);
	f = sigma_map_field(rule->map, field);
	if (f != NULL && f->places == 0)
		return err_set(e, ERR_FAIL, "the field %.60s: %s", field, f->refuse ? f->refuse : "it has no place");
	for (size_t i = 0; i < (f ? f->places : 1); i++) {
		if (rule->map->each != NULL)
			buf_printf(&path, "%s.", rule->map->each);
		if (f != NULL)
			buf_str(&path, str_of(f->place[i].selector));
		else if ((rc = sigma_map_default(rule->map, str_of(field), &path, e)) != 0)
			break;
		str_list_add(out, path.p, path.len);
		buf_reset(&path);
	}
	buf_fini(&path);
	return rc;
}
