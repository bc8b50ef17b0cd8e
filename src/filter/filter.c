/*
 * filter: nodes, how they are joined, and what follows from a whole tree.
 *
 * Whatever way a filter was typed, joining sorts and merges, so that equal
 * filters become equal trees and have one canonical text.
 *
 * In: tests.   Out: a tree with its fields and its window of event time.
 */
#include <stdlib.h>

#include "filter/scratch.h"

void
node_list_add(struct node_list *l, struct filter_node *n)
{
	mem_grow(&l->item, &l->cap, l->n + 1, sizeof(struct filter_node *));
	l->item[l->n++] = n;
}

void
node_list_fini(struct node_list *l)
{
	free(l->item);
	*l = (struct node_list){ 0 };
}

struct filter *
filter_new(void)
{
	return mem_zero(1, sizeof(struct filter));
}

void
filter_free(struct filter *f)
{
	if (f == NULL)
		return;
	filter_regex_free(f->regex);
	arena_fini(&f->arena);
	free(f);
}

struct filter_node *
filter_node_new(struct filter *f, enum filter_op op, size_t children)
{
	struct filter_node *n = arena_alloc(&f->arena, sizeof(*n));

	*n = (struct filter_node){ .op = op, .children = children };
	if (children > 0)
		n->child = arena_alloc(&f->arena, children * sizeof(struct filter_node *));
	return n;
}

struct filter_node *
filter_node_test(struct filter *f, const struct filter_test *t)
{
	struct filter_node *n = filter_node_new(f, FILTER_TEST, 0);

	n->test = *t;
	filter_need_find(f, &n->test);
	return n;
}

const struct selector *
filter_keep_path(struct filter *f, const struct selector *s)
{
	struct selector *copy;

	if (s->steps == 0)
		return NULL;
	copy = arena_alloc(&f->arena, sizeof(*copy));
	*copy = *s;
	return copy;
}

struct filter_node *
filter_node_not(struct filter *f, struct filter_node *child)
{
	struct filter_node *n;

	if (child->op == FILTER_NOT)
		return child->child[0];
	if (child->op == FILTER_TRUE)
		return filter_node_new(f, FILTER_OR, 0);
	if (child->op == FILTER_OR && child->children == 0)
		return filter_node_new(f, FILTER_TRUE, 0);
	n = filter_node_new(f, FILTER_NOT, 1);
	n->child[0] = child;
	return n;
}

static field_set
node_fields(const struct filter_node *n)
{
	field_set set = 0;

	if (n->op == FILTER_TEST)
		return n->test.op == TEST_LINE ? FIELD_ALL : FIELD_BIT(n->test.field) |
		    (n->test.op == TEST_SAME ? FIELD_BIT(n->test.other_field) : 0);
	for (size_t i = 0; i < n->children; i++)
		set |= node_fields(n->child[i]);
	return set;
}

/* ---- joining ---- */

/* A child with what it is sorted by: its first field, then its text. */
struct ranked {
	struct filter_node *node;
	unsigned field;
	size_t text, len; /* in the scratch buffer */
	const char *scratch;
};

static int
compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->field != y->field)
		return x->field < y->field ? -1 : 1;
	return str_cmp((struct str){ x->scratch + x->text, x->len },
	    (struct str){ y->scratch + y->text, y->len });
}

/* The children of nested nodes of the same kind take their parent's place. */
static void
flatten(enum filter_op op, const struct node_list *l, struct node_list *out)
{
	for (size_t i = 0; i < l->n; i++) {
		struct filter_node *n = l->item[i];

		if (n->op == FILTER_TRUE && op == FILTER_AND)
			continue;
		if (n->op != op || n->text) {
			node_list_add(out, n);
			continue;
		}
		for (size_t k = 0; k < n->children; k++)
			node_list_add(out, n->child[k]);
	}
}

static bool
is_span(const struct filter_node *n, enum filter_test_op op, enum field field)
{
	return n->op == FILTER_TEST && n->test.op == op && n->test.field == field;
}

/*
 * Spans of one field that must all hold are one span: time >= A and time < B
 * is what --since A --until B is.  Those that have nothing in common stay two.
 */
static void
join_spans(struct filter *f, enum filter_test_op op, enum field field, struct node_list *l)
{
	struct filter_test t = { .op = op, .field = field, .nocase = op == TEST_LEVEL };
	int64_t lowest = op == TEST_TIME ? TIME_MIN : SEVERITY_INFO;
	int64_t highest = op == TEST_TIME ? INT64_MAX : SEVERITY_CRITICAL;
	int64_t lo = lowest, hi = highest;
	size_t spans = 0, kept = 0;

	for (size_t i = 0; i < l->n; i++)
		spans += is_span(l->item[i], op, field);
	if (spans < 2)
		return;
	for (size_t i = 0; i < l->n; i++) {
		struct filter_node *n = l->item[i];

		if (is_span(n, op, field)) {
			lo = n->test.lo > lo ? n->test.lo : lo;
			hi = n->test.hi < hi ? n->test.hi : hi;
		} else
			l->item[kept++] = n;
	}
	l->n = kept;
	t.lo = lo;
	t.hi = hi;
	if (op == TEST_TIME ? lo < hi : lo <= hi) {
		node_list_add(l, filter_node_test(f, &t));
		return;
	}
	t.hi = highest;
	node_list_add(l, filter_node_test(f, &t));
	t.lo = lowest;
	t.hi = hi;
	node_list_add(l, filter_node_test(f, &t));
}

static void
sort_nodes(struct node_list *l)
{
	struct ranked *r = mem_zero(l->n, sizeof(*r));
	struct buf scratch = { 0 };
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		field_set set = node_fields(l->item[i]);

		r[i].node = l->item[i];
		r[i].field = set ? (unsigned)__builtin_ctzll(set) : 0;
		r[i].text = scratch.len;
		filter_format_node(&scratch, l->item[i]);
		r[i].len = scratch.len - r[i].text;
	}
	for (size_t i = 0; i < l->n; i++)
		r[i].scratch = scratch.p;
	qsort(r, l->n, sizeof(*r), compare_ranked);
	for (size_t i = 0; i < l->n; i++) {
		if (i == 0 || compare_ranked(&r[i - 1], &r[i]) != 0)
			l->item[kept++] = r[i].node;
	}
	l->n = kept;
	buf_fini(&scratch);
	free(r);
}

struct filter_node *
filter_node_join(struct filter *f, enum filter_op op, struct node_list *l)
{
	struct node_list flat = { 0 };
	struct filter_node *n;

	flatten(op, l, &flat);
	node_list_fini(l);
	if (op == FILTER_AND) {
		join_spans(f, TEST_TIME, FIELD_TIME, &flat);
		join_spans(f, TEST_TIME, FIELD_INGESTED, &flat);
		join_spans(f, TEST_LEVEL, FIELD_SEVERITY, &flat);
	}
	if (flat.n > 1)
		sort_nodes(&flat);
	if (flat.n == 1) {
		n = flat.item[0];
	} else if (flat.n == 0 && op == FILTER_AND) {
		n = filter_node_new(f, FILTER_TRUE, 0);
	} else {
		n = filter_node_new(f, op, flat.n);
		for (size_t i = 0; i < flat.n; i++)
			n->child[i] = flat.item[i];
	}
	node_list_fini(&flat);
	return n;
}

/* ---- the whole ---- */

/* Tests of event time that every match must pass narrow the window; those
 * under OR or NOT are left alone.  Either clock states one. */
static void
narrow_window(struct filter *f, const struct filter_node *n)
{
	if (n->op == FILTER_AND) {
		for (size_t i = 0; i < n->children; i++)
			narrow_window(f, n->child[i]);
	} else if (n->op == FILTER_TEST && n->test.op == TEST_TIME) {
		f->stated_window = true;
		if (n->test.field != FIELD_TIME)
			return;
		if (n->test.lo > f->since)
			f->since = n->test.lo;
		if (n->test.hi < f->until)
			f->until = n->test.hi;
	}
}

void
filter_finish(struct filter *f, struct filter_node *root)
{
	f->root = root;
	f->fields = node_fields(root);
	f->since = TIME_MIN;
	f->until = INT64_MAX;
	narrow_window(f, root);
	filter_need_in_line(f);
}

struct filter *
filter_all(void)
{
	struct filter *f = filter_new();

	filter_finish(f, filter_node_new(f, FILTER_TRUE, 0));
	return f;
}
