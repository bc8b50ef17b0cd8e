/*
 * calls: runs a program and cuts it short at one of its system calls.
 *
 *	calls -o REPORT [-s ENDING] [-k N | -e ERRNO -n N [-c COUNT]] [-q] COMMAND...
 *
 * -k: SIGKILL instead of its Nth call.  -e -n -c: of the calls that a disk can
 * fail, the Nth and those behind it, COUNT in all (0: from then on all), fail
 * with this error and do nothing.  Counting begins with the first call about a
 * path that ends in ENDING.  -q: sleeping takes no time.
 *
 * REPORT gets "calls N disk M hit NAME STATUS": how many calls there were of
 * all and of the second kind, the first that failed or was killed (or -), and
 * how it ended: an exit status, or minus a signal.
 *
 * By ptrace, which sees the calls of all threads in one order.  strace can do
 * the same twenty times slower, for one kind of call at a time.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#define THREADS_MAX 64

/* A call that is under way, of one thread. */
struct under_way {
	pid_t thread;
	bool entered;
	bool skipped;
	long result; /* of a skipped one */
};

struct cutter {
	const char *ending;
	unsigned long kill_at, fail_at, fail_count;
	int error;
	bool quick;
	bool counting;
	unsigned long calls, disk;
	const char *hit;
	struct under_way thread[THREADS_MAX];
};

/* ---- Registers ---- */

/* Another call instead of the one that is about to be made: none. */
static void
skip_call(pid_t thread)
{
#if defined(__x86_64__)
	struct user_regs_struct r;

	ptrace(PTRACE_GETREGS, thread, NULL, &r);
	r.orig_rax = (unsigned long)-1;
	ptrace(PTRACE_SETREGS, thread, NULL, &r);
#elif defined(__aarch64__)
	int none = -1;
	struct iovec v = { &none, sizeof(none) };

	ptrace(PTRACE_SETREGSET, thread, NT_ARM_SYSTEM_CALL, &v);
#else
#error "the registers of this processor are not known"
#endif
}

static void
set_result(pid_t thread, long result)
{
#if defined(__x86_64__)
	struct user_regs_struct r;

	ptrace(PTRACE_GETREGS, thread, NULL, &r);
	r.rax = (unsigned long)result;
	ptrace(PTRACE_SETREGS, thread, NULL, &r);
#else
	struct user_pt_regs r;
	struct iovec v = { &r, sizeof(r) };

	ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &v);
	r.regs[0] = (unsigned long)result;
	ptrace(PTRACE_SETREGSET, thread, NT_PRSTATUS, &v);
#endif
}

/* ---- Calls ---- */

/* The path that a call is about, as far as it matters here. */
static bool
ends_with(pid_t thread, unsigned long address, const char *ending)
{
	char path[4096];
	struct iovec here = { path, sizeof(path) - 1 }, there = { (void *)address, sizeof(path) - 1 };
	ssize_t n;
	size_t len;

	/* The end of its page may be the end of what there is. */
	there.iov_len = here.iov_len = 4096 - address % 4096 < here.iov_len ? 4096 - address % 4096 : here.iov_len;
	n = process_vm_readv(thread, &here, 1, &there, 1, 0);
	if (n <= 0)
		return false;
	path[n] = '\0';
	len = strlen(path);
	return len >= strlen(ending) && strcmp(path + len - strlen(ending), ending) == 0;
}

static bool
begins(const struct cutter *c, pid_t thread, const struct ptrace_syscall_info *i)
{
	switch (i->entry.nr) {
	case SYS_openat:
	case SYS_newfstatat:
	case SYS_faccessat:
		return ends_with(thread, i->entry.args[1], c->ending);
#ifdef SYS_access
	case SYS_access:
	case SYS_stat:
	case SYS_lstat:
		return ends_with(thread, i->entry.args[0], c->ending);
#endif
	}
	return false;
}

/* What is there already can be opened on a full disk, not on a broken one. */
static bool
makes(const struct cutter *c, unsigned long flags)
{
	return flags & (c->error == EIO ? O_CREAT | O_WRONLY | O_RDWR : O_CREAT);
}

/* The name of a call that a disk can fail; NULL: it is none. */
static const char *
disk_call(const struct cutter *c, const struct ptrace_syscall_info *i)
{
	switch (i->entry.nr) {
	case SYS_openat:
		return makes(c, i->entry.args[2]) ? "openat" : NULL;
	case SYS_write:
		return i->entry.args[0] > 2 ? "write" : NULL;
	case SYS_pwrite64:
		return "pwrite64";
	case SYS_ftruncate:
		return "ftruncate";
	case SYS_fallocate:
		return "fallocate";
	case SYS_fsync:
		return "fsync";
	case SYS_fdatasync:
		return "fdatasync";
	case SYS_renameat:
	case SYS_renameat2:
		return "rename";
	case SYS_unlinkat:
		return "unlink";
	case SYS_mkdirat:
		return "mkdir";
#ifdef SYS_open
	case SYS_open:
		return makes(c, i->entry.args[1]) ? "open" : NULL;
	case SYS_rename:
		return "rename";
	case SYS_unlink:
		return "unlink";
	case SYS_mkdir:
		return "mkdir";
#endif
	}
	return NULL;
}

static void
skip(struct under_way *u, long result)
{
	skip_call(u->thread);
	u->skipped = true;
	u->result = result;
}

static void
entering(struct cutter *c, struct under_way *u, const struct ptrace_syscall_info *i)
{
	const char *name = disk_call(c, i);

	if (!c->counting && !(c->counting = c->ending == NULL || begins(c, u->thread, i)))
		return;
	c->calls++;
	if (c->calls == c->kill_at) {
		c->hit = name != NULL ? name : "other";
		kill(u->thread, SIGKILL);
		return;
	}
	if (c->quick && (i->entry.nr == SYS_clock_nanosleep || i->entry.nr == SYS_nanosleep))
		skip(u, 0);
	if (name == NULL)
		return;
	c->disk++;
	if (c->fail_at == 0 || c->disk < c->fail_at || (c->fail_count > 0 && c->disk >= c->fail_at + c->fail_count))
		return;
	if (c->hit == NULL)
		c->hit = name;
	skip(u, -c->error);
}

/* ---- Threads ---- */

static struct under_way *
find_thread(struct cutter *c, pid_t thread)
{
	struct under_way *free_one = NULL;

	for (size_t i = 0; i < THREADS_MAX; i++) {
		if (c->thread[i].thread == thread)
			return &c->thread[i];
		if (c->thread[i].thread == 0 && free_one == NULL)
			free_one = &c->thread[i];
	}
	if (free_one == NULL) {
		fprintf(stderr, "calls: too many threads\n");
		exit(99);
	}
	*free_one = (struct under_way){ .thread = thread };
	return free_one;
}

static void
at_call(struct cutter *c, pid_t thread)
{
	struct under_way *u = find_thread(c, thread);
	struct ptrace_syscall_info i;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(i), &i) < 0)
		return;
	if (i.op == PTRACE_SYSCALL_INFO_ENTRY)
		entering(c, u, &i);
	else if (i.op == PTRACE_SYSCALL_INFO_EXIT && u->skipped) {
		set_result(thread, u->result);
		u->skipped = false;
	}
}

/* Until the program has ended.  Its exit status, or minus the signal. */
static int
follow(struct cutter *c, pid_t program)
{
	int status, ended = 99;
	pid_t thread;

	while ((thread = waitpid(-1, &status, __WALL)) > 0) {
		int deliver = 0;

		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			find_thread(c, thread)->thread = 0;
			if (thread == program)
				ended = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
			continue;
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			at_call(c, thread);
		else if (status >> 16 == 0 && WSTOPSIG(status) != SIGSTOP && WSTOPSIG(status) != SIGTRAP)
			deliver = WSTOPSIG(status);
		ptrace(PTRACE_SYSCALL, thread, NULL, (void *)(long)deliver);
	}
	return ended;
}

static pid_t
start(char *const command[])
{
	pid_t program = fork();
	int status;

	if (program == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execvp(command[0], command);
		_exit(127);
	}
	if (program < 0 || waitpid(program, &status, 0) < 0 || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, program, NULL,
	        (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)) < 0) {
		perror("calls: cannot trace");
		exit(99);
	}
	ptrace(PTRACE_SYSCALL, program, NULL, NULL);
	return program;
}

static int
usage(void)
{
	fprintf(stderr, "usage: calls -o REPORT [-s ENDING] [-k N | -e ERRNO -n N [-c COUNT]] [-q] COMMAND...\n");
	return 99;
}

int
main(int argc, char *argv[])
{
	struct cutter c = { .fail_count = 1 };
	const char *report = NULL;
	FILE *out;
	int option, ended;

	while ((option = getopt(argc, argv, "+o:s:k:e:n:c:q")) != -1)
		switch (option) {
		case 'o': report = optarg; break;
		case 's': c.ending = optarg; break;
		case 'k': c.kill_at = strtoul(optarg, NULL, 10); break;
		case 'e': c.error = atoi(optarg); break;
		case 'n': c.fail_at = strtoul(optarg, NULL, 10); break;
		case 'c': c.fail_count = strtoul(optarg, NULL, 10); break;
		case 'q': c.quick = true; break;
		default: return usage();
		}
	if (report == NULL || optind == argc)
		return usage();
	ended = follow(&c, start(argv + optind));
	if ((out = fopen(report, "w")) == NULL) {
		perror(report);
		return 99;
	}
	fprintf(out, "calls %lu disk %lu hit %s %d\n", c.calls, c.disk, c.hit != NULL ? c.hit : "-", ended);
	return fclose(out) == 0 ? 0 : 99;
}
