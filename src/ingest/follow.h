/*
 * follow: many logs that grow, and are rotated, truncated and replaced.
 *
 * A log is a name: the file that has it is read to its end, and on when it
 * grows.  When another file has the name, the one that had it is read to its
 * end before, and so is what came between; and for a while longer, because its
 * writer may have it open.  Logs take turns, so that a busy one keeps none
 * waiting.
 *
 * In: files, FIFOs and standard input.   Out: events in the store, until asked
 * to stop.
 */
#ifndef INGEST_FOLLOW_H
#define INGEST_FOLLOW_H

#include "ingest/run.h"

/* Until o->stop says so, or nothing more can come (standard input alone, at its
 * end).  A file that cannot be read at first is an error, one that cannot be
 * later is tried again; one that is missing is waited for. */
int follow_inputs(struct run *run, const char *const *path, size_t n, struct err *e);

#endif
