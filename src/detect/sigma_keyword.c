/*
 * sigma_keyword: words that stand anywhere in an event.
 *
 *     [mimikatz]   ->  text = mimikatz or action like *mimikatz*
 *     [a*b]        ->  line ~ "(?is)a.*b"
 *
 * In: values without a field.   Out: text in the grammar of --where.
 */
#include "detect/sigma_parts.h"
#include "event/json.h"

#define PUT(out, literal) buf_str((out), STR(literal))

/* What is between stars at both ends. */
static struct sigma_value
trim_stars(struct sigma_value v)
{
	while (v.units > 0 && v.unit[0] == UNIT_STAR) {
		v.unit++;
		v.units--;
	}
	while (v.units > 0 && v.unit[v.units - 1] == UNIT_STAR)
		v.units--;
	return v;
}

/* A keyword with wildcards, in the line: as its JSON has it. */
static int
put_line(struct buf *out, struct sigma_work *w, const struct sigma_value *v)
{
	if (w->map->each != NULL)
		return err_set(w->e, ERR_FAIL, "a keyword with wildcards cannot be asked of one record");
	PUT(out, "line ~ \"(?is)");
	for (size_t i = 0; i < v->units; i++) {
		char c = (char)v->unit[i];
		struct buf quoted = { 0 };

		if (v->unit[i] > 0xff) {
			buf_str(out, v->unit[i] == UNIT_STAR ? STR(".*") : STR("."));
			continue;
		}
		if ((c & 0x80) != 0) {
			buf_byte(out, c);
			continue;
		}
		json_quote(&quoted, (struct str){ &c, 1 });
		for (size_t k = 1; k + 1 < quoted.len; k++)
			sigma_put_literal(out, (unsigned char)quoted.p[k]);
		buf_fini(&quoted);
	}
	buf_byte(out, '"');
	return 0;
}

/* A text anywhere in the event, and in the fields where --text does not look. */
static void
put_text(struct buf *out, struct sigma_work *w, struct str literal)
{
	const struct str_list *more = &w->map->keywords;

	PUT(out, "(text = \"");
	for (size_t i = 0; i < literal.len; i++) {
		if (literal.p[i] == '\\' || literal.p[i] == '"')
			buf_byte(out, '\\');
		buf_byte(out, literal.p[i]);
	}
	buf_byte(out, '"');
	for (size_t i = 0; i < more->n; i++) {
		buf_printf(out, " or %s like \"*", more->item[i]);
		for (size_t k = 0; k < literal.len; k++) {
			if (strchr("\\*?\"", literal.p[k]) != NULL)
				buf_byte(out, '\\');
			buf_byte(out, literal.p[k]);
		}
		PUT(out, "*\"");
	}
	buf_byte(out, ')');
}

static int
put_keyword(struct buf *out, struct sigma_work *w, const struct sigma_values *values, const struct sigma_value *v)
{
	struct sigma_value trimmed = trim_stars(*v);
	struct str literal;

	if (v->form == FORM_REGEX && w->map->each == NULL) {
		PUT(out, "line ~ \"");
		sigma_put_flags(out, values->ignore_case, values->lines, values->dot_all, false);
		sigma_put_regex(out, v->text);
		buf_byte(out, '"');
		return 0;
	}
	if (v->form != FORM_TEXT)
		return err_set(w->e, ERR_FAIL, "a keyword takes texts%s only",
		    w->map->each ? "" : " and regular expressions");
	if (v->units == 0)
		return err_set(w->e, ERR_FAIL, "the keyword is empty");
	if (values->cased)
		return err_set(w->e, ERR_FAIL, "a keyword cannot be cased");
	if (trimmed.units == 0) {
		PUT(out, "true");
		return 0;
	}
	if (!sigma_value_literal(&trimmed, w->a, &literal))
		return put_line(out, w, &trimmed);
	put_text(out, w, literal);
	return 0;
}

int
sigma_put_keywords(struct sigma_work *w, const struct sigma_values *v, struct buf *out)
{
	for (size_t i = 0; i < v->n; i++) {
		if (i > 0)
			buf_str(out, v->all ? STR(" and ") : STR(" or "));
		if (put_keyword(out, w, v, &v->value[i]) != 0)
			return -1;
	}
	return 0;
}
