/*
 * yaml: a YAML file read strictly, with the place of every error.
 *
 * One document of mappings, lists and scalars, or several where the reader asks
 * for that.  Refused: what is not YAML, an anchor, alias or tag, a second
 * document, an unknown or repeated key (with the nearest name), a NUL byte.  All
 * scalars are texts, quoted or not: `no` is the word no; yaml_plain tells whether
 * there were quotes.  Whoever reads walks along:
 *
 *	while ((rc = yaml_key(y, keys, n, &seen, &which, e)) > 0)
 *		switch (which) { ... yaml_text(y, "db", &text, e) ... }
 *
 * After an error nothing more is asked of y but to be closed.  Errors are
 * ERR_FAIL "PATH:LINE:COLUMN: text"; columns count characters, from 1.
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define YAML_FILE_MAX (1024u * 1024)
#define YAML_KEYS_MAX 64 /* names of one mapping */

struct yaml;

/* Reads a file of at most YAML_FILE_MAX bytes; yours.  NULL: it cannot be read. */
struct yaml *yaml_open(const char *path, struct err *e);
/* The same over a text, which stays borrowed; `name` is what errors call it. */
struct yaml *yaml_new(const char *name, struct str text, struct err *e);
void yaml_close(struct yaml *y); /* NULL is fine */

/* Enters the document's mapping: 1, 0 the document is empty, -1. */
int yaml_document(struct yaml *y, struct err *e);
/* Other documents may follow: asked before the first.  When one is over,
 * yaml_document enters the next; 0 there is none.  Empty ones are left out. */
void yaml_several(struct yaml *y);

/* The next key of the mapping entered last, which must be one of the n names
 * and not have been there before (*seen: a bit a name): 1 with *which, 0 the
 * mapping is over, -1. */
int yaml_key(struct yaml *y, const char *const *names, size_t n, uint64_t *seen, size_t *which, struct err *e);

/* The same where names are the writer's own: any, borrowed until the next call,
 * with a NUL behind and none inside.  Whether one comes twice is for the caller
 * to see. */
int yaml_name(struct yaml *y, struct str *out, struct err *e);

/* What the value of the key, or the next item of a list, is going to be. */
enum yaml_kind { YAML_SCALAR, YAML_MAPPING, YAML_LIST, YAML_OTHER };
int yaml_kind(struct yaml *y, enum yaml_kind *kind, struct err *e);

/* The value of the key, or the next item of a list, is a scalar: borrowed until
 * the next call, with a NUL behind and none inside. */
int yaml_text(struct yaml *y, const char *key, struct str *out, struct err *e);
/* Whether the scalar read last stood there without quotes. */
bool yaml_plain(const struct yaml *y);
/* It is a mapping, and entered. */
int yaml_mapping(struct yaml *y, const char *key, struct err *e);
/* It is a list, and entered. */
int yaml_list(struct yaml *y, const char *key, struct err *e);

/* Whether the list entered last has another item: 1, 0 it is over, -1. */
int yaml_item(struct yaml *y, struct err *e);

/*
 * One scalar, or a list of them, one a call: 1 with the text as yaml_text gives
 * it, 0 these were all, -1.  *count starts as 0 and says how many there were.
 */
int yaml_each(struct yaml *y, const char *key, size_t *count, struct str *out, struct err *e);
/* All of these at once; appended as they are. */
int yaml_texts(struct yaml *y, const char *key, struct str_list *out, struct err *e);

/* Where something stood; both from 1. */
struct yaml_place {
	size_t line, column;
};
struct yaml_place yaml_place(const struct yaml *y); /* of what was read last */

/* "PATH:LINE:COLUMN: text" at what was read last, or at a place.  Return -1. */
int yaml_fault(const struct yaml *y, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int yaml_fault_at(const struct yaml *y, struct yaml_place at, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
