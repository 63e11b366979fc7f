/*
 * The interpreter in force: what <ffitap/interpreter.h> was told, or the CPython in this process. A
 * caller that gives up an interpreter's lock must take back the lock of the same interpreter, even
 * if another one was named in between: get the interpreter once, and use that one throughout.
 * Everything here leaves errno alone, unless it says otherwise.
 */
#ifndef FFITAP_CORE_INTERPRETER_H
#define FFITAP_CORE_INTERPRETER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <ffitap/interpreter.h>

#include "tap/base/event.h"
#include "tap/base/fast.h"

extern const struct ffitap_interpreter *_Atomic ffitap__interpreter_in_force
    __attribute__((visibility("hidden")));

/* NULL if there is none: then there is no lock. */
static inline const struct ffitap_interpreter *ffitap__interpreter_get(void)
{
    return atomic_load_explicit(&ffitap__interpreter_in_force, memory_order_acquire);
}

/*
 * Looks for CPython, unless the host has named an interpreter. This is not done for each call, but
 * for each library and each lookup. It costs little while no object has been loaded since the last
 * time.
 */
void ffitap__interpreter_find(void);

/*
 * The first makes the host's choice, the second leaves the choice to us. ffitap_interpreter_set()
 * and ffitap_interpreter_set_automatic() do the same and tell the tap. These two may change errno.
 */
void ffitap__interpreter_choose(const struct ffitap_interpreter *interpreter);
void ffitap__interpreter_choose_automatically(void);

/* The name of the function that releases the lock, "" if there is none: a runtime's `lock`. */
const char *ffitap__interpreter_lock_name(void);

/* What kind of lock that is. */
enum ffitap__lock_kind ffitap__interpreter_lock_kind(void);

/* Whether this thread holds the lock, so that it can be released. `interpreter` is not NULL. */
bool ffitap__interpreter_asks_held(const struct ffitap_interpreter *interpreter);

/* The same; false if there is no interpreter. */
static inline bool ffitap__interpreter_is_held(const struct ffitap_interpreter *interpreter)
{
    return FFITAP__UNLIKELY(interpreter != NULL) && ffitap__interpreter_asks_held(interpreter);
}

/* Releases the lock, which this thread must hold. What it returns takes the lock back. */
void *ffitap__interpreter_release(const struct ffitap_interpreter *interpreter);
void ffitap__interpreter_acquire(const struct ffitap_interpreter *interpreter, void *released);

/* The error that is set in the interpreter. NULL if there is none, or if this thread does not hold
 * the lock and so may not ask. `interpreter` may be NULL. */
const char *ffitap__interpreter_error(const struct ffitap_interpreter *interpreter);

/* The first takes the lock for a callback, in any thread; the second undoes that. Nothing is done
 * if `interpreter` is NULL or has no functions for callbacks. */
void *ffitap__interpreter_enter(const struct ffitap_interpreter *interpreter);
void ffitap__interpreter_leave(const struct ffitap_interpreter *interpreter, void *entered);

#endif
