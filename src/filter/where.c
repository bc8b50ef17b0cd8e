/*
 * where: the grammar of --where (audit-filters(7)).
 *
 *     alternatives = all { or all }
 *     all          = negation { and negation }
 *     negation     = { not } ( '(' alternatives ')' | true | false | operand )
 *     operand      = has WHAT | any FIELD '(' alternatives ')' | WHAT sign value |
 *                    WHAT sign field '(' FIELD ')' | WHAT [not] (in | like | within) values
 *     values       = value | '(' value { , value } ')'
 *     WHAT         = FIELD | PATH | actor | target | text | line
 *
 * In: "not action = login and (ip in 10.0.0.0/8 or has context.vpn)"
 * Out: the same tree as the options and operands that say so.
 */
#include "filter/where.h"

#include <stdlib.h>

#include "base/utf8.h"

/* Signs and words for one; the longer of two with the same beginning first. */
static const struct sign signs[] = {
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

/* Words, which may have `not` before them. */
static const struct sign words[] = {
	{ "in", SIGN_IN, false, 0 }, { "in", SIGN_IN, true, 0 },
	{ "like", SIGN_LIKE, false, 0 }, { "like", SIGN_LIKE, true, 0 },
	{ "within", SIGN_WITHIN, false, 0 }, { "within", SIGN_WITHIN, true, 0 },
};

/* Names for several fields, as the options of the same names. */
static const struct group {
	const char *name;
	enum field field[WHATS_MAX];
} groups[] = {
	{ "actor", { FIELD_ACTOR_ID, FIELD_ACTOR_EMAIL, FIELD_ACTOR_NAME } },
	{ "target", { FIELD_TARGET_ID, FIELD_TARGET_NAME, FIELD_TARGET_PATH } },
};

/* ---- operands ---- */

static bool
is_time(const struct what *what)
{
	return what->kind == WHAT_FIELDS && field_table[what->sel[0].field].type == FIELD_TIMESTAMP;
}

/* Words that a name within an element must not be taken for. */
static bool
is_reserved(struct str name)
{
	static const char *const more[] = { "text", "any", "true", "false" };

	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		if (str_eq_nocase(name, str_of(more[i])))
			return true;
	return where_is_keyword(name);
}

/* A name within an element: a path that begins there.  It is kept as one behind
 * `context`, and told without that. */
static int
read_member(struct where *w, struct selector *sel, struct str name)
{
	struct buf b = { 0 };
	int rc;

	buf_str(&b, STR("context."));
	buf_str(&b, name);
	rc = selector_parse(sel, buf_view(&b), &w->f->arena, w->e);
	buf_fini(&b);
	if (rc != 0)
		return -1;
	sel->text.p += sizeof("context.") - 1;
	sel->text.len -= sizeof("context.") - 1;
	if (is_reserved(sel->step[0])) {
		json_quote(&b, sel->step[0]);
		buf_add(&b, sel->text.p + sel->step[0].len, sel->text.len - sel->step[0].len);
		sel->text = (struct str){ arena_copy(&w->f->arena, b.p, b.len), b.len };
		buf_fini(&b);
	}
	return 0;
}

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
	if (str_eq(what->name, STR("text")) || (str_eq(what->name, STR("line")) && !w->element)) {
		what->kind = what->name.p[0] == 't' ? WHAT_TEXT : WHAT_LINE;
		return 0;
	}
	what->kind = WHAT_FIELDS;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (w->element || !str_eq(what->name, str_of(groups[i].name)))
			continue;
		for (what->n = 0; what->n < WHATS_MAX; what->n++)
			what->sel[what->n] = selector_field(groups[i].field[what->n]);
		return 0;
	}
	what->n = 1;
	if ((w->element ? read_member(w, &what->sel[0], what->name) :
	    selector_parse(&what->sel[0], what->name, &w->f->arena, w->e)) != 0)
		return where_wrong(w, at);
	return 0;
}

static const struct sign *
read_sign(struct where *w)
{
	bool negated;

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (where_sign(w, signs[i].text))
			return &signs[i];
	}
	negated = where_keyword(w, "not");
	for (size_t i = negated; i < sizeof(words) / sizeof(words[0]); i += 2) {
		if (where_keyword(w, words[i].text))
			return &words[i];
	}
	where_expected(w, negated ? "'in', 'like' or 'within' after 'not'" :
	    "=, !=, <, <=, >, >=, ~, !~, in, like, within or not in");
	return NULL;
}

/* What cannot be asked of what, before its value is read. */
static int
check_sign(struct where *w, const struct what *what, const struct sign *sign, size_t at)
{
	if (is_time(what) && (sign->is == SIGN_LIKE || sign->is == SIGN_WITHIN))
		err_set(w->e, ERR_FAIL, "a time takes =, in, < and the like");
	else if (what->kind == WHAT_TEXT && sign->is != SIGN_EQUAL && sign->is != SIGN_IN)
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

/* field(OTHER): 1, or 0 when a value comes. */
static int
read_field(struct where *w, const struct what *what, const struct sign *sign, struct values *values)
{
	size_t start = w->at;
	struct what other = { 0 };

	if (what->kind != WHAT_FIELDS || (sign->is != SIGN_EQUAL && sign->is != SIGN_LIKE))
		return 0;
	if (!where_keyword(w, "field") || !where_sign(w, "(")) {
		w->at = start;
		return 0;
	}
	if (read_what(w, &other, "a field after 'field('") != 0)
		return -1;
	if (other.kind != WHAT_FIELDS || other.n != 1) {
		w->at -= other.name.len;
		return where_expected(w, "one field after 'field('");
	}
	values->is_field = true;
	values->other = other.sel[0];
	return where_sign(w, ")") ? 1 : where_expected(w, "')'");
}

static int
read_values(struct where *w, const struct what *what, const struct sign *sign, struct values *values)
{
	int rc = read_field(w, what, sign, values);
	bool list = sign->is == SIGN_IN || sign->is == SIGN_LIKE || sign->is == SIGN_WITHIN;

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (!list || !where_sign(w, "("))
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

static struct filter_node *read_parentheses(struct where *w);

/* any PATH (EXPRESSION): of each element by itself. */
static struct filter_node *
read_any(struct where *w, size_t at)
{
	struct filter_node *each = NULL;
	struct what what = { 0 };

	if (w->element) {
		err_set(w->e, ERR_FAIL, "'any' within 'any'");
	} else if (read_what(w, &what, "a list after 'any'") != 0) {
		return NULL;
	} else if (what.kind != WHAT_FIELDS || what.n != 1 || field_table[what.sel[0].field].type != FIELD_JSON) {
		err_set(w->e, ERR_FAIL, "any takes a list in context or changes");
	} else if (!where_sign(w, "(")) {
		where_expected(w, "'(' after the list");
		return NULL;
	} else {
		w->element = true;
		each = read_parentheses(w);
		w->element = false;
		return each ? filter_node_each(w->f, &what.sel[0], each) : NULL;
	}
	where_wrong(w, at);
	return NULL;
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
	where_space(w);
	at = w->at;
	if (where_keyword(w, "any"))
		return read_any(w, at);
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
		n = where_operand(w, &what, sign, &values);
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
		n = where_constant(w, true);
	} else if (where_keyword(w, "false")) {
		n = where_constant(w, false);
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
