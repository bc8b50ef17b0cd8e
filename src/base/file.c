/* file: small files in one piece. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/draft.h"
#include "base/stream.h"

enum { READ_SIZE = 16 << 10 };

/* Reads to the end, or one byte beyond max. */
static int
read_to_end(int fd, size_t max, struct buf *b)
{
	for (;;) {
		size_t room = max - b->len;

		buf_reserve(b, READ_SIZE + 1);

		ssize_t n = read(fd, b->p + b->len, room < READ_SIZE ? room + 1 : READ_SIZE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		b->len += (size_t)n;
		if (b->len > max)
			return 0;
	}
}

char *
file_read(const char *path, size_t max, size_t *len, struct err *e)
{
	struct buf b = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 || read_to_end(fd, max, &b) != 0) {
		err_errno(e, "%s", path);
		goto fail;
	}
	if (b.len > max) {
		err_set(e, ERR_FAIL, "%s: larger than %zu bytes", path, max);
		goto fail;
	}
	close(fd);
	*len = b.len;
	buf_byte(&b, '\0');
	return b.p;
fail:
	if (fd >= 0)
		close(fd);
	buf_fini(&b);
	return NULL;
}

int
file_replace(const char *path, mode_t mode, const void *p, size_t n, struct err *e)
{
	struct draft d;

	if (draft_open(&d, path, mode, e) != 0)
		return -1;
	if (draft_write_all(d.fd, p, n) != 0) {
		err_errno(e, "%s", path);
		draft_abort(&d);
		return -1;
	}
	return draft_commit(&d, path, e);
}

bool
file_is_remote(const char *path)
{
	static const unsigned long remote[] = { NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, CIFS_SUPER_MAGIC, SMB2_SUPER_MAGIC,
		V9FS_MAGIC, FUSE_SUPER_MAGIC, CODA_SUPER_MAGIC, AFS_SUPER_MAGIC, CEPH_SUPER_MAGIC };
	struct statfs fs;

	if (statfs(path, &fs) < 0)
		return true;
	for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++)
		if ((unsigned long)fs.f_type == remote[i])
			return true;
	return false;
}
