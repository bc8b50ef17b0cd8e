/*
 * yaml: a YAML file read strictly, with the place of every error.
 *
 * One document of mappings, lists and scalars.  Refused: what is not YAML, an
 * anchor, alias or tag, a second document, an unknown or repeated key (with
 * the nearest name), a NUL byte.  Whoever reads walks along:
 *
 *	while ((rc = yaml_key(y, keys, n, &seen, &which)) > 0)
 *		switch (which) { ... yaml_text(y, "db", &text) ... }
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define YAML_FILE_MAX (1024u * 1024)

struct yaml;

/* Reads a file of at most YAML_FILE_MAX bytes; yours.  NULL: it cannot be read. */
struct yaml *yaml_open(const char *path, struct err *e);
void yaml_close(struct yaml *y); /* NULL is fine */

/* Enters the document's mapping: 1, 0 the document is empty, -1. */
int yaml_document(struct yaml *y, struct err *e);

/* The next key of the mapping entered last, which must be one of the n names
 * (at most 64) and not have been there before (*seen: a bit a name): 1 with *which, 0 the
 * mapping is over, -1. */
int yaml_key(struct yaml *y, const char *const *names, size_t n, uint64_t *seen, size_t *which, struct err *e);

/* The value of the key, or the next item of a list, is a scalar: borrowed until
 * the next call. */
int yaml_text(struct yaml *y, const char *key, struct str *out, struct err *e);
/* It is a mapping, and entered. */
int yaml_mapping(struct yaml *y, const char *key, struct err *e);
/* It is a list, and entered. */
int yaml_list(struct yaml *y, const char *key, struct err *e);
/* One scalar, or a list of them; appended as they are. */
int yaml_texts(struct yaml *y, const char *key, struct str_list *out, struct err *e);

/* Whether the list entered last has another item: 1, 0 it is over, -1. */
int yaml_item(struct yaml *y, struct err *e);

/* ERR_FAIL "PATH:LINE:COLUMN: text" at what was read last.  Returns -1. */
int yaml_fault(const struct yaml *y, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
