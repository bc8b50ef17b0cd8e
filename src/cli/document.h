/*
 * document: the JSON documents that programs write and read back: manifests,
 * plans.  With jansson; events never go through it.
 */
#ifndef CLI_DOCUMENT_H
#define CLI_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/* ---- making ---- */

/* Bytes that are no UTF-8, as paths may have them, become visible escapes. */
json_t *document_text(struct str text);
json_t *document_number(uint64_t n);
/* null for TIME_NONE and what is unbounded. */
json_t *document_instant(int64_t us);
json_t *document_hex(const void *p, size_t n);
/* Appends it, indented, with a newline; o is taken. */
void document_format(struct buf *out, json_t *o);

/* ---- reading ---- */

/* NULL: `what` ("manifest") is longer than max bytes, or no JSON.  ERR_INTEGRITY. */
json_t *document_parse(struct str text, size_t max, const char *what, struct err *e);

/* All false when the member is missing or is something else.  Texts are
 * borrowed; or_null: p NULL for null, and TIME_NONE. */
bool document_get_text(const json_t *o, const char *key, bool or_null, struct str *out);
bool document_get_number(const json_t *o, const char *key, uint64_t *out);
bool document_get_instant(const json_t *o, const char *key, bool or_null, int64_t *us);
/* Of exactly n bytes. */
bool document_get_hex(const json_t *o, const char *key, void *out, size_t n);

#endif
