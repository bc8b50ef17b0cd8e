/*
 * draft: temporary name, sync, rename, sync of the folder.
 *
 * The folder is held open, so that both names are in the same folder
 * whatever is moved meanwhile.
 */
#include "base/draft.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/random.h"

int
draft_write_all(int fd, const void *p, size_t n)
{
	const char *at = p;

	while (n > 0) {
		ssize_t written = write(fd, at, n);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		at += written;
		n -= (size_t)written;
	}
	return 0;
}

/* Opens the folder of target and keeps the last part as the name. */
static int
open_folder(struct draft *d, const char *target)
{
	const char *slash = strrchr(target, '/');
	char *folder = slash == NULL ? mem_strdup(".")
	    : slash == target        ? mem_strdup("/")
	                             : mem_dup(target, (size_t)(slash - target));

	d->name = mem_strdup(slash ? slash + 1 : target);
	d->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (d->folder >= 0 && d->name[0] == '\0') {
		errno = EISDIR;
		return -1;
	}
	return d->folder < 0 ? -1 : 0;
}

static int
create(struct draft *d, mode_t mode)
{
	snprintf(d->temporary, sizeof(d->temporary), ".audit-%016llx.tmp",
	    (unsigned long long)random_u64());
	d->fd = openat(d->folder, d->temporary,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	return d->fd < 0 ? -1 : 0;
}

/*
 * Whether the path may be replaced.  A rename would put a file where a device
 * or a FIFO was.  It would also follow a link that someone else left in /tmp,
 * which the kernel refuses to those who open it.
 */
static int
check_target(const char *path, struct err *e)
{
	struct stat link, sb;

	if (lstat(path, &link) == 0 && S_ISLNK(link.st_mode) && link.st_uid != geteuid() && link.st_uid != 0)
		return err_set(e, ERR_FAIL, "%s: is a symbolic link of another user", path);
	if (stat(path, &sb) == 0 && !S_ISREG(sb.st_mode))
		return err_set(e, ERR_FAIL, "%s: is not a regular file", path);
	return 0;
}

int
draft_open(struct draft *d, const char *path, mode_t mode, struct err *e)
{
	struct stat sb;
	char *target = NULL;
	int rc = -1;

	*d = (struct draft)DRAFT_NONE;
	if (check_target(path, e) != 0)
		return -1;
	if (lstat(path, &sb) == 0 && S_ISLNK(sb.st_mode)) {
		if ((target = realpath(path, NULL)) == NULL) {
			err_errno(e, "%s", path);
			goto out;
		}
	}
	if (open_folder(d, target ? target : path) != 0 || create(d, mode) != 0) {
		err_errno(e, "%s", path);
		d->temporary[0] = '\0';
		draft_abort(d);
		goto out;
	}
	rc = 0;
out:
	free(target);
	return rc;
}

/* The same as file systems that cannot sync a folder see it: nothing to do. */
static int
sync_folder(int fd)
{
	return fsync(fd) != 0 && errno != EINVAL ? -1 : 0;
}

int
draft_commit(struct draft *d, const char *path, struct err *e)
{
	int fd = d->fd;

	if (fsync(fd) != 0) {
		err_errno(e, "%s: syncing", path);
		goto fail;
	}
	d->fd = -1;
	if (close(fd) != 0) {
		err_errno(e, "%s: closing", path);
		goto fail;
	}
	if (renameat(d->folder, d->temporary, d->folder, d->name) != 0) {
		err_errno(e, "%s: renaming", path);
		goto fail;
	}
	d->temporary[0] = '\0';
	if (sync_folder(d->folder) != 0) {
		err_errno(e, "%s: syncing the folder", path);
		goto fail;
	}
	draft_abort(d);
	return 0;
fail:
	draft_abort(d);
	return -1;
}

void
draft_abort(struct draft *d)
{
	int saved = errno;

	if (d->temporary[0] != '\0')
		unlinkat(d->folder, d->temporary, 0);
	if (d->fd >= 0)
		close(d->fd);
	if (d->folder >= 0)
		close(d->folder);
	free(d->name);
	*d = (struct draft)DRAFT_NONE;
	errno = saved;
}
