/* Records cut out of a stream, however it comes in pieces. */
#include <stdio.h>

#include "ingest/records.h"
#include "unit.h"

static const struct str lists[] = { { "Records", 7 }, { "items", 5 } };

/* Each record on a line: its offset, its text, and ! when broken, + when too long. */
static void
cuts_in(const char *text, size_t len, size_t piece, const char *expected)
{
	struct records r;
	struct record record;
	struct buf out = { 0 };

	records_init(&r, lists, 2);
	for (size_t at = 0; at <= len; at += piece) {
		if (at < len)
			records_feed(&r, text + at, len - at < piece ? len - at : piece);
		if (at + piece > len)
			records_end(&r);
		while (records_next(&r, &record)) {
			ck_assert_uint_eq(record.end - record.offset, record.text.len);
			ck_assert(record.end <= len && memcmp(text + record.offset, record.text.p, record.text.len) == 0);
			buf_printf(&out, "%llu.%llu %.*s%s%s\n", (unsigned long long)record.line + 1,
			    (unsigned long long)record.offset, record.too_long ? 4 : (int)record.text.len, record.text.p,
			    record.broken ? "!" : "", record.too_long ? "+" : "");
		}
	}
	buf_byte(&out, '\0');
	ck_assert_msg(strcmp(out.p, expected) == 0, "in pieces of %zu: %s: %s", piece, text, out.p);
	buf_fini(&out);
	records_fini(&r);
}

static void
cuts(const char *text, const char *expected)
{
	for (size_t piece = 1; piece < 9; piece++)
		cuts_in(text, strlen(text), piece, expected);
	cuts_in(text, strlen(text), 1000, expected);
}

START_TEST(lines_are_records)
{
	cuts("", "");
	cuts("{\"a\":1}\n{\"a\":2}\r\n\n {} ", "1.0 {\"a\":1}\n2.8 {\"a\":2}\n4.19 {}\n");
	cuts("{}{}", "1.0 {}\n1.2 {}\n");
}
END_TEST

START_TEST(records_on_several_lines_are_whole)
{
	cuts("{\n \"a\": [\n 1,\n {}\n ]\n}\n{\n}", "1.0 {\n \"a\": [\n 1,\n {}\n ]\n}\n7.23 {\n}\n");
}
END_TEST

START_TEST(brackets_within_strings_count_for_nothing)
{
	cuts("{\"a\":\"}]{[\\\"}\\\\\"}{}", "1.0 {\"a\":\"}]{[\\\"}\\\\\"}\n1.17 {}\n");
}
END_TEST

START_TEST(lists_and_members_that_are_lists_are_opened)
{
	cuts("[{\"a\":1}, {\"b\":[2]}]\n", "1.1 {\"a\":1}\n1.10 {\"b\":[2]}\n");
	cuts("{\"Records\":[{\"a\":1},{\"a\":2}]}", "1.12 {\"a\":1}\n1.20 {\"a\":2}\n");
	cuts("{\"kind\":{\"Records\":[0]},\"items\" : [ {} ] ,\"n\":[{}]}\n{\"a\":[]}", "1.36 {}\n2.52 {\"a\":[]}\n");
	cuts("{\"a\":{\"Records\":[{}]}}", "1.0 {\"a\":{\"Records\":[{}]}}\n");
	cuts("{\"Records\":\"x\"}", "1.0 {\"Records\":\"x\"}\n");
	cuts("{\"Records\":[]}{}", "1.14 {}\n");
}
END_TEST

START_TEST(reading_can_go_on_in_the_middle_of_a_list)
{
	cuts(",{\"a\":2}]}\n", "1.1 {\"a\":2}\n");
}
END_TEST

/* As cuts, behind `from` bytes that were read before. */
static void
goes_on(const char *text, size_t from, const char *wanted)
{
	struct records r;
	struct record rec;
	struct buf got = { 0 };

	records_init(&r, lists, 1);
	records_go_on(&r, from, 0);
	records_feed(&r, text + from, strlen(text) - from);
	records_end(&r);
	while (records_next(&r, &rec)) {
		buf_str(&got, rec.text);
		buf_byte(&got, '\n');
	}
	buf_byte(&got, '\0');
	ck_assert_str_eq(got.p, wanted);
	buf_fini(&got);
	records_fini(&r);
}

START_TEST(elements_that_are_no_objects_are_the_same_when_reading_goes_on)
{
	goes_on("[{},null,{\"a\":1},{\"a\":2}]\n", 3, "null\n{\"a\":1}\n{\"a\":2}\n");
	goes_on("[{},[1,{\"a\":1}],{\"a\":2}]\n", 3, "[1,{\"a\":1}]\n{\"a\":2}\n");
	goes_on("{\"Records\":[{},null,{\"a\":1}],\"x\":[{}]}\n{\"a\":2}\n", 14, "null\n{\"a\":1}\n{\"a\":2}\n");
	goes_on("[{},{\"Records\":[{}]}]", 3, "{\"Records\":[{}]}\n");
	goes_on("{}\n[1,2]\nx, y\n{\"a\":1}\n", 2, "1\n2\nx, y\n{\"a\":1}\n");
}
END_TEST

START_TEST(what_is_no_object_is_a_record_too)
{
	cuts("Jan 1 text {\"a\":1}\n{}\n", "1.0 Jan 1 text {\"a\":1}!\n2.19 {}\n");
	cuts("[1, \"x\",{}]", "1.1 1!\n1.4 \"x\"!\n1.8 {}\n");
}
END_TEST

START_TEST(a_broken_line_does_not_swallow_the_next)
{
	cuts("{\"a\":\"x\n{\"b\":1}\n", "1.0 {\"a\":\"x!\n2.8 {\"b\":1}\n");
	cuts("{\"a\":1\n{\"b\":1}\n", "1.0 {\"a\":1!\n2.7 {\"b\":1}\n");
	cuts("{\"a\":[1\n{\"b\":1}\n", "1.0 {\"a\":[1!\n2.8 {\"b\":1}\n");
	cuts("{\"a\":1{\"b\":1}\n{}", "1.0 {\"a\":1{\"b\":1}!\n2.14 {}\n");
	cuts("{\"a\":", "1.0 {\"a\":!\n");
	cuts("{\"Records\":[{}]\n{\"b\":1}\n", "1.12 {}\n2.16 {\"b\":1}\n");
	cuts("{\"Records\":[{}],\"x\":\"y\n{\"b\":1}\n", "1.12 {}\n2.23 {\"b\":1}\n");
	/* A member without a name has not that of a record before. */
	cuts("{\"Records\":[\n] x\n{ :[{}]}\n", "3.17 { :[{}]}\n");
}
END_TEST

/* {"xx...x"} of so many bytes, then {}. */
static void
cuts_long(size_t len, bool too_long)
{
	char *text = malloc(len + 2);
	struct records r;
	struct record record;
	bool found;

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', len);
	memcpy(text, "{\"", 2);
	memcpy(text + len - 2, "\"}{}", 4);
	records_init(&r, lists, 2);
	for (size_t at = 0; at < len + 2; at += 50000) {
		records_feed(&r, text + at, len + 2 - at < 50000 ? len + 2 - at : 50000);
		ck_assert_uint_le(r.text.len, JSON_LEN_MAX + 100000);
		if ((found = records_next(&r, &record)))
			break;
	}
	ck_assert(found);
	ck_assert(record.too_long == too_long);
	ck_assert_uint_eq(record.offset, 0);
	/* What is behind it comes whole. */
	if (too_long)
		records_feed(&r, text + r.offset + r.text.len, len + 2 - (size_t)r.offset - r.text.len);
	ck_assert(records_next(&r, &record));
	ck_assert_uint_eq(record.offset, len);
	ck_assert(!record.too_long && !record.broken);
	ck_assert(!records_next(&r, &record));
	records_fini(&r);
	free(text);
}

START_TEST(a_record_may_have_its_greatest_length_and_no_more)
{
	cuts_long(JSON_LEN_MAX, false);
	cuts_long(JSON_LEN_MAX + 1, true);
	cuts_long(3 * JSON_LEN_MAX, true);
}
END_TEST

static Suite *
records_suite(void)
{
	Suite *s = suite_create("ingest_records");
	TCase *t = tcase_create("cut");

	tcase_add_test(t, lines_are_records);
	tcase_add_test(t, records_on_several_lines_are_whole);
	tcase_add_test(t, brackets_within_strings_count_for_nothing);
	tcase_add_test(t, lists_and_members_that_are_lists_are_opened);
	tcase_add_test(t, reading_can_go_on_in_the_middle_of_a_list);
	tcase_add_test(t, elements_that_are_no_objects_are_the_same_when_reading_goes_on);
	tcase_add_test(t, what_is_no_object_is_a_record_too);
	tcase_add_test(t, a_broken_line_does_not_swallow_the_next);
	tcase_add_test(t, a_record_may_have_its_greatest_length_and_no_more);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(records_suite)
