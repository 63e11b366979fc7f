#include "shim/interfaces/ffi/gvl.h"

#include "tap/calls/call.h"

/* What Ruby is asked to call without the lock. It lies on the stack of the function that asks. */
struct released {
    ffitap__gvl_function *function;
    void *data;
    uint16_t runtime;
};

/*
 * Ruby may raise an exception once it has the lock again, which jumps over the function that asked
 * for this. The call is then reported, with its wait unknown, when the thread makes another call.
 */
static void *run_released(void *data)
{
    const struct released *released = data;
    struct ffitap__thread *self = ffitap__thread_get_ahead();

    if (!self)
        return released->function(released->data);
    ffitap__call_lock_released(self, released->runtime);
    void *result = released->function(released->data);
    if (self != ffitap__thread_self)
        return result;
    if (ffitap__call_wants_lock(self))
        ffitap__call_lock_wanted(self);
    ffitap__call_window_unused(self);
    return result;
}

static __attribute__((noinline)) void *release_recorded(ffitap__gvl_release_function *real,
                                                        struct released *released,
                                                        ffitap__gvl_unblock_function *unblock,
                                                        void *unblock_data)
{
    void *result = real(run_released, released, unblock, unblock_data);
    struct ffitap__thread *self = ffitap__thread_self;

    if (self && ffitap__call_wants_lock(self))
        ffitap__call_lock_held(self, (uintptr_t)__builtin_dwarf_cfa());
    return result;
}

void *ffitap__gvl_release(ffitap__gvl_release_function *real, const _Atomic uint16_t *runtime,
                          ffitap__gvl_function *function, void *data,
                          ffitap__gvl_unblock_function *unblock, void *unblock_data)
{
    struct released released = {function, data, 0};

    if (FFITAP__LIKELY(!ffitap__lttng_wants_calls()))
        return real(function, data, unblock, unblock_data);
    released.runtime = atomic_load_explicit(runtime, memory_order_relaxed);
    return release_recorded(real, &released, unblock, unblock_data);
}
