/*
 * mapping_path: paths into a record, and finding all of them in one walk.
 *
 *	userIdentity.sessionContext.sessionIssuer.arn
 *	annotations."authorization.k8s.io/decision"
 *	sourceIPs[0]    target[type=User].alternateId
 */
#include <stdlib.h>

#include "ingest/mapping_tree.h"

/* ---- reading ---- */

struct path_reader {
	struct str text;
	size_t at;
	struct arena *a;
	struct err *e;
};

static int
fault(const struct path_reader *r, const char *expected)
{
	return err_set(r->e, ERR_FAIL, "the path '%.*s' needs %s at character %zu of it",
	    r->text.len < 80 ? (int)r->text.len : 80, r->text.p, expected, r->at + 1);
}

static inline bool
at_end(const struct path_reader *r)
{
	return r->at == r->text.len;
}

static inline bool
take(struct path_reader *r, char c)
{
	if (at_end(r) || r->text.p[r->at] != c)
		return false;
	r->at++;
	return true;
}

/* "..." with \" and \\ in it. */
static int
read_quoted(struct path_reader *r, struct str *out)
{
	char *o = arena_bytes(r->a, r->text.len);
	size_t n = 0;

	for (r->at++; !at_end(r) && r->text.p[r->at] != '"'; r->at++) {
		if (r->text.p[r->at] == '\\' && r->at + 1 < r->text.len)
			r->at++;
		o[n++] = r->text.p[r->at];
	}
	*out = (struct str){ o, n };
	return take(r, '"') ? 0 : fault(r, "a closing '\"'");
}

/* Up to one of the bytes that end it; blanks may stand inside. */
static int
read_word(struct path_reader *r, const char *ends, struct str *out)
{
	size_t from = r->at;

	if (!at_end(r) && r->text.p[r->at] == '"')
		return read_quoted(r, out);
	while (!at_end(r) && strchr(ends, r->text.p[r->at]) == NULL)
		r->at++;
	if (r->at == from)
		return fault(r, "a name");
	*out = (struct str){ arena_copy(r->a, r->text.p + from, r->at - from), r->at - from };
	return 0;
}

static bool
is_index(struct str s)
{
	size_t i = 0;

	while (i < s.len && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return i == s.len && i > 0 && i <= 6;
}

/* Behind '['. */
static int
read_bracket(struct path_reader *r, struct path_node *step)
{
	if (read_word(r, "=]", &step->name) != 0)
		return -1;
	if (take(r, '=')) {
		step->step = STEP_PICK;
		if (read_word(r, "]", &step->value) != 0)
			return -1;
	} else if (is_index(step->name)) {
		step->step = STEP_INDEX;
		step->index = (uint32_t)strtoul(step->name.p, NULL, 10);
		step->name = (struct str){ NULL, 0 };
	} else
		return fault(r, "a number, or NAME=VALUE, in brackets");
	return take(r, ']') ? 0 : fault(r, "']'");
}

static bool
same_step(const struct path_node *a, const struct path_node *b)
{
	return a->step == b->step && a->index == b->index && str_eq(a->name, b->name) &&
	    str_eq(a->value, b->value);
}

/* The child of a node that is this step, made when there is none; 0: too many. */
static uint32_t
add_step(struct path_tree *t, uint32_t parent, const struct path_node *step)
{
	struct path_node *node;
	uint32_t i;

	for (i = t->node[parent].child; i != 0; i = t->node[i].sibling)
		if (same_step(&t->node[i], step))
			return i;
	if (t->n == MAPPING_PATHS_MAX)
		return 0;
	mem_grow(&t->node, &t->cap, t->n + 1, sizeof(*t->node));
	node = &t->node[t->n];
	*node = *step;
	node->parent = parent;
	node->sibling = t->node[parent].child;
	t->node[parent].child = (uint32_t)t->n;
	if (step->step != STEP_KEY)
		t->node[parent].elements = true;
	return (uint32_t)t->n++;
}

static int
read_steps(struct path_tree *t, struct path_reader *r, uint32_t *node)
{
	for (unsigned steps = 0;; steps++) {
		struct path_node step = { .step = STEP_KEY };

		if (steps == PATH_STEPS_MAX)
			return err_set(r->e, ERR_FAIL, "a path of more than %d steps", PATH_STEPS_MAX);
		if (*node != 0 && take(r, '[')) {
			if (read_bracket(r, &step) != 0)
				return -1;
		} else if (read_word(r, ".[]{}\"", &step.name) != 0)
			return -1;
		if (step.step != STEP_INDEX && step.name.len == 0)
			return fault(r, "a name that is not empty");
		if ((*node = add_step(t, *node, &step)) == 0)
			return err_set(r->e, ERR_FAIL, "more than %d steps of paths", MAPPING_PATHS_MAX);
		if (at_end(r))
			return 0;
		if (r->text.p[r->at] != '[' && !take(r, '.'))
			return fault(r, "'.' or '['");
	}
}

uint32_t
mapping_path_add(struct path_tree *t, struct str text, struct arena *a, struct err *e)
{
	struct path_reader r = { .text = text, .a = a, .e = e };
	uint32_t node = 0;

	if (t->n == 0) {
		mem_grow(&t->node, &t->cap, 16, sizeof(*t->node));
		t->node[t->n++] = (struct path_node){ 0 };
	}
	if (text.len > PATH_LEN_MAX) {
		err_set(e, ERR_FAIL, "a path of more than %d bytes", PATH_LEN_MAX);
		return 0;
	}
	return read_steps(t, &r, &node) == 0 ? node : 0;
}

/* ---- the tables of members ---- */

/* Of our own names: whoever writes the record can only choose what is looked up. */
static inline uint32_t
path_hash(struct str s)
{
	uint32_t head = (unsigned char)s.p[0], tail = (unsigned char)s.p[s.len - 1],
	    middle = (unsigned char)s.p[s.len / 2];

	return ((uint32_t)s.len * 0x9e3779b1u ^ head << 16 ^ middle << 8 ^ tail) * 0x85ebca6bu >> 16;
}

static void
index_node(struct path_tree *t, uint32_t parent, struct arena *a)
{
	struct path_node *p = &t->node[parent];
	uint32_t n = 0, size = 4, i, at;

	for (i = p->child; i != 0; i = t->node[i].sibling)
		n += t->node[i].step == STEP_KEY;
	if (n == 0)
		return;
	while (size < n * 4)
		size *= 2;
	p->table = arena_alloc(a, size * sizeof(*p->table));
	memset(p->table, 0, size * sizeof(*p->table));
	p->mask = size - 1;
	for (i = p->child; i != 0; i = t->node[i].sibling) {
		if (t->node[i].step != STEP_KEY)
			continue;
		for (at = path_hash(t->node[i].name) & p->mask; p->table[at] != 0;)
			at = (at + 1) & p->mask;
		p->table[at] = i;
	}
}

void
mapping_path_index(struct path_tree *t, struct arena *a)
{
	for (size_t i = 0; i < t->n; i++)
		index_node(t, (uint32_t)i, a);
}

uint32_t
mapping_path_member(const struct path_tree *t, uint32_t node, struct str name)
{
	const struct path_node *p = &t->node[node];
	uint32_t at;

	if (p->table == NULL || name.len == 0)
		return 0;
	for (at = path_hash(name) & p->mask; p->table[at] != 0; at = (at + 1) & p->mask)
		if (str_eq(t->node[p->table[at]].name, name))
			return p->table[at];
	return 0;
}

/* ---- finding ---- */

struct walk {
	const struct path_tree *t;
	const struct json_tape *tape;
	struct arena *scratch;
	uint32_t each;
	uint32_t *at;
};

static void resolve(const struct walk *w, uint32_t node, uint32_t value);

static void
resolve_members(const struct walk *w, uint32_t node, uint32_t object)
{
	const struct json_token *tok = w->tape->tok;
	uint32_t i;

	for (i = object + 1; i < tok[object].next; i = tok[i + 1].next) {
		uint32_t child = mapping_path_member(w->t, node, json_unescape(w->tape, &tok[i], w->scratch));

		if (child != 0)
			resolve(w, child, i + 1);
	}
}

/* Whether an element is an object with the member that a step picks by. */
static bool
is_picked(const struct walk *w, const struct path_node *step, uint32_t element)
{
	const struct json_token *tok = w->tape->tok;
	uint32_t value;

	if (tok[element].type != TOKEN_OBJECT ||
	    (value = json_find(w->tape, element, step->name, w->scratch)) == UINT32_MAX ||
	    tok[value].type >= TOKEN_ARRAY)
		return false;
	return str_eq(tok[value].type == TOKEN_STRING ? json_unescape(w->tape, &tok[value], w->scratch) :
	    json_bytes(w->tape, &tok[value]), step->value);
}

static void
resolve_elements(const struct walk *w, uint32_t node, uint32_t array)
{
	const struct path_node *n = w->t->node;
	const struct json_token *tok = w->tape->tok;
	uint32_t i, child, index = 0;

	for (i = array + 1; i < tok[array].next; i = tok[i].next, index++)
		for (child = n[node].child; child != 0; child = n[child].sibling)
			if (w->at[child] == 0 && (n[child].step == STEP_INDEX ? n[child].index == index :
			    n[child].step == STEP_PICK && is_picked(w, &n[child], i)))
				resolve(w, child, i);
}

/* As deep as the paths are. */
static void
resolve(const struct walk *w, uint32_t node, uint32_t value)
{
	unsigned type = w->tape->tok[value].type;

	w->at[node] = value;
	if (node == w->each && node != 0)
		return;
	if (type == TOKEN_OBJECT && w->t->node[node].table != NULL)
		resolve_members(w, node, value);
	else if (type == TOKEN_ARRAY && w->t->node[node].elements)
		resolve_elements(w, node, value);
}

void
mapping_path_resolve(const struct path_tree *t, uint32_t node, uint32_t value, uint32_t each, uint32_t *at,
    const struct json_tape *tape, struct arena *scratch)
{
	struct walk w = { .t = t, .tape = tape, .scratch = scratch, .each = each, .at = at };

	resolve(&w, node, value);
}

void
mapping_path_forget(const struct path_tree *t, uint32_t node, uint32_t *at)
{
	for (uint32_t i = t->node[node].child; i != 0; i = t->node[i].sibling) {
		at[i] = 0;
		mapping_path_forget(t, i, at);
	}
}
