/*
 * sigma_values: a field with any modifiers and values is an expression that a
 * filter can be built of, or refused with a reason.
 *
 * Input: lines; the first is FIELD|MODIFIER|..., the others are values, of
 * which an empty one is null.
 */
#include <stdint.h>

#include "base/utf8.h"
#include "detect/sigma_parts.h"
#include "sigma.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The values as a list of the rule. */
static void
read_lines(struct sigma_node *n, struct str text, struct arena *a)
{
	struct sigma_node **end = &n->first;

	for (size_t from = 0, i = 0; i <= text.len; i++) {
		struct str line = { text.p + from, i - from };
		struct sigma_node *child;

		if (i < text.len && text.p[i] != '\n')
			continue;
		from = i + 1;
		if (n->key.p == NULL) {
			n->key = (struct str){ arena_copy(a, line.p, line.len), line.len };
			continue;
		}
		child = arena_alloc(a, sizeof(*child));
		*child = (struct sigma_node){ .kind = YAML_SCALAR, .plain = line.len == 0,
			.text = { arena_copy(a, line.p, line.len), line.len } };
		*end = child;
		end = &child->next;
	}
}

static void
check_expression(const struct sigma_maps *maps, const char *product, const struct sigma_node *n, struct arena *a)
{
	const struct sigma_map *map = sigma_map_find(maps, product, "", "");
	struct err e = ERR_NONE;
	struct sigma_work w = { .map = map, .a = a, .e = &e };
	struct sigma_values v;
	struct buf where = { 0 };

	if (map->each != NULL)
		buf_printf(&where, "any %s ", map->each);
	buf_byte(&where, '(');
	if (sigma_values_read(&v, n, a, &w.at, &e) == 0 && sigma_put_test(&w, &v, &where) == 0) {
		struct err why = ERR_NONE;

		buf_str(&where, STR(")\0"));
		/* Numbers and addresses are judged by the filter, at its field. */
		if (sigma_try_where(where.p, &why) != 0 && v.value[0].form != FORM_ORDER && where.len < SIGMA_WHERE_MAX)
			abort();
	} else if (e.code != ERR_FAIL || e.text[0] == '\0') {
		abort();
	}
	sigma_values_fini(&v);
	buf_fini(&where);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct sigma_node n = { .kind = YAML_LIST };
	struct sigma_maps *maps;
	struct arena a = { 0 };

	if (memchr(text.p ? text.p : "", '\0', text.len) != NULL || utf8_valid_prefix(text.p, text.len) != text.len)
		return 0;
	maps = fuzz_maps();
	read_lines(&n, text, &a);
	check_expression(maps, "a", &n, &a);
	check_expression(maps, "r", &n, &a);
	sigma_maps_free(maps);
	arena_fini(&a);
	return 0;
}
