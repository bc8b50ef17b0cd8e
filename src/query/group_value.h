/*
 * group_value: the text under which a value of a segment is counted.  Private
 * to query/.
 *
 * In: a field's value in a row or a dictionary.   Out: its text.
 */
#ifndef QUERY_GROUP_VALUE_H
#define QUERY_GROUP_VALUE_H

#include "base/time.h"
#include "event/selector.h"
#include "store/segment.h"

/* Memory of one thread. */
struct group_value {
	struct selector_scratch scratch;
	struct buf text;          /* values of a path, joined */
	char time[TIME_TEXT_LEN]; /* the text of `last` */
	int64_t last;
};

void group_value_init(struct group_value *g);
void group_value_fini(struct group_value *g);

/* A time as text, borrowed until the next call. */
struct str group_value_time(struct group_value *g, int64_t time);

/* What a row has in a column without codes, a time as text; absent: out->p ==
 * NULL.  Borrowed until the next call.  0, or -1 as segment_value. */
static inline int
group_value_row(struct group_value *g, struct segment *s, enum field f, const struct column *col, uint32_t row,
    struct str *out, struct err *e)
{
	if (col->kind == COLUMN_VALUES)
		return segment_value(s, f, row, out, e);
	*out = (struct str){ NULL, 0 };
	if (col->kind == COLUMN_TIME && col->time[row] != TIME_NONE)
		*out = group_value_time(g, col->time[row]);
	return 0;
}

/* The one text of the field's value v, as a summary groups: empty when it is
 * absent, several values of a path joined by ", ".  It is v, or borrowed until
 * the next call. */
struct str group_value_joined(struct group_value *g, const struct selector *s, struct str v);

#endif
