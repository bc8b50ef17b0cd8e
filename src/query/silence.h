/*
 * silence: sources that said nothing for longer than is usual for them.
 * Private to query/.
 *
 * The rule, for each source (events without one are a source too, with an
 * empty name; the toolkit's own records are none):
 *
 * 1. Looked at are the window and SILENCE_BEFORE before it, in SILENCE_SLOTS
 *    slots of equal length.  A gap lies between two slots with events that
 *    follow each other, or between the last event and the end of the window.
 * 2. The gap that takes most of the window is judged by the others.
 * 3. Usual is the larger of the third longest of them, and of the length that
 *    SILENCE_SHARE of their time is spent in gaps no longer than: nights and
 *    week-ends count although they are few, one or two outages do not.
 * 4. It is a silence when it is SILENCE_FACTOR times as long as usual, and in
 *    the window longer than SILENCE_LEAST and 1/SILENCE_PART of the window.
 * 5. The rhythm is known when there are SILENCE_EVENTS slots with events, and
 *    the source was heard for as long as the gap, or for SILENCE_HEARD: one
 *    burst is no rhythm.
 *
 * So a nightly batch is missed in the fourth night without it, a source that
 * speaks every second after a minute and, in a window of 30 days, 45 minutes;
 * one that ended more than SILENCE_BEFORE before the window is forgotten.
 */
#ifndef QUERY_SILENCE_H
#define QUERY_SILENCE_H

#include "query/query.h"

#define SILENCE_BEFORE (28 * TIME_DAY)
#define SILENCE_SLOTS 65536
#define SILENCE_SHARE 90 /* per cent */
#define SILENCE_FACTOR 3
#define SILENCE_LEAST (60 * TIME_SECOND)
#define SILENCE_PART 1000
#define SILENCE_EVENTS 8
#define SILENCE_HEARD (2 * TIME_DAY)
#define SILENCE_SOURCES_MAX 1024 /* those met later are not judged */

/* Adds to out->silent, longest first.  Only sources that a test of the filter
 * lets through; the window is f's, ended by `now`. */
int silence_find(struct store *st, const struct filter *f, int64_t now, struct pool *pool, struct coverage *out,
    struct err *e);

#endif
