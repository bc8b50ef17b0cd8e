/*
 * audit-query: find events.
 *
 * In: the store, or JSON lines (-i).   Out: events in order of time or as they
 * arrive, a count, the values of a field, or what was refused.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/cursor.h"
#include "cli/facet.h"
#include "cli/query_args.h"
#include "cli/sandbox.h"
#include "query/follow.h"
#include "query/query.h"
#include "render/render.h"

#define EARLIER_DEFAULT 10 /* events of before that -f begins with */

static const struct program program = {
	.name = "audit-query",
	.usage = "[OPTION...] [FIELD=VALUE | FIELD!=VALUE | FIELD~REGEX]...",
	.purpose = "find audit events",
	.examples =
	    "  audit-query -n 20                                  # the newest 20\n"
	    "  audit-query --since -7d --actor alice@acme.example --outcome failure\n"
	    "  audit-query --around '2026-09-16 02:13' --window 5m -r -o text\n"
	    "  audit-query -T 'bad password' -F actor_id          # who, how often\n"
	    "  audit-query -f --severity error                    # as they arrive\n"
	    "  audit-query --where 'status >= 500 or context.mfa = false' -c\n",
	.table = query_args_options,
	.common_offset = offsetof(struct query_args, common),
	.operand = VALUE_FIELD,
	.formats = render_all_formats,
};

/* A question being answered. */
struct answer {
	const struct query_args *args;
	const char *format;
	struct filter *filter;
	struct store *st; /* NULL with -i */
	struct query_options opts;
	struct query_stats stats;
	struct outstream *out;
	struct render_options look;
	struct dialect_map *map;
	struct render *render;
	struct query_cursor from, end; /* where to go on, and then where it was left off */
	bool continued, left_off;      /* from is valid, end is */
	uint64_t printed, arrived;
	struct query_faulty faulty;
	bool more, position_gone;
	bool terminal, colour; /* of standard output, before a pager took it */
	unsigned width;
};

static bool
is(const struct answer *w, const char *format)
{
	return strcmp(w->format, format) == 0;
}

/* ---- events ---- */

/* What JSON says about how far the answer can be trusted.  Bytes in text. */
static int
add_coverage(struct answer *w, struct buf *text, struct err *e)
{
	struct coverage c = { 0 };

	if (query_coverage(w->st, w->filter, w->opts.now, w->opts.pool, &c, e) < 0)
		return -1;
	c.position_gone = w->position_gone;
	cli_coverage_json(text, &c);
	buf_byte(text, '\0');
	coverage_fini(&c);
	return 0;
}

static struct query *
open_query(struct answer *w, struct err *e)
{
	const struct str_list *input = &w->args->input;
	struct query *q;

	if (w->st == NULL)
		return query_open_lines((const char *const *)input->item, input->n, &w->opts, &w->faulty, e);
	if ((q = query_open(w->st, &w->opts, e)) != NULL)
		w->position_gone = query_position_gone(q);
	return q;
}

/* As text that several threads made: 1, 0 when there is no more, -1. */
static int
print_texts(struct answer *w, struct query *q, struct err *e)
{
	struct query_texts texts;
	int rc = query_texts(q, &texts, e);

	if (rc != 1)
		return rc;
	if (render_texts(w->render, texts.bytes, texts.n, e) != 0)
		return -1;
	w->printed += texts.n;
	return 1;
}

/* The same for one event.  One more than the limit is asked for where it
 * matters whether there is one. */
static int
print_event(struct answer *w, struct query *q, struct err *e)
{
	const struct event *ev;
	uint64_t seq;
	bool full = w->printed == w->args->limit;
	int rc;

	if (full && w->st != NULL)
		query_cursor(q, &w->end);
	if ((rc = query_next(q, &ev, &seq, e)) != 1)
		return rc;
	w->more = full;
	if (full)
		return 0;
	if (render_event(w->render, ev, seq, e) != 0)
		return -1;
	w->printed++;
	return 1;
}

static int
print_all(struct answer *w, struct err *e)
{
	struct query *q = open_query(w, e);
	int rc = -1;

	if (q == NULL)
		return -1;
	while (cli_go_on(e) == 0 && (rc = w->opts.text != NULL ? print_texts(w, q, e) : print_event(w, q, e)) == 1)
		continue;
	if (rc >= 0 && w->st != NULL && !w->more)
		query_cursor(q, &w->end);
	w->left_off = true;
	/* Interrupted: what there is, is a page, and others may follow. */
	w->more |= cli_interrupted();
	query_stats(q, &w->stats);
	query_close(q);
	return rc < 0 ? -1 : 0;
}

/* The document's end, where the format has one. */
static int
end_events(struct answer *w, struct err *e)
{
	struct render_close end = { .has_more = w->more };
	struct buf covered = { 0 }, cursor = { 0 };
	int rc = 0;

	if (is(w, "json") && w->st != NULL) {
		query_cursor_format(&cursor, &w->end);
		buf_byte(&cursor, '\0');
		end.cursor = cursor.p;
		rc = add_coverage(w, &covered, e);
		end.coverage_json = covered.p;
	}
	if (rc == 0) {
		rc = render_close(w->render, &end, e);
		w->render = NULL;
	}
	buf_fini(&covered);
	buf_fini(&cursor);
	return rc;
}

static int
follow_event(void *arg, const struct event *ev, uint64_t seq, bool earlier, struct err *e)
{
	struct answer *w = arg;

	if (render_event(w->render, ev, seq, e) != 0)
		return -1;
	w->printed++;
	w->arrived += !earlier;
	return w->args->until_match > 0 && w->arrived == w->args->until_match;
}

/* Whoever read standard output has closed it: there is no one to wait for. */
static bool
reader_gone(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	return poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
}

/* What was printed is out before the file says so. */
static int
follow_pause(void *arg, const struct query_cursor *end, struct err *e)
{
	struct answer *w = arg;

	if (render_flush(w->render, e) < 0 || outstream_flush(w->out, e) < 0)
		return -1;
	if (w->args->cursor_file != NULL && (w->printed > 0 || !w->continued) && end->size != w->end.size &&
	    cursor_file_write(w->args->cursor_file, end, e) < 0)
		return -1;
	w->end = *end;
	w->left_off = true;
	return reader_gone();
}

static int
follow(struct answer *w, struct err *e)
{
	const struct query_args *a = w->args;
	struct follow_options o = { .query = &w->opts, .timeout = -1, .arg = w, .event = follow_event,
		.pause = follow_pause };

	o.earlier = a->limit != OPT_NUMBER_NONE ? a->limit : EARLIER_DEFAULT;
	/* A file that is not there yet: from the first event on. */
	if (a->cursor_file != NULL && !w->continued) {
		w->from = (struct query_cursor){ .order = QUERY_ARRIVAL };
		w->opts.after = &w->from;
	}
	if (a->timeout != NULL && duration_parse(a->timeout, &o.timeout, e) < 0)
		return err_doing(e, "--timeout");
	if (query_follow(w->st, &o, &w->stats, e) < 0) {
		if (!cli_interrupted())
			return -1;
		err_clear(e);
	}
	return 0;
}

static int
print_events(struct answer *w, struct err *e)
{
	const struct query_args *a = w->args;
	struct render_options ro = w->look;
	struct selector *fields = NULL;
	struct arena names = { 0 };
	struct event_writer writer;
	int rc = -1;

	if (cli_selectors("fields", &a->fields, &names, &fields, &ro.n_fields, e) != 0)
		goto out;
	ro.fields = fields;
	w->opts.fields = render_fields(&ro);
	if ((w->render = render_open(&ro, w->out, e)) == NULL)
		goto out;
	if (w->st != NULL && !a->follow && render_in_pieces(w->render, &writer))
		w->opts.text = &writer;
	rc = a->follow ? follow(w, e) : print_all(w, e);
	w->opts.text = NULL;
	if (rc == 0)
		rc = end_events(w, e);
out:
	render_abort(w->render);
	free(fields);
	arena_fini(&names);
	return rc;
}

/* ---- numbers ---- */

static int
print_count(struct answer *w, struct err *e)
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
		rc = outstream_write(w->out, line.p, line.len, e);
		buf_fini(&line);
	}
	return rc;
}

static int
print_facet(struct answer *w, struct err *e)
{
	const struct query_args *a = w->args;
	struct facet f = { .program = &program, .common = &a->common, .names = &a->facet, .input = &a->input,
		.first_seen = a->first_seen ? &a->filter : NULL, .st = w->st, .opts = &w->opts,
		.look = { .format = w->format, .top = a->limit == OPT_NUMBER_NONE ? 0 : (size_t)a->limit,
		    .colour = w->colour, .width = w->width, .terminal = w->terminal } };
	int rc = facet_print(&f, w->out, e);

	w->stats = f.stats;
	w->faulty = f.faulty;
	w->printed = f.values;
	return rc;
}

/* ---- where to go on ---- */

/* The cursor that the answer begins behind, if any. */
static int
read_cursor(struct answer *w, struct err *e)
{
	const struct query_args *a = w->args;

	if (a->cursor_file != NULL)
		return cursor_file_read(a->cursor_file, &w->from, &w->continued, e);
	if (a->cursor == NULL)
		return 0;
	w->continued = true;
	return query_cursor_parse(a->cursor, &w->from, e) < 0 ? err_doing(e, "--cursor") : 0;
}

/*
 * The filter, and the store that it is asked of.  Relative times of a page are
 * those of the first page; what has arrived since last time is judged by
 * today's clock, but it must be the same question.
 */
static int
prepare(struct answer *w, int64_t now, struct err *e)
{
	const struct query_args *a = w->args;
	int64_t then = w->continued ? w->from.now : now;
	int rc = cli_filter(&program, &a->common, &a->filter, a->output, then, &w->filter, e);

	if (rc != 0)
		return rc;
	if (a->quarantine && w->filter->root->op != FILTER_TRUE)
		return err_set(e, ERR_FAIL, "--quarantine takes no filter");
	if (a->input.n == 0 && (w->st = cli_store_read(&program, &a->common, w->filter, e)) == NULL)
		return -1;
	w->opts.now = a->cursor_file != NULL ? now : then;
	if (w->continued && query_cursor_check(&w->from, w->st, w->filter, w->opts.order, e) < 0)
		return a->cursor != NULL ? err_doing(e, "--cursor") : err_doing(e, "--cursor-file %s", a->cursor_file);
	if (w->opts.now == then)
		return 0;
	filter_free(w->filter);
	w->filter = NULL;
	return cli_filter(&program, &a->common, &a->filter, a->output, now, &w->filter, e);
}

/* To be called when the output is safe. */
static int
leave_cursor(const struct answer *w, struct err *e)
{
	struct buf text = { 0 };

	if (!w->left_off)
		return 0;
	if (w->args->cursor_file != NULL)
		return cursor_file_write(w->args->cursor_file, &w->end, e);
	if (w->args->show_cursor) {
		query_cursor_format(&text, &w->end);
		fprintf(stderr, "cursor: %.*s\n", (int)text.len, text.p);
		buf_fini(&text);
	}
	return 0;
}

/* ---- the answer ---- */

static int
print_answer(void *answer, struct outstream *out, struct err *e)
{
	struct answer *w = answer;
	const struct query_args *a = w->args;

	w->out = out;
	if (a->quarantine)
		return cli_quarantine(w->st, is(w, "table"), out, e);
	if (a->count)
		return print_count(w, e);
	return a->facet.n > 0 ? print_facet(w, e) : print_events(w, e);
}

/* -v, and what must be said anyway. */
static int
tell(struct answer *w, int64_t started, bool *complete, struct err *e)
{
	const struct common_args *c = &w->args->common;
	struct coverage covered = { 0 };
	int rc = 0;

	if (w->st != NULL && (rc = cli_coverage(c, w->st, &w->opts, false, &covered, e)) == 0) {
		covered.position_gone = w->position_gone;
		*complete = covered.complete;
		cli_coverage_words(&program, c, &covered);
		coverage_fini(&covered);
	}
	cli_query_detail(&program, c, w->filter, &w->stats, started);
	if (w->position_gone)
		cli_note(&program, c, "the event at which the cursor stood was pruned: what is left comes after it");
	return rc;
}

/* The exit status of a question that was answered. */
static int
verdict(struct answer *w, int64_t started, struct err *e)
{
	const struct query_args *a = w->args;
	bool complete = true;

	if (a->quarantine)
		return 0;
	if (tell(w, started, &complete, e) < 0)
		return -1;
	if (w->faulty.lines > 0)
		return cli_left_out(&w->faulty, e);
	if (a->until_match > 0)
		return w->arrived == a->until_match ? 0 : 1;
	if (!complete && w->printed == 0)
		return err_set(e, ERR_INCOMPLETE, CLI_NOTHING_PRUNED);
	if (!complete)
		cli_note(&program, &a->common, CLI_PRUNED);
	else if (w->printed == 0 && w->terminal && !a->count)
		cli_note(&program, &a->common, "nothing found");
	return w->printed > 0 ? 0 : 1;
}

/* What is still to be opened: its inputs, the place of the cursor, and another
 * store that takes the place of the one it follows. */
static int
confine(struct answer *w, struct err *e)
{
	const struct query_args *a = w->args;
	struct sandbox s = { .profile = SANDBOX_READER };

	if (sandbox_allow_all(&s, &a->input, SANDBOX_READ, e) != 0 ||
	    (a->cursor_file != NULL && sandbox_allow_folder(&s, a->cursor_file, SANDBOX_WRITE, e) != 0))
		return -1;
	s.replaced = a->follow;
	return cli_sandbox(&program, &a->common, w->st, &s, e);
}

static int
answer(struct answer *w, int64_t started, struct err *e)
{
	const struct query_args *a = w->args;

	w->opts.filter = w->filter;
	w->opts.after = w->continued ? &w->from : NULL;
	w->opts.go_on = cli_go_on;
	/* JSON says whether there are more; no limit is as large as OPT_NUMBER_NONE. */
	w->opts.limit = a->limit == OPT_NUMBER_NONE ? 0 : is(w, "json") ? a->limit + 1 : a->limit;
	if (render_for_people(w->format) && !a->follow && !a->count)
		cli_pager(&program, &a->common);
	if (confine(w, e) != 0)
		return -1;
	w->opts.pool = pool_new(pool_cpus() - 1);
	if (cli_print(print_answer, w, e) != 0 || leave_cursor(w, e) != 0)
		return -1;
	return verdict(w, started, e);
}

static int
run(const struct query_args *a, struct err *e)
{
	int64_t started = time_now();
	struct answer w = { .args = a };
	int status = -1, rc;

	w.opts.order = a->cursor_file != NULL ? QUERY_ARRIVAL : a->reverse ? QUERY_OLDEST : QUERY_NEWEST;
	w.terminal = cli_terminal(STDOUT_FILENO);
	w.width = cli_width(STDOUT_FILENO);
	w.format = cli_format(&program, a->output, w.terminal, e);
	if (w.format == NULL || cli_colour(&a->common, STDOUT_FILENO, &w.colour, e) < 0)
		return 0;
	if (a->follow && a->output == NULL && w.terminal)
		w.format = "short";
	if (query_args_check(a, w.format, e) != 0 || read_cursor(&w, e) != 0)
		return 0;
	w.look = (struct render_options){ .format = w.format, .seq = a->seq, .now = started, .width = w.width,
		.colour = w.colour, .terminal = w.terminal };
	rc = dialect_options(&a->dialect, &a->common, &w.look, &w.map, e);
	if (rc == 0)
		rc = prepare(&w, started, e);
	if (rc == 0)
		status = answer(&w, started, e);
	store_close(w.st);
	pool_free(w.opts.pool);
	filter_free(w.filter);
	dialect_map_free(w.map);
	return status < 0 ? 0 : status;
}

int
main(int argc, char *argv[])
{
	struct query_args a = { .limit = OPT_NUMBER_NONE };
	struct err e = ERR_NONE;
	int status = cli_start(&program, argc, argv, &a, &a.filter.expr);

	if (status < 0) {
		status = run(&a, &e);
		status = cli_finish(&program, &e, status);
	}
	opt_fini(query_args_options, &a);
	str_list_fini(&a.filter.expr);
	return status;
}
