/*
 * audit-hold: legal holds: events that a matter needs are neither pruned nor
 * erased until it is over.
 *
 * One command each for placing, lifting, listing and explaining; what they do
 * to the log is recorded in it.
 */
#include <inttypes.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/hold_show.h"
#include "cli/sandbox.h"

#define PLACE_REFUSED "a hold that cannot be recorded"
#define LIFT_REFUSED "the lifting of a hold that cannot be recorded"

struct args {
	struct common_args common;
	struct filter_args filter;
	char *matter, *reason, *review, *output;
	bool everything, all;
};

#define ARG(member) offsetof(struct args, member)
#define INCLUDE(offset, rows) { 0, NULL, OPT_INCLUDE, (offset), NULL, NULL, VALUE_ANY, (rows) }

/* ---- Options ---- */

static const struct opt opt_matter[] = {
	{ 0, NULL, OPT_HEADING, 0, NULL, "The matter", VALUE_ANY, NULL },
	{ 0, "matter", OPT_STRING, ARG(matter), "ID", "what the hold is for: a case, a claim, an audit", VALUE_ANY, NULL },
	{ 0, "reason", OPT_STRING, ARG(reason), "TEXT", "why it is placed, or lifted", VALUE_ANY, NULL },
	OPT_TABLE_END
};

static const struct opt opt_place[] = {
	{ 0, "review", OPT_STRING, ARG(review), "TIME", "when someone is to look whether it is still needed",
	    VALUE_ANY, NULL },
	{ 0, "everything", OPT_FLAG, ARG(everything), NULL, "hold all events: there is no filter",
	    VALUE_ANY, NULL },
	OPT_TABLE_END
};

static const struct opt opt_show[] = {
	{ 0, NULL, OPT_HEADING, 0, NULL, "Output of list and explain", VALUE_ANY, NULL },
	{ 'o', "output", OPT_STRING, ARG(output), "FORMAT", "table (a terminal's default), jsonl (default otherwise), json",
	    VALUE_FORMAT, NULL },
	OPT_TABLE_END
};

static const struct opt opt_list_all[] = {
	{ 0, "all", OPT_FLAG, ARG(all), NULL, "list: with holds that were lifted", VALUE_ANY, NULL },
	OPT_TABLE_END
};

/* What every command takes, and those that show something. */
static const struct opt opt_any[] = {
	INCLUDE(ARG(common), opt_zone), INCLUDE(ARG(common), opt_common), OPT_TABLE_END
};

static const struct opt opt_shown[] = {
	INCLUDE(ARG(common), opt_colour), INCLUDE(ARG(common), opt_pager), OPT_TABLE_END
};

static const struct opt place_options[] = {
	INCLUDE(0, opt_matter), INCLUDE(0, opt_place), INCLUDE(ARG(filter), opt_filter), INCLUDE(0, opt_any), OPT_TABLE_END
};

static const struct opt lift_options[] = {
	INCLUDE(0, opt_matter), INCLUDE(0, opt_any), OPT_TABLE_END
};

static const struct opt list_options[] = {
	INCLUDE(0, opt_show), INCLUDE(0, opt_list_all), INCLUDE(0, opt_shown), INCLUDE(0, opt_any), OPT_TABLE_END
};

static const struct opt explain_options[] = {
	INCLUDE(0, opt_show), INCLUDE(0, opt_shown), INCLUDE(0, opt_any), OPT_TABLE_END
};

/* Of all commands: to find the command, and for help and completion. */
static const struct opt options[] = {
	INCLUDE(0, opt_matter), INCLUDE(0, opt_place), INCLUDE(ARG(filter), opt_filter), INCLUDE(0, opt_show),
	INCLUDE(0, opt_list_all), INCLUDE(0, opt_shown), INCLUDE(0, opt_any), OPT_TABLE_END
};

#define PLACE_EXAMPLE \
	"  audit-hold place --matter 2026-17 --reason 'claim of Acme' --since 2026-01 \\\n" \
	"      --actor alice@acme.example\n"
#define LIFT_EXAMPLE "  audit-hold lift --matter 2026-17 --reason settled\n"
#define LIST_EXAMPLE "  audit-hold list                  # what is held, for what, since when\n"
#define EXPLAIN_EXAMPLE "  audit-hold explain 4711          # which matters keep the event with this seq\n"

static const struct program program = {
	.name = "audit-hold",
	.usage = "place | lift | list | explain [OPTION...] [FIELD=VALUE...]",
	.purpose = "keep what a legal matter needs from being pruned or erased",
	.examples = "  audit-hold place --matter 2026-17 --reason 'claim of Acme' --tenant acme\n"
	    LIFT_EXAMPLE LIST_EXAMPLE EXPLAIN_EXAMPLE,
	.table = options,
	.common_offset = ARG(common),
	.operand = VALUE_FIELD,
	.formats = hold_formats,
};

/* ---- Records ---- */

struct placing {
	const struct args *args;
	struct operator_info who;
	struct buf filter;
	int64_t review;
};

struct lifting {
	const struct args *args;
	struct operator_info who;
};

static void
place_record(void *arg, const struct hold_placing *h, struct event *record, struct arena *a)
{
	const struct placing *p = arg;
	struct buf context = { 0 };

	buf_printf(&context, "{\"hold\":%" PRId64 ",\"matter\":", h->id);
	cli_quote(&context, str_of(p->args->matter));
	buf_printf(&context, ",\"reason\":");
	cli_quote(&context, str_of(p->args->reason));
	buf_printf(&context, ",\"filter\":");
	cli_quote(&context, buf_view(&p->filter));
	if (p->review != TIME_NONE) {
		buf_printf(&context, ",\"review\":");
		cli_quote_time(&context, p->review);
	}
	buf_printf(&context, ",\"events\":%" PRIu64 ",\"digest\":\"%s\"}", h->events, h->digest);
	cli_record(record, &p->who, "audit.hold-place", buf_view(&context), a);
	buf_fini(&context);
}

static void
lift_record(void *arg, const int64_t *id, size_t n, struct event *record, struct arena *a)
{
	const struct lifting *l = arg;
	struct buf context = { 0 };

	buf_printf(&context, "{\"matter\":");
	cli_quote(&context, str_of(l->args->matter));
	buf_printf(&context, ",\"reason\":");
	cli_quote(&context, str_of(l->args->reason));
	for (size_t i = 0; i < n; i++)
		buf_printf(&context, "%s%" PRId64, i == 0 ? ",\"holds\":[" : ",", id[i]);
	buf_printf(&context, "]}");
	cli_record(record, &l->who, "audit.hold-lift", buf_view(&context), a);
	buf_fini(&context);
}

/* ---- place ---- */

static int
check_matter(const struct args *a, struct err *e)
{
	if (!a->matter || !a->reason)
		return err_set(e, ERR_FAIL, "--matter ID and --reason TEXT are needed");
	return store_hold_check(str_of(a->matter), str_of(a->reason), e);
}

static int
parse_review(const struct args *a, int64_t now, int64_t *review, struct err *e)
{
	*review = TIME_NONE;
	if (!a->review)
		return 0;
	if (time_parse_expr(a->review, now, TIME_START, review, e) != 0)
		return err_doing(e, "--review");
	if (*review <= now)
		return err_set(e, ERR_FAIL, "--review %s: that is over already", a->review);
	return 0;
}

/* All events are held only by someone who says so. */
static int
check_filter(const struct args *a, const struct filter *f, struct err *e)
{
	bool all = f->root->op == FILTER_TRUE;

	if (all && !a->everything)
		return err_set(e, ERR_FAIL, "there is no filter: say which events are held, or --everything");
	if (!all && a->everything)
		return err_set(e, ERR_FAIL, "--everything and a filter contradict each other");
	return 0;
}

static void
tell_placed(const struct args *a, const struct hold_placing *h)
{
	struct buf line = { 0 };

	buf_printf(&line, "hold %" PRId64 " for %s: %" PRIu64 " event%s now", h->id, a->matter, h->events,
	    h->events == 1 ? " matches" : "s match");
	cli_print_line(buf_view(&line));
	buf_fini(&line);
	if (h->events == 0)
		cli_note(&program, &a->common, "nothing matches now; events that come later and match are held");
}

static int
confine(const struct args *a, const struct store *st, enum sandbox_profile profile, struct err *e)
{
	struct sandbox s = { .profile = profile };

	return cli_sandbox(&program, &a->common, st, &s, e);
}

static void
run_place(struct args *a, struct err *e)
{
	struct placing p = { .args = a };
	struct hold_placing placed;
	struct filter *f = NULL;
	struct store *st = NULL;
	int64_t now = time_now();

	cli_operator(&p.who);
	if (check_matter(a, e) != 0 || parse_review(a, now, &p.review, e) != 0 ||
	    cli_filter(&program, &a->common, &a->filter, NULL, now, &f, e) != 0 || check_filter(a, f, e) != 0 ||
	    (st = cli_store_record(&a->common, PLACE_REFUSED, e)) == NULL || confine(a, st, SANDBOX_WRITER, e) != 0)
		goto out;
	filter_format(&p.filter, f);
	if (store_hold_place(st, f, place_record, &p, &placed, e) == 0)
		tell_placed(a, &placed);
out:
	buf_fini(&p.filter);
	filter_free(f);
	store_close(st);
}

/* ---- lift ---- */

struct matters {
	const char *wanted;
	struct str_list active;
	bool lifted; /* the one that is wanted was */
};

static int
add_matter(void *arg, const struct hold *h, struct err *e)
{
	struct matters *m = arg;

	(void)e;
	if (!h->lifted)
		str_list_add(&m->active, h->matter.p, h->matter.len);
	else if (str_eq(h->matter, str_of(m->wanted)))
		m->lifted = true;
	return 0;
}

static int
unknown_matter(struct store *st, const char *matter, struct err *e)
{
	struct matters m = { .wanted = matter };
	const char *near;

	if (store_hold_each(st, add_matter, &m, e) == 0) {
		near = nearest_name(matter, (const char *const *)m.active.item, m.active.n);
		if (m.lifted)
			err_set(e, ERR_FAIL, "--matter %s: all its holds are lifted", matter);
		else if (near)
			err_set(e, ERR_FAIL, "--matter %s: no active hold is for it; did you mean %s?", matter, near);
		else
			err_set(e, ERR_FAIL, "--matter %s: no active hold is for it", matter);
	}
	str_list_fini(&m.active);
	return -1;
}

static int
count_deferred(void *arg, const struct erase_deferred *d, struct err *e)
{
	size_t *n = arg;

	(void)d;
	(void)e;
	++*n;
	return 0;
}

static void
tell_lifted(struct store *st, const struct args *a, size_t lifted, struct err *e)
{
	struct buf line = { 0 };
	size_t waiting = 0;

	buf_printf(&line, "%s: %zu hold%s lifted", a->matter, lifted, lifted == 1 ? " is" : "s are");
	cli_print_line(buf_view(&line));
	buf_fini(&line);
	if (store_erase_deferred_each(st, count_deferred, &waiting, e) == 0 && waiting > 0)
		cli_note(&program, &a->common, "%zu erasure%s for a hold to be lifted: audit-erase --deferred --apply",
		    waiting, waiting == 1 ? " waits" : "s wait");
}

static void
run_lift(struct args *a, struct err *e)
{
	struct lifting l = { .args = a };
	struct store *st = NULL;
	size_t lifted;

	cli_operator(&l.who);
	if (check_matter(a, e) != 0 || (st = cli_store_record(&a->common, LIFT_REFUSED, e)) == NULL)
		return;
	if (confine(a, st, SANDBOX_WRITER, e) == 0 &&
	    store_hold_lift(st, str_of(a->matter), lift_record, &l, &lifted, e) == 0) {
		if (lifted == 0)
			unknown_matter(st, a->matter, e);
		else
			tell_lifted(st, a, lifted, e);
	}
	store_close(st);
}

/* ---- list and explain ---- */

struct answer {
	struct store *st;
	struct hold_show show;
	bool explain;
};

static void
tell_list(const struct args *a, const struct hold_show *s)
{
	if (s->shown == 0)
		cli_note(&program, &a->common, "no hold is active");
	if (s->overdue > 0)
		cli_note(&program, &a->common, "%zu hold%s past the day of review", s->overdue,
		    s->overdue == 1 ? " is" : "s are");
}

static void
tell_fate(const struct args *a, const struct hold_show *s, struct err *e)
{
	if (s->fate == SEQ_PRUNED)
		err_set(e, ERR_FAIL, "the event at seq %" PRIu64 " was pruned", s->seq);
	else if (s->fate == SEQ_NOT_YET)
		err_set(e, ERR_FAIL, "no event has seq %" PRIu64 " yet", s->seq);
	else if (s->shown == 0 && s->format != hold_formats[0])
		cli_note(&program, &a->common, "no hold keeps the event at seq %" PRIu64, s->seq);
}

static int
show(struct args *a, struct answer *w, struct err *e)
{
	struct buf text = { 0 };
	int rc;

	w->show.now = time_now();
	if ((w->show.format = cli_format(&program, a->output, isatty(STDOUT_FILENO), e)) == NULL ||
	    cli_colour(&a->common, STDOUT_FILENO, &w->show.colour, e) != 0 ||
	    (w->st = cli_store(&a->common, STORE_READ, e)) == NULL)
		return -1;
	w->show.width = cli_width(STDOUT_FILENO);
	if (w->show.format == hold_formats[0])
		cli_pager(&program, &a->common);
	rc = confine(a, w->st, SANDBOX_READER, e);
	if (rc == 0)
		rc = w->explain ? hold_explain(w->st, &w->show, &text, e) : hold_list(w->st, &w->show, &text, e);
	if (rc == 0)
		rc = cli_print_text(buf_view(&text), w->show.format == hold_formats[0], e);
	buf_fini(&text);
	return rc;
}

static void
run_list(struct args *a, struct err *e)
{
	struct answer w = { .show = { .all = a->all } };

	if (show(a, &w, e) == 0)
		tell_list(a, &w.show);
	store_close(w.st);
}

static int
parse_seq(const char *text, uint64_t *seq)
{
	*seq = 0;
	for (const char *p = text; *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || p - text >= 15)
			return -1;
		*seq = *seq * 10 + (uint64_t)(*p - '0');
	}
	return *text != '\0' ? 0 : -1;
}

static void
run_explain(struct args *a, const char *seq, struct err *e)
{
	struct answer w = { .explain = true };

	if (parse_seq(seq, &w.show.seq) != 0) {
		err_set(e, ERR_FAIL, "explain %s: a seq is a number (audit-query --seq tells it)", seq);
		return;
	}
	if (show(a, &w, e) == 0)
		tell_fate(a, &w.show, e);
	store_close(w.st);
}

/* ---- Commands ---- */

enum command { PLACE, LIFT, LIST, EXPLAIN, COMMANDS };

static const char *const command_names[COMMANDS] = { "place", "lift", "list", "explain" };

static struct program
command_program(enum command c)
{
	static const struct {
		const struct opt *table;
		const char *usage, *purpose, *examples;
	} of[COMMANDS] = {
		[PLACE] = { place_options, "place --matter ID --reason TEXT FILTER...", "hold the events that match",
		    PLACE_EXAMPLE },
		[LIFT] = { lift_options, "lift --matter ID --reason TEXT", "lift the holds of a matter", LIFT_EXAMPLE },
		[LIST] = { list_options, "list [OPTION...]", "list holds", LIST_EXAMPLE },
		[EXPLAIN] = { explain_options, "explain SEQ [OPTION...]", "tell which matters keep an event",
		    EXPLAIN_EXAMPLE },
	};
	struct program p = program;

	p.table = of[c].table;
	p.usage = of[c].usage;
	p.purpose = of[c].purpose;
	p.examples = of[c].examples;
	if (c != PLACE)
		p.operand = VALUE_ANY;
	return p;
}

/* The command is the first operand, wherever options stand. */
static enum command
find_command(int argc, char *argv[])
{
	struct args a = { 0 };
	struct str_list operands = { 0 };
	struct err e = ERR_NONE;
	enum command c = COMMANDS;

	if (opt_parse(options, argc, argv, &a, &operands, &e) == 0 && operands.n > 0)
		for (c = PLACE; c < COMMANDS && strcmp(operands.item[0], command_names[c]) != 0; c++)
			;
	opt_fini(options, &a);
	str_list_fini(&operands);
	return c;
}

static void
no_command(const struct str_list *operands, struct err *e)
{
	const char *near;

	if (operands->n == 0) {
		err_set(e, ERR_FAIL, "say what to do: place, lift, list or explain");
		return;
	}
	near = nearest_name(operands->item[0], command_names, COMMANDS);
	if (near)
		err_set(e, ERR_FAIL, "'%s' is no command; did you mean %s?", operands->item[0], near);
	else
		err_set(e, ERR_FAIL, "'%s' is no command: place, lift, list or explain", operands->item[0]);
}

static void
run(enum command c, struct args *a, const struct str_list *operands, struct err *e)
{
	size_t most = c == EXPLAIN ? 2 : 1;

	if (c == COMMANDS) {
		no_command(operands, e);
		return;
	}
	if (c != PLACE && operands->n > most) {
		err_set(e, ERR_FAIL, "%s: unexpected '%s'", command_names[c], operands->item[most]);
		return;
	}
	switch (c) {
	case PLACE:
		for (size_t i = 1; i < operands->n; i++)
			str_list_add(&a->filter.expr, operands->item[i], strlen(operands->item[i]));
		run_place(a, e);
		break;
	case LIFT:
		run_lift(a, e);
		break;
	case LIST:
		run_list(a, e);
		break;
	default:
		if (operands->n < 2)
			err_set(e, ERR_FAIL, "explain SEQ: say which event");
		else
			run_explain(a, operands->item[1], e);
	}
}

int
main(int argc, char *argv[])
{
	enum command c = find_command(argc, argv);
	struct program p = c < COMMANDS ? command_program(c) : program;
	struct args a = { 0 };
	struct str_list operands = { 0 };
	struct err e = ERR_NONE;
	int status = cli_start(&p, argc, argv, &a, &operands);

	if (status < 0) {
		run(c, &a, &operands, &e);
		status = cli_finish(&program, &e, 0);
	}
	opt_fini(options, &a);
	str_list_fini(&a.filter.expr);
	str_list_fini(&operands);
	return status;
}
