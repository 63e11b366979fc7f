/* A statistics file and a trace of the same process, or of others. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdbool.h>
#include <string.h>

#include "report/read/statistics.h"
#include "statistics_fixture.h"

TestSuite(statistics_beside_trace, .init = fixture_create, .fini = fixture_destroy);

/* What a trace tells of the process that the file may tell of too: one call that lasted 50 ns. */
static void read_trace(bool is_announced)
{
    const struct ffitap__at at = {.wall_ns = 1714979289100500000, .pid = 4711, .tid = 4711};
    const struct ffitap__process_event announced = {.pid = 4711,
                                                    .ppid = 1,
                                                    .start_ns = 900000000,
                                                    .exe = "/usr/bin/python3",
                                                    .argv = (const uint8_t *)"a",
                                                    .argv_size = 2,
                                                    .recording = "ours"};

    ffitap__feed_lost(&sink, &at, &(struct ffitap__lost_event){FFITAP__LOST_CALL, 1});
    ffitap__feed_load_begin(&sink, &at,
                            &(struct ffitap__load_event){.name = "libstuck.so", .caller = ""});
    if (is_announced)
        ffitap__feed_process(&sink, &at, &announced);
    ffitap__feed_runtime(&sink, &at,
                         &(struct ffitap__runtime_event){.runtime_id = 1, .name = "ctypes"});
    ffitap__feed_function(&sink, &at,
                          &(struct ffitap__function_event){
                              .function_id = 1, .library = "/lib/libm.so.6", .symbol = "cos"});
    ffitap__feed_call(
        &sink, &at,
        &(struct ffitap__call_event){.function_id = 1, .runtime_id = 1, .native_ns = 50});
    ffitap__feed_call_entry(
        &sink, &at,
        &(struct ffitap__call_edge_event){.call_id = 9, .function_id = 1, .runtime_id = 1});
}

static void read_file_and_trace(bool is_announced)
{
    write_bytes(path, &file, builder_end(&file));
    ffitap__statistics_read(&sink, path);
    read_trace(is_announced);
    ffitap__model_finish(model);
}

Test(statistics_beside_trace, count_instead_of_the_trace_of_the_same_process)
{
    builder_tell_story(&file);
    read_file_and_trace(true);
    cr_expect(eq(uint, model->processes->len, 1));
    cr_expect(eq(u64, function("cos")->native.count, 3));
    cr_expect(eq(u64, model->lost[FFITAP__LOST_CALL], 2));
    cr_expect(eq(uint, model->in_flight->len, 2));
}

Test(statistics_beside_trace, count_instead_of_a_trace_that_does_not_say_which_process_it_was)
{
    builder_tell_story(&file);
    read_file_and_trace(false);
    cr_expect(eq(uint, model->processes->len, 1));
    cr_expect(eq(u64, function("cos")->native.count, 3));
}

Test(statistics_beside_trace, leave_to_the_trace_what_only_it_has)
{
    builder_tell_story(&file);
    read_file_and_trace(true);

    const struct ffitap__load *load = find(model->tables.loads, "libstuck.so", 0);
    cr_expect(eq(u64, load->unfinished, 1));
}

Test(statistics_beside_trace, leave_other_processes_to_the_trace)
{
    builder_tell_story(&file);
    file.header.pid = 4712;
    read_file_and_trace(true);
    cr_expect(eq(uint, model->processes->len, 2));
    cr_expect(eq(u64, function("cos")->native.count, 4));
    cr_expect(eq(u64, model->lost[FFITAP__LOST_CALL], 3));
}

Test(statistics_beside_trace, that_are_damaged_give_way_to_the_trace)
{
    builder_tell_story(&file);
    file.header.lists[FFITAP__STATISTICS_LOADS] = 8;
    read_file_and_trace(true);
    cr_expect(strstr(damage(), "an offset leads out of it") != NULL, "%s", damage());
    cr_expect(eq(uint, model->processes->len, 1));
    cr_expect(eq(u64, function("cos")->native.count, 1));
    cr_expect(eq(u64, model->lost[FFITAP__LOST_CALL], 1));
    cr_expect(eq(uint, model->in_flight->len, 1));
}

Test(statistics_beside_trace, that_are_damaged_count_where_no_trace_is)
{
    builder_tell_story(&file);
    file.header.lists[FFITAP__STATISTICS_LOADS] = 8;
    read_cut(builder_end(&file));
    cr_expect(eq(u64, function("cos")->native.count, 3));
}
