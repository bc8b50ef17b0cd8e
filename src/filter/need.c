/*
 * need: a text that whatever passes a test contains, so that blocks of text
 * without it are not read.
 *
 *     *.prod.example      -> .prod.example
 *     deny|block(ed)?     -> deny or block
 *     user \d+ .*root     -> "user "
 *
 * Everything errs on the side of knowing nothing: a regular expression is read
 * only as far as its literal runs at the top are plain to see, and one with
 * anything unusual in it has no need.
 *
 * In: a test.   Out: its filter_need.
 */
#include <ctype.h>
#include <stdlib.h>

#include "filter/scratch.h"

#define NEED_MIN 3   /* bytes: readers look for trigrams */
#define NEEDS_MAX 64 /* alternatives; with more, looking for them all costs more than it saves */

/* Where the needed text is to be found. */
enum place {
	PLACE_VALUE,   /* the value that the pattern saw */
	PLACE_PAYLOAD, /* JSON, of which the pattern saw a string without its escapes */
	PLACE_LINE     /* some value of the event, of which the pattern saw the whole line */
};

struct finder {
	struct filter *f;
	enum place place;
	bool nocase;
	struct buf run;           /* literal bytes at work */
	struct str best;          /* of the alternative at work */
	struct str text[NEEDS_MAX];
	size_t texts;
	bool unknown;             /* some alternative has no need, or there are too many */
};

/* ---- one run of literal bytes ---- */

/* A byte that may stand otherwise in the place looked at. */
static bool
splits(const struct finder *n, unsigned char c)
{
	if (n->nocase && c >= 0x80)
		return true; /* whose other case has other bytes */
	switch (n->place) {
	case PLACE_VALUE:
		return false;
	case PLACE_PAYLOAD:
		return c < 0x20 || c == '"' || c == '\\';
	case PLACE_LINE:
		return c < 0x20 || strchr("\"\\{}[]:,", c) != NULL;
	}
	return true;
}

/*
 * How many bytes at the start may be the end of an escape in the line (\n,
 * \u001f), which stands in no value.
 */
static size_t
escape_tail(struct str s)
{
	static const char *const shapes[] = { "u001f", "001f", "01f", "1f", "f" }; /* 1: 0 or 1; f: any digit */

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		size_t n = strlen(shapes[i]), k = 0;

		for (; k < n && k < s.len; k++) {
			char c = s.p[k], shape = shapes[i][k];

			if (shape == 'f' ? !isxdigit((unsigned char)c) : shape == '1' ? c != '0' && c != '1' : c != shape)
				break;
		}
		if (k == n || k == s.len)
			return k;
	}
	return s.len > 0 && memchr("bfnrt", s.p[0], 5) != NULL;
}

/* A text that the line may have outside of all values but those of times. */
static bool
may_be_no_value(struct str s)
{
	size_t i = 0;

	while (i < s.len && memchr("0123456789.+-TZtzEe", s.p[i], 19) != NULL)
		i++;
	if (i == s.len)
		return true;
	for (size_t k = 0; k < FIELD_COUNT; k++) {
		if (memmem(field_table[k].key, field_table[k].key_len, s.p, s.len) != NULL)
			return true;
	}
	return false;
}

static void
consider(struct finder *n, struct str s)
{
	if (n->place == PLACE_LINE) {
		size_t tail = escape_tail(s);

		if (may_be_no_value(s))
			return;
		s.p += tail;
		s.len -= tail;
	}
	if (s.len >= NEED_MIN && s.len > n->best.len)
		n->best = (struct str){ arena_copy(&n->f->arena, s.p, s.len), s.len };
}

/* What comes next need not follow directly. */
static void
end_run(struct finder *n)
{
	char *p = n->run.p;
	size_t from = 0;

	for (size_t i = 0; i < n->run.len; i++) {
		if (n->nocase)
			p[i] = (char)ascii_fold(p[i]);
		if (!splits(n, (unsigned char)p[i]))
			continue;
		consider(n, (struct str){ p + from, i - from });
		from = i + 1;
	}
	if (from < n->run.len)
		consider(n, (struct str){ p + from, n->run.len - from });
	buf_reset(&n->run);
}

static void
end_alternative(struct finder *n)
{
	end_run(n);
	if (n->best.len == 0 || n->texts == NEEDS_MAX)
		n->unknown = true;
	else
		n->text[n->texts++] = n->best;
	n->best = (struct str){ 0 };
}

/* ---- globs ---- */

static void
read_glob(struct finder *n, struct str glob)
{
	bool escaped;

	for (size_t i = 0; i < glob.len;) {
		char c = value_byte(glob, &i, &escaped);

		if (!escaped && (c == '*' || c == '?'))
			end_run(n);
		else
			buf_byte(&n->run, c);
	}
}

static void
read_patterns(struct finder *n, const struct filter_test *t)
{
	for (size_t i = 0; i < t->patterns && !n->unknown; i++) {
		if (t->pattern[i].glob)
			read_glob(n, t->pattern[i].text);
		else
			buf_str(&n->run, t->pattern[i].text);
		end_alternative(n);
	}
}

/* ---- regular expressions ---- */

struct pattern {
	struct str text;
	size_t at;
	size_t last;  /* bytes of the literal character before at, 0: something else */
	bool nocase;  /* (?i) was seen */
};

/* The byte at at + i, 0 behind the end. */
static char
peek(const struct pattern *p, size_t i)
{
	return p->at + i < p->text.len ? p->text.p[p->at + i] : '\0';
}

/* \Q changes what follows, \E ends that, \c takes any character. */
static bool
skip_escape(struct pattern *p)
{
	char c = peek(p, 1);

	if (c == '\0' || c == 'Q' || c == 'E' || c == 'c')
		return false;
	p->at += 2;
	return true;
}

/* [:alpha:] inside of a class. */
static bool
skip_posix(struct pattern *p)
{
	size_t i = 2;

	if (peek(p, 1) != ':')
		return false;
	while (peek(p, i) == '^' || (peek(p, i) >= 'a' && peek(p, i) <= 'z'))
		i++;
	if (peek(p, i) != ':' || peek(p, i + 1) != ']')
		return false;
	p->at += i + 2;
	return true;
}

/* [...]: a ] that comes first stands for itself. */
static bool
skip_class(struct pattern *p)
{
	p->at += peek(p, 1) == '^' ? 2 : 1;
	p->at += peek(p, 0) == ']';
	for (;;) {
		char c = peek(p, 0);

		if (c == '\0')
			return false;
		if (c == '\\') {
			if (!skip_escape(p))
				return false;
		} else if (c == '[' && memchr(":.=", peek(p, 1), 3) != NULL) {
			if (!skip_posix(p))
				return false;
		} else {
			p->at++;
			if (c == ']')
				return true;
		}
	}
}

/*
 * The opening of a group, up to where its contents begin.  (?i) and the like
 * count for the rest of what they stand in; other options than i, m and s
 * change how a pattern is written.
 */
static bool
skip_opening(struct pattern *p, bool top)
{
	bool nocase = false;

	p->at++;
	if (peek(p, 0) == '*')
		return false;
	if (peek(p, 0) != '?')
		return true;
	p->at++;
	if (peek(p, 0) == 'P' && peek(p, 1) == '<')
		p->at++;
	if (peek(p, 0) != '\0' && strchr(":=!><", peek(p, 0)) != NULL) {
		p->at++;
		return true;
	}
	for (; peek(p, 0) != '\0' && strchr("ims-", peek(p, 0)) != NULL; p->at++)
		nocase |= peek(p, 0) == 'i';
	if (peek(p, 0) == ')')
		p->nocase |= top && nocase;
	return peek(p, 0) == ')' || peek(p, 0) == ':';
}

static bool
skip_group(struct pattern *p)
{
	size_t depth = 0;

	do {
		char c = peek(p, 0);
		bool good = true;

		if (c == '(')
			good = skip_opening(p, depth++ == 0);
		else if (c == '[')
			good = skip_class(p);
		else if (c == '\\')
			good = skip_escape(p);
		else if (c == '\0')
			good = false;
		else
			p->at++;
		if (!good)
			return false;
		depth -= c == ')';
	} while (depth > 0);
	return true;
}

/* {2} {2,} {2,5}; anything else in braces is not understood. */
static bool
skip_braces(struct pattern *p, bool *optional)
{
	size_t i = 1;

	*optional = true;
	for (; isdigit((unsigned char)peek(p, i)); i++)
		*optional &= peek(p, i) == '0';
	if (i == 1)
		return false;
	if (peek(p, i) == ',')
		for (i++; isdigit((unsigned char)peek(p, i)); i++)
			;
	if (peek(p, i) != '}')
		return false;
	p->at += i + 1;
	return true;
}

/* What stands before it is in every match once, or not for certain. */
static bool
read_quantifier(struct finder *n, struct pattern *p)
{
	bool optional = peek(p, 0) != '+';

	if (peek(p, 0) == '{') {
		if (!skip_braces(p, &optional))
			return false;
	} else
		p->at++;
	if (optional)
		n->run.len -= p->last;
	end_run(n);
	if (peek(p, 0) == '?' || peek(p, 0) == '+') /* lazy, possessive */
		p->at++;
	return peek(p, 0) == '\0' || strchr("?*+{", peek(p, 0)) == NULL; /* of a quantifier */
}

/* Backslash and punctuation is that; of letters only the plain classes and
 * assertions are understood. */
static bool
read_backslash(struct finder *n, struct pattern *p)
{
	char c = peek(p, 1);

	if (c == '\0' || (c & 0x80) != 0)
		return false;
	if (isalnum((unsigned char)c)) {
		end_run(n);
		if (strchr("dDwWsShHvVRbBAzZXntrfae", c) == NULL)
			return false;
	} else {
		buf_byte(&n->run, c);
		p->last = 1;
	}
	p->at += 2;
	return true;
}

static void
read_literal(struct finder *n, struct pattern *p)
{
	p->last = 0;
	do {
		buf_byte(&n->run, peek(p, p->last));
		p->last++;
	} while (((unsigned char)peek(p, p->last) & 0xc0) == 0x80);
	p->at += p->last;
}

static bool
read_item(struct finder *n, struct pattern *p)
{
	char c = peek(p, 0);

	if (c == '\0' || c == ')')
		return false;
	if (strchr("?*+{", c) != NULL)
		return read_quantifier(n, p);
	p->last = 0;
	if (c == '\\')
		return read_backslash(n, p);
	if (strchr("([.^$|", c) == NULL) {
		read_literal(n, p);
		return true;
	}
	if (c == '|')
		end_alternative(n);
	else
		end_run(n);
	if (c == '(')
		return skip_group(p);
	if (c == '[')
		return skip_class(p);
	p->at++;
	return true;
}

/* Once more when it turns out on the way that case does not count. */
static void
read_regex(struct finder *n, struct str text)
{
	struct pattern p = { .text = text };

	while (p.at < text.len && !n->unknown)
		n->unknown |= !read_item(n, &p);
	end_alternative(n);
	if (!p.nocase || n->nocase || n->unknown)
		return;
	n->nocase = true;
	n->texts = 0;
	read_regex(n, text);
}

/* ---- the whole ---- */

/* The longest key on the way, as the payload has it: "rotation_reason": */
static void
read_keys(struct finder *n, const struct selector *path)
{
	n->nocase = n->unknown = false;
	n->texts = 0;
	for (size_t i = 0; i < path->steps; i++) {
		struct str key = path->step[i];
		struct buf quoted = { 0 };

		if (!selector_is_index(key)) {
			json_quote(&quoted, key);
			buf_byte(&quoted, ':');
			consider(n, buf_view(&quoted));
		}
		buf_fini(&quoted);
	}
	end_alternative(n);
}

static void
read_test(struct finder *n, const struct filter_test *t)
{
	bool payload = field_table[t->op == TEST_LINE ? FIELD_ID : t->field].type == FIELD_JSON;

	if (payload && (t->path != NULL || t->op == TEST_TEXT))
		n->place = PLACE_PAYLOAD;
	switch (t->op) {
	case TEST_ANY:
	case TEST_PREFIX:
		read_patterns(n, t);
		break;
	case TEST_TEXT:
		buf_str(&n->run, t->text);
		end_alternative(n);
		break;
	case TEST_LINE:
		n->place = PLACE_LINE;
		read_regex(n, t->text);
		break;
	case TEST_REGEX:
		read_regex(n, t->text);
		break;
	case TEST_HAS:
	case TEST_IP:
	case TEST_LEVEL:
	case TEST_TIME:
	case TEST_COMPARE:
		break;
	}
}

void
filter_need_find(struct filter *f, struct filter_test *t)
{
	struct finder n = { .f = f, .nocase = t->nocase };

	read_test(&n, t);
	if ((n.unknown || n.texts == 0) && t->path != NULL)
		read_keys(&n, t->path);
	buf_fini(&n.run);
	if (n.unknown || n.texts == 0)
		return;
	t->need = (struct filter_need){ .texts = n.texts, .nocase = n.nocase };
	t->need.text = arena_alloc(&f->arena, n.texts * sizeof(*t->need.text));
	memcpy(t->need.text, n.text, n.texts * sizeof(*t->need.text));
}
