/*
 * sigma_test: a field and its values as an expression (audit-filters(7)).
 *
 *     eventName|startswith: [Put, Get]   ->  action like ("*:Put*", "*:Get*")
 *     userAgent|contains: curl           ->  user_agent like "*curl*"
 *     cmd|re|i: 'a+b'                    ->  context.cmd ~ "(?i)a+b"
 *
 * In: values of one form each, and the map of the log source.   Out: text in
 * the grammar of --where, in parentheses where it needs some.
 */
#include "base/ip.h"
#include "detect/sigma_parts.h"
#include "filter/filter.h"

#define PUT(out, literal) buf_str((out), STR(literal))

/* A test at one place. */
struct asked {
	struct sigma_work *w;
	const struct sigma_values *v;
	const struct sigma_place *native; /* where the log has the field, by its name */
	size_t from, to; /* of the values, of which any may match */
};

static bool
only_stars(const struct sigma_value *v)
{
	for (size_t i = 0; i < v->units; i++)
		if (v->unit[i] != UNIT_STAR)
			return false;
	return v->units > 0;
}

/* Bytes beyond ASCII, but for the dashes of windash, which have no case. */
static bool
has_letters_beyond(const struct sigma_value *v)
{
	for (size_t i = 0; i < v->units; i++) {
		if (v->unit[i] < 0x80 || v->unit[i] > 0xff)
			continue;
		if (i + 2 >= v->units || v->unit[i] != 0xe2 || v->unit[i + 1] != 0x80)
			return true;
		i += 2;
	}
	return false;
}

/* A text that a list of patterns can have, in this place. */
static bool
is_listed(const struct sigma_value *v, bool cased, bool nocase)
{
	return v->form == FORM_TEXT && v->units > 0 && !only_stars(v) && (cased ? !nocase : !has_letters_beyond(v));
}

/* Whether the place has the field as a part of it. */
static bool
is_part(const struct sigma_place *p)
{
	return p->before[0] != '\0' || p->behind[0] != '\0';
}

/* The field is there, with something or nothing in it. */
static void
put_has(struct buf *out, const struct sigma_place *p)
{
	if (is_part(p))
		buf_printf(out, "(%s like \"%s*%s\"", p->selector, p->before, p->behind);
	else
		buf_printf(out, "(has %s", p->selector);
	if (p->when != NULL)
		buf_printf(out, " and (%s)", p->when);
	buf_byte(out, ')');
}

/* And the i-th place counts: under its condition, and where the field is in no
 * place before it. */
static void
put_where_else(struct buf *out, const struct sigma_field *f, size_t i)
{
	if (f->place[i].when != NULL)
		buf_printf(out, " and (%s)", f->place[i].when);
	for (size_t k = 0; k < i && !f->any; k++) {
		PUT(out, " and not ");
		put_has(out, &f->place[k]);
	}
}

/* ---- one place ---- */

/* Several alternatives: the word before the next one. */
static void
next_alternative(struct buf *out, bool *first)
{
	if (!*first)
		PUT(out, " or ");
	*first = false;
}

/* An address has one spelling in our field. */
static void
put_pattern(struct buf *out, struct sigma_work *w, const struct sigma_place *p, const struct sigma_value *v)
{
	char text[IP_TEXT_MAX];
	struct str literal;
	struct ip ip;

	if (p->ip && sigma_value_literal(v, w->a, &literal) && ip_parse(literal.p, literal.len, &ip))
		buf_add(out, text, ip_format(&ip, text));
	else
		sigma_put_units(out, v->unit, v->units);
}

/* SELECTOR like ("...", ...): those of the values that a list can have. */
static void
put_list(struct buf *out, const struct asked *q, const struct sigma_place *p, bool *first)
{
	const struct sigma_values *v = q->v;
	size_t n = 0;

	for (size_t i = q->from; i < q->to; i++) {
		if (!is_listed(&v->value[i], v->cased, p->nocase))
			continue;
		if (n == 0) {
			next_alternative(out, first);
			buf_printf(out, "%s %s (\"", p->selector, v->cased ? "in" : "like");
		} else
			PUT(out, ", \"");
		buf_str(out, str_of(p->before));
		put_pattern(out, q->w, p, &v->value[i]);
		buf_str(out, str_of(p->behind));
		buf_byte(out, '"');
		n++;
	}
	if (n > 0)
		buf_byte(out, ')');
}

/* SELECTOR within ("...", ...): all networks. */
static void
put_networks(struct buf *out, const struct asked *q, const struct sigma_place *p, bool *first)
{
	size_t n = 0;

	for (size_t i = q->from; i < q->to; i++) {
		const struct sigma_value *v = &q->v->value[i];

		if (v->form != FORM_CIDR)
			continue;
		if (n++ == 0) {
			next_alternative(out, first);
			buf_printf(out, "%s within (\"%s\"", p->selector, v->text.p);
		} else
			buf_printf(out, ", \"%s\"", v->text.p);
	}
	if (n > 0)
		buf_byte(out, ')');
}

/* A field that is not listed is where its name says. */
static int
default_field(struct sigma_field *f, struct sigma_work *w, struct str name)
{
	struct buf path = { 0 };
	int rc = sigma_map_default(w->map, name, &path, w->e);

	*f = (struct sigma_field){ .name = name.p, .places = 1 };
	f->place[0].before = f->place[0].behind = "";
	if (rc == 0)
		f->place[0].selector = arena_copy(w->a, path.p, path.len);
	buf_fini(&path);
	return rc;
}

/* Where another field is: as the first of its places that an event has. */
static int
put_reference(struct buf *out, const struct asked *q, const struct sigma_place *p, struct str name)
{
	const struct sigma_field *f = sigma_map_field(q->w->map, name.p);
	struct sigma_field native;

	if (f != NULL && f->places == 0)
		return err_set(q->w->e, ERR_FAIL, "the field %s: %s", name.p,
		    f->refuse ? f->refuse : "it has no place");
	if (f == NULL) {
		if (default_field(&native, q->w, name) != 0)
			return -1;
		f = &native;
	}
	buf_byte(out, '(');
	for (size_t i = 0; i < f->places; i++) {
		if (is_part(&f->place[i]))
			return err_set(q->w->e, ERR_FAIL, "the field %s is a part of another and compared with none",
			    name.p);
		buf_printf(out, "%s(%s %s field(%s)", i > 0 ? " or " : "", p->selector, q->v->cased ? "=" : "like",
		    f->place[i].selector);
		put_where_else(out, f, i);
		buf_byte(out, ')');
	}
	buf_byte(out, ')');
	return 0;
}

/*
 * A text of a part, or a pattern in it: what stands around it in the place is
 * there too.  In the pattern ^ and $ would mean the place's ends: one of each
 * at its own ends can be taken away.
 */
static int
put_part(struct buf *out, const struct asked *q, const struct sigma_place *p, const struct sigma_value *v)
{
	struct str text = v->text;
	struct buf around = { 0 };
	bool open = true, end = true;

	if (v->form != FORM_REGEX && v->form != FORM_TEXT)
		return err_set(q->w->e, ERR_FAIL,
		    "the field %s is a part of another: it takes texts and patterns only", q->v->name.p);
	if (v->form == FORM_REGEX) {
		open = text.p[0] != '^';
		text.p += !open;
		text.len -= !open;
		end = text.len == 0 || text.p[text.len - 1] != '$' || (text.len > 1 && text.p[text.len - 2] == '\\');
		text.len -= !end;
		if (memchr(text.p, '^', text.len) || memchr(text.p, '$', text.len) ||
		    ((!open || !end) && memchr(text.p, '|', text.len)) || memmem(text.p, text.len, "\\A", 2))
			return err_set(q->w->e, ERR_FAIL,
			    "the field %s is a part of another: no pattern with ^ or $ within it", q->v->name.p);
	}
	buf_printf(out, "%s ~ \"(?s)\\A", p->selector);
	sigma_put_around(&around, p->before);
	sigma_put_regex(out, buf_view(&around));
	buf_reset(&around);
	if (v->form == FORM_TEXT) {
		sigma_put_flags(out, !q->v->cased, false, true, p->nocase);
		sigma_put_units_regex(out, v);
	} else {
		buf_str(out, open ? STR(".*?(?-s:") : STR("(?-s:"));
		sigma_put_flags(out, q->v->ignore_case, q->v->lines, q->v->dot_all, p->nocase);
		sigma_put_regex(out, text);
		buf_str(out, end ? STR(").*") : STR(")"));
	}
	sigma_put_around(&around, p->behind);
	sigma_put_regex(out, buf_view(&around));
	PUT(out, "\\z\"");
	buf_fini(&around);
	return 0;
}

/* A value that no list can have. */
static int
put_single(struct buf *out, const struct asked *q, const struct sigma_place *p, const struct sigma_value *v)
{
	if (is_part(p))
		return put_part(out, q, p, v);
	switch (v->form) {
	case FORM_TEXT:
		buf_printf(out, "%s ~ \"", p->selector);
		sigma_put_flags(out, !q->v->cased, false, true, p->nocase);
		sigma_put_whole(out, v);
		buf_byte(out, '"');
		break;
	case FORM_REGEX:
		buf_printf(out, "%s ~ \"", p->selector);
		sigma_put_flags(out, q->v->ignore_case, q->v->lines, q->v->dot_all, p->nocase);
		sigma_put_regex(out, v->text);
		buf_byte(out, '"');
		break;
	case FORM_ORDER:
		buf_printf(out, "%s %s %s", p->selector, v->sign, v->text.p);
		break;
	case FORM_FIELD:
		return put_reference(out, q, p, v->text);
	case FORM_CIDR:
	case FORM_EXISTS:
	case FORM_NULL:
		break; /* all of them at once */
	}
	return 0;
}

/* Whether it asks for the field itself: what is empty is there too. */
static bool
is_presence(const struct sigma_value *v)
{
	return v->form == FORM_EXISTS || v->form == FORM_NULL ||
	    (v->form == FORM_TEXT && (v->units == 0 || only_stars(v)));
}

/* Whether the places are asked one after the other. */
static bool
asks_places(const struct asked *q)
{
	for (size_t i = q->from; i < q->to; i++)
		if (!is_presence(&q->v->value[i]))
			return true;
	return false;
}

static int
put_place(struct buf *out, const struct asked *q, const struct sigma_place *p)
{
	bool first = true;

	buf_byte(out, '(');
	put_list(out, q, p, &first);
	if (!is_part(p))
		put_networks(out, q, p, &first);
	for (size_t i = q->from; i < q->to; i++) {
		const struct sigma_value *v = &q->v->value[i];

		if (is_presence(v) || is_listed(v, q->v->cased, p->nocase) || (v->form == FORM_CIDR && !is_part(p)))
			continue;
		next_alternative(out, &first);
		if (put_single(out, q, p, v) != 0)
			return -1;
	}
	buf_byte(out, ')');
	return 0;
}

/* ---- all places of a field ---- */

/* Whether the field is anywhere, or is anywhere the empty text: there is no
 * "first" of these, and what is empty was left where the log had it. */
static void
put_presence(struct buf *out, const struct asked *q, const struct sigma_field *f, const struct sigma_value *v)
{
	bool empty = v->form == FORM_TEXT && v->units == 0;

	buf_str(out, v->form == FORM_NULL || (v->form == FORM_EXISTS && !v->yes) ? STR("not (") : STR("("));
	for (size_t i = 0; i <= f->places; i++) {
		const struct sigma_place *p = i < f->places ? &f->place[i] : q->native;

		if (i > 0)
			PUT(out, " or ");
		if (!empty) {
			put_has(out, p);
			continue;
		}
		buf_printf(out, "(%s like \"%s%s\"", p->selector, p->before, p->behind);
		if (p->when != NULL)
			buf_printf(out, " and (%s)", p->when);
		buf_byte(out, ')');
	}
	buf_byte(out, ')');
}

static int
put_places(struct buf *out, const struct asked *q, const struct sigma_field *f, bool *first)
{
	for (size_t i = 0; i < f->places; i++) {
		next_alternative(out, first);
		buf_byte(out, '(');
		if (put_place(out, q, &f->place[i]) != 0)
			return -1;
		put_where_else(out, f, i);
		buf_byte(out, ')');
	}
	return 0;
}

/* One of the values from..to, at whatever place. */
static int
put_any(struct buf *out, const struct asked *q, const struct sigma_field *f)
{
	bool first = true;

	buf_byte(out, '(');
	for (size_t i = q->from; i < q->to; i++) {
		if (!is_presence(&q->v->value[i]))
			continue;
		next_alternative(out, &first);
		put_presence(out, q, f, &q->v->value[i]);
	}
	if (asks_places(q) && put_places(out, q, f, &first) != 0)
		return -1;
	buf_byte(out, ')');
	return 0;
}

/* ---- the whole ---- */

/* A field that always has one value: the answer is known. */
static int
put_constant(struct buf *out, struct sigma_work *w, const struct sigma_values *v, const struct sigma_field *f)
{
	size_t found = 0;

	for (size_t i = 0; i < v->n; i++) {
		struct buf glob = { 0 };

		if (v->value[i].form != FORM_TEXT)
			return err_set(w->e, ERR_FAIL, "the field %s is always '%s' and takes texts only", f->name,
			    f->constant);
		sigma_put_units(&glob, v->value[i].unit, v->value[i].units);
		found += filter_glob(buf_view(&glob), str_of(f->constant), !v->cased);
		buf_fini(&glob);
	}
	buf_str(out, found > 0 && (!v->all || found == v->n) ? STR("true") : STR("false"));
	return 0;
}

static int
put_field(struct buf *out, struct sigma_work *w, const struct sigma_values *v)
{
	const struct sigma_field *f = sigma_map_field(w->map, v->name.p);
	struct sigma_field native;
	struct asked q = { .w = w, .v = v, .native = &native.place[0], .to = v->n };

	if (f != NULL && f->refuse != NULL)
		return err_set(w->e, ERR_FAIL, "the field %s: %s", v->name.p, f->refuse);
	if (f != NULL && f->constant != NULL)
		return put_constant(out, w, v, f);
	if (default_field(&native, w, v->name) != 0)
		return -1;
	if (f == NULL)
		f = &native;
	if (!v->all)
		return put_any(out, &q, f);
	for (size_t i = 0; i < v->n; i++) {
		q.from = i;
		q.to = i + 1;
		if (i > 0)
			PUT(out, " and ");
		if (put_any(out, &q, f) != 0)
			return -1;
	}
	return 0;
}

int
sigma_put_test(struct sigma_work *w, const struct sigma_values *v, struct buf *out)
{
	int rc;

	if (v->n == 0) /* a list without items: nothing is in it */
		return err_set(w->e, ERR_FAIL, "the list of values is empty");
	buf_str(out, v->negated ? STR("not (") : STR("("));
	rc = v->name.len == 0 ? sigma_put_keywords(w, v, out) : put_field(out, w, v);
	buf_byte(out, ')');
	if (rc == 0 && out->len > SIGMA_WHERE_MAX)
		return err_set(w->e, ERR_FAIL, "the filter is longer than %d bytes", SIGMA_WHERE_MAX);
	return rc;
}
