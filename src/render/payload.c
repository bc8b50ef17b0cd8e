/*
 * payload: changes and context of an event, indented for people.
 *
 *     {"before":{"role":"user"},"after":{"role":"admin","mfa":true}}
 *
 *                BEFORE  AFTER
 *          role  user    admin
 *          mfa   -       true
 *
 * Changes of that shape, {"role":{"before":..,"after":..}} and
 * {"role":["user","admin"]} are shown side by side, where there is room; other
 * JSON is indented and stays JSON.  Bytes that could steer a terminal are
 * escapes of JSON in it.
 */
#include <stdlib.h>

#include "render/format.h"

enum {
	STEP = 2,      /* of indentation */
	ROWS_MAX = 200, /* of changes side by side; more are JSON */
	GAP = 2,
	CELL_LEAST = 12,
	CELL_FREE = 60  /* a cell's width where there is no terminal */
};

/* ---- JSON ---- */

struct writer {
	struct render *r;
	const struct json_tape *tape;
	unsigned left, right; /* the first column, and one behind the last (0: none) */
};

static void
new_line(struct writer *w, unsigned level)
{
	buf_byte(&w->r->buf, '\n');
	render_spaces(&w->r->buf, w->left + level * STEP);
}

static void
put_token(struct writer *w, uint32_t at)
{
	render_safe_lines(&w->r->buf, json_text(w->tape, at, &w->r->scratch.arena), true);
}

static bool
is_container(const struct json_token *tok)
{
	return tok->type == TOKEN_ARRAY || tok->type == TOKEN_OBJECT;
}

/* A list of scalars that is not longer than a line. */
static bool
fits_line(const struct writer *w, uint32_t at, unsigned level)
{
	const struct json_token *tok = w->tape->tok;
	unsigned room = w->right > w->left + level * STEP ? w->right - w->left - level * STEP : CELL_FREE;

	if (tok[at].type != TOKEN_ARRAY || tok[at].len > room)
		return false;
	for (uint32_t i = at + 1; i < tok[at].next; i++)
		if (is_container(&tok[i]))
			return false;
	return true;
}

static void put_json(struct writer *w, uint32_t at, unsigned level);

static void
put_list(struct writer *w, uint32_t at)
{
	struct buf *out = &w->r->buf;

	buf_byte(out, '[');
	for (uint32_t i = at + 1; i < w->tape->tok[at].next; i++) {
		buf_str(out, i > at + 1 ? STR(", ") : STR(""));
		put_token(w, i);
	}
	buf_byte(out, ']');
}

/* Depth is bounded by JSON_DEPTH_MAX. */
static void
put_members(struct writer *w, uint32_t at, unsigned level)
{
	const struct json_token *tok = w->tape->tok;
	bool object = tok[at].type == TOKEN_OBJECT;
	struct buf *out = &w->r->buf;

	buf_byte(out, object ? '{' : '[');
	for (uint32_t i = at + 1; i < tok[at].next; i = tok[i].next) {
		if (i > at + 1)
			buf_byte(out, ',');
		new_line(w, level + 1);
		if (object) {
			put_token(w, i++);
			buf_str(out, STR(": "));
		}
		put_json(w, i, level + 1);
	}
	new_line(w, level);
	buf_byte(out, object ? '}' : ']');
}

static void
put_json(struct writer *w, uint32_t at, unsigned level)
{
	const struct json_token *tok = &w->tape->tok[at];

	if (!is_container(tok) || tok->next == at + 1)
		put_token(w, at);
	else if (fits_line(w, at, level))
		put_list(w, at);
	else
		put_members(w, at, level);
}

/* ---- changes ---- */

struct row {
	struct str cell[3]; /* what, before, after; safe */
	bool changed;
};

struct changes {
	struct row row[ROWS_MAX];
	size_t rows;
};

/* A string's text; in quotes when it could be taken for something else. */
static bool
is_plain(struct str s)
{
	static const char *const words[] = { "true", "false", "null", "-" };
	bool number = true;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_eq(s, str_of(words[i])))
			return false;
	for (size_t i = 0; i < s.len; i++)
		number = number && s.p[i] != '\0' && strchr("0123456789+-.eE", s.p[i]) != NULL;
	return !number && s.p[0] != '"' && s.p[0] != '[' && s.p[0] != '{' && s.p[0] != ' ' && s.p[s.len - 1] != ' ';
}

static struct str
keep_safe(struct render *r, struct str raw)
{
	buf_reset(&r->quoted);
	render_safe(&r->quoted, raw);
	return (struct str){ arena_copy(&r->scratch.arena, r->quoted.p ? r->quoted.p : "", r->quoted.len), r->quoted.len };
}

/* UINT32_MAX: absent. */
static struct str
cell_text(struct render *r, const struct json_tape *t, uint32_t at)
{
	struct str text;

	if (at == UINT32_MAX)
		return STR("-");
	if (t->tok[at].type == TOKEN_STRING) {
		text = json_unescape(t, &t->tok[at], &r->scratch.arena);
		if (is_plain(text))
			return keep_safe(r, text);
	}
	return keep_safe(r, json_text(t, at, &r->scratch.arena));
}

static bool
add_row(struct render *r, struct changes *c, const struct json_tape *t, uint32_t key, uint32_t before, uint32_t after)
{
	struct arena *a = &r->scratch.arena;
	struct row *row;

	if (c->rows == ROWS_MAX)
		return false;
	row = &c->row[c->rows++];
	row->cell[0] = key == UINT32_MAX ? STR("") : keep_safe(r, json_unescape(t, &t->tok[key], a));
	row->cell[1] = cell_text(r, t, before);
	row->cell[2] = cell_text(r, t, after);
	row->changed = before == UINT32_MAX || after == UINT32_MAX ||
	    !str_eq(json_text(t, before, a), json_text(t, after, a));
	return true;
}

static size_t
members(const struct json_tape *t, uint32_t object)
{
	size_t n = 0;

	for (uint32_t i = object + 1; i < t->tok[object].next; i = t->tok[i + 1].next)
		n++;
	return n;
}

/* {"before":..,"after":..} or {"old":..,"new":..}, of which one may be absent. */
static bool
find_sides(struct render *r, const struct json_tape *t, uint32_t at, uint32_t *before, uint32_t *after)
{
	static const char *const names[][2] = { { "before", "after" }, { "old", "new" } };
	struct arena *a = &r->scratch.arena;
	size_t n;

	if (t->tok[at].type != TOKEN_OBJECT || (n = members(t, at)) == 0 || n > 2)
		return false;
	for (size_t i = 0; i < 2; i++) {
		*before = json_find(t, at, str_of(names[i][0]), a);
		*after = json_find(t, at, str_of(names[i][1]), a);
		if (n == (size_t)(*before != UINT32_MAX) + (*after != UINT32_MAX))
			return true;
	}
	return false;
}

/* Whether one side of a change is an object, or not there. */
static bool
is_side(const struct json_tape *t, uint32_t at)
{
	return at == UINT32_MAX || t->tok[at].type == TOKEN_NULL || t->tok[at].type == TOKEN_OBJECT;
}

static uint32_t
find_member(struct render *r, const struct json_tape *t, uint32_t side, uint32_t key)
{
	if (side == UINT32_MAX || t->tok[side].type != TOKEN_OBJECT)
		return UINT32_MAX;
	return json_find(t, side, json_unescape(t, &t->tok[key], &r->scratch.arena), &r->scratch.arena);
}

/* Keys of both sides: those of before in its order, then what is new.  That
 * rows are few keeps looking keys up cheap, however many the other side has. */
static bool
add_sides(struct render *r, struct changes *c, const struct json_tape *t, uint32_t before, uint32_t after)
{
	const struct json_token *tok = t->tok;
	bool ok = true;

	if (!is_side(t, before) || !is_side(t, after))
		return add_row(r, c, t, UINT32_MAX, before, after);
	if (before != UINT32_MAX && tok[before].type == TOKEN_OBJECT)
		for (uint32_t i = before + 1; ok && i < tok[before].next; i = tok[i + 1].next)
			ok = add_row(r, c, t, i, i + 1, find_member(r, t, after, i));
	if (after != UINT32_MAX && tok[after].type == TOKEN_OBJECT)
		for (uint32_t i = after + 1; ok && i < tok[after].next; i = tok[i + 1].next)
			if (find_member(r, t, before, i) == UINT32_MAX)
				ok = add_row(r, c, t, i, UINT32_MAX, i + 1);
	return ok && c->rows > 0;
}

/* {"role":{"before":..,"after":..},"mfa":[false,true]} */
static bool
add_members(struct render *r, struct changes *c, const struct json_tape *t)
{
	const struct json_token *tok = t->tok;

	for (uint32_t i = 1; i < tok[0].next; i = tok[i + 1].next) {
		uint32_t value = i + 1, before, after;

		if (tok[value].type == TOKEN_ARRAY) {
			before = value + 1;
			if (before >= tok[value].next || (after = tok[before].next) >= tok[value].next ||
			    tok[after].next != tok[value].next)
				return false;
		} else if (!find_sides(r, t, value, &before, &after)) {
			return false;
		}
		if (!add_row(r, c, t, i, before, after))
			return false;
	}
	return c->rows > 0;
}

/* False when the JSON has another shape. */
static bool
read_changes(struct render *r, struct changes *c, const struct json_tape *t)
{
	uint32_t before, after;

	c->rows = 0;
	if (t->tok[0].type != TOKEN_OBJECT)
		return false;
	if (find_sides(r, t, 0, &before, &after) && add_sides(r, c, t, before, after))
		return true;
	c->rows = 0;
	return add_members(r, c, t);
}

/* ---- side by side ---- */

static unsigned
widest(const struct changes *c, size_t cell, unsigned least)
{
	for (size_t i = 0; i < c->rows; i++) {
		unsigned n = render_columns(c->row[i].cell[cell]);

		least = n > least ? n : least;
	}
	return least;
}

/* How wide each cell is; false when that is too narrow to read. */
static bool
share_room(const struct changes *c, unsigned room, unsigned width[3])
{
	unsigned side;

	width[0] = widest(c, 0, 0);
	width[1] = widest(c, 1, 6); /* BEFORE */
	width[2] = widest(c, 2, 5); /* AFTER */
	if (room == 0) {
		for (size_t i = 0; i < 3; i++)
			width[i] = width[i] < CELL_FREE ? width[i] : CELL_FREE;
		return true;
	}
	if (width[0] > room / 3)
		width[0] = room / 3;
	side = room > width[0] + 2 * GAP ? (room - width[0] - 2 * GAP) / 2 : 0;
	/* What one side does not need is the other's. */
	if (width[1] > side && width[2] < side)
		side += side - width[2];
	if (width[1] > side)
		width[1] = side;
	side = room > width[0] + width[1] + 2 * GAP ? room - width[0] - width[1] - 2 * GAP : 0;
	if (width[2] > side)
		width[2] = side;
	return width[1] >= 6 && side >= 5 && side + width[1] >= 2 * CELL_LEAST;
}

/* One row, of as many lines as its longest cell needs. */
static void
put_row(struct writer *w, const struct row *row, const unsigned width[3])
{
	static const enum render_style styles[3] = { STYLE_PLAIN, STYLE_BAD, STYLE_GOOD };
	struct buf *out = &w->r->buf;
	struct str rest[3] = { row->cell[0], row->cell[1], row->cell[2] };

	do {
		unsigned owed = w->left; /* blanks: none stand at the end of a line */

		for (size_t i = 0; i < 3; i++) {
			size_t n = render_line(rest[i], width[i]);
			struct str line = { rest[i].p, n };
			bool coloured = w->r->o.colour && row->changed && n > 0;

			if (n > 0) {
				render_spaces(out, owed);
				owed = 0;
			}
			render_style(out, coloured, styles[i]);
			buf_str(out, line);
			render_style(out, coloured, STYLE_PLAIN);
			owed += width[i] - render_columns(line) + (width[i] > 0 ? GAP : 0);
			n += n < rest[i].len && rest[i].p[n] == ' ';
			rest[i] = (struct str){ rest[i].p + n, rest[i].len - n };
		}
		buf_byte(out, '\n');
	} while (rest[0].len + rest[1].len + rest[2].len > 0);
}

/* The first line goes on behind the title. */
static void
put_changes(struct writer *w, const struct changes *c, const unsigned width[3])
{
	struct buf *out = &w->r->buf;

	render_spaces(out, width[0] > 0 ? width[0] + GAP : 0);
	render_style(out, w->r->o.colour, STYLE_HEADER);
	render_pad(out, STR("BEFORE"), width[1], false);
	buf_str(out, STR("  AFTER"));
	render_style(out, w->r->o.colour, STYLE_PLAIN);
	buf_byte(out, '\n');
	for (size_t i = 0; i < c->rows; i++)
		put_row(w, &c->row[i], width);
}

void
render_payload(struct render *r, struct str json, bool changes, unsigned left)
{
	struct json_tape *tape = &r->scratch.tape;
	struct writer w = { r, tape, left, r->o.width };
	struct changes *c = NULL;
	struct json_error fault;
	unsigned width[3];

	arena_reset(&r->scratch.arena);
	if (json_scan_limit(tape, json.p, json.len, JSON_STORED_MAX, &fault) != 0) {
		render_safe(&r->buf, json);
		buf_byte(&r->buf, '\n');
		return;
	}
	if (changes) {
		c = mem_alloc(sizeof(*c));
		if (!read_changes(r, c, tape) || !share_room(c, r->o.width > left ? r->o.width - left : 0, width)) {
			free(c);
			c = NULL;
		}
	}
	if (c != NULL) {
		put_changes(&w, c, width);
	} else {
		put_json(&w, 0, 0);
		buf_byte(&r->buf, '\n');
	}
	free(c);
}
