#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "lttng_double.h"
#include "open.h"

static struct ffitap_function *exchange;

static void open_native(void)
{
    setenv("FFITAP_LTTNG", "0", 1);
    exchange = borrow_same(open_library(NATIVE, FFITAP_CDLL, FFITAP_USE_ERRNO), "exchange_errno",
                           FFITAP_TYPE_INT);
    lttng_double_reset();
}

static int call_exchange(int value)
{
    int result = -1;

    cr_assert(
        eq(int, ffitap_function_call(exchange, &result, (void *[]){&value}, 1, NULL), FFITAP_OK));
    return result;
}

TestSuite(core_errno, .init = open_native);

Test(core_errno, setting_gives_the_former_value)
{
    cr_expect(eq(int, ffitap_get_errno(), 0));
    cr_expect(eq(int, ffitap_set_errno(5), 0));
    cr_expect(eq(int, ffitap_set_errno(6), 5));
    cr_expect(eq(int, ffitap_get_errno(), 6));
}

Test(core_errno, native_code_finds_the_private_value_and_leaves_it_there)
{
    errno = 2;
    ffitap_set_errno(3);

    cr_expect(eq(int, call_exchange(4), 3));
    cr_expect(eq(int, errno, 2));
    cr_expect(eq(int, ffitap_get_errno(), 4));
}

Test(core_errno, nobody_listening_changes_none_of_that)
{
    lttng_double_wants_calls = false;
    errno = 2;
    ffitap_set_errno(3);

    cr_expect(eq(int, call_exchange(4), 3));
    cr_expect(eq(int, errno, 2));
    cr_expect(eq(int, ffitap_get_errno(), 4));
}

Test(core_errno, the_exchange_is_told_with_all_its_values)
{
    errno = 2;
    ffitap_set_errno(3);
    call_exchange(4);

    cr_expect(
        eq(str, (char *)lttng_double_names(), "errno_swap call_entry call_exit errno_swap call "));
    cr_expect(eq(int, lttng_double_call(0)->errno_before, 2));
    cr_expect(eq(int, lttng_double_call(0)->errno_private_in, 3));
    cr_expect(eq(int, lttng_double_call(0)->errno_private_out, 4));
    cr_expect(eq(int, lttng_double_call(0)->errno_after, 2));
}

static void *read_private_errno(void *data)
{
    *(int *)data = ffitap_set_errno(99);
    return NULL;
}

Test(core_errno, a_new_thread_begins_with_zero_and_keeps_its_own)
{
    pthread_t thread;
    int found = -1;

    ffitap_set_errno(8);
    pthread_create(&thread, NULL, read_private_errno, &found);
    pthread_join(thread, NULL);
    cr_expect(eq(int, found, 0));
    cr_expect(eq(int, ffitap_get_errno(), 8));
}

static void set_private(void)
{
    ffitap_set_errno(50);
}

/* CPython does the same. The exchange has put the thread's own errno in the place of the private
 * one, and so the callback sets the thread's own. */
Test(core_errno, setting_it_in_a_callback_sets_the_callers_real_errno)
{
    struct ffitap_library *native = open_library(NATIVE, FFITAP_CDLL, FFITAP_USE_ERRNO);
    struct ffitap_function *call_back = borrow_same(native, "call_back", FFITAP_TYPE_POINTER);
    void (*callback)(void) = set_private;

    errno = 2;
    cr_expect(
        eq(int, ffitap_function_call(call_back, NULL, (void *[]){&callback}, 1, NULL), FFITAP_OK));
    cr_expect(eq(int, errno, 50));
    ffitap_library_destroy(native);
}

static int last_error_inside;

static void look_at_last_error(void)
{
    last_error_inside = ffitap_get_thread_last_error();
    ffitap_set_thread_last_error(60);
}

static void call_back_with(unsigned flags)
{
    struct ffitap_library *native = open_library(NATIVE, FFITAP_CDLL, flags);
    struct ffitap_function *call_back = borrow_same(native, "call_back", FFITAP_TYPE_POINTER);
    void (*callback)(void) = look_at_last_error;

    cr_expect(
        eq(int, ffitap_function_call(call_back, NULL, (void *[]){&callback}, 1, NULL), FFITAP_OK));
    ffitap_library_destroy(native);
}

Test(core_errno, the_last_error_is_exchanged_for_those_who_ask)
{
    ffitap_set_thread_last_error(40);
    ffitap_set_last_error(50);
    call_back_with(FFITAP_USE_LAST_ERROR);

    cr_expect(eq(int, last_error_inside, 50));
    cr_expect(eq(int, ffitap_get_thread_last_error(), 40));
    cr_expect(eq(int, ffitap_get_last_error(), 60));
}

Test(core_errno, and_left_alone_for_those_who_do_not)
{
    ffitap_set_thread_last_error(40);
    ffitap_set_last_error(50);
    call_back_with(FFITAP_USE_ERRNO);

    cr_expect(eq(int, last_error_inside, 40));
    cr_expect(eq(int, ffitap_get_thread_last_error(), 60));
    cr_expect(eq(int, ffitap_get_last_error(), 50));
}

Test(core_errno, setting_the_last_error_gives_the_former_one)
{
    cr_expect(eq(int, ffitap_set_last_error(5), 0));
    cr_expect(eq(int, ffitap_set_last_error(6), 5));
    cr_expect(eq(int, ffitap_get_last_error(), 6));
    cr_expect(eq(int, ffitap_get_errno(), 0));
}

static int one(void)
{
    return 1;
}

static void nothing(int value)
{
    (void)value;
}

Test(core_errno, a_null_source_brings_back_the_threads_own)
{
    static const struct ffitap_last_error_source source = {one, nothing};

    ffitap_set_last_error_source(&source);
    ffitap_set_last_error_source(NULL);
    ffitap_set_last_error(50);
    call_back_with(FFITAP_USE_LAST_ERROR);
    cr_expect(eq(int, last_error_inside, 50));
}

static int other_real;

static int get_other(void)
{
    return other_real;
}

static void set_other(int value)
{
    other_real = value;
}

static void name_other_source(void)
{
    static const struct ffitap_last_error_source other = {get_other, set_other};

    ffitap_set_last_error_source(&other);
}

static void exchange_while_another_source_is_named(bool listening)
{
    struct ffitap_library *native = open_library(NATIVE, FFITAP_CDLL, FFITAP_USE_LAST_ERROR);
    struct ffitap_function *call_back = borrow_same(native, "call_back", FFITAP_TYPE_POINTER);
    void (*callback)(void) = name_other_source;

    lttng_double_wants_calls = listening;
    other_real = 70;
    ffitap_set_last_error_source(NULL);
    ffitap_set_thread_last_error(40);
    ffitap_set_last_error(50);
    cr_expect(
        eq(int, ffitap_function_call(call_back, NULL, (void *[]){&callback}, 1, NULL), FFITAP_OK));
    cr_expect(eq(int, ffitap_get_thread_last_error(), 40));
    cr_expect(eq(int, ffitap_get_last_error(), 50));
    cr_expect(eq(int, other_real, 70));
    ffitap_library_destroy(native);
}

Test(core_errno, what_a_call_exchanged_it_puts_back_though_another_source_was_named_meanwhile)
{
    exchange_while_another_source_is_named(false);
    exchange_while_another_source_is_named(true);
}

static void *read_private_last_error(void *data)
{
    *(int *)data = ffitap_get_last_error();
    return NULL;
}

Test(core_errno, a_new_thread_has_a_last_error_of_its_own)
{
    pthread_t thread;
    int found = -1;

    ffitap_set_last_error(8);
    pthread_create(&thread, NULL, read_private_last_error, &found);
    pthread_join(thread, NULL);
    cr_expect(eq(int, found, 0));
}
