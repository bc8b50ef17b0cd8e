/*
 * full: a full disk is waited out.
 *
 * In: what the appender could not write.   Out: the same written, once there is
 * room: it keeps what it was given and knows what became of it.
 */
#include "ingest/full.h"

#include <stdio.h>
#include <time.h>

#define STEPS 10 /* a second: how often who wants it to stop is asked */
#define PAUSE_MAX 30 /* seconds between two tries */

static void
tell(const struct run *run, const char *text)
{
	char line[512];

	snprintf(line, sizeof(line), "%s: %s", store_path(run->st), text);
	if (run->o->note != NULL)
		run->o->note(run->o->note_arg, false, line);
	if (run->alive != NULL)
		run->alive(run->alive_arg, text);
}

/* False: asked to stop. */
static bool
rest(const struct run *run, unsigned seconds)
{
	const struct timespec step = { .tv_nsec = 1000000000 / STEPS };

	for (unsigned i = 0; i < seconds * STEPS; i++) {
		if (run->o->stop != NULL && run->o->stop())
			return false;
		if (run->alive != NULL)
			run->alive(run->alive_arg, NULL);
		nanosleep(&step, NULL);
	}
	return true;
}

/* After an error: 0 to try again, with e empty; -1: nothing more is committed. */
static int
wait_for_room(struct run *run, struct err *e)
{
	run->broken = true;
	if (e->code != ERR_FULL || run->o->on_full != INGEST_FULL_WAIT)
		return -1;
	if (run->pause == 0)
		tell(run, "the disk is full: make room, and it goes on; nothing is read meanwhile, nothing given is lost");
	run->pause = run->pause == 0 ? 1 : run->pause * 2 < PAUSE_MAX ? run->pause * 2 : PAUSE_MAX;
	if (!rest(run, run->pause))
		return err_doing(e, "stopped while waiting for room");
	run->broken = false;
	err_clear(e);
	return 0;
}

static void
go_on(struct run *run)
{
	if (run->pause == 0)
		return;
	run->pause = 0;
	tell(run, "there is room again: going on");
}

int
full_known(struct run *run, const struct event *ev, bool *known, struct err *e)
{
	while (append_known(run->append, ev, known, e) < 0)
		if (wait_for_room(run, e) < 0)
			return -1;
	return 0;
}

int
full_event(struct run *run, const struct event *ev, enum append_result *result, struct err *e)
{
	while (append_event(run->append, ev, LEAF_EVENT, result, e) < 0)
		if (wait_for_room(run, e) < 0)
			return -1;
	go_on(run);
	return 0;
}

int
full_commit(struct run *run, struct err *e)
{
	while (append_commit(run->append, e) < 0)
		if (wait_for_room(run, e) < 0)
			return -1;
	go_on(run);
	return 0;
}
