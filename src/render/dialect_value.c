/*
 * dialect_value: what a place of a record has from an event.
 *
 * In: a place, an event.   Out: text, or a JSON token as it stands.
 */

#include "base/ip.h"
#include "render/dialect.h"

/* Faster than printf: there are several in each record. */
static void
put_number(struct dialect_value *v, int64_t n)
{
	char *o = v->own + sizeof(v->own), *end = o;
	uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;

	do
		*--o = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (n < 0)
		*--o = '-';
	v->text = (struct str){ o, (size_t)(end - o) };
}

void
dialect_decimal(struct buf *out, uint64_t n)
{
	struct dialect_value v;

	put_number(&v, (int64_t)n);
	buf_str(out, v.text);
}

/* Towards the past, also before 1970. */
static int64_t
milliseconds(int64_t us)
{
	return us / 1000 - (us % 1000 < 0);
}

/* ---- the event's own value ---- */

/* The first of the fields and paths that it has; a time as text, when it is not
 * wanted as a number.  Several values of a path are joined. */
static bool
find_text(const struct dialect_source *s, const struct dialect_place *p, struct dialect_value *v)
{
	for (size_t i = 0; i < p->n_from; i++) {
		const struct selector *from = &p->from[i];
		enum field f = from->field;

		if ((s->filled & FIELD_BIT(f)) == 0)
			continue;
		if (from->steps > 0) {
			struct buf *out = &s->r->cell;

			buf_reset(out);
			if (!(p->as == AS_JSON ? selector_format_json(out, from, s->ev, &s->r->scratch) :
			    selector_format_text(out, from, s->ev, &s->r->scratch)))
				continue;
			v->text = buf_view(out);
			v->taken = 0; /* a part of the payload, which stays whole */
			return true;
		}
		if (field_table[f].type == FIELD_TIMESTAMP && p->as == AS_MILLISECONDS) {
			put_number(v, milliseconds(f == FIELD_TIME ? s->ev->time : s->ev->ingested));
		} else if (field_table[f].type == FIELD_TIMESTAMP) {
			time_format(v->own, f == FIELD_TIME ? s->ev->time : s->ev->ingested);
			v->text = (struct str){ v->own, TIME_TEXT_LEN };
		} else
			v->text = s->ev->v[f];
		v->taken = FIELD_BIT(f);
		return true;
	}
	return false;
}

static bool
look_up(const struct dialect_place *p, struct dialect_value *v, bool found)
{
	for (size_t i = 0; found && i < p->n_lookup; i++)
		if (str_eq_nocase(p->lookup[i].word, v->text)) {
			v->text = p->lookup[i].value;
			return true;
		}
	v->taken = 0; /* what it was is told elsewhere */
	v->text = p->otherwise;
	return v->text.p != NULL;
}

/* ---- as numbers ---- */

/* "12.5" -> 12500000: at most 6 digits behind the point count, and none may be
 * lost. */
static bool
nanoseconds(struct dialect_value *v)
{
	struct str whole = v->text, part = { "", 0 };
	const char *point = memchr(whole.p, '.', whole.len);
	int64_t n = 0;

	if (point != NULL) {
		whole.len = (size_t)(point - v->text.p);
		part = (struct str){ point + 1, v->text.len - whole.len - 1 };
	}
	if (whole.len == 0 || whole.len > 12 || part.len > 6)
		return false;
	for (size_t i = 0; i < whole.len + 6; i++) {
		char c = i < whole.len ? whole.p[i] : i - whole.len < part.len ? part.p[i - whole.len] : '0';

		if (c < '0' || c > '9')
			return false;
		n = n * 10 + (c - '0');
	}
	put_number(v, n);
	return true;
}

static bool
is_number(struct str s)
{
	struct json_tape t = { 0 };
	struct json_error why;
	bool is = s.len < 64 && json_scan(&t, s.p, s.len, &why) == 0 && t.tok[0].type == TOKEN_NUMBER;

	json_tape_fini(&t);
	return is;
}

/* ---- as addresses ---- */

enum dialect_as
dialect_address(struct str text)
{
	struct ip ip;

	if (text.len > IP_TEXT_MAX || !ip_parse(text.p, text.len, &ip))
		return AS_NAME;
	return memchr(text.p, ':', text.len) == NULL ? AS_IPV4 : AS_IPV6;
}

/* The event's address is asked for several times. */
static bool
is_address(const struct dialect_source *s, const struct dialect_value *v, enum dialect_as as)
{
	enum dialect_as is = v->taken == FIELD_BIT(FIELD_IP) ? s->address : dialect_address(v->text);

	return is != AS_NAME && (as == AS_ADDRESS || as == is);
}

/* ---- the place's form ---- */

static bool
form(const struct dialect_source *s, const struct dialect_place *p, struct dialect_value *v)
{
	v->raw = true;
	switch (p->as) {
	case AS_INTEGER:
		return p->lookup != NULL || event_is_integer(v->text);
	case AS_NUMBER:
		return is_number(v->text);
	case AS_BOOLEAN:
		return str_eq(v->text, STR("true")) || str_eq(v->text, STR("false"));
	case AS_JSON: /* a field that is no JSON is a text in it */
		v->raw = v->taken == 0 || field_table[__builtin_ctzll(v->taken)].type != FIELD_STRING;
		return true;
	case AS_MILLISECONDS:
		return event_is_integer(v->text);
	case AS_NANOSECONDS:
		return nanoseconds(v);
	case AS_ADDRESS:
	case AS_IPV4:
	case AS_IPV6:
		v->raw = false;
		return is_address(s, v, p->as);
	case AS_NAME:
		v->raw = false;
		return v->taken != FIELD_BIT(FIELD_IP) || !is_address(s, v, AS_ADDRESS);
	default:
		v->raw = false;
		return true;
	}
}

static bool
given(struct dialect_value *v, struct str text)
{
	v->text = text;
	v->raw = true;
	return text.p != NULL;
}

bool
dialect_make(const struct dialect_source *s, const struct dialect_place *p, struct dialect_value *v)
{
	bool found;

	v->taken = 0;
	switch (p->as) {
	case AS_SEQ:
		if (s->r->o.seq)
			put_number(v, (int64_t)s->seq);
		v->raw = true;
		return s->r->o.seq;
	case AS_KIND:
		return given(v, s->verdict->alert);
	case AS_CATEGORY:
		return given(v, s->verdict->categories);
	case AS_TYPE:
		return given(v, s->verdict->types);
	default:
		break;
	}
	if (p->with != 0 && (p->with & s->filled) == 0)
		return false;
	if (p->n_from == 0) {
		v->text = p->text;
		return form(s, p, v);
	}
	found = (p->fields & s->filled) != 0 && find_text(s, p, v);
	if (p->lookup != NULL ? !look_up(p, v, found) : !found)
		return false;
	if (p->text.p == NULL)
		return form(s, p, v);
	/* A text of those whose value is there; of an address, one of the kind. */
	if (p->as > AS_JSON && !form(s, p, v))
		return false;
	*v = (struct dialect_value){ .text = p->text };
	return p->as > AS_JSON || form(s, p, v);
}

/* ---- lists ---- */

void
dialect_list(struct buf *out, const struct dialect_source *s, const struct dialect_place *p)
{
	struct str seen[DIALECT_FROM_MAX];
	size_t n = 0;

	for (size_t i = 0; i < p->n_from && n < DIALECT_FROM_MAX; i++) {
		struct str text = s->ev->v[p->from[i].field];
		size_t same = 0;

		if (p->from[i].steps > 0 || (s->filled & FIELD_BIT(p->from[i].field)) == 0)
			continue;
		while (same < n && !str_eq(seen[same], text))
			same++;
		if (same < n)
			continue;
		buf_byte(out, n == 0 ? '[' : ',');
		json_quote(out, text);
		seen[n++] = text;
	}
	buf_byte(out, ']');
}
