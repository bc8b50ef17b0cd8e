/*
 * coverage: how far an answer can be trusted, for programs and for people.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli/cli.h"

int
cli_coverage(const struct common_args *c, struct store *st, const struct query_options *o, bool all,
    struct coverage *out, struct err *e)
{
	*out = (struct coverage){ .pruned_from = TIME_NONE, .pruned_until = TIME_NONE };
	if (all || c->verbose)
		return query_coverage(st, o->filter, o->now, o->pool, out, e);
	return query_covered(st, o->filter, &out->complete, e);
}

/* ---- JSON ---- */

static void
add_time(struct buf *out, const char *key, int64_t us)
{
	char text[TIME_TEXT_LEN];

	if (us == TIME_NONE)
		return;
	time_format(text, us);
	buf_printf(out, ",\"%s\":\"%.*s\"", key, TIME_TEXT_LEN, text);
}

void
cli_coverage_json(struct buf *out, const struct coverage *c)
{
	buf_printf(out, "{\"complete\":%s,\"pruned\":%" PRIu64, c->complete ? "true" : "false", c->pruned_events);
	add_time(out, "pruned_from", c->pruned_from);
	add_time(out, "pruned_until", c->pruned_until);
	buf_printf(out, ",\"quarantined\":%" PRIu64, c->quarantined);
	if (c->position_gone)
		buf_printf(out, ",\"position_gone\":true");
	buf_printf(out, ",\"silent\":[");
	for (size_t i = 0; i < c->silences; i++) {
		const struct silence *s = &c->silent[i];

		buf_printf(out, "%s{\"source\":", i > 0 ? "," : "");
		cli_quote(out, s->source);
		add_time(out, "from", s->from);
		add_time(out, "until", s->until);
		buf_printf(out, ",\"usual_seconds\":%.6g}", (double)s->usual / TIME_SECOND);
	}
	buf_printf(out, "]}");
}

/* ---- Words ---- */

/* "40 s", "5 min", "3.5 h", "2 days": as exact as it matters. */
static void
format_span(char *out, size_t size, int64_t us)
{
	double seconds = (double)us / TIME_SECOND;

	if (seconds < 1)
		snprintf(out, size, "%.0f ms", seconds * 1000);
	else if (seconds < 120)
		snprintf(out, size, "%.3g s", seconds);
	else if (seconds < 2.0 * 3600)
		snprintf(out, size, "%.3g min", seconds / 60);
	else if (seconds < 48.0 * 3600)
		snprintf(out, size, "%.3g h", seconds / 3600);
	else
		snprintf(out, size, "%.4g days", seconds / 86400);
}

static void
tell_silence(const struct program *p, const struct common_args *a, const struct silence *s)
{
	char from[32], until[32], length[32], usual[32];

	time_format_local(from, s->from);
	time_format_local(until, s->until);
	format_span(length, sizeof(length), s->until - s->from);
	format_span(usual, sizeof(usual), s->usual);
	cli_detail(p, a, "coverage: no events of source %.*s between %s and %s, %s long:"
	    " usually there is at least one every %s", (int)(s->source.len < 256 ? s->source.len : 256), s->source.p, from,
	    until, length, usual);
}

void
cli_coverage_words(const struct program *p, const struct common_args *a, const struct coverage *c)
{
	char from[32], until[32];

	if (c->pruned_from != TIME_NONE) {
		time_format_local(from, c->pruned_from);
		time_format_local(until, c->pruned_until);
		cli_detail(p, a, "coverage: events between %s and %s were pruned", from, until);
	} else if (c->complete) {
		cli_detail(p, a, "coverage: nothing of this time was pruned");
	}
	if (c->quarantined > 0)
		cli_detail(p, a, "coverage: %" PRIu64 " lines were refused meanwhile (audit-query --quarantine)",
		    c->quarantined);
	if (c->position_gone)
		cli_detail(p, a, "coverage: where the cursor stood was pruned; this goes on with what is left");
	for (size_t i = 0; i < c->silences; i++)
		tell_silence(p, a, &c->silent[i]);
}
