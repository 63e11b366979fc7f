/*
 * CPython's interpreter lock, if CPython is in this process: a host that embeds it, or a module
 * that it loaded. Everything here leaves errno alone.
 */
#ifndef FFITAP_CORE_GIL_H
#define FFITAP_CORE_GIL_H

#include <stdbool.h>

/*
 * Looks for CPython in the global scope, until it was found once. That is no question for each
 * call: it is asked for each library and each lookup. Without an answer no lock is ever touched.
 */
void ffitap__gil_find(void);

/* The function that releases the lock, "" if there is none: a runtime's `lock`. */
const char *ffitap__gil_name(void);

/* Whether this thread holds the lock, so that it can be released. */
bool ffitap__gil_is_held(void);

/* Releases the lock, which this thread must hold. What it returns takes the lock back. */
void *ffitap__gil_release(void);
void ffitap__gil_acquire(void *released);

#endif
