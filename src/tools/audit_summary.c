/*
 * audit-summary: totals, breakdowns, most frequent values, histogram.
 *
 * In: the store, or JSON lines (-i).   Out: one summary.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/comparison.h"
#include "cli/sandbox.h"
#include "query/query.h"
#include "render/render.h"

#define TOP_DEFAULT 10

struct args {
	struct common_args common;
	struct filter_args filter;
	struct str_list by, input;
	uint64_t top;
	char *output, *bucket, *pivot, *compare;
};

#define ARG(member) offsetof(struct args, member)

static const struct opt options[] = {
	{ 0, NULL, OPT_INCLUDE, ARG(filter), NULL, NULL, VALUE_ANY, opt_filter_summary },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_saved },
	{ 0, NULL, OPT_HEADING, 0, NULL, "Output", VALUE_ANY, NULL },
	{ 'o', "output", OPT_STRING, ARG(output), "FORMAT",
	    "table (default), json, csv, html (one page, nothing beside it)", VALUE_FORMAT, NULL },
	{ 0, "top", OPT_COUNT, ARG(top), "N",
	    "the N most frequent of each kind (10)", VALUE_ANY, NULL },
	{ 0, "bucket", OPT_STRING, ARG(bucket), "SPAN",
	    "length of a step of the histogram, such as 1h or 1d (chosen to fit)", VALUE_ANY, NULL },
	{ 0, "by", OPT_LIST, ARG(by), "A,B",
	    "count by these fields and payload paths too, at most 8", VALUE_FIELD, NULL },
	{ 0, "pivot", OPT_STRING, ARG(pivot), "TIME",
	    "the time before TIME against the time after it, as far as --window or --since and --until say;"
	    " by actor_id or --by", VALUE_ANY, NULL },
	{ 0, "compare", OPT_STRING, ARG(compare), "PERIOD",
	    "the window against PERIOD: previous (as long, just before), 7d (so much earlier), 2026-03, FROM..UNTIL;"
	    " by actor_id or --by", VALUE_ANY, NULL },
	{ 'i', "input", OPT_LIST, ARG(input), "FILE",
	    "read JSON lines from FILE (- for stdin) instead of the store", VALUE_FILE, NULL },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_zone },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_colour },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_pager },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_common },
	OPT_TABLE_END
};

static const char *const formats[] = { "table", "json", "csv", "html", NULL };
static const enum summary_format format_number[] = { SUMMARY_TABLE, SUMMARY_JSON, SUMMARY_CSV, SUMMARY_HTML };

static const struct program program = {
	.name = "audit-summary",
	.usage = "[OPTION...] [FIELD=VALUE | FIELD!=VALUE | FIELD~REGEX]...",
	.purpose = "summarise audit events",
	.examples =
	    "  audit-summary --last 30d\n"
	    "  audit-summary --since 2026-04 --by category,outcome -o json\n"
	    "  audit-summary --last 90d --outcome failure -o html >failures.html\n"
	    "  audit-summary --pivot '2026-09-08 09:12:44' --window 2d --by actor_id,action\n"
	    "  audit-query --severity error -o jsonl | audit-summary -i - --by actor_id\n",
	.table = options,
	.common_offset = ARG(common),
	.operand = VALUE_FIELD,
	.formats = formats,
};

/* What --by, --bucket and --top say. */
static int
parse_options(const struct args *a, struct summary_options *so, struct summary_render *sr,
    struct arena *names, struct err *e)
{
	struct selector *by = NULL;

	if (cli_selectors("by", &a->by, names, &by, &so->bys, e) != 0)
		return -1;
	for (size_t i = 0; i < so->bys && i < SUMMARY_BY_MAX; i++)
		so->by[i] = by[i];
	free(by);
	if (so->bys > SUMMARY_BY_MAX)
		return err_set(e, ERR_FAIL, "--by: more than %d fields", SUMMARY_BY_MAX);
	if (a->bucket && duration_parse(a->bucket, &so->bucket, e) != 0)
		return err_doing(e, "--bucket %s", a->bucket);
	if (a->bucket && so->bucket < TIME_SECOND)
		return err_set(e, ERR_FAIL, "--bucket %s: at least 1s", a->bucket);
	sr->top = a->top > SIZE_MAX ? SIZE_MAX : a->top > 0 ? (size_t)a->top : TOP_DEFAULT;
	return 0;
}

/* What a terminal can show. */
static int
choose_look(const struct args *a, struct summary_render *sr, struct err *e)
{
	const char *format = cli_format(&program, a->output, true, e), *term = getenv("TERM");

	if (!format)
		return -1;
	for (size_t i = 0; formats[i]; i++)
		if (format == formats[i])
			sr->format = format_number[i];
	sr->width = cli_width(STDOUT_FILENO);
	sr->terminal = cli_terminal(STDOUT_FILENO);
	sr->plain = !term || !*term || strcmp(term, "dumb") == 0;
	return cli_colour(&a->common, STDOUT_FILENO, &sr->colour, e);
}

static int
summarise_lines(const struct args *a, const struct query_options *qo, struct summary *sum,
    struct query_stats *stats, struct err *e)
{
	struct query_faulty faulty;
	int rc = query_sum_lines((const char *const *)a->input.item, a->input.n, qo, sum, stats, &faulty, e);

	if (rc == 0 && faulty.lines > 0)
		cli_left_out(&faulty, e);
	return rc;
}

/* What an HTML page says of itself. */
static void
describe(struct summary_render *sr, const struct args *a, const struct filter *f, int64_t now, struct buf *text)
{
	filter_format(text, f);
	buf_byte(text, '\0');
	sr->filter = f->root->op != FILTER_TRUE ? text->p : NULL;
	sr->windowed = f->since > TIME_MIN || f->until < INT64_MAX;
	sr->since = f->since;
	sr->until = f->until;
	sr->now = now;
	sr->zone = a->common.tz;
}

/* A summary and how it is to look. */
struct page {
	const struct summary *sum;
	const struct summary_render *look;
};

static int
print_page(void *page, struct outstream *out, struct err *e)
{
	const struct page *p = page;

	return render_summary(p->sum, p->look, out, e);
}

/* A question being answered. */
struct answer {
	const struct args *args;
	int64_t now;
	struct filter *filter;
	struct store *st; /* NULL with -i */
	struct query_options opts;
	struct query_stats stats;
	struct coverage coverage;
};

static int
summarise(struct answer *w, struct summary *sum, struct err *e)
{
	if (!w->st)
		return summarise_lines(w->args, &w->opts, sum, &w->stats, e);
	if (query_summary(w->st, &w->opts, sum, &w->stats, e) != 0)
		return -1;
	return cli_coverage(&w->args->common, w->st, &w->opts, false, &w->coverage, e);
}

static void
print_answer(struct answer *w, const struct summary_options *so, struct summary_render *sr, struct err *e)
{
	const struct common_args *c = &w->args->common;
	struct summary *sum = summary_new(so);
	struct buf text = { 0 };
	bool incomplete;

	describe(sr, w->args, w->filter, w->now, &text);
	if (summarise(w, sum, e) == 0) {
		incomplete = w->st && !w->coverage.complete;
		sr->note = incomplete ? CLI_PRUNED : NULL;
		if (cli_print(print_page, &(struct page){ sum, sr }, e) == 0) {
			cli_query_detail(&program, c, w->filter, &w->stats, w->now);
			if (w->st)
				cli_coverage_words(&program, c, &w->coverage);
			if (incomplete && sum->total == 0)
				err_set(e, ERR_INCOMPLETE, CLI_NOTHING_PRUNED);
			else if (incomplete)
				cli_note(&program, c, CLI_PRUNED);
		}
	}
	buf_fini(&text);
	summary_free(sum);
}

/* ---- two periods ---- */

static void
print_comparison(struct answer *w, struct comparison *c, struct summary_options *so, struct summary_render *sr,
    struct err *e)
{
	struct buf text = { 0 };

	describe(sr, w->args, c->rest, w->now, &text);
	const struct change_render look = { .format = sr->format, .top = sr->top, .colour = sr->colour,
		.terminal = sr->terminal, .width = sr->width, .filter = sr->filter, .now = sr->now, .zone = sr->zone };

	comparison_print(c, w->st, &w->opts, so, &look, e);
	buf_fini(&text);
}

/* What a page of two periods has not. */
static int
check_comparison(const struct args *a, const struct summary_options *so, struct err *e)
{
	const char *option = a->pivot ? "pivot" : "compare";

	if (!a->pivot && !a->compare)
		return 0;
	if (a->bucket)
		return err_set(e, ERR_FAIL, "--%s has no histogram: no --bucket", option);
	if (so->bys > SUMMARY_BY_MAX - 1)
		return err_set(e, ERR_FAIL, "--by: with --%s at most %d fields", option, SUMMARY_BY_MAX - 1);
	return 0;
}

/* The filter: 0, or as cli_filter has it. */
static int
select_events(struct answer *w, struct comparison *c, struct err *e)
{
	const struct args *a = w->args;

	if (a->pivot || a->compare)
		return comparison_open(c, w->now, &w->filter, e);
	return cli_filter(&program, &a->common, &a->filter, a->output, w->now, &w->filter, e);
}

static void
run(const struct args *a, struct err *e)
{
	struct answer w = { .args = a, .now = time_now() };
	struct comparison c = { .program = &program, .common = &a->common, .filter = &a->filter, .output = a->output,
		.pivot = a->pivot, .compare = a->compare, .input = &a->input };
	struct summary_options so = { 0 };
	struct summary_render sr = { 0 };
	struct sandbox s = { .profile = SANDBOX_READER };
	struct arena names = { 0 };

	if (select_events(&w, &c, e) != 0 || parse_options(a, &so, &sr, &names, e) != 0 ||
	    choose_look(a, &sr, e) != 0 || check_comparison(a, &so, e) != 0 ||
	    (a->input.n == 0 && (w.st = cli_store_read(&program, &a->common, w.filter, e)) == NULL))
		goto out;
	w.opts = (struct query_options){ .filter = w.filter, .order = QUERY_OLDEST, .now = w.now,
		.fields = summary_fields(&so), .go_on = cli_go_on };
	if (sr.format == SUMMARY_TABLE)
		cli_pager(&program, &a->common);
	if (sandbox_allow_all(&s, &a->input, SANDBOX_READ, e) != 0 ||
	    cli_sandbox(&program, &a->common, w.st, &s, e) != 0)
		goto out;
	w.opts.pool = pool_new(pool_cpus() - 1);
	if (a->pivot || a->compare)
		print_comparison(&w, &c, &so, &sr, e);
	else
		print_answer(&w, &so, &sr, e);
out:
	store_close(w.st);
	pool_free(w.opts.pool);
	filter_free(w.filter);
	comparison_close(&c);
	coverage_fini(&w.coverage);
	arena_fini(&names);
}

int
main(int argc, char *argv[])
{
	struct args a = { 0 };
	struct err e = ERR_NONE;
	int status = cli_start(&program, argc, argv, &a, &a.filter.expr);

	if (status < 0) {
		run(&a, &e);
		status = cli_finish(&program, &e, 0);
	}
	opt_fini(options, &a);
	str_list_fini(&a.filter.expr);
	return status;
}
