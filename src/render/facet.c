/*
 * facet: the values of a field with their counts, most frequent first; of
 * several fields, the values that they have together.
 *
 *     COUNT  ACTION            OUTCOME
 *      1204  read              success
 *        17  share.member.add  failure
 *
 * The count comes first, as uniq -c has it: values may be long.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "render/format.h"
#include "render/grid.h"

enum { VALUE_MIN = 24 /* columns that a value has on a narrow terminal */ };

typedef void facet_format(struct buf *out, const struct tally_entry *e, size_t n, const struct facet_render *o);

static void
put_entry_json(struct buf *out, const struct tally_entry *e, const struct facet_render *o)
{
	buf_byte(out, '{');
	if (o->fields > 1) {
		render_group_json(out, e->value, o->field, o->fields);
	} else {
		buf_str(out, STR("\"value\":"));
		json_quote(out, e->value);
		buf_byte(out, ',');
	}
	buf_printf(out, "\"count\":%" PRIu64 "}", e->count);
}

static void
facet_jsonl(struct buf *out, const struct tally_entry *e, size_t n, const struct facet_render *o)
{
	for (size_t i = 0; i < n; i++) {
		put_entry_json(out, &e[i], o);
		buf_byte(out, '\n');
	}
}

static void
facet_json(struct buf *out, const struct tally_entry *e, size_t n, const struct facet_render *o)
{
	buf_str(out, o->fields > 1 ? STR("{\"fields\":[") : STR("{\"field\":"));
	for (size_t i = 0; i < o->fields; i++) {
		buf_str(out, i > 0 ? STR(",") : STR(""));
		json_quote(out, o->field[i].text);
	}
	buf_str(out, o->fields > 1 ? STR("],\"values\":[") : STR(",\"values\":["));
	for (size_t i = 0; i < n; i++) {
		buf_str(out, i == 0 ? STR("\n") : STR(",\n"));
		put_entry_json(out, &e[i], o);
	}
	buf_str(out, n > 0 ? STR("\n]}\n") : STR("]}\n"));
}

static void
facet_csv(struct buf *out, const struct tally_entry *e, size_t n, const struct facet_render *o)
{
	if (o->fields > 1)
		render_group_header(out, o->field, o->fields);
	else
		buf_str(out, STR("value,"));
	buf_str(out, STR("count\r\n"));
	for (size_t i = 0; i < n; i++) {
		render_group_csv(out, e[i].value, o->fields);
		buf_printf(out, "%" PRIu64 "\r\n", e[i].count);
	}
}

/* What a person's table calls the fields; titles has the bytes. */
static void
make_columns(struct grid_column *column, const struct facet_render *o, struct arena *titles)
{
	struct buf title = { 0 };

	column[0] = (struct grid_column){ "COUNT", true, 0 };
	for (size_t k = 0; k < o->fields; k++) {
		const struct selector *s = &o->field[k];

		buf_reset(&title);
		render_title(&title, s->steps > 0 ? s->text : str_of(field_table[s->field].title));
		buf_byte(&title, '\0');
		column[k + 1] = (struct grid_column){ arena_copy(titles, title.p, title.len), false, VALUE_MIN };
	}
	buf_fini(&title);
}

static void
facet_table(struct buf *out, const struct tally_entry *e, size_t n, const struct facet_render *o)
{
	struct grid_column column[1 + RENDER_GROUP_MAX];
	struct grid g = { .column = column, .columns = o->fields + 1 };
	struct str part[RENDER_GROUP_MAX];
	struct arena titles = { 0 };

	if (n == 0)
		return;
	make_columns(column, o, &titles);
	for (size_t i = 0; i < n; i++) {
		size_t parts = render_group(e[i].value, part, o->fields);

		grid_printf(&g, "%" PRIu64, e[i].count);
		for (size_t k = 0; k < parts; k++)
			grid_cell(&g, part[k]);
	}
	grid_print(&g, out, o->width, o->colour);
	grid_fini(&g);
	arena_fini(&titles);
}

static const struct {
	const char *name;
	facet_format *format;
} formats[] = {
	{ "table", facet_table }, { "jsonl", facet_jsonl }, { "json", facet_json }, { "csv", facet_csv },
};

int
render_facet(const struct tally *t, const struct facet_render *o, struct outstream *out, struct err *e)
{
	const size_t known = sizeof(formats) / sizeof(formats[0]);
	struct tally_entry *top;
	struct buf b = { 0 };
	size_t n, i = 0;
	int rc;

	while (i < known && strcmp(formats[i].name, o->format) != 0)
		i++;
	if (i == known)
		return err_set(e, ERR_FAIL, "values are listed as table, jsonl, json or csv, not as %.60s", o->format);
	top = tally_top(t, o->top, &n);
	formats[i].format(&b, top, n, o);
	rc = render_machine(out, buf_view(&b), o->terminal && formats[i].format != facet_table,
	    formats[i].format != facet_csv, e);
	buf_fini(&b);
	free(top);
	return rc;
}
