/*
 * need_regex: literal runs that every match of a pattern contains.
 *
 *     deny|block(ed)?     -> deny or block
 *     user \d+ .*root     -> root
 *
 * Everything errs on the side of knowing nothing: a pattern is read only as far
 * as its runs outside of groups are plain to see, and one with anything unusual
 * in it has no need.
 */
#include "filter/need.h"

#include <ctype.h>

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
read_quantifier(struct need_finder *n, struct pattern *p)
{
	bool optional = peek(p, 0) != '+';

	n->more = true;
	if (peek(p, 0) == '{') {
		if (!skip_braces(p, &optional))
			return false;
	} else
		p->at++;
	if (optional)
		n->run.len -= p->last;
	need_end_run(n);
	if (peek(p, 0) == '?' || peek(p, 0) == '+') /* lazy, possessive */
		p->at++;
	return peek(p, 0) == '\0' || strchr("?*+{", peek(p, 0)) == NULL; /* of a quantifier */
}

/* Backslash and punctuation is that; of letters only the plain classes and
 * assertions are understood. */
static bool
read_backslash(struct need_finder *n, struct pattern *p)
{
	char c = peek(p, 1);

	if (c == '\0' || (c & 0x80) != 0)
		return false;
	if (isalnum((unsigned char)c)) {
		n->more = true;
		need_end_run(n);
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
read_literal(struct need_finder *n, struct pattern *p)
{
	p->last = 0;
	do {
		buf_byte(&n->run, peek(p, p->last));
		p->last++;
	} while (((unsigned char)peek(p, p->last) & 0xc0) == 0x80);
	p->at += p->last;
}

static bool
read_item(struct need_finder *n, struct pattern *p)
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
	if (c == '|') {
		need_end_alternative(n);
	} else {
		n->more = true;
		need_end_run(n);
	}
	if (c == '(')
		return skip_group(p);
	if (c == '[')
		return skip_class(p);
	p->at++;
	return true;
}

void
need_read_regex(struct need_finder *n, struct str text)
{
	struct pattern p = { .text = text };

	while (p.at < text.len && !n->unknown)
		n->unknown |= !read_item(n, &p);
	need_end_alternative(n);
	if (!p.nocase || n->nocase || n->unknown)
		return;
	/* Once more, now that case does not count. */
	n->nocase = true;
	n->texts = 0;
	need_read_regex(n, text);
}
