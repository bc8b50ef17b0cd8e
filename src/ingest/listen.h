/*
 * listen: JSON lines of many programs through a Unix socket, and answers.
 *
 * A client connects, sends lines, and reads
 *
 *	nak 3 not-json          its third line was not stored as an event
 *	ack 5                   what it sent up to its fifth line is committed
 *
 * Numbers count the lines of the connection from 1, blank ones too; an ack
 * speaks for all lines up to its number, but for those that a nak named before.
 * "nak 0 REASON" refuses the connection; "left K" stands for K naks that were
 * left out because answers lay unread.  A client that reads none is read from
 * all the same.  A client that has sent everything
 * may close its sending side (shutdown) and read to the end.
 *
 * Memory: LISTEN_ALL_BYTES given to the caller, and for each client a line that
 * has begun, JSON_LEN_MAX at most, in a buffer of up to twice that.
 *
 * Who is not read from waits: nothing is dropped.  What was not acknowledged
 * when the connection ended is to be sent again.
 *
 * The caller's loop, with all of its work between two calls of listen_wait:
 *
 *	while ((r = listen_wait(l, deadline, take, arg, &e)) >= 0 && r != LISTEN_END)
 *		if (full or the deadline is past) {
 *			commit; for each client: listen_nak, listen_committed
 *		}
 *
 * In: a socket.   Out: chunks of lines with who sent them; acks.
 */
#ifndef INGEST_LISTEN_H
#define INGEST_LISTEN_H

#include <signal.h>
#include <sys/types.h>

#include "base/err.h"
#include "ingest/gather.h"

#define LISTEN_CLIENTS 64                    /* at a time; others wait in the kernel's queue */
#define LISTEN_CLIENTS_OF_UID 32             /* the next is refused */
#define LISTEN_CLIENT_BYTES (4 * 1024 * 1024) /* not acknowledged: then a client is not read from */
#define LISTEN_CLIENT_LINES 16384
#define LISTEN_ALL_BYTES (64 * 1024 * 1024)  /* the same over all of them */
#define LISTEN_ALL_LINES 65536
#define LISTEN_ANSWERS_MAX (64 * 1024)       /* bytes of answers not sent: then naks are left out */
#define LISTEN_REASON_MAX 200                /* bytes of a reason */

struct listen_options {
	const char *path;    /* the socket to make; NULL: fd is one that was handed over */
	int fd;              /* then taken over, also when listen_open fails */
	const uid_t *uid;    /* who may connect; borrowed */
	size_t uids;         /* 0: whoever the file's mode lets */
	bool has_group;
	gid_t group;         /* of the socket, whose mode is 0660 */
	size_t clients, clients_of_uid; /* 0: as above */
	const sigset_t *mask; /* of signals while waiting, so that none comes between the caller's
	                       * look and the wait; NULL: as it is; borrowed */
};

struct listen_stats {
	uint64_t connections, refused;
	size_t clients;     /* now */
	uint64_t waiting;   /* lines not acknowledged */
};

struct listen_lines {
	uint64_t client;   /* the number of the connection, from 1, no other ever has */
	uid_t uid;         /* by SO_PEERCRED, as it was on connecting */
	pid_t pid;
	struct gather_chunk chunk;
};

enum listen_result {
	LISTEN_ERROR = -1,
	LISTEN_LINES, /* some were taken; there may be more at once */
	LISTEN_WAIT,  /* the deadline has passed, or a signal came */
	LISTEN_END    /* after listen_stop: all is answered and closed */
};

struct listen;

/*
 * A path that is a socket on which nobody listens is replaced.  ERR_FAIL: the
 * path is too long, is something else or another program's; fd is no
 * listening Unix stream socket.
 */
struct listen *listen_open(const struct listen_options *o, struct err *e);
/* Ends all connections, answered or not, and removes the socket that was made.
 * NULL is fine. */
void listen_close(struct listen *l);

/* Takes over lines; they are borrowed.  -1 ends listen_wait with the error. */
typedef int listen_take(void *arg, const struct listen_lines *in, struct err *e);

/*
 * Sends what answers there are, then waits for lines until `deadline`
 * (time_steady; INT64_MAX: for good), and gives at most some pieces of each
 * client to `take`, those of one client in their order.
 */
enum listen_result listen_wait(struct listen *l, int64_t deadline, listen_take *take, void *arg,
    struct err *e);

/* What the client sent up to this line is committed.  Sent by the next
 * listen_wait.  A client that has gone is fine for both. */
void listen_committed(struct listen *l, uint64_t client, uint64_t line);
/* Before the listen_committed that covers the line.  Bytes of the reason that
 * are no printable UTF-8 become "?"; what is over LISTEN_REASON_MAX is cut. */
void listen_nak(struct listen *l, uint64_t client, uint64_t line, const char *reason);

/* From here on nobody is let in and nothing more is read; the socket is gone.
 * What was taken is still to be committed, listen_wait then sends the answers.
 * A client that reads none keeps LISTEN_END away: the caller has a deadline. */
void listen_stop(struct listen *l);

void listen_stats(const struct listen *l, struct listen_stats *s);

#endif
