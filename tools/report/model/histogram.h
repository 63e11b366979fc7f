/*
 * How durations are distributed: a log-linear histogram (as HdrHistogram's), with the buckets of
 * ffitap__statistics_bucket(): exact below 64 ns, from there 32 per power of two, so that no value
 * in a bucket is more than 1/32 (3.125 %) away from another. Only the powers of two that occur take
 * memory.
 */
#ifndef FFITAP_TOOLS_REPORT_MODEL_HISTOGRAM_H
#define FFITAP_TOOLS_REPORT_MODEL_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

#define FFITAP__HISTOGRAM_EXACT   64 /* values below this have a bucket each */
#define FFITAP__HISTOGRAM_SUB     32 /* buckets per power of two above */
#define FFITAP__HISTOGRAM_BUCKETS (FFITAP__HISTOGRAM_EXACT + 58 * FFITAP__HISTOGRAM_SUB)
#define FFITAP__HISTOGRAM_CHUNKS  (FFITAP__HISTOGRAM_BUCKETS / FFITAP__HISTOGRAM_SUB)

/* Count, sum and extremes are exact. Zeroed, it is empty. */
struct ffitap__histogram {
    uint64_t count;
    uint64_t total;
    uint64_t min; /* 0 if empty */
    uint64_t max;
    uint64_t **chunks; /* FFITAP__HISTOGRAM_CHUNKS of them, each NULL until it is needed */
};

/* One bucket that is not empty; both bounds belong to it. */
struct ffitap__bucket {
    uint64_t lower;
    uint64_t upper;
    uint64_t count;
};

void ffitap__histogram_fini(struct ffitap__histogram *histogram);

void ffitap__histogram_add(struct ffitap__histogram *histogram, uint64_t value);

/* Adds everything that `other` counted. */
void ffitap__histogram_merge(struct ffitap__histogram *histogram,
                             const struct ffitap__histogram *other);

/*
 * For a histogram that was counted elsewhere: adds `count` values to the bucket `index` (below
 * FFITAP__HISTOGRAM_BUCKETS). Sum and extremes of all values are given at the end, to settle().
 * They are taken as they are if the buckets allow it, otherwise as near to that as the buckets
 * allow.
 */
void ffitap__histogram_add_bucket(struct ffitap__histogram *histogram, unsigned index,
                                  uint64_t count);
void ffitap__histogram_settle(struct ffitap__histogram *histogram, uint64_t total, uint64_t min,
                              uint64_t max);

/*
 * The value that `per_mille` of 1000 do not exceed (500: the median), as the upper bound of its
 * bucket and never above the maximum; 0 if empty.
 */
uint64_t ffitap__histogram_percentile(const struct ffitap__histogram *histogram,
                                      unsigned per_mille);

uint64_t ffitap__histogram_mean(const struct ffitap__histogram *histogram);

/*
 * Steps through the buckets that are not empty, in order: start with `*cursor` = 0. Returns false
 * when there is no further one.
 */
bool ffitap__histogram_next(const struct ffitap__histogram *histogram, unsigned *cursor,
                            struct ffitap__bucket *bucket);

#endif
