/*
 * facet: the values of one field with their counts, most frequent first.
 *
 *     COUNT  ACTION
 *      1204  read
 *        17  share.member.add
 *
 * The count comes first, as uniq -c has it: values may be long.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "render/format.h"

enum { GAP = 2, VALUE_MIN = 24 /* columns that a value has on the narrowest terminal */ };

typedef void facet_format(struct buf *out, const struct tally_entry *e, size_t n, const struct facet_render *o);

static void
put_entry_json(struct buf *out, const struct tally_entry *e)
{
	buf_str(out, STR("{\"value\":"));
	json_quote(out, e->value);
	buf_printf(out, ",\"count\":%" PRIu64 "}", e->count);
}

static void
facet_jsonl(struct buf *out, const struct tally_entry *e, size_t n, const struct facet_render *o)
{
	(void)o;
	for (size_t i = 0; i < n; i++) {
		put_entry_json(out, &e[i]);
		buf_byte(out, '\n');
	}
}

static void
facet_json(struct buf *out, const struct tally_entry *e, size_t n, const struct facet_render *o)
{
	buf_str(out, STR("{\"field\":"));
	json_quote(out, o->field->text);
	buf_str(out, STR(",\"values\":["));
	for (size_t i = 0; i < n; i++) {
		buf_str(out, i == 0 ? STR("\n") : STR(",\n"));
		put_entry_json(out, &e[i]);
	}
	buf_str(out, n > 0 ? STR("\n]}\n") : STR("]}\n"));
}

static void
facet_csv(struct buf *out, const struct tally_entry *e, size_t n, const struct facet_render *o)
{
	(void)o;
	buf_str(out, STR("value,count\r\n"));
	for (size_t i = 0; i < n; i++) {
		render_csv_cell(out, e[i].value, false);
		buf_printf(out, ",%" PRIu64 "\r\n", e[i].count);
	}
}

/* What a person's table calls the field. */
static void
put_title(struct buf *out, const struct selector *s)
{
	render_title(out, s->steps > 0 ? s->text : str_of(field_table[s->field].title));
}

static void
put_value(struct buf *out, struct str safe, unsigned room)
{
	if (room > 0 && render_columns(safe) > room)
		render_pad(out, safe, room, false);
	else
		buf_str(out, safe);
}

static void
facet_table(struct buf *out, const struct tally_entry *e, size_t n, const struct facet_render *o)
{
	static const char title[] = "COUNT";
	unsigned digits = sizeof(title) - 1, room = 0;
	struct buf safe = { 0 };

	if (n == 0)
		return;
	/* The first count is the largest. */
	buf_printf(&safe, "%" PRIu64, e[0].count);
	if (safe.len > digits)
		digits = (unsigned)safe.len;
	if (o->width > 0)
		room = o->width > digits + GAP + VALUE_MIN ? o->width - digits - GAP : VALUE_MIN;
	render_style(out, o->colour, STYLE_HEADER);
	buf_printf(out, "%*s  ", (int)digits, title);
	put_title(out, o->field);
	render_style(out, o->colour, STYLE_PLAIN);
	buf_byte(out, '\n');
	for (size_t i = 0; i < n; i++) {
		buf_reset(&safe);
		render_safe(&safe, e[i].value);
		buf_printf(out, "%*" PRIu64 "  ", (int)digits, e[i].count);
		put_value(out, buf_view(&safe), room);
		buf_byte(out, '\n');
	}
	buf_fini(&safe);
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
