/*
 * match: a filter on an event, a test on a value.
 *
 * A test is asked once for each distinct value of a segment, or once for
 * each event of the tail: nothing here allocates but the scratch, which grows
 * to what the largest payload needed.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "filter/scratch.h"

enum { SEARCH_FROM = 8 }; /* more literals than this are searched by halves */

int
filter_cmp_folded(struct str literal, struct str value)
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
		int d = t->nocase ? filter_cmp_folded(literal, value) : str_cmp(literal, value);

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
			    (t->nocase ? filter_cmp_folded(literal, value) == 0 : str_eq(literal, value)))
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

	if (ip_may_begin(&t->begin, value.p, value.len) && ip_parse(value.p, value.len, &ip)) {
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

/*
 * In the canonical text of a payload characters are escaped: what was typed
 * may stand there with its backslashes, or in one of the strings without.
 */
static bool
test_payload_text(const struct filter_test *t, struct str json, struct filter_scratch *x)
{
	struct json_error fault;
	bool found = filter_regex_match(t->regex, json, x);

	if (found || !t->escapes || memchr(json.p, '\\', json.len) == NULL ||
	    json_scan_limit(&x->tape, json.p, json.len, JSON_STORED_MAX, &fault) != 0)
		return found;
	arena_reset(&x->arena);
	for (size_t i = 0; !found && i < x->tape.n; i++) {
		const struct json_token *tok = &x->tape.tok[i];

		if (tok->type == TOKEN_STRING && (tok->flags & JSON_ESCAPED) != 0)
			found = filter_regex_match(t->regex, json_unescape(&x->tape, tok, &x->arena), x);
	}
	return found;
}

/* ---- two fields ---- */

/* The values at a path, or the one value of the field. */
static const struct selected *
values_at(const struct selector *path, struct str value, struct selector_scratch *x, struct selected *one, size_t *n)
{
	if (path == NULL) {
		one->text = value;
		*n = 1;
		return one;
	}
	selector_values(path, value, x, NULL);
	*n = x->n;
	return x->value;
}

bool
filter_test_same(const struct filter_test *t, struct str value, struct str other, struct filter_scratch *x)
{
	struct selected one, another;
	const struct selected *a, *b;
	size_t n, m;

	a = values_at(t->path, value, &x->path, &one, &n);
	b = values_at(t->other, other, &x->other, &another, &m);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < m; k++)
			if (t->nocase ? str_eq_nocase(a[i].text, b[k].text) : str_eq(a[i].text, b[k].text))
				return true;
	return false;
}

/* ---- elements of a list ---- */

/* An expression on one element, whose tests all are of its text. */
static bool
match_element(const struct filter_node *n, struct str json, struct filter_scratch *x)
{
	switch (n->op) {
	case FILTER_TRUE:
		return true;
	case FILTER_AND:
	case FILTER_OR:
		for (size_t i = 0; i < n->children; i++)
			if (match_element(n->child[i], json, x) == (n->op == FILTER_OR))
				return n->op == FILTER_OR;
		return n->op == FILTER_AND;
	case FILTER_NOT:
		return !match_element(n->child[0], json, x);
	case FILTER_TEST:
		if (n->test.op == TEST_SAME)
			return filter_test_same(&n->test, json, json, x);
		return filter_test_value(&n->test, json, x);
	}
	return false;
}

static bool
test_each(const struct filter_test *t, struct str value, struct filter_scratch *x)
{
	struct selector whole = selector_field(t->field);

	selector_values(t->path ? t->path : &whole, value, &x->elements, NULL);
	for (size_t i = 0; i < x->elements.n; i++) { /* an empty list is told as itself */
		const struct selected *v = &x->elements.value[i];

		if (v->type != TOKEN_ARRAY && match_element(t->each, v->json, x))
			return true;
	}
	return false;
}

/* ---- values ---- */

/* A value of the field itself, or one that the path led to. */
static bool
test_one(const struct filter_test *t, struct str value, struct filter_scratch *x)
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
	case TEST_COMPARE:
		return filter_compare(t, value);
	case TEST_REGEX:
		return filter_regex_match(t->regex, value, x);
	case TEST_TEXT:
		if (field_table[t->field].type == FIELD_JSON)
			return test_payload_text(t, value, x);
		return filter_regex_match(t->regex, value, x);
	case TEST_TIME:
	case TEST_LINE:
	case TEST_SAME:
	case TEST_EACH:
		break;
	}
	return false;
}

/* None of the texts is there, of which every payload that passes has one: most
 * payloads need not be read as JSON. */
static bool
lacks_need(const struct filter_need *need, struct str json)
{
	if (need->texts == 0 || need->nocase)
		return false;
	for (size_t i = 0; i < need->texts; i++) {
		if (memmem(json.p, json.len, need->text[i].p, need->text[i].len) != NULL)
			return false;
	}
	return true;
}

bool
filter_test_value(const struct filter_test *t, struct str value, struct filter_scratch *x)
{
	if (t->path == NULL && t->op != TEST_EACH)
		return test_one(t, value, x);
	if (lacks_need(&t->need, value))
		return false;
	if (t->op == TEST_EACH)
		return test_each(t, value, x);
	selector_values(t->path, value, &x->path, NULL);
	for (size_t i = 0; i < x->path.n; i++) {
		if (test_one(t, x->path.value[i].text, x))
			return true;
	}
	return false;
}

bool
filter_test_line(const struct filter_test *t, struct str line, struct filter_scratch *x)
{
	return filter_regex_match(t->regex, line, x);
}

/* The line is made once for all tests of it. */
static bool
test_event_line(const struct filter_test *t, const struct event *ev, struct filter_scratch *x)
{
	if (!x->has_line) {
		buf_reset(&x->line);
		event_format(&x->line, ev);
		x->has_line = true;
	}
	return filter_test_line(t, buf_view(&x->line), x);
}

static bool
test_event(const struct filter_test *t, const struct event *ev, struct filter_scratch *x)
{
	if (t->op == TEST_LINE)
		return test_event_line(t, ev, x);
	if (!event_has(ev, t->field))
		return false;
	if (t->op == TEST_TIME) {
		int64_t us = t->field == FIELD_TIME ? ev->time : ev->ingested;

		return us >= t->lo && us < t->hi;
	}
	if (field_table[t->field].type == FIELD_TIMESTAMP)
		return t->op == TEST_HAS;
	if (t->op == TEST_SAME)
		return event_has(ev, t->other_field) &&
		    filter_test_same(t, ev->v[t->field], ev->v[t->other_field], x);
	return filter_test_value(t, ev->v[t->field], x);
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
	selector_scratch_fini(&x->other);
	selector_scratch_fini(&x->elements);
	json_tape_fini(&x->tape);
	arena_fini(&x->arena);
	buf_fini(&x->line);
	filter_regex_memory_free(x->regex);
	free(x);
}

bool
filter_match(const struct filter *f, const struct event *ev, struct filter_scratch *x)
{
	x->has_line = false;
	return match_node(f->root, ev, x);
}
