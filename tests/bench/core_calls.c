/*
 * Measures what a call of abs() costs through libffi alone and through the core, in nanoseconds:
 * the best of many short rounds, which take turns.
 */
#include <ffi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <ffitap/ffitap.h>

enum { ROUNDS = 100, CALLS = 5000 };

static double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int argument = -3;
static void *arguments[] = {&argument};

static double time_raw(ffi_cif *cif, void *address)
{
    const double begun = now_ns();
    int sum = 0;

    for (int i = 0; i < CALLS; i++) {
        ffi_arg result;

        ffi_call(cif, FFI_FN(address), &result, arguments);
        sum += (int)result;
    }
    if (sum != 3 * CALLS)
        abort();
    return (now_ns() - begun) / CALLS;
}

static double time_core(struct ffitap_function *function)
{
    const double begun = now_ns();
    int sum = 0;

    for (int i = 0; i < CALLS; i++) {
        int result = 0;

        if (ffitap_function_call(function, &result, arguments, 1, NULL) != FFITAP_OK)
            abort();
        sum += result;
    }
    if (sum != 3 * CALLS)
        abort();
    return (now_ns() - begun) / CALLS;
}

static struct ffitap_function *find_abs(void)
{
    const struct ffitap_type *type = ffitap_type_borrow(FFITAP_TYPE_INT);
    struct ffitap_library *library;
    struct ffitap_function *function;
    struct ffitap_error error = {0};

    if (ffitap_library_create("libc.so.6", FFITAP_CDLL, FFITAP_DEFAULT_MODE, 0, &library, &error) ||
        ffitap_function_borrow(library, "abs", &function, &error) ||
        ffitap_function_set_arguments(function, &type, 1, &error)) {
        fprintf(stderr, "core_calls: %s\n", error.text);
        exit(1);
    }
    return function;
}

int main(void)
{
    struct ffitap_function *function = find_abs();
    ffi_type *types[] = {&ffi_type_sint};
    double raw = 1e9, core = 1e9;
    ffi_cif cif;

    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint, types) != FFI_OK)
        return 1;
    for (int i = 0; i < ROUNDS; i++) {
        const double raw_now = time_raw(&cif, ffitap_function_get_address(function));
        const double core_now = time_core(function);

        raw = raw_now < raw ? raw_now : raw;
        core = core_now < core ? core_now : core;
    }
    printf("%.2f %.2f\n", raw, core);
    return 0;
}
