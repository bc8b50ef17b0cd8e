/*
 * auditd-ingest: events into the store.
 *
 * In: logs from files and standard input, JSON lines from clients of a socket,
 * the quarantine.   Out: stored events, a receipt.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/stream.h"
#include "cli/cli.h"
#include "cli/drop.h"
#include "cli/evidence.h"
#include "cli/from.h"
#include "cli/omprog.h"
#include "cli/receipt.h"
#include "cli/sandbox.h"
#include "cli/serving.h"
#include "ingest/ingest.h"
#include "render/render.h"

/* More threads than these find nothing to do: one program thread appends. */
#define THREADS_MAX 4

struct args {
	struct common_args common;
	char *source, *tenant, *receipt;
	char *from, *drop, *listen, *group, *on_full, *ack;
	struct str_list redact, no_redact, allow_uid;
	bool strict, assume_now, restore, dry_run, explain, follow, replay;
};

#define ARG(member) offsetof(struct args, member)

static const struct opt options[] = {
	{ 0, NULL, OPT_HEADING, 0, NULL, "Input", VALUE_ANY, NULL },
	{ 0, "source", OPT_STRING, ARG(source), "NAME",
	    "the log of events that name none (else the file's name)", VALUE_ANY, NULL },
	{ 0, "tenant", OPT_STRING, ARG(tenant), "NAME", "the tenant of events that name none", VALUE_ANY, NULL },
	{ 0, "assume-now", OPT_FLAG, ARG(assume_now), NULL,
	    "events without a time happen now, instead of being refused", VALUE_ANY, NULL },
	{ 0, "strict", OPT_FLAG, ARG(strict), NULL,
	    "stop at a line that is no event; a file is checked whole before any of it is stored",
	    VALUE_ANY, NULL },
	{ 0, "from", OPT_STRING, ARG(from), "FORMAT",
	    "what the input is: jsonl (the default), auditd, a mapping's name or file, auto", VALUE_FROM, NULL },
	{ 0, "drop", OPT_STRING, ARG(drop), "EXPR",
	    "leave out and count the events that EXPR matches (audit-filters(7))", VALUE_ANY, NULL },
	{ 0, "follow", OPT_FLAG, ARG(follow), NULL,
	    "go on reading the files as they grow and are rotated", VALUE_ANY, NULL },
	{ 0, "replay-quarantine", OPT_FLAG, ARG(replay), NULL,
	    "try again what was refused; what is stored now leaves the quarantine", VALUE_ANY, NULL },
	{ 0, "restore", OPT_FLAG, ARG(restore), NULL,
	    "take exports back, with their manifests beside them: the toolkit's own records too", VALUE_ANY, NULL },
	{ 0, "redact", OPT_LIST, ARG(redact), "FILE.yaml",
	    "hide secrets by these rules too (audit-redaction(7))", VALUE_FILE, NULL },
	{ 0, "no-redact", OPT_LIST, ARG(no_redact), "RULE",
	    "do not hide what this rule finds; all: hide nothing", VALUE_RULE, NULL },
	{ 0, NULL, OPT_HEADING, 0, NULL, "Service", VALUE_ANY, NULL },
	{ 0, "listen", OPT_STRING, ARG(listen), "PATH",
	    "take events from a socket, each acknowledged once it is stored", VALUE_FILE, NULL },
	{ 0, "allow-uid", OPT_LIST, ARG(allow_uid), "USER",
	    "who may connect, a name or number (else whoever the socket's mode lets)", VALUE_ANY, NULL },
	{ 0, "group", OPT_STRING, ARG(group), "NAME", "the group of the socket", VALUE_ANY, NULL },
	{ 0, "ack", OPT_STRING, ARG(ack), "PROTOCOL",
	    "answer each line of standard input once it is stored: omprog (rsyslog)", VALUE_ACK, NULL },
	{ 0, "on-full", OPT_STRING, ARG(on_full), "WHAT",
	    "when the disk is full: wait (the default) until there is room, or exit", VALUE_FULL, NULL },
	{ 0, NULL, OPT_HEADING, 0, NULL, "Output", VALUE_ANY, NULL },
	{ 0, "dry-run", OPT_FLAG, ARG(dry_run), NULL,
	    "print the events as they would be stored, and store nothing", VALUE_ANY, NULL },
	{ 0, "explain", OPT_FLAG, ARG(explain), NULL,
	    "say where each field of the first event comes from, and store nothing", VALUE_ANY, NULL },
	{ 0, "receipt", OPT_STRING, ARG(receipt), "FILE",
	    "write the receipt to FILE as JSON instead of a line on stderr", VALUE_FILE, NULL },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_common },
	OPT_TABLE_END
};

static const struct program program = {
	.name = "auditd-ingest",
	.usage = "[OPTION...] [FILE...]",
	.purpose = "read audit events and store them",
	.examples =
	    "  auditd-ingest app.jsonl                      # again later: only what is new\n"
	    "  auditd-ingest --source app logs/*.jsonl.gz   # several, compressed ones too\n"
	    "  producer | auditd-ingest --source app        # committed within 50 ms\n"
	    "  auditd-ingest --dry-run app.jsonl            # see what would be stored\n"
	    "  auditd-ingest --from cloudtrail trail/*.gz   # another product's log\n"
	    "  auditd-ingest --from auditd --follow /var/log/audit/audit.log\n"
	    "  auditd-ingest --restore archive/*.jsonl.zst  # what a prune archived\n",
	.table = options,
	.common_offset = ARG(common),
	.operand = VALUE_FILE,
};

/* ---- What does not go together ---- */

enum { LISTEN, REPLAY, FOLLOW, RESTORE, STRICT, FROM, DRY_RUN, EXPLAIN, ACK, OPERAND, CHOICES };

#define BIT(choice) (1u << (choice))

static const char *const choice_name[CHOICES] = {
	[LISTEN] = "--listen", [REPLAY] = "--replay-quarantine", [FOLLOW] = "--follow", [RESTORE] = "--restore",
	[STRICT] = "--strict", [FROM] = "--from", [DRY_RUN] = "--dry-run", [EXPLAIN] = "--explain", [ACK] = "--ack",
	[OPERAND] = "FILE",
};

/* Each row is said once, with the more telling option first. */
static const unsigned choice_refuses[CHOICES] = {
	/* The input is clients, who are answered. */
	[LISTEN] = BIT(REPLAY) | BIT(FOLLOW) | BIT(RESTORE) | BIT(STRICT) | BIT(DRY_RUN) | BIT(EXPLAIN) | BIT(ACK) |
	    BIT(OPERAND),
	/* The input is the store's quarantine. */
	[REPLAY] = BIT(FOLLOW) | BIT(RESTORE) | BIT(STRICT) | BIT(ACK) | BIT(OPERAND),
	/* The input has no end, and no line of it is answered. */
	[FOLLOW] = BIT(RESTORE) | BIT(STRICT) | BIT(DRY_RUN) | BIT(EXPLAIN) | BIT(ACK),
	/* The input is what the toolkit wrote. */
	[RESTORE] = BIT(FROM) | BIT(EXPLAIN),
	/* What is answered is stored. */
	[ACK] = BIT(DRY_RUN) | BIT(EXPLAIN),
};

static int
check_choices(const struct args *a, size_t files, struct err *e)
{
	const bool given[CHOICES] = {
		[LISTEN] = a->listen != NULL, [REPLAY] = a->replay, [FOLLOW] = a->follow, [RESTORE] = a->restore,
		[STRICT] = a->strict, [FROM] = a->from != NULL && strcmp(a->from, "jsonl") != 0, [DRY_RUN] = a->dry_run,
		[EXPLAIN] = a->explain, [ACK] = a->ack != NULL, [OPERAND] = files > 0,
	};

	for (int one = 0; one < CHOICES; one++)
		for (int other = 0; other < CHOICES; other++)
			if (given[one] && given[other] && (choice_refuses[one] & BIT(other)) != 0)
				return err_set(e, ERR_FAIL, "%s does not go together with %s", choice_name[one], choice_name[other]);
	if (a->listen == NULL && (a->allow_uid.n > 0 || a->group != NULL))
		return err_set(e, ERR_FAIL, "%s is for --listen", a->group != NULL ? "--group" : "--allow-uid");
	return 0;
}

/* ---- What ingest_files calls back ---- */

/* Where a dry run goes. */
struct printer {
	struct outstream *out;
	struct render *render;
	bool explain, colour;
	bool explained;
};

static int
open_printer(struct printer *p, const struct common_args *c, struct err *e)
{
	struct render_options o = { .format = "jsonl", .terminal = isatty(STDOUT_FILENO) };

	if (cli_colour(c, STDOUT_FILENO, &p->colour, e) != 0)
		return -1;
	p->out = outstream_open(NULL, e);
	p->render = p->out != NULL ? render_open(&o, p->out, e) : NULL;
	return p->render != NULL ? 0 : -1;
}

static void
close_printer(struct printer *p, struct err *e)
{
	if (p->render != NULL)
		render_close(p->render, NULL, e);
	if (p->out != NULL)
		outstream_finish(p->out, e);
}

/* With --explain no mapping made this one: there is nothing to say about it. */
static int
print_event(void *arg, const struct event *ev, struct err *e)
{
	if (((struct printer *)arg)->explain)
		return 0;
	return render_event(((struct printer *)arg)->render, ev, 0, e);
}

static int
explain_event(void *arg, const struct mapping *m, const struct event *ev, const struct mapping_reason *why,
    struct err *e)
{
	struct printer *p = arg;

	p->explained = true;
	return from_explain(p->out, m, ev, why, cli_width(STDOUT_FILENO), p->colour, e);
}

static void
show_progress(void *arg, uint64_t events, double share)
{
	progress_update(arg, events, share);
}

static void
show_behind(void *arg, uint64_t events, uint64_t bytes)
{
	progress_behind(arg, events, bytes);
}

static void
print_note(void *arg, bool detail, const char *text)
{
	if (detail)
		cli_detail(&program, arg, "%s", text);
	else
		cli_note(&program, arg, "%s", text);
}

/* ---- Main ---- */

struct work {
	struct store *st;
	struct pool *pool;
	struct redactor *redactor;
	struct filter *drop;       /* NULL: nothing is left out */
	struct outstream *receipt; /* NULL: a line on stderr */
	struct printer printer;
	struct progress progress;
	struct serving serving;    /* with --listen */
	struct ingest_receipt r;
};

/* Nothing is stored. */
static bool
is_dry(const struct args *a)
{
	return a->dry_run || a->explain;
}

static int
open_rules(const struct args *a, struct work *w, struct err *e)
{
	w->redactor = redactor_new(&(struct redact_options){
		.file = (const char *const *)a->redact.item, .files = a->redact.n,
		.off = (const char *const *)a->no_redact.item, .offs = a->no_redact.n,
	}, e);
	if (w->redactor == NULL)
		return -1;
	if (a->drop == NULL)
		return 0;
	return (w->drop = drop_new(a->drop, e)) != NULL ? 0 : -1;
}

static int
open_outputs(const struct args *a, struct work *w, struct err *e)
{
	if (a->receipt != NULL && (w->receipt = outstream_open(a->receipt, e)) == NULL)
		return -1;
	if (a->replay && (w->st = cli_store(&a->common, is_dry(a) ? STORE_READ : STORE_WRITE, e)) == NULL)
		return -1;
	if (is_dry(a)) {
		w->printer.explain = a->explain;
		return open_printer(&w->printer, &a->common, e);
	}
	if (w->st == NULL && (w->st = cli_store(&a->common, STORE_CREATE, e)) == NULL)
		return -1;
	return a->listen == NULL ? 0 : serving_open(&w->serving, &program, &a->common,
	    &(struct serving_args){ .path = a->listen, .users = &a->allow_uid, .group = a->group }, e);
}

/* The receipt is written however the run ended: what it says is committed. */
static void
close_outputs(const struct args *a, struct work *w, bool ran, struct err *e)
{
	serving_close(&w->serving);
	store_close(w->st);
	close_printer(&w->printer, e);
	if (ran && w->r.seconds > 0)
		cli_detail(&program, &a->common, "%.0f lines a second", (double)w->r.read / w->r.seconds);
	if (ran && e->code == ERR_OK && a->explain && !w->printer.explained)
		err_set(e, ERR_FAIL, "no record became an event by a mapping: nothing to explain (--from names one)");
	if (w->receipt == NULL) {
		if (ran && !a->explain && (w->r.read > 0 || e->code == ERR_OK))
			receipt_tell(&program, &a->common, &w->r, a->dry_run);
	} else if (ran && receipt_write(w->receipt, &w->r, w->redactor, e) == 0)
		outstream_finish(w->receipt, e);
	else
		outstream_abort(w->receipt);
}

static int
parse_on_full(const char *word, enum ingest_on_full *on_full, struct err *e)
{
	if (word == NULL || strcmp(word, "wait") == 0)
		*on_full = INGEST_FULL_WAIT;
	else if (strcmp(word, "exit") == 0)
		*on_full = INGEST_FULL_EXIT;
	else
		return err_set(e, ERR_FAIL, "--on-full %s: it is wait or exit", word);
	return 0;
}

/* Inputs are opened one after another, standard input that is a file once more
 * by its name; what is followed may come to be, and be renamed, at any time.
 * Mappings are read when it is known what the input is.  The receipt takes its
 * name at the end. */
static int
confine(const struct args *a, const struct work *w, const char *const *path, size_t n, struct err *e)
{
	struct sandbox s = { .profile = SANDBOX_INGEST };

	for (size_t i = 0; i < n; i++) {
		bool is_stdin = strcmp(path[i], "-") == 0;

		if (sandbox_allow(&s, is_stdin ? "/dev/stdin" : path[i], SANDBOX_READ, e) != 0 ||
		    (a->follow && !is_stdin && sandbox_allow_followed(&s, path[i], e) != 0))
			return -1;
	}
	if (sandbox_allow(&s, from_mappings(), SANDBOX_READ, e) != 0 ||
	    (a->from != NULL && sandbox_allow(&s, a->from, SANDBOX_READ, e) != 0))
		return -1;
	if (a->receipt != NULL && sandbox_allow_folder(&s, a->receipt, SANDBOX_WRITE, e) != 0)
		return -1;
	if (a->listen != NULL && serving_allow(&w->serving, &s, e) != 0)
		return -1;
	return cli_sandbox(&program, &a->common, w->st, &s, e);
}

static void
take_input(const struct args *a, struct work *w, const char *const *path, size_t n, const struct ingest_options *o,
    struct err *e)
{
	if (a->listen != NULL)
		serving_run(&w->serving, w->st, w->pool, o, &w->r, e);
	else if (a->replay)
		ingest_replay(w->st, is_dry(a), w->pool, o, &w->r, e);
	else if (a->ack == NULL || omprog_ready(e) == 0)
		ingest_files(w->st, w->pool, path, n, o, &w->r, e);
}

/* Returns 0, or the status of a run that refused some of its input. */
static int
ingest(const struct args *a, const char *const *path, size_t n, struct err *e)
{
	struct work w = { 0 };
	struct ingest_options o = {
		.source = a->source, .tenant = a->tenant,
		.assume_now = a->assume_now, .strict = a->strict,
		.from = a->from, .mappings = from_mappings(),
		.dry_run = print_event, .explain = a->explain ? explain_event : NULL, .arg = &w.printer,
		.stop = cli_interrupted,
		.follow = a->follow,
		.progress = a->follow ? NULL : show_progress, .behind = show_behind, .progress_arg = &w.progress,
		.note = print_note, .note_arg = (void *)(uintptr_t)&a->common,
	};
	struct str_list restored = { 0 };
	bool ran = false;

	if (parse_on_full(a->on_full, &o.on_full, e) != 0 || open_rules(a, &w, e) != 0)
		goto out;
	o.redactor = w.redactor;
	if (a->ack != NULL)
		o.committed = omprog_committed;
	if (w.drop != NULL)
		drop_by(&o, w.drop);
	if (a->restore) {
		if (evidence_restored(&restored, path, n, e) != 0)
			goto out;
		o.restored = (const char *const *)restored.item;
	}
	if (ingest_check(path, n, &o, e) == 0 && open_outputs(a, &w, e) == 0 &&
	    confine(a, &w, path, n, e) == 0) {
		unsigned threads = pool_cpus() - 1;

		w.pool = pool_new(threads < THREADS_MAX ? threads : THREADS_MAX);
		progress_start(&w.progress, &a->common, a->follow ? "following" : "ingesting");
		take_input(a, &w, path, n, &o, e);
		progress_end(&w.progress);
		pool_free(w.pool);
		ran = true;
	}
	close_outputs(a, &w, ran, e);
out:
	redactor_free(w.redactor);
	filter_free(w.drop);
	str_list_fini(&restored);
	return w.r.quarantined > 0 ? ERR_INCOMPLETE : 0;
}

/* The socket, the files, or standard input. */
static int
ingest_what(const struct args *a, const struct str_list *files, struct err *e)
{
	static const char *const standard_input[] = { "-" };
	bool is_stdin = files->n == 0 || (files->n == 1 && strcmp(files->item[0], "-") == 0);

	if (check_choices(a, files->n, e) != 0 || omprog_check(a->ack, files, e) != 0)
		return 0;
	/* auditd(8) passes its own on to its plugins. */
	if (a->from != NULL && strcmp(a->from, "auditd") == 0 && is_stdin)
		signal(SIGHUP, SIG_IGN);
	if (a->listen != NULL || a->replay || files->n > 0)
		return ingest(a, (const char *const *)files->item, files->n, e);
	if (!isatty(STDIN_FILENO))
		return ingest(a, standard_input, 1, e);
	err_set(e, ERR_FAIL, "no FILE, and standard input is a terminal (- reads it all the same)");
	return 0;
}

int
main(int argc, char *argv[])
{
	struct args a = { 0 };
	struct str_list files = { 0 };
	struct err e = ERR_NONE;
	int status = cli_start(&program, argc, argv, &a, &files);

	if (status < 0)
		status = cli_finish(&program, &e, ingest_what(&a, &files, &e));
	str_list_fini(&files);
	opt_fini(options, &a);
	return status;
}
