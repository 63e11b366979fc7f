#include "core/call.h"

#include <errno.h>
#include <ffi.h>
#include <pthread.h>
#include <string.h>

#include "core/errno.h"
#include "core/fail.h"
#include "core/function.h"
#include "core/interpreter.h"
#include "core/library.h"
#include "core/type.h"
#include "tap/call.h"
#include "tap/object.h"
#include "tap/runtime.h"

static uint16_t runtime;

static void add_runtime(void)
{
    runtime = ffitap__runtime_add("ffitap", ffitap__object_path_at((const void *)add_runtime),
                                  ffitap__interpreter_lock_name());
}

void ffitap__call_prepare(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, add_runtime);
    ffitap__runtime_set_lock(runtime, ffitap__interpreter_lock_name());
}

static void enter_native(struct ffitap_function *function, void *result, void *const *arguments)
{
    ffi_call(&function->cif, FFI_FN(function->address), result, (void **)arguments);
}

/* ctypes' order: the lock first and last, errno closest to the native code. */
static void call_dormant(struct ffitap_function *function, void *result, void *const *arguments)
{
    const struct ffitap_interpreter *interpreter = ffitap__interpreter_get();
    const bool swap = function->library->uses_errno;
    const bool window = !function->library->keeps_lock && ffitap__interpreter_is_held(interpreter);
    void *released = window ? ffitap__interpreter_release(interpreter) : NULL;

    if (swap)
        ffitap__errno_swap();
    enter_native(function, result, arguments);
    if (swap)
        ffitap__errno_swap();
    if (window)
        ffitap__interpreter_acquire(interpreter, released);
}

static void take_lock_back(struct ffitap__thread *self,
                           const struct ffitap_interpreter *interpreter, void *released)
{
    const bool wanted = ffitap__call_wants_lock(self);

    if (wanted)
        ffitap__call_lock_wanted(self);
    ffitap__interpreter_acquire(interpreter, released);
    if (wanted)
        ffitap__call_lock_held(self);
}

static void call_measured(struct ffitap__thread *self, struct ffitap_function *function,
                          void *result, void *const *arguments, uintptr_t stack)
{
    const struct ffitap_interpreter *interpreter = ffitap__interpreter_get();
    const bool swap = function->library->uses_errno;
    const bool has_lock = ffitap__interpreter_is_held(interpreter);
    const bool window = has_lock && !function->library->keeps_lock;
    void *released = window ? ffitap__interpreter_release(interpreter) : NULL;

    if (window)
        ffitap__call_lock_released(self, runtime);
    if (swap) {
        ffitap__call_errno_asked(self, stack, errno);
        ffitap__errno_swap();
    }
    struct ffitap__frame *frame =
        ffitap__call_enter(self, runtime, function->address, has_lock, stack);
    enter_native(function, result, arguments);
    if (frame)
        ffitap__call_leave(self, frame, stack);
    if (swap)
        ffitap__errno_swap();
    if (window)
        take_lock_back(self, interpreter, released);
}

static void call(struct ffitap_function *function, void *result, void *const *arguments,
                 uintptr_t stack)
{
    struct ffitap__thread *self = NULL;

    if (FFITAP__UNLIKELY(ffitap__emit_wants_calls()))
        self = ffitap__thread_get();
    if (self)
        call_measured(self, function, result, arguments, stack);
    else
        call_dormant(function, result, arguments);
}

enum ffitap_status ffitap_function_call(struct ffitap_function *function, void *result,
                                        void *const *arguments, size_t count,
                                        struct ffitap_error *error)
{
    const size_t size = function->result->size;
    ffi_arg word = 0; /* libffi widens a small integer to this, more than the caller has room for */

    if (FFITAP__UNLIKELY(count != function->argument_count))
        return ffitap__fail(error, FFITAP_BAD_TYPE, "'%s' takes %zu argument%s (%zu given)",
                            function->name, function->argument_count,
                            function->argument_count == 1 ? "" : "s", count);

    const bool direct = result && size >= sizeof(word);
    call(function, direct ? result : &word, arguments, (uintptr_t)__builtin_dwarf_cfa());
    if (result && !direct)
        memcpy(result, &word, size); /* little-endian: the value's bytes come first */
    return FFITAP_OK;
}
