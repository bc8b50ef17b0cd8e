/*
 * ingest: bytes in, events out, into the store.
 *
 * read -> frame lines -> scan -> redact -> normalise -> append -> commit.
 * Chunks of lines are parsed by the pool and appended in their order.
 */
#ifndef INGEST_INGEST_H
#define INGEST_INGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/pool.h"
#include "event/event.h"
#include "ingest/mapping.h"
#include "ingest/redact.h"
#include "store/store.h"

/* What becomes of an ingest when the disk is full. */
enum ingest_on_full {
	INGEST_FULL_WAIT, /* nothing more is read; it waits, says so, and goes on when there is room */
	INGEST_FULL_EXIT
};

struct ingest_options {
	const char *source;  /* --source; NULL: as the events say */
	const char *tenant;  /* --tenant; NULL: as the events say */
	bool assume_now;
	bool strict;         /* stop at the first faulty line; a regular file is checked whole first */
	/* Records that a store wrote about itself keep their place: for each path
	 * what they are from (EVENT_RESTORED_SOURCE).  Such a file is read whole,
	 * whatever was read of it before.  NULL: they are refused. */
	const char *const *restored;
	const struct redactor *redactor; /* what is hidden; NULL: nothing, for tests */
	const char *from;     /* "jsonl" (also NULL): our own form; "auditd"; "auto"; else what mapping_find takes */
	const char *mappings; /* the folder of mappings by name */
	/* Whether an event that has been normalised is left out, and counted; asked
	 * by several threads, each with a scratch of its own.  May be NULL. */
	bool (*drop)(const void *arg, void *scratch, const struct event *ev);
	void *(*drop_scratch_new)(void);
	void (*drop_scratch_free)(void *scratch);
	const void *drop_arg;
	bool follow;          /* files are read on as they grow, until stop */
	enum ingest_on_full on_full;
	/* Called when so many lines more of a pipe are committed; may be NULL. */
	int (*committed)(void *arg, uint64_t lines, struct err *e);
	void *committed_arg;
	/* dry run: events go here as lines instead of the store */
	int (*dry_run)(void *arg, const struct event *ev, struct err *e);
	/* With it: of the first record that a mapping made an event of, where each
	 * field came from (FIELD_COUNT places, those of fields that the event has).  May be NULL. */
	int (*explain)(void *arg, const struct mapping *m, const struct event *ev, const struct mapping_reason *why,
	    struct err *e);
	void *arg;
	bool (*stop)(void);  /* asked between batches: end cleanly; may be NULL */
	void (*progress)(void *arg, uint64_t events, double share); /* may be NULL */
	/* Instead of it when files are followed: bytes of them that were not read yet. */
	void (*behind)(void *arg, uint64_t events, uint64_t bytes); /* may be NULL */
	void *progress_arg;
	/* what people should know of an input; detail: what only some want to; may be NULL */
	void (*note)(void *arg, bool detail, const char *text);
	void *note_arg;
};

struct ingest_receipt {
	uint64_t read, stored, duplicates, dropped, quarantined, redacted;
	uint64_t first_seq, last_seq; /* valid when stored > 0 */
	double seconds;
	uint64_t fault[EVENT_FAULT_COUNT]; /* quarantined, by reason */
	uint64_t rule[REDACT_RULES_MAX]; /* redacted, by the redactor's rules */
	char first_fault[256]; /* "FILE:LINE: sentence", of the first, or "" */
};

/* Whether the options make sense and every input can be read.  Opens no pipe. */
int ingest_check(const char *const *path, size_t n, const struct ingest_options *o, struct err *e);

/*
 * One input after another ("-" is stdin), once ingest_check agrees.  st is
 * NULL for a dry run.  The receipt is true also after -1: what it calls
 * stored is committed.
 *
 * Errors: ERR_FAIL for an input that cannot be read (what came before it is
 * stored), a faulty line when strict, an interrupt that left input unread;
 * ERR_BUSY and others from the store.  Quarantined lines are no error here.
 */
int ingest_files(struct store *st, struct pool *pool, const char *const *path, size_t n,
    const struct ingest_options *o, struct ingest_receipt *r, struct err *e);

/*
 * Tries what is in the quarantine again.  What became an event, or was one
 * already, leaves the quarantine; receipt.quarantined counts what stays.  dry:
 * st is only read, and the events are given to o->dry_run.  A source that the
 * options name takes the place of that of the lines.
 */
int ingest_replay(struct store *st, bool dry, struct pool *pool, const struct ingest_options *o, struct ingest_receipt *r,
    struct err *e);

#endif
