/*
 * trail: the summary of one resource or one identity.
 *
 * For people, below its events:
 *
 *     Last 30 days
 *       reads           14
 *       writes           3
 *       accessors        2
 *     Last read   2026-09-20 13:00:00
 *     Last write  never
 *
 * In JSON, a member of the document: "summary":{"total_reads_30d":14,...}
 */
#include <inttypes.h>

#include "render/format.h"

static void
put_count(struct buf *out, const char *name, uint64_t n)
{
	buf_printf(out, "  %-10s %8" PRIu64 "\n", name, n);
}

static void
put_last(struct buf *out, const char *title, int64_t us, bool colour)
{
	char text[32] = "never";

	if (us != TIME_NONE)
		time_format_local(text, us);
	render_style(out, colour, STYLE_HEADER);
	buf_str(out, str_of(title));
	render_style(out, colour, STYLE_PLAIN);
	buf_printf(out, "  %s\n", text);
}

/* When they end is only said where a window was asked for. */
static void
put_days(struct buf *out, int64_t end, bool colour)
{
	char text[32];

	render_style(out, colour, STYLE_HEADER);
	if (end == TIME_NONE) {
		buf_printf(out, "Last %d days", TRAIL_DAYS);
	} else {
		time_format_local(text, end);
		buf_printf(out, "%d days before %s", TRAIL_DAYS, text);
	}
	render_style(out, colour, STYLE_PLAIN);
	buf_byte(out, '\n');
}

void
render_trail_text(struct buf *out, const struct trail *t, bool colour)
{
	put_days(out, t->end, colour);
	if (t->subject == TRAIL_IDENTITY) {
		put_count(out, "actions", t->actions);
		put_count(out, "resources", tally_size(t->others));
		put_last(out, "Last activity", t->last, colour);
		return;
	}
	put_count(out, "reads", t->reads);
	put_count(out, "writes", t->writes);
	put_count(out, "accessors", tally_size(t->others));
	put_last(out, "Last read ", t->last_read, colour);
	put_last(out, "Last write", t->last_write, colour);
}

static void
put_instant(struct buf *out, const char *key, int64_t us)
{
	char text[TIME_TEXT_LEN];

	buf_printf(out, ",\"%s\":", key);
	if (us == TIME_NONE) {
		buf_str(out, STR("null"));
		return;
	}
	time_format(text, us);
	json_quote(out, (struct str){ text, sizeof(text) });
}

void
render_trail_json(struct buf *out, const struct trail *t)
{
	if (t->subject == TRAIL_IDENTITY) {
		buf_printf(out, "\"summary\":{\"total_actions_30d\":%" PRIu64 ",\"resources_accessed_30d\":%zu", t->actions,
		    tally_size(t->others));
		put_instant(out, "last_activity", t->last);
	} else {
		buf_printf(out, "\"summary\":{\"total_reads_30d\":%" PRIu64 ",\"total_writes_30d\":%" PRIu64
		    ",\"unique_accessors_30d\":%zu", t->reads, t->writes, tally_size(t->others));
		put_instant(out, "last_read", t->last_read);
		put_instant(out, "last_write", t->last_write);
	}
	buf_byte(out, '}');
}
