/*
 * unite: the values of many dictionaries into one tally.  Private to query/.
 */
#ifndef QUERY_UNITE_H
#define QUERY_UNITE_H

#include "store/value_list.h"

struct unite;

struct unite *unite_new(void);
void unite_free(struct unite *u); /* NULL is fine */
/* Keeps the list, and adds all that are kept once they are many.  A tally has
 * what was added after unite_flush only. */
int unite_add(struct unite *u, struct value_list *take_list, struct tally *t, struct err *e);
int unite_flush(struct unite *u, struct tally *t, struct err *e);

/* From so many values on it is worth it. */
#define UNITE_LEAST 512

#endif
