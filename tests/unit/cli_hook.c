/* The command of a program that may start none itself. */
#include "cli/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/stream.h"
#include "base/time.h"
#include "cli/sandbox.h"
#include "unit.h"

#define PATIENCE (20 * TIME_SECOND)
#define LIMIT (30 * TIME_SECOND)

static char folder[] = "/tmp/audit-hook.XXXXXX", file[64];
static struct str_list command;
static struct hook h;
static struct hook_result r;
static struct err e;

static void
setup(void)
{
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/file", folder);
	h = (struct hook)HOOK_NONE;
	memset(&r, 0x5a, sizeof(r));
	err_clear(&e);
}

static void
teardown(void)
{
	hook_close(&h);
	str_list_fini(&command);
	command = (struct str_list){ 0 };
	unlink(file);
	rmdir(folder);
}

/* A line of shell, whose $0 is the file. */
static void
get_ready_within(const char *shell, int64_t limit)
{
	str_list_add(&command, "/bin/sh", 7);
	str_list_add(&command, "-c", 2);
	str_list_add(&command, shell, strlen(shell));
	str_list_add(&command, file, strlen(file));
	ck_assert_msg(hook_open(&h, &command, limit, HOOK_KEEP, &e) == 0, "%s", e.text);
}

static void
get_ready(const char *shell)
{
	get_ready_within(shell, LIMIT);
}

static void
runs(struct str text)
{
	ck_assert_msg(hook_run(&h, text, &r, &e) == 0, "%s", e.text);
}

static void
ends(enum hook_end end, int number)
{
	ck_assert_int_eq(r.end, end);
	ck_assert_int_eq(r.number, number);
}

static void
check_said(const char *wanted)
{
	ck_assert_uint_eq(r.said_len, strlen(wanted));
	ck_assert_mem_eq(r.said, wanted, r.said_len);
}

static void
check_file(const char *wanted)
{
	struct err why = ERR_NONE;
	size_t len;
	char *text = file_read(file, 1000, &len, &why);

	ck_assert_msg(text != NULL, "%s", why.text);
	ck_assert_str_eq(text, wanted);
	free(text);
}

static bool
is_there(void)
{
	return access(file, F_OK) == 0;
}

static bool
comes_to_be(bool (*what)(void))
{
	const struct timespec pause = { 0, 5000000 };
	int64_t end = time_steady() + PATIENCE;

	while (!what() && time_steady() < end)
		nanosleep(&pause, NULL);
	return what();
}

static pid_t started;

static bool
is_gone(void)
{
	return kill(started, 0) != 0;
}

/* The process whose number the command wrote into the file. */
static void
find_started(void)
{
	struct err why = ERR_NONE;
	size_t len;
	char *text;

	ck_assert(comes_to_be(is_there));
	ck_assert_ptr_nonnull(text = file_read(file, 100, &len, &why));
	started = (pid_t)atoi(text);
	free(text);
	ck_assert_int_gt(started, 1);
}

/* ---- Once ---- */

START_TEST(without_a_command_nothing_is_made)
{
	ck_assert_int_eq(hook_open(&h, &command, LIMIT, HOOK_KEEP, &e), 0);
	ck_assert(!hook_is_there(&h));
}
END_TEST

static void *
run_in_thread(void *failed)
{
	*(bool *)failed = hook_run(&h, STR("a note\n"), &r, &e) != 0 || hook_judge(&h, &r, &e) != 0;
	return NULL;
}

/* The process that restricts itself afterwards can start nothing, and yet. */
static int
run_restricted(void)
{
	struct sandbox s = { .profile = SANDBOX_WRITER };
	struct sandbox_state now;
	pthread_t thread;
	bool failed;

	if (sandbox_enter(&s, &now, &e) != 0)
		return -1;
	if (now.seccomp && (fork() >= 0 || open(file, O_WRONLY | O_CREAT, 0600) >= 0))
		return -1;
	run_in_thread(&failed);
	if (failed || pthread_create(&thread, NULL, run_in_thread, &failed) != 0)
		return -1;
	pthread_join(thread, NULL);
	hook_close(&h);
	return failed ? -1 : 0;
}

START_TEST(a_restricted_program_with_threads_has_its_command_run)
{
	pid_t pid;
	int status = -1;

	get_ready("cat >>\"$0\"; echo more >>\"$0\"");
	fflush(NULL);
	if ((pid = fork()) == 0)
		_exit(run_restricted() == 0 ? 0 : 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	check_file("a note\nmore\na note\nmore\n");
}
END_TEST

START_TEST(how_it_ended_comes_back)
{
	get_ready("echo out; echo err >&2; exit 7");
	runs(STR(""));
	ends(HOOK_EXITED, 7);
	check_said("out\nerr\n");
	ck_assert_int_ge(r.took, 0);
	ck_assert_int_lt(r.took, LIMIT);
	ck_assert_int_eq(hook_judge(&h, &r, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_str_eq(e.text, "/bin/sh: ended with status 7");
}
END_TEST

START_TEST(a_signal_is_told)
{
	get_ready("kill -9 $$");
	runs(STR(""));
	ends(HOOK_SIGNALLED, 9);
	ck_assert_int_eq(hook_judge(&h, &r, &e), -1);
	ck_assert_str_eq(e.text, "/bin/sh: was ended by signal 9 (Killed)");
}
END_TEST

START_TEST(a_program_that_is_not_there_is_told)
{
	str_list_add(&command, "/nonexistent/ship", 17);
	ck_assert_int_eq(hook_open(&h, &command, LIMIT, HOOK_KEEP, &e), 0);
	for (int i = 0; i < 3; i++) {
		runs(STR("text"));
		ends(HOOK_NOT_STARTED, ENOENT);
	}
	ck_assert_int_eq(hook_judge(&h, &r, &e), -1);
	ck_assert_str_eq(e.text, "/nonexistent/ship: No such file or directory");
}
END_TEST

START_TEST(what_it_prints_is_kept_to_a_limit)
{
	char wanted[HOOK_SAID_MAX];

	memset(wanted, 'x', sizeof(wanted));
	get_ready("head -c 300000 /dev/zero | tr '\\0' x; echo done >\"$0\"");
	runs(STR(""));
	ends(HOOK_EXITED, 0);
	ck_assert_uint_eq(r.said_len, sizeof(wanted));
	ck_assert_mem_eq(r.said, wanted, sizeof(wanted));
	check_file("done\n");
}
END_TEST

START_TEST(one_that_does_not_read_is_fine)
{
	size_t len = 1000000;
	char *text = calloc(1, len);

	ck_assert_ptr_nonnull(text);
	get_ready("exec <&-; exit 0");
	runs((struct str){ text, len });
	ends(HOOK_EXITED, 0);
	free(text);
}
END_TEST

/* ---- Again and again ---- */

START_TEST(a_text_of_any_length_and_none_is_handed_over)
{
	size_t len = HOOK_TEXT_MAX;
	char *text = malloc(len + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', len + 1);
	get_ready("wc -c");
	runs((struct str){ text, len });
	check_said("16777216\n");
	ck_assert_int_eq(hook_run(&h, (struct str){ text, len + 1 }, &r, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "longer than 16777216 bytes"));
	runs(STR(""));
	check_said("0\n");
	runs(STR("four"));
	check_said("4\n");
	free(text);
}
END_TEST

START_TEST(each_run_has_its_own_text_and_answer)
{
	char text[16], wanted[16];

	get_ready("read n; echo got $n; exit $((n % 7))");
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "%d\n", i);
		snprintf(wanted, sizeof(wanted), "got %d\n", i);
		runs(str_of(text));
		ends(HOOK_EXITED, i % 7);
		check_said(wanted);
	}
}
END_TEST

START_TEST(after_a_run_that_took_too_long_the_next_one_is_served)
{
	int64_t began = time_steady();

	get_ready_within("read n; echo $n; [ $n != slow ] || exec sleep 600", TIME_SECOND / 5);
	runs(STR("slow\n"));
	ends(HOOK_TIMED_OUT, 0);
	check_said("slow\n");
	ck_assert_int_ge(time_steady() - began, TIME_SECOND / 5);
	ck_assert_int_lt(time_steady() - began, PATIENCE);
	ck_assert_int_eq(hook_judge(&h, &r, &e), -1);
	ck_assert_str_eq(e.text, "/bin/sh: did not end within 0.2 s, killed");
	runs(STR("fast\n"));
	ends(HOOK_EXITED, 0);
	check_said("fast\n");
}
END_TEST

/* It has what the command prints open, and is not waited for. */
START_TEST(what_a_command_leaves_behind_ends_with_it)
{
	get_ready("sleep 600 & echo $! >\"$0\"");
	runs(STR(""));
	ends(HOOK_EXITED, 0);
	find_started();
	ck_assert(comes_to_be(is_gone));
}
END_TEST

static pid_t beside;

static bool
has_no_children(void)
{
	char line[96];
	FILE *f;
	bool none;

	snprintf(line, sizeof(line), "/proc/%d/task/%d/children", (int)beside, (int)beside);
	f = fopen(line, "r");
	none = f != NULL && fgets(line, sizeof(line), f) == NULL;
	if (f != NULL)
		fclose(f);
	return none;
}

START_TEST(ended_commands_do_not_pile_up)
{
	get_ready("exit 0");
	beside = h.pid;
	for (int i = 0; i < 20; i++)
		runs(STR("text"));
	ck_assert(has_no_children());
}
END_TEST

/* ---- When something ends ---- */

START_TEST(without_a_text_it_never_runs)
{
	get_ready("echo ran >\"$0\"");
	hook_close(&h);
	ck_assert(!is_there());
}
END_TEST

START_TEST(a_process_that_was_killed_is_told)
{
	get_ready("echo ran >\"$0\"");
	ck_assert_int_eq(kill(h.pid, SIGKILL), 0);
	ck_assert_int_eq(hook_run(&h, STR(""), &r, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "it is not known how it ended"));
	ck_assert(!is_there());
	ck_assert(!hook_is_there(&h));
}
END_TEST

/* Another process has the first one's pipe open as well. */
START_TEST(two_of_them_close_in_any_order)
{
	struct hook second;

	get_ready("cat");
	ck_assert_int_eq(hook_open(&second, &command, LIMIT, HOOK_KEEP, &e), 0);
	runs(STR("a"));
	hook_close(&h);
	ck_assert_int_eq(hook_run(&second, STR("b"), &r, &e), 0);
	check_said("b");
	hook_close(&second);
}
END_TEST

/* However the program ends, the command ends too. */
START_TEST(the_command_ends_with_the_program)
{
	pid_t pid = fork();

	if (pid == 0) {
		get_ready("echo $$ >\"$0.new\"; mv \"$0.new\" \"$0\"; exec sleep 600");
		hook_run(&h, STR(""), &r, &e);
		_exit(0);
	}
	find_started();
	ck_assert(!is_gone());
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert(comes_to_be(is_gone));
}
END_TEST

static Suite *
hook_suite(void)
{
	Suite *s = suite_create("hook");
	TCase *c = tcase_create("hook");

	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, without_a_command_nothing_is_made);
	tcase_add_test(c, a_restricted_program_with_threads_has_its_command_run);
	tcase_add_test(c, how_it_ended_comes_back);
	tcase_add_test(c, a_signal_is_told);
	tcase_add_test(c, a_program_that_is_not_there_is_told);
	tcase_add_test(c, what_it_prints_is_kept_to_a_limit);
	tcase_add_test(c, one_that_does_not_read_is_fine);
	tcase_add_test(c, a_text_of_any_length_and_none_is_handed_over);
	tcase_add_test(c, each_run_has_its_own_text_and_answer);
	tcase_add_test(c, after_a_run_that_took_too_long_the_next_one_is_served);
	tcase_add_test(c, what_a_command_leaves_behind_ends_with_it);
	tcase_add_test(c, ended_commands_do_not_pile_up);
	tcase_add_test(c, without_a_text_it_never_runs);
	tcase_add_test(c, a_process_that_was_killed_is_told);
	tcase_add_test(c, two_of_them_close_in_any_order);
	tcase_add_test(c, the_command_ends_with_the_program);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(hook_suite)
