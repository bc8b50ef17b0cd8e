/* CSV rows as records: strict, by the names in the header. */
#include <jansson.h>
#include <stdio.h>

#include "base/stream.h"
#include "corpora.h"
#include "ingest/csv.h"
#include "unit.h"

static struct err e;

/* Each row on a line: line, offset-end, text. */
static void
reads_in(const char *text, size_t len, size_t piece, char delimiter, bool fold, const char *expected)
{
	struct csv_reader *r = csv_reader_new(delimiter, fold);
	struct buf out = { 0 };
	struct csv_row row;
	int64_t n = 0;
	bool got;

	err_clear(&e);
	for (size_t at = 0; at < len && n >= 0; at += (size_t)(n > 0 ? n : 0)) {
		n = csv_reader_feed(r, text + at, len - at < piece ? len - at : piece, &row, &got, &e);
		if (n >= 0 && got)
			buf_printf(&out, "%llu.%llu-%llu %.*s%s\n", (unsigned long long)row.line + 1, (unsigned long long)row.offset,
			    (unsigned long long)row.end, (int)row.text.len, row.text.p, row.broken ? "!" : "");
	}
	if (n >= 0 && csv_reader_end(r, &row, &e) > 0)
		buf_printf(&out, "%llu.%llu-%llu %.*s%s\n", (unsigned long long)row.line + 1, (unsigned long long)row.offset,
		    (unsigned long long)row.end, (int)row.text.len, row.text.p, row.broken ? "!" : "");
	if (e.code != ERR_OK)
		buf_printf(&out, "%s\n", e.text);
	buf_byte(&out, '\0');
	ck_assert_msg(strcmp(out.p, expected) == 0, "in pieces of %zu: %s", piece, out.p);
	buf_fini(&out);
	csv_reader_free(r);
}

static void
reads(const char *text, const char *expected)
{
	for (size_t piece = 1; piece < 5; piece++)
		reads_in(text, strlen(text), piece, ',', false, expected);
	reads_in(text, strlen(text), 1000, ',', false, expected);
}

START_TEST(rows_become_objects_by_the_header)
{
	reads("a,b\n1,2\n3,\n", "2.4-8 {\"a\":\"1\",\"b\":\"2\"}\n3.8-11 {\"a\":\"3\",\"b\":\"\"}\n");
	reads("a,b\r\n1,\"x, \"\"y\"\"\nz\"\r\n3,4", "2.5-21 {\"a\":\"1\",\"b\":\"x, \\\"y\\\"\\nz\"}\n4.21-24 {\"a\":\"3\",\"b\":\"4\"}\n");
	reads("\xef\xbb\xbf\"a\",b\n1,2\n", "2.9-13 {\"a\":\"1\",\"b\":\"2\"}\n");
	reads("a,b\n 1 ,\t\n", "2.4-10 {\"a\":\" 1 \",\"b\":\"\\t\"}\n");
	reads("a\n", "");
	reads("", "");
}
END_TEST

START_TEST(names_are_folded_when_asked_and_always_distinct)
{
	reads_in("Event Type;a.B;;a.B\n1;2;3;4\n", 28, 100, ';', true,
	    "2.20-28 {\"event_type\":\"1\",\"a_b\":\"2\",\"column_3\":\"3\",\"a_b_4\":\"4\"}\n");
	reads("a,a\n1,2\n", "2.4-8 {\"a\":\"1\",\"a_2\":\"2\"}\n");
}
END_TEST

START_TEST(a_row_of_another_length_is_told_or_short)
{
	reads("a,b\n1\n1,2,3\n", "2.4-6 {\"a\":\"1\"}\n3.6-12 [\"1\",\"2\",\"3\"]!\n");
}
END_TEST

START_TEST(what_is_no_strict_csv_ends_the_reading)
{
	reads("a,b\n1,\"x\n2,3\n", "line 2: no strict CSV: a quote that is neither doubled nor around a whole cell\n");
	reads("a,b\n1,\"x\"y\n", "line 2: no strict CSV: a quote that is neither doubled nor around a whole cell\n");
	reads("a,b\n1,x\"y\n", "line 2: no strict CSV: a quote that is neither doubled nor around a whole cell\n");
	reads("a,b\n1,\xff\n", "line 2: no strict CSV: not UTF-8\n");
	reads("a,b\n1,2\r3,4\n", "line 2: no strict CSV: a carriage return that no newline follows\n");
}
END_TEST

START_TEST(a_row_is_bounded)
{
	size_t len = 2 * CSV_ROW_MAX + 100;
	char *text = malloc(len);

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', len);
	memcpy(text, "a\n\"", 3);
	reads_in(text, len, 65536, ',', false, "line 2: no strict CSV: a row of more than 1 MiB\n");
	free(text);
}
END_TEST

/* ---- csv-spectrum: tables, and what they mean as JSON ---- */

static json_t *
rows_of(const char *path)
{
	struct csv_reader *r = csv_reader_new(',', false);
	json_t *rows = json_array();
	struct csv_row row;
	size_t len = 0, at = 0;
	char *text;
	bool got;

	err_clear(&e);
	text = file_read(path, CSV_ROW_MAX, &len, &e);
	ck_assert_msg(text != NULL, "%s", e.text);
	while (at < len) {
		int64_t n = csv_reader_feed(r, text + at, len - at, &row, &got, &e);

		ck_assert_msg(n > 0, "%s: %s", path, e.text);
		if (got)
			json_array_append_new(rows, json_loadb(row.text.p, row.text.len, 0, NULL));
		at += (size_t)n;
	}
	if (csv_reader_end(r, &row, &e) > 0)
		json_array_append_new(rows, json_loadb(row.text.p, row.text.len, 0, NULL));
	csv_reader_free(r);
	free(text);
	return rows;
}

START_TEST(the_tables_of_csv_spectrum_mean_what_they_should)
{
	/* Without newlines_crlf, whose table has lost the CR that its JSON has. */
	static const char *const names[] = { "comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json",
	    "newlines", "quotes_and_newlines", "simple", "simple_crlf", "utf8" };
	char path[CORPORA_PATH_MAX], rest[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		json_t *rows, *expected;

		snprintf(rest, sizeof(rest), "conformance/csv/csv-spectrum/csvs/%s.csv", names[i]);
		if (!corpora_path(path, rest))
			return;
		rows = rows_of(path);
		snprintf(rest, sizeof(rest), "conformance/csv/csv-spectrum/json/%s.json", names[i]);
		ck_assert(corpora_path(path, rest));
		expected = json_load_file(path, 0, NULL);
		ck_assert_ptr_nonnull(expected);
		ck_assert_msg(json_equal(rows, expected), "%s", names[i]);
		json_decref(rows);
		json_decref(expected);
	}
}
END_TEST

static Suite *
csv_suite(void)
{
	Suite *s = suite_create("ingest_csv");
	TCase *t = tcase_create("rows");

	tcase_add_test(t, rows_become_objects_by_the_header);
	tcase_add_test(t, names_are_folded_when_asked_and_always_distinct);
	tcase_add_test(t, a_row_of_another_length_is_told_or_short);
	tcase_add_test(t, what_is_no_strict_csv_ends_the_reading);
	tcase_add_test(t, a_row_is_bounded);
	tcase_add_test(t, the_tables_of_csv_spectrum_mean_what_they_should);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(csv_suite)
