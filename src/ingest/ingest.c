/*
 * ingest: one input after another into the store.
 *
 * One thread reads and appends, the pool parses: up to FLIGHT chunks are on
 * their way at a time, and their events are taken in the order of the input.
 * The position of a file goes into the same commit as its events.
 */
#include "ingest/ingest.h"

#include <stdio.h>

#include "ingest/follow.h"
#include "ingest/run.h"

/* What a pipe gave waits no longer than this while more keeps coming. */
#define COMMIT_BUSY TIME_SECOND
/* How often an idle input looks whether it should stop. */
#define IDLE_MS 1000

/* When each line is answered, its sender may wait for that before it sends the next. */
static int64_t
commit_idle(const struct run *run)
{
	return run->o->committed != NULL ? 0 : COMMIT_IDLE;
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
	left = run->waiting + commit_idle(run) - time_steady();
	return left > 0 ? (int)(left / 1000) + 1 : 0;
}

/* Whether what a pipe gave has waited long enough. */
static bool
commit_is_due(const struct run *run, const struct input *in, bool idle)
{
	int64_t age;

	if (run->waiting == TIME_NONE || !in->frame.waits)
		return false;
	age = time_steady() - run->waiting;
	return age >= (idle ? commit_idle(run) : COMMIT_BUSY);
}

static void
heed_stop(struct run *run, struct input *in)
{
	bool before = run->stopped;

	if (!before && run_stopped(run))
		run->unread = frame_stop(&in->frame);
}

/* Reads an input to its end and takes what is in it. */
static int
read_input(struct run *run, struct input *in, struct err *e)
{
	while (!run->explained) {
		struct batch *b = run_free_batch(run);
		enum frame_result got = FRAME_WAIT;
		struct err input = ERR_NONE;
		bool idle;

		heed_stop(run, in);
		if (b != NULL && (got = input_next(run, in, &b->chunk, patience(run), &input)) == FRAME_LINES)
			run_start_chunk(run, in);
		if (got == FRAME_LINES && run->flying < FLIGHT && !commit_is_due(run, in, false))
			continue;
		if (got == FRAME_END && run->flying == 0)
			return 0;
		/* What was read before an error is taken first. */
		if (got == FRAME_ERROR && run->flying == 0) {
			*e = input;
			return -1;
		}
		idle = got == FRAME_WAIT && run->flying == 0;
		if (run->flying > 0 && run_take_chunk(run, e) < 0)
			return -1;
		if (idle && in->frame.waits)
			frame_idle(&in->frame);
		if (commit_is_due(run, in, idle) && run_commit(run, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- One input ---- */

/* Reads it from where its source stands. */
static int
take_pass(struct run *run, struct input *in, enum sink sink, struct err *e)
{
	int rc;

	run->sink = sink;
	rc = input_begin(run, in, e);
	if (rc == 0)
		rc = read_input(run, in, e);
	run_abandon(run);
	if (rc == 0 && in->frame.left)
		run_note(run, in, false, "its last record is incomplete and was left for the next time");
	return rc;
}

static int
take_source(struct run *run, struct input *in, struct err *e)
{
	struct source *s = &in->source;
	enum sink sink = run->append != NULL ? SINK_STORE : SINK_PRINT;

	run->sink = sink;
	input_note_state(run, in);
	if (run->o->strict && s->state != SOURCE_PIPE) {
		if (take_pass(run, in, SINK_CHECK, e) < 0)
			return -1;
		if (run->stopped)
			return 0;
		if (source_rewind(s, e) < 0)
			return -1;
	}
	if (s->moved && run->append != NULL)
		append_position(run->append, &s->file);
	return take_pass(run, in, sink, e);
}

static int
take_input(struct run *run, const char *path, const char *restored, struct err *e)
{
	struct input in = { 0 };
	int rc = input_open(run, &in, path, restored, e);

	if (rc == 0)
		rc = take_source(run, &in, e);
	rc = run_finish(run, rc, e);
	input_close(&in);
	return rc;
}

/* ---- The whole ---- */

int
ingest_check(const char *const *path, size_t n, const struct ingest_options *o, struct err *e)
{
	if (run_check_names(o, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (source_check(path[i], o->follow, e) < 0)
			return -1;
	return 0;
}

static int
take_inputs(struct run *run, const char *const *path, size_t n, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0 && !run->stopped && !run->explained; i++) {
		rc = take_input(run, path[i], run->o->restored != NULL ? run->o->restored[i] : NULL, e);
		run->unread = run->unread || (run->stopped && i + 1 < n);
	}
	if (rc == 0 && run->unread)
		rc = err_set(e, ERR_FAIL, "interrupted: not all of the input was read");
	return rc;
}

int
ingest_files(struct store *st, struct pool *pool, const char *const *path, size_t n,
    const struct ingest_options *o, struct ingest_receipt *r, struct err *e)
{
	struct run run;
	int rc;

	*r = (struct ingest_receipt){ 0 };
	if (ingest_check(path, n, o, e) < 0)
		return -1;
	rc = run_open(&run, st, pool, o, r, e);
	if (rc == 0)
		rc = o->follow ? follow_inputs(&run, path, n, e) : take_inputs(&run, path, n, e);
	run_close(&run);
	return rc;
}
