/*
 * time: instants in microseconds since 1970-01-01 UTC, as int64_t.
 *
 * Everything prints and parses in UTC but for the expressions that people
 * type, which follow TZ (the programs set it to UTC unless --tz says else).
 */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define TIME_NONE INT64_MIN
#define TIME_SECOND INT64_C(1000000)
#define TIME_DAY (INT64_C(86400) * TIME_SECOND)
#define TIME_MIN INT64_C(-62135596800000000) /* 0001-01-01T00:00:00Z */
#define TIME_MAX INT64_C(253402300799999999) /* 9999-12-31T23:59:59.999999Z */

#define TIME_TEXT_LEN 27 /* 2026-04-23T18:00:00.123456Z */

int64_t time_now(void); /* the system clock */
int64_t time_steady(void); /* one that nobody sets: for spans only */

/* RFC 3339 with T, t or a space, 0 to 9 fraction digits (after . or ,), Z or an
 * offset with or without colon.  A leap second becomes the next second.
 * *inexact: digits beyond the sixth that are not 0, or a leap second.
 * Returns 0, or -1 when it is no such time. */
int time_parse(const char *p, size_t len, int64_t *us, bool *inexact);

/* A JSON number, or a string of digits with an optional fraction: seconds,
 * milliseconds, microseconds or nanoseconds since 1970, told apart by
 * magnitude (below 1e11, 1e14, 1e17, 1e20). */
int time_parse_number(const char *p, size_t len, int64_t *us, bool *inexact);

/* Writes exactly TIME_TEXT_LEN bytes, no NUL.  us is kept inside TIME_MIN and
 * TIME_MAX. */
void time_format(char out[TIME_TEXT_LEN], int64_t us);

/* "YYYY-MM-DD HH:MM:SS" in the zone of TZ, with NUL. */
void time_format_local(char out[32], int64_t us);

enum time_edge { TIME_START, TIME_END };

/* What people type (audit-filters(7)): RFC 3339; 2026-04-22 14:30[:05[.5]]
 * with or without a zone (Z, UTC, an offset), 14:30 (today), 2026-04-22,
 * 2026-04, 2026; now, today, yesterday, tomorrow; -7d, 7d and "3 days ago",
 * +1h; @NUMBER as in time_parse_number.  With TIME_END a year, month, day,
 * today, yesterday and tomorrow give the instant after their end (at most
 * TIME_MAX + 1).  Errors: ERR_FAIL. */
int time_parse_expr(const char *text, int64_t now, enum time_edge edge,
    int64_t *us, struct err *e);

/* 90s, 5m or 5min, 2h30min, 1.5h, 7d, 2w, 1M (30 d), 1y (365 d), "3 days".  m
 * is minutes, M months.  Errors: ERR_FAIL. */
int duration_parse(const char *text, int64_t *us, struct err *e);

#endif
