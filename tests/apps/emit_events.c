/*
 * A process that makes up what a tap would say, for traces whose content is known beforehand.
 *
 *   emit_events story           one of every kind of event, as a small program would cause them
 *   emit_events calls N F T     N calls over F functions, out of T threads
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tap/sinks/lttng.h"

#define PYTHON "/usr/bin/python3"
#define CTYPES "/usr/lib/python3/lib-dynload/_ctypes.so"
#define LIBC   "/lib/x86_64-linux-gnu/libc.so.6"
#define LIBM   "/lib/x86_64-linux-gnu/libm.so.6"

static uint64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void announce(uint64_t start_ns, const char *recording)
{
    static const char argv[] = "python3\0caf\xe9.py";
    const struct ffitap__process_event event = {
        .pid = getpid(),
        .ppid = getppid(),
        .start_ns = start_ns,
        .exe = PYTHON,
        .argv = (const uint8_t *)argv,
        .argv_size = sizeof(argv),
        .recording = recording,
    };

    ffitap__lttng_process(&event);
}

static void define_runtime(void)
{
    const struct ffitap__runtime_event event = {1, "ctypes", CTYPES, "PyEval_SaveThread",
                                                FFITAP__LOCK_ALWAYS};

    ffitap__lttng_runtime(&event);
}

static void map_objects(void)
{
    const struct ffitap__object_event python = {
        0x400000, 0x600000, PYTHON, "", "0123abcd", FFITAP__OBJECT_AT_START_UP, ""};
    const struct ffitap__object_event libm = {
        0x7f0000000000, 0xe0000, LIBM, "libm.so.6", "4567cdef", FFITAP__OBJECT_ASKED_FOR, ""};

    ffitap__lttng_object_mapped(&python);
    ffitap__lttng_object_mapped(&libm);
    ffitap__lttng_object_unmapped(&libm);
    ffitap__lttng_object_mapped(&libm);
}

static void load(uint64_t id, const char *name, const char *path, uint64_t handle,
                 uint64_t duration_ns, const char *error)
{
    const struct ffitap__load_event event = {
        .load_id = id,
        .name = name,
        .main_program = !name[0],
        .mode = 2,
        .handle = handle,
        .path = path,
        .caller = CTYPES,
        .duration_ns = duration_ns,
        .error = error,
    };

    ffitap__lttng_load_begin(&event);
    ffitap__lttng_load_end(&event);
}

static void look_up(const char *library, const char *symbol, uint32_t function_id, uint8_t cached,
                    const char *error)
{
    const struct ffitap__lookup_event event = {
        .handle = 0x5500,
        .library = library,
        .symbol = symbol,
        .version = "",
        .caller = CTYPES,
        .address = function_id ? 0x7f0000001000 + function_id * 16 : 0,
        .function_id = function_id,
        .cached = cached,
        .duration_ns = 700,
        .error = error,
    };

    ffitap__lttng_lookup(&event);
}

static void define(uint32_t id, const char *library, const char *symbol)
{
    const struct ffitap__function_event event = {
        .function_id = id,
        .address = 0x7f0000001000 + id * 16,
        .offset = 0x1000 + id * 16,
        .library = library,
        .symbol = symbol,
        .naming = symbol[0] ? FFITAP__NAMED_BY_LOOKUP : FFITAP__NAMED_BY_NOBODY,
    };

    ffitap__lttng_function(&event);
}

static struct ffitap__call_event call_of(uint32_t function_id, uint64_t native_ns)
{
    return (struct ffitap__call_event){
        .start_ns = 1,
        .native_ns = native_ns,
        .gil_released_ns = native_ns + 300,
        .gil_wait_ns = 200,
        .function_id = function_id,
        .runtime_id = 1,
        .flags = FFITAP__CALL_GIL_RELEASED,
    };
}

static void call_with_errno(uint32_t function_id, uint64_t native_ns, int private_out)
{
    struct ffitap__call_event event = call_of(function_id, native_ns);

    event.flags |= FFITAP__CALL_ERRNO_SWAPPED;
    event.errno_private_out = private_out;
    ffitap__lttng_call(&event);
}

static void call_back(uint32_t function_id, uint64_t duration_ns)
{
    const struct ffitap__callback_event event = {
        .callback_id = 1,
        .call_id = 1,
        .closure = 0x7f0000009000,
        .function_id = function_id,
        .runtime_id = 1,
        .duration_ns = duration_ns,
    };

    ffitap__lttng_callback_entry(&event);
    ffitap__lttng_callback_exit(&event);
}

static void make_calls(void)
{
    struct ffitap__call_event event = call_of(1, 250);

    for (int i = 0; i < 100; i++)
        ffitap__lttng_call(&event);
    for (int i = 0; i < 3; i++)
        call_with_errno(2, 5000, i ? ENOENT : 0);
    event = call_of(3, 9000);
    event.flags = FFITAP__CALL_GIL_HELD;
    event.callbacks_ns = 4000;
    call_back(3, 4000);
    ffitap__lttng_call(&event);
    event = call_of(4, 60);
    event.flags = FFITAP__CALL_UNFINISHED;
    ffitap__lttng_call(&event);
    event = call_of(77, 40); /* nobody defines it */
    ffitap__lttng_call(&event);
}

static void leave_a_call_open(void)
{
    const struct ffitap__call_edge_event outer = {
        .call_id = 900, .function_id = 1, .runtime_id = 1};
    const struct ffitap__call_edge_event over = {.call_id = 899, .function_id = 1, .runtime_id = 1};

    ffitap__lttng_call_entry(&over);
    ffitap__lttng_call_exit(&over);
    ffitap__lttng_call_entry(&outer);
}

static int tell_story(void)
{
    const uint64_t start_ns = now();
    const struct ffitap__lost_event lost = {FFITAP__LOST_CALL, 2};

    announce(start_ns, "story");
    announce(start_ns, "story");
    define_runtime();
    map_objects();
    load(1, "", PYTHON, 0x5500, 1500, "");
    load(2, "libm.so.6", LIBM, 0x5600, 250000, "");
    load(3, "libm.so.6", LIBM, 0x5600, 1000, "");
    load(4, "libno.so", "", 0, 90000, "libno.so: cannot open shared object file");
    look_up(LIBM, "cos", 1, 0, "");
    look_up(LIBM, "cos", 1, 1, "");
    look_up(LIBM, "cosine", 0, 0, "libm.so.6: undefined symbol: cosine");
    define(1, LIBM, "cos");
    define(2, LIBC, "open");
    define(3, LIBC, "qsort");
    make_calls();
    define(4, LIBC "\xff", "");
    ffitap__lttng_lost(&lost);
    leave_a_call_open();
    return 0;
}

static uint32_t functions;

static void *call_many(void *count)
{
    for (uint64_t i = 0, n = *(uint64_t *)count; i < n; i++) {
        struct ffitap__call_event event =
            call_of((uint32_t)(i % functions) + 1, 100 + (i * 2654435761u) % 100000);
        if (i % 8 == 0) {
            event.flags |= FFITAP__CALL_ERRNO_SWAPPED;
            event.errno_private_out = (int)(i % 3);
        }
        ffitap__lttng_call(&event);
    }
    return NULL;
}

static int make_many_calls(uint64_t count, uint32_t threads)
{
    pthread_t thread[16];
    uint64_t each;

    if (!functions || !threads || threads > 16)
        return 2;
    announce(now(), "");
    define_runtime();
    for (uint32_t id = 1; id <= functions; id++) {
        char symbol[32];
        snprintf(symbol, sizeof(symbol), "function_%u", id);
        define(id, LIBC, symbol);
    }
    each = count / threads;
    for (uint32_t i = 0; i < threads; i++)
        pthread_create(&thread[i], NULL, call_many, &each);
    for (uint32_t i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "story") == 0)
        return tell_story();
    if (argc == 5 && strcmp(argv[1], "calls") == 0) {
        functions = (uint32_t)strtoul(argv[3], NULL, 10);
        return make_many_calls(strtoull(argv[2], NULL, 10), (uint32_t)strtoul(argv[4], NULL, 10));
    }
    fprintf(stderr, "usage: emit_events story | calls N F T\n");
    return 2;
}
