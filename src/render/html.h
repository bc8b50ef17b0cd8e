/*
 * html: what the files of summaries share, those for HTML above all.  Private
 * to render/.
 */
#ifndef RENDER_HTML_H
#define RENDER_HTML_H

#include "render/format.h"

/* ---- what pages are made of (html.c) ---- */

/* Appends everything before the body; the title as text. */
void render_html_head(struct buf *out, struct str title);
/* Appends text from outside: controls and bidi overrides made visible, in an
 * element of its own direction. */
void render_html_value(struct buf *out, struct str text);
void render_html_time(struct buf *out, int64_t us); /* in the zone of TZ */

/* ---- summaries ---- */

/* Draws n steps of a histogram, joined where they are too many; the length of
 * one bar. */
int64_t render_histogram_svg(struct buf *out, const struct summary_bucket *bucket, size_t n, int64_t step);

void render_summary_html(struct buf *out, const struct summary *s, const struct summary_render *o);

/* Appends a length of time: 86400 s is 1d, 90 s is 90s. */
void render_span(struct buf *out, int64_t us);

/* The style sheet of the page. */
extern const char render_html_style[];

#endif
