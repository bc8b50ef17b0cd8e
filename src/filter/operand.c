/*
 * operand: FIELD=VALUE and FIELD!=VALUE, as typed behind the options.
 *
 *     target_type=secret   status!=200,204   context.rotation_reason=manual
 */
#include <stdlib.h>

#include "base/utf8.h"
#include "filter/tree.h"

int
filter_operand_parse(struct filter *f, const char *text, struct filter_operand *out, struct err *e)
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
	out->sign = OPERAND_EQUAL;
	if (selector_parse(&out->what, (struct str){ text, name }, &f->arena, e) != 0)
		return -1;
	if (out->what.steps > 0)
		return err_set(e, ERR_FAIL, "'%.*s': paths into the payload are not known here",
		    (int)(name < 60 ? name : 60), text);
	out->value = str_of(text + len + 1);
	return 0;
}
