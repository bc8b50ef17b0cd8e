/*
 * sigma_value: values and modifiers of rules (see sigma_value.h).
 *
 * Modifiers work on the values in the order they are written: a text becomes
 * longer (contains), another one (base64), several (windash), or no text any
 * more (re, cidr).
 *
 * In: a member of a mapping of the rule.   Out: values, each of one form.
 */
#include "detect/sigma_value.h"

#include <stdlib.h>

#include "base/ip.h"
#include "base/pattern.h"
#include "event/json.h"

/* ---- texts ---- */

int
sigma_add_value(struct sigma_reading *r, struct sigma_value v)
{
	struct sigma_values *out = r->out;

	if (out->n == SIGMA_VALUES_MAX)
		return err_set(r->e, ERR_FAIL, "more than %d values", SIGMA_VALUES_MAX);
	if (v.units > SIGMA_VALUE_MAX || v.text.len > SIGMA_VALUE_MAX)
		return err_set(r->e, ERR_FAIL, "a value is longer than %d bytes", SIGMA_VALUE_MAX);
	out->bytes += v.units + v.text.len;
	if (out->bytes > SIGMA_VALUES_BYTES)
		return err_set(r->e, ERR_FAIL, "the values are longer than %d bytes together", SIGMA_VALUES_BYTES);
	mem_grow(&out->value, &out->cap, out->n + 1, sizeof(*out->value));
	out->value[out->n++] = v;
	return 0;
}

uint16_t *
sigma_new_units(struct sigma_reading *r, size_t n)
{
	return arena_alloc(r->a, (n + 1) * sizeof(uint16_t));
}

/*
 * Units of a text as a rule writes it: a backslash takes a wildcard or another
 * backslash literally and is itself before anything else.
 */
static struct sigma_value
parse_text(struct sigma_reading *r, struct str s)
{
	struct sigma_value v = { .form = FORM_TEXT, .text = { s.p, 0 } };

	v.unit = sigma_new_units(r, s.len);
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (c == '\\' && i + 1 < s.len && s.p[i + 1] != '\0' && strchr("\\*?", s.p[i + 1]) != NULL)
			v.unit[v.units++] = (unsigned char)s.p[++i];
		else if (c == '*' || c == '?')
			v.unit[v.units++] = c == '*' ? UNIT_STAR : UNIT_ONE;
		else
			v.unit[v.units++] = (unsigned char)c;
	}
	return v;
}

bool
sigma_value_literal(const struct sigma_value *v, struct arena *a, struct str *out)
{
	char *p = arena_bytes(a, v->units + 1);

	for (size_t i = 0; i < v->units; i++) {
		if (v->unit[i] > 0xff)
			return false;
		p[i] = (char)v->unit[i];
	}
	p[v->units] = '\0';
	*out = (struct str){ p, v->units };
	return true;
}

/* ---- wildcards around it ---- */

/* One star, unless there is one. */
static void
surround(struct sigma_reading *r, struct sigma_value *v, bool before, bool behind)
{
	uint16_t *unit = sigma_new_units(r, v->units + 2);
	size_t n = 0;

	if (before && (v->units == 0 || v->unit[0] != UNIT_STAR))
		unit[n++] = UNIT_STAR;
	memcpy(unit + n, v->unit, v->units * sizeof(*unit));
	n += v->units;
	if (behind && (n == 0 || unit[n - 1] != UNIT_STAR))
		unit[n++] = UNIT_STAR;
	v->unit = unit;
	v->units = n;
}

static int
surround_all(struct sigma_reading *r, const char *modifier)
{
	for (size_t i = 0; i < r->out->n; i++) {
		struct sigma_value *v = &r->out->value[i];

		if (v->form == FORM_NULL)
			return err_set(r->e, ERR_FAIL, "%s: null is no text", modifier);
		surround(r, v, modifier[0] != 's', modifier[0] != 'e');
	}
	return 0;
}

/* ---- other forms ---- */

static int
check_regex(struct sigma_reading *r, struct str text)
{
	pcre2_code *code;

	if (text.len == 0)
		return err_set(r->e, ERR_FAIL, "re: the pattern is empty");
	code = pattern_compile(text, PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, r->e);
	if (code == NULL)
		return err_doing(r->e, "re");
	pcre2_code_free(code);
	return 0;
}

static int
check_cidr(struct sigma_reading *r, struct str text)
{
	struct ip_range range;

	if (memchr(text.p, '/', text.len) == NULL || !ip_range_parse(text.p, text.len, &range))
		return err_set(r->e, ERR_FAIL, "cidr: '%.60s' is no network", text.p);
	return 0;
}

/* A number as JSON has it, perhaps with a plus before it. */
static int
check_number(struct sigma_reading *r, struct str *text)
{
	struct json_tape tape = { 0 };
	struct json_error fault;
	bool good;

	if (text->len > 0 && text->p[0] == '+') {
		text->p++;
		text->len--;
	}
	good = json_scan(&tape, text->p, text->len, &fault) == 0 && tape.tok[0].type == TOKEN_NUMBER &&
	    tape.tok[0].len == text->len;
	json_tape_fini(&tape);
	return good ? 0 : err_set(r->e, ERR_FAIL, "'%.60s' is no number", text->p);
}

static int
check_yes(struct sigma_reading *r, struct sigma_value *v)
{
	static const char *const yes[] = { "true", "yes" }, *const no[] = { "false", "no" };

	for (size_t i = 0; i < 2; i++) {
		v->yes |= str_eq_nocase(v->text, str_of(yes[i]));
		if (v->yes || str_eq_nocase(v->text, str_of(no[i])))
			return 0;
	}
	return err_set(r->e, ERR_FAIL, "exists: '%.60s' is neither true nor false", v->text.p);
}

/* All values, which no modifier has changed yet, get this form. */
static int
take_form(struct sigma_reading *r, const char *modifier, enum sigma_form form, const char *sign)
{
	for (size_t i = 0; i < r->out->n; i++) {
		struct sigma_value *v = &r->out->value[i];
		int rc = 0;

		if (v->form != FORM_TEXT || !r->last_is_text || r->changed)
			return err_set(r->e, ERR_FAIL, "%s: not with the modifiers before it, nor with null", modifier);
		v->form = form;
		v->sign = sign;
		if (form == FORM_REGEX)
			rc = check_regex(r, v->text);
		else if (form == FORM_CIDR)
			rc = check_cidr(r, v->text);
		else if (form == FORM_ORDER)
			rc = check_number(r, &v->text);
		else if (form == FORM_EXISTS)
			rc = check_yes(r, v);
		else if (v->text.len == 0)
			rc = err_set(r->e, ERR_FAIL, "%s: the name of a field is missing", modifier);
		if (rc != 0)
			return -1;
	}
	r->last_is_text = false;
	return 0;
}

/* ---- modifiers ---- */

enum modifier {
	CONTAINS, STARTSWITH, ENDSWITH, ALL, CASED, NEQ, RE, RE_I, RE_M, RE_S, BASE64, BASE64OFFSET, UTF16, UTF16LE,
	UTF16BE, WIDE, WINDASH, CIDR, EXISTS, LT, LTE, GT, GTE, FIELDREF, EXPAND, MINUTE, HOUR, DAY, WEEK, MONTH,
	YEAR, MODIFIERS
};

static const char *const modifiers[MODIFIERS] = {
	"contains", "startswith", "endswith", "all", "cased", "neq", "re", "i", "m", "s", "base64", "base64offset",
	"utf16", "utf16le", "utf16be", "wide", "windash", "cidr", "exists", "lt", "lte", "gt", "gte", "fieldref",
	"expand", "minute", "hour", "day", "week", "month", "year"
};

/* Placeholders cannot be filled in here; a value without any is what it is. */
static int
check_placeholders(struct sigma_reading *r)
{
	for (size_t i = 0; i < r->out->n; i++) {
		const struct sigma_value *v = &r->out->value[i];
		const char *first = v->text.p ? strchr(v->text.p, '%') : NULL;

		if (first != NULL && strchr(first + 1, '%') != NULL)
			return err_set(r->e, ERR_FAIL, "expand: the placeholder in '%.60s' has no meaning here",
			    v->text.p);
	}
	return 0;
}

/* i, m and s stand behind re. */
static int
take_flag(struct sigma_reading *r, bool *flag, const char *modifier)
{
	if (r->out->n == 0 || r->out->value[0].form != FORM_REGEX)
		return err_set(r->e, ERR_FAIL, "the modifier %s stands behind re", modifier);
	*flag = true;
	return 0;
}

static int
take_switch(bool *on)
{
	*on = true;
	return 0;
}

/* What needs texts: encodings and wildcards. */
static int
take_text(struct sigma_reading *r, enum modifier which)
{
	const char *name = modifiers[which];

	if (!r->last_is_text)
		return err_set(r->e, ERR_FAIL, "%s: not behind re, cidr, exists, fieldref and comparisons", name);
	if (r->encoded && which != BASE64 && which != BASE64OFFSET)
		return err_set(r->e, ERR_FAIL, "%s: only base64 and base64offset go behind UTF-16", name);
	r->changed = true;
	switch (which) {
	case CONTAINS:
	case STARTSWITH:
	case ENDSWITH:
		return surround_all(r, name);
	case WINDASH:
		return sigma_windash(r);
	default:
		return sigma_encode(r, name);
	}
}

static int
take_modifier(struct sigma_reading *r, enum modifier which)
{
	const char *name = modifiers[which];

	switch (which) {
	case ALL:
		return take_switch(&r->out->all);
	case CASED:
		return take_switch(&r->out->cased);
	case NEQ:
		return take_switch(&r->out->negated);
	case RE_I:
		return take_flag(r, &r->out->ignore_case, name);
	case RE_M:
		return take_flag(r, &r->out->lines, name);
	case RE_S:
		return take_flag(r, &r->out->dot_all, name);
	case RE:
		return take_form(r, name, FORM_REGEX, NULL);
	case CIDR:
		return take_form(r, name, FORM_CIDR, NULL);
	case EXISTS:
		return take_form(r, name, FORM_EXISTS, NULL);
	case LT:
		return take_form(r, name, FORM_ORDER, "<");
	case LTE:
		return take_form(r, name, FORM_ORDER, "<=");
	case GT:
		return take_form(r, name, FORM_ORDER, ">");
	case GTE:
		return take_form(r, name, FORM_ORDER, ">=");
	case FIELDREF:
		return take_form(r, name, FORM_FIELD, NULL);
	case EXPAND:
		return check_placeholders(r);
	case MINUTE:
	case HOUR:
	case DAY:
	case WEEK:
	case MONTH:
	case YEAR:
		return err_set(r->e, ERR_FAIL, "the modifier %s (a part of a time) is not supported", name);
	default:
		return take_text(r, which);
	}
}

static int
find_modifier(struct sigma_reading *r, struct str name, enum modifier *out)
{
	const char *near, *text = arena_copy(r->a, name.p, name.len);

	for (*out = 0; *out < MODIFIERS; ++*out)
		if (str_eq(name, str_of(modifiers[*out])))
			return 0;
	near = nearest_name(text, modifiers, MODIFIERS);
	return err_set(r->e, ERR_FAIL, "no modifier is called '%.60s'%s%s%s", text, near ? "; did you mean " : "",
	    near ? near : "", near ? "?" : "");
}

static int
take_modifiers(struct sigma_reading *r, struct str chain)
{
	while (chain.len > 0) {
		const char *bar = memchr(chain.p, '|', chain.len);
		struct str name = { chain.p, bar ? (size_t)(bar - chain.p) : chain.len };
		enum modifier which;

		if (find_modifier(r, name, &which) != 0 || take_modifier(r, which) != 0)
			return -1;
		chain.p += name.len + (bar != NULL);
		chain.len -= name.len + (bar != NULL);
	}
	if (r->encoded)
		return err_set(r->e, ERR_FAIL,
		    "UTF-16 is in no event as it is; base64 or base64offset belongs behind it");
	return 0;
}

/* ---- reading ---- */

static int
add_scalar(struct sigma_reading *r, const struct sigma_node *n)
{
	struct sigma_value v = { .form = FORM_NULL };

	*r->at = n->at;
	if (n->kind != YAML_SCALAR)
		return err_set(r->e, ERR_FAIL, "expected a value, or a list of them");
	if (!sigma_node_is_null(n)) {
		v = parse_text(r, n->text);
		v.text = n->text;
	}
	return sigma_add_value(r, v);
}

static int
add_scalars(struct sigma_reading *r, const struct sigma_node *n)
{
	if (n->kind != YAML_LIST)
		return add_scalar(r, n);
	for (const struct sigma_node *c = n->first; c != NULL; c = c->next)
		if (add_scalar(r, c) != 0)
			return -1;
	return 0;
}

int
sigma_values_read(struct sigma_values *out, const struct sigma_node *n, struct arena *a, struct yaml_place *at,
    struct err *e)
{
	struct sigma_reading r = { .out = out, .a = a, .at = at, .e = e, .last_is_text = true };
	const char *bar = memchr(n->key.p, '|', n->key.len);
	struct str chain = { "", 0 };

	*out = (struct sigma_values){ .name = n->key };
	if (bar != NULL) {
		out->name.len = (size_t)(bar - n->key.p);
		chain = (struct str){ bar + 1, n->key.len - out->name.len - 1 };
	}
	out->name.p = arena_copy(a, out->name.p, out->name.len);
	if (add_scalars(&r, n) != 0)
		return -1;
	*at = n->at;
	return take_modifiers(&r, chain);
}

int
sigma_values_keyword(struct sigma_values *out, const struct sigma_node *n, struct arena *a, struct yaml_place *at,
    struct err *e)
{
	struct sigma_reading r = { .out = out, .a = a, .at = at, .e = e, .last_is_text = true };

	*out = (struct sigma_values){ .name = { "", 0 } };
	return add_scalar(&r, n);
}

void
sigma_values_fini(struct sigma_values *v)
{
	free(v->value);
	v->value = NULL;
	v->n = v->cap = 0;
}
