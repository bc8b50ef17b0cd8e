/*
 * send: send events (JSON lines on standard input) to auditd-ingest and wait
 * until they are committed.
 *
 *	cc -o send send.c && ./send [SOCKET] <events.jsonl
 *
 * Status 0: all are stored; 1: some were refused; 75: not all were acknowledged,
 * send them again: those with an id are stored once.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static unsigned long sent, acked, refused;

/* "ack 5" and "nak 3 not-json", whole lines of them. */
static void
read_answers(char *text)
{
	char *line, *rest = NULL;

	for (line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
		if (strncmp(line, "ack ", 4) == 0) {
			acked = strtoul(line + 4, NULL, 10);
		} else {
			fprintf(stderr, "%s\n", line);
			refused++;
		}
}

/* Reads what has come; 0 when the other end has closed. */
static int
receive(int fd)
{
	static char held[65536];
	static size_t len;
	char *end;
	ssize_t n = recv(fd, held + len, sizeof(held) - 1 - len, 0);

	if (n <= 0)
		return 0;
	len += (size_t)n;
	held[len] = '\0';
	if ((end = strrchr(held, '\n')) == NULL)
		return len < sizeof(held) - 1;
	*end++ = '\0';
	read_answers(held);
	len = strlen(end);
	memmove(held, end, len);
	return 1;
}

/* All of it, reading answers meanwhile: whoever reads none is not read from. */
static int
send_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		struct pollfd wait = { .fd = fd, .events = POLLIN | POLLOUT };
		ssize_t done;

		if (poll(&wait, 1, -1) < 0 || ((wait.revents & POLLIN) && !receive(fd)))
			return -1;
		if (!(wait.revents & POLLOUT))
			continue;
		done = send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	}
	return 0;
}

int
main(int argc, char *argv[])
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = argc > 1 ? argv[1] : "/run/audit-toolkit/ingest.sock";
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		perror(path);
		return 75;
	}
	while ((len = getline(&line, &room, stdin)) > 0) {
		if (send_all(fd, line, (size_t)len) != 0)
			break;
		sent++;
	}
	free(line);
	/* Then its last line counts as one even without a newline. */
	shutdown(fd, SHUT_WR);
	while (acked < sent && receive(fd))
		;
	close(fd);
	if (acked < sent) {
		fprintf(stderr, "send: %lu of %lu acknowledged\n", acked, sent);
		return 75;
	}
	return refused > 0;
}
