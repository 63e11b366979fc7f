/* The histograms of a statistics file: where a value is counted. */
#ifndef FFITAP_TAP_STATISTICS_BUCKETS_H
#define FFITAP_TAP_STATISTICS_BUCKETS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "tap/base/fast.h"
#include "tap/statistics/arena.h"
#include "tap/statistics/file.h"

/*
 * The runs of a histogram that were last counted in, as offsets in the file, 0 for none. A run's
 * first bucket decides which of these places it has. A few places will do, because the durations of
 * one function lie close together.
 */
#define FFITAP__RECENT 4u
struct ffitap__recent {
    uint32_t runs[FFITAP__RECENT];
};

/* Looks for the count of `bucket`, and makes it if there is none yet. NULL if there is no room. */
uint32_t *ffitap__buckets_search(struct ffitap__arena *arena, struct ffitap__recent *recent,
                                 _Atomic uint64_t *list, uint32_t bucket);

/*
 * The count to add one to, for one more `value`, if its run is among the recent ones; else NULL.
 * `file` is where the file is mapped. Offset 0 leads to the file's header, which is never taken for
 * a run: where a run has its first bucket, the header has its version, which is no bucket that a
 * run begins with.
 */
static inline uint32_t *ffitap__buckets_recent(char *file, const struct ffitap__recent *recent,
                                               uint64_t value)
{
    const uint32_t bucket = ffitap__statistics_bucket(value);
    const uint32_t index = bucket % FFITAP__STATISTICS_BUCKETS;
    const uint32_t offset = recent->runs[bucket / FFITAP__STATISTICS_BUCKETS % FFITAP__RECENT];
    struct ffitap__statistics_buckets *run = (void *)(file + offset);

    if (FFITAP__UNLIKELY(run->first != bucket - index || run->counts[index] == UINT32_MAX))
        return NULL;
    return &run->counts[index];
}

_Static_assert(offsetof(struct ffitap__statistics_header, version) ==
                       offsetof(struct ffitap__statistics_buckets, first) &&
                   FFITAP__STATISTICS_VERSION % FFITAP__STATISTICS_BUCKETS != 0,
               "offset 0 is told from a run");

/* The count to add one to, for one more `value` in the histogram that `list` begins; NULL if there
 * is no room. */
static inline uint32_t *ffitap__buckets_find(struct ffitap__arena *arena,
                                             struct ffitap__recent *recent, _Atomic uint64_t *list,
                                             uint64_t value)
{
    uint32_t *count = ffitap__buckets_recent((char *)arena->storage->header, recent, value);

    return count ? count
                 : ffitap__buckets_search(arena, recent, list, ffitap__statistics_bucket(value));
}

#endif
