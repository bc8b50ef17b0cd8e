/*
 * gather: whole lines out of bytes that come in pieces, of many writers at a
 * time; frame.h does the same for one stream that can be waited for.
 *
 * Memory is bounded whatever comes: of a line longer than JSON_LEN_MAX the
 * first GATHER_KEEP bytes are kept and the rest is passed over.  A writer that
 * is quiet holds no memory.
 *
 * In: pieces of any size.   Out: chunks that end at a newline.
 */
#ifndef INGEST_GATHER_H
#define INGEST_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define GATHER_PIECE (64 * 1024) /* room for one read */
#define GATHER_KEEP (64 * 1024)

struct gather {
	struct buf held; /* the beginning of a line, or the whole lines given out and what is behind */
	size_t given;    /* bytes given out */
	size_t searched; /* bytes of the line begun that hold no newline */
	size_t passed;   /* bytes passed over of a line that is too long */
	bool skipping;
	uint64_t n;      /* lines given out */
	uint64_t offset; /* of held in all that was written */
};

#define GATHER_NONE { { 0 }, 0, 0, 0, false, 0, 0 }

/* Borrowed until the next call on the same lines. */
struct gather_chunk {
	struct str bytes; /* with newlines; at least one line */
	uint64_t first;   /* the number of its first line, from 1 */
	uint64_t n;       /* lines, blank ones too */
	uint64_t offset;  /* of its first byte in what the writer sent */
	size_t passed;    /* one line that is too long: bytes holds its beginning, so much is missing */
	bool partial;     /* no newline behind the last line */
};

void gather_fini(struct gather *l);

/* Where GATHER_PIECE bytes can be put; gather_added then says how many were, 0 too. */
char *gather_room(struct gather *l);
void gather_added(struct gather *l, size_t n);

/* The next whole lines; false: none yet. */
bool gather_next(struct gather *l, struct gather_chunk *c);
/* After the last byte: what is left, as a line without newline; false: nothing. */
bool gather_last(struct gather *l, struct gather_chunk *c);

/* Bytes held, for limits over many writers. */
size_t gather_held(const struct gather *l);

#endif
