/* mapping_folder: mappings by their names, in the folder they were installed to. */
#include <dirent.h>
#include <stdlib.h>

#include "base/mem.h"
#include "ingest/mapping.h"

#define NAMES_MAX 1000
#define SUFFIX ".yaml"

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
has_suffix(const char *name)
{
	size_t len = strlen(name);

	return len > sizeof(SUFFIX) - 1 && strcmp(name + len - (sizeof(SUFFIX) - 1), SUFFIX) == 0;
}

int
mapping_names(const char *folder, struct str_list *out, struct err *e)
{
	DIR *d = opendir(folder);
	struct dirent *entry;

	if (d == NULL)
		return err_errno(e, "%s", folder);
	while (out->n < NAMES_MAX && (entry = readdir(d)) != NULL)
		if (entry->d_name[0] != '.' && has_suffix(entry->d_name))
			str_list_add(out, entry->d_name, strlen(entry->d_name) - (sizeof(SUFFIX) - 1));
	closedir(d);
	if (out->n > 1)
		qsort(out->item, out->n, sizeof(*out->item), by_name);
	return 0;
}

/* No mapping has this name. */
static void
unknown_name(const char *folder, const char *name, const struct str_list *names, struct err *e)
{
	const char *near = nearest_name(name, (const char *const *)names->item, names->n);
	struct buf list = { 0 };

	for (size_t i = 0; i < names->n && near == NULL; i++) {
		buf_str(&list, i > 0 ? STR(", ") : STR("; there are "));
		buf_str(&list, str_of(names->item[i]));
	}
	buf_byte(&list, '\0');
	err_set(e, ERR_FAIL, "no mapping '%.60s' in %s%s%s", name, folder, near ? "; the nearest is " : list.p,
	    near ? near : "");
	buf_fini(&list);
}

struct mapping *
mapping_find(const char *folder, const char *name, struct err *e)
{
	struct str_list names = { 0 };
	struct mapping *m = NULL;
	struct buf path = { 0 };
	size_t i = 0;

	if (strchr(name, '/') != NULL || has_suffix(name))
		return mapping_open(name, e);
	if (mapping_names(folder, &names, e) == 0) {
		while (i < names.n && strcmp(names.item[i], name) != 0)
			i++;
		if (i == names.n)
			unknown_name(folder, name, &names, e);
		else {
			buf_printf(&path, "%s/%s" SUFFIX, folder, name);
			m = mapping_open(path.p, e);
		}
	}
	buf_fini(&path);
	str_list_fini(&names);
	return m;
}
