/*
 * detect_parts: what the parts of detect.c share.
 *
 * Only src/detect/detect*.c include this.
 */
#ifndef DETECT_DETECT_PARTS_H
#define DETECT_DETECT_PARTS_H

#include "detect/alert.h"
#include "detect/detect.h"
#include "detect/hits.h"
#include "detect/known.h"
#include "detect/window.h"

#define SILENT_MEMORY (31 * TIME_DAY) /* what was not seen for longer is not missed any more */

struct detect {
	struct store *st;
	struct detect_options o;
	struct detector place, saved; /* saved: as the store has it */
	int64_t saved_at;             /* by time_steady */
	struct windows *windows;
	struct hits hits;
	struct known known;    /* of rules with DETECT_NEW */
	uint64_t secret;
	bool *asked;           /* by rule; scratch */
	int64_t silent_looked; /* by time_steady */
	struct uuid7 ids;

	/* of the portion at work */
	struct alert *alert;
	size_t alerts, alerts_cap;
	uint64_t *by_rule;     /* how many */
	size_t *last_by_rule;  /* where in alert the one of each rule is that was added last */
	struct arena arena;
};

static inline int64_t
detect_minus(int64_t time, int64_t span)
{
	int64_t out;

	return __builtin_sub_overflow(time, span, &out) || out < TIME_MIN ? TIME_MIN : out;
}

static inline struct window_event
detect_window_event(const struct hit *h)
{
	return (struct window_event){ h->time, h->seq, h->value_hash };
}

/* Whether events of before the portion are looked at again. */
bool detect_looks_back(const struct detect_rule *r);
/* A value that the group never had; the first one it has is no news. */
bool detect_is_new(struct detect *d, const struct hit *h);

/* Alerts of before, events whose windows are not over and the values of what is
 * to be new: out of the log, up to the place.  0 or -1. */
int detect_recall(struct detect *d, struct err *e);

/* ---- alerts of the portion ---- */

/* A text for as long as the portion is at work. */
struct str detect_kept(struct detect *d, struct str s);
/* NULL: there are so many of this rule that they are only counted. */
struct alert *detect_add_alert(struct detect *d, uint32_t rule, int64_t at);
/* What made it fire, n of them, in order of time: the newest are named.  One that
 * several inputs match is there several times, and counts once. */
void detect_set_evidence(struct detect *d, struct alert *al, const struct window_event *ev, size_t n);
/* Reads the ids of all events that are named. */
int detect_name_evidence(struct detect *d, struct err *e);

#endif
