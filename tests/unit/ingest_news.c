/* Who is told of what happens to files, names and pipes, and who sleeps. */
#include "ingest/news.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "unit.h"

#define AT_ONCE 10000 /* milliseconds; what has news does not wait for them */
#define NOTHING 20

static char folder[64], path[96], other[96];
static struct news *n;

static void
put(const char *name, const char *text)
{
	FILE *f = fopen(name, "a");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	fclose(f);
}

static void
setup(void)
{
	strcpy(folder, "/tmp/ingest_news.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a.jsonl", folder);
	snprintf(other, sizeof(other), "%s/b.jsonl", folder);
	n = news_new(3, true);
}

static void
teardown(void)
{
	char command[96];

	news_free(n);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

/* Who has news within ms: the number, or -1. */
static int
told(int ms)
{
	struct err e = ERR_NONE;
	size_t subject;

	ck_assert_msg(news_wait(n, ms, NULL, NULL, &e) == 0, "%s", e.text);
	return news_next(n, &subject) ? (int)subject : -1;
}

START_TEST(bytes_added_to_a_file_are_news)
{
	put(path, "x");
	ck_assert_int_ge(news_watch_file(n, 1, path), 0);
	ck_assert_int_eq(told(NOTHING), -1);
	put(path, "y");
	ck_assert_int_eq(told(AT_ONCE), 1);
	ck_assert_int_eq(told(NOTHING), -1);
	ck_assert_int_eq(truncate(path, 0), 0);
	ck_assert_int_eq(told(AT_ONCE), 1);
	ck_assert(!news_polls(n, 1));
}
END_TEST

START_TEST(a_renamed_file_is_watched_on)
{
	put(path, "x");
	news_watch_file(n, 1, path);
	ck_assert_int_eq(rename(path, other), 0);
	ck_assert_int_eq(told(AT_ONCE), 1);
	put(other, "y");
	ck_assert_int_eq(told(AT_ONCE), 1);
}
END_TEST

START_TEST(a_file_that_is_forgotten_is_quiet)
{
	int number;

	put(path, "x");
	number = news_watch_file(n, 1, path);
	ck_assert_int_eq(news_watch_file(n, 2, path), number);
	news_forget_file(n, 1, number);
	put(path, "y");
	ck_assert_int_eq(told(AT_ONCE), 2);
	ck_assert_int_eq(told(NOTHING), -1);
	news_forget_file(n, 2, number);
	put(path, "z");
	ck_assert_int_eq(told(NOTHING), -1);
}
END_TEST

START_TEST(a_name_that_appears_is_news_others_are_not)
{
	news_watch_name(n, 0, path);
	news_watch_name(n, 0, path);
	put(other, "x");
	ck_assert_int_eq(told(NOTHING), -1);
	put(path, "x");
	ck_assert_int_eq(told(AT_ONCE), 0);
	ck_assert_int_eq(rename(other, path), 0);
	ck_assert_int_eq(told(AT_ONCE), 0);
	ck_assert(!news_polls(n, 0));
}
END_TEST

START_TEST(a_folder_may_come_later_and_go)
{
	char between[96], deep[112], name[128];

	snprintf(between, sizeof(between), "%s/one", folder);
	snprintf(deep, sizeof(deep), "%s/two", between);
	snprintf(name, sizeof(name), "%s/a.jsonl", deep);
	for (int turn = 0; turn < 2; turn++) {
		if (turn == 0)
			news_watch_name(n, 2, name);
		ck_assert_int_eq(mkdir(between, 0700), 0);
		ck_assert_int_eq(told(AT_ONCE), 2);
		ck_assert_int_eq(mkdir(deep, 0700), 0);
		ck_assert_int_eq(told(AT_ONCE), 2);
		put(name, "x");
		ck_assert_int_eq(told(AT_ONCE), 2);
		ck_assert_int_eq(unlink(name), 0);
		ck_assert_int_eq(rmdir(deep), 0);
		ck_assert_int_eq(rmdir(between), 0);
		ck_assert_int_eq(told(AT_ONCE), 2);
		while (told(NOTHING) == 2)
			;
	}
	ck_assert(!news_polls(n, 2));
}
END_TEST

START_TEST(a_pipe_has_news_until_it_is_let_go)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	news_watch_pipe(n, 1, ends[0]);
	ck_assert_int_eq(told(NOTHING), -1);
	ck_assert_int_eq(write(ends[1], "x", 1), 1);
	ck_assert_int_eq(told(AT_ONCE), 1);
	ck_assert_int_eq(told(AT_ONCE), 1);
	news_watch_pipe(n, 1, -1);
	ck_assert_int_eq(told(NOTHING), -1);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(those_with_news_take_turns)
{
	size_t subject;

	news_tell(n, 2);
	news_tell(n, 0);
	news_tell(n, 2);
	ck_assert(news_next(n, &subject));
	ck_assert_uint_eq(subject, 2);
	news_tell(n, 2);
	ck_assert(news_next(n, &subject));
	ck_assert_uint_eq(subject, 0);
	ck_assert(news_next(n, &subject));
	ck_assert_uint_eq(subject, 2);
	ck_assert(!news_next(n, &subject));
}
END_TEST

START_TEST(without_the_kernel_all_are_looked_at)
{
	int64_t start = time_steady();

	news_free(n);
	n = news_new(3, false);
	news_watch_name(n, 0, path);
	ck_assert_int_eq(news_watch_file(n, 2, path), -1);
	ck_assert(news_polls(n, 0) && !news_polls(n, 1) && news_polls(n, 2));
	ck_assert_int_eq(told(-1), 0);
	ck_assert_int_eq(told(-1), 2);
	ck_assert_int_ge(time_steady() - start, TIME_SECOND / 10);
}
END_TEST

static volatile sig_atomic_t came;

static void
on_signal(int number)
{
	came = number;
}

static bool
raise_once(void *arg)
{
	bool *done = arg;

	if (*done)
		return true;
	*done = true;
	raise(SIGTERM);
	return came != 0;
}

START_TEST(a_signal_cannot_come_just_before_the_sleep)
{
	struct sigaction act = { .sa_handler = on_signal };
	struct err e = ERR_NONE;
	bool done = false;

	sigaction(SIGTERM, &act, NULL);
	ck_assert_int_eq(news_wait(n, -1, raise_once, &done, &e), 0);
	ck_assert_int_eq(came, SIGTERM);
	ck_assert_int_eq(news_wait(n, -1, raise_once, &done, &e), 0);
}
END_TEST

static Suite *
news_suite(void)
{
	Suite *s = suite_create("ingest/news");
	TCase *t = tcase_create("news");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, bytes_added_to_a_file_are_news);
	tcase_add_test(t, a_renamed_file_is_watched_on);
	tcase_add_test(t, a_file_that_is_forgotten_is_quiet);
	tcase_add_test(t, a_name_that_appears_is_news_others_are_not);
	tcase_add_test(t, a_folder_may_come_later_and_go);
	tcase_add_test(t, a_pipe_has_news_until_it_is_let_go);
	tcase_add_test(t, those_with_news_take_turns);
	tcase_add_test(t, without_the_kernel_all_are_looked_at);
	tcase_add_test(t, a_signal_cannot_come_just_before_the_sleep);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(news_suite)
