/* How far rules were asked, kept with what they found. */
#include "base/hash.h"
#include "made_record.h"
#include "store_folder.h"

static const struct detector beginning = { .seq = 0, .latest = TIME_NONE };

static void
record(struct store *st, const char *id)
{
	struct event ev;
	struct err e = ERR_NONE;
	uint64_t seq;

	made_record(&ev, str_of(id), "audit.test", TIME_SECOND);
	ck_assert_msg(store_record(st, &ev, &seq, &e) == 0, "%s", e.text);
}

static int
move(struct store *st, const char *name, struct detector from, struct detector to, size_t records, struct err *e)
{
	struct event ev[2];
	uint64_t seq;

	made_record(&ev[0], STR("a"), "detect.alert", TIME_SECOND);
	made_record(&ev[1], STR("b"), "detect.alert", TIME_SECOND);
	return store_detector_move(st, name, &from, &to, ev, records, &seq, e);
}

START_TEST(one_that_is_not_known_is_at_the_beginning)
{
	struct store *st = open_store(STORE_CREATE);
	struct err e = ERR_NONE;
	struct detector d;

	ck_assert_int_eq(store_detector(st, "x", &d, &e), 0);
	ck_assert_uint_eq(d.seq, 0);
	ck_assert_int_eq(d.latest, TIME_NONE);
	store_close(st);
}
END_TEST

START_TEST(each_name_has_its_own_place)
{
	struct store *st = open_store(STORE_CREATE);
	struct err e = ERR_NONE;
	struct detector d;

	record(st, "1");
	record(st, "2");
	ck_assert_int_eq(move(st, "x", beginning, (struct detector){ 2, 77 }, 0, &e), 0);
	ck_assert_int_eq(move(st, "y", beginning, (struct detector){ 1, TIME_NONE }, 0, &e), 0);
	ck_assert_int_eq(store_detector(st, "x", &d, &e), 1);
	ck_assert_uint_eq(d.seq, 2);
	ck_assert_int_eq(d.latest, 77);
	ck_assert_int_eq(store_detector(st, "y", &d, &e), 1);
	ck_assert_uint_eq(d.seq, 1);
	ck_assert_int_eq(d.latest, TIME_NONE);
	ck_assert_int_eq(store_detector(st, "z", &d, &e), 0);
	store_close(st);
}
END_TEST

START_TEST(its_records_are_written_with_it)
{
	struct store *st = open_store(STORE_CREATE);
	struct err e = ERR_NONE;

	record(st, "1");
	ck_assert_int_eq(move(st, "x", beginning, (struct detector){ 1, 5 }, 2, &e), 0);
	ck_assert_uint_eq(log_size(st), 3);
	store_close(st);
}
END_TEST

START_TEST(who_was_overtaken_writes_nothing)
{
	struct store *st = open_store(STORE_CREATE), *other;
	struct err e = ERR_NONE;
	struct detector d;

	record(st, "1");
	record(st, "2");
	other = open_store(STORE_WRITE);
	ck_assert_int_eq(move(other, "x", beginning, (struct detector){ 1, 5 }, 1, &e), 0);
	ck_assert_int_eq(move(st, "x", beginning, (struct detector){ 2, 6 }, 2, &e), -1);
	ck_assert_int_eq(e.code, ERR_BUSY);
	ck_assert_uint_eq(log_size(st), 3);
	err_clear(&e);
	ck_assert_int_eq(store_detector(st, "x", &d, &e), 1);
	ck_assert_uint_eq(d.seq, 1);
	ck_assert_int_eq(move(st, "x", d, (struct detector){ 3, 6 }, 1, &e), 0);
	store_close(other);
	store_close(st);
}
END_TEST

START_TEST(it_is_never_beyond_the_log)
{
	struct store *st = open_store(STORE_CREATE);
	struct err e = ERR_NONE;

	record(st, "1");
	ck_assert_int_eq(move(st, "x", beginning, (struct detector){ 2, 5 }, 2, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_uint_eq(log_size(st), 1);
	store_close(st);
}
END_TEST

START_TEST(a_record_that_is_none_takes_all_back)
{
	struct store *st = open_store(STORE_CREATE);
	struct err e = ERR_NONE;
	struct detector d, to = { 1, 5 };
	struct event ev[2];
	uint64_t seq;

	record(st, "1");
	made_record(&ev[0], STR("a"), "detect.alert", TIME_SECOND);
	made_record(&ev[1], STR("b"), "detect.alert", TIME_SECOND);
	event_set(&ev[1], FIELD_SOURCE, STR("app"));
	ck_assert_int_eq(store_detector_move(st, "x", &beginning, &to, ev, 2, &seq, &e), -1);
	ck_assert_uint_eq(log_size(st), 1);
	err_clear(&e);
	ck_assert_int_eq(store_detector(st, "x", &d, &e), 0);
	store_close(st);
}
END_TEST

static Suite *
detector_suite(void)
{
	Suite *s = suite_create("detector");
	TCase *t = tcase_create("detector");

	tcase_add_checked_fixture(t, make_folder, drop_folder);
	tcase_add_test(t, one_that_is_not_known_is_at_the_beginning);
	tcase_add_test(t, each_name_has_its_own_place);
	tcase_add_test(t, its_records_are_written_with_it);
	tcase_add_test(t, who_was_overtaken_writes_nothing);
	tcase_add_test(t, it_is_never_beyond_the_log);
	tcase_add_test(t, a_record_that_is_none_takes_all_back);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(detector_suite)
