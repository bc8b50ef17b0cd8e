/*
 * located: what every error in a text that is called "x" looks like.
 */
#ifndef FUZZ_LOCATED_H
#define FUZZ_LOCATED_H

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

/* "x:LINE:COLUMN: words" */
static inline void
check_error(const struct err *e)
{
	char *end;

	if (e->code != ERR_FAIL || strncmp(e->text, "x:", 2) != 0)
		abort();
	if (strtoul(e->text + 2, &end, 10) == 0 || *end != ':')
		abort();
	if (strtoul(end + 1, &end, 10) == 0 || strncmp(end, ": ", 2) != 0 || end[2] == '\0')
		abort();
}

#endif
