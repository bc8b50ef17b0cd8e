/*
 * need: how the text that a test needs is found: literal bytes are gathered
 * in runs, of each alternative the longest run is kept.
 *
 * Only need.c and need_regex.c include this.
 */
#ifndef FILTER_NEED_H
#define FILTER_NEED_H

#include "filter/tree.h"

#define NEEDS_MAX 64 /* alternatives; with more, looking for them all costs more than it saves */

/* Where the needed text is to be found. */
enum need_place {
	PLACE_VALUE,   /* the value that the pattern saw */
	PLACE_PAYLOAD, /* JSON, of which the pattern saw a string without its escapes */
	PLACE_LINE     /* some value of the event, of which the pattern saw the whole line */
};

struct need_finder {
	struct filter *f;
	enum need_place place;
	bool nocase;
	struct buf run;           /* literal bytes at work */
	struct str best;          /* of the alternative at work */
	struct str text[NEEDS_MAX];
	size_t texts;
	bool unknown;             /* some alternative has no need, or there are too many */
	bool more;                /* what contains one need not pass */
};

/* What comes next need not follow directly. */
void need_end_run(struct need_finder *n);
void need_end_alternative(struct need_finder *n);

/* A regular expression, with its last alternative ended. */
void need_read_regex(struct need_finder *n, struct str text);

#endif
