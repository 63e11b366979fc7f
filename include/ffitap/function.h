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
 * A native function with the types of its result and arguments. At first it returns int, or an
 * HRESULT if it is of a FFITAP_OLEDLL, and its arguments are not declared. Any number of threads
 * may call it at the same time, without a lock. A thread that sets its types or its error check
 * must have it for itself: one thread sets them before others call, or each thread has a function
 * of its own (ffitap_function_create()). <ffitap/prototype.h> sets all types from one text.
 */
struct ffitap_function;

/* No function takes more arguments than this, as in ctypes. */
#define FFITAP_ARGUMENT_MAX 1024

/*
 * The function `name` of `library`, the way `library.name` finds it in ctypes (CDLL.__getattr__):
 * the first access looks the function up, and every later one gives the same object, even if
 * several threads make the first access at once. The function belongs to the library, and is
 * released with it.
 *
 * FFITAP_NOT_FOUND, with dlerror(3)'s text, if there is no such symbol or its value is NULL (as in
 * CPython 3.13.1; older ones crash). A name that starts and ends with "__" is not looked up, and is
 * FFITAP_NOT_FOUND as well. FFITAP_BAD_ARGUMENT if `name` is NULL. On failure `*out` is left
 * untouched.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_function_borrow(struct ffitap_library *library, const char *name,
                       struct ffitap_function **out, struct ffitap_error *error);

/*
 * The function `name`, the way `library["name"]` finds it (CDLL.__getitem__): each time it is
 * looked up, whatever the name looks like, and each time the result is a new object with types of
 * its own. The caller owns this function, which may outlive `library`, and releases it with
 * ffitap_function_destroy(). Otherwise fails as ffitap_function_borrow() does.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_function_create(struct ffitap_library *library, const char *name,
                       struct ffitap_function **out, struct ffitap_error *error);

/*
 * The function at `address`, which came from elsewhere: a pointer that native code returned, an
 * entry of a table (ctypes: CFUNCTYPE(...)(address)). It is called as a function of a library of
 * this `kind` with these `flags` is. `name` is used in messages. It is also used in the trace,
 * unless the address was looked up or named before: then the trace keeps the earlier name. If
 * `name` is NULL, messages give the address, and the trace the nearest exported symbol. The caller
 * owns the function and releases it with ffitap_function_destroy().
 *
 * FFITAP_BAD_ARGUMENT if `address` is NULL; for `kind` and `flags` fails as ffitap_library_create()
 * does. On failure `*out` is left untouched.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_function_create_at(void *address, const char *name, enum ffitap_library_kind kind,
                          unsigned flags, struct ffitap_function **out, struct ffitap_error *error);

/* Releases a function that ffitap_function_create() or ffitap_function_create_at() has made, and no
 * other. NULL is allowed. */
FFITAP_API void ffitap_function_destroy(struct ffitap_function *function);

/* The name as it was looked up or given. It belongs to the function, and lives as long as the
 * function. */
FFITAP_API const char *ffitap_function_borrow_name(const struct ffitap_function *function);

/* Where the native code is. Data symbols are found like functions, as in ctypes. */
FFITAP_API void *ffitap_function_get_address(const struct ffitap_function *function);

/*
 * Sets what the function returns, FFITAP_TYPE_VOID for nothing (ctypes: restype). NULL brings back
 * the first type (`del function.restype`). Must not be called while another thread uses the
 * function.
 *
 * FFITAP_BAD_TYPE for an array, and if libffi refuses the type; the former type then stays. If a
 * function of a FFITAP_OLEDLL returns any integer of 4 bytes, it is checked as an HRESULT, whatever
 * its type is called (ctypes: `_check_retval_`).
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_function_set_result(struct ffitap_function *function, const struct ffitap_type *type,
                           struct ffitap_error *error);

/*
 * Declares what the function takes (ctypes: argtypes). Copies the array. If `count` is 0, the
 * function takes nothing, and the array may be NULL. Otherwise as ffitap_function_set_result();
 * FFITAP_BAD_TYPE also for an argument of type void and for more than FFITAP_ARGUMENT_MAX,
 * FFITAP_BAD_ARGUMENT for a type that is NULL.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_function_set_arguments(struct ffitap_function *function,
                              const struct ffitap_type *const *types, size_t count,
                              struct ffitap_error *error);

/*
 * The same for a variadic function that is always called alike: the first `fixed` of the `count`
 * types, at least one, are the types before "...", and the others are the types of the values that
 * follow. These others must be as C's default promotions leave them: FFITAP_BAD_TYPE names the type
 * that is narrower than int or is float. FFITAP_BAD_ARGUMENT if `fixed` is 0 or more than `count`,
 * FFITAP_NOT_SUPPORTED for a FFITAP_WINDLL or FFITAP_OLEDLL, which have no such functions.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_function_set_variadic(struct ffitap_function *function,
                             const struct ffitap_type *const *types, size_t fixed, size_t count,
                             struct ffitap_error *error);

/* Makes the arguments undeclared again, as they were at first (ctypes: `del function.argtypes`). */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_function_clear_arguments(struct ffitap_function *function, struct ffitap_error *error);

/*
 * The types that were set last (ctypes: restype, argtypes), which an error check that many
 * functions share may need: what the function returns, and the ffitap_function_get_count() types
 * that it takes, 0 if none were declared. They belong to the function, and are good until one of
 * its types is set again.
 */
FFITAP_API const struct ffitap_type *
ffitap_function_borrow_result(const struct ffitap_function *function);
FFITAP_API const struct ffitap_type *const *
ffitap_function_borrow_arguments(const struct ffitap_function *function);
FFITAP_API size_t ffitap_function_get_count(const struct ffitap_function *function);

/*
 * An error check looks at every result before the caller gets it (ctypes: errcheck). It may read
 * and change `result`, which has room for a value of the result's type and is NULL if that type is
 * void. If it returns any status but FFITAP_OK, the call fails with that status. It runs with the
 * interpreter lock held again, and not after a call that has failed by itself.
 */
typedef enum ffitap_status ffitap_errcheck(void *result, struct ffitap_function *function,
                                           void *const *arguments, size_t count, void *data,
                                           struct ffitap_error *error);

/* Sets the error check; NULL takes it away. Must not be called while another thread uses the
 * function. */
FFITAP_API void ffitap_function_set_errcheck(struct ffitap_function *function,
                                             ffitap_errcheck *errcheck, void *data);

/*
 * Calls the function. `arguments` points to `count` values, each of the type that was declared, and
 * may be NULL if `count` is 0. The result is written to `result`, ffitap_type_get_size() bytes and
 * no more; NULL drops it. Nothing is allocated, unless calls are recorded: then the tap maps memory
 * when it sees a thread or a function for the first time.
 *
 * Around the native code, in ctypes' order (CPython: _call_function_pointer()): the interpreter
 * lock is released if this thread holds it and the function is not a FFITAP_PYDLL's; errno and then
 * the last error are exchanged if the library has FFITAP_USE_ERRNO or FFITAP_USE_LAST_ERROR; and
 * all that is undone in reverse. Without FFITAP_USE_ERRNO errno is what the native code left. The
 * native code may call back, and may leave by a C++ exception, longjmp or the end of the thread:
 * nothing is undone then, as in ctypes, so the interpreter lock stays released.
 *
 * FFITAP_BAD_TYPE if `count` is not what was declared, in ctypes' words: nothing was called then.
 * FFITAP_CALL_FAILED, and `*result` is left untouched, if a FFITAP_PYDLL's function left an error
 * in the interpreter (it stays there) or if the result is an HRESULT that says so (`error->code`).
 * If the error check fails the call, the status that the check returned.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_function_call(struct ffitap_function *function, void *result, void *const *arguments,
                     size_t count, struct ffitap_error *error);

/*
 * Calls the function with more arguments than were declared, as functions of ctypes' CDLL can be
 * called. `types` has the types of the arguments that are not declared: `types[0]` is that of the
 * first of them. If some arguments are declared, they are the fixed ones of a variadic function,
 * and the others must be as C's default promotions leave them. If none are declared, this is an
 * ordinary call (CPython: _call_function_pointer()). libffi prepares such a call each time:
 * ffitap_function_set_variadic() and ffitap_function_set_arguments() are faster.
 *
 * Fails as ffitap_function_call() and ffitap_function_set_variadic() do. Functions of a
 * FFITAP_WINDLL or FFITAP_OLEDLL take no more than what was declared, if anything was.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_function_call_extra(struct ffitap_function *function, void *result, void *const *arguments,
                           size_t count, const struct ffitap_type *const *types,
                           struct ffitap_error *error);

#ifdef __cplusplus
}
#endif

#endif
