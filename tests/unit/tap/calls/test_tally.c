#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kept.h"
#include "tap/calls/call.h"
#include "tap/known/function.h"
#include "tap/calls/callback.h"
#include "tap/base/lock.h"
#include "tap/known/runtime.h"

TestSuite(tap_tally, .init = kept_start, .fini = kept_remove);

Test(tap_tally, calls_are_counted_with_their_times)
{
    for (int i = 0; i < 5; i++)
        kept_call((void *)strlen, false);
    const struct ffitap__statistics_header *header = kept_file(getpid());
    const struct ffitap__statistics_cell *cell = kept_newest_cell(header);

    cr_expect(eq(u64, cell->count, 5));
    cr_expect(eq(u64, kept_sum(header, cell->buckets), 5));
    cr_expect(le(u64, cell->min_ns, cell->max_ns));
    cr_expect(ge(u64, cell->total_ns, cell->max_ns));
    cr_expect(eq(u64, cell->callbacks_ns, 0));
    cr_expect(eq(u64, cell->held_calls, 0));
    cr_expect(eq(u64, cell->windows, 0));
    cr_expect(gt(u64, header->rate, 0));
}

Test(tap_tally, functions_and_runtimes_are_named)
{
    ffitap__function_announce((void *)strlen, "strlen_by_name");
    kept_call((void *)strlen, false);
    const struct ffitap__statistics_header *header = kept_file(getpid());
    const struct ffitap__statistics_function *function =
        kept_at(header, header->lists[FFITAP__STATISTICS_FUNCTIONS]);
    const struct ffitap__statistics_runtime *named =
        kept_at(header, header->lists[FFITAP__STATISTICS_RUNTIMES]);

    cr_expect(eq(str, kept_text(header, function->symbol), "strlen_by_name"));
    cr_expect(eq(uint, function->id, kept_newest_cell(header)->function_id));
    cr_expect(eq(str, kept_text(header, named->name), "made-up"));
    cr_expect(eq(uint, named->id, kept_newest_cell(header)->runtime_id));
}

Test(tap_tally, windows_and_waits_are_counted)
{
    kept_call_with_window((void *)strlen);
    kept_call_with_window((void *)strlen);
    const struct ffitap__statistics_header *header = kept_file(getpid());
    const struct ffitap__statistics_windows *windows =
        kept_at(header, kept_newest_cell(header)->windows);

    cr_assert(ne(ptr, (void *)windows, NULL));
    cr_expect(eq(u64, windows->count, 2));
    cr_expect(eq(u64, kept_sum(header, windows->wait_buckets), 2));
    cr_expect(ge(u64, windows->released_ns, windows->wait_total_ns));
    cr_expect(eq(u64, kept_newest_cell(header)->held_calls, 0));
}

Test(tap_tally, calls_that_keep_the_lock_are_counted)
{
    kept_call((void *)strlen, true);
    cr_expect(eq(u64, kept_newest_cell(kept_file(getpid()))->held_calls, 1));
}

/* Functions that nobody exports, sixteen bytes apart. */
static void *made_up(unsigned i)
{
    return (void *)(uintptr_t)(0x100000 + i * 16);
}

static const struct ffitap__statistics_cell *cell_of(const struct ffitap__statistics_header *header,
                                                     uint32_t function_id, uint16_t runtime_id)
{
    const struct ffitap__statistics_cell *cell = kept_at(header, kept_thread(header)->cells);

    while (cell && (cell->function_id != function_id || cell->runtime_id != runtime_id))
        cell = kept_at(header, cell->link.next);
    cr_assert(ne(ptr, (void *)cell, NULL));
    return cell;
}

static uint64_t count_of(const void *address)
{
    return cell_of(kept_file(getpid()), ffitap__function_at(address)->id, kept_runtime)->count;
}

Test(tap_tally, more_functions_than_a_thread_remembers_are_counted_one_by_one)
{
    const unsigned functions = 3 * FFITAP__THREAD_MEMOS;

    for (unsigned round = 0; round < 4; round++)
        for (unsigned i = 0; i < functions; i++)
            kept_call(made_up(i), round % 2);
    for (unsigned i = 0; i < functions; i += 61)
        cr_expect(eq(u64, count_of(made_up(i)), 4));
}

Test(tap_tally, a_function_is_counted_apart_for_each_runtime)
{
    const uint16_t first = kept_runtime;
    const uint16_t other = ffitap__runtime_add("another", "/lib/another.so", "", FFITAP__LOCK_NONE);

    for (unsigned i = 0; i < 30; i++) {
        kept_runtime = i % 3 ? first : other;
        kept_call((void *)strlen, false);
    }
    const uint32_t id = ffitap__function_at((void *)strlen)->id;
    cr_expect(eq(u64, cell_of(kept_file(getpid()), id, first)->count, 20));
    cr_expect(eq(u64, cell_of(kept_file(getpid()), id, other)->count, 10));
}

Test(tap_tally, what_comes_to_an_address_later_is_another_function)
{
    ffitap__function_announce(made_up(1), "first");
    for (int i = 0; i < 5; i++)
        kept_call(made_up(1), false);
    const uint32_t first = ffitap__function_at(made_up(1))->id;

    ffitap__lock();
    ffitap__function_retire((uintptr_t)made_up(1), (uintptr_t)made_up(2));
    ffitap__unlock();
    ffitap__function_announce(made_up(1), "second");
    for (int i = 0; i < 7; i++)
        kept_call(made_up(1), false);
    cr_expect(eq(u64, cell_of(kept_file(getpid()), first, kept_runtime)->count, 5));
    cr_expect(eq(u64, count_of(made_up(1)), 7));
}

Test(tap_tally, calls_nest_deeper_than_is_told_of)
{
    struct ffitap__thread *self = ffitap__thread_get();
    const uintptr_t stack = (uintptr_t)__builtin_frame_address(0);
    const unsigned depth = 3 * FFITAP__STATISTICS_IN_FLIGHT;

    for (int round = 0; round < 3; round++) {
        for (unsigned i = 0; i < depth; i++)
            ffitap__call_enter(self, kept_runtime, (void *)strlen, false, stack - i * 64);
        cr_expect(eq(uint, kept_thread(kept_file(getpid()))->depth, depth));
        for (unsigned i = depth; i-- > 0;)
            ffitap__call_leave(self, stack - i * 64);
    }
    cr_expect(eq(uint, kept_thread(kept_file(getpid()))->depth, 0));
    cr_expect(eq(u64, kept_newest_cell(kept_file(getpid()))->count, 3 * depth));
}

static void call_from_handler(int signal)
{
    (void)signal;
    kept_call((void *)strlen, false);
}

Test(tap_tally, a_signal_handler_in_a_call_makes_calls_of_its_own)
{
    struct ffitap__thread *self = ffitap__thread_get();
    const uintptr_t stack = (uintptr_t)__builtin_frame_address(0);

    signal(SIGUSR1, call_from_handler);
    for (int i = 0; i < 10; i++) {
        ffitap__call_enter(self, kept_runtime, made_up(1), false, stack);
        raise(SIGUSR1);
        ffitap__call_leave(self, stack);
    }
    cr_expect(eq(u64, count_of(made_up(1)), 10));
    cr_expect(eq(u64, count_of((void *)strlen), 10));
}

/* A signal handler jumped out of the tap, where it had only taken a frame. */
Test(tap_tally, a_call_that_never_began_is_none)
{
    struct ffitap__thread *self = ffitap__thread_get();

    for (int i = 0; i < 3; i++) {
        kept_call((void *)strlen, false);
        ffitap__call_push(self, (uintptr_t)__builtin_frame_address(0) - 4096);
    }
    kept_call((void *)strlen, false);
    const struct ffitap__statistics_cell *cell = kept_newest_cell(kept_file(getpid()));
    cr_expect(eq(u64, cell->count, 4));
    cr_expect(eq(u64, cell->unfinished, 0));
    cr_expect(eq(uint, self->depth, 0));
    cr_expect(eq(uint, kept_thread(kept_file(getpid()))->depth, 0));
}

/* A thread that waits for its lock has left native code, but is still in the call. */
Test(tap_tally, a_call_that_waits_for_its_lock_gives_up_where_another_is_made)
{
    struct ffitap__thread *self = ffitap__thread_get();

    for (int i = 0; i < 10; i++) {
        ffitap__call_lock_released(self, kept_runtime);
        kept_call(made_up(1), true);
        kept_call((void *)strlen, false);
        ffitap__call_lock_held(self, (uintptr_t)__builtin_frame_address(0));
    }
    const struct ffitap__statistics_header *header = kept_file(getpid());
    const struct ffitap__statistics_cell *cell =
        cell_of(header, ffitap__function_at(made_up(1))->id, kept_runtime);
    const struct ffitap__statistics_windows *windows = kept_at(header, cell->windows);

    cr_assert(ne(ptr, (void *)windows, NULL));
    cr_expect(eq(u64, windows->count, 10));
    cr_expect(eq(u64, windows->wait_unknown, 10));
    cr_expect(eq(u64, kept_sum(header, windows->wait_buckets), 0));
    cr_expect(eq(u64, count_of((void *)strlen), 10));
}

Test(tap_tally, each_errno_has_its_count)
{
    struct ffitap__thread *self = ffitap__thread_get();
    const uintptr_t stack = (uintptr_t)__builtin_frame_address(0);

    for (int value = 1; value <= 6; value++) {
        ffitap__call_errno_asked(self, stack, 0);
        errno = 6;
        ffitap__call_enter(self, kept_runtime, (void *)strlen, false, stack);
        errno = value;
        ffitap__call_leave(self, stack);
    }
    const struct ffitap__statistics_header *header = kept_file(getpid());
    const struct ffitap__statistics_errnos *newest =
        kept_at(header, kept_newest_cell(header)->errnos);

    cr_assert(ne(ptr, (void *)newest, NULL));
    cr_expect(eq(int, newest->outcomes[0].value, 5));
    cr_expect(eq(u64, newest->outcomes[0].unchanged, 0));
    cr_expect(eq(int, newest->outcomes[1].value, 6));
    cr_expect(eq(u64, newest->outcomes[1].unchanged, 1));
    cr_expect(eq(uint, newest->outcomes[2].used, 0));
    cr_expect(ne(u64, newest->next, 0));
}

Test(tap_tally, the_call_that_a_thread_is_in_is_named)
{
    struct ffitap__thread *self = ffitap__thread_get();
    const uintptr_t stack = (uintptr_t)__builtin_frame_address(0);
    struct ffitap__frame *frame =
        ffitap__call_enter(self, kept_runtime, (void *)strlen, false, stack);
    const struct ffitap__statistics_thread *thread = kept_thread(kept_file(getpid()));

    cr_expect(eq(uint, thread->depth, 1));
    cr_expect(eq(int, thread->tid, gettid()));
    cr_expect(eq(uint, thread->in_flight[0].function_id, frame->callee.function_id));
    cr_expect(eq(u64, thread->in_flight[0].entered_ticks, frame->entered));
    ffitap__call_leave(self, stack);
    cr_expect(eq(uint, thread->depth, 0));
}

/* Makes a call with a window, up to the moment at which the thread asks for its lock. */
static const struct ffitap__statistics_thread *wait_in(struct ffitap__thread *self, uintptr_t stack)
{
    ffitap__call_lock_released(self, kept_runtime);
    ffitap__call_enter(self, kept_runtime, (void *)strlen, true, stack);
    const struct ffitap__statistics_thread *thread = kept_thread(kept_file(getpid()));
    cr_expect(ne(u64, thread->left_entered_ticks, thread->in_flight[0].entered_ticks));
    ffitap__call_leave(self, stack);
    ffitap__call_lock_wanted(self);
    return thread;
}

Test(tap_tally, a_call_that_waits_for_its_lock_says_since_when)
{
    struct ffitap__thread *self = ffitap__thread_get();
    const uintptr_t stack = (uintptr_t)__builtin_frame_address(0);

    for (int i = 0; i < 3; i++) {
        const struct ffitap__statistics_thread *thread = wait_in(self, stack);
        cr_expect(eq(uint, thread->depth, 1));
        cr_expect(eq(u64, thread->left_entered_ticks, thread->in_flight[0].entered_ticks));
        cr_expect(ge(u64, thread->left_ticks, thread->in_flight[0].entered_ticks));
        ffitap__call_lock_held(self, stack);
        cr_expect(eq(uint, thread->depth, 0));
    }
}

Test(tap_tally, a_call_that_the_parent_began_waits_in_no_file_of_the_parents)
{
    struct ffitap__thread *self = ffitap__thread_get();
    const uintptr_t stack = (uintptr_t)__builtin_frame_address(0);

    ffitap__call_lock_released(self, kept_runtime);
    ffitap__call_enter(self, kept_runtime, (void *)strlen, true, stack);
    const struct ffitap__statistics_thread *thread = kept_thread(kept_file(getpid()));
    const pid_t child = fork();
    if (child == 0) {
        ffitap__call_leave(self, stack);
        ffitap__call_lock_held(self, stack);
        _exit(0);
    }
    kept_wait_for(child);
    cr_expect(eq(u64, thread->left_entered_ticks, 0));
    ffitap__call_leave(self, stack);
    ffitap__call_lock_held(self, stack);
}

Test(tap_tally, how_long_the_first_call_goes_on_can_be_told_before_it_ends)
{
    struct ffitap__thread *self = ffitap__thread_get();
    const uintptr_t stack = (uintptr_t)__builtin_frame_address(0);

    usleep(5000);
    ffitap__call_enter(self, kept_runtime, (void *)strlen, false, stack);
    const struct ffitap__statistics_header *header = kept_file(getpid());

    cr_expect(ne(u64, header->rate, 0));
    ffitap__call_leave(self, stack);
}

Test(tap_tally, a_count_that_is_full_goes_on_in_another_piece)
{
    static const uint32_t full[FFITAP__STATISTICS_BUCKETS] = {[0 ... 15] = UINT32_MAX};
    char path[96];

    for (int i = 0; i < 100; i++)
        kept_call((void *)strlen, false);
    const struct ffitap__statistics_header *header = kept_file(getpid());
    const struct ffitap__statistics_cell *cell = kept_newest_cell(header);
    snprintf(path, sizeof(path), "%s/%d.0" FFITAP__STATISTICS_SUFFIX, kept_folder, getpid());
    const int file = open(path, O_WRONLY | O_CLOEXEC);
    for (uint64_t piece = cell->buckets; piece;
         piece = ((const struct ffitap__statistics_buckets *)kept_at(header, piece))->next)
        pwrite(file, full, sizeof(full),
               (off_t)(piece + offsetof(struct ffitap__statistics_buckets, counts)));
    close(file);
    const uint64_t before = kept_sum(header, cell->buckets);

    for (int i = 0; i < 100; i++)
        kept_call((void *)strlen, false);
    cr_expect(eq(u64, cell->count, 200));
    cr_expect(eq(u64, kept_sum(header, cell->buckets), before + 100));
}

Test(tap_tally, callbacks_have_cells_of_their_own)
{
    struct ffitap__callback callback;
    struct ffitap__thread *self = ffitap__thread_get();

    ffitap__callback_enter(self, &callback, (void *)strlen, kept_runtime,
                           (uintptr_t)__builtin_frame_address(0));
    ffitap__callback_leave(self, &callback);
    const struct ffitap__statistics_cell *cell = kept_newest_cell(kept_file(getpid()));

    cr_expect(eq(uint, cell->kind, FFITAP__STATISTICS_CALLBACKS));
    cr_expect(eq(u64, cell->count, 1));
    cr_expect(eq(uint, cell->function_id, 0));
}
