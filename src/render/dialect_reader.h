/*
 * dialect_reader: what the files share that read a user's additions.  Only
 * render/dialect_map*.c includes this.
 */
#ifndef RENDER_DIALECT_READER_H
#define RENDER_DIALECT_READER_H

#include "base/yaml.h"
#include "render/dialect.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define CLASS_MAX 99999999 /* five digits and those of an extension */
#define ACTIVITY_MAX 99

struct dialect_reader {
	struct yaml *y;
	struct dialect_map *m;
	const struct dialect_table *t; /* what is being read */
	struct dialect_own *own;
};

/* A copy that lives as long as the map, with a NUL behind. */
struct str dialect_keep(struct dialect_reader *r, struct str s);

/* One text or a list of them, at most DIALECT_WORDS_MAX, and at least one. */
int dialect_words(struct dialect_reader *r, const char *key, struct str **out, size_t *n, struct err *e);

/* A text that is one of n words, or a number up to max. */
int dialect_find_word(struct dialect_reader *r, const char *key, struct str text, const char *const *words, size_t n,
    size_t *which, struct err *e);
int dialect_parse_number(struct dialect_reader *r, const char *key, struct str text, uint32_t max, uint32_t *out,
    struct err *e);

/* The mapping that is next. */
int dialect_read_rule(struct dialect_reader *r, struct dialect_rule *rule, struct err *e);

#endif
