/*
 * coverage: what of a window was pruned or refused, and which sources fell
 * silent in it, on rhythms made for it.
 */
#include "made_record.h"
#include "pruned.h"
#include "query_store.h"

#include "query/silence.h"

#define MONDAY INT64_C(1704067200000000) /* 2024-01-01T00:00:00Z: long before what a prune spares */

static void
say(const char *source, int64_t time)
{
	struct event ev = { .present = 0 };

	event_set_time(&ev, FIELD_TIME, time);
	if (source != NULL)
		event_set(&ev, FIELD_SOURCE, str_of(source));
	made_add(&ev);
}

/* One every `step` from `from` to before `until`. */
static void
steady(const char *source, int64_t from, int64_t until, int64_t step)
{
	for (int64_t t = from; t < until; t += step)
		say(source, t);
	made_commit();
}

/* Each night at two, for ten minutes. */
static void
nightly(const char *source, int64_t day, unsigned nights)
{
	for (unsigned i = 0; i < nights; i++)
		steady(source, day + i * TIME_DAY + 2 * HOUR, day + i * TIME_DAY + 2 * HOUR + 10 * MINUTE,
		    3 * TIME_SECOND);
}

/* Every two minutes from nine to five, Mondays to Fridays. */
static void
office(const char *source, int64_t monday, unsigned weeks)
{
	for (unsigned i = 0; i < weeks * 7; i++)
		if (i % 7 < 5)
			steady(source, monday + i * TIME_DAY + 9 * HOUR, monday + i * TIME_DAY + 17 * HOUR, 2 * MINUTE);
}

static struct coverage
covers(const char *expr, int64_t since, int64_t until, int64_t now)
{
	struct filter_args a = { .since = NULL };
	struct err e = ERR_NONE;
	struct coverage c;
	struct filter *f;
	char from[32], to[32];

	snprintf(from, sizeof(from), "@%lld", (long long)(since / TIME_SECOND));
	snprintf(to, sizeof(to), "@%lld", (long long)(until / TIME_SECOND));
	if (since != TIME_NONE)
		a.since = from;
	if (until != TIME_NONE)
		a.until = to;
	if (expr != NULL)
		str_list_add(&a.expr, expr, strlen(expr));
	f = filter_build(&a, now, &e);
	ck_assert_msg(f != NULL, "%s", e.text);
	ck_assert_msg(query_coverage(made, f, now, NULL, &c, &e) == 0, "%s", e.text);
	filter_free(f);
	str_list_fini(&a.expr);
	return c;
}

/* The names of silent sources, joined, for a window that ends now. */
static void
check_silent(const char *wanted, int64_t length, int64_t now)
{
	struct coverage c = covers(NULL, now - length, TIME_NONE, now);
	struct buf names = { 0 };

	for (size_t i = 0; i < c.silences; i++) {
		buf_str(&names, i > 0 ? STR(" ") : STR(""));
		buf_str(&names, c.silent[i].source);
		ck_assert_int_ge(c.silent[i].from, now - length);
		ck_assert_int_gt(c.silent[i].until, c.silent[i].from);
		ck_assert_int_le(c.silent[i].until, now);
		ck_assert_int_gt(c.silent[i].usual, 0);
	}
	ck_assert_msg(str_eq(buf_view(&names), str_of(wanted)), "silent: \"%.*s\", wanted: \"%s\"", (int)names.len,
	    names.p != NULL ? names.p : "", wanted);
	buf_fini(&names);
	coverage_fini(&c);
}

START_TEST(a_source_that_stopped_is_silent_since_its_last_event)
{
	const int64_t now = MONDAY + 10 * TIME_DAY;
	struct coverage c;

	steady("stopped", MONDAY, now - 6 * HOUR, MINUTE);
	steady("goes on", MONDAY, now, MINUTE);
	c = covers(NULL, now - TIME_DAY, TIME_NONE, now);
	ck_assert_uint_eq(c.silences, 1);
	ck_assert(str_eq(c.silent[0].source, STR("stopped")));
	ck_assert_int_eq(c.silent[0].from, now - 6 * HOUR - MINUTE);
	ck_assert_int_eq(c.silent[0].until, now);
	ck_assert_int_ge(c.silent[0].usual, MINUTE);
	ck_assert_int_le(c.silent[0].usual, 5 * MINUTE);
	coverage_fini(&c);
}
END_TEST

START_TEST(a_gap_that_ended_is_told_with_its_end)
{
	const int64_t now = MONDAY + 10 * TIME_DAY, gap = MONDAY + 4 * TIME_DAY;
	struct coverage c;

	steady("back", MONDAY, gap, MINUTE);
	steady("back", gap + 5 * HOUR, now, MINUTE);
	c = covers(NULL, MONDAY, now, now + TIME_DAY);
	ck_assert_uint_eq(c.silences, 1);
	ck_assert_int_ge(c.silent[0].from, gap - 3 * MINUTE);
	ck_assert_int_le(c.silent[0].from, gap + 3 * MINUTE);
	ck_assert_int_ge(c.silent[0].until, gap + 5 * HOUR - 3 * MINUTE);
	ck_assert_int_le(c.silent[0].until, gap + 5 * HOUR + 3 * MINUTE);
	coverage_fini(&c);
	/* Not in a window behind it. */
	check_silent("", 3 * TIME_DAY, now);
}
END_TEST

START_TEST(a_nightly_batch_is_not_silent_by_day_and_is_when_it_stays_out)
{
	nightly("batch", MONDAY, 14);
	for (unsigned day = 2; day < 14; day++)
		for (unsigned hour = 1; hour < 24; hour += 4)
			check_silent("", TIME_DAY, MONDAY + day * TIME_DAY + hour * HOUR);
	check_silent("", 7 * TIME_DAY, MONDAY + 13 * TIME_DAY + 12 * HOUR);
	check_silent("", HOUR, MONDAY + 13 * TIME_DAY + 12 * HOUR);
	check_silent("batch", 7 * TIME_DAY, MONDAY + 17 * TIME_DAY + 12 * HOUR);
	check_silent("batch", HOUR, MONDAY + 17 * TIME_DAY + 12 * HOUR);
}
END_TEST

START_TEST(nights_and_week_ends_are_usual_in_an_office)
{
	office("desk", MONDAY, 4);
	for (unsigned day = 14; day < 28; day++) {
		check_silent("", TIME_DAY, MONDAY + day * TIME_DAY + 8 * HOUR);
		check_silent("", 7 * TIME_DAY, MONDAY + day * TIME_DAY + 8 * HOUR);
	}
	check_silent("", 30 * TIME_DAY, MONDAY + 28 * TIME_DAY + 8 * HOUR);
	check_silent("desk", 30 * TIME_DAY, MONDAY + 36 * TIME_DAY);
}
END_TEST

START_TEST(few_events_and_one_burst_are_no_rhythm)
{
	const int64_t now = MONDAY + 20 * TIME_DAY;

	for (int i = 0; i < 7; i++)
		say("rare", MONDAY + i * 12 * HOUR);
	steady("burst", MONDAY + TIME_DAY, MONDAY + TIME_DAY + 10 * MINUTE, TIME_SECOND);
	check_silent("", TIME_DAY, MONDAY + TIME_DAY + 12 * HOUR);
	check_silent("", 30 * TIME_DAY, now);
	/* Heard for longer than the gap lasts, it is one. */
	check_silent("burst", TIME_DAY, MONDAY + TIME_DAY + 16 * MINUTE);
}
END_TEST

START_TEST(chance_is_not_taken_for_silence)
{
	const int64_t now = MONDAY + 30 * TIME_DAY;
	uint64_t seed = 7;

	/* Gaps as of independent events: each a sum of halvings, in the mean 2^k minutes. */
	for (unsigned i = 0; i < 24; i++) {
		char name[16];

		snprintf(name, sizeof(name), "random %02u", i);
		for (int64_t t = MONDAY; t < now;) {
			double x;

			say(name, t);
			seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			x = (double)(seed >> 11) / (double)(UINT64_C(1) << 53);
			/* -ln(x), by the series of ln around 1 for each halving. */
			double left = 0;
			while (x < 0.5 && left < 40) {
				x *= 2;
				left += 0.693147;
			}
			double y = 1 - x;
			left += y * (1 + y * (0.5 + y * (0.3333 + y * (0.25 + y * 0.2))));
			t += 1 + (int64_t)(left * (double)((20 << (i % 5)) * MINUTE));
		}
		made_commit();
	}
	check_silent("", 30 * TIME_DAY, now);
	check_silent("", 7 * TIME_DAY, now);
	check_silent("", TIME_DAY, now);
}
END_TEST

START_TEST(a_source_from_before_the_window_is_missed_in_it)
{
	const int64_t now = MONDAY + 10 * TIME_DAY;
	struct coverage c;

	steady("gone", MONDAY, MONDAY + 5 * TIME_DAY, 10 * MINUTE);
	steady("new", now - 2 * HOUR, now, MINUTE);
	c = covers(NULL, now - TIME_DAY, TIME_NONE, now);
	ck_assert_uint_eq(c.silences, 1);
	ck_assert(str_eq(c.silent[0].source, STR("gone")));
	ck_assert_int_eq(c.silent[0].from, now - TIME_DAY);
	ck_assert_int_eq(c.silent[0].until, now);
	coverage_fini(&c);
	/* Long after, it is forgotten; before its end it was not missed. */
	check_silent("gone new", TIME_DAY, now + HOUR);
	check_silent("", TIME_DAY, MONDAY + 5 * TIME_DAY + 40 * TIME_DAY);
	check_silent("", TIME_DAY, MONDAY + 5 * TIME_DAY);
}
END_TEST

START_TEST(only_sources_that_the_filter_lets_through_are_told)
{
	const int64_t now = MONDAY + 10 * TIME_DAY;
	static const struct {
		const char *expr;
		size_t silences;
	} cases[] = {
		{ "source=a", 1 }, { "source=b", 1 }, { "source=c", 0 }, { "source!=a", 2 }, { "source=*", 2 },
		{ "action=other", 3 },
	};

	steady("a", MONDAY, now - TIME_DAY, HOUR / 2);
	steady("b", MONDAY, now - TIME_DAY, HOUR / 2);
	steady(NULL, MONDAY, now - TIME_DAY, HOUR / 2);
	steady("c", MONDAY, now, HOUR / 2);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct coverage c = covers(cases[i].expr, now - 3 * TIME_DAY, TIME_NONE, now);

		ck_assert_msg(c.silences == cases[i].silences, "%s: %zu", cases[i].expr, c.silences);
		coverage_fini(&c);
	}
}
END_TEST

START_TEST(without_a_window_no_source_is_judged)
{
	const int64_t now = MONDAY + 10 * TIME_DAY;
	struct coverage c;

	steady("stopped", MONDAY, now - 5 * TIME_DAY, MINUTE);
	c = covers(NULL, TIME_NONE, TIME_NONE, now);
	ck_assert_uint_eq(c.silences, 0);
	ck_assert(c.complete);
	ck_assert_int_eq(c.pruned_from, TIME_NONE);
	coverage_fini(&c);
	/* One without a beginning has one: the first event. */
	c = covers(NULL, TIME_NONE, now, now);
	ck_assert_uint_eq(c.silences, 1);
	coverage_fini(&c);
	/* In the future nothing is missed. */
	c = covers(NULL, now + TIME_DAY, TIME_NONE, now);
	ck_assert_uint_eq(c.silences, 0);
	coverage_fini(&c);
}
END_TEST

START_TEST(more_sources_than_are_judged_do_no_harm)
{
	char name[32];

	for (int i = 0; i < SILENCE_SOURCES_MAX + 500; i++) {
		snprintf(name, sizeof(name), "source %d", i);
		say(name, MONDAY + i * MINUTE);
		say(name, MONDAY + i * MINUTE + HOUR);
	}
	made_commit();
	check_silent("", TIME_DAY, MONDAY + 3 * TIME_DAY);
}
END_TEST

static void
make_record(void *arg, const struct prune_part *part, struct event *record, struct arena *a)
{
	char *id = arena_copy(a, "prune-00", 8);

	(void)arg;
	id[7] = (char)('0' + part->part);
	made_record(record, (struct str){ id, 8 }, "audit.prune", MONDAY + 10 * TIME_DAY);
}

START_TEST(what_was_pruned_is_told_as_far_as_it_is_in_the_window)
{
	const int64_t now = MONDAY + 10 * TIME_DAY, cutoff = MONDAY + 4 * TIME_DAY;
	struct err e = ERR_NONE;
	uint64_t removed;
	struct coverage c;

	steady("s", MONDAY, now, 10 * MINUTE);
	append_close(made_appender);
	made_appender = NULL;
	ck_assert_msg(prune_before(made, cutoff, make_record, NULL, &removed, &e) == 0, "%s", e.text);
	ck_assert_uint_gt(removed, 0);

	c = covers(NULL, MONDAY + TIME_DAY, TIME_NONE, now);
	ck_assert(!c.complete);
	ck_assert_uint_eq(c.pruned_events, removed);
	ck_assert_int_eq(c.pruned_from, MONDAY + TIME_DAY);
	ck_assert_int_eq(c.pruned_until, cutoff - 10 * MINUTE + 1);
	coverage_fini(&c);
	c = covers(NULL, cutoff, TIME_NONE, now);
	ck_assert(c.complete);
	ck_assert_uint_eq(c.pruned_events, removed);
	ck_assert_int_eq(c.pruned_from, TIME_NONE);
	coverage_fini(&c);
	c = covers(NULL, TIME_NONE, MONDAY + HOUR, now);
	ck_assert(!c.complete);
	ck_assert_int_eq(c.pruned_from, MONDAY);
	ck_assert_int_eq(c.pruned_until, MONDAY + HOUR);
	coverage_fini(&c);
}
END_TEST

START_TEST(lines_refused_while_the_window_lasted_are_counted)
{
	struct quarantined q = { .source = STR("s"), .origin = STR("-"), .reason = STR("not-json"),
		.detail = STR(""), .bytes = STR("x") };
	const int64_t now = MONDAY + 10 * TIME_DAY;
	struct coverage c;

	for (int day = 0; day < 10; day++) {
		q.at = MONDAY + day * TIME_DAY;
		append_quarantine(made_appender, &q);
	}
	made_commit();
	c = covers(NULL, MONDAY + TIME_DAY, MONDAY + 4 * TIME_DAY, now);
	ck_assert_uint_eq(c.quarantined, 3);
	coverage_fini(&c);
	c = covers(NULL, TIME_NONE, TIME_NONE, now);
	ck_assert_uint_eq(c.quarantined, 10);
	coverage_fini(&c);
}
END_TEST

static Suite *
coverage_suite(void)
{
	Suite *s = suite_create("query/coverage");
	TCase *tc = tcase_create("coverage");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, made_begin, made_end);
	tcase_add_test(tc, a_source_that_stopped_is_silent_since_its_last_event);
	tcase_add_test(tc, a_gap_that_ended_is_told_with_its_end);
	tcase_add_test(tc, a_nightly_batch_is_not_silent_by_day_and_is_when_it_stays_out);
	tcase_add_test(tc, nights_and_week_ends_are_usual_in_an_office);
	tcase_add_test(tc, few_events_and_one_burst_are_no_rhythm);
	tcase_add_test(tc, chance_is_not_taken_for_silence);
	tcase_add_test(tc, a_source_from_before_the_window_is_missed_in_it);
	tcase_add_test(tc, only_sources_that_the_filter_lets_through_are_told);
	tcase_add_test(tc, without_a_window_no_source_is_judged);
	tcase_add_test(tc, more_sources_than_are_judged_do_no_harm);
	tcase_add_test(tc, what_was_pruned_is_told_as_far_as_it_is_in_the_window);
	tcase_add_test(tc, lines_refused_while_the_window_lasted_are_counted);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(coverage_suite)
