/*
 * where: the grammar of --where (audit-filters(7)).
 *
 *     alternatives = all { or all }
 *     all          = negation { and negation }
 *     negation     = { not } ( '(' alternatives ')' | true | false | operand )
 *     operand      = has WHAT | WHAT sign value | WHAT [not] in values
 *     values       = value | '(' value { , value } ')'
 *     WHAT         = FIELD | PATH | actor | target | text | line
 *
 * In: "not action = login and (ip in 10.0.0.0/8 or has context.vpn)"
 * Out: the same tree as the options and operands that say so.
 */
#include "filter/where.h"

#include <stdlib.h>

#include "base/utf8.h"

#define WHATS_MAX 3

/* What an operand speaks of. */
enum what_kind {
	WHAT_FIELDS, /* one selector, or several of which one must pass */
	WHAT_TEXT,   /* as --text */
	WHAT_LINE    /* as --grep */
};

struct what {
	enum what_kind kind;
	struct str name; /* as typed */
	struct selector sel[WHATS_MAX];
	size_t n;
};

struct values {
	struct str *item; /* as where_value gives them; the array is on the heap */
	size_t n, cap;
};

/* Signs and words for one; the longer of two with the same beginning first. */
enum comparison { SIGN_EQUAL, SIGN_MATCH, SIGN_ORDER, SIGN_IN };

static const struct sign {
	const char *text;
	enum comparison is;
	bool negated;
	enum filter_sign order;
} signs[] = {
	{ "==", SIGN_EQUAL, false, 0 },
	{ "=~", SIGN_MATCH, false, 0 },
	{ "=", SIGN_EQUAL, false, 0 },
	{ "!=", SIGN_EQUAL, true, 0 },
	{ "!~", SIGN_MATCH, true, 0 },
	{ "~", SIGN_MATCH, false, 0 },
	{ "<=", SIGN_ORDER, false, SIGN_LESS_EQUAL },
	{ "<", SIGN_ORDER, false, SIGN_LESS },
	{ ">=", SIGN_ORDER, false, SIGN_GREATER_EQUAL },
	{ ">", SIGN_ORDER, false, SIGN_GREATER },
};

static const struct sign sign_in = { "in", SIGN_IN, false, 0 }, sign_not_in = { "in", SIGN_IN, true, 0 };

/* Names for several fields, as the options of the same names. */
static const struct group {
	const char *name;
	enum field field[WHATS_MAX];
} groups[] = {
	{ "actor", { FIELD_ACTOR_ID, FIELD_ACTOR_EMAIL, FIELD_ACTOR_NAME } },
	{ "target", { FIELD_TARGET_ID, FIELD_TARGET_NAME, FIELD_TARGET_PATH } },
};

/* ---- nodes ---- */

static struct filter_node *
constant(struct where *w, bool value)
{
	struct node_list none = { 0 };

	return filter_node_join(w->f, value ? FILTER_AND : FILTER_OR, &none);
}

static bool
is_time(const struct what *what)
{
	return what->kind == WHAT_FIELDS && field_table[what->sel[0].field].type == FIELD_TIMESTAMP;
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
values_node(struct where *w, const struct selector *sel, const struct values *values)
{
	bool nocase = sel->steps == 0 && (field_table[sel->field].flags & F_NOCASE) != 0;
	struct value_list list = { 0 };

	for (size_t i = 0; i < values->n; i++) {
		if (value_list_add(w->f, &list, values->item[i], nocase, w->e) != 0) {
			value_list_fini(&list);
			return NULL;
		}
	}
	return filter_node_values(w->f, sel, &list, w->e);
}

/* One selector of an operand, for the first value or all of them. */
static struct filter_node *
selector_node(struct where *w, const struct selector *sel, const struct sign *sign, const struct values *values)
{
	if (sign->is == SIGN_MATCH)
		return filter_node_regex(w->f, sel, values->item[0], w->e);
	if (sign->is == SIGN_ORDER)
		return filter_node_compare(w->f, sel, sign->order, where_plain(w, values->item[0]), w->now, w->e);
	if (field_table[sel->field].type == FIELD_TIMESTAMP)
		return times_node(w, sel, values);
	return values_node(w, sel, values);
}

/* The nodes of an operand, of which one must pass. */
static struct filter_node *
operand_node(struct where *w, const struct what *what, const struct sign *sign, const struct values *values)
{
	size_t n = what->kind == WHAT_TEXT ? values->n : what->kind == WHAT_LINE ? 1 : what->n;
	struct node_list any = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct filter_node *one;

		if (what->kind == WHAT_TEXT)
			one = filter_node_text(w->f, where_plain(w, values->item[i]), w->e);
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

/* ---- operands ---- */

/* What the operand speaks of; `has` knows fields only. */
static int
read_what(struct where *w, struct what *what, const char *expected)
{
	size_t at;

	where_space(w);
	at = w->at;
	what->name = (struct str){ w->text.p + at, selector_span((struct str){ w->text.p + at, w->text.len - at }) };
	if (what->name.len == 0 || where_comes(w, "and") || where_comes(w, "or") || where_comes(w, "in"))
		return where_expected(w, expected);
	w->at += what->name.len;
	if (str_eq(what->name, STR("text")) || str_eq(what->name, STR("line"))) {
		what->kind = what->name.p[0] == 't' ? WHAT_TEXT : WHAT_LINE;
		return 0;
	}
	what->kind = WHAT_FIELDS;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (!str_eq(what->name, str_of(groups[i].name)))
			continue;
		for (what->n = 0; what->n < WHATS_MAX; what->n++)
			what->sel[what->n] = selector_field(groups[i].field[what->n]);
		return 0;
	}
	what->n = 1;
	if (selector_parse(&what->sel[0], what->name, &w->f->arena, w->e) != 0)
		return where_wrong(w, at);
	return 0;
}

static const struct sign *
read_sign(struct where *w)
{
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (where_sign(w, signs[i].text))
			return &signs[i];
	}
	if (where_keyword(w, "in"))
		return &sign_in;
	if (!where_keyword(w, "not")) {
		where_expected(w, "=, !=, <, <=, >, >=, ~, !~, in or not in");
		return NULL;
	}
	if (where_keyword(w, "in"))
		return &sign_not_in;
	where_expected(w, "'in' after 'not'");
	return NULL;
}

/* What cannot be asked of what, before its value is read. */
static int
check_sign(struct where *w, const struct what *what, const struct sign *sign, size_t at)
{
	if (what->kind == WHAT_TEXT && sign->is != SIGN_EQUAL && sign->is != SIGN_IN)
		err_set(w->e, ERR_FAIL, "text takes =, != and in; regular expressions are asked of line or a field");
	else if (what->kind == WHAT_LINE && sign->is != SIGN_MATCH)
		err_set(w->e, ERR_FAIL, "line takes ~ and !~");
	else if (what->n > 1 && sign->is == SIGN_ORDER)
		err_set(w->e, ERR_FAIL, "%.*s stands for several fields: no order is known between them",
		    (int)what->name.len, what->name.p);
	else
		return 0;
	return where_wrong(w, at);
}

static int
read_one(struct where *w, const struct what *what, const struct sign *sign, const char *after,
    struct values *values)
{
	struct str value;
	int rc;

	if (sign->is == SIGN_MATCH)
		rc = where_pattern(w, &value, after);
	else if (is_time(what))
		rc = where_time(w, &value, after);
	else
		rc = where_value(w, &value, after);
	if (rc != 0)
		return -1;
	mem_grow(&values->item, &values->cap, values->n + 1, sizeof(*values->item));
	values->item[values->n++] = value;
	return 0;
}

static int
read_values(struct where *w, const struct what *what, const struct sign *sign, struct values *values)
{
	if (sign->is != SIGN_IN || !where_sign(w, "("))
		return read_one(w, what, sign, sign->text, values);
	if (read_one(w, what, sign, "(", values) != 0)
		return -1;
	while (where_sign(w, ",")) {
		if (read_one(w, what, sign, ",", values) != 0)
			return -1;
	}
	return where_sign(w, ")") ? 0 : where_expected(w, "',' or ')'");
}

static struct filter_node *
read_has(struct where *w)
{
	struct node_list any = { 0 };
	struct what what = { 0 };

	if (read_what(w, &what, "a field after 'has'") != 0)
		return NULL;
	if (what.kind != WHAT_FIELDS) {
		w->at -= what.name.len;
		where_expected(w, "a field after 'has'");
		return NULL;
	}
	for (size_t i = 0; i < what.n; i++)
		node_list_add(&any, filter_node_has(w->f, &what.sel[i]));
	return filter_node_join(w->f, FILTER_OR, &any);
}

static struct filter_node *
read_operand(struct where *w)
{
	struct values values = { 0 };
	struct what what = { 0 };
	struct filter_node *n = NULL;
	const struct sign *sign;
	size_t at;

	if (where_keyword(w, "has"))
		return read_has(w);
	if (read_what(w, &what, "a test such as FIELD = VALUE, 'not' or '('") != 0)
		return NULL;
	where_space(w);
	at = w->at;
	sign = read_sign(w);
	if (sign == NULL || check_sign(w, &what, sign, at) != 0)
		return NULL;
	where_space(w);
	at = w->at;
	if (read_values(w, &what, sign, &values) == 0) {
		n = operand_node(w, &what, sign, &values);
		if (n == NULL)
			where_wrong(w, at);
	}
	free(values.item);
	return n != NULL && sign->negated ? filter_node_not(w->f, n) : n;
}

/* ---- expressions ---- */

static struct filter_node *read_alternatives(struct where *w);

static int
too_deep(struct where *w)
{
	err_set(w->e, ERR_FAIL, "more than %d parentheses inside each other", WHERE_DEPTH_MAX);
	return where_wrong(w, w->at);
}

static struct filter_node *
read_parentheses(struct where *w)
{
	struct filter_node *n;

	if (w->depth == WHERE_DEPTH_MAX) {
		too_deep(w);
		return NULL;
	}
	w->depth++;
	n = read_alternatives(w);
	if (n != NULL && !where_sign(w, ")")) {
		where_expected(w, "'and', 'or' or ')'");
		n = NULL;
	}
	w->depth--;
	return n;
}

static struct filter_node *
read_negation(struct where *w)
{
	struct filter_node *n;
	bool negated = false;

	while (where_keyword(w, "not") || where_sign(w, "!"))
		negated = !negated;
	if (where_sign(w, "(")) {
		n = read_parentheses(w);
	} else if (where_keyword(w, "true")) {
		n = constant(w, true);
	} else if (where_keyword(w, "false")) {
		n = constant(w, false);
	} else {
		n = read_operand(w);
		/* In the canonical text such a node has parentheses, and that
		 * must be readable too. */
		if (n != NULL && w->depth == WHERE_DEPTH_MAX && filter_is_compound(n)) {
			too_deep(w);
			return NULL;
		}
	}
	return n != NULL && negated ? filter_node_not(w->f, n) : n;
}

static struct filter_node *
read_all(struct where *w)
{
	struct node_list all = { 0 };

	do {
		struct filter_node *n = read_negation(w);

		if (n == NULL) {
			node_list_fini(&all);
			return NULL;
		}
		node_list_add(&all, n);
	} while (where_keyword(w, "and") || where_sign(w, "&&"));
	return filter_node_join(w->f, FILTER_AND, &all);
}

static struct filter_node *
read_alternatives(struct where *w)
{
	struct node_list any = { 0 };

	do {
		struct filter_node *n = read_all(w);

		if (n == NULL) {
			node_list_fini(&any);
			return NULL;
		}
		node_list_add(&any, n);
	} while (where_keyword(w, "or") || where_sign(w, "||"));
	return filter_node_join(w->f, FILTER_OR, &any);
}

struct filter_node *
filter_where(struct filter *f, struct str text, int64_t now, struct err *e)
{
	struct where w = { .f = f, .text = text, .now = now, .e = e };
	struct filter_node *n;
	size_t bad;

	if (text.len > WHERE_MAX) {
		err_set(e, ERR_FAIL, "an expression of %zu bytes is longer than %d", text.len, WHERE_MAX);
		return NULL;
	}
	bad = utf8_valid_prefix(text.p, text.len);
	if (bad == text.len)
		bad = strnlen(text.p, text.len);
	if (bad != text.len) {
		err_set(e, ERR_FAIL, text.p[bad] == '\0' ? "a NUL byte" : "not UTF-8");
		where_wrong(&w, bad);
		return NULL;
	}
	n = read_alternatives(&w);
	where_space(&w);
	if (n != NULL && w.at < text.len) {
		bool word = !where_ends_word(text.p[w.at]) || strchr("\"',", text.p[w.at]) != NULL;

		where_expected(&w, word ? "'and', 'or' or the end (a value that is no single word goes in quotes)"
		    : "'and', 'or' or the end");
		return NULL;
	}
	return n;
}
