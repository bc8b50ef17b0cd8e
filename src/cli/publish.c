/*
 * publish: a checkpoint to where the configuration says, off this host if the
 * command sees to it.
 *
 * The command gets the note as a file of memory on its standard input, not a
 * pipe: one that does not read, or ends early, does no harm.  What it prints
 * goes to standard error, as standard output is for the note itself.
 */
#include "cli/keys.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/draft.h"
#include "base/mem.h"

#define COMMAND_SECONDS 60 /* then it is killed */
#define LOOK_EVERY 10000000L /* nanoseconds between looks whether it has ended */

/* A descriptor that reads the note from its beginning. */
static int
note_input(struct str note, struct err *e)
{
	int fd = memfd_create("checkpoint", MFD_CLOEXEC);

	if (fd < 0)
		return err_errno(e, "handing over the checkpoint");
	if (draft_write_all(fd, note.p, note.len) == 0 && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	err_errno(e, "handing over the checkpoint");
	close(fd);
	return -1;
}

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

/* Waits for it, no longer than COMMAND_SECONDS. */
static int
await(const char *name, pid_t pid, struct err *e)
{
	const struct timespec pause = { 0, LOOK_EVERY };
	int64_t end = time_steady() + COMMAND_SECONDS * TIME_SECOND;
	int status = 0, rc = 0;
	pid_t got;

	while ((got = waitpid(pid, &status, WNOHANG)) == 0 || (got < 0 && errno == EINTR)) {
		if (cli_interrupted())
			rc = err_set(e, ERR_FAIL, "%s: interrupted", name);
		else if (time_steady() >= end)
			rc = err_set(e, ERR_FAIL, "%s: did not end within %d s, killed", name, COMMAND_SECONDS);
		if (rc != 0) {
			kill(-pid, SIGKILL);
			while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
				;
			return -1;
		}
		nanosleep(&pause, NULL);
	}
	if (got < 0)
		return err_errno(e, "%s: waiting for it", name);
	if (WIFSIGNALED(status))
		return err_set(e, ERR_FAIL, "%s: was ended by signal %d (%s)", name, WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) != 0)
		return err_set(e, ERR_FAIL, "%s: ended with status %d", name, WEXITSTATUS(status));
	return 0;
}

static int
run_command(const struct str_list *command, struct str note, struct err *e)
{
	char **argv = mem_zero(command->n + 1, sizeof(*argv));
	int input = note_input(note, e), rc = -1;
	pid_t pid;

	memcpy(argv, command->item, command->n * sizeof(*argv));
	if (input >= 0 && start(argv, input, &pid, e) == 0)
		rc = await(argv[0], pid, e);
	if (input >= 0)
		close(input);
	free(argv);
	return rc;
}

/* Both are tried, whatever becomes of the first. */
int
keys_publish(const struct config *config, struct str note, struct err *e)
{
	int rc = 0;

	if (config->checkpoint_file && file_replace(config->checkpoint_file, 0644, note.p, note.len, e) != 0)
		rc = -1;
	if (config->checkpoint_command.n > 0 && run_command(&config->checkpoint_command, note, e) != 0)
		rc = -1;
	if (rc != 0)
		err_doing(e, "the checkpoint is signed and stored, but not published");
	return rc;
}
