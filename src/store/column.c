/* column: what all encodings share. */
#include "store/column.h"

#include <stdlib.h>

#include "base/mem.h"

int
column_wrong(struct err *e, enum field f, const char *what)
{
	return err_set(e, ERR_INTEGRITY, "column %s: %s", field_table[f].key, what);
}

const uint8_t *
column_unpack(struct str packed, struct codec *codec, size_t raw, struct buf *made)
{
	struct cursor c = { (const uint8_t *)packed.p, (const uint8_t *)packed.p + packed.len };
	uint8_t packing;

	if (!cursor_byte(&c, &packing))
		return NULL;
	if (packing == PACKING_NONE)
		return cursor_left(&c) == raw ? c.p : NULL;
	if (packing != PACKING_ZSTD)
		return NULL;
	buf_reset(made);
	buf_reserve(made, raw + BITS_PADDING);
	memset(made->p + raw, 0, BITS_PADDING);
	if (codec_decompress(codec, c.p, cursor_left(&c), made->p, raw) < 0)
		return NULL;
	made->len = raw;
	return (const uint8_t *)made->p;
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
