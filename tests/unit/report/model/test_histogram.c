#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>

#include "report/model/histogram.h"
#include "tap/statistics/file.h"

static struct ffitap__histogram histogram;

static void forget(void)
{
    ffitap__histogram_fini(&histogram);
}

TestSuite(histogram, .fini = forget);

/* Random values of all magnitudes, the same ones in every run. */
static uint64_t random_value(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    const uint64_t bits = *state ^ *state >> 29;
    return bits >> (*state >> 58);
}

static int by_value(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

static struct ffitap__bucket only_bucket(void)
{
    struct ffitap__bucket bucket = {0}, second;
    unsigned cursor = 0;

    cr_assert(ffitap__histogram_next(&histogram, &cursor, &bucket));
    cr_assert(not(ffitap__histogram_next(&histogram, &cursor, &second)));
    return bucket;
}

Test(histogram, is_empty_when_zeroed)
{
    struct ffitap__bucket bucket;
    unsigned cursor = 0;

    cr_expect(eq(u64, ffitap__histogram_percentile(&histogram, 500), 0));
    cr_expect(eq(u64, ffitap__histogram_mean(&histogram), 0));
    cr_expect(not(ffitap__histogram_next(&histogram, &cursor, &bucket)));
}

Test(histogram, is_exact_below_64)
{
    for (uint64_t value = 0; value < 64; value++) {
        ffitap__histogram_add(&histogram, value);
        const struct ffitap__bucket bucket = only_bucket();
        cr_assert(eq(u64, bucket.lower, value));
        cr_assert(eq(u64, bucket.upper, value));
        ffitap__histogram_fini(&histogram);
    }
}

Test(histogram, holds_each_value_within_a_bucket_of_a_32nd)
{
    uint64_t state = 1;

    for (int i = 0; i < 20000; i++) {
        const uint64_t value = random_value(&state);
        ffitap__histogram_add(&histogram, value);
        const struct ffitap__bucket bucket = only_bucket();
        cr_assert(bucket.lower <= value && value <= bucket.upper);
        cr_assert(bucket.upper - bucket.lower <= bucket.lower / 32);
        ffitap__histogram_fini(&histogram);
    }
}

Test(histogram, has_buckets_that_touch)
{
    struct ffitap__bucket bucket;
    uint64_t expected = 0;
    unsigned cursor = 0, buckets = 0;

    for (unsigned shift = 0; shift < 58; shift++)
        for (uint64_t sub = 0; sub < 32; sub++)
            ffitap__histogram_add(&histogram, (sub + 32) << 58 >> shift);
    for (uint64_t value = 0; value < 64; value++)
        ffitap__histogram_add(&histogram, value);
    while (ffitap__histogram_next(&histogram, &cursor, &bucket)) {
        cr_assert(eq(u64, bucket.lower, expected));
        expected = bucket.upper + 1;
        buckets++;
    }
    cr_expect(eq(uint, buckets, FFITAP__HISTOGRAM_BUCKETS));
    cr_expect(eq(u64, expected, 0), "the last bucket ends where 64 bits end");
}

Test(histogram, has_percentiles_within_a_32nd_of_the_truth)
{
    enum { COUNT = 10007 };
    static uint64_t values[COUNT];
    static const unsigned asked[] = {1, 100, 500, 900, 990, 999, 1000};
    uint64_t state = 7;

    for (int i = 0; i < COUNT; i++) {
        values[i] = random_value(&state) >> 8; /* so that the sum of a test stays in 64 bits */
        ffitap__histogram_add(&histogram, values[i]);
    }
    qsort(values, COUNT, sizeof(*values), by_value);
    for (unsigned i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
        const uint64_t truth = values[(COUNT * asked[i] + 999) / 1000 - 1];
        const uint64_t answer = ffitap__histogram_percentile(&histogram, asked[i]);
        cr_expect(answer >= truth && answer - truth <= truth / 32, "%u of 1000: %lu for %lu",
                  asked[i], answer, truth);
    }
}

Test(histogram, never_answers_more_than_the_maximum)
{
    ffitap__histogram_add(&histogram, 1000003);
    cr_expect(eq(u64, ffitap__histogram_percentile(&histogram, 500), 1000003));
}

Test(histogram, keeps_sum_and_extremes_exactly)
{
    ffitap__histogram_add(&histogram, 1000003);
    ffitap__histogram_add(&histogram, 70);
    ffitap__histogram_add(&histogram, 2000000001);
    cr_expect(eq(u64, histogram.min, 70));
    cr_expect(eq(u64, histogram.max, 2000000001));
    cr_expect(eq(u64, histogram.total, 2001000074));
    cr_expect(eq(u64, ffitap__histogram_mean(&histogram), 667000024));
}

Test(histogram, merged_equals_one_that_saw_everything)
{
    struct ffitap__histogram parts[2] = {{0}, {0}}, merged = {0};
    struct ffitap__bucket expected, actual;
    unsigned at = 0, merged_at = 0;
    uint64_t state = 3;

    for (int i = 0; i < 1000; i++) {
        const uint64_t value = random_value(&state) >> 8;
        ffitap__histogram_add(&histogram, value);
        ffitap__histogram_add(&parts[i % 2], value);
    }
    ffitap__histogram_merge(&merged, &parts[0]);
    ffitap__histogram_merge(&merged, &parts[1]);
    cr_expect(eq(u64, merged.count, histogram.count));
    cr_expect(eq(u64, merged.total, histogram.total));
    cr_expect(eq(u64, merged.min, histogram.min));
    cr_expect(eq(u64, merged.max, histogram.max));
    while (ffitap__histogram_next(&histogram, &at, &expected)) {
        cr_assert(ffitap__histogram_next(&merged, &merged_at, &actual));
        cr_assert(eq(u64, actual.lower, expected.lower));
        cr_assert(eq(u64, actual.count, expected.count));
    }
    ffitap__histogram_fini(&parts[0]);
    ffitap__histogram_fini(&parts[1]);
    ffitap__histogram_fini(&merged);
}

static void expect_settled(uint64_t total, uint64_t min, uint64_t max)
{
    cr_expect(eq(u64, histogram.total, total));
    cr_expect(eq(u64, histogram.min, min));
    cr_expect(eq(u64, histogram.max, max));
}

Test(histogram, that_was_counted_elsewhere_keeps_what_is_possible)
{
    ffitap__histogram_add_bucket(&histogram, ffitap__statistics_bucket(70), 2);
    ffitap__histogram_add_bucket(&histogram, ffitap__statistics_bucket(1000003), 1);
    ffitap__histogram_settle(&histogram, 1000144, 70, 1000003);
    cr_expect(eq(u64, histogram.count, 3));
    expect_settled(1000144, 70, 1000003);
}

Test(histogram, that_was_counted_elsewhere_loses_what_is_impossible)
{
    ffitap__histogram_add_bucket(&histogram, 10, 2);
    ffitap__histogram_add_bucket(&histogram, 20, 1);
    ffitap__histogram_settle(&histogram, 5, 0, 1000);
    expect_settled(40, 10, 20);
    ffitap__histogram_settle(&histogram, UINT64_MAX, UINT64_MAX, 0);
    expect_settled(40, 10, 20);
}

Test(histogram, of_one_value_has_it_as_least_and_most)
{
    ffitap__histogram_add_bucket(&histogram, ffitap__statistics_bucket(1024), 1);
    ffitap__histogram_settle(&histogram, 1030, 1024, 1040);
    expect_settled(1040, 1040, 1040);
}

Test(histogram, that_is_empty_has_nothing_to_settle)
{
    ffitap__histogram_add_bucket(&histogram, 5, 0);
    ffitap__histogram_settle(&histogram, 7, 7, 7);
    cr_expect(eq(u64, histogram.count, 0));
    expect_settled(0, 0, 0);
}
