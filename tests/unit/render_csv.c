/* Unit tests of CSV cells, read back with libcsv, strictly. */
#include <csv.h>

#include "render/format.h"
#include "unit.h"

enum { CELLS_MAX = 8 };

/* What a reader made of one row. */
struct row {
	struct buf cell[CELLS_MAX];
	unsigned cells, rows;
};

static void
take_cell(void *p, size_t len, void *arg)
{
	struct row *row = arg;

	ck_assert_uint_lt(row->cells, CELLS_MAX);
	buf_add(&row->cell[row->cells++], p, len);
}

static void
take_row(int end, void *arg)
{
	(void)end;
	((struct row *)arg)->rows++;
}

/* `text` between two other cells comes back as it went in. */
static void
comes_back(struct str text)
{
	struct csv_parser parser;
	struct buf line = { 0 };
	struct row row = { .rows = 0 };

	buf_str(&line, STR("a,"));
	render_csv_cell(&line, text, false);
	buf_str(&line, STR(",z\r\n"));
	ck_assert_int_eq(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI), 0);
	ck_assert_uint_eq(csv_parse(&parser, line.p, line.len, take_cell, take_row, &row), line.len);
	ck_assert_int_eq(csv_fini(&parser, take_cell, take_row, &row), 0);
	csv_free(&parser);
	ck_assert_uint_eq(row.rows, 1);
	ck_assert_uint_eq(row.cells, 3);
	ck_assert_msg(str_eq(buf_view(&row.cell[1]), text), "%.*s", (int)line.len, line.p);
	for (unsigned i = 0; i < CELLS_MAX; i++)
		buf_fini(&row.cell[i]);
	buf_fini(&line);
}

START_TEST(every_byte_comes_back_at_every_place)
{
	char text[20]; /* two words of eight bytes and a rest */

	for (unsigned byte = 0; byte < 256; byte++) {
		for (size_t len = 1; len <= sizeof(text); len++) {
			for (size_t at = 0; at < len; at++) {
				memset(text, 'x', len);
				text[at] = (char)byte;
				comes_back((struct str){ text, len });
			}
		}
	}
}
END_TEST

START_TEST(cells_are_quoted_only_where_they_must_be)
{
	static const struct {
		struct str text;
		const char *cell;
	} cells[] = {
		{ { "plain", 5 }, "plain" }, { { "", 0 }, "\"\"" }, { { "a b", 3 }, "a b" }, { { " a", 2 }, "\" a\"" },
		{ { "a,b", 3 }, "\"a,b\"" }, { { "a\"b", 3 }, "\"a\"\"b\"" }, { { "a\nb", 3 }, "\"a\nb\"" },
		{ { "0123456789abc,", 14 }, "\"0123456789abc,\"" }, { { "0123456789;:'\x1b", 14 }, "0123456789;:'\x1b" },
		{ { "Zoë", 4 }, "Zoë" },
	};

	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		struct buf b = { 0 };

		render_csv_cell(&b, cells[i].text, false);
		buf_byte(&b, '\0');
		ck_assert_str_eq(b.p, cells[i].cell);
		buf_fini(&b);
	}
}
END_TEST

START_TEST(the_guard_puts_an_apostrophe_before_formulas)
{
	static const struct {
		const char *text, *cell;
	} cells[] = {
		{ "=1+1", "'=1+1" }, { "+1", "'+1" }, { "-1", "'-1" }, { "@x", "'@x" }, { "\tx", "\"'\tx\"" },
		{ "\rx", "\"'\rx\"" }, { "=\"a\"", "\"'=\"\"a\"\"\"" }, { "a=1", "a=1" }, { "'=1", "'=1" }, { "", "\"\"" },
	};

	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		struct buf b = { 0 };

		render_csv_cell(&b, str_of(cells[i].text), true);
		buf_byte(&b, '\0');
		ck_assert_str_eq(b.p, cells[i].cell);
		buf_fini(&b);
	}
}
END_TEST

static Suite *
csv_suite(void)
{
	Suite *s = suite_create("render csv");
	TCase *c = tcase_create("cells");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, every_byte_comes_back_at_every_place);
	tcase_add_test(c, cells_are_quoted_only_where_they_must_be);
	tcase_add_test(c, the_guard_puts_an_apostrophe_before_formulas);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(csv_suite)
