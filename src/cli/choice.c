/*
 * choice: words that name a field or a format.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/cli.h"

static int
add_field(const char *option, struct str name, enum field **list, size_t *n, size_t *cap,
    struct err *e)
{
	enum field f = field_find(name.p, name.len);
	const char *near;
	char *typed;

	if (f == FIELD_NONE) {
		typed = mem_dup(name.p, name.len);
		near = nearest_name(typed, field_names(), FIELD_COUNT);
		err_set(e, ERR_FAIL, "--%s: no field '%s'%s%s", option, typed,
		    near ? "; the nearest is " : "", near ? near : "");
		free(typed);
		return -1;
	}
	mem_grow(list, cap, *n + 1, sizeof(**list));
	(*list)[(*n)++] = f;
	return 0;
}

int
cli_fields(const char *option, const struct str_list *names, enum field **list, size_t *n,
    struct err *e)
{
	size_t cap = 0;

	*list = NULL;
	*n = 0;
	for (size_t i = 0; i < names->n; i++) {
		const char *p = names->item[i];

		for (;;) {
			size_t len = strcspn(p, ",");

			if (add_field(option, (struct str){ p, len }, list, n, &cap, e) != 0) {
				free(*list);
				*list = NULL;
				return -1;
			}
			if (p[len] == '\0')
				break;
			p += len + 1;
		}
	}
	return 0;
}

const char *
cli_format(const struct program *p, const char *typed, bool terminal, struct err *e)
{
	size_t n = 0;
	const char *near;

	if (!typed)
		return p->formats[terminal ? 0 : 1];
	for (; p->formats[n]; n++)
		if (strcmp(p->formats[n], typed) == 0)
			return p->formats[n];
	near = nearest_name(typed, p->formats, n);
	err_set(e, ERR_FAIL, "-o %s: no such format%s%s", typed,
	    near ? "; the nearest is " : "; --help lists them", near ? near : "");
	return NULL;
}
