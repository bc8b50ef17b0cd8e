/*
 * format: the canonical expression of a filter, in the grammar of --where.
 *
 *     time >= 2026-01-01T00:00:00.000000Z and action in (login, "a b", share.*)
 *     and ip in 10.0.0.0/8 and not outcome = success
 *
 * Values are bare when nothing in them could be taken for grammar, else
 * quoted.  Quoted or bare, * and ? are wildcards and a backslash makes them
 * literal.
 */
#include "filter/tree.h"

#define PUT(out, literal) buf_str((out), STR(literal))

static void
put_field(struct buf *out, enum field f)
{
	buf_add(out, field_table[f].key, field_table[f].key_len);
}

/* ---- values ---- */

static bool
is_bare(struct str s)
{
	static const char *const keywords[] = { "and", "or", "not", "in", "has", "true", "false" };

	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
			continue;
		if (c == '\0' || strchr("_-./:@+%*?\\", c) == NULL)
			return false;
	}
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (str_eq_nocase(s, str_of(keywords[i])))
			return false;
	}
	return s.len > 0;
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

/* ---- addresses ---- */

/* How many leading bits the two have in common. */
static unsigned
common_bits(const uint8_t *a, const uint8_t *b, unsigned bytes)
{
	unsigned i = 0;

	while (i < bytes && a[i] == b[i])
		i++;
	return i == bytes ? 8 * bytes : 8 * i + (unsigned)__builtin_clz((unsigned)(a[i] ^ b[i])) - 24;
}

static void
put_ip(struct buf *out, const struct ip *ip)
{
	char text[IP_TEXT_MAX];

	buf_add(out, text, ip_format(ip, text));
}

/* Whether behind the first `bits` bits one is all 0 and the other all 1. */
static bool
is_network(const uint8_t *first, const uint8_t *last, unsigned bits, unsigned bytes)
{
	for (unsigned i = bits; i < 8 * bytes; i++) {
		unsigned mask = 0x80u >> (i % 8);

		if ((first[i / 8] & mask) != 0 || (last[i / 8] & mask) == 0)
			return false;
	}
	return true;
}

/* 10.0.0.7, 10.0.0.0/8 or, where the bounds are no network's, A-B. */
static void
put_range(struct buf *out, const struct ip_range *r)
{
	unsigned bytes = r->first.v6 ? 16 : 4;
	const uint8_t *first = r->first.b, *last = r->last.b;
	unsigned bits = common_bits(first, last, bytes);

	put_ip(out, &r->first);
	if (bits == 8 * bytes)
		return;
	if (is_network(first, last, bits, bytes)) {
		buf_printf(out, "/%u", bits);
	} else {
		buf_byte(out, '-');
		put_ip(out, &r->last);
	}
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
		put_range(out, &t->range[i]);
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

/* FIELD = VALUE, FIELD in NETWORK, FIELD in (VALUE, ...) */
static void
put_list(struct buf *out, const struct filter_test *t, bool negated)
{
	size_t n = value_count(t);
	bool equal = n == 1 && (t->ranges == 0 || is_one_address(t));

	if (negated && !equal)
		PUT(out, "not ");
	put_field(out, t->field);
	if (equal && negated)
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
put_prefix(struct buf *out, const struct filter_test *t)
{
	struct str text = t->pattern[0].text;
	struct buf below = { 0 };

	put_escaped(&below, text, true, false);
	PUT(&below, "/*");
	put_field(out, t->field);
	if (text.len == 0) {
		PUT(out, " = ");
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

static void
put_level(struct buf *out, const struct filter_test *t)
{
	if (t->lo == t->hi) {
		buf_printf(out, "severity = %s", event_severities[t->lo]);
		return;
	}
	if (t->lo > SEVERITY_INFO || t->hi == SEVERITY_COUNT - 1)
		buf_printf(out, "severity >= %s", event_severities[t->lo]);
	if (t->lo > SEVERITY_INFO && t->hi < SEVERITY_COUNT - 1)
		PUT(out, " and ");
	if (t->hi < SEVERITY_COUNT - 1)
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

static void
put_time(struct buf *out, const struct filter_test *t)
{
	bool from = t->lo > TIME_MIN, to = t->hi < INT64_MAX;

	if (from && to && t->hi == t->lo + 1) {
		put_bound(out, t->field, "=", t->lo);
		return;
	}
	if (from || !to)
		put_bound(out, t->field, ">=", t->lo);
	if (from && to)
		PUT(out, " and ");
	if (to)
		put_bound(out, t->field, "<", t->hi);
}

static void
put_test(struct buf *out, const struct filter_test *t)
{
	switch (t->op) {
	case TEST_HAS:
		PUT(out, "has ");
		put_field(out, t->field);
		break;
	case TEST_ANY:
	case TEST_IP:
		put_list(out, t, false);
		break;
	case TEST_PREFIX:
		put_prefix(out, t);
		break;
	case TEST_LEVEL:
		put_level(out, t);
		break;
	case TEST_TIME:
		put_time(out, t);
		break;
	case TEST_COMPARE:
	case TEST_REGEX:
	case TEST_TEXT:
	case TEST_LINE:
		break;
	}
}

/* ---- nodes ---- */

/* Whether the text has an `and` or `or` at its top. */
static bool
is_compound(const struct filter_node *n)
{
	if (n->op == FILTER_AND || n->op == FILTER_OR)
		return n->children > 0;
	if (n->op != FILTER_TEST)
		return false;
	if (n->test.op == TEST_LEVEL)
		return n->test.lo > SEVERITY_INFO && n->test.hi < SEVERITY_COUNT - 1 && n->test.lo != n->test.hi;
	return n->test.op == TEST_TIME && n->test.lo > TIME_MIN && n->test.hi < INT64_MAX &&
	    n->test.hi != n->test.lo + 1;
}

/* A child, in parentheses where it would otherwise come apart. */
static void
put_child(struct buf *out, const struct filter_node *n, enum filter_op parent)
{
	bool wrapped = is_compound(n) && !(parent == FILTER_AND && n->op == FILTER_TEST);

	if (wrapped)
		buf_byte(out, '(');
	filter_format_node(out, n);
	if (wrapped)
		buf_byte(out, ')');
}

static void
put_not(struct buf *out, const struct filter_node *child)
{
	if (child->op == FILTER_TEST && (child->test.op == TEST_ANY || child->test.op == TEST_IP)) {
		put_list(out, &child->test, true);
		return;
	}
	PUT(out, "not ");
	put_child(out, child, FILTER_NOT);
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
		if (n->children == 0)
			buf_str(out, n->op == FILTER_AND ? STR("true") : STR("not true"));
		for (size_t i = 0; i < n->children; i++) {
			if (i > 0)
				buf_str(out, n->op == FILTER_AND ? STR(" and ") : STR(" or "));
			put_child(out, n->child[i], n->op);
		}
		break;
	case FILTER_NOT:
		put_not(out, n->child[0]);
		break;
	case FILTER_TEST:
		put_test(out, &n->test);
		break;
	}
}

void
filter_format(struct buf *out, const struct filter *f)
{
	filter_format_node(out, f->root);
}
