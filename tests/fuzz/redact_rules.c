/*
 * fuzz redact_rules: a file of rules is read or refused with a place; a text
 * behind the first NUL is redacted by it, and twice is once.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ingest/redact_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(struct redactor *r, struct str s)
{
	struct redact_work *w = redact_work_new(r);
	struct arena a = { 0 };
	unsigned hidden;
	struct str once = redact_bytes(w, s, &a, &hidden), twice;

	twice = redact_bytes(w, once, &a, &hidden);
	if (hidden != 0 || !str_eq(once, twice)) {
		fprintf(stderr, "fuzz redact_rules: a second redaction changes\n");
		abort();
	}
	arena_fini(&a);
	redact_work_free(w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *nul = size > 0 ? memchr(p, '\0', size) : NULL;
	size_t len = nul != NULL ? (size_t)(nul - p) : size;
	struct err e = ERR_NONE;
	struct redactor *r = redactor_new(NULL, &e);

	if (redact_read_text(r, "fuzz", (struct str){ p, len }, &e) == 0) {
		if (nul != NULL)
			check_text(r, (struct str){ nul + 1, size - len - 1 });
	} else if (e.code == ERR_OK) {
		fprintf(stderr, "fuzz redact_rules: refused without a reason\n");
		abort();
	}
	redactor_free(r);
	return 0;
}
