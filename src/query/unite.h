/*
 * unite: the values of many dictionaries into one tally, faster than each by
 * itself.  Private to query/.
 *
 * In: lists of values, ascending.   Out: counts by value.
 */
#ifndef QUERY_UNITE_H
#define QUERY_UNITE_H

#include "store/value_list.h"

/* From so many values of a dictionary on it is worth it. */
#define UNITE_LEAST 512

/* For one thread, and one tally. */
struct unite;

struct unite *unite_new(void);
void unite_free(struct unite *u); /* NULL is fine */
/* Keeps the list, and once they are many adds all that are kept to t: what it
 * has is complete after unite_flush only.  Both give 0, or -1 when a list is
 * damaged: then all lists are gone, and t has some of their values. */
int unite_add(struct unite *u, struct value_list *take_list, struct tally *t, struct err *e);
int unite_flush(struct unite *u, struct tally *t, struct err *e);

#endif
