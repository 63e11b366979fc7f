#include "shim/interfaces/ffi/gvl.h"

#include <stdbool.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "lttng_double.h"
#include "tap/calls/call.h"

#define RUNTIME 5

static const _Atomic uint16_t runtime = RUNTIME;
static ffitap__gvl_unblock_function *seen_unblock;
static void *seen_unblock_data;

static void unblock(void *data)
{
    (void)data;
}

/*
 * Does what Ruby's function does: calls `function` without the lock, and then takes the lock back.
 */
static void *release(ffitap__gvl_function *function, void *data, ffitap__gvl_unblock_function *with,
                     void *unblock_data)
{
    seen_unblock = with;
    seen_unblock_data = unblock_data;
    return function(data);
}

static void *note_data(void *data)
{
    *(bool *)data = true;
    return data;
}

static void native(void)
{
}

static void make_call(void)
{
    const uintptr_t stack = (uintptr_t)__builtin_frame_address(0);
    struct ffitap__thread *self = ffitap__thread_get();

    if (ffitap__call_enter(self, RUNTIME, (const void *)native, true, stack))
        ffitap__call_leave(self, stack);
}

static void *make_a_call(void *data)
{
    make_call();
    return data;
}

static void *pass(ffitap__gvl_function *function, void *data)
{
    return ffitap__gvl_release(release, &runtime, function, data, unblock, &seen_unblock);
}

TestSuite(gvl, .init = lttng_double_reset);

Test(gvl, ruby_gets_what_it_was_given)
{
    for (int listening = 0; listening < 2; listening++) {
        bool called = false;

        lttng_double_wants_calls = listening;
        seen_unblock = NULL;
        cr_expect(eq(ptr, pass(note_data, &called), &called));
        cr_expect(called);
        cr_expect(eq(ptr, (void *)seen_unblock, (void *)unblock));
        cr_expect(eq(ptr, seen_unblock_data, &seen_unblock));
    }
}

Test(gvl, a_call_in_it_has_a_window_until_ruby_has_the_lock_back)
{
    pass(make_a_call, NULL);
    cr_assert(eq(uint, lttng_double_call_count(), 1));
    cr_expect(eq(uint, lttng_double_call(0)->flags, FFITAP__CALL_GIL_RELEASED));
    cr_expect(gt(ulong, lttng_double_call(0)->gil_wait_ns, 0));
    cr_expect(eq(ulong, lttng_double_call(0)->runtime_id, RUNTIME));
}

Test(gvl, given_up_for_no_call_it_is_no_window_of_the_next)
{
    bool called = false;

    pass(make_a_call, NULL);
    pass(note_data, &called);
    make_call();
    cr_assert(eq(uint, lttng_double_call_count(), 2));
    cr_expect(eq(uint, lttng_double_call(0)->flags, FFITAP__CALL_GIL_HELD));
}
