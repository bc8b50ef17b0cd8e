/*
 * sum: the rows of a segment into a summary.  Private to query/.
 */
#ifndef QUERY_SUM_H
#define QUERY_SUM_H

#include "query/scan.h"

struct summer;

/* Adds to `sum`, which stays the caller's; groups (--by) are not its business. */
struct summer *summer_new(struct summary *sum);
void summer_free(struct summer *m);
/* Reads the columns, so that a segment that moved is found out before anything
 * was added. */
int summer_load(struct summer *m, const struct chosen *c, struct err *e);
int summer_add(struct summer *m, const struct chosen *c, struct err *e);
/* The summary is complete after it. */
int summer_flush(struct summer *m, struct err *e);

#endif
