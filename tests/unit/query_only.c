/* query/only: queries that keep to a set of seqs, against asking each event. */
#include <stdlib.h>

#include "base/runs.h"
#include "query_store.h"

#define EVENTS 9000 /* two segments and a tail, times out of order */
#define START (INT64_C(1776816000) * TIME_SECOND)

static bool wanted[EVENTS];
static struct runs runs;
static struct str list;

static int64_t
time_of(uint64_t seq)
{
	return START + (int64_t)(seq * 7919 % EVENTS) * MINUTE;
}

static void
add(uint64_t seq)
{
	struct event ev = { 0 };

	event_set_time(&ev, FIELD_TIME, time_of(seq));
	event_set(&ev, FIELD_ACTION, seq % 3 == 0 ? STR("read") : STR("write"));
	made_add(&ev);
}

static void
begin(void)
{
	made_begin();
	for (uint64_t seq = 0; seq < EVENTS; seq++) {
		add(seq);
		if (seq % 4096 == 4095)
			made_commit();
	}
	made_commit();
	memset(wanted, 0, sizeof(wanted));
}

static void
end(void)
{
	runs_fini(&runs);
	made_end();
}

/* What is wanted, as a list. */
static void
listed(void)
{
	runs_fini(&runs);
	for (uint64_t seq = 0; seq < EVENTS; seq++)
		if (wanted[seq])
			runs_add(&runs, seq, 1);
	runs_end(&runs);
	list = buf_view(&runs.list);
}

static struct filter *
reads(void)
{
	struct filter_args a = { 0 };
	struct err e = ERR_NONE;
	struct filter *f;

	str_list_add(&a.action, "read", 4);
	f = filter_build(&a, 0, &e);
	ck_assert_msg(f != NULL, "%s", e.text);
	filter_args_fini(&a);
	return f;
}

/* Every event asked for is given once, in order, and no other. */
static void
check_order(const struct filter *f, enum query_order order, unsigned every, struct pool *pool)
{
	struct query_options o = { .filter = f, .order = order, .only = &list, .pool = pool };
	struct err e = ERR_NONE;
	struct query *q = query_open(made, &o, &e);
	static bool given[EVENTS];
	const struct event *ev;
	int64_t before = INT64_MIN;
	uint64_t seq, n = 0;
	int rc;

	ck_assert_msg(q != NULL, "%s", e.text);
	memset(given, 0, sizeof(given));
	while ((rc = query_next(q, &ev, &seq, &e)) > 0) {
		int64_t key = order == QUERY_ARRIVAL ? (int64_t)seq : order == QUERY_OLDEST ? ev->time : -ev->time;

		ck_assert(seq < EVENTS && wanted[seq] && seq % every == 0 && !given[seq]);
		ck_assert_int_gt(key, before);
		before = key;
		given[seq] = true;
		n++;
	}
	ck_assert_msg(rc == 0, "%s", e.text);
	for (uint64_t s = 0; s < EVENTS; s++)
		n -= wanted[s] && s % every == 0;
	ck_assert_uint_eq(n, 0);
	query_close(q);
}

static uint64_t
count(const struct filter *f, struct pool *pool)
{
	struct query_options o = { .filter = f, .only = &list, .pool = pool };
	struct query_stats stats;
	struct err e = ERR_NONE;
	uint64_t n;

	ck_assert_msg(query_count(made, &o, &n, &stats, &e) == 0, "%s", e.text);
	return n;
}

static void
check_all(void)
{
	struct filter *all = filter_all(), *some = reads();
	struct pool *pool = pool_new(2);
	uint64_t n = 0, n_some = 0;

	listed();
	for (uint64_t seq = 0; seq < EVENTS; seq++) {
		n += wanted[seq];
		n_some += wanted[seq] && seq % 3 == 0;
	}
	for (enum query_order order = QUERY_NEWEST; order <= QUERY_ARRIVAL; order++) {
		check_order(all, order, 1, NULL);
		check_order(some, order, 3, pool);
	}
	ck_assert_uint_eq(count(all, NULL), n);
	ck_assert_uint_eq(count(some, pool), n_some);
	pool_free(pool);
	filter_free(all);
	filter_free(some);
}

START_TEST(an_empty_set_gives_nothing)
{
	check_all();
	ck_assert_uint_eq(runs.count, 0);
}
END_TEST

START_TEST(all_seqs_give_everything)
{
	memset(wanted, 1, sizeof(wanted));
	check_all();
}
END_TEST

START_TEST(one_event_is_found_in_a_segment_and_in_the_tail)
{
	static const uint64_t seqs[] = { 0, 4095, 4096, 8191, 8192, EVENTS - 1 };

	for (size_t i = 0; i < sizeof(seqs) / sizeof(seqs[0]); i++) {
		memset(wanted, 0, sizeof(wanted));
		wanted[seqs[i]] = true;
		check_all();
	}
}
END_TEST

/* Far more runs than from one mark to the next. */
START_TEST(scattered_seqs_are_given_and_no_others)
{
	srandom(5);
	for (int round = 0; round < 6; round++) {
		for (uint64_t seq = 0; seq < EVENTS; seq++)
			wanted[seq] = random() % (1 << (2 * round)) == 0;
		check_all();
	}
}
END_TEST

START_TEST(segments_without_any_are_skipped)
{
	struct filter *all = filter_all();
	struct query_options o = { .filter = all, .only = &list };
	struct query_stats stats;
	struct err e = ERR_NONE;
	uint64_t n;

	wanted[10] = true;
	listed();
	ck_assert_int_eq(query_count(made, &o, &n, &stats, &e), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(stats.segments_read, 1);
	ck_assert_uint_eq(stats.segments_skipped, 1);
	filter_free(all);
}
END_TEST

START_TEST(what_is_no_list_is_refused)
{
	struct filter *all = filter_all();
	struct query_options o = { .filter = all, .only = &list };
	struct query_stats stats;
	struct err e = ERR_NONE;
	uint64_t n;

	list = STR("\x05"); /* a gap without its length */
	ck_assert_ptr_null(query_open(made, &o, &e));
	ck_assert_int_eq(e.code, ERR_FAIL);
	err_clear(&e);
	ck_assert_int_eq(query_count(made, &o, &n, &stats, &e), -1);
	filter_free(all);
}
END_TEST

static Suite *
only_suite(void)
{
	Suite *s = suite_create("query/only");
	TCase *t = tcase_create("only");

	tcase_add_checked_fixture(t, begin, end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, an_empty_set_gives_nothing);
	tcase_add_test(t, all_seqs_give_everything);
	tcase_add_test(t, one_event_is_found_in_a_segment_and_in_the_tail);
	tcase_add_test(t, scattered_seqs_are_given_and_no_others);
	tcase_add_test(t, segments_without_any_are_skipped);
	tcase_add_test(t, what_is_no_list_is_refused);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(only_suite)
