/*
 * cut: records out of a log that is not one event a line: lists and objects
 * of JSON, CSV, journal entries, Linux audit records.  frame.h is for lines.
 *
 * A cutter is fed the bytes of a stream in their order, and gives records as
 * text that a batch scans: JSON of the foreign log, for a mapping, or lines in
 * our own form.  It never waits; whoever feeds it does.
 *
 * Everything but `idle` depends on the bytes alone, so that a log that is read
 * again from a position gives the same records with the same offsets.
 */
#ifndef INGEST_CUT_H
#define INGEST_CUT_H

#include "event/event.h"
#include "ingest/mapping.h"

struct cut_record {
	struct str text;        /* borrowed until the next call */
	uint64_t offset, end;   /* of its bytes in the stream */
	uint64_t line;          /* where it begins; counted as the cutter was told to */
	enum event_fault fault; /* not EVENT_OK: text is what was read, to be quarantined */
	const char *detail;     /* static; "" when there is nothing to add */
};

struct cut_kind {
	/* More bytes. */
	void (*feed)(void *state, const char *p, size_t len);
	/* There are no more.  `whole`: and never will be; else (a regular file
	 * that may still grow) what may be incomplete is not given out. */
	void (*end)(void *state, bool whole);
	/* No bytes came for a while: what waits only for a later line is given
	 * out.  May be NULL. */
	void (*idle)(void *state);
	/* 1 with a record; 0: more bytes are needed, or all were given out; -1: what
	 * follows cannot be read (*e says why). */
	int (*next)(void *state, struct cut_record *out, struct err *e);
	/* Where to go on another time, once next said 0: a faulty record before it
	 * does not come again, nor is any left out; *lines is how many lines are before it. */
	uint64_t (*position)(const void *state, uint64_t *lines);
	/* Whether something has begun behind that place, so that the end may have cut
	 * it off.  May be NULL. */
	bool (*incomplete)(const void *state);
	void (*free)(void *state);
};

struct cutter {
	const struct cut_kind *kind;
	void *state;
};

/*
 * From here on: the bytes fed begin at `offset`, behind so many lines.  m is
 * borrowed.  A CSV that does not begin at 0 is first fed its header: `head` is
 * the stream's beginning, as much of it as is needed is looked at.
 */
struct cutter cut_records(const struct mapping *m, uint64_t offset, uint64_t lines);
struct cutter cut_csv(const struct mapping *m, uint64_t offset, uint64_t lines, struct str head);
struct cutter cut_journal(uint64_t offset, uint64_t lines);
/* JSON or the journal's export format, by the stream's beginning. */
struct cutter cut_mapped(const struct mapping *m, uint64_t offset, uint64_t lines, struct str head);
/* Events in our own form; Linux audit. */
struct cutter cut_auditd(uint64_t offset, uint64_t lines);

#endif
