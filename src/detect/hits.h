/*
 * hits: which events matched which rules, in order of event time.
 *
 * In: a range of the log.   Out: hits with what their groups have in common.
 */
#ifndef DETECT_HITS_H
#define DETECT_HITS_H

#include "detect/rule.h"
#include "query/many.h"

struct hit {
	int64_t time;    /* of the event */
	int64_t clock;   /* the same, but not ahead of its arrival */
	uint64_t seq;
	uint32_t rule;   /* its number */
	uint16_t input;  /* of the rule's, which one */
	bool valued;     /* it has a value: */
	uint64_t value_hash;
	struct str value; /* of DETECT_NEW and DETECT_SILENT; else p NULL */
	struct str group; /* a JSON object: {"actor_id":"alice","ip":null} */
};

struct hits { /* starts as {0} */
	struct hit *hit;
	size_t n;
	struct hits_thread *thread;
	uint64_t secret;
};

struct hits_ask {
	const struct detect_rules *rules;
	const bool *asked;      /* by rule */
	const int64_t *since;   /* by rule; NULL: all times */
	uint64_t first, end;    /* seqs */
	struct pool *pool;
	int (*go_on)(struct err *e);
};

/* Replaces what was there.  Alerts of the toolkit itself are left out: what a
 * rule wrote is not to set it off again. */
int hits_find(struct hits *h, struct store *st, const struct hits_ask *ask, struct query_stats *stats, struct err *e);
void hits_fini(struct hits *h);

#endif
