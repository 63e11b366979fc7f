#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lttng_double.h"
#include "tap/calls/call.h"
#include "tap/known/function.h"

#define RUNTIME 3
#define STACK   ((uintptr_t)0x700000) /* of the outermost call; inner ones lie below */

static void native(void)
{
}

static void other_native(void)
{
}

/* A thread to which the function is known, so that only the call's own events follow. */
static struct ffitap__thread *ready_thread(void)
{
    struct ffitap__thread *self = ffitap__thread_get();

    ffitap__function_announce((const void *)native, "native");
    ffitap__function_announce((const void *)other_native, "other_native");
    lttng_double_reset();
    return self;
}

static struct ffitap__frame *enter(struct ffitap__thread *self, uintptr_t stack)
{
    return ffitap__call_enter(self, RUNTIME, (const void *)native, false, stack);
}

TestSuite(tap_call);

Test(tap_call, a_call_without_a_lock_is_complete_when_it_returns)
{
    struct ffitap__thread *self = ready_thread();
    enter(self, STACK);

    ffitap__call_leave(self, STACK);

    cr_expect(eq(str, (char *)lttng_double_names(), "call_entry call_exit call "));
    cr_expect(eq(uint, lttng_double_call(0)->flags, 0));
    cr_expect(eq(uint, lttng_double_call(0)->runtime_id, RUNTIME));
    cr_expect(eq(ulong, lttng_double_call(0)->gil_released_ns, 0));
    cr_expect(
        eq(uint, lttng_double_call(0)->function_id, ffitap__function_at((const void *)native)->id));
    cr_expect(eq(uint, self->depth, 0));
}

Test(tap_call, its_start_and_length_are_on_the_monotonic_clock)
{
    struct ffitap__thread *self = ready_thread();
    const uint64_t before = ffitap__clock_monotonic_ns();
    enter(self, STACK);

    usleep(20000);
    ffitap__call_leave(self, STACK);
    const uint64_t after = ffitap__clock_monotonic_ns();

    cr_expect(ge(ulong, lttng_double_call(0)->start_ns + 2000, before));
    cr_expect(ge(ulong, lttng_double_call(0)->native_ns, 19990000));
    cr_expect(le(ulong, lttng_double_call(0)->native_ns, after - before + 100000));
}

Test(tap_call, a_lock_that_was_kept_is_said_to_be_held)
{
    struct ffitap__thread *self = ready_thread();
    ffitap__call_enter(self, RUNTIME, (const void *)native, true, STACK);

    ffitap__call_leave(self, STACK);

    cr_expect(eq(uint, lttng_double_call(0)->flags, FFITAP__CALL_GIL_HELD));
}

Test(tap_call, a_call_with_a_window_is_complete_when_the_lock_is_held_again)
{
    struct ffitap__thread *self = ready_thread();

    ffitap__call_lock_released(self, RUNTIME);
    ffitap__call_enter(self, RUNTIME, (const void *)native, true, STACK);
    ffitap__call_leave(self, STACK);
    cr_expect(ffitap__call_wants_lock(self));
    cr_expect(eq(uint, lttng_double_call_count(), 0));
    ffitap__call_lock_wanted(self);
    usleep(20000);
    ffitap__call_lock_held(self, STACK);

    cr_expect(eq(str, (char *)lttng_double_names(),
                 "gil_release call_entry call_exit gil_acquire call "));
    cr_expect(eq(uint, lttng_double_call(0)->flags, FFITAP__CALL_GIL_RELEASED));
    cr_expect(ge(ulong, lttng_double_call(0)->gil_wait_ns, 19990000));
    cr_expect(ge(ulong, lttng_double_call(0)->gil_released_ns, lttng_double_call(0)->gil_wait_ns));
    cr_expect(eq(ulong, lttng_double_gil_release(0)->call_id, lttng_double_call_exit(0)->call_id));
    cr_expect(eq(ulong, lttng_double_gil_acquire(0)->call_id, lttng_double_call_exit(0)->call_id));
}

Test(tap_call, a_window_without_a_call_leaves_no_trace_on_the_next)
{
    struct ffitap__thread *self = ready_thread();

    ffitap__call_lock_released(self, RUNTIME);
    ffitap__call_window_unused(self);
    enter(self, STACK);
    ffitap__call_leave(self, STACK);

    cr_expect(eq(uint, lttng_double_call(0)->flags, 0));
}

Test(tap_call, an_exchange_of_errno_is_told_with_all_four_values)
{
    struct ffitap__thread *self = ready_thread();

    errno = 11;
    ffitap__call_errno_asked(self, STACK, errno);
    errno = 22;
    enter(self, STACK);
    errno = 33;
    ffitap__call_leave(self, STACK);

    cr_expect(
        eq(str, (char *)lttng_double_names(), "errno_swap call_entry call_exit errno_swap call "));
    cr_expect(eq(int, lttng_double_call(0)->errno_before, 11));
    cr_expect(eq(int, lttng_double_call(0)->errno_private_in, 22));
    cr_expect(eq(int, lttng_double_call(0)->errno_private_out, 33));
    cr_expect(eq(int, lttng_double_call(0)->errno_after, 11));
    cr_expect(eq(uint, lttng_double_call(0)->flags, FFITAP__CALL_ERRNO_SWAPPED));
    cr_expect(eq(int, lttng_double_errno_swap(1)->direction, FFITAP__SWAP_IN));
    cr_expect(eq(int, lttng_double_errno_swap(1)->real_value, 11));
    cr_expect(eq(int, lttng_double_errno_swap(1)->private_value, 22));
    cr_expect(eq(int, lttng_double_errno_swap(0)->direction, FFITAP__SWAP_OUT));
    cr_expect(eq(int, lttng_double_errno_swap(0)->real_value, 33));
    cr_expect(eq(int, lttng_double_errno_swap(0)->private_value, 11));
}

Test(tap_call, errno_asked_for_by_somebody_else_is_no_exchange)
{
    struct ffitap__thread *self = ready_thread();

    ffitap__call_errno_asked(self, STACK - 64, 11);
    errno = 22;
    enter(self, STACK);
    ffitap__call_leave(self, STACK);

    cr_expect(eq(uint, lttng_double_errno_swap_count(), 0));
    cr_expect(eq(int, lttng_double_call(0)->errno_before, 22));
}

Test(tap_call, errno_asked_for_below_the_call_is_an_exchange_in_its_window)
{
    struct ffitap__thread *self = ready_thread();

    ffitap__call_lock_released(self, RUNTIME);
    ffitap__call_errno_asked(self, STACK - 64, 11);
    errno = 22;
    ffitap__call_enter(self, RUNTIME, (const void *)native, true, STACK);
    ffitap__call_leave(self, STACK);
    ffitap__call_lock_wanted(self);
    ffitap__call_lock_held(self, STACK);

    cr_expect(eq(int, lttng_double_call(0)->errno_private_in, 22));
    cr_expect(eq(uint, lttng_double_call(0)->flags,
                 FFITAP__CALL_ERRNO_SWAPPED | FFITAP__CALL_GIL_RELEASED));
}

Test(tap_call, errno_is_the_same_after_entering_and_leaving)
{
    struct ffitap__thread *self = ready_thread();

    errno = 44;
    enter(self, STACK);
    cr_expect(eq(int, errno, 44));
    errno = 55;
    ffitap__call_leave(self, STACK);
    cr_expect(eq(int, errno, 55));
}

Test(tap_call, calls_nest_and_the_inner_one_is_complete_first)
{
    struct ffitap__thread *self = ready_thread();
    enter(self, STACK);
    ffitap__call_enter(self, RUNTIME, (const void *)other_native, false, STACK - 512);

    ffitap__call_leave(self, STACK - 512);
    cr_expect(eq(uint, self->depth, 1));
    ffitap__call_leave(self, STACK);

    cr_expect(eq(uint, lttng_double_call(1)->function_id,
                 ffitap__function_at((const void *)other_native)->id));
    cr_expect(
        eq(uint, lttng_double_call(0)->function_id, ffitap__function_at((const void *)native)->id));
    cr_expect(le(ulong, lttng_double_call(1)->native_ns, lttng_double_call(0)->native_ns));
    cr_expect(eq(uint, lttng_double_call(0)->flags | lttng_double_call(1)->flags, 0));
}

static bool is_plans(const struct ffitap__thread *self, uintptr_t stack)
{
    return ffitap__call_is_plans(self, (const void *)native, stack);
}

Test(tap_call, a_call_that_a_plan_passes_on_is_the_plans)
{
    struct ffitap__thread *self = ready_thread();
    ffitap__call_note_plan(self, (const void *)native, STACK);
    enter(self, STACK);

    cr_expect(is_plans(self, STACK - 64));
}

Test(tap_call, a_call_that_comes_out_of_a_plans_is_one_of_its_own)
{
    struct ffitap__thread *self = ready_thread();
    ffitap__call_note_plan(self, (const void *)native, STACK);
    cr_expect(not(is_plans(self, STACK - 64)), "before the plan's began");
    struct ffitap__frame *frame = enter(self, STACK);

    cr_expect(not(ffitap__call_is_plans(self, (const void *)other_native, STACK - 64)));
    cr_expect(not(is_plans(self, STACK - FFITAP__CALL_OF_PLAN_MAX)), "native code is in between");
    frame->callback_stack = STACK - 64;
    cr_expect(not(is_plans(self, STACK - 128)), "a callback is in between");
}

Test(tap_call, a_call_that_comes_out_of_another_than_the_plans_is_one_of_its_own)
{
    struct ffitap__thread *self = ready_thread();
    ffitap__call_note_plan(self, (const void *)native, STACK);
    enter(self, STACK);
    ffitap__call_leave(self, STACK);
    cr_expect(not(is_plans(self, STACK - 64)), "the plan's is over");

    enter(self, STACK + 64);
    cr_expect(not(is_plans(self, STACK)));
}

Test(tap_call, a_call_in_the_place_of_a_plans_that_was_jumped_over_is_one_of_its_own)
{
    struct ffitap__thread *self = ready_thread();
    ffitap__call_note_plan(self, (const void *)native, STACK);
    enter(self, STACK);

    cr_expect(not(is_plans(self, STACK)), "the same caller makes its next one");
    cr_expect(not(is_plans(self, STACK + 64)));
    cr_expect(is_plans(self, STACK - 1));
}

Test(tap_call, a_call_that_was_jumped_over_is_unfinished_when_the_next_one_begins)
{
    struct ffitap__thread *self = ready_thread();

    enter(self, STACK);
    enter(self, STACK - 512);
    enter(self, STACK);

    cr_expect(eq(uint, lttng_double_call_count(), 2));
    cr_expect(eq(uint, lttng_double_call(0)->flags, FFITAP__CALL_UNFINISHED));
    cr_expect(eq(uint, lttng_double_call(1)->flags, FFITAP__CALL_UNFINISHED));
    cr_expect(eq(uint, lttng_double_call_exit_count(), 2));
    ffitap__call_leave(self, STACK);
    cr_expect(eq(uint, lttng_double_call(0)->flags, 0));
}

Test(tap_call, a_call_that_was_jumped_over_is_unfinished_when_its_caller_returns)
{
    struct ffitap__thread *self = ready_thread();
    enter(self, STACK);

    enter(self, STACK - 512);
    ffitap__call_leave(self, STACK);

    cr_expect(eq(uint, lttng_double_call_count(), 2));
    cr_expect(eq(uint, lttng_double_call(1)->flags, FFITAP__CALL_UNFINISHED));
    cr_expect(eq(uint, lttng_double_call(0)->flags, 0));
    cr_expect(eq(uint, self->depth, 0));
}

Test(tap_call, a_live_outer_call_survives_one_further_down_the_stack)
{
    struct ffitap__thread *self = ready_thread();

    enter(self, STACK);
    enter(self, STACK - 512);

    cr_expect(eq(uint, self->depth, 2));
    cr_expect(eq(uint, lttng_double_call_count(), 0));
}

Test(tap_call, a_dropped_call_that_returns_after_all_is_not_counted_twice)
{
    struct ffitap__thread *self = ready_thread();
    enter(self, STACK);
    enter(self, STACK + 4096);

    ffitap__call_leave(self, STACK + 4096);
    ffitap__call_leave(self, STACK);

    cr_expect(eq(uint, lttng_double_call_count(), 2));
    cr_expect(eq(uint, self->depth, 0));
}

Test(tap_call, a_lock_never_seen_to_be_held_again_is_an_unknown_wait)
{
    struct ffitap__thread *self = ready_thread();

    ffitap__call_lock_released(self, RUNTIME);
    enter(self, STACK);
    ffitap__call_leave(self, STACK);
    enter(self, STACK - 512);

    cr_expect(eq(uint, lttng_double_call_count(), 1));
    cr_expect(eq(uint, lttng_double_call(0)->flags,
                 FFITAP__CALL_GIL_RELEASED | FFITAP__CALL_WAIT_UNKNOWN));
}

Test(tap_call, a_lock_that_is_held_after_another_call_was_made_ends_no_call_twice)
{
    struct ffitap__thread *self = ready_thread();

    ffitap__call_lock_released(self, RUNTIME);
    enter(self, STACK);
    ffitap__call_leave(self, STACK);
    ffitap__call_lock_wanted(self);
    enter(self, STACK - 512);
    ffitap__call_leave(self, STACK - 512);
    ffitap__call_lock_held(self, STACK);

    cr_expect(eq(uint, lttng_double_call_count(), 2));
    cr_expect(eq(uint, self->depth, 0));
}

Test(tap_call, one_call_deeper_than_there_is_room_for_is_lost_and_the_others_are_not)
{
    struct ffitap__thread *self = ready_thread();

    for (unsigned i = 0; i < FFITAP__FRAME_MAX; i++)
        enter(self, STACK - 16 * i);
    cr_expect(eq(uint, lttng_double_lost_count(), 0));

    cr_expect(eq(ptr, enter(self, STACK - 16 * FFITAP__FRAME_MAX), NULL));
    cr_expect(eq(uint, lttng_double_lost_count(), 1));
    cr_expect(eq(int, lttng_double_lost(0)->what, FFITAP__LOST_CALL));

    ffitap__call_leave(self, STACK);
    cr_expect(eq(uint, lttng_double_call_count(), FFITAP__FRAME_MAX));
}

static void *leave_calls_open(void *unused)
{
    struct ffitap__thread *self = ready_thread();

    enter(self, STACK);
    enter(self, STACK - 512);
    return unused;
}

Test(tap_call, what_a_thread_had_under_way_is_unfinished_when_it_ends)
{
    pthread_t thread;

    pthread_create(&thread, NULL, leave_calls_open, NULL);
    pthread_join(thread, NULL);

    cr_expect(eq(uint, lttng_double_call_count(), 2));
    cr_expect(eq(uint, lttng_double_call(0)->flags, FFITAP__CALL_UNFINISHED));
}

Test(tap_call, calls_of_a_forked_child_have_ids_of_their_own)
{
    struct ffitap__thread *self = ready_thread();
    int status = 0;

    enter(self, STACK);
    ffitap__call_leave(self, STACK);
    const uint64_t parents_next = self->next_call_id + 1;
    const pid_t child = fork();
    if (!child)
        _exit(enter(self, STACK)->call_id == parents_next);
    cr_assert(eq(int, waitpid(child, &status, 0), child));
    cr_expect(eq(int, status, 0));
}

Test(tap_call, of_a_call_under_way_a_forked_child_tells_only_the_return)
{
    struct ffitap__thread *self = ready_thread();
    int status = 0;

    enter(self, STACK);
    enter(self, STACK - 100);
    const pid_t child = fork();
    if (!child) {
        lttng_double_reset();
        ffitap__call_leave(self, STACK); /* past the inner one, which never does here */
        _exit(lttng_double_call_count() != 1 || lttng_double_call(0)->flags != 0 || self->depth);
    }
    ffitap__call_drop_all(self);
    cr_expect(eq(uint, lttng_double_call_count(), 2));
    cr_assert(eq(int, waitpid(child, &status, 0), child));
    cr_expect(eq(int, status, 0));
}
