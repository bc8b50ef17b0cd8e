/* cursor: what a query puts into one.  Private to query/. */
#ifndef QUERY_CURSOR_H
#define QUERY_CURSOR_H

#include "query/query.h"

/* Fills in whose it is: the store and the filter. */
void cursor_identify(struct query_cursor *c, const struct store *st, const struct filter *f);

#endif
