/*
 * sigma_map: the maps of all mapping files, and what is asked of them (see
 * sigma_map.h).
 *
 * In: files, several documents each.   Out: maps, the last file's first.
 */
#include "detect/sigma_map.h"

#include <stdlib.h>

#include "base/yaml.h"
#include "base/yaml_folder.h"
#include "filter/filter.h"

/* ---- files ---- */

struct sigma_maps *
sigma_maps_new(void)
{
	return mem_zero(1, sizeof(struct sigma_maps));
}

static struct sigma_map *
new_map(struct sigma_maps *maps, const char *path)
{
	struct sigma_map *m = mem_zero(1, sizeof(*m));

	m->path = arena_copy(&maps->arena, path, strlen(path));
	mem_grow(&maps->map, &maps->cap, maps->n + 1, sizeof(struct sigma_map *));
	maps->map[maps->n++] = m;
	return m;
}

static void
free_map(struct sigma_map *m)
{
	str_list_fini(&m->keywords);
	free(m->field);
	free(m);
}

/* What was read behind the others goes before them, in its order. */
static void
put_first(struct sigma_maps *maps, size_t from)
{
	struct sigma_map **all = mem_alloc(maps->n * sizeof(*all));
	size_t n = maps->n - from;

	memcpy(all, maps->map + from, n * sizeof(*all));
	memcpy(all + n, maps->map, from * sizeof(*all));
	memcpy(maps->map, all, maps->n * sizeof(*all));
	free(all);
}

/* All documents; those from before the first fault are taken back. */
static int
read_documents(struct sigma_maps *maps, const char *path, struct yaml *y, struct err *e)
{
	size_t from = maps->n;
	int rc;

	if (y == NULL)
		return -1;
	yaml_several(y);
	while ((rc = yaml_document(y, e)) > 0) {
		if (maps->n == SIGMA_MAPS_MAX) {
			rc = yaml_fault(y, e, "more than %d log sources", SIGMA_MAPS_MAX);
			break;
		}
		if ((rc = sigma_map_read(new_map(maps, path), maps, y, e)) != 0)
			break;
	}
	yaml_close(y);
	while (rc != 0 && maps->n > from)
		free_map(maps->map[--maps->n]);
	if (rc == 0 && maps->n > from && from > 0)
		put_first(maps, from);
	return rc;
}

int
sigma_maps_add(struct sigma_maps *maps, const char *path, struct err *e)
{
	return read_documents(maps, path, yaml_open(path, e), e);
}

int
sigma_maps_parse(struct sigma_maps *maps, const char *name, struct str text, struct err *e)
{
	return read_documents(maps, name, yaml_new(name, text, e), e);
}

struct sigma_maps *
sigma_maps_open(const char *folder, struct err *e)
{
	struct sigma_maps *maps = sigma_maps_new();
	struct str_list files = { 0 };
	int rc = yaml_files(folder, &files, e);

	/* The last is added first, so that the first is asked first. */
	for (size_t i = files.n; rc == 0 && i-- > 0;) {
		struct buf path = { 0 };

		buf_printf(&path, "%s/%s%c", folder, files.item[i], '\0');
		rc = sigma_maps_add(maps, path.p, e);
		buf_fini(&path);
	}
	str_list_fini(&files);
	if (rc == 0)
		return maps;
	sigma_maps_free(maps);
	return NULL;
}

void
sigma_maps_free(struct sigma_maps *maps)
{
	if (maps == NULL)
		return;
	for (size_t i = 0; i < maps->n; i++)
		free_map(maps->map[i]);
	free(maps->map);
	arena_fini(&maps->arena);
	free(maps);
}

/* ---- questions ---- */

int
sigma_try_where(const char *where, struct err *e)
{
	struct filter_args args = { 0 };
	struct filter *f;

	str_list_add(&args.where, where, strlen(where));
	f = filter_build(&args, 0, e);
	filter_args_fini(&args);
	filter_free(f);
	return f != NULL ? 0 : -1;
}

static bool
fits(const char *mapped, const char *asked)
{
	return strcmp(mapped, "*") == 0 || str_eq_nocase(str_of(mapped), str_of(asked));
}

const struct sigma_map *
sigma_map_find(const struct sigma_maps *maps, const char *product, const char *category, const char *service)
{
	for (size_t i = 0; i < maps->n; i++) {
		const struct sigma_map *m = maps->map[i];

		for (size_t k = 0; k < m->sources; k++)
			if (fits(m->source[k].product, product) && fits(m->source[k].category, category) &&
			    fits(m->source[k].service, service))
				return m;
	}
	return NULL;
}

const struct sigma_field *
sigma_map_field(const struct sigma_map *map, const char *name)
{
	const struct sigma_field *near = NULL;

	for (size_t i = 0; i < map->fields; i++) {
		if (strcmp(map->field[i].name, name) == 0)
			return &map->field[i];
		if (near == NULL && str_eq_nocase(str_of(map->field[i].name), str_of(name)))
			near = &map->field[i];
	}
	return near;
}

int
sigma_map_default(const struct sigma_map *map, struct str name, struct buf *out, struct err *e)
{
	size_t start = out->len, parts = map->each != NULL; /* the first of a selector is its field */

	buf_str(out, str_of(map->prefix));
	for (size_t from = 0, i = 0; i <= name.len; i++) {
		struct str part = { name.p + from, i - from };

		if (i < name.len && name.p[i] != '.')
			continue;
		if (from > 0)
			buf_byte(out, '.');
		if (part.len > 0 && map->each == NULL && selector_span(part) == part.len && part.p[0] != '"')
			buf_str(out, part);
		else
			json_quote(out, part);
		from = i + 1;
	}
	for (size_t i = start; i < out->len; i++)
		parts += out->p[i] == '.';
	if (parts > SELECTOR_STEPS_MAX)
		return err_set(e, ERR_FAIL, "the field %.60s: its path has more than %d parts", name.p, SELECTOR_STEPS_MAX);
	return 0;
}
