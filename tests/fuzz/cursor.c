/*
 * cursor: any text is a cursor or refused with words; what is one comes back
 * from its text as it was.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "query/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_dup(data, size);
	struct query_cursor c;
	struct err e = ERR_NONE;

	if (query_cursor_parse(text, &c, &e) == 0) {
		struct buf again = { 0 };

		query_cursor_format(&again, &c);
		if (again.len != strlen(text) || memcmp(again.p, text, again.len) != 0)
			abort();
		buf_fini(&again);
	} else if (e.code != ERR_FAIL || e.text[0] == '\0')
		abort();
	/* The bytes as the fields of one, so that the check does not stop all. */
	if (size >= sizeof(c)) {
		struct buf made = { 0 };

		memset(&c, 0, sizeof(c));
		memcpy(c.store, data, 16);
		memcpy(&c.size, data + 16, 6);
		memcpy(&c.time, data + 24, 8);
		c.begun = c.size > 0 && (data[32] & 1);
		c.seq = c.begun ? c.size - 1 : 0;
		c.order = (enum query_order)(data[33] % 3);
		query_cursor_format(&made, &c);
		buf_byte(&made, '\0');
		err_clear(&e);
		if (query_cursor_parse(made.p, &c, &e) != 0 || memcmp(c.store, data, 16) != 0)
			abort();
		buf_fini(&made);
	}
	free(text);
	return 0;
}
