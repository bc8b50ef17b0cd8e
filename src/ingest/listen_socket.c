/* listen_socket: making, checking and removing the socket. */
#include "ingest/listen_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

#define BACKLOG 128
#define SOCKET_UMASK 0117 /* 0660 */

static int
address_of(const char *path, struct sockaddr_un *to, struct err *e)
{
	size_t len = strlen(path);

	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (len == 0)
		return err_set(e, ERR_FAIL, "a socket needs a path");
	if (len >= sizeof(to->sun_path))
		return err_set(e, ERR_FAIL, "%s: too long for a socket, more than %zu bytes", path,
		    sizeof(to->sun_path) - 1);
	memcpy(to->sun_path, path, len);
	return 0;
}

/* Makes way for a new socket, if what is there is one that nobody listens on. */
static int
remove_stale(const char *path, const struct sockaddr_un *at, struct err *e)
{
	struct stat sb;
	int fd, rc;

	if (lstat(path, &sb) != 0)
		return errno == ENOENT ? 0 : err_errno(e, "%s", path);
	if (!S_ISSOCK(sb.st_mode))
		return err_set(e, ERR_FAIL, "%s: is there already, and is no socket", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(e, "%s", path);
	rc = connect(fd, (const struct sockaddr *)at, sizeof(*at));
	if (rc == 0 || errno == EAGAIN)
		rc = err_set(e, ERR_FAIL, "%s: another program listens on it", path);
	else if (errno != ECONNREFUSED || unlink(path) != 0)
		rc = err_errno(e, "%s", path);
	else
		rc = 0;
	close(fd);
	return rc;
}

/* The mode is right from the first moment, and nobody gets in before the
 * group is right too, because that comes before listen(2). */
static int
bind_at(struct listen_socket *s, const struct listen_options *o, const struct sockaddr_un *at, struct err *e)
{
	mode_t before = umask(SOCKET_UMASK);
	int rc = bind(s->fd, (const struct sockaddr *)at, sizeof(*at));
	struct stat sb;

	umask(before);
	if (rc != 0)
		return err_errno(e, "%s", o->path);
	s->path = mem_strdup(o->path);
	if (lstat(s->path, &sb) != 0)
		return err_errno(e, "%s", o->path);
	/* From here on it is removed, also when the rest fails. */
	s->device = sb.st_dev;
	s->inode = sb.st_ino;
	if ((o->has_group && lchown(s->path, (uid_t)-1, o->group) != 0) || listen(s->fd, BACKLOG) != 0)
		return err_errno(e, "%s", o->path);
	return 0;
}

static int
number_of(int fd, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 ? value : -1;
}

static int
take_over(int fd, struct err *e)
{
	int flags = fcntl(fd, F_GETFL);

	if (number_of(fd, SO_DOMAIN) != AF_UNIX || number_of(fd, SO_TYPE) != SOCK_STREAM ||
	    number_of(fd, SO_ACCEPTCONN) != 1)
		return err_set(e, ERR_FAIL, "descriptor %d: is no listening Unix stream socket", fd);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return err_errno(e, "descriptor %d", fd);
	return 0;
}

int
listen_socket_open(struct listen_socket *s, const struct listen_options *o, struct err *e)
{
	struct sockaddr_un at;

	*s = (struct listen_socket){ .fd = o->fd };
	if (o->path == NULL)
		return take_over(s->fd, e);
	s->fd = -1;
	if (address_of(o->path, &at, e) != 0 || remove_stale(o->path, &at, e) != 0)
		return -1;
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return err_errno(e, "%s", o->path);
	return bind_at(s, o, &at, e);
}

void
listen_socket_close(struct listen_socket *s)
{
	struct stat sb;

	if (s->path != NULL && lstat(s->path, &sb) == 0 && sb.st_dev == s->device && sb.st_ino == s->inode)
		unlink(s->path);
	free(s->path);
	if (s->fd >= 0)
		close(s->fd);
	*s = (struct listen_socket){ .fd = -1 };
}

int
listen_socket_peer(int fd, uid_t *uid, pid_t *pid)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return -1;
	*uid = peer.uid;
	*pid = peer.pid;
	return 0;
}
