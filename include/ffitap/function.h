/* Foreign functions: finding them, typing them, calling them. */
#ifndef FFITAP_FUNCTION_H
#define FFITAP_FUNCTION_H

#include <stddef.h>

#include <ffitap/export.h>
#include <ffitap/library.h>
#include <ffitap/status.h>
#include <ffitap/type.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A function of a library, with the types of its result and arguments; at first it returns int and
 * takes nothing. Every thread may call it at the same time as others; set the types before.
 */
struct ffitap_function;

/* As in ctypes: a function takes no more arguments than these. */
#define FFITAP_ARGUMENT_MAX 1024

/*
 * The function `name` of `library`, the way `library.name` finds it in ctypes (CDLL.__getattr__):
 * the first access looks it up, every later one gives the same object, also when first accesses
 * race. It is the library's and goes with it. A name that starts and ends with "__" is refused
 * without a lookup.
 *
 * FFITAP_NOT_FOUND, with dlerror(3)'s text, if there is no such symbol or its value is NULL
 * (CPython 3.13.1; older ones crash). On failure `*out` is left untouched.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_function_borrow(struct ffitap_library *library, const char *name,
                       struct ffitap_function **out, struct ffitap_error *error);

/*
 * The function `name`, the way `library["name"]` finds it (CDLL.__getitem__): always looked up,
 * always a new object with types of its own, whatever the name looks like. The caller's, to be
 * released with ffitap_function_destroy(); it may outlive `library`. Fails as
 * ffitap_function_borrow() does.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_function_create(struct ffitap_library *library, const char *name,
                       struct ffitap_function **out, struct ffitap_error *error);

/* Releases what ffitap_function_create() gave, and nothing else. NULL is allowed. */
FFITAP_API void ffitap_function_destroy(struct ffitap_function *function);

/* The name as it was looked up. The function's, as long as it lives. */
FFITAP_API const char *ffitap_function_borrow_name(const struct ffitap_function *function);

/* Where the native code is. Data symbols are found like functions, as in ctypes. */
FFITAP_API void *ffitap_function_get_address(const struct ffitap_function *function);

/*
 * Sets what the function returns, FFITAP_TYPE_VOID for nothing (ctypes: restype). Not while
 * another thread calls the function. FFITAP_BAD_TYPE if libffi refuses; the former type then stays.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_function_set_result(struct ffitap_function *function, const struct ffitap_type *type,
                           struct ffitap_error *error);

/*
 * Sets what the function takes (ctypes: argtypes). Copies the array, which may be NULL if `count`
 * is 0. Otherwise as ffitap_function_set_result(); FFITAP_BAD_TYPE also for an argument of type
 * void and for more than FFITAP_ARGUMENT_MAX.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_function_set_arguments(struct ffitap_function *function,
                              const struct ffitap_type *const *types, size_t count,
                              struct ffitap_error *error);

/*
 * Calls the function. `arguments` points to `count` values, each of the type that was set, and may
 * be NULL if `count` is 0. The result is written to `result`, ffitap_type_get_size() bytes and no
 * more; NULL drops it.
 *
 * Around the native code, in ctypes' order (CPython: _call_function_pointer()): the interpreter
 * lock is released if this thread holds CPython's and the library is a CDLL; errno is exchanged if
 * the library has FFITAP_USE_ERRNO; and both are undone in reverse. Without FFITAP_USE_ERRNO errno
 * is what the native code left.
 *
 * FFITAP_BAD_TYPE if `count` is not what was set: nothing was called then.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_function_call(struct ffitap_function *function, void *result, void *const *arguments,
                     size_t count, struct ffitap_error *error);

#ifdef __cplusplus
}
#endif

#endif
