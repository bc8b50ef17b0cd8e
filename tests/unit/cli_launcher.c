/* The command of a program that may start none itself. */
#include "cli/launcher.h"

#include <fcntl.h>
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

static char folder[] = "/tmp/audit-launcher.XXXXXX", file[64];
static struct str_list command;
static struct launcher l;
static struct err e;

static void
setup(void)
{
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/file", folder);
	l = (struct launcher)LAUNCHER_NONE;
	err_clear(&e);
}

static void
teardown(void)
{
	launcher_close(&l);
	str_list_fini(&command);
	command = (struct str_list){ 0 };
	unlink(file);
	rmdir(folder);
}

/* A line of shell, whose $0 is the file. */
static void
get_ready(const char *shell)
{
	str_list_add(&command, "/bin/sh", 7);
	str_list_add(&command, "-c", 2);
	str_list_add(&command, shell, strlen(shell));
	str_list_add(&command, file, strlen(file));
	ck_assert_msg(launcher_open(&l, &command, &e) == 0, "%s", e.text);
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

START_TEST(without_a_command_nothing_is_made)
{
	ck_assert_int_eq(launcher_open(&l, &command, &e), 0);
	ck_assert_int_eq(l.pid, 0);
	ck_assert_int_eq(launcher_run(&l, STR("text"), &e), 0);
}
END_TEST

/* The process that restricts itself afterwards can start nothing, and yet. */
static int
run_restricted(void)
{
	struct sandbox s = { .profile = SANDBOX_WRITER };
	struct sandbox_state now;

	if (sandbox_enter(&s, &now, &e) != 0)
		return -1;
	if (now.seccomp && (fork() >= 0 || open(file, O_WRONLY | O_CREAT, 0600) >= 0))
		return -1;
	return launcher_run(&l, STR("a note\n"), &e);
}

START_TEST(a_restricted_program_has_its_command_run)
{
	pid_t pid;
	int status = -1;

	get_ready("cat >\"$0\"; echo more >>\"$0\"");
	fflush(NULL);
	if ((pid = fork()) == 0)
		_exit(run_restricted() == 0 ? 0 : 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	check_file("a note\nmore\n");
}
END_TEST

START_TEST(a_text_of_any_length_and_none_is_handed_over)
{
	size_t len = 1000000;
	char *text = malloc(len);

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', len);
	get_ready("wc -c >\"$0\"");
	ck_assert_int_eq(launcher_run(&l, (struct str){ text, len }, &e), 0);
	check_file("1000000\n");
	free(text);
	launcher_close(&l);
	ck_assert_int_eq(launcher_open(&l, &command, &e), 0);
	ck_assert_int_eq(launcher_run(&l, STR(""), &e), 0);
	check_file("0\n");
}
END_TEST

START_TEST(how_it_failed_comes_back)
{
	get_ready("exit 7");
	ck_assert_int_eq(launcher_run(&l, STR(""), &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_str_eq(e.text, "/bin/sh: ended with status 7");
}
END_TEST

START_TEST(without_a_text_it_never_runs)
{
	get_ready("echo ran >\"$0\"");
	launcher_close(&l);
	ck_assert(!is_there());
}
END_TEST

START_TEST(a_launcher_that_was_killed_is_told)
{
	get_ready("echo ran >\"$0\"");
	ck_assert_int_eq(kill(l.pid, SIGKILL), 0);
	ck_assert_int_eq(launcher_run(&l, STR(""), &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "it is not known how it ended"));
	ck_assert(!is_there());
}
END_TEST

static pid_t started;

static bool
is_gone(void)
{
	return kill(started, 0) != 0;
}

/* However the program ends, the command ends too. */
START_TEST(the_command_ends_with_the_program)
{
	struct err why = ERR_NONE;
	size_t len;
	char *text;
	pid_t pid = fork();

	if (pid == 0) {
		get_ready("echo $$ >\"$0.new\"; mv \"$0.new\" \"$0\"; exec sleep 600");
		launcher_run(&l, STR(""), &e);
		_exit(0);
	}
	ck_assert(comes_to_be(is_there));
	ck_assert_ptr_nonnull(text = file_read(file, 100, &len, &why));
	started = (pid_t)atoi(text);
	free(text);
	ck_assert_int_gt(started, 1);
	ck_assert(!is_gone());
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert(comes_to_be(is_gone));
}
END_TEST

static Suite *
launcher_suite(void)
{
	Suite *s = suite_create("launcher");
	TCase *c = tcase_create("launcher");

	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, without_a_command_nothing_is_made);
	tcase_add_test(c, a_restricted_program_has_its_command_run);
	tcase_add_test(c, a_text_of_any_length_and_none_is_handed_over);
	tcase_add_test(c, how_it_failed_comes_back);
	tcase_add_test(c, without_a_text_it_never_runs);
	tcase_add_test(c, a_launcher_that_was_killed_is_told);
	tcase_add_test(c, the_command_ends_with_the_program);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(launcher_suite)
