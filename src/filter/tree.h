/*
 * tree: what the files that build a filter share: nodes and values.
 *
 * Only filter/ includes this; everyone else sees filter.h.
 */
#ifndef FILTER_TREE_H
#define FILTER_TREE_H

#include "filter/filter.h"

#define FILTER_VALUE_MAX 4096 /* bytes of one value of a list */

/* Nodes gathered on the way to a parent; the array is on the heap. */
struct node_list {
	struct filter_node **item;
	size_t n, cap;
};

void node_list_add(struct node_list *l, struct filter_node *n);
void node_list_fini(struct node_list *l);

struct filter *filter_new(void); /* without a root */

struct filter_node *filter_node_new(struct filter *f, enum filter_op op, size_t children);

/* Finds the test's need as well. */
struct filter_node *filter_node_test(struct filter *f, const struct filter_test *t);
struct filter_node *filter_node_not(struct filter *f, struct filter_node *child);

/*
 * FILTER_AND or FILTER_OR over the list: nested ones of the same kind are
 * taken apart (not those of one --text), spans of time and severity in an AND
 * made one, children sorted by field and text,
 * equal ones dropped; one child is itself, none is a node that is always true
 * (and) or false (or).  Empties the list.
 */
struct filter_node *filter_node_join(struct filter *f, enum filter_op op, struct node_list *l);

/* Sets root and what follows from it: fields, since, until, stated_window. */
void filter_finish(struct filter *f, struct filter_node *root);

/* Appends the canonical text of one node, as filter_format. */
void filter_format_node(struct buf *out, const struct filter_node *n);

/* 10.0.0.7, 10.0.0.0/8 or, where the bounds are no network's, A-B. */
void filter_format_range(struct buf *out, const struct ip_range *r);

/* The values of a list: literals first, each kind sorted, each once. */
struct value_list {
	struct filter_pattern *item; /* on the heap; the texts are in the filter's arena */
	size_t n, cap;
	size_t literals;
};

/* Splits at unescaped commas, takes backslashes away (from globs only those
 * that are not needed), folds case when asked to.  ERR_FAIL: an empty value
 * among several, one too long, not UTF-8. */
int value_list_add(struct filter *f, struct value_list *l, struct str text, bool nocase, struct err *e);
void value_list_sort(struct value_list *l);
void value_list_fini(struct value_list *l);

/* The byte of a value at *i, whether a backslash stood before it; moves *i. */
static inline char
value_byte(struct str s, size_t *i, bool *escaped)
{
	char c = s.p[(*i)++];

	*escaped = c == '\\' && *i < s.len && strchr("\\,*?", s.p[*i]) != NULL && s.p[*i] != '\0';
	return *escaped ? s.p[(*i)++] : c;
}

static inline unsigned char
ascii_fold(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* What a test has as its path: NULL for a field itself, else a copy (its bytes
 * and steps are in the filter's arena already). */
const struct selector *filter_keep_path(struct filter *f, const struct selector *s);

/* A word of severity or outcome, as people say it, becomes the canonical one.
 * ERR_FAIL with the nearest. */
int filter_known_word(enum field field, struct filter_pattern *p, struct err *e);

/*
 * "SELECTOR is one of these values", by the field's own rules: addresses and
 * networks for ip, the words of severity and outcome, instants for times, a
 * lone * for "has it".  NULL with ERR_FAIL.  Empties the list.
 */
struct filter_node *filter_node_values(struct filter *f, const struct selector *s, struct value_list *l, struct err *e);

/* The same without case (ASCII), by the text alone: an address is a text too.
 * NULL with ERR_FAIL for times.  Empties the list. */
struct filter_node *filter_node_like(struct filter *f, const struct selector *s, struct value_list *l,
    struct err *e);

/* SELECTOR has an address in one of these networks or ranges, and no list of
 * anything else.  NULL with ERR_FAIL.  Empties the list. */
struct filter_node *filter_node_within(struct filter *f, const struct selector *s, struct value_list *l,
    struct err *e);

/* A value of SELECTOR is one of OTHER.  NULL with ERR_FAIL for times. */
struct filter_node *filter_node_same(struct filter *f, const struct selector *s, const struct selector *other,
    bool nocase, struct err *e);

/* An element of the list at SELECTOR passes the expression. */
struct filter_node *filter_node_each(struct filter *f, const struct selector *s, struct filter_node *each);

struct filter_node *filter_node_has(struct filter *f, const struct selector *s);

/*
 * SELECTOR < BOUND and its like.  Times take every TIME (`now` resolves it),
 * severity its levels, ip the order of addresses; else numbers are compared as
 * numbers when the bound is one (values that are none do not pass), and
 * anything else bytewise.  NULL with ERR_FAIL: changes and context without a
 * path, a bound that the field cannot have.
 */
struct filter_node *filter_node_compare(struct filter *f, const struct selector *s, enum filter_sign sign,
    struct str bound, int64_t now, struct err *e);

/* SELECTOR ~ PATTERN.  Fields compared without case match without case.  NULL
 * with ERR_FAIL: PCRE2's words and the offset. */
struct filter_node *filter_node_regex(struct filter *f, const struct selector *s, struct str pattern, struct err *e);

/* --text: an OR (node->text) over the description, identifiers and payload. */
struct filter_node *filter_node_text(struct filter *f, struct str text, struct err *e);

/* The same of an element of a list, whose JSON has it: one test. */
struct filter_node *filter_node_text_of(struct filter *f, enum field field, struct str text, struct err *e);

/* --grep */
struct filter_node *filter_node_line(struct filter *f, struct str pattern, struct err *e);

/* --where: the expression in the grammar of audit-filters(7).  NULL with
 * ERR_FAIL "column N: expected ..., found ...". */
struct filter_node *filter_where(struct filter *f, struct str text, int64_t now, struct err *e);

/* PCRE2 behind TEST_REGEX, TEST_TEXT and TEST_LINE (regex.c); the filter frees it. */
enum regex_kind { REGEX_PATTERN, REGEX_NOCASE, REGEX_TEXT /* the text as it is, without case */ };
struct filter_regex *filter_regex_new(struct filter *f, struct str pattern, enum regex_kind kind, struct err *e);
void filter_regex_free(struct filter_regex *all);
bool filter_regex_match(const struct filter_regex *r, struct str subject, struct filter_scratch *x);

/* Whether a match may be empty; may begin with one of these ASCII characters. */
bool filter_regex_may_be_empty(const struct filter_regex *r);
bool filter_regex_may_begin(const struct filter_regex *r, const char *chars);

/* Order of addresses: v4 before v6. */
static inline int
filter_ip_cmp(const struct ip *a, const struct ip *b)
{
	return a->v6 != b->v6 ? (int)a->v6 - (int)b->v6 : memcmp(a->b, b->b, sizeof(a->b));
}

/* A path prefix that is bounded by a backslash too: C:\Users. */
static inline bool
filter_windows_path(struct str prefix)
{
	return prefix.len > 0 && memchr(prefix.p, '\\', prefix.len) != NULL &&
	    memchr(prefix.p, '/', prefix.len) == NULL;
}

/* All operands; adds what must hold. */
int filter_operands(struct filter *f, const struct str_list *typed, int64_t now, struct node_list *all,
    struct err *e);

#endif
