#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdbool.h>
#include <string.h>

#include "report/model.h"

#define LIBC "/lib/libc.so.6"

static struct ffitap__model *model;
static struct ffitap__report_sink sink;

static void create(void)
{
    model = ffitap__model_create("ours");
    sink = ffitap__model_sink(model);
}

static void destroy(void)
{
    ffitap__model_destroy(model);
}

TestSuite(model, .init = create, .fini = destroy);

static struct ffitap__at at(int32_t pid)
{
    return (struct ffitap__at){
        .wall_ns = 5000000000, .clock_ns = 1000000000, .pid = pid, .tid = pid};
}

static void announce_as(int32_t pid, int32_t ppid, uint64_t start_ns, const char *exe,
                        const char *token)
{
    const struct ffitap__at place = at(pid);

    ffitap__tell_process(&sink, &place,
                         &(struct ffitap__process_event){.pid = pid,
                                                         .ppid = ppid,
                                                         .start_ns = start_ns,
                                                         .exe = exe,
                                                         .argv = (const uint8_t *)"a\0b",
                                                         .argv_size = 4,
                                                         .recording = token});
}

static void announce(int32_t pid)
{
    announce_as(pid, 1, 900000000, "/bin/python", "ours");
}

static void define_runtime(int32_t pid)
{
    const struct ffitap__at place = at(pid);

    ffitap__tell_runtime(&sink, &place,
                         &(struct ffitap__runtime_event){.runtime_id = 1, .name = "ctypes"});
}

static void define(int32_t pid, uint32_t id, const char *symbol)
{
    const struct ffitap__at place = at(pid);

    ffitap__tell_function(&sink, &place,
                          &(struct ffitap__function_event){.function_id = id,
                                                           .address = 0x1000,
                                                           .offset = 0x2a,
                                                           .library = LIBC,
                                                           .symbol = symbol});
}

static void call_with(int32_t pid, struct ffitap__call_event event)
{
    const struct ffitap__at place = at(pid);

    event.runtime_id = 1;
    ffitap__tell_call(&sink, &place, &event);
}

static void call(int32_t pid, uint32_t id, uint64_t native_ns)
{
    call_with(pid, (struct ffitap__call_event){.function_id = id, .native_ns = native_ns});
}

static void start_python(int32_t pid)
{
    announce(pid);
    define_runtime(pid);
    define(pid, 1, "cos");
}

static void load(int32_t pid, const char *name, bool main_program, uint64_t handle)
{
    const struct ffitap__at place = at(pid);
    const struct ffitap__load_event event = {.load_id = 7,
                                             .name = name,
                                             .main_program = main_program,
                                             .mode = 1,
                                             .handle = handle,
                                             .path = handle ? LIBC : "",
                                             .caller = "/bin/python",
                                             .duration_ns = 10,
                                             .error = handle ? "" : "it is not there"};

    ffitap__tell_load_begin(&sink, &place, &event);
    ffitap__tell_load_end(&sink, &place, &event);
}

static void map(int32_t pid, uint64_t base, bool mapped)
{
    const struct ffitap__at place = at(pid);
    const struct ffitap__object_event event = {.base = base,
                                               .size = 4096,
                                               .path = LIBC,
                                               .soname = "libc.so.6",
                                               .build_id = "00",
                                               .needed_by = ""};

    if (mapped)
        ffitap__tell_object_mapped(&sink, &place, &event);
    else
        ffitap__tell_object_unmapped(&sink, &place, &event);
}

static void edge(bool entry, uint64_t call_id)
{
    const struct ffitap__at place = at(10);
    const struct ffitap__call_edge_event event = {
        .call_id = call_id, .function_id = 1, .runtime_id = 1};

    if (entry)
        ffitap__tell_call_entry(&sink, &place, &event);
    else
        ffitap__tell_call_exit(&sink, &place, &event);
}

static unsigned count(GHashTable *table)
{
    return g_hash_table_size(table);
}

/* The only row of a table. */
static const void *only(GHashTable *table)
{
    GHashTableIter iterator;
    gpointer row = NULL;

    cr_assert(eq(uint, count(table), 1));
    g_hash_table_iter_init(&iterator, table);
    g_hash_table_iter_next(&iterator, &row, NULL);
    return row;
}

static const struct ffitap__report_function *find(const char *symbol)
{
    GHashTableIter iterator;
    gpointer row;

    const struct ffitap__report_function *found = NULL;

    g_hash_table_iter_init(&iterator, model->tables.functions);
    while (!found && g_hash_table_iter_next(&iterator, &row, NULL)) {
        if (strcmp(((const struct ffitap__report_function *)row)->symbol, symbol) == 0)
            found = row;
    }
    cr_assert(found != NULL, "no function %s", symbol);
    return found;
}

static uint64_t calls_of(const char *symbol)
{
    return find(symbol)->native.count;
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

Test(model, aggregates_loads)
{
    announce(10);
    load(10, "libc.so.6", false, 1);
    load(10, "libc.so.6", false, 1);
    ffitap__model_finish(model);

    const struct ffitap__load *row = only(model->tables.loads);
    cr_expect(eq(u64, row->count, 2));
    cr_expect(eq(u64, row->total_ns, 20));
    cr_expect(eq(u64, row->max_ns, 10));
    cr_expect(eq(u64, row->failed, 0));
    cr_expect(zero(ptr, (void *)row->error));
}

Test(model, tells_the_main_program_from_an_empty_name)
{
    announce(10);
    load(10, "", true, 1);
    ffitap__model_finish(model);

    const struct ffitap__load *row = only(model->tables.loads);
    cr_expect(zero(ptr, (void *)row->name));
}

Test(model, keeps_the_text_of_a_failed_load)
{
    announce(10);
    load(10, "libno.so", false, 0);
    ffitap__model_finish(model);

    const struct ffitap__load *row = only(model->tables.loads);
    cr_expect(eq(u64, row->failed, 1));
    cr_expect(eq(str, (char *)row->error, "it is not there"));
}

Test(model, reports_a_load_that_never_ended)
{
    const struct ffitap__at place = at(10);

    announce(10);
    ffitap__tell_load_begin(
        &sink, &place,
        &(struct ffitap__load_event){.load_id = 1, .name = "libstuck.so", .caller = ""});
    ffitap__model_finish(model);

    const struct ffitap__load *row = only(model->tables.loads);
    cr_expect(eq(u64, row->unfinished, 1));
}

Test(model, aggregates_objects_however_often_they_come_and_go)
{
    announce(10);
    for (int i = 0; i < 100; i++) {
        map(10, 0x1000, true);
        map(10, 0x1000, false);
    }
    map(10, 0x2000, true);
    map(10, 0x2000, true);
    ffitap__model_finish(model);

    const struct ffitap__report_object *object = only(model->tables.objects);
    cr_expect(eq(u64, object->base, 0x1000));
    cr_expect(eq(u64, object->mapped, 101), "a repeated definition maps nothing");
    cr_expect(eq(u64, object->unmapped, 100));
}

Test(model, aggregates_lookups)
{
    const struct ffitap__at place = at(10);
    struct ffitap__lookup_event event = {
        .library = LIBC, .symbol = "cos", .function_id = 1, .duration_ns = 5, .error = ""};

    announce(10);
    ffitap__tell_lookup(&sink, &place, &event);
    event.cached = 1;
    ffitap__tell_lookup(&sink, &place, &event);
    event.function_id = 0;
    event.error = "gone";
    ffitap__tell_lookup(&sink, &place, &event);
    ffitap__model_finish(model);

    const struct ffitap__lookup *lookup = only(model->tables.lookups);
    cr_expect(eq(u64, lookup->count, 3));
    cr_expect(eq(u64, lookup->cached, 2));
    cr_expect(eq(u64, lookup->failed, 1));
    cr_expect(eq(u64, lookup->total_ns, 15));
    cr_expect(eq(str, (char *)lookup->error, "gone"));
}

static void look_up(const char *library, const char *symbol, bool is_there)
{
    const struct ffitap__at place = at(10);

    ffitap__tell_lookup(&sink, &place,
                        &(struct ffitap__lookup_event){.library = library,
                                                       .symbol = symbol,
                                                       .function_id = is_there,
                                                       .error = is_there ? "" : "gone"});
}

static const struct ffitap__lookup *find_lookup(const char *library, const char *symbol)
{
    return ffitap__tables_lookup(&model->tables, ffitap__strings_intern(model->strings, library),
                                 ffitap__strings_intern(model->strings, symbol));
}

/* A runtime of a free-threaded interpreter, for what is done in one state of its lock. */
static void define_lock_in(int32_t pid, uint16_t id, enum ffitap__lock_kind kind)
{
    const struct ffitap__at place = at(pid);

    ffitap__tell_runtime(&sink, &place,
                         &(struct ffitap__runtime_event){
                             .runtime_id = id, .name = "ctypes", .lock_kind = (uint8_t)kind});
}

static void define_lock(uint16_t id, enum ffitap__lock_kind kind)
{
    define_lock_in(10, id, kind);
}

static void call_through_in(int32_t pid, uint16_t id, uint16_t flags, uint64_t wait_ns)
{
    const struct ffitap__at place = at(pid);

    ffitap__tell_call(&sink, &place,
                      &(struct ffitap__call_event){.function_id = 1,
                                                   .runtime_id = id,
                                                   .native_ns = 1,
                                                   .gil_wait_ns = wait_ns,
                                                   .flags = flags});
}

static void call_through(uint16_t id, uint16_t flags, uint64_t wait_ns)
{
    call_through_in(10, id, flags, wait_ns);
}

Test(model, tells_calls_without_a_lock_from_those_that_had_it)
{
    announce(10);
    define(10, 1, "cos");
    define_lock(1, FFITAP__LOCK_OPTIONAL);
    define_lock(2, FFITAP__LOCK_OFF);
    define_lock(3, FFITAP__LOCK_ON);
    call_through(1, FFITAP__CALL_GIL_RELEASED, 1);
    call_through(1, 0, 0);
    call_through(2, FFITAP__CALL_GIL_RELEASED, 10);
    call_through(2, FFITAP__CALL_GIL_RELEASED | FFITAP__CALL_WAIT_UNKNOWN, 1000);
    call_through(2, 0, 0);
    call_through(3, FFITAP__CALL_GIL_RELEASED, 100);
    call_through(3, FFITAP__CALL_GIL_HELD, 0);
    ffitap__model_finish(model);

    const struct ffitap__report_function *function = only(model->tables.functions);
    cr_expect(eq(u64, function->native.count, 7));
    cr_expect(eq(u64, function->gil_windows, 4));
    cr_expect(eq(u64, function->unlocked_windows, 3));
    cr_expect(eq(u64, function->gil_wait.total, 111));
    cr_expect(eq(u64, function->unlocked_wait_ns, 11));
    cr_expect(eq(u64, function->gil_held_calls, 1));
    cr_expect(eq(u64, function->attached_calls, 1), "nobody knows whether the other was");
}

Test(model, takes_a_lock_that_is_always_there_for_one)
{
    announce(10);
    define(10, 1, "cos");
    define_lock(1, FFITAP__LOCK_ALWAYS);
    call_through(1, FFITAP__CALL_GIL_RELEASED, 1);
    call_through(1, 0, 0);
    ffitap__model_finish(model);

    const struct ffitap__report_function *function = only(model->tables.functions);
    cr_expect(eq(u64, function->unlocked_windows, 0));
    cr_expect(eq(u64, function->attached_calls, 0));
}

Test(model, takes_another_programs_lock_for_no_lock_of_its_parents)
{
    announce(10);
    define_lock(1, FFITAP__LOCK_OPTIONAL);
    announce_as(11, 10, 950000000, "/bin/other-python", "ours");
    define(11, 1, "cos");
    define_lock_in(11, 1, FFITAP__LOCK_ALWAYS);
    call_through_in(11, 1, FFITAP__CALL_GIL_RELEASED, 1);
    ffitap__model_finish(model);

    const struct ffitap__report_function *function = only(model->tables.functions);
    cr_expect(eq(u64, function->gil_windows, 1));
    cr_expect(eq(u64, function->unlocked_windows, 0));
}

Test(model, takes_a_forks_lock_for_its_parents_where_it_says_nothing_of_its_own)
{
    announce(10);
    define(10, 1, "cos");
    define_lock(1, FFITAP__LOCK_OPTIONAL);
    define_lock(3, FFITAP__LOCK_ON);
    announce_as(11, 10, 900000000, "/bin/python", "ours");
    define_lock_in(11, 2, FFITAP__LOCK_OFF);
    call_through_in(11, 1, FFITAP__CALL_GIL_RELEASED, 1);
    call_through_in(11, 2, FFITAP__CALL_GIL_RELEASED, 10);
    call_through_in(11, 2, 0, 0);
    call_through_in(11, 3, FFITAP__CALL_GIL_RELEASED, 100);
    ffitap__model_finish(model);

    const struct ffitap__report_function *function = only(model->tables.functions);
    cr_expect(eq(u64, function->unlocked_windows, 2));
    cr_expect(eq(u64, function->unlocked_wait_ns, 11));
    cr_expect(eq(u64, function->attached_calls, 1));
}

Test(model, expects_what_cpython_only_asks_a_module_for)
{
    announce(10);
    for (int i = 0; i < 2; i++) {
        look_up("/lib/one.so", "PyModExport_one", false);
        look_up("/lib/one.so", "PyInit_one", true);
    }
    look_up("/lib/one.so", "PyModExportU_one_gya", false);
    look_up("/lib/one.so", "PyInitU_one_gya", true);
    ffitap__model_finish(model);

    const struct ffitap__lookup *lookup = find_lookup("/lib/one.so", "PyModExport_one");
    cr_expect(eq(u64, lookup->failed, 2));
    cr_expect(eq(u64, lookup->expected, 2));
    cr_expect(eq(u64, ffitap__lookup_failures(lookup), 0));
    lookup = find_lookup("/lib/one.so", "PyModExportU_one_gya");
    cr_expect(eq(u64, lookup->expected, 1));
    cr_expect(eq(uint, g_hash_table_size(model->tables.lookups), 4));
}

Test(model, expects_no_other_lookup_to_fail)
{
    announce(10);
    look_up("/lib/one.so", "PyModExport_one", false);
    look_up("/lib/two.so", "PyInit_one", true);
    look_up("/lib/two.so", "PyModExport_two", false);
    look_up("/lib/two.so", "PyInit_two", false);
    look_up("/lib/two.so", "PyModExport_three", false);
    look_up("/lib/two.so", "PyModExport_three", false);
    look_up("/lib/two.so", "PyInit_three", true);
    look_up("/lib/two.so", "NotPyModExport_one", false);
    ffitap__model_finish(model);

    cr_expect(eq(u64, find_lookup("/lib/one.so", "PyModExport_one")->expected, 0), "elsewhere");
    cr_expect(eq(u64, find_lookup("/lib/two.so", "PyModExport_two")->expected, 0), "nor this");
    cr_expect(eq(u64, find_lookup("/lib/two.so", "PyModExport_three")->expected, 1), "one of two");
    cr_expect(eq(u64, find_lookup("/lib/two.so", "NotPyModExport_one")->expected, 0),
              "no question");
}

Test(model, aggregates_callbacks_by_the_call_they_came_out_of)
{
    const struct ffitap__at place = at(10);
    struct ffitap__callback_event event = {.function_id = 1, .runtime_id = 1, .duration_ns = 9};

    start_python(10);
    ffitap__tell_callback_exit(&sink, &place, &event);
    ffitap__tell_callback_exit(&sink, &place, &event);
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
    ffitap__tell_callback_exit(&sink, &place, &(struct ffitap__callback_event){.runtime_id = 1});
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

    ffitap__tell_lost(&sink, &place, &(struct ffitap__lost_event){FFITAP__LOST_OBJECT, 2});
    ffitap__tell_lost(&sink, &place, &(struct ffitap__lost_event){FFITAP__LOST_OBJECT, 3});
    ffitap__tell_lost(&sink, &place, &(struct ffitap__lost_event){200, 1});
    ffitap__model_finish(model);
    cr_expect(eq(u64, model->lost[FFITAP__LOST_OBJECT], 5));
    cr_expect(eq(u64, model->lost[FFITAP__LOSS_KINDS - 1], 1));
}
