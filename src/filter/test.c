/*
 * test: "FIELD is one of these values" into a node, by the field's own rules.
 *
 *     ip        addresses, networks and ranges; what is none is compared as text
 *     severity, outcome   any word the event reader knows, told in its own
 *     time, ingested      one instant, or its mere presence
 *     others    text; inside the payload the text of strings, the token of
 *               numbers, true and false, the canonical JSON of the rest
 */
#include <stdlib.h>

#include "filter/tree.h"

/* Puts the list into the test, in the filter's arena. */
static void
take_patterns(struct filter *f, struct filter_test *t, struct value_list *l)
{
	value_list_sort(l);
	t->patterns = l->n;
	t->literals = l->literals;
	if (l->n == 0)
		return;
	t->pattern = arena_alloc(&f->arena, l->n * sizeof(*t->pattern));
	memcpy(t->pattern, l->item, l->n * sizeof(*t->pattern));
}

/* A lone * among the values: whatever else is there, presence is enough. */
static bool
any_value_will_do(const struct value_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->item[i].glob && str_eq(l->item[i].text, STR("*")))
			return true;
	}
	return false;
}

/* ---- closed lists of words ---- */

/* What people say for a word, and what is meant. */
int
filter_known_word(enum field field, struct filter_pattern *p, struct err *e)
{
	bool severity = field == FIELD_SEVERITY;
	const char *const *names = severity ? event_severities : event_outcomes;
	size_t n = severity ? (size_t)SEVERITY_COUNT : (size_t)OUTCOME_COUNT;
	int i = severity ? event_severity(p->text) : event_outcome(p->text);
	const char *hint;

	if (i >= 0) {
		p->text = str_of(names[i]);
		return 0;
	}
	hint = nearest_name(p->text.p, names, n);
	if (hint != NULL)
		return err_set(e, ERR_FAIL, "no %s is called '%.60s'; did you mean '%s'?",
		    field_table[field].key, p->text.p, hint);
	if (severity)
		return err_set(e, ERR_FAIL, "no severity is called '%.60s': info, warning, error or critical",
		    p->text.p);
	return err_set(e, ERR_FAIL, "no outcome is called '%.60s': success, failure or unknown", p->text.p);
}

static int
know_words(enum field field, struct value_list *l, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!l->item[i].glob && filter_known_word(field, &l->item[i], e) != 0)
			return -1;
	}
	return 0;
}

/* ---- addresses ---- */

static int
compare_ranges(const void *a, const void *b)
{
	const struct ip_range *x = a, *y = b;
	int d = filter_ip_cmp(&x->first, &y->first);

	return d != 0 ? d : filter_ip_cmp(&x->last, &y->last);
}

/* Sorts, and makes one of those that overlap. */
static size_t
merge_ranges(struct ip_range *r, size_t n)
{
	size_t kept = 0;

	if (n > 1)
		qsort(r, n, sizeof(*r), compare_ranges);
	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && filter_ip_cmp(&r[i].first, &r[kept - 1].last) <= 0) {
			if (filter_ip_cmp(&r[i].last, &r[kept - 1].last) > 0)
				r[kept - 1].last = r[i].last;
			continue;
		}
		r[kept++] = r[i];
	}
	return kept;
}

/* 10.0.0.0/33 or 10.0.0.9-10.0.0.1: meant as a network or range, but none.
 * Compared as text it would find nothing, in silence. */
static bool
failed_range(struct str s)
{
	bool joined = false;

	if (s.len == 0 || memchr("0123456789abcdefABCDEF:", s.p[0], 23) == NULL)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (memchr("0123456789abcdefABCDEF.:/-", s.p[i], 26) == NULL)
			return false;
		joined |= s.p[i] == '/' || s.p[i] == '-';
	}
	return joined && (memchr(s.p, '.', s.len) != NULL || memchr(s.p, ':', s.len) != NULL);
}

/* Takes the addresses out of the list into the test. */
static int
take_ranges(struct filter *f, struct filter_test *t, struct value_list *l, struct err *e)
{
	size_t kept = 0;

	t->range = arena_alloc(&f->arena, (l->n + 1) * sizeof(*t->range));
	for (size_t i = 0; i < l->n; i++) {
		struct filter_pattern *p = &l->item[i];

		if (!p->glob && ip_range_parse(p->text.p, p->text.len, &t->range[t->ranges])) {
			t->ranges++;
		} else if (!p->glob && failed_range(p->text)) {
			return err_set(e, ERR_FAIL,
			    "'%.60s' is no address, network (10.0.0.0/8) or range (10.0.0.1-10.0.0.9)", p->text.p);
		} else {
			l->item[kept++] = *p;
		}
	}
	l->n = kept;
	t->ranges = merge_ranges(t->range, t->ranges);
	for (size_t i = 0; i < t->ranges; i++)
		ip_beginnings_add(&t->begin, &t->range[i]);
	return 0;
}

/* ---- instants ---- */

static int
instant(enum field field, const struct filter_pattern *p, struct filter_test *t, struct err *e)
{
	bool inexact;

	if (p->glob || time_parse(p->text.p, p->text.len, &t->lo, &inexact) != 0)
		return err_set(e, ERR_FAIL,
		    "%s=TIME takes one instant such as 2026-04-22T14:30:05.25Z; for a span use --since and --until%s",
		    field_table[field].key, field == FIELD_INGESTED ? " with --by ingested" : "");
	t->hi = t->lo + 1;
	return 0;
}

static struct filter_node *
instants(struct filter *f, enum field field, const struct value_list *l, struct err *e)
{
	struct node_list any = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		struct filter_test t = { .op = TEST_TIME, .field = field };

		if (instant(field, &l->item[i], &t, e) != 0) {
			node_list_fini(&any);
			return NULL;
		}
		node_list_add(&any, filter_node_test(f, &t));
	}
	return filter_node_join(f, FILTER_OR, &any);
}

struct filter_node *
filter_node_has(struct filter *f, const struct selector *s)
{
	return filter_node_test(f, &(struct filter_test){ .op = TEST_HAS, .field = s->field,
	    .path = filter_keep_path(f, s) });
}

struct filter_node *
filter_node_values(struct filter *f, const struct selector *sel, struct value_list *l, struct err *e)
{
	enum field field = sel->field;
	const struct field_info *info = &field_table[field];
	struct filter_test t = { .op = TEST_ANY, .field = field, .path = filter_keep_path(f, sel),
		.nocase = (info->flags & F_NOCASE) != 0 };
	struct filter_node *n = NULL;

	if (any_value_will_do(l)) {
		n = filter_node_has(f, sel);
		goto out;
	} else if (info->type == FIELD_TIMESTAMP) {
		n = instants(f, field, l, e);
		goto out;
	} else if ((info->flags & F_ENUM) != 0) {
		if (know_words(field, l, e) != 0)
			goto out;
		take_patterns(f, &t, l);
	} else {
		if (field == FIELD_IP && take_ranges(f, &t, l, e) != 0)
			goto out;
		if (t.ranges > 0)
			t.op = TEST_IP;
		take_patterns(f, &t, l);
	}
	n = filter_node_test(f, &t);
out:
	value_list_fini(l);
	return n;
}

/* Of a closed list of words: texts that are none of them match nothing. */
static void
drop_unknown_words(enum field field, struct value_list *l)
{
	const char *const *names = field == FIELD_SEVERITY ? event_severities : event_outcomes;
	size_t n = field == FIELD_SEVERITY ? (size_t)SEVERITY_COUNT : (size_t)OUTCOME_COUNT, kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		bool known = l->item[i].glob;

		for (size_t k = 0; k < n && !known; k++)
			known = str_eq_nocase(l->item[i].text, str_of(names[k]));
		if (known)
			l->item[kept++] = l->item[i];
	}
	l->n = kept;
}

struct filter_node *
filter_node_like(struct filter *f, const struct selector *sel, struct value_list *l, struct err *e)
{
	const struct field_info *info = &field_table[sel->field];
	struct filter_test t = { .op = TEST_ANY, .field = sel->field, .path = filter_keep_path(f, sel),
		.nocase = true };
	struct filter_node *n = NULL;

	if ((info->flags & F_ENUM) != 0)
		drop_unknown_words(sel->field, l);
	if (info->type == FIELD_TIMESTAMP) {
		err_set(e, ERR_FAIL, "%s is a time, no text; ask for =, < and >=", info->key);
	} else if (any_value_will_do(l)) {
		n = filter_node_has(f, sel);
	} else if (l->n == 0) {
		struct node_list none = { 0 };

		n = filter_node_join(f, FILTER_OR, &none);
	} else {
		take_patterns(f, &t, l);
		n = filter_node_test(f, &t);
	}
	value_list_fini(l);
	return n;
}

struct filter_node *
filter_node_within(struct filter *f, const struct selector *sel, struct value_list *l, struct err *e)
{
	const struct field_info *info = &field_table[sel->field];
	struct filter_test t = { .op = TEST_IP, .field = sel->field, .path = filter_keep_path(f, sel) };
	struct filter_node *n = NULL;

	if (info->type == FIELD_TIMESTAMP || (info->type == FIELD_JSON && t.path == NULL))
		err_set(e, ERR_FAIL, "%s has no addresses%s", info->key,
		    info->type == FIELD_JSON ? "; name a place inside it" : "");
	else if (take_ranges(f, &t, l, e) == 0) {
		if (l->n == 0)
			n = filter_node_test(f, &t);
		else
			err_set(e, ERR_FAIL, "'%.60s' is no address, network (10.0.0.0/8) or range (10.0.0.1-10.0.0.9)",
			    l->item[0].text.p);
	}
	value_list_fini(l);
	return n;
}

struct filter_node *
filter_node_same(struct filter *f, const struct selector *sel, const struct selector *other, bool nocase,
    struct err *e)
{
	struct filter_test t = { .op = TEST_SAME, .field = sel->field, .path = filter_keep_path(f, sel),
		.other_field = other->field, .other = filter_keep_path(f, other), .nocase = nocase };

	if (field_table[sel->field].type == FIELD_TIMESTAMP || field_table[other->field].type == FIELD_TIMESTAMP) {
		err_set(e, ERR_FAIL, "a time is compared with no other field");
		return NULL;
	}
	return filter_node_test(f, &t);
}

struct filter_node *
filter_node_each(struct filter *f, const struct selector *sel, struct filter_node *each)
{
	return filter_node_test(f, &(struct filter_test){ .op = TEST_EACH, .field = sel->field,
	    .path = filter_keep_path(f, sel), .each = each });
}
