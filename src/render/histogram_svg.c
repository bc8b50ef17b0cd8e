/*
 * histogram_svg: a histogram as a drawing inside an HTML page.
 *
 *     <svg class="histogram" viewBox="0 0 960 240" role="img" aria-label="...">
 *     <g><title>2026-04-01: 12 events, 3 failed</title>
 *     <rect class="rest" .../><rect class="failed" .../></g>
 *
 * The failures of a step are the lower part of its bar.  Colours are the
 * page's.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "render/html.h"

enum {
	WIDTH = 960, HEIGHT = 240,
	LEFT = 64, RIGHT = 952, TOP = 14, BOTTOM = 206, /* of the plot */
	LABEL_Y = 228,
	BARS_MAX = 120
};

#define GAP 0.15  /* of a bar's place, left free between bars */
#define LEAST 1.5 /* the height of what is there at all: one failure among many is seen */

struct plot {
	struct buf *out;
	const struct summary_bucket *bar;
	size_t bars;
	int64_t step;  /* microseconds of one bar */
	uint64_t most; /* the height of the plot */
};

/* The next of 1, 2, 5, 10, 20 ... */
static uint64_t
round_up(uint64_t n)
{
	for (uint64_t unit = 1; unit <= UINT64_MAX / 100; unit *= 10) {
		if (n <= unit)
			return unit;
		if (n <= 2 * unit)
			return 2 * unit;
		if (n <= 5 * unit)
			return 5 * unit;
	}
	return n;
}

static double
height_of(const struct plot *p, uint64_t count)
{
	return (double)count / (double)p->most * (BOTTOM - TOP);
}

static double
seen_height(const struct plot *p, uint64_t count)
{
	double height = height_of(p, count);

	return count > 0 && height < LEAST ? LEAST : height;
}

/* Steps of whole days need no hour. */
static void
put_time(struct plot *p, int64_t us)
{
	char text[32];

	time_format_local(text, us);
	if (p->step % TIME_DAY == 0)
		text[10] = '\0';
	buf_str(p->out, str_of(text));
}

static void
put_grid(struct plot *p)
{
	for (int i = 0; i <= 2; i++) {
		uint64_t value = i == 2 ? p->most : p->most / 2 * (uint64_t)i;
		double y = BOTTOM - height_of(p, value);

		if (i == 1 && p->most < 2)
			continue;
		buf_printf(p->out, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
		    "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%" PRIu64 "</text>\n", LEFT, RIGHT, y, y, LEFT - 6, y + 4,
		    value);
	}
}

static void
put_bar(struct plot *p, size_t i)
{
	const struct summary_bucket *b = &p->bar[i];
	double place = (double)(RIGHT - LEFT) / (double)p->bars;
	double x = LEFT + place * ((double)i + GAP / 2), width = place * (1 - GAP);
	double failed = seen_height(p, b->failed), rest = seen_height(p, b->count - b->failed);

	if (b->count == 0)
		return;
	buf_str(p->out, STR("<g><title>"));
	put_time(p, b->start);
	buf_printf(p->out, ": %" PRIu64 " event%s, %" PRIu64 " failed</title>", b->count, b->count == 1 ? "" : "s", b->failed);
	if (b->count > b->failed)
		buf_printf(p->out, "<rect class=\"rest\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>", x,
		    BOTTOM - failed - rest, width, rest);
	if (b->failed > 0)
		buf_printf(p->out, "<rect class=\"failed\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>", x,
		    BOTTOM - failed, width, failed);
	buf_str(p->out, STR("</g>\n"));
}

static void
put_label(struct plot *p, size_t i, const char *anchor)
{
	double place = (double)(RIGHT - LEFT) / (double)p->bars;
	double x = LEFT + place * ((double)i + 0.5);

	if (strcmp(anchor, "start") == 0)
		x = LEFT;
	else if (strcmp(anchor, "end") == 0)
		x = RIGHT;
	buf_printf(p->out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">", x, LABEL_Y, anchor);
	put_time(p, p->bar[i].start);
	buf_str(p->out, STR("</text>\n"));
}

static void
put_labels(struct plot *p)
{
	if (p->bars == 1) {
		put_label(p, 0, "middle");
		return;
	}
	put_label(p, 0, "start");
	if (p->bars >= 5)
		put_label(p, p->bars / 2, "middle");
	put_label(p, p->bars - 1, "end");
}

static void
put_plot(struct plot *p)
{
	buf_printf(p->out, "<svg class=\"histogram\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Events over time,"
	    " steps of ", WIDTH, HEIGHT);
	render_span(p->out, p->step);
	buf_str(p->out, STR("\">\n"));
	put_grid(p);
	for (size_t i = 0; i < p->bars; i++)
		put_bar(p, i);
	put_labels(p);
	buf_str(p->out, STR("</svg>\n"));
}

/* Steps are added together until there is room for them. */
int64_t
render_histogram_svg(struct buf *out, const struct summary_bucket *bucket, size_t n, int64_t step)
{
	size_t each = (n + BARS_MAX - 1) / BARS_MAX;
	struct summary_bucket bar[BARS_MAX] = { { 0, 0, 0 } };
	struct plot p = { .out = out, .bar = bar };

	if (n == 0)
		return step;
	p.bars = (n + each - 1) / each;
	p.step = step * (int64_t)each;
	for (size_t i = 0; i < n; i++) {
		struct summary_bucket *b = &bar[i / each];

		if (i % each == 0)
			b->start = bucket[i].start;
		b->count += bucket[i].count;
		b->failed += bucket[i].failed;
		p.most = b->count > p.most ? b->count : p.most;
	}
	p.most = round_up(p.most);
	put_plot(&p);
	return p.step;
}
