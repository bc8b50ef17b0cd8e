/*
 * export_events: the events of a query into the file of an export, or its parts
 * one after the other, which are told of each.
 */
#ifndef CLI_EXPORT_EVENTS_H
#define CLI_EXPORT_EVENTS_H

#include "cli/cli.h"
#include "cli/export_files.h"
#include "render/render.h"

struct export_events {
	uint64_t size;              /* events from here on are not of the export */
	struct export_files *files; /* told of each event; NULL: nobody is */
	uint64_t count, first, last; /* that were written; first, last: seqs, when count > 0 */
};

/* To the end of q.  texts: q makes text for r (render_in_pieces). */
int export_events_write(struct export_events *x, struct query *q, struct render *r, bool texts,
    struct progress *progress, struct err *e);

#endif
