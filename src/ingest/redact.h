/*
 * redact: secrets are replaced before anything is written, quarantine and
 * messages included.  Marker: [REDACTED:rule].
 *
 * A redactor is the set of rules in force, made once and shared by threads.
 * What one thread needs while it works is its redact_work.
 */
#ifndef INGEST_REDACT_H
#define INGEST_REDACT_H

#include "base/bytes.h"
#include "base/err.h"
#include "event/json.h"

#define REDACT_RULES_MAX 255
#define REDACT_USER_MAX 64        /* rules of the user's, in all files */
#define REDACT_NAME_MAX 32        /* bytes of a rule's name */
#define REDACT_LITERAL_MIN 3      /* bytes of the literal of a user's rule */
#define REDACT_HIDDEN_MIN 4       /* a user's rule hides nothing shorter: markers have to fit */

struct redact_options {
	const char *const *file; /* YAML files of rules (audit-redaction(7)) */
	size_t files;
	const char *const *off;  /* rules not to use */
	size_t offs;
};

struct redactor;

/* Yours.  NULL options: all built-in rules.  Errors: a file that cannot be
 * read or is wrong (with line and column), a rule that does not exist. */
struct redactor *redactor_new(const struct redact_options *o, struct err *e);
void redactor_free(struct redactor *r);

size_t redactor_rules(const struct redactor *r);
const char *redactor_rule(const struct redactor *r, size_t i); /* its name */

/* One thread's memory. */
struct redact_work;
struct redact_work *redact_work_new(const struct redactor *r);
void redact_work_free(struct redact_work *w);

/* Replaces in a scanned line.  Returns how many secrets were hidden.
 * Idempotent: a marker is left as it is. */
unsigned redact_tape(struct redact_work *w, struct json_tape *t, struct arena *a);

/* The same for bytes that are no JSON: what will be quarantined.  The result
 * is p itself or in a. */
struct str redact_bytes(struct redact_work *w, struct str p, struct arena *a, unsigned *hidden);

/* Bytes of a longer line that were cut off at their end: without the last
 * word, which may be half a secret. */
struct str redact_cut(struct str p);

/* Which rule hid each secret of the last call: as many as it returned. */
const uint8_t *redact_hits(const struct redact_work *w);

#endif
