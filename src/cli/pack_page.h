/*
 * pack_page: the page of an evidence pack, for people: what each file shows,
 * and which control it supports.
 */
#ifndef CLI_PACK_PAGE_H
#define CLI_PACK_PAGE_H

#include "cli/pack.h"
#include "cli/retention.h"

struct pack_hold {
	char *matter, *reason, *filter; /* yours */
	int64_t at;
};

/* What the statements of a pack say. */
struct pack_said {
	struct coverage coverage;
	struct retention retention;
	struct pack_hold *hold;
	size_t holds, hold_cap;
	struct summary *sum;              /* of its events */
	const char *origin;               /* the log's name */
	const struct evidence_file *file; /* PACK_FILES, known from PACK_EVENTS on */
};
void pack_said_fini(struct pack_said *s);

/* Appends the page: HTML that loads nothing, and prints. */
void pack_page(struct buf *out, const struct pack *p, const struct pack_source *from, const struct pack_said *said);

#endif
