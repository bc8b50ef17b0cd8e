/*
 * format: what the files of one format each share (render's own header).
 *
 * A format appends bytes to r->buf; render.c hands them on.
 */
#ifndef RENDER_FORMAT_H
#define RENDER_FORMAT_H

#include "render/render.h"

struct render_format {
	const char *name;
	void (*start)(struct render *r); /* NULL: nothing at the start */
	void (*event)(struct render *r, const struct event *ev, uint64_t seq);
	void (*finish)(struct render *r, const struct render_close *c); /* NULL: nothing */
	void (*release)(struct render *r); /* frees r->state; NULL: there is none */
	bool people; /* its bytes are safe for a terminal as they are */
};

struct render {
	const struct render_format *format;
	struct render_options o;  /* strings borrowed from the caller */
	struct selector *column;  /* those chosen, else all fields */
	size_t columns;
	bool chosen;
	field_set chosen_set;     /* the fields that they look at */
	struct selector_scratch scratch;
	struct outstream *out;
	struct buf buf;           /* of one event; kept between events */
	struct buf cell;          /* scratch of a format */
	uint64_t count;
	void *state;              /* the format's own */
};

extern const struct render_format render_table, render_jsonl, render_json, render_csv;

/* Appends an event as a JSON object, with what the options ask for. */
void render_object(struct render *r, const struct event *ev, uint64_t seq);

/* Appends one CSV cell, quoted when it must be.  guard: a cell that a
 * spreadsheet would take for a formula gets an apostrophe in front. */
void render_csv_cell(struct buf *out, struct str text, bool guard);

/* ---- text in columns ---- */

/* Columns that text takes on a terminal; safe text only (render_safe). */
unsigned render_columns(struct str safe);
/* The longest start of safe text that takes at most `columns`. */
size_t render_fit(struct str safe, unsigned columns);
/* Appends `safe` in exactly `width` columns (cut with an ellipsis, or padded). */
void render_pad(struct buf *out, struct str safe, unsigned width, bool right);
void render_spaces(struct buf *out, unsigned n);

/* Colours, by meaning. */
enum render_style { STYLE_PLAIN, STYLE_HEADER, STYLE_DIM, STYLE_GOOD, STYLE_WARNING, STYLE_BAD, STYLE_WORST };
void render_style(struct buf *out, bool colour, enum render_style s); /* STYLE_PLAIN ends a style */

/* ---- summaries ---- */

void render_summary_table(struct buf *out, const struct summary *s, const struct summary_render *o);
void render_summary_json(struct buf *out, const struct summary *s, const struct summary_render *o);
void render_summary_csv(struct buf *out, const struct summary *s, const struct summary_render *o);

/* How many fields a group has at most. */
#define RENDER_GROUP_MAX SUMMARY_BY_MAX
/* A group's values: `value` is taken apart at U+001F into at most n parts. */
size_t render_group(struct str value, struct str *part, size_t n);

#endif
