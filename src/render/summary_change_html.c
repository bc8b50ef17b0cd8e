/*
 * summary_change_html: one period against another as a page that needs nothing
 * beside it, as summary_html makes one.
 *
 * In: changes in their order.   Out: HTML 5, UTF-8.
 */
#include <inttypes.h>

#include "render/change.h"
#include "render/html.h"

#define PUT(w, literal) buf_str((w)->out, STR(literal))

static void
put_period(struct change_writer *w, const char *name, const struct change_side *s)
{
	buf_printf(w->out, "<dt>%s</dt><dd>", name);
	render_html_time(w->out, s->since);
	PUT(w, " to ");
	render_html_time(w->out, s->until);
	PUT(w, ", ");
	render_change_span(w->out, s);
	PUT(w, "</dd>\n");
}

static void
put_about(struct change_writer *w)
{
	const struct change_render *o = w->o;

	PUT(w, "<body>\n<header>\n<h1>Audit comparison</h1>\n<dl>\n<dt>Filter</dt><dd>");
	if (o->filter != NULL) {
		PUT(w, "<code>");
		render_html_value(w->out, str_of(o->filter));
		PUT(w, "</code>");
	} else
		PUT(w, "all events");
	PUT(w, "</dd>\n");
	put_period(w, "Before", &o->before);
	put_period(w, "After", &o->after);
	PUT(w, "<dt>Made</dt><dd>");
	render_html_time(w->out, o->now);
	PUT(w, " by audit-summary</dd>\n<dt>Time zone</dt><dd>");
	render_html_value(w->out, str_of(o->zone != NULL ? o->zone : "UTC"));
	PUT(w, "</dd>\n</dl>\n");
	if (o->before.pruned || o->after.pruned)
		buf_printf(w->out, "<p class=\"note\">Part of the time %s was pruned: there were more events.</p>\n",
		    !o->before.pruned ? "after" : !o->after.pruned ? "before" : "before and after");
	PUT(w, "</header>\n<main>\n");
}

/* The numbers of a row, and its end. */
static void
put_numbers(struct change_writer *w, const struct change *c, double p)
{
	buf_printf(w->out, "<td class=\"n\">%" PRIu64 "</td><td class=\"n\">%" PRIu64 "</td><td class=\"n\">", c->before,
	    c->after);
	render_change_ratio(w->out, w, c);
	PUT(w, "</td><td class=\"f\">");
	render_change_shares(&w->cell, c);
	render_html_value(w->out, buf_view(&w->cell));
	buf_reset(&w->cell);
	PUT(w, "</td><td class=\"n\">");
	render_change_chance(&w->cell, p);
	render_html_value(w->out, buf_view(&w->cell));
	buf_reset(&w->cell);
	PUT(w, "</td></tr>\n");
}

/* The heads of the numbers, behind those of what they are of. */
static void
put_heads(struct change_writer *w)
{
	static const char *const heads[] = { "Before", "After", "Change", "Failed", "P" };

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		buf_printf(w->out, "<th class=\"%s\">%s</th>", strcmp(heads[i], "Failed") == 0 ? "f" : "n", heads[i]);
	PUT(w, "</tr></thead>\n<tbody>\n");
}

static void
put_rate(struct change_writer *w, double rate)
{
	PUT(w, "<td class=\"n\">");
	buf_printf(w->out, rate < 1000 ? "%.4g" : "%.0f", rate);
	PUT(w, "</td>");
}

static void
put_total(struct change_writer *w)
{
	struct change all = change_total(w->o->before.sum, w->before_span, w->o->after.sum, w->after_span);
	double before, after;
	const char *rate = render_change_rates(w, &all, &before, &after);

	PUT(w, "<table>\n<thead><tr><th></th>");
	put_heads(w);
	PUT(w, "<tr><td>Events</td>");
	put_numbers(w, &all, all.p);
	buf_printf(w->out, "<tr><td>%s</td>", rate);
	put_rate(w, before);
	put_rate(w, after);
	PUT(w, "<td></td><td></td><td></td></tr>\n</tbody>\n</table>\n");
}

/* A column for each field; an absent value is a dash. */
static void
put_group(struct change_writer *w, const struct change *c)
{
	struct str part[RENDER_GROUP_MAX];
	size_t n = render_group(c->value, part, w->bys);

	PUT(w, "<tr>");
	for (size_t i = 0; i < w->bys; i++) {
		PUT(w, "<td>");
		if (i < n && part[i].len > 0)
			render_html_value(w->out, part[i]);
		else
			PUT(w, "<span class=\"none\">-</span>");
		PUT(w, "</td>");
	}
	put_numbers(w, c, render_change_p(c));
}

static void
put_kind(struct change_writer *w, size_t first, size_t shown, size_t all)
{
	buf_printf(w->out, "<h2>%s", render_change_titles[w->change[first].kind]);
	if (shown < all)
		buf_printf(w->out, " <span class=\"none\">(%zu of %zu)</span>", shown, all);
	PUT(w, "</h2>\n<table>\n<thead><tr>");
	for (size_t i = 0; i < w->bys; i++) {
		PUT(w, "<th>");
		render_html_value(w->out, w->by[i].text);
		PUT(w, "</th>");
	}
	put_heads(w);
	for (size_t i = first; i < first + shown; i++)
		put_group(w, &w->change[i]);
	PUT(w, "</tbody>\n</table>\n");
}

void
render_change_html(struct change_writer *w)
{
	render_html_head(w->out, STR("Audit comparison"));
	put_about(w);
	put_total(w);
	for (size_t i = 0, kind; i < w->n; i += kind) {
		size_t shown;

		kind = render_change_kind(w, i, &shown);
		put_kind(w, i, shown, kind);
	}
	PUT(w, "</main>\n</body>\n</html>\n");
}
