/*
 * sigma_node: a YAML document of a rule as a tree, because its parts refer to
 * each other in any order.
 *
 * Only src/detect/sigma*.c include this.
 */
#ifndef DETECT_SIGMA_NODE_H
#define DETECT_SIGMA_NODE_H

#include "base/mem.h"
#include "base/yaml.h"

#define SIGMA_NODES_MAX 50000 /* of one document */
#define SIGMA_KEYS_MAX 1000   /* of one mapping */
#define SIGMA_NESTED_MAX 20   /* mappings and lists inside each other */

struct sigma_node {
	enum yaml_kind kind;     /* YAML_SCALAR, YAML_MAPPING or YAML_LIST */
	struct yaml_place at;    /* of the key where there is one */
	struct str key;          /* of a member of a mapping; a NUL behind it */
	struct str text;         /* of a scalar; a NUL behind it */
	bool plain;              /* it stood there without quotes */
	struct sigma_node *first, *next; /* child; sibling */
	size_t children;
};

struct sigma_document {
	struct sigma_node root;
	const struct sigma_node *twice; /* a key that its mapping has already; NULL */
};

/* The next document of a file read with yaml_several, in the arena: 1, 0 there
 * is none, -1 no YAML, or beyond a limit. */
int sigma_document_read(struct sigma_document *d, struct yaml *y, struct arena *a, struct err *e);

/* The member of a mapping, or NULL. */
const struct sigma_node *sigma_node_find(const struct sigma_node *n, const char *key);

/* A null: not quoted, and one of YAML's words for it or nothing. */
bool sigma_node_is_null(const struct sigma_node *n);

#endif
