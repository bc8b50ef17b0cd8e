/*
 * audit-prune: remove events that are older than they need to be kept.
 *
 * Shows the plan; with --apply carries it out.  Each transaction that removes
 * also appends its own record, and a closing one sums up.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "cli/cli.h"

#define FLOOR_DAYS 30
#define FLOOR (FLOOR_DAYS * TIME_DAY)

struct args {
	struct common_args common;
	char *older_than;
	bool apply, clock_ok;
};

#define ARG(member) offsetof(struct args, member)

static const struct opt options[] = {
	{ 0, NULL, OPT_HEADING, 0, NULL, "What goes", VALUE_ANY, NULL },
	{ 0, "older-than", OPT_STRING, ARG(older_than), "SPAN",
	    "events that happened longer ago than SPAN, at least 30d", VALUE_ANY, NULL },
	{ 0, "apply", OPT_FLAG, ARG(apply), NULL,
	    "remove them; else only the plan is shown", VALUE_ANY, NULL },
	{ 0, "clock-ok", OPT_FLAG, ARG(clock_ok), NULL,
	    "the system's clock is right although it disagrees with the store", VALUE_ANY, NULL },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_zone },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_common },
	OPT_TABLE_END
};

static const struct program program = {
	.name = "audit-prune",
	.usage = "--older-than SPAN [--apply] [OPTION...]",
	.purpose = "remove audit events that are past their time",
	.examples =
	    "  audit-prune --older-than 400d           # what would go\n"
	    "  audit-prune --older-than 400d --apply   # remove it, and record so\n",
	.table = options,
	.common_offset = ARG(common),
};

/* ---- The clock ---- */

/* A clock set wrong would make young events look old.  It is read after the
 * store, which others write to meanwhile. */
static int
check_clock(struct store *st, struct err *e)
{
	struct segment_info *segments = NULL;
	struct store_view view;
	size_t n;
	int rc = store_view(st, &view, &segments, &n, e);
	int64_t now = time_now();

	free(segments);
	if (rc != 0 || view.last_ingested == TIME_NONE)
		return rc;
	if (now < view.last_ingested)
		return err_set(e, ERR_REFUSED, "the clock is behind the newest event stored"
		    " (--clock-ok if it is right)");
	if (now - view.last_ingested > FLOOR)
		return err_set(e, ERR_REFUSED, "the clock is more than %d days after the newest event"
		    " stored (--clock-ok if it is right)", FLOOR_DAYS);
	return 0;
}

/* ---- Records ---- */

struct operation {
	char id[37];          /* the same in all its records */
	struct prune_rule rule;
};

static void
write_record(void *arg, const struct prune_part *part, struct event *record, struct arena *a)
{
	struct operation *op = arg;
	struct buf context = { 0 };
	char cutoff[TIME_TEXT_LEN], oldest[TIME_TEXT_LEN], newest[TIME_TEXT_LEN];

	time_format(cutoff, op->rule.cutoff);
	buf_printf(&context, "{\"operation\":\"%s\",\"cutoff\":\"%.*s\"", op->id, TIME_TEXT_LEN,
	    cutoff);
	if (part->part > 0) {
		time_format(oldest, part->oldest);
		time_format(newest, part->newest);
		buf_printf(&context, ",\"part\":%u,\"events\":%" PRIu64 ",\"first_seq\":%" PRIu64
		    ",\"last_seq\":%" PRIu64 ",\"oldest\":\"%.*s\",\"newest\":\"%.*s\",\"digest\":\"%s\"}",
		    part->part, part->events, part->first_seq, part->last_seq, TIME_TEXT_LEN, oldest,
		    TIME_TEXT_LEN, newest, part->digest);
	} else {
		buf_printf(&context, ",\"closing\":true,\"events\":%" PRIu64 "}", part->events);
	}
	cli_record(record, "audit.prune", buf_view(&context), a);
	buf_fini(&context);
}

/* ---- The plan ---- */

static void
print_time(const char *title, int64_t us)
{
	char text[32] = "-";

	if (us != TIME_NONE)
		time_format_local(text, us);
	printf("%-12s %s\n", title, text);
}

static void
print_plan(const struct prune_plan *p, int64_t cutoff)
{
	print_time("older than", cutoff);
	printf("%-12s %" PRIu64 "\n", "events", p->events);
	print_time("oldest", p->oldest);
	print_time("newest", p->newest);
	printf("%-12s %" PRIu64 "\n", "bytes", p->bytes);
}

static int
cutoff_of(const struct args *a, int64_t now, int64_t *cutoff, struct err *e)
{
	int64_t span;

	if (!a->older_than)
		return err_set(e, ERR_FAIL, "--older-than SPAN says what may go");
	if (duration_parse(a->older_than, &span, e) != 0)
		return err_doing(e, "--older-than");
	if (span < FLOOR)
		return err_set(e, ERR_REFUSED, "--older-than %s: nothing younger than %d days is"
		    " removed", a->older_than, FLOOR_DAYS);
	*cutoff = now - TIME_MIN > span ? now - span : TIME_MIN;
	return 0;
}

static void
run(const struct args *a, const struct str_list *operands, struct err *e)
{
	int64_t now = time_now();
	struct uuid7 ids = { 0 };
	struct filter *all = filter_all();
	struct operation op = { .rule = { STR("older-than"), all, 0 } };
	struct prune_plan plan = { .rules = 0 };
	struct store *st = NULL;
	uint64_t removed = 0;

	if (operands->n > 0) {
		err_set(e, ERR_FAIL, "unexpected '%s'", operands->item[0]);
		goto out;
	}
	if (cutoff_of(a, now, &op.rule.cutoff, e) != 0 ||
	    (st = cli_store(&a->common, a->apply ? STORE_WRITE : STORE_READ, e)) == NULL ||
	    (a->apply && !a->clock_ok && check_clock(st, e) != 0) ||
	    store_prune_plan(st, &op.rule, 1, 0, NULL, cli_go_on, &plan, e) != 0)
		goto out;
	if (!a->apply) {
		print_plan(&plan, op.rule.cutoff);
		cli_note(&program, &a->common, "nothing was removed; --apply does it");
	} else {
		uuid7_next(&ids, now, op.id);
		store_prune(st, &plan, NULL, write_record, &op, cli_go_on, &removed, e);
		cli_note(&program, &a->common, "%" PRIu64 " events removed", removed);
	}
out:
	prune_plan_fini(&plan);
	filter_free(all);
	store_close(st);
}

int
main(int argc, char *argv[])
{
	struct args a = { 0 };
	struct str_list operands = { 0 };
	struct err e = ERR_NONE;
	int status = cli_start(&program, argc, argv, &a, &operands);

	if (status < 0) {
		run(&a, &operands, &e);
		status = cli_finish(&program, &e, 0);
	}
	opt_fini(options, &a);
	str_list_fini(&operands);
	return status;
}
