/*
 * service: the manager's protocol, written out; no library is needed for it.
 *
 *	LISTEN_PID=4242 LISTEN_FDS=2 LISTEN_FDNAMES=audit:admin
 *	NOTIFY_SOCKET=/run/systemd/notify  (or @name: an abstract one)
 */
#include "cli/service.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/time.h"
#include "base/utf8.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */

/* A number of the environment, digits alone; -1: it is not set, -2: it is none. */
static int64_t
number(const char *name)
{
	const char *text = getenv(name);
	int64_t v = 0;

	if (text == NULL)
		return -1;
	if (*text == '\0')
		return -2;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || v > (INT64_MAX - 9) / 10)
			return -2;
		v = v * 10 + (*text - '0');
	}
	return v;
}

/* ---- Telling the manager ---- */

static int64_t
watchdog(void)
{
	int64_t us = number("WATCHDOG_USEC"), pid = number("WATCHDOG_PID");

	if (us <= 0 || pid == -2 || (pid >= 0 && pid != getpid()))
		return 0;
	return us;
}

/* The address; 0 when the name is not one of a Unix socket. */
static socklen_t
address_of(const char *name, struct sockaddr_un *to)
{
	size_t len = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || len < 2 || len >= sizeof(to->sun_path))
		return 0;
	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(to->sun_path, name, len);
	if (name[0] == '@')
		to->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

int
service_open(struct service *s, struct err *e)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to;
	socklen_t len;

	*s = (struct service)SERVICE_NONE;
	if (name == NULL || (len = address_of(name, &to)) == 0)
		return 0;
	s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&to, len) != 0) {
		err_errno(e, "NOTIFY_SOCKET %s", name);
		service_close(s);
		return -1;
	}
	s->watchdog = watchdog();
	return 0;
}

void
service_close(struct service *s)
{
	if (s->fd >= 0)
		close(s->fd);
	*s = (struct service)SERVICE_NONE;
}

static void
tell(const struct service *s, const char *text)
{
	if (s->fd >= 0)
		(void)!send(s->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void
service_ready(struct service *s)
{
	s->alive = time_steady();
	tell(s, "READY=1");
}

void
service_stopping(struct service *s)
{
	tell(s, "STOPPING=1");
}

void
service_status(struct service *s, const char *fmt, ...)
{
	char text[SERVICE_NOTE_MAX] = "STATUS=";
	size_t start = strlen(text), len, good;
	va_list ap;

	if (s->fd < 0)
		return;
	va_start(ap, fmt);
	vsnprintf(text + start, sizeof(text) - start, fmt, ap);
	va_end(ap);
	len = strlen(text);
	/* Another line would be another message. */
	for (size_t i = start; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
	while ((good = utf8_valid_prefix(text, len)) < len)
		text[good] = '?';
	tell(s, text);
}

int64_t
service_alive(struct service *s, int64_t now)
{
	if (s->fd < 0 || s->watchdog == 0)
		return -1;
	if (now - s->alive >= s->watchdog / 2) {
		tell(s, "WATCHDOG=1");
		s->alive = now;
	}
	return s->alive + s->watchdog / 2 - now;
}

/* ---- Sockets handed over ---- */

/* The name of the next one in "audit:admin:"; moves *names behind it. */
static bool
is_named(const char **names, const char *name)
{
	size_t len = *names != NULL ? strcspn(*names, ":") : 0;
	const char *own = *names != NULL ? *names : "unknown";
	bool same;

	if (*names == NULL)
		len = strlen(own);
	same = strlen(name) == len && memcmp(own, name, len) == 0;
	if (*names != NULL)
		*names += len + ((*names)[len] == ':');
	return same;
}

int
service_sockets(const char *name, int fd[SERVICE_FDS_MAX], struct err *e)
{
	int64_t pid = number("LISTEN_PID"), n = number("LISTEN_FDS");
	const char *names = getenv("LISTEN_FDNAMES");
	int found = 0;

	if (pid == -1 || n == -1)
		return 0;
	if (pid == -2 || n == -2)
		return err_set(e, ERR_FAIL, "LISTEN_PID, LISTEN_FDS: expected numbers");
	if (pid != getpid())
		return 0;
	if (n > SERVICE_FDS_MAX)
		return err_set(e, ERR_FAIL, "LISTEN_FDS: more than %d descriptors", SERVICE_FDS_MAX);
	for (int i = FIRST_FD; i < FIRST_FD + (int)n; i++) {
		int flags = fcntl(i, F_GETFD);

		if (flags < 0 || fcntl(i, F_SETFD, flags | FD_CLOEXEC) != 0)
			return err_errno(e, "LISTEN_FDS: descriptor %d", i);
		if (name == NULL || is_named(&names, name))
			fd[found++] = i;
	}
	return found;
}
