/* made_record: one of the toolkit's own records, for suites that write them. */
#ifndef TESTS_MADE_RECORD_H
#define TESTS_MADE_RECORD_H

#include "event/event.h"

/* All that a record needs; id and action stay borrowed. */
static inline void
made_record(struct event *ev, struct str id, const char *action, int64_t time)
{
	*ev = (struct event){ 0 };
	event_set(ev, FIELD_ID, id);
	event_set_time(ev, FIELD_TIME, time);
	event_set_time(ev, FIELD_INGESTED, time);
	event_set(ev, FIELD_SOURCE, STR(EVENT_RESERVED_SOURCE));
	event_set(ev, FIELD_ACTION, str_of(action));
	event_set(ev, FIELD_SEVERITY, STR("info"));
	event_set(ev, FIELD_OUTCOME, STR("success"));
}

#endif
