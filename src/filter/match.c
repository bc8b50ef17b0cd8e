/*
 * match: a filter on an event, a test on a value.
 *
 * A test is asked once for each distinct value of a segment, or once for
 * each event of the tail: nothing here allocates.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "filter/tree.h"

enum { SEARCH_FROM = 8 }; /* more literals than this are searched by halves */

/* str_cmp of a folded literal and a value as it stands. */
static int
compare_folded(struct str literal, struct str value)
{
	size_t n = literal.len < value.len ? literal.len : value.len;

	for (size_t i = 0; i < n; i++) {
		int d = (int)(unsigned char)literal.p[i] - (int)ascii_fold(value.p[i]);

		if (d != 0)
			return d;
	}
	return literal.len == value.len ? 0 : literal.len < value.len ? -1 : 1;
}

/* Literals come first and sorted (value_list_sort). */
static bool
search_literals(const struct filter_test *t, struct str value)
{
	size_t lo = 0, hi = t->literals;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		struct str literal = t->pattern[mid].text;
		int d = t->nocase ? compare_folded(literal, value) : str_cmp(literal, value);

		if (d == 0)
			return true;
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

static bool
test_any(const struct filter_test *t, struct str value)
{
	if (t->literals > SEARCH_FROM) {
		if (search_literals(t, value))
			return true;
	} else {
		for (size_t i = 0; i < t->literals; i++) {
			struct str literal = t->pattern[i].text;

			if (literal.len == value.len &&
			    (t->nocase ? compare_folded(literal, value) == 0 : str_eq(literal, value)))
				return true;
		}
	}
	for (size_t i = t->literals; i < t->patterns; i++) {
		if (filter_glob(t->pattern[i].text, value, t->nocase))
			return true;
	}
	return false;
}

/* The text has no slash at its end; a backslash bounds too where the prefix
 * is a Windows path, that is, has a backslash and no slash. */
static bool
test_prefix(const struct filter_test *t, struct str value)
{
	struct str text = t->pattern[0].text;
	char behind;

	if (value.len < text.len || (text.len > 0 && memcmp(value.p, text.p, text.len) != 0))
		return false;
	if (value.len == text.len)
		return text.len > 0;
	behind = value.p[text.len];
	return behind == '/' || (behind == '\\' && filter_windows_path(text));
}

/* Ranges are sorted and do not overlap. */
static bool
test_ip(const struct filter_test *t, struct str value)
{
	struct ip ip;
	size_t lo = 0, hi = t->ranges;

	if (ip_parse(value.p, value.len, &ip)) {
		while (lo < hi) {
			size_t mid = lo + (hi - lo) / 2;

			if (ip_in_range(&ip, &t->range[mid]))
				return true;
			if (filter_ip_cmp(&t->range[mid].last, &ip) < 0)
				lo = mid + 1;
			else
				hi = mid;
		}
	}
	return test_any(t, value);
}

bool
filter_test_value(const struct filter_test *t, struct str value, struct filter_scratch *x)
{
	int level;

	switch (t->op) {
	case TEST_HAS:
		return true;
	case TEST_ANY:
		return test_any(t, value);
	case TEST_PREFIX:
		return test_prefix(t, value);
	case TEST_IP:
		return test_ip(t, value);
	case TEST_LEVEL:
		level = event_severity(value);
		return level >= 0 && level >= t->lo && level <= t->hi;
	case TEST_TIME:
	case TEST_COMPARE:
	case TEST_REGEX:
	case TEST_TEXT:
	case TEST_LINE:
		break;
	}
	(void)x;
	return false;
}

static bool
test_event(const struct filter_test *t, const struct event *ev, struct filter_scratch *x)
{
	if (!event_has(ev, t->field))
		return false;
	if (t->op == TEST_TIME) {
		int64_t us = t->field == FIELD_TIME ? ev->time : ev->ingested;

		return us >= t->lo && us < t->hi;
	}
	return t->op == TEST_HAS || filter_test_value(t, ev->v[t->field], x);
}

static bool
match_node(const struct filter_node *n, const struct event *ev, struct filter_scratch *x)
{
	switch (n->op) {
	case FILTER_TRUE:
		return true;
	case FILTER_AND:
		for (size_t i = 0; i < n->children; i++) {
			if (!match_node(n->child[i], ev, x))
				return false;
		}
		return true;
	case FILTER_OR:
		for (size_t i = 0; i < n->children; i++) {
			if (match_node(n->child[i], ev, x))
				return true;
		}
		return false;
	case FILTER_NOT:
		return !match_node(n->child[0], ev, x);
	case FILTER_TEST:
		return test_event(&n->test, ev, x);
	}
	return false;
}

struct filter_scratch {
	struct selector_scratch path;
};

struct filter_scratch *
filter_scratch_new(void)
{
	return mem_zero(1, sizeof(struct filter_scratch));
}

void
filter_scratch_free(struct filter_scratch *x)
{
	if (x == NULL)
		return;
	selector_scratch_fini(&x->path);
	free(x);
}

bool
filter_match(const struct filter *f, const struct event *ev, struct filter_scratch *x)
{
	return match_node(f->root, ev, x);
}
