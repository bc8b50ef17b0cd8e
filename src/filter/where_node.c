/*
 * where_node: an operand of --where that was read, as nodes.
 *
 * In: what it speaks of, its sign and its values.   Out: one node, of which
 * the tests are alternatives.
 */
#include "filter/where.h"

struct filter_node *
where_constant(struct where *w, bool value)
{
	struct node_list none = { 0 };

	return filter_node_join(w->f, value ? FILTER_AND : FILTER_OR, &none);
}

/* TIME is a span: a day, month or year that is named, else one instant; `=` is
 * inside it.  NULL on a bad one. */
static struct filter_node *
time_node(struct where *w, enum field field, struct str value)
{
	struct filter_test t = { .op = TEST_TIME, .field = field };
	const char *text = where_plain(w, value).p;

	if (time_parse_expr(text, w->now, TIME_START, &t.lo, w->e) != 0 ||
	    time_parse_expr(text, w->now, TIME_END, &t.hi, w->e) != 0)
		return NULL;
	t.hi += t.hi == t.lo;
	return filter_node_test(w->f, &t);
}

static struct filter_node *
times_node(struct where *w, const struct selector *sel, const struct values *values)
{
	struct node_list any = { 0 };

	for (size_t i = 0; i < values->n; i++) {
		struct filter_node *n = str_eq(values->item[i], STR("*")) ? filter_node_has(w->f, sel) :
		    time_node(w, sel->field, values->item[i]);

		if (n == NULL) {
			node_list_fini(&any);
			return NULL;
		}
		node_list_add(&any, n);
	}
	return filter_node_join(w->f, FILTER_OR, &any);
}

static struct filter_node *
values_node(struct where *w, const struct selector *sel, const struct sign *sign, const struct values *values)
{
	bool nocase = sign->is == SIGN_LIKE || (sel->steps == 0 && (field_table[sel->field].flags & F_NOCASE) != 0);
	struct value_list list = { 0 };

	for (size_t i = 0; i < values->n; i++) {
		if (value_list_add(w->f, &list, values->item[i], nocase, w->e) != 0) {
			value_list_fini(&list);
			return NULL;
		}
	}
	if (sign->is == SIGN_LIKE)
		return filter_node_like(w->f, sel, &list, w->e);
	if (sign->is == SIGN_WITHIN)
		return filter_node_within(w->f, sel, &list, w->e);
	return filter_node_values(w->f, sel, &list, w->e);
}

/* One selector of an operand, for the first value or all of them. */
static struct filter_node *
selector_node(struct where *w, const struct selector *sel, const struct sign *sign, const struct values *values)
{
	if (values->is_field)
		return filter_node_same(w->f, sel, &values->other, sign->is == SIGN_LIKE, w->e);
	if (sign->is == SIGN_MATCH)
		return filter_node_regex(w->f, sel, values->item[0], w->e);
	if (sign->is == SIGN_ORDER)
		return filter_node_compare(w->f, sel, sign->order, where_plain(w, values->item[0]), w->now, w->e);
	if (field_table[sel->field].type == FIELD_TIMESTAMP && sign->is != SIGN_LIKE && sign->is != SIGN_WITHIN)
		return times_node(w, sel, values);
	return values_node(w, sel, sign, values);
}

/* Of an element's own text there is one test. */
static struct filter_node *
text_node(struct where *w, struct str text)
{
	if (w->element)
		return filter_node_text_of(w->f, FIELD_CONTEXT, text, w->e);
	return filter_node_text(w->f, text, w->e);
}

struct filter_node *
where_operand(struct where *w, const struct what *what, const struct sign *sign, const struct values *values)
{
	size_t n = what->kind == WHAT_TEXT ? values->n : what->kind == WHAT_LINE ? 1 : what->n;
	struct node_list any = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct filter_node *one;

		if (what->kind == WHAT_TEXT)
			one = text_node(w, where_plain(w, values->item[i]));
		else if (what->kind == WHAT_LINE)
			one = filter_node_line(w->f, values->item[0], w->e);
		else
			one = selector_node(w, &what->sel[i], sign, values);
		if (one == NULL) {
			node_list_fini(&any);
			return NULL;
		}
		node_list_add(&any, one);
	}
	return filter_node_join(w->f, FILTER_OR, &any);
}
