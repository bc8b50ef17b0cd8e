/* mapped: records through a mapping, as lines to compare. */
#ifndef TESTS_MAPPED_H
#define TESTS_MAPPED_H

#include <stdio.h>

#include "ingest/mapping.h"
#include "ingest/records.h"
#include "unit.h"

struct mapped {
	struct json_tape tape;
	struct arena arena;
	struct buf out;       /* lines, a fault or a drop each in its own words */
	size_t events, dropped, faults, records;
	struct mapping_reason reason[FIELD_COUNT]; /* of the last event */
};

static inline void
mapped_fini(struct mapped *x)
{
	json_tape_fini(&x->tape);
	arena_fini(&x->arena);
	buf_fini(&x->out);
}

/* All events of one record. */
static inline void
mapped_record(struct mapped *x, struct mapping_run *run, struct str text)
{
	struct event_policy policy = { .assume_now = TIME_NONE };
	enum mapping_result result;
	enum event_fault fault;
	const char *detail;
	struct event ev;

	x->records++;
	fault = mapping_scan(run, &x->tape, text.p, text.len, &x->arena, &detail);
	if (fault == EVENT_OK)
		fault = event_check_keys(&x->tape, &x->arena, &detail);
	if (fault != EVENT_OK) {
		x->faults++;
		buf_printf(&x->out, "%s\n", event_fault_name(fault));
		return;
	}
	mapping_begin(run, &x->tape);
	while ((result = mapping_next(run, &ev, &policy, &x->arena, &fault, &detail, x->reason)) != MAPPING_OVER) {
		if (result == MAPPING_EVENT) {
			x->events++;
			event_format(&x->out, &ev);
			buf_byte(&x->out, '\n');
		} else if (result == MAPPING_DROPPED) {
			x->dropped++;
			buf_printf(&x->out, "dropped\n");
		} else {
			x->faults++;
			buf_printf(&x->out, "%s %s\n", event_fault_name(fault), detail);
		}
	}
}

/* All records of a text, in pieces of `piece` bytes. */
static inline void
mapped_text(struct mapped *x, const struct mapping *m, struct str text, size_t piece)
{
	const struct mapping_shape *shape = mapping_shape(m);
	struct mapping_run *run = mapping_run_new(m);
	struct records r;
	struct record record;

	records_init(&r, shape->list, shape->n_list);
	for (size_t at = 0; at < text.len; at += piece) {
		records_feed(&r, text.p + at, text.len - at < piece ? text.len - at : piece);
		while (records_next(&r, &record))
			mapped_record(x, run, record.text);
	}
	records_end(&r);
	while (records_next(&r, &record))
		mapped_record(x, run, record.text);
	records_fini(&r);
	mapping_run_free(run);
}

#endif
