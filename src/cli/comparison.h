/*
 * comparison: the events of one period against those of another, instead of
 * one summary (audit-summary --pivot, --compare).
 */
#ifndef CLI_COMPARISON_H
#define CLI_COMPARISON_H

#include "cli/cli.h"
#include "cli/periods.h"
#include "render/render.h"

struct comparison {
	const struct program *program;
	const struct common_args *common;
	const struct filter_args *filter; /* as typed */
	const char *output;               /* -o as typed, or NULL */
	char *pivot, *compare;            /* --pivot, --compare: one of them */
	const struct str_list *input;     /* -i, when there is no store */
	/* made by comparison_open: the periods, and a filter for each */
	struct periods periods;
	struct filter *before, *after;
	struct filter *rest; /* what was typed beside the window */
};

/*
 * What the options mean: the periods, and a filter that selects the events of
 * both.  0, 1 and -1 as cli_filter has it, and *out as there.
 */
int comparison_open(struct comparison *c, int64_t now, struct filter **out, struct err *e);
void comparison_close(struct comparison *c);

/*
 * Counts each side and prints.  st: NULL with -i.  o: with the filter that
 * comparison_open gave; so: with what --by says, or nothing for actor_id.
 * look: but for the sides.
 */
int comparison_print(struct comparison *c, struct store *st, const struct query_options *o, struct summary_options *so,
    const struct change_render *look, struct err *e);

#endif
