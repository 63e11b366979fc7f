/*
 * One process of `ffitap bench`: makes calls of libc's abs(), and says how long they took. It does
 * not know whether it is traced; the bench starts it once in each way and has all take turns.
 *
 * argv[1] is the descriptor of the line to the bench. "ready CLOCK" goes out first, then for each
 * "LOOP THREADS WARM CALLS" the nanoseconds that CALLS calls in each of THREADS threads took, after
 * WARM others. The end of the line ends the process.
 */
#include <ffi.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ffitap/ffitap.h>

#include "tap/base/clock.h"
#include "tap/sinks/lttng.h"

/* A loop that is measured: it does something `count` times. */
typedef void loop_function(uint64_t count);

static struct {
    ffi_cif cif;
    void *address;
    struct ffitap_function *function;
} absolute;

static void read_clock(uint64_t count)
{
    volatile uint64_t moment; /* volatile: the compiler must not leave the reading out */

    for (; count; count--)
        moment = ffitap__clock_now();
    (void)moment;
}

static void call_libffi(uint64_t count)
{
    int argument = -3;
    void *arguments[] = {&argument};

    for (; count; count--) {
        ffi_arg result;
        ffi_call(&absolute.cif, FFI_FN(absolute.address), &result, arguments);
        if ((int)result != 3)
            abort();
    }
}

static void call_core(uint64_t count)
{
    int argument = -3;
    void *arguments[] = {&argument};

    for (; count; count--) {
        int result;
        if (ffitap_function_call(absolute.function, &result, arguments, 1, NULL) != FFITAP_OK ||
            result != 3)
            abort();
    }
}

/* Emits events like those that calls emit, and makes no calls. */
static void emit_event(uint64_t count)
{
    const struct ffitap__call_event call = {.function_id = 1, .runtime_id = 1};

    for (; count; count--)
        ffitap__lttng_call(&call);
}

static const struct {
    const char *name;
    loop_function *run;
} loops[] = {
    {"clock", read_clock},
    {"libffi", call_libffi},
    {"core", call_core},
    {"event", emit_event},
};

/* One round, in one thread or in two. The second thread waits until there is work for it. */
static struct {
    loop_function *run;
    uint64_t warm;
    uint64_t count;
    pthread_barrier_t helper; /* the second thread begins, and ends */
    _Atomic unsigned arrived;
} job;

struct span {
    uint64_t begun_ns;
    uint64_t ended_ns;
};

/* Threads wait without sleeping, because the time to wake them up would be in the figure. */
static void wait_for_all(unsigned threads)
{
    atomic_fetch_add(&job.arrived, 1);
    while (atomic_load(&job.arrived) < threads)
        __builtin_ia32_pause();
}

static struct span run_job(unsigned threads)
{
    struct span span;

    job.run(job.warm);
    wait_for_all(threads);
    span.begun_ns = ffitap__clock_monotonic_ns();
    job.run(job.count);
    span.ended_ns = ffitap__clock_monotonic_ns();
    return span;
}

static struct span helpers_span;

static _Noreturn void *help(void *nothing)
{
    (void)nothing;
    for (;;) {
        pthread_barrier_wait(&job.helper);
        helpers_span = run_job(2);
        pthread_barrier_wait(&job.helper);
    }
}

/* Returns the time from the beginning of the thread that began first to the end of the last one. */
static uint64_t run_in_both_threads(void)
{
    pthread_barrier_wait(&job.helper);
    struct span span = run_job(2);
    pthread_barrier_wait(&job.helper);
    if (helpers_span.begun_ns < span.begun_ns)
        span.begun_ns = helpers_span.begun_ns;
    if (helpers_span.ended_ns > span.ended_ns)
        span.ended_ns = helpers_span.ended_ns;
    return span.ended_ns - span.begun_ns;
}

static uint64_t run(loop_function *loop, unsigned threads, uint64_t warm, uint64_t count)
{
    job.run = loop;
    job.warm = warm;
    job.count = count;
    atomic_store(&job.arrived, 0);
    if (threads == 2)
        return run_in_both_threads();
    const struct span span = run_job(1);
    return span.ended_ns - span.begun_ns;
}

static loop_function *find_loop(const char *name)
{
    for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
        if (strcmp(loops[i].name, name) == 0)
            return loops[i].run;
    }
    return NULL;
}

/* Answers requests until there are no more. */
static void serve(FILE *requests, int answers)
{
    char line[128], name[16];
    unsigned threads;
    unsigned long long warm, count;

    while (fgets(line, sizeof line, requests)) {
        loop_function *loop = sscanf(line, "%15s %u %llu %llu", name, &threads, &warm, &count) == 4
                                  ? find_loop(name)
                                  : NULL;
        if (strcmp(line, "listening\n") == 0)
            dprintf(answers, "%d\n", ffitap__lttng_asks_for_calls());
        else if (loop)
            dprintf(answers, "%llu\n", (unsigned long long)run(loop, threads, warm, count));
        else
            return;
    }
}

/* Prepares what the loops call. If it fails, `error` has the text of what is wrong. */
static bool prepare(struct ffitap_error *error)
{
    static ffi_type *types[] = {&ffi_type_sint};
    const struct ffitap_type *type = ffitap_type_borrow(FFITAP_TYPE_INT);
    struct ffitap_library *library;
    pthread_t helper;

    if (ffitap_library_create("libc.so.6", FFITAP_CDLL, FFITAP_DEFAULT_MODE, 0, &library, error) !=
            FFITAP_OK ||
        ffitap_function_borrow(library, "abs", &absolute.function, error) != FFITAP_OK ||
        ffitap_function_set_arguments(absolute.function, &type, 1, error) != FFITAP_OK)
        return false;
    absolute.address = ffitap_function_get_address(absolute.function);
    snprintf(error->text, sizeof error->text, "cannot prepare calls");
    return ffi_prep_cif(&absolute.cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint, types) == FFI_OK &&
           pthread_barrier_init(&job.helper, NULL, 2) == 0 &&
           pthread_create(&helper, NULL, help, NULL) == 0;
}

int main(int argc, char **argv)
{
    struct ffitap_error error = {0};
    const int line = argc == 2 ? atoi(argv[1]) : -1;
    FILE *requests = line > 0 ? fdopen(line, "r") : NULL;

    if (!requests) {
        fprintf(stderr, "%s is a part of ffitap bench\n", argv[0]);
        return 1;
    }
    if (prepare(&error)) {
        dprintf(line, "ready %s\n",
                ffitap__clock_counts_ticks ? FFITAP__TICKS_SOURCE : "monotonic");
        serve(requests, line);
    } else {
        dprintf(line, "! %s\n", error.text);
    }
    return 0;
}
