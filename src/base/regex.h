/*
 * regex: one regular expression (PCRE2, UTF-8) with its captures.
 *
 * Every match has its limits: a subject that needs more steps or memory does
 * not match, and is counted.  Patterns are somebody's configuration, subjects
 * may be an attacker's.
 */
#ifndef BASE_REGEX_H
#define BASE_REGEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define REGEX_PATTERN_MAX 4096
#define REGEX_SUBJECT_MAX (64 * 1024) /* longer ones do not match */

struct regex;

/* Compiles; yours.  NULL: "expected ... at character N", for the place of the
 * pattern to be put before it. */
struct regex *regex_new(struct str pattern, struct err *e);
void regex_free(struct regex *r); /* NULL is fine */

/* What matching keeps between calls, of one thread; grows when first used. */
struct regex_scratch {
	void *data, *limits; /* PCRE2's */
	uint64_t given_up;   /* subjects that met a limit */
};

void regex_scratch_fini(struct regex_scratch *x);

/* Whether the pattern is found in the subject, valid UTF-8.  *found, when not
 * NULL, becomes the first group that took part, or without groups the whole
 * of what matched: bytes of the subject. */
bool regex_match(const struct regex *r, struct str subject, struct str *found, struct regex_scratch *x);

/* The same, but the match begins at byte `first`, where a character does, or later. */
bool regex_match_from(const struct regex *r, struct str subject, size_t first, struct str *found,
    struct regex_scratch *x);

#endif
