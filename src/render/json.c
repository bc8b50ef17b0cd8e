/*
 * json: one document, an event a line inside it.
 *
 *     {"events":[
 *     {...},
 *     {...}
 *     ],"has_more":false,"coverage":{...}}
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

	if (!r->o.export_envelope) {
		PUT(out, "{\"events\":[");
		return;
	}
	buf_byte(out, '{');
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

static void
json_finish(struct render *r, const struct render_close *c)
{
	struct buf *out = &r->buf;

	if (r->count > 0)
		buf_byte(out, '\n');
	if (r->o.export_envelope) {
		buf_printf(out, "],\"count\":%" PRIu64 "}\n", r->count);
		return;
	}
	buf_printf(out, "],\"has_more\":%s", c->has_more ? "true" : "false");
	if (c->coverage_json != NULL) {
		PUT(out, ",\"coverage\":");
		buf_str(out, str_of(c->coverage_json));
	}
	PUT(out, "}\n");
}

const struct render_format render_json = { "json", json_start, json_event, json_finish, NULL };
