/*
 * watch: sleeping until someone commits.
 *
 * A commit ends with the removal of the journal, which the kernel tells of
 * (inotify) through the folder.  Changes of the file itself are watched too:
 * a folder that may not be listed tells nothing, and another name of the file
 * has another journal.  Where the kernel cannot tell, such as on network file
 * systems, the file's counter of commits is looked at from time to time.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/stream.h"
#include "base/time.h"
#include "store/internal.h"

#define LOOK_EVERY (TIME_SECOND / 5)
#define SETTLE (TIME_SECOND / 20) /* from the first page written to the journal's removal, usually */

#define JOURNAL_SUFFIX "-journal"

struct store_watch {
	struct store *st;
	char *path;         /* resolved */
	const char *name;   /* in its folder, in path */
	int fd;             /* inotify; -1: look from time to time */
	int folder, file;   /* what is watched; -1: is not */
	int64_t written;    /* when pages were seen to change, time_steady; 0: not */
	int64_t commits;    /* the connection's counter of others' commits */
	bool moved;         /* store_watch_replaced, when it was last told */
};

/* ---- looking ---- */

/* PRAGMA data_version changes when another connection commits. */
static int
count_commits(struct store_watch *w, int64_t *commits, struct err *e)
{
	struct db *db = &w->st->db;
	sqlite3_stmt *s = NULL;
	int rc = 0;

	pthread_mutex_lock(&w->st->lock);
	if (sqlite3_prepare_v2(db->sqlite, "PRAGMA data_version", -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		*commits = db_int(s, 0);
	else if (sqlite3_errcode(db->sqlite) == SQLITE_BUSY)
		*commits = w->commits - 1; /* a writer is at it right now: look again */
	else
		rc = db_error(db, e, "watching the store");
	sqlite3_finalize(s);
	pthread_mutex_unlock(&w->st->lock);
	return rc;
}

bool
store_watch_replaced(const struct store_watch *w)
{
	int moved = 0;

	pthread_mutex_lock(&w->st->lock);
	sqlite3_file_control(w->st->db.sqlite, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	pthread_mutex_unlock(&w->st->lock);
	return moved != 0;
}

/* 1: something changed since the last look; 0; -1. */
static int
look(struct store_watch *w, struct err *e)
{
	bool moved = store_watch_replaced(w);
	int64_t commits;
	int changed;

	if (count_commits(w, &commits, e) < 0)
		return -1;
	changed = commits != w->commits || moved != w->moved;
	w->commits = commits;
	w->moved = moved;
	return changed;
}

/* ---- the kernel's word ---- */

static void
watch_file(struct store_watch *w)
{
	if (w->file >= 0)
		inotify_rm_watch(w->fd, w->file);
	w->file = inotify_add_watch(w->fd, w->path, IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF);
}

static void
watch_folder(struct store_watch *w)
{
	size_t len = (size_t)(w->name - w->path) - 1;
	char *folder = len > 0 ? mem_dup(w->path, len) : mem_strdup("/");

	w->folder = inotify_add_watch(w->fd, folder, IN_DELETE | IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
	free(folder);
}

static void
stop_listening(struct store_watch *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = w->folder = w->file = -1;
}

/* Whether an event of the folder is about the store; a new file under its name
 * is watched from then on. */
static bool
folder_event(struct store_watch *w, const struct inotify_event *ev)
{
	size_t len = strlen(w->name);

	if (ev->mask & IN_IGNORED) {
		w->folder = -1;
		return true;
	}
	if (ev->len == 0 || strncmp(ev->name, w->name, len) != 0)
		return false;
	if (ev->mask & IN_DELETE && strcmp(ev->name + len, JOURNAL_SUFFIX) == 0) {
		w->written = 0;
		return true;
	}
	if (ev->name[len] != '\0')
		return false;
	watch_file(w);
	return true;
}

static bool
file_event(struct store_watch *w, const struct inotify_event *ev)
{
	if (ev->mask & IN_IGNORED)
		w->file = -1;
	if (ev->mask & (IN_MOVE_SELF | IN_ATTRIB) && store_watch_replaced(w))
		watch_file(w);
	if ((ev->mask & IN_MODIFY) && w->written == 0)
		w->written = time_steady();
	return !(ev->mask & IN_MODIFY);
}

/* Takes what the kernel has to tell; true when it may be a commit. */
static bool
listen_now(struct store_watch *w)
{
	_Alignas(struct inotify_event) char buf[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
	bool told = false;
	ssize_t n;

	while ((n = read(w->fd, buf, sizeof(buf))) > 0)
		for (const char *p = buf; p < buf + n;) {
			const struct inotify_event *ev = (const struct inotify_event *)(const void *)p;

			if (ev->mask & IN_Q_OVERFLOW)
				told = true;
			else if (ev->wd == w->folder)
				told |= folder_event(w, ev);
			else if (ev->wd == w->file)
				told |= file_event(w, ev);
			p += sizeof(*ev) + ev->len;
		}
	if (w->folder < 0 && w->file < 0)
		stop_listening(w);
	return told;
}

struct store_watch *
store_watch_open(struct store *st, struct err *e)
{
	struct store_watch *w = mem_zero(1, sizeof(*w));

	*w = (struct store_watch){ .st = st, .fd = -1, .folder = -1, .file = -1 };
	w->path = mem_strdup(sqlite3_db_filename(st->db.sqlite, "main"));
	w->name = strrchr(w->path, '/') + 1;
	if (!file_is_remote(w->path))
		w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd >= 0) {
		watch_folder(w);
		watch_file(w);
		if (w->file < 0)
			stop_listening(w);
	}
	w->moved = store_watch_replaced(w);
	if (count_commits(w, &w->commits, e) < 0) {
		store_watch_close(w);
		return NULL;
	}
	return w;
}

void
store_watch_close(struct store_watch *w)
{
	if (w == NULL)
		return;
	stop_listening(w);
	free(w->path);
	free(w);
}

/* ---- waiting ---- */

/* Sleeps until the kernel has something to tell or the instant has come: 1, 0
 * when a signal came. */
static int
sleep_until(struct store_watch *w, int64_t until, struct err *e)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN };
	int64_t left = until == INT64_MAX ? -1 : until - time_steady();
	int ms = -1;

	if (until != INT64_MAX) /* rounded up, so that the instant has come */
		ms = left <= 0 ? 0 : left > INT_MAX ? INT_MAX / 1000 : (int)((left + 999) / 1000);

	if (poll(&p, w->fd >= 0 ? 1 : 0, ms) >= 0)
		return 1;
	return errno == EINTR ? 0 : err_errno(e, "%s: watching the store", w->st->db.path);
}

/* Whether the kernel told of a commit, or of pages written so long ago that the
 * commit must be through. */
static bool
heard(struct store_watch *w)
{
	if (listen_now(w))
		return true;
	if (w->written == 0 || time_steady() < w->written + SETTLE)
		return false;
	w->written = 0;
	return true;
}

static int64_t
next_look(const struct store_watch *w, int64_t end)
{
	int64_t next = w->fd < 0 ? time_steady() + LOOK_EVERY : w->written != 0 ? w->written + SETTLE : end;

	return next < end ? next : end;
}

int
store_watch_wait(struct store_watch *w, int64_t timeout, struct err *e)
{
	int64_t now = time_steady();
	int64_t end = timeout < 0 || timeout > INT64_MAX - now ? INT64_MAX : now + timeout;

	for (;;) {
		int rc = w->fd < 0 ? look(w, e) : heard(w);

		if (rc != 0)
			return rc;
		if (end != INT64_MAX && time_steady() >= end)
			return 0;
		if ((rc = sleep_until(w, next_look(w, end), e)) <= 0)
			return rc;
	}
}
