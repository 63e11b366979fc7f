/*
 * The private errno: a second errno per thread, 0 at first, which calls of libraries with
 * FFITAP_USE_ERRNO exchange with the real one just before the native code is entered and again
 * just after it was left (CPython: _call_function_pointer()). So native code finds here what was
 * set, leaves here what it set, and whatever the host does to errno in between disturbs neither.
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

#ifdef __cplusplus
}
#endif

#endif
