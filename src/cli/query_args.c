/*
 * query_args: the table of audit-query's options, and what it cannot say (see
 * query_args.h).
 */
#include "cli/query_args.h"

#include <string.h>

#define ARG(member) offsetof(struct query_args, member)

const struct opt query_args_options[] = {
	{ 0, NULL, OPT_INCLUDE, ARG(filter), NULL, NULL, VALUE_ANY, opt_filter },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_saved },
	{ 0, NULL, OPT_HEADING, 0, NULL, "Which and how many", VALUE_ANY, NULL },
	{ 'n', "limit", OPT_NUMBER, ARG(limit), "N", "at most N events", VALUE_ANY, NULL },
	{ 'r', "reverse", OPT_FLAG, ARG(reverse), NULL, "oldest first", VALUE_ANY, NULL },
	{ 'c', "count", OPT_FLAG, ARG(count), NULL, "print how many match", VALUE_ANY, NULL },
	{ 'F', "facet", OPT_LIST, ARG(facet), "A,B",
	    "print the values of a field, or of several together, with their counts", VALUE_FIELD, NULL },
	{ 0, "first-seen", OPT_FLAG, ARG(first_seen), NULL,
	    "with -F: only values that no event before --since has", VALUE_ANY, NULL },
	{ 0, "quarantine", OPT_FLAG, ARG(quarantine), NULL,
	    "list what was refused, instead of events", VALUE_ANY, NULL },
	{ 'i', "input", OPT_LIST, ARG(input), "FILE",
	    "read JSON lines from FILE (- for stdin) instead of the store", VALUE_FILE, NULL },

	{ 0, NULL, OPT_HEADING, 0, NULL, "Going on", VALUE_ANY, NULL },
	{ 'f', "follow", OPT_FLAG, ARG(follow), NULL,
	    "the newest 10 (-n), then events as they arrive", VALUE_ANY, NULL },
	{ 0, "until-match", OPT_COUNT, ARG(until_match), "N",
	    "with -f: end when N events have arrived", VALUE_ANY, NULL },
	{ 0, "timeout", OPT_STRING, ARG(timeout), "SPAN", "with -f: end after SPAN", VALUE_ANY, NULL },
	{ 0, "cursor", OPT_STRING, ARG(cursor), "CURSOR", "go on behind CURSOR", VALUE_ANY, NULL },
	{ 0, "show-cursor", OPT_FLAG, ARG(show_cursor), NULL,
	    "print at the end, on stderr, where to go on", VALUE_ANY, NULL },
	{ 0, "cursor-file", OPT_STRING, ARG(cursor_file), "FILE",
	    "what has arrived since last time; FILE remembers", VALUE_FILE, NULL },

	{ 0, NULL, OPT_HEADING, 0, NULL, "Output", VALUE_ANY, NULL },
	{ 'o', "output", OPT_STRING, ARG(output), "FORMAT",
	    "table (a terminal's default), jsonl (default otherwise), json, csv, short, text, detail; "
	    "ocsf, ecs, cef, leef, syslog",
	    VALUE_FORMAT, NULL },
	{ 0, "fields", OPT_LIST, ARG(fields), "A,B",
	    "these fields or payload paths, in this order", VALUE_FIELD, NULL },
	{ 0, "seq", OPT_FLAG, ARG(seq), NULL,
	    "add seq, the event's number in the store", VALUE_ANY, NULL },
	{ 0, NULL, OPT_INCLUDE, ARG(dialect), NULL, NULL, VALUE_ANY, opt_dialect },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_zone },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_colour },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_pager },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_common },
	OPT_TABLE_END
};

static bool
is(const char *format, const char *name)
{
	return strcmp(format, name) == 0;
}

static int
check_follow(const struct query_args *a, const char *format, struct err *e)
{
	if (!a->follow && (a->until_match > 0 || a->timeout != NULL))
		return err_set(e, ERR_FAIL, "--until-match and --timeout belong to -f");
	if (!a->follow)
		return 0;
	if (a->input.n > 0)
		return err_set(e, ERR_FAIL, "-f follows the store: no -i (auditd-ingest --follow reads a file that grows)");
	if (a->count || a->facet.n > 0 || a->quarantine || a->reverse || a->cursor != NULL || a->show_cursor)
		return err_set(e, ERR_FAIL, "-f prints events as they arrive: no -c, -F, -r, --quarantine, --cursor"
		    " or --show-cursor");
	if (a->cursor_file != NULL && a->limit != OPT_NUMBER_NONE)
		return err_set(e, ERR_FAIL, "-f with --cursor-file goes on where it left off: no -n");
	if (is(format, "json"))
		return err_set(e, ERR_FAIL, "-f has no end, and a JSON document needs one: use -o jsonl");
	return 0;
}

static int
check_cursor(const struct query_args *a, struct err *e)
{
	bool any = a->cursor != NULL || a->cursor_file != NULL || a->show_cursor;

	if (any && a->input.n > 0)
		return err_set(e, ERR_FAIL, "cursors are places in a store: none with -i");
	if (any && (a->count || a->facet.n > 0 || a->quarantine))
		return err_set(e, ERR_FAIL, "cursors are for events: none with -c, -F or --quarantine");
	if (a->cursor_file != NULL && (a->cursor != NULL || a->reverse || a->show_cursor))
		return err_set(e, ERR_FAIL, "--cursor-file is in order of arrival: no --cursor, --show-cursor or -r");
	return 0;
}

int
query_args_check(const struct query_args *a, const char *format, struct err *e)
{
	bool chosen = a->fields.n > 0 || a->seq || a->reverse;
	bool limited = a->limit != OPT_NUMBER_NONE;

	if (a->limit == 0 && !a->follow)
		return err_set(e, ERR_FAIL, "-n 0: only with -f, where it leaves out what was there before");
	if (a->quarantine && (chosen || limited || a->count || a->facet.n > 0 || a->input.n > 0))
		return err_set(e, ERR_FAIL, "--quarantine lists everything refused: no other output option but -o");
	if (a->quarantine && !is(format, "table") && !is(format, "jsonl"))
		return err_set(e, ERR_FAIL, "--quarantine prints table or jsonl");
	if (a->count && (chosen || limited || a->output != NULL || a->facet.n > 0))
		return err_set(e, ERR_FAIL, "-c prints a number: no -n, -r, -o, -F, --fields or --seq");
	if (a->facet.n > 0 && chosen)
		return err_set(e, ERR_FAIL, "-F prints values and counts: no -r, --fields or --seq");
	if (a->facet.n > 0 && !is(format, "table") && !is(format, "jsonl") && !is(format, "json") && !is(format, "csv"))
		return err_set(e, ERR_FAIL, "-F prints table, jsonl, json or csv");
	if (a->first_seen && (a->facet.n == 0 || a->input.n > 0))
		return err_set(e, ERR_FAIL, "--first-seen belongs to -F, over the store");
	if (a->seq && a->input.n > 0)
		return err_set(e, ERR_FAIL, "--seq: lines of -i have no number in a store");
	if (dialect_check(&a->dialect, a->count ? "" : format, a->fields.n > 0, e) != 0)
		return -1;
	return check_follow(a, format, e) < 0 ? -1 : check_cursor(a, e);
}
