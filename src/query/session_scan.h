/*
 * session_scan: what events say of sessions, from the columns of segments and
 * from single events.  Private to query/session*.c.
 *
 * A segment is looked through first, and what it says is put together by
 * session; only then does it change the table of its thread, so that a segment
 * that moved meanwhile can be read again.
 */
#ifndef QUERY_SESSION_SCAN_H
#define QUERY_SESSION_SCAN_H

#include "query/session_table.h"

/* The rules, made ready; shared by threads. */
struct session_plan {
	const struct session_rules *rules;
	struct selector expires[SESSION_PATHS_MAX];
	size_t paths;
	struct selector named[3]; /* source, tenant and host, in the context of our revocations */
	struct arena arena;
};

/* ERR_FAIL: a path that is none. */
int session_plan_init(struct session_plan *p, const struct session_rules *r, struct err *e);
void session_plan_fini(struct session_plan *p);

/* Adds to t what the events that match o->filter say; with `known` only of
 * sessions that are in it, and by parts. */
int session_scan(struct store *st, const struct query_options *o, const struct session_plan *p,
    const struct session_known *known, struct session_table *t, struct query_stats *stats, struct err *e);

#endif
