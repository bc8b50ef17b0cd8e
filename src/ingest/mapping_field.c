/*
 * mapping_field: the fields of one event, by the rules of a mapping.
 *
 * The rules of a field are tried in their order; the first that gives a value
 * fills it.  A field that has the whole of a scalar takes it out of the
 * context; one that has a part of it, or another word for it, leaves it there.
 *
 * In: what the paths of a mapping are in a record.   Out: an event.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "ingest/mapping_tree.h"

#define DETAIL_MAX 80 /* bytes of a record that a message may quote */

static const char *
quote_detail(struct arena *a, struct str s)
{
	return arena_copy(a, s.p, s.len <= DETAIL_MAX ? s.len : utf8_valid_prefix(s.p, DETAIL_MAX));
}

/* ---- the value of a rule ---- */

/* What a rule gave, and the nodes that are in it whole. */
struct given {
	struct str text;
	uint32_t node;  /* 0: all of the rule's parts */
	bool whole;
};

static bool
join(struct mapping_run *run, const struct rule *rule, struct given *g, struct arena *a)
{
	struct str *s = arena_alloc(&run->scratch, rule->n_part * sizeof(*s));
	size_t len = 0;
	char *o;

	for (size_t i = 0; i < rule->n_part; i++) {
		s[i] = rule->part[i].node != 0 ? mapping_run_text(run, rule->part[i].node) : rule->part[i].text;
		if (s[i].p == NULL)
			return false;
		len += s[i].len;
	}
	g->text = rule->n_part == 1 ? s[0] : (struct str){ arena_bytes(a, len), len };
	if (rule->n_part == 1)
		return true;
	o = (char *)(uintptr_t)g->text.p;
	for (size_t i = 0; i < rule->n_part; i++) {
		memcpy(o, s[i].p, s[i].len);
		o += s[i].len;
	}
	return true;
}

static bool
source_text(struct mapping_run *run, const struct rule *rule, struct given *g, struct arena *a)
{
	*g = (struct given){ .whole = true };
	if (rule->n_from == 0)
		return join(run, rule, g, a);
	for (size_t i = 0; i < rule->n_from && g->text.p == NULL; i++) {
		g->node = rule->from[i];
		g->text = mapping_run_text(run, g->node);
	}
	return g->text.p != NULL;
}

static bool
cut(const struct rule *rule, struct str *s)
{
	const char *at;

	if (rule->before.p != NULL) {
		if ((at = memmem(s->p, s->len, rule->before.p, rule->before.len)) == NULL)
			return false;
		s->len = (size_t)(at - s->p);
	}
	if (rule->after.p != NULL) {
		if ((at = memmem(s->p, s->len, rule->after.p, rule->after.len)) == NULL)
			return false;
		at += rule->after.len;
		s->len -= (size_t)(at - s->p);
		s->p = at;
	}
	return s->len > 0;
}

static int
by_key(const void *key, const void *row)
{
	return str_cmp(*(const struct str *)key, ((const struct row *)row)->key);
}

static bool
look_up(const struct rule *rule, struct str *s)
{
	const struct row *row = bsearch(s, rule->lookup->row, rule->lookup->n, sizeof(*row), by_key);

	if (row == NULL)
		return false;
	*s = row->value;
	return true;
}

static struct str
change_letters(const struct rule *rule, struct str s, struct arena *a)
{
	char *o = arena_copy(a, s.p, s.len), from = rule->letters == LETTERS_LOWER ? 'A' : 'a';

	for (size_t i = 0; i < s.len; i++)
		if (o[i] >= from && o[i] <= from + 25)
			o[i] = (char)(o[i] ^ 0x20);
	return (struct str){ o, s.len };
}

/* Source, a part of it, its letters, another word for it: in this order. */
static bool
rule_text(struct mapping_run *run, const struct rule *rule, struct given *g, struct arena *a)
{
	if (!mapping_tests_hold(run, &rule->when) || !source_text(run, rule, g, a))
		return false;
	if (rule->before.p != NULL || rule->after.p != NULL) {
		g->whole = false;
		if (!cut(rule, &g->text))
			return false;
	}
	if (rule->match != NULL) {
		struct str all = g->text;

		if (!regex_match(rule->match, g->text, &g->text, &run->regex) || g->text.len == 0)
			return false;
		g->whole = g->whole && g->text.len == all.len;
	}
	if (rule->letters != LETTERS_AS_THEY_ARE) {
		struct str as_it_was = g->text;

		g->text = change_letters(rule, g->text, a);
		g->whole = g->whole && str_eq(as_it_was, g->text);
	}
	if (rule->lookup != NULL) {
		g->whole = false;
		if (!look_up(rule, &g->text))
			return false;
	}
	return true;
}

/* ---- fields ---- */

struct filling {
	struct mapping_run *run;
	struct event *ev;
	struct arena *a;
	struct mapping_reason *reason;
};

static void
take_whole(struct filling *f, const struct rule *rule, const struct given *g)
{
	if (!g->whole)
		return;
	if (g->node != 0)
		mapping_context_take(f->run, g->node);
	for (size_t i = 0; g->node == 0 && i < rule->n_part; i++)
		if (rule->part[i].node != 0)
			mapping_context_take(f->run, rule->part[i].node);
}

static void
tell(struct filling *f, enum field field, const struct rule *rule, const struct given *g)
{
	const char *from = rule->told.p;

	if (f->reason == NULL)
		return;
	f->reason[field] = (struct mapping_reason){ rule->told, rule->line };
	/* Of several paths, the one that was there: told is "a, b, c". */
	for (size_t i = 0; rule->n_from > 1 && i < rule->n_from; i++) {
		const char *end = memmem(from, (size_t)(rule->told.p + rule->told.len - from), ", ", 2);
		size_t len = (size_t)((end != NULL ? end : rule->told.p + rule->told.len) - from);

		if (rule->from[i] == g->node)
			f->reason[field].source = (struct str){ from, len };
		from += end != NULL ? len + 2 : len;
	}
}

/* The scratch of a record, where what was escaped is unescaped, goes with the
 * record; an event's bytes stay. */
static struct str
keep(struct filling *f, const struct rule *rule, const struct given *g)
{
	uint32_t node = g->node != 0 ? g->node : rule->n_part == 1 ? rule->part[0].node : 0;

	if ((f->run->t->tok[f->run->at[node]].flags & (JSON_ESCAPED | JSON_SIDE)) == 0 || node == 0)
		return g->text;
	return (struct str){ arena_copy(f->a, g->text.p, g->text.len), g->text.len };
}

static bool
is_number(struct mapping_run *run, struct str s)
{
	struct json_error ignored;

	return s.len <= 64 && json_scan(&run->inner, s.p, s.len, &ignored) == 0 &&
	    run->inner.tok[0].type == TOKEN_NUMBER && run->inner.tok[0].len == s.len;
}

/* false: the value does not fit, and the next rule is tried. */
static bool
fill(struct filling *f, enum field field, const struct rule *rule, struct given *g)
{
	int word;

	switch (field) {
	case FIELD_SEVERITY:
	case FIELD_OUTCOME:
		word = field == FIELD_SEVERITY ? event_severity(g->text) : event_outcome(g->text);
		if (word < 0) {
			g->whole = false;
			word = field == FIELD_SEVERITY ? SEVERITY_WARNING : OUTCOME_UNKNOWN;
		}
		event_set(f->ev, field,
		    str_of(field == FIELD_SEVERITY ? event_severities[word] : event_outcomes[word]));
		return true;
	case FIELD_STATUS:
		if (!event_is_integer(g->text))
			return false;
		break;
	case FIELD_DURATION_MS:
		if (!is_number(f->run, g->text))
			return false;
		break;
	case FIELD_IP:
		event_set_ip(f->ev, keep(f, rule, g), f->a);
		return true;
	default:
		break;
	}
	event_set(f->ev, field, keep(f, rule, g));
	return true;
}

/* Neither absent nor null nor an empty list or object. */
static bool
is_something(const struct json_tape *t, uint32_t value)
{
	const struct json_token *tok = &t->tok[value];

	return value != 0 && tok->type != TOKEN_NULL && (tok->type < TOKEN_ARRAY || tok->next > value + 1);
}

/* Any value as it stands: lists and objects too. */
static bool
fill_json(struct filling *f, enum field field, const struct rule *rule, struct given *g)
{
	if (!mapping_tests_hold(f->run, &rule->when))
		return false;
	for (size_t i = 0; i < rule->n_from; i++) {
		uint32_t value = f->run->at[rule->from[i]];

		if (!is_something(f->run->t, value))
			continue;
		*g = (struct given){ .node = rule->from[i], .whole = true };
		event_set(f->ev, field, json_text(f->run->t, value, f->a));
		return true;
	}
	return false;
}

static void
fill_field(struct filling *f, enum field field)
{
	const struct mapping *m = f->run->m;
	bool json = field_table[field].type == FIELD_JSON;

	for (size_t i = 0; i < m->field[field].n; i++) {
		const struct rule *rule = &m->field[field].rule[i];
		struct given g;

		if (json ? !fill_json(f, field, rule, &g) :
		    !rule_text(f->run, rule, &g, f->a) || !fill(f, field, rule, &g))
			continue;
		take_whole(f, rule, &g);
		tell(f, field, rule, &g);
		return;
	}
}

/* The first that is there and can be read; one that cannot is told only when
 * no other can. */
static enum event_fault
fill_time(struct filling *f, const struct event_policy *policy, const char **detail)
{
	static const struct time_format any = { .kind = TIME_ANY };
	const struct mapping *m = f->run->m;
	struct str bad = { NULL, 0 };

	for (size_t i = 0; i < m->field[FIELD_TIME].n; i++) {
		const struct rule *rule = &m->field[FIELD_TIME].rule[i];
		size_t n = rule->n_format > 0 ? rule->n_format : 1;
		struct given g;
		int64_t us;
		bool inexact = false;

		if (!rule_text(f->run, rule, &g, f->a))
			continue;
		for (size_t j = 0; j < n; j++) {
			if (mapping_time_read(rule->n_format > 0 ? &rule->format[j] : &any, rule->zone, g.text,
			    &us, &inexact) != 0)
				continue;
			event_set_time(f->ev, FIELD_TIME, us);
			g.whole = g.whole && !inexact;
			take_whole(f, rule, &g);
			tell(f, FIELD_TIME, rule, &g);
			return EVENT_OK;
		}
		if (bad.p == NULL)
			bad = g.text;
	}
	if (bad.p == NULL && policy->assume_now != TIME_NONE) {
		event_set_time(f->ev, FIELD_TIME, policy->assume_now);
		return EVENT_OK;
	}
	*detail = bad.p != NULL ? quote_detail(f->a, bad) : "";
	return bad.p != NULL ? EVENT_BAD_TIME : EVENT_NO_TIME;
}

/* The second event of a record and those behind it are #2, #3 ... of its id. */
static void
number_id(struct filling *f)
{
	struct str id = f->ev->v[FIELD_ID];
	char *text = arena_bytes(f->a, id.len + 24);
	int n;

	memcpy(text, id.p, id.len);
	n = snprintf(text + id.len, 24, "#%llu", (unsigned long long)f->run->serial + 1);
	event_set(f->ev, FIELD_ID, (struct str){ text, id.len + (size_t)n });
}

static enum event_fault
check(struct filling *f, const char **detail)
{
	struct event *ev = f->ev;

	if (event_has(ev, FIELD_ID) && f->run->serial > 0)
		number_id(f);
	if (event_has(ev, FIELD_ID) && ev->v[FIELD_ID].len > EVENT_ID_MAX) {
		*detail = quote_detail(f->a, ev->v[FIELD_ID]);
		return EVENT_ID_TOO_LONG;
	}
	if (event_has(ev, FIELD_SOURCE) && event_source_reserved(ev->v[FIELD_SOURCE])) {
		*detail = quote_detail(f->a, ev->v[FIELD_SOURCE]);
		return EVENT_RESERVED;
	}
	return EVENT_OK;
}

enum event_fault
mapping_make_event(struct mapping_run *run, struct event *ev, const struct event_policy *policy,
    struct arena *a, const char **detail, struct mapping_reason *reason)
{
	struct filling f = { .run = run, .ev = ev, .a = a, .reason = reason };
	enum event_fault fault;
	struct str context;
	field_set left;

	ev->present = 0;
	ev->time = ev->ingested = TIME_NONE;
	if (reason != NULL)
		memset(reason, 0, FIELD_COUNT * sizeof(*reason));
	for (left = run->m->fields & ~FIELD_BIT(FIELD_TIME); left != 0; left &= left - 1)
		fill_field(&f, (enum field)__builtin_ctzll(left));
	if (!event_has(ev, FIELD_ACTION))
		return EVENT_NO_ACTION;
	if ((fault = fill_time(&f, policy, detail)) != EVENT_OK || (fault = check(&f, detail)) != EVENT_OK)
		return fault;
	if (!event_has(ev, FIELD_SEVERITY))
		event_set(ev, FIELD_SEVERITY, str_of(event_severities[SEVERITY_INFO]));
	if (!event_has(ev, FIELD_OUTCOME))
		event_set(ev, FIELD_OUTCOME, str_of(event_outcomes[OUTCOME_UNKNOWN]));
	context = mapping_context_text(run, a);
	if (context.p != NULL)
		event_set(ev, FIELD_CONTEXT, context);
	return EVENT_OK;
}
