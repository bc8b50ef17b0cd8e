/*
 * selection: the filter that the arguments mean, and what is done with a
 * filter instead of answering it: print it, save it; list and delete saved
 * ones.
 *
 * In: arguments.   Out: a filter, or something done.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/saved.h"
#include "render/render.h"

#define REFUSED "a change of saved queries that cannot be recorded"

void
cli_print_line(struct str text)
{
	struct buf shown = { 0 };

	if (cli_terminal(STDOUT_FILENO))
		render_safe(&shown, text);
	else
		buf_str(&shown, text);
	buf_byte(&shown, '\n');
	fwrite(shown.p, 1, shown.len, stdout);
	buf_fini(&shown);
}

/* ---- Saving and deleting ---- */

static int
check_name(const char *option, const char *name, struct err *e)
{
	if (saved_name_valid(name))
		return 0;
	return err_set(e, ERR_FAIL, "--%s '%s': a name is a letter or digit, then letters, digits, . _ and -,"
	    " at most %d", option, name, SAVED_NAME_MAX);
}

/* The record of either.  words.p == NULL: none. */
static void
make_record(struct event *record, const struct operator_info *who, const char *action, const char *name,
    struct str words, struct arena *a)
{
	struct buf context = { 0 };

	buf_printf(&context, "{\"name\":");
	cli_quote(&context, str_of(name));
	if (words.p) {
		buf_printf(&context, ",\"words\":");
		buf_str(&context, words);
	}
	buf_byte(&context, '}');
	cli_record(record, who, action, buf_view(&context), a);
	buf_fini(&context);
}

static int
save(const struct program *p, const struct common_args *c, const struct filter_args *f, struct store *st,
    struct err *e)
{
	struct operator_info who;
	struct arena a = { 0 };
	struct buf words = { 0 };
	struct str_list names = { 0 };
	struct event record;
	bool replaced = false;
	int rc;

	if (!saved_format(&words, f)) {
		buf_fini(&words);
		return err_set(e, ERR_FAIL, "--save %s: there is no filter to save", c->save);
	}
	cli_operator(&who);
	make_record(&record, &who, "audit.query.save", c->save, buf_view(&words), &a);
	struct saved_query q = { .name = str_of(c->save), .words = buf_view(&words), .at = record.time,
		.by = str_of(who.user) };
	if ((rc = saved_names(st, &names, e)) == 0)
		rc = store_saved_put(st, &q, &record, e);
	for (size_t i = 0; i < names.n; i++)
		replaced |= strcmp(names.item[i], c->save) == 0;
	if (rc == 0)
		cli_note(p, c, replaced ? "%s is replaced: -Q %s" : "saved as %s: -Q %s", c->save, c->save);
	else
		err_doing(e, "--save %s", c->save);
	str_list_fini(&names);
	buf_fini(&words);
	arena_fini(&a);
	return rc;
}

static int
delete(const struct program *p, const struct common_args *c, struct err *e)
{
	struct operator_info who;
	struct store *st = NULL;
	struct str_list names = { 0 };
	struct arena a = { 0 };
	struct event record;
	bool found = false;
	int rc = -1;

	if (check_name("delete-saved", c->delete_saved, e) != 0 ||
	    (st = cli_store_record(c, REFUSED, e)) == NULL)
		return -1;
	cli_operator(&who);
	make_record(&record, &who, "audit.query.delete", c->delete_saved, (struct str){ NULL, 0 }, &a);
	if (store_saved_delete(st, c->delete_saved, &record, &found, e) != 0)
		err_doing(e, "--delete-saved %s", c->delete_saved);
	else if (found)
		rc = 0;
	else if (saved_names(st, &names, e) == 0)
		saved_unknown(c->delete_saved, &names, e);
	if (rc == 0)
		cli_note(p, c, "%s is deleted", c->delete_saved);
	str_list_fini(&names);
	arena_fini(&a);
	store_close(st);
	return rc;
}

/* ---- Listing ---- */

struct listing {
	enum { LIST_TABLE, LIST_LINES, LIST_JSON } format;
	size_t n;
	struct buf line;
};

/* failures            2026-04-22 14:30:00  alice     --last=7d --outcome=failure */
static void
add_row(struct buf *out, const struct saved_query *q)
{
	struct buf by = { 0 };
	char at[32];

	render_safe(&by, q->by);
	time_format_local(at, q->at);
	render_safe(out, q->name);
	buf_printf(out, "%*s  %s  %-12.*s  ", q->name.len < 20 ? 20 - (int)q->name.len : 0, "", at, (int)by.len,
	    by.p ? by.p : "");
	saved_shell(out, q->words);
	buf_fini(&by);
}

static void
add_object(struct buf *out, const struct saved_query *q)
{
	struct filter_args args = { 0 };
	struct err e = ERR_NONE;
	char at[TIME_TEXT_LEN];

	time_format(at, q->at);
	buf_printf(out, "{\"name\":");
	cli_quote(out, q->name);
	buf_printf(out, ",\"at\":\"%.*s\",\"by\":", TIME_TEXT_LEN, at);
	cli_quote(out, q->by);
	buf_printf(out, ",\"words\":");
	/* What is no list of arguments is given as a string, so that the line stays JSON. */
	if (saved_parse(q->words, &args, &e) == 0)
		buf_str(out, q->words);
	else
		cli_quote(out, q->words);
	buf_byte(out, '}');
	opt_fini(opt_filter, &args);
	str_list_fini(&args.expr);
}

static int
list_one(void *arg, const struct saved_query *q, struct err *e)
{
	struct listing *l = arg;

	buf_reset(&l->line);
	if (l->format == LIST_TABLE) {
		if (l->n == 0)
			printf("%-20s  %-19s  %-12s  %s\n", "NAME", "SAVED", "BY", "QUERY");
		add_row(&l->line, q);
	} else {
		if (l->format == LIST_JSON)
			buf_str(&l->line, l->n == 0 ? STR("[") : STR(","));
		add_object(&l->line, q);
	}
	l->n++;
	cli_print_line(buf_view(&l->line));
	return cli_go_on(e);
}

static int
list(const struct program *p, const struct common_args *c, const char *output, struct err *e)
{
	static const char *const formats[] = { "table", "jsonl", "json", NULL };
	const struct program as = { .name = p->name, .formats = formats };
	const char *format = cli_format(&as, output, isatty(STDOUT_FILENO), e);
	struct listing l = { 0 };
	struct store *st = NULL;
	int rc = -1;

	if (!format) {
		err_doing(e, "--list-saved");
	} else if ((st = cli_store(c, STORE_READ, e)) != NULL) {
		while (formats[l.format] != format)
			l.format++;
		rc = store_saved_each(st, list_one, &l, e);
		if (rc == 0 && l.format == LIST_JSON)
			cli_print_line(l.n == 0 ? STR("[]") : STR("]"));
		if (rc == 0 && l.n == 0 && l.format == LIST_TABLE)
			cli_note(p, c, "there are no saved queries; --save NAME makes one");
	}
	buf_fini(&l.line);
	store_close(st);
	return rc;
}

/* ---- The filter ---- */

static int
check_saved_args(const struct common_args *c, const struct filter_args *f, struct err *e)
{
	struct buf words = { 0 };
	bool filtered = saved_format(&words, f);

	buf_fini(&words);
	if (c->print_where + c->list_saved + (c->save != NULL) + (c->delete_saved != NULL) > 1)
		return err_set(e, ERR_FAIL, "--print-where, --save, --list-saved, --delete-saved: one at a time");
	if (filtered && (c->list_saved || c->delete_saved))
		return err_set(e, ERR_FAIL, "--%s takes no filter", c->list_saved ? "list-saved" : "delete-saved");
	if (c->save)
		return check_name("save", c->save, e);
	return 0;
}

static void
print_where(const struct filter *f)
{
	struct buf text = { 0 };

	filter_format(&text, f);
	cli_print_line(buf_view(&text));
	buf_fini(&text);
}

int
cli_filter(const struct program *p, const struct common_args *c, const struct filter_args *f,
    const char *output, int64_t now, struct filter **out, struct err *e)
{
	/* The lists stay f's; only what is saved under the names is added here. */
	struct filter_args all = *f;
	struct store *st = NULL;
	struct filter *built = NULL;
	int rc = -1;

	*out = NULL;
	all.also = NULL;
	all.n_also = 0;
	if (check_saved_args(c, f, e) != 0)
		return -1;
	if (c->list_saved)
		return list(p, c, output, e) == 0 ? 1 : -1;
	if (c->delete_saved)
		return delete(p, c, e) == 0 ? 1 : -1;

	if ((c->save && (st = cli_store_record(c, REFUSED, e)) == NULL) ||
	    (!c->save && f->saved.n > 0 && (st = cli_store(c, STORE_READ, e)) == NULL) ||
	    saved_expand(st, c->save, &all, e) != 0 || (built = filter_build(&all, now, e)) == NULL)
		goto out;
	rc = c->print_where || c->save;
	if (c->print_where)
		print_where(built);
	else if (c->save && save(p, c, f, st, e) != 0)
		rc = -1;
	if (rc == 0) {
		*out = built;
		built = NULL;
	}
out:
	for (size_t i = 0; i < all.n_also; i++)
		filter_args_fini(&all.also[i]);
	free(all.also);
	filter_free(built);
	store_close(st);
	return rc;
}
