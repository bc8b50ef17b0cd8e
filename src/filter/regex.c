/*
 * regex: PCRE2 behind FIELD~RE, --grep and --text.
 *
 * Patterns are Unicode: UTF-8, \w and \d by property; case folds character by
 * character (simple folding: K is also the Kelvin sign, but a sharp s is never
 * two s).  A pattern is compiled twice: with JIT for valid UTF-8, which is
 * checked here first, and for the rest a variant that steps over bytes that are
 * none, because a store that others wrote may hold anything.
 *
 * Every match has its limits.  What exceeds them does not pass and is noted;
 * an answer with such a note ends as an error, so that after GIVE_UPS_MAX of
 * them no more time is spent.  The limit on steps begins anew at each place
 * where a match may start, and to repeat one character is one step: that would
 * allow a{1000,}b hours over a value of 1 MiB.  So a value that is long, or
 * needs many steps, is matched a few places at a time, and the clock is looked
 * at between them.  JIT counts no steps inside a repeated group, but
 * takes stack for each: what bounds (a|b)+x over a long value is JIT_STACK_MAX
 * (some 30,000 repetitions), and with more stack its time grows by the square.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/pattern.h"
#include "base/time.h"
#include "base/utf8.h"
#include "filter/scratch.h"

#define MATCH_LIMIT 1000000          /* steps from one place */
#define SHORT_MAX 4096               /* bytes of a value that is first tried in one go, */
#define SHORT_WORK (UINT64_C(1) << 32) /* of at most so many places x steps x bytes */
#define PLACE_WORK (UINT64_C(1) << 31) /* steps x bytes from one place: a second or two */
#define PLACES_MIN 64
#define PLACES_MAX 32768
#define PLACES_TIME (TIME_SECOND / 50) /* what took less is twice as many next time */
#define TIME_LIMIT (TIME_SECOND / 2) /* for one value */
#define DEPTH_LIMIT 20000
#define HEAP_LIMIT_KIB (16 * 1024)
#define JIT_STACK_MIN (32 * 1024)
#define JIT_STACK_MAX (1024 * 1024)
#define GIVE_UPS_MAX 2

struct filter_regex {
	struct filter_regex *next; /* of the same filter */
	pcre2_code *code;          /* for valid UTF-8 */
	pcre2_code *tolerant;      /* for anything */
	bool jit;
	bool whole;                /* cannot be matched a few places at a time */
	char text[64];             /* to be told by, cut off */
};

struct regex_memory {
	pcre2_match_data *data;
	pcre2_match_context *limits;
	pcre2_jit_stack *stack;
};

/* ---- memory ---- */

static struct regex_memory *
memory_new(void)
{
	struct regex_memory *m = mem_zero(1, sizeof(*m));
	pcre2_general_context *g = pattern_memory();

	m->data = pcre2_match_data_create(1, g);
	m->limits = pcre2_match_context_create(g);
	pcre2_set_match_limit(m->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(m->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(m->limits, HEAP_LIMIT_KIB);
	/* Where the system gives none, the machine's own stack has to do. */
	m->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, g);
	if (m->stack != NULL)
		pcre2_jit_stack_assign(m->limits, NULL, m->stack);
	pcre2_general_context_free(g);
	return m;
}

void
filter_regex_memory_free(struct regex_memory *m)
{
	if (m == NULL)
		return;
	pcre2_match_data_free(m->data);
	pcre2_match_context_free(m->limits);
	if (m->stack != NULL)
		pcre2_jit_stack_free(m->stack);
	free(m);
}

/* ---- compiling ---- */

#define ALWAYS (PCRE2_UTF | PCRE2_USE_OFFSET_LIMIT)

static uint32_t
options_of(enum regex_kind kind)
{
	switch (kind) {
	case REGEX_TEXT:
		return ALWAYS | PCRE2_LITERAL | PCRE2_CASELESS;
	case REGEX_NOCASE:
		return ALWAYS | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_CASELESS;
	case REGEX_PATTERN:
		break;
	}
	return ALWAYS | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
}

/* The beginning of a pattern, whole characters, as a string. */
static void
cut_off(char out[64], struct str s)
{
	size_t n = s.len < 60 ? s.len : 60;

	if (s.len > n)
		while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
			n--;
	memcpy(out, s.p, n);
	memcpy(out + n, "...", 4);
	if (n == s.len)
		out[n] = '\0';
}

struct filter_regex *
filter_regex_new(struct filter *f, struct str pattern, enum regex_kind kind, struct err *e)
{
	uint32_t options = options_of(kind);
	struct filter_regex *r;

	if (pattern.len == 0) {
		err_set(e, ERR_FAIL, kind == REGEX_TEXT ? "the text is empty" : "the pattern is empty");
		return NULL;
	}
	if (pattern.len > FILTER_VALUE_MAX) {
		err_set(e, ERR_FAIL, "%zu bytes are longer than %d", pattern.len, FILTER_VALUE_MAX);
		return NULL;
	}
	if (utf8_valid_prefix(pattern.p, pattern.len) != pattern.len) {
		err_set(e, ERR_FAIL, "not UTF-8");
		return NULL;
	}
	r = mem_zero(1, sizeof(*r));
	r->whole = pattern_is_whole(pattern);
	if ((r->code = pattern_compile(pattern, options, e)) == NULL ||
	    (r->tolerant = pattern_compile(pattern, options | PCRE2_MATCH_INVALID_UTF, e)) == NULL) {
		filter_regex_free(r);
		return NULL;
	}
	r->jit = pattern_jit(r->code);
	cut_off(r->text, pattern);
	r->next = f->regex;
	f->regex = r;
	return r;
}

bool
filter_regex_may_be_empty(const struct filter_regex *r)
{
	uint32_t empty = 1;

	pcre2_pattern_info(r->code, PCRE2_INFO_MATCHEMPTY, &empty);
	return empty != 0;
}

bool
filter_regex_may_begin(const struct filter_regex *r, const char *chars)
{
	const uint8_t *map = NULL;
	uint32_t kind = 0, unit = 0;

	pcre2_pattern_info(r->code, PCRE2_INFO_FIRSTBITMAP, &map);
	pcre2_pattern_info(r->code, PCRE2_INFO_FIRSTCODETYPE, &kind);
	pcre2_pattern_info(r->code, PCRE2_INFO_FIRSTCODEUNIT, &unit);
	for (; *chars != '\0'; chars++) {
		unsigned c = (unsigned char)*chars;

		/* One that is known may be meant in both cases. */
		if (kind == 1 ? (c | 0x20) == (unit | 0x20) : map == NULL || (map[c / 8] >> c % 8 & 1) != 0)
			return true;
	}
	return false;
}

void
filter_regex_free(struct filter_regex *all)
{
	while (all != NULL) {
		struct filter_regex *next = all->next;

		pcre2_code_free(all->code);
		pcre2_code_free(all->tolerant);
		free(all);
		all = next;
	}
}

/* ---- matching ---- */

/* Limits, and whatever else is no answer. */
static bool
give_up(const struct filter_regex *r, struct filter_scratch *x)
{
	if (x->given_up++ == 0)
		memcpy(x->pattern, r->text, sizeof(x->pattern));
	return false;
}

/* A subject at hand, and whether it is UTF-8. */
struct attempt {
	const struct filter_regex *r;
	struct regex_memory *m;
	PCRE2_SPTR p;
	size_t len;
	bool valid;
};

/* Matches that start at first or later, but before end. */
static int
match_from(const struct attempt *a, size_t first, size_t end)
{
	pcre2_set_offset_limit(a->m->limits, end - 1);
	if (!a->valid)
		return pcre2_match(a->r->tolerant, a->p, a->len, first, 0, a->m->data, a->m->limits);
	if (a->r->jit)
		return pcre2_jit_match(a->r->code, a->p, a->len, first, 0, a->m->data, a->m->limits);
	return pcre2_match(a->r->code, a->p, a->len, first, PCRE2_NO_UTF_CHECK, a->m->data, a->m->limits);
}

static void
limit_steps(const struct attempt *a, uint64_t steps)
{
	pcre2_set_match_limit(a->m->limits, steps < MATCH_LIMIT ? (uint32_t)steps : MATCH_LIMIT);
}

static int
match_by_places(const struct attempt *a)
{
	int64_t now = time_steady(), until = now + TIME_LIMIT;
	size_t first = 0, places = PLACES_MIN;

	limit_steps(a, PLACE_WORK / (a->len + 1));
	for (;;) {
		size_t end = first + places;
		int64_t before = now;
		int rc;

		while (end < a->len && (a->p[end] & 0xc0) == 0x80)
			end++;
		if (a->r->whole || end > a->len)
			end = a->len + 1;
		rc = match_from(a, first, end);
		if (rc != PCRE2_ERROR_NOMATCH || end > a->len)
			return rc;
		if ((now = time_steady()) >= until)
			return PCRE2_ERROR_MATCHLIMIT;
		if (now - before < PLACES_TIME && places < PLACES_MAX)
			places *= 2;
		first = end;
	}
}

static int
match(const struct attempt *a)
{
	int rc;

	if (a->len <= SHORT_MAX) {
		limit_steps(a, SHORT_WORK / ((a->len + 1) * (a->len + 1)));
		if ((rc = match_from(a, 0, a->len + 1)) != PCRE2_ERROR_MATCHLIMIT)
			return rc;
	}
	return match_by_places(a);
}

bool
filter_regex_match(const struct filter_regex *r, struct str subject, struct filter_scratch *x)
{
	PCRE2_SPTR p = (PCRE2_SPTR)(subject.len > 0 ? subject.p : "");
	struct regex_memory *m = x->regex;
	int rc;

	if (m == NULL)
		m = x->regex = memory_new();
	if (x->given_up >= GIVE_UPS_MAX)
		return false;
	rc = match(&(struct attempt){ r, m, p, subject.len,
	    utf8_valid_prefix((const char *)p, subject.len) == subject.len });
	if (rc >= 0)
		return true;
	return rc == PCRE2_ERROR_NOMATCH ? false : give_up(r, x);
}

int
filter_trouble(const struct filter_scratch *x, struct err *e)
{
	if (x->given_up == 0)
		return 0;
	return err_set(e, ERR_FAIL, "the pattern '%s' takes too long, or too much memory, on some value;"
	    " make it simpler", x->pattern);
}
