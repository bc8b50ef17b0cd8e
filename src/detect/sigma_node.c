/*
 * sigma_node: a YAML document into a tree (see sigma_node.h).
 *
 * In: libyaml's events, as base/yaml lets them through.   Out: nodes in an arena.
 */
#include "detect/sigma_node.h"

struct reading {
	struct yaml *y;
	struct arena *a;
	struct sigma_document *d;
	size_t nodes;
	unsigned depth;
};

static int read_value(struct reading *r, struct sigma_node *n, struct err *e);

static struct str
keep(struct arena *a, struct str s)
{
	return (struct str){ arena_copy(a, s.p, s.len), s.len };
}

static int
new_node(struct reading *r, struct sigma_node **out, struct err *e)
{
	if (++r->nodes > SIGMA_NODES_MAX)
		return yaml_fault(r->y, e, "more than %d values in a document", SIGMA_NODES_MAX);
	*out = arena_alloc(r->a, sizeof(**out));
	**out = (struct sigma_node){ 0 };
	return 0;
}

/* Appends a child behind the last one. */
static void
append(struct sigma_node *n, struct sigma_node ***end, struct sigma_node *child)
{
	**end = child;
	*end = &child->next;
	n->children++;
}

static int
read_mapping(struct reading *r, struct sigma_node *n, struct err *e)
{
	struct sigma_node **end = &n->first, *child;
	struct str name;
	int rc;

	while ((rc = yaml_name(r->y, &name, e)) > 0) {
		bool twice = sigma_node_find(n, name.p) != NULL;

		if (n->children == SIGMA_KEYS_MAX)
			return yaml_fault(r->y, e, "more than %d keys in a mapping", SIGMA_KEYS_MAX);
		if (new_node(r, &child, e) != 0)
			return -1;
		child->at = yaml_place(r->y);
		child->key = keep(r->a, name);
		if (read_value(r, child, e) != 0)
			return -1;
		if (twice && r->d->twice == NULL)
			r->d->twice = child;
		append(n, &end, child);
	}
	return rc;
}

static int
read_list(struct reading *r, struct sigma_node *n, struct err *e)
{
	struct sigma_node **end = &n->first, *child;
	int rc;

	while ((rc = yaml_item(r->y, e)) > 0) {
		if (new_node(r, &child, e) != 0)
			return -1;
		child->at = yaml_place(r->y);
		if (read_value(r, child, e) != 0)
			return -1;
		append(n, &end, child);
	}
	return rc;
}

/* The value of the node, which has its key and place already. */
static int
read_value(struct reading *r, struct sigma_node *n, struct err *e)
{
	const char *what = n->key.p ? n->key.p : "item";
	struct str text;
	int rc = -1;

	if (yaml_kind(r->y, &n->kind, e) != 0)
		return -1;
	if (r->depth++ == SIGMA_NESTED_MAX)
		return yaml_fault(r->y, e, "more than %d mappings and lists inside each other", SIGMA_NESTED_MAX);
	if (n->kind == YAML_MAPPING) {
		if (yaml_mapping(r->y, what, e) == 0)
			rc = read_mapping(r, n, e);
	} else if (n->kind == YAML_LIST) {
		if (yaml_list(r->y, what, e) == 0)
			rc = read_list(r, n, e);
	} else if (yaml_text(r->y, what, &text, e) == 0) {
		n->plain = yaml_plain(r->y);
		n->text = keep(r->a, text);
		rc = 0;
	}
	r->depth--;
	return rc;
}

int
sigma_document_read(struct sigma_document *d, struct yaml *y, struct arena *a, struct err *e)
{
	struct reading r = { .y = y, .a = a, .d = d };
	int rc = yaml_document(y, e);

	if (rc <= 0)
		return rc;
	*d = (struct sigma_document){ .root = { .kind = YAML_MAPPING, .at = yaml_place(y) } };
	return read_mapping(&r, &d->root, e) == 0 ? 1 : -1;
}

const struct sigma_node *
sigma_node_find(const struct sigma_node *n, const char *key)
{
	for (const struct sigma_node *c = n->kind == YAML_MAPPING ? n->first : NULL; c != NULL; c = c->next)
		if (str_eq(c->key, str_of(key)))
			return c;
	return NULL;
}

bool
sigma_node_is_null(const struct sigma_node *n)
{
	return n->kind == YAML_SCALAR && n->plain &&
	    (n->text.len == 0 || str_eq(n->text, STR("~")) || str_eq_nocase(n->text, STR("null")));
}
