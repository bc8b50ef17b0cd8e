/*
 * json: one document, an event a line inside it.
 *
 *     {"events":[
 *     {...},
 *     {...}
 *     ],"cursor":"...","has_more":true,"coverage":{...}}
 *
 * An export's document says its filter first and its count last, because it
 * is written as the events come:
 *
 *     {"exported_at":"...","filter":"...","entries":[
 *     {...}
 *     ],"count":1}
 */
#include <inttypes.h>

#include "render/format.h"

#define PUT(out, literal) buf_str((out), STR(literal))

static void
json_start(struct render *r)
{
	struct buf *out = &r->buf;

	buf_byte(out, '{');
	if (r->o.head_json != NULL) {
		buf_str(out, str_of(r->o.head_json));
		buf_byte(out, ',');
	}
	if (!r->o.export_envelope) {
		PUT(out, "\"events\":[");
		return;
	}
	if (r->o.exported_at != NULL) {
		PUT(out, "\"exported_at\":");
		json_quote(out, str_of(r->o.exported_at));
		buf_byte(out, ',');
	}
	if (r->o.filter != NULL) {
		PUT(out, "\"filter\":");
		json_quote(out, str_of(r->o.filter));
		buf_byte(out, ',');
	}
	PUT(out, "\"entries\":[");
}

static void
json_event(struct render *r, const struct event *ev, uint64_t seq)
{
	buf_str(&r->buf, r->count == 0 ? STR("\n") : STR(",\n"));
	render_object(r, ev, seq);
}

/* What an answer of audit-query says about itself. */
static void
put_answer_end(struct buf *out, const struct render_close *c)
{
	buf_byte(out, ']');
	if (c->cursor != NULL) {
		PUT(out, ",\"cursor\":");
		json_quote(out, str_of(c->cursor));
	}
	buf_printf(out, ",\"has_more\":%s", c->has_more ? "true" : "false");
	if (c->coverage_json != NULL) {
		PUT(out, ",\"coverage\":");
		buf_str(out, str_of(c->coverage_json));
	}
}

static void
json_finish(struct render *r, const struct render_close *c)
{
	struct buf *out = &r->buf;

	if (r->count > 0)
		buf_byte(out, '\n');
	if (r->o.export_envelope)
		buf_printf(out, "],\"count\":%" PRIu64, r->count);
	else
		put_answer_end(out, c);
	if (c->tail_json != NULL) {
		buf_byte(out, ',');
		buf_str(out, str_of(c->tail_json));
	}
	PUT(out, "}\n");
}

const struct render_format render_json = {
	.name = "json", .start = json_start, .event = json_event, .finish = json_finish
};
