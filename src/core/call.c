/* The call itself: everything between a function's arguments and its result. */
#include <alloca.h>
#include <errno.h>
#include <ffi.h>
#include <stdint.h>
#include <string.h>

#include "core/abi.h"
#include "core/errno.h"
#include "core/fail.h"
#include "core/function.h"
#include "core/interpreter.h"
#include "core/start.h"
#include "core/type.h"
#include "tap/calls/call.h"

/* Traits of functions whose calls may still fail after they have returned. */
#define FAILING_TRAITS                                                                             \
    (FFITAP__KEEPS_LOCK | FFITAP__RETURNS_HRESULT | FFITAP__RETURNS_OBJECT | FFITAP__HAS_ERRCHECK)

/*
 * A call that goes the long way. The members are copies of what the function has, which may change
 * before the call ends: a callback can give the function other types, or take its error check away.
 */
struct call {
    struct ffitap_function *function;
    unsigned traits; /* the function's; and FFITAP__TAKES_COPIES for types of the call's own */
    ffitap_errcheck *errcheck;
    void *errcheck_data;
    const struct ffitap_last_error_source *last_error; /* NULL unless the last error is exchanged */
    ffi_cif *cif;
    size_t result_size;
    const struct ffitap_type *const *types; /* good until native code is entered */
    void *const *arguments;                 /* the caller's: `count` values of `types` */
    size_t count;
    uintptr_t stack; /* the caller's stack pointer */
    void **values;   /* what libffi gets for the arguments */
    void *result;    /* room for what libffi returns */
};

static inline bool has(const struct call *call, unsigned trait)
{
    return call->traits & trait;
}

static void enter_native(const struct call *call)
{
    ffi_call(call->cif, FFI_FN(call->function->address), call->result, call->values);
}

/* ctypes' order: the lock first and last, the last error closest to the native code. */
static void call_dormant(const struct call *call, const struct ffitap_interpreter *interpreter)
{
    const bool window = !has(call, FFITAP__KEEPS_LOCK) && ffitap__interpreter_is_held(interpreter);
    void *released = window ? ffitap__interpreter_release(interpreter) : NULL;

    if (has(call, FFITAP__SWAPS_ERRNO))
        ffitap__errno_swap();
    if (call->last_error)
        ffitap__last_error_swap(call->last_error);
    enter_native(call);
    if (call->last_error)
        ffitap__last_error_swap(call->last_error);
    if (has(call, FFITAP__SWAPS_ERRNO))
        ffitap__errno_swap();
    if (window)
        ffitap__interpreter_acquire(interpreter, released);
}

static void swap_last_error(const struct call *call, uint64_t call_id,
                            enum ffitap__swap_direction direction)
{
    const struct ffitap__last_error_swap swap = ffitap__last_error_swap(call->last_error);

    ffitap__lttng_last_error_swap(&(struct ffitap__swap_event){
        .call_id = call_id,
        .direction = direction,
        .real_value = swap.real_value,
        .private_value = swap.private_value,
    });
}

static void enter_measured(struct ffitap__thread *self, const struct call *call,
                           struct ffitap__core_way way)
{
    const uint64_t call_id = self->next_call_id + 1;

    if (has(call, FFITAP__SWAPS_ERRNO)) {
        ffitap__call_errno_asked(self, call->stack, errno);
        ffitap__errno_swap();
    }
    if (call->last_error)
        swap_last_error(call, call_id, FFITAP__SWAP_IN);
    struct ffitap__frame *frame =
        ffitap__call_enter(self, way.runtime, call->function->address, way.has_lock, call->stack);
    enter_native(call);
    if (frame)
        ffitap__call_leave_here(call->stack);
    if (call->last_error)
        swap_last_error(call, call_id, FFITAP__SWAP_OUT);
    if (has(call, FFITAP__SWAPS_ERRNO))
        ffitap__errno_swap();
}

static void call_measured(struct ffitap__thread *self, const struct call *call,
                          const struct ffitap_interpreter *interpreter)
{
    const bool is_held = ffitap__interpreter_is_held(interpreter);
    const struct ffitap__core_way way = ffitap__core_way(interpreter, is_held);

    if (!is_held || has(call, FFITAP__KEEPS_LOCK)) {
        enter_measured(self, call, way);
        return;
    }
    void *released = ffitap__interpreter_release(interpreter);
    ffitap__call_lock_released(self, way.runtime);
    enter_measured(self, call, way);
    self = ffitap__thread_self; /* perhaps another one, as in ffitap__call_leave_here() */
    const bool wanted = self && ffitap__call_wants_lock(self);
    if (wanted)
        ffitap__call_lock_wanted(self);
    ffitap__interpreter_acquire(interpreter, released);
    if (wanted)
        ffitap__call_lock_held(self, call->stack);
}

static enum ffitap_status fail_with_hresult(const struct call *call, int32_t code,
                                            struct ffitap_error *error)
{
    if (error && error->status == FFITAP_OK)
        error->code = code;
    return ffitap__fail(error, FFITAP_CALL_FAILED, "'%s' returned HRESULT 0x%08x",
                        call->function->name, (unsigned)code);
}

/* Whether a call that has returned fails after all. The checks come in ctypes' order. */
static enum ffitap_status judge(const struct call *call,
                                const struct ffitap_interpreter *interpreter,
                                struct ffitap_error *error)
{
    const char *name = call->function->name;
    const char *raised =
        has(call, FFITAP__KEEPS_LOCK) ? ffitap__interpreter_error(interpreter) : NULL;
    enum ffitap_status status = FFITAP_OK;

    if (raised)
        return ffitap__fail(error, FFITAP_CALL_FAILED, "'%s' left an error in the interpreter: %s",
                            name, raised);
    if (has(call, FFITAP__RETURNS_HRESULT) && *(const int32_t *)call->result < 0)
        return fail_with_hresult(call, *(const int32_t *)call->result, error);
    if (has(call, FFITAP__RETURNS_OBJECT) && !*(void *const *)call->result)
        return ffitap__fail(error, FFITAP_CALL_FAILED, "PyObject is NULL");
    if (!has(call, FFITAP__HAS_ERRCHECK))
        return FFITAP_OK;
    status = call->errcheck(call->result_size ? call->result : NULL, call->function,
                            call->arguments, call->count, call->errcheck_data, error);
    if (status != FFITAP_OK)
        ffitap__fail(error, status, "the error check of '%s' failed the call", name);
    return status;
}

/* Each copy begins at a multiple of 16, as the stack does. */
static size_t size_of_copy(const struct call *call, size_t index)
{
    const struct ffitap_type *type = call->types[index];

    if (!ffitap__abi_is_microsoft(call->function->kind) || !ffitap__abi_passes_address(type))
        return 0;
    return (type->size + 15) & ~(size_t)15;
}

static size_t size_of_copies(const struct call *call)
{
    size_t size = 0;

    for (size_t i = 0; i < call->count; i++)
        size += size_of_copy(call, i);
    return size;
}

/* Fills the array that libffi may change, with copies where native code is given an address. */
static void fill_values(const struct call *call, unsigned char *copies)
{
    for (size_t i = 0; i < call->count; i++) {
        const size_t size = size_of_copy(call, i);

        call->values[i] =
            size ? memcpy(copies, call->arguments[i], call->types[i]->size) : call->arguments[i];
        copies += size;
    }
}

/*
 * Whether libffi can write the result to where the caller wants it. It cannot if it would widen a
 * small integer, which takes more room; and it must not if the call may still fail, because the
 * caller's result is then left untouched.
 */
static bool goes_to_caller(const struct call *call, const void *result)
{
    return result && call->result_size >= sizeof(ffi_arg) && !has(call, FAILING_TRAITS);
}

/* Makes a call of any kind. `result` is the caller's. */
static __attribute__((noinline)) enum ffitap_status call_slowly(struct call *call, void *result,
                                                                struct ffitap_error *error)
{
    const struct ffitap_interpreter *interpreter = ffitap__interpreter_get();
    const size_t size = call->result_size;
    const bool direct = goes_to_caller(call, result);
    struct ffitap__thread *self = ffitap__core_wants_calls() ? ffitap__thread_get() : NULL;

    call->result = direct ? result : alloca(size > sizeof(ffi_arg) ? size : sizeof(ffi_arg));
    call->last_error = has(call, FFITAP__SWAPS_LAST_ERROR) ? ffitap__last_error_source() : NULL;
    call->values = (void **)call->arguments;
    if (has(call, FFITAP__TAKES_COPIES)) {
        call->values = alloca(call->count * sizeof(*call->values));
        fill_values(call, alloca(size_of_copies(call)));
    }
    if (self)
        call_measured(self, call, interpreter);
    else
        call_dormant(call, interpreter);

    const enum ffitap_status status = judge(call, interpreter, error);
    if (status == FFITAP_OK && result && !direct)
        memcpy(result, call->result, size); /* little-endian: a widened value's bytes come first */
    return status;
}

/* Makes a call that has nothing to mind: no lock, no exchange, and no check of the result. */
static inline void call_fast(struct ffitap__signature *signature, void *address, void *result,
                             void *const *arguments)
{
    const size_t size = signature->result->size;
    ffi_arg word; /* libffi widens a small integer to this, more than the caller has room for */

    if (!result || size >= sizeof(word)) { /* libffi drops a result of any size by itself */
        ffi_call(&signature->cif, FFI_FN(address), result, (void **)arguments);
        return;
    }
    ffi_call(&signature->cif, FFI_FN(address), &word, (void **)arguments);
    if (size == sizeof(int))
        memcpy(result, &word, sizeof(int));
    else
        memcpy(result, &word, size);
}

/* Whether nothing but the call itself has to be done, and perhaps to be measured. */
static bool is_plain(const struct ffitap_function *function)
{
    return function->traits == 0 && !ffitap__interpreter_get();
}

static __attribute__((noinline)) void call_fast_measured(const struct ffitap_function *function,
                                                         void *result, void *const *arguments)
{
    const uintptr_t stack = (uintptr_t)__builtin_dwarf_cfa();
    struct ffitap__thread *self = ffitap__thread_get();
    const bool is_seen =
        self && ffitap__call_enter(self, ffitap__core_runtime, function->address, false, stack);

    call_fast(function->signature, function->address, result, arguments);
    if (is_seen)
        ffitap__call_leave_here(stack);
}

/* Explains a wrong number of arguments, in ctypes' words where ctypes has some. */
static enum ffitap_status refuse_count(const struct ffitap_function *function, size_t declared,
                                       size_t given, struct ffitap_error *error)
{
    const bool exact = ffitap__abi_is_microsoft(function->kind);
    const char *plural = declared == 1 ? "" : "s";

    if (given < declared || (exact && function->declared))
        return ffitap__fail(error, FFITAP_BAD_TYPE,
                            "this function takes %s%zu argument%s (%zu given)",
                            exact ? "" : "at least ", declared, plural, given);
    return ffitap__fail(error, FFITAP_BAD_TYPE,
                        "argument %zu of '%s' has no type: declare it, or call the function with "
                        "ffitap_function_call_extra()",
                        declared + 1, function->name);
}

enum ffitap_status ffitap_function_call(struct ffitap_function *function, void *result,
                                        void *const *arguments, size_t count,
                                        struct ffitap_error *error)
{
    struct ffitap__signature *signature = function->signature;

    if (FFITAP__UNLIKELY(count != signature->count))
        return refuse_count(function, signature->count, count, error);
    if (FFITAP__LIKELY(is_plain(function))) {
        if (FFITAP__UNLIKELY(ffitap__core_wants_calls()))
            call_fast_measured(function, result, arguments);
        else
            call_fast(signature, function->address, result, arguments);
        return FFITAP_OK;
    }
    struct call call = {
        .function = function,
        .traits = function->traits,
        .errcheck = function->errcheck,
        .errcheck_data = function->errcheck_data,
        .cif = &signature->cif,
        .result_size = signature->result->size,
        .types = signature->types,
        .arguments = arguments,
        .count = count,
        .stack = (uintptr_t)__builtin_dwarf_cfa(),
    };
    return call_slowly(&call, result, error);
}

/* Lists the types of a call that has some of its own, for us and for libffi. */
static enum ffitap_status list_types(const struct ffitap__signature *signature,
                                     const struct ffitap_type *const *extra, size_t count,
                                     const struct ffitap_type **types, ffi_type **ffi,
                                     struct ffitap_error *error)
{
    enum ffitap_status status = FFITAP_OK;

    for (size_t i = 0; i < count && status == FFITAP_OK; i++) {
        types[i] = i < signature->count ? signature->types[i] : extra[i - signature->count];
        if (i >= signature->count)
            status = ffitap__signature_check_argument(types[i], i, signature->count > 0, error);
        if (status == FFITAP_OK)
            ffi[i] = types[i]->ffi;
    }
    return status;
}

enum ffitap_status ffitap_function_call_extra(struct ffitap_function *function, void *result,
                                              void *const *arguments, size_t count,
                                              const struct ffitap_type *const *types,
                                              struct ffitap_error *error)
{
    const struct ffitap__signature *signature = function->signature;
    ffi_cif cif;

    if (count == signature->count)
        return ffitap_function_call(function, result, arguments, count, error);
    if (count < signature->count ||
        (ffitap__abi_is_microsoft(function->kind) && function->declared))
        return refuse_count(function, signature->count, count, error);
    if (count > FFITAP_ARGUMENT_MAX)
        return ffitap__fail(error, FFITAP_BAD_TYPE, "too many arguments (%zu), maximum is %d",
                            count, FFITAP_ARGUMENT_MAX);
    if (!types)
        return ffitap__fail(error, FFITAP_BAD_ARGUMENT, "the types of '%s' are NULL",
                            function->name);

    const struct ffitap_type **all = alloca(count * sizeof(*all));
    ffi_type **ffi = alloca(count * sizeof(*ffi));
    enum ffitap_status status = list_types(signature, types, count, all, ffi, error);
    if (status == FFITAP_OK)
        status = ffitap__signature_prepare(function->name, function->abi, signature->result->ffi,
                                           ffi, signature->fixed ? signature->fixed : count, count,
                                           &cif, error);
    if (status != FFITAP_OK)
        return status;
    struct call call = {
        .function = function,
        .traits = function->traits | FFITAP__TAKES_COPIES,
        .errcheck = function->errcheck,
        .errcheck_data = function->errcheck_data,
        .cif = &cif,
        .result_size = signature->result->size,
        .types = all,
        .arguments = arguments,
        .count = count,
        .stack = (uintptr_t)__builtin_dwarf_cfa(),
    };
    return call_slowly(&call, result, error);
}
