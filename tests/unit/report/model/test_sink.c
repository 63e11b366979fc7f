/* Sinks other than the model, which the readers feed from the recordings of the golden tests. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event_lines.h"
#include "report/model/sink.h"
#include "report/read/statistics.h"
#include "report/read/trace.h"

/* How often the sink was told of each kind of thing. */
struct counts {
#define X(name, type) unsigned name;
    FFITAP__REPORT_EVENTS(X)
    FFITAP__REPORT_SUMS(X)
    FFITAP__REPORT_REMARKS(X)
#undef X
};

#define X(name, record)                                                                            \
    static void count_##name(void *data, const struct ffitap__at *at,                              \
                             const struct ffitap__##record *told)                                  \
    {                                                                                              \
        (void)at;                                                                                  \
        (void)told;                                                                                \
        ((struct counts *)data)->name++;                                                           \
    }
FFITAP__REPORT_EVENTS(X)
FFITAP__REPORT_SUMS(X)
#undef X

#define X(name, type)                                                                              \
    static void count_##name(void *data, type told)                                                \
    {                                                                                              \
        (void)told;                                                                                \
        ((struct counts *)data)->name++;                                                           \
    }
FFITAP__REPORT_REMARKS(X)
#undef X

static const struct ffitap__report_told counting = {
#define X(name, type) .name = count_##name,
    FFITAP__REPORT_EVENTS(X) FFITAP__REPORT_SUMS(X) FFITAP__REPORT_REMARKS(X)
#undef X
};

static void read_trace(const struct ffitap__report_told *told, void *data)
{
    const struct ffitap__report_sink sink = {told, data};
    struct ffitap__attempt attempt = {.stop_after = UINT64_MAX};
    char why[256] = "";

    cr_assert(
        eq(int, ffitap__trace_read(&sink, GOLDEN "/story/trace", &attempt, why, sizeof(why)), 0),
        "%s", why);
}

static unsigned read_statistics(const struct ffitap__report_told *told, void *data)
{
    const struct ffitap__report_sink sink = {told, data};

    return ffitap__statistics_read_folder(&sink, GOLDEN "/statistics/stat", 1);
}

/* The expected numbers are those that babeltrace2(1) counts in that trace. */
Test(sink, is_told_each_event_of_a_trace)
{
    struct counts counts = {0};

    read_trace(&counting, &counts);
    cr_expect(eq(uint, counts.event, 134));
    cr_expect(eq(uint, counts.process, 2));
    cr_expect(eq(uint, counts.runtime, 1));
    cr_expect(eq(uint, counts.object_mapped, 3));
    cr_expect(eq(uint, counts.object_unmapped, 1));
    cr_expect(eq(uint, counts.function, 4));
    cr_expect(eq(uint, counts.load_begin, 4));
    cr_expect(eq(uint, counts.load_end, 4));
    cr_expect(eq(uint, counts.lookup, 3));
    cr_expect(eq(uint, counts.call, 106));
    cr_expect(eq(uint, counts.call_entry, 2));
    cr_expect(eq(uint, counts.call_exit, 1));
    cr_expect(eq(uint, counts.callback_exit, 1));
    cr_expect(eq(uint, counts.lost, 1));
    cr_expect(eq(uint, counts.call_sum, 0));
    cr_expect(eq(uint, counts.damage, 0));
}

Test(sink, is_told_the_sums_of_a_statistics_file)
{
    struct counts counts = {0};

    cr_assert(eq(uint, read_statistics(&counting, &counts), 1));
    cr_expect(eq(uint, counts.call_sum, 2));
    cr_expect(eq(uint, counts.callback_sum, 1));
    cr_expect(eq(uint, counts.load_sum, 3));
    cr_expect(eq(uint, counts.lookup_sum, 2));
    cr_expect(eq(uint, counts.function, 3));
    cr_expect(eq(uint, counts.thread, 2));
    cr_expect(eq(uint, counts.call_entry, 2));
    cr_expect(eq(uint, counts.statistics_end, 1));
    cr_expect(eq(uint, counts.until, 1));
    cr_expect(eq(uint, counts.call, 0));
}

Test(sink, need_not_be_told_anything)
{
    static const struct ffitap__report_told nothing = {0};

    read_trace(&nothing, NULL);
    cr_expect(eq(uint, read_statistics(&nothing, NULL), 1));
}

Test(sink, may_print_single_events_in_their_order)
{
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    read_trace(&event_lines, stream);
    fclose(stream);
    cr_expect(strstr(text, "11553: function 1 is cos\n"
                           "11553: function 2 is open\n"
                           "11553: function 3 is qsort\n"
                           "11553: function 1 took 250 ns\n") == text);
    cr_expect(strstr(text, "11553: function 3 called back\n"
                           "11553: function 3 took 9000 ns\n") != NULL);
    free(text);
}
