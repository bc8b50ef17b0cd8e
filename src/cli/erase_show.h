/*
 * erase_show: the plan of an erasure, its receipt, and what waits.
 */
#ifndef CLI_ERASE_SHOW_H
#define CLI_ERASE_SHOW_H

#include "cli/erase_run.h"

/* A dry run. */
struct erase_plan {
	const struct person *person;
	const struct seen *seen;
	const struct erase_found *found;
	const char *pseudonym; /* as typed, or NULL */
};

/* An erasure that waits, and what holds it now. */
struct erase_waiting {
	int64_t id, asked;
	struct buf pseudonym, reason, by;
	struct erase_found found;
};

/* All append; json: a document, else text for people, of which no byte steers a
 * terminal; width: of it, 0: any.  Receipts and lists have no value of a person. */
void erase_show_plan(struct buf *out, const struct erase_plan *p, bool json);
void erase_show_receipts(struct buf *out, const struct erasure *x, size_t n, bool json);
void erase_show_waiting(struct buf *out, const struct erase_waiting *w, size_t n, bool json, unsigned width);
/* What could be changed now. */
uint64_t erase_ready(const struct erase_found *f);

#endif
