/*
 * auditd: events out of the lines of a Linux audit log.
 *
 * The records of one kernel event carry the same node, time and serial, and
 * those of several events interleave.  An event is released when its EOE or
 * PROCTITLE record came, at once when it is a program's message, when the log
 * went on AUDITD_QUIET and some lines beyond it, or when too much is open; and
 * by auditd_flush.  All of this depends on the log alone, so that reading it again
 * gives the same events with the same ids.
 *
 * In: lines with their offsets.   Out: events and faulty lines.
 */
#ifndef INGEST_AUDITD_H
#define INGEST_AUDITD_H

#include "event/event.h"

/* An event without a last record is complete when the log is so much later. */
#define AUDITD_QUIET (2 * TIME_SECOND)
/* Open events; with more, the oldest is released. */
#define AUDITD_OPEN_MAX 256
/* Lines of one event; with more it is cut.  An event that is too long as JSON
 * for all that (of control characters) is a fault, EVENT_TOO_LONG. */
#define AUDITD_EVENT_MAX (512 * 1024)
#define AUDITD_CONTEXT_MAX (JSON_LEN_MAX - 128 * 1024)
/* All open events together; with more, the oldest are released. */
#define AUDITD_HELD_MAX (4 * 1024 * 1024)
/* Faulty lines that wait for open events begun before them. */
#define AUDITD_FAULTS_MAX 64

struct auditd_item {
	enum event_fault fault;
	const char *detail;   /* static */
	struct event ev;      /* when fault is EVENT_OK; has no source */
	struct str raw;       /* its lines, or the faulty line; newlines in between only */
	uint64_t offset, end; /* from the first of its lines to behind the last */
	uint64_t line;        /* the number of its first */
	size_t records;       /* how many lines */
};

/* The lines that it will be fed begin at that offset, and with that number. */
struct auditd *auditd_new(uint64_t offset, uint64_t line);
void auditd_free(struct auditd *a);

/*
 * The next line of the log, without newline; offset is where it begins, end
 * where the next one does, number how many lines are before it.  Copies what it
 * needs.  Then take all that auditd_next gives, before the next line.
 */
void auditd_feed(struct auditd *a, struct str line, uint64_t offset, uint64_t end, uint64_t number);

/* Releases all open events, because no more will come of them. */
void auditd_flush(struct auditd *a);

/* What was released; false when that was all.  Borrowed until the next call
 * of any function here. */
bool auditd_next(struct auditd *a, struct auditd_item *item);

/*
 * Where to go on after a restart, once auditd_next said false: everything
 * that begins before was given out, and no open event began before.  What was
 * given out and begins behind comes again, with the same id and content;
 * faulty lines never do.  And the number of the line there.
 */
uint64_t auditd_position(const struct auditd *a);
uint64_t auditd_position_line(const struct auditd *a);

/* Open events, and the memory that they and faulty lines hold, in bytes. */
size_t auditd_open(const struct auditd *a);
size_t auditd_held(const struct auditd *a);

#endif
