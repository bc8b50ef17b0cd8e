/*
 * batch: the events of one chunk of lines, made by a job of the pool.
 *
 * scan -> redact -> duplicate keys -> normalise -> defaults of the source.
 * A batch holds at most BATCH_LINES events at a time; a chunk of many short
 * lines takes several rounds.  Memory is kept from chunk to chunk.
 *
 * In: a chunk of lines.   Out: an item a line, in order, blank ones left out.
 */
#ifndef INGEST_BATCH_H
#define INGEST_BATCH_H

#include "base/pool.h"
#include "event/event.h"
#include "ingest/frame.h"
#include "ingest/redact.h"

#define BATCH_LINES 4096

/* The same for all batches of one source.  Everything is borrowed. */
struct batch_rules {
	struct str source; /* of events that name none */
	struct str tenant; /* the same; p == NULL: none */
	struct str restored; /* what the toolkit's own records are from; p == NULL: refused */
	const struct redactor *redactor; /* NULL: nothing is hidden */
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
	struct str raw;       /* the line as it was read, without newline */
	struct str bytes;     /* the same with its secrets replaced; p == NULL: only ev has that */
	uint64_t offset, end; /* of the line in the input, its newline included */
	uint32_t line;        /* 0 is the first of the chunk */
	unsigned redacted;    /* secrets replaced */
	const uint8_t *hits;  /* the rule of each */
};

struct batch {
	const struct batch_rules *rules;
	struct frame_chunk chunk;
	int64_t now;         /* the time of events that have none (assume_now) */
	struct batch_item *item;
	size_t n;            /* items of this round */
	size_t done;         /* bytes of the chunk behind which the next round begins */
	uint32_t lines;      /* lines up to there, blank ones too */
	bool left;           /* its incomplete last line was left; chunk.end is before it */
	struct arena arena;  /* of this round's events */
	struct json_tape tape;
	struct redact_work *work; /* made when there is a redactor */
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

/* The file's id for the line at an offset: 'f', the key in 16 hexadecimal
 * digits, '-', the offset in hexadecimal. */
struct str batch_line_id(const uint8_t key[8], uint64_t offset, struct arena *a);

#endif
