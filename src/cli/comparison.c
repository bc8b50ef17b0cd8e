/*
 * comparison: two periods under one filter (see comparison.h).
 *
 * The window is taken off the filter that was typed, and each side gets its
 * own.  A window that is part of an expression or a saved query would apply to
 * both sides, so that one of them has nothing: it is refused.
 *
 * In: options, and the store or JSON lines.   Out: one page.
 */
#include "cli/comparison.h"

#include <stdlib.h>

#include "event/change.h"

/* ---- the periods ---- */

static int
check_options(const struct comparison *c, struct err *e)
{
	const struct filter_args *f = c->filter;

	if (c->pivot && c->compare)
		return err_set(e, ERR_FAIL, "--pivot and --compare: one at a time");
	if (c->pivot && f->around)
		return err_set(e, ERR_FAIL, "--pivot and --around say the same thing: give one of them");
	if (c->pivot && f->window && (f->since || f->until || f->last))
		return err_set(e, ERR_FAIL, "--pivot with --window cannot be combined with --since, --until or --last");
	if (c->pivot && !f->window && !f->since && !f->last)
		return err_set(e, ERR_FAIL, "--pivot needs --window SPAN, such as 2d, or --since TIME");
	return 0;
}

/* The filter that was typed, with another window. */
static int
build_filter(const struct comparison *c, struct filter_args *args, int64_t now, struct filter **out, struct err *e)
{
	return cli_filter(c->program, c->common, args, c->output, now, out, e);
}

static struct filter_args
without_window(const struct filter_args *f)
{
	struct filter_args bare = *f;

	bare.since = bare.until = bare.last = bare.around = bare.window = NULL;
	return bare;
}

/* What is typed as the window; *out is the filter of it. */
static int
ask_window(struct comparison *c, int64_t now, struct filter **out, struct err *e)
{
	struct filter_args asked = *c->filter, bare = without_window(c->filter);
	int rc;

	if (c->pivot && asked.window)
		asked.around = c->pivot;
	if ((rc = build_filter(c, &asked, now, out, e)) != 0)
		return rc;
	rc = build_filter(c, &bare, now, &c->rest, e);
	if (rc == 0 && (c->rest->since > TIME_MIN || c->rest->until < INT64_MAX))
		rc = err_set(e, ERR_FAIL, "--%s: the window belongs into --since, --until, --last or --around, not into "
		    "an expression or a saved query", c->pivot ? "pivot" : "compare");
	return rc;
}

static int
find_periods(struct comparison *c, const struct filter *asked, int64_t now, struct err *e)
{
	struct period window = { asked->since, asked->until };
	int64_t moment;

	if (c->compare)
		return periods_compare(&c->periods, c->compare, window, now, e);
	if (time_parse_expr(c->pivot, now, TIME_START, &moment, e) != 0)
		return err_doing(e, "--pivot");
	return periods_pivot(&c->periods, moment, window, now, e);
}

/* (time >= FROM and time < UNTIL) or ... */
static void
add_period(struct buf *out, struct period p)
{
	char since[TIME_TEXT_LEN], until[TIME_TEXT_LEN];

	time_format(since, p.since);
	time_format(until, p.until);
	buf_printf(out, "(time >= %.*s and time < %.*s)", TIME_TEXT_LEN, since, TIME_TEXT_LEN, until);
}

static int
filter_both(const struct comparison *c, int64_t now, struct filter **out, struct err *e)
{
	struct filter_args args = without_window(c->filter);
	struct str_list where = { 0 };
	struct buf text = { 0 };
	int rc;

	for (size_t i = 0; i < args.where.n; i++)
		str_list_add(&where, args.where.item[i], strlen(args.where.item[i]));
	add_period(&text, c->periods.before);
	buf_str(&text, STR(" or "));
	add_period(&text, c->periods.after);
	str_list_add(&where, text.p, text.len);
	args.where = where;
	rc = build_filter(c, &args, now, out, e);
	buf_fini(&text);
	str_list_fini(&where);
	return rc;
}

static int
filter_side(const struct comparison *c, struct period p, int64_t now, struct filter **out, struct err *e)
{
	struct filter_args args = without_window(c->filter);
	char since[TIME_TEXT_LEN + 1] = "", until[TIME_TEXT_LEN + 1] = "";

	time_format(since, p.since);
	time_format(until, p.until);
	args.since = since;
	args.until = until;
	return build_filter(c, &args, now, out, e);
}

int
comparison_open(struct comparison *c, int64_t now, struct filter **out, struct err *e)
{
	struct filter *asked = NULL;
	int rc = -1;

	*out = NULL;
	if (check_options(c, e) == 0 && (rc = ask_window(c, now, &asked, e)) == 0) {
		if (find_periods(c, asked, now, e) != 0 ||
		    filter_side(c, c->periods.before, now, &c->before, e) != 0 ||
		    filter_side(c, c->periods.after, now, &c->after, e) != 0 || filter_both(c, now, out, e) != 0)
			rc = -1;
	}
	filter_free(asked);
	return rc;
}

void
comparison_close(struct comparison *c)
{
	filter_free(c->before);
	filter_free(c->after);
	filter_free(c->rest);
}

/* ---- counting ---- */

static int
sum_stored(const struct comparison *c, struct store *st, const struct query_options *o, const struct filter *f,
    struct change_side *side, struct summary *sum, struct err *e)
{
	struct query_options opts = *o;
	struct query_stats stats;
	bool covered;

	opts.filter = f;
	if (query_summary(st, &opts, sum, &stats, e) != 0 || query_covered(st, f, &covered, e) != 0)
		return -1;
	side->pruned = !covered;
	cli_query_detail(c->program, c->common, f, &stats, o->now);
	return 0;
}

/* Files are read once, so that one may be a pipe. */
static int
sum_lines(const struct comparison *c, const struct query_options *o, struct summary *before, struct summary *after,
    struct err *e)
{
	const struct query_side side[2] = {
		{ c->periods.before.since, c->periods.before.until, before },
		{ c->periods.after.since, c->periods.after.until, after } };
	struct query_faulty faulty;
	struct query_stats stats;

	if (query_sum_sides((const char *const *)c->input->item, c->input->n, o, side, 2, &stats, &faulty, e) != 0)
		return -1;
	cli_query_detail(c->program, c->common, o->filter, &stats, o->now);
	if (faulty.lines > 0)
		cli_left_out(&faulty, e);
	return 0;
}

/* ---- what has to be known beside it ---- */

/* A log that begins inside the first period has fewer events there than there
 * were, and all of it looks new. */
static int
note_beginning(const struct comparison *c, struct store *st, const struct change_render *look, struct err *e)
{
	struct filter *all = filter_all();
	const struct query_options o = { .filter = all, .order = QUERY_OLDEST, .limit = 1,
		.fields = FIELD_BIT(FIELD_TIME) };
	struct query *q = query_open(st, &o, e);
	const struct event *ev;
	char text[32];
	uint64_t seq;
	int rc = q ? query_next(q, &ev, &seq, e) : -1;

	if (rc > 0 && ev->time > look->before.since && !look->before.pruned) {
		time_format_local(text, ev->time);
		cli_note(c->program, c->common, "before: the log's first event is of %s", text);
	}
	query_close(q);
	filter_free(all);
	return rc < 0 ? -1 : 0;
}

static void
note_pruned(const struct comparison *c, const char *name, const struct change_side *side, struct err *e)
{
	if (side->pruned && side->sum->total == 0)
		err_set(e, ERR_INCOMPLETE, "%s: " CLI_NOTHING_PRUNED, name);
	else if (side->pruned)
		cli_note(c->program, c->common, "%s: " CLI_PRUNED, name);
}

static int
print_change(void *look, struct outstream *out, struct err *e)
{
	return render_change(look, out, e);
}

static int
print_sides(const struct comparison *c, struct store *st, struct change_render *look, struct err *e)
{
	if (cli_print(print_change, look, e) != 0)
		return -1;
	if (!st)
		return 0;
	note_pruned(c, "before", &look->before, e);
	note_pruned(c, "after", &look->after, e);
	return note_beginning(c, st, look, e);
}

int
comparison_print(struct comparison *c, struct store *st, const struct query_options *o, struct summary_options *so,
    const struct change_render *look, struct err *e)
{
	struct change_render page = *look;
	struct query_options opts = *o;
	struct summary *before, *after;
	int rc;

	if (so->bys == 0)
		so->by[so->bys++] = selector_field(FIELD_ACTOR_ID);
	change_group(so);
	opts.fields = summary_fields(so);
	before = summary_new(so);
	after = summary_new(so);
	page.before = (struct change_side){ before, c->periods.before.since, c->periods.before.until, false };
	page.after = (struct change_side){ after, c->periods.after.since, c->periods.after.until, false };
	if (!st)
		rc = sum_lines(c, &opts, before, after, e);
	else if ((rc = sum_stored(c, st, &opts, c->before, &page.before, before, e)) == 0)
		rc = sum_stored(c, st, &opts, c->after, &page.after, after, e);
	if (rc == 0)
		rc = print_sides(c, st, &page, e);
	summary_free(before);
	summary_free(after);
	return rc;
}
