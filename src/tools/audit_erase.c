/*
 * audit-erase: a person's values become one pseudonym, everywhere in the store.
 *
 * Shows where they are; with --apply carries it out, looks for what is left and
 * prints a receipt.  What a hold keeps is left, and carried out by the next run
 * after the hold was lifted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/random.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "cli/erase_show.h"
#include "cli/sandbox.h"

#define REFUSED "an erasure that cannot be recorded"

struct args {
	struct common_args common;
	char *subject, *subject_file, *pseudonym, *reason, *output;
	struct str_list also;
	bool also_seen, apply, deferred;
};

#define ARG(member) offsetof(struct args, member)

static const struct opt options[] = {
	{ 0, NULL, OPT_HEADING, 0, NULL, "Who", VALUE_ANY, NULL },
	{ 0, "subject", OPT_STRING, ARG(subject), "ID", "the person's identifier, e-mail address or name", VALUE_ANY, NULL },
	{ 0, "also", OPT_LIST, ARG(also), "VALUE", "another value of the same person", VALUE_ANY, NULL },
	{ 0, "also-seen", OPT_FLAG, ARG(also_seen), NULL,
	    "and identifiers, addresses and names that were seen with the person alone", VALUE_ANY, NULL },
	{ 0, "subject-file", OPT_STRING, ARG(subject_file), "FILE",
	    "values, one a line; - is standard input: they are not shown by ps", VALUE_FILE, NULL },
	{ 0, "pseudonym", OPT_STRING, ARG(pseudonym), "NAME",
	    "what stands in their place; else person- and 12 random digits", VALUE_ANY, NULL },
	{ 0, NULL, OPT_HEADING, 0, NULL, "What is done", VALUE_ANY, NULL },
	{ 0, "apply", OPT_FLAG, ARG(apply), NULL, "erase; else it is only shown where the values are", VALUE_ANY, NULL },
	{ 0, "reason", OPT_STRING, ARG(reason), "TEXT", "why, for the record and the receipt", VALUE_ANY, NULL },
	{ 0, "deferred", OPT_FLAG, ARG(deferred), NULL,
	    "list the erasures that wait; with --apply carry them on", VALUE_ANY, NULL },
	{ 'o', "output", OPT_STRING, ARG(output), "FORMAT", "text or json", VALUE_FORMAT, NULL },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_zone },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_common },
	OPT_TABLE_END
};

static const char *const formats[] = { "text", "json", NULL };

static const struct program program = {
	.name = "audit-erase",
	.usage = "--subject ID [--apply --reason TEXT] [OPTION...]",
	.purpose = "replace a person's values by a pseudonym, everywhere in the store",
	.examples =
	    "  audit-erase --subject bob@acme.example   # where it occurs, with whom\n"
	    "  audit-erase --subject bob@acme.example --also-seen --apply --reason 'case 17'\n"
	    "  audit-erase --deferred                   # what waits for holds to be lifted\n",
	.table = options,
	.common_offset = ARG(common),
	.formats = formats,
};

static bool
as_json(const struct args *a)
{
	return a->output && strcmp(a->output, "json") == 0;
}

/* ---- What is asked for ---- */

static int
check_reason(const struct args *a, struct err *e)
{
	size_t len = a->reason ? strlen(a->reason) : 0;

	if (!a->apply)
		return a->reason ? err_set(e, ERR_FAIL, "--reason goes with --apply") : 0;
	if (a->deferred)
		return a->reason ? err_set(e, ERR_FAIL, "--deferred: the reason was given when it was asked for") : 0;
	if (len == 0)
		return err_set(e, ERR_FAIL, "--apply needs --reason TEXT: it goes into the record");
	if (len > ERASE_REASON_MAX || utf8_valid_prefix(a->reason, len) != len)
		return err_set(e, ERR_FAIL, "--reason: at most %d bytes of UTF-8", ERASE_REASON_MAX);
	return 0;
}

static int
check_args(const struct args *a, const struct str_list *operands, struct err *e)
{
	bool person = a->subject || a->subject_file || a->also.n > 0;

	if (operands->n > 0)
		return err_set(e, ERR_FAIL, "unexpected '%s' (--subject ID says who is to be erased)", operands->item[0]);
	if (a->output && cli_format(&program, a->output, false, e) == NULL)
		return -1;
	if (a->deferred && (person || a->also_seen || a->pseudonym))
		return err_set(e, ERR_FAIL, "--deferred is about all that wait, it takes no person");
	if (!a->deferred && !a->subject && !a->subject_file)
		return err_set(e, ERR_FAIL, "--subject ID or --subject-file FILE says who is to be erased");
	return check_reason(a, e);
}

/* Never made of the value: what is made of it can be found out from it. */
static void
choose_pseudonym(const struct args *a, struct buf *out)
{
	uint8_t random[6];

	if (a->pseudonym) {
		buf_printf(out, "%s", a->pseudonym);
		return;
	}
	random_bytes(random, sizeof(random));
	buf_printf(out, "person-");
	buf_hex(out, random, sizeof(random));
}

/* ---- What waits ---- */

struct waiting {
	struct person *person;
	struct erase_waiting *row;
	size_t n, cap, people;
};

static int
add_waiting(void *arg, const struct erase_deferred *d, struct err *e)
{
	struct waiting *w = arg;
	struct erase_waiting *row;

	mem_grow(&w->row, &w->cap, w->n + 1, sizeof(*w->row));
	mem_grow(&w->person, &w->people, w->n + 1, sizeof(*w->person));
	row = &w->row[w->n];
	*row = (struct erase_waiting){ .id = d->id, .asked = d->at };
	w->person[w->n] = (struct person){ 0 };
	w->n++;
	buf_str(&row->pseudonym, d->pseudonym);
	buf_str(&row->reason, d->reason);
	buf_str(&row->by, d->by);
	return person_parse(&w->person[w->n - 1], d->values, e);
}

static void
waiting_fini(struct waiting *w)
{
	for (size_t i = 0; i < w->n; i++) {
		person_fini(&w->person[i]);
		buf_fini(&w->row[i].pseudonym);
		buf_fini(&w->row[i].reason);
		buf_fini(&w->row[i].by);
		erase_found_fini(&w->row[i].found);
	}
	free(w->person);
	free(w->row);
}

/* What holds each of them now. */
static int
plan_waiting(struct store *st, struct waiting *w, struct pool *pool, struct err *e)
{
	for (size_t i = 0; i < w->n; i++) {
		struct subject *s = person_subject(&w->person[i], buf_view(&w->row[i].pseudonym), e);
		int rc = s != NULL ? store_erase_plan(st, s, pool, cli_go_on, &w->row[i].found, e) : -1;

		subject_free(s);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static int
list_waiting(const struct args *a, struct store *st, struct pool *pool, struct err *e)
{
	struct waiting w = { 0 };
	struct buf text = { 0 };
	int rc = -1;

	if (store_erase_deferred_each(st, add_waiting, &w, e) == 0 && plan_waiting(st, &w, pool, e) == 0) {
		erase_show_waiting(&text, w.row, w.n, as_json(a), cli_width(STDOUT_FILENO));
		rc = text.len > 0 ? cli_print_text(buf_view(&text), !as_json(a), e) : 0;
		if (w.n == 0)
			cli_note(&program, &a->common, "no erasure waits");
	}
	waiting_fini(&w);
	buf_fini(&text);
	return rc;
}

/* ---- A dry run ---- */

static int
show(const struct args *a, struct store *st, struct pool *pool, struct person *p, struct err *e)
{
	struct buf pseudonym = { 0 }, text = { 0 };
	struct erase_found found = { 0 };
	struct subject *s = NULL;
	struct seen seen = { 0 };
	int rc = -1;

	choose_pseudonym(a, &pseudonym);
	if ((s = person_subject(p, buf_view(&pseudonym), e)) == NULL ||
	    person_seen(st, p, buf_view(&pseudonym), a->also_seen, pool, &seen, e) < 0)
		goto out;
	subject_free(s);
	if ((s = person_subject(p, buf_view(&pseudonym), e)) == NULL ||
	    store_erase_plan(st, s, pool, cli_go_on, &found, e) < 0)
		goto out;
	erase_show_plan(&text, &(struct erase_plan){ p, &seen, &found, a->pseudonym }, as_json(a));
	if ((rc = cli_print_text(buf_view(&text), !as_json(a), e)) == 0)
		cli_note(&program, &a->common, erase_ready(&found) + found.held + found.kept > 0 ?
		    "nothing was erased; --apply --reason TEXT does it" : "nothing of the person is in the store");
out:
	subject_free(s);
	seen_fini(&seen);
	erase_found_fini(&found);
	buf_fini(&pseudonym);
	buf_fini(&text);
	return rc;
}

/* ---- Carried out ---- */

struct receipts {
	struct erasure *item;
	size_t n, cap;
};

static int
run_one(struct erase_runner *r, struct receipts *all, const struct person *p, const struct erase_deferred *what,
    struct err *e)
{
	mem_grow(&all->item, &all->cap, all->n + 1, sizeof(*all->item));
	all->item[all->n] = (struct erasure){ 0 };
	return (what->id > 0 ? erasure_carry_on : erasure_run)(r, p, what, &all->item[all->n++], e);
}

/* The deferred ones, which may be carried out now. */
static int
run_waiting(struct erase_runner *r, struct receipts *all, struct err *e)
{
	struct waiting w = { 0 };
	int rc = store_erase_deferred_each(r->st, add_waiting, &w, e);

	for (size_t i = 0; i < w.n && rc == 0; i++) {
		struct buf values = { 0 };
		const struct erase_waiting *row = &w.row[i];

		person_format(&values, &w.person[i]);
		rc = run_one(r, all, &w.person[i],
		    &(struct erase_deferred){ .id = row->id, .pseudonym = buf_view(&row->pseudonym), .values = buf_view(&values),
		        .reason = buf_view(&row->reason), .by = buf_view(&row->by), .at = row->asked },
		    e);
		buf_fini(&values);
	}
	waiting_fini(&w);
	return rc;
}

static void
name_operator(struct buf *out, const struct operator_info *who)
{
	buf_printf(out, "uid:%u", who->uid);
	if (who->user[0])
		buf_printf(out, " %s", who->user);
	if (who->sudo_user[0])
		buf_printf(out, " (sudo %s)", who->sudo_user);
}

static int
run_new(const struct args *a, struct erase_runner *r, struct receipts *all, struct person *p, struct err *e)
{
	struct buf pseudonym = { 0 }, values = { 0 }, by = { 0 };
	struct seen seen = { 0 };
	struct subject *s;
	int rc = -1;

	choose_pseudonym(a, &pseudonym);
	name_operator(&by, r->who);
	s = person_subject(p, buf_view(&pseudonym), e);
	if (s != NULL && (!a->also_seen || person_seen(r->st, p, buf_view(&pseudonym), true, r->pool, &seen, e) == 0)) {
		person_format(&values, p);
		rc = run_one(r, all, p,
		    &(struct erase_deferred){ .pseudonym = buf_view(&pseudonym), .values = buf_view(&values),
		        .reason = str_of(a->reason), .by = buf_view(&by), .at = time_now() },
		    e);
	}
	subject_free(s);
	seen_fini(&seen);
	buf_fini(&pseudonym);
	buf_fini(&values);
	buf_fini(&by);
	return rc;
}

/* The receipt is printed in any case: what was done is done. */
static int
apply(const struct args *a, const struct operator_info *who, struct store *st, struct pool *pool, struct person *p,
    struct err *e)
{
	struct erase_runner r = { .st = st, .pool = pool, .common = &a->common, .who = who };
	struct receipts all = { 0 };
	struct buf text = { 0 };
	int rc = run_waiting(&r, &all, e);

	if (rc == 0 && !a->deferred)
		rc = run_new(a, &r, &all, p, e);
	if (all.n > 0) {
		erase_show_receipts(&text, all.item, all.n, as_json(a));
		if (cli_print_text(buf_view(&text), !as_json(a), e) < 0)
			rc = -1;
	} else if (rc == 0)
		cli_note(&program, &a->common, "no erasure waits");
	for (size_t i = 0; i < all.n; i++) {
		if (rc == 0)
			erasure_judge(&all.item[i], e);
		erasure_fini(&all.item[i]);
	}
	free(all.item);
	buf_fini(&text);
	return rc;
}

static void
run(const struct args *a, const struct str_list *operands, struct err *e)
{
	struct person p = { 0 };
	struct operator_info who;
	struct store *st = NULL;
	struct pool *pool = NULL;
	struct sandbox s = { .profile = a->apply ? SANDBOX_WRITER : SANDBOX_READER };

	if (check_args(a, operands, e) < 0 ||
	    (!a->deferred && person_read(&p, a->subject, &a->also, a->subject_file, e) < 0))
		goto out;
	cli_operator(&who);
	st = a->apply ? cli_store_record(&a->common, REFUSED, e) : cli_store(&a->common, STORE_READ, e);
	if (st == NULL || cli_sandbox(&program, &a->common, st, &s, e) != 0)
		goto out;
	pool = pool_new(pool_cpus() - 1);
	if (a->apply)
		apply(a, &who, st, pool, &p, e);
	else if (a->deferred)
		list_waiting(a, st, pool, e);
	else
		show(a, st, pool, &p, e);
out:
	pool_free(pool);
	store_close(st);
	person_fini(&p);
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
