/*
 * operand: what stands behind the options, as typed.
 *
 *     target_type=secret   status!=200,204   action~^log   duration_ms>=250
 *     context.rotation_reason=manual   changes.after.role!~admin$
 *
 * The operands with one sign for one place: a=b and a=c are alternatives, so
 * are a~b and a~c; of a!=b, a!~b and a<b each must hold.
 */
#include <stdlib.h>

#include "base/utf8.h"
#include "filter/tree.h"

/* FIELD=VALUE, FIELD!=VALUE, FIELD~RE, FIELD!~RE, FIELD<N, <=, >, >=, as typed. */
enum operand_sign {
	OPERAND_EQUAL, OPERAND_REGEX, OPERAND_LESS, OPERAND_LESS_EQUAL, OPERAND_GREATER, OPERAND_GREATER_EQUAL
};
struct operand {
	struct selector what; /* bytes in the filter's arena */
	enum operand_sign sign;
	bool negated;
	struct str value;
};

static const struct {
	const char *text;
	enum operand_sign sign;
	bool negated;
} signs[] = { /* the longer first */
	{ "!=", OPERAND_EQUAL, true },
	{ "!~", OPERAND_REGEX, true },
	{ "<=", OPERAND_LESS_EQUAL, false },
	{ ">=", OPERAND_GREATER_EQUAL, false },
	{ "=", OPERAND_EQUAL, false },
	{ "~", OPERAND_REGEX, false },
	{ "<", OPERAND_LESS, false },
	{ ">", OPERAND_GREATER, false },
};

/* Names of --where that are no fields, and the options that ask the same. */
static int
check_name(struct str name, struct err *e)
{
	static const struct {
		const char *name, *option;
	} other[] = { { "actor", "actor" }, { "target", "target" }, { "text", "text" }, { "line", "grep" } };

	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		if (str_eq(name, str_of(other[i].name)))
			return err_set(e, ERR_FAIL, "'%s' is no field: ask with --%s, or in --where", other[i].name,
			    other[i].option);
	return 0;
}

static int
parse(struct filter *f, const char *text, struct operand *out, struct err *e)
{
	size_t len = strlen(text), name = selector_span((struct str){ text, len });

	if (utf8_valid_prefix(text, len) != len)
		return err_set(e, ERR_FAIL, "not UTF-8");
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		size_t n = strlen(signs[i].text);

		if (strncmp(text + name, signs[i].text, n) != 0)
			continue;
		out->sign = signs[i].sign;
		out->negated = signs[i].negated;
		out->value = str_of(text + name + n);
		if (check_name((struct str){ text, name }, e) != 0)
			return -1;
		return selector_parse(&out->what, (struct str){ text, name }, &f->arena, e);
	}
	return err_set(e, ERR_FAIL, "'%.60s' is no FIELD=VALUE (nor with != ~ !~ < <= > >=);"
	    " --text looks for words, --where takes expressions", text);
}

/* ---- joining ---- */

/* Those with one sign for one place. */
struct operands {
	struct operand first;
	struct value_list values;  /* OPERAND_EQUAL */
	struct node_list patterns; /* OPERAND_REGEX */
};

struct operand_list {
	struct operands *item;
	size_t n, cap;
};

static struct operands *
same_operands(struct operand_list *l, const struct operand *o)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct operand *first = &l->item[i].first;

		if (first->sign == o->sign && first->negated == o->negated && selector_eq(&first->what, &o->what))
			return &l->item[i];
	}
	mem_grow(&l->item, &l->cap, l->n + 1, sizeof(*l->item));
	l->item[l->n] = (struct operands){ .first = *o };
	return &l->item[l->n++];
}

static int
add_comparison(struct filter *f, const struct operand *o, int64_t now, struct node_list *all,
    struct err *e)
{
	static const enum filter_sign of[] = {
		[OPERAND_LESS] = SIGN_LESS, [OPERAND_LESS_EQUAL] = SIGN_LESS_EQUAL,
		[OPERAND_GREATER] = SIGN_GREATER, [OPERAND_GREATER_EQUAL] = SIGN_GREATER_EQUAL
	};
	struct filter_node *n = filter_node_compare(f, &o->what, of[o->sign], o->value, now, e);

	if (n == NULL)
		return -1;
	node_list_add(all, n);
	return 0;
}

static int
add_operand(struct filter *f, const struct operand *o, int64_t now, struct operand_list *l,
    struct node_list *all, struct err *e)
{
	bool nocase = (field_table[o->what.field].flags & F_NOCASE) != 0;
	struct operands *same;
	struct filter_node *n;

	if (o->sign != OPERAND_EQUAL && o->sign != OPERAND_REGEX)
		return add_comparison(f, o, now, all, e);
	same = same_operands(l, o);
	if (o->sign == OPERAND_EQUAL)
		return value_list_add(f, &same->values, o->value, nocase, e);
	if ((n = filter_node_regex(f, &o->what, o->value, e)) == NULL)
		return -1;
	node_list_add(&same->patterns, n);
	return 0;
}

/* a != b and a != c is not (b or c). */
static int
join_operands(struct filter *f, struct operands *same, struct node_list *all, struct err *e)
{
	struct filter_node *n;

	if (same->first.sign == OPERAND_EQUAL)
		n = filter_node_values(f, &same->first.what, &same->values, e);
	else
		n = filter_node_join(f, FILTER_OR, &same->patterns);
	if (n == NULL)
		return err_doing(e, "%s", same->first.what.text.p);
	node_list_add(all, same->first.negated ? filter_node_not(f, n) : n);
	return 0;
}

int
filter_operands(struct filter *f, const struct str_list *typed, int64_t now, struct node_list *all,
    struct err *e)
{
	struct operand_list l = { 0 };
	struct operand o;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < typed->n; i++) {
		rc = parse(f, typed->item[i], &o, e);
		if (rc == 0 && (rc = add_operand(f, &o, now, &l, all, e)) != 0)
			err_doing(e, "%s", o.what.text.p);
	}
	for (size_t i = 0; i < l.n; i++) {
		if (rc == 0)
			rc = join_operands(f, &l.item[i], all, e);
		value_list_fini(&l.item[i].values);
		node_list_fini(&l.item[i].patterns);
	}
	free(l.item);
	return rc;
}
