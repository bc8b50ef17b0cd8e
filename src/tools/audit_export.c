/*
 * audit-export: write events as evidence, and record that it was done.
 *
 * The intent is committed before the first byte is written and the outcome
 * after the last one: an intent without an outcome is an export that was cut
 * short.  The export is of the log as it was at the intent, its proof for the
 * last checkpoint before.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/runs.h"
#include "cli/cli.h"
#include "cli/cursor.h"
#include "cli/dialect.h"
#include "cli/export_args.h"
#include "cli/export_events.h"
#include "cli/export_place.h"
#include "cli/export_record.h"
#include "cli/limits.h"
#include "cli/pack.h"
#include "cli/sandbox.h"
#include "query/query.h"
#include "render/render.h"

/* No export goes unrecorded. */
#define UNRECORDED "an export that cannot be recorded"

static const char *const formats[] = { "jsonl", "json", "csv", "ocsf", "ecs", "cef", "leef", "syslog", NULL };

static const struct program program = {
	.name = "audit-export",
	.usage = "[OPTION...] [FIELD=VALUE | FIELD!=VALUE | FIELD~REGEX]...",
	.purpose = "write audit events as evidence files",
	.examples =
	    "  audit-export --since 2026-01 --until 2026-03 -o csv -O q1.csv\n"
	    "  audit-export --actor alice@acme.example -O alice.jsonl.zst\n"
	    "  audit-export --since 2026-01 -O q1.jsonl.zst --proof --manifest\n"
	    "  audit-export --cursor-file app.cursor -O new.jsonl  # since last time\n"
	    "  audit-export --since 2026 --split 64MiB -O 2026.jsonl.zst  # in parts\n"
	    "  audit-export --since 2026-07 --evidence soc2:CC7.2 -O cc72.tar.zst\n"
	    "  audit-export -o json --nested -O /srv/evidence/  # a new file in the folder\n",
	.table = export_options,
	.common_offset = offsetof(struct export_args, common),
	.operand = VALUE_FIELD,
	.formats = formats,
};

/* An export being made. */
struct export {
	const struct export_args *args;
	struct operator_info who;
	const char *format;
	struct filter *filter;
	struct buf expression; /* the filter as text, with NUL */
	struct selector *fields; /* NULL: all */
	size_t n_fields;
	struct arena names;    /* of fields */
	struct render_options look;
	struct dialect_map *map;
	int64_t now;           /* what relative times of the filter mean */
	bool resumed;          /* after is where the last export ended */
	struct query_cursor after, reached;
	char *path;            /* NULL: stdout */
	struct config config;
	struct limits limits;
	struct store *st;
	struct query_stats stats;
	uint64_t size;         /* events of the log at the intent */
	struct export_record record;
	bool refused;          /* by a limit, and that is on record */
	char at[TIME_TEXT_LEN + 1];
	struct export_events events; /* that were written */
	struct export_split split;
	struct export_files files;
	struct store *proven;  /* the store once more: proofs of parts are made while st is read */
	struct pack pack;      /* with --evidence */
};

/* ---- What is recorded ---- */

/* The log as it is now is what is exported; how many that is, by tenants. */
static int
take_size(struct export *x, struct pool *pool, struct err *e)
{
	struct segment_info *segments = NULL;
	struct store_view view;
	struct runs runs = { 0 };
	struct query_options qo = { .filter = x->filter, .pool = pool, .now = x->now, .go_on = cli_go_on };
	uint64_t from = x->resumed ? x->after.size : 0;
	struct str only;
	size_t n;
	int rc = store_view(x->st, &view, &segments, &n, e);

	free(segments);
	if (rc != 0)
		return -1;
	x->size = x->args->evidence ? x->pack.size : view.size;
	if (x->size > from)
		runs_add(&runs, from, x->size - from);
	runs_end(&runs);
	only = buf_view(&runs.list);
	qo.only = &only;
	rc = limits_count(&x->limits, &x->config, x->st, &qo, e);
	runs_fini(&runs);
	return rc;
}

static int
record_intent(struct export *x, struct err *e)
{
	const struct export_intent intent = { .filter = x->expression.p, .format = x->format, .path = x->path,
		.size = x->size, .incremental = x->args->cursor_file != NULL, .after = x->resumed ? x->after.size : 0,
		.limits = &x->limits };

	x->record = (struct export_record){ .st = x->st, .who = &x->who, .request = x->args->request };
	return export_record_intent(&x->record, &intent, e);
}

static int
record_outcome(struct export *x, const struct err *failed, struct err *e)
{
	const struct export_outcome outcome = { .count = x->events.count, .first = x->events.first,
		.last = x->events.last, .files = &x->files, .failed = failed };

	return export_record_outcome(&x->record, &outcome, e);
}

/* ---- The events between them ---- */

static int
write_events(struct export *x, struct query *q, struct render *r, bool texts, struct export_events *events,
    struct err *e)
{
	struct progress progress;
	int rc;

	progress_start(&progress, &x->args->common, "exporting");
	rc = export_events_write(events, q, r, texts, &progress, e);
	progress_end(&progress);
	query_stats(q, &x->stats);
	return rc;
}

static int
write_export(struct export *x, const char *format, bool guard, struct outstream *out, struct export_events *events,
    struct pool *pool, struct err *e)
{
	const struct export_args *a = x->args;
	struct query_options qo = { .filter = x->filter, .pool = pool, .now = x->now,
		.order = a->cursor_file ? QUERY_ARRIVAL : QUERY_OLDEST, .after = x->resumed ? &x->after : NULL,
		.go_on = cli_go_on };
	struct render_options *ro = &x->look;
	struct event_writer writer;
	struct query *q = NULL;
	struct render *r;
	int rc = -1;

	ro->format = format;
	ro->csv_bom = ro->csv_guard = guard;
	ro->exported_at = x->at;
	ro->filter = x->expression.p;
	ro->export_envelope = true;
	ro->nested = a->nested;
	ro->fields = x->fields;
	ro->n_fields = x->n_fields;
	ro->terminal = !x->path && isatty(STDOUT_FILENO);
	r = render_open(ro, out, e);
	if (r && render_in_pieces(r, &writer))
		qo.text = &writer;
	if (r && (q = query_open(x->st, &qo, e)) != NULL)
		rc = write_events(x, q, r, qo.text != NULL, events, e);
	if (rc == 0 && a->cursor_file)
		query_cursor(q, &x->reached);
	query_close(q);
	if (rc == 0)
		rc = render_close(r, NULL, e);
	else
		render_abort(r);
	return rc;
}

/* The next export begins where this one's log ended, and not where the log
 * was when it was read: what came in between is not in this one. */
static int
leave_cursor(struct export *x, struct err *e)
{
	x->reached.size = x->size;
	x->reached.begun = x->reached.begun && x->reached.seq < x->size;
	return cursor_file_write(x->args->cursor_file, &x->reached, e);
}

static int
write_manifest(struct export *x, struct err *e)
{
	struct evidence_manifest m = { .program = program.name,
		.created = x->args->evidence ? x->pack.at : time_now(), .since = x->filter->since,
		.until = x->filter->until, .count = x->events.count, .first = x->events.first,
		.last = x->events.last, .size = x->size, .filter = str_of(x->expression.p) };

	return export_files_manifest(&x->files, &m, e);
}

/* The events of a pack a second time, for people. */
static int
write_table(struct export *x, struct pool *pool, struct err *e)
{
	struct outstream *out = outstream_open(x->pack.path[PACK_TABLE].p, e);
	struct export_events again = { .size = x->size };
	int rc;

	if (out == NULL)
		return -1;
	rc = write_export(x, "csv", true, out, &again, pool, e);
	if (rc == 0)
		return outstream_finish(out, e);
	outstream_abort(out);
	return -1;
}

/* What the pack says beside the events, and the archive of it all. */
static int
finish_pack(struct export *x, struct pool *pool, struct err *e)
{
	const struct verify_options verify = { .pool = pool, .go_on = cli_go_on };
	struct runs runs = { 0 };
	struct str only;
	struct query_options qo = { .filter = x->filter, .pool = pool, .now = x->now, .go_on = cli_go_on };
	struct pack_source from = { .st = x->st, .config = &x->config, .filter = x->filter,
		.expression = x->expression.p, .zone = x->args->common.tz, .query = &qo, .count = x->events.count,
		.verify = &verify };
	int rc;

	runs_add(&runs, 0, x->size);
	runs_end(&runs);
	only = buf_view(&runs.list);
	qo.only = &only;
	rc = write_table(x, pool, e) == 0 ? pack_finish(&x->pack, &from, x->path, e) : -1;
	runs_fini(&runs);
	if (rc != 0)
		return -1;
	/* What the record is of is the pack, and not the files in it. */
	return evidence_file(x->path, &x->files.part[0].file[0], e);
}

/* All that comes between the two records. */
static int
write_files(struct export *x, struct pool *pool, struct err *e)
{
	struct export_files *f = &x->files;
	bool guard = x->path ? !x->args->csv_raw : x->args->csv_safe;

	if (x->args->evidence) {
		if (pack_begin(&x->pack, x->path, e) != 0)
			return -1;
		f->path = x->pack.path[PACK_EVENTS].p;
	}
	x->events = (struct export_events){ .size = x->size, .files = f };
	if (export_files_open(f, x->proven ? x->proven : x->st, x->size, e) != 0 ||
	    write_export(x, x->format, guard, f->out, &x->events, pool, e) != 0)
		return -1;
	if (export_files_finish(f, e) != 0 || (f->manifest && write_manifest(x, e) != 0))
		return -1;
	if (x->args->evidence)
		return finish_pack(x, pool, e);
	return x->args->cursor_file ? leave_cursor(x, e) : 0;
}

static int
check_limits(struct export *x, struct err *e)
{
	const struct limited *over;
	struct err unrecorded = ERR_NONE;

	if (limits_check(&x->limits, x->st, x->record.seq, &over, e) != 0)
		return -1;
	if (over == NULL)
		return 0;
	/* When this record fails, the intent counts: the limit holds all the same. */
	x->refused = true;
	export_record_refused(&x->record, over, &unrecorded);
	err_set(e, ERR_REFUSED, "no more than %" PRIu64 " rows a day may be exported: today (UTC) there were %" PRIu64
	    ", this export has %" PRIu64, over->limit, over->used, over->asked);
	if (over->tenant.len == 0)
		return err_doing(e, "events without a tenant");
	return err_doing(e, "tenant '%.*s'", over->tenant.len < 80 ? (int)over->tenant.len : 80, over->tenant.p);
}

static int
export(struct export *x, struct pool *pool, struct err *e)
{
	struct err after = ERR_NONE;

	if (take_size(x, pool, e) != 0)
		return -1;
	if (record_intent(x, e) != 0) {
		if (e->code == ERR_FAIL)
			e->code = ERR_REFUSED;
		return err_doing(e, UNRECORDED " is refused");
	}
	if (check_limits(x, e) == 0)
		write_files(x, pool, e);
	if (!x->refused && record_outcome(x, e, &after) != 0 && e->code == ERR_OK) {
		*e = after;
		err_doing(e, "the export is complete, but recording so failed");
	}
	return e->code == ERR_OK ? 0 : -1;
}

/* The events of a control, at the time of the last checkpoint. */
static int
prepare_pack(struct export *x, struct filter_args *filter, struct str_list *where, struct err *e)
{
	const struct export_args *a = x->args;

	if (pack_open(&x->pack, a->evidence, a->out, x->st, e) != 0)
		return -1;
	x->now = x->pack.at;
	x->path = export_destination(a->out, x->at, x->format);
	if (pack_ending(x->path) == NULL)
		return err_set(e, ERR_FAIL, "-O %.200s: is a folder, an evidence pack is a file", a->out);
	for (size_t i = 0; i < filter->where.n; i++)
		str_list_add(where, filter->where.item[i], strlen(filter->where.item[i]));
	str_list_add(where, x->pack.control.where, strlen(x->pack.control.where));
	filter->where = *where;
	return 0;
}

static int
open_store(struct export *x, struct err *e)
{
	if (cli_config(&x->args->common, &x->config, e) != 0)
		return -1;
	x->st = cli_store_record_by(&x->args->common, &x->config, UNRECORDED, e);
	return x->st ? 0 : -1;
}

/* The filter: 0, or as cli_filter has it. */
static int
select_events(struct export *x, struct err *e)
{
	const struct export_args *a = x->args;
	struct filter_args filter = a->filter;
	struct str_list where = { 0 };
	int rc = 0;

	if (a->evidence && !a->common.list_saved && !a->common.delete_saved &&
	    (open_store(x, e) != 0 || prepare_pack(x, &filter, &where, e) != 0))
		rc = -1;
	if (rc == 0)
		rc = cli_filter(&program, &a->common, &filter, a->output, x->now, &x->filter, e);
	str_list_fini(&where);
	return rc;
}

/* Everything that can be wrong before anything is recorded.  0 to go on, 1:
 * done, -1. */
static int
prepare(struct export *x, struct err *e)
{
	const struct export_args *a = x->args;
	bool to_stdout = !a->out || strcmp(a->out, "-") == 0;
	const char *asked = a->output == NULL && !to_stdout ? export_format_of_name(a->out, formats) : a->output;
	int rc;

	/* --list-saved has formats of its own. */
	if (!a->common.list_saved && ((x->format = cli_format(&program, asked, true, e)) == NULL ||
	    export_args_check(a, x->format, to_stdout, &x->split, e) != 0 ||
	    cli_selectors("fields", &a->fields, &x->names, &x->fields, &x->n_fields, e) != 0))
		return -1;
	x->look.format = x->format;
	if (x->format != NULL && dialect_options(&a->dialect, &a->common, &x->look, &x->map, e) != 0)
		return -1;
	if (a->cursor_file && cursor_file_read(a->cursor_file, &x->after, &x->resumed, e) != 0)
		return -1;
	/* The same window each time, whatever "-7d" means by now. */
	if (x->resumed)
		x->now = x->after.now;
	if ((rc = select_events(x, e)) != 0)
		return rc;
	if (x->st == NULL && open_store(x, e) != 0)
		return -1;
	if (x->resumed && query_cursor_check(&x->after, x->st, x->filter, QUERY_ARRIVAL, e) != 0)
		return err_doing(e, "--cursor-file %s", a->cursor_file);
	if (!to_stdout && x->path == NULL)
		x->path = export_destination(a->out, x->at, x->format);
	x->files = (struct export_files){ .path = x->path, .proof = a->proof || a->evidence, .split = x->split,
		.manifest = a->manifest || a->evidence || a->split };
	if (export_files_check(&x->files, x->st, e) != 0)
		return -1;
	if (a->split && a->proof && (x->proven = store_open(store_path(x->st), STORE_READ, e)) == NULL)
		return -1;
	filter_format(&x->expression, x->filter);
	buf_byte(&x->expression, '\0');
	return 0;
}

static int
confine(const struct export *x, struct err *e)
{
	struct sandbox s = { .profile = SANDBOX_WRITER };

	if ((x->path != NULL && sandbox_allow_folder(&s, x->path, SANDBOX_WRITE, e) != 0) ||
	    (x->args->cursor_file != NULL && sandbox_allow_folder(&s, x->args->cursor_file, SANDBOX_WRITE, e) != 0))
		return -1;
	return cli_sandbox(&program, &x->args->common, x->st, &s, e);
}

static void
run(const struct export_args *a, struct err *e)
{
	int64_t started = time_now();
	struct export x = { .args = a, .now = started };
	struct pool *pool = NULL;

	time_format(x.at, started);
	cli_operator(&x.who);
	if (prepare(&x, e) != 0 || confine(&x, e) != 0)
		goto out;
	pool = pool_new(pool_cpus() - 1);
	if (export(&x, pool, e) == 0) {
		bool covered = true;

		cli_query_detail(&program, &a->common, x.filter, &x.stats, started);
		if (query_covered(x.st, x.filter, &covered, e) == 0 && !covered)
			cli_note(&program, &a->common, CLI_PRUNED);
		if (a->split)
			cli_note(&program, &a->common, "%s: %zu %s, %" PRIu64 " events", x.path, x.files.parts,
			    x.files.parts == 1 ? "part" : "parts", x.events.count);
		else if (x.path)
			cli_note(&program, &a->common, "%s: %" PRIu64 " events", x.path, x.events.count);
		if (x.files.erased > 0)
			cli_note(&program, &a->common, "%" PRIu64 " of %" PRIu64 " events were changed by an erasure: the proof "
			    "shows their place, not what they were", x.files.erased, x.events.count);
		if (x.files.beyond > 0 && e->code == ERR_OK)
			err_set(e, ERR_INCOMPLETE, "%" PRIu64 " of %" PRIu64 " events are not proved: they came after "
			    "the last checkpoint, of %" PRIu64, x.files.beyond, x.events.count, x.files.signed_size);
	}
out:
	export_files_fini(&x.files);
	pack_fini(&x.pack);
	limits_fini(&x.limits);
	config_fini(&x.config);
	store_close(x.proven);
	store_close(x.st);
	pool_free(pool);
	filter_free(x.filter);
	dialect_map_free(x.map);
	buf_fini(&x.expression);
	free(x.fields);
	arena_fini(&x.names);
	free(x.path);
}

int
main(int argc, char *argv[])
{
	struct export_args a = { 0 };
	struct err e = ERR_NONE;
	int status = cli_start(&program, argc, argv, &a, &a.filter.expr);

	if (status < 0) {
		run(&a, &e);
		status = cli_finish(&program, &e, 0);
	}
	opt_fini(export_options, &a);
	str_list_fini(&a.filter.expr);
	return status;
}
