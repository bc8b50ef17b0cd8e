/*
 * hold_show: holds as tables for people, and as JSON for programs.
 *
 *	MATTER   SINCE       BY     REVIEW                EVENTS  FILTER
 *	2026-17  2026-04-22  alice  2026-10-01 (overdue)     120  actor_id=bob
 *
 * Matters, reasons and filters were typed by someone: no byte of them steers a
 * terminal.
 */
#include "cli/hold_show.h"

#include <inttypes.h>

#include "render/grid.h"

const char *const hold_formats[] = { "table", "jsonl", "json", NULL };

#define EVENTS_UNKNOWN UINT64_MAX

struct showing {
	struct store *st;
	struct hold_show *show;
	struct pool *pool;
	struct grid grid;
	struct buf json;
	bool counted; /* how many match now is told */
};

/* ---- a hold ---- */

/* What matches now.  Unknown when a pattern is too slow on some event: it is
 * kept all the same. */
static int
count_now(struct showing *x, const struct hold *h, uint64_t *n, struct err *e)
{
	struct filter_args args = { 0 };
	struct err why = ERR_NONE;
	struct query_options qo = { .now = x->show->now, .pool = x->pool, .go_on = cli_go_on };
	struct query_stats stats;
	struct filter *f;
	int rc = 0;

	*n = EVENTS_UNKNOWN;
	if (h->lifted)
		return 0;
	str_list_add(&args.where, h->filter.p, h->filter.len);
	if ((f = filter_build(&args, 0, &why)) != NULL) {
		qo.filter = f;
		rc = query_count(x->st, &qo, n, &stats, &why);
	}
	filter_free(f);
	filter_args_fini(&args);
	if (rc == 0)
		return 0;
	*n = EVENTS_UNKNOWN;
	return why.code == ERR_FAIL && !cli_interrupted() ? 0 : err_set(e, why.code, "%s", why.text);
}

static bool
is_overdue(const struct hold_show *s, const struct hold *h)
{
	return !h->lifted && h->review != TIME_NONE && h->review <= s->now;
}

static void
add_time(struct buf *out, const char *key, int64_t us)
{
	buf_printf(out, ",\"%s\":", key);
	cli_quote_time(out, us);
}

static void
add_text(struct buf *out, const char *key, struct str text)
{
	buf_printf(out, ",\"%s\":", key);
	cli_quote(out, text);
}

static void
add_object(const struct showing *x, struct buf *out, const struct hold *h, uint64_t events)
{
	buf_printf(out, "{\"hold\":%" PRId64, h->id);
	add_text(out, "matter", h->matter);
	add_text(out, "reason", h->reason);
	add_time(out, "placed", h->at);
	add_text(out, "by", h->by);
	add_time(out, "review", h->review);
	buf_printf(out, ",\"overdue\":%s", is_overdue(x->show, h) ? "true" : "false");
	add_text(out, "filter", h->filter);
	buf_printf(out, ",\"record\":%" PRIu64 ",\"events_then\":%" PRIu64, h->record, h->events);
	if (x->counted && events == EVENTS_UNKNOWN)
		buf_printf(out, ",\"events\":null");
	else if (x->counted)
		buf_printf(out, ",\"events\":%" PRIu64, events);
	buf_printf(out, ",\"active\":%s", h->lifted ? "false" : "true");
	if (h->lifted) {
		add_time(out, "lifted", h->lifted_at);
		add_text(out, "lifted_by", h->lifted_by);
		add_text(out, "lift_reason", h->lift_reason);
	}
	buf_byte(out, '}');
}

static void
add_review(struct grid *g, const struct hold_show *s, const struct hold *h)
{
	char text[32];

	if (!is_overdue(s, h)) {
		grid_day(g, h->review);
		return;
	}
	time_format_local(text, h->review);
	grid_printf(g, "%.10s (overdue)", text);
}

/* When, and "root: settled". */
static void
add_lift(struct grid *g, const struct hold *h)
{
	struct buf why = { 0 };

	if (h->lifted) {
		buf_str(&why, h->lifted_by);
		buf_str(&why, STR(": "));
		buf_str(&why, h->lift_reason);
	}
	grid_day(g, h->lifted ? h->lifted_at : TIME_NONE);
	grid_cell(g, h->lifted ? buf_view(&why) : STR("-"));
	buf_fini(&why);
}

static void
add_row(struct showing *x, const struct hold *h, uint64_t events)
{
	struct grid *g = &x->grid;

	grid_cell(g, h->matter);
	grid_day(g, h->at);
	grid_cell(g, h->by);
	if (!x->counted) {
		grid_cell(g, h->reason);
		grid_cell(g, h->filter);
		return;
	}
	add_review(g, x->show, h);
	if (events == EVENTS_UNKNOWN)
		grid_printf(g, "-");
	else
		grid_printf(g, "%" PRIu64, events);
	if (x->show->all)
		add_lift(g, h);
	grid_cell(g, h->filter);
}

static bool
is_table(const struct hold_show *s)
{
	return s->format == hold_formats[0];
}

static bool
is_document(const struct hold_show *s)
{
	return s->format == hold_formats[2];
}

static int
show_one(void *arg, const struct hold *h, struct err *e)
{
	struct showing *x = arg;
	uint64_t events = EVENTS_UNKNOWN;

	if (h->lifted && !x->show->all)
		return 0;
	if (cli_go_on(e) != 0 || (x->counted && count_now(x, h, &events, e) != 0))
		return -1;
	if (is_table(x->show)) {
		add_row(x, h, events);
	} else {
		if (is_document(x->show) && x->show->shown > 0)
			buf_printf(&x->json, ",\n");
		add_object(x, &x->json, h, events);
		if (!is_document(x->show))
			buf_byte(&x->json, '\n');
	}
	x->show->overdue += is_overdue(x->show, h);
	x->show->shown++;
	return 0;
}

/* ---- all of them ---- */

static void
showing_fini(struct showing *x)
{
	pool_free(x->pool);
	grid_fini(&x->grid);
	buf_fini(&x->json);
}

int
hold_list(struct store *st, struct hold_show *s, struct buf *out, struct err *e)
{
	static const struct grid_column active[] = { { "MATTER", false, 24 }, { "SINCE", false, 0 }, { "BY", false, 8 },
		{ "REVIEW", false, 0 }, { "EVENTS", true, 0 }, { "FILTER", false, 20 } };
	static const struct grid_column all[] = { { "MATTER", false, 10 }, { "SINCE", false, 0 }, { "BY", false, 4 },
		{ "REVIEW", false, 0 }, { "EVENTS", true, 0 }, { "LIFTED", false, 0 }, { "WHY", false, 8 },
		{ "FILTER", false, 8 } };
	struct showing x = { .st = st, .show = s, .counted = true, .grid = GRID(active) };
	int rc;

	if (s->all)
		x.grid = (struct grid)GRID(all);
	x.pool = pool_new(pool_cpus() - 1);
	if ((rc = store_hold_each(st, show_one, &x, e)) == 0) {
		if (is_table(s) && s->shown > 0)
			grid_print(&x.grid, out, s->width, s->colour);
		else if (is_document(s))
			buf_printf(out, "[");
		buf_str(out, buf_view(&x.json));
		if (is_document(s))
			buf_printf(out, "]\n");
	}
	showing_fini(&x);
	return rc;
}

int
hold_explain(struct store *st, struct hold_show *s, struct buf *out, struct err *e)
{
	static const struct grid_column columns[] = { { "MATTER", false, 24 }, { "SINCE", false, 0 },
		{ "BY", false, 8 }, { "REASON", false, 20 }, { "FILTER", false, 20 } };
	struct showing x = { .st = st, .show = s, .grid = GRID(columns) };
	int rc = store_hold_explain(st, s->seq, &s->fate, show_one, &x, e);

	if (rc == 0 && s->fate == SEQ_THERE) {
		if (is_table(s) && s->shown == 0)
			buf_printf(out, "no hold keeps the event at seq %" PRIu64 "\n", s->seq);
		else if (is_table(s))
			grid_print(&x.grid, out, s->width, s->colour);
		else if (is_document(s))
			buf_printf(out, "{\"seq\":%" PRIu64 ",\"holds\":[", s->seq);
		buf_str(out, buf_view(&x.json));
		if (is_document(s))
			buf_printf(out, "]}\n");
	}
	showing_fini(&x);
	return rc;
}
