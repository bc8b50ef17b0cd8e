/*
 * dialect_escape: text for the line of a collector that ends at a newline and is
 * parted by other bytes.
 *
 *     a|b\c  ->  a\|b\\c        two lines  ->  two\nlines
 *
 * Formats say how to write what they are parted by, and nothing about other
 * control characters.  Those, and what readers of Unicode take for the end of a
 * line, become \u00xx: a backslash of the text itself is always doubled, so that
 * nothing is said twice in one way.
 */
#include "base/utf8.h"
#include "render/dialect.h"

#define EACH_BYTE UINT64_C(0x0101010101010101)

/* What a byte needs. */
enum need { PLAIN, BACKSLASH, LETTER, NUMBER, MAYBE /* the first byte of U+0080 .. U+009F, U+2028, U+2029 */ };

void
dialect_escapes_init(struct dialect_escapes *x, const char *meant, bool tab)
{
	const char *first = meant;
	uint8_t *need = x->need;

	memset(need, PLAIN, sizeof(x->need));
	memset(need, NUMBER, 0x20);
	need[0x7f] = NUMBER;
	need['\t'] = tab ? LETTER : PLAIN;
	need['\n'] = need['\r'] = LETTER;
	need['\\'] = BACKSLASH;
	for (; *meant != '\0'; meant++)
		need[(unsigned char)*meant] = BACKSLASH;
	need[0xc2] = need[0xe2] = MAYBE;
	for (size_t i = 0; i < 2; i++) {
		x->meant[i] = EACH_BYTE * (unsigned char)(*first != '\0' ? *first : '\\');
		first += *first != '\0';
	}
}

/* Whether one of the 8 bytes at p may need something: a control, a backslash,
 * what is meant, DEL, or one that is not ASCII. */
static bool
may_be_special(const struct dialect_escapes *x, const char *p)
{
	uint64_t eight, found, one, two;

	memcpy(&eight, p, sizeof(eight));
	found = eight ^ EACH_BYTE * '\\';
	one = eight ^ x->meant[0];
	two = eight ^ x->meant[1];
	found = (found - EACH_BYTE) & ~found;
	one = (one - EACH_BYTE) & ~one;
	two = (two - EACH_BYTE) & ~two;
	found |= one | two | (eight - EACH_BYTE * 0x20) | eight | (eight + EACH_BYTE);
	return (found & EACH_BYTE * 0x80) != 0;
}

/* Whether it needs nothing; of what may need something it does not know. */
static bool
is_plain(const struct dialect_escapes *x, struct str s)
{
	if (s.len < 8) {
		for (size_t i = 0; i < s.len; i++)
			if (x->need[(unsigned char)s.p[i]] != PLAIN)
				return false;
		return true;
	}
	for (size_t i = 0; i + 8 < s.len; i += 8)
		if (may_be_special(x, s.p + i))
			return false;
	return !may_be_special(x, s.p + s.len - 8);
}

static bool
ends_line(uint32_t cp)
{
	return (cp >= 0x80 && cp < 0xa0) || cp == 0x2028 || cp == 0x2029;
}

/* What stands at p; how many of its bytes that was. */
static size_t
put_special(struct buf *out, const char *p, size_t len, enum need need)
{
	uint32_t cp = (unsigned char)*p;
	size_t n = 1;

	if (need == MAYBE && (n = utf8_decode(p, len, &cp)) > 0 && !ends_line(cp)) {
		buf_add(out, p, n);
		return n;
	}
	buf_byte(out, '\\');
	if (need == BACKSLASH)
		buf_byte(out, *p);
	else if (need == LETTER)
		buf_byte(out, *p == '\n' ? 'n' : *p == '\r' ? 'r' : 't');
	else
		buf_printf(out, "u%04x", (unsigned)cp);
	return n > 0 ? n : 1;
}

void
dialect_escape(struct buf *out, struct str text, const struct dialect_escapes *x)
{
	size_t from = 0, i = 0;

	if (is_plain(x, text)) {
		buf_str(out, text);
		return;
	}
	while (i < text.len) {
		enum need is = x->need[(unsigned char)text.p[i]];

		if (is == PLAIN) {
			i++;
			continue;
		}
		buf_add(out, text.p + from, i - from);
		i += put_special(out, text.p + i, text.len - i, is);
		from = i;
	}
	buf_add(out, text.p + from, text.len - from);
}

struct str
dialect_cut(struct str text, size_t n)
{
	if (text.len > n) {
		text.len = n;
		while (text.len > 0 && ((unsigned char)text.p[text.len] & 0xc0) == 0x80)
			text.len--;
	}
	return text;
}
