/*
 * redact: secrets are replaced before anything is written, quarantine and
 * messages included.  Marker: [REDACTED:rule].
 */
#ifndef INGEST_REDACT_H
#define INGEST_REDACT_H

#include "base/bytes.h"
#include "event/json.h"

enum redact_rule { REDACT_SECRET_KEY, REDACT_JWT, REDACT_RULES };
extern const char *const redact_names[REDACT_RULES]; /* "secret-key", "jwt" */

/* Replaces in a scanned line.  Returns how many values were changed.
 * Idempotent: a marker is left as it is. */
unsigned redact_tape(struct json_tape *t, struct arena *a);

/* The same for bytes that are no JSON: what will be quarantined.  The result
 * is p itself or in a. */
struct str redact_bytes(struct str p, struct arena *a, unsigned *changed);

#endif
