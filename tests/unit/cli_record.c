/* Records about the toolkit's own doing are canonical events. */
#include <unistd.h>

#include "cli/cli.h"
#include "unit.h"

/* The canonical line of a record, as the store would give it back. */
static void
check_record(const char *context, const char *begins)
{
	static const struct event_policy policy = { .stored = true, .assume_now = TIME_NONE };
	struct arena a = { 0 };
	struct json_tape tape = { 0 };
	struct buf line = { 0 }, again = { 0 };
	struct event ev, back;
	const char *detail;

	cli_record(&ev, "audit.export", str_of(context), &a);
	event_format(&line, &ev);
	ck_assert_int_eq(event_parse(&back, line.p, line.len, &policy, &tape, &a, &detail), EVENT_OK);
	event_format(&again, &back);
	ck_assert(str_eq(buf_view(&line), buf_view(&again)));
	ck_assert(str_eq(back.v[FIELD_SOURCE], STR(EVENT_RESERVED_SOURCE)));
	ck_assert(str_eq(back.v[FIELD_ACTION], STR("audit.export")));
	ck_assert_int_eq(back.time, back.ingested);
	ck_assert_uint_ge(back.v[FIELD_CONTEXT].len, strlen(begins));
	ck_assert_int_eq(memcmp(back.v[FIELD_CONTEXT].p, begins, strlen(begins)), 0);
	buf_fini(&line);
	buf_fini(&again);
	json_tape_fini(&tape);
	arena_fini(&a);
}

START_TEST(a_record_reads_back_as_it_was)
{
	check_record("{\"count\":1,\"filter\":\"a \\\"b\\\"\"}", "{\"count\":1,\"filter\":\"a \\\"b\\\"\"");
	check_record("{}", "{");
}
END_TEST

START_TEST(the_operator_is_in_it)
{
	setenv("SUDO_USER", "al\"ice", 1);
	check_record("{}", "{");
	setenv("SUDO_USER", "\xff\xfe", 1); /* no UTF-8: left out */
	check_record("{\"a\":1}", "{\"a\":1");
	unsetenv("SUDO_USER");
}
END_TEST

START_TEST(quoted_text_is_always_json)
{
	struct buf out = { 0 };
	struct json_tape tape = { 0 };
	struct json_error fault;

	cli_quote(&out, STR("/srv/\xff\"\n"));
	ck_assert_int_eq(json_scan(&tape, out.p, out.len, &fault), 0);
	json_tape_fini(&tape);
	buf_fini(&out);
}
END_TEST

static Suite *
record_suite(void)
{
	Suite *s = suite_create("record");
	TCase *c = tcase_create("record");

	tcase_add_test(c, a_record_reads_back_as_it_was);
	tcase_add_test(c, the_operator_is_in_it);
	tcase_add_test(c, quoted_text_is_always_json);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(record_suite)
