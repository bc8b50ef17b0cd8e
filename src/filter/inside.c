/*
 * inside: patterns whose matches lie within one value of a line, so that the
 * values can be asked and the line need not be made.
 *
 *     (fetch|push) [a-z]+     is inside: what it matches has no quote
 *     "outcome":"fail         is not; nor is ^.{, nor user.*root
 *
 * Between two values of a canonical line there is always one of "{}:, and where
 * one ends the pattern sees what it sees at the end of a subject: a character
 * that it cannot match and that belongs to no word.  Only plain patterns are
 * understood; of all others it is said that they are not inside.
 *
 * In: the text of a pattern that PCRE2 has compiled.   Out: yes, or maybe not.
 */
#include <ctype.h>

#include "filter/scratch.h"

static const char between[] = "\"{}:,";

static bool
is_between(unsigned char c)
{
	return c != '\0' && strchr(between, c) != NULL;
}

static bool
any_between(unsigned char low, unsigned char high)
{
	for (const char *c = between; *c != '\0'; c++)
		if ((unsigned char)*c >= low && (unsigned char)*c <= high)
			return true;
	return false;
}

/* The byte at i, 0 behind the end. */
static unsigned char
byte_at(struct str s, size_t i)
{
	return i < s.len ? (unsigned char)s.p[i] : 0;
}

/* Behind a backslash and what it makes literal. */
static bool
skip_literal_escape(struct str s, size_t *i)
{
	unsigned char c = byte_at(s, *i + 1);

	if (!ispunct(c) || is_between(c))
		return false;
	*i += 2;
	return true;
}

static bool
skip_escape(struct str s, size_t *i, const char *letters)
{
	unsigned char c = byte_at(s, *i + 1);

	if (c == '\0' || strchr(letters, c) == NULL)
		return skip_literal_escape(s, i);
	*i += 2;
	return true;
}

/* {2} {2,} {2,5} */
static bool
skip_count(struct str s, size_t *i)
{
	size_t at = *i + 1;

	while (isdigit(byte_at(s, at)))
		at++;
	if (at == *i + 1)
		return false;
	if (byte_at(s, at) == ',')
		for (at++; isdigit(byte_at(s, at)); at++)
			;
	if (byte_at(s, at) != '}')
		return false;
	*i = at + 1;
	return true;
}

/* One character of a class, or the end of a range, not \d and the like. */
static bool
read_member(struct str s, size_t *i, unsigned char *c)
{
	*c = byte_at(s, *i);
	if (*c == '\\') {
		*c = byte_at(s, *i + 1);
		return skip_literal_escape(s, i);
	}
	if (*c == '\0' || (*c == '[' && strchr(":.=", byte_at(s, *i + 1)) != NULL))
		return false;
	*i += 1;
	return true;
}

static bool
skip_class(struct str s, size_t *i)
{
	unsigned char low, high;

	*i += 1;
	if (byte_at(s, *i) == '^' || byte_at(s, *i) == ']')
		return false;
	while (byte_at(s, *i) != ']') {
		if (byte_at(s, *i) == '\\' && strchr("dws", byte_at(s, *i + 1)) != NULL) {
			if (!skip_escape(s, i, "dws"))
				return false;
			continue;
		}
		if (!read_member(s, i, &low))
			return false;
		high = low;
		if (byte_at(s, *i) == '-' && byte_at(s, *i + 1) != ']') {
			*i += 1;
			if (!read_member(s, i, &high))
				return false;
		}
		if (any_between(low, high))
			return false;
	}
	*i += 1;
	return true;
}

/* ( (?: (?i) (?i: */
static bool
skip_opening(struct str s, size_t *i)
{
	*i += 1;
	if (byte_at(s, *i) == '*')
		return false;
	if (byte_at(s, *i) != '?')
		return true;
	*i += 1;
	if (byte_at(s, *i) == 'i')
		*i += 1;
	else if (byte_at(s, *i) != ':')
		return false;
	if (byte_at(s, *i) == ')')
		return true;
	*i += 1;
	return byte_at(s, *i - 1) == ':';
}

bool
filter_pattern_inside(struct str s)
{
	for (size_t i = 0; i < s.len;) {
		unsigned char c = byte_at(s, i);
		bool plain = true;

		if (c == '{')
			plain = skip_count(s, &i);
		else if (c == '(')
			plain = skip_opening(s, &i);
		else if (c == '[')
			plain = skip_class(s, &i);
		else if (c == '\\')
			plain = skip_escape(s, &i, "dwsbB");
		else if (c == '.' || c == '^' || c == '$' || is_between(c))
			plain = false;
		else
			i++;
		if (!plain)
			return false;
	}
	return true;
}
