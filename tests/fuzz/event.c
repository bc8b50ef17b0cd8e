/*
 * fuzz event: a line becomes an event, its canonical line the same event.
 *
 * The canonical line, read as the store's own and as a stranger's, must give
 * itself again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "event/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reader {
	struct event ev;
	struct json_tape tape;
	struct arena arena;
	struct buf line;
	const char *detail;
};

static void
require(int condition, const char *what, const struct reader *r)
{
	if (!condition) {
		fprintf(stderr, "fuzz event: %s: %.*s\n", what, (int)r->line.len, r->line.p);
		abort();
	}
}

static enum event_fault
read_line(struct reader *r, const char *p, size_t len, bool stored)
{
	struct event_policy policy = { .stored = stored, .assume_now = stored ? TIME_NONE : 0 };
	enum event_fault fault = event_parse(&r->ev, p, len, &policy, &r->tape, &r->arena, &r->detail);

	if (fault == EVENT_OK)
		event_format(&r->line, &r->ev);
	return fault;
}

static void
fini(struct reader *r)
{
	json_tape_fini(&r->tape);
	arena_fini(&r->arena);
	buf_fini(&r->line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader first = { 0 }, stored = { 0 }, outside = { 0 };
	enum event_fault fault = read_line(&first, (const char *)data, size, false);

	require(fault < EVENT_FAULT_COUNT && first.detail != NULL, "no fault of ours", &first);
	if (fault == EVENT_OK) {
		require(event_has(&first.ev, FIELD_TIME) && event_has(&first.ev, FIELD_ACTION) &&
		    event_has(&first.ev, FIELD_SEVERITY) && event_has(&first.ev, FIELD_OUTCOME),
		    "a field that every event has is absent", &first);
		require(read_line(&stored, first.line.p, first.line.len, true) == EVENT_OK,
		    "the canonical line is not accepted", &first);
		require(str_eq(buf_view(&first.line), buf_view(&stored.line)),
		    "the canonical line gives another", &first);
		require(event_same(&first.ev, &stored.ev), "the canonical line gives another event", &first);
		require(read_line(&outside, first.line.p, first.line.len, false) == EVENT_OK &&
		    str_eq(buf_view(&first.line), buf_view(&outside.line)),
		    "the canonical line gives another when it comes from outside", &first);
	}
	fini(&first);
	fini(&stored);
	fini(&outside);
	return 0;
}
