/* cut_auditd: the bytes of a log in pieces, lines without an end, where to go on. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "ingest/auditd_record.h"
#include "ingest/cut.h"

static struct buf out;

static void
take(struct cutter *c)
{
	struct err e = ERR_NONE;
	struct cut_record r;
	int more;

	while ((more = c->kind->next(c->state, &r, &e)) > 0) {
		buf_printf(&out, "%llu-%llu line %llu ", (unsigned long long)r.offset, (unsigned long long)r.end,
		    (unsigned long long)r.line);
		if (r.fault != EVENT_OK)
			buf_printf(&out, "%s (%s) ", event_fault_name(r.fault), r.detail);
		buf_printf(&out, "%.*s\n", r.text.len < 200 ? (int)r.text.len : 200, r.text.p);
	}
	ck_assert_int_eq(more, 0);
}

/* Feeds text[from, len) in pieces of so many bytes. */
static void
feed(struct cutter *c, struct str text, size_t from, size_t piece)
{
	for (size_t at = from; at < text.len; at += piece) {
		c->kind->feed(c->state, text.p + at, text.len - at < piece ? text.len - at : piece);
		take(c);
	}
}

static void
finish(struct cutter *c, bool whole)
{
	c->kind->end(c->state, whole);
	take(c);
}

static uint64_t
position(const struct cutter *c, uint64_t *lines)
{
	return c->kind->position(c->state, lines);
}

static void
drop(struct cutter *c)
{
	c->kind->free(c->state);
	buf_reset(&out);
}

static size_t
count(char what)
{
	size_t n = 0;

	for (size_t i = 0; i < out.len; i++)
		n += out.p[i] == what;
	return n;
}

#define CALL(time, serial) "type=SYSCALL msg=audit(" time ":" serial "): arch=c000003e syscall=59 success=yes\n"
#define TITLE(time, serial) "type=PROCTITLE msg=audit(" time ":" serial "): proctitle=\"x\"\n"
#define USER(time, serial) "type=USER_LOGIN msg=audit(" time ":" serial "): pid=1 uid=0 msg='res=success'\n"

START_TEST(pieces_of_any_length_give_the_same)
{
	struct str text = STR(CALL("9.000", "1") "\n" USER("9.000", "2") "junk\n" CALL("9.000", "3")
	    TITLE("9.000", "1") TITLE("9.000", "3"));
	struct buf whole = { 0 };

	for (size_t piece = text.len; piece > 0; piece--) {
		struct cutter c = cut_auditd(0, 0);

		feed(&c, text, 0, piece);
		finish(&c, true);
		if (whole.len == 0)
			buf_str(&whole, buf_view(&out));
		ck_assert_uint_eq(count('\n'), 4);
		ck_assert(str_eq(buf_view(&whole), buf_view(&out)));
		drop(&c);
	}
	buf_fini(&whole);
}
END_TEST

START_TEST(last_line_without_newline_waits_or_is_taken_at_the_end_of_a_pipe)
{
	struct str text = STR(USER("9.000", "1") "type=USER_LOGIN msg=audit(9.000:2): pid=1");
	uint64_t lines;

	for (int whole = 0; whole < 2; whole++) {
		struct cutter c = cut_auditd(0, 0);

		feed(&c, text, 0, text.len);
		finish(&c, whole);
		ck_assert_uint_eq(count('\n'), whole ? 2 : 1);
		ck_assert_uint_eq(position(&c, &lines), whole ? text.len : sizeof(USER("9.000", "1")) - 1);
		ck_assert_uint_eq(lines, whole ? 2 : 1);
		ck_assert(c.kind->incomplete(c.state) == !whole);
		drop(&c);
	}
}
END_TEST

START_TEST(event_that_may_get_more_records_is_left_in_a_file)
{
	struct str text = STR("\n" USER("9.000", "1") CALL("9.000", "2"));
	uint64_t lines;

	for (int whole = 0; whole < 2; whole++) {
		struct cutter c = cut_auditd(100, 7);

		feed(&c, text, 0, 10);
		finish(&c, whole);
		ck_assert_uint_eq(count('\n'), whole ? 2 : 1);
		ck_assert_uint_eq(position(&c, &lines), whole ? 100 + text.len : 100 + sizeof(USER("9.000", "1")));
		ck_assert_uint_eq(lines, whole ? 10 : 9);
		ck_assert(c.kind->incomplete(c.state) == !whole);
		drop(&c);
	}
}
END_TEST

START_TEST(idle_gives_out_what_is_open)
{
	struct cutter c = cut_auditd(0, 0);
	struct str text = STR(CALL("9.000", "1") CALL("10.000", "2"));

	feed(&c, text, 0, text.len);
	ck_assert_uint_eq(out.len, 0);
	c.kind->idle(c.state);
	take(&c);
	ck_assert_uint_eq(count('\n'), 2);
	drop(&c);
}
END_TEST

/* However it is fed: the greatest line that is taken, and one byte more. */
START_TEST(line_that_is_too_long_is_read_over)
{
	const size_t lengths[] = { AUDITD_LINE_MAX, AUDITD_LINE_MAX + 1, AUDITD_LINE_MAX + 2, 3 * AUDITD_LINE_MAX };
	const size_t pieces[] = { 1000, AUDITD_LINE_MAX + 1, 1 << 20 };
	struct str after = STR("\n" USER("9.000", "2"));

	for (size_t i = 0; i < 12; i++) {
		size_t len = lengths[i % 4];
		struct cutter c = cut_auditd(0, 0);
		struct buf text = { 0 };
		char want[64];
		uint64_t lines;

		buf_str(&text, STR("type=USER_LOGIN msg=audit(9.000:1): "));
		while (text.len < len)
			buf_byte(&text, 'x');
		buf_str(&text, after);
		feed(&c, buf_view(&text), 0, pieces[i / 4]);
		finish(&c, false);
		ck_assert_uint_eq(count('\n'), 2);
		buf_byte(&out, '\0');
		ck_assert((strstr(out.p, "too-long") != NULL) == (len > AUDITD_LINE_MAX));
		snprintf(want, sizeof(want), "0-%zu line 0 ", len + 1);
		ck_assert_ptr_nonnull(strstr(out.p, want));
		snprintf(want, sizeof(want), "%zu-%zu line 1 {", len + 1, len + after.len);
		ck_assert_ptr_nonnull(strstr(out.p, want));
		ck_assert_uint_eq(position(&c, &lines), text.len);
		ck_assert_uint_eq(lines, 2);
		buf_fini(&text);
		drop(&c);
	}
}
END_TEST

/* At the end of a file it is no line yet. */
START_TEST(line_that_is_too_long_and_has_no_end_is_left)
{
	struct buf text = { 0 };
	uint64_t lines;

	buf_str(&text, STR(USER("9.000", "1")));
	for (size_t i = 0; i < 2 * AUDITD_LINE_MAX; i++)
		buf_byte(&text, 'x');
	for (int whole = 0; whole < 2; whole++) {
		struct cutter c = cut_auditd(0, 0);

		feed(&c, buf_view(&text), 0, 5000);
		finish(&c, whole);
		ck_assert_uint_eq(count('\n'), whole ? 2 : 1);
		ck_assert_uint_eq(position(&c, &lines), whole ? text.len : sizeof(USER("9.000", "1")) - 1);
		drop(&c);
	}
	buf_fini(&text);
}
END_TEST

/* Stopped anywhere and begun anew at the position: nothing is missing, what
 * comes twice is the same, and faulty lines come once. */
START_TEST(read_on_from_the_position_nothing_is_lost)
{
	struct str text = STR(CALL("9.000", "1") "junk\n" USER("9.000", "2") CALL("9.000", "3") "more junk\n"
	    TITLE("9.000", "1") TITLE("9.000", "3") USER("9.000", "4"));
	struct buf whole = { 0 }, parts = { 0 };
	struct cutter c = cut_auditd(0, 0);

	feed(&c, text, 0, text.len);
	finish(&c, true);
	buf_str(&whole, buf_view(&out));
	drop(&c);
	for (size_t stop = 0; stop < text.len; stop++) {
		struct str begin = { text.p, stop };
		uint64_t lines, at;
		size_t faults = 0;

		c = cut_auditd(0, 0);
		feed(&c, begin, 0, 64);
		at = position(&c, &lines);
		buf_str(&parts, buf_view(&out));
		drop(&c);
		c = cut_auditd(at, lines);
		feed(&c, text, (size_t)at, 64);
		finish(&c, true);
		buf_str(&parts, buf_view(&out));
		drop(&c);
		for (size_t i = 0; i < whole.len;) {
			size_t n = (size_t)((char *)memchr(whole.p + i, '\n', whole.len - i) - (whole.p + i)) + 1;

			ck_assert_ptr_nonnull(memmem(parts.p, parts.len, whole.p + i, n));
			i += n;
		}
		for (size_t i = 0; i + 4 < parts.len; i++)
			faults += memcmp(parts.p + i, "junk", 4) == 0;
		ck_assert_uint_eq(faults, 2);
		buf_reset(&parts);
	}
	buf_fini(&whole);
	buf_fini(&parts);
	buf_fini(&out);
}
END_TEST

static Suite *
cut_auditd_suite(void)
{
	Suite *s = suite_create("ingest/cut_auditd");
	TCase *t = tcase_create("cutting");

	tcase_add_test(t, pieces_of_any_length_give_the_same);
	tcase_add_test(t, last_line_without_newline_waits_or_is_taken_at_the_end_of_a_pipe);
	tcase_add_test(t, event_that_may_get_more_records_is_left_in_a_file);
	tcase_add_test(t, idle_gives_out_what_is_open);
	tcase_add_test(t, line_that_is_too_long_is_read_over);
	tcase_add_test(t, line_that_is_too_long_and_has_no_end_is_left);
	tcase_add_test(t, read_on_from_the_position_nothing_is_lost);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(cut_auditd_suite)
