/* cut_journal: entries of a journal's export as JSON records, for a mapping. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ingest/cut.h"
#include "ingest/journal_export.h"

struct cut_export {
	struct journal_export j;
	uint64_t position, lines;
	uint64_t counted, line; /* so many newlines are before that place */
	bool incomplete;
};

/* Counts newlines up to a place in what is at hand. */
static void
count_to(struct cut_export *x, uint64_t end)
{
	const char *p = x->j.in.p + (x->counted - x->j.offset), *stop = x->j.in.p + (end - x->j.offset);

	x->counted = end;
	while (p < stop && (p = memchr(p, '\n', (size_t)(stop - p))) != NULL) {
		x->line++;
		p++;
	}
}

static void
cut_feed(void *state, const char *p, size_t len)
{
	struct cut_export *x = state;

	if (x->j.at > 0)
		count_to(x, x->j.offset + x->j.at);
	journal_export_feed(&x->j, p, len);
}

static void
cut_end(void *state, bool whole)
{
	if (whole)
		journal_export_end(&((struct cut_export *)state)->j);
}

static int
cut_next(void *state, struct cut_record *out, struct err *e)
{
	struct cut_export *x = state;
	struct journal_entry entry;
	uint64_t first;

	(void)e;
	if (!journal_export_next(&x->j, &entry)) {
		x->incomplete = x->j.at < x->j.in.len;
		return 0;
	}
	count_to(x, entry.offset);
	first = x->line;
	count_to(x, entry.end);
	x->lines = x->line;
	x->position = entry.end;
	*out = (struct cut_record){ .text = entry.text, .offset = entry.offset, .end = entry.end, .line = first,
		.fault = entry.broken ? EVENT_NOT_JSON : EVENT_OK,
		.detail = entry.broken ? "no entry of a journal's export" : "" };
	return 1;
}

static uint64_t
cut_position(const void *state, uint64_t *lines)
{
	const struct cut_export *x = state;

	*lines = x->lines;
	return x->position;
}

static bool
cut_incomplete(const void *state)
{
	return ((const struct cut_export *)state)->incomplete;
}

static void
cut_free(void *state)
{
	struct cut_export *x = state;

	journal_export_fini(&x->j);
	free(x);
}

struct cutter
cut_journal(uint64_t offset, uint64_t lines)
{
	static const struct cut_kind kind = { .feed = cut_feed, .end = cut_end, .next = cut_next,
		.position = cut_position, .incomplete = cut_incomplete, .free = cut_free };
	struct cut_export *x = mem_zero(1, sizeof(*x));

	journal_export_init(&x->j);
	x->j.offset = x->position = x->counted = offset;
	x->lines = x->line = lines;
	return (struct cutter){ .kind = &kind, .state = x };
}
