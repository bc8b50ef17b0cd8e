/*
 * pack_page: an evidence pack for people (see pack_page.h).
 *
 * In: what the pack's statements say.   Out: one page of HTML.
 */
#include "cli/pack_page.h"

#include <inttypes.h>
#include <stdlib.h>

#include "render/html.h"

#define TOP 10 /* values of each kind that are named */

#define PUT(out, literal) buf_str((out), STR(literal))

struct page {
	struct buf *out;
	const struct pack *pack;
	const struct pack_source *from;
	const struct pack_said *said;
};

static void
put_term(struct page *p, const char *term, struct str text)
{
	buf_printf(p->out, "<dt>%s</dt><dd>", term);
	render_html_value(p->out, text);
	PUT(p->out, "</dd>\n");
}

static void
put_instant(struct page *p, int64_t us, const char *unbounded)
{
	if (us <= TIME_MIN || us > TIME_MAX)
		buf_str(p->out, str_of(unbounded));
	else
		render_html_time(p->out, us);
}

static void
put_paragraph(struct page *p, const char *text)
{
	PUT(p->out, "<p>");
	render_html_value(p->out, str_of(text));
	PUT(p->out, "</p>\n");
}

/* ---- the head ---- */

static void
put_about(struct page *p)
{
	const struct control *c = &p->pack->control;
	const struct filter *f = p->from->filter;

	PUT(p->out, "<header>\n<h1>Evidence for ");
	render_html_value(p->out, str_of(c->name));
	PUT(p->out, "</h1>\n<dl>\n");
	put_term(p, "Control", str_of(c->title));
	put_term(p, "Framework", str_of(c->framework));
	put_term(p, "Log", str_of(p->said->origin));
	PUT(p->out, "<dt>As of</dt><dd>");
	render_html_time(p->out, p->pack->at);
	buf_printf(p->out, ", when the log was signed with %" PRIu64 " events</dd>\n", p->pack->size);
	PUT(p->out, "<dt>Period</dt><dd>");
	put_instant(p, f->since, "the beginning");
	PUT(p->out, " to ");
	put_instant(p, f->until, "then");
	PUT(p->out, "</dd>\n<dt>Filter</dt><dd><code>");
	render_html_value(p->out, str_of(p->from->expression));
	PUT(p->out, "</code></dd>\n");
	put_term(p, "Time zone", str_of(p->from->zone != NULL ? p->from->zone : "UTC"));
	PUT(p->out, "</dl>\n</header>\n<main>\n<h2>What the control asks</h2>\n");
	put_paragraph(p, c->requirement);
	PUT(p->out, "<h2>Which events show it</h2>\n");
	put_paragraph(p, c->selection);
}

/* ---- the events ---- */

static void
put_total(struct page *p, const char *class, const char *name, uint64_t count)
{
	buf_printf(p->out, "<li class=\"%s\"><b>%" PRIu64 "</b><span>%s</span></li>\n", class, count, name);
}

static void
put_tally(struct page *p, const char *title, const struct tally *t)
{
	size_t n, all = tally_size(t);
	struct tally_entry *top = tally_top(t, TOP, &n);

	if (n > 0) {
		buf_printf(p->out, "<h2>%s", title);
		if (all > n)
			buf_printf(p->out, " <span class=\"none\">(%zu of %zu)</span>", n, all);
		PUT(p->out, "</h2>\n<table>\n<tbody>\n");
	}
	for (size_t i = 0; i < n; i++) {
		PUT(p->out, "<tr><td>");
		render_html_value(p->out, top[i].value);
		buf_printf(p->out, "</td><td class=\"n\">%" PRIu64 "</td></tr>\n", top[i].count);
	}
	if (n > 0)
		PUT(p->out, "</tbody>\n</table>\n");
	free(top);
}

static void
put_events(struct page *p)
{
	const struct summary *s = p->said->sum;

	PUT(p->out, "<ul class=\"totals\">\n");
	put_total(p, "all", "events", s->total);
	put_total(p, "success", "success", s->success);
	put_total(p, "failure", "failure", s->failure);
	put_total(p, "unknown", "unknown", s->unknown);
	PUT(p->out, "</ul>\n");
}

/* ---- the files ---- */

static void
put_files(struct page *p)
{
	PUT(p->out, "<h2>What each file shows</h2>\n<table>\n<thead><tr><th class=\"b\">File</th><th>Shows</th>"
	    "<th class=\"n\">Bytes</th></tr></thead>\n<tbody>\n");
	for (enum pack_file f = PACK_EVENTS; f < PACK_FILES; f++) {
		PUT(p->out, "<tr><td>");
		render_html_value(p->out, str_of(pack_names[f]));
		PUT(p->out, "</td><td>");
		render_html_value(p->out, str_of(p->pack->control.shows[pack_part(f)]));
		PUT(p->out, "<br><code>SHA-256 ");
		buf_hex(p->out, p->said->file[f].sha256.b, HASH_LEN);
		buf_printf(p->out, "</code></td><td class=\"n\">%" PRIu64 "</td></tr>\n", p->said->file[f].bytes);
	}
	PUT(p->out, "</tbody>\n</table>\n");
}

static void
put_check(struct page *p)
{
	PUT(p->out, "<h2>How to check it</h2>\n<p>On any machine with the audit-toolkit, with the verifier key that you were "
	    "given by another way, and nothing else:</p>\n<p><code>audit-verify --key KEY PACK</code></p>\n"
	    "<p>The events are proved by their proof and the signature of the log. That the filter left out nothing "
	    "else, and what the other files say, is the word of whoever made the pack: they are held against the list "
	    "in <code>pack.json</code>, and the log has a record of this export with the hash of the pack.</p>\n");
}

/* ---- what is said ---- */

static void
put_coverage(struct page *p)
{
	const struct coverage *c = &p->said->coverage;

	PUT(p->out, "<h2>Coverage</h2>\n<p>");
	if (c->pruned_from != TIME_NONE) {
		PUT(p->out, "Events between ");
		render_html_time(p->out, c->pruned_from);
		PUT(p->out, " and ");
		render_html_time(p->out, c->pruned_until);
		PUT(p->out, " were removed by retention. ");
	} else
		PUT(p->out, "Nothing of this period was removed. ");
	buf_printf(p->out, "%" PRIu64 " lines were refused as no events. ", c->quarantined);
	buf_printf(p->out, "%zu sources were silent for longer than they usually are.</p>\n", c->silences);
	for (size_t i = 0; i < c->silences && i < TOP; i++) {
		PUT(p->out, "<p>");
		render_html_value(p->out, c->silent[i].source);
		PUT(p->out, ": ");
		render_html_time(p->out, c->silent[i].from);
		PUT(p->out, " to ");
		render_html_time(p->out, c->silent[i].until);
		PUT(p->out, "</p>\n");
	}
	PUT(p->out, "<h2>Verification</h2>\n<p>The whole log was verified when this pack was made, and nothing was wrong. "
	    "It is signed up to ");
	buf_printf(p->out, "event %" PRIu64 ".</p>\n", p->pack->size);
}

static void
put_retention(struct page *p)
{
	const struct retention *r = &p->said->retention;

	PUT(p->out, "<h2>Retention</h2>\n");
	if (r->n == 0) {
		PUT(p->out, "<p>No rule removes events.</p>\n");
		return;
	}
	PUT(p->out, "<table>\n<thead><tr><th>Rule</th><th>Events</th><th class=\"n\">Days kept</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < r->n; i++) {
		PUT(p->out, "<tr><td>");
		render_html_value(p->out, r->rule[i].name);
		PUT(p->out, "</td><td>");
		render_html_value(p->out, buf_view(&r->expression[i]));
		PUT(p->out, "</td><td class=\"n\">");
		if (r->keep[i] == RETENTION_FOREVER)
			PUT(p->out, "for ever");
		else
			buf_printf(p->out, "%" PRId64, r->keep[i] / TIME_DAY);
		PUT(p->out, "</td></tr>\n");
	}
	PUT(p->out, "</tbody>\n</table>\n");
}

static void
put_holds(struct page *p)
{
	PUT(p->out, "<h2>Legal holds</h2>\n");
	if (p->said->holds == 0) {
		PUT(p->out, "<p>There is none.</p>\n");
		return;
	}
	PUT(p->out, "<table>\n<thead><tr><th>Matter</th><th>Reason</th><th>Events</th><th>Since</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < p->said->holds; i++) {
		const struct pack_hold *h = &p->said->hold[i];

		PUT(p->out, "<tr><td>");
		render_html_value(p->out, str_of(h->matter));
		PUT(p->out, "</td><td>");
		render_html_value(p->out, str_of(h->reason));
		PUT(p->out, "</td><td>");
		render_html_value(p->out, str_of(h->filter));
		PUT(p->out, "</td><td>");
		render_html_time(p->out, h->at);
		PUT(p->out, "</td></tr>\n");
	}
	PUT(p->out, "</tbody>\n</table>\n");
}

void
pack_page(struct buf *out, const struct pack *pack, const struct pack_source *from, const struct pack_said *said)
{
	struct page p = { out, pack, from, said };
	struct buf title = { 0 };

	buf_printf(&title, "Evidence for %s", pack->control.name);
	render_html_head(out, buf_view(&title));
	buf_fini(&title);
	PUT(out, "<body>\n");
	put_about(&p);
	put_events(&p);
	put_files(&p);
	put_check(&p);
	put_coverage(&p);
	put_retention(&p);
	put_holds(&p);
	put_tally(&p, "Actions", said->sum->actions);
	put_tally(&p, "Identities", said->sum->identities);
	PUT(out, "</main>\n</body>\n</html>\n");
}

void
pack_said_fini(struct pack_said *s)
{
	for (size_t i = 0; i < s->holds; i++) {
		free(s->hold[i].matter);
		free(s->hold[i].reason);
		free(s->hold[i].filter);
	}
	free(s->hold);
	coverage_fini(&s->coverage);
	retention_fini(&s->retention);
	summary_free(s->sum);
}
