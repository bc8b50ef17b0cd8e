/* change: what the files of comparisons share.  Private to render/. */
#ifndef RENDER_CHANGE_H
#define RENDER_CHANGE_H

#include "event/change.h"
#include "render/format.h"

/* A comparison being written. */
struct change_writer {
	struct buf *out;
	const struct change_render *o;
	const struct selector *by;
	size_t bys;                     /* but for the outcome */
	double before_span, after_span; /* microseconds */
	struct change *change;
	size_t n;
	unsigned columns;               /* of names in a table */
	struct buf name, cell;          /* scratch */
};

extern const char *const render_change_titles[CHANGE_KINDS];

/* All append: "x1.50", "new"; "16.7% -> 26.7%"; "<0.0001"; "2 d"; the names of
 * what it is grouped by. */
void render_change_ratio(struct buf *out, const struct change_writer *w, const struct change *c);
void render_change_shares(struct buf *out, const struct change *c);
void render_change_chance(struct buf *out, double p);
void render_change_span(struct buf *out, const struct change_side *s);
void render_change_by(struct buf *out, const struct change_writer *w);
/* What made it the kind it is; of none, what was nearest to make it one. */
double render_change_p(const struct change *c);
/* How many of the kind of change[i] there are from i on, and how many are shown. */
size_t render_change_kind(const struct change_writer *w, size_t i, size_t *shown);
/* Events for each unit of time that suits the longer side; what that is called. */
const char *render_change_rates(const struct change_writer *w, const struct change *all, double *before, double *after);

void render_change_html(struct change_writer *w);

#endif
