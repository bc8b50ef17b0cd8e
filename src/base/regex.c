/*
 * regex: PCRE2 with its limits set, JIT where the system has it.
 *
 * JIT counts no steps inside a repeated group, but takes stack for each, and
 * the machine's own 32 KiB bound that.  The limit on steps begins anew at each
 * place where a match may start, and to repeat one character is one step; so
 * a long subject is matched a few places at a time, and the clock is looked at
 * between them.
 */
#include "base/regex.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/pattern.h"
#include "base/time.h"
#include "base/utf8.h"

#define WORK_LIMIT (UINT32_C(1) << 27) /* steps of all places of a subject together, at most */
#define STEPS_MIN 1000
#define STEPS_MAX 100000               /* from one place */
#define DEPTH_LIMIT 5000
#define HEAP_LIMIT_KIB 1024
#define SHORT_MAX 2048                 /* bytes of a subject that is matched in one go */
#define PLACES 256                     /* of a longer one, at a time */
#define TIME_LIMIT (TIME_SECOND / 10)  /* for all of them */

struct regex {
	pcre2_code *code;
	uint32_t groups;
	bool jit;
};

/* ---- compiling ---- */

#define OPTIONS (PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT)

struct regex *
regex_new(struct str pattern, struct err *e)
{
	struct regex *r;

	if (pattern.len == 0 || pattern.len > REGEX_PATTERN_MAX) {
		err_set(e, ERR_FAIL, "a pattern has 1 to %d bytes, not %zu", REGEX_PATTERN_MAX, pattern.len);
		return NULL;
	}
	if (utf8_valid_prefix(pattern.p, pattern.len) != pattern.len) {
		err_set(e, ERR_FAIL, "no regular expression: not UTF-8");
		return NULL;
	}
	if (pattern_is_whole(pattern)) {
		err_set(e, ERR_FAIL, "no regular expression: \\G and (*VERBS) are not allowed");
		return NULL;
	}
	r = mem_zero(1, sizeof(*r));
	if ((r->code = pattern_compile(pattern, OPTIONS, e)) == NULL) {
		free(r);
		return NULL;
	}
	pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &r->groups);
	r->jit = pattern_jit(r->code);
	return r;
}

void
regex_free(struct regex *r)
{
	if (r == NULL)
		return;
	pcre2_code_free(r->code);
	free(r);
}

/* ---- matching ---- */

#define GROUPS_MAX 16 /* those behind are not looked at */

static void
scratch_init(struct regex_scratch *x)
{
	pcre2_general_context *g = pattern_memory();

	x->data = pcre2_match_data_create(GROUPS_MAX, g);
	x->limits = pcre2_match_context_create(g);
	pcre2_set_depth_limit(x->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(x->limits, HEAP_LIMIT_KIB);
	pcre2_general_context_free(g);
}

void
regex_scratch_fini(struct regex_scratch *x)
{
	if (x->data == NULL)
		return;
	pcre2_match_data_free(x->data);
	pcre2_match_context_free(x->limits);
	*x = (struct regex_scratch){ 0 };
}

static void
limit_steps(struct regex_scratch *x, size_t len)
{
	size_t steps = WORK_LIMIT / (len + 1);

	steps = steps < STEPS_MIN ? STEPS_MIN : steps > STEPS_MAX ? STEPS_MAX : steps;
	pcre2_set_match_limit(x->limits, (uint32_t)steps);
}

/* The first group that took part. */
static struct str
first_group(const struct regex *r, struct str subject, pcre2_match_data *data)
{
	const PCRE2_SIZE *pair = pcre2_get_ovector_pointer(data);
	uint32_t n = r->groups < GROUPS_MAX ? r->groups : GROUPS_MAX - 1, i = r->groups > 0 ? 1 : 0;

	while (i < n && pair[2 * i] == PCRE2_UNSET)
		i++;
	/* \K may put the beginning behind the end. */
	if (pair[2 * i] == PCRE2_UNSET || pair[2 * i] > pair[2 * i + 1])
		return (struct str){ subject.p, 0 };
	return (struct str){ subject.p + pair[2 * i], pair[2 * i + 1] - pair[2 * i] };
}

/* Matches that start at first or later, but before end. */
static int
match_from(const struct regex *r, struct str s, size_t first, size_t end, struct regex_scratch *x)
{
	PCRE2_SPTR p = (PCRE2_SPTR)s.p;

	pcre2_set_offset_limit(x->limits, end - 1);
	if (r->jit)
		return pcre2_jit_match(r->code, p, s.len, first, 0, x->data, x->limits);
	return pcre2_match(r->code, p, s.len, first, PCRE2_NO_UTF_CHECK, x->data, x->limits);
}

static int
match_by_places(const struct regex *r, struct str s, size_t first, struct regex_scratch *x)
{
	int64_t until = time_steady() + TIME_LIMIT;

	for (size_t end;; first = end) {
		int rc;

		for (end = first + PLACES; end < s.len && ((unsigned char)s.p[end] & 0xc0) == 0x80;)
			end++;
		if (end > s.len)
			end = s.len + 1;
		rc = match_from(r, s, first, end, x);
		if (rc != PCRE2_ERROR_NOMATCH || end > s.len)
			return rc;
		if (time_steady() >= until)
			return PCRE2_ERROR_MATCHLIMIT;
	}
}

bool
regex_match(const struct regex *r, struct str subject, struct str *found, struct regex_scratch *x)
{
	return regex_match_from(r, subject, 0, found, x);
}

bool
regex_match_from(const struct regex *r, struct str subject, size_t first, struct str *found, struct regex_scratch *x)
{
	struct str s = subject.len > 0 ? subject : STR("");
	int rc;

	if (x->data == NULL)
		scratch_init(x);
	if (s.len > REGEX_SUBJECT_MAX) {
		x->given_up++;
		return false;
	}
	limit_steps(x, s.len);
	rc = s.len <= SHORT_MAX ? match_from(r, s, first, s.len + 1, x) : match_by_places(r, s, first, x);
	if (rc < 0) {
		x->given_up += rc != PCRE2_ERROR_NOMATCH;
		return false;
	}
	if (found != NULL)
		*found = first_group(r, s, x->data);
	return true;
}
