/*
 * launcher: the process beside the program, and the command.
 *
 * The command gets the text as a file of memory, not a pipe: one that does not
 * read, or ends early, does no harm.  What it prints goes to standard error.
 *
 *	program               launcher            command
 *	text into the file
 *	a byte on go     ->   starts it      ->   reads the file
 *	                 <-   struct err     <-   ends
 *
 * Whatever ends the program closes go: the launcher then ends the command.
 */
#include "cli/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/draft.h"
#include "base/mem.h"
#include "base/time.h"
#include "cli/cli.h"

#define COMMAND_SECONDS 60 /* then it is killed */
#define LOOK_EVERY 10 /* milliseconds between looks whether it has ended */
#define INTERRUPTED_EVERY 100 /* and whether the program was interrupted just before it waits */

static void
close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- In the launcher ---- */

/* In a group of its own, so that what it starts can be killed with it, with
 * signals as any program expects them. */
static int
start(char *const argv[], int input, pid_t *pid, struct err *e)
{
	extern char **environ;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr,
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	rc = posix_spawn(pid, argv[0], &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	if (rc == 0)
		return 0;
	errno = rc;
	return err_errno(e, "%s", argv[0]);
}

/* Whether the program has closed its end, looked for a while. */
static bool
is_left(int go)
{
	struct pollfd p = { .fd = go };

	return poll(&p, 1, LOOK_EVERY) > 0;
}

static int
judge(const char *name, int status, struct err *e)
{
	if (WIFSIGNALED(status))
		return err_set(e, ERR_FAIL, "%s: was ended by signal %d (%s)", name, WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) != 0)
		return err_set(e, ERR_FAIL, "%s: ended with status %d", name, WEXITSTATUS(status));
	return 0;
}

/* Waits for it, no longer than COMMAND_SECONDS, and than the program is there. */
static int
await(const char *name, pid_t pid, int go, struct err *e)
{
	int64_t end = time_steady() + COMMAND_SECONDS * TIME_SECOND;
	int status = 0, rc = 0;
	pid_t got;

	while ((got = waitpid(pid, &status, WNOHANG)) == 0 || (got < 0 && errno == EINTR)) {
		if (is_left(go))
			rc = err_set(e, ERR_FAIL, "%s: interrupted", name);
		else if (time_steady() >= end)
			rc = err_set(e, ERR_FAIL, "%s: did not end within %d s, killed", name, COMMAND_SECONDS);
		if (rc != 0) {
			kill(-pid, SIGKILL);
			while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
				;
			return -1;
		}
	}
	return got < 0 ? err_errno(e, "%s: waiting for it", name) : judge(name, status, e);
}

static ssize_t
read_whole(int fd, void *p, size_t n)
{
	ssize_t got;

	do
		got = read(fd, p, n);
	while (got < 0 && errno == EINTR);
	return got;
}

/* Signals are for the program, which says what is to be done. */
static void
launch(const struct launcher *l, const struct str_list *command, int answer)
{
	char **argv = mem_zero(command->n + 1, sizeof(*argv));
	struct err e = ERR_NONE;
	char byte;
	pid_t pid;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	memcpy(argv, command->item, command->n * sizeof(*argv));
	if (read_whole(l->go[0], &byte, 1) != 1)
		return;
	if (lseek(l->text, 0, SEEK_SET) != 0)
		err_errno(&e, "%s: its input", argv[0]);
	else if (start(argv, l->text, &pid, &e) == 0)
		await(argv[0], pid, l->go[0], &e);
	draft_write_all(answer, &e, sizeof(e));
}

/* ---- In the program ---- */

int
launcher_open(struct launcher *l, const struct str_list *command, struct err *e)
{
	int answer[2] = { -1, -1 };

	*l = (struct launcher)LAUNCHER_NONE;
	if (command->n == 0)
		return 0;
	l->name = command->item[0];
	if ((l->text = memfd_create("launcher", MFD_CLOEXEC)) < 0 || pipe2(l->go, O_CLOEXEC) != 0 ||
	    pipe2(answer, O_CLOEXEC) != 0 || (l->pid = fork()) < 0) {
		err_errno(e, "%s: getting ready to start it", l->name);
		l->pid = 0;
	} else if (l->pid == 0) {
		close(l->go[1]);
		close(answer[0]);
		launch(l, command, answer[1]);
		_exit(0);
	}
	close_one(&answer[1]);
	l->answer = answer[0];
	return l->pid > 0 ? 0 : -1;
}

/* Our end of go that is read stays open, so that writing never raises SIGPIPE. */
static int
ask(struct launcher *l, struct str text, struct err *e)
{
	if (draft_write_all(l->text, text.p, text.len) == 0 && draft_write_all(l->go[1], "g", 1) == 0)
		return 0;
	return err_errno(e, "%s: handing over its input", l->name);
}

int
launcher_run(struct launcher *l, struct str text, struct err *e)
{
	struct pollfd p = { .fd = l->answer, .events = POLLIN };
	struct err why = ERR_NONE;

	if (l->pid == 0)
		return 0;
	if (ask(l, text, e) != 0)
		return -1;
	while (!cli_interrupted() && poll(&p, 1, INTERRUPTED_EVERY) <= 0)
		;
	if (cli_interrupted())
		return err_set(e, ERR_FAIL, "%s: interrupted", l->name);
	if (read_whole(l->answer, &why, sizeof(why)) != (ssize_t)sizeof(why))
		return err_set(e, ERR_FAIL, "%s: it is not known how it ended", l->name);
	return why.code == ERR_OK ? 0 : err_set(e, why.code, "%s", why.text);
}

void
launcher_close(struct launcher *l)
{
	close_one(&l->go[1]);
	while (l->pid > 0 && waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close_one(&l->go[0]);
	close_one(&l->answer);
	close_one(&l->text);
	l->pid = 0;
}
