/*
 * Reads a folder of statistics files again and again, for as many seconds as it is told, while
 * their processes run. Everything that is read must be possible, and no figure may go down. Prints
 * how often it read, or what was wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "report/model/model.h"
#include "report/read/snapshot.h"
#include "report/read/statistics.h"

static unsigned long reads;
static bool failed;

static void expect(bool condition, const char *what, const char *of)
{
    if (condition)
        return;
    printf("reading %lu: %s: %s\n", reads, of, what);
    failed = true;
}

static uint64_t values_of(const struct ffitap__histogram *histogram)
{
    struct ffitap__bucket bucket;
    unsigned cursor = 0;
    uint64_t values = 0;

    while (ffitap__histogram_next(histogram, &cursor, &bucket))
        values += bucket.count;
    return values;
}

static void check_histogram(const struct ffitap__histogram *histogram, const char *of)
{
    const uint64_t mean = ffitap__histogram_mean(histogram);

    expect(histogram->count == values_of(histogram), "its buckets are not its count", of);
    expect(histogram->min <= mean && mean <= histogram->max, "its mean is outside", of);
    if (!histogram->count)
        return;
    const uint64_t others = histogram->count - 1;
    expect(histogram->total >= others * histogram->min + histogram->max, "too little", of);
    expect(histogram->total <= others * histogram->max + histogram->min, "too much", of);
}

static void check_function(const struct ffitap__report_function *function)
{
    const char *symbol = function->symbol;
    const uint64_t calls = function->native.count;
    uint64_t outcomes = 0;

    check_histogram(&function->native, symbol);
    check_histogram(&function->gil_wait, symbol);
    expect(function->self_ns <= function->native.total, "more self than total", symbol);
    expect(function->unfinished <= calls, "more unfinished calls than calls", symbol);
    expect(function->gil_windows <= calls, "more windows than calls", symbol);
    expect(function->gil_windows + function->gil_held_calls <= calls, "the lock twice", symbol);
    expect(function->gil_wait.count + function->gil_wait_unknown == function->gil_windows,
           "its waits are not its windows", symbol);
    expect(function->gil_released_ns >= function->gil_wait.total, "waits outside windows", symbol);
    expect(function->errno_swaps <= calls, "more exchanges than calls", symbol);
    for (unsigned i = 0; function->outcomes && i < function->outcomes->len; i++) {
        const struct ffitap__outcome *outcome =
            &g_array_index(function->outcomes, struct ffitap__outcome, i);
        expect(outcome->unchanged <= outcome->count, "more unchanged outcomes than are", symbol);
        outcomes += outcome->count;
    }
    expect(outcomes == function->errno_swaps, "its outcomes are not its exchanges", symbol);
}

static void check_grown(const struct ffitap__histogram *was, const struct ffitap__histogram *is,
                        const char *of)
{
    struct ffitap__bucket before, now = {0};
    unsigned cursor = 0, cursor_now = 0;

    while (ffitap__histogram_next(was, &cursor, &before)) {
        while (now.lower < before.lower || !now.count)
            if (!ffitap__histogram_next(is, &cursor_now, &now))
                break;
        expect(now.lower == before.lower && now.count >= before.count, "a bucket went down", of);
    }
    expect(is->total >= was->total, "the total went down", of);
    expect(is->max >= was->max, "the maximum went down", of);
    expect(!was->count || is->min <= was->min, "the minimum went up", of);
}

static void check_function_grown(const struct ffitap__report_function *was,
                                 const struct ffitap__report_function *is)
{
    check_grown(&was->native, &is->native, is->symbol);
    check_grown(&was->gil_wait, &is->gil_wait, is->symbol);
    expect(is->self_ns >= was->self_ns, "the time of its own went down", is->symbol);
    expect(is->gil_windows >= was->gil_windows, "windows went down", is->symbol);
    expect(is->gil_released_ns >= was->gil_released_ns, "time released went down", is->symbol);
    expect(is->gil_held_calls >= was->gil_held_calls, "calls with the lock went down", is->symbol);
    expect(is->errno_swaps >= was->errno_swaps, "exchanges went down", is->symbol);
}

/* Compares the functions of two readings, both in one order: none may have gone. */
static void compare_functions(struct ffitap__model *was, struct ffitap__model *is)
{
    unsigned count_was, count_is, at = 0;
    gpointer *rows_was =
        ffitap__tables_sort(was->tables.functions, ffitap__by_identity, &count_was);
    gpointer *rows_is = ffitap__tables_sort(is->tables.functions, ffitap__by_identity, &count_is);

    for (unsigned i = 0; i < count_was; i++) {
        const struct ffitap__report_function *row_was = rows_was[i];
        while (at < count_is && ffitap__by_identity(&rows_is[at], &rows_was[i]) != 0)
            at++;
        expect(at < count_is, "it is gone", row_was->symbol);
        if (at < count_is)
            check_function_grown(row_was, rows_is[at]);
    }
    g_free(rows_was);
    g_free(rows_is);
}

static struct ffitap__model *read_folder(const char *folder)
{
    struct ffitap__model *model = ffitap__model_create("");
    const struct ffitap__report_sink sink = ffitap__model_sink(model);
    unsigned count;

    reads++;
    ffitap__statistics_read_folder(&sink, folder, 0);
    ffitap__model_finish(model);
    for (unsigned i = 0; i < model->damaged->len; i++)
        expect(false, g_ptr_array_index(model->damaged, i), "damage");
    gpointer *rows = ffitap__tables_sort(model->tables.functions, ffitap__by_identity, &count);
    for (unsigned i = 0; i < count; i++)
        check_function(rows[i]);
    g_free(rows);
    return model;
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    const double end = now() + atof(argv[2]);
    struct ffitap__model *was = read_folder(argv[1]);

    while (!failed && now() < end) {
        struct ffitap__model *is = read_folder(argv[1]);
        compare_functions(was, is);
        ffitap__model_destroy(was);
        was = is;
    }
    printf("%lu readings of %u functions\n", reads, g_hash_table_size(was->tables.functions));
    ffitap__model_destroy(was);
    return failed;
}
