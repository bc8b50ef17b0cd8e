/*
 * serve: events of many programs through a socket (listen.h), acknowledged
 * when they are committed.
 *
 * Group commit: when nothing more comes, but not before as long has passed as
 * the last commit took; at the latest 50 ms after the first line that waits, or
 * when much does.
 * Lines that are no events are quarantined, and their sender is told.  The
 * uid of who sent them becomes the events' peer_uid.
 */
#ifndef INGEST_SERVE_H
#define INGEST_SERVE_H

#include "ingest/ingest.h"
#include "ingest/listen.h"

struct serve_options {
	/* Asked at least once a second: a sign of life, what people should know
	 * ("disk full ..."; NULL: nothing new), and when to ask again (microseconds). */
	int64_t (*alive)(void *arg, const char *status);
	void *arg;
	int64_t patience; /* microseconds that clients have for their last answers when stopping */
};

/* Until o->stop says so; then what was taken is committed and answered.  The
 * receipt is true also after -1.  Errors: as ingest_files. */
int ingest_serve(struct store *st, struct pool *pool, struct listen *l, const struct ingest_options *o,
    const struct serve_options *s, struct ingest_receipt *r, struct err *e);

#endif
