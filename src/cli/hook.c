/*
 * hook: the process beside the program, and the command.
 *
 *	program               beside it           command
 *	text into the file
 *	its length on go ->   copies the text
 *	                      starts it      ->   reads the copy
 *	                 <-   hook_result    <-   ends
 *
 * The command gets the text as a file of memory, not a pipe: one that does not
 * read, or ends early, does no harm.  Each run has a file of its own, so that
 * a process that outlives its run cannot touch the next text.
 *
 * Whatever ends the program closes go: the command is ended then.
 */
#include "cli/hook.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/draft.h"
#include "base/mem.h"
#include "base/time.h"
#include "cli/cli.h"

#define LOOK_EVERY 100 /* milliseconds between looks whether the program was interrupted */
#define PATIENCE (5 * TIME_SECOND) /* beyond the limit: for a process that should have killed it */
#define NO_MORE SIZE_MAX /* in the place of a length */

/* What go carries, and answer: both short enough to arrive in one piece. */
struct order {
	size_t len; /* of the text */
};

struct reply {
	uint64_t run;
	struct hook_result result;
};

static_assert(sizeof(struct reply) <= PIPE_BUF, "a reply is written at once or not at all");

static void
close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
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

/* ---- Beside the program ---- */

/* A run: its files, and what is watched. */
struct run {
	char *const *argv;
	int64_t limit;
	int go, ended;  /* a word from the program; SIGCHLD */
	int input;      /* its text */
	int said, tell; /* what it prints: where we read, where it writes */
	pid_t pid;
	struct hook_result *result;
};

/* In a group of its own, so that what it starts can be killed with it, with
 * signals as any program expects them.  Returns an errno. */
static int
start(struct run *r)
{
	extern char **environ;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int rc, tell = r->tell >= 0 ? r->tell : STDERR_FILENO;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_adddup2(&files, r->input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, tell, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, tell, STDERR_FILENO);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr,
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	rc = posix_spawn(&r->pid, r->argv[0], &files, &attr, r->argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

/* Takes what there is of what it prints, without waiting: the beginning is kept. */
static void
listen_to(struct run *r)
{
	char piece[4096];
	struct hook_result *to = r->result;
	ssize_t got = read_whole(r->said, piece, sizeof(piece));
	size_t room = sizeof(to->said) - to->said_len;

	if (got > 0) {
		memcpy(to->said + to->said_len, piece, (size_t)got < room ? (size_t)got : room);
		to->said_len += (size_t)got < room ? (size_t)got : room;
	} else if (got == 0 || errno != EAGAIN) {
		close_one(&r->said);
	}
}

/* Its end without reaping it: the number of its group is not given away before
 * what is left in the group is killed. */
static bool
has_ended(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == pid;
}

static void
reap(struct run *r)
{
	int status = 0;

	kill(-r->pid, SIGKILL);
	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r->said >= 0)
		listen_to(r);
	if (r->result->end == HOOK_TIMED_OUT)
		return;
	r->result->end = WIFSIGNALED(status) ? HOOK_SIGNALLED : HOOK_EXITED;
	r->result->number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

/* Until it ends, no longer than the limit and than the program is there.
 * false: the program is gone, or has left. */
static bool
await(struct run *r)
{
	int64_t began = time_steady(), left;
	bool heard = true;

	for (;;) {
		struct pollfd watched[] = {
			{ .fd = r->go, .events = POLLIN }, { .fd = r->ended, .events = POLLIN },
			{ .fd = r->said, .events = POLLIN },
		};
		struct signalfd_siginfo child;

		if (has_ended(r->pid))
			break;
		left = began + r->limit - time_steady();
		if (left <= 0) {
			r->result->end = HOOK_TIMED_OUT;
			break;
		}
		left = left / 1000 + 1;
		if (poll(watched, 3, left > INT32_MAX ? INT32_MAX : (int)left) <= 0)
			continue;
		if (watched[0].revents != 0) {
			heard = false;
			break;
		}
		if (watched[1].revents != 0)
			(void)read_whole(r->ended, &child, sizeof(child));
		if (watched[2].revents != 0)
			listen_to(r);
	}
	reap(r);
	r->result->took = time_steady() - began;
	return heard;
}

/* The text as a file of its own; the other one is empty afterwards. */
static int
copy_text(int text, size_t len)
{
	int copy = memfd_create("hook", MFD_CLOEXEC);
	off_t at = 0;

	while (copy >= 0 && (size_t)at < len)
		if (sendfile(copy, text, &at, len - (size_t)at) <= 0)
			close_one(&copy);
	if (copy >= 0 && (lseek(copy, 0, SEEK_SET) != 0 || ftruncate(text, 0) != 0))
		close_one(&copy);
	return copy;
}

static bool
run_one(struct run *r, int text, size_t len, enum hook_output output)
{
	int pipe_fd[2] = { -1, -1 }, rc;
	bool heard = true;

	*r->result = (struct hook_result){ .end = HOOK_NOT_STARTED };
	errno = 0;
	r->input = copy_text(text, len);
	if (r->input < 0 || (output == HOOK_KEEP && pipe2(pipe_fd, O_CLOEXEC) != 0)) {
		r->result->number = errno != 0 ? errno : EIO;
		close_one(&r->input);
		return true;
	}
	r->said = pipe_fd[0];
	r->tell = pipe_fd[1];
	if (r->said >= 0)
		(void)fcntl(r->said, F_SETFL, O_NONBLOCK);
	rc = start(r);
	close_one(&r->tell);
	close_one(&r->input);
	if (rc == 0)
		heard = await(r);
	else
		r->result->number = rc;
	close_one(&r->said);
	return heard;
}

/* Signals are for the program, which says what is to be done. */
static void
serve(const struct hook *h, const struct str_list *command, enum hook_output output, int answer)
{
	static const int programs[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGUSR1 };
	char **argv = mem_zero(command->n + 1, sizeof(*argv));
	struct reply reply = { 0 };
	struct run r = { .argv = argv, .limit = h->limit, .go = h->go[0], .said = -1, .tell = -1,
		.result = &reply.result };
	struct order order;
	sigset_t child;

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		signal(programs[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* ignored, it would take the ends away */
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	memcpy(argv, command->item, command->n * sizeof(*argv));
	r.ended = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	while (r.ended >= 0 && read_whole(h->go[0], &order, sizeof(order)) == (ssize_t)sizeof(order) &&
	    order.len != NO_MORE && run_one(&r, h->text, order.len, output)) {
		reply.run++;
		if (draft_write_all(answer, &reply, sizeof(reply)) != 0)
			break;
	}
	free(argv);
}

/* ---- In the program ---- */

int
hook_open(struct hook *h, const struct str_list *command, int64_t limit, enum hook_output output, struct err *e)
{
	int answer[2] = { -1, -1 };

	*h = (struct hook)HOOK_NONE;
	if (command->n == 0)
		return 0;
	h->name = command->item[0];
	h->limit = limit;
	if ((h->text = memfd_create("texts", MFD_CLOEXEC)) < 0 || pipe2(h->go, O_CLOEXEC) != 0 ||
	    pipe2(answer, O_CLOEXEC) != 0 || (h->pid = fork()) < 0) {
		err_errno(e, "%s: getting ready to start it", h->name);
		h->pid = 0;
	} else if (h->pid == 0) {
		close(h->go[1]);
		close(answer[0]);
		serve(h, command, output, answer[1]);
		_exit(0);
	}
	close_one(&answer[1]);
	h->answer = answer[0];
	return h->pid > 0 ? 0 : -1;
}

/* Our end of go that is read stays open, so that writing never raises SIGPIPE. */
static int
ask(const struct hook *h, struct str text)
{
	const struct order order = { .len = text.len };

	if (lseek(h->text, 0, SEEK_SET) != 0 || draft_write_all(h->text, text.p, text.len) != 0)
		return -1;
	return draft_write_all(h->go[1], &order, sizeof(order));
}

/* Whether there is an answer before the process must have given one. */
static bool
await_answer(const struct hook *h)
{
	struct pollfd p = { .fd = h->answer, .events = POLLIN };
	int64_t end = time_steady() + h->limit + PATIENCE;
	int rc = 0;

	while (!cli_interrupted() && (rc = poll(&p, 1, LOOK_EVERY)) <= 0 && time_steady() < end)
		;
	return rc > 0 && !cli_interrupted();
}

int
hook_run(struct hook *h, struct str text, struct hook_result *r, struct err *e)
{
	struct reply reply;

	if (text.len > HOOK_TEXT_MAX)
		return err_set(e, ERR_FAIL, "%s: its input is longer than %u bytes", h->name, HOOK_TEXT_MAX);
	h->runs++;
	if (ask(h, text) != 0) {
		err_errno(e, "%s: handing over its input", h->name);
	} else if (await_answer(h) && read_whole(h->answer, &reply, sizeof(reply)) == (ssize_t)sizeof(reply) &&
	    reply.run == h->runs) {
		*r = reply.result;
		return 0;
	} else {
		err_set(e, ERR_FAIL, cli_interrupted() ? "%s: interrupted" : "%s: it is not known how it ended",
		    h->name);
	}
	hook_close(h);
	return -1;
}

const char *
hook_end_name(enum hook_end end)
{
	static const char *const names[] = {
		[HOOK_EXITED] = "exited", [HOOK_SIGNALLED] = "signalled", [HOOK_TIMED_OUT] = "timed out",
		[HOOK_NOT_STARTED] = "not started",
	};

	return names[end];
}

int
hook_judge(const struct hook *h, const struct hook_result *r, struct err *e)
{
	switch (r->end) {
	case HOOK_NOT_STARTED:
		errno = r->number;
		return err_errno(e, "%s", h->name);
	case HOOK_TIMED_OUT:
		return err_set(e, ERR_FAIL, "%s: did not end within %g s, killed", h->name,
		    (double)h->limit / (double)TIME_SECOND);
	case HOOK_SIGNALLED:
		return err_set(e, ERR_FAIL, "%s: was ended by signal %d (%s)", h->name, r->number,
		    strsignal(r->number));
	case HOOK_EXITED:
		break;
	}
	return r->number == 0 ? 0 : err_set(e, ERR_FAIL, "%s: ended with status %d", h->name, r->number);
}

/* Whether the process closes its end of answer soon: one that is stopped is
 * not waited for, and we may not kill it. */
static bool
is_ending(const struct hook *h)
{
	struct pollfd p = { .fd = h->answer, .events = POLLIN };
	struct reply late;
	int rc;

	for (;;) {
		do
			rc = poll(&p, 1, (int)(PATIENCE / 1000));
		while (rc < 0 && errno == EINTR);
		if (rc <= 0)
			return false;
		if (read_whole(h->answer, &late, sizeof(late)) <= 0)
			return true;
	}
}

void
hook_close(struct hook *h)
{
	const struct order end = { .len = NO_MORE };

	/* A word, not only the closed end: other processes may have it open too. */
	if (h->pid > 0)
		(void)draft_write_all(h->go[1], &end, sizeof(end));
	close_one(&h->go[1]);
	if (h->pid > 0 && is_ending(h))
		while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
			;
	close_one(&h->go[0]);
	close_one(&h->answer);
	close_one(&h->text);
	h->pid = 0;
}
