/*
 * listen: who may come in, who is read from next, and waiting for all of them.
 *
 * Level-triggered epoll.  A client from which nothing is wanted for now is not
 * in the set at all: one that hung up would wake us again and again.
 */
#include "ingest/listen.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "ingest/listen_client.h"
#include "ingest/listen_socket.h"

#define EVENTS_MAX 64
#define PIECES_MAX 4                    /* of one client, then it is another's turn */
#define NO_ROOM_PAUSE (TIME_SECOND / 2) /* when the process has no descriptor left */

struct listen {
	struct listen_options o;
	struct listen_socket socket;
	int epoll;
	bool accepting; /* the listening socket is in the set */
	bool stopping;
	int64_t accept_after; /* time_steady */
	struct client **client;
	size_t clients, cap;
	uint64_t connections, refused;
};

/* ---- Opening and closing ---- */

struct listen *
listen_open(const struct listen_options *o, struct err *e)
{
	struct listen *l = mem_zero(1, sizeof(*l));

	l->o = *o;
	if (l->o.clients == 0)
		l->o.clients = LISTEN_CLIENTS;
	if (l->o.clients_of_uid == 0)
		l->o.clients_of_uid = LISTEN_CLIENTS_OF_UID;
	l->epoll = -1;
	if (listen_socket_open(&l->socket, o, e) == 0 && (l->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
		err_errno(e, "listening");
	if (l->epoll >= 0)
		return l;
	listen_close(l);
	return NULL;
}

void
listen_close(struct listen *l)
{
	if (l == NULL)
		return;
	listen_socket_close(&l->socket);
	for (size_t i = 0; i < l->clients; i++)
		client_free(l->client[i]);
	free(l->client);
	if (l->epoll >= 0)
		close(l->epoll);
	free(l);
}

void
listen_stop(struct listen *l)
{
	/* Closing takes it out of the set. */
	listen_socket_close(&l->socket);
	l->accepting = false;
	l->stopping = true;
}

/* ---- Clients ---- */

static struct client *
find_client(const struct listen *l, uint64_t number)
{
	for (size_t i = 0; i < l->clients; i++)
		if (l->client[i]->number == number)
			return l->client[i];
	return NULL;
}

void
listen_committed(struct listen *l, uint64_t client, uint64_t line)
{
	struct client *c = find_client(l, client);

	if (c != NULL)
		client_committed(c, line);
}

void
listen_nak(struct listen *l, uint64_t client, uint64_t line, const char *reason)
{
	struct client *c = find_client(l, client);

	if (c != NULL)
		client_nak(c, line, reason);
}

void
listen_stats(const struct listen *l, struct listen_stats *s)
{
	*s = (struct listen_stats){ .connections = l->connections, .refused = l->refused, .clients = l->clients };
	for (size_t i = 0; i < l->clients; i++)
		s->waiting += client_waiting(l->client[i]);
}

/* Why this one may not come in; NULL: it may. */
static const char *
objection(const struct listen *l, uid_t uid)
{
	size_t same = 0;
	bool named = l->o.uids == 0;

	for (size_t i = 0; i < l->o.uids; i++)
		named |= l->o.uid[i] == uid;
	if (!named)
		return "not-allowed";
	for (size_t i = 0; i < l->clients; i++)
		same += l->client[i]->uid == uid;
	return same >= l->o.clients_of_uid ? "too-many-connections" : NULL;
}

static void
let_in(struct listen *l, int fd)
{
	const char *why = "who-are-you";
	uid_t uid = 0;
	pid_t pid = 0;
	struct client *c;

	if (listen_socket_peer(fd, &uid, &pid) == 0)
		why = objection(l, uid);
	c = client_new(fd, l->connections + 1, uid, pid);
	if (why != NULL) {
		l->refused++;
		client_nak(c, 0, why);
		client_answer(c);
		client_free(c);
		return;
	}
	l->connections++;
	mem_grow(&l->client, &l->cap, l->clients + 1, sizeof(*l->client));
	l->client[l->clients++] = c;
}

static void
accept_some(struct listen *l)
{
	while (l->clients < l->o.clients) {
		int fd = accept4(l->socket.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0) {
			if (errno != EAGAIN)
				l->accept_after = time_steady() + NO_ROOM_PAUSE;
			return;
		}
		let_in(l, fd);
	}
}

/* ---- Who is waited for ---- */

static int
watch(struct listen *l, int fd, uint64_t number, uint32_t before, uint32_t events, struct err *e)
{
	struct epoll_event ev = { .events = events, .data.u64 = number };
	int op = events == 0 ? EPOLL_CTL_DEL : before == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

	if (before == events || epoll_ctl(l->epoll, op, fd, &ev) == 0)
		return 0;
	return err_errno(e, "listening");
}

/* Only what a commit makes room for counts: lines that have begun do not, or
 * clients that never end theirs would stop all others. */
static bool
may_read_any(const struct listen *l)
{
	uint64_t lines = 0;
	size_t bytes = 0;

	for (size_t i = 0; i < l->clients; i++) {
		lines += client_waiting(l->client[i]);
		bytes += l->client[i]->bytes;
	}
	return !l->stopping && lines < LISTEN_ALL_LINES && bytes < LISTEN_ALL_BYTES;
}

/* Answers, lets go of those that are done, and says who is waited for. */
static int
prepare(struct listen *l, struct err *e)
{
	size_t kept = 0;
	bool accepting, reading = may_read_any(l);
	int rc = 0;

	for (size_t i = 0; i < l->clients; i++) {
		struct client *c = l->client[i];
		uint32_t events;

		client_answer(c);
		if (client_is_done(c, l->stopping)) {
			client_free(c);
			continue;
		}
		l->client[kept++] = c;
		events = (reading && client_may_read(c) ? EPOLLIN : 0u) | (client_has_answers(c) ? EPOLLOUT : 0u);
		if (c->fd < 0)
			continue;
		if (rc == 0)
			rc = watch(l, c->fd, c->number, c->events, events, e);
		c->events = events;
	}
	l->clients = kept;
	accepting = !l->stopping && l->clients < l->o.clients && time_steady() >= l->accept_after;
	if (rc == 0 && !l->stopping)
		rc = watch(l, l->socket.fd, 0, l->accepting ? EPOLLIN : 0, accepting ? EPOLLIN : 0, e);
	l->accepting = accepting;
	return rc;
}

/* ---- Waiting ---- */

/* Gives out what whole lines a client has; its last one when it has ended. */
static int
give(struct client *c, listen_take *take, void *arg, bool *taken, struct err *e)
{
	struct listen_lines in = { .client = c->number, .uid = c->uid, .pid = c->pid };

	while (gather_next(&c->gather, &in.chunk) || (c->ended && gather_last(&c->gather, &in.chunk))) {
		client_given(c, &in.chunk);
		*taken = true;
		if (take(arg, &in, e) != 0)
			return -1;
	}
	return 0;
}

static int
serve(struct listen *l, const struct epoll_event *ev, listen_take *take, void *arg, bool *taken,
    struct err *e)
{
	struct client *c;

	if (ev->data.u64 == 0) {
		accept_some(l);
		return 0;
	}
	c = find_client(l, ev->data.u64);
	if (c == NULL || c->fd < 0)
		return 0;
	/* What hung up, and is wanted for nothing but answers, finds out by sending. */
	if ((c->events & EPOLLIN) == 0) {
		client_answer(c);
		return 0;
	}
	for (int i = 0; i < PIECES_MAX && client_may_read(c) && may_read_any(l); i++) {
		int got = client_read(c);

		if (got != 0 && give(c, take, arg, taken, e) != 0)
			return -1;
		if (got <= 0)
			break;
	}
	return 0;
}

/* Milliseconds until the deadline, rounded up, or until there may be room. */
static int
wait_ms(const struct listen *l, int64_t deadline)
{
	int64_t now = time_steady(), left;

	if (!l->stopping && l->accept_after > now && l->accept_after < deadline)
		deadline = l->accept_after;
	if (deadline == INT64_MAX)
		return -1;
	left = deadline > now ? (deadline - now + 999) / 1000 : 0;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}

enum listen_result
listen_wait(struct listen *l, int64_t deadline, listen_take *take, void *arg, struct err *e)
{
	struct epoll_event events[EVENTS_MAX];
	bool taken = false;

	for (;;) {
		int n;

		if (prepare(l, e) != 0)
			return LISTEN_ERROR;
		if (l->stopping && l->clients == 0)
			return LISTEN_END;
		n = epoll_pwait(l->epoll, events, EVENTS_MAX, wait_ms(l, deadline), l->o.mask);
		if (n < 0 && errno != EINTR) {
			err_errno(e, "listening");
			return LISTEN_ERROR;
		}
		for (int i = 0; i < n; i++)
			if (serve(l, &events[i], take, arg, &taken, e) != 0)
				return LISTEN_ERROR;
		if (taken)
			return LISTEN_LINES;
		if (n < 0 || time_steady() >= deadline)
			return LISTEN_WAIT;
	}
}
