/* What happens in a process before its first foreign call. */
#ifndef FFITAP_CORE_START_H
#define FFITAP_CORE_START_H

#include <stdbool.h>
#include <stdint.h>

#include "core/cpython.h"
#include "tap/base/fast.h"
#include "tap/known/free_threading.h"
#include "tap/sinks/lttng.h"

/*
 * Makes this process ready for calls: the provider is loaded, the interpreter looked for and the
 * core known to the tap as a source of calls. Cheap when that was done. Keeps errno; leaves no
 * error for dlerror(3).
 */
void ffitap__core_start(void);

/* The last step of that: makes the core and its lock, which may have changed, known to the tap. */
void ffitap__core_announce(void);

/* Where to read what is wanted: ffitap__watch's state. Before the core is ready, and with a tap of
 * another build, this leads to a constant 0. */
extern const _Atomic uint64_t *_Atomic ffitap__core_watch __attribute__((visibility("hidden")));

/* As ffitap__lttng_wants_calls(). */
static inline bool ffitap__core_wants_calls(void)
{
    const _Atomic uint64_t *state = atomic_load_explicit(&ffitap__core_watch, memory_order_relaxed);

    return FFITAP__UNLIKELY(atomic_load_explicit(state, memory_order_relaxed) &
                            FFITAP__WATCH_STATISTICS) ||
           (FFITAP__UNLIKELY(atomic_load_explicit(state, memory_order_relaxed) &
                             FFITAP__WATCH_EVENTS) &&
            ffitap__lttng_asks_for_calls());
}

/* The core's id among the tap's runtimes; 0 until the tap knows the core. */
extern uint16_t ffitap__core_runtime __attribute__((visibility("hidden")));

/* What a call is reported with: its runtime's id, and whether there is a lock that it keeps if it
 * does not give it up. */
struct ffitap__core_way {
    uint16_t runtime;
    bool has_lock;
};

/* What a call is reported with if the interpreter can do without its lock. */
struct ffitap__core_way ffitap__core_look(const struct ffitap__free_threading *build, bool is_held);

/* What a call is reported with, in any interpreter. `interpreter` may be NULL. `is_held`: this
 * thread holds the lock or, if there is no lock, is attached. */
static inline struct ffitap__core_way ffitap__core_way(const struct ffitap_interpreter *interpreter,
                                                       bool is_held)
{
    const struct ffitap__free_threading *build = ffitap__cpython_free_threading(interpreter);

    return FFITAP__LIKELY(build == NULL) ? (struct ffitap__core_way){ffitap__core_runtime, is_held}
                                         : ffitap__core_look(build, is_held);
}

#endif
