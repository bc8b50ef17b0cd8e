/*
 * column: text of a known width on a terminal, and its colours.
 */
#include "base/utf8.h"
#include "render/format.h"

static const char *const sequences[] = {
	[STYLE_PLAIN] = "\x1b[0m",
	[STYLE_HEADER] = "\x1b[1m",
	[STYLE_DIM] = "\x1b[2m",
	[STYLE_GOOD] = "\x1b[32m",
	[STYLE_WARNING] = "\x1b[33m",
	[STYLE_BAD] = "\x1b[31m",
	[STYLE_WORST] = "\x1b[1;31m",
};

void
render_style(struct buf *out, bool colour, enum render_style s)
{
	if (colour)
		buf_str(out, str_of(sequences[s]));
}

/* The width of the character at p; *n is its length. */
static unsigned
character(struct str s, size_t at, size_t *n)
{
	uint32_t cp;
	int width;

	if (s.p[at] >= 0x20 && s.p[at] < 0x7f) {
		*n = 1;
		return 1;
	}
	*n = utf8_decode(s.p + at, s.len - at, &cp);
	if (*n == 0) {
		*n = 1;
		return 1;
	}
	width = utf8_width(cp);
	return width < 0 ? 0 : (unsigned)width;
}

unsigned
render_columns(struct str safe)
{
	unsigned columns = 0;
	size_t n;

	for (size_t i = 0; i < safe.len; i += n)
		columns += character(safe, i, &n);
	return columns;
}

size_t
render_fit(struct str safe, unsigned columns)
{
	unsigned used = 0;
	size_t i = 0, n;

	while (i < safe.len) {
		used += character(safe, i, &n);
		if (used > columns)
			break;
		i += n;
	}
	return i;
}

void
render_spaces(struct buf *out, unsigned n)
{
	if (n == 0)
		return;
	buf_reserve(out, n);
	memset(out->p + out->len, ' ', n);
	out->len += n;
}

void
render_pad(struct buf *out, struct str safe, unsigned width, bool right)
{
	unsigned columns = render_columns(safe);

	if (columns > width && width > 0) {
		safe.len = render_fit(safe, width - 1);
		columns = render_columns(safe) + 1;
		buf_str(out, safe);
		buf_str(out, STR("\u2026"));
		render_spaces(out, width - columns);
		return;
	}
	if (right)
		render_spaces(out, width - columns);
	buf_str(out, safe);
	if (!right)
		render_spaces(out, width - columns);
}
