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
/* Copies a new value.  Gives its place: 0, 1 ... in the order in which values
 * came first. */
size_t tally_add(struct tally *t, struct str value, uint64_t count);
bool tally_find(const struct tally *t, struct str value, size_t *place);
struct str tally_value(const struct tally *t, size_t place); /* borrowed until the next reset */
struct tally_entry {
	struct str value;
	uint64_t count;
};
void tally_add_entries(struct tally *t, const struct tally_entry *entry, size_t n); /* faster than one by one */
/* As from a dictionary; those with a count of 0 are left out. */
void tally_add_counts(struct tally *t, const struct str *value, const uint32_t *count, size_t n);
void tally_merge(struct tally *into, const struct tally *from);
/* What t has and `known` has not; yours. */
struct tally *tally_without(const struct tally *t, const struct tally *known);
void tally_swap(struct tally *a, struct tally *b); /* each has what the other had */
void tally_reset(struct tally *t); /* empty again, with its memory */

/* What a tally of groups may hold, so that a question has an end in memory. */
#define TALLY_BYTES_MAX (64u * 1024 * 1024)
size_t tally_memory(const struct tally *t); /* bytes that its values take */
/* 0, or -1 with ERR_FAIL when it holds more than TALLY_BYTES_MAX. */
int tally_check(const struct tally *t, struct err *e);

/* The `top` most frequent (0: all), most frequent first, ties by value (in a
 * group by the first value, then by the next).
 * Yours (free); the values stay the tally's. */
struct tally_entry *tally_top(const struct tally *t, size_t top, size_t *n);
size_t tally_size(const struct tally *t);
/* The order of ties: bytewise, but SUMMARY_GAP comes before every byte, as the
 * end of a value does. */
int tally_compare(struct str a, struct str b);

#define SUMMARY_BY_MAX 8

/* Between the values of a group: a byte that UTF-8 has not, so that nothing
 * written into a log moves a value to another column. */
#define SUMMARY_GAP '\xff'

struct summary_options {
	int64_t bucket;         /* microseconds; 0: chosen to fit from the span */
	/* --by.  A group is the values joined by SUMMARY_GAP; an absent one is
	 * empty, several at the end of one path are one value, joined by ", ":
	 * every event is in one group. */
	struct selector by[SUMMARY_BY_MAX];
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
/* All of it but the --by group, for those who count groups themselves. */
void summary_add_but_group(struct summary *s, const struct event *ev);
void summary_merge(struct summary *into, const struct summary *from);

/* One event's place in the histogram, and in first and last, for those who
 * fill the rest from counts. */
void summary_add_time(struct summary *s, int64_t time, bool failed);
/* Of n rows those in `in`, a bit each (NULL: all); a bit in failed for each that
 * did. */
void summary_add_times(struct summary *s, const int64_t *time, size_t n, const uint64_t *in,
    const uint64_t *failed);

/* 0, or -1 with ERR_FAIL when opts.bucket would give more than a million
 * buckets; the message says the shortest length that does not.  Who fills a
 * whole summary (query_summary) asks it at the end. */
int summary_check(const struct summary *s, struct err *e);

/* The histogram in buckets of opts.bucket, or of a round length that gives at
 * most 60 of them; empty ones between first and last included.  Yours (free);
 * *bucket is the length used. */
struct summary_bucket *summary_histogram(const struct summary *s, int64_t *bucket, size_t *n);

/* The fields a summary looks at. */
field_set summary_fields(const struct summary_options *o);

/* The resource of an event: target_path, else target_id, else target_name;
 * the identity: actor_id, else actor_email, else actor_name.  p == NULL: none. */
struct str event_resource(const struct event *ev);
struct str event_identity(const struct event *ev);

#endif
