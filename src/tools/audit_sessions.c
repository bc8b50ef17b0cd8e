/*
 * audit-sessions: who is signed in, as the log tells it; and revocations.
 *
 * In: the store.   Out: sessions; or records of revocations, and the hook run.
 */
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/config.h"
#include "cli/sandbox.h"
#include "cli/session_revoke.h"
#include "cli/session_show.h"

#define REFUSED "a revocation that cannot be recorded"
#define NEAR_MAX 1000 /* names that a mistyped one is compared with */

struct args {
	struct common_args common;
	struct filter_args filter;
	struct str_list user, revoke;
	uint64_t limit;
	bool all, retry, dry_run;
	char *output, *idle, *revoke_all_for, *reason;
};

#define ARG(member) offsetof(struct args, member)
#define INCLUDE(offset, rows) { 0, NULL, OPT_INCLUDE, (offset), NULL, NULL, VALUE_ANY, (rows) }

static const struct opt options[] = {
	{ 0, NULL, OPT_HEADING, 0, NULL, "Which sessions", VALUE_ANY, NULL },
	{ 0, "user", OPT_LIST, ARG(user), "WHO", "of this user: id, e-mail or name", VALUE_ANY, NULL },
	{ 0, "idle", OPT_STRING, ARG(idle), "SPAN", "without activity for SPAN, such as 30m", VALUE_ANY, NULL },
	{ 0, "all", OPT_FLAG, ARG(all), NULL, "those that are over, too", VALUE_ANY, NULL },
	{ 'n', "limit", OPT_COUNT, ARG(limit), "N", "at most N, those used last", VALUE_ANY, NULL },
	{ 0, NULL, OPT_HEADING, 0, NULL, "Revoking", VALUE_ANY, NULL },
	{ 0, "revoke", OPT_LIST, ARG(revoke), "ID", "revoke the session with this id", VALUE_ANY, NULL },
	{ 0, "revoke-all-for", OPT_STRING, ARG(revoke_all_for), "USER",
	    "revoke all sessions of this user that are in use", VALUE_ANY, NULL },
	{ 0, "reason", OPT_STRING, ARG(reason), "TEXT", "why, for the record and the application", VALUE_ANY, NULL },
	{ 0, "dry-run", OPT_FLAG, ARG(dry_run), NULL, "only list the sessions that would be revoked", VALUE_ANY, NULL },
	{ 0, "retry", OPT_FLAG, ARG(retry), NULL,
	    "tell the application of the revocations that it was not told of", VALUE_ANY, NULL },
	{ 0, NULL, OPT_HEADING, 0, NULL, "Output", VALUE_ANY, NULL },
	{ 'o', "output", OPT_STRING, ARG(output), "FORMAT",
	    "table (a terminal's default), jsonl (default otherwise), json, csv", VALUE_FORMAT, NULL },
	INCLUDE(ARG(common), opt_zone), INCLUDE(ARG(common), opt_colour), INCLUDE(ARG(common), opt_pager),
	{ 0, NULL, OPT_HEADING, 0, NULL, "Sessions with an event that matches all of these", VALUE_ANY, NULL },
	INCLUDE(ARG(filter), opt_filter), INCLUDE(ARG(common), opt_saved), INCLUDE(ARG(common), opt_common), OPT_TABLE_END
};

static const struct program program = {
	.name = "audit-sessions",
	.usage = "[OPTION...] [FIELD=VALUE | FIELD!=VALUE | FIELD~REGEX]...",
	.purpose = "list who is signed in, and revoke sessions",
	.examples =
	    "  audit-sessions                  # those in use, the one used last first\n"
	    "  audit-sessions --user alice@acme.example --all\n"
	    "  audit-sessions --idle 8h --source portal -o csv\n"
	    "  audit-sessions --revoke f3a9c1 --reason 'stolen laptop'\n",
	.table = options,
	.common_offset = ARG(common),
	.operand = VALUE_FIELD,
	.formats = session_formats,
};

/* ---- What was asked ---- */

/* A question and its answer. */
struct work {
	const struct args *args;
	int64_t now;
	struct config config;
	struct session_rules rules; /* those without sessions: */
	struct filter *filter, *user;
	struct session_pick pick;
	struct session_show show;
	struct hook hook;
	struct operator_info who;
	struct store *st;
	struct pool *pool;
	struct sessions *sessions;
	struct session_list list;   /* to be listed, or revoked */
	struct query_stats stats;
	struct coverage coverage;
};

static bool
revokes(const struct args *a)
{
	return a->revoke.n > 0 || a->revoke_all_for != NULL;
}

static int
check_args(const struct args *a, struct err *e)
{
	int kinds = (a->revoke.n > 0) + (a->revoke_all_for != NULL) + a->retry;

	if (kinds > 1)
		return err_set(e, ERR_FAIL, "--revoke, --revoke-all-for and --retry: one of them at a time");
	if (a->reason && !revokes(a))
		return err_set(e, ERR_FAIL, "--reason belongs to --revoke and --revoke-all-for");
	if (a->dry_run && !revokes(a))
		return err_set(e, ERR_FAIL, "--dry-run belongs to --revoke and --revoke-all-for");
	if (kinds > 0 && (a->user.n > 0 || a->all || a->idle || a->limit > 0))
		return err_set(e, ERR_FAIL, "--user, --all, --idle and -n are for the list of sessions");
	return 0;
}

/* The users as a filter over who acts. */
static int
make_user(struct work *w, struct err *e)
{
	const struct args *a = w->args;
	struct filter_args who = { 0 };
	struct buf one = { 0 };

	if (a->user.n == 0 && !a->revoke_all_for)
		return 0;
	for (size_t i = 0; i < a->user.n; i++)
		str_list_add(&who.actor, a->user.item[i], strlen(a->user.item[i]));
	if (a->revoke_all_for) {
		filter_literal(&one, a->revoke_all_for);
		str_list_add(&who.actor, buf_view(&one).p, one.len);
	}
	w->user = filter_build(&who, w->now, e);
	filter_args_fini(&who);
	buf_fini(&one);
	return w->user != NULL ? 0 : err_doing(e, a->revoke_all_for ? "--revoke-all-for" : "--user");
}

static int
make_pick(struct work *w, struct err *e)
{
	const struct args *a = w->args;

	w->pick = (struct session_pick){ .all = a->all, .user = w->user, .now = w->now,
		.scratch = filter_scratch_new() };
	if (a->idle && duration_parse(a->idle, &w->pick.unused, e) != 0)
		return err_doing(e, "--idle");
	if (a->idle && w->pick.unused < TIME_SECOND)
		return err_set(e, ERR_FAIL, "--idle %s: at least 1s", a->idle);
	return 0;
}

static int
make_look(struct work *w, struct err *e)
{
	const struct args *a = w->args;
	struct session_show *s = &w->show;

	*s = (struct session_show){ .now = w->now, .width = cli_width(STDOUT_FILENO),
		.terminal = cli_terminal(STDOUT_FILENO) };
	s->format = cli_format(&program, a->output, s->terminal, e);
	return s->format ? cli_colour(&a->common, STDOUT_FILENO, &s->colour, e) : -1;
}

static const struct session_rules *
rules_of(const struct work *w)
{
	return w->config.sessions ? &w->config.sessions->rules : &w->rules;
}

/* All that does not need the store. */
static int
prepare(struct work *w, struct err *e)
{
	const struct args *a = w->args;
	const struct config_sessions *s;

	session_rules_default(&w->rules);
	if (check_args(a, e) != 0 || cli_config(&a->common, &w->config, e) != 0 || make_user(w, e) != 0 ||
	    make_pick(w, e) != 0 || make_look(w, e) != 0 ||
	    cli_filter(&program, &a->common, &a->filter, a->output, w->now, &w->filter, e) != 0)
		return -1;
	s = w->config.sessions;
	/* It shares nothing with the hook: the store is not open yet. */
	if (s && !a->dry_run && (revokes(a) || a->retry))
		return hook_open(&w->hook, &s->hook.command, s->hook.limit, HOOK_KEEP, e);
	return 0;
}

/* Before threads are made. */
static int
enter(struct work *w, enum sandbox_profile profile, struct err *e)
{
	struct sandbox s = { .profile = profile };

	return cli_sandbox(&program, &w->args->common, w->st, &s, e);
}

static int
find(struct work *w, struct err *e)
{
	struct query_options o = { .filter = w->filter, .now = w->now, .go_on = cli_go_on };

	o.pool = w->pool = pool_new(pool_cpus() - 1);
	return sessions_find(w->st, &o, rules_of(w), &w->sessions, &w->stats, e);
}

/* ---- Listing ---- */

static int
print_sessions(void *work, struct outstream *out, struct err *e)
{
	struct work *w = work;

	return session_show(w->sessions, &w->list, &w->show, out, e);
}

/* Revocations that the application does not know of are no revocations. */
static void
tell_untold(struct work *w, struct err *e)
{
	size_t n;

	if (w->config.sessions == NULL || w->config.sessions->hook.command.n == 0 || session_untold(w->st, &n, e) != 0)
		return;
	if (n > 0)
		cli_note(&program, &w->args->common, "%zu revocation%s the application was not told of: --retry", n,
		    n == 1 ? " that" : "s that");
}

static void
run_list(struct work *w, struct err *e)
{
	const struct common_args *c = &w->args->common;
	const struct query_options o = { .filter = w->filter, .now = w->now };

	if ((w->st = cli_store_read(&program, c, w->filter, e)) == NULL)
		return;
	if (w->show.format == session_formats[0])
		cli_pager(&program, c);
	if (enter(w, SANDBOX_READER, e) != 0 || find(w, e) != 0)
		return;
	session_list_pick(&w->list, w->sessions, &w->pick, w->args->limit);
	if (cli_print(print_sessions, w, e) != 0 || cli_coverage(c, w->st, &o, false, &w->coverage, e) != 0)
		return;
	cli_query_detail(&program, c, w->filter, &w->stats, w->now);
	cli_coverage_words(&program, c, &w->coverage);
	if (!w->coverage.complete && w->list.n == 0)
		err_set(e, ERR_INCOMPLETE, CLI_NOTHING_PRUNED);
	else if (!w->coverage.complete)
		cli_note(&program, c, CLI_PRUNED);
	else if (w->list.n == 0)
		cli_note(&program, c, w->args->all ? "no session is known" : "no session is in use");
	tell_untold(w, e);
}

/* ---- Revoking ---- */

/* The nearest of the ids or users that are known. */
static int
unknown(const struct work *w, const char *option, const char *word, bool user, struct err *e)
{
	struct str_list names = { 0 };
	struct session s;
	const char *near;

	for (size_t i = 0; i < sessions_count(w->sessions) && names.n < NEAR_MAX; i++) {
		struct str name;

		sessions_get(w->sessions, i, &s);
		name = user ? session_user(&s) : s.id;
		if (name.len > 0)
			str_list_add(&names, name.p, name.len);
	}
	near = nearest_name(word, (const char *const *)names.item, names.n);
	err_set(e, ERR_FAIL, "--%s %s: no session %s%s%s%s", option, word, user ? "of this user is known" : "has this id",
	    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	str_list_fini(&names);
	return -1;
}

static bool
is_elsewhere(const struct session *a, const struct session *b)
{
	return !str_eq(a->source, b->source) || !str_eq(a->tenant, b->tenant) || !str_eq(a->host, b->host);
}

/* The newest with this id; one in another place is another's. */
static int
choose_id(struct work *w, const char *id, struct err *e)
{
	struct session s, first = { 0 };
	bool found = false;

	for (size_t i = 0; i < sessions_count(w->sessions); i++) {
		sessions_get(w->sessions, i, &s);
		if (!str_eq(s.id, str_of(id)))
			continue;
		if (found && is_elsewhere(&s, &first))
			return err_set(e, ERR_FAIL, "--revoke %s: several sessions have this id: "
			    "say which with --source, --tenant or --host", id);
		if (!found) {
			session_list_add(&w->list, i);
			first = s;
		}
		found = true;
	}
	return found ? 0 : unknown(w, "revoke", id, false, e);
}

static int
choose_user(struct work *w, struct err *e)
{
	if (session_list_pick(&w->list, w->sessions, &w->pick, 0) == 0)
		return unknown(w, "revoke-all-for", w->args->revoke_all_for, true, e);
	if (w->list.n == 0)
		cli_note(&program, &w->args->common, "no session of %s is in use", w->args->revoke_all_for);
	return 0;
}

static int
choose(struct work *w, struct err *e)
{
	for (size_t i = 0; i < w->args->revoke.n; i++)
		if (choose_id(w, w->args->revoke.item[i], e) != 0)
			return -1;
	return w->args->revoke_all_for ? choose_user(w, e) : 0;
}

/* "f3a9c1 of alice@acme.example: revoked, and the application was told". */
static void
print_revoked(const struct session *s, const struct session_revoker *v, size_t told)
{
	struct str user = session_user(s);
	struct buf line = { 0 };

	buf_str(&line, s->id);
	if (user.len > 0) {
		buf_str(&line, STR(" of "));
		buf_str(&line, user);
	}
	buf_str(&line, STR(": revoked"));
	if (v->told > told)
		buf_str(&line, STR(", and the application was told"));
	cli_print_line(buf_view(&line));
	buf_fini(&line);
}

/* What did not arrive is the program's failure: what was revoked is still in use. */
static void
judge(struct work *w, const struct session_revoker *v, struct err *e)
{
	if (v->failed > 0)
		err_set(e, ERR_FAIL, "%zu revocation%s recorded, but the application was not told (--retry): %s",
		    v->failed, v->failed == 1 ? " is" : "s are", v->why.text);
	else if (v->revoked > 0 && !hook_is_there(&w->hook))
		cli_note(&program, &w->args->common,
		    "no hook is configured (audit-toolkit.yaml(5)): the application was not told");
}

static void
revoke_chosen(struct work *w, struct err *e)
{
	struct session_revoker v = { .st = w->st, .hook = &w->hook, .who = &w->who, .reason = w->args->reason };
	bool hooked = hook_is_there(&w->hook);
	struct session s;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < w->list.n && (rc = cli_go_on(e)) == 0; i++) {
		size_t told = v.told, revoked = v.revoked;

		sessions_get(w->sessions, w->list.item[i], &s);
		rc = session_revoke(&v, &s, e);
		if (v.revoked > revoked)
			print_revoked(&s, &v, told);
	}
	if (rc == 0 || hooked)
		judge(w, &v, e);
}

static void
run_revoke(struct work *w, struct err *e)
{
	bool dry = w->args->dry_run;

	cli_operator(&w->who);
	w->st = dry ? cli_store(&w->args->common, STORE_READ, e) : cli_store_record(&w->args->common, REFUSED, e);
	if (w->st == NULL || enter(w, dry ? SANDBOX_READER : SANDBOX_WRITER, e) != 0 || find(w, e) != 0 ||
	    choose(w, e) != 0)
		return;
	if (dry)
		cli_print(print_sessions, w, e);
	else
		revoke_chosen(w, e);
}

static void
run_retry(struct work *w, struct err *e)
{
	struct session_revoker v = { .hook = &w->hook, .who = &w->who };
	struct buf line = { 0 };

	if (!hook_is_there(&w->hook)) {
		err_set(e, ERR_FAIL, "--retry: no hook is configured (sessions: of audit-toolkit.yaml(5))");
		return;
	}
	cli_operator(&w->who);
	if ((v.st = w->st = cli_store_record(&w->args->common, REFUSED, e)) == NULL ||
	    enter(w, SANDBOX_WRITER, e) != 0)
		return;
	if (session_tell_again(&v, e) == 0) {
		buf_printf(&line, "%zu told, %zu not", v.told, v.failed);
		cli_print_line(buf_view(&line));
	}
	judge(w, &v, e);
	buf_fini(&line);
}

/* ---- All of it ---- */

static void
run(const struct args *a, struct err *e)
{
	struct work w = { .args = a, .now = time_now(), .hook = HOOK_NONE };

	if (prepare(&w, e) == 0) {
		if (a->retry)
			run_retry(&w, e);
		else if (revokes(a))
			run_revoke(&w, e);
		else
			run_list(&w, e);
	}
	sessions_free(w.sessions);
	store_close(w.st);
	hook_close(&w.hook);
	pool_free(w.pool);
	free(w.list.item);
	filter_scratch_free(w.pick.scratch);
	filter_free(w.user);
	filter_free(w.filter);
	coverage_fini(&w.coverage);
	session_rules_fini(&w.rules);
	config_fini(&w.config);
}

int
main(int argc, char *argv[])
{
	struct args a = { 0 };
	struct err e = ERR_NONE;
	int status = cli_start(&program, argc, argv, &a, &a.filter.expr);

	if (status < 0) {
		run(&a, &e);
		status = cli_finish(&program, &e, 0);
	}
	opt_fini(options, &a);
	str_list_fini(&a.filter.expr);
	return status;
}
