/* explain: which rule of retention decides on an event, and what holds it. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include "cli/retention.h"
#include "store/store.h"

/* Appends it for people, or as a JSON object.  ERR_FAIL: the event is not there. */
int explain_retention(struct store *st, uint64_t seq, const struct retention *r, int64_t now, bool json,
    struct buf *out, struct err *e);

#endif
