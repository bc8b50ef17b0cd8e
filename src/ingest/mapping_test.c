/*
 * mapping_test: conditions on a record, written as in audit-filters(7).
 *
 *	has errorCode            not has user.email
 *	eventName = ConsoleLogin  verb in (get, list, watch)
 *	status >= 400            requestURI !~ "^/healthz"
 *
 * A path that is not there, or is null or empty, is equal to nothing and
 * matches nothing: its != and !~ hold, its < does not.
 */
#include <stdlib.h>

#include "ingest/mapping_tree.h"

struct test_reader {
	struct mapping *m;
	struct str text;
	size_t at;
	struct err *e;
};

static inline bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
skip_blanks(struct test_reader *r)
{
	while (r->at < r->text.len && is_blank(r->text.p[r->at]))
		r->at++;
}

/* The symbol, with the blanks around it. */
static bool
take(struct test_reader *r, struct str symbol)
{
	struct str rest = { r->text.p + r->at, r->text.len - r->at };

	if (!str_begins(rest, symbol))
		return false;
	r->at += symbol.len;
	skip_blanks(r);
	return true;
}

/* The same of a word, which must end there. */
static bool
take_word(struct test_reader *r, struct str word)
{
	struct str rest = { r->text.p + r->at, r->text.len - r->at };

	if (!str_begins(rest, word) ||
	    (rest.len > word.len && !is_blank(rest.p[word.len]) && rest.p[word.len] != '('))
		return false;
	r->at += word.len;
	skip_blanks(r);
	return true;
}

/* Behind the opening quote; a backslash takes a quote or a backslash literally. */
static int
read_quoted(struct test_reader *r, char quote, struct str *out)
{
	char *o = arena_bytes(&r->m->arena, r->text.len + 1);
	size_t n = 0;

	for (r->at++; r->at < r->text.len && r->text.p[r->at] != quote; r->at++) {
		if (r->text.p[r->at] == '\\' && r->at + 1 < r->text.len &&
		    (r->text.p[r->at + 1] == quote || r->text.p[r->at + 1] == '\\'))
			r->at++;
		o[n++] = r->text.p[r->at];
	}
	if (r->at == r->text.len)
		return err_set(r->e, ERR_FAIL, "expected a closing %c", quote);
	r->at++;
	*out = (struct str){ o, n };
	return 0;
}

/* Quoted, or bare up to one of `ends`; blanks behind it are not part of it. */
static int
read_value(struct test_reader *r, const char *ends, struct str *out)
{
	size_t from = r->at, n;

	if (r->at < r->text.len && (r->text.p[r->at] == '"' || r->text.p[r->at] == '\'')) {
		if (read_quoted(r, r->text.p[r->at], out) != 0)
			return -1;
		skip_blanks(r);
		return 0;
	}
	while (r->at < r->text.len && strchr(ends, r->text.p[r->at]) == NULL)
		r->at++;
	for (n = r->at - from; n > 0 && is_blank(r->text.p[from + n - 1]);)
		n--;
	if (n == 0)
		return err_set(r->e, ERR_FAIL, "expected a value");
	*out = (struct str){ arena_copy(&r->m->arena, r->text.p + from, n), n };
	return 0;
}

/* A path ends at a blank or an operator that is outside of quotes and brackets. */
static int
read_path(struct test_reader *r, uint32_t *node)
{
	size_t from = r->at;
	bool quoted = false, bracket = false;

	for (; r->at < r->text.len; r->at++) {
		char c = r->text.p[r->at];

		if (c == '"')
			quoted = !quoted;
		else if (c == '\\' && quoted && r->at + 1 < r->text.len)
			r->at++;
		else if (!quoted && (c == '[' || c == ']'))
			bracket = c == '[';
		else if (!quoted && !bracket && (is_blank(c) || strchr("=!<>~", c) != NULL))
			break;
	}
	if (r->at == from)
		return err_set(r->e, ERR_FAIL, "expected a path");
	*node = mapping_path_add(&r->m->path, (struct str){ r->text.p + from, r->at - from }, &r->m->arena, r->e);
	skip_blanks(r);
	return *node != 0 ? 0 : -1;
}

static int
add_value(struct test_reader *r, struct test *out, const char *ends, size_t *cap)
{
	if (out->n == MAPPING_VALUES_MAX)
		return err_set(r->e, ERR_FAIL, "more than %d values", MAPPING_VALUES_MAX);
	if (out->n == *cap) {
		struct str *value = arena_alloc(&r->m->arena, *cap * 2 * sizeof(*value));

		memcpy(value, out->value, out->n * sizeof(*value));
		out->value = value;
		*cap *= 2;
	}
	return read_value(r, ends, &out->value[out->n++]);
}

/* value, value) */
static int
read_list(struct test_reader *r, struct test *out)
{
	size_t cap = 4;

	out->value = arena_alloc(&r->m->arena, cap * sizeof(*out->value));
	do
		if (add_value(r, out, ",)", &cap) != 0)
			return -1;
	while (take(r, STR(",")));
	if (take(r, STR(")")))
		return 0;
	return err_set(r->e, ERR_FAIL, "expected ',' or ')'; within [ ] and { } a condition with a comma needs quotes");
}

/* A 64-bit integer, whole; gathered below zero, where there is one more. */
static bool
read_number(struct str s, int64_t *out)
{
	bool negative = s.len > 0 && s.p[0] == '-';
	int64_t value = 0;

	if (s.len == negative || s.len > 20)
		return false;
	for (size_t i = negative; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, s.p[i] - '0', &value))
			return false;
	}
	*out = value;
	return negative || !__builtin_sub_overflow(0, value, out);
}

static const struct {
	struct str symbol;
	enum test_op op;
	bool negate;
} operators[] = { /* the longer one first */
	{ { "!=", 2 }, TEST_EQUAL, true }, { { "!~", 2 }, TEST_MATCH, true },
	{ { "<=", 2 }, TEST_AT_MOST, false }, { { ">=", 2 }, TEST_AT_LEAST, false },
	{ { "=", 1 }, TEST_EQUAL, false }, { { "~", 1 }, TEST_MATCH, false },
	{ { "<", 1 }, TEST_LESS, false }, { { ">", 1 }, TEST_MORE, false },
};

static int
read_operand(struct test_reader *r, struct test *out)
{
	size_t cap = 1;

	out->value = arena_alloc(&r->m->arena, sizeof(*out->value));
	if (add_value(r, out, "", &cap) != 0)
		return -1;
	if (out->op == TEST_MATCH)
		return (out->regex = mapping_regex(r->m, out->value[0], r->e)) != NULL ? 0 : -1;
	if (out->op != TEST_EQUAL && !read_number(out->value[0], &out->number))
		return err_set(r->e, ERR_FAIL, "expected an integer");
	return 0;
}

static int
read_comparison(struct test_reader *r, struct test *out)
{
	out->negate = take_word(r, STR("not"));
	if (take_word(r, STR("in"))) {
		out->op = TEST_EQUAL;
		return take(r, STR("(")) ? read_list(r, out) : err_set(r->e, ERR_FAIL, "expected '('");
	}
	for (size_t i = 0; !out->negate && i < sizeof(operators) / sizeof(*operators); i++) {
		if (!take(r, operators[i].symbol))
			continue;
		out->op = operators[i].op;
		out->negate = operators[i].negate;
		return read_operand(r, out);
	}
	return err_set(r->e, ERR_FAIL, out->negate ? "expected in" :
	    "expected one of = != < <= > >= ~ !~ in; that a path is there at all is: has PATH");
}

int
mapping_test_parse(struct mapping *m, struct str text, struct test *out, size_t *column, struct err *e)
{
	struct test_reader r = { .m = m, .text = text, .e = e };
	bool negate;
	int rc;

	*out = (struct test){ .op = TEST_HAS };
	skip_blanks(&r);
	negate = take_word(&r, STR("not"));
	if (take_word(&r, STR("has"))) {
		out->negate = negate;
		rc = read_path(&r, &out->node);
	} else if (negate)
		rc = err_set(e, ERR_FAIL, "expected has behind not; the other tests have != !~ and not in");
	else if ((rc = read_path(&r, &out->node)) == 0)
		rc = read_comparison(&r, out);
	if (rc == 0 && r.at < text.len)
		rc = err_set(e, ERR_FAIL, "expected the end of the condition; each is a text of its own");
	*column = r.at + 1;
	return rc;
}

/* ---- asking ---- */

static bool
is_any(struct str s, const struct str *value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(s, value[i]))
			return true;
	return false;
}

static bool
compare(const struct test *test, struct str s)
{
	int64_t number;

	if (!read_number(s, &number))
		return false;
	switch (test->op) {
	case TEST_LESS: return number < test->number;
	case TEST_AT_MOST: return number <= test->number;
	case TEST_MORE: return number > test->number;
	case TEST_AT_LEAST: return number >= test->number;
	case TEST_HAS: case TEST_EQUAL: case TEST_MATCH: break;
	}
	return false;
}

/* A list or an object is there, unless it is empty. */
static bool
is_there(struct mapping_run *run, uint32_t node)
{
	uint32_t value = run->at[node];

	if (value != 0 && run->t->tok[value].type >= TOKEN_ARRAY)
		return run->t->tok[value].next > value + 1;
	return mapping_run_text(run, node).p != NULL;
}

bool
mapping_test_holds(struct mapping_run *run, const struct test *test)
{
	struct str s;
	bool holds;

	if (test->op == TEST_HAS)
		return is_there(run, test->node) != test->negate;
	s = mapping_run_text(run, test->node);
	if (s.p == NULL)
		holds = false;
	else if (test->op == TEST_EQUAL)
		holds = is_any(s, test->value, test->n);
	else if (test->op == TEST_MATCH)
		holds = regex_match(test->regex, s, NULL, &run->regex);
	else
		holds = compare(test, s);
	return holds != test->negate;
}

bool
mapping_tests_hold(struct mapping_run *run, const struct tests *tests)
{
	for (size_t i = 0; i < tests->n; i++)
		if (!mapping_test_holds(run, &tests->test[i]))
			return false;
	return true;
}
