/*
 * sigma_condition: how the search identifiers of a rule are joined.
 *
 *     selection and not 1 of filter_*
 *     (a or b) and all of them
 *
 * `or` binds least, then `and`, then `not`.  A pattern is of names that do not
 * begin with an underscore, unless it begins with one itself.
 *
 * In: a condition, and the expressions of the identifiers.   Out: an expression.
 */
#include <stdlib.h>

#include "detect/sigma_parts.h"

struct condition {
	const struct sigma_identifiers *ids;
	struct str text;
	size_t at;
	unsigned depth;
	struct buf *out;
	struct err *e;
};

/* ---- words ---- */

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c & 0x80) != 0 ||
	    (c != '\0' && strchr("_-.*?$", c) != NULL);
}

static void
skip_space(struct condition *c)
{
	while (c->at < c->text.len && strchr(" \t\r\n", c->text.p[c->at]) != NULL && c->text.p[c->at] != '\0')
		c->at++;
}

static struct str
next_word(struct condition *c)
{
	struct str s;

	skip_space(c);
	s = (struct str){ c->text.p + c->at, 0 };
	while (c->at + s.len < c->text.len && is_word(s.p[s.len]))
		s.len++;
	return s;
}

static bool
take_word(struct condition *c, const char *word)
{
	struct str s = next_word(c);

	if (!str_eq_nocase(s, str_of(word)))
		return false;
	c->at += s.len;
	return true;
}

static bool
take_sign(struct condition *c, char sign)
{
	skip_space(c);
	if (c->at == c->text.len || c->text.p[c->at] != sign)
		return false;
	c->at++;
	return true;
}

/* "condition, character N: ..." at what comes next. */
static int
wrong(const struct condition *c, const char *what)
{
	return err_set(c->e, ERR_FAIL, "condition, character %zu: %s", c->at + 1, what);
}

static int
unexpected(struct condition *c, const char *expected)
{
	struct str s = next_word(c);

	if (c->at < c->text.len && c->text.p[c->at] == '|')
		return wrong(c, "aggregations behind | are no part of the format any more; a correlation says it");
	if (c->at == c->text.len)
		return err_set(c->e, ERR_FAIL, "condition, character %zu: expected %s, found the end", c->at + 1,
		    expected);
	if (s.len == 0)
		s.len = 1;
	return err_set(c->e, ERR_FAIL, "condition, character %zu: expected %s, found '%.*s'", c->at + 1, expected,
	    (int)(s.len < 60 ? s.len : 60), s.p);
}

/* ---- identifiers ---- */

static const struct sigma_identifier *
find_identifier(const struct sigma_identifiers *ids, struct str name)
{
	for (size_t i = 0; i < ids->n; i++)
		if (str_eq(name, str_of(ids->item[i].name)))
			return &ids->item[i];
	return NULL;
}

static int
unknown_identifier(struct condition *c, struct str name)
{
	const char *names[SIGMA_IDENTIFIERS_MAX], *near;
	char *typed = mem_dup(name.p, name.len);

	for (size_t i = 0; i < c->ids->n; i++)
		names[i] = c->ids->item[i].name;
	near = nearest_name(typed, names, c->ids->n);
	err_set(c->e, ERR_FAIL, "condition, character %zu: no search identifier is called '%.60s'%s%.60s%s",
	    c->at + 1, typed, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	free(typed);
	return -1;
}

/* Appends, unless the whole becomes too long. */
static int
put(struct condition *c, struct str s)
{
	buf_str(c->out, s);
	return c->out->len <= SIGMA_WHERE_MAX ? 0 :
	    err_set(c->e, ERR_FAIL, "the filter is longer than %d bytes", SIGMA_WHERE_MAX);
}

/* Names with * as a wildcard: one star is remembered at a time. */
static bool
name_fits(struct str pattern, struct str name)
{
	size_t p = 0, i = 0, star = SIZE_MAX, taken = 0;

	while (i < name.len) {
		if (p < pattern.len && pattern.p[p] == '*') {
			star = ++p;
			taken = i;
		} else if (p < pattern.len && pattern.p[p] == name.p[i]) {
			p++;
			i++;
		} else if (star != SIZE_MAX) {
			p = star;
			i = ++taken;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.p[p] == '*')
		p++;
	return p == pattern.len;
}

/* `them`, or a pattern. */
static bool
is_meant(struct str pattern, bool them, const struct sigma_identifier *id)
{
	if (id->name[0] == '_' && (them || pattern.p[0] != '_'))
		return false;
	return them || name_fits(pattern, str_of(id->name));
}

/* "1 of PATTERN", behind the `of`. */
static int
read_quantified(struct condition *c, bool all)
{
	struct str pattern = next_word(c);
	bool them = str_eq_nocase(pattern, STR("them"));
	size_t n = 0;

	if (pattern.len == 0)
		return unexpected(c, "'them' or names after 'of'");
	if (put(c, STR("(")) != 0)
		return -1;
	for (size_t i = 0; i < c->ids->n; i++) {
		if (!is_meant(pattern, them, &c->ids->item[i]))
			continue;
		if (n++ > 0 && put(c, all ? STR(" and ") : STR(" or ")) != 0)
			return -1;
		if (put(c, c->ids->item[i].where) != 0)
			return -1;
	}
	if (n == 0)
		return err_set(c->e, ERR_FAIL, "condition, character %zu: no search identifier fits '%.*s'",
		    c->at + 1, (int)(pattern.len < 60 ? pattern.len : 60), pattern.p);
	c->at += pattern.len;
	return put(c, STR(")"));
}

/* ---- the grammar ---- */

static int read_or(struct condition *c);

static bool
is_number(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.len > 0;
}

/* Whether "WORD of" comes, which is no identifier then. */
static bool
comes_of(struct condition *c, struct str word)
{
	size_t at = c->at;
	bool of;

	c->at += word.len;
	of = str_eq_nocase(next_word(c), STR("of"));
	c->at = at;
	return of;
}

static int
read_operand(struct condition *c)
{
	struct str word = next_word(c);
	const struct sigma_identifier *id;
	bool all = str_eq_nocase(word, STR("all")), any = str_eq_nocase(word, STR("any"));

	if (word.len == 0)
		return unexpected(c, "a search identifier, '1 of', 'all of', 'not' or '('");
	if ((all || any || is_number(word)) && comes_of(c, word)) {
		if (!all && !any && !str_eq(word, STR("1")))
			return wrong(c, "of a number of identifiers only 1 can be asked for, or all");
		c->at += word.len;
		take_word(c, "of");
		return read_quantified(c, all);
	}
	id = find_identifier(c->ids, word);
	if (id == NULL)
		return unknown_identifier(c, word);
	c->at += word.len;
	return put(c, id->where);
}

static int
read_not(struct condition *c)
{
	bool negated = false;
	int rc;

	while (take_word(c, "not"))
		negated = !negated;
	if (put(c, negated ? STR("(not ") : STR("(")) != 0)
		return -1;
	if (take_sign(c, '(')) {
		if (c->depth++ == SIGMA_DEPTH_MAX)
			return wrong(c, "too many parentheses inside each other");
		rc = read_or(c);
		if (rc == 0 && !take_sign(c, ')'))
			rc = unexpected(c, "'and', 'or' or ')'");
		c->depth--;
	} else {
		rc = read_operand(c);
	}
	return rc == 0 ? put(c, STR(")")) : -1;
}

static int
read_and(struct condition *c)
{
	do {
		if (read_not(c) != 0)
			return -1;
	} while (take_word(c, "and") && put(c, STR(" and ")) == 0);
	return c->e->code == ERR_OK ? 0 : -1;
}

static int
read_or(struct condition *c)
{
	if (put(c, STR("((")) != 0)
		return -1;
	do {
		if (read_and(c) != 0)
			return -1;
	} while (take_word(c, "or") && put(c, STR(") or (")) == 0);
	return c->e->code == ERR_OK ? put(c, STR("))")) : -1;
}

int
sigma_put_condition(const struct sigma_identifiers *ids, struct str condition, struct buf *out, struct err *e)
{
	struct condition c = { .ids = ids, .text = condition, .out = out, .e = e };

	if (condition.len > SIGMA_CONDITION_MAX)
		return err_set(e, ERR_FAIL, "a condition of %zu bytes is longer than %d", condition.len,
		    SIGMA_CONDITION_MAX);
	if (read_or(&c) != 0)
		return -1;
	skip_space(&c);
	return c.at == c.text.len ? 0 : unexpected(&c, "'and', 'or' or the end");
}
