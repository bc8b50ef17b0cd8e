/* listen_client: what one connection has sent, and what it is to be told. */
#include "ingest/listen_client.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"

struct client *
client_new(int fd, uint64_t number, uid_t uid, pid_t pid)
{
	struct client *c = mem_zero(1, sizeof(*c));

	c->fd = fd;
	c->number = number;
	c->uid = uid;
	c->pid = pid;
	return c;
}

void
client_leave(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->events = 0;
	c->ended = true;
	gather_fini(&c->gather);
	buf_fini(&c->answers);
	c->sent = 0;
}

void
client_free(struct client *c)
{
	client_leave(c);
	free(c);
}

uint64_t
client_waiting(const struct client *c)
{
	return c->chunks > 0 ? c->chunk[c->chunks - 1].last - c->committed : 0;
}

bool
client_has_answers(const struct client *c)
{
	return c->fd >= 0 && (c->answers.len > c->sent || c->committed > c->told || c->left_out > 0);
}

bool
client_may_read(const struct client *c)
{
	return !c->ended && c->bytes < LISTEN_CLIENT_BYTES && client_waiting(c) < LISTEN_CLIENT_LINES;
}

bool
client_is_done(const struct client *c, bool stopping)
{
	return (c->ended || stopping) && c->chunks == 0 && !client_has_answers(c);
}

int
client_read(struct client *c)
{
	ssize_t n = recv(c->fd, gather_room(&c->gather), GATHER_PIECE, MSG_DONTWAIT);
	bool later = n < 0 && (errno == EAGAIN || errno == EINTR);

	gather_added(&c->gather, n > 0 ? (size_t)n : 0);
	if (n > 0)
		return 1;
	if (later)
		return 0;
	c->ended = true;
	return -1;
}

/* ---- What waits for its commit ---- */

void
client_given(struct client *c, const struct gather_chunk *given)
{
	struct client_chunk *at;

	if (c->chunks < CLIENT_CHUNKS)
		c->chunk[c->chunks++] = (struct client_chunk){ 0 };
	at = &c->chunk[c->chunks - 1];
	at->last = given->first + given->n - 1;
	at->bytes += given->bytes.len;
	c->bytes += given->bytes.len;
}

void
client_committed(struct client *c, uint64_t line)
{
	size_t done = 0;

	if (c->chunks == 0 || line <= c->committed)
		return;
	if (line > c->chunk[c->chunks - 1].last)
		line = c->chunk[c->chunks - 1].last;
	while (done < c->chunks && c->chunk[done].last <= line)
		c->bytes -= c->chunk[done++].bytes;
	c->chunks -= done;
	memmove(c->chunk, c->chunk + done, c->chunks * sizeof(*c->chunk));
	c->committed = line;
}

/* ---- Answers ---- */

void
client_nak(struct client *c, uint64_t line, const char *reason)
{
	size_t len = strlen(reason), start, good;

	if (c->fd < 0)
		return;
	if (c->answers.len - c->sent >= LISTEN_ANSWERS_MAX) {
		c->left_out++;
		return;
	}
	if (len > LISTEN_REASON_MAX)
		len = LISTEN_REASON_MAX;
	buf_printf(&c->answers, "nak %" PRIu64 " ", line);
	start = c->answers.len;
	buf_add(&c->answers, reason, len);
	for (size_t i = start; i < start + len; i++)
		if ((unsigned char)c->answers.p[i] < ' ' || c->answers.p[i] == 0x7f)
			c->answers.p[i] = '?';
	while ((good = utf8_valid_prefix(c->answers.p + start, len)) < len)
		c->answers.p[start + good] = '?';
	buf_byte(&c->answers, '\n');
}

/* Once all before it is sent: one who never reads is owed one ack, not many. */
static void
add_ack(struct client *c)
{
	if (c->answers.len > c->sent)
		return;
	if (c->left_out > 0)
		buf_printf(&c->answers, "left %" PRIu64 "\n", c->left_out);
	c->left_out = 0;
	if (c->committed > c->told)
		buf_printf(&c->answers, "ack %" PRIu64 "\n", c->committed);
	c->told = c->committed;
}

void
client_answer(struct client *c)
{
	/* Twice: naks, then the ack behind them. */
	for (int i = 0; i < 2 && c->fd >= 0; i++) {
		ssize_t n;

		add_ack(c);
		if (c->answers.len == c->sent)
			return;
		n = send(c->fd, c->answers.p + c->sent, c->answers.len - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			client_leave(c);
			return;
		}
		c->sent += n > 0 ? (size_t)n : 0;
		if (c->sent < c->answers.len)
			return;
		buf_fini(&c->answers);
		c->sent = 0;
	}
}
