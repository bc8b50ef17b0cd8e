/*
 * summary_csv: a summary as rows of section, value, count.
 *
 *     section,value,count
 *     total,events,3
 *     actions,login,3
 */
#include <inttypes.h>
#include <stdlib.h>

#include "render/format.h"

static void
put_row(struct buf *out, const char *section, struct str value, uint64_t count)
{
	buf_str(out, str_of(section));
	buf_byte(out, ',');
	render_csv_cell(out, value, false);
	buf_printf(out, ",%" PRIu64 "\r\n", count);
}

static void
put_tally(struct buf *out, const char *section, const struct tally *t, size_t most)
{
	size_t n;
	struct tally_entry *top = tally_top(t, most, &n);

	for (size_t i = 0; i < n; i++)
		put_row(out, section, top[i].value, top[i].count);
	free(top);
}

/* The values of a group in one cell, " | " between them. */
static void
put_groups(struct buf *out, const struct summary *s)
{
	struct buf cell = { 0 };
	size_t n;
	struct tally_entry *top = tally_top(s->groups, 0, &n);

	for (size_t i = 0; i < n; i++) {
		struct str part[RENDER_GROUP_MAX];
		size_t parts = render_group(top[i].value, part, s->opts.bys);

		buf_reset(&cell);
		for (size_t k = 0; k < parts; k++) {
			if (k > 0)
				buf_str(&cell, STR(" | "));
			buf_str(&cell, part[k]);
		}
		put_row(out, "groups", buf_view(&cell), top[i].count);
	}
	free(top);
	buf_fini(&cell);
}

static void
put_histogram(struct buf *out, const struct summary *s)
{
	int64_t bucket;
	size_t n;
	struct summary_bucket *b = summary_histogram(s, &bucket, &n);
	char text[TIME_TEXT_LEN];

	for (size_t i = 0; i < n; i++) {
		time_format(text, b[i].start);
		put_row(out, "histogram", (struct str){ text, sizeof(text) }, b[i].count);
		put_row(out, "histogram_failed", (struct str){ text, sizeof(text) }, b[i].failed);
	}
	free(b);
}

void
render_summary_csv(struct buf *out, const struct summary *s, const struct summary_render *o)
{
	buf_str(out, STR("section,value,count\r\n"));
	put_row(out, "total", STR("events"), s->total);
	put_row(out, "total", STR("success"), s->success);
	put_row(out, "total", STR("failure"), s->failure);
	put_row(out, "total", STR("unknown"), s->unknown);
	put_tally(out, "actions", s->actions, 0);
	put_tally(out, "categories", s->categories, 0);
	put_tally(out, "severities", s->severities, 0);
	put_tally(out, "identities", s->identities, o->top);
	put_tally(out, "resources", s->resources, o->top);
	put_histogram(out, s);
	if (s->groups != NULL)
		put_groups(out, s);
}
