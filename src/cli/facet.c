/*
 * facet: values and their counts (see facet.h).
 *
 * In: the store, or JSON lines (-i).   Out: the values, most frequent first.
 */
#include "cli/facet.h"

#include <stdlib.h>

static int
count(struct facet *f, struct tally *t, struct err *e)
{
	const struct facet_render *look = &f->look;

	if (f->st != NULL)
		return query_facet(f->st, f->opts, look->field, look->fields, t, &f->stats, e);
	return query_facet_lines((const char *const *)f->input->item, f->input->n, f->opts, look->field, look->fields, t,
	    &f->stats, &f->faulty, e);
}

/* ---- what is new ---- */

/* The same question about the time before its window. */
static struct filter *
filter_before(const struct facet *f, struct err *e)
{
	struct filter_args args = *f->first_seen;
	struct filter *before = NULL;
	char until[TIME_TEXT_LEN + 1] = "";

	if (f->opts->filter->since == TIME_MIN || args.by != NULL) {
		err_set(e, ERR_FAIL, "--first-seen needs to know since when (--since, --last), by event time");
		return NULL;
	}
	time_format(until, f->opts->filter->since);
	args.since = args.last = args.around = args.window = NULL;
	args.until = until;
	if (cli_filter(f->program, f->common, &args, NULL, f->opts->now, &before, e) != 0)
		return NULL;
	/* Nothing was there before the first instant that --where or -Q lets through. */
	if (before->since == TIME_MIN)
		return before;
	err_set(e, ERR_FAIL, "--first-seen: since when is for --since or --last to say, not for --where or -Q");
	filter_free(before);
	return NULL;
}

static int
count_before(const struct facet *f, const struct filter *before, struct tally *t, struct err *e)
{
	struct query_options opts = *f->opts;
	struct query_stats stats;
	bool covered = true;

	opts.filter = before;
	if (query_facet(f->st, &opts, f->look.field, f->look.fields, t, &stats, e) != 0 ||
	    query_covered(f->st, before, &covered, e) != 0)
		return -1;
	if (!covered)
		cli_note(f->program, f->common,
		    "part of the time before was pruned: what is said to be new may have been there then");
	return 0;
}

/* ---- all of it ---- */

static int
parse_fields(struct facet *f, struct selector **fields, struct arena *names, struct err *e)
{
	if (cli_selectors("facet", f->names, names, fields, &f->look.fields, e) != 0)
		return -1;
	if (f->look.fields > SUMMARY_BY_MAX)
		return err_set(e, ERR_FAIL, "-F: more than %d fields", SUMMARY_BY_MAX);
	f->look.field = *fields;
	return 0;
}

int
facet_print(struct facet *f, struct outstream *out, struct err *e)
{
	struct tally *values = tally_new(), *known = tally_new(), *fresh = NULL;
	struct selector *fields = NULL;
	struct filter *before = NULL;
	struct arena names = { 0 };
	int rc = -1;

	if (parse_fields(f, &fields, &names, e) != 0 ||
	    (f->first_seen != NULL && (before = filter_before(f, e)) == NULL) || count(f, values, e) != 0 ||
	    (before != NULL && count_before(f, before, known, e) != 0))
		goto out;
	fresh = tally_without(values, known);
	f->values = tally_size(fresh);
	rc = render_facet(fresh, &f->look, out, e);
out:
	tally_free(values);
	tally_free(known);
	tally_free(fresh);
	filter_free(before);
	free(fields);
	arena_fini(&names);
	f->look.field = NULL;
	return rc;
}
