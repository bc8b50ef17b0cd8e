/*
 * limits: how many events of a tenant may be exported a day (export_limits: of
 * the configuration).
 *
 * An export says how many it is about to give in its intent, and commits that;
 * only then is the day summed up, over all intents up to its own.  Of two
 * exports at the same time at least one sees the other.  What an intent asked
 * for counts whatever became of it, but when it was refused here, or failed
 * before anything was written.
 */
#ifndef CLI_LIMITS_H
#define CLI_LIMITS_H

#include "cli/config.h"
#include "query/query.h"

#define LIMITED_TENANTS_MAX 1000 /* of one export */
#define LIMITED_NAMES_MAX ((size_t)256 * 1024) /* bytes of their names */

/* One tenant of the export that has a limit. */
struct limited {
	struct str tenant; /* "": events without one */
	uint64_t asked, used, limit; /* rows; used: by others, once it is summed up */
};

struct limits { /* starts as {0} */
	struct limited *item;
	size_t n, cap;
	size_t names;          /* bytes of them */
	struct tally *places;  /* of tenants in item[] */
	char day[11];          /* "2026-04-23", UTC */
	struct arena arena;
};

/* Counts what o (filter, only) would give by tenants.  Without limits in the
 * configuration nothing is read.  ERR_REFUSED: more tenants than can be told. */
int limits_count(struct limits *l, const struct config *config, struct store *st, const struct query_options *o,
    struct err *e);

/* Appends members for the intent, each with a comma before it:
 * ,"day":"2026-04-23","tenants":{"acme":12} */
void limits_format(const struct limits *l, struct buf *context);

/* After the intent was committed as `seq`.  *over: the first tenant that would
 * have more than its limit, or NULL. */
int limits_check(struct limits *l, struct store *st, uint64_t seq, const struct limited **over, struct err *e);

void limits_fini(struct limits *l);

#endif
