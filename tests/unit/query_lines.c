/*
 * Lines of files: sorted, the best of them, or as they come; faulty lines are
 * counted.
 */
#include "query_store.h"

#include "base/mem.h"

#define LINES 5000
#define FAULTY 3 /* at the end of each file */

static char folder[] = "/tmp/audit-lines-XXXXXX";
static char first[64], second[64];
static int64_t time_of[2 * LINES + FAULTY + 1]; /* by number of the line */

static uint32_t dice;

static void
write_file(char *path, const char *name, unsigned start)
{
	FILE *f;

	snprintf(path, sizeof(first), "%s/%s", folder, name);
	ck_assert_ptr_nonnull(f = fopen(path, "w"));
	for (unsigned i = start; i < start + LINES; i++) {
		dice = dice * 1664525u + 1013904223u;
		unsigned second_of_hour = dice >> 21; /* below 2048: many are equal */

		time_of[i] = (int64_t)second_of_hour * TIME_SECOND;
		fprintf(f, "{\"time\":\"1970-01-01T00:%02u:%02uZ\",\"action\":\"%s\",\"status\":%u}\n",
		    second_of_hour / 60, second_of_hour % 60, i % 10 ? "usual" : "tenth", i);
	}
	fputs("no event\n{\"action\":\"x\"}\n\n[]\n", f);
	fclose(f);
}

static void
begin(void)
{
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	dice = 7;
	write_file(first, "a", 0);
	write_file(second, "b", LINES + FAULTY + 1);
}

static void
end(void)
{
	unlink(first);
	unlink(second);
	rmdir(folder);
}

static enum query_order sorting;

static int
by_place(const void *x, const void *y)
{
	unsigned a = *(const unsigned *)x, b = *(const unsigned *)y;
	int rc = (a > b) - (a < b);

	if (sorting != QUERY_ARRIVAL && time_of[a] != time_of[b])
		rc = (time_of[a] > time_of[b]) - (time_of[a] < time_of[b]);
	return sorting == QUERY_NEWEST ? -rc : rc;
}

static void
compare(const struct filter *f, unsigned step, enum query_order order, uint64_t limit)
{
	const char *const paths[] = { first, second };
	struct query_options o = { .filter = f, .order = order, .limit = limit };
	unsigned *want = mem_alloc(2 * LINES * sizeof(*want));
	const struct event *ev;
	struct err e = ERR_NONE;
	struct query_stats s;
	struct query_faulty faulty;
	uint64_t seq;
	struct query *q = query_open_lines(paths, 2, &o, &faulty, &e);
	size_t n = 0;

	ck_assert_msg(q != NULL, "%s", e.text);
	for (unsigned file = 0; file < 2; file++)
		for (unsigned i = file * (LINES + FAULTY + 1); i < file * (LINES + FAULTY + 1) + LINES; i++)
			if (i % step == 0)
				want[n++] = i;
	sorting = order;
	qsort(want, n, sizeof(*want), by_place);
	if (limit > 0 && limit < n)
		n = (size_t)limit;
	for (size_t i = 0; i < n; i++) {
		char status[12];

		ck_assert_int_eq(query_next(q, &ev, &seq, &e), 1);
		ck_assert_uint_eq(seq, want[i]);
		snprintf(status, sizeof(status), "%u", want[i]);
		ck_assert(str_eq(ev->v[FIELD_STATUS], str_of(status)));
	}
	ck_assert_int_eq(query_next(q, &ev, &seq, &e), 0);
	query_stats(q, &s);
	ck_assert_uint_eq(s.matched, n);
	if (order != QUERY_ARRIVAL || limit == 0) {
		ck_assert_uint_eq(faulty.lines, 2 * FAULTY);
		ck_assert_str_eq(faulty.path, first);
		ck_assert_uint_eq(faulty.line, LINES + 1);
		ck_assert_int_eq(faulty.fault, EVENT_NOT_JSON);
		ck_assert_uint_eq(s.rows_examined, 2 * (LINES + FAULTY));
	}
	query_close(q);
	free(want);
}

START_TEST(files_are_sorted_or_given_as_they_come)
{
	static const uint64_t limits[] = { 0, 1, 100, LINES, 3 * LINES };
	struct filter_args args = { 0 };
	struct err e = ERR_NONE;
	struct filter *every = filter_all(), *tenth;

	str_list_add(&args.action, "tenth", 5);
	tenth = filter_build(&args, 0, &e);
	ck_assert_msg(tenth != NULL, "%s", e.text);
	filter_args_fini(&args);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		compare(every, 1, (enum query_order)_i, limits[i]);
		compare(tenth, 10, (enum query_order)_i, limits[i]);
	}
	filter_free(every);
	filter_free(tenth);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_an_error)
{
	const char *const paths[] = { "/nonexistent/file" };
	struct query_options o = { .filter = filter_all(), .order = (enum query_order)_i };
	const struct event *ev;
	struct err e = ERR_NONE;
	struct query_faulty faulty;
	uint64_t seq;
	struct query *q = query_open_lines(paths, 1, &o, &faulty, &e);

	if (_i == QUERY_ARRIVAL)
		ck_assert_int_eq(query_next(q, &ev, &seq, &e), -1);
	else
		ck_assert_ptr_null(q);
	ck_assert_int_eq(e.code, ERR_FAIL);
	query_close(q);
	filter_free((struct filter *)(uintptr_t)o.filter);
}
END_TEST

static Suite *
lines_suite(void)
{
	Suite *s = suite_create("query_lines");
	TCase *t = tcase_create("lines");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_loop_test(t, files_are_sorted_or_given_as_they_come, QUERY_NEWEST, QUERY_ARRIVAL + 1);
	tcase_add_loop_test(t, a_file_that_is_not_there_is_an_error, QUERY_NEWEST, QUERY_ARRIVAL + 1);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(lines_suite)
