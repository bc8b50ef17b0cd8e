/* redact_rule: what the rules look for, shared by redact.c and redact_bytes.c. */
#ifndef INGEST_REDACT_RULE_H
#define INGEST_REDACT_RULE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "ingest/redact.h"

/* What a rule writes in the place of a value. */
struct str redact_marker(enum redact_rule rule);

/* The length of a marker that s begins with, or 0. */
size_t redact_marker_prefix(struct str s);

enum secret_flag {
	SECRET_WHOLE = 1,   /* the whole name, not only its end */
	SECRET_TEXT = 2,    /* a number under this name is a count */
	SECRET_NO_PATH = 4, /* a path under this name is the working directory */
	SECRET_LINE = 8     /* a header: in plain text its value goes to the end of the line */
};

/* Whether a value under this name is a secret: how it is named in field
 * tables, headers, variables: any case, with or without _ - . and space.
 * *flags tells more then. */
bool redact_secret_name(struct str name, unsigned *flags);

/* Whether this text (a string's value, or a number) is one that a secret
 * name with these flags hides. */
bool redact_secret_value(struct str value, bool number, unsigned flags);

/* The length of the JSON web token that begins at s.p + at, or 0. */
size_t redact_jwt_at(struct str s, size_t at);

#endif
