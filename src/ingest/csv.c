/*
 * csv: libcsv's cells and rows, one row at a time.
 *
 * libcsv calls back for each cell and each row, and has no way to be stopped
 * at a row's end; so it is fed up to the next newline, which is where a row
 * may end, and no further.
 */
#include "ingest/csv.h"

#include <csv.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "event/json.h"

#define BYTE_ORDER_MARK STR("\xef\xbb\xbf")

struct csv_reader {
	struct csv_parser parser;
	bool fold;
	struct buf *name;    /* "name": of each column, quoted */
	size_t n, cap;
	bool header;         /* it was read */
	bool begun, row_ended;
	size_t cell;         /* of the present row */
	size_t bytes;        /* of its cells */
	struct buf text;     /* the object */
	struct buf list;     /* the same cells without names */
	unsigned mark;       /* bytes of a BOM so far; MARK_OVER: looked for */
	uint64_t offset;     /* bytes taken */
	uint64_t row_offset, line, row_line;
	const char *fault;   /* static; NULL: none */
};

#define MARK_OVER 4

/* ---- names ---- */

/* Lower-case letters, digits and single _ between them. */
static struct str
fold_name(struct str s, struct buf *out)
{
	buf_reset(out);
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80)
			buf_byte(out, c);
		else if (out->len > 0 && out->p[out->len - 1] != '_')
			buf_byte(out, '_');
	}
	while (out->len > 0 && out->p[out->len - 1] == '_')
		out->len--;
	return buf_view(out);
}

static bool
is_taken(const struct csv_reader *r, struct str quoted)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_eq(buf_view(&r->name[i]), quoted))
			return true;
	return false;
}

/* A name that is empty or taken gets the number of its column. */
static void
add_name(struct csv_reader *r, struct str s)
{
	struct buf folded = { 0 }, numbered = { 0 }, *name;

	if (r->fold)
		s = fold_name(s, &folded);
	mem_grow(&r->name, &r->cap, r->n + 1, sizeof(*r->name));
	name = &r->name[r->n];
	*name = (struct buf){ 0 };
	json_quote(name, s);
	if (s.len == 0 || is_taken(r, buf_view(name))) {
		buf_str(&numbered, s);
		buf_printf(&numbered, "%s%zu", s.len > 0 ? "_" : "column_", r->n + 1);
		do {
			buf_reset(name);
			json_quote(name, buf_view(&numbered));
			buf_byte(&numbered, '_');
		} while (is_taken(r, buf_view(name)));
	}
	r->n++;
	buf_fini(&folded);
	buf_fini(&numbered);
}

/* ---- libcsv's callbacks ---- */

static void
take_cell(void *cell, size_t len, void *arg)
{
	struct csv_reader *r = arg;
	struct str s = { len > 0 ? cell : "", len };

	if (r->fault != NULL)
		return;
	if (r->row_ended)
		r->fault = "a carriage return that no newline follows";
	else if ((r->bytes += len) > CSV_ROW_MAX)
		r->fault = "a row of more than 1 MiB";
	else if (utf8_valid_prefix(s.p, s.len) != s.len)
		r->fault = "not UTF-8";
	else if (r->header ? r->cell >= CSV_COLUMNS_MAX : r->n >= CSV_COLUMNS_MAX)
		r->fault = "more than 4096 columns";
	if (r->fault != NULL)
		return;
	if (!r->header) {
		add_name(r, s);
		return;
	}
	buf_byte(&r->list, r->cell == 0 ? '[' : ',');
	json_quote(&r->list, s);
	if (r->cell < r->n) {
		buf_byte(&r->text, r->cell == 0 ? '{' : ',');
		buf_str(&r->text, buf_view(&r->name[r->cell]));
		buf_byte(&r->text, ':');
		json_quote(&r->text, s);
	}
	r->cell++;
}

static void
end_row(int c, void *arg)
{
	struct csv_reader *r = arg;

	(void)c;
	r->row_ended = true;
}

/* Blanks around a bare cell are part of it (RFC 4180); libcsv would drop them. */
static int
is_never_blank(unsigned char c)
{
	(void)c;
	return 0;
}

/* ---- the reader ---- */

struct csv_reader *
csv_reader_new(char delimiter, bool fold)
{
	struct csv_reader *r = mem_zero(1, sizeof(*r));

	csv_init(&r->parser, CSV_STRICT | CSV_STRICT_FINI);
	csv_set_delim(&r->parser, (unsigned char)delimiter);
	csv_set_realloc_func(&r->parser, mem_resize);
	csv_set_space_func(&r->parser, is_never_blank);
	r->fold = fold;
	return r;
}

void
csv_reader_free(struct csv_reader *r)
{
	if (r == NULL)
		return;
	csv_free(&r->parser);
	for (size_t i = 0; i < r->n; i++)
		buf_fini(&r->name[i]);
	free(r->name);
	buf_fini(&r->text);
	buf_fini(&r->list);
	free(r);
}

static int
told(const struct csv_reader *r, struct err *e)
{
	return err_set(e, ERR_FAIL, "line %llu: no strict CSV: %s", (unsigned long long)r->row_line + 1, r->fault);
}

/* After the newline of a row: whether there is one to give out. */
static bool
give(struct csv_reader *r, struct csv_row *row)
{
	bool got = r->header && r->cell > 0;

	if (got) {
		row->broken = r->cell > r->n;
		buf_byte(&r->text, '}');
		buf_byte(&r->list, ']');
		row->text = buf_view(row->broken ? &r->list : &r->text);
		row->offset = r->row_offset;
		row->end = r->offset;
		row->line = r->row_line;
	}
	r->header = r->header || r->n > 0;
	r->row_ended = r->begun = false;
	return got;
}

static void
begin_row(struct csv_reader *r)
{
	buf_reset(&r->text);
	buf_reset(&r->list);
	r->cell = r->bytes = 0;
	r->row_offset = r->offset;
	r->row_line = r->line;
}

/* How many of the bytes are a BOM at the beginning of the stream. */
static size_t
pass_mark(struct csv_reader *r, const char *p, size_t len)
{
	struct str mark = BYTE_ORDER_MARK;
	size_t n = 0;

	if (r->mark == MARK_OVER)
		return 0;
	while (n < len && r->mark < mark.len && p[n] == mark.p[r->mark])
		n++, r->mark++;
	if (r->mark == mark.len)
		r->mark = MARK_OVER;
	else if (n < len) {
		if (r->mark > 0)
			r->fault = "not UTF-8";
		r->mark = MARK_OVER;
	}
	r->offset += n;
	r->row_offset = r->offset;
	return n;
}

static const char *
why(struct csv_parser *p)
{
	int error = csv_error(p);

	return error == CSV_EPARSE ? "a quote that is neither doubled nor around a whole cell" : csv_strerror(error);
}

/* One line: a row, a part of one whose cell goes on, or nothing. */
static void
feed_line(struct csv_reader *r, const char *p, size_t len, bool newline)
{
	if (!r->begun) {
		begin_row(r);
		r->begun = true;
	}
	if (csv_parse(&r->parser, p, len, take_cell, end_row, r) != len && r->fault == NULL)
		r->fault = why(&r->parser);
	r->offset += len;
	r->line += newline;
	if (!r->row_ended && r->offset - r->row_offset > 2 * CSV_ROW_MAX && r->fault == NULL)
		r->fault = "a row of more than 1 MiB";
}

int64_t
csv_reader_feed(struct csv_reader *r, const char *p, size_t len, struct csv_row *row, bool *got, struct err *e)
{
	size_t done = pass_mark(r, p, len);

	*got = false;
	while (done < len && r->fault == NULL && !*got) {
		const char *newline = memchr(p + done, '\n', len - done);
		size_t n = newline != NULL ? (size_t)(newline - p) + 1 - done : len - done;

		feed_line(r, p + done, n, newline != NULL);
		done += n;
		/* CR LF may come in two pieces. */
		if (r->fault == NULL && r->row_ended && newline != NULL)
			*got = give(r, row);
	}
	return r->fault != NULL ? told(r, e) : (int64_t)done;
}

int
csv_reader_go_on(struct csv_reader *r, struct str head, uint64_t offset, uint64_t lines, struct err *e)
{
	size_t done = pass_mark(r, head.p, head.len);
	const char *newline;
	struct csv_row row;

	while (r->fault == NULL && !r->header &&
	    (newline = memchr(head.p + done, '\n', head.len - done)) != NULL) {
		size_t n = (size_t)(newline - head.p) + 1 - done;

		feed_line(r, head.p + done, n, true);
		done += n;
		if (r->fault == NULL && r->row_ended)
			give(r, &row);
	}
	if (r->fault == NULL && !r->header)
		r->fault = "its header has gone";
	if (r->fault != NULL)
		return told(r, e);
	r->offset = r->row_offset = offset;
	r->line = r->row_line = lines;
	return 0;
}

int
csv_reader_end(struct csv_reader *r, struct csv_row *row, struct err *e)
{
	if (r->fault == NULL && csv_fini(&r->parser, take_cell, end_row, r) != 0 && r->fault == NULL)
		r->fault = why(&r->parser);
	if (r->fault != NULL)
		return told(r, e);
	return r->row_ended && give(r, row);
}

size_t
csv_reader_columns(const struct csv_reader *r)
{
	return r->n;
}

struct str
csv_reader_name(const struct csv_reader *r, size_t i)
{
	return buf_view(&r->name[i]);
}

uint64_t
csv_reader_lines(const struct csv_reader *r)
{
	return r->line;
}

bool
csv_reader_within(const struct csv_reader *r)
{
	return r->begun;
}
