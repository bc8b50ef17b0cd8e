/*
 * detail: everything an event says, a field a line, its payload in full.
 *
 *     bob@acme.example failed to read secret prod/db/orders from 2001:db8::1: not a member
 *         Time                2026-04-23 11:57:00.000000 +00:00 (3m ago)
 *         Actor               user:bob
 *         Changes             BEFORE            AFTER
 *           role              user              admin
 *         Context
 *           {
 *             "n": 12345678901234567890
 *           }
 *
 * An empty line stands between events.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "render/format.h"

enum {
	INDENT = 4,
	TITLE = 20,      /* columns of a title, with the gap behind it */
	VALUE_LEAST = 20 /* narrower values are not broken into lines */
};

/* How wide a value may be; 0: as it likes. */
static unsigned
value_room(const struct render *r)
{
	return r->o.width >= INDENT + TITLE + VALUE_LEAST ? r->o.width - INDENT - TITLE : 0;
}

/* Appends `title`, already safe, and what it needs to the values' column. */
static void
put_title(struct render *r, struct str safe)
{
	unsigned columns = render_columns(safe);

	render_spaces(&r->buf, INDENT);
	render_style(&r->buf, r->o.colour, STYLE_DIM);
	buf_str(&r->buf, safe);
	render_style(&r->buf, r->o.colour, STYLE_PLAIN);
	render_spaces(&r->buf, columns < TITLE - 1 ? TITLE - columns : 1);
}

/* "2026-04-23 11:57:00.000000 +00:00 (3m ago)" */
static void
put_moment(struct render *r, int64_t us)
{
	int64_t fraction = us % TIME_SECOND;
	time_t second;
	struct tm tm = { 0 };
	long minutes;

	if (fraction < 0)
		fraction += TIME_SECOND;
	second = (time_t)((us - fraction) / TIME_SECOND);
	localtime_r(&second, &tm);
	minutes = tm.tm_gmtoff / 60;
	render_local_time(&r->buf, us);
	buf_printf(&r->buf, ".%06" PRId64 " %c%02ld:%02ld (", fraction, minutes < 0 ? '-' : '+', labs(minutes) / 60,
	    labs(minutes) % 60);
	render_age(&r->buf, r->o.now, us);
	buf_str(&r->buf, us > r->o.now ? STR(")\n") : STR(" ago)\n"));
}

/* A value that is text, in its colour. */
static void
put_value(struct render *r, struct str raw, enum render_style style)
{
	buf_reset(&r->quoted);
	render_safe(&r->quoted, raw);
	render_style(&r->buf, r->o.colour && style != STYLE_PLAIN, style);
	render_wrap(&r->buf, buf_view(&r->quoted), value_room(r), INDENT + TITLE);
	render_style(&r->buf, r->o.colour && style != STYLE_PLAIN, STYLE_PLAIN);
	buf_byte(&r->buf, '\n');
}

static void
put_field(struct render *r, const struct event *ev, enum field f)
{
	struct str title = str_of(field_table[f].title);

	if (field_table[f].type == FIELD_JSON) {
		put_title(r, title);
		render_payload(r, ev->v[f], f == FIELD_CHANGES, INDENT + TITLE);
		return;
	}
	put_title(r, title);
	if (f == FIELD_TIME)
		put_moment(r, ev->time);
	else if (f == FIELD_INGESTED)
		put_moment(r, ev->ingested);
	else
		put_value(r, ev->v[f], f == FIELD_OUTCOME ? render_outcome_style(ev) :
		    f == FIELD_SEVERITY ? render_severity_style(ev) : STYLE_PLAIN);
}

/* A path is its own title. */
static void
put_path(struct render *r, const struct event *ev, const struct selector *s)
{
	buf_reset(&r->cell);
	if (!selector_format_text(&r->cell, s, ev, &r->scratch))
		return;
	buf_reset(&r->quoted);
	render_safe(&r->quoted, s->text);
	put_title(r, buf_view(&r->quoted));
	put_value(r, buf_view(&r->cell), STYLE_PLAIN);
}

static void
put_head(struct render *r, const struct event *ev)
{
	render_sentence(r, ev);
	buf_byte(&r->buf, '\n');
}

static void
detail_event(struct render *r, const struct event *ev, uint64_t seq)
{
	if (r->count > 0)
		buf_byte(&r->buf, '\n');
	if (!r->chosen)
		put_head(r, ev);
	if (r->o.seq) {
		put_title(r, STR("Number"));
		buf_printf(&r->buf, "%" PRIu64 "\n", seq);
	}
	for (size_t i = 0; i < r->columns; i++) {
		const struct selector *s = &r->column[i];

		if (s->steps > 0)
			put_path(r, ev, s);
		else if (event_has(ev, s->field))
			put_field(r, ev, s->field);
	}
}

const struct render_format render_detail = { .name = "detail", .event = detail_event, .people = true };
