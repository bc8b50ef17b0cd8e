/* column: what all encodings share. */
#include "store/column.h"

#include <stdlib.h>

#include "base/mem.h"

int
column_wrong(struct err *e, enum field f, const char *what)
{
	return err_set(e, ERR_INTEGRITY, "column %s: %s", field_table[f].key, what);
}

void *
scratch_table(struct scratch *s, size_t bytes)
{
	if (s->table_cap < bytes) {
		free(s->table);
		s->table = mem_alloc(bytes);
		s->table_cap = bytes;
	}
	return s->table;
}

void
scratch_fini(struct scratch *s)
{
	codec_free(s->codec);
	buf_fini(&s->raw);
	free(s->table);
	*s = (struct scratch){ 0 };
}
