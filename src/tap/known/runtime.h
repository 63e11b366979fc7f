/* The sources of foreign calls in this process: ctypes, cffi, the core itself, ... */
#ifndef FFITAP_TAP_KNOWN_RUNTIME_H
#define FFITAP_TAP_KNOWN_RUNTIME_H

#include <stdatomic.h>
#include <stdint.h>

#include <ffitap/export.h>

#include "tap/base/event.h"
#include "tap/base/fast.h"
#include "tap/known/free_threading.h"

#define FFITAP__RUNTIME_MAX 64u

/*
 * Makes a runtime known: its name, the path of the object that makes the calls, the function that
 * releases its interpreter lock ("" if it has none), and the kind of that lock. Returns the id,
 * which is the same whenever all of these are the same; 0 if there is no room, or if this thread
 * holds the tap's lock.
 */
FFITAP__CROSSING uint16_t ffitap__runtime_add(const char *name, const char *object,
                                              const char *lock, enum ffitap__lock_kind kind);

/*
 * The id of what a runtime does while its lock, which is not always there, is known to be on or
 * known to be off. What the runtime does while that is not known has `id`, the one that the runtime
 * was added with, which must not be 0. If there is no room for more ids, `id` stands for all
 * states. Returns 0 if this thread holds the tap's lock. Leaves errno alone.
 */
FFITAP__CROSSING uint16_t ffitap__runtime_with(uint16_t id, enum ffitap__lock_state state);

/*
 * The id of what a runtime does in any state of its lock. `by_state` keeps the ids that were asked
 * for, so that each is asked for once. `id` is the one that the runtime was added with; if it is 0,
 * so is the result.
 */
static inline uint16_t ffitap__runtime_in(_Atomic uint16_t by_state[FFITAP__LOCK_IS_ON + 1],
                                          uint16_t id, enum ffitap__lock_state state)
{
    uint16_t found = atomic_load_explicit(&by_state[state], memory_order_relaxed);

    if (FFITAP__LIKELY(found != 0))
        return found;
    if (state == FFITAP__LOCK_IS_UNKNOWN || id == 0)
        return id;
    found = ffitap__runtime_with(id, state);
    atomic_store_explicit(&by_state[state], found, memory_order_relaxed);
    return found ? found : id;
}

/*
 * Says that a runtime releases its interpreter lock with another function than was said before, or
 * that it has none any more; a session that hears of the runtime twice believes the last. Cheap if
 * nothing changed.
 */
FFITAP__CROSSING void ffitap__runtime_set_lock(uint16_t id, const char *lock,
                                               enum ffitap__lock_kind kind);

/* Tells every runtime. With the tap's lock held. */
void ffitap__runtime_describe_all(void (*tell)(const struct ffitap__runtime_event *event));

#endif
