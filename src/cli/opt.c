/*
 * opt: the command line, by the rows of a table.
 *
 * In: argv.   Out: a struct of the program's, filled at each row's offset.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/opt.h"

int
opt_each(const struct opt *table, size_t offset, opt_visit *visit, void *arg)
{
	int rc = 0;

	for (const struct opt *o = table; o->type != OPT_END && rc == 0; o++) {
		if (o->type == OPT_INCLUDE)
			rc = opt_each(o->table, offset + o->offset, visit, arg);
		else
			rc = visit(arg, o, offset + o->offset);
	}
	return rc;
}

/* ---- Finding a row ---- */

struct wanted {
	struct str name; /* p == NULL: by letter */
	char letter;
	const struct opt *row;
	size_t offset;
};

static int
visit_wanted(void *arg, const struct opt *o, size_t offset)
{
	struct wanted *w = arg;

	if (o->type == OPT_HEADING)
		return 0;
	if (w->name.p ? !str_eq(w->name, str_of(o->name)) : o->letter != w->letter)
		return 0;
	w->row = o;
	w->offset = offset;
	return 1;
}

struct names {
	const char **name;
	size_t n, cap;
};

static int
visit_names(void *arg, const struct opt *o, size_t offset)
{
	struct names *l = arg;

	(void)offset;
	if (o->type == OPT_HEADING || !o->help)
		return 0;
	mem_grow(&l->name, &l->cap, l->n + 1, sizeof(*l->name));
	l->name[l->n++] = o->name;
	return 0;
}

static int
unknown_name(const struct opt *table, struct str name, struct err *e)
{
	struct names all = { 0 };
	char *typed = mem_dup(name.p, name.len);
	const char *near;

	opt_each(table, 0, visit_names, &all);
	near = nearest_name(typed, all.name, all.n);
	if (near)
		err_set(e, ERR_FAIL, "unknown option --%s; the nearest is --%s", typed, near);
	else
		err_set(e, ERR_FAIL, "unknown option --%s; --help lists them", typed);
	free(all.name);
	free(typed);
	return -1;
}

/* ---- Storing a value ---- */

static int
store_count(const char *name, const char *value, uint64_t least, uint64_t *out, struct err *e)
{
	uint64_t n = 0;

	for (const char *p = value; *p; p++) {
		unsigned digit = (unsigned char)*p - (unsigned)'0';

		if (digit > 9)
			return err_set(e, ERR_FAIL, "--%s %s: not a number", name, value);
		if (n > (OPT_NUMBER_NONE - 1 - digit) / 10)
			return err_set(e, ERR_FAIL, "--%s %s: the number is too large", name, value);
		n = n * 10 + digit;
	}
	if (n < least || *value == '\0')
		return err_set(e, ERR_FAIL, "--%s '%s': expected a number%s", name, value, least > 0 ? " above 0" : "");
	*out = n;
	return 0;
}

static int
store_value(const struct wanted *w, const char *value, void *into, struct err *e)
{
	void *at = (char *)into + w->offset;

	switch (w->row->type) {
	case OPT_FLAG:
		*(bool *)at = true;
		break;
	case OPT_STRING:
		free(*(char **)at);
		*(char **)at = mem_strdup(value);
		break;
	case OPT_LIST:
		str_list_add(at, value, strlen(value));
		break;
	case OPT_COUNT:
		return store_count(w->row->name, value, 1, at, e);
	case OPT_NUMBER:
		return store_count(w->row->name, value, 0, at, e);
	case OPT_END:
	case OPT_INCLUDE:
	case OPT_HEADING:
		break;
	}
	return 0;
}

/* ---- Parsing ---- */

/* --name, --name=value, --name value.  *i moves over what is used. */
static int
parse_long(const struct opt *table, int argc, char *argv[], int *i, void *into, struct err *e)
{
	const char *name = argv[*i] + 2;
	const char *equals = strchr(name, '=');
	struct wanted w = { .name = { name, equals ? (size_t)(equals - name) : strlen(name) } };
	const char *value = equals ? equals + 1 : NULL;

	if (!opt_each(table, 0, visit_wanted, &w))
		return unknown_name(table, w.name, e);
	if (w.row->type == OPT_FLAG) {
		if (value)
			return err_set(e, ERR_FAIL, "--%s takes no value", w.row->name);
	} else if (!value) {
		if (*i + 1 >= argc)
			return err_set(e, ERR_FAIL, "--%s needs a value: %s", w.row->name, w.row->arg);
		value = argv[++*i];
	}
	return store_value(&w, value, into, e);
}

/* -since was meant as --since. */
static int
unknown_letter(const struct opt *table, const char *typed, char letter, struct err *e)
{
	struct wanted w = { .name = { typed + 1, strcspn(typed + 1, "=") } };

	if (w.name.len > 1 && opt_each(table, 0, visit_wanted, &w) && w.row->help)
		return err_set(e, ERR_FAIL, "unknown option -%c; did you mean --%s?", letter, w.row->name);
	return err_set(e, ERR_FAIL, "unknown option -%c; --help lists them", letter);
}

/* -abc, -nVALUE, -n VALUE. */
static int
parse_letters(const struct opt *table, int argc, char *argv[], int *i, void *into, struct err *e)
{
	for (const char *p = argv[*i] + 1; *p; p++) {
		struct wanted w = { .letter = *p };
		const char *value = NULL;

		if (!opt_each(table, 0, visit_wanted, &w))
			return unknown_letter(table, argv[*i], *p, e);
		if (w.row->type != OPT_FLAG) {
			if (p[1])
				value = p + 1;
			else if (*i + 1 < argc)
				value = argv[++*i];
			else
				return err_set(e, ERR_FAIL, "-%c needs a value: %s", *p, w.row->arg);
		}
		if (store_value(&w, value, into, e) != 0)
			return -1;
		if (value)
			break;
	}
	return 0;
}

int
opt_parse(const struct opt *table, int argc, char *argv[], void *into,
    struct str_list *operands, struct err *e)
{
	bool options = true;

	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i];
		int rc = 0;

		if (!options || arg[0] != '-' || arg[1] == '\0')
			str_list_add(operands, arg, strlen(arg));
		else if (strcmp(arg, "--") == 0)
			options = false;
		else if (arg[1] == '-')
			rc = parse_long(table, argc, argv, &i, into, e);
		else
			rc = parse_letters(table, argc, argv, &i, into, e);
		if (rc != 0)
			return -1;
	}
	return 0;
}

static int
visit_fini(void *arg, const struct opt *o, size_t offset)
{
	void *at = (char *)arg + offset;

	if (o->type == OPT_STRING) {
		free(*(char **)at);
		*(char **)at = NULL;
	} else if (o->type == OPT_LIST) {
		str_list_fini(at);
	}
	return 0;
}

void
opt_fini(const struct opt *table, void *into)
{
	opt_each(table, 0, visit_fini, into);
}
