/*
 * operand: FIELD=VALUE and FIELD!=VALUE, as typed behind the options.
 *
 *     target_type=secret   status!=200,204   context.rotation_reason=manual
 */
#include <stdlib.h>

#include "base/utf8.h"
#include "filter/tree.h"

/* The name of the field that an operand begins with, told to be none. */
static int
unknown_field(const char *name, size_t len, struct err *e)
{
	char *word;
	const char *hint;
	unsigned rank;
	enum field meant = field_find_alias(name, len, &rank);

	if (meant != FIELD_NONE)
		return err_set(e, ERR_FAIL, "no field is called '%.*s'; events read with that key have it as %s",
		    (int)len, name, field_table[meant].key);
	if (len > 60)
		return err_set(e, ERR_FAIL, "no field is called '%.60s...'", name);
	word = mem_dup(name, len);
	hint = nearest_name(word, field_names(), FIELD_COUNT);
	free(word);
	if (hint != NULL)
		return err_set(e, ERR_FAIL, "no field is called '%.*s'; did you mean %s?", (int)len, name, hint);
	return err_set(e, ERR_FAIL, "no field is called '%.*s'", (int)len, name);
}

/* context.a.b, changes.after.role */
static bool
is_path(const char *name, size_t len)
{
	const char *dot = memchr(name, '.', len);
	enum field first = dot ? field_find(name, (size_t)(dot - name)) : FIELD_NONE;

	return first != FIELD_NONE && field_table[first].type == FIELD_JSON;
}

int
filter_operand_parse(const char *text, struct filter_operand *out, struct err *e)
{
	size_t len = strcspn(text, "=~<>"), name = len;

	if (utf8_valid_prefix(text, strlen(text)) != strlen(text))
		return err_set(e, ERR_FAIL, "not UTF-8");
	if (text[len] == '\0')
		return err_set(e, ERR_FAIL, "'%.60s' is no FIELD=VALUE", text);
	if (text[len] == '~')
		return err_set(e, ERR_FAIL, "'%.60s': FIELD~REGEX is not known here", text);
	if (text[len] == '<' || text[len] == '>')
		return err_set(e, ERR_FAIL, "'%.60s': < and > are not known here", text);

	out->negated = len > 0 && text[len - 1] == '!';
	if (out->negated)
		name--;
	if (is_path(text, name))
		return err_set(e, ERR_FAIL, "'%.*s': paths into the payload are not known here",
		    (int)(name < 60 ? name : 60), text);
	out->field = field_find(text, name);
	if (out->field == FIELD_NONE)
		return unknown_field(text, name, e);
	out->value = str_of(text + len + 1);
	return 0;
}
