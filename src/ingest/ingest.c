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

#include "base/mem.h"
#include "base/utf8.h"
#include "ingest/run.h"

/* Group commit: what a pipe gave waits no longer than this for more, and no
 * longer than that while more keeps coming. */
#define COMMIT_IDLE (50 * TIME_SECOND / 1000)
#define COMMIT_BUSY TIME_SECOND
/* How often an idle input looks whether it should stop. */
#define IDLE_MS 1000

/* Nothing is on its way: how long the input may be waited for, at most. */
static int
patience(const struct run *run)
{
	int64_t left;

	if (run->flying > 0)
		return 0;
	if (run->waiting == TIME_NONE)
		return IDLE_MS;
	left = run->waiting + COMMIT_IDLE - run_clock();
	return left > 0 ? (int)(left / 1000) + 1 : 0;
}

/* Whether what a pipe gave has waited long enough. */
static bool
commit_is_due(const struct run *run, bool idle)
{
	int64_t age;

	if (run->waiting == TIME_NONE || !run->frame.waits)
		return false;
	age = run_clock() - run->waiting;
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
		if (commit_is_due(run, got == FRAME_WAIT && run->flying == 0) && take_commit(run, e) < 0)
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
	int rc;

	run->sink = sink;
	run->lines = run->source.file.line - (run->source.within_line ? 1 : 0);
	instream_set_stop(run->source.in, run->o->stop);
	frame_init(&run->frame, run->source.in);
	rc = read_lines(run, e);
	abandon_chunks(run);
	frame_fini(&run->frame);
	return rc;
}

/* Records of this very store, which never leave it: those that are still as
 * they were are duplicates. */
static bool
is_own(struct store *st, const char *restored)
{
	struct buf own = { 0 };
	uint8_t id[16];
	bool is;

	if (st == NULL || restored == NULL)
		return false;
	store_id(st, id);
	buf_str(&own, STR(EVENT_RESTORED_SOURCE));
	buf_hex(&own, id, EVENT_RESTORED_HEX / 2);
	is = str_eq(buf_view(&own), str_of(restored));
	buf_fini(&own);
	return is;
}

static int
set_rules(struct run *run, struct buf *name, const char *restored, struct err *e)
{
	const struct ingest_options *o = run->o;
	struct source *s = &run->source;
	/* It has no position to go on from, and no more of it will come. */
	bool goes_on = s->state != SOURCE_PIPE && restored == NULL;

	buf_reset(name);
	if (o->source == NULL)
		source_name(s->path, name);
	run->rules = (struct batch_rules){
		.source = o->source != NULL ? str_of(o->source) : buf_view(name),
		.tenant = str_of(o->tenant),
		.redactor = o->redactor,
		.assume_now = o->assume_now,
		.regular = goes_on,
		.number = goes_on && run->st != NULL,
		.restored = str_of(restored),
	};
	run->own = is_own(run->st, restored);
	memcpy(run->rules.key, s->file.key, sizeof(run->rules.key));
	if (event_source_reserved(run->rules.source))
		return err_set(e, ERR_FAIL,
		    "%s: its source would be %s, which is reserved: give another with --source", run_input_name(run), EVENT_RESERVED_SOURCE);
	return 0;
}

static void
note_state(const struct run *run)
{
	const struct store_file *f = &run->source.file;
	char text[160];

	switch (run->source.state) {
	case SOURCE_PIPE:
		run_note(run, true, "a pipe");
		break;
	case SOURCE_NEW:
		run_note(run, true, "not seen before");
		break;
	case SOURCE_KNOWN:
		snprintf(text, sizeof(text), "goes on at byte %llu, behind %llu lines%s",
		    (unsigned long long)f->offset, (unsigned long long)f->line, run->source.moved ? " (it was moved or copied)" : "");
		run_note(run, true, text);
		break;
	case SOURCE_REPLACED:
		run_note(run, false,
		    "its content is not what was read before (truncated, rewritten or replaced): "
		    "read from the start");
		break;
	}
}

static int
take_source(struct run *run, struct err *e)
{
	struct source *s = &run->source;
	enum sink sink = run->append != NULL ? SINK_STORE : SINK_PRINT;

	run->sink = sink;
	note_state(run);
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
take_input(struct run *run, const char *path, const char *restored, struct buf *name, struct err *e)
{
	int rc;

	if (source_open(&run->source, path, restored != NULL ? NULL : run->st, e) < 0)
		return -1;
	rc = set_rules(run, name, restored, e);
	if (rc == 0)
		rc = take_source(run, e);
	if (!run->broken && take_commit(run, e) < 0)
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
	if (o->source != NULL && event_source_reserved(str_of(o->source)))
		return err_set(e, ERR_FAIL, "--source %s is reserved for the toolkit's own records",
		    o->source);
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
	r->seconds = (double)(run_clock() - started) / (double)TIME_SECOND;
}

static int
take_inputs(struct run *run, const char *const *path, size_t n, struct err *e)
{
	struct buf name = { 0 };
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0 && !run->stopped; i++) {
		rc = take_input(run, path[i], run->o->restored != NULL ? run->o->restored[i] : NULL, &name, e);
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
	int64_t started = run_clock();
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
