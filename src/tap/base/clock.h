/*
 * The tap's clock: the processor's counter where the kernel itself keeps time with it, else
 * CLOCK_MONOTONIC. A reading is the largest single cost of a measured call (13 ns for the counter,
 * 28 ns for CLOCK_MONOTONIC).
 */
#ifndef FFITAP_TAP_BASE_CLOCK_H
#define FFITAP_TAP_BASE_CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <ffitap/export.h>

#include "arch/arch.h"
#include "tap/base/fast.h"

/* Chooses the clock, once and before anybody reads it: until then it counts no ticks. */
void ffitap__clock_init(void);

/* Whether the clock counts ticks; set by ffitap__clock_init(). */
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
    return FFITAP__LIKELY(ffitap__clock_counts_ticks) ? ffitap__ticks_read()
                                                      : ffitap__clock_monotonic_ns();
}

/*
 * The rate: nanoseconds per tick, times 2^FFITAP__CLOCK_SHIFT; 0 until it was measured. The first
 * caller that needs the rate measures it, and may have to wait for a millisecond if the process is
 * younger than that.
 */
#define FFITAP__CLOCK_SHIFT 32
FFITAP__CROSSING extern _Atomic uint64_t ffitap__clock_rate;
FFITAP__CROSSING uint64_t ffitap__clock_measure_rate(void);

/* A moment on both clocks, from which the rate is measured. Both values are equal if there is only
 * one clock. */
void ffitap__clock_origin(uint64_t *ticks, uint64_t *monotonic_ns);

/* ffitap__clock_rate, or 1 << FFITAP__CLOCK_SHIFT if the clock counts nanoseconds and not ticks. */
static inline uint64_t ffitap__clock_known_rate(void)
{
    return ffitap__clock_counts_ticks
               ? atomic_load_explicit(&ffitap__clock_rate, memory_order_relaxed)
               : (uint64_t)1 << FFITAP__CLOCK_SHIFT;
}

/* How long `ticks` last, in nanoseconds. */
static inline uint64_t ffitap__clock_duration_ns(uint64_t ticks)
{
    if (FFITAP__UNLIKELY(!ffitap__clock_counts_ticks))
        return ticks;
    uint64_t rate = atomic_load_explicit(&ffitap__clock_rate, memory_order_relaxed);
    if (FFITAP__UNLIKELY(!rate))
        rate = ffitap__clock_measure_rate();
    return (uint64_t)(((unsigned __int128)ticks * rate) >> FFITAP__CLOCK_SHIFT);
}

/* Translates a moment to CLOCK_MONOTONIC. It must have been read with ffitap__clock_now() within
 * the last seconds. `anchor` is the caller's, one per thread, zeroed at first. */
struct ffitap__clock_anchor {
    uint64_t ticks;
    uint64_t monotonic_ns;
};
FFITAP__CROSSING uint64_t ffitap__clock_to_monotonic_ns(uint64_t moment,
                                                        struct ffitap__clock_anchor *anchor);

#endif
