/* auditd: which lines become one event, when it is released, where to go on. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "auditd_log.h"
#include "ingest/auditd_record.h"

static struct buf out;

/* The ids of the events, and the faults, in the order of their release. */
static void
expect_ids(const char *want)
{
	struct buf ids = { 0 };

	for (const char *p = out.p, *end = out.p + out.len; p < end; p++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *quote = memchr(p + 7, '"', (size_t)(newline - p - 7));

		if (*p == '{')
			buf_printf(&ids, "%.*s ", (int)(quote - p - 7), p + 7);
		else
			buf_printf(&ids, "%.*s ", (int)(strcspn(p, ":")), p);
		p = newline;
	}
	buf_byte(&ids, '\0');
	ck_assert_str_eq(ids.p, want);
	buf_fini(&ids);
	buf_reset(&out);
}

static void
read_log(const char *text)
{
	log_read(text, strlen(text), &out);
}

static bool
says(const char *text)
{
	buf_byte(&out, '\0');
	out.len--;
	return strstr(out.p, text) != NULL;
}

#define CALL(time, serial) \
	"type=SYSCALL msg=audit(" time ":" serial "): arch=c000003e syscall=59 success=yes items=1\n"
#define PATH(time, serial, name) "type=PATH msg=audit(" time ":" serial "): item=0 name=\"" name "\"\n"
#define TITLE(time, serial) "type=PROCTITLE msg=audit(" time ":" serial "): proctitle=\"x\"\n"
#define EOE(time, serial) "type=EOE msg=audit(" time ":" serial "): \n"
#define USER(time, serial) \
	"type=USER_LOGIN msg=audit(" time ":" serial "): pid=1 uid=0 auid=7 msg='res=success'\n"

START_TEST(records_that_interleave_are_told_apart)
{
	read_log(CALL("9.000", "1") CALL("9.000", "2") PATH("9.000", "1", "/one") PATH("9.000", "2", "/two")
	    TITLE("9.000", "2") TITLE("9.000", "1"));
	ck_assert(says("{\"id\":\"9.000:2\"") && says("\"/two\"") && !says("missing"));
	expect_ids("9.000:2 9.000:1 ");
}
END_TEST

START_TEST(records_out_of_order_are_one_event)
{
	read_log(PATH("9.000", "1", "/one") CALL("12.000", "2") CALL("9.000", "1") EOE("9.000", "1"));
	ck_assert(says("/one") && says("\"program\"") && !says("+PATH"));
	expect_ids("9.000:1 12.000:2 ");
}
END_TEST

START_TEST(eoe_and_proctitle_end_an_event_and_add_none)
{
	read_log(CALL("9.000", "1") TITLE("9.000", "1") EOE("9.000", "1") EOE("9.000", "5"));
	expect_ids("9.000:1 ");
}
END_TEST

START_TEST(message_of_a_program_is_an_event_at_once)
{
	struct auditd *a = auditd_new(0, 0);
	const char *text = CALL("9.000", "1") USER("9.000", "2");

	log_feed(a, text, 0, strlen(text), &out);
	ck_assert_uint_eq(auditd_open(a), 1);
	auditd_free(a);
	expect_ids("9.000:2 ");
}
END_TEST

START_TEST(same_serial_of_other_times_and_nodes_is_another_event)
{
	read_log(CALL("9.000", "1") CALL("9.001", "1") "node=a " CALL("9.000", "1") "node=b " CALL("9.000", "1")
	    "node=a " PATH("9.000", "1", "/a"));
	expect_ids("9.000:1 9.001:1 a:9.000:1 b:9.000:1 ");
}
END_TEST

START_TEST(serials_may_start_anew)
{
	read_log(CALL("9.000", "4294967295") CALL("9.000", "0") EOE("9.000", "4294967295") EOE("9.000", "0"));
	expect_ids("9.000:4294967295 9.000:0 ");
}
END_TEST

/* Feeds n system calls without an end, one each 10 ms from 100.000 on. */
static size_t
feed_calls(struct auditd *a, unsigned first, unsigned n)
{
	size_t most = 0;

	for (unsigned i = first; i < first + n; i++) {
		char line[128];

		snprintf(line, sizeof(line), "type=SYSCALL msg=audit(%u.%02u0:%u): syscall=1", 100 + i / 100, i % 100, i);
		auditd_feed(a, str_of(line), i * 100, i * 100 + 100, i);
		log_take(a, &out);
		if (auditd_open(a) > most)
			most = auditd_open(a);
	}
	return most;
}

START_TEST(event_without_end_is_released_when_the_log_went_on)
{
	struct auditd *a = auditd_new(0, 0);
	size_t most = feed_calls(a, 0, 1000);

	/* Two seconds, and the newest. */
	ck_assert_uint_eq(most, 201);
	/* Their lines do not interleave: the position follows. */
	ck_assert_uint_eq(auditd_position(a), (1000 - auditd_open(a)) * 100);
	auditd_flush(a);
	ck_assert_uint_eq(auditd_position(a), 1000 * 100);
	auditd_free(a);
	buf_reset(&out);
}
END_TEST

START_TEST(flood_of_open_events_releases_the_oldest)
{
	struct auditd *a = auditd_new(0, 0);

	for (unsigned i = 0; i < 2 * AUDITD_OPEN_MAX; i++) {
		char line[128];

		snprintf(line, sizeof(line), "type=SYSCALL msg=audit(9.000:%u): syscall=1", i);
		auditd_feed(a, str_of(line), i, i + 1, i);
		if (i == AUDITD_OPEN_MAX - 1) {
			log_take(a, &out);
			expect_ids("9.000:0 ");
		}
		log_take(a, &out);
		buf_reset(&out);
		ck_assert_uint_lt(auditd_open(a), AUDITD_OPEN_MAX);
	}
	auditd_free(a);
}
END_TEST

START_TEST(memory_of_open_events_is_bounded)
{
	struct auditd *a = auditd_new(0, 0);
	char *line = malloc(AUDITD_LINE_MAX);
	size_t most = 0;

	for (unsigned i = 0; i < 300; i++) {
		memset(line, 'x', AUDITD_LINE_MAX);
		line[snprintf(line, 64, "type=SYSCALL msg=audit(9.000:%u):", i)] = ' ';
		auditd_feed(a, (struct str){ line, AUDITD_LINE_MAX }, i, i + 1, i);
		log_take(a, &out);
		buf_reset(&out);
		if (auditd_held(a) > most)
			most = auditd_held(a);
	}
	ck_assert_uint_le(most, AUDITD_HELD_MAX);
	ck_assert_uint_gt(most, AUDITD_HELD_MAX / 2);
	free(line);
	auditd_free(a);
}
END_TEST

START_TEST(event_with_too_many_records_is_cut_and_says_so)
{
	struct auditd *a = auditd_new(0, 0);
	const char *call = "type=SYSCALL msg=audit(9.000:1): syscall=1";

	auditd_feed(a, str_of(call), 0, 1, 1);
	for (unsigned i = 1; out.len == 0; i++) {
		char line[256];

		ck_assert_uint_lt(i, AUDITD_EVENT_MAX);
		snprintf(line, sizeof(line), "type=PATH msg=audit(9.000:1): item=%u name=\"%0128u\"", i, i);
		auditd_feed(a, str_of(line), i, i + 1, i);
		log_take(a, &out);
	}
	ck_assert(says("\"missing\":[\"records\"]"));
	expect_ids("9.000:1 ");
	auditd_flush(a);
	log_take(a, &out);
	ck_assert(says("{\"id\":\"9.000:1+PATH-") && says("\"missing\":[\"call\"]"));
	buf_reset(&out);
	auditd_free(a);
}
END_TEST

START_TEST(event_that_is_too_long_as_json_is_a_fault)
{
	struct auditd *a = auditd_new(0, 0);
	char line[8192];

	for (unsigned i = 0; i < 50; i++) {
		int n = snprintf(line, sizeof(line), "type=PATH msg=audit(9.000:1): item=%u name=\"", i);

		memset(line + n, '\x01', sizeof(line) - (size_t)n);
		line[sizeof(line) - 1] = '"';
		auditd_feed(a, (struct str){ line, sizeof(line) }, i, i + 1, i);
	}
	auditd_flush(a);
	log_take(a, &out);
	ck_assert_int_eq(memcmp(out.p, "! too-long: type=PATH", 21), 0);
	ck_assert_uint_gt(out.len, 50 * 8000);
	buf_reset(&out);
	auditd_free(a);
}
END_TEST

/* Twice in quarantine would be once too often. */
START_TEST(faulty_line_waits_until_the_position_is_behind_it)
{
	struct auditd *a = auditd_new(0, 0);
	const char *text = CALL("9.000", "1") "junk\n" TITLE("9.000", "1");
	size_t junk = (size_t)(strstr(text, "junk") - text);

	log_feed(a, text, 0, junk + 5, &out);
	ck_assert_uint_eq(out.len, 0);
	ck_assert_uint_eq(auditd_position(a), 0);
	log_feed(a, text, junk + 5, strlen(text), &out);
	expect_ids("9.000:1 ! no-action ");
	ck_assert_uint_eq(auditd_position(a), strlen(text));
	ck_assert_uint_eq(auditd_held(a), 0);
	auditd_free(a);
}
END_TEST

START_TEST(flood_of_faulty_lines_is_bounded)
{
	struct auditd *a = auditd_new(0, 0);
	const char *call = "type=SYSCALL msg=audit(9.000:1): syscall=1";
	size_t faults = 0;

	auditd_feed(a, str_of(call), 0, 1, 1);
	for (unsigned i = 1; i <= 1000; i++) {
		auditd_feed(a, STR("junk"), i, i + 1, i);
		log_take(a, &out);
		ck_assert_uint_le(auditd_held(a), 4 * AUDITD_FAULTS_MAX + 64);
	}
	for (size_t i = 0; i < out.len; i++)
		faults += out.p[i] == '!';
	ck_assert_uint_eq(faults, 1000);
	buf_reset(&out);
	auditd_free(a);
}
END_TEST

START_TEST(position_is_before_every_event_that_reaches_over_it)
{
	struct auditd *a = auditd_new(0, 0);
	const char *text = USER("9.000", "1") CALL("9.000", "2") CALL("9.000", "3") PATH("9.000", "2", "/x")
	    TITLE("9.000", "2") PATH("9.000", "3", "/y") TITLE("9.000", "3") USER("9.000", "4");
	size_t second = strlen(USER("9.000", "1"));
	size_t behind = (size_t)(strstr(text, "\"/y\"") - text) + 5;

	log_feed(a, text, 0, behind, &out);
	/* Event 2 is given out, but begins before 3, which is not. */
	ck_assert_uint_eq(auditd_open(a), 1);
	ck_assert_uint_eq(auditd_position(a), second);
	log_feed(a, text, behind, strlen(text), &out);
	ck_assert_uint_eq(auditd_position(a), strlen(text));
	auditd_free(a);
	expect_ids("9.000:1 9.000:2 9.000:3 9.000:4 ");
}
END_TEST

/* After a stop anywhere, what comes from the position on is what came before. */
START_TEST(read_again_from_any_position_events_are_the_same)
{
	const char *text = CALL("9.000", "2") USER("9.000", "1") CALL("9.000", "3") PATH("9.000", "2", "/x")
	    "junk\n" CALL("9.010", "4") TITLE("9.000", "2") PATH("9.000", "3", "/y") PATH("9.010", "4", "/z")
	    "junk\n" TITLE("9.000", "3") EOE("9.000", "3") "\n" TITLE("9.010", "4") USER("9.011", "5");
	size_t len = strlen(text);
	struct buf whole = { 0 };

	log_read(text, len, &whole);
	buf_byte(&whole, '\0');
	for (size_t stop = 0; stop <= len; stop++) {
		struct auditd *a = auditd_new(0, 0);
		uint64_t position;

		if (stop > 0 && text[stop - 1] != '\n') {
			auditd_free(a);
			continue;
		}
		log_feed(a, text, 0, stop, &out);
		position = auditd_position(a);
		auditd_free(a);
		log_read(text + position, len - position, &out);
		buf_byte(&out, '\0');
		for (char *line = strtok(out.p, "\n"); line != NULL; line = strtok(NULL, "\n"))
			ck_assert_msg(strstr(whole.p, line) != NULL, "after %zu: %s", stop, line);
		buf_reset(&out);
	}
	buf_fini(&whole);
}
END_TEST

START_TEST(item_tells_where_its_lines_are)
{
	struct auditd *a = auditd_new(0, 0);
	struct auditd_item it;

	auditd_feed(a, STR("type=CWD msg=audit(9.000:1): cwd=\"/\""), 100, 140, 7);
	auditd_feed(a, STR(""), 140, 141, 8);
	auditd_feed(a, STR("type=PROCTITLE msg=audit(9.000:1): proctitle=\"x\""), 141, 200, 9);
	ck_assert(auditd_next(a, &it));
	ck_assert_uint_eq(it.offset, 100);
	ck_assert_uint_eq(it.end, 200);
	ck_assert_uint_eq(it.line, 7);
	ck_assert_uint_eq(it.records, 2);
	ck_assert_int_eq(memcmp(it.raw.p + it.raw.len - 4, "=\"x\"", 4), 0);
	ck_assert(!auditd_next(a, &it));
	auditd_free(a);
}
END_TEST

static Suite *
auditd_suite(void)
{
	Suite *s = suite_create("ingest/auditd");
	TCase *t = tcase_create("events");

	tcase_add_test(t, records_that_interleave_are_told_apart);
	tcase_add_test(t, records_out_of_order_are_one_event);
	tcase_add_test(t, eoe_and_proctitle_end_an_event_and_add_none);
	tcase_add_test(t, message_of_a_program_is_an_event_at_once);
	tcase_add_test(t, same_serial_of_other_times_and_nodes_is_another_event);
	tcase_add_test(t, serials_may_start_anew);
	tcase_add_test(t, event_without_end_is_released_when_the_log_went_on);
	tcase_add_test(t, flood_of_open_events_releases_the_oldest);
	tcase_add_test(t, memory_of_open_events_is_bounded);
	tcase_add_test(t, event_with_too_many_records_is_cut_and_says_so);
	tcase_add_test(t, event_that_is_too_long_as_json_is_a_fault);
	tcase_add_test(t, faulty_line_waits_until_the_position_is_behind_it);
	tcase_add_test(t, flood_of_faulty_lines_is_bounded);
	tcase_add_test(t, position_is_before_every_event_that_reaches_over_it);
	tcase_add_test(t, read_again_from_any_position_events_are_the_same);
	tcase_add_test(t, item_tells_where_its_lines_are);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(auditd_suite)
