/*
 * Included before a program that calls ffi_call, this has the program make its calls in another of
 * libffi's ways: WAY is by_plan, by_go, or by_turns for each in turn. These functions are inlined,
 * so that the calls still come from where the program makes them.
 */
#ifndef WAYS_WAY_H
#define WAYS_WAY_H

#include <ffi.h>

#define WAY_INLINE static inline __attribute__((always_inline, unused)) void

#ifdef __cplusplus
extern "C" {
#endif

/* As libffi declares them from 3.7 on. */
typedef struct ffi_call_plan ffi_call_plan;
ffi_call_plan *ffi_call_plan_alloc(ffi_cif *cif);
void ffi_call_plan_invoke(ffi_call_plan *plan, void (*function)(void), void *result,
                          void **arguments);
void ffi_call_plan_free(ffi_call_plan *plan);

WAY_INLINE by_plan(ffi_cif *cif, void (*function)(void), void *result, void **arguments)
{
    ffi_call_plan *plan = ffi_call_plan_alloc(cif);

    ffi_call_plan_invoke(plan, function, result, arguments);
    ffi_call_plan_free(plan);
}

WAY_INLINE by_go(ffi_cif *cif, void (*function)(void), void *result, void **arguments)
{
    ffi_call_go(cif, function, result, arguments, NULL);
}

WAY_INLINE by_turns(ffi_cif *cif, void (*function)(void), void *result, void **arguments)
{
    static unsigned turn;

    switch (turn++ % 3) {
    case 0:
        ffi_call(cif, function, result, arguments);
        break;
    case 1:
        by_plan(cif, function, result, arguments);
        break;
    default:
        by_go(cif, function, result, arguments);
    }
}

#ifdef __cplusplus
}
#endif

#define ffi_call WAY

#endif
