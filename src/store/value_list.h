/*
 * value_list: the values of a dictionary with their counts, one after the
 * other, without having them all at once.
 *
 * A list is on its own: the segment that it comes from may be gone.
 */
#ifndef STORE_VALUE_LIST_H
#define STORE_VALUE_LIST_H

#include "event/summary.h"
#include "store/segment.h"

struct value_list;

/* Of a column that is a dictionary and not decoded yet: how many values, and
 * rows without one; *n is 0 of any other. */
int segment_dictionary(struct segment *s, enum field f, uint32_t *n, uint32_t *absent, struct err *e);
/* Its values; such a column only.  Damage in them is found as they are taken. */
struct value_list *segment_value_list(struct segment *s, enum field f, struct err *e);
void value_list_free(struct value_list *l); /* NULL is fine */

/*
 * Gives the next values, at most `max`, ascending and none behind `until`
 * (p == NULL: all).  *n is how many: 0 when there are no more of these.
 * Borrowed until the next call.  What was `until` does not become less.
 */
int value_list_next(struct value_list *l, struct str until, struct tally_entry *out, size_t max, size_t *n,
    struct err *e);
bool value_list_ended(const struct value_list *l);
uint32_t value_list_left(const struct value_list *l);
size_t value_list_memory(const struct value_list *l);

#endif
