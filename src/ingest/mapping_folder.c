/* mapping_folder: mappings by their names, in the folder they were installed to. */
#include <stdlib.h>

#include "base/yaml_folder.h"
#include "ingest/mapping.h"

struct mapping *
mapping_find(const char *folder, const char *name, struct err *e)
{
	struct mapping *m = NULL;
	char *path;

	if (yaml_is_path(name))
		return mapping_open(name, e);
	if ((path = yaml_installed("mapping", folder, name, e)) != NULL)
		m = mapping_open(path, e);
	free(path);
	return m;
}
