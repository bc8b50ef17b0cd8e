/*
 * sigma_condition: any condition is an expression that a filter can be built
 * of, or refused at a character of it.
 *
 * Input: the condition.
 */
#include <stdint.h>

#include "base/utf8.h"
#include "detect/sigma_parts.h"
#include "sigma.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "a", "selection", "sel_b", "filter_x", "_own", "all", "of" };
	struct sigma_identifiers *ids = mem_zero(1, sizeof(*ids));
	struct str text = { (const char *)data, size };
	struct err e = ERR_NONE, why = ERR_NONE;
	struct buf where = { 0 };

	for (ids->n = 0; ids->n < sizeof(names) / sizeof(names[0]); ids->n++)
		ids->item[ids->n] = (struct sigma_identifier){ names[ids->n], STR("(action = x)") };
	if (utf8_valid_prefix(text.p, text.len) != text.len) {
		/* A file of rules has none. */
	} else if (sigma_put_condition(ids, text, &where, &e) == 0) {
		buf_byte(&where, '\0');
		if (sigma_try_where(where.p, &why) != 0 && where.len < SIGMA_WHERE_MAX)
			abort();
	} else if (e.code != ERR_FAIL || e.text[0] == '\0') {
		abort();
	}
	buf_fini(&where);
	free(ids);
	return 0;
}
