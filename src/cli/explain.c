/*
 * explain: why an event stays or goes (see explain.h).
 *
 *	event 4711  2026-03-01T12:00:00.000000Z  read  alice
 *	rule debug     does not match
 *	rule auth      decides: kept for 400d, until 2027-04-05
 *	rule rest      matches too, but comes later
 *	held           M-17 (hold 3)
 *
 * In: a seq and the policy.   Out: text.
 */
#include "cli/explain.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/plan.h"
#include "render/grid.h"
#include "render/render.h"

struct explained {
	const struct retention *r;
	int64_t now;
	uint64_t seq;
	bool *matches;    /* by rule */
	size_t decides;   /* r->n: none */
	bool record;      /* the toolkit's own */
	int64_t time, over; /* over: TIME_NONE: never */
	struct buf line;  /* canonical */
	struct buf short_line;
	struct buf held;  /* names, or JSON objects */
	bool json;
};

/* ---- Finding out ---- */

static int
judge(struct explained *x, const struct event *ev, struct err *e)
{
	struct filter_scratch *scratch = filter_scratch_new();
	int64_t keep;
	int rc;

	x->decides = x->r->n;
	for (size_t i = 0; i < x->r->n; i++) {
		x->matches[i] = filter_match(x->r->filter[i], ev, scratch);
		if (x->matches[i] && x->decides == x->r->n)
			x->decides = i;
	}
	rc = filter_trouble(scratch, e);
	filter_scratch_free(scratch);
	x->time = ev->time;
	x->record = event_has(ev, FIELD_SOURCE) && str_eq(ev->v[FIELD_SOURCE], STR(EVENT_RESERVED_SOURCE));
	keep = x->decides < x->r->n ? x->r->keep[x->decides] : RETENTION_FOREVER;
	x->over = x->record || keep == RETENTION_FOREVER || ev->time > TIME_MAX - keep ? TIME_NONE : ev->time + keep;
	return rc;
}

static void
tell_event(struct explained *x, const struct event *ev)
{
	static const enum field told[] = { FIELD_ACTION, FIELD_ACTOR_ID, FIELD_TARGET_PATH, FIELD_OUTCOME };

	event_format(&x->line, ev);
	buf_printf(&x->short_line, "event %" PRIu64 "  ", x->seq);
	event_format_text(&x->short_line, ev, FIELD_TIME);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		struct buf text = { 0 };

		if (!event_has(ev, told[i]))
			continue;
		event_format_text(&text, ev, told[i]);
		buf_str(&x->short_line, STR("  "));
		render_safe(&x->short_line, buf_view(&text));
		buf_fini(&text);
	}
	buf_byte(&x->short_line, '\n');
}

static int
find_event(struct explained *x, struct store *st, struct err *e)
{
	struct filter *all = filter_all();
	struct runs runs = { 0 };
	struct str only;
	struct query_options o = { .filter = all, .order = QUERY_ARRIVAL, .only = &only };
	struct query *q;
	const struct event *ev;
	uint64_t seq;
	int rc = -1;

	runs_add(&runs, x->seq, 1);
	runs_end(&runs);
	only = buf_view(&runs.list);
	if ((q = query_open(st, &o, e)) != NULL && (rc = query_next(q, &ev, &seq, e)) == 1) {
		tell_event(x, ev);
		rc = judge(x, ev, e);
	} else if (rc == 0) {
		rc = err_set(e, ERR_FAIL, "event %" PRIu64 " was removed at this moment", x->seq);
	}
	query_close(q);
	runs_fini(&runs);
	filter_free(all);
	return rc;
}

static int
add_hold(void *arg, const struct hold *h, struct err *e)
{
	struct explained *x = arg;

	(void)e;
	if (x->json) {
		buf_printf(&x->held, "%s{\"hold\":%" PRId64 ",\"matter\":", x->held.len > 0 ? "," : "", h->id);
		cli_quote(&x->held, h->matter);
		buf_byte(&x->held, '}');
		return 0;
	}
	if (x->held.len > 0)
		buf_str(&x->held, STR(", "));
	render_safe(&x->held, h->matter);
	buf_printf(&x->held, " (hold %" PRId64 ")", h->id);
	return 0;
}

/* ---- Telling ---- */

static void
put_json(struct buf *out, const struct explained *x)
{
	buf_printf(out, "{\"seq\":%" PRIu64 ",\"event\":", x->seq);
	buf_str(out, buf_view(&x->line));
	buf_printf(out, ",\"record\":%s,\"rules\":[", x->record ? "true" : "false");
	for (size_t i = 0; i < x->r->n; i++) {
		buf_str(out, i > 0 ? STR(",{\"name\":") : STR("{\"name\":"));
		cli_quote(out, x->r->rule[i].name);
		buf_str(out, STR(",\"filter\":"));
		cli_quote(out, buf_view(&x->r->expression[i]));
		buf_str(out, STR(",\"keep\":\""));
		plan_keep(out, x->r->keep[i]);
		buf_printf(out, "\",\"matches\":%s}", x->matches[i] ? "true" : "false");
	}
	buf_str(out, STR("],\"decides\":"));
	if (x->decides < x->r->n && !x->record)
		cli_quote(out, x->r->rule[x->decides].name);
	else
		buf_str(out, STR("null"));
	buf_str(out, STR(",\"over\":"));
	cli_quote_time(out, x->over);
	buf_printf(out, ",\"due\":%s,\"held\":[", x->over != TIME_NONE && x->over < x->now ? "true" : "false");
	buf_str(out, buf_view(&x->held));
	buf_str(out, STR("]}\n"));
}

/* What a rule says: "decides: kept for 400d, until 2027-04-05". */
static void
put_verdict(struct buf *out, const struct explained *x, size_t i)
{
	char day[32];

	if (!x->matches[i]) {
		buf_str(out, STR("does not match"));
		return;
	}
	if (i != x->decides) {
		buf_str(out, STR("matches too, but comes later"));
		return;
	}
	buf_str(out, STR("decides: kept "));
	if (x->r->keep[i] == RETENTION_FOREVER) {
		buf_str(out, STR("for ever"));
		return;
	}
	buf_str(out, STR("for "));
	plan_keep(out, x->r->keep[i]);
	if (x->over == TIME_NONE)
		return;
	time_format_local(day, x->over);
	buf_printf(out, x->over < x->now ? ", which was over on %.10s" : ", until %.10s", day);
}

static void
put_people(struct buf *out, const struct explained *x)
{
	static const struct grid_column columns[] = { { "RULE", false, 0 }, { "VERDICT", false, 0 } };
	struct grid g = GRID(columns);
	struct buf text = { 0 };

	buf_str(out, buf_view(&x->short_line));
	buf_byte(out, '\n');
	for (size_t i = 0; i < x->r->n && !x->record; i++) {
		buf_reset(&text);
		put_verdict(&text, x, i);
		grid_cell(&g, x->r->rule[i].name);
		grid_cell(&g, buf_view(&text));
	}
	if (g.cells > 0) {
		grid_print(&g, out, 0, false);
		buf_byte(out, '\n');
	}
	if (x->record)
		buf_str(out, STR("a record of the toolkit itself: it is never removed\n"));
	else if (x->decides == x->r->n)
		buf_printf(out, "%s: it is kept for ever\n", x->r->n > 0 ? "no rule matches" : "there are no rules");
	if (x->held.len > 0) {
		buf_str(out, STR("held: "));
		buf_str(out, buf_view(&x->held));
		buf_str(out, STR(": it is not removed as long as that lasts\n"));
	} else
		buf_str(out, STR("no hold\n"));
	grid_fini(&g);
	buf_fini(&text);
}

int
explain_retention(struct store *st, uint64_t seq, const struct retention *r, int64_t now, bool json,
    struct buf *out, struct err *e)
{
	struct explained x = { .r = r, .now = now, .seq = seq, .json = json, .matches = mem_zero(r->n, sizeof(bool)) };
	enum seq_fate fate;
	int rc = store_hold_explain(st, seq, &fate, add_hold, &x, e);

	if (rc == 0 && fate != SEQ_THERE)
		rc = err_set(e, ERR_FAIL, fate == SEQ_PRUNED ? "event %" PRIu64 " was pruned" :
		    "the log has no event %" PRIu64 " yet", seq);
	if (rc == 0 && (rc = find_event(&x, st, e)) == 0) {
		if (json)
			put_json(out, &x);
		else
			put_people(out, &x);
	}
	free(x.matches);
	buf_fini(&x.line);
	buf_fini(&x.short_line);
	buf_fini(&x.held);
	return rc;
}
