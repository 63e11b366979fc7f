/* Statistics that start and stop while calls are under way, in other threads and in children. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "counted.h"
#include "open.h"

TestSuite(core_statistics_under_way, .init = counted_begin, .fini = counted_end);

static void stop_it(void *result, void *const *arguments, void *data)
{
    (void)result;
    (void)arguments;
    (void)data;
    counted_stop();
}

static void restart_it(void *result, void *const *arguments, void *data)
{
    counted_stop();
    counted_start();
    stop_it(result, arguments, data);
    counted_start();
    counted_call(3);
}

/* Calls the code of a callback, which calls `handler`. */
static void call_through(ffitap_handler *handler)
{
    const struct ffitap_type *nothing = ffitap_type_borrow(FFITAP_TYPE_VOID);
    struct ffitap_callback *callback = NULL;
    struct ffitap_function *function = NULL;

    counted_check(ffitap_callback_create(handler, NULL, FFITAP_CDLL, nothing, NULL, 0, 0, &callback,
                                         NULL) == FFITAP_OK);
    counted_check(ffitap_function_create_at(ffitap_callback_get_code(callback), "code", FFITAP_CDLL,
                                            0, &function, NULL) == FFITAP_OK);
    counted_check(ffitap_function_set_result(function, nothing, NULL) == FFITAP_OK);
    atomic_fetch_add(&counted_calls_made, 1);
    counted_check(ffitap_function_call(function, NULL, NULL, 0, NULL) == FFITAP_OK);
    ffitap_function_destroy(function);
    ffitap_callback_destroy(callback);
}

static uint32_t depth_in(unsigned number)
{
    const struct ffitap__statistics_header *header = counted_file(getpid(), number);
    const struct ffitap__statistics_thread *thread =
        counted_at(header, header->lists[FFITAP__STATISTICS_THREADS]);

    return thread->depth;
}

Test(core_statistics_under_way, a_call_that_is_under_way_when_they_are_stopped_is_counted)
{
    counted_start();
    counted_call(1);
    call_through(stop_it);
    cr_expect(eq(u64, counted_calls_in(0), 2));
    cr_expect(eq(uint, depth_in(0), 0));
}

Test(core_statistics_under_way, a_call_under_way_counts_where_it_began)
{
    counted_start();
    counted_call(1);
    call_through(restart_it);
    counted_call(1);
    cr_expect(eq(u64, counted_calls_in(0), 2));
    cr_expect(eq(uint, depth_in(0), 0));
    cr_expect(eq(u64, counted_calls_in(1), 0));
    cr_expect(eq(u64, counted_calls_in(2), 4));
    cr_expect(eq(uint, depth_in(2), 0));
}

Test(core_statistics_under_way, what_is_stopped_is_not_mapped_any_longer)
{
    counted_start();
    counted_call(1);
    cr_expect(counted_is_mapped());
    counted_stop();
    cr_expect(not(counted_is_mapped()));
}

static atomic_uint rounds_done, rounds_wanted;

static void *call_in_rounds(void *unused)
{
    for (unsigned round = 1; round <= 3; round++) {
        while (atomic_load(&rounds_wanted) < round)
            sched_yield();
        counted_call(10 * round);
        atomic_store(&rounds_done, round);
    }
    return unused;
}

static void let_call(unsigned round)
{
    atomic_store(&rounds_wanted, round);
    while (atomic_load(&rounds_done) < round)
        sched_yield();
}

Test(core_statistics_under_way, every_thread_notices)
{
    pthread_t thread;

    pthread_create(&thread, NULL, call_in_rounds, NULL);
    counted_start();
    let_call(1);
    counted_stop();
    let_call(2);
    cr_expect(counted_is_mapped()); /* the thread could be in a call */
    counted_start();
    let_call(3);
    pthread_join(thread, NULL);
    counted_stop();
    cr_expect(eq(u64, counted_calls_in(0), 10));
    cr_expect(eq(u64, counted_calls_in(1), 30));
    cr_expect(not(counted_is_mapped()));
}

static void wait_for(int pid)
{
    int status = 0;

    cr_assert(eq(int, waitpid(pid, &status, 0), pid));
    cr_expect(eq(int, status, 0));
}

Test(core_statistics_under_way, a_forked_child_has_a_file_of_its_own)
{
    counted_start();
    counted_call(1);
    const int pid = fork();
    if (pid == 0) {
        const bool had_none = !counted_file(getpid(), 0);

        counted_call(2);
        const bool has_two = counted_calls_in(0) == 2;
        counted_stop();
        counted_call(4);
        counted_start();
        counted_call(3);
        _exit(had_none && has_two && counted_calls_in(0) == 2 && counted_calls_in(1) == 3 ? 0 : 1);
    }
    wait_for(pid);
    cr_expect(eq(u64, counted_calls_in(0), 1));
}

Test(core_statistics_under_way, a_child_that_called_nothing_can_stop_them)
{
    counted_start();
    const int pid = fork();
    if (pid == 0) {
        counted_stop();
        counted_call(1);
        _exit(counted_file(getpid(), 0) ? 1 : 0);
    }
    wait_for(pid);
}

static int fork_past_libc(void)
{
    return (int)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);
}

Test(core_statistics_under_way, a_child_behind_our_back_cannot_start_or_stop_its_parents)
{
    counted_start();
    counted_call(1);
    const int pid = fork_past_libc();
    if (pid == 0) {
        const bool refuses =
            ffitap_statistics_start(counted_folder, NULL) == FFITAP_NOT_SUPPORTED &&
            ffitap_statistics_stop(NULL) == FFITAP_NOT_SUPPORTED;
        _exit(refuses ? 0 : 1);
    }
    wait_for(pid);
    counted_call(1);
    counted_stop();
    cr_expect(eq(u64, counted_calls_in(0), 2));
}

static int pid_of_child;

static void fork_it(void *result, void *const *arguments, void *data)
{
    (void)result;
    (void)arguments;
    (void)data;
    pid_of_child = fork_past_libc();
}

/* The child has its parent's file mapped, and a call under way that began in the parent. */
Test(core_statistics_under_way, a_child_behind_our_back_counts_nothing_when_it_returns)
{
    counted_start();
    call_through(fork_it);
    if (pid_of_child == 0)
        _exit(0);
    wait_for(pid_of_child);
    cr_expect(eq(u64, counted_calls_in(0), 1));
}

enum { CALLERS = 8, ROUNDS = 200, BATCH = 64 };

static atomic_bool is_over;

static void call_it(void *result, void *const *arguments, void *data)
{
    (void)result;
    (void)arguments;
    (void)data;
    counted_call(1);
}

static void *call_until_it_is_over(void *unused)
{
    while (!atomic_load(&is_over)) {
        counted_call(BATCH);
        call_through(call_it);
    }
    return unused;
}

/* Makes the calls in threads that come and go. */
static void *call_in_threads(void *unused)
{
    while (!atomic_load(&is_over)) {
        pthread_t thread;

        pthread_create(&thread, NULL, call_in_rounds, NULL);
        pthread_join(thread, NULL);
    }
    return unused;
}

/* Waits for so many calls that at least one thread must have begun and ended a batch of its own
 * meanwhile. */
static void wait_for_others(void)
{
    const uint64_t enough = atomic_load(&counted_calls_made) + (uint64_t)3 * CALLERS * BATCH;

    while (atomic_load(&counted_calls_made) < enough)
        usleep(100);
}

Test(core_statistics_under_way, they_can_be_started_and_stopped_while_threads_call, .timeout = 1000)
{
    pthread_t callers[CALLERS];
    uint64_t counted = 0;

    atomic_store(&counted_calls_made, 0);
    atomic_store(&rounds_wanted, 3);
    /* The first closure is made before the threads start: with it libffi makes the lock for all
     * closures, which the sanitizer does not see. */
    call_through(call_it);
    for (int i = 0; i < CALLERS; i++)
        pthread_create(&callers[i], NULL, i ? call_until_it_is_over : call_in_threads, NULL);
    for (unsigned i = 0; i < ROUNDS; i++) {
        counted_start();
        if (i % 2)
            wait_for_others();
        else
            usleep(i % 8 * 100);
        counted_stop();
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < CALLERS; i++)
        pthread_join(callers[i], NULL);
    for (unsigned i = 0; i < ROUNDS; i++)
        counted += counted_calls_in(i);
    cr_expect(gt(u64, counted, ROUNDS));
    cr_expect(le(u64, counted, atomic_load(&counted_calls_made)));
    cr_expect(not(counted_is_mapped()));
}
