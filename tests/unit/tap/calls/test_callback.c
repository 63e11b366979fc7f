#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lttng_double.h"
#include "tap/calls/callback.h"
#include "tap/known/function.h"

#define RUNTIME 3
#define CLOSURE ((const void *)0xC105)
#define STACK   ((uintptr_t)0x700000) /* of the outermost call; what it leads to lies below */
#define LONG_US 20000
#define LONG_NS 19990000u

static void native(void)
{
}

static struct ffitap__thread *self;

/* Makes the function known, so that only the events of calls and callbacks themselves follow. */
static void get_ready(void)
{
    self = ffitap__thread_get();
    ffitap__function_announce((const void *)native, "native");
    lttng_double_reset();
}

static struct ffitap__frame *call(uintptr_t stack)
{
    return ffitap__call_enter(self, RUNTIME, (const void *)native, false, stack);
}

static struct ffitap__callback call_back(uintptr_t stack)
{
    struct ffitap__callback callback;

    ffitap__callback_enter(self, &callback, CLOSURE, RUNTIME, stack);
    return callback;
}

static void call_back_for_long(uintptr_t stack)
{
    struct ffitap__callback callback = call_back(stack);

    usleep(LONG_US);
    ffitap__callback_leave(self, &callback);
}

TestSuite(tap_callback, .init = get_ready);

Test(tap_callback, it_is_told_when_it_begins_and_when_it_ends)
{
    struct ffitap__callback callback = call_back(STACK);

    cr_expect(eq(str, (char *)lttng_double_names(), "callback_entry "));
    ffitap__callback_leave(self, &callback);

    cr_expect(eq(str, (char *)lttng_double_names(), "callback_entry callback_exit "));
    cr_expect(eq(ulong, lttng_double_callback_entry(0)->callback_id,
                 lttng_double_callback_exit(0)->callback_id));
    cr_expect(eq(ulong, lttng_double_callback_exit(0)->closure, 0xC105));
    cr_expect(eq(uint, lttng_double_callback_exit(0)->runtime_id, RUNTIME));
}

Test(tap_callback, each_has_an_id_of_its_own)
{
    call_back_for_long(STACK);
    call_back_for_long(STACK);

    cr_expect(ne(ulong, lttng_double_callback_exit(0)->callback_id,
                 lttng_double_callback_exit(1)->callback_id));
}

Test(tap_callback, it_names_the_call_that_it_came_out_of)
{
    call(STACK);

    call_back_for_long(STACK - 512);
    ffitap__call_leave(self, STACK);

    cr_expect(
        eq(ulong, lttng_double_callback_exit(0)->call_id, lttng_double_call_exit(0)->call_id));
    cr_expect(eq(uint, lttng_double_callback_exit(0)->function_id,
                 ffitap__function_at((const void *)native)->id));
}

Test(tap_callback, on_a_thread_without_calls_it_came_out_of_none)
{
    call_back_for_long(STACK);

    cr_expect(eq(ulong, lttng_double_callback_exit(0)->call_id, 0));
    cr_expect(eq(uint, lttng_double_callback_exit(0)->function_id, 0));
}

Test(tap_callback, it_tells_how_long_it_lasted)
{
    call_back_for_long(STACK);

    cr_expect(ge(ulong, lttng_double_callback_exit(0)->duration_ns, LONG_NS));
}

Test(tap_callback, its_time_is_the_calls_time_in_callbacks)
{
    call(STACK);

    call_back_for_long(STACK - 512);
    call_back_for_long(STACK - 1024);
    ffitap__call_leave(self, STACK);

    cr_expect(ge(ulong, lttng_double_call(0)->callbacks_ns, 2 * LONG_NS));
    cr_expect(le(ulong, lttng_double_call(0)->callbacks_ns, lttng_double_call(0)->native_ns));
}

Test(tap_callback, its_time_is_known_when_only_calls_are_wanted)
{
    lttng_double_wants_callbacks = false;
    call(STACK);

    call_back_for_long(STACK - 512);
    ffitap__call_leave(self, STACK);

    cr_expect(eq(uint, lttng_double_callback_entry_count(), 0));
    cr_expect(eq(uint, lttng_double_callback_exit_count(), 0));
    cr_expect(ge(ulong, lttng_double_call(0)->callbacks_ns, LONG_NS));
}

Test(tap_callback, a_call_that_it_makes_has_callbacks_of_its_own)
{
    call(STACK);
    struct ffitap__callback callback = call_back(STACK - 512);
    call(STACK - 1024);

    call_back_for_long(STACK - 1536);
    ffitap__call_leave(self, STACK - 1024);
    usleep(LONG_US);
    ffitap__callback_leave(self, &callback);
    ffitap__call_leave(self, STACK);

    const struct ffitap__call_event *inner_call = lttng_double_call(1);
    const struct ffitap__call_event *outer_call = lttng_double_call(0);
    cr_expect(
        eq(ulong, lttng_double_callback_exit(1)->call_id, lttng_double_call_exit(1)->call_id));
    cr_expect(
        eq(ulong, lttng_double_callback_exit(0)->call_id, lttng_double_call_exit(0)->call_id));
    cr_expect(ge(ulong, inner_call->callbacks_ns, LONG_NS));
    cr_expect(le(ulong, inner_call->callbacks_ns, inner_call->native_ns));
    cr_expect(ge(ulong, outer_call->callbacks_ns, inner_call->native_ns + LONG_NS));
    cr_expect(le(ulong, outer_call->callbacks_ns, outer_call->native_ns));
}

Test(tap_callback, one_out_of_another_takes_no_time_twice)
{
    call(STACK);
    struct ffitap__callback outer = call_back(STACK - 512);

    call_back_for_long(STACK - 1024);
    ffitap__callback_leave(self, &outer);
    ffitap__call_leave(self, STACK);

    cr_expect(
        eq(ulong, lttng_double_callback_exit(1)->call_id, lttng_double_call_exit(0)->call_id));
    cr_expect(ge(ulong, lttng_double_call(0)->callbacks_ns, LONG_NS));
    cr_expect(le(ulong, lttng_double_call(0)->callbacks_ns, lttng_double_call(0)->native_ns));
}

Test(tap_callback, after_one_that_was_jumped_over_the_next_takes_its_time)
{
    call(STACK);

    call_back(STACK - 512);
    call_back_for_long(STACK - 512);
    ffitap__call_leave(self, STACK);

    cr_expect(ge(ulong, lttng_double_call(0)->callbacks_ns, LONG_NS));
    cr_expect(le(ulong, lttng_double_call(0)->callbacks_ns, lttng_double_call(0)->native_ns));
}

Test(tap_callback, a_call_that_was_jumped_over_is_not_what_it_came_out_of)
{
    call(STACK);

    call(STACK - 1024);
    call_back_for_long(STACK - 512);
    ffitap__call_leave(self, STACK);

    cr_expect(
        eq(ulong, lttng_double_callback_exit(0)->call_id, lttng_double_call_exit(0)->call_id));
    cr_expect(eq(uint, lttng_double_call(1)->flags, FFITAP__CALL_UNFINISHED));
    cr_expect(eq(ulong, lttng_double_call(1)->callbacks_ns, 0));
    cr_expect(ge(ulong, lttng_double_call(0)->callbacks_ns, LONG_NS));
}

Test(tap_callback, a_call_that_only_waits_for_its_lock_is_not_what_it_came_out_of)
{
    ffitap__call_lock_released(self, RUNTIME);
    ffitap__call_enter(self, RUNTIME, (const void *)native, true, STACK);
    ffitap__call_leave(self, STACK);
    call_back_for_long(STACK - 512);
    ffitap__call_lock_held(self, STACK);

    cr_expect(eq(ulong, lttng_double_callback_exit(0)->call_id, 0));
    cr_expect(eq(ulong, lttng_double_call(0)->callbacks_ns, 0));
}

Test(tap_callback, one_that_outlives_its_calls_frame_gives_its_time_to_no_other)
{
    call(STACK);
    struct ffitap__callback callback = call_back(STACK - 512);
    call(STACK + 4096);

    usleep(LONG_US);
    ffitap__callback_leave(self, &callback);
    ffitap__call_leave(self, STACK + 4096);

    cr_expect(eq(uint, lttng_double_call(1)->flags, FFITAP__CALL_UNFINISHED));
    cr_expect(eq(ulong, lttng_double_call(0)->callbacks_ns, 0));
}

static uint32_t flags_of_the_last_call(void)
{
    return lttng_double_call(0)->flags;
}

Test(tap_callback, the_lock_that_it_gives_up_at_its_end_is_no_window_of_the_next_call)
{
    ffitap__call_lock_released(self, RUNTIME);
    ffitap__call_enter(self, RUNTIME, (const void *)native, true, STACK);
    struct ffitap__callback callback = call_back(STACK - 512);

    ffitap__call_lock_released(self, RUNTIME);
    ffitap__callback_leave(self, &callback);
    ffitap__call_leave(self, STACK);
    ffitap__call_lock_held(self, STACK);
    cr_expect(eq(uint, flags_of_the_last_call(), FFITAP__CALL_GIL_RELEASED));

    ffitap__call_enter(self, RUNTIME, (const void *)native, true, STACK);
    ffitap__call_leave(self, STACK);
    cr_expect(eq(uint, flags_of_the_last_call(), FFITAP__CALL_GIL_HELD));
}

Test(tap_callback, a_window_around_it_is_none_of_a_call_in_it)
{
    ffitap__call_lock_released(self, RUNTIME);
    struct ffitap__callback callback = call_back(STACK);

    ffitap__call_enter(self, RUNTIME, (const void *)native, true, STACK - 512);
    ffitap__call_leave(self, STACK - 512);
    cr_expect(eq(uint, flags_of_the_last_call(), FFITAP__CALL_GIL_HELD));
    ffitap__callback_leave(self, &callback);

    ffitap__call_enter(self, RUNTIME, (const void *)native, true, STACK);
    ffitap__call_leave(self, STACK);
    ffitap__call_lock_held(self, STACK);
    cr_expect(eq(uint, flags_of_the_last_call(), FFITAP__CALL_GIL_RELEASED));
}

Test(tap_callback, a_window_around_it_says_afterwards_what_it_said_before)
{
    struct ffitap__callback callback;

    memset(&callback, 0x55, sizeof(callback)); /* the stack that it lies on has been used before */
    ffitap__call_lock_released(self, RUNTIME);
    self->window.runtime = RUNTIME;
    self->window.had_lock = true;
    ffitap__callback_enter(self, &callback, (const void *)native, RUNTIME, STACK);
    ffitap__callback_leave(self, &callback);
    cr_expect(eq(uint, self->window.open, 1));
    cr_expect(eq(uint, self->window.runtime, RUNTIME));
    cr_expect(self->window.had_lock);
}

Test(tap_callback, errno_is_the_same_after_both)
{
    struct ffitap__callback callback;

    errno = 44;
    callback = call_back(STACK);
    cr_expect(eq(int, errno, 44));
    errno = 55;
    ffitap__callback_leave(self, &callback);
    cr_expect(eq(int, errno, 55));
}

Test(tap_callback, those_of_a_forked_child_have_ids_of_their_own)
{
    int status = 0;

    call_back_for_long(STACK);
    const uint64_t parents_next = self->next_callback_id + 1;
    const pid_t child = fork();
    if (!child)
        _exit(call_back(STACK).event.callback_id == parents_next);
    cr_assert(eq(int, waitpid(child, &status, 0), child));
    cr_expect(eq(int, status, 0));
}
