#include "model_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

struct ffitap__model *model;
struct ffitap__report_sink sink;

void fixture_create(void)
{
    model = ffitap__model_create("ours");
    sink = ffitap__model_sink(model);
}

void fixture_destroy(void)
{
    ffitap__model_destroy(model);
}

struct ffitap__at at(int32_t pid)
{
    return (struct ffitap__at){
        .wall_ns = 5000000000, .clock_ns = 1000000000, .pid = pid, .tid = pid};
}

void announce_as(int32_t pid, int32_t ppid, uint64_t start_ns, const char *exe, const char *token)
{
    const struct ffitap__at place = at(pid);

    ffitap__feed_process(&sink, &place,
                         &(struct ffitap__process_event){.pid = pid,
                                                         .ppid = ppid,
                                                         .start_ns = start_ns,
                                                         .exe = exe,
                                                         .argv = (const uint8_t *)"a\0b",
                                                         .argv_size = 4,
                                                         .recording = token});
}

void announce(int32_t pid)
{
    announce_as(pid, 1, 900000000, "/bin/python", "ours");
}

void define_runtime(int32_t pid)
{
    const struct ffitap__at place = at(pid);

    ffitap__feed_runtime(&sink, &place,
                         &(struct ffitap__runtime_event){.runtime_id = 1, .name = "ctypes"});
}

void define(int32_t pid, uint32_t id, const char *symbol)
{
    const struct ffitap__at place = at(pid);

    ffitap__feed_function(&sink, &place,
                          &(struct ffitap__function_event){.function_id = id,
                                                           .address = 0x1000,
                                                           .offset = 0x2a,
                                                           .library = LIBC,
                                                           .symbol = symbol});
}

void call_with(int32_t pid, struct ffitap__call_event event)
{
    const struct ffitap__at place = at(pid);

    event.runtime_id = 1;
    ffitap__feed_call(&sink, &place, &event);
}

void call(int32_t pid, uint32_t id, uint64_t native_ns)
{
    call_with(pid, (struct ffitap__call_event){.function_id = id, .native_ns = native_ns});
}

void start_python(int32_t pid)
{
    announce(pid);
    define_runtime(pid);
    define(pid, 1, "cos");
}

void load(int32_t pid, const char *name, bool main_program, uint64_t handle)
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

    ffitap__feed_load_begin(&sink, &place, &event);
    ffitap__feed_load_end(&sink, &place, &event);
}

void map(int32_t pid, uint64_t base, bool mapped)
{
    const struct ffitap__at place = at(pid);
    const struct ffitap__object_event event = {.base = base,
                                               .size = 4096,
                                               .path = LIBC,
                                               .soname = "libc.so.6",
                                               .build_id = "00",
                                               .needed_by = ""};

    if (mapped)
        ffitap__feed_object_mapped(&sink, &place, &event);
    else
        ffitap__feed_object_unmapped(&sink, &place, &event);
}

unsigned count(GHashTable *table)
{
    return g_hash_table_size(table);
}

const void *only(GHashTable *table)
{
    GHashTableIter iterator;
    gpointer row = NULL;

    cr_assert(eq(uint, count(table), 1));
    g_hash_table_iter_init(&iterator, table);
    g_hash_table_iter_next(&iterator, &row, NULL);
    return row;
}

const struct ffitap__report_function *find(const char *symbol)
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

uint64_t calls_of(const char *symbol)
{
    return find(symbol)->native.count;
}
