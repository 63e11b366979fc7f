/*
 * A runtime that makes foreign calls, reduced to the calls of hooked functions in CPython's order.
 * The program that loads this library has the interpreter lock: it exports functions with the names
 * of CPython's.
 */
#include "border.h"

#include <errno.h>

void *PyEval_SaveThread(void);
void PyEval_RestoreThread(void *state);

static int private_errno;
static ffi_cif cif;

__attribute__((constructor)) static void prepare(void)
{
    static ffi_type *types[] = {&ffi_type_sint};

    ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint, types);
}

int border_call(int (*function)(int), int argument)
{
    void *arguments[] = {&argument};
    ffi_arg result = 0;

    ffi_call(&cif, FFI_FN(function), &result, arguments);
    return (int)result;
}

int border_call_unlocked(int (*function)(int), int argument)
{
    void *state = PyEval_SaveThread();
    const int result = border_call(function, argument);

    PyEval_RestoreThread(state);
    return result;
}

int border_call_abandoned(int (*function)(int), int argument)
{
    PyEval_SaveThread();
    return border_call(function, argument);
}

static void swap_errno(int *where)
{
    const int former = *where;

    *where = private_errno;
    private_errno = former;
}

/* Written out, because one function must take the address of errno and make the call. */
int border_call_swapped(int (*function)(int), int argument)
{
    void *state = PyEval_SaveThread();
    void *arguments[] = {&argument};
    ffi_arg result = 0;
    int *where = &errno;

    swap_errno(where);
    ffi_call(&cif, FFI_FN(function), &result, arguments);
    swap_errno(where);
    PyEval_RestoreThread(state);
    return (int)result;
}
