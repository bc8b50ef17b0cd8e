/*
 * serve: events of many programs through a socket.
 *
 * One thread waits, reads and appends, the pool parses, as for files: up to
 * FLIGHT chunks are on their way, each of one client, taken in the order in
 * which they came.  What a client sends in small pieces gathers in one chunk
 * as long as nobody else comes between.
 *
 * Nobody is answered before the commit.  Until then it is noted how far each
 * client was taken and which of its lines were refused; a client is told of
 * both, or of nothing at all.
 */
#include "ingest/serve.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "ingest/run.h"

#define STATUS_EVERY (10 * TIME_SECOND)
#define DEFAULT_SOURCE "socket"

/* Beside each of run.batch: whose lines these are. */
struct flight {
	struct input in;        /* as the server's, but for: */
	char uid[12], origin[32]; /* of quarantined lines */
	uint64_t client, first; /* the number of its first line */
};

/* What a client is told after the commit. */
struct taken {
	uint64_t client, last; /* its last line */
	uint64_t lines;
	size_t bytes;
};

struct refusal {
	uint64_t client, line;
	enum event_fault fault;
};

struct server {
	struct run run;
	struct input in;         /* what all clients have in common */
	struct listen *listen;
	const struct serve_options *s;
	struct flight flight[FLIGHT];
	bool filling;       /* the chunk behind those on their way has lines */
	struct taken *taken;
	size_t taken_n, taken_cap;
	struct refusal *refusal;
	size_t refusal_n, refusal_cap;
	uint64_t lines;     /* that wait for the commit */
	size_t bytes;
	int64_t since;      /* the first of them came then; TIME_NONE */
	int64_t rested;     /* since the last commit has passed as long as it took */
	int64_t status_due; /* when people are told how it goes */
};

/* ---- Lines on their way ---- */

static struct batch *
newest(struct server *sv, struct flight **f)
{
	unsigned i = (sv->run.first + sv->run.flying) % FLIGHT;

	*f = &sv->flight[i];
	return &sv->run.batch[i];
}

static void
submit(struct server *sv)
{
	struct flight *f;

	if (!sv->filling)
		return;
	newest(sv, &f);
	run_start_chunk(&sv->run, &f->in);
	sv->filling = false;
}

static int
take_all(struct server *sv, struct err *e)
{
	submit(sv);
	while (sv->run.flying > 0)
		if (run_take_chunk(&sv->run, e) != 0)
			return -1;
	return 0;
}

/* A new chunk for the lines of a client. */
static void
begin_chunk(struct server *sv, const struct listen_lines *in)
{
	struct flight *f;
	struct frame_chunk *c = &newest(sv, &f)->chunk;

	f->client = in->client;
	f->first = in->chunk.first;
	f->in = sv->in;
	f->in.source.path = f->origin;
	f->in.label = (struct buf){ 0 };
	f->in.lines = f->first - 1;
	snprintf(f->uid, sizeof(f->uid), "%" PRIu32, (uint32_t)in->uid);
	f->in.rules.peer_uid = str_of(f->uid);
	snprintf(f->origin, sizeof(f->origin), "socket, uid %" PRIu32, (uint32_t)in->uid);
	c->len = c->tail = 0;
	c->offset = c->end = in->chunk.offset;
	c->partial = c->too_long = false;
	sv->filling = true;
}

/* Whether these lines can go behind those that wait already. */
static bool
fits(struct server *sv, const struct listen_lines *in)
{
	struct flight *f;
	const struct frame_chunk *c = &newest(sv, &f)->chunk;

	return f->client == in->client && in->chunk.passed == 0 && !c->too_long && !c->partial &&
	    c->len + in->chunk.bytes.len <= FRAME_CHUNK;
}

static void
add_lines(struct server *sv, const struct gather_chunk *lines)
{
	struct flight *f;
	struct frame_chunk *c = &newest(sv, &f)->chunk;

	memcpy(c->p + c->len, lines->bytes.p, lines->bytes.len);
	c->len += lines->bytes.len;
	c->end += lines->bytes.len + lines->passed;
	c->partial = lines->partial;
	c->too_long = lines->passed > 0;
	if (c->too_long && !c->partial) {
		c->len--;
		c->tail = 1;
	}
}

/* Notes that lines of a client wait for their commit. */
static void
note_taken(struct server *sv, const struct listen_lines *in)
{
	struct taken *t = NULL;

	for (size_t i = 0; i < sv->taken_n && t == NULL; i++)
		if (sv->taken[i].client == in->client)
			t = &sv->taken[i];
	if (t == NULL) {
		mem_grow(&sv->taken, &sv->taken_cap, sv->taken_n + 1, sizeof(*sv->taken));
		t = &sv->taken[sv->taken_n++];
		*t = (struct taken){ .client = in->client };
	}
	t->last = in->chunk.first + in->chunk.n - 1;
	t->lines += in->chunk.n;
	t->bytes += in->chunk.bytes.len;
	sv->lines += in->chunk.n;
	sv->bytes += in->chunk.bytes.len;
	if (sv->since == TIME_NONE)
		sv->since = time_steady();
}

/* listen_take: a chunk of one client. */
static int
take_lines(void *arg, const struct listen_lines *in, struct err *e)
{
	struct server *sv = arg;

	if (sv->filling && !fits(sv, in))
		submit(sv);
	if (!sv->filling) {
		if (sv->run.flying == FLIGHT && run_take_chunk(&sv->run, e) != 0)
			return -1;
		begin_chunk(sv, in);
	}
	add_lines(sv, &in->chunk);
	note_taken(sv, in);
	return 0;
}

/* run.refused: of the chunk that is being taken. */
static void
note_refused(void *arg, const struct batch_item *it, enum event_fault fault)
{
	struct server *sv = arg;

	mem_grow(&sv->refusal, &sv->refusal_cap, sv->refusal_n + 1, sizeof(*sv->refusal));
	sv->refusal[sv->refusal_n++] = (struct refusal){
		.client = sv->flight[sv->run.first].client, .line = sv->run.input->lines + it->line + 1, .fault = fault };
}

/* ---- Commits and answers ---- */

/* A client from which no more is read until it has its answer. */
static bool
one_is_full(const struct server *sv)
{
	for (size_t i = 0; i < sv->taken_n; i++)
		if (sv->taken[i].bytes >= LISTEN_CLIENT_BYTES || sv->taken[i].lines >= LISTEN_CLIENT_LINES)
			return true;
	return false;
}

/* When what waits is committed if nothing more comes: at once, so that who
 * waits for each answer gets it soon, but not so that the disk has no rest. */
static int64_t
idle_commit(const struct server *sv)
{
	int64_t latest = sv->since + COMMIT_IDLE;

	return sv->rested < latest ? sv->rested : latest;
}

static bool
commit_is_due(const struct server *sv, bool idle)
{
	int64_t now = time_steady();

	if (sv->since == TIME_NONE)
		return false;
	return sv->lines >= LISTEN_ALL_LINES || sv->bytes >= LISTEN_ALL_BYTES || now >= sv->since + COMMIT_IDLE ||
	    (idle && sv->run.flying == 0 && (one_is_full(sv) || now >= idle_commit(sv)));
}

static void
answer(struct server *sv)
{
	for (size_t i = 0; i < sv->refusal_n; i++)
		listen_nak(sv->listen, sv->refusal[i].client, sv->refusal[i].line,
		    event_fault_name(sv->refusal[i].fault));
	for (size_t i = 0; i < sv->taken_n; i++)
		listen_committed(sv->listen, sv->taken[i].client, sv->taken[i].last);
	sv->refusal_n = sv->taken_n = 0;
	sv->lines = 0;
	sv->bytes = 0;
	sv->since = TIME_NONE;
}

static int
commit(struct server *sv, struct err *e)
{
	int64_t begun = time_steady(), done;

	if (take_all(sv, e) != 0 || run_commit(&sv->run, e) != 0)
		return -1;
	done = time_steady();
	sv->rested = done + (done - begun);
	answer(sv);
	return 0;
}

/* ---- The loop ---- */

/* Gives a sign of life, and says how it goes now and then.  Returns when the
 * next one is due. */
static int64_t
be_alive(struct server *sv)
{
	int64_t now = time_steady(), again;
	struct listen_stats stats;
	char text[160] = "";

	if (now >= sv->status_due) {
		sv->status_due = now + STATUS_EVERY;
		listen_stats(sv->listen, &stats);
		snprintf(text, sizeof(text), "%zu clients of %" PRIu64 " so far, %" PRIu64 " lines, %" PRIu64 " quarantined",
		    stats.clients, stats.connections, sv->run.r->read, sv->run.r->quarantined);
	}
	again = sv->s->alive(sv->s->arg, text[0] != '\0' ? text : NULL);
	return now + (again >= 0 && again < TIME_SECOND ? again : TIME_SECOND);
}

/* Until when lines are waited for. */
static int64_t
deadline(struct server *sv)
{
	int64_t alive = be_alive(sv);

	if (sv->run.flying > 0)
		return 0;
	return sv->since != TIME_NONE && idle_commit(sv) < alive ? idle_commit(sv) : alive;
}

static int
serve_clients(struct server *sv, struct err *e)
{
	while (!run_stopped(&sv->run)) {
		enum listen_result got = listen_wait(sv->listen, deadline(sv), take_lines, sv, e);

		if (got == LISTEN_ERROR)
			return -1;
		submit(sv);
		if (got != LISTEN_LINES && sv->run.flying > 0 && run_take_chunk(&sv->run, e) != 0)
			return -1;
		if (commit_is_due(sv, got != LISTEN_LINES) && commit(sv, e) != 0)
			return -1;
	}
	return 0;
}

/* Nothing more is read; what was taken is committed, and clients have some
 * time for their last answers. */
static int
finish_clients(struct server *sv, struct err *e)
{
	int64_t until;
	enum listen_result got = LISTEN_WAIT;

	listen_stop(sv->listen);
	if (commit(sv, e) != 0)
		return -1;
	until = time_steady() + sv->s->patience;
	while (got != LISTEN_END && got != LISTEN_ERROR && time_steady() < until) {
		int64_t alive = be_alive(sv);

		got = listen_wait(sv->listen, alive < until ? alive : until, take_lines, sv, e);
	}
	return got == LISTEN_ERROR ? -1 : 0;
}

/* ---- The whole ---- */

/* Records are lines, so that an answer can name them. */
static int
check_format(const struct run *run, struct err *e)
{
	const char *from = run->o->from;

	if (from != NULL && (strcmp(from, "auto") == 0 || strcmp(from, "auditd") == 0))
		return err_set(e, ERR_FAIL,
		    "--from %s does not go together with a socket, which takes one JSON record a line", from);
	if (run->mappings > 0 && mapping_shape(run->mapping[0])->format != MAPPING_JSON)
		return err_set(e, ERR_FAIL, "--from %s: a socket takes one JSON record a line", from);
	return 0;
}

static int
open_run(struct server *sv, struct store *st, struct pool *pool, const struct ingest_options *o,
    struct ingest_receipt *r, struct err *e)
{
	struct input *in = &sv->in;

	if (run_open(&sv->run, st, pool, o, r, e) != 0)
		return -1;
	sv->run.alive = sv->s->alive;
	sv->run.alive_arg = sv->s->arg;
	sv->run.refused = note_refused;
	sv->run.refused_arg = sv;
	in->source = (struct source){ .path = DEFAULT_SOURCE, .log = DEFAULT_SOURCE, .state = SOURCE_PIPE };
	if (check_format(&sv->run, e) != 0 || input_adopt(&sv->run, in, NULL, e) != 0)
		return -1;
	if (sv->run.mappings > 0) {
		in->rules.mapping = sv->run.mapping[0];
		if (o->source == NULL)
			in->rules.source = str_of(mapping_name(in->rules.mapping));
	}
	return 0;
}

int
ingest_serve(struct store *st, struct pool *pool, struct listen *l, const struct ingest_options *o,
    const struct serve_options *s, struct ingest_receipt *r, struct err *e)
{
	struct server sv = { .listen = l, .s = s, .since = TIME_NONE };
	int rc = open_run(&sv, st, pool, o, r, e);

	if (rc == 0)
		rc = serve_clients(&sv, e);
	if (rc == 0)
		rc = finish_clients(&sv, e);
	run_close(&sv.run);
	input_close(&sv.in);
	free(sv.taken);
	free(sv.refusal);
	return rc;
}
