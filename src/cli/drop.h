/*
 * drop: which events auditd-ingest leaves out (--drop EXPR).
 */
#ifndef CLI_DROP_H
#define CLI_DROP_H

#include "filter/filter.h"
#include "ingest/ingest.h"

/* Yours (filter_free).  NULL: the expression is none. */
struct filter *drop_new(const char *expression, struct err *e);

/* Leaves out what the filter, which is borrowed, matches. */
void drop_by(struct ingest_options *o, const struct filter *f);

#endif
