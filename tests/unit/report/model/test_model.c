/* Processes, their calls and callbacks, and what is in flight. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "model_fixture.h"

TestSuite(model, .init = fixture_create, .fini = fixture_destroy);

static void edge(bool entry, uint64_t call_id)
{
    const struct ffitap__at place = at(10);
    const struct ffitap__call_edge_event event = {
        .call_id = call_id, .function_id = 1, .runtime_id = 1};

    if (entry)
        ffitap__feed_call_entry(&sink, &place, &event);
    else
        ffitap__feed_call_exit(&sink, &place, &event);
}

Test(model, adds_up_the_calls_of_a_function)
{
    start_python(10);
    call_with(10,
              (struct ffitap__call_event){.function_id = 1, .native_ns = 100, .callbacks_ns = 30});
    call(10, 1, 50);
    ffitap__model_finish(model);

    const struct ffitap__report_function *function = only(model->tables.functions);
    cr_expect(eq(str, (char *)function->symbol, "cos"));
    cr_expect(eq(str, (char *)function->library, LIBC));
    cr_expect(eq(str, (char *)function->runtime, "ctypes"));
    cr_expect(eq(u64, function->address, 0x1000));
    cr_expect(eq(u64, function->native.count, 2));
    cr_expect(eq(u64, function->native.total, 150));
    cr_expect(eq(u64, function->self_ns, 120));
}

Test(model, counts_windows_held_locks_and_outcomes)
{
    start_python(10);
    call_with(10, (struct ffitap__call_event){.function_id = 1,
                                              .gil_released_ns = 90,
                                              .gil_wait_ns = 20,
                                              .flags = FFITAP__CALL_GIL_RELEASED |
                                                       FFITAP__CALL_ERRNO_SWAPPED,
                                              .errno_private_out = 2});
    call_with(10, (struct ffitap__call_event){.function_id = 1,
                                              .gil_wait_ns = 1000,
                                              .flags = FFITAP__CALL_GIL_RELEASED |
                                                       FFITAP__CALL_WAIT_UNKNOWN |
                                                       FFITAP__CALL_UNFINISHED});
    call_with(10, (struct ffitap__call_event){.function_id = 1, .flags = FFITAP__CALL_GIL_HELD});
    ffitap__model_finish(model);

    const struct ffitap__report_function *function = only(model->tables.functions);
    cr_expect(eq(u64, function->gil_windows, 2));
    cr_expect(eq(u64, function->gil_released_ns, 90));
    cr_expect(eq(u64, function->gil_wait.total, 20));
    cr_expect(eq(u64, function->gil_wait_unknown, 1));
    cr_expect(eq(u64, function->unfinished, 1));
    cr_expect(eq(u64, function->gil_held_calls, 1));
    cr_expect(eq(u64, function->errno_swaps, 1));
    cr_assert(eq(u32, function->outcomes->len, 1));
    cr_expect(eq(int, g_array_index(function->outcomes, struct ffitap__outcome, 0).value, 2));
}

Test(model, tells_an_errno_that_was_there_before_the_call)
{
    static const int before_and_after[][2] = {{0, 0}, {0, 2}, {2, 2}, {2, 2}, {2, 1}};

    start_python(10);
    for (unsigned i = 0; i < G_N_ELEMENTS(before_and_after); i++)
        call_with(10, (struct ffitap__call_event){.function_id = 1,
                                                  .flags = FFITAP__CALL_ERRNO_SWAPPED,
                                                  .errno_private_in = before_and_after[i][0],
                                                  .errno_private_out = before_and_after[i][1]});
    ffitap__model_finish(model);

    const struct ffitap__report_function *function = only(model->tables.functions);
    static const struct ffitap__outcome expected[] = {{0, 1, 1}, {1, 1, 0}, {2, 3, 2}};
    cr_assert(eq(u32, function->outcomes->len, 3));
    for (unsigned i = 0; i < 3; i++) {
        const struct ffitap__outcome *outcome =
            &g_array_index(function->outcomes, struct ffitap__outcome, i);
        cr_expect(eq(int, outcome->value, expected[i].value));
        cr_expect(eq(u64, outcome->count, expected[i].count));
        cr_expect(eq(u64, outcome->unchanged, expected[i].unchanged));
    }
}

Test(model, adds_up_over_processes)
{
    start_python(10);
    start_python(11);
    call(10, 1, 1);
    call(11, 1, 1);
    ffitap__model_finish(model);
    cr_expect(eq(u64, calls_of("cos"), 2));
    cr_expect(eq(uint, model->processes->len, 2));
}

Test(model, names_calls_by_definitions_that_come_late)
{
    call(10, 1, 1);
    announce(10);
    call(10, 1, 1);
    define(10, 1, "cos");
    call(10, 1, 1);
    define_runtime(10);
    call(10, 1, 1);
    ffitap__model_finish(model);
    cr_expect(eq(u64, calls_of("cos"), 4));
    cr_expect(eq(uint, count(model->tables.functions), 1));
    cr_expect(eq(u64, model->undefined_functions, 0));
}

Test(model, takes_repeated_definitions_once)
{
    start_python(10);
    call(10, 1, 1);
    start_python(10);
    call(10, 1, 1);
    ffitap__model_finish(model);
    cr_expect(eq(u64, calls_of("cos"), 2));
    cr_expect(eq(uint, model->processes->len, 1));
}

Test(model, shows_what_nobody_defined)
{
    start_python(10);
    call(10, 77, 1);
    call(10, 77, 1);
    ffitap__model_finish(model);
    cr_expect(eq(u64, calls_of("[unknown #77]"), 2));
    cr_expect(eq(str, (char *)find("[unknown #77]")->library, ""));
    cr_expect(eq(u64, model->undefined_functions, 1));
}

Test(model, shows_the_offset_where_no_symbol_is)
{
    start_python(10);
    define(10, 2, "");
    call(10, 2, 1);
    ffitap__model_finish(model);
    cr_expect(eq(u64, calls_of("+0x2a"), 1));
}

Test(model, starts_ids_anew_after_an_exec)
{
    start_python(10);
    call(10, 1, 1);
    announce_as(10, 1, 950000000, "/bin/ruby", "ours");
    define_runtime(10);
    define(10, 1, "sin");
    call(10, 1, 1);
    ffitap__model_finish(model);
    cr_expect(eq(u64, calls_of("cos"), 1));
    cr_expect(eq(u64, calls_of("sin"), 1));
    cr_expect(eq(uint, model->processes->len, 2));
}

Test(model, names_a_forks_calls_by_its_parents_definitions)
{
    start_python(10);
    announce_as(11, 10, 900000000, "/bin/python", "ours");
    call(11, 1, 1);
    ffitap__model_finish(model);
    cr_expect(eq(u64, calls_of("cos"), 1));
    cr_expect(eq(u64, model->undefined_functions, 0));
}

Test(model, does_not_name_another_programs_calls_by_its_parents_definitions)
{
    start_python(10);
    announce_as(11, 10, 950000000, "/bin/ruby", "ours");
    define_runtime(11);
    call(11, 1, 1);
    ffitap__model_finish(model);
    cr_expect(eq(u64, calls_of("[unknown #1]"), 1));
}

Test(model, leaves_out_processes_of_another_recording)
{
    call(20, 1, 1);
    load(20, "libx.so", false, 1);
    announce_as(20, 1, 900000000, "/bin/python", "theirs");
    define_runtime(20);
    define(20, 1, "cos");
    call(20, 1, 1);
    map(20, 0x1000, true);
    ffitap__model_finish(model);
    cr_expect(eq(uint, count(model->tables.functions), 0));
    cr_expect(eq(uint, count(model->tables.loads), 0));
    cr_expect(eq(uint, count(model->tables.objects), 0));
    cr_expect(not(ffitap__model_has_process(model, 20)));
}

Test(model, keeps_processes_that_name_no_recording)
{
    announce_as(20, 1, 900000000, "/bin/python", "");
    call(20, 1, 1);
    ffitap__model_finish(model);
    cr_expect(ffitap__model_has_process(model, 20));
}

Test(model, keeps_a_process_that_was_never_announced)
{
    define_runtime(10);
    define(10, 1, "cos");
    call(10, 1, 1);
    map(10, 0x1000, true);
    ffitap__model_finish(model);
    cr_expect(eq(u64, calls_of("cos"), 1));
    cr_expect(eq(uint, count(model->tables.objects), 1));

    const struct ffitap__process *process = g_ptr_array_index(model->processes, 0);
    cr_expect(zero(ptr, (void *)process->exe));
}

Test(model, knows_when_a_process_started)
{
    announce(10);
    ffitap__model_finish(model);

    const struct ffitap__process *process = g_ptr_array_index(model->processes, 0);
    cr_expect(eq(i64, process->start_wall_ns, 4900000000));
}

Test(model, aggregates_callbacks_by_the_call_they_came_out_of)
{
    const struct ffitap__at place = at(10);
    struct ffitap__callback_event event = {.function_id = 1, .runtime_id = 1, .duration_ns = 9};

    start_python(10);
    ffitap__feed_callback_exit(&sink, &place, &event);
    ffitap__feed_callback_exit(&sink, &place, &event);
    ffitap__model_finish(model);

    const struct ffitap__callbacks *callbacks = only(model->tables.callbacks);
    cr_expect(eq(str, (char *)callbacks->symbol, "cos"));
    cr_expect(eq(u64, callbacks->duration.count, 2));
    cr_expect(eq(uint, count(model->tables.functions), 0));
}

Test(model, knows_callbacks_out_of_no_call)
{
    const struct ffitap__at place = at(10);

    start_python(10);
    ffitap__feed_callback_exit(&sink, &place, &(struct ffitap__callback_event){.runtime_id = 1});
    ffitap__model_finish(model);

    const struct ffitap__callbacks *callbacks = only(model->tables.callbacks);
    cr_expect(zero(ptr, (void *)callbacks->symbol));
    cr_expect(eq(u64, model->undefined_functions, 0));
}

Test(model, lists_calls_in_flight)
{
    start_python(10);
    edge(true, 1);
    edge(true, 2);
    edge(false, 2);
    model->last_ns = 5000000123;
    ffitap__model_finish(model);
    cr_assert(eq(uint, model->in_flight->len, 1));

    const struct ffitap__in_flight *open =
        &g_array_index(model->in_flight, struct ffitap__in_flight, 0);
    cr_expect(eq(str, (char *)open->symbol, "cos"));
    cr_expect(eq(int, open->tid, 10));
    cr_expect(eq(u64, open->since_ns, 123));
}

Test(model, closes_inner_calls_with_the_outer_one)
{
    start_python(10);
    edge(true, 1);
    edge(true, 2);
    edge(false, 1);
    ffitap__model_finish(model);
    cr_expect(eq(uint, model->in_flight->len, 0));
}

Test(model, has_nothing_in_flight_of_a_program_that_execed)
{
    start_python(10);
    edge(true, 1);
    announce_as(10, 1, 950000000, "/bin/true", "ours");
    ffitap__model_finish(model);
    cr_expect(eq(uint, model->in_flight->len, 0));
}

Test(model, does_not_grow_with_lost_exits)
{
    start_python(10);
    for (uint64_t id = 1; id < 10000; id++)
        edge(true, id);
    ffitap__model_finish(model);
    cr_expect(lt(uint, model->in_flight->len, 1000));
}

Test(model, adds_up_losses_by_kind)
{
    const struct ffitap__at place = at(10);

    ffitap__feed_lost(&sink, &place, &(struct ffitap__lost_event){FFITAP__LOST_OBJECT, 2});
    ffitap__feed_lost(&sink, &place, &(struct ffitap__lost_event){FFITAP__LOST_OBJECT, 3});
    ffitap__feed_lost(&sink, &place, &(struct ffitap__lost_event){200, 1});
    ffitap__model_finish(model);
    cr_expect(eq(u64, model->lost[FFITAP__LOST_OBJECT], 5));
    cr_expect(eq(u64, model->lost[FFITAP__LOSS_KINDS - 1], 1));
}
