/*
 * rotated: the files that a log was rotated into and that may hold something
 * that was not read.
 *
 * app.jsonl became app.jsonl.1, app.jsonl-20260423 or app-20260423.jsonl, with
 * .gz or .zst perhaps.  One that has such a name may be unread if it was
 * changed since the log was last looked at; one that the store knows by device
 * and inode, whatever its name, if it has grown since.
 *
 * In: the log's path and what the store knows.   Out: paths, oldest first.
 */
#ifndef INGEST_ROTATED_H
#define INGEST_ROTATED_H

#include "base/bytes.h"
#include "store/store.h"

/*
 * Adds to found.  since: when all of the log that there was had been read;
 * TIME_NONE: when the store last took something of it, and when it never did
 * nothing is found.  The file that has the log's name now is left out.  A
 * folder that cannot be read has nothing in it.  0, or -1 from the store.
 */
int rotated_find(struct store *st, const char *path, int64_t since, struct str_list *found, struct err *e);

/* Whether a name is what rotation makes of another (both without folder). */
bool rotated_is_name(const char *log, const char *name);

#endif
