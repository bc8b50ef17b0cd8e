/*
 * detect: rules over the events that arrived since they were asked last.
 *
 * Each event is asked about once, in portions, within a portion in order of
 * event time.  How far that went is kept in the store, and moves in the same
 * transaction as the alerts of the portion; what windows and groups had is
 * made again from the log.
 *
 * In: a store and rules.   Out: alerts, in the store and told one by one.
 */
#ifndef DETECT_DETECT_H
#define DETECT_DETECT_H

#include "base/pool.h"
#include "detect/rule.h"
#include "store/store.h"

#define DETECT_LATE_DEFAULT (3600 * TIME_SECOND)
#define DETECT_PORTION (2u * 65536) /* events */
/* Alerts of one rule in a portion; of further groups it is told how many fired. */
#define DETECT_ALERTS_MAX 1000

struct detect_options {
	const struct detect_rules *rules;
	const char *name;  /* of the rules together: whose place in the log it is */
	int64_t late;      /* an event that is so much behind the newest still counts */
	bool from_end;     /* rules that were never asked begin at the log's end, and
	                    * not with its first event */
	bool dry;          /* nothing is written */
	bool lazy;         /* a place without alerts is written only now and then: for
	                    * who is asked again and again, and saves at the end */
	struct pool *pool; /* NULL: one thread */
	int (*go_on)(struct err *e);
	void *arg;
	/* An alert that was committed, seq is its own; with `dry` one that would be. */
	int (*alert)(void *arg, const struct event *ev, uint64_t seq, struct err *e);
};

struct detect_counts {
	uint64_t events; /* of the log, asked about */
	uint64_t hits;   /* what matched, of all rules */
	uint64_t alerts;
	uint64_t late;   /* hits that came too late to be counted with others */
};

struct detect;

/* Reads what is needed of the log.  ERR_FAIL too when that is too much. */
struct detect *detect_open(struct store *st, const struct detect_options *o, struct err *e);
void detect_close(struct detect *d); /* NULL is fine */

/* Asks about everything up to the end that the log now has; adds to *counts.
 * ERR_BUSY: another program has the same name in work. */
int detect_run(struct detect *d, struct detect_counts *counts, struct err *e);

/* Writes how far it is, where that is not done. */
int detect_save(struct detect *d, struct err *e);

#endif
