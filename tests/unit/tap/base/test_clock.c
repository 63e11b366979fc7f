#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <time.h>
#include <unistd.h>

#include "tap/base/clock.h"

/* How far the two clocks may be apart. Their rates are not known more precisely. Any time may pass
 * between two readings, so no two readings are taken to be of the same instant. */
#define SLACK_NS 200000

TestSuite(tap_clock);

Test(tap_clock, it_measures_as_long_as_the_monotonic_clock_does)
{
    const uint64_t before_start = ffitap__clock_monotonic_ns();
    const uint64_t begun = ffitap__clock_now();
    const uint64_t after_start = ffitap__clock_monotonic_ns();

    usleep(50000);
    const uint64_t before_end = ffitap__clock_monotonic_ns();
    const uint64_t ticks = ffitap__clock_now() - begun;
    const uint64_t after_end = ffitap__clock_monotonic_ns();

    cr_expect(le(ulong, ffitap__clock_duration_ns(ticks), after_end - before_start + SLACK_NS));
    cr_expect(ge(ulong, ffitap__clock_duration_ns(ticks) + SLACK_NS, before_end - after_start));
}

Test(tap_clock, nothing_lasts_no_time)
{
    cr_expect(eq(ulong, ffitap__clock_duration_ns(0), 0));
}

Test(tap_clock, a_moment_lies_where_the_monotonic_clock_was)
{
    struct ffitap__clock_anchor anchor = {0};
    const uint64_t before = ffitap__clock_monotonic_ns();
    const uint64_t moment = ffitap__clock_now();
    const uint64_t after = ffitap__clock_monotonic_ns();
    const uint64_t found = ffitap__clock_to_monotonic_ns(moment, &anchor);

    cr_expect(ge(ulong, found + SLACK_NS, before));
    cr_expect(le(ulong, found, after + SLACK_NS));
}

Test(tap_clock, a_moment_before_the_anchor_was_renewed_still_lies_there)
{
    struct ffitap__clock_anchor anchor = {0};
    const uint64_t before = ffitap__clock_monotonic_ns();
    const uint64_t moment = ffitap__clock_now();
    const uint64_t after = ffitap__clock_monotonic_ns();

    usleep(100000);
    ffitap__clock_to_monotonic_ns(ffitap__clock_now(), &anchor);
    const uint64_t found = ffitap__clock_to_monotonic_ns(moment, &anchor);

    cr_expect(ge(ulong, found + SLACK_NS, before));
    cr_expect(le(ulong, found, after + SLACK_NS));
}

Test(tap_clock, moments_of_a_long_run_stay_in_order)
{
    struct ffitap__clock_anchor anchor = {0};
    uint64_t last = 0;
    unsigned backwards = 0;

    for (int i = 0; i < 300; i++) {
        const uint64_t found = ffitap__clock_to_monotonic_ns(ffitap__clock_now(), &anchor);

        backwards += found + 1000 < last;
        last = found;
        usleep(500);
    }
    cr_expect(eq(uint, backwards, 0));
}
