/* waiting: feeds are taken by the first place that they may give. */
#include <stdlib.h>

#include "base/mem.h"
#include "query/waiting.h"
#include "unit.h"

static void
add(struct waiting *w, int64_t time)
{
	struct feed *s = mem_zero(1, sizeof(*s));

	s->bound.time = time;
	waiting_add(w, s);
}

static struct feed *
take(struct waiting *w, int64_t time)
{
	ck_assert_ptr_nonnull(waiting_first(w));
	ck_assert_int_eq(waiting_first(w)->bound.time, time);
	return waiting_take(w);
}

START_TEST(feeds_come_by_bound)
{
	static const int64_t in[] = { 3, 1, 4, 2 };
	struct waiting w = { .order = _i == 0 ? QUERY_OLDEST : QUERY_NEWEST };

	for (size_t i = 0; i < 4; i++)
		add(&w, in[i]);
	waiting_sort(&w);
	for (int64_t i = 1; i <= 4; i++)
		feed_free(take(&w, _i == 0 ? i : 5 - i));
	ck_assert_ptr_null(waiting_first(&w));
	waiting_fini(&w);
}
END_TEST

START_TEST(what_comes_back_waits_by_its_new_bound)
{
	struct waiting w = { .order = QUERY_OLDEST };
	struct feed *s;

	for (int64_t i = 1; i <= 5; i += 2)
		add(&w, i);
	waiting_sort(&w);
	s = take(&w, 1);
	s->bound.time = 4;
	waiting_return(&w, s);
	feed_free(take(&w, 3));
	/* New ones go among those that are left. */
	add(&w, 2);
	add(&w, 6);
	waiting_sort(&w);
	feed_free(take(&w, 2));
	s = take(&w, 4);
	s->bound.time = 9;
	waiting_return(&w, s);
	feed_free(take(&w, 5));
	feed_free(take(&w, 6));
	ck_assert_ptr_eq(take(&w, 9), s);
	waiting_return(&w, s);
	waiting_clear(&w); /* frees it */
	ck_assert_ptr_null(waiting_first(&w));
	waiting_fini(&w);
}
END_TEST

static Suite *
waiting_suite(void)
{
	Suite *s = suite_create("waiting");
	TCase *t = tcase_create("waiting");

	tcase_add_loop_test(t, feeds_come_by_bound, 0, 2);
	tcase_add_test(t, what_comes_back_waits_by_its_new_bound);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(waiting_suite)
