/* summary: tallies, histograms, and summaries of events. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/bitmap.h"
#include "event/summary.h"

#define SECOND TIME_SECOND
#define HOUR (3600 * SECOND)

static struct str
number(char text[32], unsigned n)
{
	return (struct str){ text, (size_t)snprintf(text, 32, "value %u", n) };
}

START_TEST(a_tally_counts_and_ranks_with_ties_by_value)
{
	struct tally *t = tally_new();
	struct tally_entry *top;
	size_t n;

	tally_add(t, STR("b"), 2);
	tally_add(t, STR("c"), 1);
	tally_add(t, STR("a"), 1);
	tally_add(t, STR("a"), 1);
	tally_add(t, STR(""), 7);
	tally_add(t, STR("d\0e"), 1);
	ck_assert_uint_eq(tally_size(t), 5);
	top = tally_top(t, 0, &n);
	ck_assert_uint_eq(n, 5);
	static const char *const order[] = { "", "a", "b", "c", "d" };
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(strncmp(top[i].value.p, order[i], 1), 0);
	ck_assert_uint_eq(top[1].count, 2);
	ck_assert_uint_eq(top[4].value.len, 3);
	free(top);
	tally_free(t);
}
END_TEST

START_TEST(the_top_of_many_equals_the_head_of_all)
{
	struct tally *t = tally_new();
	char text[32];

	for (unsigned i = 0; i < 5000; i++)
		tally_add(t, number(text, i), (i * 7919u) % 97);
	for (size_t want = 1; want < 300; want += 13) {
		size_t n, all_n;
		struct tally_entry *top = tally_top(t, want, &n), *all = tally_top(t, 0, &all_n);

		ck_assert_uint_eq(n, want);
		ck_assert_uint_eq(all_n, 5000);
		for (size_t i = 0; i < n; i++) {
			ck_assert(str_eq(top[i].value, all[i].value));
			ck_assert(i == 0 || all[i - 1].count >= all[i].count);
		}
		free(top);
		free(all);
	}
	tally_free(t);
}
END_TEST

static int
compare_bytes(struct str a, struct str b)
{
	for (size_t i = 0;; i++) {
		if (i == a.len || i == b.len)
			return (a.len > b.len) - (a.len < b.len);
		if (a.p[i] == b.p[i])
			continue;
		if (a.p[i] == SUMMARY_GAP || b.p[i] == SUMMARY_GAP)
			return a.p[i] == SUMMARY_GAP ? -1 : 1;
		return (uint8_t)a.p[i] < (uint8_t)b.p[i] ? -1 : 1;
	}
}

START_TEST(ties_are_in_the_order_of_bytes_but_for_the_gap)
{
	uint64_t state = 3;
	char text[2][40];
	unsigned wrong = 0;

	for (unsigned times = 0; times < 100000; times++) {
		struct str s[2];

		for (size_t k = 0; k < 2; k++) {
			s[k] = (struct str){ text[k], (state >> 33) % sizeof(text[k]) };
			for (size_t i = 0; i < s[k].len; i++) {
				state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
				text[k][i] = "aaaaaaab\0\xff\xfe\x7f\x80"[(state >> 33) % 13];
				if (k == 1 && times % 2 == 0 && i < s[0].len && (state >> 50) % 20 > 0)
					text[1][i] = text[0][i];
			}
		}
		wrong += tally_compare(s[0], s[1]) != compare_bytes(s[0], s[1]);
	}
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(merged_tallies_add_up)
{
	struct tally *a = tally_new(), *b = tally_new();
	struct tally_entry *top;
	char text[32];
	size_t n;

	for (unsigned i = 0; i < 20000; i++) {
		tally_add(a, number(text, i), 1);
		tally_add(b, number(text, i + 10000), 2);
	}
	tally_merge(a, b);
	tally_free(b);
	ck_assert_uint_eq(tally_size(a), 30000);
	top = tally_top(a, 1, &n);
	ck_assert(str_eq(top[0].value, STR("value 10000")));
	ck_assert_uint_eq(top[0].count, 3);
	free(top);
	tally_free(a);
}
END_TEST

START_TEST(an_empty_tally_has_an_empty_top)
{
	struct tally *t = tally_new();
	size_t n = 1;

	free(tally_top(t, 10, &n));
	ck_assert_uint_eq(n, 0);
	tally_free(t);
	tally_free(NULL);
}
END_TEST

/* ---- histograms ---- */

static struct summary *
summary_of_times(int64_t bucket, int64_t first, int64_t step, size_t count)
{
	struct summary_options o = { .bucket = bucket };
	struct summary *s = summary_new(&o);

	for (size_t i = 0; i < count; i++)
		summary_add_time(s, first + (int64_t)i * step, i % 3 == 0);
	return s;
}

static void
check_histogram(const struct summary *s, size_t events, size_t max_buckets)
{
	int64_t bucket;
	size_t n;
	struct summary_bucket *h = summary_histogram(s, &bucket, &n);
	uint64_t count = 0, failed = 0;

	ck_assert_uint_le(n, max_buckets);
	ck_assert_int_le(h[0].start, s->first);
	ck_assert_int_gt(h[0].start + bucket, s->first);
	ck_assert_int_le(h[n - 1].start, s->last);
	ck_assert_int_gt(h[n - 1].start + bucket, s->last);
	for (size_t i = 0; i < n; i++) {
		ck_assert_int_eq(h[i].start % bucket, 0);
		ck_assert(i == 0 || h[i].start == h[i - 1].start + bucket);
		count += h[i].count;
		failed += h[i].failed;
	}
	ck_assert_uint_eq(count, events);
	ck_assert_uint_eq(failed, (events + 2) / 3);
	free(h);
}

START_TEST(any_span_fits_sixty_round_buckets)
{
	static const int64_t starts[] = { INT64_C(1776967200123456), 0, -5000000001, TIME_MIN };

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		for (int64_t step = 1; step < TIME_MAX / 1000 / 4; step = step * 3 + 1) {
			struct summary *s = summary_of_times(0, starts[i], step, 1000);

			check_histogram(s, 1000, 60);
			summary_free(s);
			s = summary_of_times(0, starts[i] + step * 999, -step, 1000);
			check_histogram(s, 1000, 60);
			summary_free(s);
		}
}
END_TEST

START_TEST(all_of_time_fits)
{
	struct summary_options o = { 0 };
	struct summary *s = summary_new(&o);

	summary_add_time(s, TIME_MIN, true);
	summary_add_time(s, TIME_MAX, false);
	summary_add_time(s, 0, false);
	check_histogram(s, 3, 60);
	summary_free(s);
}
END_TEST

START_TEST(a_span_gets_the_shortest_length_that_fits)
{
	static const struct {
		int64_t span, bucket;
	} cases[] = {
		{ 0, SECOND }, { 59 * SECOND, SECOND }, { 60 * SECOND, 5 * SECOND },
		{ HOUR, 5 * 60 * SECOND }, { 24 * HOUR, HOUR / 2 }, { 59 * HOUR, HOUR }, { 60 * HOUR, 3 * HOUR },
		{ 30 * TIME_DAY, 24 * HOUR }, { 365 * TIME_DAY, 7 * TIME_DAY },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct summary *s = summary_of_times(0, 0, cases[i].span, 2);
		int64_t bucket;
		size_t n;

		free(summary_histogram(s, &bucket, &n));
		ck_assert_int_eq(bucket, cases[i].bucket);
		summary_free(s);
	}
}
END_TEST

START_TEST(a_length_that_was_asked_for_is_used)
{
	struct summary *s = summary_of_times(7 * SECOND, 3 * SECOND, 7 * SECOND, 20000);
	struct summary_bucket *h;
	int64_t bucket;
	size_t n;

	h = summary_histogram(s, &bucket, &n);
	ck_assert_int_eq(bucket, 7 * SECOND);
	ck_assert_uint_eq(n, 20000);
	ck_assert_int_eq(h[19999].start, 7 * SECOND * 19999);
	ck_assert_uint_eq(h[19999].count, 1);
	free(h);
	summary_free(s);
}
END_TEST

START_TEST(a_length_far_too_short_is_refused_with_the_shortest_that_is_not)
{
	static const int64_t steps[] = { 365 * TIME_DAY, 1000 * TIME_DAY, 3 * TIME_DAY + 1 };

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct summary *s = summary_of_times(SECOND, -5, steps[i], 7);
		struct err e = ERR_NONE;
		int64_t shortest, bucket;
		const char *is;
		size_t n;

		ck_assert_int_eq(summary_check(s, &e), -1);
		ck_assert_int_eq(e.code, ERR_FAIL);
		ck_assert_ptr_nonnull(is = strstr(e.text, " is "));
		shortest = strtoll(is + 4, NULL, 10) * SECOND;
		summary_free(s);

		err_clear(&e);
		s = summary_of_times(shortest, -5, steps[i], 7);
		ck_assert_int_eq(summary_check(s, &e), 0);
		free(summary_histogram(s, &bucket, &n));
		ck_assert_int_eq(bucket, shortest);
		ck_assert_uint_le(n, 1 << 20);
		summary_free(s);

		s = summary_of_times(shortest - SECOND, -5, steps[i], 7);
		ck_assert_int_eq(summary_check(s, &e), shortest > SECOND ? -1 : 0);
		summary_free(s);
	}
}
END_TEST

START_TEST(a_tally_keeps_values_of_any_length)
{
	/* also about as long as a block of records */
	static const size_t length[] = { 0, 1, 7, 8, 9, 15, 16, 17, 100, 262119, 262120, 262121, 262127, 262128, 262144,
		700000 };
	enum { LENGTHS = sizeof(length) / sizeof(*length), ROUNDS = 40 };
	struct tally *t = tally_new();
	char *text = mem_alloc(700000);
	size_t place, n = 0;

	/* Twice, so that blocks of one round serve in another order in the next. */
	for (unsigned times = 0; times < 2; times++) {
		tally_reset(t);
		n = 0;
		for (unsigned i = 0; i < ROUNDS * LENGTHS; i++) {
			size_t len = length[(i * 7 + times * 3) % LENGTHS];

			memset(text, 'a' + (int)(i / LENGTHS) % 20, len);
			for (size_t k = 0; k < len && k < 2; k++)
				text[len - 1 - k] = (char)('A' + (int)(i / LENGTHS) / 20);
			place = tally_add(t, (struct str){ text, len }, 1);
			ck_assert(str_eq(tally_value(t, place), (struct str){ text, len }));
			n += place == n;
		}
		ck_assert_uint_eq(tally_size(t), n);
	}
	for (size_t i = 0; i < n; i++) {
		struct str value = tally_value(t, i);

		ck_assert(tally_find(t, value, &place));
		ck_assert_uint_eq(place, i);
		ck_assert(value.p[value.len] == '\0');
	}
	ck_assert(!tally_find(t, STR("another"), &place));
	free(text);
	tally_free(t);
}
END_TEST

START_TEST(a_tally_that_grows_too_large_says_so)
{
	struct tally *t = tally_new();
	struct err e = ERR_NONE;
	char text[32];
	size_t place;

	for (unsigned i = 0; tally_memory(t) <= TALLY_BYTES_MAX; i++) {
		ck_assert_int_eq(tally_check(t, &e), 0);
		ck_assert_uint_eq(tally_add(t, number(text, i), 1), i);
	}
	ck_assert_int_eq(tally_check(t, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert(tally_find(t, number(text, 77), &place));
	ck_assert_uint_eq(place, 77);
	ck_assert(str_eq(tally_value(t, 77), STR("value 77")));
	tally_reset(t);
	ck_assert_uint_eq(tally_size(t), 0);
	ck_assert(!tally_find(t, number(text, 77), &place));
	ck_assert_uint_eq(tally_add(t, number(text, 77), 1), 0);
	ck_assert(tally_find(t, number(text, 77), &place));
	tally_reset(t);
	ck_assert(!tally_find(t, number(text, 77), &place));
	tally_free(t);
}
END_TEST

START_TEST(histograms_of_other_grains_merge)
{
	static const int64_t steps[] = { 1, SECOND, HOUR, 100 * TIME_DAY };

	for (int bucket = 0; bucket < 2; bucket++)
		for (size_t i = 0; i < 4; i++)
			for (size_t j = 0; j < 4; j++) {
				struct summary *a = summary_of_times(bucket * SECOND, -5 * HOUR, steps[i], 99);
				struct summary *b = summary_of_times(bucket * SECOND, 77 * HOUR, steps[j], 99);

				summary_merge(a, b);
				summary_add_time(a, 77 * HOUR, true);
				check_histogram(a, 199, bucket ? 1 << 20 : 60);
				summary_free(a);
				summary_free(b);
			}
}
END_TEST

START_TEST(no_events_give_no_buckets)
{
	struct summary *s = summary_of_times(0, 0, 0, 0), *other = summary_of_times(0, 0, 0, 0);
	int64_t bucket;
	size_t n = 1;

	summary_merge(s, other);
	free(summary_histogram(s, &bucket, &n));
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(s->first, TIME_NONE);
	summary_free(s);
	summary_free(other);
	summary_free(NULL);
}
END_TEST

/* ---- events ---- */

static void
add_event(struct summary *s, int64_t time, const char *action, const char *outcome, const char *actor)
{
	struct event ev = { .present = 0 };

	event_set_time(&ev, FIELD_TIME, time);
	event_set(&ev, FIELD_ACTION, str_of(action));
	if (outcome != NULL)
		event_set(&ev, FIELD_OUTCOME, str_of(outcome));
	if (actor != NULL)
		event_set(&ev, FIELD_ACTOR_EMAIL, str_of(actor));
	summary_add(s, &ev);
}

START_TEST(a_summary_counts_outcomes_and_values)
{
	struct summary_options o = { .by = { SELECTOR(ACTION, "action"), SELECTOR(ACTOR_EMAIL, "actor_email"), SELECTOR(TIME, "time") }, .bys = 3 };
	struct summary *s = summary_new(&o);
	struct tally_entry *top;
	size_t n;

	add_event(s, 5, "login", "failure", "a@b");
	add_event(s, 2, "login", "success", NULL);
	add_event(s, 9, "read", "unknown", "a@b");
	add_event(s, 9, "read", NULL, "a@b");
	ck_assert_uint_eq(s->total, 4);
	ck_assert_uint_eq(s->success, 1);
	ck_assert_uint_eq(s->failure, 1);
	ck_assert_uint_eq(s->unknown, 2);
	ck_assert_int_eq(s->first, 2);
	ck_assert_int_eq(s->last, 9);
	ck_assert_uint_eq(tally_size(s->identities), 1);
	ck_assert_uint_eq(tally_size(s->resources), 0);
	top = tally_top(s->groups, 0, &n);
	ck_assert_uint_eq(n, 3);
	ck_assert(str_eq(top[0].value, STR("read\xff" "a@b\xff" "1970-01-01T00:00:00.000009Z")));
	ck_assert(str_eq(top[2].value, STR("login\xff" "a@b\xff" "1970-01-01T00:00:00.000005Z")));
	free(top);
	summary_free(s);
}
END_TEST

START_TEST(identity_and_resource_take_the_best_that_is_there)
{
	struct event ev = { .present = 0 };

	ck_assert_ptr_null(event_identity(&ev).p);
	ck_assert_ptr_null(event_resource(&ev).p);
	event_set(&ev, FIELD_ACTOR_NAME, STR("n"));
	event_set(&ev, FIELD_TARGET_NAME, STR("n"));
	ck_assert(str_eq(event_identity(&ev), STR("n")));
	ck_assert(str_eq(event_resource(&ev), STR("n")));
	event_set(&ev, FIELD_ACTOR_EMAIL, STR("e"));
	event_set(&ev, FIELD_TARGET_ID, STR("i"));
	ck_assert(str_eq(event_identity(&ev), STR("e")));
	ck_assert(str_eq(event_resource(&ev), STR("i")));
	event_set(&ev, FIELD_ACTOR_ID, STR("i"));
	event_set(&ev, FIELD_TARGET_PATH, STR("p"));
	ck_assert(str_eq(event_identity(&ev), STR("i")));
	ck_assert(str_eq(event_resource(&ev), STR("p")));
}
END_TEST

START_TEST(fields_name_what_a_summary_looks_at)
{
	struct summary_options o = { .by = { SELECTOR(HOST, "host") }, .bys = 1 };
	field_set fields = summary_fields(&o);

	ck_assert(fields & FIELD_BIT(FIELD_HOST));
	ck_assert(fields & FIELD_BIT(FIELD_TARGET_NAME));
	ck_assert(!(fields & FIELD_BIT(FIELD_CONTEXT)));
}
END_TEST

/* Times as of a segment, mostly in order: in one go, and one by one. */
START_TEST(times_of_rows_count_as_single_ones_do)
{
	enum { ROWS = 1000 };
	static const int64_t steps[] = { 0, SECOND / 10, SECOND, 40 * SECOND, HOUR, 24 * HOUR };
	static int64_t time[ROWS];
	uint64_t in[ROWS / 64 + 1], failed[ROWS / 64 + 1], state = 1;

	for (unsigned times = 0; times < 150; times++) {
		struct summary_options o = { .bucket = times % 3 == 0 ? 7 * HOUR : 0 };
		struct summary *a = summary_new(&o), *b = summary_new(&o);
		size_t n = times % 5 == 0 ? times % 130 : ROWS - times % 70;
		size_t na, nb;
		int64_t now = -3 * HOUR, bucket_a, bucket_b;

		for (unsigned round = 0; round < 3; round++) {
			memset(in, times % 2 ? 0xff : 0, sizeof(in));
			memset(failed, 0, sizeof(failed));
			for (size_t i = 0; i < n; i++) {
				state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
				now += steps[(times / 7 + round) % 6] * (int64_t)(state >> 60);
				time[i] = now - (state >> 50 & 63 ? 0 : (int64_t)(state >> 33) * 300);
				if (state >> 40 & 1)
					bitmap_add(in, i);
				if ((state >> 41 & 3) == 0)
					bitmap_add(failed, i);
			}
			summary_add_times(a, time, n, times % 4 ? in : NULL, failed);
			for (size_t i = 0; i < n; i++)
				if (times % 4 == 0 || bitmap_has(in, i))
					summary_add_time(b, time[i], bitmap_has(failed, i));
		}
		ck_assert_int_eq(a->first, b->first);
		ck_assert_int_eq(a->last, b->last);
		struct summary_bucket *ha = summary_histogram(a, &bucket_a, &na), *hb = summary_histogram(b, &bucket_b, &nb);
		ck_assert_int_eq(bucket_a, bucket_b);
		ck_assert_uint_eq(na, nb);
		ck_assert_int_eq(memcmp(ha, hb, na * sizeof(*ha)), 0);
		free(ha);
		free(hb);
		summary_free(a);
		summary_free(b);
	}
}
END_TEST

static Suite *
summary_suite(void)
{
	Suite *s = suite_create("event/summary");
	TCase *tc = tcase_create("summary");

	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_tally_counts_and_ranks_with_ties_by_value);
	tcase_add_test(tc, the_top_of_many_equals_the_head_of_all);
	tcase_add_test(tc, ties_are_in_the_order_of_bytes_but_for_the_gap);
	tcase_add_test(tc, merged_tallies_add_up);
	tcase_add_test(tc, an_empty_tally_has_an_empty_top);
	tcase_add_test(tc, any_span_fits_sixty_round_buckets);
	tcase_add_test(tc, all_of_time_fits);
	tcase_add_test(tc, a_span_gets_the_shortest_length_that_fits);
	tcase_add_test(tc, a_length_that_was_asked_for_is_used);
	tcase_add_test(tc, a_length_far_too_short_is_refused_with_the_shortest_that_is_not);
	tcase_add_test(tc, a_tally_keeps_values_of_any_length);
	tcase_add_test(tc, times_of_rows_count_as_single_ones_do);
	tcase_add_test(tc, a_tally_that_grows_too_large_says_so);
	tcase_add_test(tc, histograms_of_other_grains_merge);
	tcase_add_test(tc, no_events_give_no_buckets);
	tcase_add_test(tc, a_summary_counts_outcomes_and_values);
	tcase_add_test(tc, identity_and_resource_take_the_best_that_is_there);
	tcase_add_test(tc, fields_name_what_a_summary_looks_at);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(summary_suite)
