/*
 * where_text: the words, signs and values of an expression.
 *
 *     prod.db.*   "a, b"   'it''s'   "say \"hi\""   3 days ago   ^(GET|PUT)$
 *
 * In quotes the quote itself is written twice, or behind a backslash.  Any
 * other backslash stays, for values (where it makes * ? , and itself literal)
 * as for regular expressions (where it is PCRE2's).
 */
#include "filter/where.h"

#include <stdio.h>

#include "base/utf8.h"

#define FOUND_MAX 30 /* bytes of what was found that a message shows */

bool
where_ends_word(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f || strchr("()\"'=<>~!&|,", c) != NULL;
}

/* How many bytes from `at` on are a bare word; a backslash takes a comma. */
static size_t
word_length(const struct where *w, size_t at)
{
	size_t i = at;

	while (i < w->text.len) {
		if (w->text.p[i] == '\\' && i + 1 < w->text.len && strchr("\\,*?", w->text.p[i + 1]) != NULL &&
		    w->text.p[i + 1] != '\0')
			i += 2;
		else if (where_ends_word(w->text.p[i]))
			break;
		else
			i++;
	}
	return i - at;
}

void
where_space(struct where *w)
{
	while (w->at < w->text.len && strchr(" \t\r\n", w->text.p[w->at]) != NULL && w->text.p[w->at] != '\0')
		w->at++;
}

static struct str
next_word(struct where *w)
{
	where_space(w);
	return (struct str){ w->text.p + w->at, word_length(w, w->at) };
}

bool
where_sign(struct where *w, const char *sign)
{
	size_t n = strlen(sign);

	where_space(w);
	if (w->text.len - w->at < n || memcmp(w->text.p + w->at, sign, n) != 0)
		return false;
	w->at += n;
	return true;
}

bool
where_comes(struct where *w, const char *keyword)
{
	return str_eq_nocase(next_word(w), str_of(keyword));
}

bool
where_keyword(struct where *w, const char *keyword)
{
	if (!where_comes(w, keyword))
		return false;
	w->at += strlen(keyword);
	return true;
}

/* ---- errors ---- */

/* Characters before `at`, from 1. */
static size_t
column(const struct where *w, size_t at)
{
	size_t n = 1;

	for (size_t i = 0; i < at; i++)
		n += ((unsigned char)w->text.p[i] & 0xc0) != 0x80;
	return n;
}

int
where_wrong(const struct where *w, size_t at)
{
	return err_doing(w->e, "column %zu", column(w, at));
}

/* A word, cut at a character when it is long, or the one character there. */
static struct str
found(const struct where *w, const char **dots)
{
	struct str s = { w->text.p + w->at, word_length(w, w->at) };
	uint32_t cp;

	*dots = "";
	if (s.len == 0)
		s.len = utf8_decode(s.p, w->text.len - w->at, &cp);
	if (s.len > FOUND_MAX) {
		*dots = "...";
		s.len = utf8_valid_prefix(s.p, FOUND_MAX);
	}
	return s;
}

int
where_expected(const struct where *w, const char *what)
{
	const char *dots;
	struct str s;

	if (w->at == w->text.len)
		return err_set(w->e, ERR_FAIL, "column %zu: expected %s, found the end", column(w, w->at), what);
	s = found(w, &dots);
	return err_set(w->e, ERR_FAIL, "column %zu: expected %s, found '%.*s%s'", column(w, w->at), what,
	    (int)s.len, s.p, dots);
}

static int
expected_value(const struct where *w, const char *what, const char *after)
{
	char text[80];

	snprintf(text, sizeof(text), "%s after '%s'", what, after);
	return where_expected(w, text);
}

/* ---- quotes ---- */

/* Where the quotes that open at `at` are closed; text.len: nowhere.  Pairs of a
 * backslash and a byte are looked at together, so that "C:\\" ends where it
 * seems to. */
static size_t
closing_quote(struct str text, size_t at)
{
	size_t i = at + 1;

	while (i < text.len) {
		bool pair = i + 1 < text.len && (text.p[i] == '\\' || text.p[i] == text.p[at]) &&
		    (text.p[i] == '\\' || text.p[i + 1] == text.p[at]);

		if (text.p[i] == text.p[at] && !pair)
			return i;
		i += pair ? 2 : 1;
	}
	return text.len;
}

/*
 * Takes what is in quotes.  For values a backslash before the quote is taken
 * away and a comma gets one; a regular expression keeps its own, since \"
 * means a quote there too.
 */
static int
read_quoted(struct where *w, struct str *out, bool pattern)
{
	size_t start = w->at, end = closing_quote(w->text, start), n = 0;
	char quote = w->text.p[start];
	char *to;

	if (end >= w->text.len) {
		err_set(w->e, ERR_FAIL, "the quotes that open here are not closed "
		    "(a quote behind a backslash is literal)");
		return where_wrong(w, start);
	}
	to = arena_bytes(&w->f->arena, 2 * (end - start));
	for (size_t i = start + 1; i < end; i++) {
		char c = w->text.p[i];

		if (c == quote) {
			to[n++] = w->text.p[++i]; /* the second of two */
		} else if (c == '\\' && i + 1 < end) {
			if (pattern || w->text.p[i + 1] != quote)
				to[n++] = c;
			to[n++] = w->text.p[++i];
		} else {
			if (c == ',' && !pattern)
				to[n++] = '\\';
			to[n++] = c;
		}
	}
	w->at = end + 1;
	*out = (struct str){ to, n };
	return 0;
}

static bool
quotes_come(struct where *w)
{
	where_space(w);
	return w->at < w->text.len && (w->text.p[w->at] == '"' || w->text.p[w->at] == '\'');
}

/* ---- values ---- */

bool
where_is_keyword(struct str word)
{
	static const char *const keywords[] = { "and", "or", "not", "in", "has" };

	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (str_eq_nocase(word, str_of(keywords[i])))
			return true;
	}
	return false;
}

int
where_value(struct where *w, struct str *value, const char *after)
{
	if (quotes_come(w))
		return read_quoted(w, value, false);
	*value = next_word(w);
	if (value->len == 0 || where_is_keyword(*value))
		return expected_value(w, "a value", after);
	w->at += value->len;
	return 0;
}

int
where_time(struct where *w, struct str *value, const char *after)
{
	struct str word;
	size_t end;

	if (quotes_come(w))
		return read_quoted(w, value, false);
	if (where_value(w, value, after) != 0)
		return -1;
	do {
		end = w->at;
		word = next_word(w);
		w->at += word.len;
	} while (word.len > 0 && !where_is_keyword(word));
	w->at = end;
	value->len = (size_t)(w->text.p + end - value->p);
	return 0;
}

/* Bare: up to white space, or a closing parenthesis that it did not open. */
static struct str
bare_pattern(struct where *w)
{
	struct str s = { w->text.p + w->at, 0 };
	size_t rest = w->text.len - w->at, open = 0;

	while (s.len < rest && (unsigned char)s.p[s.len] > ' ') {
		char c = s.p[s.len];

		if (c == ')' && open == 0)
			break;
		open += c == '(';
		open -= c == ')';
		s.len += c == '\\' && s.len + 1 < rest && (unsigned char)s.p[s.len + 1] > ' ' ? 2 : 1;
	}
	return s;
}

int
where_pattern(struct where *w, struct str *pattern, const char *after)
{
	if (quotes_come(w))
		return read_quoted(w, pattern, true);
	*pattern = bare_pattern(w);
	if (pattern->len == 0 || where_is_keyword(*pattern))
		return expected_value(w, "a regular expression", after);
	w->at += pattern->len;
	return 0;
}

struct str
where_plain(struct where *w, struct str value)
{
	char *to = arena_bytes(&w->f->arena, value.len + 1);
	size_t n = 0;
	bool escaped;

	for (size_t i = 0; i < value.len;)
		to[n++] = value_byte(value, &i, &escaped);
	to[n] = '\0';
	return (struct str){ to, n };
}
