/*
 * html: what the files of summaries share, those for HTML above all.  Private
 * to render/.
 */
#ifndef RENDER_HTML_H
#define RENDER_HTML_H

#include "render/format.h"

/* Draws n steps of a histogram, joined where they are too many; the length of
 * one bar. */
int64_t render_histogram_svg(struct buf *out, const struct summary_bucket *bucket, size_t n, int64_t step);

void render_summary_html(struct buf *out, const struct summary *s, const struct summary_render *o);

/* Appends a length of time: 86400 s is 1d, 90 s is 90s. */
void render_span(struct buf *out, int64_t us);

/* The style sheet of the page. */
extern const char render_html_style[];

#endif
