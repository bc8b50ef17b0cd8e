/*
 * histogram: counts over time, without knowing the span beforehand.
 *
 * Cells of a fine grain are kept; when the span outgrows them the grain
 * becomes coarser.  Cells begin at multiples of the grain since 1970.
 */
#ifndef EVENT_HISTOGRAM_H
#define EVENT_HISTOGRAM_H

#include "event/summary.h"

/* bucket: the length the caller wants, in microseconds, or 0: any. */
struct histogram *histogram_new(int64_t bucket);
void histogram_free(struct histogram *h);
void histogram_add(struct histogram *h, int64_t time, bool failed);
/* As summary_add_times. */
void histogram_add_rows(struct histogram *h, const int64_t *time, size_t n, const uint64_t *in,
    const uint64_t *failed);
void histogram_merge(struct histogram *into, const struct histogram *from);

/* As summary_check; bucket is what histogram_new was given, first and last
 * are the outermost times. */
int histogram_check(const struct histogram *h, int64_t bucket, int64_t first, int64_t last, struct err *e);

/* As summary_histogram. */
struct summary_bucket *histogram_buckets(const struct histogram *h, int64_t *bucket, size_t *n);

#endif
