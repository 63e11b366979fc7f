#include "shim/interfaces/ffi/closure.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "lttng_double.h"

#define RUNTIME 5
#define REFUSED 1 /* FFI_BAD_TYPEDEF */

static const _Atomic uint16_t runtime = RUNTIME;
static const struct ffitap__closure_owner owner = {&runtime, false};
static const struct ffitap__closure_owner reader = {&runtime, true};

/* What stands in for a closure of libffi's: the function that it calls, and its data. */
struct closure {
    ffitap__closure_handler *handler;
    void *data;
};

static int prepare_at(void *closure, void *cif, ffitap__closure_handler *handler, void *data,
                      void *code)
{
    (void)cif;
    (void)code;
    *(struct closure *)closure = (struct closure){handler, data};
    return 0;
}

static int prepare_here(void *closure, void *cif, ffitap__closure_handler *handler, void *data)
{
    return prepare_at(closure, cif, handler, data, closure);
}

static int refuse(void *closure, void *cif, ffitap__closure_handler *handler, void *data,
                  void *code)
{
    (void)closure;
    (void)cif;
    (void)handler;
    (void)data;
    (void)code;
    return REFUSED;
}

static int agree(void *closure, void *cif, ffitap__closure_handler *handler, void *data, void *code)
{
    (void)refuse(closure, cif, handler, data, code);
    return 0;
}

/* Notes the request at `cif`. */
static int note_request(void *closure, void *cif, ffitap__closure_handler *handler, void *data,
                        void *code)
{
    (void)closure;
    (void)code;
    *(struct closure *)cif = (struct closure){handler, data};
    return REFUSED;
}

static void *freed;

static void note_freed(void *closure)
{
    freed = closure;
}

static void free_nothing(void *closure)
{
    (void)closure;
}

static void call(const struct closure *closure)
{
    closure->handler(NULL, NULL, NULL, closure->data);
}

static void count(void *cif, void *result, void **arguments, void *data)
{
    (void)cif;
    (void)result;
    (void)arguments;
    ++*(int *)data;
}

static void count_by_100(void *cif, void *result, void **arguments, void *data)
{
    (void)cif;
    (void)result;
    (void)arguments;
    *(int *)data += 100;
}

static int prepare(struct closure *closure, ffitap__closure_handler *handler, void *data)
{
    return ffitap__closure_prepare_at(prepare_at, &owner, closure, NULL, handler, data,
                                      (void *)0xC0DE);
}

Test(closure, calls_the_runtimes_own_handler_with_its_own_data)
{
    struct closure closure;
    int calls = 0;

    cr_assert(eq(int, prepare(&closure, count, &calls), 0));
    call(&closure);
    call(&closure);
    cr_expect(eq(int, calls, 2));
}

Test(closure, tells_each_call_under_the_address_of_its_code)
{
    struct closure closure;
    int calls = 0;

    prepare(&closure, count, &calls);
    lttng_double_reset();
    call(&closure);
    cr_expect(eq(str, (char *)lttng_double_names(), "callback_entry callback_exit "));
    cr_expect(eq(ulong, lttng_double_callback_exit(0)->closure, 0xC0DE));
    cr_expect(eq(uint, lttng_double_callback_exit(0)->runtime_id, RUNTIME));
}

Test(closure, one_that_is_its_own_code_is_told_under_its_address)
{
    struct closure closure;
    int calls = 0;

    cr_assert(
        eq(int, ffitap__closure_prepare(prepare_here, &owner, &closure, NULL, count, &calls), 0));
    call(&closure);
    cr_expect(eq(int, calls, 1));
    cr_expect(eq(ulong, lttng_double_callback_exit(0)->closure, (uintptr_t)&closure));
}

Test(closure, prepared_while_nobody_listens_is_told_once_somebody_does)
{
    struct closure closure;
    int calls = 0;

    lttng_double_wants_calls = false;
    prepare(&closure, count, &calls);
    call(&closure);
    cr_expect(eq(uint, lttng_double_callback_exit_count(), 0));
    lttng_double_wants_calls = true;
    call(&closure);
    cr_expect(eq(uint, lttng_double_callback_exit_count(), 1));
    cr_expect(eq(int, calls, 2));
}

Test(closure, prepared_again_calls_the_new_handler_only)
{
    struct closure closure;
    int old = 0, new = 0;

    prepare(&closure, count, &old);
    prepare(&closure, count_by_100, &new);
    call(&closure);
    cr_expect(eq(int, old, 0));
    cr_expect(eq(int, new, 100));
}

Test(closure, that_libffi_refuses_to_prepare_again_stays_as_it_was)
{
    struct closure closure;
    int old = 0, new = 0;

    prepare(&closure, count, &old);
    cr_assert(eq(int, ffitap__closure_prepare_at(refuse, &owner, &closure, NULL, count, &new, NULL),
                 REFUSED));
    /* The record that the refused closure had is given to another closure. */
    for (uintptr_t i = 1; i <= 100000; i++)
        ffitap__closure_prepare_at(agree, &owner, (void *)(i * 64), NULL, count_by_100, &new, NULL);
    call(&closure);
    cr_expect(eq(int, old, 1));
    cr_expect(eq(int, new, 0));
}

/* A libffi inside an object prepares its old kind of closure through the object's own slot. */
static int prepare_through_the_other(void *closure, void *cif, ffitap__closure_handler *handler,
                                     void *data)
{
    return ffitap__closure_prepare_at(prepare_at, &owner, closure, cif, handler, data, closure);
}

Test(closure, prepared_through_two_hooks_is_told_once)
{
    struct closure closure;
    int calls = 0;

    ffitap__closure_prepare(prepare_through_the_other, &owner, &closure, NULL, count, &calls);
    call(&closure);
    cr_expect(eq(int, calls, 1));
    cr_expect(eq(uint, lttng_double_callback_exit_count(), 1));
}

static int prepare_for_reader(struct closure *closure, ffitap__closure_handler *handler, void *data)
{
    return ffitap__closure_prepare_at(prepare_at, &reader, closure, NULL, handler, data,
                                      (void *)0xC0DE);
}

Test(closure, holds_the_runtimes_own_data_where_it_looks_for_that)
{
    struct closure one, other;
    int calls = 0, other_calls = 0;

    prepare_for_reader(&one, count, &calls);
    prepare_for_reader(&other, count_by_100, &other_calls);
    cr_expect(eq(ptr, one.data, &calls));
    call(&one);
    call(&other);
    cr_expect(eq(int, calls, 1));
    cr_expect(eq(int, other_calls, 100));
    cr_expect(eq(uint, lttng_double_callback_exit_count(), 2));
    cr_expect(eq(ulong, lttng_double_callback_exit(0)->closure, 0xC0DE));
}

Test(closure, prepared_again_with_data_that_is_looked_for_calls_the_new_handler_only)
{
    struct closure closure;
    int calls = 0;

    for (int i = 0; i < 10; i++) {
        prepare_for_reader(&closure, i % 2 ? count : count_by_100, &calls);
        call(&closure);
    }
    cr_expect(eq(int, calls, 505));
}

Test(closure, is_freed_by_libffi)
{
    struct closure closure;

    ffitap__closure_free(note_freed, &closure);
    cr_expect(eq(ptr, freed, &closure));
    ffitap__closure_free(note_freed, NULL);
    cr_expect(eq(ptr, freed, NULL));
}

/* A closure that gets the address of a freed one is reported with its own code and runtime,
 * whatever was there before. */
Test(closure, prepared_where_one_was_freed_is_told_with_its_own_code_and_runtime)
{
    static const _Atomic uint16_t other_runtime = RUNTIME + 1;
    static const struct ffitap__closure_owner other_owner = {&other_runtime, false};
    struct closure closure;
    int calls = 0;

    prepare(&closure, count, &calls);
    ffitap__closure_free(free_nothing, &closure);
    ffitap__closure_prepare_at(prepare_at, &other_owner, &closure, NULL, count_by_100, &calls,
                               (void *)0xCAFE);
    call(&closure);
    cr_expect(eq(int, calls, 100));
    cr_expect(eq(ulong, lttng_double_callback_exit(0)->closure, 0xCAFE));
    cr_expect(eq(uint, lttng_double_callback_exit(0)->runtime_id, RUNTIME + 1));
}

static int of_next;

/* Another thread gets the closure as soon as libffi has it back. */
static void free_and_prepare(void *closure)
{
    prepare(closure, count, &of_next);
}

Test(closure, freed_one_may_be_prepared_by_another_thread_at_once)
{
    struct closure closure;
    int calls = 0;

    prepare(&closure, count_by_100, &calls);
    ffitap__closure_free(free_and_prepare, &closure);
    /* A record that was given back is given to another closure. */
    for (uintptr_t i = 1; i <= 100000; i++)
        ffitap__closure_prepare_at(agree, &owner, (void *)(i * 64), NULL, count_by_100, &calls,
                                   NULL);
    call(&closure);
    cr_expect(eq(int, of_next, 1));
    cr_expect(eq(int, calls, 0));
}

Test(closure, that_is_none_is_prepared_as_it_was_asked_for)
{
    struct closure none = {NULL, NULL};
    int calls = 0;

    ffitap__closure_prepare_at(note_request, &owner, NULL, &none, count, &calls, NULL);
    cr_expect(eq(ptr, (void *)none.handler, (void *)count));
    cr_expect(eq(ptr, none.data, &calls));
}

static int distinct(void *const *pointers, size_t size)
{
    int found = 0;

    for (size_t i = 0; i < size; i++) {
        size_t earlier = 0;

        while (earlier < i && pointers[earlier] != pointers[i])
            earlier++;
        found += earlier == i;
    }
    return found;
}

Test(closure, prepared_a_hundred_thousand_times_takes_as_much_memory_as_two)
{
    struct closure closure;
    void *seen[100];
    int calls = 0;

    for (int i = 0; i < 100000; i++) {
        prepare(&closure, i % 2 ? count : count_by_100, &calls);
        seen[i % 100] = closure.data;
    }
    cr_expect(le(int, distinct(seen, 100), 2));
}

Test(closure, freed_ones_leave_room_for_others)
{
    int calls = 0;

    for (uintptr_t i = 1; i <= 2 * FFITAP__CLOSURE_MAX; i++) {
        void *closure = (void *)(i * 64);

        ffitap__closure_prepare_at(agree, &owner, closure, NULL, count, &calls, NULL);
        ffitap__closure_free(free_nothing, closure);
    }
    cr_expect(eq(uint, lttng_double_lost_count(), 0));
}

Test(closure, refused_ones_leave_room_for_others)
{
    int calls = 0;

    for (uintptr_t i = 1; i <= 2 * FFITAP__CLOSURE_MAX; i++)
        ffitap__closure_prepare_at(refuse, &owner, (void *)(i * 64), NULL, count, &calls, NULL);
    cr_expect(eq(uint, lttng_double_lost_count(), 0));
}

Test(closure, for_which_there_is_no_room_is_prepared_as_it_was_asked_for_and_counted)
{
    struct closure closure;
    int calls = 0;

    for (uintptr_t i = 0; i < FFITAP__CLOSURE_MAX; i++)
        ffitap__closure_prepare_at(agree, &owner, (void *)(i * 32 + 32), NULL, count, &calls, NULL);
    errno = 33;
    cr_assert(eq(int, prepare(&closure, count, &calls), 0));
    cr_expect(eq(int, errno, 33));
    cr_expect(eq(ptr, (void *)closure.handler, (void *)count));
    cr_expect(eq(ptr, closure.data, &calls));
    cr_expect(eq(uint, lttng_double_lost_count(), 1));
    cr_expect(eq(uint, lttng_double_lost(0)->what, FFITAP__LOST_RUNTIME));
}

/* As cffi's, whose handler looks its data up in the closure: records are found by the data. */
Test(closure, for_which_there_is_no_room_leaves_another_with_the_same_data_its_record)
{
    struct closure first, second;
    int calls = 0;

    for (uintptr_t i = 1; i < FFITAP__CLOSURE_MAX; i++)
        ffitap__closure_prepare_at(agree, &owner, (void *)(i * 32), NULL, count, &calls, NULL);
    ffitap__closure_prepare_at(prepare_at, &reader, &first, NULL, count, &calls, NULL);
    ffitap__closure_prepare_at(prepare_at, &reader, &second, NULL, count, &calls, NULL);
    cr_expect(eq(uint, lttng_double_lost_count(), 1));
    call(&first);
    call(&second);
    cr_expect(eq(int, calls, 2));
}

/* Frees its closure, which then goes to another handler. */
static void free_own(void *cif, void *result, void **arguments, void *data)
{
    static int calls;

    (void)cif;
    (void)result;
    (void)arguments;
    ffitap__closure_free(note_freed, data);
    ffitap__closure_prepare_at(prepare_at, &owner, data, NULL, count, &calls, (void *)0xDEAD);
}

Test(closure, may_be_freed_by_its_own_handler)
{
    struct closure closure;

    prepare(&closure, free_own, &closure);
    call(&closure);
    cr_expect(eq(ptr, freed, &closure));
    cr_expect(eq(ulong, lttng_double_callback_exit(0)->closure, 0xC0DE));
    cr_expect(eq(uint, lttng_double_callback_exit_count(), 1));
}

static void compare_errno(void *cif, void *result, void **arguments, void *data)
{
    (void)cif;
    (void)result;
    (void)arguments;
    *(int *)data = errno;
    errno = 55;
}

Test(closure, errno_passes_in_and_out)
{
    struct closure closure;
    int inside = 0;

    prepare(&closure, compare_errno, &inside);
    errno = 44;
    call(&closure);
    cr_expect(eq(int, errno, 55));
    cr_expect(eq(int, inside, 44));
}

#define CROWD  4
#define ROUNDS 20000

/* Only its own closures are called with its own data, whatever the others prepare and free. */
static void *prepare_and_free(void *wrong)
{
    struct closure closures[8];
    int calls = 0;

    for (int i = 0; i < ROUNDS; i++) {
        struct closure *closure = &closures[i % 8];

        prepare(closure, count, &calls);
        call(closure);
        ffitap__closure_free(free_nothing, closure);
    }
    *(bool *)wrong = calls != ROUNDS;
    return NULL;
}

Test(closure, threads_do_not_mix_theirs_up)
{
    pthread_t threads[CROWD];
    bool wrong[CROWD];

    lttng_double_wants_calls = false;
    for (int i = 0; i < CROWD; i++)
        cr_assert(eq(int, pthread_create(&threads[i], NULL, prepare_and_free, &wrong[i]), 0));
    for (int i = 0; i < CROWD; i++) {
        pthread_join(threads[i], NULL);
        cr_expect(not(wrong[i]));
    }
}
