/* listen_socket: the socket itself.  Private to ingest/listen*.c. */
#ifndef INGEST_LISTEN_SOCKET_H
#define INGEST_LISTEN_SOCKET_H

#include <sys/types.h>

#include "ingest/listen.h"

struct listen_socket {
	int fd;     /* listening, not blocking */
	char *path; /* made by us, to be removed; NULL: handed over */
	dev_t device;
	ino_t inode;
};

int listen_socket_open(struct listen_socket *s, const struct listen_options *o, struct err *e);
/* Removes the file only if it is still the one that was made. */
void listen_socket_close(struct listen_socket *s);

/* Who is at the other end.  -1 with errno. */
int listen_socket_peer(int fd, uid_t *uid, pid_t *pid);

#endif
