/*
 * sigma_text: values of rules in the grammar of --where (audit-filters(7)), all
 * in quotes that whoever calls writes.
 *
 * In: units, patterns.   Out: text.
 */
#include <ctype.h>

#include "detect/sigma_parts.h"

#define PUT(out, literal) buf_str((out), STR(literal))

/* A pattern in quotes, without them: what is literal gets its backslash. */
void
sigma_put_units(struct buf *out, const uint16_t *unit, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (unit[i] > 0xff) {
			buf_byte(out, unit[i] == UNIT_STAR ? '*' : '?');
			continue;
		}
		if (unit[i] != 0 && strchr("\\*?\"", unit[i]) != NULL)
			buf_byte(out, '\\');
		buf_byte(out, (char)unit[i]);
	}
}

/* A regular expression in quotes: a quote without a backslash is written twice. */
void
sigma_put_regex(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '"')
			buf_byte(out, '"');
		buf_byte(out, s.p[i]);
		if (s.p[i] == '\\' && i + 1 < s.len)
			buf_byte(out, s.p[++i]);
	}
}

void
sigma_put_literal(struct buf *out, unsigned char c)
{
	if (c < 0x80 && ispunct(c))
		buf_byte(out, '\\');
	buf_byte(out, (char)c);
}

void
sigma_put_units_regex(struct buf *out, const struct sigma_value *v)
{
	for (size_t i = 0; i < v->units; i++) {
		if (v->unit[i] > 0xff)
			buf_str(out, v->unit[i] == UNIT_STAR ? STR(".*") : STR("."));
		else
			sigma_put_literal(out, (unsigned char)v->unit[i]);
	}
}

/* What stands around a part: a star is the shortest run, so that the part begins
 * behind the first of what follows it. */
void
sigma_put_around(struct buf *out, const char *pattern)
{
	struct str s = str_of(pattern);

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '\\' && i + 1 < s.len)
			sigma_put_literal(out, (unsigned char)s.p[++i]);
		else if (s.p[i] == '*' || s.p[i] == '?')
			buf_str(out, s.p[i] == '*' ? STR(".*?") : STR("."));
		else
			sigma_put_literal(out, (unsigned char)s.p[i]);
	}
}

/* The whole value by a regular expression: where letters beyond ASCII have cases. */
void
sigma_put_whole(struct buf *out, const struct sigma_value *v)
{
	bool open = v->units > 0 && v->unit[0] == UNIT_STAR;
	bool end = v->units > 0 && v->unit[v->units - 1] == UNIT_STAR;

	if (!open)
		PUT(out, "\\A");
	sigma_put_units_regex(out, &(struct sigma_value){ .unit = v->unit + open, .units = v->units - open - end });
	if (!end)
		PUT(out, "\\z");
}

void
sigma_put_flags(struct buf *out, bool ignore_case, bool lines, bool dot_all, bool nocase)
{
	if (ignore_case || lines || dot_all)
		buf_printf(out, "(?%s%s%s)", ignore_case ? "i" : "", lines ? "m" : "", dot_all ? "s" : "");
	if (nocase && !ignore_case)
		PUT(out, "(?-i)");
}
