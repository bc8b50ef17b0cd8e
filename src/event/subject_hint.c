/*
 * subject_hint: texts that tell where a value cannot be.
 *
 * Of each value a few characters in a row that are plain ASCII.  Where the value
 * is, they stand as they are, or one of them is written in another way:
 * \u0061, %61, %2561, or as one of three letters that fold to it (ı, ſ, K).
 *
 *	alice    alice  \u00 \u01 \u21  %25  %61 %41 %6c ...  lı Lı  %c4
 *
 * In: a value, folded.   Out: texts for filters of trigrams.
 */
#include <stdlib.h>

#include "event/subject_tree.h"

enum { HINT_MIN = 3, HINT_MAX = 12 };

static void
add(struct subject *s, const char *text, size_t len)
{
	for (size_t i = 0; i < s->hint.n; i++)
		if (strlen(s->hint.item[i]) == len && memcmp(s->hint.item[i], text, len) == 0)
			return;
	str_list_add(&s->hint, text, len);
}

/* A byte percent-encoded; filters do not look at the case of the digits. */
static void
add_percent(struct subject *s, unsigned byte)
{
	static const char digits[] = "0123456789abcdef";
	char text[3] = { '%', digits[byte >> 4], digits[byte & 15] };

	add(s, text, sizeof(text));
}

/* The letters of two bytes that fold to one of ASCII. */
static const char *
other_letter(char c)
{
	return c == 'i' ? "\xc4\xb1" : c == 's' ? "\xc5\xbf" : NULL;
}

static void
add_pair(struct subject *s, struct str first, struct str second)
{
	char text[4];

	memcpy(text, first.p, first.len);
	memcpy(text + first.len, second.p, second.len);
	add(s, text, first.len + second.len);
}

/* Such a letter is too short for a filter: with what is beside it, in every
 * way that is no escape. */
static void
add_beside(struct subject *s, struct str run, size_t at)
{
	size_t beside = at > 0 ? at - 1 : at + 1;
	struct str letter = str_of(other_letter(run.p[at]));
	char upper = (char)(run.p[beside] >= 'a' && run.p[beside] <= 'z' ? run.p[beside] - 0x20 : run.p[beside]);
	struct str form[3] = { { run.p + beside, 1 }, { &upper, 1 }, str_of(other_letter(run.p[beside])) };

	for (int i = 0; i < 3; i++) {
		if (form[i].p == NULL)
			continue;
		if (beside < at)
			add_pair(s, form[i], letter);
		else
			add_pair(s, letter, form[i]);
	}
}

static void
add_character(struct subject *s, struct str run, size_t at)
{
	char c = run.p[at];

	add_percent(s, (unsigned char)c);
	if (c >= 'a' && c <= 'z')
		add_percent(s, (unsigned char)c - 0x20);
	if (other_letter(c) != NULL) {
		add_percent(s, (unsigned char)other_letter(c)[0]);
		add(s, "\\u01", 4);
		add_beside(s, run, at);
	}
	if (c == 'k') { /* K, the sign of kelvins */
		add_percent(s, 0xe2);
		add(s, "\\u21", 4);
		add(s, "\xe2\x84\xaa", 3);
	}
}

void
subject_add_hints(struct subject *s, struct str folded)
{
	struct str run = { folded.p, 0 };

	for (size_t at = 0; at < folded.len; at++) {
		size_t from = at;

		while (at < folded.len && subject_plain(folded, at))
			at++;
		if (at - from > run.len)
			run = (struct str){ folded.p + from, at - from };
	}
	if (run.len < HINT_MIN) {
		s->hintless = true;
		return;
	}
	run.len = run.len < HINT_MAX ? run.len : HINT_MAX;
	add(s, run.p, run.len);
	add(s, "\\u00", 4);
	add_percent(s, '%');
	for (size_t at = 0; at < run.len; at++)
		add_character(s, run, at);
}

size_t
subject_hints(const struct subject *s, const char *const **hint)
{
	*hint = (const char *const *)s->hint.item;
	return s->hintless ? 0 : s->hint.n;
}
