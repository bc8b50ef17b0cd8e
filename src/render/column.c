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

/* The longest start of safe text that takes at most `columns`. */
static size_t
fit(struct str safe, unsigned columns)
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

/* The longest end of safe text that takes at most `columns`: where it begins. */
static size_t
fit_end(struct str safe, unsigned columns)
{
	unsigned all = render_columns(safe), used = 0;
	size_t i = 0, n;

	/* What does not fit is passed over, then what stands on the last of it. */
	while (i < safe.len) {
		unsigned c = character(safe, i, &n);

		if (all - used <= columns && c > 0)
			break;
		used += c;
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
render_title(struct buf *out, struct str text)
{
	size_t start = out->len;

	render_safe(out, text);
	for (size_t i = start; i < out->len; i++)
		if (out->p[i] >= 'a' && out->p[i] <= 'z')
			out->p[i] = (char)(out->p[i] - 'a' + 'A');
}

void
render_pad(struct buf *out, struct str safe, unsigned width, bool right)
{
	unsigned columns = render_columns(safe);

	if (columns > width && width > 0) {
		safe.len = fit(safe, width - 1);
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

void
render_squeeze(struct buf *out, struct str safe, unsigned width)
{
	unsigned start = (width - 1) / 3;
	size_t end;

	if (render_columns(safe) <= width || width < 8) {
		render_pad(out, safe, width, false);
		return;
	}
	buf_add(out, safe.p, fit(safe, start));
	start = render_columns((struct str){ safe.p, fit(safe, start) });
	buf_str(out, STR("\u2026"));
	end = fit_end(safe, width - 1 - start);
	safe = (struct str){ safe.p + end, safe.len - end };
	buf_str(out, safe);
	render_spaces(out, width - 1 - start - render_columns(safe));
}

/* To the last blank that fits, if that is not too early, else what fits. */
size_t
render_line(struct str safe, unsigned width)
{
	size_t fits = fit(safe, width), blank = fits;

	if (fits == safe.len)
		return fits;
	if (safe.p[fits] == ' ')
		return fits;
	while (blank > 0 && safe.p[blank] != ' ')
		blank--;
	if (blank > fits / 2)
		return blank;
	if (fits > 0)
		return fits;
	/* Not even one character fits. */
	(void)character(safe, 0, &fits);
	return fits;
}

void
render_wrap(struct buf *out, struct str safe, unsigned width, unsigned indent)
{
	size_t n;

	while (width > 0 && (n = render_line(safe, width)) < safe.len) {
		buf_add(out, safe.p, n);
		n += safe.p[n] == ' ';
		safe = (struct str){ safe.p + n, safe.len - n };
		buf_byte(out, '\n');
		render_spaces(out, indent);
	}
	buf_str(out, safe);
}
