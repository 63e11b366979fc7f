#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/read/statistics.h"
#include "statistics_fixture.h"

TestSuite(statistics, .init = fixture_create, .fini = fixture_destroy);

static void read_file(void)
{
    read_cut(builder_end(&file));
}

/* A cell of a function whose calls are all that the file holds. */
static uint64_t begin_with_cell(void)
{
    builder_begin(&file);
    builder_runtime(&file, 1, "ctypes");
    builder_function(&file, 1, "/lib/libm.so.6", "cos");
    return builder_cell(&file, builder_thread(&file, 4711), 1, FFITAP__STATISTICS_CALLS);
}

static struct ffitap__statistics_cell *cell_at(uint64_t offset)
{
    return builder_at(&file, offset);
}

static bool is_damaged(const char *part)
{
    return strstr(damage(), part) != NULL;
}

static const struct ffitap__process *process(unsigned index)
{
    cr_assert(model->processes->len > index);
    return g_ptr_array_index(model->processes, index);
}

Test(statistics, know_the_process)
{
    builder_tell_story(&file);
    read_file();
    cr_assert(eq(uint, model->processes->len, 1));
    cr_expect(eq(int, process(0)->pid, 4711));
    cr_expect(eq(int, process(0)->ppid, 1));
    cr_expect(eq(str, (char *)process(0)->exe, "/usr/bin/python3"));
    cr_expect(eq(uint, process(0)->argv->len, 16));
    cr_expect(eq(i64, process(0)->start_wall_ns, 1714979289100000000));
    cr_expect(eq(uint, g_hash_table_size(process(0)->threads), 2));
    cr_expect(eq(str, (char *)damage(), ""));
}

Test(statistics, count_calls_and_their_times)
{
    builder_tell_story(&file);
    read_file();

    const struct ffitap__report_function *cosine = function("cos");
    cr_expect(eq(str, (char *)cosine->library, "/lib/libm.so.6"));
    cr_expect(eq(str, (char *)cosine->runtime, "ctypes"));
    cr_expect(eq(u64, cosine->address, 0x1000));
    cr_expect(eq(u64, cosine->native.count, 3));
    cr_expect(eq(u64, cosine->native.total, 5030));
    cr_expect(eq(u64, cosine->native.min, 10));
    cr_expect(eq(u64, cosine->native.max, 5000));
    cr_expect(eq(u64, ffitap__histogram_percentile(&cosine->native, 500), 20));
    cr_expect(eq(u64, cosine->self_ns, 5023));
    cr_expect(eq(u64, cosine->unfinished, 1));
    cr_expect(eq(uint, g_hash_table_size(model->tables.functions), 2));
}

Test(statistics, count_windows_and_held_locks)
{
    builder_tell_story(&file);
    read_file();

    const struct ffitap__report_function *cosine = function("cos");
    cr_expect(eq(u64, cosine->gil_windows, 3));
    cr_expect(eq(u64, cosine->gil_released_ns, 5550));
    cr_expect(eq(u64, cosine->gil_wait.total, 103));
    cr_expect(eq(u64, cosine->gil_wait.max, 100));
    cr_expect(eq(u64, cosine->gil_wait.min, 3));
    cr_expect(eq(u64, cosine->gil_wait_unknown, 1));
    cr_expect(eq(u64, cosine->gil_held_calls, 0));
    cr_expect(eq(u64, function("open")->gil_held_calls, 2));
}

Test(statistics, count_outcomes)
{
    builder_tell_story(&file);
    read_file();

    const struct ffitap__report_function *cosine = function("cos");
    cr_expect(eq(u64, cosine->errno_swaps, 3));
    cr_assert(eq(uint, cosine->outcomes->len, 2));
    const struct ffitap__outcome *second =
        &g_array_index(cosine->outcomes, struct ffitap__outcome, 1);
    cr_expect(eq(int, second->value, 2));
    cr_expect(eq(u64, second->count, 2));
    cr_expect(eq(u64, second->unchanged, 1));
}

Test(statistics, count_callbacks)
{
    builder_tell_story(&file);
    read_file();

    const struct ffitap__callbacks *callbacks = find(model->tables.callbacks, "cos", 1);
    cr_expect(eq(u64, callbacks->duration.count, 1));
    cr_expect(eq(u64, callbacks->duration.total, 7));
}

Test(statistics, count_loads)
{
    builder_tell_story(&file);
    read_file();

    const struct ffitap__load *load = find(model->tables.loads, "libm.so.6", 0);
    cr_expect(eq(u64, load->count, 2));
    cr_expect(eq(u64, load->failed, 0));
    cr_expect(eq(u64, load->total_ns, 2000));
    cr_expect(eq(u64, load->max_ns, 1000));
    cr_expect(eq(int, load->mode, 2));
    cr_expect(zero(ptr, (void *)load->error));
    load = find(model->tables.loads, "libno.so", 0);
    cr_expect(eq(u64, load->failed, 1));
    cr_expect(eq(str, (char *)load->error, "it is not there"));
    load = find(model->tables.loads, "/usr/bin/python3", 2);
    cr_expect(zero(ptr, (void *)load->name), "the main program has no name");
}

Test(statistics, count_lookups_and_those_of_the_cache)
{
    builder_tell_story(&file);
    read_file();

    const struct ffitap__lookup *lookup = find(model->tables.lookups, "cos", 1);
    cr_expect(eq(u64, lookup->count, 8));
    cr_expect(eq(u64, lookup->cached, 5));
    cr_expect(eq(u64, lookup->total_ns, 800));
    lookup = find(model->tables.lookups, "nope", 1);
    cr_expect(eq(u64, lookup->failed, 2));
    cr_expect(eq(str, (char *)lookup->error, "undefined symbol"));
}

Test(statistics, count_objects_that_came_and_went)
{
    builder_tell_story(&file);
    read_file();

    const struct ffitap__report_object *object = find(model->tables.objects, "/lib/libm.so.6", 0);
    cr_expect(eq(u64, object->mapped, 1));
    cr_expect(eq(u64, object->unmapped, 1));
    cr_expect(eq(u64, object->base, 0x20000));
    cr_expect(eq(int, object->cause, FFITAP__OBJECT_ASKED_FOR));
    object = find(model->tables.objects, "/lib/libc.so.6", 0);
    cr_expect(eq(u64, object->unmapped, 0));
}

Test(statistics, count_an_object_that_came_and_went_often)
{
    builder_tell_story(&file);
    read_file();

    const struct ffitap__report_object *object = find(model->tables.objects, "/lib/libz.so.1", 0);
    cr_expect(eq(u64, object->mapped, 1000));
    cr_expect(eq(u64, object->unmapped, 999));
    cr_expect(eq(u64, object->base, 0x30000));
    cr_expect(eq(int, object->cause, FFITAP__OBJECT_ASKED_FOR));
}

Test(statistics, count_losses)
{
    builder_tell_story(&file);
    read_file();
    cr_expect(eq(u64, model->lost[FFITAP__LOST_CALL], 2));
    cr_expect(eq(u64, model->lost[FFITAP__LOSS_KINDS - 1], 1));
}

Test(statistics, list_the_calls_in_flight_when_the_recording_ended)
{
    builder_tell_story(&file);
    write_bytes(path, &file, builder_end(&file));
    cr_assert(eq(uint, ffitap__statistics_read_folder(&sink, directory, 1714979289100900000), 1));
    ffitap__model_finish(model);
    cr_assert(eq(uint, model->in_flight->len, 2));

    const struct ffitap__in_flight *outer =
        &g_array_index(model->in_flight, struct ffitap__in_flight, 0);
    cr_expect(eq(int, outer->pid, 4711));
    cr_expect(eq(int, outer->tid, 4712));
    cr_expect(eq(str, (char *)outer->symbol, "open"));
    cr_expect(eq(u64, outer->since_ns, 399900));
}

Test(statistics, list_calls_in_flight_by_the_latest_moment_if_no_end_is_known)
{
    builder_tell_story(&file);
    read_file();
    cr_assert(eq(uint, model->in_flight->len, 2));
    cr_expect(
        eq(u64, g_array_index(model->in_flight, struct ffitap__in_flight, 0).since_ns, 300000));
}

Test(statistics, know_moments_in_ticks_by_their_rate)
{
    builder_tell_story(&file);
    file.header.rate = UINT64_C(1) << 33;
    read_file();
    cr_expect(
        eq(u64, g_array_index(model->in_flight, struct ffitap__in_flight, 0).since_ns, 600000));
}

Test(statistics, say_nothing_of_when_without_a_rate)
{
    builder_tell_story(&file);
    file.header.rate = 0;
    read_file();
    cr_assert(eq(uint, model->in_flight->len, 2));
    cr_expect(eq(u64, g_array_index(model->in_flight, struct ffitap__in_flight, 0).since_ns, 0));
}

Test(statistics, end_where_the_program_stopped_them)
{
    builder_tell_story(&file);
    file.header.stopped_ns = file.header.start_ns + 5000000;
    write_bytes(path, &file, builder_end(&file));
    ffitap__statistics_read_folder(&sink, directory, 1714979299100900000);
    ffitap__model_finish(model);
    cr_expect(eq(uint, model->in_flight->len, 0), "whether they still are nobody knows");
    cr_expect(eq(i64, model->last_ns, file.header.start_wall_ns + 5000000));
}

Test(statistics, name_children_that_could_have_no_file)
{
    builder_tell_story(&file);
    file.header.unseen_count = FFITAP__STATISTICS_UNSEEN + 5;
    file.header.unseen[0] = (uint64_t)ENOENT << 32 | 5000;
    read_file();
    cr_assert(eq(uint, model->unseen->len, 1));
    const struct ffitap__unseen *unseen = &g_array_index(model->unseen, struct ffitap__unseen, 0);
    cr_expect(eq(int, unseen->pid, 5000));
    cr_expect(eq(str, (char *)unseen->why,
                 "it was forked, made foreign calls and could have no statistics file: "
                 "No such file or directory"));
    cr_expect(eq(str, (char *)damage(),
                 "5 more processes that process 4711 or its children forked could have no "
                 "statistics file"));
}

Test(statistics, name_programs_that_could_not_be_noted)
{
    builder_tell_story(&file);
    file.header.unnoted[1].who = (uint64_t)ENOENT << 32 | 5000;
    file.header.unnoted[1].moment_ns = 1;
    file.header.unnoted[2].who = (uint64_t)ENOENT << 32 | 4711; /* seen all the same */
    file.header.unnoted[2].moment_ns = file.header.start_ns;
    file.header.unnoted[3].moment_ns = 1; /* `who` is not set yet */
    file.header.unnoted_more = 5;
    read_file();
    cr_assert(eq(uint, model->unseen->len, 1));
    const struct ffitap__unseen *unseen = &g_array_index(model->unseen, struct ffitap__unseen, 0);
    cr_expect(eq(int, unseen->pid, 5000));
    cr_expect(eq(str, (char *)unseen->why,
                 "it ran a program of which nothing came and no note could be left: "
                 "No such file or directory"));
    cr_expect(eq(str, (char *)damage(),
                 "5 more programs that process 4711 or its children ran could not be noted"));
}

Test(statistics, miss_no_process_that_the_trace_tells_of)
{
    const struct ffitap__at at = {.wall_ns = 1714979289100500000, .pid = 5000, .tid = 5000};

    builder_tell_story(&file);
    file.header.unseen_count = 2;
    file.header.unseen[0] = 5000;
    file.header.unseen[1] = 4711;
    write_bytes(path, &file, builder_end(&file));
    ffitap__statistics_read(&sink, path);
    ffitap__feed_call(&sink, &at, &(struct ffitap__call_event){.function_id = 1, .native_ns = 5});
    ffitap__model_finish(model);
    cr_assert(eq(uint, model->unseen->len, 1), "a number may have been another process's");
    cr_expect(eq(int, g_array_index(model->unseen, struct ffitap__unseen, 0).pid, 4711));
}

Test(statistics, read_an_older_header_that_ends_sooner)
{
    builder_tell_story(&file);
    file.header.header_size = FFITAP__STATISTICS_SHORTEST_HEADER;
    file.header.stopped_ns = 1;
    read_file();
    cr_expect(eq(str, (char *)damage(), ""));
    cr_expect(not(process(0)->is_stopped));
    cr_expect(eq(uint, model->in_flight->len, 2));
}

Test(statistics, keep_what_a_thread_is_deeper_in_out_of_the_list)
{
    builder_tell_story(&file);
    struct ffitap__statistics_thread *thread =
        builder_at(&file, file.header.lists[FFITAP__STATISTICS_THREADS]);
    for (unsigned i = 0; i < FFITAP__STATISTICS_IN_FLIGHT; i++)
        thread->in_flight[i] = thread->in_flight[0];
    thread->depth = 1000000;
    read_file();
    cr_expect(eq(uint, model->in_flight->len, FFITAP__STATISTICS_IN_FLIGHT));
}

Test(statistics, tell_windows_of_an_interpreter_without_a_lock_from_others)
{
    const uint64_t cell = begin_with_cell();
    struct ffitap__statistics_runtime *runtime =
        builder_at(&file, file.header.lists[FFITAP__STATISTICS_RUNTIMES]);
    runtime->lock_kind = FFITAP__LOCK_OFF;
    builder_count(&file, cell, 10);
    builder_count(&file, cell, 10);
    builder_count_window(&file, cell, 15, 5);
    read_file();
    const struct ffitap__report_function *cosine = function("cos");
    cr_expect(eq(u64, cosine->gil_windows, 1));
    cr_expect(eq(u64, cosine->unlocked_windows, 1));
    cr_expect(eq(u64, cosine->unlocked_wait_ns, 5));
    cr_expect(eq(u64, cosine->attached_calls, 1));
}

static const struct ffitap__in_flight *in_flight(unsigned index)
{
    cr_assert(model->in_flight->len > index);
    return &g_array_index(model->in_flight, struct ffitap__in_flight, index);
}

static struct ffitap__statistics_thread *newest_thread(void)
{
    return builder_at(&file, file.header.lists[FFITAP__STATISTICS_THREADS]);
}

Test(statistics, tell_that_the_innermost_call_waits_for_its_lock)
{
    builder_tell_story(&file);
    newest_thread()->left_entered_ticks = newest_thread()->in_flight[1].entered_ticks;
    newest_thread()->left_ticks = 850100;
    read_file();
    cr_expect(not(in_flight(0)->waits));
    cr_expect(in_flight(1)->waits);
    cr_expect(eq(u64, in_flight(1)->since_ns, 50000));
    cr_expect(eq(u64, in_flight(1)->wait_ns, 0), "the latest moment that is known");
}

Test(statistics, take_an_earlier_calls_wait_for_no_other)
{
    builder_tell_story(&file);
    newest_thread()->left_entered_ticks = newest_thread()->in_flight[0].entered_ticks;
    newest_thread()->left_ticks = 900100;
    read_file();
    cr_expect(not(in_flight(0)->waits));
    cr_expect(not(in_flight(1)->waits));
}

Test(statistics, read_an_older_thread_that_ends_sooner)
{
    builder_tell_story(&file);
    newest_thread()->left_entered_ticks = newest_thread()->in_flight[1].entered_ticks;
    newest_thread()->left_ticks = 850100;
    newest_thread()->link.size = FFITAP__STATISTICS_SHORTEST_THREAD;
    read_file();
    cr_expect(eq(str, (char *)damage(), ""));
    cr_expect(eq(uint, model->in_flight->len, 2));
    cr_expect(not(in_flight(1)->waits));
}

Test(statistics, leave_out_a_call_that_was_about_to_begin)
{
    builder_tell_story(&file);
    struct ffitap__statistics_thread *thread =
        builder_at(&file, file.header.lists[FFITAP__STATISTICS_THREADS]);
    thread->in_flight[1].entered_ticks = 0;
    read_file();
    cr_expect(eq(uint, model->in_flight->len, 1));
}

Test(statistics, start_ids_anew_after_an_exec)
{
    char other[96];

    builder_tell_story(&file);
    write_bytes(path, &file, builder_end(&file));
    const uint64_t cell = begin_with_cell();
    file.header.start_ns = 800000000;
    builder_function(&file, 1, "/lib/libm.so.6", "sin");
    builder_count(&file, cell, 100);
    snprintf(other, sizeof(other), "%s/4711.1.stat", directory);
    write_bytes(other, &file, builder_end(&file));
    cr_expect(eq(uint, ffitap__statistics_read_folder(&sink, directory, 0), 2));
    ffitap__model_finish(model);
    unlink(other);
    cr_assert(eq(uint, model->processes->len, 2));
    cr_expect(eq(u64, process(0)->start_ns, 800000000), "in order of their starts");
    cr_expect(process(0)->replaced && !process(1)->replaced);
    cr_expect(eq(u64, function("sin")->native.count, 1));
    cr_expect(eq(u64, function("cos")->native.count, 3));
}

Test(statistics, of_another_recording_are_left_out)
{
    builder_tell_story(&file);
    file.header.recording = builder_text(&file, "theirs");
    read_file();
    cr_expect(eq(uint, model->processes->len, 0));
    cr_expect(eq(uint, g_hash_table_size(model->tables.functions), 0));
    cr_expect(eq(u64, model->lost[FFITAP__LOST_CALL], 0));
}

Test(statistics, add_up_threads_and_pieces_of_histograms)
{
    const uint64_t cell = begin_with_cell();
    const uint64_t other =
        builder_cell(&file, builder_thread(&file, 4712), 1, FFITAP__STATISTICS_CALLS);

    for (uint64_t ns = 1; ns < 2000000; ns += ns / 8 + 1) {
        builder_count(&file, cell, ns);
        builder_count(&file, other, ns);
    }
    read_file();
    cr_expect(eq(str, (char *)damage(), ""));
    cr_expect(eq(u64, function("cos")->native.count, 2 * cell_at(cell)->count));
    cr_expect(eq(u64, function("cos")->native.total, 2 * cell_at(cell)->total_ns));
}

Test(statistics, add_scattered_counts_to_runs)
{
    const uint64_t cell = begin_with_cell();
    const uint64_t before = cell_at(cell)->count;
    struct ffitap__statistics_buckets *piece;

    for (int i = 0; i < 3; i++)
        builder_count(&file, cell, 100);
    piece = builder_at(&file, builder_scatter(&file, cell));
    piece->counts[3] = ffitap__statistics_bucket(100) << FFITAP__STATISTICS_SCATTERED_BITS | 4;
    piece->counts[15] = ffitap__statistics_bucket(90000) << FFITAP__STATISTICS_SCATTERED_BITS | 1;
    cell_at(cell)->count += 5;
    cell_at(cell)->total_ns += 4 * 100 + 90000;
    cell_at(cell)->max_ns = 90000;
    read_file();

    const struct ffitap__report_function *cosine = function("cos");
    cr_expect(eq(str, (char *)damage(), ""));
    cr_expect(eq(u64, before, 0));
    cr_expect(eq(u64, cosine->native.count, 8));
    cr_expect(eq(u64, ffitap__histogram_percentile(&cosine->native, 875), 101),
              "seven are in the bucket of 100 and 101");
    cr_expect(eq(u64, ffitap__histogram_percentile(&cosine->native, 1000), 90000));
}

Test(statistics, go_by_the_buckets_of_a_cell_that_its_writer_died_in)
{
    const uint64_t cell = begin_with_cell();

    builder_count(&file, cell, 100);
    builder_count(&file, cell, 200);
    cell_at(cell)->sequence = 3;
    cell_at(cell)->count = 3;
    cell_at(cell)->total_ns = 1000000;
    cell_at(cell)->callbacks_ns = 2000000;
    cell_at(cell)->max_ns = 999700;
    cell_at(cell)->held_calls = 3;
    read_file();

    const struct ffitap__report_function *cosine = function("cos");
    cr_expect(eq(str, (char *)damage(), ""), "a killed process does not damage its file");
    cr_expect(eq(u64, cosine->native.count, 2));
    cr_expect(eq(u64, cosine->native.min, 100));
    cr_expect(eq(u64, cosine->native.max, 203), "as its bucket allows");
    cr_expect(le(u64, cosine->native.total, 305));
    cr_expect(le(u64, cosine->self_ns, cosine->native.total));
    cr_expect(eq(u64, cosine->gil_held_calls, 2));
    expect_all_possible("torn");
}

Test(statistics, have_no_more_windows_and_outcomes_than_calls_in_a_torn_cell)
{
    const uint64_t cell = begin_with_cell();

    builder_count(&file, cell, 100);
    for (int i = 0; i < 2; i++) {
        builder_count_window(&file, cell, 20, 10);
        builder_count_errno(&file, cell, 0, 2);
    }
    cell_at(cell)->sequence = 3;
    read_file();
    cr_expect(eq(u64, function("cos")->gil_windows, 1));
    cr_expect(eq(u64, function("cos")->gil_wait.total, 10));
    cr_expect(eq(u64, function("cos")->errno_swaps, 1));
    expect_all_possible("torn");
}

Test(statistics, are_damaged_if_a_cell_at_rest_disagrees_with_itself)
{
    const uint64_t cell = begin_with_cell();

    builder_count(&file, cell, 100);
    cell_at(cell)->count = 1000;
    read_file();
    cr_expect(is_damaged("statistics file 4711.0.stat: a cell counts"), "%s", damage());
    cr_expect(eq(u64, function("cos")->native.count, 1));
}

Test(statistics, skip_what_a_later_version_added)
{
    builder_begin(&file);
    builder_runtime(&file, 1, "ctypes");
    builder_function(&file, 1, "/lib/libm.so.6", "cos");
    struct ffitap__statistics_thread *thread = builder_at(&file, builder_thread(&file, 4711));
    const uint64_t cell =
        builder_record(&file, &thread->cells, sizeof(struct ffitap__statistics_cell) + 64);
    cell_at(cell)->function_id = 1;
    cell_at(cell)->runtime_id = 1;
    builder_count(&file, cell, 9);
    builder_count(&file, builder_cell(&file, file.header.lists[FFITAP__STATISTICS_THREADS], 1, 77),
                  9);
    read_file();
    cr_expect(eq(u64, function("cos")->native.count, 1));
    cr_expect(eq(str, (char *)damage(), ""));
}

Test(statistics, of_other_versions_and_makers_are_refused)
{
    builder_tell_story(&file);
    file.header.version = 9;
    read_file();
    cr_expect(is_damaged("is of format 9, this ffitap reads 1"), "%s", damage());
    cr_expect(eq(uint, model->processes->len, 0));
}

Test(statistics, of_another_maker_are_refused)
{
    builder_tell_story(&file);
    memcpy(file.header.magic, "\177ELF\2\1\1", 8);
    read_file();
    cr_expect(is_damaged("is no statistics file"), "%s", damage());
}

Test(statistics, that_were_only_begun_are_told_apart)
{
    builder_tell_story(&file);
    file.header.ready = 0;
    read_file();
    cr_expect(is_damaged("was only begun"), "%s", damage());
}

Test(statistics, that_are_empty_or_no_file_are_refused)
{
    read_cut(0);
    cr_expect(is_damaged("was only begun"), "%s", damage());
    unlink(path);
    cr_assert(eq(int, mkfifo(path, 0666), 0));
    ffitap__statistics_read(&sink, path);
    cr_expect(
        eq(str, g_ptr_array_index(model->damaged, 1), "statistics file 4711.0.stat: is no file"));
}

Test(statistics, of_a_folder_that_is_not_there_are_none)
{
    cr_expect(eq(uint, ffitap__statistics_read_folder(&sink, "/nowhere/at/all", 0), 0));
    cr_expect(eq(uint, model->damaged->len, 0));
}
