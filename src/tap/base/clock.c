#include "tap/base/clock.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define SHORTEST_NS    1000000u   /* a baseline below this gives a rate too coarse to use */
#define GOOD_NS        100000000u /* from here on the rate is known to better than 1 ppm */
#define ANCHOR_LIFE_NS 50000000u

bool ffitap__clock_counts_ticks;

static struct ffitap__clock_anchor origin;

_Atomic uint64_t ffitap__clock_rate;
static _Atomic bool rate_is_good;

/* Reads both clocks together. It tries a few times and takes the pair whose readings lie closest
 * together. */
static struct ffitap__clock_anchor read_both(void)
{
    struct ffitap__clock_anchor best = {0};
    uint64_t shortest = UINT64_MAX;

    for (int i = 0; i < 4; i++) {
        const uint64_t before = ffitap__ticks_read();
        const uint64_t monotonic_ns = ffitap__clock_monotonic_ns();
        const uint64_t after = ffitap__ticks_read();

        if (after - before < shortest) {
            shortest = after - before;
            best.ticks = before + shortest / 2;
            best.monotonic_ns = monotonic_ns;
        }
    }
    return best;
}

/* The kernel stops using the counter when it catches it drifting between processors. */
static bool kernel_trusts_counter(void)
{
    char source[32] = "";
    const int fd = open("/sys/devices/system/clocksource/clocksource0/current_clocksource",
                        O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    const ssize_t size = read(fd, source, sizeof(source) - 1);
    close(fd);
    return size > 0 && strcmp(source, FFITAP__TICKS_SOURCE "\n") == 0;
}

void ffitap__clock_init(void)
{
    ffitap__clock_counts_ticks = ffitap__ticks_are_steady() && kernel_trusts_counter();
    if (ffitap__clock_counts_ticks)
        origin = read_both();
}

void ffitap__clock_origin(uint64_t *ticks, uint64_t *monotonic_ns)
{
    *ticks = origin.ticks;
    *monotonic_ns = origin.monotonic_ns;
}

/*
 * The rate comes from the time since start-up, which costs no waiting: a program is milliseconds
 * old before its first foreign call. It is measured again until the baseline is long.
 */
uint64_t ffitap__clock_measure_rate(void)
{
    struct ffitap__clock_anchor now;

    do
        now = read_both();
    while (now.monotonic_ns - origin.monotonic_ns < SHORTEST_NS);

    const uint64_t elapsed_ns = now.monotonic_ns - origin.monotonic_ns;
    const uint64_t fresh = (uint64_t)(((unsigned __int128)elapsed_ns << FFITAP__CLOCK_SHIFT) /
                                      (now.ticks - origin.ticks));

    atomic_store_explicit(&ffitap__clock_rate, fresh, memory_order_relaxed);
    if (elapsed_ns >= GOOD_NS)
        atomic_store_explicit(&rate_is_good, true, memory_order_relaxed);
    return fresh;
}

static void renew(struct ffitap__clock_anchor *anchor)
{
    *anchor = read_both();
    if (!atomic_load_explicit(&rate_is_good, memory_order_relaxed))
        ffitap__clock_measure_rate();
}

uint64_t ffitap__clock_to_monotonic_ns(uint64_t moment, struct ffitap__clock_anchor *anchor)
{
    if (!ffitap__clock_counts_ticks)
        return moment;
    /*
     * For a moment before the anchor the age wraps to a huge one, and so a fresh anchor is taken.
     */
    if (FFITAP__UNLIKELY(ffitap__clock_duration_ns(moment - anchor->ticks) > ANCHOR_LIFE_NS))
        renew(anchor);
    if (moment >= anchor->ticks)
        return anchor->monotonic_ns + ffitap__clock_duration_ns(moment - anchor->ticks);
    return anchor->monotonic_ns - ffitap__clock_duration_ns(anchor->ticks - moment);
}
