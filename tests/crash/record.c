/*
 * record: what a program does to the files below a folder, in its order.
 *
 * Loaded with LD_PRELOAD.  Each call that changes something below
 * $AUDIT_RECORD_ROOT is written to the file $AUDIT_RECORD, with its data, once
 * it has succeeded; so are syncs, and what is said on standard output.
 * disk.py makes of it what the loss of power may leave.
 *
 * With $AUDIT_RECORD_ROOT alone nothing is recorded, and syncs cost nothing:
 * for those who look at thousands of such states.
 *
 * A record is a struct entry, then its path or data, then the second path.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	OP_OPEN = 1, /* number: flags and, above 32 bits, the mode; first: path */
	OP_WRITE,    /* number: the place; first: data */
	OP_TRUNCATE, /* number: the size */
	OP_SYNC,
	OP_UNLINK,   /* first: path */
	OP_RENAME,   /* first, second: paths */
	OP_LINK,     /* the same */
	OP_MKDIR,    /* first: path */
	OP_CLOSE,
	OP_SAY       /* first: what was written to standard output */
};

struct entry {
	uint32_t op;
	int32_t fd;
	uint64_t number;
	uint32_t first, second; /* lengths */
};

#define FDS_MAX 1024

/* One program, one recorder; the lock makes the order of the record true. */
static struct {
	pthread_mutex_t lock;
	int out;
	bool on;         /* a root was given */
	char *root, *cwd;
	char *path[FDS_MAX]; /* of open folders, and of files below the root */
	bool below[FDS_MAX];
} recorder = { .lock = PTHREAD_MUTEX_INITIALIZER, .out = -1 };

#define NEXT(type, name) ((type)(uintptr_t)dlsym(RTLD_NEXT, name))

__attribute__((constructor)) static void
begin(void)
{
	const char *out = getenv("AUDIT_RECORD");

	recorder.root = getenv("AUDIT_RECORD_ROOT");
	recorder.cwd = getcwd(NULL, 0);
	recorder.on = recorder.root != NULL;
	if (recorder.on && out != NULL)
		recorder.out = fcntl(NEXT(int (*)(const char *, int, ...), "open")(out,
		    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), F_DUPFD_CLOEXEC, 900);
}

static void
tell(uint32_t op, int fd, uint64_t number, const void *first, size_t n, const void *second, size_t m)
{
	struct entry entry = { op, fd, number, (uint32_t)n, (uint32_t)m };
	char *all = malloc(sizeof(entry) + n + m);
	size_t len = sizeof(entry) + n + m;

	if (all == NULL)
		abort();
	memcpy(all, &entry, sizeof(entry));
	memcpy(all + sizeof(entry), first, n);
	memcpy(all + sizeof(entry) + n, second, m);
	for (size_t at = 0; at < len;) {
		ssize_t done = NEXT(ssize_t (*)(int, const void *, size_t), "write")(recorder.out, all + at, len - at);

		if (done < 0 && errno != EINTR)
			abort();
		at += done > 0 ? (size_t)done : 0;
	}
	free(all);
}

/* From here on calls are in their order: until leave, which keeps errno. */
static bool
enter(void)
{
	pthread_mutex_lock(&recorder.lock);
	return recorder.out >= 0;
}

static void
leave(void)
{
	int saved = errno;

	pthread_mutex_unlock(&recorder.lock);
	errno = saved;
}

/* The absolute name; false: not below the root. */
static bool
place(int folder, const char *path, char out[PATH_MAX])
{
	const char *from = folder == AT_FDCWD ? recorder.cwd
	    : folder >= 0 && folder < FDS_MAX ? recorder.path[folder]
	                                      : NULL;
	size_t n = recorder.on ? strlen(recorder.root) : 0;

	if (!recorder.on || (path[0] != '/' && from == NULL))
		return false;
	if (strncmp(path, "./", 2) == 0)
		path += 2;
	if (strcmp(path, ".") == 0)
		snprintf(out, PATH_MAX, "%s", from);
	else
		snprintf(out, PATH_MAX, "%s%s%s", path[0] == '/' ? "" : from, path[0] == '/' ? "" : "/", path);
	return strncmp(out, recorder.root, n) == 0 && (out[n] == '/' || out[n] == '\0');
}

/* ---- Opening and closing ---- */

typedef int open_fn(const char *, int, ...);
typedef int openat_fn(int, const char *, int, ...);

static int
opened(int fd, int folder, const char *path, int flags, mode_t mode)
{
	char name[PATH_MAX];
	bool below = place(folder, path, name);

	if (fd < 0 || fd >= FDS_MAX || !recorder.on)
		return fd;
	free(recorder.path[fd]);
	recorder.path[fd] = strdup(below || path[0] == '/' ? name : path);
	recorder.below[fd] = below;
	if (below)
		tell(OP_OPEN, fd, (uint64_t)mode << 32 | (uint32_t)flags, name, strlen(name), "", 0);
	return fd;
}

#define OPEN(name)                                                                  \
	int                                                                         \
	name(const char *path, int flags, ...)                                      \
	{                                                                           \
		va_list ap;                                                         \
		mode_t mode;                                                        \
		int fd;                                                             \
                                                                                    \
		va_start(ap, flags);                                                \
		mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;                    \
		va_end(ap);                                                         \
		enter();                                                            \
		fd = NEXT(open_fn *, #name)(path, flags, mode);                     \
		if (recorder.out >= 0)                                              \
			opened(fd, AT_FDCWD, path, flags, mode);                    \
		leave();                                                            \
		return fd;                                                          \
	}

#define OPENAT(name)                                                                \
	int                                                                         \
	name(int folder, const char *path, int flags, ...)                          \
	{                                                                           \
		va_list ap;                                                         \
		mode_t mode;                                                        \
		int fd;                                                             \
                                                                                    \
		va_start(ap, flags);                                                \
		mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;                    \
		va_end(ap);                                                         \
		enter();                                                            \
		fd = NEXT(openat_fn *, #name)(folder, path, flags, mode);           \
		if (recorder.out >= 0)                                              \
			opened(fd, folder, path, flags, mode);                      \
		leave();                                                            \
		return fd;                                                          \
	}

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

/* What a fortified program calls where it creates nothing. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int folder, const char *path, int flags);
int __openat64_2(int folder, const char *path, int flags);

int
__open_2(const char *path, int flags)
{
	return open(path, flags);
}

int
__open64_2(const char *path, int flags)
{
	return open64(path, flags);
}

int
__openat_2(int folder, const char *path, int flags)
{
	return openat(folder, path, flags);
}

int
__openat64_2(int folder, const char *path, int flags)
{
	return openat64(folder, path, flags);
}

static bool
recorded(int fd)
{
	return recorder.out >= 0 && fd >= 0 && fd < FDS_MAX && recorder.below[fd];
}

int
close(int fd)
{
	int rc;

	enter();
	if (recorded(fd))
		tell(OP_CLOSE, fd, 0, "", 0, "", 0);
	if (recorder.out >= 0 && fd >= 0 && fd < FDS_MAX) {
		free(recorder.path[fd]);
		recorder.path[fd] = NULL;
		recorder.below[fd] = false;
	}
	rc = NEXT(int (*)(int), "close")(fd);
	leave();
	return rc;
}

/* ---- Contents ---- */

ssize_t
write(int fd, const void *p, size_t n)
{
	ssize_t done;
	off_t at;

	enter();
	at = recorded(fd) ? lseek(fd, 0, SEEK_CUR) : 0;
	done = NEXT(ssize_t (*)(int, const void *, size_t), "write")(fd, p, n);
	if (done > 0 && recorded(fd))
		tell(OP_WRITE, fd, (uint64_t)at, p, (size_t)done, "", 0);
	else if (done > 0 && recorder.out >= 0 && fd == STDOUT_FILENO)
		tell(OP_SAY, fd, 0, p, (size_t)done, "", 0);
	leave();
	return done;
}

/* What is said through stdio, which writes past us: as soon as it is in the
 * buffer. */
size_t
fwrite(const void *p, size_t size, size_t n, FILE *to)
{
	size_t done;

	enter();
	done = NEXT(size_t (*)(const void *, size_t, size_t, FILE *), "fwrite")(p, size, n, to);
	if (done > 0 && recorder.out >= 0 && to == stdout)
		tell(OP_SAY, STDOUT_FILENO, 0, p, done * size, "", 0);
	leave();
	return done;
}

int
fputs(const char *text, FILE *to)
{
	size_t n = strlen(text);

	return fwrite(text, 1, n, to) == n ? 0 : EOF;
}

#define PWRITE(name, offset)                                                                       \
	ssize_t                                                                                    \
	name(int fd, const void *p, size_t n, offset at)                                           \
	{                                                                                          \
		ssize_t done;                                                                      \
                                                                                                   \
		enter();                                                                           \
		done = NEXT(ssize_t (*)(int, const void *, size_t, offset), #name)(fd, p, n, at);  \
		if (done > 0 && recorded(fd))                                                      \
			tell(OP_WRITE, fd, (uint64_t)at, p, (size_t)done, "", 0);                  \
		leave();                                                                           \
		return done;                                                                       \
	}

PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define FTRUNCATE(name, offset)                                            \
	int                                                                \
	name(int fd, offset size)                                          \
	{                                                                  \
		int rc;                                                    \
                                                                           \
		enter();                                                   \
		rc = NEXT(int (*)(int, offset), #name)(fd, size);          \
		if (rc == 0 && recorded(fd))                               \
			tell(OP_TRUNCATE, fd, (uint64_t)size, "", 0, "", 0); \
		leave();                                                   \
		return rc;                                                 \
	}

FTRUNCATE(ftruncate, off_t)
FTRUNCATE(ftruncate64, off64_t)

#define SYNC(name)                                                \
	int                                                       \
	name(int fd)                                              \
	{                                                         \
		int rc = 0;                                       \
                                                                  \
		enter();                                          \
		if (!recorder.on)                                 \
			rc = NEXT(int (*)(int), #name)(fd);       \
		if (rc == 0 && recorded(fd))                      \
			tell(OP_SYNC, fd, 0, "", 0, "", 0);       \
		leave();                                          \
		return rc;                                        \
	}

SYNC(fsync)
SYNC(fdatasync)

/* ---- Names ---- */

static void
tell_name(uint32_t op, int folder, const char *path)
{
	char name[PATH_MAX];

	if (recorder.out >= 0 && place(folder, path, name))
		tell(op, -1, 0, name, strlen(name), "", 0);
}

static void
tell_names(uint32_t op, int folder, const char *path, int other, const char *to)
{
	char name[PATH_MAX], second[PATH_MAX];
	bool one = place(folder, path, name), two = place(other, to, second);

	/* Over the border: as if what is outside had never been. */
	if (recorder.out >= 0 && (one || two))
		tell(op, -1, 0, name, one ? strlen(name) : 0, second, two ? strlen(second) : 0);
}

int
unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int
unlinkat(int folder, const char *path, int flags)
{
	int rc;

	enter();
	rc = NEXT(int (*)(int, const char *, int), "unlinkat")(folder, path, flags);
	if (rc == 0)
		tell_name(OP_UNLINK, folder, path);
	leave();
	return rc;
}

int
rename(const char *path, const char *to)
{
	return renameat(AT_FDCWD, path, AT_FDCWD, to);
}

int
renameat(int folder, const char *path, int other, const char *to)
{
	int rc;

	enter();
	rc = NEXT(int (*)(int, const char *, int, const char *), "renameat")(folder, path, other, to);
	if (rc == 0)
		tell_names(OP_RENAME, folder, path, other, to);
	leave();
	return rc;
}

int
linkat(int folder, const char *path, int other, const char *to, int flags)
{
	int rc;

	enter();
	rc = NEXT(int (*)(int, const char *, int, const char *, int), "linkat")(folder, path, other, to, flags);
	if (rc == 0)
		tell_names(OP_LINK, folder, path, other, to);
	leave();
	return rc;
}

int
mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, path, mode);
}

int
mkdirat(int folder, const char *path, mode_t mode)
{
	int rc;

	enter();
	rc = NEXT(int (*)(int, const char *, mode_t), "mkdirat")(folder, path, mode);
	if (rc == 0)
		tell_name(OP_MKDIR, folder, path);
	leave();
	return rc;
}
