/*
 * summary_table: a summary for people.
 *
 *     Events       1200
 *       success    1100   91.7%
 *       failure     100    8.3%
 *     First        2026-04-01 00:00:00
 *
 *     Timeline     2026-04-01 00:00:00, 1d each
 *       events     ▁▂▅█▃
 *
 *     Actions
 *       login       600   50.0%  ██████████
 *       read        211   17.6%  ███▌
 *
 * Bars and the timeline need a terminal (width > 0); a plain one has them in
 * ASCII.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "render/html.h"

enum {
	NAME_MAX_COLUMNS = 48, /* of a value beside its bar */
	BAR_MAX = 30,
	BAR_STEPS = 8, /* of one column of a bar */
	SPARK_MAX = 60,
	SPARK_BESIDE = 32, /* columns beside a sparkline: its name, and the most there is */
	NUMBERS = 22           /* columns that count and share take, gaps included */
};

struct writer {
	struct buf *out;
	const struct summary *s;
	const struct summary_render *o;
	struct buf name; /* scratch: a value made safe */
};

static void
put_title(struct writer *w, const char *title)
{
	render_style(w->out, w->o->colour, STYLE_HEADER);
	buf_str(w->out, str_of(title));
	render_style(w->out, w->o->colour, STYLE_PLAIN);
}

static void
put_share(struct writer *w, uint64_t count)
{
	double share = w->s->total > 0 ? 100.0 * (double)count / (double)w->s->total : 0;

	buf_printf(w->out, "%12" PRIu64 "  %5.1f%%", count, share);
}

/* ---- totals ---- */

static void
put_outcome(struct writer *w, const char *name, uint64_t count, enum render_style style)
{
	buf_str(w->out, STR("  "));
	render_style(w->out, w->o->colour && count > 0, style);
	buf_printf(w->out, "%-8s", name);
	render_style(w->out, w->o->colour && count > 0, STYLE_PLAIN);
	put_share(w, count);
	buf_byte(w->out, '\n');
}

static void
put_instant(struct writer *w, const char *title, int64_t us)
{
	char text[32];

	if (us == TIME_NONE)
		return;
	time_format_local(text, us);
	put_title(w, title);
	buf_printf(w->out, "  %s\n", text);
}

static void
put_totals(struct writer *w)
{
	put_title(w, "Events");
	buf_printf(w->out, "    %12" PRIu64 "\n", w->s->total);
	put_outcome(w, "success", w->s->success, STYLE_GOOD);
	put_outcome(w, "failure", w->s->failure, STYLE_BAD);
	put_outcome(w, "unknown", w->s->unknown, STYLE_WARNING);
	put_instant(w, "First ", w->s->first);
	put_instant(w, "Last  ", w->s->last);
}

/* ---- the timeline ---- */

static void
put_spark(struct writer *w, const char *name, const uint64_t *value, size_t n, enum render_style style)
{
	static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const plain[] = { " ", ".", ":", "-", "=", "+", "*", "#", "@" };
	const char *const *levels = w->o->plain ? plain : blocks;
	uint64_t most = 0;

	for (size_t i = 0; i < n; i++)
		most = value[i] > most ? value[i] : most;
	if (most == 0)
		return;
	buf_printf(w->out, "  %-8s  ", name);
	render_style(w->out, w->o->colour, style);
	for (size_t i = 0; i < n; i++) {
		/* What is there is seen: one event is no blank. */
		size_t level = value[i] == 0 ? 0 : 1 + (size_t)((double)value[i] / (double)most * 7.0);

		buf_str(w->out, str_of(levels[level]));
	}
	render_style(w->out, w->o->colour, STYLE_PLAIN);
	buf_printf(w->out, "  at most %" PRIu64 "\n", most);
}

/* Buckets are added together until a line has room for them. */
static void
put_timeline(struct writer *w)
{
	uint64_t count[SPARK_MAX] = { 0 }, failed[SPARK_MAX] = { 0 };
	char text[32];
	int64_t bucket;
	size_t n, each, room = SPARK_MAX;
	struct summary_bucket *b = summary_histogram(w->s, &bucket, &n);

	if (w->o->width < SPARK_MAX + SPARK_BESIDE)
		room = w->o->width > SPARK_BESIDE + 10 ? w->o->width - SPARK_BESIDE : 10;
	if (n > 0) {
		each = (n + room - 1) / room;
		for (size_t i = 0; i < n; i++) {
			count[i / each] += b[i].count;
			failed[i / each] += b[i].failed;
		}
		buf_byte(w->out, '\n');
		put_title(w, "Timeline");
		time_format_local(text, b[0].start);
		buf_printf(w->out, "  from %s, ", text);
		render_span(w->out, bucket * (int64_t)each);
		buf_str(w->out, STR(" each\n"));
		put_spark(w, "events", count, (n + each - 1) / each, STYLE_PLAIN);
		put_spark(w, "failures", failed, (n + each - 1) / each, STYLE_BAD);
	}
	free(b);
}

/* ---- breakdowns ---- */

/* To an eighth of a column; what is there at all is seen. */
static void
put_bar(struct writer *w, uint64_t count, uint64_t most, unsigned room)
{
	static const char *const part[BAR_STEPS] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	unsigned steps = w->o->plain ? 1 : BAR_STEPS;
	unsigned n = most > 0 ? (unsigned)((double)count / (double)most * room * steps + 0.5) : 0;

	if (room == 0 || count == 0)
		return;
	if (n == 0)
		n = 1;
	buf_str(w->out, STR("  "));
	for (unsigned i = 0; i < n / steps; i++)
		buf_str(w->out, w->o->plain ? STR("#") : STR("█"));
	buf_str(w->out, str_of(part[n % steps]));
}

/* The value's name, safe; a group's values with a separator between. */
static struct str
safe_name(struct writer *w, struct str value, bool group)
{
	buf_reset(&w->name);
	render_group_words(&w->name, value, group ? w->s->opts.bys : 1);
	return buf_view(&w->name);
}

/* As wide as the longest name, within reason. */
static unsigned
name_columns(struct writer *w, const struct tally_entry *top, size_t n, bool group)
{
	unsigned widest = 8, limit = NAME_MAX_COLUMNS;

	if (w->o->width > 0 && w->o->width < NAME_MAX_COLUMNS + NUMBERS)
		limit = w->o->width > NUMBERS + 8 ? w->o->width - NUMBERS : 8;
	for (size_t i = 0; i < n; i++) {
		unsigned columns = render_columns(safe_name(w, top[i].value, group));

		widest = columns > widest ? columns : widest;
	}
	return widest < limit ? widest : limit;
}

static void
put_name(struct writer *w, struct str name, unsigned columns)
{
	buf_str(w->out, STR("  "));
	/* Nothing is cut where there is no terminal. */
	if (w->o->width == 0 && render_columns(name) > columns)
		buf_str(w->out, name);
	else
		render_pad(w->out, name, columns, false);
}

static void
put_breakdown(struct writer *w, const char *title, const struct tally *t, size_t most, bool group)
{
	size_t n, all = tally_size(t);
	struct tally_entry *top = tally_top(t, most, &n);
	unsigned columns = name_columns(w, top, n, group);
	unsigned taken = columns + NUMBERS + 2;
	unsigned room = w->o->width > taken + 2 ? w->o->width - taken - 2 : 0;

	if (n > 0) {
		buf_byte(w->out, '\n');
		put_title(w, title);
		if (all > n)
			buf_printf(w->out, "  (%zu of %zu)", n, all);
		buf_byte(w->out, '\n');
	}
	for (size_t i = 0; i < n; i++) {
		put_name(w, safe_name(w, top[i].value, group), columns);
		put_share(w, top[i].count);
		if (w->o->width > 0)
			put_bar(w, top[i].count, top[0].count, room < BAR_MAX ? room : BAR_MAX);
		buf_byte(w->out, '\n');
	}
	free(top);
}

static void
put_groups(struct writer *w)
{
	struct buf title = { 0 };

	buf_str(&title, STR("By "));
	for (size_t i = 0; i < w->s->opts.bys; i++) {
		if (i > 0)
			buf_str(&title, STR(", "));
		buf_str(&title, w->s->opts.by[i].text);
	}
	buf_byte(&title, '\0');
	put_breakdown(w, title.p, w->s->groups, w->o->top, true);
	buf_fini(&title);
}

void
render_summary_table(struct buf *out, const struct summary *s, const struct summary_render *o)
{
	struct writer w = { .out = out, .s = s, .o = o };

	put_totals(&w);
	if (s->total > 0) {
		if (o->width > 0)
			put_timeline(&w);
		if (s->groups != NULL)
			put_groups(&w);
		put_breakdown(&w, "Actions", s->actions, o->top, false);
		put_breakdown(&w, "Categories", s->categories, o->top, false);
		put_breakdown(&w, "Severities", s->severities, 0, false);
		put_breakdown(&w, "Identities", s->identities, o->top, false);
		put_breakdown(&w, "Resources", s->resources, o->top, false);
	}
	buf_fini(&w.name);
}
