/*
 * sandbox_seccomp: the system calls that stay open to the process.
 *
 * A list of what is needed, not of what is dangerous: what the kernel learns
 * later is refused until someone adds it.  Refused calls fail with EPERM;
 * those of another architecture's numbering end the process.
 */
#include "cli/sandbox_parts.h"

#ifdef HAVE_SECCOMP

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* What the C library, threads, SQLite's reading and an outgoing stream use. */
static const char *const common[] = {
	/* memory */
	"brk", "mmap", "munmap", "mremap", "mprotect", "madvise",
	/* files */
	"read", "readv", "pread64", "preadv", "write", "writev", "lseek", "close", "close_range", "fcntl",
	"fstat", "stat", "lstat", "newfstatat", "fstatat64", "statx", "fstatfs", "statfs", "access", "faccessat",
	"faccessat2", "readlink", "readlinkat", "getcwd", "getdents64", "fsync", "fdatasync", "fadvise64",
	"dup", "dup2", "dup3", "pipe2", "umask", "chdir", "inotify_init1", "inotify_add_watch",
	"inotify_rm_watch",
	/* waiting and time */
	"poll", "ppoll", "select", "pselect6", "nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres",
	"gettimeofday", "time", "restart_syscall",
	/* threads and signals; wait4 for the pager */
	"futex", "futex_time64", "set_robust_list", "get_robust_list", "rseq", "set_tid_address", "exit",
	"exit_group",
	"rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "wait4", "waitid",
	"sched_yield", "sched_getaffinity", "membarrier",
	/* who and where we are */
	"getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getgroups", "uname", "sysinfo",
	"getrandom", "getrusage", "getrlimit", "getcpu", "times",
};

static const char *const writing[] = {
	"pwrite64", "pwritev", "ftruncate", "fallocate", "rename", "renameat", "renameat2", "unlink", "unlinkat",
	"mkdir", "mkdirat", "rmdir", "link", "linkat", "fchmod", "fchown", "utimensat", "creat",
	"sync_file_range", "flock",
};

/* A socket that is open already; no other is made. */
static const char *const serving[] = {
	"accept", "accept4", "recvfrom", "recvmsg", "sendto", "sendmsg", "shutdown", "getsockopt", "getsockname",
	"getpeername", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2",
	"eventfd2", "signalfd4", "timerfd_create", "timerfd_settime",
};

/* A name that this architecture or libseccomp does not have is nothing to allow. */
static bool
allow(scmp_filter_ctx filter, const char *const *name, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int number = seccomp_syscall_resolve_name(name[i]);
		int rc = number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);

		if (rc != 0 && rc != -EDOM)
			return false;
	}
	return true;
}

static struct scmp_arg_cmp
equals(unsigned argument, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){ .arg = argument, .op = SCMP_CMP_EQ, .datum_a = value };
}

static struct scmp_arg_cmp
masked(unsigned argument, scmp_datum_t mask, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){ .arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value };
}

static bool
allow_when(scmp_filter_ctx filter, int number, struct scmp_arg_cmp arg)
{
	int rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, arg);

	return rc == 0 || rc == -EDOM;
}

static bool
allow_open(scmp_filter_ctx filter, enum sandbox_profile profile)
{
	static const char *const opens[] = { "open", "openat" };
	const scmp_datum_t writes = O_ACCMODE | O_CREAT | O_TRUNC;

	if (profile != SANDBOX_READER)
		return allow(filter, opens, COUNT(opens));
	return allow_when(filter, SCMP_SYS(open), masked(1, writes, O_RDONLY)) &&
	    allow_when(filter, SCMP_SYS(openat), masked(2, writes, O_RDONLY));
}

/*
 * Threads, but no processes.  The flags of clone3 lie in memory, where a filter
 * does not see them: told that there is none, the C library takes clone.
 */
static bool
allow_threads(scmp_filter_ctx filter)
{
	const scmp_datum_t thread = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD;
	int rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

	return (rc == 0 || rc == -EDOM) &&
	    allow_when(filter, SCMP_SYS(clone), masked(0, thread, thread));
}

/* A terminal may be asked for its size, not given input; signals go to
 * ourselves (abort). */
static bool
allow_some(scmp_filter_ctx filter)
{
	static const scmp_datum_t asks[] = { TCGETS, TIOCGWINSZ, TIOCGPGRP, FIONREAD };
	const scmp_datum_t self = (scmp_datum_t)getpid();

	for (size_t i = 0; i < COUNT(asks); i++)
		if (!allow_when(filter, SCMP_SYS(ioctl), equals(1, asks[i])))
			return false;
	/* Whoever holds a key leaves no core: asked for, and switched off. */
	if (!allow_when(filter, SCMP_SYS(prctl), equals(0, PR_GET_DUMPABLE)) ||
	    !allow_when(filter, SCMP_SYS(prctl), equals(0, PR_SET_DUMPABLE)))
		return false;
	return allow_when(filter, SCMP_SYS(tgkill), equals(0, self)) &&
	    allow_when(filter, SCMP_SYS(kill), equals(0, self)) &&
	    /* Asking for limits; setting them for another process is no business of ours. */
	    allow_when(filter, SCMP_SYS(prlimit64), equals(2, 0));
}

bool
seccomp_available(void)
{
	return seccomp_api_get() > 0;
}

bool
seccomp_enter(enum sandbox_profile profile)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	bool entered;

	if (filter == NULL)
		return false;
	/* A tree of comparisons: some 130 calls one after another would cost. */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	entered = allow(filter, common, COUNT(common)) && allow_open(filter, profile) && allow_threads(filter) &&
	    allow_some(filter) && (profile == SANDBOX_READER || allow(filter, writing, COUNT(writing))) &&
	    (profile != SANDBOX_INGEST || allow(filter, serving, COUNT(serving))) && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return entered;
}

#else

bool
seccomp_available(void)
{
	return false;
}

bool
seccomp_enter(enum sandbox_profile profile)
{
	(void)profile;
	return false;
}

#endif
