/*
 * compare: SELECTOR < BOUND and its like.
 *
 *     duration_ms > 250.5   status >= 500   context.replicas < 3
 *     severity >= warning   time >= -7d     ip <= 10.0.0.99
 *
 * Numbers are never converted: they are compared digit by digit, so that
 * 9007199254740993 is more than 9007199254740992 and 1e3 is 1000.00.
 */
#include <stdlib.h>

#include "filter/scratch.h"

/* ---- numbers ---- */

/* Beyond this power of ten numbers of one sign are taken to be equal. */
#define EXPONENT_MAX INT64_C(100000000000000000)

/* 0.d1 d2 d3 ... times ten to the power. */
struct decimal {
	bool negative, zero;
	int64_t power;
	struct str digits; /* from the first that is not 0; a point may be among them */
};

static size_t
skip_digits(struct str s, size_t i)
{
	while (i < s.len && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return i;
}

/* The exponent from i on; false when digits are missing or something follows. */
static bool
read_exponent(struct str s, size_t i, int64_t *out)
{
	bool negative = false;
	size_t end;

	if (i < s.len && (s.p[i] == '+' || s.p[i] == '-'))
		negative = s.p[i++] == '-';
	end = skip_digits(s, i);
	if (end == i || end < s.len)
		return false;
	for (*out = 0; i < end && *out < EXPONENT_MAX; i++)
		*out = *out * 10 + (s.p[i] - '0');
	if (*out > EXPONENT_MAX)
		*out = EXPONENT_MAX;
	if (negative)
		*out = -*out;
	return true;
}

/* A JSON number (RFC 8259, section 6) and nothing else. */
static bool
read_decimal(struct str s, struct decimal *d)
{
	size_t i = s.len > 0 && s.p[0] == '-', whole = i, point, end, first;
	int64_t exponent = 0;

	point = end = skip_digits(s, whole);
	if (point == whole || (s.p[whole] == '0' && point > whole + 1))
		return false;
	if (end < s.len && s.p[end] == '.' && (end = skip_digits(s, point + 1)) == point + 1)
		return false;
	if (end < s.len && ((s.p[end] | 0x20) != 'e' || !read_exponent(s, end + 1, &exponent)))
		return false;
	for (first = whole; first < end && (s.p[first] == '0' || s.p[first] == '.'); first++)
		;
	*d = (struct decimal){ .negative = i == 1, .zero = first == end,
		.digits = { s.p + first, end - first } };
	/* Digits are far fewer than an int64_t can count. */
	d->power = exponent + (first < point ? (int64_t)(point - first) : -(int64_t)(first - point - 1));
	return true;
}

/* The digit at *i, 0 behind the end; moves *i. */
static char
next_digit(struct str digits, size_t *i)
{
	if (*i < digits.len && digits.p[*i] == '.')
		(*i)++;
	return *i < digits.len ? digits.p[(*i)++] : '0';
}

/* Neither is zero; signs aside. */
static int
compare_magnitude(const struct decimal *a, const struct decimal *b)
{
	size_t i = 0, k = 0;

	if (a->power != b->power)
		return a->power < b->power ? -1 : 1;
	while (i < a->digits.len || k < b->digits.len) {
		int d = next_digit(a->digits, &i) - next_digit(b->digits, &k);

		if (d != 0)
			return d;
	}
	return 0;
}

static int
compare_decimals(const struct decimal *a, const struct decimal *b)
{
	int sign_a = a->zero ? 0 : a->negative ? -1 : 1;
	int sign_b = b->zero ? 0 : b->negative ? -1 : 1;

	if (sign_a != sign_b)
		return sign_a - sign_b;
	return sign_a == 0 ? 0 : sign_a * compare_magnitude(a, b);
}

/* The order of two JSON numbers, exact whatever their length; false when one
 * of the texts is no JSON number. */
static bool
number_cmp(struct str a, struct str b, int *order)
{
	struct decimal x, y;

	if (!read_decimal(a, &x) || !read_decimal(b, &y))
		return false;
	*order = compare_decimals(&x, &y);
	return true;
}

static bool
is_number(struct str s)
{
	struct decimal d;

	return read_decimal(s, &d);
}

/* ---- one value ---- */

static bool
in_order(enum filter_sign sign, int order)
{
	switch (sign) {
	case SIGN_LESS:
		return order < 0;
	case SIGN_LESS_EQUAL:
		return order <= 0;
	case SIGN_GREATER:
		return order > 0;
	case SIGN_GREATER_EQUAL:
		return order >= 0;
	}
	return false;
}

bool
filter_compare(const struct filter_test *t, struct str value)
{
	struct ip ip;
	int order;

	if (t->ranges > 0) {
		if (!ip_parse(value.p, value.len, &ip))
			return false;
		order = filter_ip_cmp(&ip, &t->range[0].first);
	} else if (t->number) {
		if (!number_cmp(value, t->bound, &order))
			return false;
	} else
		order = t->nocase ? -filter_cmp_folded(t->bound, value) : str_cmp(value, t->bound);
	return in_order(t->sign, order);
}

/* ---- nodes ---- */

static struct filter_node *
never(struct filter *f)
{
	struct node_list none = { 0 };

	return filter_node_join(f, FILTER_OR, &none);
}

/* A day, month or year is all of it: time <= 2026-04 has the whole of April,
 * time > 2026-04 nothing of it. */
static struct filter_node *
compare_time(struct filter *f, struct filter_test *t, struct str bound, int64_t now, struct err *e)
{
	const char *text = arena_copy(&f->arena, bound.p, bound.len);
	int64_t start, end;

	if (time_parse_expr(text, now, TIME_START, &start, e) != 0 ||
	    time_parse_expr(text, now, TIME_END, &end, e) != 0)
		return NULL;
	if (end == start)
		end = start + 1;
	t->op = TEST_TIME;
	t->lo = TIME_MIN;
	t->hi = INT64_MAX;
	switch (t->sign) {
	case SIGN_LESS:
		t->hi = start;
		break;
	case SIGN_LESS_EQUAL:
		t->hi = end;
		break;
	case SIGN_GREATER:
		t->lo = end;
		break;
	case SIGN_GREATER_EQUAL:
		t->lo = start;
		break;
	}
	t->sign = 0;
	return filter_node_test(f, t);
}

static struct filter_node *
compare_level(struct filter *f, struct filter_test *t, struct str bound, struct err *e)
{
	struct filter_pattern word = { .text = { arena_copy(&f->arena, bound.p, bound.len), bound.len } };
	int level;

	if (filter_known_word(FIELD_SEVERITY, &word, e) != 0)
		return NULL;
	level = event_severity(word.text);
	t->op = TEST_LEVEL;
	t->nocase = true;
	t->lo = SEVERITY_INFO;
	t->hi = SEVERITY_CRITICAL;
	if (t->sign == SIGN_LESS || t->sign == SIGN_LESS_EQUAL)
		t->hi = t->sign == SIGN_LESS ? level - 1 : level;
	else
		t->lo = t->sign == SIGN_GREATER ? level + 1 : level;
	t->sign = 0;
	return t->lo > t->hi ? never(f) : filter_node_test(f, t);
}

static int
read_ip_bound(struct filter *f, struct filter_test *t, struct str bound, struct err *e)
{
	char text[IP_TEXT_MAX];
	struct ip ip;

	if (!ip_parse(bound.p, bound.len, &ip))
		return err_set(e, ERR_FAIL, "'%.60s' is no address", bound.p);
	t->range = arena_alloc(&f->arena, sizeof(*t->range));
	*t->range = (struct ip_range){ ip, ip };
	t->ranges = 1;
	t->bound.len = ip_format(&ip, text);
	t->bound.p = arena_copy(&f->arena, text, t->bound.len);
	return 0;
}

/* What is compared as a number, as an address or byte by byte. */
static int
read_bound(struct filter *f, struct filter_test *t, struct err *e)
{
	const struct field_info *info = &field_table[t->field];
	char *bytes = arena_copy(&f->arena, t->bound.p, t->bound.len);

	t->bound.p = bytes;
	if (info->type == FIELD_JSON && t->path == NULL)
		return err_set(e, ERR_FAIL, "%s as a whole has no order; name a place inside it (%s.KEY)",
		    info->key, info->key);
	if ((info->flags & F_ENUM) != 0)
		return err_set(e, ERR_FAIL, "%s has no order; ask for = or !=", info->key);
	if (t->field == FIELD_IP)
		return read_ip_bound(f, t, t->bound, e);
	t->number = is_number(t->bound);
	if (!t->number && (info->type == FIELD_INTEGER || info->type == FIELD_NUMBER))
		return err_set(e, ERR_FAIL, "'%.60s' is no number", t->bound.p);
	t->nocase = (info->flags & F_NOCASE) != 0;
	for (size_t i = 0; t->nocase && i < t->bound.len; i++)
		bytes[i] = (char)ascii_fold(bytes[i]);
	return 0;
}

struct filter_node *
filter_node_compare(struct filter *f, const struct selector *s, enum filter_sign sign, struct str bound,
    int64_t now, struct err *e)
{
	struct filter_test t = { .op = TEST_COMPARE, .field = s->field, .path = filter_keep_path(f, s),
		.sign = sign, .bound = bound };

	if (bound.len == 0 || bound.len > FILTER_VALUE_MAX) {
		err_set(e, ERR_FAIL, bound.len == 0 ? "the bound is empty" : "the bound is too long");
		return NULL;
	}
	if (field_table[s->field].type == FIELD_TIMESTAMP) {
		t.bound = (struct str){ 0 };
		return compare_time(f, &t, bound, now, e);
	}
	if (s->field == FIELD_SEVERITY) {
		t.bound = (struct str){ 0 };
		return compare_level(f, &t, bound, e);
	}
	if (read_bound(f, &t, e) != 0)
		return NULL;
	return filter_node_test(f, &t);
}
