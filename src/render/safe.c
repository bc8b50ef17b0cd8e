/*
 * safe: text from anywhere, for a terminal.
 *
 *     evil ESC [31m   ->   evil\x1b[31m
 *
 * Besides what steers a terminal (C0, DEL, C1) everything that reorders,
 * hides or breaks what a person reads is made visible: bidi controls, line
 * and paragraph separators, characters that show nothing at all.  Those that
 * scripts and emoji are joined by stay where they join something.  Marks that
 * combine stay, but no tower of them.  What is not UTF-8 is shown byte by byte.
 * The result is valid UTF-8 on one line.
 */
#include "base/utf8.h"
#include "render/format.h"

static const struct {
	uint32_t first, last;
} hidden[] = {
	{ 0x00ad, 0x00ad },   /* soft hyphen */
	{ 0x034f, 0x034f },   /* combining grapheme joiner */
	{ 0x061c, 0x061c },   /* Arabic letter mark */
	{ 0x115f, 0x1160 },   /* Hangul fillers */
	{ 0x17b4, 0x17b5 },   /* Khmer inherent vowels */
	{ 0x180b, 0x180f },   /* Mongolian variation and vowel separators */
	{ 0x200b, 0x200b },   /* zero width space */
	{ 0x200e, 0x200f },   /* left-to-right and right-to-left marks */
	{ 0x2028, 0x202e },   /* separators; embeddings and overrides */
	{ 0x2060, 0x206f },   /* word joiner, invisible operators; isolates; deprecated format controls */
	{ 0x3164, 0x3164 },   /* Hangul filler */
	{ 0xfeff, 0xfeff },   /* byte order mark */
	{ 0xffa0, 0xffa0 },   /* half-width Hangul filler */
	{ 0xfff9, 0xfffb },   /* interlinear annotation */
	{ 0x1d173, 0x1d17a }, /* musical format controls */
	{ 0xe0000, 0xe0fff }, /* tags, further variation selectors */
};

#define ZERO_WIDTH_NON_JOINER 0x200c
#define ZERO_WIDTH_JOINER 0x200d

/* More marks than this on one character would reach into other lines. */
enum { MARKS_MAX = 4 };

static bool
is_hidden(uint32_t cp)
{
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		if (cp >= hidden[i].first && cp <= hidden[i].last)
			return true;
	}
	return false;
}

static bool
is_control(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0);
}

/* As text for people, or as a string of JSON may have it. */
enum escapes { FOR_PEOPLE, FOR_JSON };

static void
put_escape(struct buf *out, uint32_t cp, enum escapes style)
{
	if (style == FOR_JSON) {
		if (cp < 0x10000)
			buf_printf(out, "\\u%04x", (unsigned)cp);
		else
			buf_printf(out, "\\u%04x\\u%04x", (unsigned)(0xd800 + ((cp - 0x10000) >> 10)),
			    (unsigned)(0xdc00 + (cp & 0x3ff)));
	} else if (cp == '\n' || cp == '\t' || cp == '\r') {
		buf_byte(out, '\\');
		buf_byte(out, cp == '\n' ? 'n' : cp == '\t' ? 't' : 'r');
	} else if (cp < 0x80) {
		buf_printf(out, "\\x%02x", (unsigned)cp);
	} else {
		buf_printf(out, cp < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)cp);
	}
}

/* How many bytes from p on are plain ASCII. */
static size_t
plain_run(const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && p[n] >= 0x20 && p[n] < 0x7f)
		n++;
	return n;
}

/* Scripts and pictures that joiners mean something in: Arabic to Myanmar,
 * Khmer and Mongolian, symbols, emoji (and what selects their form). */
static bool
is_joinable(uint32_t cp)
{
	return (cp >= 0x600 && cp < 0x10a0) || (cp >= 0x1780 && cp < 0x18b0) || (cp >= 0x2190 && cp < 0x2c00) ||
	    cp == 0xfe0f || (cp >= 0x1f000 && cp < 0x20000);
}

/* Whether a character that takes no column belongs behind `last` (0: the
 * beginning, or plain ASCII) and so many others. */
static bool
is_in_place(uint32_t cp, uint32_t last, unsigned marks, char before)
{
	if (cp == ZERO_WIDTH_JOINER || cp == ZERO_WIDTH_NON_JOINER)
		return is_joinable(last) && marks < MARKS_MAX;
	if (cp >= 0xfe00 && cp <= 0xfe0f)
		return last != 0 && marks == 0;
	return before != '\0' && before != '"' && before != ' ' && marks < MARKS_MAX;
}

static void
put_safe(struct buf *out, struct str text, enum escapes style)
{
	unsigned marks = 0; /* since the last character with a column of its own */
	uint32_t last = 0;
	size_t i = 0;

	while (i < text.len) {
		size_t n = plain_run(text.p + i, text.len - i);
		uint32_t cp;

		buf_add(out, text.p + i, n);
		i += n;
		if (n > 0)
			marks = last = 0;
		if (i == text.len)
			break;
		n = utf8_decode(text.p + i, text.len - i, &cp);
		if (n == 0) {
			buf_printf(out, "\\x%02x", (unsigned char)text.p[i]);
			n = 1;
		} else if (is_control(cp) || is_hidden(cp) || utf8_width(cp) < 0 ||
		    (utf8_width(cp) == 0 && !is_in_place(cp, last, marks, i > 0 ? text.p[i - 1] : '\0'))) {
			put_escape(out, cp, style);
			marks = last = 0;
		} else {
			buf_add(out, text.p + i, n);
			marks = utf8_width(cp) == 0 ? marks + 1 : 0;
			last = cp;
		}
		i += n;
	}
}

void
render_safe(struct buf *out, struct str text)
{
	put_safe(out, text, FOR_PEOPLE);
}

void
render_safe_lines(struct buf *out, struct str text, bool json)
{
	while (text.len > 0) {
		const char *newline = memchr(text.p, '\n', text.len);
		size_t all = newline != NULL ? (size_t)(newline - text.p) + 1 : text.len;
		size_t len = newline != NULL ? all - 1 : all;

		if (newline != NULL && len > 0 && text.p[len - 1] == '\r')
			len--;
		put_safe(out, (struct str){ text.p, len }, json ? FOR_JSON : FOR_PEOPLE);
		buf_add(out, text.p + len, all - len);
		text = (struct str){ text.p + all, text.len - all };
	}
}
