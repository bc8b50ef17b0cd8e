/* Groups, windows, silence. */
#include "detect/window.h"
#include <stdio.h>

#include "unit.h"

static struct detect_rule rule[3];
static struct detect_rules rules = { .rule = rule, .n = 3 };
static struct windows *w;
static uint64_t seq;

static void
make_windows(void)
{
	rule[0] = (struct detect_rule){ .kind = DETECT_COUNT, .inputs = 1, .count = 3, .within = 10, .silence = 20 };
	rule[1] = (struct detect_rule){ .kind = DETECT_DISTINCT, .inputs = 1, .count = 2, .within = 10, .silence = 10 };
	rule[2] = (struct detect_rule){ .kind = DETECT_ORDERED, .inputs = 3, .count = 3, .within = 10, .silence = 10 };
	w = windows_new(&rules);
	seq = 0;
}

static void
drop_windows(void)
{
	windows_free(w);
}

/* When it fires, else -1. */
static int64_t
add_value(uint32_t which, const char *group, int64_t time, uint64_t value)
{
	struct window_event ev = { .time = time, .seq = seq++, .value = value };
	struct window_firing f;

	return windows_add(w, which, str_of(group), &ev, INT64_MIN, &f) ? f.at : -1;
}

static int64_t
add(const char *group, int64_t time)
{
	return add_value(0, group, time, 0);
}

START_TEST(the_third_within_the_time_fires)
{
	ck_assert_int_eq(add("a", 0), -1);
	ck_assert_int_eq(add("a", 5), -1);
	ck_assert_int_eq(add("a", 10), 10);
}
END_TEST

START_TEST(one_too_late_does_not)
{
	ck_assert_int_eq(add("a", 0), -1);
	ck_assert_int_eq(add("a", 5), -1);
	ck_assert_int_eq(add("a", 11), -1);
	ck_assert_int_eq(add("a", 15), 15);
}
END_TEST

START_TEST(groups_do_not_count_for_each_other)
{
	ck_assert_int_eq(add("a", 0), -1);
	ck_assert_int_eq(add("b", 1), -1);
	ck_assert_int_eq(add("a", 2), -1);
	ck_assert_int_eq(add("b", 3), -1);
	ck_assert_int_eq(add("b", 4), 4);
	ck_assert_int_eq(add("a", 5), 5);
}
END_TEST

START_TEST(what_happens_in_silence_is_not_counted)
{
	for (int64_t t = 0; t < 3; t++)
		ck_assert_int_eq(add("a", t), t == 2 ? 2 : -1);
	for (int64_t t = 3; t < 22; t++)
		ck_assert_int_eq(add("a", t), -1);
	ck_assert_int_eq(add("a", 22), -1);
	ck_assert_int_eq(add("a", 23), -1);
	ck_assert_int_eq(add("a", 24), 24);
}
END_TEST

START_TEST(a_late_event_completes_its_own_window)
{
	ck_assert_int_eq(add("a", 0), -1);
	ck_assert_int_eq(add("a", 8), -1);
	ck_assert_int_eq(add("a", 100), -1);
	ck_assert_int_eq(add("a", 4), 8);
	ck_assert(windows_has_fired(w, 0, STR("a"), 8));
	ck_assert(!windows_has_fired(w, 0, STR("a"), 4));
}
END_TEST

START_TEST(different_values_count_once)
{
	ck_assert_int_eq(add_value(1, "a", 0, 7), -1);
	ck_assert_int_eq(add_value(1, "a", 1, 7), -1);
	ck_assert_int_eq(add_value(1, "a", 2, 7), -1);
	ck_assert_int_eq(add_value(1, "a", 13, 8), -1);
	ck_assert_int_eq(add_value(1, "a", 15, 7), 15);
}
END_TEST

START_TEST(an_order_is_an_order)
{
	ck_assert_int_eq(add_value(2, "a", 0, 0), -1);
	ck_assert_int_eq(add_value(2, "a", 1, 2), -1);
	ck_assert_int_eq(add_value(2, "a", 2, 1), -1);
	ck_assert_int_eq(add_value(2, "a", 3, 2), 3);
}
END_TEST

/* Whether three of the events are 0, 1, 2 in this order within the time. */
static bool
naive_order(const struct window_event *ev, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			for (size_t m = 0; m < n; m++) {
				const struct window_event *a = &ev[i], *b = &ev[k], *c = &ev[m];
				bool ab = a->time < b->time || (a->time == b->time && a->seq < b->seq);
				bool bc = b->time < c->time || (b->time == c->time && b->seq < c->seq);

				if (a->value == 0 && b->value == 1 && c->value == 2 && ab && bc && c->time - a->time <= 10)
					return true;
			}
	return false;
}

START_TEST(an_order_is_found_wherever_its_events_come)
{
	srand(4711);
	for (int trial = 0; trial < 5000; trial++) {
		struct window_event all[12];
		struct window_firing f;
		char name[16];
		bool fired = false;

		snprintf(name, sizeof(name), "g%d", trial);
		for (size_t n = 0; n < 12 && !fired; n++) {
			all[n] = (struct window_event){ .time = rand() % 25, .seq = seq++, .value = (uint64_t)rand() % 3 };
			fired = windows_add(w, 2, str_of(name), &all[n], INT64_MIN, &f);
			ck_assert_msg(fired == naive_order(all, n + 1), "trial %d, event %zu", trial, n);
		}
		if (!fired)
			continue;
		ck_assert(f.event[0].value == 0 && f.event[f.events - 1].value == 2);
		ck_assert(f.at == f.event[f.events - 1].time && f.at - f.event[0].time <= 10);
	}
}
END_TEST

START_TEST(what_is_forgotten_is_gone)
{
	ck_assert_int_eq(add("a", 0), -1);
	ck_assert_int_eq(add("a", 1), -1);
	ck_assert_int_eq(add("b", 100), -1);
	windows_forget(w, 12);
	ck_assert_int_eq(add("a", 2), -1);
	ck_assert_int_eq(add("b", 101), -1);
	ck_assert_int_eq(add("b", 102), 102);
}
END_TEST

START_TEST(many_groups_are_found_again)
{
	char name[16];

	for (int round = 0; round < 3; round++)
		for (int i = 0; i < 5000; i++) {
			snprintf(name, sizeof(name), "g%d", i);
			ck_assert_int_eq(add(name, round), round == 2 ? 2 : -1);
		}
}
END_TEST

static Suite *
window_suite(void)
{
	Suite *s = suite_create("window");
	TCase *t = tcase_create("window");

	tcase_add_checked_fixture(t, make_windows, drop_windows);
	tcase_add_test(t, the_third_within_the_time_fires);
	tcase_add_test(t, one_too_late_does_not);
	tcase_add_test(t, groups_do_not_count_for_each_other);
	tcase_add_test(t, what_happens_in_silence_is_not_counted);
	tcase_add_test(t, a_late_event_completes_its_own_window);
	tcase_add_test(t, different_values_count_once);
	tcase_add_test(t, an_order_is_an_order);
	tcase_add_test(t, an_order_is_found_wherever_its_events_come);
	tcase_add_test(t, what_is_forgotten_is_gone);
	tcase_add_test(t, many_groups_are_found_again);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(window_suite)
