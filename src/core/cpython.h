/* CPython, if it is in this process: a host that embeds it, or a module that it loaded. */
#ifndef FFITAP_CORE_CPYTHON_H
#define FFITAP_CORE_CPYTHON_H

#include <stddef.h>

#include <ffitap/interpreter.h>

#include "tap/known/free_threading.h"

/*
 * Looks for CPython until it was found once: in the global scope, and then in every libpython that
 * was loaded outside of it. NULL while there is none. A search costs little if no object has been
 * loaded since the last one. A CPython that was found stays in the process. Leaves errno alone and
 * no error for dlerror(3). Any thread, at any time.
 */
const struct ffitap_interpreter *ffitap__cpython_find(void);

/* The CPython that was found; and how to see whether it has its lock, or NULL if it cannot do
 * without. Outside of cpython.c both are for ffitap__cpython_free_threading() alone. */
extern const struct ffitap_interpreter ffitap__cpython __attribute__((visibility("hidden")));
extern const struct ffitap__free_threading *ffitap__cpython_build
    __attribute__((visibility("hidden")));

/* How to see whether `interpreter` has its lock, if it is the CPython that was found and can do
 * without its lock; else NULL. */
static inline const struct ffitap__free_threading *
ffitap__cpython_free_threading(const struct ffitap_interpreter *interpreter)
{
    return interpreter == &ffitap__cpython ? ffitap__cpython_build : NULL;
}

/* The path of the libpython that was found outside of the global scope, else NULL. */
const char *ffitap__cpython_path(void);

#endif
