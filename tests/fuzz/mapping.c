/*
 * mapping: any bytes are a mapping or refused with a place in the file; one
 * that is taken makes of any record events that are whole, or says why not.
 *
 * Input: the mapping, a NUL byte, the records.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/mapping.h"
#include "ingest/records.h"
#include "located.h"

#define OUT_MAX (16u * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct state {
	struct json_tape tape, again;
	struct arena arena;
	struct buf line;
	size_t out;
};

/* The line of an event is an event, and the same one. */
static void
check_event(struct state *s, const struct event *ev)
{
	const char *detail;
	struct event back;

	buf_reset(&s->line);
	event_format(&s->line, ev);
	s->out += s->line.len;
	if (s->line.len > JSON_LEN_MAX)
		return;
	/* JSON within a string may be deeper than a line allows once it is in the context. */
	switch (event_parse(&back, s->line.p, s->line.len, &event_stored, &s->again, &s->arena, &detail)) {
	case EVENT_OK:
		if (!event_same(ev, &back))
			abort();
		break;
	case EVENT_TOO_DEEP:
		break;
	default:
		abort();
	}
}

static void
map_record(struct state *s, struct mapping_run *run, struct str text)
{
	static const struct event_policy policy = { .assume_now = TIME_NONE };
	struct mapping_reason reason[FIELD_COUNT];
	enum mapping_result result;
	enum event_fault fault;
	const char *detail;
	struct event ev;

	arena_reset(&s->arena);
	if (mapping_scan(run, &s->tape, text.p, text.len, &s->arena, &detail) != EVENT_OK ||
	    event_check_keys(&s->tape, &s->arena, &detail) != EVENT_OK)
		return;
	mapping_begin(run, &s->tape);
	while (s->out < OUT_MAX &&
	    (result = mapping_next(run, &ev, &policy, &s->arena, &fault, &detail, reason)) != MAPPING_OVER) {
		if (result == MAPPING_EVENT)
			check_event(s, &ev);
		else if (result == MAPPING_FAULT && (fault == EVENT_OK || detail == NULL))
			abort();
	}
	mapping_fits(run, &s->tape);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *nul = size > 0 ? memchr(p, 0, size) : NULL;
	size_t len = nul != NULL ? (size_t)(nul - p) : size;
	struct state s = { .out = 0 };
	struct err e = ERR_NONE;
	struct mapping *m = mapping_parse("x", (struct str){ p, len }, &e);
	struct mapping_run *run;
	struct records r;
	struct record record;

	if (m == NULL) {
		check_error(&e);
		return 0;
	}
	run = mapping_run_new(m);
	records_init(&r, mapping_shape(m)->list, mapping_shape(m)->n_list);
	if (len < size)
		records_feed(&r, nul + 1, size - len - 1);
	records_end(&r);
	while (records_next(&r, &record))
		map_record(&s, run, record.text);
	records_fini(&r);
	mapping_run_free(run);
	mapping_free(m);
	json_tape_fini(&s.tape);
	json_tape_fini(&s.again);
	arena_fini(&s.arena);
	buf_fini(&s.line);
	return 0;
}
