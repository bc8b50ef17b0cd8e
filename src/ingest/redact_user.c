/*
 * redact_user: the user's own rules, from YAML.
 *
 *   rules:
 *     - name: staff-number
 *       literal: EMP-             # only texts with this in them are matched
 *       pattern: 'EMP-(\d{6})'    # PCRE2
 *       group: 1                  # what is hidden; 0, the whole match, when absent
 *
 * A rule is matched only where its literal was seen.  The time for one text is
 * limited: a text that exceeds it is hidden whole, because nobody can say what
 * is in it.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdlib.h>
#include <time.h>

#include "base/time.h"
#include "base/yaml.h"
#include "ingest/redact_rule.h"
#include "ingest/redact_set.h"

#define PATTERN_MAX 1000
#define LITERAL_MAX 100
#define MATCH_LIMIT 20000 /* steps from one place */
#define DEPTH_LIMIT 2000
#define HEAP_LIMIT_KIB 4096
#define JIT_STACK_MIN (32 * 1024)
#define JIT_STACK_MAX (256 * 1024)
#define PLACES 1024       /* places that are tried before the clock is looked at, at least */
#define CALLS 16          /* for one text without a match */
#define TIME_LIMIT (TIME_SECOND / 4) /* of processor time, for one text and rule */
#define GROUP_MAX 31

struct user_rule {
	uint8_t rule;
	uint32_t group;
	struct str literal; /* owned */
	pcre2_code *code;
};

struct regex_work {
	pcre2_match_data *data;
	pcre2_match_context *limits;
	pcre2_jit_stack *stack;
};

/* ---- reading ---- */

struct raw_rule {
	struct buf name, literal, pattern;
	uint32_t group;
	struct yaml_place at; /* of its pattern */
};

static int
keep(struct yaml *y, const char *key, struct buf *out, size_t min, size_t max, struct err *e)
{
	struct str text;

	if (yaml_text(y, key, &text, e) != 0)
		return -1;
	if (text.len < min || text.len > max)
		return yaml_fault(y, e, "%s: %zu to %zu bytes", key, min, max);
	buf_reset(out);
	buf_str(out, text);
	return 0;
}

static int
read_name(struct yaml *y, struct raw_rule *raw, struct err *e)
{
	if (keep(y, "name", &raw->name, 1, REDACT_NAME_MAX, e) != 0)
		return -1;
	for (size_t i = 0; i < raw->name.len; i++) {
		char c = raw->name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
			return yaml_fault(y, e, "name: lower-case letters, digits and hyphens");
	}
	return 0;
}

static int
read_group(struct yaml *y, struct raw_rule *raw, struct err *e)
{
	struct str text;

	if (yaml_text(y, "group", &text, e) != 0)
		return -1;
	raw->group = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || raw->group > GROUP_MAX)
			return yaml_fault(y, e, "group: a number up to %d", GROUP_MAX);
		raw->group = raw->group * 10 + (uint32_t)(text.p[i] - '0');
	}
	if (text.len == 0 || raw->group > GROUP_MAX)
		return yaml_fault(y, e, "group: a number up to %d", GROUP_MAX);
	return 0;
}

static int
read_keys(struct yaml *y, struct raw_rule *raw, struct err *e)
{
	static const char *const keys[] = { "name", "literal", "pattern", "group" };
	uint64_t seen = 0;
	size_t which;
	int rc, done = 0;

	while (done == 0 && (rc = yaml_key(y, keys, 4, &seen, &which, e)) != 0) {
		if (rc < 0)
			return -1;
		switch (which) {
		case 0:
			done = read_name(y, raw, e);
			break;
		case 1:
			done = keep(y, "literal", &raw->literal, REDACT_LITERAL_MIN, LITERAL_MAX, e);
			break;
		case 2:
			done = keep(y, "pattern", &raw->pattern, 1, PATTERN_MAX, e);
			raw->at = yaml_place(y);
			break;
		default:
			done = read_group(y, raw, e);
			break;
		}
	}
	if (done == 0 && (seen & 7) != 7)
		return yaml_fault(y, e, "a rule needs name, literal and pattern");
	return done;
}

static pcre2_code *
compile(struct yaml *y, const struct raw_rule *raw, struct err *e)
{
	PCRE2_UCHAR why[128];
	PCRE2_SIZE at;
	uint32_t groups = 0;
	int number;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)raw->pattern.p, raw->pattern.len,
	    PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT,
	    &number, &at, NULL);

	if (code == NULL) {
		pcre2_get_error_message(number, why, sizeof(why));
		yaml_fault_at(y, raw->at, e, "pattern: %s (offset %zu)", (const char *)why, at);
		return NULL;
	}
	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
	if (raw->group > groups) {
		yaml_fault_at(y, raw->at, e, "pattern: it has no group %u", raw->group);
		pcre2_code_free(code);
		return NULL;
	}
	/* Without JIT it is slower, not wrong. */
	pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	return code;
}

static int
add_rule(struct redactor *r, struct yaml *y, struct raw_rule *raw, struct err *e)
{
	struct user_rule *rule;
	pcre2_code *code;

	buf_byte(&raw->name, '\0');
	for (size_t i = 0; i < r->rules; i++)
		if (strcmp(r->name[i], raw->name.p) == 0)
			return yaml_fault_at(y, raw->at, e, "there already is a rule %s", raw->name.p);
	if (r->users == REDACT_USER_MAX || r->rules == REDACT_RULES_MAX)
		return yaml_fault_at(y, raw->at, e, "more than %d rules", REDACT_USER_MAX);
	if ((code = compile(y, raw, e)) == NULL)
		return -1;
	rule = mem_zero(1, sizeof(*rule));
	*rule = (struct user_rule){
		.rule = redact_add_rule(r, raw->name.p),
		.group = raw->group,
		.literal = { mem_dup(raw->literal.p, raw->literal.len), raw->literal.len },
		.code = code,
	};
	finder_add(&r->line, rule->literal.p, rule->literal.len, FIND_USER, false);
	finder_add(&r->text, rule->literal.p, rule->literal.len, FIND_USER, false);
	r->user[r->users++] = rule;
	return 0;
}

static int
read_rule(struct redactor *r, struct yaml *y, struct err *e)
{
	struct raw_rule raw = { 0 };
	int rc = yaml_mapping(y, "rules", e) == 0 && read_keys(y, &raw, e) == 0 ? add_rule(r, y, &raw, e) : -1;

	buf_fini(&raw.name);
	buf_fini(&raw.literal);
	buf_fini(&raw.pattern);
	return rc;
}

static int
read_document(struct redactor *r, struct yaml *y, struct err *e)
{
	static const char *const keys[] = { "rules" };
	uint64_t seen = 0;
	size_t which;
	int rc = yaml_document(y, e);

	if (rc <= 0)
		return rc;
	while ((rc = yaml_key(y, keys, 1, &seen, &which, e)) > 0) {
		if (yaml_list(y, "rules", e) != 0)
			return -1;
		while ((rc = yaml_item(y, e)) > 0)
			if (read_rule(r, y, e) != 0)
				return -1;
		if (rc < 0)
			return -1;
	}
	return rc;
}

static int
read_yaml(struct redactor *r, struct yaml *y, struct err *e)
{
	int rc;

	if (y == NULL)
		return -1;
	rc = read_document(r, y, e);
	yaml_close(y);
	return rc;
}

int
redact_read_rules(struct redactor *r, const char *path, struct err *e)
{
	return read_yaml(r, yaml_open(path, e), e);
}

int
redact_read_text(struct redactor *r, const char *name, struct str text, struct err *e)
{
	return read_yaml(r, yaml_new(name, text, e), e);
}

void
redact_free_rules(struct redactor *r)
{
	for (size_t i = 0; i < r->users; i++) {
		pcre2_code_free(r->user[i]->code);
		free((void *)(uintptr_t)r->user[i]->literal.p);
		free(r->user[i]);
	}
}

/* ---- matching ---- */

uint64_t
redact_user_literals(const struct redactor *r, struct str s, size_t at)
{
	struct str rest = { s.p + at, s.len - at };
	uint64_t found = 0;

	for (size_t i = 0; i < r->users; i++)
		if (str_begins(rest, r->user[i]->literal) && !r->off[r->user[i]->rule])
			found |= UINT64_C(1) << i;
	return found;
}

static struct regex_work *
regex_new(void)
{
	struct regex_work *w = mem_zero(1, sizeof(*w));

	w->data = pcre2_match_data_create(GROUP_MAX + 1, NULL);
	w->limits = pcre2_match_context_create(NULL);
	if (w->data == NULL || w->limits == NULL) {
		redact_regex_free(w);
		return NULL;
	}
	pcre2_set_match_limit(w->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(w->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(w->limits, HEAP_LIMIT_KIB);
	w->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
	if (w->stack != NULL)
		pcre2_jit_stack_assign(w->limits, NULL, w->stack);
	return w;
}

void
redact_regex_free(struct regex_work *w)
{
	if (w == NULL)
		return;
	pcre2_match_data_free(w->data);
	pcre2_match_context_free(w->limits);
	if (w->stack != NULL)
		pcre2_jit_stack_free(w->stack);
	free(w);
}

/* The end of a marker that overlaps [from, to), or 0. */
static size_t
marker_over(struct str s, size_t from, size_t to)
{
	size_t low = from > REDACT_NAME_MAX + 12 ? from - REDACT_NAME_MAX - 12 : 0;

	for (size_t at = low; at < to; at++) {
		size_t len = s.p[at] == '[' ? redact_marker_prefix((struct str){ s.p + at, s.len - at }) : 0;

		if (len > 0 && at + len > from)
			return at + len;
	}
	return 0;
}

/* Processor time of this thread, in microseconds. */
static int64_t
clock_used(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * TIME_SECOND + t.tv_nsec / 1000;
}

/* The next match that begins in [at, ...): 1 with its bounds, 0, or -1 when the
 * limits do not allow to say. */
static int
next_match(struct regex_work *w, const struct user_rule *rule, struct str s, size_t at, int64_t until,
    size_t *from, size_t *to)
{
	/* Each call looks at all of the text: is it UTF-8?  So there are few. */
	size_t places = s.len / CALLS > PLACES ? s.len / CALLS : PLACES;

	for (; at <= s.len; at += places) {
		size_t limit = s.len - at > places ? at + places - 1 : s.len;
		PCRE2_SIZE *v = pcre2_get_ovector_pointer(w->data);
		int rc;

		while (at < limit && ((unsigned char)s.p[at] & 0xc0) == 0x80)
			at++;
		pcre2_set_offset_limit(w->limits, limit);
		rc = pcre2_match(rule->code, (PCRE2_SPTR)s.p, s.len, at, 0, w->data, w->limits);
		if (rc > 0 && v[0] <= v[1] && v[1] <= s.len) {
			bool has = (uint32_t)rc > rule->group && v[2 * rule->group] != PCRE2_UNSET;

			*from = has ? v[2 * rule->group] : v[0];
			*to = has ? v[2 * rule->group + 1] : v[0];
			return 1;
		}
		if (rc != PCRE2_ERROR_NOMATCH || (limit < s.len && clock_used() > until))
			return -1;
	}
	return 0;
}

/* Notes what one rule hides; whether it does. */
static bool
find_matches(struct search *f, struct regex_work *w, const struct user_rule *rule)
{
	int64_t until = clock_used() + TIME_LIMIT;
	size_t at = 0, from, to, marker;
	int rc;

	while ((rc = next_match(w, rule, f->s, at, until, &from, &to)) > 0) {
		if (to - from < REDACT_HIDDEN_MIN || from < f->floor) {
			at = (from > at ? from : at) + 1;
			continue;
		}
		marker = marker_over(f->s, from, to);
		if (marker == 0)
			redact_hide(f, from, to, rule->rule);
		if (marker != 0)
			to = marker;
		at = to > at ? to : at + 1;
	}
	if (rc < 0) {
		f->n = 0;
		redact_hide(f, 0, f->s.len, rule->rule);
	}
	return f->n > 0;
}

void
redact_user_find(struct search *f, struct redact_work *w)
{
	if (w->regex == NULL && (w->regex = regex_new()) == NULL)
		return;
	f->floor = 0;
	for (size_t i = 0; i < f->r->users; i++)
		if (f->wanted >> i & 1 && find_matches(f, w->regex, f->r->user[i]))
			return;
}
