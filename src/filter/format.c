/*
 * format: the canonical expression of a filter, in the grammar of --where.
 *
 *     time >= 2026-01-01T00:00:00.000000Z and action in (login, "a b", share.*)
 *     and ip in 10.0.0.0/8 and outcome != success and line ~ "ab+c"
 *
 * Values are bare when nothing in them could be taken for grammar, else
 * quoted.  Quoted or bare, * and ? are wildcards and a backslash makes them
 * literal.  Read again (where.c) the text gives a filter with the same text.
 */
#include "filter/where.h"

#define PUT(out, literal) buf_str((out), STR(literal))

static void
put_field(struct buf *out, enum field f)
{
	buf_add(out, field_table[f].key, field_table[f].key_len);
}

static void
put_selector(struct buf *out, const struct filter_test *t)
{
	if (t->path != NULL)
		buf_str(out, t->path->text);
	else
		put_field(out, t->field);
}

/* ---- values ---- */

static bool
is_bare(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
			continue;
		if (c == '\0' || strchr("_-./:@+%*?\\", c) == NULL)
			return false;
	}
	return s.len > 0 && !where_is_keyword(s);
}

/* A literal gets its backslashes here; a glob has them already. */
static void
put_escaped(struct buf *out, struct str s, bool literal, bool quoted)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if ((literal && (c == '\\' || c == '*' || c == '?')) || (quoted && c == '"'))
			buf_byte(out, '\\');
		buf_byte(out, c);
	}
}

/* `as_text`: quoted whatever it looks like. */
static void
put_value(struct buf *out, struct str s, bool literal, bool as_text)
{
	bool quoted = as_text || !is_bare(s);

	if (quoted)
		buf_byte(out, '"');
	put_escaped(out, s, literal, quoted);
	if (quoted)
		buf_byte(out, '"');
}

/* A text or bound, which has no wildcards: a star needs no backslash. */
static void
put_plain(struct buf *out, struct str s)
{
	bool quoted = !is_bare(s);

	if (quoted)
		buf_byte(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '\\' || s.p[i] == '"')
			buf_byte(out, '\\');
		buf_byte(out, s.p[i]);
	}
	if (quoted)
		buf_byte(out, '"');
}

/*
 * A regular expression: as it is, but a quote that no backslash stands before
 * is written twice.  A backslash at the very end, which only \Q lets stand
 * there, would take the closing quote away: \E ends what \Q began.
 */
static void
put_regex(struct buf *out, struct str s)
{
	bool paired = true;

	buf_byte(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '"')
			buf_byte(out, '"');
		buf_byte(out, s.p[i]);
		paired = s.p[i] != '\\' || i + 1 < s.len;
		if (s.p[i] == '\\' && paired)
			buf_byte(out, s.p[++i]);
	}
	if (!paired)
		PUT(out, "\\E");
	buf_byte(out, '"');
}

/* ---- tests ---- */

/* Each value of a test by its number, so that lists have one writer. */
static size_t
value_count(const struct filter_test *t)
{
	return t->op == TEST_PREFIX ? 1 : t->ranges + t->patterns;
}

static void
put_nth(struct buf *out, const struct filter_test *t, size_t i)
{
	if (i < t->ranges) {
		filter_format_range(out, &t->range[i]);
	} else {
		const struct filter_pattern *p = &t->pattern[i - t->ranges];

		/* A text beside addresses must not be read as one. */
		put_value(out, p->text, !p->glob, t->field == FIELD_IP && !p->glob);
	}
}

static bool
is_one_address(const struct filter_test *t)
{
	return t->ranges == 1 && filter_ip_cmp(&t->range[0].first, &t->range[0].last) == 0;
}

/* A word that a list needs for what no sign says, or NULL. */
static const char *
list_word(const struct filter_test *t)
{
	if (t->op == TEST_ANY && t->nocase && (field_table[t->field].flags & F_NOCASE) == 0)
		return " like ";
	return t->op == TEST_IP && t->field != FIELD_IP ? " within " : NULL;
}

/* FIELD = VALUE, FIELD in NETWORK, FIELD in (VALUE, ...), FIELD like VALUE */
static void
put_list(struct buf *out, const struct filter_test *t, bool negated)
{
	size_t n = value_count(t);
	const char *word = list_word(t);
	bool equal = n == 1 && word == NULL && (t->ranges == 0 || is_one_address(t));

	if (negated && !equal)
		PUT(out, "not ");
	put_selector(out, t);
	if (word != NULL)
		buf_str(out, str_of(word));
	else if (equal && negated)
		PUT(out, " != ");
	else if (equal)
		PUT(out, " = ");
	else
		PUT(out, " in ");
	if (n != 1)
		buf_byte(out, '(');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			PUT(out, ", ");
		put_nth(out, t, i);
	}
	if (n != 1)
		buf_byte(out, ')');
}

/* The path itself and what lies below it, as globs say it. */
static void
put_prefix(struct buf *out, const struct filter_test *t, bool negated)
{
	struct str text = t->pattern[0].text;
	struct buf below = { 0 };

	put_escaped(&below, text, true, false);
	PUT(&below, "/*");
	if (negated && text.len > 0)
		PUT(out, "not ");
	put_selector(out, t);
	if (text.len == 0) {
		buf_str(out, negated ? STR(" != ") : STR(" = "));
		put_value(out, buf_view(&below), false, false);
	} else {
		PUT(out, " in (");
		put_value(out, text, true, false);
		PUT(out, ", ");
		put_value(out, buf_view(&below), false, false);
		if (filter_windows_path(text)) {
			below.len -= 2;
			PUT(&below, "\\\\*");
			PUT(out, ", ");
			put_value(out, buf_view(&below), false, false);
		}
		buf_byte(out, ')');
	}
	buf_fini(&below);
}

static bool
is_one_level(const struct filter_test *t)
{
	return t->op == TEST_LEVEL && t->lo == t->hi;
}

static void
put_level(struct buf *out, const struct filter_test *t, bool negated)
{
	bool from = t->lo > SEVERITY_INFO, to = t->hi < SEVERITY_CRITICAL;

	if (is_one_level(t)) {
		buf_printf(out, "severity %s %s", negated ? "!=" : "=", event_severities[t->lo]);
		return;
	}
	if (from || !to)
		buf_printf(out, "severity >= %s", event_severities[t->lo]);
	if (from && to)
		PUT(out, " and ");
	if (to)
		buf_printf(out, "severity <= %s", event_severities[t->hi]);
}

static void
put_bound(struct buf *out, enum field f, const char *sign, int64_t us)
{
	char text[TIME_TEXT_LEN];

	time_format(text, us);
	put_field(out, f);
	buf_printf(out, " %s ", sign);
	buf_add(out, text, sizeof(text));
}

static bool
is_instant(const struct filter_test *t)
{
	return t->op == TEST_TIME && t->lo > TIME_MIN && t->lo <= TIME_MAX && t->hi == t->lo + 1;
}

/* What lies behind the last time that can be written is told by that time. */
static void
put_time(struct buf *out, const struct filter_test *t, bool negated)
{
	bool from = t->lo > TIME_MIN, to = t->hi < INT64_MAX;

	if (is_instant(t)) {
		put_bound(out, t->field, negated ? "!=" : "=", t->lo);
		return;
	}
	if (from || !to)
		put_bound(out, t->field, t->lo > TIME_MAX ? ">" : ">=", t->lo);
	if (from && to)
		PUT(out, " and ");
	if (to)
		put_bound(out, t->field, t->hi > TIME_MAX ? "<=" : "<", t->hi);
}

static void
put_compare(struct buf *out, const struct filter_test *t)
{
	static const char *const signs[] = {
		[SIGN_LESS] = " < ", [SIGN_LESS_EQUAL] = " <= ",
		[SIGN_GREATER] = " > ", [SIGN_GREATER_EQUAL] = " >= ",
	};

	put_selector(out, t);
	buf_str(out, str_of(signs[t->sign]));
	put_plain(out, t->bound);
}

static void
put_match(struct buf *out, const struct filter_test *t, bool negated)
{
	if (t->op == TEST_LINE)
		PUT(out, "line");
	else
		put_selector(out, t);
	buf_str(out, negated ? STR(" !~ ") : STR(" ~ "));
	put_regex(out, t->text);
}

static void
put_text(struct buf *out, struct str text, bool negated)
{
	buf_str(out, negated ? STR("text != ") : STR("text = "));
	put_plain(out, text);
}

static void
put_same(struct buf *out, const struct filter_test *t)
{
	put_selector(out, t);
	buf_str(out, t->nocase ? STR(" like field(") : STR(" = field("));
	if (t->other != NULL)
		buf_str(out, t->other->text);
	else
		put_field(out, t->other_field);
	buf_byte(out, ')');
}

static void
put_each(struct buf *out, const struct filter_test *t)
{
	PUT(out, "any ");
	put_selector(out, t);
	PUT(out, " (");
	filter_format_node(out, t->each);
	buf_byte(out, ')');
}

/* `negated` only where put_negated says so. */
static void
put_test(struct buf *out, const struct filter_test *t, bool negated)
{
	switch (t->op) {
	case TEST_HAS:
		PUT(out, "has ");
		put_selector(out, t);
		break;
	case TEST_ANY:
	case TEST_IP:
		put_list(out, t, negated);
		break;
	case TEST_PREFIX:
		put_prefix(out, t, negated);
		break;
	case TEST_LEVEL:
		put_level(out, t, negated);
		break;
	case TEST_TIME:
		put_time(out, t, negated);
		break;
	case TEST_COMPARE:
		put_compare(out, t);
		break;
	case TEST_REGEX:
	case TEST_LINE:
		put_match(out, t, negated);
		break;
	case TEST_TEXT:
		put_text(out, t->text, negated);
		break;
	case TEST_SAME:
		put_same(out, t);
		break;
	case TEST_EACH:
		put_each(out, t);
		break;
	}
}

/* ---- nodes ---- */

bool
filter_is_compound(const struct filter_node *n)
{
	const struct filter_test *t = &n->test;

	while (n->op == FILTER_NOT) {
		n = n->child[0];
		t = &n->test;
	}
	if (n->op == FILTER_AND || n->op == FILTER_OR)
		return n->children > 0 && !n->text;
	if (n->op != FILTER_TEST)
		return false;
	if (t->op == TEST_LEVEL)
		return t->lo > SEVERITY_INFO && t->hi < SEVERITY_CRITICAL && !is_one_level(t);
	return t->op == TEST_TIME && t->lo > TIME_MIN && t->hi < INT64_MAX && !is_instant(t);
}

/* A child, in parentheses where it would otherwise come apart. */
static void
put_child(struct buf *out, const struct filter_node *n, enum filter_op parent)
{
	bool wrapped = n->op != FILTER_NOT && filter_is_compound(n) &&
	    !(parent == FILTER_AND && n->op == FILTER_TEST);

	if (wrapped)
		buf_byte(out, '(');
	filter_format_node(out, n);
	if (wrapped)
		buf_byte(out, ')');
}

/* Whether a test has a sign for its opposite, or writes its own `not`. */
static bool
negates_itself(const struct filter_test *t)
{
	switch (t->op) {
	case TEST_ANY:
	case TEST_IP:
	case TEST_PREFIX:
	case TEST_REGEX:
	case TEST_LINE:
	case TEST_TEXT:
		return true;
	case TEST_LEVEL:
		return is_one_level(t);
	case TEST_TIME:
		return is_instant(t);
	case TEST_HAS:
	case TEST_COMPARE:
	case TEST_SAME:
	case TEST_EACH:
		break;
	}
	return false;
}

static void
put_negated(struct buf *out, const struct filter_node *child)
{
	if (child->op == FILTER_TEST && negates_itself(&child->test)) {
		put_test(out, &child->test, true);
	} else if (child->text) {
		put_text(out, child->child[0]->test.text, true);
	} else {
		PUT(out, "not ");
		put_child(out, child, FILTER_NOT);
	}
}

void
filter_format_node(struct buf *out, const struct filter_node *n)
{
	switch (n->op) {
	case FILTER_TRUE:
		PUT(out, "true");
		break;
	case FILTER_AND:
	case FILTER_OR:
		if (n->text) {
			put_text(out, n->child[0]->test.text, false);
			break;
		}
		if (n->children == 0)
			buf_str(out, n->op == FILTER_AND ? STR("true") : STR("not true"));
		for (size_t i = 0; i < n->children; i++) {
			if (i > 0)
				buf_str(out, n->op == FILTER_AND ? STR(" and ") : STR(" or "));
			put_child(out, n->child[i], n->op);
		}
		break;
	case FILTER_NOT:
		put_negated(out, n->child[0]);
		break;
	case FILTER_TEST:
		put_test(out, &n->test, false);
		break;
	}
}

void
filter_format(struct buf *out, const struct filter *f)
{
	filter_format_node(out, f->root);
}
