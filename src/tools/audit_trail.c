/*
 * audit-trail: what was done to one resource, or by one identity.
 *
 * In: the store, or JSON lines (-i).   Out: events, newest first, and their
 * summary; or what they touched, with counts.
 */
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/sandbox.h"
#include "query/query.h"
#include "query/trail.h"
#include "render/render.h"

struct args {
	struct common_args common;
	struct filter_args filter;
	struct str_list resource, identity, fields, input;
	uint64_t limit;
	bool seq;
	char *output, *distinct;
};

#define ARG(member) offsetof(struct args, member)

static const struct opt options[] = {
	{ 0, NULL, OPT_HEADING, 0, NULL, "Subject: one of", VALUE_ANY, NULL },
	{ 0, "resource", OPT_LIST, ARG(resource), "WHAT",
	    "what was done to it: target_path, target_id or target_name is WHAT", VALUE_ANY, NULL },
	{ 0, "identity", OPT_LIST, ARG(identity), "WHO",
	    "what it did: actor_id, actor_email or actor_name is WHO", VALUE_ANY, NULL },
	{ 0, NULL, OPT_INCLUDE, ARG(filter), NULL, NULL, VALUE_ANY, opt_filter },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_saved },
	{ 0, NULL, OPT_HEADING, 0, NULL, "Output", VALUE_ANY, NULL },
	{ 'n', "limit", OPT_NUMBER, ARG(limit), "N", "at most N events, or N values; 0: only the summary",
	    VALUE_ANY, NULL },
	{ 'o', "output", OPT_STRING, ARG(output), "FORMAT",
	    "table (a terminal's default), jsonl (default otherwise), json, csv, short, text, detail",
	    VALUE_FORMAT, NULL },
	{ 0, "fields", OPT_LIST, ARG(fields), "A,B", "these columns, in this order", VALUE_FIELD, NULL },
	{ 0, "seq", OPT_FLAG, ARG(seq), NULL, "add seq, the event's number in the store", VALUE_ANY, NULL },
	{ 0, "distinct", OPT_STRING, ARG(distinct), "FIELD",
	    "the values of FIELD with their counts, instead of events", VALUE_FIELD, NULL },
	{ 'i', "input", OPT_LIST, ARG(input), "FILE",
	    "read JSON lines from FILE (- for stdin) instead of the store", VALUE_FILE, NULL },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_zone },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_colour },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_pager },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_common },
	OPT_TABLE_END
};

static const struct program program = {
	.name = "audit-trail",
	.usage = "--resource WHAT | --identity WHO [OPTION...] [FIELD=VALUE]...",
	.purpose = "follow one resource or one identity",
	.examples =
	    "  audit-trail --resource prod/db/orders --last 7d    # who touched it\n"
	    "  audit-trail --identity alice@acme.example -o json  # with a summary\n"
	    "  audit-trail --identity alice@acme.example --distinct target_path\n",
	.table = options,
	.common_offset = ARG(common),
	.operand = VALUE_FIELD,
	.formats = render_formats,
};

/* A question being answered. */
struct answer {
	const struct args *args;
	const char *format;
	enum trail_subject subject;
	const char *name; /* of it, as typed */
	int64_t now;
	struct filter *filter;
	struct trail_filters filters; /* what the summary is about */
	struct trail trail;
	struct store *st; /* NULL with -i */
	struct pool *pool;
	struct query_stats stats;
	struct coverage coverage;
	uint64_t printed;
	struct query_faulty faulty;
	int64_t newest; /* of the events found; TIME_NONE: none */
	bool more, people; /* the format is for people */
};

/* ---- the subject ---- */

/* --resource and --identity are filters of their own; what is typed there
 * becomes --target or --actor, so that it is printed and saved as such. */
static int
take_subject(struct args *a, struct answer *w, struct err *e)
{
	bool resource = a->resource.n > 0;
	const char *name = resource ? "resource" : "identity";
	struct str_list *typed = resource ? &a->resource : &a->identity;
	struct str_list *filter = resource ? &a->filter.target : &a->filter.actor;

	if (a->common.list_saved || a->common.delete_saved)
		return 0;
	if (a->resource.n + a->identity.n != 1)
		return err_set(e, ERR_FAIL, "%s: --resource WHAT or --identity WHO",
		    a->resource.n + a->identity.n == 0 ? "say whose trail it is" : "one trail at a time");
	if (filter->n > 0)
		return err_set(e, ERR_FAIL, "--%s: --%s says that already", resource ? "target" : "actor", name);
	if (typed->item[0][0] == '\0')
		return err_set(e, ERR_FAIL, "--%s: the value is empty", name);
	w->subject = resource ? TRAIL_RESOURCE : TRAIL_IDENTITY;
	*filter = *typed;
	*typed = (struct str_list){ 0 };
	w->name = filter->item[0];
	return 0;
}

/* Options that would do nothing are refused rather than ignored. */
static int
check_args(const struct args *a, const char *format, struct err *e)
{
	bool wordy = render_for_people(format) && strcmp(format, "table") != 0;

	if (a->distinct && (a->fields.n > 0 || a->seq))
		return err_set(e, ERR_FAIL, "--distinct lists values: no --fields or --seq");
	if (a->distinct && wordy)
		return err_set(e, ERR_FAIL, "--distinct prints table, jsonl, json or csv");
	if (a->distinct && a->limit == 0)
		return err_set(e, ERR_FAIL, "--distinct lists at least one value: -n 0 leaves nothing to do");
	if (a->seq && a->input.n > 0)
		return err_set(e, ERR_FAIL, "--seq: lines of -i have no number in a store");
	return 0;
}

/* ---- events ---- */

static int
print_one(struct answer *w, struct render *r, const struct event *ev, uint64_t seq, struct err *e)
{
	if (w->newest == TIME_NONE)
		w->newest = ev->time;
	if (w->printed == w->args->limit) {
		w->more = true;
		return 0;
	}
	w->printed++;
	return render_event(r, ev, seq, e);
}

static int
print_stored(struct answer *w, const struct query_options *qo, struct render *r, struct err *e)
{
	struct query *q = query_open(w->st, qo, e);
	const struct event *ev;
	uint64_t seq;
	int rc = -1;

	while (q && !w->more && (rc = cli_go_on(e)) == 0 && (rc = query_next(q, &ev, &seq, e)) == 1)
		if ((rc = print_one(w, r, ev, seq, e)) != 0)
			break;
	if (q)
		query_stats(q, &w->stats);
	query_close(q);
	return rc < 0 ? -1 : 0;
}

/* Lines are read once: all of the subject, and what matches the filter too is
 * printed. */
static int
print_lines(struct answer *w, const struct query_options *qo, struct render *r, struct err *e)
{
	const struct args *a = w->args;
	struct query_options all = *qo;
	struct filter_scratch *x = filter_scratch_new();
	struct query *q;
	const struct event *ev;
	uint64_t seq;
	int rc = -1;

	all.filter = w->filters.all;
	all.limit = 0;
	all.fields = 0;
	q = query_open_lines((const char *const *)a->input.item, a->input.n, &all, &w->faulty, e);
	while (q && (rc = cli_go_on(e)) == 0 && (rc = query_next(q, &ev, &seq, e)) == 1) {
		trail_add(&w->trail, ev, filter_match(w->filters.recent, ev, x));
		if (!w->more && filter_match(w->filter, ev, x) && (rc = print_one(w, r, ev, seq, e)) != 0)
			break;
	}
	if (q)
		query_stats(q, &w->stats);
	w->stats.matched = w->printed;
	if (rc == 0)
		rc = filter_trouble(x, e);
	query_close(q);
	filter_scratch_free(x);
	return rc < 0 ? -1 : 0;
}

/* Whether the newest event found is the newest that there is. */
static bool
shows_latest(const struct answer *w)
{
	const struct filter *f = w->filter;

	return w->newest != TIME_NONE && f->since == w->filters.all->since && f->until == w->filters.all->until &&
	    f->stated_window == w->filters.all->stated_window;
}

static int
find_trail(struct answer *w, struct err *e)
{
	struct trail_question q = { .args = &w->args->filter, .filters = &w->filters, .now = w->now, .pool = w->pool,
		.go_on = cli_go_on };

	if (!w->st)
		return 0;
	if (shows_latest(w))
		w->trail.last = w->newest;
	return query_trail(w->st, &q, &w->trail, e);
}

static int
coverage(struct answer *w, const struct query_options *qo, struct buf *json, struct err *e)
{
	bool in_json = strcmp(w->format, "json") == 0;

	if (!w->st)
		return 0;
	if (cli_coverage(&w->args->common, w->st, qo, in_json, &w->coverage, e) != 0)
		return -1;
	if (in_json) {
		cli_coverage_json(json, &w->coverage);
		buf_byte(json, '\0');
	}
	return 0;
}

static void
make_head(const struct answer *w, struct buf *head)
{
	buf_printf(head, "\"%s\":", w->subject == TRAIL_RESOURCE ? "target_path" : "identity_id");
	cli_quote(head, str_of(w->name));
	buf_byte(head, '\0');
}

static int
render_options(struct answer *w, struct render_options *ro, struct arena *names, struct selector **fields,
    struct err *e)
{
	*ro = (struct render_options){ .format = w->format, .seq = w->args->seq, .now = w->now,
		.width = cli_width(STDOUT_FILENO), .terminal = cli_terminal(STDOUT_FILENO) };
	if (cli_selectors("fields", &w->args->fields, names, fields, &ro->n_fields, e) != 0)
		return -1;
	ro->fields = *fields;
	return cli_colour(&w->args->common, STDOUT_FILENO, &ro->colour, e);
}

/* JSON says whether there are more; where none is printed, that there are some
 * is the exit status. */
static struct query_options
query_options(const struct answer *w, const struct render_options *ro)
{
	struct query_options qo = { .filter = w->filter, .order = QUERY_NEWEST, .now = w->now,
		.fields = render_fields(ro), .pool = w->pool, .go_on = cli_go_on };
	uint64_t limit = w->args->limit;

	if (limit != OPT_NUMBER_NONE)
		qo.limit = limit == 0 || strcmp(w->format, "json") == 0 ? limit + 1 : limit;
	/* The summary may take the newest time from here. */
	if (qo.fields != 0)
		qo.fields |= FIELD_BIT(FIELD_TIME);
	return qo;
}

/* What stands below the events. */
static int
print_summary(const struct answer *w, bool colour, struct outstream *out, struct err *e)
{
	struct buf text = { 0 };
	int rc;

	if (!w->people)
		return 0;
	if (w->printed > 0)
		buf_byte(&text, '\n');
	render_trail_text(&text, &w->trail, colour);
	rc = outstream_write(out, text.p, text.len, e);
	buf_fini(&text);
	return rc;
}

static int
print_events(struct answer *w, struct outstream *out, struct err *e)
{
	struct render_options ro;
	struct query_options qo;
	struct render_close end = { 0 };
	struct buf head = { 0 }, tail = { 0 }, covered = { 0 };
	struct selector *fields = NULL;
	struct render *r = NULL;
	struct arena names = { 0 };
	int rc = -1;

	make_head(w, &head);
	if (render_options(w, &ro, &names, &fields, e) != 0)
		goto out;
	ro.head_json = head.p;
	qo = query_options(w, &ro);
	if ((r = render_open(&ro, out, e)) == NULL ||
	    (w->st ? print_stored(w, &qo, r, e) : print_lines(w, &qo, r, e)) != 0 || find_trail(w, e) != 0 ||
	    coverage(w, &qo, &covered, e) != 0)
		goto out;
	render_trail_json(&tail, &w->trail);
	buf_byte(&tail, '\0');
	end = (struct render_close){ .has_more = w->more, .coverage_json = covered.p, .tail_json = tail.p };
	rc = render_close(r, &end, e);
	r = NULL;
	if (rc == 0)
		rc = print_summary(w, ro.colour, out, e);
out:
	render_abort(r);
	buf_fini(&head);
	buf_fini(&tail);
	buf_fini(&covered);
	free(fields);
	arena_fini(&names);
	return rc;
}

/* ---- --distinct ---- */

static int
one_field(const char *typed, struct arena *names, struct selector *field, struct err *e)
{
	if (selector_parse(field, str_of(typed), names, e) != 0)
		return err_doing(e, "--distinct");
	return 0;
}

static int
print_distinct(struct answer *w, struct outstream *out, struct err *e)
{
	const struct args *a = w->args;
	struct arena names = { 0 };
	struct selector field;
	struct query_options qo = { .filter = w->filter, .order = QUERY_NEWEST, .now = w->now, .pool = w->pool,
		.go_on = cli_go_on };
	struct facet_render fr = { .format = w->format, .field = &field, .fields = 1, .terminal = cli_terminal(STDOUT_FILENO),
		.width = cli_width(STDOUT_FILENO), .top = a->limit == OPT_NUMBER_NONE ? 0 : (size_t)a->limit };
	struct tally *t = tally_new();
	int rc = -1;

	if (one_field(a->distinct, &names, &field, e) != 0 ||
	    cli_colour(&a->common, STDOUT_FILENO, &fr.colour, e) != 0)
		goto out;
	qo.fields = FIELD_BIT(field.field);
	if (w->st)
		rc = query_facet(w->st, &qo, &field, 1, t, &w->stats, e);
	else
		rc = query_facet_lines((const char *const *)a->input.item, a->input.n, &qo, &field, 1, t, &w->stats,
		    &w->faulty, e);
	w->printed = w->stats.matched;
	if (rc == 0)
		rc = render_facet(t, &fr, out, e);
	if (rc == 0 && w->st)
		rc = cli_coverage(&a->common, w->st, &qo, false, &w->coverage, e);
out:
	tally_free(t);
	arena_fini(&names);
	return rc;
}

/* ---- the whole ---- */

static int
print_answer(void *answer, struct outstream *out, struct err *e)
{
	struct answer *w = answer;

	return w->args->distinct ? print_distinct(w, out, e) : print_events(w, out, e);
}

/* The exit status of a question that was answered. */
static int
verdict(const struct answer *w, struct err *e)
{
	const struct common_args *c = &w->args->common;
	bool found = w->printed > 0 || w->more;

	if (w->faulty.lines > 0)
		return cli_left_out(&w->faulty, e);
	if (!w->st)
		return found ? 0 : 1;
	cli_coverage_words(&program, c, &w->coverage);
	if (!w->coverage.complete && !found)
		return err_set(e, ERR_INCOMPLETE, CLI_NOTHING_PRUNED);
	if (!w->coverage.complete)
		cli_note(&program, c, CLI_PRUNED);
	return found ? 0 : 1;
}

/* The store, the filters and what else an answer needs. */
static int
prepare(struct args *a, struct answer *w, struct err *e)
{
	bool lines = a->input.n > 0;

	if (!lines)
		w->st = cli_store_read(&program, &a->common, w->filter, e);
	else if (a->filter.saved.n > 0)
		w->st = cli_store(&a->common, STORE_READ, e);
	if (w->st == NULL && (!lines || a->filter.saved.n > 0))
		return -1;
	if (cli_saved(w->st, &a->filter, e) != 0 ||
	    trail_filters_build(&w->filters, &a->filter, w->now, e) != 0)
		return -1;
	if (lines) {
		store_close(w->st);
		w->st = NULL;
	}
	return 0;
}

static int
run(struct args *a, struct err *e)
{
	struct answer w = { .args = a, .now = time_now(), .newest = TIME_NONE };
	struct sandbox s = { .profile = SANDBOX_READER };
	int status = -1, done = -1;

	trail_init(&w.trail, TRAIL_RESOURCE);
	if (take_subject(a, &w, e) != 0 ||
	    (done = cli_filter(&program, &a->common, &a->filter, a->output, w.now, &w.filter, e)) != 0 ||
	    (w.format = cli_format(&program, a->output, isatty(STDOUT_FILENO), e)) == NULL ||
	    check_args(a, w.format, e) != 0 || prepare(a, &w, e) != 0)
		goto out;
	w.trail.subject = w.subject;
	w.trail.end = w.filters.end;
	w.people = render_for_people(w.format);
	if (w.people)
		cli_pager(&program, &a->common);
	if (sandbox_allow_all(&s, &a->input, SANDBOX_READ, e) != 0 ||
	    cli_sandbox(&program, &a->common, w.st, &s, e) != 0)
		goto out;
	w.pool = pool_new(pool_cpus() - 1);
	if (cli_print(print_answer, &w, e) == 0) {
		cli_query_detail(&program, &a->common, w.filter, &w.stats, w.now);
		status = verdict(&w, e);
	}
out:
	store_close(w.st);
	pool_free(w.pool);
	trail_fini(&w.trail);
	trail_filters_free(&w.filters);
	filter_free(w.filter);
	coverage_fini(&w.coverage);
	return status < 0 ? 0 : status;
}

int
main(int argc, char *argv[])
{
	struct args a = { .limit = OPT_NUMBER_NONE };
	struct err e = ERR_NONE;
	int status = cli_start(&program, argc, argv, &a, &a.filter.expr);

	if (status < 0) {
		status = run(&a, &e);
		status = cli_finish(&program, &e, status);
	}
	for (size_t i = 0; i < a.filter.n_also; i++)
		filter_args_fini(&a.filter.also[i]);
	free(a.filter.also);
	opt_fini(options, &a);
	str_list_fini(&a.filter.expr);
	return status;
}
