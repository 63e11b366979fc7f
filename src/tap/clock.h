/*
 * The tap's clock: the time stamp counter where the kernel itself keeps time with it, else
 * CLOCK_MONOTONIC. A reading is the largest single cost of a measured call (13 ns against 28 ns).
 */
#ifndef FFITAP_TAP_CLOCK_H
#define FFITAP_TAP_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <x86intrin.h>

#include <ffitap/export.h>

#include "tap/fast.h"

/* Set once at start-up. */
FFITAP__CROSSING extern bool ffitap__clock_counts_ticks;

static inline uint64_t ffitap__clock_monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* A moment, in ticks. Preserves errno. */
static inline uint64_t ffitap__clock_now(void)
{
    return FFITAP__LIKELY(ffitap__clock_counts_ticks) ? __rdtsc() : ffitap__clock_monotonic_ns();
}

/* How long `ticks` last, in nanoseconds. */
FFITAP__CROSSING uint64_t ffitap__clock_duration_ns(uint64_t ticks);

/*
 * A moment that was read with ffitap__clock_now() within the last seconds, on CLOCK_MONOTONIC.
 * `anchor` is the caller's, one per thread, zeroed at first.
 */
struct ffitap__clock_anchor {
    uint64_t ticks;
    uint64_t monotonic_ns;
};
FFITAP__CROSSING uint64_t ffitap__clock_to_monotonic_ns(uint64_t moment,
                                                        struct ffitap__clock_anchor *anchor);

#endif
