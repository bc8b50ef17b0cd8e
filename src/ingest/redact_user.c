/*
 * redact_user: the user's own rules, from YAML.
 *
 *   rules:
 *     - name: staff-number
 *       literal: EMP-             # only texts with this in them are matched
 *       pattern: 'EMP-(\d{6})'    # the group is hidden, or without one the whole match
 *
 * A rule is matched only where its literal was seen.  A text in which a match
 * meets a limit is hidden whole, because nobody can say what is in it.
 */
#include <stdlib.h>
#include <time.h>

#include "base/regex.h"
#include "base/time.h"
#include "base/utf8.h"
#include "base/yaml.h"
#include "ingest/redact_rule.h"
#include "ingest/redact_set.h"

#define PATTERN_MAX 1000
#define LITERAL_MAX 100
#define OVERLAP 4096                 /* of the pieces of a long text: no longer match is found where two meet */
#define TIME_LIMIT (TIME_SECOND / 4) /* of processor time, for one text and rule */

struct user_rule {
	uint8_t rule;
	struct str literal; /* owned */
	struct regex *regex;
};

/* ---- reading ---- */

struct raw_rule {
	struct buf name, literal, pattern;
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
read_keys(struct yaml *y, struct raw_rule *raw, struct err *e)
{
	static const char *const keys[] = { "name", "literal", "pattern" };
	uint64_t seen = 0;
	size_t which;
	int rc, done = 0;

	while (done == 0 && (rc = yaml_key(y, keys, 3, &seen, &which, e)) != 0) {
		if (rc < 0)
			return -1;
		switch (which) {
		case 0:
			done = read_name(y, raw, e);
			break;
		case 1:
			done = keep(y, "literal", &raw->literal, REDACT_LITERAL_MIN, LITERAL_MAX, e);
			break;
		default:
			done = keep(y, "pattern", &raw->pattern, 1, PATTERN_MAX, e);
			raw->at = yaml_place(y);
			break;
		}
	}
	if (done == 0 && seen != 7)
		return yaml_fault(y, e, "a rule needs name, literal and pattern");
	return done;
}

static int
add_rule(struct redactor *r, struct yaml *y, struct raw_rule *raw, struct err *e)
{
	struct user_rule *rule;
	struct regex *regex;
	struct err why = ERR_NONE;

	buf_byte(&raw->name, '\0');
	for (size_t i = 0; i < r->rules; i++)
		if (strcmp(r->name[i], raw->name.p) == 0)
			return yaml_fault_at(y, raw->at, e, "there already is a rule %s", raw->name.p);
	if (r->users == REDACT_USER_MAX || r->rules == REDACT_RULES_MAX)
		return yaml_fault_at(y, raw->at, e, "more than %d rules", REDACT_USER_MAX);
	if ((regex = regex_new(buf_view(&raw->pattern), &why)) == NULL)
		return yaml_fault_at(y, raw->at, e, "pattern: %s", why.text);
	rule = mem_zero(1, sizeof(*rule));
	*rule = (struct user_rule){
		.rule = redact_add_rule(r, raw->name.p),
		.literal = { mem_dup(raw->literal.p, raw->literal.len), raw->literal.len },
		.regex = regex,
	};
	redact_add_literal(r, rule->literal.p, rule->literal.len, FIND_USER, false);
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
		regex_free(r->user[i]->regex);
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

/* The matches in one piece, which is at `base` in the text; false when a limit
 * was met. */
static bool
find_in_piece(struct search *f, struct redact_work *w, const struct user_rule *rule, size_t base, size_t len,
    int64_t until)
{
	struct str piece = { f->s.p + base, len }, found;
	uint64_t given_up = w->regex.given_up;
	size_t at = 0;

	while (at <= len && regex_match_from(rule->regex, piece, at, &found, &w->regex)) {
		size_t from = (size_t)(found.p - f->s.p), to = from + found.len, marker = 0;

		if (clock_used() > until)
			return false;
		if (found.len >= REDACT_HIDDEN_MIN && from >= f->floor) {
			marker = marker_over(f->s, from, to);
			if (marker == 0)
				redact_hide(f, from, to, rule->rule);
			to = marker != 0 ? marker : to;
		} else
			to = base + at;
		at = to > base + at ? to - base : at + 1;
		while (at < len && ((unsigned char)piece.p[at] & 0xc0) == 0x80)
			at++;
	}
	return w->regex.given_up == given_up;
}

/* What is no UTF-8 parts a text; long parts are matched in pieces. */
static bool
find_in_text(struct search *f, struct redact_work *w, const struct user_rule *rule)
{
	int64_t until = clock_used() + TIME_LIMIT;
	struct str s = f->s;

	for (size_t at = 0; at < s.len;) {
		size_t whole = s.len - at > REGEX_SUBJECT_MAX ? REGEX_SUBJECT_MAX : s.len - at;
		size_t len = utf8_valid_prefix(s.p + at, whole);

		if (len > 0 && !find_in_piece(f, w, rule, at, len, until))
			return false;
		if (at + len == s.len)
			break;
		at += len + 4 > REGEX_SUBJECT_MAX ? REGEX_SUBJECT_MAX - OVERLAP : len + 1;
		while (at < s.len && ((unsigned char)s.p[at] & 0xc0) == 0x80)
			at++;
	}
	return true;
}

/* Notes what one rule hides; whether it does. */
static bool
find_matches(struct search *f, struct redact_work *w, const struct user_rule *rule)
{
	if (!find_in_text(f, w, rule)) {
		f->n = 0;
		redact_hide(f, 0, f->s.len, rule->rule);
	}
	return f->n > 0;
}

void
redact_user_find(struct search *f, struct redact_work *w)
{
	f->floor = 0;
	for (size_t i = 0; i < f->r->users; i++)
		if (f->wanted >> i & 1 && find_matches(f, w, f->r->user[i]))
			return;
}
