#include <ffitap/callback.h>

#include <errno.h>
#include <ffi.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/abi.h"
#include "core/errno.h"
#include "core/fail.h"
#include "core/interpreter.h"
#include "core/signature.h"
#include "core/start.h"
#include "core/type.h"
#include "tap/calls/callback.h"

#define FLAGS                                                                                      \
    (FFITAP_CALLBACK_USE_ERRNO | FFITAP_CALLBACK_USE_LAST_ERROR | FFITAP_CALLBACK_WITHOUT_LOCK)

struct ffitap_callback {
    ffi_closure *closure;
    void *code;
    ffitap_handler *handler;
    void *data;
    struct ffitap__signature *signature;
    unsigned flags;
    _Atomic unsigned uses; /* the owner's, and one for each call under way */
};

static void free_all(struct ffitap_callback *callback)
{
    if (callback->closure)
        ffi_closure_free(callback->closure);
    ffitap__signature_destroy(callback->signature);
    free(callback);
}

/* The last release may come from within a call: once the function that libffi called has returned,
 * libffi looks at none of this memory any more. */
static void release(struct ffitap_callback *callback)
{
    if (atomic_fetch_sub_explicit(&callback->uses, 1, memory_order_acq_rel) != 1)
        return;

    const int saved = errno;

    free_all(callback);
    errno = saved;
}

static bool is_small_integer(const struct ffitap_type *type)
{
    switch (type->ffi->type) {
    case FFI_TYPE_UINT8:
    case FFI_TYPE_UINT16:
    case FFI_TYPE_UINT32:
    case FFI_TYPE_SINT8:
    case FFI_TYPE_SINT16:
    case FFI_TYPE_SINT32:
        return type->size < sizeof(ffi_arg);
    default:
        return false;
    }
}

static bool is_signed(const struct ffitap_type *type)
{
    const unsigned short kind = type->ffi->type;

    return kind == FFI_TYPE_SINT8 || kind == FFI_TYPE_SINT16 || kind == FFI_TYPE_SINT32;
}

/* libffi wants a small integer as wide as a register; little-endian: its bytes come first. */
static ffi_arg widen(const struct ffitap_type *type, ffi_arg word)
{
    const unsigned unused = 8 * (unsigned)(sizeof(word) - type->size);

    return is_signed(type) ? (ffi_arg)((ffi_sarg)(word << unused) >> unused) : word;
}

static void handle(const struct ffitap_callback *callback, void *result, void *const *arguments)
{
    const struct ffitap_type *type = callback->signature->result;
    ffi_arg word = 0;

    if (is_small_integer(type)) {
        callback->handler(&word, arguments, callback->data);
        *(ffi_arg *)result = widen(type, word);
    } else {
        memset(result, 0, type->size);
        callback->handler(type->size ? result : NULL, arguments, callback->data);
    }
}

/* ctypes' order: the lock first and last, the last error closest to the handler. */
static void exchange_and_handle(const struct ffitap_callback *callback, void *result,
                                void *const *arguments)
{
    const unsigned flags = callback->flags;
    const struct ffitap_interpreter *interpreter =
        flags & FFITAP_CALLBACK_WITHOUT_LOCK ? NULL : ffitap__interpreter_get();
    const struct ffitap_last_error_source *last_error =
        flags & FFITAP_CALLBACK_USE_LAST_ERROR ? ffitap__last_error_source() : NULL;
    void *entered = ffitap__interpreter_enter(interpreter);

    if (flags & FFITAP_CALLBACK_USE_ERRNO)
        ffitap__errno_swap();
    if (last_error)
        ffitap__last_error_swap(last_error);
    handle(callback, result, arguments);
    if (last_error)
        ffitap__last_error_swap(last_error);
    if (flags & FFITAP_CALLBACK_USE_ERRNO)
        ffitap__errno_swap();
    ffitap__interpreter_leave(interpreter, entered);
}

/* What libffi calls when native code calls the callback. */
static void be_called(ffi_cif *cif, void *result, void **arguments, void *data)
{
    struct ffitap_callback *callback = data;
    struct ffitap__thread *self = NULL;

    (void)cif;
    atomic_fetch_add_explicit(&callback->uses, 1, memory_order_relaxed);
    if (FFITAP__UNLIKELY(ffitap__core_wants_calls()))
        self = ffitap__thread_get();
    if (self) {
        struct ffitap__callback told;

        ffitap__callback_enter(self, &told, callback->code, ffitap__core_runtime,
                               (uintptr_t)__builtin_dwarf_cfa());
        exchange_and_handle(callback, result, arguments);
        ffitap__callback_leave(self, &told);
    } else {
        exchange_and_handle(callback, result, arguments);
    }
    release(callback);
}

/* Prepares the closure. Types that got here have passed all checks, so this can only fail for want
 * of memory that can be executed, or in libffi itself. */
static enum ffitap_status prepare_closure(struct ffitap_callback *callback,
                                          struct ffitap_error *error)
{
    callback->closure = ffi_closure_alloc(sizeof(*callback->closure), &callback->code);
    if (!callback->closure)
        return ffitap__fail(error, FFITAP_NO_MEMORY,
                            "no memory for a callback that can be executed");
    if (ffi_prep_closure_loc(callback->closure, &callback->signature->cif, be_called, callback,
                             callback->code) != FFI_OK)
        return ffitap__fail(error, FFITAP_BAD_TYPE, "ffi_prep_closure_loc failed for a callback");
    return FFITAP_OK;
}

static enum ffitap_status make(ffitap_handler *handler, void *data,
                               struct ffitap__signature *signature, unsigned flags,
                               struct ffitap_callback **out, struct ffitap_error *error)
{
    struct ffitap_callback *callback = calloc(1, sizeof(*callback));

    if (!callback) {
        ffitap__signature_destroy(signature);
        return ffitap__fail(error, FFITAP_NO_MEMORY, "no memory for a callback");
    }
    callback->handler = handler;
    callback->data = data;
    callback->signature = signature;
    callback->flags = flags;
    callback->uses = 1;
    const enum ffitap_status status = prepare_closure(callback, error);
    if (status == FFITAP_OK)
        *out = callback;
    else
        free_all(callback);
    return status;
}

static enum ffitap_status check(ffitap_handler *handler, const struct ffitap_type *const *types,
                                size_t count, unsigned flags, struct ffitap_error *error)
{
    if (!handler)
        return ffitap__fail(error, FFITAP_BAD_ARGUMENT, "the handler of a callback is NULL");
    if (!types && count)
        return ffitap__fail(error, FFITAP_BAD_ARGUMENT, "the types of a callback are NULL");
    if (flags & ~(unsigned)FLAGS)
        return ffitap__fail(error, FFITAP_BAD_ARGUMENT, "unknown flags 0x%x", flags);
    return FFITAP_OK;
}

enum ffitap_status ffitap_callback_create(ffitap_handler *handler, void *data,
                                          enum ffitap_library_kind kind,
                                          const struct ffitap_type *result,
                                          const struct ffitap_type *const *types, size_t count,
                                          unsigned flags, struct ffitap_callback **out,
                                          struct ffitap_error *error)
{
    const int saved = errno;
    struct ffitap__signature *signature = NULL;
    ffi_abi abi = FFI_DEFAULT_ABI;
    enum ffitap_status status = check(handler, types, count, flags, error);

    if (status == FFITAP_OK)
        status = ffitap__abi_of(kind, &abi, error);
    if (status == FFITAP_OK)
        status = ffitap__signature_create("a callback", abi, result, types, count, count,
                                          &signature, error);
    if (status == FFITAP_OK) {
        ffitap__core_start();
        status = make(handler, data, signature, flags, out, error);
    }
    errno = saved;
    return status;
}

void ffitap_callback_destroy(struct ffitap_callback *callback)
{
    if (callback)
        release(callback);
}

void *ffitap_callback_get_code(const struct ffitap_callback *callback)
{
    return callback->code;
}
