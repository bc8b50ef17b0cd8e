/* change: what becomes of each group between two summaries. */
#include "unit.h"

#include <string.h>

#include "event/change.h"

static struct summary *
new_side(void)
{
	struct summary_options by = { .bys = 1 };

	by.by[0] = selector_field(FIELD_ACTOR_ID);
	change_group(&by);
	return summary_new(&by);
}

static void
add_events(struct summary *s, const char *actor, unsigned ok, unsigned failed)
{
	struct event ev = { .present = 0 };

	event_set_time(&ev, FIELD_TIME, TIME_SECOND);
	event_set(&ev, FIELD_ACTOR_ID, str_of(actor));
	for (unsigned i = 0; i < ok + failed; i++) {
		event_set(&ev, FIELD_OUTCOME, i < ok ? STR("success") : STR("failure"));
		summary_add(s, &ev);
	}
}

/* One actor's events on both sides, of equal length. */
static struct change
one_change(unsigned before, unsigned before_failed, unsigned after, unsigned after_failed)
{
	struct summary *b = new_side(), *a = new_side();
	struct change *list, c;
	size_t n;

	add_events(b, "x", before - before_failed, before_failed);
	add_events(a, "x", after - after_failed, after_failed);
	list = change_list(b, 1, a, 1, &n);
	ck_assert_uint_eq(n, 1);
	c = list[0];
	ck_assert(str_eq(c.value, STR("x")));
	c.value = STR("");
	free(list);
	summary_free(b);
	summary_free(a);
	return c;
}

static void
becomes(enum change_kind kind, unsigned before, unsigned before_failed, unsigned after, unsigned after_failed)
{
	struct change c = one_change(before, before_failed, after, after_failed);

	ck_assert_msg(c.kind == kind, "%u/%u to %u/%u is %s, not %s", before_failed, before, after_failed, after,
	    change_names[c.kind], change_names[kind]);
	ck_assert_uint_eq(c.before, before);
	ck_assert_uint_eq(c.before_failed, before_failed);
	ck_assert_uint_eq(c.after, after);
	ck_assert_uint_eq(c.after_failed, after_failed);
}

START_TEST(each_kind_of_change_is_told)
{
	becomes(CHANGE_FAILING, 100, 0, 100, 30);
	becomes(CHANGE_FAILING, 100, 0, 20, 20); /* fewer, and all of them fail */
	becomes(CHANGE_RECOVERED, 100, 30, 100, 0);
	becomes(CHANGE_NEW, 0, 0, 20, 0);
	becomes(CHANGE_NEW, 0, 0, 20, 20);
	becomes(CHANGE_VANISHED, 20, 0, 0, 0);
	becomes(CHANGE_MORE, 20, 0, 60, 0);
	becomes(CHANGE_MORE, 20, 20, 60, 60); /* the same share fails */
	becomes(CHANGE_LESS, 60, 0, 20, 0);
}
END_TEST

START_TEST(what_chance_would_do_is_no_change)
{
	becomes(CHANGE_NONE, 100, 0, 100, 1);
	becomes(CHANGE_NONE, 100, 10, 110, 12);
	becomes(CHANGE_NONE, 0, 0, 5, 0); /* 2 / 2^5 = 0.063 */
	becomes(CHANGE_NEW, 0, 0, 6, 0);  /* 2 / 2^6 = 0.031 */
	becomes(CHANGE_NONE, 1, 1, 0, 0);
}
END_TEST

/* One of 0.031 is rare by itself; of sixteen groups that do not change, half
 * have one as small somewhere.  0.0005 is rare there too. */
START_TEST(among_many_groups_more_is_needed)
{
	struct summary *b = new_side(), *a = new_side();
	struct change *list;
	char name[] = "a";
	size_t n;

	for (; name[0] <= 'p'; name[0]++)
		add_events(b, name, 10, 0), add_events(a, name, 10, 0);
	add_events(a, "x", 6, 0);
	list = change_list(b, 1, a, 1, &n);
	ck_assert_uint_eq(n, 17);
	ck_assert(str_eq(list[0].value, STR("x")) && list[0].kind == CHANGE_NONE);
	free(list);
	add_events(a, "y", 12, 0);
	list = change_list(b, 1, a, 1, &n);
	ck_assert(str_eq(list[0].value, STR("y")) && list[0].kind == CHANGE_NEW);
	ck_assert(str_eq(list[1].value, STR("x")) && list[1].kind == CHANGE_NONE);
	free(list);
	/* With many that are new, one more is likely to be. */
	for (name[0] = 'A'; name[0] <= 'Z'; name[0]++)
		add_events(a, name, 12, 0);
	list = change_list(b, 1, a, 1, &n);
	ck_assert_uint_eq(n, 18 + 26);
	ck_assert(str_eq(list[27].value, STR("x")) && list[27].kind == CHANGE_NEW);
	free(list);
	summary_free(b);
	summary_free(a);
}
END_TEST

START_TEST(rates_are_compared_and_not_counts)
{
	struct summary *b = new_side(), *a = new_side();
	struct change c;

	add_events(b, "x", 100, 0);
	add_events(a, "x", 100, 0);
	c = change_total(b, 2, a, 2);
	ck_assert_int_eq(c.kind, CHANGE_NONE);
	c = change_total(b, 10, a, 1);
	ck_assert_int_eq(c.kind, CHANGE_MORE);
	ck_assert(change_ratio(&c, 10, 1) == 10);
	c = change_total(b, 1, a, 10);
	ck_assert_int_eq(c.kind, CHANGE_LESS);
	summary_free(b);
	summary_free(a);
}
END_TEST

START_TEST(what_matters_most_comes_first)
{
	static const char *const order[] = { "f", "n", "v", "m", "m2", "l", "r", "o2", "o1", "o3" };
	struct summary *b = new_side(), *a = new_side();
	struct change *list;
	size_t n;

	add_events(b, "f", 100, 0), add_events(a, "f", 50, 50);
	add_events(a, "n", 30, 0);
	add_events(b, "v", 30, 0);
	add_events(b, "m", 10, 0), add_events(a, "m", 90, 0);
	add_events(b, "m2", 10, 0), add_events(a, "m2", 40, 0);
	add_events(b, "l", 90, 0), add_events(a, "l", 10, 0);
	add_events(b, "r", 50, 50), add_events(a, "r", 100, 0);
	add_events(b, "o1", 5, 0), add_events(a, "o1", 6, 0);
	add_events(b, "o2", 1, 0), add_events(a, "o2", 4, 0);
	add_events(b, "o3", 5, 0), add_events(a, "o3", 5, 0);
	list = change_list(b, 1, a, 1, &n);
	ck_assert_uint_eq(n, sizeof(order) / sizeof(order[0]));
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(str_eq(list[i].value, str_of(order[i])), "%zu: %.*s", i, (int)list[i].value.len, list[i].value.p);
	free(list);
	summary_free(b);
	summary_free(a);
}
END_TEST

START_TEST(nothing_on_both_sides_is_no_change)
{
	struct summary *b = new_side(), *a = new_side();
	struct change *list, c = change_total(b, 1, a, 1);
	size_t n;

	list = change_list(b, 1, a, 1, &n);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(c.kind, CHANGE_NONE);
	ck_assert(c.p == 1 && c.failed_p == 1 && change_ratio(&c, 1, 1) == 0);
	free(list);
	summary_free(b);
	summary_free(a);
}
END_TEST

static Suite *
change_suite(void)
{
	Suite *s = suite_create("event/change");
	TCase *tc = tcase_create("change");

	tcase_add_test(tc, each_kind_of_change_is_told);
	tcase_add_test(tc, what_chance_would_do_is_no_change);
	tcase_add_test(tc, among_many_groups_more_is_needed);
	tcase_add_test(tc, rates_are_compared_and_not_counts);
	tcase_add_test(tc, what_matters_most_comes_first);
	tcase_add_test(tc, nothing_on_both_sides_is_no_change);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(change_suite)
