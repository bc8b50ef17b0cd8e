/*
 * summary_change: one period against another.
 *
 *     Before  2026-09-06 09:12:44 to 2026-09-08 09:12:44, 2 d
 *     After   2026-09-08 09:12:44 to 2026-09-10 09:12:44, 2 d
 *
 *                           BEFORE     AFTER   CHANGE           FAILED        P
 *     Events                    30        45    x1.50   16.7% -> 26.7%   0.1057
 *       per day                 15      22.5
 *
 *     Failing more, by actor_id
 *       user:ivan               12        14    x1.17    0.0% -> 92.9%  <0.0001
 *
 * In: a summary of each side, with groups.   Out: what matters most, first.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "render/change.h"

enum {
	NAME_LEAST = 18,
	NAME_MOST = 48,
	COUNT = 10,
	RATIO = 9,
	SHARES = 17,
	CHANCE = 9,
	NUMBERS = 2 * COUNT + RATIO + SHARES + CHANCE
};

/* ---- words ---- */

const char *const render_change_titles[CHANGE_KINDS] = {
	[CHANGE_FAILING] = "Failing more", [CHANGE_NEW] = "New", [CHANGE_VANISHED] = "Vanished",
	[CHANGE_MORE] = "More", [CHANGE_LESS] = "Less", [CHANGE_RECOVERED] = "Failing less",
	[CHANGE_NONE] = "Not more than chance"
};

void
render_change_ratio(struct buf *out, const struct change_writer *w, const struct change *c)
{
	double ratio = change_ratio(c, w->before_span, w->after_span);

	if (c->before == 0 || c->after == 0)
		buf_str(out, str_of(c->after > 0 ? "new" : c->before > 0 ? "gone" : "="));
	else
		buf_printf(out, "x%.*f", ratio < 10 ? 2 : ratio < 100 ? 1 : 0, ratio);
}

static void
add_share(struct buf *out, uint64_t failed, uint64_t all)
{
	if (all == 0)
		buf_byte(out, '-');
	else
		buf_printf(out, "%.1f%%", 100.0 * (double)failed / (double)all);
}

void
render_change_shares(struct buf *out, const struct change *c)
{
	add_share(out, c->before_failed, c->before);
	buf_str(out, STR(" -> "));
	add_share(out, c->after_failed, c->after);
}

void
render_change_chance(struct buf *out, double p)
{
	if (p < 0.0001)
		buf_str(out, STR("<0.0001"));
	else
		buf_printf(out, "%.4f", p);
}

void
render_change_by(struct buf *out, const struct change_writer *w)
{
	for (size_t i = 0; i < w->bys; i++) {
		buf_str(out, i > 0 ? STR(", ") : STR(""));
		buf_str(out, w->by[i].text);
	}
}

double
render_change_p(const struct change *c)
{
	if (c->kind == CHANGE_FAILING || c->kind == CHANGE_RECOVERED ||
	    (c->kind == CHANGE_NONE && c->failed_p < c->p))
		return c->failed_p;
	return c->p;
}

size_t
render_change_kind(const struct change_writer *w, size_t i, size_t *shown)
{
	size_t n = 0;

	while (i + n < w->n && w->change[i + n].kind == w->change[i].kind)
		n++;
	*shown = w->o->top > 0 && n > w->o->top ? w->o->top : n;
	return n;
}

/* The largest of which there are two, else seconds. */
static const struct unit {
	const char *rate, *name;
	int64_t us;
} units[] = {
	{ "per day", "d", TIME_DAY }, { "per hour", "h", TIME_DAY / 24 }, { "per minute", "min", TIME_DAY / 1440 },
	{ "per second", "s", TIME_SECOND }
};

static const struct unit *
unit_of(double span)
{
	size_t i = 0;

	while (i + 1 < sizeof(units) / sizeof(units[0]) && span < 2 * (double)units[i].us)
		i++;
	return &units[i];
}

void
render_change_span(struct buf *out, const struct change_side *s)
{
	double span = (double)(s->until - s->since);
	const struct unit *unit = unit_of(span);

	buf_printf(out, "%.4g %s", span / (double)unit->us, unit->name);
}

const char *
render_change_rates(const struct change_writer *w, const struct change *all, double *before, double *after)
{
	const struct unit *unit = unit_of(w->before_span > w->after_span ? w->before_span : w->after_span);

	*before = (double)all->before / w->before_span * (double)unit->us;
	*after = (double)all->after / w->after_span * (double)unit->us;
	return unit->rate;
}

/* ---- for people ---- */

static const enum render_style styles[CHANGE_KINDS] = {
	[CHANGE_FAILING] = STYLE_BAD, [CHANGE_NEW] = STYLE_WARNING, [CHANGE_VANISHED] = STYLE_WARNING,
	[CHANGE_MORE] = STYLE_PLAIN, [CHANGE_LESS] = STYLE_PLAIN, [CHANGE_RECOVERED] = STYLE_GOOD,
	[CHANGE_NONE] = STYLE_DIM
};

/* What was put into w->cell, on the right of so many columns. */
static void
put_cell(struct change_writer *w, unsigned columns)
{
	render_pad(w->out, buf_view(&w->cell), columns, true);
	buf_reset(&w->cell);
}

static struct str
safe_name(struct change_writer *w, struct str value)
{
	buf_reset(&w->name);
	render_group_words(&w->name, value, w->bys);
	return buf_view(&w->name);
}

/* As wide as the longest name, within reason. */
static unsigned
name_columns(struct change_writer *w)
{
	unsigned widest = NAME_LEAST, limit = NAME_MOST;

	if (w->o->width > 0 && w->o->width < NAME_MOST + NUMBERS + 2)
		limit = w->o->width > NAME_LEAST + NUMBERS + 2 ? w->o->width - NUMBERS - 2 : NAME_LEAST;
	for (size_t i = 0; i < w->n && widest < limit; i++) {
		unsigned columns = render_columns(safe_name(w, w->change[i].value));

		widest = columns > widest ? columns : widest;
	}
	return widest < limit ? widest : limit;
}

/* Nothing is cut where there is no terminal. */
static void
put_name(struct change_writer *w, unsigned indent, struct str name)
{
	unsigned columns = w->columns + 2 - indent;

	render_spaces(w->out, indent);
	if (w->o->width == 0 && render_columns(name) > columns)
		buf_str(w->out, name);
	else
		render_pad(w->out, name, columns, false);
}

static void
put_counts(struct change_writer *w, const char *name, uint64_t before, uint64_t after)
{
	const struct change c = { .before = before, .after = after };

	put_name(w, 2, str_of(name));
	buf_printf(w->out, "%*" PRIu64 "%*" PRIu64, COUNT, before, COUNT, after);
	render_change_ratio(&w->cell, w, &c);
	put_cell(w, RATIO);
	buf_byte(w->out, '\n');
}

static void
put_change(struct change_writer *w, unsigned indent, struct str name, const struct change *c, double p)
{
	bool colour = w->o->colour && styles[c->kind] != STYLE_PLAIN;

	put_name(w, indent, name);
	buf_printf(w->out, "%*" PRIu64 "%*" PRIu64, COUNT, c->before, COUNT, c->after);
	render_style(w->out, colour, styles[c->kind]);
	render_change_ratio(&w->cell, w, c);
	put_cell(w, RATIO);
	render_change_shares(&w->cell, c);
	put_cell(w, SHARES);
	render_style(w->out, colour, STYLE_PLAIN);
	render_change_chance(&w->cell, p);
	put_cell(w, CHANCE);
	buf_byte(w->out, '\n');
}

static void
put_rates(struct change_writer *w, const struct change *all)
{
	double rate[2];

	put_name(w, 2, str_of(render_change_rates(w, all, &rate[0], &rate[1])));
	for (size_t i = 0; i < 2; i++)
		buf_printf(w->out, rate[i] < 1000 ? "%*.4g" : "%*.0f", COUNT, rate[i]);
	buf_byte(w->out, '\n');
}

static void
put_period(struct change_writer *w, const char *title, const struct change_side *s)
{
	char since[32], until[32];

	time_format_local(since, s->since);
	time_format_local(until, s->until);
	render_style(w->out, w->o->colour, STYLE_HEADER);
	buf_printf(w->out, "%-6s", title);
	render_style(w->out, w->o->colour, STYLE_PLAIN);
	buf_printf(w->out, "  %s to %s, ", since, until);
	render_change_span(w->out, s);
	if (s->pruned)
		buf_str(w->out, STR(", part of it was pruned"));
	buf_byte(w->out, '\n');
}

static void
put_total(struct change_writer *w)
{
	const struct summary *b = w->o->before.sum, *a = w->o->after.sum;
	struct change all = change_total(b, w->before_span, a, w->after_span);

	put_period(w, "Before", &w->o->before);
	put_period(w, "After", &w->o->after);
	buf_byte(w->out, '\n');
	render_style(w->out, w->o->colour, STYLE_HEADER);
	put_name(w, 0, STR(""));
	buf_printf(w->out, "%*s%*s%*s%*s%*s\n", COUNT, "BEFORE", COUNT, "AFTER", RATIO, "CHANGE", SHARES, "FAILED",
	    CHANCE, "P");
	render_style(w->out, w->o->colour, STYLE_PLAIN);
	put_change(w, 0, STR("Events"), &all, all.p);
	put_rates(w, &all);
	put_counts(w, "success", b->success, a->success);
	put_counts(w, "failure", b->failure, a->failure);
	put_counts(w, "unknown", b->unknown, a->unknown);
}

static void
put_title(struct change_writer *w, enum change_kind kind, size_t shown, size_t all)
{
	buf_byte(w->out, '\n');
	render_style(w->out, w->o->colour, STYLE_HEADER);
	buf_printf(w->out, "%s, by ", render_change_titles[kind]);
	render_change_by(w->out, w);
	render_style(w->out, w->o->colour, STYLE_PLAIN);
	if (shown < all)
		buf_printf(w->out, "  (%zu of %zu)", shown, all);
	buf_byte(w->out, '\n');
}

static void
put_table(struct change_writer *w)
{
	w->columns = name_columns(w);
	put_total(w);
	for (size_t i = 0, kind; i < w->n; i += kind) {
		size_t shown;

		kind = render_change_kind(w, i, &shown);
		put_title(w, w->change[i].kind, shown, kind);
		for (size_t k = i; k < i + shown; k++)
			put_change(w, 2, safe_name(w, w->change[k].value), &w->change[k], render_change_p(&w->change[k]));
	}
}

/* ---- for programs ---- */

static void
put_side(struct buf *out, const char *name, const struct change_side *side)
{
	const struct summary *s = side->sum;
	double seconds = (double)(side->until - side->since) / (double)TIME_SECOND;
	char since[TIME_TEXT_LEN], until[TIME_TEXT_LEN];

	time_format(since, side->since);
	time_format(until, side->until);
	buf_printf(out, "\"%s\":{\"since\":\"%.*s\",\"until\":\"%.*s\",\"seconds\":%.15g,\"complete\":%s,"
	    "\"total_events\":%" PRIu64 ",\"successful_events\":%" PRIu64 ",\"failed_events\":%" PRIu64
	    ",\"unknown_events\":%" PRIu64 ",\"events_per_hour\":%.6g,\"failures_per_hour\":%.6g},\n",
	    name, TIME_TEXT_LEN, since, TIME_TEXT_LEN, until, seconds, side->pruned ? "false" : "true",
	    s->total, s->success, s->failure, s->unknown, (double)s->total * 3600 / seconds,
	    (double)s->failure * 3600 / seconds);
}

/* `"ratio":1.5,"p":0.106,"failed_p":0.42`, the ratio null when there was nothing before. */
static void
put_judgement(struct change_writer *w, const struct change *c)
{
	if (c->before == 0)
		buf_str(w->out, STR("\"ratio\":null"));
	else
		buf_printf(w->out, "\"ratio\":%.6g", change_ratio(c, w->before_span, w->after_span));
	buf_printf(w->out, ",\"p\":%.6g,\"failed_p\":%.6g", c->p, c->failed_p);
}

static void
put_json(struct change_writer *w)
{
	struct change all = change_total(w->o->before.sum, w->before_span, w->o->after.sum, w->after_span);

	buf_byte(w->out, '{');
	put_side(w->out, "before", &w->o->before);
	put_side(w->out, "after", &w->o->after);
	buf_printf(w->out, "\"change\":\"%s\",", change_names[all.kind]);
	put_judgement(w, &all);
	buf_str(w->out, STR(",\n\"groups\":["));
	for (size_t i = 0; i < w->n; i++) {
		const struct change *c = &w->change[i];

		buf_str(w->out, i > 0 ? STR(",\n{") : STR("\n{"));
		render_group_json(w->out, c->value, w->by, w->bys);
		buf_printf(w->out, "\"change\":\"%s\",\"before\":%" PRIu64 ",\"before_failed\":%" PRIu64 ",\"after\":%" PRIu64
		    ",\"after_failed\":%" PRIu64 ",", change_names[c->kind], c->before, c->before_failed, c->after, c->after_failed);
		put_judgement(w, c);
		buf_byte(w->out, '}');
	}
	buf_str(w->out, STR("]}\n"));
}

static void
put_csv(struct change_writer *w)
{
	render_group_header(w->out, w->by, w->bys);
	buf_str(w->out, STR("change,before,before_failed,after,after_failed,ratio,p,failed_p\r\n"));
	for (size_t i = 0; i < w->n; i++) {
		const struct change *c = &w->change[i];

		render_group_csv(w->out, c->value, w->bys);
		buf_printf(w->out, "%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",", change_names[c->kind], c->before,
		    c->before_failed, c->after, c->after_failed);
		if (c->before > 0)
			buf_printf(w->out, "%.6g", change_ratio(c, w->before_span, w->after_span));
		buf_printf(w->out, ",%.6g,%.6g\r\n", c->p, c->failed_p);
	}
}

int
render_change(const struct change_render *o, struct outstream *out, struct err *e)
{
	struct buf text = { 0 };
	struct change_writer w = { .out = &text, .o = o };
	int rc;

	w.by = o->after.sum->opts.by;
	w.bys = o->after.sum->opts.bys - 1; /* but for the outcome */
	w.before_span = (double)(o->before.until - o->before.since);
	w.after_span = (double)(o->after.until - o->after.since);
	w.change = change_list(o->before.sum, w.before_span, o->after.sum, w.after_span, &w.n);
	if (o->format == SUMMARY_JSON)
		put_json(&w);
	else if (o->format == SUMMARY_CSV)
		put_csv(&w);
	else if (o->format == SUMMARY_HTML)
		render_change_html(&w);
	else
		put_table(&w);
	rc = render_machine(out, buf_view(&text), o->terminal && o->format != SUMMARY_TABLE,
	    o->format == SUMMARY_JSON, e);
	buf_fini(&w.name);
	buf_fini(&w.cell);
	buf_fini(&text);
	free(w.change);
	return rc;
}
