/* CPython, if it is in this process: a host that embeds it, or a module that it loaded. */
#ifndef FFITAP_CORE_CPYTHON_H
#define FFITAP_CORE_CPYTHON_H

#include <stddef.h>

#include <ffitap/interpreter.h>

#include "tap/known/free_threading.h"

/*
 * Looks for CPython, in the global scope and then in every libpython that was loaded without
 * joining it, until it was found once; NULL while it is not there. Costs little while no object has
 * been loaded since it was not. What was found stays in the process. Leaves errno alone and no
 * error for dlerror(3). Any thread, at any time.
 */
const struct ffitap_interpreter *ffitap__cpython_find(void);

/* What was found, and if it can do without its lock how that is seen, else NULL: both for
 * ffitap__cpython_free_threading() alone. */
extern const struct ffitap_interpreter ffitap__cpython __attribute__((visibility("hidden")));
extern const struct ffitap__free_threading *ffitap__cpython_build
    __attribute__((visibility("hidden")));

/* What can do without its lock, if that is `interpreter`; NULL if it is another one, or cannot. */
static inline const struct ffitap__free_threading *
ffitap__cpython_free_threading(const struct ffitap_interpreter *interpreter)
{
    return interpreter == &ffitap__cpython ? ffitap__cpython_build : NULL;
}

/* The path of the libpython that was found outside of the global scope, else NULL. */
const char *ffitap__cpython_path(void);

#endif
