/*
 * glob: * for any run of bytes, ? for one character, a backslash before
 * one of * ? , \ to mean itself.
 *
 * One star is remembered at a time: when the rest does not fit, the last star
 * takes one byte more.  That is at most pattern times text steps.  Most texts
 * that do not fit are known by their ends before that.
 */
#include "filter/tree.h"

enum piece_kind { PIECE_BYTE, PIECE_ONE, PIECE_RUN };

/* The piece of the pattern at *i; moves *i behind it. */
static enum piece_kind
next_piece(struct str pattern, size_t *i, unsigned char *byte)
{
	bool escaped;
	char c = value_byte(pattern, i, &escaped);

	*byte = (unsigned char)c;
	if (escaped)
		return PIECE_BYTE;
	return c == '*' ? PIECE_RUN : c == '?' ? PIECE_ONE : PIECE_BYTE;
}

/* Behind the character at t: text is valid UTF-8. */
static size_t
behind_character(struct str text, size_t t)
{
	t++;
	while (t < text.len && ((unsigned char)text.p[t] & 0xc0) == 0x80)
		t++;
	return t;
}

static bool
same_byte(unsigned char a, char b, bool nocase)
{
	return nocase ? ascii_fold((char)a) == ascii_fold(b) : a == (unsigned char)b;
}

/* Only stars are left. */
static bool
rest_is_empty(struct str pattern, size_t p)
{
	unsigned char byte;

	while (p < pattern.len) {
		if (next_piece(pattern, &p, &byte) != PIECE_RUN)
			return false;
	}
	return true;
}

/* Where the bytes behind the star at `star` could begin, from t on: the next
 * place with the first of them.  SIZE_MAX: nowhere. */
static size_t
next_candidate(struct str pattern, size_t star, struct str text, size_t t, bool nocase)
{
	unsigned char byte;
	const char *found;

	if (t >= text.len || next_piece(pattern, &star, &byte) != PIECE_BYTE)
		return t;
	if (nocase) {
		while (t < text.len && !same_byte(byte, text.p[t], true))
			t++;
		return t < text.len ? t : SIZE_MAX;
	}
	found = memchr(text.p + t, byte, text.len - t);
	return found ? (size_t)(found - text.p) : SIZE_MAX;
}

/* The bytes at the pattern's end that mean themselves, whatever stands before
 * them, are those at the text's end. */
static bool
ends_alike(struct str pattern, struct str text, bool nocase)
{
	while (pattern.len > 0) {
		char c = pattern.p[--pattern.len];

		if (c == '*' || c == '?' || c == '\\')
			return true;
		if (text.len == 0 || !same_byte((unsigned char)c, text.p[--text.len], nocase))
			return false;
	}
	return true;
}

bool
filter_glob(struct str pattern, struct str text, bool nocase)
{
	size_t p = 0, t = 0;
	size_t star = SIZE_MAX, taken = 0; /* behind the last star; where its run ends */

	if (!ends_alike(pattern, text, nocase))
		return false;
	while (t < text.len) {
		size_t next = p;
		unsigned char byte = 0;
		enum piece_kind kind = PIECE_BYTE;
		bool fits = false;

		if (p < pattern.len) {
			kind = next_piece(pattern, &next, &byte);
			fits = kind != PIECE_BYTE || same_byte(byte, text.p[t], nocase);
		}
		if (fits && kind == PIECE_RUN) {
			if (next == pattern.len)
				return true;
			star = next;
			taken = next_candidate(pattern, star, text, t, nocase);
		} else if (fits) {
			t = kind == PIECE_ONE ? behind_character(text, t) : t + 1;
			p = next;
			continue;
		} else if (star == SIZE_MAX) {
			return false;
		} else {
			taken = next_candidate(pattern, star, text, taken + 1, nocase);
		}
		if (taken == SIZE_MAX)
			return false;
		p = star;
		t = taken;
	}
	return rest_is_empty(pattern, p);
}
