/*
 * subject_tree: what a subject is made of: the tree of its values, and what
 * tells quickly that none of them is in a text.  Made in subject.c and
 * subject_hint.c, walked in subject_find.c.
 */
#ifndef EVENT_SUBJECT_TREE_H
#define EVENT_SUBJECT_TREE_H

#include "event/subject.h"

#define PAIRS_MAX 8
#define FIRSTS_MAX 6
#define RUN_MAX 16
#define NO_NODE UINT32_MAX

/* The tree of folded values, in UTF-8. */
struct node {
	uint32_t child, sibling;
	uint8_t byte;
	bool end; /* of a value */
};

/* Bytes that stand together in a value wherever it is not escaped. */
struct run {
	uint8_t pair; /* which of the pairs it has ... */
	uint8_t at;   /* ... and where */
	uint8_t len;
	char text[RUN_MAX];
};

struct subject {
	struct node *node;
	size_t n_nodes, cap_nodes;
	struct run *run;
	size_t n_runs, cap_runs;
	char pair[PAIRS_MAX][2]; /* with 0x20 */
	size_t n_pairs;
	bool loose;        /* some value has no pair: everything is looked at */
	bool high;         /* ... but it is not ASCII, and only what is not needs to be */
	char first[FIRSTS_MAX]; /* bytes that values begin with, with 0x20 */
	size_t n_firsts;        /* more than FIRSTS_MAX: not all are kept */
	bool beyond;            /* or with a byte of 0x80 and above */
	struct str_list hint;
	bool hintless;          /* some value has no hint */
	struct buf name;        /* the pseudonym */
	uint8_t may[65536 / 8]; /* pairs of bytes that a value may begin with */
};

/* The child of a node that a byte leads to, or NO_NODE. */
static inline uint32_t
subject_child(const struct subject *s, uint32_t node, uint8_t byte)
{
	uint32_t at = s->node[node].child;

	while (at != NO_NODE && s->node[at].byte != byte)
		at = s->node[at].sibling;
	return at;
}

/* Whether a character of a folded value is ASCII that stands in a text as it
 * is, or behind an escape that is looked for, or is one of the three letters
 * that others fold to. */
bool subject_plain(struct str folded, size_t at);

/* What subject_hints gives of a value. */
void subject_add_hints(struct subject *s, struct str folded);

/* Without case, of ASCII. */
static inline char
subject_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

#endif
