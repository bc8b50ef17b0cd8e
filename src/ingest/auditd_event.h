/*
 * auditd_event: the records of one kernel event, or of one message of a
 * program, as an event of ours.
 *
 * The login user (auid) is the actor, uid the effective identity; the records
 * are kept, decoded, in context.records.
 */
#ifndef INGEST_AUDITD_EVENT_H
#define INGEST_AUDITD_EVENT_H

#include "base/mem.h"
#include "event/event.h"

/*
 * Fills ev from n >= 1 records, one a line, all of the same node, time and
 * serial, each of which auditd_head_parse takes.  cut: records of the same
 * event are elsewhere, because it had too many.  The event has id, time,
 * category, action, severity, outcome and context at least, but no source.  Its bytes
 * are in a, in lines, or static.
 */
void auditd_event_make(struct event *ev, struct str lines, size_t n, bool cut, struct arena *a);

#endif
