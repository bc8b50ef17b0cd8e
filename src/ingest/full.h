/*
 * full: events into the store, and patience when the disk is full.
 *
 * As append_known, append_event and append_commit; when there is no room, and
 * o->on_full is to wait, they try again until there is.  Nothing is read
 * meanwhile, so that memory is bounded; o->stop and run->alive are asked many
 * times a second.  e is empty before.  -1: run->broken is set; with ERR_FULL:
 * not to wait, or stopped while waiting.
 */
#ifndef INGEST_FULL_H
#define INGEST_FULL_H

#include "ingest/run.h"

int full_known(struct run *run, const struct event *ev, bool *known, struct err *e);
int full_event(struct run *run, const struct event *ev, enum append_result *result, struct err *e);
int full_commit(struct run *run, struct err *e);

#endif
