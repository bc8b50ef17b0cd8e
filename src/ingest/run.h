/*
 * run: what the files of one ingest run share.  Private to ingest/.
 *
 * ingest.c reads the inputs and keeps chunks on their way; take.c takes the
 * events of a chunk, in order, into the store.
 */
#ifndef INGEST_RUN_H
#define INGEST_RUN_H

#include "base/random.h"
#include "ingest/batch.h"
#include "ingest/ingest.h"
#include "ingest/source.h"

#define FLIGHT 4 /* chunks on their way at a time */

/* What becomes of the events. */
enum sink {
	SINK_CHECK, /* nothing: the first pass of --strict */
	SINK_PRINT, /* a dry run */
	SINK_STORE
};

struct run {
	struct store *st;
	struct pool *pool;
	const struct ingest_options *o;
	struct ingest_receipt *r;
	struct appender *append; /* NULL in a dry run */
	struct batch batch[FLIGHT];
	unsigned first, flying;  /* the oldest batch on its way, and how many are */
	struct uuid7 uuid;
	int64_t ingested;        /* never goes back */
	int64_t waiting;         /* since when an event waits for its commit; TIME_NONE */
	size_t held;             /* bytes of quarantined lines that wait, about */
	uint64_t stored;         /* committed when `waiting` was set */
	bool stopped;            /* asked to */
	bool unread;             /* input was left when it stopped */
	bool broken;             /* the store failed: no further commit */
	/* the present input */
	enum sink sink;
	struct source source;
	struct batch_rules rules;
	bool own;                /* restored records are this store's */
	/* told of each line that was quarantined; may be NULL */
	void (*refused)(void *arg, const struct batch_item *it, enum event_fault fault);
	void *refused_arg;
	struct frame frame;
	uint64_t lines;          /* before the batch that is taken now */
};

/* Microseconds of a clock that is never set. */
int64_t run_clock(void);

/* What messages call the present input, and a message about it. */
const char *run_input_name(const struct run *run);
void run_note(const struct run *run, bool detail, const char *text);

/* Takes the events of the oldest chunk on its way. */
int take_chunk(struct run *run, struct err *e);

/* Commits what was taken. */
int take_commit(struct run *run, struct err *e);

#endif
