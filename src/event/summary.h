/*
 * summary: totals, breakdowns, most frequent values and a histogram over
 * events.  Filled event by event, or value by value with counts; summaries
 * made by several threads are merged.
 */
#ifndef EVENT_SUMMARY_H
#define EVENT_SUMMARY_H

#include "event/event.h"
#include "event/selector.h"

/* A table from values to counts. */
struct tally;

struct tally *tally_new(void);
void tally_free(struct tally *t);
void tally_add(struct tally *t, struct str value, uint64_t count); /* copies a new value */
/* Many at once, as from a dictionary; those with a count of 0 are left out. */
void tally_add_counts(struct tally *t, const struct str *value, const uint32_t *count, size_t n);
void tally_merge(struct tally *into, const struct tally *from);

struct tally_entry {
	struct str value;
	uint64_t count;
};
/* The `top` most frequent (0: all), most frequent first, ties by value.
 * Yours (free); the values stay the tally's. */
struct tally_entry *tally_top(const struct tally *t, size_t top, size_t *n);
size_t tally_size(const struct tally *t);

#define SUMMARY_BY_MAX 8

struct summary_options {
	int64_t bucket;         /* microseconds; 0: chosen to fit from the span */
	struct selector by[SUMMARY_BY_MAX]; /* --by; groups are values joined by U+001F */
	size_t bys;
};

struct summary_bucket {
	int64_t start; /* microseconds, a multiple of the bucket since 1970 */
	uint64_t count, failed;
};

struct summary {
	struct summary_options opts;
	uint64_t total, success, failure, unknown;
	int64_t first, last; /* TIME_NONE when empty */
	struct tally *actions, *categories, *severities, *identities, *resources;
	struct tally *groups; /* NULL without --by */
	struct histogram *histogram; /* finest grain kept: see histogram.h */
	struct buf group;            /* summary.c's: the joined value at hand */
	struct selector_scratch scratch;
};

struct summary *summary_new(const struct summary_options *o);
void summary_free(struct summary *s);
void summary_add(struct summary *s, const struct event *ev);
void summary_merge(struct summary *into, const struct summary *from);

/* One event's --by group; summaries with --by only. */
void summary_add_group(struct summary *s, const struct event *ev);

/* One event's place in the histogram, and in first and last, for those who
 * fill the rest from counts. */
void summary_add_time(struct summary *s, int64_t time, bool failed);

/* The histogram in buckets of opts.bucket, or of a round length that gives at
 * most 60 of them; empty ones between first and last included.  Yours (free);
 * *bucket is the length used: a multiple of opts.bucket when that would give
 * more than a million. */
struct summary_bucket *summary_histogram(const struct summary *s, int64_t *bucket, size_t *n);

/* The fields a summary looks at. */
field_set summary_fields(const struct summary_options *o);

/* The resource of an event: target_path, else target_id, else target_name;
 * the identity: actor_id, else actor_email, else actor_name.  p == NULL: none. */
struct str event_resource(const struct event *ev);
struct str event_identity(const struct event *ev);

#endif
