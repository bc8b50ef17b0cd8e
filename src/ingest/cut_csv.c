/* cut_csv: the rows of a CSV as JSON records, for a mapping. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ingest/csv.h"
#include "ingest/cut.h"
#include "ingest/redact_rule.h"

struct cut_table {
	struct csv_reader *reader;
	struct buf text;      /* fed, and from `at` on not yet read */
	size_t at;
	uint64_t position, lines;
	struct err err;       /* the header could not be read again */
	bool ended, whole, over;
};

static void
cut_feed(void *state, const char *p, size_t len)
{
	struct cut_table *t = state;

	buf_drop(&t->text, t->at);
	t->at = 0;
	buf_add(&t->text, p, len);
}

static void
cut_end(void *state, bool whole)
{
	struct cut_table *t = state;

	t->ended = true;
	t->whole = whole;
}

/* Whether a cell somewhere in a row is a secret by the name of its column. */
static bool
has_secret_column(const struct csv_reader *reader)
{
	unsigned flags;

	for (size_t i = 0; i < csv_reader_columns(reader); i++) {
		struct str quoted = csv_reader_name(reader, i), name = { quoted.p + 1, quoted.len - 2 };

		if (redact_likely_name(name) && redact_secret_name(name, &flags))
			return true;
	}
	return false;
}

/* In a broken row the cells are not where their names are: where one may be a
 * secret, nothing is kept of it but its place. */
static int
give(struct cut_table *t, const struct csv_row *row, struct cut_record *out)
{
	t->position = row->end;
	t->lines = csv_reader_lines(t->reader);
	*out = (struct cut_record){ .text = row->text, .offset = row->offset, .end = row->end, .line = row->line,
		.fault = row->broken ? EVENT_NOT_OBJECT : EVENT_OK,
		.detail = row->broken ? "more cells than the header has names" : "" };
	if (row->broken && has_secret_column(t->reader))
		out->text = STR("[]");
	return 1;
}

/* The last row, when it has no newline and never will. */
static int
read_last(struct cut_table *t, struct cut_record *out, struct err *e)
{
	struct csv_row row;
	int got;

	if (!t->ended || !t->whole || t->over)
		return 0;
	t->over = true;
	got = csv_reader_end(t->reader, &row, e);
	return got > 0 ? give(t, &row, out) : got;
}

static int
cut_next(void *state, struct cut_record *out, struct err *e)
{
	struct cut_table *t = state;
	struct csv_row row;
	int64_t n;
	bool got;

	if (t->err.code != ERR_OK) {
		*e = t->err;
		return -1;
	}
	if (t->at == t->text.len)
		return read_last(t, out, e);
	if ((n = csv_reader_feed(t->reader, t->text.p + t->at, t->text.len - t->at, &row, &got, e)) < 0)
		return -1;
	t->at += (size_t)n;
	return got ? give(t, &row, out) : read_last(t, out, e);
}

static uint64_t
cut_position(const void *state, uint64_t *lines)
{
	const struct cut_table *t = state;

	*lines = t->lines;
	return t->position;
}

static bool
cut_incomplete(const void *state)
{
	const struct cut_table *t = state;

	return csv_reader_within(t->reader);
}

static void
cut_free(void *state)
{
	struct cut_table *t = state;

	csv_reader_free(t->reader);
	buf_fini(&t->text);
	free(t);
}

struct cutter
cut_csv(const struct mapping *m, uint64_t offset, uint64_t lines, struct str head)
{
	static const struct cut_kind kind = { .feed = cut_feed, .end = cut_end, .next = cut_next,
		.position = cut_position, .incomplete = cut_incomplete, .free = cut_free };
	const struct mapping_shape *shape = mapping_shape(m);
	struct cut_table *t = mem_zero(1, sizeof(*t));

	t->reader = csv_reader_new(shape->delimiter, shape->fold);
	t->position = offset;
	t->lines = lines;
	if (offset > 0)
		csv_reader_go_on(t->reader, head, offset, lines, &t->err);
	return (struct cutter){ .kind = &kind, .state = t };
}
