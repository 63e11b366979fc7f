/* What surrounds a handler: errno, threads, the tap, and the end of the callback itself. The tests
 * are the native code. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "callbacks.h"
#include "lttng_double.h"
#include "open.h"

static void no_provider(void)
{
    setenv("FFITAP_LTTNG", "0", 1);
}

TestSuite(core_callback, .init = no_provider);

/* What a handler found, and what it leaves. */
struct values {
    int found;
    int found_private;
    int left;
    int left_private;
};

static void exchange_errno(void *result, void *const *arguments, void *data)
{
    struct values *values = data;

    (void)result;
    (void)arguments;
    values->found = errno;
    values->found_private = ffitap_get_errno();
    ffitap_set_errno(values->left_private);
    errno = values->left;
}

Test(core_callback, errno_passes_both_ways)
{
    struct values values = {.left = 3, .left_private = 4};
    struct ffitap_callback *callback = create_plain(exchange_errno, &values, 0);

    ffitap_set_errno(1);
    errno = 2;
    code_of(callback)();
    cr_expect(eq(int, errno, 3));
    cr_expect(eq(int, values.found, 2));
    cr_expect(eq(int, values.found_private, 1));
    cr_expect(eq(int, ffitap_get_errno(), 4));
    ffitap_callback_destroy(callback);
}

Test(core_callback, errno_passes_both_ways_when_nobody_listens)
{
    struct values values = {.left = 3, .left_private = 4};
    struct ffitap_callback *callback = create_plain(exchange_errno, &values, 0);

    lttng_double_wants_calls = false;
    errno = 2;
    code_of(callback)();
    cr_expect(eq(int, errno, 3));
    cr_expect(eq(int, values.found, 2));
    ffitap_callback_destroy(callback);
}

Test(core_callback, an_exchange_of_errno_goes_around_the_handler)
{
    struct values values = {.left = 3, .left_private = 4};
    struct ffitap_callback *callback =
        create_plain(exchange_errno, &values, FFITAP_CALLBACK_USE_ERRNO);

    ffitap_set_errno(1);
    errno = 2;
    code_of(callback)();
    cr_expect(eq(int, errno, 4));
    cr_expect(eq(int, values.found, 1));
    cr_expect(eq(int, values.found_private, 2));
    cr_expect(eq(int, ffitap_get_errno(), 3));
    ffitap_callback_destroy(callback);
}

/* Calls `code` back out of native code that finds errno_before in errno. errno_after is what the
 * native code has then. */
static plain_function *code_to_call;
static int errno_before, errno_after;

static void call_code(void)
{
    errno_before = errno;
    errno = 77;
    code_to_call();
    errno_after = errno;
}

static void call_back_through_core(const struct ffitap_callback *callback, unsigned flags)
{
    struct ffitap_function *function = NULL;
    struct ffitap_error error = {0};

    code_to_call = code_of(callback);
    cr_assert(eq(int,
                 ffitap_function_create_at((void *)call_code, "call_code", FFITAP_CDLL, flags,
                                           &function, &error),
                 FFITAP_OK),
              "%s", error.text);
    cr_assert(eq(int,
                 ffitap_function_set_result(function, ffitap_type_borrow(FFITAP_TYPE_VOID), NULL),
                 FFITAP_OK));
    cr_assert(eq(int, ffitap_function_call(function, NULL, NULL, 0, &error), FFITAP_OK));
    ffitap_function_destroy(function);
}

/* As in ctypes: the handler finds the 77 that native code has left, and native code finds the 88
 * that the handler leaves. */
Test(core_callback, an_exchange_within_an_exchanging_call_shows_native_codes_errno)
{
    struct values values = {.left = 66, .left_private = 88};
    struct ffitap_callback *callback =
        create_plain(exchange_errno, &values, FFITAP_CALLBACK_USE_ERRNO);

    ffitap_set_errno(1);
    errno = 2;
    call_back_through_core(callback, FFITAP_USE_ERRNO);
    cr_expect(eq(int, errno, 66)); /* the handler had the caller's own */
    cr_expect(eq(int, errno_before, 1));
    cr_expect(eq(int, values.found, 2));
    cr_expect(eq(int, values.found_private, 77));
    cr_expect(eq(int, errno_after, 88));
    cr_expect(eq(int, ffitap_get_errno(), 88));
    ffitap_callback_destroy(callback);
}

Test(core_callback, without_one_within_an_exchanging_call_the_private_errno_is_the_callers_own)
{
    struct values values = {.left = 66, .left_private = 88};
    struct ffitap_callback *callback = create_plain(exchange_errno, &values, 0);

    ffitap_set_errno(1);
    errno = 2;
    call_back_through_core(callback, FFITAP_USE_ERRNO);
    cr_expect(eq(int, errno, 88));
    cr_expect(eq(int, values.found, 77));
    cr_expect(eq(int, values.found_private, 2));
    cr_expect(eq(int, errno_after, 66));
    cr_expect(eq(int, ffitap_get_errno(), 66));
    ffitap_callback_destroy(callback);
}

Test(core_callback, an_exchange_within_a_call_without_one_leaves_the_call_what_the_handler_set)
{
    struct values values = {.left = 66, .left_private = 88};
    struct ffitap_callback *callback =
        create_plain(exchange_errno, &values, FFITAP_CALLBACK_USE_ERRNO);

    ffitap_set_errno(1);
    errno = 2;
    call_back_through_core(callback, 0);
    cr_expect(eq(int, errno, 88));
    cr_expect(eq(int, errno_before, 2));
    cr_expect(eq(int, values.found, 1));
    cr_expect(eq(int, values.found_private, 77));
    cr_expect(eq(int, ffitap_get_errno(), 66));
    ffitap_callback_destroy(callback);
}

static void exchange_last_error(void *result, void *const *arguments, void *data)
{
    struct values *values = data;

    (void)result;
    (void)arguments;
    values->found = ffitap_get_thread_last_error();
    values->found_private = ffitap_set_last_error(values->left_private);
    ffitap_set_thread_last_error(values->left);
}

Test(core_callback, an_exchange_of_the_last_error_goes_around_the_handler)
{
    struct values values = {.left = 3, .left_private = 4};
    struct ffitap_callback *callback =
        create_plain(exchange_last_error, &values, FFITAP_CALLBACK_USE_LAST_ERROR);

    ffitap_set_last_error(1);
    ffitap_set_thread_last_error(2);
    code_of(callback)();
    cr_expect(eq(int, ffitap_get_thread_last_error(), 4));
    cr_expect(eq(int, values.found, 1));
    cr_expect(eq(int, values.found_private, 2));
    cr_expect(eq(int, ffitap_get_last_error(), 3));
    ffitap_callback_destroy(callback);
}

Test(core_callback, the_last_error_passes_both_ways)
{
    struct values values = {.left = 3, .left_private = 4};
    struct ffitap_callback *callback =
        create_plain(exchange_last_error, &values, FFITAP_CALLBACK_USE_ERRNO);

    ffitap_set_last_error(1);
    ffitap_set_thread_last_error(2);
    code_of(callback)();
    cr_expect(eq(int, ffitap_get_thread_last_error(), 3));
    cr_expect(eq(int, values.found, 2));
    cr_expect(eq(int, values.found_private, 1));
    cr_expect(eq(int, ffitap_get_last_error(), 4));
    ffitap_callback_destroy(callback);
}

static int other_real = 70;

static int get_other(void)
{
    return other_real;
}

static void set_other(int value)
{
    other_real = value;
}

static void name_other_source(void *result, void *const *arguments, void *data)
{
    static const struct ffitap_last_error_source other = {get_other, set_other};

    (void)result;
    (void)arguments;
    (void)data;
    ffitap_set_last_error_source(&other);
}

Test(core_callback, what_it_exchanged_it_puts_back_though_another_source_was_named_meanwhile)
{
    struct ffitap_callback *callback =
        create_plain(name_other_source, NULL, FFITAP_CALLBACK_USE_LAST_ERROR);

    ffitap_set_last_error(1);
    ffitap_set_thread_last_error(2);
    code_of(callback)();
    cr_expect(eq(int, ffitap_get_thread_last_error(), 2));
    cr_expect(eq(int, ffitap_get_last_error(), 1));
    cr_expect(eq(int, other_real, 70));
    ffitap_callback_destroy(callback);
}

static void count(void *result, void *const *arguments, void *data)
{
    (void)result;
    (void)arguments;
    __atomic_fetch_add((int *)data, 1, __ATOMIC_RELAXED);
}

Test(core_callback, its_entry_and_its_exit_are_told)
{
    int counted = 0;
    struct ffitap_callback *callback = create_plain(count, &counted, 0);

    lttng_double_reset();
    code_of(callback)();
    cr_expect(eq(str, (char *)lttng_double_names(), "callback_entry callback_exit "));
    cr_expect(eq(ulong, lttng_double_callback_entry(0)->closure, (uintptr_t)code_of(callback)));
    cr_expect(eq(ulong, lttng_double_callback_exit(0)->call_id, 0));
    cr_expect(ne(uint, lttng_double_callback_exit(0)->runtime_id, 0));
    ffitap_callback_destroy(callback);
}

Test(core_callback, nobody_listening_nothing_is_told)
{
    int counted = 0;
    struct ffitap_callback *callback = create_plain(count, &counted, 0);

    lttng_double_reset();
    lttng_double_wants_calls = false;
    code_of(callback)();
    cr_expect(eq(int, counted, 1));
    cr_expect(eq(str, (char *)lttng_double_names(), ""));
    ffitap_callback_destroy(callback);
}

static void sleep_20_ms(void *result, void *const *arguments, void *data)
{
    (void)result;
    (void)arguments;
    (void)data;
    usleep(20000);
}

Test(core_callback, its_time_is_the_calls_time_in_callbacks)
{
    struct ffitap_callback *callback = create_plain(sleep_20_ms, NULL, 0);

    call_back_through_core(callback, 0);
    cr_expect(
        eq(ulong, lttng_double_callback_exit(0)->call_id, lttng_double_call_exit(0)->call_id));
    cr_expect(
        eq(uint, lttng_double_callback_exit(0)->function_id, lttng_double_call(0)->function_id));
    cr_expect(ge(ulong, lttng_double_callback_exit(0)->duration_ns, 19990000));
    cr_expect(ge(ulong, lttng_double_call(0)->callbacks_ns, 19990000));
    cr_expect(le(ulong, lttng_double_call(0)->callbacks_ns, lttng_double_call(0)->native_ns));
    ffitap_callback_destroy(callback);
}

static void *call_in_thread(void *callback)
{
    code_of(callback)();
    return NULL;
}

Test(core_callback, a_thread_that_is_new_to_the_core_may_call_it)
{
    int counted = 0;
    struct ffitap_callback *callback = create_plain(count, &counted, 0);
    pthread_t thread;

    lttng_double_reset();
    pthread_create(&thread, NULL, call_in_thread, callback);
    pthread_join(thread, NULL);
    cr_expect(eq(int, counted, 1));
    cr_expect(eq(ulong, lttng_double_callback_exit(0)->call_id, 0));
    ffitap_callback_destroy(callback);
}

Test(core_callback, a_new_threads_private_errno_begins_with_zero)
{
    struct values values = {.left = 3, .left_private = 4, .found = -1};
    struct ffitap_callback *callback =
        create_plain(exchange_errno, &values, FFITAP_CALLBACK_USE_ERRNO);
    pthread_t thread;

    ffitap_set_errno(8);
    pthread_create(&thread, NULL, call_in_thread, callback);
    pthread_join(thread, NULL);
    cr_expect(eq(int, values.found, 0));
    cr_expect(eq(int, ffitap_get_errno(), 8));
    ffitap_callback_destroy(callback);
}

#define THREADS 4
#define TIMES   500

static void *call_many_times(void *callback)
{
    for (int i = 0; i < TIMES; i++)
        code_of(callback)();
    return NULL;
}

Test(core_callback, several_threads_call_it_at_once)
{
    int counted = 0;
    struct ffitap_callback *callback = create_plain(count, &counted, 0);
    pthread_t threads[THREADS];

    lttng_double_reset();
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, call_many_times, callback);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    cr_expect(eq(int, counted, THREADS *TIMES));
    cr_expect(eq(uint, lttng_double_callback_exit_count(), THREADS * TIMES));
    ffitap_callback_destroy(callback);
}

#define DEPTH 1000

static struct ffitap_callback *recursive;
static int depth;

static void go_deeper(void *result, void *const *arguments, void *data)
{
    (void)result;
    (void)arguments;
    (void)data;
    if (++depth < DEPTH)
        call_back_through_core(recursive, FFITAP_USE_ERRNO);
}

Test(core_callback, calls_and_callbacks_nest_a_thousand_deep)
{
    recursive = create_plain(go_deeper, NULL, FFITAP_CALLBACK_USE_ERRNO);
    lttng_double_reset();

    errno = 2;
    call_back_through_core(recursive, FFITAP_USE_ERRNO);
    cr_expect(eq(int, errno, 2));
    cr_expect(eq(int, depth, DEPTH));
    cr_expect(eq(uint, lttng_double_call_count(), DEPTH));
    cr_expect(eq(uint, lttng_double_callback_exit_count(), DEPTH));
    cr_expect(eq(
        ulong, lttng_double_call(DEPTH - 1)->callbacks_ns < lttng_double_call(0)->callbacks_ns, 1));
    cr_expect(le(ulong, lttng_double_call(0)->callbacks_ns, lttng_double_call(0)->native_ns));
    ffitap_callback_destroy(recursive);
}

/* If the callback still ran in freed memory, it would share that memory with the fresh one. */
static void destroy_itself(void *result, void *const *arguments, void *data)
{
    struct ffitap_callback **callback = data;
    void *code = ffitap_callback_get_code(*callback);

    (void)arguments;
    ffitap_callback_destroy(*callback);
    *callback = create_plain(count, NULL, 0);
    *(int *)result = ffitap_callback_get_code(*callback) == code ? -1 : 7;
}

Test(core_callback, its_handler_may_destroy_it)
{
    struct ffitap_callback *callback = NULL;

    callback = create_of_kind(FFITAP_CDLL, destroy_itself, &callback, FFITAP_TYPE_INT, NULL, 0, 0);
    cr_expect(eq(int, ((int (*)(void))code_of(callback))(), 7));
    ffitap_callback_destroy(callback);
}

static sem_t is_inside, may_leave;

static void wait_inside(void *result, void *const *arguments, void *data)
{
    (void)arguments;
    (void)data;
    sem_post(&is_inside);
    sem_wait(&may_leave);
    *(int *)result = 7;
}

static void *call_for_int(void *code)
{
    return (void *)(intptr_t)((int (*)(void))code)();
}

Test(core_callback, a_call_under_way_in_another_thread_outlives_it)
{
    struct ffitap_callback *callback =
        create_of_kind(FFITAP_CDLL, wait_inside, NULL, FFITAP_TYPE_INT, NULL, 0, 0);
    void *code = ffitap_callback_get_code(callback), *result = NULL;
    pthread_t thread;

    sem_init(&is_inside, 0, 0);
    sem_init(&may_leave, 0, 0);
    pthread_create(&thread, NULL, call_for_int, code);
    sem_wait(&is_inside);
    ffitap_callback_destroy(callback);
    struct ffitap_callback *fresh = create_plain(count, NULL, 0);
    cr_expect(ne(ptr, ffitap_callback_get_code(fresh), code));
    sem_post(&may_leave);
    pthread_join(thread, &result);
    cr_expect(eq(ptr, result, (void *)7));
    ffitap_callback_destroy(fresh);
}

Test(core_callback, destroying_none_is_allowed)
{
    errno = 2;
    ffitap_callback_destroy(NULL);
    cr_expect(eq(int, errno, 2));
}

static struct ffitap_callback *const untouched = (struct ffitap_callback *)&is_inside;

static enum ffitap_status refusal(ffitap_handler *handler, enum ffitap_library_kind kind,
                                  const struct ffitap_type *const *types, size_t type_count,
                                  unsigned flags, struct ffitap_error *error)
{
    struct ffitap_callback *callback = untouched;
    const enum ffitap_status status =
        ffitap_callback_create(handler, NULL, kind, ffitap_type_borrow(FFITAP_TYPE_INT), types,
                               type_count, flags, &callback, error);

    cr_assert(eq(ptr, callback, untouched));
    return status;
}

Test(core_callback, one_without_a_handler_is_refused)
{
    struct ffitap_error error = {0};

    cr_expect(eq(int, refusal(NULL, FFITAP_CDLL, NULL, 0, 0, &error), FFITAP_BAD_ARGUMENT));
    cr_expect(eq(str, error.text, "the handler of a callback is NULL"));
}

Test(core_callback, unknown_flags_are_refused)
{
    struct ffitap_error error = {0};

    cr_expect(eq(int, refusal(count, FFITAP_CDLL, NULL, 0, 8, &error), FFITAP_BAD_ARGUMENT));
    cr_expect(eq(str, error.text, "unknown flags 0x8"));
}

Test(core_callback, an_unknown_kind_is_refused)
{
    cr_expect(eq(int, refusal(count, (enum ffitap_library_kind)9, NULL, 0, 0, NULL),
                 FFITAP_BAD_ARGUMENT));
}

Test(core_callback, arguments_without_types_are_refused)
{
    cr_expect(eq(int, refusal(count, FFITAP_CDLL, NULL, 1, 0, NULL), FFITAP_BAD_ARGUMENT));
}

Test(core_callback, a_void_argument_is_refused)
{
    const struct ffitap_type *type = ffitap_type_borrow(FFITAP_TYPE_VOID);

    cr_expect(eq(int, refusal(count, FFITAP_CDLL, &type, 1, 0, NULL), FFITAP_BAD_TYPE));
}
