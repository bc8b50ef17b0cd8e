/* news: sleeping until files, the folders they are in, or pipes have news. */
#include "ingest/news.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/stream.h"

#define POLL_MS 200
#define BUCKETS 256
#define ARM_TURNS 8

#define FOLDER_MASK \
	(IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
/* Attributes change when a name is removed. */
#define FILE_MASK (IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF)

/* One reason to tell a subject. */
struct watch {
	struct watch *next; /* of the bucket */
	int wd;             /* inotify's number */
	size_t subject;
	char *path;         /* of a name; NULL: the watch is of a file */
	char *name;         /* in the folder that is watched: its own, or the next part of its path */
	bool exact;         /* the folder is its own */
};

struct subject {
	bool news;
	bool polls;
	size_t next; /* of those that have news */
	int pipe;    /* -1: none */
};

struct news {
	struct subject *subject;
	size_t subjects;
	size_t first, last; /* of those that have news; `subjects`: none */
	size_t polling;     /* subjects that poll */
	int fd;             /* inotify; -1: not used */
	struct watch *watch[BUCKETS];
	struct pollfd *poll; /* subjects + 1 */
};

/* ---- those that have news ---- */

void
news_tell(struct news *n, size_t subject)
{
	struct subject *s = &n->subject[subject];

	if (s->news)
		return;
	s->news = true;
	s->next = n->subjects;
	if (n->first == n->subjects)
		n->first = subject;
	else
		n->subject[n->last].next = subject;
	n->last = subject;
}

bool
news_next(struct news *n, size_t *subject)
{
	if (n->first == n->subjects)
		return false;
	*subject = n->first;
	n->first = n->subject[*subject].next;
	n->subject[*subject].news = false;
	return true;
}

static void
poll_instead(struct news *n, size_t subject)
{
	n->polling += !n->subject[subject].polls;
	n->subject[subject].polls = true;
}

bool
news_polls(const struct news *n, size_t subject)
{
	return n->subject[subject].polls;
}

static void
tell_all(struct news *n, bool polling_only)
{
	for (size_t i = 0; i < n->subjects; i++)
		if (n->subject[i].polls || !polling_only)
			news_tell(n, i);
}

/* ---- watches ---- */

static struct watch **
bucket(struct news *n, int wd)
{
	return &n->watch[(unsigned)wd % BUCKETS];
}

static struct watch *
add_watch(struct news *n, int wd, size_t subject)
{
	struct watch *w = mem_zero(1, sizeof(*w)), **at = bucket(n, wd);

	*w = (struct watch){ .next = *at, .wd = wd, .subject = subject };
	*at = w;
	return w;
}

static void
free_watch(struct watch *w)
{
	free(w->path);
	free(w->name);
	free(w);
}

static bool
is_watched(struct news *n, int wd)
{
	for (const struct watch *w = *bucket(n, wd); w != NULL; w = w->next)
		if (w->wd == wd)
			return true;
	return false;
}

/* "/var/log/app/a.jsonl" -> "/var/log/app"; yours. */
static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return mem_strdup(".");
	while (slash > path && slash[-1] == '/')
		slash--;
	return slash > path ? mem_dup(path, (size_t)(slash - path)) : mem_strdup("/");
}

static char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return mem_strdup(slash != NULL ? slash + 1 : path);
}

/* The name's folder, or as long as that is missing the nearest one above that
 * is there, is watched for *part. */
static int
watch_nearest(struct news *n, const char *path, char **folder, char **part)
{
	int wd;

	*part = mem_strdup(path);
	*folder = folder_of(path);
	while ((wd = inotify_add_watch(n->fd, *folder, FOLDER_MASK)) < 0 && (errno == ENOENT || errno == ENOTDIR) &&
	    strcmp(*folder, "/") != 0 && strcmp(*folder, ".") != 0) {
		free(*part);
		*part = *folder;
		*folder = folder_of(*part);
	}
	return wd;
}

static void
arm_name(struct news *n, size_t subject, const char *path)
{
	char *folder, *part;
	bool exact;
	int wd;

	for (unsigned turn = 0;; turn++) {
		wd = watch_nearest(n, path, &folder, &part);
		exact = strcmp(part, path) == 0;
		/* It may have been made before the one above was watched. */
		if (wd < 0 || exact || turn == ARM_TURNS || faccessat(AT_FDCWD, part, F_OK, 0) != 0)
			break;
		free(folder);
		free(part);
	}
	if (wd < 0 || file_is_remote(folder))
		poll_instead(n, subject);
	if (wd >= 0) {
		struct watch *w = add_watch(n, wd, subject);

		w->path = mem_strdup(path);
		w->name = last_part(part);
		w->exact = exact;
	}
	free(folder);
	free(part);
}

static bool
is_name_watched(const struct news *n, size_t subject, const char *path)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct watch *w = n->watch[i]; w != NULL; w = w->next)
			if (w->subject == subject && w->path != NULL && strcmp(w->path, path) == 0)
				return true;
	return false;
}

void
news_watch_name(struct news *n, size_t subject, const char *path)
{
	if (n->fd < 0)
		poll_instead(n, subject);
	else if (!is_name_watched(n, subject, path))
		arm_name(n, subject, path);
}

int
news_watch_file(struct news *n, size_t subject, const char *path)
{
	int wd = n->fd >= 0 ? inotify_add_watch(n->fd, path, FILE_MASK) : -1;

	if (wd < 0 && (n->fd < 0 || errno != ENOENT))
		poll_instead(n, subject);
	if (wd >= 0)
		add_watch(n, wd, subject);
	return wd;
}

void
news_forget_file(struct news *n, size_t subject, int number)
{
	if (number < 0)
		return;
	for (struct watch **at = bucket(n, number); *at != NULL; at = &(*at)->next) {
		struct watch *w = *at;

		if (w->wd != number || w->subject != subject || w->path != NULL)
			continue;
		*at = w->next;
		free_watch(w);
		break;
	}
	if (!is_watched(n, number))
		(void)inotify_rm_watch(n->fd, number);
}

void
news_watch_pipe(struct news *n, size_t subject, int fd)
{
	n->subject[subject].pipe = fd;
}

/* ---- what the kernel tells ---- */

/* Takes the watches of names in a folder that is gone, or that may have made
 * way for one nearer to their own, and watches these names anew. */
static void
rearm(struct news *n, int wd, const char *name)
{
	struct watch *again = NULL, **at = bucket(n, wd);

	while (*at != NULL) {
		struct watch *w = *at;

		if (w->wd != wd || w->path == NULL || (name != NULL && (w->exact || strcmp(w->name, name) != 0))) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		w->next = again;
		again = w;
	}
	if (again != NULL && !is_watched(n, wd))
		(void)inotify_rm_watch(n->fd, wd);
	while (again != NULL) {
		struct watch *w = again;

		again = w->next;
		arm_name(n, w->subject, w->path);
		news_tell(n, w->subject);
		free_watch(w);
	}
}

/* The kernel has dropped the watch: the file is gone, its subject knows. */
static void
drop(struct news *n, int wd)
{
	struct watch **at = bucket(n, wd);

	rearm(n, wd, NULL);
	while (*at != NULL) {
		struct watch *w = *at;

		if (w->wd != wd || w->path != NULL) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		news_tell(n, w->subject);
		free_watch(w);
	}
}

static void
hear(struct news *n, const struct inotify_event *ev)
{
	if (ev->mask & IN_Q_OVERFLOW) {
		tell_all(n, false);
		return;
	}
	if (ev->mask & IN_IGNORED) {
		drop(n, ev->wd);
		return;
	}
	for (const struct watch *w = *bucket(n, ev->wd); w != NULL; w = w->next)
		if (w->wd == ev->wd && (w->path == NULL || (ev->len > 0 && strcmp(w->name, ev->name) == 0)))
			news_tell(n, w->subject);
	if (ev->mask & (IN_DELETE_SELF | IN_MOVE_SELF))
		rearm(n, ev->wd, NULL);
	else if (ev->len > 0)
		rearm(n, ev->wd, ev->name);
}

static void
hear_all(struct news *n)
{
	_Alignas(struct inotify_event) char buf[64 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
	ssize_t len;

	if (n->fd < 0)
		return;
	while ((len = read(n->fd, buf, sizeof(buf))) > 0)
		for (const char *p = buf; p < buf + len;) {
			const struct inotify_event *ev = (const struct inotify_event *)(const void *)p;

			hear(n, ev);
			p += sizeof(*ev) + ev->len;
		}
}

/* ---- waiting ---- */

/* Sleeps; 1: a descriptor can be read, 0: none can. */
static int
sleep_now(struct news *n, const struct timespec *longest, bool (*awake)(void *arg), void *arg, nfds_t polled,
    struct err *e)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGUSR1 };
	static const struct timespec none = { 0, 0 };
	sigset_t held, old;
	int rc, why;

	sigemptyset(&held);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&held, numbers[i]);
	pthread_sigmask(SIG_BLOCK, &held, &old);
	rc = ppoll(n->poll, polled, awake != NULL && awake(arg) ? &none : longest, &old);
	why = errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = why;
	if (rc < 0 && errno != EINTR)
		return err_errno(e, "waiting for input");
	return rc > 0;
}

static nfds_t
list_descriptors(struct news *n)
{
	nfds_t k = 0;

	n->poll[k++] = (struct pollfd){ .fd = n->fd, .events = POLLIN };
	for (size_t i = 0; i < n->subjects; i++)
		if (n->subject[i].pipe >= 0 && !n->subject[i].news)
			n->poll[k++] = (struct pollfd){ .fd = n->subject[i].pipe, .events = POLLIN };
	return k;
}

static void
hear_pipes(struct news *n, nfds_t polled)
{
	nfds_t k = 1;

	for (size_t i = 0; i < n->subjects && k < polled; i++)
		if (n->subject[i].pipe == n->poll[k].fd && !n->subject[i].news && n->poll[k++].revents != 0)
			news_tell(n, i);
}

int
news_wait(struct news *n, int ms, bool (*awake)(void *arg), void *arg, struct err *e)
{
	bool poll_next = n->polling > 0 && (ms < 0 || ms >= POLL_MS);
	int longest = n->first != n->subjects ? 0 : poll_next ? POLL_MS : ms;
	struct timespec span = { longest / 1000, longest % 1000 * 1000000L };
	nfds_t polled = list_descriptors(n);
	int rc = sleep_now(n, longest < 0 ? NULL : &span, awake, arg, polled, e);

	if (rc < 0)
		return -1;
	if (rc > 0) {
		hear_pipes(n, polled);
		hear_all(n);
	} else if (poll_next && longest > 0)
		tell_all(n, true);
	return 0;
}

/* ---- all of it ---- */

struct news *
news_new(size_t subjects, bool kernel)
{
	struct news *n = mem_zero(1, sizeof(*n));

	*n = (struct news){ .subjects = subjects, .first = subjects, .last = subjects };
	n->subject = mem_zero(subjects, sizeof(n->subject[0]));
	n->poll = mem_zero(subjects + 1, sizeof(n->poll[0]));
	n->fd = kernel ? inotify_init1(IN_NONBLOCK | IN_CLOEXEC) : -1;
	for (size_t i = 0; i < subjects; i++)
		n->subject[i].pipe = -1;
	return n;
}

void
news_free(struct news *n)
{
	if (n == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while (n->watch[i] != NULL) {
			struct watch *w = n->watch[i];

			n->watch[i] = w->next;
			free_watch(w);
		}
	if (n->fd >= 0)
		close(n->fd);
	free(n->subject);
	free(n->poll);
	free(n);
}
