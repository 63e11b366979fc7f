/*
 * How a call is counted, once everything that it is counted in has been found. This is inline,
 * because a function call would cost as much as all of it. tally.h finds these places; tally.c
 * makes those that are not there yet.
 */
#ifndef FFITAP_TAP_CALLS_COUNT_H
#define FFITAP_TAP_CALLS_COUNT_H

#include "arch/arch.h"
#include "tap/base/event.h"
#include "tap/base/fast.h"
#include "tap/statistics/buckets.h"

/* Everything that a call is counted in. All of it is found first, so that a call is counted as a
 * whole or not at all. */
struct ffitap__places {
    uint64_t native_ns;
    uint64_t wait_ns;
    uint32_t *bucket;
    uint32_t *wait_bucket;
    struct ffitap__statistics_windows *windows; /* NULL for a call without one */
};

/*
 * From here to ffitap__count_end() the cell's numbers do not fit together, and `sequence` is odd.
 * If a signal handler jumps away in between by siglongjmp(3), `sequence` stays odd for good,
 * because the numbers will never fit together again; readers then go by the buckets. If `sequence`
 * is odd already, this returns true, and whoever made it odd has to make it even again.
 */
static inline bool ffitap__count_begin(struct ffitap__statistics_cell *shared)
{
    const bool is_odd = atomic_load_explicit(&shared->sequence, memory_order_relaxed) % 2;

    if (FFITAP__LIKELY(!is_odd))
        ffitap__increment((uint32_t *)&shared->sequence);
    atomic_thread_fence(memory_order_release);
    return is_odd;
}

static inline void ffitap__count_end(struct ffitap__statistics_cell *shared, bool was_odd)
{
    atomic_thread_fence(memory_order_release);
    if (FFITAP__LIKELY(!was_odd))
        ffitap__increment((uint32_t *)&shared->sequence);
}

/* This happens rarely, so it may cost a little more to make sure that no signal handler's value is
 * lost. */
static inline void ffitap__count_lower(uint64_t *least, uint64_t value)
{
    uint64_t former = *least;

    while (value < former && !__atomic_compare_exchange_n(least, &former, value, true,
                                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

static inline void ffitap__count_raise(uint64_t *most, uint64_t value)
{
    uint64_t former = *most;

    while (value > former && !__atomic_compare_exchange_n(most, &former, value, true,
                                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

static inline void ffitap__count_duration(struct ffitap__statistics_cell *shared, uint32_t *bucket,
                                          uint64_t duration_ns)
{
    ffitap__increment(bucket);
    ffitap__add(&shared->count, 1);
    ffitap__add(&shared->total_ns, duration_ns);
    if (FFITAP__UNLIKELY(duration_ns < shared->min_ns))
        ffitap__count_lower(&shared->min_ns, duration_ns);
    if (FFITAP__UNLIKELY(duration_ns > shared->max_ns))
        ffitap__count_raise(&shared->max_ns, duration_ns);
}

/* Counts a window whose end was seen. */
static inline void ffitap__count_window(const struct ffitap__places *places)
{
    struct ffitap__statistics_windows *windows = places->windows;

    ffitap__increment(places->wait_bucket);
    ffitap__add(&windows->count, 1);
    ffitap__add(&windows->released_ns, places->native_ns + places->wait_ns);
    ffitap__add(&windows->wait_total_ns, places->wait_ns);
    if (FFITAP__UNLIKELY(places->wait_ns < windows->wait_min_ns))
        ffitap__count_lower(&windows->wait_min_ns, places->wait_ns);
    if (FFITAP__UNLIKELY(places->wait_ns > windows->wait_max_ns))
        ffitap__count_raise(&windows->wait_max_ns, places->wait_ns);
}

/* Counts a call of which there is nothing unusual to say. */
static inline void ffitap__count_add(struct ffitap__statistics_cell *shared, bool has_window,
                                     const struct ffitap__places *places, uint32_t flags)
{
    const bool was_odd = ffitap__count_begin(shared);
    ffitap__count_duration(shared, places->bucket, places->native_ns);
    if (has_window)
        ffitap__count_window(places);
    else
        ffitap__add(&shared->held_calls, (flags & FFITAP__CALL_GIL_HELD) != 0);
    ffitap__count_end(shared, was_odd);
}

#endif
