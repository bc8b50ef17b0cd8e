/* session_codes: codes of columns, also of those without (see session_codes.h). */
#include "query/session_codes.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int
session_codes_load(struct session_codes *out, const struct chosen *c, enum field f, struct err *e)
{
	struct segment *segment = c->s->columns;
	const struct column *col = segment_column(segment, f, e);
	struct str v;

	if (col == NULL)
		return -1;
	if (col->kind == COLUMN_CODES) {
		out->col = segment_codes(segment, f, e);
		return out->col != NULL ? 0 : -1;
	}
	out->col = NULL;
	if (out->values == NULL)
		out->values = tally_new();
	tally_reset(out->values);
	mem_grow(&out->made, &out->cap, c->n, sizeof(*out->made));
	memset(out->made, 0, c->n * sizeof(*out->made));
	if (col->kind != COLUMN_VALUES)
		return 0;
	for (uint32_t row = chosen_next(c, 0); row < c->n; row = chosen_next(c, row + 1)) {
		if (segment_value(segment, f, row, &v, e) < 0)
			return -1;
		if (v.p != NULL)
			out->made[row] = (uint32_t)tally_add(out->values, v, 1) + 1;
	}
	return 0;
}

void
session_codes_fini(struct session_codes *c)
{
	free(c->made);
	tally_free(c->values);
	*c = (struct session_codes){ 0 };
}
