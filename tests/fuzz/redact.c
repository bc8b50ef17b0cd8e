/*
 * fuzz redact: redacting twice is redacting once, of lines and of any bytes;
 * what comes out of a line is valid JSON.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ingest/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int condition, const char *what, struct str s)
{
	if (!condition) {
		fprintf(stderr, "fuzz redact: %s: %.*s\n", what, (int)s.len, s.p);
		abort();
	}
}

static void
check_tape(struct redact_work *w, const char *p, size_t len)
{
	struct json_tape t = { 0 };
	struct arena a = { 0 };
	struct buf once = { 0 };
	struct json_error e;

	if (json_scan(&t, p, len, &e) == 0) {
		redact_tape(w, &t, &a);
		json_canonical(&once, &t, 0);
		require(once.len <= json_canonical_bound(&t, 0), "longer than its bound", buf_view(&once));
		require(json_scan_limit(&t, once.p, once.len, JSON_STORED_MAX, &e) == 0, "no JSON",
		    buf_view(&once));
		require(!(t.tok[0].flags & JSON_REWRITE), "not canonical", buf_view(&once));
		require(redact_tape(w, &t, &a) == 0, "a second redaction changes", buf_view(&once));
	}
	buf_fini(&once);
	arena_fini(&a);
	json_tape_fini(&t);
}

static void
check_bytes(struct redact_work *w, struct str p)
{
	struct arena a = { 0 };
	unsigned changed;
	struct str once = redact_bytes(w, p, &a, &changed), twice;

	require(changed > 0 || once.p == p.p, "copied without a change", once);
	twice = redact_bytes(w, once, &a, &changed);
	require(changed == 0 && str_eq(once, twice), "a second redaction changes", once);
	arena_fini(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct redact_work *w; /* made once: the rules are the same for all */
	struct err e = ERR_NONE;

	if (w == NULL)
		w = redact_work_new(redactor_new(NULL, &e));
	check_tape(w, (const char *)data, size);
	check_bytes(w, (struct str){ (const char *)data, size });
	return 0;
}
