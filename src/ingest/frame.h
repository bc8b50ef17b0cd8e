/*
 * frame: whole lines out of a stream, in chunks.
 *
 * A chunk is about FRAME_CHUNK bytes and ends at a newline; memory is bounded
 * whatever the input is.  Of a line longer than JSON_LEN_MAX the first
 * FRAME_KEEP bytes are kept and the rest is read over.
 *
 * With a cutter (cut.h) the chunk holds records instead; cut.c fills it.
 *
 * In: bytes of a stream.   Out: chunks of lines, with their offsets.
 */
#ifndef INGEST_FRAME_H
#define INGEST_FRAME_H

#include "base/bytes.h"
#include "base/stream.h"
#include "event/json.h"
#include "ingest/cut.h"

#define FRAME_CHUNK (512 * 1024)
#define FRAME_KEEP (64 * 1024)
/* A line of the greatest length with its newline, and one read more. */
#define FRAME_ROOM (JSON_LEN_MAX + FRAME_KEEP)
/* So many bytes before a place are told, to know it again. */
#define FRAME_PLACE 4096

/* A record that a cutter gave. */
struct frame_record {
	size_t at, len;       /* of its text in the chunk */
	size_t tail;          /* behind that, so many bytes of the stream before `end` (frame.keep_tails) */
	uint64_t offset, end, line;
	enum event_fault fault;
	const char *detail;
};

/* Where a stream can be gone on with. */
struct frame_place {
	uint64_t offset, lines;
	size_t len;
	char before[FRAME_PLACE]; /* the bytes up to there */
};

struct frame_chunk {
	char *p; /* lines with their newlines, or the records' texts; room for FRAME_ROOM bytes */
	size_t len;
	uint64_t offset, end; /* what it covers of the (decompressed) input */
	bool partial;         /* the input ended within its last line */
	bool too_long;        /* p holds the beginning of one line that is too long ... */
	size_t tail;          /* ... and, behind that, so many bytes of its end */
	bool cut;             /* holds records: */
	struct frame_record *record;
	size_t records, record_cap;
	struct frame_place place; /* len 0: not known better than before */
};

struct frame {
	struct instream *in; /* borrowed */
	bool waits;          /* a pipe, socket or terminal: reading may block */
	bool more;           /* can be read without waiting, whatever its descriptor says */
	bool ended;
	bool grows;          /* a file: its end is only that for now, and nothing incomplete is given out */
	bool dry;            /* ... and was met at the last read */
	bool lost;           /* what was read of it is not there any more */
	struct buf before;   /* the last FRAME_PLACE bytes of that */
	bool skipping;       /* within a line that is too long */
	struct buf rest;     /* read, not yet given out; with a cutter: the last bytes it was fed */
	struct buf kept;     /* the beginning of the line that is too long */
	uint64_t offset;     /* of rest, or of the next byte to read over */
	uint64_t kept_offset;
	struct err err;      /* told when the lines before it were given out */
	/* With a cutter: */
	struct cutter cutter; /* kind NULL: lines; freed by frame_fini */
	bool whole;           /* the end is the end: what is incomplete then always will be */
	bool record_ends;     /* the end of each record is a place to go on from */
	bool keep_tails;
	bool stopped;
	bool unreadable;      /* the cutter cannot go on: err says why */
	bool finished;        /* the cutter was told the end */
	int64_t fed;          /* when the cutter got bytes last (time_steady) */
	bool left;            /* something incomplete was left behind then */
	uint64_t begun;       /* where reading began */
	uint64_t placed;      /* the last place told */
};

enum frame_result {
	FRAME_ERROR = -1,
	FRAME_LINES, /* the chunk was filled */
	FRAME_WAIT,  /* no whole line or record came within the time given, or a signal did */
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

/* From here on records, by a cutter that begins where the stream stands.  The
 * cutter is taken.  Bytes that were read already are to be given. */
void frame_cut(struct frame *f, struct cutter cutter, struct str read);
/* Lines that were read already. */
void frame_put_back(struct frame *f, struct str read);

/* While nothing is read: records that only wait for later ones are given out
 * by the next frame_next, when it has lasted for AUDITD_QUIET (cut_kind.idle). */
void frame_idle(struct frame *f);

/* Reads nothing more.  What a pipe gave already still comes out of
 * frame_next, a file's comes again the next time.  Returns whether input
 * was left unread. */
bool frame_stop(struct frame *f);

/* For cut.c, which reads as lines are read.  Whether a read returns at once. */
bool frame_ready(const struct frame *f, int wait_ms);
/* As instream_read, but for f->err. */
ssize_t frame_read(struct frame *f, char *p, size_t room);
/* Whether that failed because a signal came, and the caller will ask to stop. */
bool frame_interrupted(struct frame *f);
/* Feeds what a pipe has, about 1 MiB at most: a program that is stopped after us
 * may have written its last words. */
void cut_drain(struct frame *f);
/* frame_next with a cutter. */
enum frame_result cut_fill(struct frame *f, struct frame_chunk *c, int wait_ms, struct err *e);

/* Where the first line that is not blank ends, its newline not counted. */
size_t frame_first_line(const char *p, size_t len);
/* Where the last line that is not blank begins; 0 when there is none. */
size_t frame_last_line(const char *p, size_t len);

/* Nothing but spaces, tabs and carriage returns. */
bool frame_is_blank(const char *p, size_t len);

#endif
