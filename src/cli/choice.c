/*
 * choice: words that name a field or a format.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/cli.h"

int
cli_selectors(const char *option, const struct str_list *names, struct arena *a, struct selector **list,
    size_t *n, struct err *e)
{
	size_t cap = 0;

	*list = NULL;
	*n = 0;
	for (size_t i = 0; i < names->n; i++) {
		struct str left = str_of(names->item[i]);

		for (;;) {
			size_t len = selector_span(left);

			/* Up to the comma, so that an error shows all of what was meant. */
			while (len < left.len && left.p[len] != ',')
				len++;
			mem_grow(list, &cap, *n + 1, sizeof(**list));
			if (selector_parse(&(*list)[(*n)++], (struct str){ left.p, len }, a, e) != 0) {
				free(*list);
				*list = NULL;
				return err_doing(e, "--%s", option);
			}
			if (len == left.len)
				break;
			left = (struct str){ left.p + len + 1, left.len - len - 1 };
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
