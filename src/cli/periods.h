/*
 * periods: which two periods are held against each other: the time before a
 * moment and the time after it, or the time asked for and one before it.
 */
#ifndef CLI_PERIODS_H
#define CLI_PERIODS_H

#include <stdint.h>

#include "base/err.h"

/* Microseconds; [since, until). */
struct period {
	int64_t since, until;
};

struct periods {
	struct period before, after;
};

/*
 * The window asked for, TIME_MIN and INT64_MAX where it has no end, cut at a
 * moment.  What of it has not yet happened is left out.  ERR_FAIL: the moment
 * is outside, or the window has no beginning.
 */
int periods_pivot(struct periods *p, int64_t moment, struct period window, int64_t now, struct err *e);

/*
 * The window asked for against what `text` says: "previous", the time before it
 * that is as long; 7d or -7d, the same window so much earlier; a day, month or
 * year; FROM..UNTIL.  ERR_FAIL: none of these, or no time that ends where the
 * window begins or earlier.
 */
int periods_compare(struct periods *p, const char *text, struct period window, int64_t now, struct err *e);

#endif
