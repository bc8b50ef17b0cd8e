/*
 * change: two summaries held against each other, group by group: what began to
 * fail, what is new, what is gone, what there is more or less of than chance
 * would have it.
 */
#ifndef EVENT_CHANGE_H
#define EVENT_CHANGE_H

#include "event/summary.h"

/* Of the changes that are told, so large a share may be the work of chance. */
#define CHANGE_BY_CHANCE 0.05

/* In the order in which they are told. */
enum change_kind {
	CHANGE_FAILING,   /* a larger share of it fails */
	CHANGE_NEW,       /* there was none */
	CHANGE_VANISHED,  /* there is none any more */
	CHANGE_MORE,
	CHANGE_LESS,
	CHANGE_RECOVERED, /* a smaller share of it fails */
	CHANGE_NONE,      /* nothing, or no more than chance would do */
	CHANGE_KINDS
};
extern const char *const change_names[CHANGE_KINDS + 1]; /* then NULL */

/* One group on both sides. */
struct change {
	struct str value; /* as in a tally of groups; borrowed from it */
	uint64_t before, before_failed, after, after_failed;
	double p;         /* rates_p of all of it over time */
	double failed_p;  /* rates_p of its failures over its events */
	enum change_kind kind;
};

/* What a comparison groups by: `by`, and the outcome behind it, so that
 * failures are told in each group.  by has room for one more. */
void change_group(struct summary_options *by);

/*
 * The groups of both summaries, which were grouped as change_group has it, by
 * kind, then by what is least likely by chance, then by how much, then by
 * value.  Yours (free).  A span is how long a side is, in any one unit.
 * Among many groups some look changed by chance: how small p must be follows
 * from all of them (the false discovery rate, Benjamini and Hochberg, 1995),
 * for p and for failed_p by itself.
 */
struct change *change_list(const struct summary *before, double before_span, const struct summary *after,
    double after_span, size_t *n);

/* All of it as one change; its value is empty, and p alone decides. */
struct change change_total(const struct summary *before, double before_span, const struct summary *after,
    double after_span);

/* How many times the rate before the rate after is; 0 when there was none before. */
double change_ratio(const struct change *c, double before_span, double after_span);

#endif
