/*
 * audit-summary: totals, breakdowns, most frequent values, histogram.
 *
 * In: the store, or JSON lines (-i).   Out: one summary.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "query/query.h"
#include "render/render.h"

#define TOP_DEFAULT 10

struct args {
	struct common_args common;
	struct filter_args filter;
	struct str_list by, input;
	uint64_t top;
	char *output, *bucket;
};

#define ARG(member) offsetof(struct args, member)

static const struct opt options[] = {
	{ 0, NULL, OPT_INCLUDE, ARG(filter), NULL, NULL, VALUE_ANY, opt_filter_summary },
	{ 0, NULL, OPT_HEADING, 0, NULL, "Output", VALUE_ANY, NULL },
	{ 'o', "output", OPT_STRING, ARG(output), "FORMAT",
	    "table (default), json, csv", VALUE_FORMAT, NULL },
	{ 0, "top", OPT_COUNT, ARG(top), "N",
	    "the N most frequent of each kind (10)", VALUE_ANY, NULL },
	{ 0, "bucket", OPT_STRING, ARG(bucket), "SPAN",
	    "length of a step of the histogram, such as 1h or 1d (chosen to fit)", VALUE_ANY, NULL },
	{ 0, "by", OPT_LIST, ARG(by), "A,B",
	    "count by these fields too, at most 8", VALUE_FIELD, NULL },
	{ 'i', "input", OPT_LIST, ARG(input), "FILE",
	    "read JSON lines from FILE (- for stdin) instead of the store", VALUE_FILE, NULL },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_zone },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_colour },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_common },
	OPT_TABLE_END
};

static const char *const formats[] = { "table", "json", "csv", NULL };
static const enum summary_format format_number[] = { SUMMARY_TABLE, SUMMARY_JSON, SUMMARY_CSV };

static const struct program program = {
	.name = "audit-summary",
	.usage = "[OPTION...] [FIELD=VALUE | FIELD!=VALUE]...",
	.purpose = "summarise audit events",
	.examples =
	    "  audit-summary --last 30d\n"
	    "  audit-summary --since 2026-04 --by category,outcome -o json\n"
	    "  audit-query --severity error -o jsonl | audit-summary -i - --by actor_id\n",
	.table = options,
	.common_offset = ARG(common),
	.operand = VALUE_FIELD,
	.formats = formats,
};

static int
parse_options(const struct args *a, struct summary_options *so, struct summary_render *sr,
    struct arena *names, struct err *e)
{
	const char *format = cli_format(&program, a->output, true, e);
	struct selector *by = NULL;
	int rc = -1;

	if (!format || cli_selectors("by", &a->by, names, &by, &so->bys, e) != 0)
		goto out;
	for (size_t i = 0; formats[i]; i++)
		if (format == formats[i])
			sr->format = format_number[i];
	if (so->bys > SUMMARY_BY_MAX) {
		err_set(e, ERR_FAIL, "--by: more than %d fields", SUMMARY_BY_MAX);
		goto out;
	}
	for (size_t i = 0; i < so->bys; i++)
		so->by[i] = by[i];
	if (a->bucket && duration_parse(a->bucket, &so->bucket, e) != 0) {
		err_doing(e, "--bucket %s", a->bucket);
		goto out;
	}
	if (a->bucket && so->bucket < TIME_SECOND) {
		err_set(e, ERR_FAIL, "--bucket %s: at least 1s", a->bucket);
		goto out;
	}
	sr->top = a->top > SIZE_MAX ? SIZE_MAX : a->top > 0 ? (size_t)a->top : TOP_DEFAULT;
	sr->width = cli_width(STDOUT_FILENO);
	sr->terminal = isatty(STDOUT_FILENO);
	rc = cli_colour(&a->common, STDOUT_FILENO, &sr->colour, e);
out:
	free(by);
	return rc;
}

static int
summarise_lines(const struct args *a, const struct query_options *qo, struct summary *sum,
    struct query_stats *stats, struct err *e)
{
	uint64_t faulty;
	int rc = query_sum_lines((const char *const *)a->input.item, a->input.n, qo, sum, stats, &faulty, e);

	if (rc == 0 && faulty > 0)
		err_set(e, ERR_INCOMPLETE, "%" PRIu64 " lines of input are no events and were left out",
		    faulty);
	return rc;
}

static int
print(const struct summary *sum, const struct summary_render *sr, struct err *e)
{
	struct outstream *out = outstream_open(NULL, e);

	if (!out)
		return -1;
	if (render_summary(sum, sr, out, e) == 0)
		return outstream_finish(out, e);
	outstream_abort(out);
	return -1;
}

static void
run(const struct args *a, struct err *e)
{
	int64_t started = time_now();
	struct summary_options so = { 0 };
	struct arena names = { 0 };
	struct summary_render sr = { 0 };
	struct query_options qo = { .order = QUERY_OLDEST, .go_on = cli_go_on };
	struct query_stats stats = { 0 };
	struct filter *filter = NULL;
	struct summary *sum = NULL;
	struct store *st = NULL;
	bool covered = true;
	int rc;

	if (parse_options(a, &so, &sr, &names, e) != 0 ||
	    (filter = filter_build(&a->filter, started, e)) == NULL ||
	    (a->input.n == 0 && (st = cli_store(&a->common, STORE_READ, e)) == NULL))
		goto out;
	sum = summary_new(&so);
	qo.filter = filter;
	qo.fields = summary_fields(&so);
	qo.pool = pool_new(pool_cpus() - 1);
	rc = st ? query_summary(st, &qo, sum, &stats, e) : summarise_lines(a, &qo, sum, &stats, e);
	if (rc == 0 && print(sum, &sr, e) == 0) {
		cli_query_detail(&program, &a->common, filter, &stats, started);
		if (st && query_covered(st, filter, &covered, e) == 0 && !covered)
			cli_note(&program, &a->common, CLI_PRUNED);
	}
out:
	store_close(st);
	pool_free(qo.pool);
	summary_free(sum);
	filter_free(filter);
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
