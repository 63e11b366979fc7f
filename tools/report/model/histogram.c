#include "report/model/histogram.h"

#include <glib.h>

#include "tap/statistics/file.h"

#define EXACT FFITAP__HISTOGRAM_EXACT
#define SUB   FFITAP__HISTOGRAM_SUB

/*
 * The reverse of ffitap__statistics_bucket(). EXACT is 2^6 and SUB 2^5: a value with its highest
 * bit at 6 loses its lowest bit, and so on.
 */
static struct ffitap__bucket bounds_of(unsigned index)
{
    if (index < EXACT)
        return (struct ffitap__bucket){.lower = index, .upper = index};
    const unsigned octave = (index - EXACT) / SUB + 6;
    const uint64_t sub = (index - EXACT) % SUB + SUB;
    const uint64_t lower = sub << (octave - 5);
    return (struct ffitap__bucket){.lower = lower,
                                   .upper = lower + ((UINT64_C(1) << (octave - 5)) - 1)};
}

static uint64_t *bucket_at(struct ffitap__histogram *histogram, unsigned index)
{
    if (!histogram->chunks)
        histogram->chunks = g_new0(uint64_t *, FFITAP__HISTOGRAM_CHUNKS);
    uint64_t **chunk = &histogram->chunks[index / SUB];
    if (!*chunk)
        *chunk = g_new0(uint64_t, SUB);
    return &(*chunk)[index % SUB];
}

void ffitap__histogram_fini(struct ffitap__histogram *histogram)
{
    for (unsigned i = 0; histogram->chunks && i < FFITAP__HISTOGRAM_CHUNKS; i++)
        g_free(histogram->chunks[i]);
    g_free(histogram->chunks);
    *histogram = (struct ffitap__histogram){0};
}

static void widen(struct ffitap__histogram *histogram, uint64_t min, uint64_t max)
{
    if (!histogram->count || min < histogram->min)
        histogram->min = min;
    if (max > histogram->max)
        histogram->max = max;
}

void ffitap__histogram_add(struct ffitap__histogram *histogram, uint64_t value)
{
    widen(histogram, value, value);
    histogram->count++;
    histogram->total += value;
    ++*bucket_at(histogram, ffitap__statistics_bucket(value));
}

void ffitap__histogram_merge(struct ffitap__histogram *histogram,
                             const struct ffitap__histogram *other)
{
    if (!other->count)
        return;
    widen(histogram, other->min, other->max);
    histogram->count += other->count;
    histogram->total += other->total;
    for (unsigned i = 0; i < FFITAP__HISTOGRAM_BUCKETS; i += SUB) {
        const uint64_t *chunk = other->chunks[i / SUB];
        for (unsigned j = 0; chunk && j < SUB; j++)
            bucket_at(histogram, i)[j] += chunk[j];
    }
}

void ffitap__histogram_add_bucket(struct ffitap__histogram *histogram, unsigned index,
                                  uint64_t count)
{
    if (!count)
        return;
    histogram->count += count;
    *bucket_at(histogram, index) += count;
}

static uint64_t add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t multiply(uint64_t a, uint64_t b)
{
    uint64_t product;

    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

/* What the buckets allow: the extremes lie in the outermost buckets, and the sum lies between the
 * sums of all buckets' bounds. */
struct limits {
    struct ffitap__bucket lowest;
    struct ffitap__bucket highest;
    uint64_t least_total;
    uint64_t most_total;
};

static struct limits limits_of(const struct ffitap__histogram *histogram)
{
    struct limits limits = {0};
    struct ffitap__bucket bucket;
    unsigned cursor = 0;

    while (ffitap__histogram_next(histogram, &cursor, &bucket)) {
        if (!limits.lowest.count)
            limits.lowest = bucket;
        limits.highest = bucket;
        limits.least_total = add(limits.least_total, multiply(bucket.count, bucket.lower));
        limits.most_total = add(limits.most_total, multiply(bucket.count, bucket.upper));
    }
    return limits;
}

void ffitap__histogram_settle(struct ffitap__histogram *histogram, uint64_t total, uint64_t min,
                              uint64_t max)
{
    const struct limits limits = limits_of(histogram);

    if (!histogram->count)
        return;
    const uint64_t others = histogram->count - 1;
    histogram->max = CLAMP(max, limits.highest.lower, limits.highest.upper);
    histogram->min = CLAMP(min, limits.lowest.lower, limits.lowest.upper);
    if (others == 0 || histogram->min > histogram->max)
        histogram->min = histogram->max;
    /* One value is the least, one the most, and all others are between. */
    const uint64_t least = add(multiply(others, histogram->min), histogram->max);
    const uint64_t most = add(multiply(others, histogram->max), histogram->min);
    histogram->total = CLAMP(total, MAX(limits.least_total, least), MIN(limits.most_total, most));
}

bool ffitap__histogram_next(const struct ffitap__histogram *histogram, unsigned *cursor,
                            struct ffitap__bucket *bucket)
{
    while (histogram->chunks && *cursor < FFITAP__HISTOGRAM_BUCKETS) {
        const uint64_t *chunk = histogram->chunks[*cursor / SUB];
        const unsigned index = (*cursor)++;

        if (chunk && chunk[index % SUB]) {
            *bucket = bounds_of(index);
            bucket->count = chunk[index % SUB];
            return true;
        }
    }
    return false;
}

uint64_t ffitap__histogram_percentile(const struct ffitap__histogram *histogram, unsigned per_mille)
{
    /* Rank from 1, rounded up; in two parts because count * per_mille may not fit. */
    const uint64_t count = histogram->count;
    uint64_t rank = count / 1000 * per_mille + (count % 1000 * per_mille + 999) / 1000;
    struct ffitap__bucket bucket;
    unsigned cursor = 0;

    while (ffitap__histogram_next(histogram, &cursor, &bucket)) {
        if (bucket.count >= rank)
            return MIN(bucket.upper, histogram->max);
        rank -= bucket.count;
    }
    return histogram->max;
}

uint64_t ffitap__histogram_mean(const struct ffitap__histogram *histogram)
{
    return histogram->count ? histogram->total / histogram->count : 0;
}
