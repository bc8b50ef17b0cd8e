/*
 * selector: paths into the payload (see selector.h).
 *
 * In: "context.items.name" and {"items":[{"name":"a"},{"name":"b"}]}
 * Out: a, b
 */
#include "event/selector.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"

#define INDEX_DIGITS_MAX 8 /* no array has so many elements (JSON_STORED_MAX) */

/* ---- text ---- */

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c & 0x80) != 0 ||
	    (c != '\0' && strchr("_-@$/:+", c) != NULL);
}

/* The length of the part that begins at i: bare, or a string with its quotes. */
static size_t
part_length(struct str text, size_t i)
{
	size_t from = i;

	if (i < text.len && text.p[i] == '"') {
		for (i++; i < text.len && text.p[i] != '"'; i++)
			i += text.p[i] == '\\';
		return (i < text.len ? i + 1 : text.len) - from;
	}
	while (i < text.len && is_plain(text.p[i]))
		i++;
	return i - from;
}

size_t
selector_span(struct str text)
{
	size_t i = part_length(text, 0);

	while (i < text.len && text.p[i] == '.')
		i += 1 + part_length(text, i + 1);
	return i;
}

struct selector
selector_field(enum field f)
{
	return (struct selector){ .field = f, .text = { field_table[f].key, field_table[f].key_len } };
}

bool
selector_is_index(struct str part)
{
	for (size_t i = 0; i < part.len; i++) {
		if (part.p[i] < '0' || part.p[i] > '9')
			return false;
	}
	return part.len == 1 || (part.len > 1 && part.p[0] != '0');
}

bool
selector_eq(const struct selector *a, const struct selector *b)
{
	return a->field == b->field && str_eq(a->text, b->text);
}

static int
unknown_field(struct str name, struct err *e)
{
	enum field meant;
	const char *hint;
	unsigned rank;
	char *word;

	if (name.len == 0)
		return err_set(e, ERR_FAIL, "the name of a field is missing");
	if (name.len > 60)
		return err_set(e, ERR_FAIL, "no field is called '%.60s...'", name.p);
	meant = field_find_alias(name.p, name.len, &rank);
	if (meant != FIELD_NONE)
		return err_set(e, ERR_FAIL, "no field is called '%.*s'; events read with that key have it as %s",
		    (int)name.len, name.p, field_table[meant].key);
	word = mem_dup(name.p, name.len);
	hint = nearest_name(word, field_names(), FIELD_COUNT);
	free(word);
	if (hint != NULL)
		return err_set(e, ERR_FAIL, "no field is called '%.*s'; did you mean %s?", (int)name.len, name.p, hint);
	return err_set(e, ERR_FAIL, "no field is called '%.*s'", (int)name.len, name.p);
}

/* A part that is written as a JSON string. */
static int
unquote(struct str quoted, struct str *out, struct arena *a, struct err *e)
{
	struct json_tape tape = { 0 };
	struct json_error fault;
	int rc = 0;

	if (json_scan(&tape, quoted.p, quoted.len, &fault) != 0)
		rc = err_set(e, ERR_FAIL, "%.*s is no JSON string", (int)(quoted.len < 60 ? quoted.len : 60), quoted.p);
	else {
		*out = json_unescape(&tape, &tape.tok[0], a);
		out->p = arena_copy(a, out->p, out->len);
	}
	json_tape_fini(&tape);
	return rc;
}

static int
add_step(struct selector *s, struct str part, struct arena *a, struct err *e)
{
	if (part.len == 0)
		return err_set(e, ERR_FAIL, "a part of the path is empty");
	if (s->steps == SELECTOR_STEPS_MAX)
		return err_set(e, ERR_FAIL, "the path has more than %d parts", SELECTOR_STEPS_MAX);
	if (part.p[0] == '"')
		return unquote(part, &s->step[s->steps++], a, e);
	s->step[s->steps++] = (struct str){ arena_copy(a, part.p, part.len), part.len };
	return 0;
}

/* Parts are bare where they can be. */
static void
make_text(struct selector *s, struct arena *a)
{
	struct buf b = { 0 };

	buf_add(&b, field_table[s->field].key, field_table[s->field].key_len);
	for (size_t i = 0; i < s->steps; i++) {
		struct str step = s->step[i];

		buf_byte(&b, '.');
		if (step.len > 0 && part_length(step, 0) == step.len && step.p[0] != '"')
			buf_str(&b, step);
		else
			json_quote(&b, step);
	}
	s->text = (struct str){ arena_copy(a, b.p, b.len), b.len };
	buf_fini(&b);
}

int
selector_parse(struct selector *out, struct str text, struct arena *a, struct err *e)
{
	size_t i = part_length(text, 0);
	struct selector s = { .field = field_find(text.p, i) };

	if (utf8_valid_prefix(text.p, text.len) != text.len)
		return err_set(e, ERR_FAIL, "not UTF-8");
	if (selector_span(text) != text.len)
		return err_set(e, ERR_FAIL, "'%.*s' is no name of a field", (int)(text.len < 60 ? text.len : 60), text.p);
	if (s.field == FIELD_NONE)
		return unknown_field((struct str){ text.p, i }, e);
	if (i < text.len && field_table[s.field].type != FIELD_JSON)
		return err_set(e, ERR_FAIL, "%s has nothing inside it; paths begin with context or changes",
		    field_table[s.field].key);
	s.step = arena_alloc(a, SELECTOR_STEPS_MAX * sizeof(*s.step));
	while (i < text.len) {
		size_t n = part_length(text, ++i);

		if (add_step(&s, (struct str){ text.p + i, n }, a, e) != 0)
			return -1;
		i += n;
	}
	make_text(&s, a);
	*out = s;
	return 0;
}

/* ---- values ---- */

/* A walk: the tape, and where it stands in the path. */
struct walk {
	const struct selector *s;
	struct selector_scratch *x;
	bool listed;
};

void
selector_scratch_fini(struct selector_scratch *x)
{
	json_tape_fini(&x->tape);
	arena_fini(&x->arena);
	free(x->value);
	*x = (struct selector_scratch){ 0 };
}

static void
take(struct walk *w, uint32_t at)
{
	struct selector_scratch *x = w->x;
	const struct json_token *tok = &x->tape.tok[at];
	struct selected v = { .type = (enum json_token_type)tok->type };

	if (tok->type == TOKEN_NULL || x->n == SELECTOR_VALUES_MAX)
		return;
	v.json = json_text(&x->tape, at, &x->arena);
	v.text = tok->type == TOKEN_STRING ? json_unescape(&x->tape, tok, &x->arena) : v.json;
	mem_grow(&x->value, &x->cap, x->n + 1, sizeof(*x->value));
	x->value[x->n++] = v;
}

static void walk(struct walk *w, uint32_t at, size_t step);

static void
walk_elements(struct walk *w, uint32_t at, size_t step)
{
	const struct json_token *tok = w->x->tape.tok;

	w->listed = true;
	for (uint32_t i = at + 1; i < tok[at].next && w->x->n < SELECTOR_VALUES_MAX; i = tok[i].next)
		walk(w, i, step);
}

/* The element of an array that a part of digits names: its token, or 0. */
static uint32_t
element(const struct json_tape *t, uint32_t at, struct str part)
{
	uint32_t left = 0, i = at + 1;

	if (part.len > INDEX_DIGITS_MAX)
		return 0;
	for (size_t k = 0; k < part.len; k++)
		left = left * 10 + (uint32_t)(part.p[k] - '0');
	for (; left > 0 && i < t->tok[at].next; left--)
		i = t->tok[i].next;
	return i < t->tok[at].next ? i : 0;
}

/* Depth is bounded by JSON_DEPTH_MAX. */
static void
walk(struct walk *w, uint32_t at, size_t step)
{
	struct json_tape *t = &w->x->tape;
	uint32_t found;

	if (t->tok[at].type == TOKEN_ARRAY && step < w->s->steps && selector_is_index(w->s->step[step])) {
		if ((found = element(t, at, w->s->step[step])) != 0)
			walk(w, found, step + 1);
	} else if (t->tok[at].type == TOKEN_ARRAY && (step < w->s->steps || t->tok[at].next > at + 1))
		walk_elements(w, at, step);
	else if (step == w->s->steps)
		take(w, at);
	else if (t->tok[at].type == TOKEN_OBJECT) {
		found = json_find(t, at, w->s->step[step], &w->x->arena);
		if (found != UINT32_MAX)
			walk(w, found, step + 1);
	}
}

void
selector_values(const struct selector *s, struct str json, struct selector_scratch *x, bool *listed)
{
	struct walk w = { .s = s, .x = x };
	struct json_error fault;

	x->n = 0;
	arena_reset(&x->arena);
	if (json.p != NULL && json_scan_limit(&x->tape, json.p, json.len, JSON_STORED_MAX, &fault) == 0)
		walk(&w, 0, 0);
	if (listed != NULL)
		*listed = w.listed;
}

/* ---- output ---- */

void
selector_join(struct buf *out, const struct selector_scratch *x)
{
	for (size_t i = 0; i < x->n; i++) {
		if (i > 0)
			buf_add(out, ", ", 2);
		buf_str(out, x->value[i].text);
	}
}

bool
selector_format_text(struct buf *out, const struct selector *s, const struct event *ev, struct selector_scratch *x)
{
	if (!event_has(ev, s->field))
		return false;
	if (s->steps == 0) {
		event_format_text(out, ev, s->field);
		return true;
	}
	selector_values(s, ev->v[s->field], x, NULL);
	selector_join(out, x);
	return x->n > 0;
}

bool
selector_format_json(struct buf *out, const struct selector *s, const struct event *ev, struct selector_scratch *x)
{
	bool listed;

	if (!event_has(ev, s->field))
		return false;
	if (s->steps == 0) {
		event_format_field(out, ev, s->field);
		return true;
	}
	selector_values(s, ev->v[s->field], x, &listed);
	if (x->n == 0)
		return false;
	if (listed)
		buf_byte(out, '[');
	for (size_t i = 0; i < x->n; i++) {
		if (i > 0)
			buf_byte(out, ',');
		buf_str(out, x->value[i].json);
	}
	if (listed)
		buf_byte(out, ']');
	return true;
}
