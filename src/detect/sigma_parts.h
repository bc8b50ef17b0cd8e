/*
 * sigma_parts: what the files that compile a rule share.
 *
 *   sigma.c              files and documents
 *   sigma_rule.c         what a rule says of itself; search identifiers
 *   sigma_condition.c    how they are joined
 *   sigma_test.c         a field and its values as an expression
 *   sigma_keyword.c      values without a field
 *   sigma_text.c         how values are written
 *   sigma_correlation.c  rules over rules
 *
 * Only these include this.
 */
#ifndef DETECT_SIGMA_PARTS_H
#define DETECT_SIGMA_PARTS_H

#include "detect/sigma_map.h"
#include "detect/sigma_node.h"
#include "detect/sigma_value.h"

#define SIGMA_IDENTIFIERS_MAX 1000 /* search identifiers of a rule */
#define SIGMA_CONDITION_MAX 16384  /* bytes of a condition */
#define SIGMA_DEPTH_MAX 50         /* parentheses of a condition inside each other */

/* One document at work.  What is refused says why in e and where in at. */
struct sigma_work {
	const struct sigma_map *map;
	struct arena *a;
	struct err *e;
	struct yaml_place at;
};

/* Refuses at a node.  Returns -1. */
int sigma_refuse(struct sigma_work *w, const struct sigma_node *n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- sigma_test.c ---- */

/* Appends what a field with its values means, or keywords. */
int sigma_put_test(struct sigma_work *w, const struct sigma_values *v, struct buf *out);

/* ---- sigma_keyword.c ---- */

int sigma_put_keywords(struct sigma_work *w, const struct sigma_values *v, struct buf *out);

/* ---- sigma_text.c: for within the quotes of a pattern ---- */

void sigma_put_units(struct buf *out, const uint16_t *unit, size_t n);

/* ... and of a regular expression: one; a literal byte; the units of a value, and
 * as the whole of what is looked at; a pattern of ours with the shortest runs. */
void sigma_put_regex(struct buf *out, struct str s);
void sigma_put_literal(struct buf *out, unsigned char c);
void sigma_put_units_regex(struct buf *out, const struct sigma_value *v);
void sigma_put_whole(struct buf *out, const struct sigma_value *v);
void sigma_put_around(struct buf *out, const char *pattern);
/* (?ims); `nocase`: the field compares without case, which the pattern does not. */
void sigma_put_flags(struct buf *out, bool ignore_case, bool lines, bool dot_all, bool nocase);

/* ---- sigma_condition.c ---- */

/* A search identifier and its expression. */
struct sigma_identifier {
	const char *name;
	struct str where;
};

struct sigma_identifiers {
	struct sigma_identifier item[SIGMA_IDENTIFIERS_MAX];
	size_t n;
};

/* Appends the expression of a condition.  ERR_FAIL: where it ends to make sense. */
int sigma_put_condition(const struct sigma_identifiers *ids, struct str condition, struct buf *out, struct err *e);

/* ---- sigma_rule.c, sigma_correlation.c ---- */

/* A scalar as text, "" for null; refused when it is none.  NULL: no such key. */
int sigma_read_text(struct sigma_work *w, const struct sigma_node *n, const char **out);
/* A scalar or a list of them. */
int sigma_read_texts(struct sigma_work *w, const struct sigma_node *n, struct str_list *out);

/* Fills the rule from its document; a refusal is one of the rule. */
void sigma_rule_read(struct sigma_rule *rule, const struct sigma_maps *maps, const struct sigma_document *d,
    struct arena *a);

/* The value of the key `correlation`; in the arena, but for its lists. */
int sigma_correlation_read(struct sigma_work *w, const struct sigma_node *n, struct sigma_correlation **out);
void sigma_correlation_fini(struct sigma_correlation *c);

#endif
