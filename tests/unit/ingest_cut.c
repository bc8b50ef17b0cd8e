/* Cutters: the same records however the bytes come, and from wherever reading goes on. */
#include "ingest/cut.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ingest/frame.h"
#include "unit.h"

#define TEXT(literal) { (literal), sizeof(literal) - 1 }
#define HEADER "\xef\xbb\xbftime,action,who\r\n"

struct shape {
	const char *name;
	bool csv;
	struct str text;
	size_t records;
};

static const struct shape shapes[] = {
	{ "lines", false, TEXT("{\"a\":1}\n\n{\"a\":[{\"b\":\"}\"}]}\r\n  {\"a\":\"\\\"\"}\n"), 3 },
	{ "a mark before lines", false, TEXT("\xef\xbb\xbf{\"a\":1}\n{\"a\":2}\n"), 2 },
	{ "several lines each", false, TEXT("{\n \"a\": 1\n}\n{\n \"a\": {\n }\n}\n"), 2 },
	{ "an array", false, TEXT("[\n {\"a\":1},\n {\"a\":2}\n]\n"), 2 },
	{ "a container", false,
	    TEXT("{\"v\":[1],\"Records\":[{\"a\":1},\n{\"a\":[2]}, {\"a\":3}],\"next\":\"t\",\"more\":[{}]}\n"), 3 },
	{ "containers behind each other", false,
	    TEXT("{\"Records\":[{\"a\":1}],\"n\":1}\n{\"Records\":[{\"a\":2}]}\n[{\"a\":3}]\n{\"a\":4}"), 4 },
	{ "a broken line", false, TEXT("{\"a\":1}\n{\"b\" \n{\"a\":2}\nxyz\n{\"a\":3}\n"), 5 },
	{ "a table", true,
	    TEXT(HEADER "1,read,ann\r\n2,\"wr\r\nite\",\"b,\"\"ob\"\r\n\r\n3,x,y,z\r\n4,x\r\n"), 4 },
	{ "a journal", false,
	    TEXT("__CURSOR=s=1\nMESSAGE\n\x05\0\0\0\0\0\0\0two\n\n\n_UID=0\n\n__CURSOR=s=2\nA=b\n\n\nno entry\n\n"
	             "__CURSOR=s=3\nA=c\n\n"), 4 },
};
#define SHAPES (int)(sizeof(shapes) / sizeof(shapes[0]))

static struct mapping *json, *csv;

static void
setup(void)
{
	struct err e = ERR_NONE;

	json = mapping_parse("t.yaml", STR("records: Records\nevent:\n  time: a\n  action: a\n"), &e);
	ck_assert_msg(json != NULL, "%s", e.text);
	csv = mapping_parse("c.yaml", STR("format: csv\nevent:\n  time: time\n  action: action\n"), &e);
	ck_assert_msg(csv != NULL, "%s", e.text);
}

static void
teardown(void)
{
	mapping_free(json);
	mapping_free(csv);
}

static struct cutter
cutter_at(const struct shape *s, uint64_t offset, uint64_t lines)
{
	return cut_mapped(s->csv ? csv : json, offset, lines, s->text);
}

/* Takes all that there is, as lines of text; how many. */
static size_t
take(struct cutter *c, struct buf *out)
{
	struct err e = ERR_NONE;
	struct cut_record rec;
	size_t n = 0;
	int got;

	while ((got = c->kind->next(c->state, &rec, &e)) > 0) {
		buf_printf(out, "%d-%d line %d, fault %d: ", (int)rec.offset, (int)rec.end, (int)rec.line, (int)rec.fault);
		buf_str(out, rec.text.len < 4096 ? rec.text : STR("long"));
		buf_byte(out, '\n');
		n++;
	}
	ck_assert_msg(got == 0, "%s", e.text);
	return n;
}

/* All records of the text from a place on. */
static size_t
read_from(const struct shape *s, uint64_t offset, uint64_t lines, struct buf *out)
{
	struct cutter c = cutter_at(s, offset, lines);
	size_t n;

	c.kind->feed(c.state, s->text.p + offset, s->text.len - (size_t)offset);
	n = take(&c, out);
	c.kind->end(c.state, true);
	n += take(&c, out);
	c.kind->free(c.state);
	return n;
}

static void
expect_same(const struct shape *s, size_t at, struct buf *got, struct buf *wanted)
{
	ck_assert_msg(str_eq(buf_view(got), buf_view(wanted)), "%s, at %zu:\n%.*s\nwanted:\n%.*s", s->name, at,
	    (int)got->len, got->p, (int)wanted->len, wanted->p);
	buf_reset(got);
}

START_TEST(records_are_the_same_in_pieces_of_any_size)
{
	const struct shape *s = &shapes[_i];
	struct buf wanted = { 0 }, got = { 0 };

	ck_assert_msg(read_from(s, 0, 0, &wanted) == s->records, "%s: %.*s", s->name, (int)wanted.len, wanted.p);
	for (size_t size = 1; size < 8; size++) {
		struct cutter c = cutter_at(s, 0, 0);

		for (size_t at = 0; at < s->text.len; at += size) {
			c.kind->feed(c.state, s->text.p + at, s->text.len - at < size ? s->text.len - at : size);
			take(&c, &got);
		}
		c.kind->end(c.state, true);
		take(&c, &got);
		c.kind->free(c.state);
		expect_same(s, size, &got, &wanted);
	}
	buf_fini(&wanted);
	buf_fini(&got);
}
END_TEST

/* The file is read when it is as long as that, and again when it is whole. */
START_TEST(reading_goes_on_wherever_it_ended)
{
	const struct shape *s = &shapes[_i];
	struct buf wanted = { 0 }, got = { 0 };

	read_from(s, 0, 0, &wanted);
	for (size_t at = 0; at <= s->text.len; at++) {
		struct cutter c = cutter_at(s, 0, 0);
		uint64_t place, lines;

		c.kind->feed(c.state, s->text.p, at);
		take(&c, &got);
		c.kind->end(c.state, false);
		take(&c, &got);
		place = c.kind->position(c.state, &lines);
		ck_assert_uint_le(place, at);
		c.kind->free(c.state);
		read_from(s, place, lines, &got);
		expect_same(s, at, &got, &wanted);
	}
	buf_fini(&wanted);
	buf_fini(&got);
}
END_TEST

START_TEST(what_is_incomplete_is_said)
{
	const char *text = "{\"a\":1}\n{\"a\"";
	struct cutter c = cut_records(json, 0, 0);
	struct buf out = { 0 };
	uint64_t lines;

	c.kind->feed(c.state, text, strlen(text));
	c.kind->end(c.state, false);
	ck_assert_uint_eq(take(&c, &out), 1);
	ck_assert(c.kind->incomplete(c.state));
	ck_assert_uint_eq(c.kind->position(c.state, &lines), 8);
	ck_assert_uint_eq(lines, 1);
	c.kind->free(c.state);
	c = cut_records(json, 0, 0);
	c.kind->feed(c.state, text, 8);
	c.kind->end(c.state, false);
	take(&c, &out);
	ck_assert(!c.kind->incomplete(c.state));
	c.kind->free(c.state);
	buf_fini(&out);
}
END_TEST

/* Between two others: one item, with its place, once its end was seen. */
START_TEST(record_that_is_too_long_is_one)
{
	struct buf text = { 0 }, wanted = { 0 }, got = { 0 };
	struct shape s = { .name = "too long" };
	size_t begin, end, cuts[5];

	buf_printf(&text, "[{\"a\":1},");
	begin = text.len;
	buf_printf(&text, "{\"a\":\"");
	for (size_t i = 0; i < JSON_LEN_MAX + 100; i++)
		buf_byte(&text, 'x');
	buf_printf(&text, "\"}");
	end = text.len;
	buf_printf(&text, ",{\"a\":2}]\n");
	s.text = buf_view(&text);
	buf_printf(&wanted, "1-8 line 0, fault 0: {\"a\":1}\n%zu-%zu line 0, fault %d: long\n%zu-%zu line 0, fault 0: {\"a\":2}\n",
	    begin, end, EVENT_TOO_LONG, end + 1, end + 8);
	read_from(&s, 0, 0, &got);
	expect_same(&s, 0, &got, &wanted);
	memcpy(cuts, (size_t[5]){ begin, begin + 10, JSON_LEN_MAX, end - 1, end }, sizeof(cuts));
	for (size_t i = 0; i < 5; i++) {
		struct cutter c = cut_records(json, 0, 0);
		uint64_t place, lines;

		c.kind->feed(c.state, text.p, cuts[i]);
		take(&c, &got);
		place = c.kind->position(c.state, &lines);
		c.kind->free(c.state);
		read_from(&s, place, lines, &got);
		expect_same(&s, cuts[i], &got, &wanted);
	}
	buf_fini(&text);
	buf_fini(&wanted);
	buf_fini(&got);
}
END_TEST

/* A program that is stopped feeds what is left although not all was taken. */
START_TEST(record_behind_one_that_is_too_long_outlives_what_is_fed)
{
	struct cutter c = cut_records(json, 0, 0);
	struct buf text = { 0 };
	struct err e = ERR_NONE;
	struct cut_record rec;

	buf_printf(&text, "{\"a\":\"");
	for (size_t i = 0; i < JSON_LEN_MAX + 100; i++)
		buf_byte(&text, 'x');
	c.kind->feed(c.state, text.p, text.len);
	ck_assert_int_eq(c.kind->next(c.state, &rec, &e), 0);
	c.kind->feed(c.state, "\"}\n{\"a\":2}\n", 12);
	ck_assert_int_eq(c.kind->next(c.state, &rec, &e), 1);
	ck_assert_int_eq(rec.fault, EVENT_TOO_LONG);
	c.kind->feed(c.state, text.p, text.len);
	ck_assert_int_eq(c.kind->next(c.state, &rec, &e), 1);
	ck_assert(str_eq(rec.text, STR("{\"a\":2}")));
	c.kind->free(c.state);
	buf_fini(&text);
}
END_TEST

/* Cells of a row that does not fit its header are not told apart. */
START_TEST(broken_row_with_a_secret_column_keeps_nothing)
{
	static const char text[] = "time,password\n1,x,hunter2\n";
	struct cutter c = cut_csv(csv, 0, 0, STR(""));
	struct buf out = { 0 };

	c.kind->feed(c.state, text, sizeof(text) - 1);
	ck_assert_uint_eq(take(&c, &out), 1);
	ck_assert_ptr_null(memmem(out.p, out.len, "hunter2", 7));
	c.kind->free(c.state);
	buf_fini(&out);
}
END_TEST

START_TEST(table_whose_header_has_gone_is_an_error)
{
	struct cutter c = cut_csv(csv, 20, 2, STR("time,action"));
	struct cut_record rec;
	struct err e = ERR_NONE;

	c.kind->feed(c.state, "1,2\n", 4);
	ck_assert_int_eq(c.kind->next(c.state, &rec, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "header"));
	c.kind->free(c.state);
}
END_TEST

static Suite *
cut_suite(void)
{
	Suite *s = suite_create("ingest/cut");
	TCase *t = tcase_create("cutters");

	tcase_add_unchecked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, records_are_the_same_in_pieces_of_any_size, 0, SHAPES);
	tcase_add_loop_test(t, reading_goes_on_wherever_it_ended, 0, SHAPES);
	tcase_add_test(t, what_is_incomplete_is_said);
	tcase_add_test(t, record_that_is_too_long_is_one);
	tcase_add_test(t, record_behind_one_that_is_too_long_outlives_what_is_fed);
	tcase_add_test(t, broken_row_with_a_secret_column_keeps_nothing);
	tcase_add_test(t, table_whose_header_has_gone_is_an_error);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(cut_suite)
