/* Histograms in a statistics file of this process's own. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap/statistics/buckets.h"
#include "tap/base/clock.h"
#include "tap/base/lock.h"
#include "tap/statistics/storage.h"

static char folder[] = "/tmp/ffitap-test-buckets-XXXXXX";
static struct ffitap__storage *storage;
static struct ffitap__arena arena;
static char *file;
static struct ffitap__recent recent;
static _Atomic uint64_t list;

static void start(void)
{
    const struct ffitap__storage_process process = {.exe = "",
                                                    .argv = (const uint8_t *)"",
                                                    .recording = "",
                                                    .start_ns = ffitap__clock_monotonic_ns()};

    cr_assert(ne(ptr, mkdtemp(folder), NULL));
    ffitap__lock();
    cr_assert(eq(int, ffitap__storage_create(folder, &process, FFITAP__STORAGE_IS_REMOVED), 0));
    ffitap__unlock();
    storage = arena.storage = ffitap__storage_current();
    file = (char *)storage->header;
}

static void remove_folder(void)
{
    char path[64];

    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/%d.%d" FFITAP__STATISTICS_SUFFIX, folder, (int)getpid(),
                 i);
        unlink(path);
    }
    rmdir(folder);
}

TestSuite(tap_buckets, .init = start, .fini = remove_folder);

static bool count(uint64_t value, uint32_t times)
{
    for (uint32_t i = 0; i < times; i++) {
        uint32_t *found = ffitap__buckets_find(&arena, &recent, &list, value);

        if (!found)
            return false;
        ++*found;
    }
    return true;
}

static uint64_t count_in(const struct ffitap__statistics_buckets *piece, uint32_t bucket)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < FFITAP__STATISTICS_BUCKETS; i++) {
        const uint32_t one = piece->counts[i];

        if (!piece->is_scattered && piece->first + i == bucket)
            sum += one;
        if (piece->is_scattered && ffitap__statistics_scattered_bucket(one) == bucket)
            sum += ffitap__statistics_scattered_count(one);
    }
    return sum;
}

/* counted() returns what the histogram counts in the bucket of `value`. The function after it
 * returns how many pieces of a kind the histogram has. */
static uint64_t counted(uint64_t value)
{
    uint64_t sum = 0;

    for (uint64_t offset = list; offset;) {
        const struct ffitap__statistics_buckets *piece = (void *)(file + offset);

        sum += count_in(piece, ffitap__statistics_bucket(value));
        offset = piece->next;
    }
    return sum;
}

static unsigned pieces(bool is_scattered)
{
    unsigned sum = 0;

    for (uint64_t offset = list; offset;) {
        const struct ffitap__statistics_buckets *piece = (void *)(file + offset);

        sum += piece->is_scattered == is_scattered;
        offset = piece->next;
    }
    return sum;
}

Test(tap_buckets, a_value_is_in_its_bucket_however_often_it_comes)
{
    cr_assert(count(1000, 1000000));
    cr_expect(eq(u64, counted(1000), 1000000));
    cr_expect(eq(u64, counted(2000), 0));
}

Test(tap_buckets, the_least_and_the_greatest_value_have_one)
{
    cr_assert(count(0, 100));
    cr_assert(count(UINT64_MAX, 100));
    cr_expect(eq(u64, counted(0), 100));
    cr_expect(eq(u64, counted(UINT64_MAX), 100));
}

Test(tap_buckets, few_values_far_apart_share_a_piece)
{
    for (uint64_t value = 1; value <= 1u << 15; value *= 2)
        cr_assert(count(value, 3));
    for (uint64_t value = 1; value <= 1u << 15; value *= 2)
        cr_expect(eq(u64, counted(value), 3));
    cr_expect(eq(uint, pieces(true), 1));
    cr_expect(eq(uint, pieces(false), 0));
}

Test(tap_buckets, what_comes_often_gets_a_run_and_loses_nothing)
{
    cr_assert(count(5000, 64));
    cr_expect(eq(uint, pieces(false), 0));
    cr_assert(count(5000, 1));
    cr_expect(eq(uint, pieces(false), 1));
    cr_expect(eq(u64, counted(5000), 65));
}

Test(tap_buckets, many_values_far_apart_get_runs)
{
    for (uint64_t value = 1; value < 1u << 30; value += value / 32 + 1)
        cr_assert(count(value, 1));
    uint64_t sum = 0, values = 0;
    for (uint64_t value = 1; value < 1u << 30; value += value / 32 + 1, values++)
        sum += counted(value) > 0;
    cr_expect(eq(u64, sum, values));
    cr_expect(eq(uint, pieces(true), 4), "so many can be searched in no time");
}

Test(tap_buckets, a_count_that_is_full_goes_on_elsewhere)
{
    cr_assert(count(7, 65));
    *ffitap__buckets_find(&arena, &recent, &list, 7) = UINT32_MAX;
    cr_assert(count(7, 5));
    cr_expect(eq(u64, counted(7), 64 + (uint64_t)UINT32_MAX + 5));
}

Test(tap_buckets, a_full_file_takes_what_it_has_a_bucket_for)
{
    cr_assert(count(100, 1));
    while (ffitap__storage_take(storage, 8) || ffitap__arena_take(&arena, 8))
        ;
    cr_expect(count(100, 1000));
    cr_expect(eq(u64, counted(100), 1001));
    for (uint64_t value = 200; value < 200u << 15; value *= 2)
        count(value, 1);
    cr_expect(not(count(1u << 31, 1)));
}

/* A thread that still counts in a former file must get no pieces of the new one. */
Test(tap_buckets, every_piece_comes_from_the_same_file)
{
    const struct ffitap__storage_process process = {
        .exe = "", .argv = (const uint8_t *)"", .recording = ""};

    ffitap__lock();
    ffitap__storage_hold();
    ffitap__storage_close();
    cr_assert(eq(int, ffitap__storage_create(folder, &process, FFITAP__STORAGE_IS_REMOVED), 0));
    ffitap__unlock();
    const uint64_t used = storage->header->used;
    const struct ffitap__storage *other = ffitap__storage_current();
    const uint64_t used_of_other = other->header->used;

    cr_expect(count(100, 1));
    cr_expect(gt(u64, storage->header->used, used));
    cr_expect(eq(u64, other->header->used, used_of_other));
    ffitap__storage_release(storage);
}
