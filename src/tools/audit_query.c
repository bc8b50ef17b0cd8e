/*
 * audit-query: find events.
 *
 * In: the store, or JSON lines (-i).   Out: events in order of time, a count,
 * or what was refused.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "query/query.h"
#include "render/render.h"

struct args {
	struct common_args common;
	struct filter_args filter;
	struct str_list fields, input;
	uint64_t limit;
	bool reverse, count, seq, quarantine;
	char *output;
};

#define ARG(member) offsetof(struct args, member)

static const struct opt options[] = {
	{ 0, NULL, OPT_INCLUDE, ARG(filter), NULL, NULL, VALUE_ANY, opt_filter },
	{ 0, NULL, OPT_HEADING, 0, NULL, "Output", VALUE_ANY, NULL },
	{ 'n', "limit", OPT_COUNT, ARG(limit), "N", "at most N events", VALUE_ANY, NULL },
	{ 'r', "reverse", OPT_FLAG, ARG(reverse), NULL, "oldest first", VALUE_ANY, NULL },
	{ 'c', "count", OPT_FLAG, ARG(count), NULL, "print how many match", VALUE_ANY, NULL },
	{ 'o', "output", OPT_STRING, ARG(output), "FORMAT",
	    "table (a terminal's default), jsonl (default otherwise), json, csv", VALUE_FORMAT, NULL },
	{ 0, "fields", OPT_LIST, ARG(fields), "A,B",
	    "these columns, in this order", VALUE_FIELD, NULL },
	{ 0, "seq", OPT_FLAG, ARG(seq), NULL,
	    "add seq, the event's number in the store", VALUE_ANY, NULL },
	{ 0, "quarantine", OPT_FLAG, ARG(quarantine), NULL,
	    "list what was refused, instead of events", VALUE_ANY, NULL },
	{ 'i', "input", OPT_LIST, ARG(input), "FILE",
	    "read JSON lines from FILE (- for stdin) instead of the store", VALUE_FILE, NULL },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_zone },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_colour },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_common },
	OPT_TABLE_END
};

static const char *const formats[] = { "table", "jsonl", "json", "csv", NULL };

static const struct program program = {
	.name = "audit-query",
	.usage = "[OPTION...] [FIELD=VALUE | FIELD!=VALUE]...",
	.purpose = "find audit events",
	.examples =
	    "  audit-query -n 20                                  # the newest 20\n"
	    "  audit-query --since -7d --actor alice@acme.example --outcome failure\n"
	    "  audit-query --target 'prod/db/*' --last 90d -o csv # who touched these\n"
	    "  audit-query -c --severity error --since today      # how many\n",
	.table = options,
	.common_offset = ARG(common),
	.operand = VALUE_FIELD,
	.formats = formats,
};

/* A question being answered. */
struct answer {
	const struct args *args;
	struct filter *filter;
	struct store *st; /* NULL with -i */
	struct query_options opts;
	struct query_stats stats;
	uint64_t printed, faulty;
	bool more;
};

static struct query *
open_query(struct answer *w, struct err *e)
{
	const struct args *a = w->args;

	if (w->st)
		return query_open(w->st, &w->opts, e);
	return query_open_lines((const char *const *)a->input.item, a->input.n, &w->opts,
	    &w->faulty, e);
}

/* What JSON says about how far the answer can be trusted.  Bytes in text. */
static int
coverage(const struct answer *w, struct buf *text, struct err *e)
{
	struct segment_info *segments = NULL;
	struct store_view view;
	bool covered = true;
	size_t n;
	int rc;

	if (!w->st)
		return 0;
	rc = store_view(w->st, &view, &segments, &n, e);
	free(segments);
	if (rc != 0 || query_covered(w->st, w->filter, &covered, e) != 0)
		return -1;
	buf_printf(text, "{\"complete\":%s,\"pruned\":%" PRIu64 ",\"quarantined\":%" PRIu64 "}",
	    covered ? "true" : "false", view.pruned_events, view.quarantined);
	buf_byte(text, '\0');
	return 0;
}

static int
print_all(struct answer *w, struct render *r, struct err *e)
{
	struct query *q = open_query(w, e);
	const struct event *ev;
	uint64_t seq;
	int rc = -1;

	while (q && cli_go_on(e) == 0 && (rc = query_next(q, &ev, &seq, e)) == 1) {
		if (w->args->limit > 0 && w->printed == w->args->limit) {
			w->more = true;
			rc = 0;
			break;
		}
		if ((rc = render_event(r, ev, seq, e)) != 0)
			break;
		w->printed++;
	}
	if (q)
		query_stats(q, &w->stats);
	query_close(q);
	return rc;
}

static int
print_events(struct answer *w, const char *format, struct outstream *out, struct err *e)
{
	const struct args *a = w->args;
	struct render_options ro = { .format = format, .seq = a->seq, .now = time_now(),
		.width = cli_width(STDOUT_FILENO), .terminal = isatty(STDOUT_FILENO) };
	struct render_close end = { 0 };
	struct buf covered = { 0 };
	struct render *r = NULL;
	struct selector *fields = NULL;
	struct arena names = { 0 };
	int rc = -1;

	if (cli_selectors("fields", &a->fields, &names, &fields, &ro.n_fields, e) != 0 ||
	    cli_colour(&a->common, STDOUT_FILENO, &ro.colour, e) != 0)
		goto out;
	ro.fields = fields;
	/* The table also looks at fields it has no column for. */
	if (strcmp(format, "table") != 0)
		for (size_t i = 0; i < ro.n_fields; i++)
			w->opts.fields |= FIELD_BIT(fields[i].field);
	if ((r = render_open(&ro, out, e)) == NULL || print_all(w, r, e) != 0 ||
	    coverage(w, &covered, e) != 0)
		goto out;
	end.has_more = w->more;
	end.coverage_json = covered.p;
	rc = render_close(r, &end, e);
	r = NULL;
out:
	if (r)
		render_abort(r);
	buf_fini(&covered);
	free(fields);
	arena_fini(&names);
	return rc;
}

static int
print_count(struct answer *w, struct outstream *out, struct err *e)
{
	struct buf line = { 0 };
	int rc;

	if (w->st)
		rc = query_count(w->st, &w->opts, &w->printed, &w->stats, e);
	else
		rc = query_sum_lines((const char *const *)w->args->input.item, w->args->input.n, &w->opts, NULL,
		    &w->stats, &w->faulty, e);
	w->printed = w->stats.matched;
	if (rc == 0) {
		buf_printf(&line, "%" PRIu64 "\n", w->printed);
		rc = outstream_write(out, line.p, line.len, e);
		buf_fini(&line);
	}
	return rc;
}

/* Options that would do nothing are refused rather than ignored. */
static int
check_args(const struct args *a, const struct filter *f, const char *format, struct err *e)
{
	bool chosen = a->fields.n > 0 || a->seq || a->limit > 0 || a->reverse;

	if (a->quarantine && (f->root->op != FILTER_TRUE || chosen || a->count || a->input.n > 0))
		return err_set(e, ERR_FAIL, "--quarantine lists everything refused: no filter,"
		    " no other output option but -o");
	if (a->quarantine && strcmp(format, "table") != 0 && strcmp(format, "jsonl") != 0)
		return err_set(e, ERR_FAIL, "--quarantine prints table or jsonl");
	if (a->count && (chosen || a->output))
		return err_set(e, ERR_FAIL, "-c prints a number: no -n, -r, -o, --fields or --seq");
	if (a->seq && a->input.n > 0)
		return err_set(e, ERR_FAIL, "--seq: lines of -i have no number in a store");
	return 0;
}

static int
print_answer(struct answer *w, const char *format, struct err *e)
{
	const struct args *a = w->args;
	struct outstream *out = outstream_open(NULL, e);
	int rc = -1;

	if (!out)
		return -1;
	if (a->quarantine)
		rc = cli_quarantine(w->st, strcmp(format, "table") == 0, out, e);
	else if (a->count)
		rc = print_count(w, out, e);
	else
		rc = print_events(w, format, out, e);
	if (rc == 0)
		return outstream_finish(out, e);
	/* What was found before the failure is true, and is shown. */
	outstream_flush(out, e);
	outstream_abort(out);
	return -1;
}

/* The exit status of a question that was answered. */
static int
verdict(const struct answer *w, struct err *e)
{
	bool covered = true;

	if (w->faulty > 0)
		return err_set(e, ERR_INCOMPLETE, "%" PRIu64 " lines of input are no events and were"
		    " left out", w->faulty);
	if (w->args->quarantine || !w->st)
		return w->printed > 0 || w->args->quarantine ? 0 : 1;
	if (query_covered(w->st, w->filter, &covered, e) != 0)
		return -1;
	if (!covered && w->printed == 0)
		return err_set(e, ERR_INCOMPLETE, "nothing found, but part of this time was pruned");
	if (!covered)
		cli_note(&program, &w->args->common, CLI_PRUNED);
	else if (w->printed == 0 && isatty(STDOUT_FILENO) && !w->args->count)
		cli_note(&program, &w->args->common, "nothing found");
	return w->printed > 0 ? 0 : 1;
}

static int
run(const struct args *a, struct err *e)
{
	struct answer w = { .args = a };
	const char *format = cli_format(&program, a->output, isatty(STDOUT_FILENO), e);
	int64_t started = time_now();
	struct pool *pool = NULL;
	int status = -1;

	if (!format || (w.filter = filter_build(&a->filter, started, e)) == NULL ||
	    check_args(a, w.filter, format, e) != 0)
		goto out;
	if (a->input.n == 0 && (w.st = cli_store(&a->common, STORE_READ, e)) == NULL)
		goto out;
	pool = pool_new(pool_cpus() - 1);
	w.opts = (struct query_options){ .filter = w.filter, .order = a->reverse ? QUERY_OLDEST : QUERY_NEWEST, .pool = pool,
		.go_on = cli_go_on };
	/* JSON says whether there are more. */
	w.opts.limit = a->limit;
	if (strcmp(format, "json") == 0 && a->limit > 0 && a->limit < UINT64_MAX)
		w.opts.limit++;
	if (print_answer(&w, format, e) == 0) {
		if (!a->quarantine)
			cli_query_detail(&program, &a->common, w.filter, &w.stats, started);
		status = verdict(&w, e);
	}
out:
	store_close(w.st);
	pool_free(pool);
	filter_free(w.filter);
	return status < 0 ? 0 : status;
}

int
main(int argc, char *argv[])
{
	struct args a = { 0 };
	struct err e = ERR_NONE;
	int status = cli_start(&program, argc, argv, &a, &a.filter.expr);

	if (status < 0) {
		status = run(&a, &e);
		status = cli_finish(&program, &e, status);
	}
	opt_fini(options, &a);
	str_list_fini(&a.filter.expr);
	return status;
}
