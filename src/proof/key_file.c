/*
 * key_file: create, read strictly, hand over, wipe.
 *
 * In: a folder only we can read.   Out: a key in memory, wiped by its user.
 */
#include "proof/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/draft.h"
#include "base/mem.h"

enum {
	KEY_MODE = 0400,
	FOLDER_MODE = 0700,
	KEY_FILE_MAX = NOTE_SIGNER_TEXT_MAX + 1, /* with its newline */
	WIPE_MAX = 64 * 1024                     /* bytes overwritten; no key is longer */
};

/* The same as file systems that cannot sync a folder see it: nothing to do. */
static int
sync_fd(int fd)
{
	return fsync(fd) != 0 && errno != EINVAL ? -1 : 0;
}

static int
sync_folder(const struct key_folder *f, struct err *e)
{
	if (sync_fd(f->fd) != 0)
		return err_errno(e, "%s: syncing the folder", f->path);
	return 0;
}

/* Ours, and closed to others? */
static int
check_private(const struct stat *sb, const char *folder, const char *name, struct err *e)
{
	const char *slash = *name ? "/" : "";

	if (sb->st_uid != geteuid())
		return err_set(e, ERR_REFUSED, "%s%s%s: belongs to user %lu, not to who runs this (%lu)",
		    folder, slash, name, (unsigned long)sb->st_uid, (unsigned long)geteuid());
	if ((sb->st_mode & 077) != 0)
		return err_set(e, ERR_REFUSED, "%s%s%s: mode %04o lets others in (chmod %s)", folder,
		    slash, name, (unsigned)(sb->st_mode & 07777), *name ? "0400" : "0700");
	return 0;
}

/* ---- The folder ---- */

static int
make_folder(const char *path, struct err *e)
{
	char *around = mem_strdup(path);
	size_t len = strlen(around);
	int fd, rc = 0;

	if (mkdir(path, FOLDER_MODE) != 0) {
		rc = errno == EEXIST ? 0 : err_errno(e, "%s", path);
		free(around);
		return rc;
	}
	while (len > 1 && around[len - 1] == '/')
		around[--len] = '\0';

	char *slash = strrchr(around, '/');

	if (slash != NULL)
		slash[slash == around ? 1 : 0] = '\0';
	fd = open(slash ? around : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || sync_fd(fd) != 0)
		rc = err_errno(e, "%s: syncing the folder around it", path);
	if (fd >= 0)
		close(fd);
	free(around);
	return rc;
}

int
key_folder_open(struct key_folder *f, const char *path, bool make, struct err *e)
{
	struct stat sb;

	*f = (struct key_folder)KEY_FOLDER_NONE;
	if (make && make_folder(path, e) != 0)
		return -1;
	f->path = mem_strdup(path);
	f->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->fd < 0 || fstat(f->fd, &sb) != 0)
		err_errno(e, "%s", path);
	else if (check_private(&sb, path, "", e) != 0)
		;
	else if (flock(f->fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	else if (errno == EWOULDBLOCK)
		err_set(e, ERR_BUSY, "%s: another process is using the keys", path);
	else
		err_errno(e, "%s: locking", path);
	key_folder_close(f);
	return -1;
}

void
key_folder_close(struct key_folder *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	*f = (struct key_folder)KEY_FOLDER_NONE;
}

/* ---- Writing ---- */

int
key_file_create(const struct key_folder *f, const char *name, const struct note_signer *s,
    struct err *e)
{
	char text[KEY_FILE_MAX];
	size_t len;
	int fd, rc = -1;

	fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, KEY_MODE);
	if (fd < 0 && errno == EEXIST)
		return err_set(e, ERR_REFUSED, "%s/%s: is there already, and is not overwritten",
		    f->path, name);
	if (fd < 0)
		return err_errno(e, "%s/%s", f->path, name);
	len = note_signer_format(text, s);
	text[len++] = '\n';
	if (draft_write_all(fd, text, len) != 0 || fsync(fd) != 0)
		err_errno(e, "%s/%s", f->path, name);
	else
		rc = sync_folder(f, e);
	explicit_bzero(text, sizeof(text));
	close(fd);
	return rc;
}

int
key_file_link(const struct key_folder *f, const char *from, const char *to, struct err *e)
{
	if (linkat(f->fd, from, f->fd, to, 0) != 0)
		return err_errno(e, "%s/%s: linking %s", f->path, to, from);
	return sync_folder(f, e);
}

int
key_file_rename(const struct key_folder *f, const char *from, const char *to, struct err *e)
{
	if (renameat(f->fd, from, f->fd, to) != 0)
		return err_errno(e, "%s/%s: renaming %s", f->path, to, from);
	return sync_folder(f, e);
}

/* ---- Reading ---- */

/* Opens a file of ours.  *fd is -1 when there is none. */
static int
open_key(const struct key_folder *f, const char *name, int *fd, struct stat *sb, struct err *e)
{
	*fd = openat(f->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (*fd < 0 && errno == ENOENT)
		return 0;
	if (*fd < 0 && errno == ELOOP)
		return err_set(e, ERR_REFUSED, "%s/%s: is a symbolic link", f->path, name);
	if (*fd < 0)
		return err_errno(e, "%s/%s", f->path, name);
	if (fstat(*fd, sb) != 0)
		err_errno(e, "%s/%s", f->path, name);
	else if (!S_ISREG(sb->st_mode))
		err_set(e, ERR_REFUSED, "%s/%s: is no regular file", f->path, name);
	else if (check_private(sb, f->path, name, e) == 0)
		return 0;
	close(*fd);
	*fd = -1;
	return -1;
}

/* As many bytes as there are, up to n. */
static ssize_t
read_all(int fd, char *p, size_t n)
{
	size_t len = 0;

	while (len < n) {
		ssize_t got = read(fd, p + len, n - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	return (ssize_t)len;
}

int
key_file_look(const struct key_folder *f, const char *name, enum key_state *state,
    struct note_signer *s, struct err *e)
{
	char text[KEY_FILE_MAX + 1]; /* one byte more than a key has */
	struct err why = ERR_NONE;
	struct stat sb;
	int fd, rc = 0;

	*state = KEY_ABSENT;
	if (open_key(f, name, &fd, &sb, e) != 0)
		return -1;
	if (fd < 0)
		return 0;

	ssize_t len = read_all(fd, text, sizeof(text));

	if (len < 0)
		rc = err_errno(e, "%s/%s", f->path, name);
	else if (len > 0 && len <= KEY_FILE_MAX && text[len - 1] == '\n' &&
	    note_signer_parse(s, (struct str){ text, (size_t)len - 1 }, &why) == 0)
		*state = KEY_WHOLE;
	else
		*state = KEY_TORN;
	explicit_bzero(text, sizeof(text));
	close(fd);
	return rc;
}

int
key_file_load(const struct key_folder *f, const char *name, struct note_signer *s, struct err *e)
{
	enum key_state state;

	if (key_file_look(f, name, &state, s, e) != 0)
		return -1;
	if (state == KEY_ABSENT)
		return err_set(e, ERR_FAIL, "%s/%s: there is no signing key (--init-keys makes the "
		    "first one of a log)", f->path, name);
	if (state == KEY_TORN)
		return err_set(e, ERR_FAIL, "%s/%s: is not a whole signing key; put it back from a "
		    "copy, as a new key would begin a new log", f->path, name);
	return 0;
}

bool
key_file_same(const struct key_folder *f, const char *a, const char *b)
{
	struct stat one, two;

	return fstatat(f->fd, a, &one, AT_SYMLINK_NOFOLLOW) == 0 &&
	    fstatat(f->fd, b, &two, AT_SYMLINK_NOFOLLOW) == 0 && one.st_dev == two.st_dev &&
	    one.st_ino == two.st_ino;
}

/* ---- Wiping ---- */

static int
overwrite(const struct key_folder *f, const char *name, int fd, const struct stat *sb)
{
	static const char zeros[4096];
	off_t left = sb->st_size < WIPE_MAX ? sb->st_size : WIPE_MAX;
	int out, rc = -1;

	if (fchmod(fd, 0600) != 0)
		return -1;
	out = openat(f->fd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return -1;
	while (left > 0) {
		off_t n = left < (off_t)sizeof(zeros) ? left : (off_t)sizeof(zeros);

		if (draft_write_all(out, zeros, (size_t)n) != 0)
			goto out;
		left -= n;
	}
	rc = fsync(out);
out:
	close(out);
	return rc;
}

int
key_file_wipe(const struct key_folder *f, const char *name, struct err *e)
{
	struct stat sb;
	int fd;

	if (open_key(f, name, &fd, &sb, e) != 0)
		return -1;
	if (fd < 0)
		return 0;
	if ((sb.st_nlink == 1 && overwrite(f, name, fd, &sb) != 0) ||
	    unlinkat(f->fd, name, 0) != 0) {
		err_errno(e, "%s/%s: wiping", f->path, name);
		close(fd);
		return -1;
	}
	close(fd);
	return sync_folder(f, e);
}
