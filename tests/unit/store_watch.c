/*
 * Watching a store: a commit wakes the sleeper at once, nothing else does.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "store/store.h"
#include "made_record.h"
#include "unit.h"

static char folder[] = "/tmp/audit-watch-XXXXXX";
static char path[64], other[64];
static struct store *st;
static struct store_watch *watch;

static struct store *
open_store(const char *name, enum store_mode mode)
{
	struct err e = ERR_NONE;
	struct store *s = store_open(name, mode, &e);

	ck_assert_msg(s != NULL, "%s", e.text);
	return s;
}

static void
set_up(void)
{
	struct err e = ERR_NONE;

	strcpy(folder + sizeof("/tmp/audit-watch-") - 1, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/s.db", folder);
	snprintf(other, sizeof(other), "%s/t.db", folder);
	store_close(open_store(path, STORE_CREATE));
	st = open_store(path, STORE_READ);
	watch = store_watch_open(st, &e);
	ck_assert_msg(watch != NULL, "%s", e.text);
}

static void
tear_down(void)
{
	store_watch_close(watch);
	store_close(st);
	unlink(path);
	unlink(other);
	rmdir(folder);
}

static void
commit(const char *name)
{
	struct store *s = open_store(name, STORE_WRITE);
	struct event ev;
	struct err e = ERR_NONE;
	uint64_t seq;

	made_record(&ev, STR("record"), "a", 1776967200000000);
	ck_assert_msg(store_record(s, &ev, &seq, &e) == 0, "%s", e.text);
	store_close(s);
}

/* In another process, after a while. */
static pid_t
commit_later(const char *name, unsigned ms)
{
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child > 0)
		return child;
	usleep(ms * 1000);
	commit(name);
	_exit(0);
}

static int
wait_for(int64_t timeout)
{
	struct err e = ERR_NONE;
	int rc = store_watch_wait(watch, timeout, &e);

	ck_assert_msg(rc >= 0, "%s", e.text);
	return rc;
}

static uint64_t
seen(void)
{
	struct segment_info *list;
	struct store_view v;
	struct err e = ERR_NONE;
	size_t n;

	ck_assert_msg(store_view(st, &v, &list, &n, &e) == 0, "%s", e.text);
	free(list);
	return v.size;
}

START_TEST(a_commit_before_the_first_wait_is_told)
{
	commit(path);
	ck_assert_int_eq(wait_for(0), 1);
	ck_assert_int_eq(wait_for(0), 0);
}
END_TEST

START_TEST(a_commit_wakes_the_sleeper_at_once)
{
	for (uint64_t i = 1; i <= 5; i++) {
		pid_t child = commit_later(path, 30);
		int64_t start = time_steady();

		while (seen() < i)
			ck_assert_int_eq(wait_for(5 * TIME_SECOND), 1);
		ck_assert_int_lt(time_steady() - start, TIME_SECOND);
		waitpid(child, NULL, 0);
	}
}
END_TEST

START_TEST(nothing_wakes_it_when_nothing_happens)
{
	struct rusage before, after;
	int64_t start = time_steady();

	getrusage(RUSAGE_SELF, &before);
	ck_assert_int_eq(wait_for(TIME_SECOND / 2), 0);
	getrusage(RUSAGE_SELF, &after);
	ck_assert_int_ge(time_steady() - start, TIME_SECOND / 2);
	ck_assert_int_lt((after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1000000 + after.ru_utime.tv_usec -
	    before.ru_utime.tv_usec, 20000);
	ck_assert_int_le(after.ru_nvcsw - before.ru_nvcsw, 5);
}
END_TEST

START_TEST(another_store_in_the_folder_does_not_wake_it)
{
	store_close(open_store(other, STORE_CREATE));
	commit(other);
	ck_assert_int_eq(wait_for(TIME_SECOND / 5), 0);
}
END_TEST

START_TEST(a_store_put_in_its_place_is_told_and_watched)
{
	ck_assert(!store_watch_replaced(watch));
	store_close(open_store(other, STORE_CREATE));
	ck_assert_int_eq(rename(other, path), 0);
	ck_assert_int_eq(wait_for(TIME_SECOND), 1);
	ck_assert(store_watch_replaced(watch));
	while (wait_for(TIME_SECOND / 10) == 1)
		;
	commit(path);
	ck_assert_int_eq(wait_for(TIME_SECOND), 1);
}
END_TEST

START_TEST(a_store_removed_and_made_anew_is_watched)
{
	unlink(path);
	ck_assert_int_eq(wait_for(TIME_SECOND), 1);
	while (wait_for(TIME_SECOND / 10) == 1)
		;
	store_close(open_store(path, STORE_CREATE));
	ck_assert_int_eq(wait_for(TIME_SECOND), 1);
	while (wait_for(TIME_SECOND / 10) == 1)
		;
	commit(path);
	ck_assert_int_eq(wait_for(TIME_SECOND), 1);
}
END_TEST

static void
on_signal(int number)
{
	(void)number;
}

START_TEST(a_signal_ends_the_wait)
{
	struct sigaction action = { .sa_handler = on_signal };
	pid_t self = getpid(), child = fork();

	if (child == 0) {
		usleep(50000);
		kill(self, SIGUSR1);
		_exit(0);
	}
	sigaction(SIGUSR1, &action, NULL);
	ck_assert_int_eq(wait_for(5 * TIME_SECOND), 0);
	waitpid(child, NULL, 0);
}
END_TEST

/* Without file descriptors for inotify the store is looked at. */
START_TEST(without_the_kernels_help_it_looks)
{
	struct rlimit none = { 0, 0 }, before;
	struct err e = ERR_NONE;
	pid_t child;
	uint64_t size = seen();

	store_watch_close(watch);
	getrlimit(RLIMIT_NOFILE, &before);
	none.rlim_max = before.rlim_max;
	setrlimit(RLIMIT_NOFILE, &none);
	watch = store_watch_open(st, &e);
	setrlimit(RLIMIT_NOFILE, &before);
	ck_assert_msg(watch != NULL, "%s", e.text);
	ck_assert_int_eq(wait_for(TIME_SECOND / 4), 0);
	child = commit_later(path, 50);
	ck_assert_int_eq(wait_for(5 * TIME_SECOND), 1);
	ck_assert_uint_eq(seen(), size + 1);
	waitpid(child, NULL, 0);
}
END_TEST

static Suite *
watch_suite(void)
{
	Suite *s = suite_create("watch");
	TCase *t = tcase_create("watch");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, a_commit_before_the_first_wait_is_told);
	tcase_add_test(t, a_commit_wakes_the_sleeper_at_once);
	tcase_add_test(t, nothing_wakes_it_when_nothing_happens);
	tcase_add_test(t, another_store_in_the_folder_does_not_wake_it);
	tcase_add_test(t, a_store_put_in_its_place_is_told_and_watched);
	tcase_add_test(t, a_store_removed_and_made_anew_is_watched);
	tcase_add_test(t, a_signal_ends_the_wait);
	tcase_add_test(t, without_the_kernels_help_it_looks);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(watch_suite)
