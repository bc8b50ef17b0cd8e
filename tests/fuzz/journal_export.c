/*
 * journal_export: a stream is cut into pieces that follow one another, and each
 * entry that is not broken is JSON without a name twice.
 *
 * Input: the stream.
 */
#include <stdint.h>
#include <stdlib.h>

#include "event/json.h"
#include "ingest/journal_export.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_object(struct str text)
{
	struct json_tape t = { 0 };
	struct arena a = { 0 };
	struct json_error e;

	if (json_scan_limit(&t, text.p, text.len, JSON_STORED_MAX, &e) != 0 || t.tok[0].type != TOKEN_OBJECT ||
	    json_duplicate_key(&t, &a) != UINT32_MAX)
		abort();
	json_tape_fini(&t);
	arena_fini(&a);
}

/* A sum over the entries that are whole: they are the same however the bytes come. */
static uint64_t
cut(const uint8_t *data, size_t size, size_t piece)
{
	struct journal_export j;
	struct journal_entry entry;
	uint64_t end = 0, sum = 0;
	size_t at = 0;

	journal_export_init(&j);
	do {
		size_t n = size - at < piece ? size - at : piece;

		journal_export_feed(&j, (const char *)data + at, n);
		if ((at += n) == size)
			journal_export_end(&j);
		while (journal_export_next(&j, &entry)) {
			if (entry.offset < end || entry.end <= entry.offset || entry.end > size)
				abort();
			end = entry.end;
			sum = (sum ^ entry.offset ^ entry.end << 24 ^ (uint64_t)entry.broken << 60) * UINT64_C(0x9e3779b97f4a7c15);
			if (!entry.broken)
				check_object(entry.text);
		}
	} while (at < size);
	journal_export_fini(&j);
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 65536)
		return 0;
	if (cut(data, size, size > 0 ? size : 1) != cut(data, size, 3))
		abort();
	return 0;
}
