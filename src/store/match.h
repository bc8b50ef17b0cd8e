/*
 * match: a filter over the rows of one segment.
 *
 * First every test is asked about dictionaries, zone maps and membership
 * filters; that alone often says "no row" or "every row".  Then codes are read,
 * and texts only for rows that are still in question.
 */
#ifndef STORE_MATCH_H
#define STORE_MATCH_H

#include <stdint.h>

#include "base/bitmap.h"
#include "filter/filter.h"
#include "store/store.h"

#define MATCH_WORDS (SEGMENT_EVENTS_MAX / 64) /* a bit a row */

enum verdict { MATCH_NONE, MATCH_SOME, MATCH_ALL };

/* Scratch of one thread; the filter is borrowed. */
struct matcher;
struct matcher *matcher_new(const struct filter *f);
void matcher_free(struct matcher *m);

/*
 * Which rows match: *verdict, and for MATCH_SOME the bits (MATCH_WORDS,
 * borrowed until the next call), of which none may be set.  0 or -1.
 */
int match_segment(struct matcher *m, const struct stored *s, enum verdict *verdict, uint64_t **bits,
    struct err *e);

/* The zone map alone: false when no row can match. */
bool match_possible(const struct filter *f, const struct segment_meta *meta);

#endif
