/*
 * ingest: bytes in, events out, into the store.
 *
 * One thread reads and appends, the pool parses: up to FLIGHT chunks are on
 * their way at a time, and their events are taken in the order of the input.
 * The position of a file goes into the same commit as its events.
 */
#include "ingest/ingest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/random.h"
#include "base/utf8.h"
#include "ingest/batch.h"
#include "ingest/source.h"

#define FLIGHT 4

/* Group commit: what a pipe gave waits no longer than this for more, and no
 * longer than that while more keeps coming. */
#define COMMIT_IDLE (50 * TIME_SECOND / 1000)
#define COMMIT_BUSY TIME_SECOND
/* Quarantined lines wait in memory: no more of them than this. */
#define HELD_MAX (8 * 1024 * 1024)
/* How often an idle input looks whether it should stop. */
#define IDLE_MS 1000

/* What becomes of the events. */
enum sink {
	SINK_CHECK, /* nothing: the first pass of --strict */
	SINK_PRINT, /* a dry run */
	SINK_STORE
};

struct run {
	struct store *st;
	struct pool *pool;
	const struct ingest_options *o;
	struct ingest_receipt *r;
	struct appender *append; /* NULL in a dry run */
	struct batch batch[FLIGHT];
	unsigned first, flying;  /* the oldest batch on its way, and how many are */
	struct uuid7 uuid;
	int64_t ingested;        /* never goes back */
	int64_t waiting;         /* since when an event waits for its commit; TIME_NONE */
	size_t held;             /* bytes of quarantined lines that wait, about */
	uint64_t stored;         /* committed when `waiting` was set */
	bool stopped;            /* asked to */
	bool unread;             /* input was left when it stopped */
	bool broken;             /* the store failed: no further commit */
	/* the present input */
	enum sink sink;
	struct source source;
	struct batch_rules rules;
	struct frame frame;
	uint64_t lines;          /* before the batch that is taken now */
};

static int64_t
monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * TIME_SECOND + ts.tv_nsec / 1000;
}

/* What messages call the present input. */
static const char *
input_name(const struct run *run)
{
	return strcmp(run->source.path, "-") == 0 ? "stdin" : run->source.path;
}

static void
note(const struct run *run, const char *text)
{
	char line[512];

	if (run->o->note == NULL || run->sink == SINK_CHECK)
		return;
	snprintf(line, sizeof(line), "%s: %s", input_name(run), text);
	run->o->note(run->o->note_arg, line);
}

/* ---- One line ---- */

static void
describe_fault(const struct run *run, const struct batch_item *it, enum event_fault fault, char *out, size_t size)
{
	const char *colon = it->detail[0] != '\0' ? ": " : "";

	snprintf(out, size, "%s:%llu: %s%s%s", input_name(run),
	    (unsigned long long)(run->lines + it->line + 1), event_fault_text(fault), colon, it->detail);
}

/* The line's bytes, or the event's when only that has its secrets replaced. */
static struct str
quarantine_bytes(const struct batch_item *it, struct buf *line)
{
	struct event ev = it->ev;

	if (it->bytes.p != NULL)
		return it->bytes;
	ev.present &= ~FIELD_BIT(FIELD_INGESTED);
	event_format(line, &ev);
	return buf_view(line);
}

static void
quarantine(struct run *run, const struct batch_item *it, enum event_fault fault)
{
	struct ingest_receipt *r = run->r;
	struct buf line = { 0 };

	if (r->quarantined++ == 0)
		describe_fault(run, it, fault, r->first_fault, sizeof(r->first_fault));
	r->fault[fault]++;
	run->held += it->raw.len + sizeof(struct quarantined);
	if (run->append != NULL)
		append_quarantine(run->append, &(struct quarantined){
			.at = run->ingested,
			.source = run->rules.source,
			.origin = str_of(run->source.path),
			.position = it->offset,
			.line = run->lines + it->line + 1,
			.reason = str_of(event_fault_name(fault)),
			.detail = str_of(it->detail),
			.bytes = quarantine_bytes(it, &line),
		});
	buf_fini(&line);
}

/* A line that is no event, or not the event it says it is. */
static int
refuse(struct run *run, const struct batch_item *it, enum event_fault fault, struct err *e)
{
	char text[256];

	if (!run->o->strict) {
		quarantine(run, it, fault);
		return 0;
	}
	describe_fault(run, it, fault, text, sizeof(text));
	return err_set(e, ERR_FAIL, "%s", text);
}

static int
store_item(struct run *run, struct batch_item *it, struct err *e)
{
	struct event *ev = &it->ev;
	enum append_result result;
	char id[37];

	event_set_time(ev, FIELD_INGESTED, run->ingested);
	if (!event_has(ev, FIELD_ID)) {
		uuid7_next(&run->uuid, run->ingested, id);
		event_set(ev, FIELD_ID, (struct str){ id, 36 });
	}
	if (append_event(run->append, ev, LEAF_EVENT, &result, e) < 0) {
		run->broken = true;
		return -1;
	}
	return result == APPEND_CONFLICT ? refuse(run, it, EVENT_CONFLICT, e) : 0;
}

/* Gives the store the place behind the bytes p[0, len). */
static void
advance(struct run *run, uint64_t end, uint64_t lines, const char *p, size_t len)
{
	if (run->sink != SINK_STORE || run->source.state == SOURCE_PIPE || end <= run->source.file.offset)
		return;
	source_advance(&run->source, end, lines, p, len);
	append_position(run->append, &run->source.file);
}

static int
take_item(struct run *run, struct batch_item *it, struct err *e)
{
	if (it->fault != EVENT_OK && (run->sink == SINK_CHECK || run->o->strict))
		return refuse(run, it, it->fault, e);
	if (run->sink == SINK_CHECK)
		return 0;
	run->r->read++;
	run->r->redacted += it->redacted;
	if (it->fault != EVENT_OK)
		return refuse(run, it, it->fault, e);
	return run->sink == SINK_PRINT ? run->o->dry_run(run->o->arg, &it->ev, e) : store_item(run, it, e);
}

static int
commit(struct run *run, struct err *e)
{
	run->waiting = TIME_NONE;
	run->held = 0;
	if (run->append == NULL || append_commit(run->append, e) == 0)
		return 0;
	run->broken = true;
	return -1;
}

/*
 * As a rule the position is given after a whole chunk: what is read again
 * after a crash are duplicates.  But a time that was assumed would be another
 * one then, so no such event may be committed without its position; nor may
 * quarantined lines, which nobody looks up.
 */
static int
take_line(struct run *run, struct batch_item *it, struct err *e)
{
	bool commit_now;

	if (take_item(run, it, e) < 0)
		return -1;
	/* Of a line that is too long, only the chunk knows the end. */
	if (it->fault == EVENT_TOO_LONG)
		return 0;
	commit_now = run->held > HELD_MAX;
	if (run->rules.assume_now || commit_now)
		advance(run, it->end, run->lines + it->line + 1, it->raw.p, (size_t)(it->end - it->offset));
	return commit_now ? commit(run, e) : 0;
}

/* ---- One chunk ---- */

/* The clock of the events that wait; the appender also commits on its own. */
static void
watch_commits(struct run *run)
{
	struct append_counts counts;

	if (run->append == NULL)
		return;
	append_counts(run->append, &counts);
	if (run->waiting == TIME_NONE || counts.stored > run->stored)
		run->waiting = monotonic();
	run->stored = counts.stored;
}

static void
finish_chunk(struct run *run, const struct batch *b)
{
	const struct frame_chunk *c = &b->chunk;

	run->lines += b->lines;
	if (c->too_long && c->tail > 0)
		advance(run, c->end, run->lines, c->p + c->len, c->tail);
	else if (!b->left || c->len > 0)
		advance(run, c->end, run->lines, c->p, c->len);
	if (b->left)
		note(run, "its last line is incomplete and was left for the next time");
	watch_commits(run);
	if (run->o->progress != NULL)
		run->o->progress(run->o->progress_arg, run->r->read, instream_progress(run->source.in));
}

/* Takes the events of the oldest chunk on its way. */
static int
take_chunk(struct run *run, struct err *e)
{
	struct batch *b = &run->batch[run->first];
	int64_t now = time_now();

	if (now > run->ingested)
		run->ingested = now;
	do {
		batch_wait(b, run->pool);
		for (size_t i = 0; i < b->n; i++)
			if (take_line(run, &b->item[i], e) < 0)
				return -1;
	} while (batch_next(b, run->pool));
	finish_chunk(run, b);
	run->first = (run->first + 1) % FLIGHT;
	run->flying--;
	return run->held > HELD_MAX ? commit(run, e) : 0;
}

/* Nothing is on its way: how long the input may be waited for, at most. */
static int
patience(const struct run *run)
{
	int64_t left;

	if (run->flying > 0)
		return 0;
	if (run->waiting == TIME_NONE)
		return IDLE_MS;
	if (run->frame.fd < 0) /* a read may take for ever: commit first */
		return 0;
	left = run->waiting + COMMIT_IDLE - monotonic();
	return left > 0 ? (int)(left / 1000) + 1 : 0;
}

/* Whether what a pipe gave has waited long enough. */
static bool
commit_is_due(const struct run *run, bool idle)
{
	int64_t age;

	if (run->waiting == TIME_NONE || !run->frame.waits)
		return false;
	if (idle && run->frame.fd < 0)
		return true;
	age = monotonic() - run->waiting;
	return age >= (idle ? COMMIT_IDLE : COMMIT_BUSY);
}

static void
heed_stop(struct run *run)
{
	if (run->stopped || run->o->stop == NULL || !run->o->stop())
		return;
	run->stopped = true;
	run->unread = frame_stop(&run->frame);
}

static void
start_chunk(struct run *run, struct batch *b)
{
	b->now = time_now();
	batch_start(b, &run->rules, run->pool);
	run->flying++;
}

/* Reads the present input to its end and takes what is in it. */
static int
read_lines(struct run *run, struct err *e)
{
	for (;;) {
		struct batch *b = &run->batch[(run->first + run->flying) % FLIGHT];
		enum frame_result got = FRAME_WAIT;
		struct err input = ERR_NONE;

		heed_stop(run);
		if (run->flying < FLIGHT) {
			got = frame_next(&run->frame, &b->chunk, patience(run), &input);
			if (got == FRAME_LINES)
				start_chunk(run, b);
		}
		if (got == FRAME_LINES && run->flying < FLIGHT && !commit_is_due(run, false))
			continue;
		if (got == FRAME_END && run->flying == 0)
			return 0;
		/* What was read before an error is taken first. */
		if (got == FRAME_ERROR && run->flying == 0) {
			*e = input;
			return -1;
		}
		if (run->flying > 0 && take_chunk(run, e) < 0)
			return -1;
		if (commit_is_due(run, got == FRAME_WAIT && run->flying == 0) && commit(run, e) < 0)
			return -1;
	}
}

/* After an error jobs may still run on the chunks. */
static void
abandon_chunks(struct run *run)
{
	while (run->flying > 0) {
		batch_wait(&run->batch[run->first], run->pool);
		run->first = (run->first + 1) % FLIGHT;
		run->flying--;
	}
}

/* ---- One input ---- */

static int
read_input(struct run *run, enum sink sink, struct err *e)
{
	int fd = strcmp(run->source.open_path, "-") == 0 ? STDIN_FILENO : -1;
	int rc;

	run->sink = sink;
	run->lines = run->source.file.line - (run->source.within_line ? 1 : 0);
	instream_set_stop(run->source.in, run->o->stop);
	frame_init(&run->frame, run->source.in, fd);
	rc = read_lines(run, e);
	abandon_chunks(run);
	frame_fini(&run->frame);
	return rc;
}

static int
set_rules(struct run *run, struct buf *name, struct err *e)
{
	const struct ingest_options *o = run->o;
	struct source *s = &run->source;

	buf_reset(name);
	if (o->source == NULL)
		source_name(s->path, name);
	run->rules = (struct batch_rules){
		.source = o->source != NULL ? str_of(o->source) : buf_view(name),
		.tenant = str_of(o->tenant),
		.redact = o->redact,
		.assume_now = o->assume_now,
		.regular = s->state != SOURCE_PIPE,
		.number = s->state != SOURCE_PIPE && run->st != NULL,
	};
	memcpy(run->rules.key, s->file.key, sizeof(run->rules.key));
	if (str_eq(run->rules.source, STR(EVENT_RESERVED_SOURCE)))
		return err_set(e, ERR_FAIL, "%s: its source would be %s, which is reserved: give another with --source",
		    input_name(run), EVENT_RESERVED_SOURCE);
	return 0;
}

static int
take_source(struct run *run, struct err *e)
{
	struct source *s = &run->source;
	enum sink sink = run->append != NULL ? SINK_STORE : SINK_PRINT;

	run->sink = sink;
	if (s->state == SOURCE_REPLACED)
		note(run, "its content is not what was read before (truncated, rewritten or replaced): read from the start");
	if (run->o->strict && s->state != SOURCE_PIPE) {
		if (read_input(run, SINK_CHECK, e) < 0)
			return -1;
		if (run->stopped)
			return 0;
		if (source_rewind(s, e) < 0)
			return -1;
	}
	if (s->moved && run->append != NULL)
		append_position(run->append, &s->file);
	return read_input(run, sink, e);
}

/* What was taken before an error in the input is committed all the same. */
static int
take_input(struct run *run, const char *path, struct buf *name, struct err *e)
{
	int rc;

	if (source_open(&run->source, path, run->st, e) < 0)
		return -1;
	rc = set_rules(run, name, e);
	if (rc == 0)
		rc = take_source(run, e);
	if (!run->broken && commit(run, e) < 0)
		rc = -1;
	source_close(&run->source);
	return rc;
}

/* ---- The whole ---- */

static int
check_names(const struct ingest_options *o, struct err *e)
{
	const char *const given[] = { o->source, o->tenant };
	const char *const names[] = { "--source", "--tenant" };

	for (size_t i = 0; i < 2; i++) {
		size_t len = given[i] != NULL ? strlen(given[i]) : 1;

		if (len == 0)
			return err_set(e, ERR_FAIL, "%s must not be empty", names[i]);
		if (given[i] != NULL && utf8_valid_prefix(given[i], len) < len)
			return err_set(e, ERR_FAIL, "%s is not valid UTF-8", names[i]);
	}
	if (o->source != NULL && strcmp(o->source, EVENT_RESERVED_SOURCE) == 0)
		return err_set(e, ERR_FAIL, "--source %s is reserved for the toolkit's own records", o->source);
	return 0;
}

int
ingest_check(const char *const *path, size_t n, const struct ingest_options *o, struct err *e)
{
	if (check_names(o, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (source_check(path[i], e) < 0)
			return -1;
	return 0;
}

static void
finish_receipt(struct run *run, int64_t started)
{
	struct append_counts counts = { 0 };
	struct ingest_receipt *r = run->r;

	if (run->append != NULL)
		append_counts(run->append, &counts);
	/* Another writer may have been faster: then the appender found conflicts. */
	if (counts.quarantined > r->quarantined)
		r->fault[EVENT_CONFLICT] += counts.quarantined - r->quarantined;
	if (run->append != NULL)
		r->quarantined = counts.quarantined;
	r->stored = counts.stored;
	r->duplicates = counts.duplicates;
	r->first_seq = counts.first_seq;
	r->last_seq = counts.last_seq;
	r->seconds = (double)(monotonic() - started) / (double)TIME_SECOND;
}

static int
take_inputs(struct run *run, const char *const *path, size_t n, struct err *e)
{
	struct buf name = { 0 };
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0 && !run->stopped; i++) {
		rc = take_input(run, path[i], &name, e);
		run->unread = run->unread || (run->stopped && i + 1 < n);
	}
	buf_fini(&name);
	if (rc == 0 && run->unread)
		rc = err_set(e, ERR_FAIL, "interrupted: not all of the input was read");
	return rc;
}

int
ingest_files(struct store *st, struct pool *pool, const char *const *path, size_t n,
    const struct ingest_options *o, struct ingest_receipt *r, struct err *e)
{
	struct run run = { .st = st, .pool = pool, .o = o, .r = r, .waiting = TIME_NONE };
	int64_t started = monotonic();
	int rc;

	*r = (struct ingest_receipt){ 0 };
	if (ingest_check(path, n, o, e) < 0)
		return -1;
	if (st != NULL && (run.append = append_open(st, pool, e)) == NULL)
		return -1;
	for (size_t i = 0; i < FLIGHT; i++)
		batch_init(&run.batch[i]);
	rc = take_inputs(&run, path, n, e);
	finish_receipt(&run, started);
	for (size_t i = 0; i < FLIGHT; i++)
		batch_fini(&run.batch[i]);
	append_close(run.append);
	return rc;
}
