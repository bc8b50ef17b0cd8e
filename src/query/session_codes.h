/*
 * session_codes: a number for each value that a column has in a segment.
 *
 * The codes of its dictionary, or, where the column has none because its values
 * hardly repeat, codes made here.  0: no value.
 *
 * In: rows of a segment.   Out: codes, and the value of each.
 */
#ifndef QUERY_SESSION_CODES_H
#define QUERY_SESSION_CODES_H

#include "event/summary.h"
#include "query/scan.h"

struct session_codes { /* starts as {0} */
	const struct column *col; /* NULL: made */
	uint32_t *made;           /* of each row */
	size_t cap;
	struct tally *values;     /* of those made */
};

/* Those of the chosen rows; values are borrowed from the segment.  0 or -1. */
int session_codes_load(struct session_codes *out, const struct chosen *c, enum field f, struct err *e);
void session_codes_fini(struct session_codes *c);

/* All codes are below it. */
static inline size_t
session_codes_count(const struct session_codes *c)
{
	return c->col != NULL ? (size_t)c->col->n_values + 1 : tally_size(c->values) + 1;
}

static inline uint32_t
session_code_at(const struct session_codes *c, uint32_t row)
{
	return c->col != NULL ? column_code(c->col, row) : c->made[row];
}

static inline struct str
session_code_value(const struct session_codes *c, uint32_t code)
{
	if (code == 0)
		return (struct str){ NULL, 0 };
	return c->col != NULL ? c->col->values[code] : tally_value(c->values, code - 1);
}

#endif
