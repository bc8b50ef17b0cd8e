/* values: what the store has, for completion.  Private to cli/. */
#ifndef CLI_VALUES_H
#define CLI_VALUES_H

#include "cli/cli.h"

/*
 * Prints the values of a kind that is a field ("category", "tenant" ...) or
 * "saved", one a line, sorted.  Quick rather than complete: newest events
 * first, within limits of number and time.  Without a store it prints nothing
 * and is content.  ERR_FAIL: there is no such kind.
 */
int values_print(const struct common_args *c, const char *kind, struct err *e);

/* Whether a value may be offered to a shell: printable, and without a
 * character that means something to a shell or to a filter. */
bool values_offered(struct str value);

#endif
