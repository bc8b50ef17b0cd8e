/* grid: cells in columns, safe, and no wider than the terminal if it can be. */
#include "unit.h"

#include "base/time.h"
#include "render/grid.h"

static const struct grid_column columns[] = {
	{ "NAME", false, 6 }, { "N", true, 0 }, { "WHY", false, 5 },
};

static void
row(struct grid *g, const char *name, int n, const char *why)
{
	grid_cell(g, str_of(name));
	grid_printf(g, "%d", n);
	grid_cell(g, str_of(why));
}

static void
prints(const struct grid *g, unsigned width, const char *wanted)
{
	struct buf out = { 0 };

	grid_print(g, &out, width, false);
	ck_assert_msg(str_eq(buf_view(&out), str_of(wanted)), "%.*s", (int)out.len, out.p);
	buf_fini(&out);
}

START_TEST(columns_are_as_wide_as_they_must_be)
{
	struct grid g = GRID(columns);

	prints(&g, 0, "NAME  N  WHY\n");
	row(&g, "alpha", 5, "because");
	row(&g, "b", 1234, "");
	row(&g, "\xc3\xa4\xc3\xb6", 1, "x");
	prints(&g, 0,
	    "NAME      N  WHY\n"
	    "alpha     5  because\n"
	    "b      1234\n"
	    "\xc3\xa4\xc3\xb6        1  x\n");
	grid_fini(&g);
}
END_TEST

START_TEST(a_narrow_terminal_takes_from_the_last_column_first)
{
	struct grid g = GRID(columns);

	row(&g, "alphabet soup", 5, "because it is");
	prints(&g, 27, "NAME           N  WHY\nalphabet soup  5  because \xe2\x80\xa6\n");
	prints(&g, 20, "NAME        N  WHY\nalphabet \xe2\x80\xa6  5  beca\xe2\x80\xa6\n");
	/* When all are as narrow as they should be, down to four columns ... */
	prints(&g, 15, "NAME    N  WHY\nalpha\xe2\x80\xa6  5  bec\xe2\x80\xa6\n");
	/* ... and no further. */
	prints(&g, 5, "NAME  N  WHY\nalp\xe2\x80\xa6  5  bec\xe2\x80\xa6\n");
	grid_fini(&g);
}
END_TEST

START_TEST(no_cell_steers_the_terminal)
{
	struct grid g = GRID(columns);

	row(&g, "a\x1b[31m\n\xe2\x80\xae", 1, "\xff");
	prints(&g, 0, "NAME               N  WHY\na\\x1b[31m\\n\\u202e  1  \\xff\n");
	grid_fini(&g);
}
END_TEST

static void
sizes(uint64_t bytes, const char *wanted)
{
	static const struct grid_column one[] = { { "", false, 0 } };
	struct grid g = GRID(one);
	struct buf line = { 0 };

	buf_printf(&line, "\n%s\n%c", wanted, '\0');
	grid_size(&g, bytes);
	prints(&g, 0, line.p);
	buf_fini(&line);
	grid_fini(&g);
}

START_TEST(sizes_have_two_digits_or_more)
{
	sizes(0, "0 B");
	sizes(999, "999 B");
	sizes(1000, "1.0 kB");
	sizes(9949, "9.9 kB");
	sizes(9960, "10 kB");
	sizes(999499, "999 kB");
	sizes(999600, "1.0 MB");
	sizes(3765000000, "3.8 GB");
	sizes(UINT64_MAX, "18 EB");
}
END_TEST

START_TEST(a_day_is_that_of_the_zone_and_none_is_a_dash)
{
	static const struct grid_column two[] = { { "A", false, 0 }, { "B", false, 0 } };
	struct grid g = GRID(two);

	grid_day(&g, INT64_C(1776816000) * TIME_SECOND);
	grid_day(&g, TIME_NONE);
	prints(&g, 0, "A           B\n2026-04-22  -\n");
	grid_fini(&g);
}
END_TEST

static Suite *
grid_suite(void)
{
	Suite *s = suite_create("render/grid");
	TCase *t = tcase_create("grid");

	setenv("TZ", "UTC", 1);
	tcase_add_test(t, columns_are_as_wide_as_they_must_be);
	tcase_add_test(t, a_narrow_terminal_takes_from_the_last_column_first);
	tcase_add_test(t, no_cell_steers_the_terminal);
	tcase_add_test(t, sizes_have_two_digits_or_more);
	tcase_add_test(t, a_day_is_that_of_the_zone_and_none_is_a_dash);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(grid_suite)
