/*
 * jsonl: one event, one line: the canonical line, or an object of the chosen
 * fields in the chosen order (absent ones are left out).
 */
#include "render/format.h"

static void
jsonl_event(struct render *r, const struct event *ev, uint64_t seq)
{
	render_object(r, ev, seq);
	buf_byte(&r->buf, '\n');
}

const struct render_format render_jsonl = { .name = "jsonl", .event = jsonl_event, .pieces = true };
