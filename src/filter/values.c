/*
 * values: the text of an option into a list of values.
 *
 *     prod.*,a\,b,C:\Users   ->   glob prod.*, literals a,b and C:\Users
 *
 * A backslash takes a comma, a wildcard or a backslash literally; before
 * anything else it is itself, so that most Windows paths need no care.
 */
#include <stdlib.h>

#include "base/utf8.h"
#include "filter/tree.h"

/* Whether an unescaped * or ? is in the value. */
static bool
is_glob(struct str s)
{
	bool escaped;

	for (size_t i = 0; i < s.len;) {
		char c = value_byte(s, &i, &escaped);

		if (!escaped && (c == '*' || c == '?'))
			return true;
	}
	return false;
}

/*
 * One value between commas into its pattern.  Globs are written in one way
 * only: a backslash before literal * ? \ and nothing else, no ** runs.
 */
static struct filter_pattern
make_pattern(struct filter *f, struct str s, bool nocase)
{
	struct filter_pattern p = { .glob = is_glob(s) };
	char *out = arena_bytes(&f->arena, 2 * s.len + 1);
	size_t n = 0;
	bool escaped, after_star = false;

	for (size_t i = 0; i < s.len;) {
		char c = value_byte(s, &i, &escaped);
		bool star = c == '*' && !escaped && p.glob;

		if (star && after_star)
			continue;
		if (p.glob && (c == '\\' || (escaped && c != ',')))
			out[n++] = '\\';
		out[n++] = nocase ? (char)ascii_fold(c) : c;
		after_star = star;
	}
	out[n] = '\0'; /* for hints */
	p.text = (struct str){ out, n };
	return p;
}

static int
add_value(struct filter *f, struct value_list *l, struct str s, bool nocase, struct err *e)
{
	if (s.len > FILTER_VALUE_MAX)
		return err_set(e, ERR_FAIL, "a value of %zu bytes is longer than %d", s.len, FILTER_VALUE_MAX);
	mem_grow(&l->item, &l->cap, l->n + 1, sizeof(*l->item));
	l->item[l->n++] = make_pattern(f, s, nocase);
	return 0;
}

int
value_list_add(struct filter *f, struct value_list *l, struct str text, bool nocase, struct err *e)
{
	size_t start = 0;
	bool escaped;

	if (utf8_valid_prefix(text.p, text.len) != text.len)
		return err_set(e, ERR_FAIL, "the value is not UTF-8");
	for (size_t i = 0; i <= text.len;) {
		size_t end = i;
		bool comma = i < text.len && value_byte(text, &i, &escaped) == ',' && !escaped;

		if (end < text.len && !comma)
			continue;
		if (end == start && text.len > 0)
			return err_set(e, ERR_FAIL, "an empty value in the list (a literal comma is written \\,)");
		if (add_value(f, l, (struct str){ text.p + start, end - start }, nocase, e) != 0)
			return -1;
		if (!comma)
			break;
		start = i;
	}
	return 0;
}

void
filter_literal(struct buf *out, const char *value)
{
	for (; *value != '\0'; value++) {
		if (strchr("*?\\,", *value) != NULL)
			buf_byte(out, '\\');
		buf_byte(out, *value);
	}
}

static int
compare_patterns(const void *a, const void *b)
{
	const struct filter_pattern *x = a, *y = b;

	if (x->glob != y->glob)
		return x->glob ? 1 : -1;
	return str_cmp(x->text, y->text);
}

void
value_list_sort(struct value_list *l)
{
	size_t kept = 0;

	if (l->n > 1)
		qsort(l->item, l->n, sizeof(*l->item), compare_patterns);
	l->literals = 0;
	for (size_t i = 0; i < l->n; i++) {
		if (kept > 0 && compare_patterns(&l->item[kept - 1], &l->item[i]) == 0)
			continue;
		l->item[kept++] = l->item[i];
		l->literals += !l->item[kept - 1].glob;
	}
	l->n = kept;
}

void
value_list_fini(struct value_list *l)
{
	free(l->item);
	*l = (struct value_list){ 0 };
}
