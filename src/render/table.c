/*
 * table: events for people, a line each, in columns that fit the terminal.
 *
 *        TIME                 AGE  ACTOR                 ACTION  TARGET   OUTCOME
 *     w  2026-04-23 18:00:00   3m  alice via deploy-bot  read    prod/db  failure
 *
 * The first rows are kept until there are SAMPLE_ROWS of them or the end
 * comes; they decide the widths.  Later rows stream.  Columns are written here
 * and not by libsmartcols, which wants all rows in memory before the
 * first is printed, and measures text by the locale.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

#include "render/format.h"

enum {
	SAMPLE_ROWS = 100,
	CHOSEN_MIN = 4,    /* what chosen columns give way to, or all when nothing else helps */
	GAP = 2,           /* spaces between columns */
	PAD_MAX = 60       /* without a terminal, longer cells push the line out */
};

/* What a column shows: a field, or something made of several. */
enum content {
	CONTENT_FIELD, CONTENT_PATH, CONTENT_SEQ, CONTENT_MARK, CONTENT_TIME, CONTENT_AGE, CONTENT_ACTOR, CONTENT_TARGET
};

struct column_kind {
	const char *title;
	enum content content;
	enum field field;  /* CONTENT_FIELD */
	bool right;
	bool middle;       /* too long: cut in the middle */
	unsigned least;    /* gives way down to so many columns; 0: does not */
	unsigned leaves;   /* 1 leaves first when there is no room; 0 stays */
	unsigned roomy;    /* has so many when its rows are not yet known */
	const struct selector *path; /* CONTENT_PATH */
};

/* What is shown when no fields are chosen. */
static const struct column_kind usual[] = {
	{ .title = "", .content = CONTENT_MARK, .roomy = 1 },
	{ .title = "TIME", .content = CONTENT_TIME },
	{ .title = "AGE", .content = CONTENT_AGE, .right = true, .leaves = 2, .roomy = 3 },
	{ .title = "ACTOR", .content = CONTENT_ACTOR, .least = 10, .roomy = 20 },
	{ .title = "ACTION", .content = CONTENT_FIELD, .field = FIELD_ACTION, .middle = true, .least = 10,
	    .roomy = 16 },
	{ .title = "TARGET", .content = CONTENT_TARGET, .middle = true, .least = 10, .roomy = 30 },
	{ .title = "OUTCOME", .content = CONTENT_FIELD, .field = FIELD_OUTCOME, .leaves = 3, .roomy = 7 },
	{ .title = "ADDRESS", .content = CONTENT_FIELD, .field = FIELD_IP, .middle = true, .least = 15, .leaves = 1,
	    .roomy = 15 },
};

struct column {
	struct column_kind kind;
	struct buf title; /* safe */
	unsigned width; /* 0: not shown */
};

struct cell {
	size_t off, len; /* in the text buffer */
	enum render_style style;
};

struct table {
	struct column *column;
	size_t columns, columns_cap;
	struct cell *cell; /* rows of `columns` cells */
	size_t cells, cap;
	struct buf text;   /* safe */
	struct buf raw;    /* scratch */
	bool streaming;    /* widths are decided */
};

/* ---- cells ---- */

static void
put_field(struct buf *out, const struct event *ev, enum field f, enum render_style *style)
{
	if (!event_has(ev, f))
		buf_byte(out, '-');
	else if (f == FIELD_TIME)
		render_local_time(out, ev->time);
	else if (f == FIELD_INGESTED)
		render_local_time(out, ev->ingested);
	else
		buf_str(out, ev->v[f]);
	if (f == FIELD_OUTCOME)
		*style = render_outcome_style(ev);
	else if (f == FIELD_SEVERITY)
		*style = render_severity_style(ev);
}

/* "alice via deploy-bot": the person first, who is shown however narrow it is. */
static void
put_actor(struct buf *out, const struct event *ev, enum render_style *style)
{
	enum render_who who = render_actor(out, ev);
	struct str via = render_via(ev);

	if (who == WHO_UNKNOWN)
		buf_byte(out, '-');
	if (who == WHO_SYSTEM)
		*style = STYLE_DIM;
	if (via.p != NULL) {
		buf_str(out, STR(" via "));
		buf_str(out, via);
	}
}

/* The text of a column, not yet safe. */
static void
put_content(struct buf *out, struct render *r, const struct column_kind *k,
    const struct event *ev, uint64_t seq, enum render_style *style)
{
	switch (k->content) {
	case CONTENT_FIELD:
		put_field(out, ev, k->field, style);
		break;
	case CONTENT_PATH:
		if (!selector_format_text(out, k->path, ev, &r->scratch))
			buf_byte(out, '-');
		break;
	case CONTENT_SEQ:
		buf_printf(out, "%" PRIu64, seq);
		break;
	case CONTENT_MARK:
		buf_str(out, render_mark(ev));
		*style = render_severity_style(ev);
		break;
	case CONTENT_TIME:
		put_field(out, ev, FIELD_TIME, style);
		break;
	case CONTENT_AGE:
		if (event_has(ev, FIELD_TIME))
			render_age(out, r->o.now, ev->time);
		*style = STYLE_DIM;
		break;
	case CONTENT_ACTOR:
		put_actor(out, ev, style);
		break;
	case CONTENT_TARGET:
		buf_str(out, render_target(ev).p ? render_target(ev) : STR("-"));
		break;
	}
}

static void
add_row(struct render *r, struct table *t, const struct event *ev, uint64_t seq)
{
	for (size_t i = 0; i < t->columns; i++) {
		struct cell c = { .off = t->text.len, .style = STYLE_PLAIN };

		buf_reset(&t->raw);
		put_content(&t->raw, r, &t->column[i].kind, ev, seq, &c.style);
		render_safe(&t->text, buf_view(&t->raw));
		c.len = t->text.len - c.off;
		mem_grow(&t->cell, &t->cap, t->cells + 1, sizeof(*t->cell));
		t->cell[t->cells++] = c;
	}
}

/* ---- widths ---- */

static struct str
cell_text(const struct table *t, const struct cell *c)
{
	return (struct str){ (t->text.p ? t->text.p : "") + c->off, c->len };
}

/* As wide as title and content ask for. */
static void
measure(struct render *r, struct table *t)
{
	unsigned limit = r->o.width > 0 ? r->o.width : PAD_MAX;

	for (size_t i = 0; i < t->columns; i++)
		t->column[i].width = render_columns(buf_view(&t->column[i].title));
	for (size_t i = 0; i < t->cells; i++) {
		struct column *c = &t->column[i % t->columns];
		unsigned n = render_columns(cell_text(t, &t->cell[i]));

		if (n > c->width)
			c->width = n < limit ? n : limit;
	}
	/* A mark may come later. */
	for (size_t i = 0; i < t->columns; i++) {
		if (t->column[i].width == 0 && t->cells >= SAMPLE_ROWS * t->columns)
			t->column[i].width = 1;
	}
}

/* How narrow a column may become, when each may have at least `least`. */
static unsigned
narrowest(const struct column *c, unsigned least)
{
	unsigned n = c->kind.least < least ? c->kind.least : least;

	return c->kind.least > 0 && c->width > n ? n : c->width;
}

/* Of a line whose columns are as narrow as they may be. */
static unsigned
line_width(const struct table *t, unsigned least)
{
	unsigned sum = 0;

	for (size_t i = 0; i < t->columns; i++) {
		const struct column *c = &t->column[i];

		if (c->width > 0)
			sum += (least < UINT_MAX ? narrowest(c, least) : c->width) + (sum > 0 ? GAP : 0);
	}
	return sum;
}

/* Takes a column from the widest that gives way; false when none does. */
static bool
shrink_one(struct table *t, unsigned least)
{
	struct column *widest = NULL;

	for (size_t i = 0; i < t->columns; i++) {
		struct column *c = &t->column[i];

		if (c->width > narrowest(c, least) && (widest == NULL || c->width > widest->width))
			widest = c;
	}
	if (widest == NULL)
		return false;
	widest->width--;
	return true;
}

/* The column that leaves next; NULL when those left stay. */
static struct column *
next_to_leave(struct table *t)
{
	struct column *first = NULL;

	for (size_t i = 0; i < t->columns; i++) {
		struct column *c = &t->column[i];

		if (c->width > 0 && c->kind.leaves > 0 && (first == NULL || c->kind.leaves < first->kind.leaves))
			first = c;
	}
	return first;
}

/*
 * First columns leave until the rest can be made narrow enough, then they
 * are.  Fields that the user chose do not leave: too many of them make
 * long lines.
 */
static void
fit_width(struct render *r, struct table *t)
{
	unsigned least = UINT_MAX - 1;

	if (r->o.width == 0)
		return;
	while (line_width(t, least) > r->o.width) {
		struct column *c = next_to_leave(t);

		if (c != NULL)
			c->width = 0;
		else if (least > CHOSEN_MIN)
			least = CHOSEN_MIN;
		else
			break;
	}
	while (line_width(t, UINT_MAX) > r->o.width && shrink_one(t, least))
		;
}

/* ---- lines ---- */

/* What tells one path or ARN from another stands at its end,
 * arn:aws:iam::123456789012:user/alice; of a sentence the beginning is read. */
static bool
cut_in_middle(const struct column *c, struct str text)
{
	return c->kind.middle || (memchr(text.p, '/', text.len) != NULL && memchr(text.p, ' ', text.len) == NULL);
}

static void
put_cell(struct render *r, const struct column *c, struct str text, enum render_style style, bool last)
{
	struct buf *out = &r->buf;
	unsigned columns = render_columns(text);

	if (style != STYLE_PLAIN)
		render_style(out, r->o.colour, style);
	if (r->o.width == 0 && columns > c->width)
		buf_str(out, text); /* nothing is cut where there is no terminal */
	else if (columns > c->width && cut_in_middle(c, text))
		render_squeeze(out, text, c->width);
	else
		render_pad(out, text, last && columns < c->width && !c->kind.right ? columns : c->width,
		    c->kind.right);
	if (style != STYLE_PLAIN)
		render_style(out, r->o.colour, STYLE_PLAIN);
}

static size_t
last_shown(const struct table *t)
{
	size_t last = 0;

	for (size_t i = 0; i < t->columns; i++) {
		if (t->column[i].width > 0)
			last = i;
	}
	return last;
}

static void
put_header(struct render *r, const struct table *t)
{
	size_t last = last_shown(t);
	bool first = true;

	for (size_t i = 0; i < t->columns; i++) {
		const struct column *c = &t->column[i];

		if (c->width == 0)
			continue;
		if (!first)
			render_spaces(&r->buf, GAP);
		put_cell(r, c, buf_view(&c->title), STYLE_HEADER, i == last);
		first = false;
	}
	buf_byte(&r->buf, '\n');
}

static void
put_row(struct render *r, const struct table *t, const struct cell *row)
{
	size_t last = last_shown(t);
	bool first = true;

	for (size_t i = 0; i < t->columns; i++) {
		const struct column *c = &t->column[i];

		if (c->width == 0)
			continue;
		if (!first)
			render_spaces(&r->buf, GAP);
		put_cell(r, c, cell_text(t, &row[i]), row[i].style, i == last);
		first = false;
	}
	buf_byte(&r->buf, '\n');
}

static void
forget_rows(struct table *t)
{
	buf_reset(&t->text);
	t->cells = 0;
}

/* Decides the widths and prints what was kept.  When others are awaited, what
 * little there is does not decide alone. */
static void
print_sample(struct render *r, struct table *t, bool roomy)
{
	if (t->cells == 0)
		return;
	t->streaming = true;
	measure(r, t);
	for (size_t i = 0; roomy && r->o.width > 0 && i < t->columns; i++) {
		struct column *c = &t->column[i];

		c->width = c->width > c->kind.roomy ? c->width : c->kind.roomy;
	}
	fit_width(r, t);
	put_header(r, t);
	for (size_t i = 0; i < t->cells; i += t->columns)
		put_row(r, t, &t->cell[i]);
	forget_rows(t);
}

/* ---- the format ---- */

static void
add_column(struct table *t, const struct column_kind *k)
{
	struct column *c;

	mem_grow(&t->column, &t->columns_cap, t->columns + 1, sizeof(*t->column));
	c = &t->column[t->columns++];
	*c = (struct column){ .kind = *k };
	render_title(&c->title, str_of(k->title));
}

/* Titled by what is behind the field: AFTER.ROLE. */
static void
add_path_column(struct table *t, const struct selector *s)
{
	struct column_kind k = { .title = s->text.p + field_table[s->field].key_len + 1, .content = CONTENT_PATH,
		.path = s, .least = CHOSEN_MIN, .roomy = 16 };

	add_column(t, &k);
}

static void
add_field_column(struct table *t, enum field f)
{
	enum field_type type = field_table[f].type;
	struct column_kind k = { .title = field_table[f].title, .content = CONTENT_FIELD, .field = f,
		.right = type == FIELD_INTEGER || type == FIELD_NUMBER, .middle = f == FIELD_TARGET_PATH || f == FIELD_IP,
		.least = type == FIELD_TIMESTAMP ? 0 : CHOSEN_MIN, .roomy = 16 };

	add_column(t, &k);
}

static void
table_start(struct render *r)
{
	static const struct column_kind seq = { .title = "SEQ", .content = CONTENT_SEQ, .right = true, .roomy = 8 };
	struct table *t = mem_zero(1, sizeof(*t));

	r->state = t;
	if (r->o.seq)
		add_column(t, &seq);
	if (r->chosen) {
		for (size_t i = 0; i < r->columns; i++)
			if (r->column[i].steps > 0)
				add_path_column(t, &r->column[i]);
			else
				add_field_column(t, r->column[i].field);
		return;
	}
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		add_column(t, &usual[i]);
}

static void
table_event(struct render *r, const struct event *ev, uint64_t seq)
{
	struct table *t = r->state;

	add_row(r, t, ev, seq);
	if (t->streaming) {
		put_row(r, t, t->cell);
		forget_rows(t);
	} else if (t->cells >= SAMPLE_ROWS * t->columns) {
		print_sample(r, t, false);
	}
}

static void
table_finish(struct render *r, const struct render_close *c)
{
	struct table *t = r->state;

	(void)c;
	if (!t->streaming)
		print_sample(r, t, false);
}

static void
table_flush(struct render *r)
{
	struct table *t = r->state;

	if (!t->streaming)
		print_sample(r, t, true);
}

static void
table_release(struct render *r)
{
	struct table *t = r->state;

	if (t == NULL)
		return;
	for (size_t i = 0; i < t->columns; i++)
		buf_fini(&t->column[i].title);
	free(t->column);
	buf_fini(&t->text);
	buf_fini(&t->raw);
	free(t->cell);
	free(t);
}

const struct render_format render_table = {
	.name = "table", .start = table_start, .event = table_event, .finish = table_finish,
	.flush = table_flush, .release = table_release, .people = true, .own = PHRASE_LINE
};
