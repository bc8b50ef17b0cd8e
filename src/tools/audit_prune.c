/*
 * audit-prune: remove events that are older than they need to be kept.
 *
 * Shows the plan; with --apply carries it out: the clock first, then the plan
 * anew, the archive, and then what goes.  Each transaction that removes also
 * appends its own record, and a closing one sums up.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/random.h"
#include "cli/archive.h"
#include "cli/cli.h"
#include "cli/config.h"
#include "cli/explain.h"
#include "cli/plan.h"
#include "cli/prune_record.h"
#include "cli/retention.h"
#include "cli/sandbox.h"

#define UNRECORDED "a prune that cannot be recorded"

struct args {
	struct common_args common;
	char *older_than, *plan, *archive_to, *output;
	uint64_t explain;
	bool apply, reclaim, clock_ok;
};

#define ARG(member) offsetof(struct args, member)

static const struct opt options[] = {
	{ 0, NULL, OPT_HEADING, 0, NULL, "What goes", VALUE_ANY, NULL },
	{ 0, "older-than", OPT_STRING, ARG(older_than), "SPAN",
	    "events that happened longer ago than SPAN, at least 30d; else what the configuration says",
	    VALUE_ANY, NULL },
	{ 0, "explain", OPT_NUMBER, ARG(explain), "SEQ",
	    "which rule decides on this event, when its time is over, what holds it", VALUE_ANY, NULL },
	{ 0, NULL, OPT_HEADING, 0, NULL, "Carrying it out", VALUE_ANY, NULL },
	{ 0, "plan", OPT_STRING, ARG(plan), "FILE", "write the plan to FILE too", VALUE_FILE, NULL },
	{ 0, "apply", OPT_FLAG, ARG(apply), NULL,
	    "remove the events, by the plan in FILE if one is named; else the plan is only shown", VALUE_ANY, NULL },
	{ 0, "archive-to", OPT_STRING, ARG(archive_to), "DIR",
	    "write them to a new file in DIR first, and read it back; else to the folder that the configuration names",
	    VALUE_DIR, NULL },
	{ 0, "reclaim", OPT_FLAG, ARG(reclaim), NULL,
	    "give the space of what was removed back to the file system; removes nothing by itself", VALUE_ANY, NULL },
	{ 0, "clock-ok", OPT_FLAG, ARG(clock_ok), NULL,
	    "the system's clock is right although it disagrees with the store", VALUE_ANY, NULL },
	{ 0, NULL, OPT_HEADING, 0, NULL, "Output", VALUE_ANY, NULL },
	{ 'o', "output", OPT_STRING, ARG(output), "FORMAT", "table or json", VALUE_FORMAT, NULL },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_colour },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_zone },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_common },
	OPT_TABLE_END
};

static const char *const formats[] = { "table", "json", NULL };

static const struct program program = {
	.name = "audit-prune",
	.usage = "[--plan FILE | --apply [FILE]] [OPTION...]",
	.purpose = "remove audit events that are past their time",
	.examples =
	    "  audit-prune                             # what would go by the configuration\n"
	    "  audit-prune --older-than 400d           # what is older than 400 days\n"
	    "  audit-prune --apply --archive-to /srv/archive/\n"
	    "  audit-prune --plan plan.json            # look first, and ...\n"
	    "  audit-prune --apply plan.json           # ... remove exactly this\n"
	    "  audit-prune --explain 4711              # why is it still there?\n",
	.table = options,
	.common_offset = ARG(common),
	.operand = VALUE_FILE,
	.formats = formats,
};

/* What is at work. */
struct work {
	const struct args *args;
	const char *file;            /* the plan to carry out, or NULL */
	bool json;
	int64_t now;
	struct config config;
	struct plan_file agreed;     /* what is in the file */
	struct retention rules;
	struct store *st;
	struct pool *pool;
	struct prune_plan plan;
	struct operator_info who;
	struct prune_operation op;
	struct archive archive;
	uint64_t removed;
	uint64_t before, after;      /* bytes, of --reclaim; 0: not done */
	struct buf out;              /* for stdout */
};

/* ---- What was asked for ---- */

static int
check_args(const struct args *a, const struct str_list *operands, struct err *e)
{
	bool explain = a->explain != OPT_NUMBER_NONE;

	if (operands->n > (a->apply ? 1 : 0))
		return err_set(e, ERR_FAIL, "unexpected '%s'%s", operands->item[a->apply ? 1 : 0],
		    a->apply ? "" : ": a plan is carried out with --apply FILE, and written with --plan FILE");
	if (a->apply && (a->plan || explain))
		return err_set(e, ERR_FAIL, "--%s only looks: not with --apply", a->plan ? "plan" : "explain");
	if (operands->n > 0 && a->older_than)
		return err_set(e, ERR_FAIL, "--older-than: the plan %s has its own rules", operands->item[0]);
	if (a->plan && explain)
		return err_set(e, ERR_FAIL, "--explain is about one event: no --plan");
	if (a->archive_to && !a->apply)
		return err_set(e, ERR_FAIL, "--archive-to is for --apply");
	if (a->reclaim && !a->apply && (a->plan || explain || a->older_than))
		return err_set(e, ERR_FAIL, "--reclaim goes with --apply, or alone");
	return 0;
}

/* The rules of the policy, of --older-than, or those of a plan's own cut-offs. */
static int
read_rules(struct work *w, struct err *e)
{
	const struct args *a = w->args;
	bool own = w->file && plan_is_older_than(&w->agreed);

	if (a->older_than || own) {
		/* Of a plan's own rule the floor is all that limits it. */
		if (retention_older_than(own ? "30d" : a->older_than, w->now, &w->rules, e) != 0)
			return -1;
	} else if (retention_of(&w->config, w->now, &w->rules, e) != 0)
		return -1;
	if (w->rules.n == 0 && a->explain == OPT_NUMBER_NONE)
		return err_set(e, ERR_FAIL, "nothing says what may go: neither --older-than SPAN nor retention: of the"
		    " configuration");
	return w->file ? plan_adopt(&w->agreed, &w->rules, e) : 0;
}

static int
prepare(struct work *w, struct err *e)
{
	const struct args *a = w->args;
	const char *format = cli_format(&program, a->output, true, e);

	if (!format || cli_config(&a->common, &w->config, e) != 0 ||
	    (w->file && plan_read(w->file, &w->agreed, e) != 0))
		return -1;
	w->json = strcmp(format, "json") == 0;
	if (a->reclaim && !a->apply)
		return 0;
	return read_rules(w, e);
}

/* ---- Before anything is removed ---- */

/* A clock set wrong would make young events look old.  It is read after the
 * store, which others write to meanwhile. */
static int
check_clock(int64_t last_ingested, struct err *e)
{
	int64_t now = time_now();

	if (last_ingested == TIME_NONE)
		return 0;
	if (now < last_ingested)
		return err_set(e, ERR_REFUSED, "the clock is behind the newest event stored"
		    " (--clock-ok if it is right)");
	if (now - last_ingested > PRUNE_FLOOR)
		return err_set(e, ERR_REFUSED, "the clock is more than %d days after the newest event"
		    " stored (--clock-ok if it is right)", (int)(PRUNE_FLOOR / TIME_DAY));
	return 0;
}

static int
check_store(struct work *w, struct err *e)
{
	struct segment_info *segments = NULL;
	struct store_view view;
	uint8_t id[16];
	size_t n;

	if (store_view(w->st, &view, &segments, &n, e) != 0)
		return -1;
	free(segments);
	if (!w->args->clock_ok && check_clock(view.last_ingested, e) != 0)
		return -1;
	if (!w->file)
		return 0;
	store_id(w->st, id);
	if (memcmp(id, w->agreed.store, sizeof(id)) != 0)
		return err_set(e, ERR_REFUSED, "%s: the plan is of another store", w->file);
	if (w->agreed.size > view.size)
		return err_set(e, ERR_REFUSED, "%s: the plan is of a log of %" PRIu64 " events, and this one has %" PRIu64
		    ": an older copy of the store", w->file, w->agreed.size, view.size);
	return 0;
}

/* `archive`: a folder to archive to, or NULL. */
static int
confine(const struct work *w, enum sandbox_profile profile, const char *archive, struct err *e)
{
	const struct args *a = w->args;
	struct sandbox s = { .profile = profile, .moves = archive != NULL };

	if ((a->plan != NULL && sandbox_allow_folder(&s, a->plan, SANDBOX_WRITE, e) != 0) ||
	    (archive != NULL && sandbox_allow_made(&s, archive, SANDBOX_WRITE, e) != 0) ||
	    (a->reclaim && sandbox_allow_temporary(&s, e) != 0))
		return -1;
	return cli_sandbox(&program, &a->common, w->st, &s, e);
}

static int
make_plan(struct work *w, struct err *e)
{
	w->pool = pool_new(pool_cpus() - 1);
	return store_prune_plan(w->st, w->rules.rule, w->rules.n, w->file ? w->agreed.size : 0, w->pool, cli_go_on,
	    &w->plan, e);
}

/* ---- Looking ---- */

static void
add_plan(struct work *w, bool json, struct buf *out, struct err *e)
{
	struct plan p = { .created = w->now, .plan = &w->plan, .rules = &w->rules };
	bool colour = false;

	store_id(w->st, p.store);
	if (json)
		plan_json(out, &p);
	else if (cli_colour(&w->args->common, STDOUT_FILENO, &colour, e) == 0)
		plan_table(out, &p, cli_width(STDOUT_FILENO), colour);
}

static int
write_plan(struct work *w, struct err *e)
{
	struct buf text = { 0 };
	int rc;

	add_plan(w, true, &text, e);
	rc = file_replace(w->args->plan, 0640, text.p, text.len, e);
	buf_fini(&text);
	return rc;
}

static int
look(struct work *w, struct err *e)
{
	const struct args *a = w->args;

	if ((w->st = cli_store(&a->common, STORE_READ, e)) == NULL || confine(w, SANDBOX_READER, NULL, e) != 0)
		return -1;
	if (a->explain != OPT_NUMBER_NONE)
		return explain_retention(w->st, a->explain, &w->rules, w->now, w->json, &w->out, e);
	if (make_plan(w, e) != 0)
		return -1;
	add_plan(w, w->json, &w->out, e);
	if (a->plan && write_plan(w, e) != 0)
		return -1;
	return 0;
}

/* Behind the table. */
static void
tell_look(const struct work *w)
{
	cli_note(&program, &w->args->common, w->plan.events > 0 ? "nothing was removed; --apply does it" :
	    "there is nothing to remove");
}

/* ---- Carrying out ---- */

/* What went, in words of a filter: what each rule let go.  Its exact events are
 * those that no earlier rule decided on and no hold keeps. */
static void
describe(const struct work *w, struct buf *out)
{
	char text[TIME_TEXT_LEN];

	for (size_t i = 0; i < w->rules.n; i++) {
		if (w->plan.share[i].events == 0)
			continue;
		time_format(text, w->rules.rule[i].cutoff);
		buf_printf(out, "%s(", out->len > 0 ? " or " : "");
		buf_str(out, buf_view(&w->rules.expression[i]));
		buf_printf(out, ") and time < \"%.*s\"", TIME_TEXT_LEN, text);
	}
}

/* As filter_format has it. */
static void
canonical(struct buf *text, int64_t now)
{
	struct filter_args args = { 0 };
	struct err ignored = ERR_NONE;
	struct filter *f;

	str_list_add(&args.where, text->p, text->len);
	if ((f = filter_build(&args, now, &ignored)) != NULL) {
		buf_reset(text);
		filter_format(text, f);
	}
	filter_free(f);
	filter_args_fini(&args);
}

static int
archive(struct work *w, const char *folder, struct err *e)
{
	const struct common_args *common = &w->args->common;
	struct progress progress;
	struct buf filter = { 0 };
	int rc;

	describe(w, &filter);
	canonical(&filter, w->now);
	progress_start(&progress, common, "archiving");
	rc = archive_write(w->st, &w->plan, folder, buf_view(&filter), w->pool, &progress, &w->archive, e);
	progress_end(&progress);
	buf_fini(&filter);
	if (rc != 0)
		return -1;
	w->op.archive = &w->archive;
	cli_note(&program, common, "%s: %" PRIu64 " events archived, %" PRIu64 " of them proved", w->archive.path,
	    w->archive.events, w->archive.proved);
	return 0;
}

static int
carry_out(struct work *w, struct err *e)
{
	const struct common_args *common = &w->args->common;
	struct progress progress;
	struct uuid7 ids = { 0 };
	int rc;

	uuid7_next(&ids, w->now, w->op.id);
	w->op.who = &w->who;
	w->op.rules = &w->rules;
	w->op.plan = &w->plan;
	w->op.progress = &progress;
	progress_start(&progress, common, "removing");
	rc = store_prune(w->st, &w->plan, w->pool, prune_record, &w->op, cli_go_on, &w->removed, e);
	progress_end(&progress);
	if (rc != 0)
		return err_doing(e, "%" PRIu64 " of %" PRIu64 " events are removed, %s", w->removed, w->plan.events,
		    w->file ? "a new plan has the others" : "the next run goes on");
	if (w->removed < w->plan.events)
		cli_note(&program, common, "%" PRIu64 " events removed, %" PRIu64 " stay: held since the plan", w->removed,
		    w->plan.events - w->removed);
	else
		cli_note(&program, common, "%" PRIu64 " events removed", w->removed);
	return 0;
}

static int
reclaim(struct work *w, struct err *e)
{
	if (store_reclaim(w->st, &w->before, &w->after, e) != 0)
		return -1;
	cli_note(&program, &w->args->common, "%s: %" PRIu64 " bytes before, %" PRIu64 " now", store_path(w->st),
	    w->before, w->after);
	return 0;
}

static int
apply(struct work *w, struct err *e)
{
	const struct args *a = w->args;
	const char *folder = a->archive_to ? a->archive_to : w->config.archive;

	cli_operator(&w->who);
	if ((w->st = cli_store_record(&a->common, UNRECORDED, e)) == NULL ||
	    confine(w, SANDBOX_WRITER, folder, e) != 0 || check_store(w, e) != 0 ||
	    make_plan(w, e) != 0 || (w->file && plan_compare(&w->agreed, &w->plan, e) != 0))
		return -1;
	if (w->plan.kept > 0)
		cli_note(&program, &a->common, "holds keep %" PRIu64 " events whose time is over", w->plan.kept);
	if (w->plan.events == 0)
		cli_note(&program, &a->common, "there is nothing to remove");
	else if ((folder && archive(w, folder, e) != 0) || carry_out(w, e) != 0)
		return -1;
	return a->reclaim ? reclaim(w, e) : 0;
}

/* What was done, for programs. */
static void
add_receipt(struct work *w)
{
	struct buf *out = &w->out;

	buf_printf(out, "{\"operation\":");
	if (w->op.id[0] != '\0')
		cli_quote(out, str_of(w->op.id));
	else
		buf_str(out, STR("null"));
	buf_printf(out, ",\"planned\":%" PRIu64 ",\"removed\":%" PRIu64 ",\"kept\":%" PRIu64 ",\"archive\":",
	    w->plan.events, w->removed, w->plan.kept);
	if (w->op.archive) {
		buf_str(out, STR("{\"file\":"));
		cli_quote(out, str_of(w->archive.path));
		buf_printf(out, ",\"events\":%" PRIu64 ",\"proved\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"sha256\":\"",
		    w->archive.events, w->archive.proved, w->archive.bytes);
		buf_hex(out, w->archive.sha256.b, HASH_LEN);
		buf_str(out, STR("\"}"));
	} else
		buf_str(out, STR("null"));
	if (w->before > 0)
		buf_printf(out, ",\"reclaimed\":{\"before\":%" PRIu64 ",\"after\":%" PRIu64 "}", w->before, w->after);
	buf_str(out, STR("}\n"));
}

/* ---- All of it ---- */

static void
run(struct work *w, const struct str_list *operands, struct err *e)
{
	const struct args *a = w->args;
	bool looked = false;

	if (check_args(a, operands, e) != 0)
		return;
	w->file = operands->n > 0 ? operands->item[0] : NULL;
	w->now = time_now();
	if (prepare(w, e) != 0)
		return;
	if (a->apply)
		apply(w, e);
	else if (!a->reclaim)
		looked = look(w, e) == 0 && a->explain == OPT_NUMBER_NONE;
	else if ((w->st = cli_store(&a->common, STORE_WRITE, e)) != NULL && confine(w, SANDBOX_WRITER, NULL, e) == 0)
		reclaim(w, e);
	if (w->json && (a->apply || a->reclaim) && w->st != NULL)
		add_receipt(w);
	if (w->out.len > 0 && cli_print_text(buf_view(&w->out), !w->json, e) == 0 && looked)
		tell_look(w);
}

int
main(int argc, char *argv[])
{
	struct args a = { .explain = OPT_NUMBER_NONE };
	struct str_list operands = { 0 };
	struct work w = { .args = &a };
	struct err e = ERR_NONE;
	int status = cli_start(&program, argc, argv, &a, &operands);

	if (status < 0) {
		run(&w, &operands, &e);
		store_close(w.st);
		pool_free(w.pool);
		status = cli_finish(&program, &e, 0);
	}
	config_fini(&w.config);
	plan_file_fini(&w.agreed);
	retention_fini(&w.rules);
	prune_plan_fini(&w.plan);
	archive_fini(&w.archive);
	buf_fini(&w.out);
	opt_fini(options, &a);
	str_list_fini(&operands);
	return status;
}
