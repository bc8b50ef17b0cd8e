/*
 * summary_json: a summary as one document of fixed fields.
 *
 *     {
 *     "total_events":3,
 *     "actions_breakdown":{"login":3},
 *     "top_identities":[{"identity_id":"alice","count":3}],
 *     "bucket":86400,
 *     "histogram":[{"start":"2026-04-01T00:00:00.000000Z","count":3,"failed":1}]
 *     }
 *
 * Texts come from events and are written by the event writer: any UTF-8, NUL
 * included.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "render/format.h"

/* `,\n"key":`; the first comma of the document becomes its brace. */
static void
put_member(struct buf *out, const char *key)
{
	buf_printf(out, ",\n\"%s\":", key);
}

static void
put_count(struct buf *out, const char *key, uint64_t n)
{
	put_member(out, key);
	buf_printf(out, "%" PRIu64, n);
}

static void
put_instant(struct buf *out, int64_t us)
{
	char text[TIME_TEXT_LEN];

	if (us == TIME_NONE) {
		buf_str(out, STR("null"));
		return;
	}
	time_format(text, us);
	json_quote(out, (struct str){ text, sizeof(text) });
}

/* {"value":count,...}, most frequent first. */
static void
put_breakdown(struct buf *out, const char *key, const struct tally *t)
{
	size_t n;
	struct tally_entry *top = tally_top(t, 0, &n);

	put_member(out, key);
	buf_byte(out, '{');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_byte(out, ',');
		json_quote(out, top[i].value);
		buf_printf(out, ":%" PRIu64, top[i].count);
	}
	buf_byte(out, '}');
	free(top);
}

/* [{"NAME":"value","count":N},...] */
static void
put_ranking(struct buf *out, const char *key, const struct tally *t, size_t most, const char *name)
{
	size_t n;
	struct tally_entry *top = tally_top(t, most, &n);

	put_member(out, key);
	buf_byte(out, '[');
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%s\n{\"%s\":", i > 0 ? "," : "", name);
		json_quote(out, top[i].value);
		buf_printf(out, ",\"count\":%" PRIu64 "}", top[i].count);
	}
	buf_byte(out, ']');
	free(top);
}

static void
put_groups(struct buf *out, const struct summary *s)
{
	size_t n;
	struct tally_entry *top = tally_top(s->groups, 0, &n);

	put_member(out, "groups");
	buf_byte(out, '[');
	for (size_t i = 0; i < n; i++) {
		buf_str(out, i > 0 ? STR(",\n") : STR("\n"));
		buf_byte(out, '{');
		render_group_json(out, top[i].value, s->opts.by, s->opts.bys);
		buf_printf(out, "\"count\":%" PRIu64 "}", top[i].count);
	}
	buf_byte(out, ']');
	free(top);
}

/* A bucket in seconds, with a fraction only when it has one. */
static void
put_histogram(struct buf *out, const struct summary *s)
{
	int64_t bucket;
	size_t n;
	struct summary_bucket *b = summary_histogram(s, &bucket, &n);

	put_member(out, "bucket");
	buf_printf(out, "%" PRId64, bucket / TIME_SECOND);
	if (bucket % TIME_SECOND != 0)
		buf_printf(out, ".%06" PRId64, bucket % TIME_SECOND);
	put_member(out, "histogram");
	buf_byte(out, '[');
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%s\n{\"start\":", i > 0 ? "," : "");
		put_instant(out, b[i].start);
		buf_printf(out, ",\"count\":%" PRIu64 ",\"failed\":%" PRIu64 "}", b[i].count, b[i].failed);
	}
	buf_byte(out, ']');
	free(b);
}

void
render_summary_json(struct buf *out, const struct summary *s, const struct summary_render *o)
{
	size_t start = out->len;

	put_count(out, "total_events", s->total);
	put_count(out, "successful_events", s->success);
	put_count(out, "failed_events", s->failure);
	put_count(out, "unknown_events", s->unknown);
	put_member(out, "first_event");
	put_instant(out, s->first);
	put_member(out, "last_event");
	put_instant(out, s->last);
	put_breakdown(out, "actions_breakdown", s->actions);
	put_breakdown(out, "categories", s->categories);
	put_breakdown(out, "severities", s->severities);
	put_ranking(out, "top_identities", s->identities, o->top, "identity_id");
	put_ranking(out, "top_resources", s->resources, o->top, "path");
	put_histogram(out, s);
	if (s->groups != NULL)
		put_groups(out, s);
	buf_str(out, STR("\n}\n"));
	out->p[start] = '{';
}
