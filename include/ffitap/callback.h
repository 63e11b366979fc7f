/* Callbacks: code addresses for native code to call, which end in a function of the host. */
#ifndef FFITAP_CALLBACK_H
#define FFITAP_CALLBACK_H

#include <stddef.h>

#include <ffitap/export.h>
#include <ffitap/library.h>
#include <ffitap/status.h>
#include <ffitap/type.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Something that native code can call (ctypes: an instance of a CFUNCTYPE made of a callable). */
struct ffitap_callback;

/*
 * The function of the host that a callback calls. `arguments` points to the values, each of its
 * declared type, which are good until the handler returns. `result` points to room for a value of
 * the result's type, and is NULL if the result is void. This room is zeroed before, so that native
 * code gets 0 from a handler that writes nothing there.
 */
typedef void ffitap_handler(void *result, void *const *arguments, void *data);

/* Bits of a callback's flags. */
enum ffitap_callback_flag {
    FFITAP_CALLBACK_USE_ERRNO = 1u << 0,      /* exchange errno around the handler */
    FFITAP_CALLBACK_USE_LAST_ERROR = 1u << 1, /* exchange the last error, too */
    FFITAP_CALLBACK_WITHOUT_LOCK = 1u << 2,   /* the handler does not need the interpreter lock */
};

/*
 * Creates a callback that takes `count` arguments of `types` and returns `result`;
 * <ffitap/prototype.h> has the same for a type in C's own words. The caller owns the callback and
 * releases it with ffitap_callback_destroy(). `kind` says by which calling convention native code
 * calls the callback: FFITAP_WINDLL and FFITAP_OLEDLL for Microsoft's, the other two for the
 * platform's.
 *
 * Native code may call the callback from any thread, also from one that is new to the host, and
 * from several threads at once. The handler may make calls that lead to callbacks again. Around the
 * handler, in ctypes' order (CPython: closure_fcn(), _CallPythonObject()), the interpreter lock is
 * taken if there is an interpreter (<ffitap/interpreter.h>), whether or not the thread holds the
 * lock already; errno and the last error are exchanged if the flags say so; and afterwards all this
 * is undone in reverse. The handler must return: an exception or a longjmp out of it leaves the
 * lock taken and the callback in use for ever.
 *
 * FFITAP_BAD_ARGUMENT if the handler, `result` or a type is NULL, or for a kind or flags that do
 * not exist; FFITAP_BAD_TYPE for an argument of type void, an array, more arguments than
 * FFITAP_ARGUMENT_MAX, and if libffi refuses the types; FFITAP_NO_MEMORY also where the system
 * forbids memory that can be executed; FFITAP_NOT_SUPPORTED where the calling convention is
 * missing. On failure `*out` is left untouched. The first callback loads the LTTng-UST provider as
 * the first library does.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_callback_create(ffitap_handler *handler, void *data, enum ffitap_library_kind kind,
                       const struct ffitap_type *result, const struct ffitap_type *const *types,
                       size_t count, unsigned flags, struct ffitap_callback **out,
                       struct ffitap_error *error);

/*
 * Releases `callback`; native code must not call it from now on. Calls whose handler has begun
 * still come to their end, in this thread (the handler itself may do this) or in others. The memory
 * that these calls need is freed after the last of them. NULL is allowed.
 */
FFITAP_API void ffitap_callback_destroy(struct ffitap_callback *callback);

/* The address to give to native code: that of a function of the declared types. The address is good
 * until ffitap_callback_destroy(). */
FFITAP_API void *ffitap_callback_get_code(const struct ffitap_callback *callback);

#ifdef __cplusplus
}
#endif

#endif
