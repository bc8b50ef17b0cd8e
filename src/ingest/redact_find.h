/*
 * redact_find: where in a text something may begin that a rule looks for.
 *
 * Every rule has three bytes that cannot be missing ("ghp", "://", "rd=").
 * A finder knows all of these windows and stops only at them, so that the
 * rules cost a line without secrets one pass, however many there are.
 */
#ifndef INGEST_REDACT_FIND_H
#define INGEST_REDACT_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a window is of: its bit in `kinds`. */
enum find_kind {
	FIND_TOKEN = 1, /* the first bytes of a token */
	FIND_PAIR = 2,  /* the end of a name and its ':' or '=' */
	FIND_OTHER = 4, /* of a rule of its own: redact_window.c looks which */
	FIND_USER = 8   /* the literal of a user's rule */
};

#define FIND_WINDOWS (1u << 15)
#define FIND_DEEP 4   /* bytes that are judged at once */
#define FIND_GROUPS 3
#define FIND_STEP 64  /* places that are judged at once */

struct finder {
	/* For each of four bytes the sets that its halves belong to; a place is
	 * possible when one set has all eight. */
	struct find_sets {
		uint8_t low[FIND_DEEP][16], high[FIND_DEEP][16];
	} sets[FIND_GROUPS]; /* of eight */
	/* Kinds by a hash of the three bytes of literals that have no more, and of
	 * the first four of the others.  What is found is looked at in full by its rule. */
	uint8_t window[FIND_WINDOWS], deep[FIND_WINDOWS];
	unsigned width; /* bytes at once, as the processor can: 64, 32, 16, 1 */
};

/* Where a window of three or of four bytes is, the first in the lowest bits. */
static inline unsigned
find_hash(uint32_t bytes)
{
	return (bytes * UINT32_C(0x9e3779b1)) >> 17;
}

void finder_init(struct finder *f);

/* Adds the window that a literal of three bytes or more begins with; nocase:
 * its letters in either case. */
void finder_add(struct finder *f, const char *literal, size_t len, enum find_kind kind, bool nocase);

/* One search of one text, from its beginning to its end. */
struct find_walk {
	const struct finder *f;
	const char *p;
	size_t len;
	size_t base;     /* from here to `end` all places were judged: */
	size_t end;
	uint64_t places; /* those with a window, a bit each */
};

static inline struct find_walk
finder_walk(const struct finder *f, const char *p, size_t len)
{
	return (struct find_walk){ .f = f, .p = p, .len = len };
}

/* The first window at `at` or behind it, with its kinds, or len.  Both agree. */
size_t finder_next(struct find_walk *w, size_t at, unsigned *kinds);
size_t finder_next_scalar(const struct finder *f, const char *p, size_t len, size_t at,
    unsigned *kinds);

#endif
