/* yaml_folder: YAML files by name (see yaml_folder.h). */
#include "base/yaml_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FILES_MAX 100000 /* of a folder */
#define SUFFIX ".yaml"

static bool
ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), n = strlen(end);

	return len > n && strcmp(name + len - n, end) == 0;
}

static bool
is_yaml(const char *name)
{
	return ends_with(name, SUFFIX) || ends_with(name, ".yml");
}

bool
yaml_is_path(const char *name)
{
	return strchr(name, '/') != NULL || is_yaml(name);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
yaml_files(const char *folder, struct str_list *out, struct err *e)
{
	DIR *d = opendir(folder);
	size_t from = out->n;
	struct dirent *entry;

	if (d == NULL)
		return err_errno(e, "%s", folder);
	while (out->n - from < FILES_MAX && (entry = readdir(d)) != NULL)
		if (entry->d_name[0] != '.' && is_yaml(entry->d_name))
			str_list_add(out, entry->d_name, strlen(entry->d_name));
	closedir(d);
	if (out->n - from > 1)
		qsort(out->item + from, out->n - from, sizeof(*out->item), by_name);
	return 0;
}

static int
by_entry_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int
add_entry(FTS *tree, FTSENT *entry, struct str_list *out, struct err *e)
{
	bool hidden = entry->fts_level > 0 && entry->fts_name[0] == '.';

	switch (entry->fts_info) {
	case FTS_D:
		if (hidden)
			fts_set(tree, entry, FTS_SKIP);
		return 0;
	case FTS_F:
	case FTS_SL: /* a file, or what says itself that it is none */
		if (hidden || !is_yaml(entry->fts_name))
			return 0;
		if (out->n == YAML_TREE_MAX)
			return err_set(e, ERR_FAIL, "%s: more than %d files", entry->fts_path, YAML_TREE_MAX);
		str_list_add(out, entry->fts_path, entry->fts_pathlen);
		return 0;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		errno = entry->fts_errno;
		return err_errno(e, "%s", entry->fts_path);
	default:
		return 0;
	}
}

int
yaml_tree(const char *folder, struct str_list *out, struct err *e)
{
	char *path = mem_strdup(folder);
	char *const roots[] = { path, NULL };
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_entry_name);
	FTSENT *entry;
	int rc = tree != NULL ? 0 : err_errno(e, "%s", folder);

	while (rc == 0 && (errno = 0, entry = fts_read(tree)) != NULL)
		rc = add_entry(tree, entry, out, e);
	if (rc == 0 && errno != 0)
		rc = err_errno(e, "%s", folder);
	if (tree != NULL)
		fts_close(tree);
	free(path);
	return rc;
}

int
yaml_names(const char *folder, struct str_list *out, struct err *e)
{
	struct str_list files = { 0 };
	int rc = yaml_files(folder, &files, e);

	for (size_t i = 0; i < files.n; i++)
		if (ends_with(files.item[i], SUFFIX))
			str_list_add(out, files.item[i], strlen(files.item[i]) - strlen(SUFFIX));
	str_list_fini(&files);
	return rc;
}

int
yaml_check_name(const char *kind, const char *folder, const char *name, const struct str_list *names, struct err *e)
{
	const char *near = nearest_name(name, (const char *const *)names->item, names->n);
	struct buf list = { 0 };

	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->item[i], name) == 0) {
			buf_fini(&list);
			return 0;
		}
		buf_printf(&list, "%s%s", i > 0 ? ", " : "; there are ", names->item[i]);
	}
	buf_byte(&list, '\0');
	err_set(e, ERR_FAIL, "no %s '%.60s' in %s%s%s", kind, name, folder, near != NULL ? "; the nearest is " : list.p,
	    near != NULL ? near : "");
	buf_fini(&list);
	return -1;
}

char *
yaml_installed(const char *kind, const char *folder, const char *name, struct err *e)
{
	struct str_list names = { 0 };
	struct buf path = { 0 };
	int rc = yaml_names(folder, &names, e);

	if (rc == 0 && (rc = yaml_check_name(kind, folder, name, &names, e)) == 0)
		buf_printf(&path, "%s/%s" SUFFIX "%c", folder, name, '\0');
	str_list_fini(&names);
	return rc == 0 ? path.p : NULL;
}
