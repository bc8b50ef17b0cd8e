/* subject_read: characters behind escapes, and where words end (see subject_read.h). */
#include "event/subject_read.h"

#include <unicase.h>
#include <uninorm.h>
#include <uniwbrk.h>

#include "base/utf8.h"

#define NO_CHARACTER 0xfffd
#define PERCENT_LAYERS_MAX 8 /* %2540, %252540 ... */
#define MARKS_MAX 32         /* on one letter */

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

static bool
hex_at(struct str t, size_t at, size_t digits, uint32_t *value)
{
	*value = 0;
	if (at > t.len || t.len - at < digits)
		return false;
	for (size_t i = 0; i < digits; i++) {
		int digit = hex(t.p[at + i]);

		if (digit < 0)
			return false;
		*value = *value << 4 | (uint32_t)digit;
	}
	return true;
}

static bool
layer_at(struct str t, size_t at)
{
	return t.len - at >= 2 && t.p[at] == '2' && t.p[at + 1] == '5';
}

/* ---- forwards ---- */

static size_t
behind_backslashes(struct str t, size_t at)
{
	while (at < t.len && t.p[at] == '\\')
		at++;
	return at;
}

/* At the `u` of an escape; 0: it is none. */
static size_t
read_unicode(struct str t, size_t at, uint32_t *cp)
{
	uint32_t low;
	size_t second;

	if (at >= t.len || t.p[at] != 'u' || !hex_at(t, at + 1, 4, cp))
		return 0;
	at += 5;
	if (*cp < 0xd800 || *cp >= 0xe000)
		return at;
	second = behind_backslashes(t, at);
	if (*cp >= 0xdc00 || second == at || second >= t.len || t.p[second] != 'u' ||
	    !hex_at(t, second + 1, 4, &low) || low < 0xdc00 || low >= 0xe000)
		return 0;
	*cp = 0x10000 + ((*cp - 0xd800) << 10) + (low - 0xdc00);
	return second + 5;
}

/* At a '%'; 0: no two hexadecimal digits are behind it. */
static size_t
percent_byte(struct str t, size_t at, char *byte)
{
	uint32_t value;

	if (at >= t.len || t.p[at] != '%')
		return 0;
	at++;
	for (int i = 0; i < PERCENT_LAYERS_MAX && layer_at(t, at) && hex_at(t, at + 2, 2, &value); i++)
		at += 2;
	if (!hex_at(t, at, 2, &value))
		return 0;
	*byte = (char)value;
	return at + 2;
}

static size_t
read_percent(struct str t, size_t at, uint32_t *cp)
{
	char bytes[4];
	size_t n = 0;

	while (n < sizeof(bytes) && (at = percent_byte(t, at, &bytes[n])) != 0)
		if (utf8_decode(bytes, ++n, cp) > 0)
			return at;
	return 0;
}

unsigned
read_forward(struct str t, size_t at, struct reading r[READINGS_MAX])
{
	unsigned n = 1;

	r[0].next = at + 1;
	r[0].cp = (unsigned char)t.p[at];
	switch (t.p[at]) {
	case '\\':
		r[0].next = behind_backslashes(t, at);
		if (r[0].next < t.len && (t.p[r[0].next] == '"' || t.p[r[0].next] == '/'))
			r[n++] = (struct reading){ (unsigned char)t.p[r[0].next], r[0].next + 1 };
		else if ((r[1].next = read_unicode(t, r[0].next, &r[1].cp)) != 0) {
			n++;
			if (r[1].cp == '+')
				r[n++] = (struct reading){ ' ', r[1].next };
		}
		break;
	case '%':
		if ((r[1].next = read_percent(t, at, &r[1].cp)) != 0)
			n++;
		break;
	case '+': /* a blank in the query of a URL */
		r[n++] = (struct reading){ ' ', at + 1 };
		break;
	default:
		if (r[0].cp >= 0x80) {
			size_t len = utf8_decode(t.p + at, t.len - at, &r[0].cp);

			r[0].next = at + len;
			n = len > 0;
		}
		break;
	}
	return n;
}

/* ---- backwards ---- */

/* Where a percent-encoded byte that ends before `at` begins, or SIZE_MAX. */
static size_t
percent_back(struct str t, size_t at, char *byte)
{
	uint32_t value;

	if (at < 3 || !hex_at(t, at - 2, 2, &value))
		return SIZE_MAX;
	*byte = (char)value;
	at -= 2;
	for (int i = 0; i < PERCENT_LAYERS_MAX && at >= 3 && layer_at(t, at - 2); i++)
		at -= 2;
	return t.p[at - 1] == '%' ? at - 1 : SIZE_MAX;
}

static bool
back_percent(struct str t, size_t at, struct reading *r)
{
	char bytes[4];
	size_t n = sizeof(bytes);

	while (n > 0 && (at = percent_back(t, at, &bytes[n - 1])) != SIZE_MAX) {
		n--;
		if ((bytes[n] & 0xc0) == 0x80)
			continue;
		r->next = at;
		return utf8_decode(bytes + n, sizeof(bytes) - n, &r->cp) == sizeof(bytes) - n;
	}
	return false;
}

static bool
back_unicode(struct str t, size_t at, struct reading *r)
{
	if (at < 6 || t.p[at - 6] != '\\' || t.p[at - 5] != 'u' || !hex_at(t, at - 4, 4, &r->cp))
		return false;
	if (r->cp >= 0xd800 && r->cp < 0xe000)
		r->cp = NO_CHARACTER; /* half of a pair: nearly always an emoji */
	for (at -= 6; at > 0 && t.p[at - 1] == '\\';)
		at--;
	r->next = at;
	return true;
}

struct reading
read_back(struct str t, size_t at)
{
	struct reading r = { NO_CHARACTER, at - 1 };
	unsigned char c = (unsigned char)t.p[at - 1];
	size_t len = 1;

	if (hex((char)c) >= 0 && (back_unicode(t, at, &r) || back_percent(t, at, &r)))
		return r;
	r = (struct reading){ c, at - 1 };
	if (c < 0x80) {
		if (at >= 2 && t.p[at - 2] == '\\' && c != 0 && strchr("bfnrt", c) != NULL)
			r = (struct reading){ ' ', at - 2 };
		return r;
	}
	while (len < 4 && len < at && (t.p[at - len] & 0xc0) == 0x80)
		len++;
	if (utf8_decode(t.p + at - len, len, &r.cp) == len)
		r.next = at - len;
	else
		r.cp = NO_CHARACTER;
	return r;
}

/* ---- words ---- */

enum kind { KIND_OTHER, KIND_WORD, KIND_KATAKANA, KIND_HANGUL, KIND_MARK };

/*
 * By the word breaks of UAX 29: scripts that part words by no blanks (Han,
 * Hiragana, Thai ...) are of no kind there.
 */
static enum kind
kind_of(uint32_t cp)
{
	if (cp < 0x80)
		return (cp >= '0' && cp <= '9') || ((cp | 0x20) >= 'a' && (cp | 0x20) <= 'z') ||
		    cp == '_' ? KIND_WORD : KIND_OTHER;
	if (cp >= 0xac00 && cp <= 0xd7a3)
		return KIND_HANGUL;
	if ((cp >= 0xfe00 && cp <= 0xfe0f) || (cp >= 0xe0100 && cp <= 0xe01ef))
		return KIND_OTHER; /* how an emoji is to be drawn */
	switch (uc_wordbreak_property(cp)) {
	case WBP_ALETTER: case WBP_HL: case WBP_NUMERIC: case WBP_EXTENDNUMLET:
		return KIND_WORD;
	case WBP_KATAKANA:
		return KIND_KATAKANA;
	case WBP_EXTEND:
		return KIND_MARK;
	default:
		return KIND_OTHER;
	}
}

static bool
is_joint(uint32_t cp)
{
	return cp == '-' || cp == '.' || cp == '@' || cp == '+';
}

/* What a joint joins: `_` is none of it. */
static bool
is_letter(enum kind kind, uint32_t cp)
{
	return kind != KIND_OTHER && kind != KIND_MARK && cp != '_';
}

static bool
continues(enum kind kind, uint32_t edge)
{
	return kind == KIND_WORD || (kind == KIND_KATAKANA && kind_of(edge) == KIND_KATAKANA);
}

/* The base of a letter with marks. */
static struct reading
letter_back(struct str t, size_t at)
{
	struct reading r = read_back(t, at);

	for (int i = 0; i < MARKS_MAX && r.next > 0 && kind_of(r.cp) == KIND_MARK; i++)
		r = read_back(t, r.next);
	return r;
}

bool
read_word_begins(struct str t, size_t at, uint32_t edge)
{
	struct reading r;
	enum kind kind;

	if (at == 0)
		return true;
	r = letter_back(t, at);
	kind = kind_of(r.cp);
	if (kind == KIND_HANGUL || continues(kind, edge))
		return false;
	if (!is_joint(r.cp) || r.next == 0)
		return true;
	r = letter_back(t, r.next);
	return !is_letter(kind_of(r.cp), r.cp);
}

/* The likeliest reading: what an escape stands for, but `+` as it is. */
static struct reading
likely(struct str t, size_t at)
{
	struct reading r[READINGS_MAX];
	unsigned n = read_forward(t, at, r);

	if (n == 0)
		return (struct reading){ NO_CHARACTER, at + 1 };
	return n > 1 && t.p[at] != '+' ? r[1] : r[0];
}

bool
read_word_ends(struct str t, size_t at, uint32_t edge)
{
	struct reading r;
	enum kind kind;

	if (at == t.len)
		return true;
	r = likely(t, at);
	kind = kind_of(r.cp);
	if (kind == KIND_MARK || continues(kind, edge))
		return false;
	if (!is_joint(r.cp) || r.next == t.len)
		return true;
	r = likely(t, r.next);
	return !is_letter(kind_of(r.cp), r.cp);
}

/* ---- folding ---- */

unsigned
read_fold(uint32_t cp, uint32_t out[FOLDED_MAX])
{
	ucs4_t part[UC_DECOMPOSITION_MAX_LENGTH];
	uint32_t tail[FOLDED_MAX];
	unsigned n = 0, tails = 0;
	int parts;

	if (cp < 0x80) {
		out[0] = cp >= 'A' && cp <= 'Z' ? cp | 0x20 : cp;
		return 1;
	}
	/* Only the first of the parts may have parts of its own. */
	while ((parts = uc_canonical_decomposition(cp, part)) > 0) {
		while (--parts > 0 && tails < FOLDED_MAX - 1)
			tail[tails++] = part[parts];
		cp = part[0];
	}
	out[n++] = uc_tolower(uc_toupper(cp));
	while (tails > 0)
		out[n++] = uc_tolower(uc_toupper(tail[--tails]));
	return n;
}
