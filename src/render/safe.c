/*
 * safe: text from anywhere, for a terminal.
 *
 *     evil ESC [31m   ->   evil\x1b[31m
 *
 * Besides what steers a terminal (C0, DEL, C1) everything that reorders,
 * hides or breaks what a person reads is made visible: bidi controls, line
 * and paragraph separators, the invisible tag characters.  What is not UTF-8
 * is shown byte by byte.  The result is valid UTF-8 on one line.
 */
#include "base/utf8.h"
#include "render/format.h"

static const struct {
	uint32_t first, last;
} hidden[] = {
	{ 0x061c, 0x061c },   /* Arabic letter mark */
	{ 0x200e, 0x200f },   /* left-to-right and right-to-left marks */
	{ 0x2028, 0x202e },   /* separators; embeddings and overrides */
	{ 0x2066, 0x206f },   /* isolates; deprecated format controls */
	{ 0xfeff, 0xfeff },   /* byte order mark */
	{ 0xfff9, 0xfffb },   /* interlinear annotation */
	{ 0xe0000, 0xe007f }, /* tags */
};

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

static void
put_safe(struct buf *out, struct str text, enum escapes style)
{
	size_t i = 0;

	while (i < text.len) {
		size_t n = plain_run(text.p + i, text.len - i);
		uint32_t cp;

		buf_add(out, text.p + i, n);
		i += n;
		if (i == text.len)
			break;
		n = utf8_decode(text.p + i, text.len - i, &cp);
		if (n == 0) {
			buf_printf(out, "\\x%02x", (unsigned char)text.p[i]);
			n = 1;
		} else if (is_control(cp) || is_hidden(cp) || utf8_width(cp) < 0) {
			put_escape(out, cp, style);
		} else {
			buf_add(out, text.p + i, n);
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
