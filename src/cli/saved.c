/*
 * saved: saved queries, from words to arguments and back.
 *
 * Kept are the arguments as typed and not what they meant then, so that
 * --last 7d is always the last week.  For
 *
 *     audit-query --last 7d --actor 'svc-*' status=500 --save broken
 *
 * the words are ["--last=7d","--actor=svc-*","status=500"].
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/saved.h"
#include "render/render.h"

#define DEPTH_MAX 16     /* saved queries inside saved queries */
#define NAMED_MAX 256    /* saved queries of one filter, all levels together */
#define WORDS_MAX 4096   /* of one saved query */
#define SAVED_MAX 100000 /* of one store */

/* ---- Arguments to words ---- */

struct words {
	const char *args; /* struct filter_args */
	struct str_list list;
};

static void
add_option(struct str_list *l, const char *name, const char *value)
{
	struct buf word = { 0 };

	buf_printf(&word, "--%s=%s", name, value);
	str_list_add(l, word.p, word.len);
	buf_fini(&word);
}

static int
visit_values(void *arg, const struct opt *o, size_t offset)
{
	struct words *w = arg;
	const void *at = w->args + offset;

	if (o->type == OPT_STRING) {
		const char *value = *(char *const *)at;

		if (value)
			add_option(&w->list, o->name, value);
	} else if (o->type == OPT_LIST) {
		const struct str_list *values = at;

		for (size_t i = 0; i < values->n; i++)
			add_option(&w->list, o->name, values->item[i]);
	}
	return 0;
}

bool
saved_format(struct buf *out, const struct filter_args *f)
{
	struct words w = { .args = (const char *)f };
	bool any;

	opt_each(opt_filter, 0, visit_values, &w);
	for (size_t i = 0; i < f->expr.n; i++)
		str_list_add(&w.list, f->expr.item[i], strlen(f->expr.item[i]));
	any = w.list.n > 0;
	buf_byte(out, '[');
	for (size_t i = 0; i < w.list.n; i++) {
		if (i > 0)
			buf_byte(out, ',');
		cli_quote(out, str_of(w.list.item[i]));
	}
	buf_byte(out, ']');
	str_list_fini(&w.list);
	return any;
}

/* ---- Words to arguments ---- */

/* The array's strings; whoever can write the file can have put anything there. */
static int
read_words(struct str words, struct str_list *out, struct err *e)
{
	struct json_tape tape = { 0 };
	struct arena a = { 0 };
	struct json_error je;
	int rc = -1;

	if (json_scan(&tape, words.p ? words.p : "", words.len, &je) != 0 || tape.tok[0].type != TOKEN_ARRAY) {
		err_set(e, ERR_FAIL, "its words are no JSON array");
		goto out;
	}
	for (uint32_t i = 1; i < tape.tok[0].next; i = tape.tok[i].next) {
		struct str word = STR("");

		if (tape.tok[i].type == TOKEN_STRING)
			word = json_unescape(&tape, &tape.tok[i], &a);
		if (word.len == 0 || memchr(word.p, '\0', word.len) != NULL || out->n > WORDS_MAX) {
			err_set(e, ERR_FAIL, "its words are no arguments");
			goto out;
		}
		str_list_add(out, word.p, word.len);
	}
	rc = 0;
out:
	json_tape_fini(&tape);
	arena_fini(&a);
	return rc;
}

int
saved_parse(struct str words, struct filter_args *f, struct err *e)
{
	struct str_list list = { 0 };
	int rc;

	str_list_add(&list, "", 0); /* where a program has its name */
	rc = read_words(words, &list, e);
	if (rc == 0)
		rc = opt_parse(opt_filter, (int)list.n, list.item, f, &f->expr, e);
	str_list_fini(&list);
	return rc;
}

/* ---- For people ---- */

/* Bytes that mean nothing to any shell, wherever they stand in a word. */
static bool
plain(const char *word)
{
	static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+.,:/@%=";

	return *word != '\0' && *word != '=' && word[strspn(word, safe)] == '\0';
}

/* 'it'\''s'; with bytes that could steer a terminal, $'\x1b[m'. */
static void
add_shell_word(struct buf *out, const char *word)
{
	struct buf shown = { 0 };
	bool steers;

	render_safe(&shown, str_of(word));
	steers = !str_eq(buf_view(&shown), str_of(word));
	buf_fini(&shown);
	if (plain(word)) {
		buf_str(out, str_of(word));
		return;
	}
	buf_str(out, steers ? STR("$'") : STR("'"));
	for (const char *p = word; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (steers && (c < ' ' || c > '~'))
			buf_printf(out, "\\x%02x", c);
		else if (steers && (c == '\\' || c == '\''))
			buf_printf(out, "\\%c", c);
		else if (c == '\'')
			buf_str(out, STR("'\\''"));
		else
			buf_byte(out, *p);
	}
	buf_byte(out, '\'');
}

void
saved_shell(struct buf *out, struct str words)
{
	struct str_list list = { 0 };
	struct err e = ERR_NONE;

	if (read_words(words, &list, &e) != 0)
		buf_printf(out, "(%s)", e.text);
	else
		for (size_t i = 0; i < list.n; i++) {
			if (i > 0)
				buf_byte(out, ' ');
			add_shell_word(out, list.item[i]);
		}
	str_list_fini(&list);
}

/* ---- Names ---- */

struct kept {
	struct str_list names, words;
};

static int
keep(void *arg, const struct saved_query *q, struct err *e)
{
	struct kept *k = arg;

	if (k->names.n == SAVED_MAX)
		return err_set(e, ERR_FAIL, "more than %d saved queries", SAVED_MAX);
	str_list_add(&k->names, q->name.p ? q->name.p : "", q->name.len);
	str_list_add(&k->words, q->words.p ? q->words.p : "", q->words.len);
	return 0;
}

int
saved_names(struct store *st, struct str_list *names, struct err *e)
{
	struct kept k = { 0 };
	int rc = store_saved_each(st, keep, &k, e);

	str_list_fini(&k.words);
	*names = k.names;
	return rc;
}

int
saved_unknown(const char *name, const struct str_list *names, struct err *e)
{
	const char *near = nearest_name(name, (const char *const *)names->item, names->n);

	if (near)
		return err_set(e, ERR_FAIL, "no saved query is called '%.*s'; the nearest is '%s'",
		    SAVED_NAME_MAX, name, near);
	if (names->n == 0)
		return err_set(e, ERR_FAIL, "no saved query is called '%.*s': there are none",
		    SAVED_NAME_MAX, name);
	return err_set(e, ERR_FAIL, "no saved query is called '%.*s'; --list-saved lists them",
	    SAVED_NAME_MAX, name);
}

/* ---- What a name stands for ---- */

struct expansion {
	const struct kept *kept;
	const char *path[DEPTH_MAX]; /* the names that led here */
	size_t depth, first; /* first: where those begin that are kept already */
	size_t named;
	struct err *e;
};

static int
check_path(const struct expansion *x, const char *name)
{
	for (size_t i = 0; i < x->depth; i++)
		if (strcmp(x->path[i], name) == 0)
			return err_set(x->e, ERR_FAIL, "saved query '%s' leads back to itself%s%s%s", name,
			    i + 1 < x->depth ? " by '" : "", i + 1 < x->depth ? x->path[x->depth - 1] : "",
			    i + 1 < x->depth ? "'" : "");
	if (x->depth >= DEPTH_MAX)
		return err_set(x->e, ERR_FAIL, "saved query '%s': more than %d inside one another", name, DEPTH_MAX);
	return 0;
}

static int
expand(struct expansion *x, struct filter_args *f)
{
	const struct str_list *names = &x->kept->names;
	size_t n = f->saved.n;

	if (n == 0)
		return 0;
	if ((x->named += n) > NAMED_MAX)
		return err_set(x->e, ERR_FAIL, "-Q: more than %d saved queries in one filter", NAMED_MAX);
	f->also = mem_zero(n, sizeof(*f->also));
	for (size_t i = 0; i < n; i++) {
		const char *name = f->saved.item[i];
		size_t at = 0;

		while (at < names->n && strcmp(names->item[at], name) != 0)
			at++;
		if (check_path(x, name) != 0)
			return -1;
		if (at == names->n) {
			saved_unknown(name, names, x->e);
			return x->depth > x->first ? err_doing(x->e, "saved query '%s'", x->path[x->depth - 1]) : -1;
		}
		f->n_also++;
		if (saved_parse(str_of(x->kept->words.item[at]), &f->also[i], x->e) != 0)
			return err_doing(x->e, "saved query '%s'", name);
		x->path[x->depth++] = name;
		if (expand(x, &f->also[i]) != 0)
			return -1;
		x->depth--;
	}
	return 0;
}

int
saved_expand(struct store *st, const char *saving, struct filter_args *f, struct err *e)
{
	struct kept kept = { 0 };
	struct expansion x = { .kept = &kept, .e = e };
	int rc;

	if (f->saved.n == 0)
		return 0;
	if (!st)
		return err_set(e, ERR_FAIL, "-Q: saved queries are in a store, and there is none");
	if (saving)
		x.path[x.depth++] = saving;
	x.first = x.depth;
	rc = store_saved_each(st, keep, &kept, e);
	if (rc == 0)
		rc = expand(&x, f);
	str_list_fini(&kept.names);
	str_list_fini(&kept.words);
	return rc;
}

int
cli_saved(struct store *st, struct filter_args *f, struct err *e)
{
	return saved_expand(st, NULL, f, e);
}
