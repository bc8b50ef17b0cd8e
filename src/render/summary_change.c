/*
 * summary_change: the time before a moment against the time after it.
 *
 *     2026-09-08 09:12:44      BEFORE       AFTER      CHANGE
 *     Events                       30          45         +15
 *       failure                     5          12          +7
 *
 *     By actor_id
 *       user:ivan                   0           6          +6
 *
 * In: a summary of each side, with groups.   Out: what changed most, first.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "render/format.h"

enum {
	NAME_LEAST = 18, /* with its indent as wide as an instant */
	NAME_MOST = 48,
	NUMBERS = 3 * 12
};

/* A group on both sides. */
struct pair {
	struct str value;
	uint64_t before, after;
};

struct writer {
	struct buf *out;
	const struct change_render *o;
	struct pair *pair; /* what changed most, first */
	size_t pairs, all;
	struct buf name;
};

/* ---- pairing ---- */

static uint64_t
distance(const struct pair *p)
{
	return p->after > p->before ? p->after - p->before : p->before - p->after;
}

static int
by_value(const void *pa, const void *pb)
{
	const struct pair *a = pa, *b = pb;

	return tally_compare(a->value, b->value);
}

static int
by_distance(const void *pa, const void *pb)
{
	const struct pair *a = pa, *b = pb;

	if (distance(a) != distance(b))
		return distance(a) > distance(b) ? -1 : 1;
	return by_value(pa, pb);
}

static void
add_side(struct writer *w, const struct tally *t, bool after)
{
	size_t n;
	struct tally_entry *entry = tally_top(t, 0, &n);

	w->pair = mem_resize(w->pair, (w->pairs + n + 1) * sizeof(*w->pair));
	for (size_t i = 0; i < n; i++)
		w->pair[w->pairs++] = (struct pair){ entry[i].value, after ? 0 : entry[i].count,
			after ? entry[i].count : 0 };
	free(entry);
}

/* Equal values of both sides stand beside each other once sorted. */
static void
make_pairs(struct writer *w)
{
	size_t kept = 0;

	add_side(w, w->o->before->groups, false);
	add_side(w, w->o->after->groups, true);
	qsort(w->pair, w->pairs, sizeof(*w->pair), by_value);
	for (size_t i = 0; i < w->pairs; i++) {
		if (kept > 0 && str_eq(w->pair[kept - 1].value, w->pair[i].value)) {
			w->pair[kept - 1].before += w->pair[i].before;
			w->pair[kept - 1].after += w->pair[i].after;
		} else
			w->pair[kept++] = w->pair[i];
	}
	w->all = w->pairs = kept;
	qsort(w->pair, w->pairs, sizeof(*w->pair), by_distance);
	if (w->o->top > 0 && w->pairs > w->o->top)
		w->pairs = w->o->top;
}

/* ---- for people ---- */

static void
put_numbers(struct writer *w, const struct pair *p)
{
	enum render_style style = p->after > p->before ? STYLE_WARNING : STYLE_DIM;
	char change[32];

	snprintf(change, sizeof(change), "%c%" PRIu64, p->after < p->before ? '-' : '+', distance(p));
	buf_printf(w->out, "%12" PRIu64 "%12" PRIu64, p->before, p->after);
	render_style(w->out, w->o->colour && distance(p) > 0, style);
	buf_printf(w->out, "%12s", distance(p) > 0 ? change : "=");
	render_style(w->out, w->o->colour && distance(p) > 0, STYLE_PLAIN);
	buf_byte(w->out, '\n');
}

static struct str
safe_name(struct writer *w, struct str value)
{
	buf_reset(&w->name);
	render_group_words(&w->name, value, w->o->after->opts.bys);
	return buf_view(&w->name);
}

static unsigned
name_columns(struct writer *w)
{
	unsigned widest = NAME_LEAST, limit = NAME_MOST;

	if (w->o->width > 0 && w->o->width < NAME_MOST + NUMBERS + 2)
		limit = w->o->width > NAME_LEAST + NUMBERS + 2 ? w->o->width - NUMBERS - 2 : NAME_LEAST;
	for (size_t i = 0; i < w->pairs; i++) {
		unsigned columns = render_columns(safe_name(w, w->pair[i].value));

		widest = columns > widest ? columns : widest;
	}
	return widest < limit ? widest : limit;
}

static void
put_line(struct writer *w, unsigned indent, struct str name, unsigned columns, const struct pair *p)
{
	render_spaces(w->out, indent);
	render_pad(w->out, name, columns + 2 - indent, false);
	put_numbers(w, p);
}

static void
put_table(struct writer *w)
{
	const struct summary *b = w->o->before, *a = w->o->after;
	unsigned columns = name_columns(w);
	char at[32];

	time_format_local(at, w->o->at);
	render_style(w->out, w->o->colour, STYLE_HEADER);
	render_pad(w->out, str_of(at), columns + 2, false);
	buf_printf(w->out, "%12s%12s%12s\n", "BEFORE", "AFTER", "CHANGE");
	render_style(w->out, w->o->colour, STYLE_PLAIN);
	put_line(w, 0, STR("Events"), columns, &(struct pair){ .before = b->total, .after = a->total });
	put_line(w, 2, STR("success"), columns, &(struct pair){ .before = b->success, .after = a->success });
	put_line(w, 2, STR("failure"), columns, &(struct pair){ .before = b->failure, .after = a->failure });
	put_line(w, 2, STR("unknown"), columns, &(struct pair){ .before = b->unknown, .after = a->unknown });
	if (w->pairs == 0)
		return;
	buf_str(w->out, STR("\nBy "));
	for (size_t i = 0; i < a->opts.bys; i++) {
		buf_str(w->out, i > 0 ? STR(", ") : STR(""));
		buf_str(w->out, a->opts.by[i].text);
	}
	if (w->all > w->pairs)
		buf_printf(w->out, "  (%zu of %zu)", w->pairs, w->all);
	buf_byte(w->out, '\n');
	for (size_t i = 0; i < w->pairs; i++)
		put_line(w, 2, safe_name(w, w->pair[i].value), columns, &w->pair[i]);
}

/* ---- for programs ---- */

static void
put_side(struct buf *out, const char *name, const struct summary *s)
{
	buf_printf(out, ",\n\"%s\":{\"total_events\":%" PRIu64 ",\"successful_events\":%" PRIu64
	    ",\"failed_events\":%" PRIu64 ",\"unknown_events\":%" PRIu64 "}",
	    name, s->total, s->success, s->failure, s->unknown);
}

static void
put_json(struct writer *w)
{
	const struct summary_options *by = &w->o->after->opts;
	char at[TIME_TEXT_LEN];

	time_format(at, w->o->at);
	buf_printf(w->out, "{\"at\":\"%.*s\"", TIME_TEXT_LEN, at);
	put_side(w->out, "before", w->o->before);
	put_side(w->out, "after", w->o->after);
	buf_str(w->out, STR(",\n\"groups\":["));
	for (size_t i = 0; i < w->pairs; i++) {
		buf_str(w->out, i > 0 ? STR(",\n{") : STR("\n{"));
		render_group_json(w->out, w->pair[i].value, by->by, by->bys);
		buf_printf(w->out, "\"before\":%" PRIu64 ",\"after\":%" PRIu64 "}", w->pair[i].before, w->pair[i].after);
	}
	buf_str(w->out, STR("]}\n"));
}

static void
put_csv(struct writer *w)
{
	const struct summary_options *by = &w->o->after->opts;

	render_group_header(w->out, by->by, by->bys);
	buf_str(w->out, STR("before,after\r\n"));
	for (size_t i = 0; i < w->pairs; i++) {
		render_group_csv(w->out, w->pair[i].value, by->bys);
		buf_printf(w->out, "%" PRIu64 ",%" PRIu64 "\r\n", w->pair[i].before, w->pair[i].after);
	}
}

int
render_change(const struct change_render *o, struct outstream *out, struct err *e)
{
	struct buf text = { 0 };
	struct writer w = { .out = &text, .o = o };
	int rc;

	make_pairs(&w);
	if (o->format == SUMMARY_JSON)
		put_json(&w);
	else if (o->format == SUMMARY_CSV)
		put_csv(&w);
	else
		put_table(&w);
	rc = render_machine(out, buf_view(&text), o->terminal && o->format != SUMMARY_TABLE,
	    o->format == SUMMARY_JSON, e);
	buf_fini(&w.name);
	buf_fini(&text);
	free(w.pair);
	return rc;
}
