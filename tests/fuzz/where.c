/*
 * where: an arbitrary expression is refused at a column or becomes a filter
 * whose text reads back.
 *
 * Input: the expression.
 */
#include <stdint.h>
#include <string.h>

#include "filter/tree.h"
#include "reread.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct filter *f = filter_new();
	struct err e = ERR_NONE;
	struct filter_node *n = filter_where(f, (struct str){ (const char *)data, size }, REREAD_NOW, &e);

	if (n == NULL) {
		if (e.code != ERR_FAIL || (strncmp(e.text, "column ", 7) != 0 && size < 1024 * 1024))
			abort();
	} else {
		struct filter_scratch *x = filter_scratch_new();

		filter_finish(f, n);
		reread_check(f, x);
		filter_scratch_free(x);
	}
	filter_free(f);
	return 0;
}
