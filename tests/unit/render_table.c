/* Unit tests of tables and of what formats have in common. */
#include "base/utf8.h"
#include "rendered.h"

#define EVENT(members) "{\"time\":\"2026-04-23T11:00:00Z\",\"action\":\"read\"," members "}\n"

static struct buf
table(const char *lines, unsigned width)
{
	struct render_options o = { .format = "table", .width = width, .now = RENDERED_NOW };
	struct buf b = rendered(&o, NULL, lines, strlen(lines));

	buf_byte(&b, '\0');
	return b;
}

static void
shows(const char *lines, const char *what)
{
	struct buf b = table(lines, 0);

	ck_assert_msg(strstr(b.p, what) != NULL, "%s", b.p);
	buf_fini(&b);
}

/* The widest line, in columns. */
static unsigned
widest(const struct buf *b)
{
	unsigned most = 0, now = 0;
	uint32_t cp;
	size_t n;

	for (size_t i = 0; i < b->len && b->p[i] != '\0'; i += n) {
		n = utf8_decode(b->p + i, b->len - i, &cp);
		ck_assert_uint_gt(n, 0);
		now = cp == '\n' ? 0 : now + (unsigned)utf8_width(cp);
		most = now > most ? now : most;
	}
	return most;
}

START_TEST(no_line_is_wider_than_the_terminal)
{
	static const char lines[] =
	    EVENT("\"severity\":\"error\",\"outcome\":\"failure\",\"actor_name\":\"鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵\","
	        "\"target_path\":\"prod/db/some/rather/long/path/that/does/not/fit/anywhere/at/all\","
	        "\"ip\":\"2001:db8:1111:2222:3333:4444:5555:6666\"")
	    EVENT("\"actor_email\":\"someone.with.a.long.name@department.acme.example\",\"target_id\":\"e\u0301\u0301\"");

	for (unsigned width = 45; width < 220; width++) {
		struct buf b = table(lines, width);

		ck_assert_msg(widest(&b) <= width, "%u > %u:\n%s", widest(&b), width, b.p);
		buf_fini(&b);
	}
}
END_TEST

START_TEST(rows_behind_the_sample_keep_to_its_widths)
{
	struct buf lines = { 0 }, b;
	unsigned rows = 0;

	for (int i = 0; i < 250; i++)
		buf_printf(&lines, EVENT("\"severity\":\"%s\",\"actor_id\":\"a%s\""), i < 200 ? "info" : "critical",
		    i < 200 ? "" : "-very-long-name-that-came-late-and-does-not-fit");
	buf_byte(&lines, '\0');
	b = table(lines.p, 80);
	ck_assert_uint_le(widest(&b), 80);
	for (size_t i = 0; i < b.len; i++)
		rows += b.p[i] == '\n';
	ck_assert_uint_eq(rows, 251);
	ck_assert(strstr(b.p, "\nC  2026") != NULL);
	buf_fini(&b);
	buf_fini(&lines);
}
END_TEST

START_TEST(automated_actors_are_system)
{
	shows(EVENT("\"actor_type\":\"system\""), "  System  ");
	shows(EVENT("\"actor_id\":\"system\",\"actor_type\":\"system\""), "  System  ");
	shows(EVENT("\"actor_name\":\"cron\",\"actor_type\":\"system\""), "  System (cron)  ");
	shows(EVENT("\"actor_id\":\"deploy\",\"actor_type\":\"Service_Account\""), "  System (deploy)  ");
	shows(EVENT("\"service_account\":\"deploy\""), "  System (deploy)  ");
	shows(EVENT("\"actor_id\":\"deploy\",\"actor_type\":\"user\""), "  deploy  ");
}
END_TEST

START_TEST(nobody_is_taken_for_the_system)
{
	shows(EVENT("\"actor_id\":\"System\""), "  \"System\"  ");
	shows(EVENT("\"actor_name\":\"SYSTEM (cron)\""), "  \"SYSTEM (cron)\"  ");
	shows(EVENT("\"actor_name\":\"alice via root\""), "  \"alice via root\"  ");
	shows(EVENT("\"actor_name\":\"-\""), "  \"-\"  ");
	shows(EVENT("\"target_id\":\"x\""), "  -      read    x  ");
}
END_TEST

START_TEST(a_service_account_stands_beside_the_person)
{
	shows(EVENT("\"actor_name\":\"Alice\",\"service_account\":\"bot\""), "  Alice via bot  ");
	shows(EVENT("\"actor_id\":\"bot\",\"service_account\":\"bot\""), "  bot  ");
}
END_TEST

START_TEST(the_best_name_of_an_actor_is_shown)
{
	shows(EVENT("\"actor_id\":\"7\",\"actor_email\":\"a@b\",\"actor_name\":\"Alice\""), "  Alice  ");
	shows(EVENT("\"actor_id\":\"7\",\"actor_email\":\"a@b\",\"actor_name\":\"\""), "  a@b  ");
	shows(EVENT("\"actor_id\":\"u7\""), "  u7  ");
	shows(EVENT("\"actor_type\":\"anonymous\""), "  anonymous  ");
}
END_TEST

START_TEST(ages_are_short)
{
	static const struct {
		const char *time, *age;
	} ages[] = {
		{ "2026-04-23T12:00:00Z", "   0s  " }, { "2026-04-23T11:59:00.000001Z", "  59s  " },
		{ "2026-04-23T11:59:00Z", "   1m  " }, { "2026-04-21T12:00:00.000001Z", "  47h  " },
		{ "2026-04-21T12:00:00Z", "   2d  " }, { "2026-02-22T12:00:00Z", "  2mo  " },
		{ "2024-04-23T12:00:00Z", "   2y  " }, { "0001-01-01T00:00:00Z", "  2026y  " },
		{ "2026-04-23T12:05:00Z", "  in 5m  " },
	};

	for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
		char line[256];

		snprintf(line, sizeof(line), "{\"time\":\"%s\",\"action\":\"read\",\"actor_id\":\"x\"}\n", ages[i].time);
		shows(line, ages[i].age);
	}
}
END_TEST

START_TEST(one_long_address_leaves_room_for_the_rest)
{
	struct buf b = table(EVENT("\"actor_id\":\"alice@acme.example\",\"target_path\":\"prod/db/orders\","
	    "\"ip\":\"2001:db8:1111:2222:3333:4444:5555:6666\""), 110);

	ck_assert_msg(strstr(b.p, "  alice@acme.example  ") != NULL, "%s", b.p);
	ck_assert_msg(strstr(b.p, "  prod/db/orders  ") != NULL, "%s", b.p);
	ck_assert_msg(strstr(b.p, "  2001:db8") != NULL && strstr(b.p, ":6666\n") != NULL, "%s", b.p);
	buf_fini(&b);
}
END_TEST

START_TEST(of_a_long_actor_the_end_is_kept_where_it_is_a_path)
{
	struct buf b = table(EVENT("\"actor_id\":\"arn:aws:iam::123456789012:user/alice\"")
	    EVENT("\"actor_name\":\"Somebody with a long name, and/or somebody else\""), 80);

	ck_assert_msg(strstr(b.p, "arn:") != NULL && strstr(b.p, "user/alice  ") != NULL, "%s", b.p);
	ck_assert_msg(strstr(b.p, "  Somebody") != NULL && strstr(b.p, "else") == NULL, "%s", b.p);
	buf_fini(&b);
}
END_TEST

static struct buf
flushed(unsigned width, bool *early)
{
	static const char first[] = EVENT("\"actor_id\":\"x\""), second[] = EVENT("\"actor_id\":\"alice@acme.example\"");
	struct render_options o = { .format = "table", .width = width, .now = RENDERED_NOW };
	struct err e = ERR_NONE;
	char path[64];
	struct outstream *out = rendered_open(path);
	struct render *r = render_open(&o, out, &e);
	struct buf b;

	ck_assert_int_eq(render_flush(r, &e), 0);
	ck_assert_uint_eq(outstream_bytes(out), 0);
	each_event(first, strlen(first), rendered_event, r);
	ck_assert_int_eq(render_flush(r, &e), 0);
	*early = outstream_bytes(out) > 0;
	each_event(second, strlen(second), rendered_event, r);
	ck_assert_int_eq(render_close(r, NULL, &e), 0);
	b = rendered_text(out, path);
	buf_byte(&b, '\0');
	return b;
}

START_TEST(what_is_awaited_gets_room_and_is_not_kept_back)
{
	bool early;
	struct buf b = flushed(120, &early);

	ck_assert(early);
	ck_assert_msg(strstr(b.p, "  alice@acme.example  ") != NULL, "%s", b.p);
	ck_assert_uint_le(widest(&b), 120);
	buf_fini(&b);
	b = flushed(60, &early);
	ck_assert_uint_le(widest(&b), 60);
	buf_fini(&b);
}
END_TEST

START_TEST(nothing_is_cut_where_there_is_no_terminal)
{
	shows(EVENT("\"target_path\":\"a-path-of-more-than-sixty-columns-that-must-come-out-whole-because-nobody-looks\""),
	    "a-path-of-more-than-sixty-columns-that-must-come-out-whole-because-nobody-looks");
}
END_TEST

START_TEST(a_mistyped_format_gets_the_nearest_name)
{
	struct render_options o = { .format = "jsnol" };
	struct err e = ERR_NONE;

	ck_assert(render_open(&o, NULL, &e) == NULL);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_msg(strstr(e.text, "did you mean 'jsonl'") != NULL, "%s", e.text);
	err_clear(&e);
	o.format = "zzzzzzzz";
	ck_assert(render_open(&o, NULL, &e) == NULL);
	ck_assert_msg(strstr(e.text, "short, text, detail, ocsf, ecs, cef, leef or syslog") != NULL, "%s", e.text);
}
END_TEST

START_TEST(every_named_format_can_be_opened_and_given_up)
{
	size_t n = 0;

	for (; render_all_formats[n] != NULL; n++) {
		struct render_options o = { .format = render_all_formats[n] };
		struct err e = ERR_NONE;
		struct outstream *out = outstream_open("/dev/null", &e);
		struct render *r = render_open(&o, out, &e);

		ck_assert_msg(r != NULL, "%s", e.text);
		each_event(EVENT("\"ip\":\"x\""), strlen(EVENT("\"ip\":\"x\"")), rendered_event, r);
		render_abort(r);
		outstream_abort(out);
	}
	ck_assert_uint_eq(n, 12);
	ck_assert(render_for_people("detail"));
	ck_assert(!render_for_people("jsonl"));
	ck_assert(render_for_collectors("leef"));
	ck_assert(!render_for_collectors("csv"));
	render_abort(NULL);
}
END_TEST

START_TEST(a_full_disk_is_an_error)
{
	struct render_options o = { .format = "jsonl" };
	struct err e = ERR_NONE;
	struct outstream *out = outstream_open("/dev/full", &e);
	struct render *r = render_open(&o, out, &e);
	struct event ev = { .present = 0 };
	int rc = 0;

	ck_assert(out != NULL && r != NULL);
	event_set_time(&ev, FIELD_TIME, RENDERED_NOW);
	for (int i = 0; rc == 0 && i < 100000; i++)
		rc = render_event(r, &ev, 0, &e);
	ck_assert_int_eq(rc, -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	render_abort(r);
	outstream_abort(out);
}
END_TEST

static Suite *
table_suite(void)
{
	Suite *s = suite_create("render");
	TCase *c = tcase_create("table"), *f = tcase_create("formats");

	tcase_add_test(c, no_line_is_wider_than_the_terminal);
	tcase_add_test(c, rows_behind_the_sample_keep_to_its_widths);
	tcase_add_test(c, automated_actors_are_system);
	tcase_add_test(c, nobody_is_taken_for_the_system);
	tcase_add_test(c, a_service_account_stands_beside_the_person);
	tcase_add_test(c, one_long_address_leaves_room_for_the_rest);
	tcase_add_test(c, of_a_long_actor_the_end_is_kept_where_it_is_a_path);
	tcase_add_test(c, what_is_awaited_gets_room_and_is_not_kept_back);
	tcase_add_test(c, the_best_name_of_an_actor_is_shown);
	tcase_add_test(c, ages_are_short);
	tcase_add_test(c, nothing_is_cut_where_there_is_no_terminal);
	tcase_add_test(f, a_mistyped_format_gets_the_nearest_name);
	tcase_add_test(f, every_named_format_can_be_opened_and_given_up);
	tcase_add_test(f, a_full_disk_is_an_error);
	suite_add_tcase(s, c);
	suite_add_tcase(s, f);
	return s;
}

UNIT_MAIN(table_suite)
