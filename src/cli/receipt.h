/*
 * receipt: what an ingest did, for people and as JSON.
 *
 * In: the counts of ingest.   Out: a line on stderr, or a document.
 */
#ifndef CLI_RECEIPT_H
#define CLI_RECEIPT_H

#include "cli/cli.h"
#include "ingest/ingest.h"

/* One line of JSON; counts by rule are named by the redactor. */
int receipt_write(struct outstream *out, const struct ingest_receipt *r, const struct redactor *redactor,
    struct err *e);

/* "12 read: 9 stored (seq 0 to 8), 1 duplicate, 2 quarantined (not-json 2), ..." */
void receipt_tell(const struct program *p, const struct common_args *c, const struct ingest_receipt *r, bool dry_run);

#endif
