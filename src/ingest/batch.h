/*
 * batch: the events of one chunk of lines or records, made by a job of the pool.
 *
 * scan -> redact -> duplicate keys -> normalise or map -> defaults of the
 * source -> what is dropped.  A chunk of many short lines takes several rounds
 * of about BATCH_LINES events, as does one whose events take much memory.
 * Memory is kept from chunk to chunk.
 *
 * In: a chunk.   Out: items in order: one a line, blank ones left out; of a
 * record that is mapped as many as it has events.
 */
#ifndef INGEST_BATCH_H
#define INGEST_BATCH_H

#include "base/pool.h"
#include "event/event.h"
#include "ingest/frame.h"
#include "ingest/mapping.h"
#include "ingest/redact.h"

#define BATCH_LINES 4096
#define BATCH_BYTES (16 * 1024 * 1024) /* of the arena; looked at between records */

/* The same for all batches of one source.  Everything is borrowed. */
struct batch_rules {
	struct str source; /* of events that name none */
	struct str tenant; /* the same; p == NULL: none */
	struct str restored; /* what the toolkit's own records are from; p == NULL: refused */
	const struct redactor *redactor; /* NULL: nothing is hidden */
	const struct mapping *mapping;   /* NULL: events in our own form; lives as long as the batches */
	bool explain;                    /* say where the fields of mapped events come from */
	/* ingest_options.drop and its companions; drop may be NULL */
	bool (*drop)(const void *arg, void *scratch, const struct event *ev);
	void *(*drop_scratch_new)(void);
	void (*drop_scratch_free)(void *scratch);
	const void *drop_arg;
	bool assume_now;
	bool regular;      /* an incomplete last line is left for the next time */
	bool number;       /* ids from the file's key and the line's offset */
	uint8_t key[8];
	struct str peer_uid; /* of who sent the events, attested by the kernel, in decimal; p == NULL: nobody did */
};

struct batch_item {
	struct event ev;      /* defined when fault is EVENT_OK */
	enum event_fault fault;
	const char *detail;
	struct str raw;       /* the line as it was read, without newline; the record's text */
	struct str bytes;     /* the same with its secrets replaced; p == NULL: only ev has that */
	struct str before;    /* bytes of the input up to `end`, to know the place again; p == NULL: not told */
	uint64_t offset, end; /* of the line in the input, its newline included */
	uint64_t line;        /* 0 is the first of the chunk; of a record as the cutter counts */
	unsigned redacted;    /* secrets replaced */
	const uint8_t *hits;  /* the rule of each */
	const struct mapping_reason *why; /* FIELD_COUNT of them (batch_rules.explain), or NULL */
};

struct batch {
	const struct batch_rules *rules;
	struct frame_chunk chunk;
	int64_t now;         /* the time of events that have none (assume_now) */
	struct batch_item *item;
	size_t cap;
	size_t n;            /* items of this round */
	size_t dropped;      /* events of this round that were left out */
	size_t done;         /* bytes, or records, of the chunk behind which the next round begins */
	uint64_t lines;      /* lines up to there, blank ones too; 0 with records */
	bool left;           /* its incomplete last line was left; chunk.end is before it */
	struct arena arena;  /* of this round's events */
	struct json_tape tape;
	struct redact_work *work; /* made when there is a redactor */
	const struct mapping *mapping; /* that the run is of */
	struct mapping_run *run;  /* made when there is a mapping */
	void *scratch;            /* of `drop`, made when there is one */
	void (*scratch_free)(void *scratch);
	uint64_t given_up;        /* matches that met a limit, of runs that were freed */
	struct job job;
};

void batch_init(struct batch *b);
void batch_fini(struct batch *b);

/* Begins with the chunk that was read into b->chunk. */
void batch_start(struct batch *b, const struct batch_rules *rules, struct pool *pool);

/* Waits until the items of the present round are there. */
void batch_wait(struct batch *b, struct pool *pool);
/* After they were used: begins the next round, or returns false when the
 * chunk is done. */
bool batch_next(struct batch *b, struct pool *pool);

/* Matches of the mapping's regular expressions that met a limit. */
uint64_t batch_given_up(const struct batch *b);

/* The file's id for the line at an offset: 'f', the key in 16 hexadecimal
 * digits, '-', the offset in hexadecimal. */
struct str batch_line_id(const uint8_t key[8], uint64_t offset, struct arena *a);

#endif
