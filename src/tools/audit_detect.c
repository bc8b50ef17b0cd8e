/*
 * audit-detect: rules over the events that arrived; alerts.
 *
 * In: the store and files of rules.   Out: alerts, in the store and printed.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/alert_hook.h"
#include "cli/cli.h"
#include "cli/config.h"
#include "cli/locked.h"
#include "cli/rules.h"
#include "cli/sandbox.h"
#include "detect/detect.h"
#include "render/render.h"

#define NAME_DEFAULT "default"
#define WAIT TIME_SECOND

struct args {
	struct common_args common;
	struct filter_args filter;
	struct str_list rules;
	char *name, *late, *output;
	bool follow, from_now, dry_run, test_rules, locked;
};

#define ARG(member) offsetof(struct args, member)

static const struct opt options[] = {
	{ 0, NULL, OPT_HEADING, 0, NULL, "Rules", VALUE_ANY, NULL },
	{ 0, "rules", OPT_LIST, ARG(rules), "FILE",
	    "rules of a file, a folder, or installed ones by name; repeatable", VALUE_FILE, NULL },
	{ 0, "test-rules", OPT_FLAG, ARG(test_rules), NULL, "read the rules, say what they are, and end", VALUE_ANY, NULL },
	{ 0, "late", OPT_STRING, ARG(late), "SPAN",
	    "count events that are so much behind the newest (1h)", VALUE_ANY, NULL },
	{ 0, NULL, OPT_HEADING, 0, NULL, "What to do", VALUE_ANY, NULL },
	{ 'f', "follow", OPT_FLAG, ARG(follow), NULL, "go on as events arrive", VALUE_ANY, NULL },
	{ 0, "from-now", OPT_FLAG, ARG(from_now), NULL,
	    "the first time, begin with what arrives from now on", VALUE_ANY, NULL },
	{ 0, "name", OPT_STRING, ARG(name), "NAME",
	    "of these rules together, whose place in the log is kept (default)", VALUE_ANY, NULL },
	{ 0, "dry-run", OPT_FLAG, ARG(dry_run), NULL, "print what would be found, write nothing", VALUE_ANY, NULL },
	{ 0, "locked", OPT_FLAG, ARG(locked), NULL,
	    "ACCOUNT ADDRESS: is there a lockout of them? 0 yes, 1 no", VALUE_ANY, NULL },
	{ 0, NULL, OPT_HEADING, 0, NULL, "Output", VALUE_ANY, NULL },
	{ 'o', "output", OPT_STRING, ARG(output), "FORMAT",
	    "table (a terminal's default), jsonl (default otherwise), json, csv, short, text, detail", VALUE_FORMAT, NULL },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_zone },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_colour },
	{ 0, NULL, OPT_HEADING, 0, NULL, "Rules are asked about events that match all of these", VALUE_ANY, NULL },
	{ 0, NULL, OPT_INCLUDE, ARG(filter), NULL, NULL, VALUE_ANY, opt_filter },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_saved },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_common },
	OPT_TABLE_END
};

static const char *const formats[] = { "table", "jsonl", "json", "csv", "short", "text", "detail", NULL };

static const struct program program = {
	.name = "audit-detect",
	.usage = "[OPTION...] [FIELD=VALUE...] | --locked ACCOUNT ADDRESS",
	.purpose = "find what rules look for in the events that arrived",
	.examples =
	    "  audit-detect --rules login-lockout\n"
	    "  audit-detect --rules /etc/audit-toolkit/rules --follow\n"
	    "  audit-detect --rules my.yaml --dry-run -o table\n"
	    "  audit-detect --rules sigma/ --source cloudtrail --name cloud\n"
	    "  audit-detect --locked alice 203.0.113.7 && echo locked\n",
	.table = options,
	.common_offset = ARG(common),
	.operand = VALUE_FIELD,
	.formats = formats,
};

/* ---- rules ---- */

static void
print_rule(const struct detect_rule *r)
{
	static const char *const kinds[] = { [DETECT_COUNT] = "count", [DETECT_DISTINCT] = "distinct",
		[DETECT_ALL] = "all", [DETECT_ORDERED] = "ordered", [DETECT_NEW] = "new", [DETECT_SILENT] = "silent" };
	struct buf line = { 0 };

	buf_printf(&line, "%s:%zu: %s: %s, %s", r->path.p, r->line, r->name.p, kinds[r->kind],
	    event_severities[r->severity]);
	for (size_t i = 0; i < r->inputs; i++) {
		buf_str(&line, i > 0 ? STR("; ") : STR(": "));
		filter_format(&line, r->input[i].filter);
	}
	cli_print_line(buf_view(&line));
	buf_fini(&line);
}

static void
print_refusal(const struct detect_refusal *r)
{
	struct buf line = { 0 };

	buf_printf(&line, "%s:%zu: refused: %s: %s", r->path.p, r->line, r->title.p, r->why.p);
	cli_print_line(buf_view(&line));
	buf_fini(&line);
}

/* --test-rules */
static int
print_rules(const struct detect_rules *rules, struct err *e)
{
	for (size_t i = 0; i < rules->n; i++)
		print_rule(&rules->rule[i]);
	for (size_t i = 0; i < rules->refusals; i++)
		print_refusal(&rules->refusal[i]);
	if (rules->refusals == 0)
		return 0;
	return err_set(e, ERR_INCOMPLETE, "%zu of %zu rules are refused", rules->refusals, rules->n + rules->refusals);
}

/* What --rules names, else the configuration; all of them about the events that
 * the filter lets through.  0, 1 and -1 as cli_filter has it; *only is yours. */
static int
read_rules(const struct args *a, const struct config *config, int64_t now, struct buf *only, struct detect_rules *out,
    struct err *e)
{
	struct filter *f;
	int rc = cli_filter(&program, &a->common, &a->filter, a->output, now, &f, e);

	if (rc != 0)
		return rc;
	if (f->root->op != FILTER_TRUE) {
		filter_format(only, f);
		buf_byte(only, '\0');
		out->only = only->p;
	}
	filter_free(f);
	return rules_read(out, a->rules.n > 0 ? &a->rules : &config->detect.rules, now, e);
}

/* ---- alerts ---- */

struct printing {
	struct render *render;
	struct outstream *out;
	struct alert_hook *hook;
	struct buf line;
};

/* What people are told in a table: what the rule says matters more than the
 * fields that each event has. */
static int
choose_fields(struct render_options *ro, struct arena *a, struct err *e)
{
	static const char *const names[] = { "time", "severity", "context.rule", "description" };
	size_t n = sizeof(names) / sizeof(names[0]);
	struct selector *fields;

	if (strcmp(ro->format, "table") != 0)
		return 0;
	fields = arena_alloc(a, n * sizeof(*fields));
	for (size_t i = 0; i < n; i++)
		if (selector_parse(&fields[i], str_of(names[i]), a, e) < 0)
			return -1;
	ro->fields = fields;
	ro->n_fields = n;
	return 0;
}

static int
print_alert(void *arg, const struct event *ev, uint64_t seq, struct err *e)
{
	struct printing *p = arg;

	if (p->hook != NULL) {
		buf_reset(&p->line);
		event_format(&p->line, ev);
		buf_byte(&p->line, '\n');
		alert_hook_tell(p->hook, buf_view(&p->line));
	}
	return render_event(p->render, ev, seq, e);
}

/* What was found is shown before the program sleeps. */
static int
flush(struct printing *p, struct err *e)
{
	return render_flush(p->render, e) == 0 ? outstream_flush(p->out, e) : -1;
}

struct work {
	const struct args *args;
	struct store *st;
	struct detect_options options;
	struct detect_counts counts;
	const char *format;
	bool colour;
	struct hook hook;
	struct alert_hook_counts told;
};

/* From commit to commit, until somebody ends it. */
static int
follow(struct work *w, struct detect *d, struct printing *p, struct err *e)
{
	struct store_watch *watch = store_watch_open(w->st, e);
	int rc = watch != NULL ? 0 : -1;

	while (rc >= 0 && !cli_interrupted()) {
		if ((rc = store_watch_wait(watch, WAIT, e)) < 0)
			break;
		if (store_watch_replaced(watch)) {
			rc = err_set(e, ERR_FAIL, "another file has taken the store's place: nothing more will come of this one");
			break;
		}
		if (detect_run(d, &w->counts, e) < 0 || flush(p, e) < 0)
			rc = -1;
	}
	store_watch_close(watch);
	if (rc < 0 && cli_interrupted()) {
		err_clear(e);
		rc = 0;
	}
	return rc < 0 ? -1 : detect_save(d, e);
}

static int
find_and_print(void *arg, struct outstream *out, struct err *e)
{
	struct work *w = arg;
	struct render_options ro = { .format = w->format, .now = time_now(), .width = cli_width(STDOUT_FILENO),
		.colour = w->colour, .terminal = cli_terminal(STDOUT_FILENO) };
	struct printing p = { .out = out, .hook = hook_is_there(&w->hook) ? alert_hook_new(&w->hook) : NULL };
	struct arena names = { 0 };
	struct detect *d = NULL;
	int rc = -1;

	w->options.arg = &p;
	w->options.alert = print_alert;
	if (choose_fields(&ro, &names, e) < 0 || (p.render = render_open(&ro, out, e)) == NULL || (d = detect_open(w->st, &w->options, e)) == NULL)
		goto out;
	rc = detect_run(d, &w->counts, e);
	if (rc == 0 && w->args->follow)
		rc = flush(&p, e) < 0 ? -1 : follow(w, d, &p, e);
	if (rc == 0) {
		rc = render_close(p.render, NULL, e);
		p.render = NULL;
	}
out:
	detect_close(d);
	if (p.hook != NULL)
		alert_hook_free(p.hook, &w->told);
	render_abort(p.render);
	buf_fini(&p.line);
	arena_fini(&names);
	return rc;
}

static void
tell(const struct work *w)
{
	const struct common_args *c = &w->args->common;

	cli_detail(&program, c, "%" PRIu64 " events, %" PRIu64 " matches of %zu rules, %" PRIu64 " alerts", w->counts.events,
	    w->counts.hits, w->options.rules->n, w->counts.alerts);
	if (w->options.rules->refusals > 0)
		cli_note(&program, c, "%zu rules are refused (--test-rules says why)", w->options.rules->refusals);
	if (w->told.failed > 0)
		cli_note(&program, c, "the hook failed for %" PRIu64 " alerts: %s", w->told.failed, w->told.first.text);
	if (w->told.left_out > 0)
		cli_note(&program, c, "the hook was not told of %" PRIu64 " alerts", w->told.left_out);
	if (w->counts.late > 0)
		cli_note(&program, c, "%" PRIu64 " matches came too late to be counted with others (--late)", w->counts.late);
}

/* ---- the whole ---- */

static int
check_args(const struct args *a, struct err *e)
{
	if (a->locked && a->filter.expr.n != 2)
		return err_set(e, ERR_FAIL, "--locked takes an account and an address");
	if (a->dry_run && a->follow)
		return err_set(e, ERR_FAIL, "--dry-run shows what is there now, without --follow");
	if (a->name != NULL && (a->name[0] == '\0' || strlen(a->name) > DETECTOR_NAME_MAX))
		return err_set(e, ERR_FAIL, "--name: 1 to %d bytes", DETECTOR_NAME_MAX);
	return 0;
}

static int
set_late(const struct args *a, struct detect_options *o, struct err *e)
{
	o->late = DETECT_LATE_DEFAULT;
	if (a->late != NULL && duration_parse(a->late, &o->late, e) < 0)
		return err_doing(e, "--late %s", a->late);
	return 0;
}

static int
detect(const struct args *a, const struct config *config, const struct detect_rules *rules, struct err *e)
{
	const struct config_hook *hook = &config->detect.hook;
	struct work w = { .args = a, .hook = HOOK_NONE, .options = { .rules = rules, .name = a->name != NULL ? a->name : NAME_DEFAULT,
		.from_end = a->from_now, .dry = a->dry_run, .lazy = a->follow, .go_on = cli_go_on } };
	struct sandbox s = { .profile = a->dry_run ? SANDBOX_READER : SANDBOX_WRITER };
	int rc = -1;

	w.format = cli_format(&program, a->output, cli_terminal(STDOUT_FILENO), e);
	/* The hook shares nothing with the store, which is not open yet. */
	if (w.format == NULL || cli_colour(&a->common, STDOUT_FILENO, &w.colour, e) < 0 || set_late(a, &w.options, e) < 0 ||
	    (!a->dry_run && hook_open(&w.hook, &hook->command, hook->limit, HOOK_KEEP, e) < 0))
		return -1;
	w.st = a->dry_run ? cli_store_by(&a->common, config, STORE_READ, e)
	                  : cli_store_record_by(&a->common, config, "alerts that cannot be written", e);
	if (w.st != NULL && cli_sandbox(&program, &a->common, w.st, &s, e) == 0) {
		w.options.pool = pool_new(pool_cpus() - 1);
		if ((rc = cli_print(find_and_print, &w, e)) == 0)
			tell(&w);
		pool_free(w.options.pool);
	}
	store_close(w.st);
	hook_close(&w.hook);
	return rc;
}

static int
run(const struct args *a, struct err *e)
{
	struct config config = { 0 };
	struct detect_rules rules = { 0 };
	const struct str_list *operands = &a->filter.expr;
	struct buf only = { 0 };
	int64_t now = time_now();
	int status = 0;

	if (check_args(a, e) < 0 || cli_config(&a->common, &config, e) < 0)
		goto out;
	if (a->locked) {
		status = locked_answer(&program, &a->common, &config, operands->item[0], operands->item[1], now, e);
		goto out;
	}
	if (read_rules(a, &config, now, &only, &rules, e) != 0)
		goto out;
	if (a->test_rules)
		print_rules(&rules, e);
	else
		detect(a, &config, &rules, e);
out:
	detect_rules_fini(&rules);
	buf_fini(&only);
	config_fini(&config);
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
