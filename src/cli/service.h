/*
 * service: what a service manager hands over, and what it is told: sockets
 * that are open already (sd_listen_fds(3)) and notes of our state
 * (sd_notify(3)), each one datagram.
 *
 * In: LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES, NOTIFY_SOCKET, WATCHDOG_PID,
 * WATCHDOG_USEC of the environment.   Out: descriptors; datagrams.
 */
#ifndef CLI_SERVICE_H
#define CLI_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define SERVICE_FDS_MAX 64
#define SERVICE_NOTE_MAX 512 /* bytes of one datagram */

struct service {
	int fd;           /* connected to the manager; -1: nobody wants to know */
	int64_t watchdog; /* microseconds within which a sign of life is due; 0: none */
	int64_t alive;    /* when the last was given, time_steady */
};

#define SERVICE_NONE { -1, 0, 0 }

/*
 * Connects to the manager, if there is one: before the sandbox, which makes no
 * socket.  ERR_FAIL when there is one that cannot be reached; `vsock:` and
 * other kinds count as none.
 */
int service_open(struct service *s, struct err *e);
void service_close(struct service *s);

/* Each waits for nobody; one that cannot be sent is lost. */
void service_ready(struct service *s);    /* READY=1 */
void service_stopping(struct service *s); /* STOPPING=1 */
/* STATUS= for people; what is no printable ASCII or UTF-8 becomes "?". */
void service_status(struct service *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* WATCHDOG=1, when half the time has passed since the last; to be called
 * whenever work got on.  Returns how long (microseconds) until it is due
 * again, -1 without a watchdog. */
int64_t service_alive(struct service *s, int64_t now);

/*
 * The sockets handed to this process, their descriptors in fd, closed on exec;
 * those called `name` (FileDescriptorName=), or all when it is NULL.  Returns
 * how many; 0 when they are meant for another process; -1 with ERR_FAIL for
 * values that make no sense.
 */
int service_sockets(const char *name, int fd[SERVICE_FDS_MAX], struct err *e);

#endif
