/* Lines into events: faults, defaults, ids, what a quarantine keeps. */
#include "ingest/batch.h"

#include <string.h>

#include "base/mem.h"
#include "unit.h"

#define GOOD "{\"time\":\"2026-04-23T18:00:00Z\",\"action\":\"read\"}"

static struct pool *pool;
static struct batch batch;
static struct batch_rules rules;
static struct redactor *redactor;

static void
setup(void)
{
	struct err e = ERR_NONE;

	pool = pool_new(0);
	redactor = redactor_new(NULL, &e);
	batch_init(&batch);
	rules = (struct batch_rules){ .source = STR("app"), .redactor = redactor, .regular = true,
		.number = true, .key = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77 } };
}

static void
teardown(void)
{
	batch_fini(&batch);
	redactor_free(redactor);
	pool_free(pool);
}

/* The first round over a chunk that begins at an offset. */
static void
parse_at(const char *text, size_t len, uint64_t offset)
{
	struct frame_chunk *c = &batch.chunk;

	memcpy(c->p, text, len);
	c->len = len;
	c->offset = offset;
	c->end = offset + len;
	c->partial = len > 0 && text[len - 1] != '\n';
	c->too_long = false;
	batch_start(&batch, &rules, pool);
	batch_wait(&batch, pool);
}

static void
parse(const char *text)
{
	parse_at(text, strlen(text), 0);
}

static void
expect_value(const struct batch_item *it, enum field f, const char *value)
{
	ck_assert(event_has(&it->ev, f));
	ck_assert_uint_eq(it->ev.v[f].len, strlen(value));
	ck_assert_mem_eq(it->ev.v[f].p, value, strlen(value));
}

static void
expect_fault(const char *line, enum event_fault fault)
{
	struct buf text = { 0 };

	buf_printf(&text, "%s\n", line);
	parse_at(text.p, text.len, 0);
	ck_assert_uint_eq(batch.n, 1);
	ck_assert_msg(batch.item[0].fault == fault, "%s: %s, wanted %s", line,
	    event_fault_name(batch.item[0].fault), event_fault_name(fault));
	ck_assert_uint_eq(batch.item[0].bytes.len, strlen(line));
	ck_assert_mem_eq(batch.item[0].bytes.p, line, strlen(line));
	buf_fini(&text);
}

START_TEST(each_line_is_an_item_with_its_place)
{
	const char *text = GOOD "\n\n \r\n" GOOD "\r\n";

	parse_at(text, strlen(text), 1000);
	ck_assert_uint_eq(batch.n, 2);
	ck_assert_uint_eq(batch.lines, 4);
	ck_assert_uint_eq(batch.item[0].offset, 1000);
	ck_assert_uint_eq(batch.item[0].end, 1000 + strlen(GOOD) + 1);
	ck_assert_uint_eq(batch.item[1].line, 3);
	ck_assert_uint_eq(batch.item[1].offset, 1000 + strlen(GOOD) + 5);
	ck_assert_int_eq(batch.item[1].fault, EVENT_OK);
	ck_assert(!batch_next(&batch, pool));
}
END_TEST

START_TEST(every_fault_has_its_reason)
{
	expect_fault("{\"time\":\"2026-04-23T18:00:00Z\"}", EVENT_NO_ACTION);
	expect_fault("{\"action\":\"read\"}", EVENT_NO_TIME);
	expect_fault("{\"action\":\"read\",\"time\":\"yesterday\"}", EVENT_BAD_TIME);
	expect_fault("{\"action\":\"a\",\"action\":\"b\"}", EVENT_DUPLICATE_KEY);
	expect_fault("{\"context\":{\"a\":1,\"a\":2}}", EVENT_DUPLICATE_KEY);
	expect_fault("[1]", EVENT_NOT_OBJECT);
	expect_fault("hello", EVENT_NOT_JSON);
	expect_fault(GOOD GOOD, EVENT_NOT_JSON);
	expect_fault("{\"a\":\"\xff\"}", EVENT_NOT_UTF8);
	expect_fault("{\"a\":\"\\ud800\"}", EVENT_LONE_SURROGATE);
	expect_fault("{\"source\":\"audit-toolkit\",\"time\":1,\"action\":\"a\"}", EVENT_RESERVED);
}
END_TEST

START_TEST(defaults_are_only_for_those_who_name_nothing)
{
	rules.tenant = STR("acme");
	parse(GOOD "\n"
	    "{\"time\":1,\"action\":\"a\",\"source\":\"db\",\"tenant\":\"t\",\"id\":\"7\"}\n");
	expect_value(&batch.item[0], FIELD_SOURCE, "app");
	expect_value(&batch.item[0], FIELD_TENANT, "acme");
	expect_value(&batch.item[1], FIELD_SOURCE, "db");
	expect_value(&batch.item[1], FIELD_TENANT, "t");
	expect_value(&batch.item[1], FIELD_ID, "7");
}
END_TEST

START_TEST(id_is_made_of_key_and_offset)
{
	parse_at(GOOD "\n{\"time\":1,\"action\":\"a\",\"id\":\"\"}\n", strlen(GOOD) + 34, 0xabc00000000);
	expect_value(&batch.item[0], FIELD_ID, "f0011223344556677-abc00000000");
	expect_value(&batch.item[1], FIELD_ID, "f0011223344556677-abc00000030");
	parse(GOOD "\n");
	expect_value(&batch.item[0], FIELD_ID, "f0011223344556677-0");
	rules.number = false;
	parse(GOOD "\n");
	ck_assert(!event_has(&batch.item[0].ev, FIELD_ID));
}
END_TEST

START_TEST(time_is_assumed_only_on_request)
{
	rules.assume_now = true;
	batch.now = 1776967200000000;
	parse("{\"action\":\"a\"}\n");
	ck_assert_int_eq(batch.item[0].fault, EVENT_OK);
	ck_assert_int_eq(batch.item[0].ev.time, 1776967200000000);
}
END_TEST

START_TEST(byte_order_mark_is_skipped_at_the_beginning_only)
{
	parse("\xef\xbb\xbf" GOOD "\n");
	ck_assert_int_eq(batch.item[0].fault, EVENT_OK);
	ck_assert_uint_eq(batch.item[0].offset, 3);
	parse_at("\xef\xbb\xbf" GOOD "\n", strlen(GOOD) + 4, 100);
	ck_assert_int_eq(batch.item[0].fault, EVENT_NOT_JSON);
}
END_TEST

START_TEST(incomplete_last_line_of_a_file_is_left)
{
	const char *const incomplete[] = { "{\"time\":1,\"act", "\t {", "{\"a\":\"\xc3", "{\"a\":\"\\ud800" };

	for (size_t i = 0; i < sizeof(incomplete) / sizeof(incomplete[0]); i++) {
		struct buf text = { 0 };

		buf_printf(&text, "%s\n%s", GOOD, incomplete[i]);
		parse_at(text.p, text.len, 10);
		ck_assert_uint_eq(batch.n, 1);
		ck_assert(batch.left);
		ck_assert_uint_eq(batch.lines, 1);
		ck_assert_uint_eq(batch.chunk.end, 10 + strlen(GOOD) + 1);
		ck_assert_uint_eq(batch.chunk.len, strlen(GOOD) + 1);
		ck_assert(!batch_next(&batch, pool));
		buf_fini(&text);
	}
}
END_TEST

START_TEST(last_object_of_a_file_is_taken_without_newline)
{
	parse(GOOD "\n" GOOD);
	ck_assert_uint_eq(batch.n, 2);
	ck_assert(!batch.left);
	ck_assert_uint_eq(batch.chunk.end, 2 * strlen(GOOD) + 1);
	parse("{\"time\":1}");
	ck_assert_uint_eq(batch.n, 1);
	ck_assert_int_eq(batch.item[0].fault, EVENT_NO_ACTION);
}
END_TEST

START_TEST(last_line_that_can_never_be_an_event_is_taken)
{
	parse(GOOD "\n]");
	ck_assert_uint_eq(batch.n, 2);
	ck_assert(!batch.left);
	ck_assert_int_eq(batch.item[1].fault, EVENT_NOT_JSON);
	parse("123");
	ck_assert_int_eq(batch.item[0].fault, EVENT_NOT_OBJECT);
	parse("\xef\xbb");
	ck_assert_uint_eq(batch.n, 0);
	ck_assert(batch.left);
}
END_TEST

START_TEST(incomplete_last_line_of_a_pipe_is_taken)
{
	rules.regular = false;
	parse("{\"time\":1,\"act");
	ck_assert_uint_eq(batch.n, 1);
	ck_assert(!batch.left);
	ck_assert_int_eq(batch.item[0].fault, EVENT_NOT_JSON);
}
END_TEST

START_TEST(many_short_lines_take_several_rounds)
{
	struct buf text = { 0 };
	size_t lines = 2 * BATCH_LINES + 10, rounds = 0, items = 0;

	for (size_t i = 0; i < lines; i++)
		buf_printf(&text, "%zu\n", i);
	parse_at(text.p, text.len, 0);
	do {
		batch_wait(&batch, pool);
		ck_assert_uint_le(batch.n, BATCH_LINES);
		for (size_t i = 0; i < batch.n; i++)
			ck_assert_uint_eq(batch.item[i].line, items + i);
		items += batch.n;
		rounds++;
	} while (batch_next(&batch, pool));
	ck_assert_uint_eq(rounds, 3);
	ck_assert_uint_eq(items, lines);
	ck_assert_uint_eq(batch.lines, lines);
	buf_fini(&text);
}
END_TEST

START_TEST(quarantine_never_keeps_a_secret)
{
	parse("{\"time\":1,\"password\":\"hunter2\"}\n");
	ck_assert_int_eq(batch.item[0].fault, EVENT_NO_ACTION);
	ck_assert_uint_eq(batch.item[0].redacted, 1);
	ck_assert_ptr_null(memmem(batch.item[0].bytes.p, batch.item[0].bytes.len, "hunter2", 7));
	parse("{\"password\":\"hunter2\",\"password\":\"hunter2\"}\n");
	ck_assert_int_eq(batch.item[0].fault, EVENT_DUPLICATE_KEY);
	ck_assert_ptr_null(memmem(batch.item[0].bytes.p, batch.item[0].bytes.len, "hunter2", 7));
	/* Of an event the line itself is not kept when it had secrets. */
	parse("{\"time\":1,\"action\":\"a\",\"password\":\"hunter2\"}\n");
	ck_assert_int_eq(batch.item[0].fault, EVENT_OK);
	ck_assert_ptr_null(batch.item[0].bytes.p);
}
END_TEST

START_TEST(too_long_line_is_one_item_with_its_beginning)
{
	struct frame_chunk *c = &batch.chunk;

	/* Its last word may be half a secret. */
	memset(c->p, 'x', FRAME_KEEP);
	c->p[FRAME_KEEP - 10] = ' ';
	*c = (struct frame_chunk){ .p = c->p, .len = FRAME_KEEP, .offset = 50, .end = 5000000, .too_long = true };
	batch_start(&batch, &rules, pool);
	batch_wait(&batch, pool);
	ck_assert_uint_eq(batch.n, 1);
	ck_assert_uint_eq(batch.lines, 1);
	ck_assert_int_eq(batch.item[0].fault, EVENT_TOO_LONG);
	ck_assert_uint_eq(batch.item[0].bytes.len, FRAME_KEEP - 9);
	ck_assert(!batch_next(&batch, pool));
}
END_TEST

static Suite *
batch_suite(void)
{
	Suite *s = suite_create("ingest/batch");
	TCase *t = tcase_create("lines");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, each_line_is_an_item_with_its_place);
	tcase_add_test(t, every_fault_has_its_reason);
	tcase_add_test(t, defaults_are_only_for_those_who_name_nothing);
	tcase_add_test(t, id_is_made_of_key_and_offset);
	tcase_add_test(t, time_is_assumed_only_on_request);
	tcase_add_test(t, byte_order_mark_is_skipped_at_the_beginning_only);
	tcase_add_test(t, incomplete_last_line_of_a_file_is_left);
	tcase_add_test(t, last_object_of_a_file_is_taken_without_newline);
	tcase_add_test(t, last_line_that_can_never_be_an_event_is_taken);
	tcase_add_test(t, incomplete_last_line_of_a_pipe_is_taken);
	tcase_add_test(t, many_short_lines_take_several_rounds);
	tcase_add_test(t, quarantine_never_keeps_a_secret);
	tcase_add_test(t, too_long_line_is_one_item_with_its_beginning);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(batch_suite)
