/*
 * summary_html: a summary as one page that needs nothing beside it: no
 * script, no file, no font.  It can be mailed, kept as evidence and printed.
 *
 * Everything that comes from events is text: controls and bidi overrides are
 * made visible, then & < > " ' escaped.  Should that ever fail, the page's own
 * policy lets nothing run and nothing load: only its style sheet applies, by
 * hash.
 *
 * In: a summary.   Out: HTML 5, UTF-8.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "render/html.h"

struct page {
	struct buf *out;
	const struct summary *s;
	const struct summary_render *o;
};

#define PUT(p, literal) buf_str((p)->out, STR(literal))

static void
put_share(struct page *p, uint64_t count)
{
	buf_printf(p->out, "%.1f%%", p->s->total > 0 ? 100.0 * (double)count / (double)p->s->total : 0.0);
}

static void
add_title(struct buf *title, const struct summary *s)
{
	char first[32], last[32];

	buf_str(title, STR("Audit summary"));
	if (s->first == TIME_NONE)
		return;
	time_format_local(first, s->first);
	time_format_local(last, s->last);
	buf_printf(title, strncmp(first, last, 10) == 0 ? ", %.10s" : ", %.10s to %.10s", first, last);
}

/* ---- what the page is about ---- */

static void
put_window(struct page *p)
{
	PUT(p, "<dt>Window</dt><dd>");
	if (p->o->since > TIME_MIN)
		render_html_time(p->out, p->o->since);
	else
		PUT(p, "the beginning");
	PUT(p, " to ");
	if (p->o->until <= TIME_MAX)
		render_html_time(p->out, p->o->until);
	else
		PUT(p, "the end");
	PUT(p, "</dd>\n");
}

static void
put_about(struct page *p)
{
	const struct summary *s = p->s;

	PUT(p, "<h1>");
	add_title(p->out, s);
	PUT(p, "</h1>\n<dl>\n<dt>Filter</dt><dd>");
	if (p->o->filter != NULL) {
		PUT(p, "<code>");
		render_html_value(p->out, str_of(p->o->filter));
		PUT(p, "</code>");
	} else {
		PUT(p, "all events");
	}
	PUT(p, "</dd>\n");
	if (p->o->windowed)
		put_window(p);
	if (s->first != TIME_NONE) {
		PUT(p, "<dt>Events</dt><dd>from ");
		render_html_time(p->out, s->first);
		PUT(p, " to ");
		render_html_time(p->out, s->last);
		PUT(p, "</dd>\n");
	}
	PUT(p, "<dt>Made</dt><dd>");
	render_html_time(p->out, p->o->now);
	PUT(p, " by audit-summary</dd>\n<dt>Time zone</dt><dd>");
	render_html_value(p->out, p->o->zone != NULL ? str_of(p->o->zone) : STR("UTC"));
	PUT(p, "</dd>\n</dl>\n");
	if (p->o->note != NULL) {
		PUT(p, "<p class=\"note\">");
		render_html_value(p->out, str_of(p->o->note));
		PUT(p, "</p>\n");
	}
}

static void
put_total(struct page *p, const char *class, const char *name, uint64_t count)
{
	buf_printf(p->out, "<li class=\"%s\"><b>%" PRIu64 "</b><span>%s", class, count, name);
	if (count != p->s->total || strcmp(class, "all") != 0) {
		PUT(p, ", ");
		put_share(p, count);
	}
	PUT(p, "</span></li>\n");
}

static void
put_totals(struct page *p)
{
	PUT(p, "<ul class=\"totals\">\n");
	put_total(p, "all", p->s->total == 1 ? "event" : "events", p->s->total);
	put_total(p, "success", "success", p->s->success);
	put_total(p, "failure", "failure", p->s->failure);
	put_total(p, "unknown", "unknown", p->s->unknown);
	PUT(p, "</ul>\n");
}

static void
put_timeline(struct page *p)
{
	int64_t step;
	size_t n;
	struct summary_bucket *b = summary_histogram(p->s, &step, &n);

	if (n > 0) {
		PUT(p, "<h2>Over time</h2>\n");
		step = render_histogram_svg(p->out, b, n, step);
		PUT(p, "<p class=\"key\">One bar is ");
		render_span(p->out, step);
		PUT(p, ":<svg viewBox=\"0 0 1 1\"><rect class=\"failed\" width=\"1\" height=\"1\"/></svg>failure"
		    "<svg viewBox=\"0 0 1 1\"><rect class=\"rest\" width=\"1\" height=\"1\"/></svg>success or unknown</p>\n");
	}
	free(b);
}

/* ---- tables ---- */

/* A group's values, a column each; an absent one is a dash. */
static void
put_cells(struct page *p, struct str value, size_t columns, bool group)
{
	struct str part[RENDER_GROUP_MAX];
	size_t n = group ? render_group(value, part, columns) : 1;

	if (!group)
		part[0] = value;
	for (size_t i = 0; i < columns; i++) {
		PUT(p, "<td>");
		if (i < n && part[i].len > 0)
			render_html_value(p->out, part[i]);
		else
			PUT(p, "<span class=\"none\">-</span>");
		PUT(p, "</td>");
	}
}

static void
put_row(struct page *p, const struct tally_entry *e, uint64_t most, size_t columns, bool group)
{
	PUT(p, "<tr>");
	put_cells(p, e->value, columns, group);
	buf_printf(p->out, "<td class=\"n\">%" PRIu64 "</td><td class=\"p\">", e->count);
	put_share(p, e->count);
	buf_printf(p->out, "</td><td class=\"b\"><svg class=\"bar\" viewBox=\"0 0 100 1\" preserveAspectRatio=\"none\""
	    " aria-hidden=\"true\"><rect width=\"%.2f\" height=\"1\"/></svg></td></tr>\n",
	    most > 0 ? 100.0 * (double)e->count / (double)most : 0.0);
}

/* names: the header of each column of values. */
static void
put_table(struct page *p, const char *title, const struct str *name, size_t columns, const struct tally *t, size_t most,
    bool group)
{
	size_t n, all = tally_size(t);
	struct tally_entry *top = tally_top(t, most, &n);

	if (n > 0) {
		buf_printf(p->out, "<h2>%s", title);
		if (all > n)
			buf_printf(p->out, " <span class=\"none\">(%zu of %zu)</span>", n, all);
		PUT(p, "</h2>\n<table>\n<thead><tr>");
		for (size_t i = 0; i < columns; i++) {
			PUT(p, "<th>");
			render_html_value(p->out, name[i]);
			PUT(p, "</th>");
		}
		PUT(p, "<th class=\"n\">Events</th><th class=\"p\">Share</th><th class=\"b\"></th></tr></thead>\n<tbody>\n");
		for (size_t i = 0; i < n; i++)
			put_row(p, &top[i], top[0].count, columns, group);
		PUT(p, "</tbody>\n</table>\n");
	}
	free(top);
}

static void
put_groups(struct page *p)
{
	struct str name[RENDER_GROUP_MAX];

	for (size_t i = 0; i < p->s->opts.bys; i++) {
		const struct selector *by = &p->s->opts.by[i];

		name[i] = by->steps > 0 ? by->text : str_of(field_table[by->field].title);
	}
	put_table(p, "Groups", name, p->s->opts.bys, p->s->groups, p->o->top, true);
}

static void
put_tables(struct page *p)
{
	const struct summary *s = p->s;
	size_t top = p->o->top;

	if (s->groups != NULL)
		put_groups(p);
	put_table(p, "Actions", &STR("Action"), 1, s->actions, top, false);
	put_table(p, "Categories", &STR("Category"), 1, s->categories, top, false);
	put_table(p, "Severities", &STR("Severity"), 1, s->severities, 0, false);
	put_table(p, "Identities", &STR("Identity"), 1, s->identities, top, false);
	put_table(p, "Resources", &STR("Resource"), 1, s->resources, top, false);
}

void
render_summary_html(struct buf *out, const struct summary *s, const struct summary_render *o)
{
	struct page p = { .out = out, .s = s, .o = o };
	struct buf title = { 0 };

	add_title(&title, s);
	render_html_head(out, buf_view(&title));
	buf_fini(&title);
	PUT(&p, "<body>\n<header>\n");
	put_about(&p);
	PUT(&p, "</header>\n<main>\n");
	put_totals(&p);
	if (s->total > 0) {
		put_timeline(&p);
		put_tables(&p);
	} else {
		PUT(&p, "<p>No events match.</p>\n");
	}
	PUT(&p, "</main>\n</body>\n</html>\n");
}
