/*
 * grid: cells in columns (see grid.h).
 *
 *	RULE   KEEP      EVENTS
 *	debug  30d        12034
 *	auth   forever        0
 */
#include "render/grid.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/time.h"
#include "render/format.h"

enum { GAP = 2, LEAST = 4 };

static void
end_cell(struct grid *g)
{
	mem_grow(&g->end, &g->cap, g->cells + 1, sizeof(*g->end));
	g->end[g->cells++] = g->text.len;
}

void
grid_cell(struct grid *g, struct str raw)
{
	render_safe(&g->text, raw);
	end_cell(g);
}

void
grid_printf(struct grid *g, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	grid_cell(g, str_of(text));
}

void
grid_size(struct grid *g, uint64_t bytes)
{
	static const char *const unit[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	double shown = (double)bytes;
	size_t i = 0;

	/* 999.9 would be printed as 1000. */
	for (; shown >= 999.5 && i + 1 < sizeof(unit) / sizeof(unit[0]); i++)
		shown /= 1000;
	grid_printf(g, i > 0 && shown < 9.95 ? "%.1f %s" : "%.0f %s", shown, unit[i]);
}

void
grid_day(struct grid *g, int64_t us)
{
	char text[32];

	if (us == TIME_NONE) {
		grid_cell(g, STR("-"));
		return;
	}
	time_format_local(text, us);
	grid_cell(g, (struct str){ text, sizeof("YYYY-MM-DD") - 1 });
}

static struct str
cell(const struct grid *g, size_t i)
{
	size_t from = i > 0 ? g->end[i - 1] : 0;

	return (struct str){ g->text.p + from, g->end[i] - from };
}

/* How wide each column is, and all together. */
static unsigned
measure(const struct grid *g, unsigned *wide)
{
	unsigned all = 0;

	for (size_t c = 0; c < g->columns; c++) {
		wide[c] = (unsigned)strlen(g->column[c].title);
		for (size_t i = c; i < g->cells; i += g->columns) {
			unsigned n = render_columns(cell(g, i));

			wide[c] = n > wide[c] ? n : wide[c];
		}
		all += wide[c] + (c > 0 ? GAP : 0);
	}
	return all;
}

/* Takes from those that may be cut, the last one first, down to what they
 * say or to `floor`; gives what it is still too wide. */
static unsigned
squeeze(const struct grid *g, unsigned *wide, unsigned over, unsigned floor)
{
	for (size_t c = g->columns; c-- > 0 && over > 0;) {
		unsigned least = g->column[c].squeeze, most;

		if (least == 0)
			continue;
		least = least < floor ? least : floor;
		if (wide[c] <= least)
			continue;
		most = wide[c] - least;
		most = most < over ? most : over;
		wide[c] -= most;
		over -= most;
	}
	return over;
}

static void
put(struct buf *out, struct str text, unsigned wide, bool right, bool last)
{
	/* It is not filled up behind the last one. */
	if (last && !right && render_columns(text) <= wide)
		buf_str(out, text);
	else
		render_pad(out, text, wide, right);
	if (!last)
		render_spaces(out, GAP);
}

void
grid_print(const struct grid *g, struct buf *out, unsigned width, bool colour)
{
	unsigned *wide = mem_zero(g->columns, sizeof(*wide)), all = measure(g, wide);

	if (width > 0 && all > width)
		squeeze(g, wide, squeeze(g, wide, all - width, UINT_MAX), LEAST);
	render_style(out, colour, STYLE_HEADER);
	for (size_t c = 0; c < g->columns; c++)
		put(out, str_of(g->column[c].title), wide[c], g->column[c].right, c + 1 == g->columns);
	render_style(out, colour, STYLE_PLAIN);
	buf_byte(out, '\n');
	for (size_t i = 0; i < g->cells; i++) {
		size_t c = i % g->columns;

		put(out, cell(g, i), wide[c], g->column[c].right, c + 1 == g->columns);
		if (c + 1 < g->columns)
			continue;
		while (out->len > 0 && out->p[out->len - 1] == ' ')
			out->len--;
		buf_byte(out, '\n');
	}
	free(wide);
}

void
grid_fini(struct grid *g)
{
	buf_fini(&g->text);
	free(g->end);
	g->end = NULL;
	g->cells = g->cap = 0;
}
