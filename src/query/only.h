/*
 * only: a set of seqs that a query keeps to.  Private to query/.
 *
 * The list may have millions of runs, and segments are asked for in any order
 * from any thread: marks along the list tell where to begin reading.
 */
#ifndef QUERY_ONLY_H
#define QUERY_ONLY_H

#include "base/runs.h"
#include "store/store.h"

struct only;

/* The list (base/runs.h) stays borrowed.  ERR_FAIL: it is none. */
struct only *only_new(struct str list, struct err *e);
void only_free(struct only *o); /* NULL is fine */

bool only_has(const struct only *o, uint64_t seq);
/* Whether a seq from first to last is in it. */
bool only_overlaps(const struct only *o, uint64_t first, uint64_t last);
/* Clears the bits of the rows that are not in it. */
void only_clip(const struct only *o, const struct stored *s, uint64_t *bits);

#endif
