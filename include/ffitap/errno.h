/*
 * The private errno and the private last error: each thread has a second copy of both, 0 at first.
 * Calls of libraries with FFITAP_USE_ERRNO or FFITAP_USE_LAST_ERROR exchange this copy with the
 * real value just before native code is entered, and again just after native code was left
 * (CPython: _call_function_pointer()). Callbacks that ask for it do the same around the handler. So
 * native code finds the value that was set here, and the value that native code sets is found here.
 * What the host does to the real errno in between disturbs neither.
 */
#ifndef FFITAP_ERRNO_H
#define FFITAP_ERRNO_H

#include <ffitap/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* This thread's private errno. */
FFITAP_API int ffitap_get_errno(void);

/* Sets this thread's private errno; returns its former value. */
FFITAP_API int ffitap_set_errno(int value);

/* The same for the last error. */
FFITAP_API int ffitap_get_last_error(void);
FFITAP_API int ffitap_set_last_error(int value);

/*
 * How to reach the real last error of a thread: an emulation layer, such as Wine, has a
 * GetLastError() and a SetLastError() for it. `get` and `set` are called on the hot path, by any
 * thread, with or without the interpreter lock, and must keep errno.
 */
struct ffitap_last_error_source {
    int (*get)(void);
    void (*set)(int value);
};

/*
 * Names the source of the real last error, for every call and callback that starts from now on:
 * `source` must stay as it is until the process ends. NULL brings back the default: a value per
 * thread, 0 at first, that native code reaches with the two functions below. Any thread, at any
 * time.
 */
FFITAP_API void ffitap_set_last_error_source(const struct ffitap_last_error_source *source);

/* This thread's real last error as it is by default: an emulation layer of the host's own can be
 * built on it. */
FFITAP_API int ffitap_get_thread_last_error(void);
FFITAP_API void ffitap_set_thread_last_error(int value);

#ifdef __cplusplus
}
#endif

#endif
