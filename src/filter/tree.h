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

struct filter_node *filter_node_test(struct filter *f, const struct filter_test *t);
struct filter_node *filter_node_not(struct filter *f, struct filter_node *child);

/*
 * FILTER_AND or FILTER_OR over the list: nested ones of the same kind are
 * taken apart, children sorted by field and text, equal ones dropped; one
 * child is itself, none is a node that is always true (and) or false (or).
 * Empties the list.
 */
struct filter_node *filter_node_join(struct filter *f, enum filter_op op, struct node_list *l);

/* Sets root and what follows from it: fields, since, until. */
void filter_finish(struct filter *f, struct filter_node *root);

/* Appends the canonical text of one node, as filter_format. */
void filter_format_node(struct buf *out, const struct filter_node *n);

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

/*
 * "FIELD is one of these values", by the field's own rules: addresses and
 * networks for ip, the words of severity and outcome, instants for times, a
 * lone * for "has it".  NULL with ERR_FAIL.  Empties the list.
 */
struct filter_node *filter_node_values(struct filter *f, enum field field, struct value_list *l, struct err *e);

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

/* FIELD=VALUE or FIELD!=VALUE, as typed. */
struct filter_operand {
	enum field field;
	bool negated;
	struct str value;
};

int filter_operand_parse(const char *text, struct filter_operand *out, struct err *e);

#endif
