/*
 * frame: whole lines out of a stream, in chunks.
 *
 * A chunk is about FRAME_CHUNK bytes and ends at a newline; memory is bounded
 * whatever the input is.  Of a line longer than JSON_LEN_MAX the first
 * FRAME_KEEP bytes are kept and the rest is read over.
 *
 * In: bytes of a stream.   Out: chunks of lines, with their offsets.
 */
#ifndef INGEST_FRAME_H
#define INGEST_FRAME_H

#include "base/bytes.h"
#include "base/stream.h"
#include "event/json.h"

#define FRAME_CHUNK (512 * 1024)
#define FRAME_KEEP (64 * 1024)
/* A line of the greatest length with its newline, and one read more. */
#define FRAME_ROOM (JSON_LEN_MAX + FRAME_KEEP)

struct frame_chunk {
	char *p; /* lines with their newlines; room for FRAME_ROOM bytes */
	size_t len;
	uint64_t offset, end; /* what it covers of the (decompressed) input */
	bool partial;         /* the input ended within its last line */
	bool too_long;        /* p holds the beginning of one line that is too long ... */
	size_t tail;          /* ... and, behind that, so many bytes of its end */
};

struct frame {
	struct instream *in; /* borrowed */
	bool waits;          /* a pipe, socket or terminal: reading may block */
	bool more;           /* can be read without waiting, whatever its descriptor says */
	bool ended;
	bool skipping;       /* within a line that is too long */
	struct buf rest;     /* read, not yet given out */
	struct buf kept;     /* the beginning of the line that is too long */
	uint64_t offset;     /* of rest, or of the next byte to read over */
	uint64_t kept_offset;
	struct err err;      /* told when the lines before it were given out */
};

enum frame_result {
	FRAME_ERROR = -1,
	FRAME_LINES, /* the chunk was filled */
	FRAME_WAIT,  /* no whole line came within the time given, or a signal did */
	FRAME_END
};

void frame_chunk_init(struct frame_chunk *c);
void frame_chunk_fini(struct frame_chunk *c);

/* The stream stands where the first line begins. */
void frame_init(struct frame *f, struct instream *in);
void frame_fini(struct frame *f);

/* Fills c with the next lines.  When reading could block, waits at most
 * wait_ms for them (0: not at all).  A read that instream_set_stop ended is
 * FRAME_WAIT too. */
enum frame_result frame_next(struct frame *f, struct frame_chunk *c, int wait_ms, struct err *e);

/* Reads nothing more.  What a pipe gave already still comes out of
 * frame_next, a file's comes again the next time.  Returns whether input
 * was left unread. */
bool frame_stop(struct frame *f);

/* Where the first line that is not blank ends, its newline not counted. */
size_t frame_first_line(const char *p, size_t len);
/* Where the last line that is not blank begins; 0 when there is none. */
size_t frame_last_line(const char *p, size_t len);

/* Nothing but spaces, tabs and carriage returns. */
bool frame_is_blank(const char *p, size_t len);

#endif
