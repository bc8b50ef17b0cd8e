/*
 * scratch: what matching keeps between two calls, of one thread.
 *
 * Only filter/ includes this.
 */
#ifndef FILTER_SCRATCH_H
#define FILTER_SCRATCH_H

#include "filter/tree.h"

struct regex_memory; /* PCRE2's (regex.c); made when the first pattern is asked */

struct filter_scratch {
	struct selector_scratch path;
	struct selector_scratch other;   /* of the second path of a TEST_SAME */
	struct selector_scratch elements; /* of a TEST_EACH, while its expression is asked */
	struct json_tape tape;    /* of a payload whose strings are looked into */
	struct arena arena;
	struct buf line;          /* the canonical line of the event at work */
	bool has_line;
	struct regex_memory *regex;
	uint64_t given_up;        /* matches that took too long */
	char pattern[64];         /* the first of them, cut off */
};

void filter_regex_memory_free(struct regex_memory *m);

/* Whether no match can reach over a quote, a colon, a comma or a brace, nor
 * asks for what stands before or behind it (inside.c). */
bool filter_pattern_inside(struct str pattern);

/* The need of a test that is otherwise complete (need.c). */
void filter_need_find(struct filter *f, struct filter_test *t);
/* What the line of an event that matches has, once the root is there. */
void filter_need_in_line(struct filter *f);

/* TEST_COMPARE on one value (compare.c). */
bool filter_compare(const struct filter_test *t, struct str value);

/* str_cmp of a folded literal and a value as it stands (match.c). */
int filter_cmp_folded(struct str literal, struct str value);

#endif
