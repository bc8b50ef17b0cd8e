/*
 * from_sigma: rules in the Sigma format (see from_sigma.h).
 *
 * A correlation names its rules by their id or name, which may stand in any
 * file.  Unless it says `generate`, they are asked for it alone.
 */
#include "detect/from_sigma.h"

#include <stdlib.h>

#include "event/json.h"

#define SILENCE (3600 * TIME_SECOND)
#define ACTION "detect.sigma"

struct maker {
	struct detect_rules *out;
	const struct sigma_rules *from;
	int64_t now;
	bool *inner; /* by rule: only there for a correlation */
};

static struct str
keep(struct maker *m, const char *text)
{
	size_t len = strlen(text);

	return (struct str){ arena_copy(&m->out->arena, text, len), len };
}

static void
refuse(struct maker *m, const struct sigma_rule *s, size_t line, const char *why)
{
	struct detect_rules *r = m->out;

	mem_grow(&r->refusal, &r->refusals_cap, r->refusals + 1, sizeof(*r->refusal));
	r->refusal[r->refusals++] = (struct detect_refusal){ keep(m, s->path), keep(m, s->title), keep(m, why), line };
}

static const char *
name_of(const struct sigma_rule *s)
{
	return s->id[0] != '\0' ? s->id : s->name[0] != '\0' ? s->name : s->title;
}

/* NULL: there is none of this id or name. */
static const struct sigma_rule *
find(const struct maker *m, const char *reference)
{
	for (size_t i = 0; i < m->from->n; i++) {
		const struct sigma_rule *s = &m->from->rule[i];

		if (*reference != '\0' && (strcmp(s->id, reference) == 0 || strcmp(s->name, reference) == 0))
			return s;
	}
	return NULL;
}

/* ---- what all have ---- */

static enum event_severity
severity_of(enum sigma_level level)
{
	switch (level) {
	case SIGMA_INFORMATIONAL:
	case SIGMA_LOW: return SEVERITY_INFO;
	case SIGMA_HIGH: return SEVERITY_ERROR;
	case SIGMA_CRITICAL: return SEVERITY_CRITICAL;
	default: return SEVERITY_WARNING;
	}
}

/* "title":"...","level":"high","tags":["attack.t1110"] */
static struct str
details_of(struct maker *m, const struct sigma_rule *s)
{
	struct buf out = { 0 };
	struct str kept;

	buf_str(&out, STR("\"title\":"));
	json_quote(&out, str_of(s->title));
	if (s->level != SIGMA_NO_LEVEL)
		buf_printf(&out, ",\"level\":\"%s\"", sigma_levels[s->level]);
	if (s->tags.n > 0)
		buf_str(&out, STR(",\"tags\":["));
	for (size_t i = 0; i < s->tags.n; i++) {
		buf_add(&out, ",", i > 0);
		json_quote(&out, str_of(s->tags.item[i]));
	}
	buf_add(&out, "]", s->tags.n > 0);
	kept = (struct str){ arena_copy(&m->out->arena, out.p, out.len), out.len };
	buf_fini(&out);
	return kept;
}

static struct detect_rule
start(struct maker *m, const struct sigma_rule *s)
{
	return (struct detect_rule){ .name = keep(m, name_of(s)), .title = keep(m, s->title), .action = STR(ACTION),
		.severity = severity_of(s->level), .details = details_of(m, s), .count = 1, .within = TIME_SECOND,
		.silence = SILENCE, .path = keep(m, s->path), .line = s->line };
}

/* Takes the rule, whose filters are its own from then on, or refuses it. */
static void
add(struct maker *m, const struct sigma_rule *s, struct detect_rule *rule)
{
	struct detect_rules *r = m->out;
	struct buf why = { 0 };

	for (size_t i = 0; i < r->n && why.len == 0; i++)
		if (str_eq(r->rule[i].name, rule->name))
			buf_printf(&why, "the rule at %s:%zu is called so already%c", r->rule[i].path.p, r->rule[i].line, '\0');
	if (why.len == 0 && r->n < DETECT_RULES_MAX) {
		mem_grow(&r->rule, &r->cap, r->n + 1, sizeof(*r->rule));
		r->rule[r->n++] = *rule;
	} else {
		refuse(m, s, s->line, why.len > 0 ? why.p : "too many rules");
		for (size_t i = 0; i < rule->inputs; i++)
			filter_free(rule->input[i].filter);
	}
	buf_fini(&why);
}

static struct filter *
build(const struct maker *m, const struct sigma_rule *s, struct err *e)
{
	struct str_list where = { 0 };

	str_list_add(&where, s->where, strlen(s->where));
	return detect_rules_filter(m->out, &where, m->now, e);
}

/* ---- detections ---- */

static void
add_detection(struct maker *m, const struct sigma_rule *s)
{
	static const enum field by[] = { FIELD_HOST, FIELD_ACTOR_ID };
	struct detect_rule rule = start(m, s);
	struct err e = ERR_NONE;

	rule.inputs = 1;
	rule.input = arena_alloc(&m->out->arena, sizeof(*rule.input));
	rule.bys = sizeof(by) / sizeof(by[0]);
	*rule.input = (struct detect_input){ .filter = build(m, s, &e),
		.by = arena_alloc(&m->out->arena, rule.bys * sizeof(*rule.input->by)) };
	for (size_t i = 0; i < rule.bys; i++) {
		struct selector *from = arena_alloc(&m->out->arena, sizeof(*from));

		*from = selector_field(by[i]);
		rule.input->by[i] = (struct detect_field){ from->text, from, 1 };
	}
	if (rule.input->filter != NULL)
		add(m, s, &rule);
	else
		refuse(m, s, s->line, e.text);
}

/* ---- correlations ---- */

/* How many it takes; 0 with a reason. */
static uint64_t
count_of(const struct sigma_correlation *c, const char **why)
{
	uint64_t count = 0;

	for (size_t i = 0; i < c->bounds; i++) {
		uint64_t least = c->bound[i].sign == SIGMA_GT ? c->bound[i].count + 1 : c->bound[i].count;

		if (c->bound[i].sign != SIGMA_GT && c->bound[i].sign != SIGMA_GTE) {
			*why = "a condition other than gt and gte is known at the end of a time only, and not as events come";
			return 0;
		}
		count = least > count ? least : count;
	}
	*why = "it is always true";
	if (count > DETECT_COUNT_MAX) {
		*why = "its count is too great";
		return 0;
	}
	return count;
}

/* Where the events of a rule have a field, under the name that the correlation gives it. */
static int
read_field(struct maker *m, const struct sigma_correlation *c, const struct sigma_rule *s, const char *name,
    struct detect_field *out, struct err *e)
{
	struct str_list texts = { 0 };
	const char *field = name;
	int rc;

	for (size_t i = 0; i < c->aliases; i++)
		if (strcmp(c->alias[i].alias, name) == 0 &&
		    (strcmp(c->alias[i].rule, s->id) == 0 || strcmp(c->alias[i].rule, s->name) == 0))
			field = c->alias[i].field;
	rc = sigma_rule_field(s, field, &texts, e);
	*out = (struct detect_field){ .name = keep(m, name), .from = arena_alloc(&m->out->arena, texts.n * sizeof(*out->from)) };
	for (size_t i = 0; rc == 0 && i < texts.n; i++)
		rc = selector_parse(&out->from[out->n++], str_of(texts.item[i]), &m->out->arena, e);
	str_list_fini(&texts);
	return rc;
}

static int
read_input(struct maker *m, const struct sigma_correlation *c, const char *reference, struct detect_input *in,
    struct err *e)
{
	const struct sigma_rule *s = find(m, reference);
	int rc = 0;

	*in = (struct detect_input){ 0 };
	if (s == NULL)
		return err_set(e, ERR_FAIL, "there is no rule %.80s", reference);
	if (s->where == NULL)
		return err_set(e, ERR_FAIL, "rule %.80s %s", reference, s->correlation ? "is a correlation itself" : "is refused");
	in->by = arena_alloc(&m->out->arena, c->group_by.n * sizeof(*in->by));
	for (size_t i = 0; rc == 0 && i < c->group_by.n; i++)
		rc = read_field(m, c, s, c->group_by.item[i], &in->by[i], e);
	if (rc == 0 && c->kind == SIGMA_VALUE_COUNT)
		rc = read_field(m, c, s, c->field.item[0], &in->value, e);
	return rc == 0 && (in->filter = build(m, s, e)) == NULL ? -1 : rc;
}

static int
read_correlation(struct maker *m, const struct sigma_correlation *c, struct detect_rule *rule, struct err *e)
{
	static const enum detect_kind kinds[] = { [SIGMA_EVENT_COUNT] = DETECT_COUNT, [SIGMA_VALUE_COUNT] = DETECT_DISTINCT,
		[SIGMA_TEMPORAL] = DETECT_ALL, [SIGMA_TEMPORAL_ORDERED] = DETECT_ORDERED };
	const char *why = "";

	rule->kind = kinds[c->kind];
	rule->within = rule->silence = c->timespan;
	rule->bys = c->group_by.n;
	rule->count = c->bounds == 0 && (c->kind == SIGMA_TEMPORAL || c->kind == SIGMA_TEMPORAL_ORDERED) ? c->rules.n
	                                                                                                : count_of(c, &why);
	if (rule->count == 0)
		return err_set(e, ERR_FAIL, "condition: %s", why);
	if (c->kind == SIGMA_TEMPORAL_ORDERED && rule->count != c->rules.n)
		return err_set(e, ERR_FAIL, "temporal_ordered has no condition");
	if (rule->bys > DETECT_BY_MAX)
		return err_set(e, ERR_FAIL, "group-by: more than %d fields", DETECT_BY_MAX);
	if (c->kind == SIGMA_VALUE_COUNT && c->field.n != 1)
		return err_set(e, ERR_FAIL, "field: the values of one field can be counted, not of several together");
	if (c->timespan < TIME_SECOND || c->timespan > DETECT_WITHIN_MAX)
		return err_set(e, ERR_FAIL, "timespan: from 1s to 366d");
	rule->input = arena_alloc(&m->out->arena, c->rules.n * sizeof(*rule->input));
	for (size_t i = 0; i < c->rules.n; i++) {
		int rc = read_input(m, c, c->rules.item[i], &rule->input[i], e);

		rule->inputs++;
		if (rc < 0)
			return -1;
	}
	return 0;
}

static void
add_correlation(struct maker *m, const struct sigma_rule *s)
{
	struct detect_rule rule = start(m, s);
	struct err e = ERR_NONE;

	if (read_correlation(m, s->correlation, &rule, &e) == 0) {
		add(m, s, &rule);
		return;
	}
	for (size_t i = 0; i < rule.inputs; i++)
		filter_free(rule.input[i].filter);
	refuse(m, s, s->line, e.text);
}

/* ---- all of them ---- */

static void
mark_inner(struct maker *m)
{
	for (size_t i = 0; i < m->from->n; i++) {
		const struct sigma_correlation *c = m->from->rule[i].correlation;

		for (size_t k = 0; c != NULL && !c->generate && k < c->rules.n; k++) {
			const struct sigma_rule *s = find(m, c->rules.item[k]);

			if (s != NULL)
				m->inner[s - m->from->rule] = true;
		}
	}
}

void
detect_rules_sigma(struct detect_rules *out, const struct sigma_rules *from, int64_t now)
{
	struct maker m = { out, from, now, mem_zero(from->n, sizeof(*m.inner)) };

	mark_inner(&m);
	for (size_t i = 0; i < from->n; i++) {
		const struct sigma_rule *s = &from->rule[i];

		if (s->refusal != NULL)
			refuse(&m, s, s->refusal_line, s->refusal);
		else if (s->correlation != NULL)
			add_correlation(&m, s);
		else if (!m.inner[i])
			add_detection(&m, s);
	}
	free(m.inner);
}
