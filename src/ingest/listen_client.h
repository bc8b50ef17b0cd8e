/* listen_client: one connection.  Private to ingest/listen*.c. */
#ifndef INGEST_LISTEN_CLIENT_H
#define INGEST_LISTEN_CLIENT_H

#include "ingest/listen.h"

#define CLIENT_CHUNKS 64

struct client {
	int fd;            /* -1: gone, but lines of it are not yet committed */
	uint64_t number;
	uid_t uid;
	pid_t pid;
	uint32_t events;   /* what epoll waits for; 0: not in its set */
	bool ended;        /* sends no more */
	struct gather gather;
	uint64_t committed, told; /* lines; told: by an ack */
	struct buf answers;
	size_t sent;       /* bytes of them */
	uint64_t left_out; /* naks, since the last that was put in */
	/* What is not committed, oldest first: chunks, with the last line of each.
	 * When there are too many, the newest grows. */
	struct client_chunk {
		uint64_t last;
		size_t bytes;
	} chunk[CLIENT_CHUNKS];
	size_t chunks, bytes; /* bytes: of all chunks */
};

struct client *client_new(int fd, uint64_t number, uid_t uid, pid_t pid);
void client_free(struct client *c);

/* Lines given out and not committed. */
uint64_t client_waiting(const struct client *c);
/* May be read from, as far as its own limits go. */
bool client_may_read(const struct client *c);
bool client_has_answers(const struct client *c);
/* Sent everything, was told everything. */
bool client_is_done(const struct client *c, bool stopping);

/* One read.  1: there are bytes in c->gather, 0 nothing for now, -1 no more will come. */
int client_read(struct client *c);
/* Counts what was given out as waiting for its commit. */
void client_given(struct client *c, const struct gather_chunk *given);
void client_committed(struct client *c, uint64_t line);
void client_nak(struct client *c, uint64_t line, const char *reason);
/* Sends what the socket takes. */
void client_answer(struct client *c);
/* Closes the connection. */
void client_leave(struct client *c);

#endif
