/*
 * joint: counts of the values that several fields have together, from the
 * columns of a segment.  Private to query/.
 *
 * In: chosen rows of a segment.   Out: groups in a tally, values joined by
 * SUMMARY_GAP.
 */
#ifndef QUERY_JOINT_H
#define QUERY_JOINT_H

#include "query/scan.h"

/* For one thread; a few megabytes. */
struct joint;

struct joint *joint_new(const struct selector *by, size_t bys); /* by stays borrowed; at most SUMMARY_BY_MAX */
void joint_free(struct joint *j);                               /* NULL is fine */

/* Adds the chosen rows to t: each is in one group.  0, or -1 as the columns
 * say; then nothing was added. */
int joint_add(struct joint *j, const struct chosen *c, struct tally *t, struct err *e);

#endif
