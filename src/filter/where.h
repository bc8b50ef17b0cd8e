/*
 * where: the text of an expression on its way into a tree: what the grammar
 * (where.c) asks of the characters (where_text.c).
 *
 * Only these two and format.c include this.
 */
#ifndef FILTER_WHERE_H
#define FILTER_WHERE_H

#include "filter/tree.h"

#define WHERE_MAX (1024 * 1024) /* bytes; a canonical text is longer than what was typed */
#define WHERE_DEPTH_MAX 200     /* parentheses inside parentheses */
#define WHATS_MAX 3

/* What an operand speaks of. */
enum what_kind {
	WHAT_FIELDS, /* one selector, or several of which one must pass */
	WHAT_TEXT,   /* as --text */
	WHAT_LINE    /* as --grep */
};

struct what {
	enum what_kind kind;
	struct str name; /* as typed */
	struct selector sel[WHATS_MAX];
	size_t n;
};

enum comparison { SIGN_EQUAL, SIGN_MATCH, SIGN_ORDER, SIGN_IN, SIGN_LIKE, SIGN_WITHIN };

/* A sign or word, and what it means. */
struct sign {
	const char *text;
	enum comparison is;
	bool negated;
	enum filter_sign order;
};

/* What stands behind it. */
struct values {
	struct str *item; /* as where_value gives them; the array is on the heap */
	size_t n, cap;
	bool is_field;    /* field(OTHER) */
	struct selector other;
};

struct where {
	struct filter *f;
	struct str text;
	size_t at;      /* how far it is read */
	unsigned depth; /* of parentheses */
	bool element;   /* within any PATH (...): names are members of an element */
	int64_t now;
	struct err *e;
};

/* Errors begin with the column of `at`, in characters from 1.  Both return -1. */
int where_expected(const struct where *w, const char *what); /* at w->at */
int where_wrong(const struct where *w, size_t at);           /* puts the column before w->e */

void where_space(struct where *w); /* skips it */

/* Each skips white space, then takes what is asked for, or nothing. */
bool where_sign(struct where *w, const char *sign);
bool where_keyword(struct where *w, const char *keyword); /* in any case */

/* Whether the bare word that comes next is the keyword. */
bool where_comes(struct where *w, const char *keyword);

/*
 * A value, bare or in quotes, as value_list_add wants it: without its quotes,
 * with a backslash before each comma.  `after` tells what it stands behind.
 */
int where_value(struct where *w, struct str *value, const char *after);

/* The same for times: bare words up to `and`, `or`, a comma or parenthesis
 * belong together. */
int where_time(struct where *w, struct str *value, const char *after);

/* A regular expression: verbatim but for its quotes. */
int where_pattern(struct where *w, struct str *pattern, const char *after);

/* A value without its backslashes, a NUL behind it; for what has no wildcards. */
struct str where_plain(struct where *w, struct str value);

/* The nodes of an operand, of which one must pass (where_node.c).  NULL with
 * w->e, without a column. */
struct filter_node *where_operand(struct where *w, const struct what *what, const struct sign *sign,
    const struct values *values);
struct filter_node *where_constant(struct where *w, bool value);

/* Words that would be grammar elsewhere are no values unless quoted. */
bool where_is_keyword(struct str word);

/* Whether a bare word with this byte ends before it. */
bool where_ends_word(char c);

/* Whether the text of a node has an `and` or `or` at its top (format.c). */
bool filter_is_compound(const struct filter_node *n);

#endif
