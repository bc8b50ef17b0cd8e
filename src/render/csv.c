/*
 * csv: RFC 4180, CRLF, always with a header.
 *
 * Columns are the chosen fields or all of them, whatever the events have.
 * An absent value is an empty cell, an empty text is "".  Several values at the
 * end of a payload path are joined by ", ".  For spreadsheets
 * (guard) a cell that would be read as a formula gets an apostrophe.
 */
#include <csv.h>
#include <inttypes.h>

#include "render/format.h"

enum { QUOTES_MAX = 2 };

#define EACH_BYTE UINT64_C(0x0101010101010101)

/* Whether one of the 8 bytes at p is a control, a quote or a comma. */
static bool
may_be_special(const char *p)
{
	uint64_t eight, quote, comma, below;

	memcpy(&eight, p, sizeof(eight));
	quote = eight ^ (EACH_BYTE * '"');
	comma = eight ^ (EACH_BYTE * ',');
	below = (eight - EACH_BYTE * 0x20) & ~eight;
	quote = (quote - EACH_BYTE) & ~quote;
	comma = (comma - EACH_BYTE) & ~comma;
	return ((below | quote | comma) & (EACH_BYTE * 0x80)) != 0;
}

static bool
is_special(struct str s)
{
	static const bool special[256] = { [','] = true, ['"'] = true, ['\r'] = true, ['\n'] = true };

	for (size_t i = 0; i < s.len; i++) {
		if (special[(unsigned char)s.p[i]])
			return true;
	}
	return false;
}

/* Bytes that make a cell need quotes. */
static bool
needs_quotes(struct str s)
{
	/* Readers, libcsv among them, trim blanks around a bare cell. */
	if (s.len == 0 || s.p[0] == ' ' || s.p[0] == '\t' || s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t')
		return true;
	if (s.len < 8)
		return is_special(s);
	for (size_t i = 0; i + 8 < s.len; i += 8) {
		if (may_be_special(s.p + i))
			return is_special(s);
	}
	return may_be_special(s.p + s.len - 8) && is_special(s);
}

static bool
is_formula(struct str s)
{
	return s.len > 0 && s.p[0] != '\0' && strchr("=+-@\t\r", s.p[0]) != NULL;
}

/* libcsv doubles each quote and puts quotes around. */
static void
put_quoted(struct buf *out, struct str s)
{
	buf_reserve(out, 2 * s.len + QUOTES_MAX);
	out->len += csv_write2(out->p + out->len, out->cap - out->len, s.p, s.len, '"');
}

void
render_csv_cell(struct buf *out, struct str text, bool guard)
{
	size_t start = out->len;

	if (guard && is_formula(text)) {
		/* The apostrophe goes inside the quotes, where there are any. */
		if (needs_quotes(text)) {
			put_quoted(out, text);
			buf_byte(out, '"');
			memmove(out->p + start + 2, out->p + start + 1, out->len - start - 2);
			out->p[start + 1] = '\'';
		} else {
			buf_byte(out, '\'');
			buf_str(out, text);
		}
		return;
	}
	if (needs_quotes(text))
		put_quoted(out, text);
	else
		buf_str(out, text);
}

static void
csv_start(struct render *r)
{
	struct buf *out = &r->buf;

	if (r->o.csv_bom)
		buf_str(out, STR("\xef\xbb\xbf"));
	if (r->o.seq)
		buf_str(out, STR("seq"));
	for (size_t i = 0; i < r->columns; i++) {
		if (i > 0 || r->o.seq)
			buf_byte(out, ',');
		render_csv_cell(out, r->column[i].text, r->o.csv_guard);
	}
	buf_str(out, STR("\r\n"));
}

static void
put_path(struct render *r, const struct selector *s, const struct event *ev)
{
	buf_reset(&r->cell);
	if (selector_format_text(&r->cell, s, ev, &r->scratch))
		render_csv_cell(&r->buf, buf_view(&r->cell), r->o.csv_guard);
}

static void
put_field(struct render *r, const struct event *ev, enum field f)
{
	if (field_table[f].type == FIELD_TIMESTAMP)
		event_format_text(&r->buf, ev, f);
	else
		render_csv_cell(&r->buf, ev->v[f], r->o.csv_guard);
}

static void
csv_event(struct render *r, const struct event *ev, uint64_t seq)
{
	struct buf *out = &r->buf;
	size_t start = out->len;

	if (r->o.seq)
		buf_printf(out, "%" PRIu64, seq);
	for (size_t i = 0; i < r->columns; i++) {
		if (i > 0 || r->o.seq)
			buf_byte(out, ',');
		if (r->column[i].steps > 0)
			put_path(r, &r->column[i], ev);
		else if (event_has(ev, r->column[i].field))
			put_field(r, ev, r->column[i].field);
	}
	/* A line with nothing on it is skipped by readers; it is a row here. */
	if (out->len == start)
		buf_str(out, STR("\"\""));
	buf_str(out, STR("\r\n"));
}

const struct render_format render_csv = { .name = "csv", .start = csv_start, .event = csv_event, .pieces = true,
	.plain = true };
