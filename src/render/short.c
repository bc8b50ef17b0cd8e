/*
 * short: one line an event, in the order of a sentence.
 *
 *     2026-04-23 11:57:00 w bob@acme.example: read prod/db/orders (failure: not a member) from 2001:db8::1
 *
 * Nothing is cut: who has no room has the table.  Chosen fields take the place
 * of what is behind the mark, as key=value.
 */
#include <inttypes.h>

#include "render/format.h"

/* A chosen column's value; times are local. */
static bool
put_chosen(struct buf *out, struct render *r, const struct selector *s, const struct event *ev)
{
	if (s->field != FIELD_INGESTED || !event_has(ev, s->field))
		return selector_format_text(out, s, ev, &r->scratch);
	render_local_time(out, ev->ingested);
	return true;
}

void
render_raw(struct render *r, struct str raw)
{
	render_safe(&r->buf, raw);
}

void
render_lead(struct render *r, const struct event *ev, uint64_t seq)
{
	struct buf *out = &r->buf;
	struct str mark = render_mark(ev);

	if (r->o.seq)
		buf_printf(out, "%" PRIu64 " ", seq);
	render_style(out, r->o.colour, STYLE_DIM);
	if (event_has(ev, FIELD_TIME))
		render_local_time(out, ev->time);
	render_style(out, r->o.colour, STYLE_PLAIN);
	buf_byte(out, ' ');
	render_style(out, r->o.colour && mark.len > 0, render_severity_style(ev));
	buf_str(out, mark.len > 0 ? mark : STR(" "));
	render_style(out, r->o.colour && mark.len > 0, STYLE_PLAIN);
}

/* A word as it is, others in quotes. */
static bool
is_word(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == ' ' || s.p[i] == '"' || s.p[i] == '=')
			return false;
	return s.len > 0;
}

void
render_pairs(struct render *r, const struct event *ev)
{
	struct buf *out = &r->buf;
	size_t start = out->len;

	for (size_t i = 0; i < r->columns; i++) {
		const struct selector *s = &r->column[i];
		struct str value;

		/* The line has begun with its time. */
		if (s->field == FIELD_TIME)
			continue;
		buf_reset(&r->cell);
		if (!put_chosen(&r->cell, r, s, ev))
			continue;
		value = buf_view(&r->cell);
		if (out->len > start)
			buf_byte(out, ' ');
		render_raw(r, s->text);
		buf_byte(out, '=');
		if (is_word(value)) {
			render_raw(r, value);
			continue;
		}
		buf_reset(&r->quoted);
		json_quote(&r->quoted, value);
		render_raw(r, buf_view(&r->quoted));
	}
}

static void
put_outcome(struct render *r, const struct event *ev)
{
	struct str outcome = render_value(ev, FIELD_OUTCOME), reason = render_value(ev, FIELD_REASON);
	struct buf *out = &r->buf;

	if (reason.p == NULL)
		reason = render_value(ev, FIELD_ERROR_CODE);
	if (outcome.p == NULL && reason.p == NULL)
		return;
	buf_str(out, STR(" ("));
	render_style(out, r->o.colour, render_outcome_style(ev));
	render_raw(r, outcome.p ? outcome : STR(""));
	render_style(out, r->o.colour, STYLE_PLAIN);
	if (outcome.p != NULL && reason.p != NULL)
		buf_str(out, STR(": "));
	if (reason.p != NULL)
		render_raw(r, reason);
	buf_byte(out, ')');
}

static void
put_who(struct render *r, const struct event *ev)
{
	struct str via = render_via(ev);

	buf_reset(&r->cell);
	if (render_actor(&r->cell, ev) == WHO_UNKNOWN)
		buf_byte(&r->cell, '-');
	render_raw(r, buf_view(&r->cell));
	if (via.p != NULL) {
		buf_str(&r->buf, STR(" via "));
		render_raw(r, via);
	}
}

static void
short_event(struct render *r, const struct event *ev, uint64_t seq)
{
	struct buf *out = &r->buf;
	struct str target = render_target(ev), origin = render_origin(ev), action = render_value(ev, FIELD_ACTION);

	render_lead(r, ev, seq);
	buf_byte(out, ' ');
	if (r->chosen) {
		render_pairs(r, ev);
		buf_byte(out, '\n');
		return;
	}
	put_who(r, ev);
	buf_str(out, STR(": "));
	render_raw(r, action.p ? action : STR("-"));
	if (target.p != NULL) {
		buf_byte(out, ' ');
		render_raw(r, target);
	}
	put_outcome(r, ev);
	if (origin.p != NULL) {
		buf_str(out, STR(" from "));
		render_raw(r, origin);
	}
	buf_byte(out, '\n');
}

const struct render_format render_short = {
	.name = "short", .event = short_event, .people = true, .own = PHRASE_LINE | PHRASE_MORE,
	.always = FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_SEVERITY)
};
