/* Interpreters that only write down what happens to their locks: one that looks like CPython, one
 * of the host's own. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lttng_double.h"
#include "open.h"

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int Py_IsInitialized(void);
EXPORTED int PyGILState_Check(void);
EXPORTED void *PyGILState_GetThisThreadState(void);
EXPORTED void *_PyThreadState_UncheckedGet(void);
EXPORTED void *PyEval_SaveThread(void);
EXPORTED void PyEval_RestoreThread(void *state);
EXPORTED int PyGILState_Ensure(void);
EXPORTED void PyGILState_Release(int state);
EXPORTED void *PyErr_Occurred(void);
EXPORTED const char *PyExceptionClass_Name(void *class);

static char log_text[256];
static int initialized = 1;
static const char *raised;
static int held = 1;
static int thread_state;

static void note(const char *what)
{
    snprintf(log_text + strlen(log_text), sizeof(log_text) - strlen(log_text), "%s(%d) ", what,
             errno);
}

int Py_IsInitialized(void)
{
    return initialized;
}

/* If there is no interpreter this says yes, as CPython's function does. */
int PyGILState_Check(void)
{
    return !initialized || held;
}

void *PyGILState_GetThisThreadState(void)
{
    return &thread_state;
}

void *_PyThreadState_UncheckedGet(void)
{
    return held ? &thread_state : NULL;
}

void *PyEval_SaveThread(void)
{
    note("release");
    held = 0;
    errno = 1000; /* CPython does not promise to keep errno */
    return &thread_state;
}

void PyEval_RestoreThread(void *state)
{
    note(state == &thread_state ? "acquire" : "acquire something else");
    held = 1;
    errno = 1001;
}

int PyGILState_Ensure(void)
{
    const int state = held ? 0 : 1;

    note("ensure");
    held = 1;
    errno = 1002;
    return state;
}

void PyGILState_Release(int state)
{
    note(state ? "let go" : "keep");
    held = !state;
    errno = 1003;
}

void *PyErr_Occurred(void)
{
    return (void *)raised;
}

const char *PyExceptionClass_Name(void *class)
{
    return class;
}

static void in_native(void)
{
    note(held ? "native, held" : "native");
}

static int call_that(void (*callback)(void), enum ffitap_library_kind kind, unsigned flags)
{
    struct ffitap_library *native = open_library(NATIVE, kind, flags);
    struct ffitap_function *call_back = borrow_same(native, "call_back", FFITAP_TYPE_POINTER);

    lttng_double_reset();
    errno = 2;
    ffitap_set_errno(3);
    const int status = ffitap_function_call(call_back, NULL, (void *[]){&callback}, 1, NULL);
    ffitap_library_destroy(native);
    return status;
}

static int call_native(enum ffitap_library_kind kind, unsigned flags)
{
    return call_that(in_native, kind, flags);
}

static int own_held = 1;
static int own_state;

static int own_is_held(void)
{
    errno = 1010;
    return own_held;
}

static void *own_release(void)
{
    note("own release");
    own_held = 0;
    errno = 1011;
    return &own_state;
}

static void own_acquire(void *released)
{
    note(released == &own_state ? "own acquire" : "own acquire of something else");
    own_held = 1;
    errno = 1012;
}

static const char *own_error_occurred(void)
{
    errno = 1015;
    return raised;
}

static void *own_enter(void)
{
    note("own enter");
    own_held++;
    errno = 1013;
    return &own_held;
}

static void own_leave(void *entered)
{
    note(entered == &own_held ? "own leave" : "own leave of something else");
    own_held--;
    errno = 1014;
}

static const struct ffitap_interpreter own = {
    .lock = "own_release",
    .is_held = own_is_held,
    .release = own_release,
    .acquire = own_acquire,
    .error_occurred = own_error_occurred,
    .enter = own_enter,
    .leave = own_leave,
};

static void handle(void *result, void *const *arguments, void *data)
{
    (void)result;
    (void)arguments;
    (void)data;
    note(held ? "handler, held" : "handler");
}

/* Calls native code that calls `handler` back. */
static int call_handler(ffitap_handler *handler, enum ffitap_library_kind kind, unsigned flags)
{
    struct ffitap_callback *callback = NULL;
    struct ffitap_error error = {0};
    void (*code)(void);

    cr_assert(
        eq(int,
           ffitap_callback_create(handler, NULL, FFITAP_CDLL, ffitap_type_borrow(FFITAP_TYPE_VOID),
                                  NULL, 0, flags, &callback, &error),
           FFITAP_OK),
        "%s", error.text);
    *(void **)&code = ffitap_callback_get_code(callback);
    const int status = call_that(code, kind, 0);
    ffitap_callback_destroy(callback);
    return status;
}

static void no_provider(void)
{
    setenv("FFITAP_LTTNG", "0", 1);
}

TestSuite(core_interpreter, .init = no_provider);

Test(core_interpreter, a_cdll_releases_it_around_the_exchange_of_errno)
{
    cr_expect(eq(int, call_native(FFITAP_CDLL, FFITAP_USE_ERRNO), FFITAP_OK));

    cr_expect(eq(str, log_text, "release(2) native(3) acquire(2) "));
    cr_expect(eq(int, errno, 2));
    cr_expect(eq(int, ffitap_get_errno(), 3));
}

Test(core_interpreter, nobody_listening_changes_none_of_that)
{
    lttng_double_wants_calls = false;
    cr_expect(eq(int, call_native(FFITAP_CDLL, FFITAP_USE_ERRNO), FFITAP_OK));

    cr_expect(eq(str, log_text, "release(2) native(3) acquire(2) "));
    cr_expect(eq(int, errno, 2));
}

Test(core_interpreter, each_step_is_told_in_order)
{
    cr_expect(eq(int, call_native(FFITAP_CDLL, FFITAP_USE_ERRNO), FFITAP_OK));

    cr_expect(eq(str, (char *)lttng_double_names(),
                 "gil_release errno_swap call_entry call_exit errno_swap gil_acquire call "));
    cr_expect(eq(uint, lttng_double_call(0)->flags,
                 FFITAP__CALL_GIL_RELEASED | FFITAP__CALL_ERRNO_SWAPPED));
    cr_expect(eq(int, lttng_double_call(0)->errno_before, 2));
    cr_expect(eq(int, lttng_double_call(0)->errno_after, 2));
}

Test(core_interpreter, a_pydll_keeps_it)
{
    cr_expect(eq(int, call_native(FFITAP_PYDLL, 0), FFITAP_OK));

    cr_expect(eq(str, log_text, "native, held(2) "));
    cr_expect(eq(uint, lttng_double_call(0)->flags, FFITAP__CALL_GIL_HELD));
}

Test(core_interpreter, a_pydll_exchanges_errno_with_the_lock_held)
{
    cr_expect(eq(int, call_native(FFITAP_PYDLL, FFITAP_USE_ERRNO), FFITAP_OK));

    cr_expect(eq(str, log_text, "native, held(3) "));
    cr_expect(
        eq(uint, lttng_double_call(0)->flags, FFITAP__CALL_GIL_HELD | FFITAP__CALL_ERRNO_SWAPPED));
}

Test(core_interpreter, a_thread_that_does_not_hold_it_does_not_release_it)
{
    held = 0;
    cr_expect(eq(int, call_native(FFITAP_CDLL, 0), FFITAP_OK));

    cr_expect(eq(str, log_text, "native(2) "));
    cr_expect(eq(uint, lttng_double_call(0)->flags, 0));
}

Test(core_interpreter, an_interpreter_that_has_not_started_has_no_lock)
{
    initialized = 0;
    held = 0;
    cr_expect(eq(int, call_native(FFITAP_CDLL, 0), FFITAP_OK));

    cr_expect(eq(str, log_text, "native(2) "));
}

Test(core_interpreter, the_runtime_names_the_function_that_releases_it)
{
    ffitap_library_destroy(open_library(NULL, FFITAP_CDLL, 0));
    cr_expect(eq(str, (char *)lttng_double_runtime(0)->lock, "PyEval_SaveThread"));
}

Test(core_interpreter, an_error_that_a_pydlls_function_leaves_fails_the_call)
{
    raised = "KeyError";
    cr_expect(eq(int, call_native(FFITAP_PYDLL, 0), FFITAP_CALL_FAILED));
}

Test(core_interpreter, an_error_is_nothing_to_a_cdll)
{
    raised = "KeyError";
    cr_expect(eq(int, call_native(FFITAP_CDLL, 0), FFITAP_OK));
}

Test(core_interpreter, a_callback_takes_it_and_gives_it_back)
{
    cr_expect(eq(int, call_handler(handle, FFITAP_CDLL, 0), FFITAP_OK));

    cr_expect(eq(str, log_text, "release(2) ensure(2) handler, held(2) let go(2) acquire(2) "));
    cr_expect(eq(int, errno, 2));
}

Test(core_interpreter, a_callback_takes_it_around_the_exchange_of_errno)
{
    cr_expect(eq(int, call_handler(handle, FFITAP_CDLL, FFITAP_CALLBACK_USE_ERRNO), FFITAP_OK));

    cr_expect(eq(str, log_text, "release(2) ensure(2) handler, held(3) let go(2) acquire(2) "));
}

Test(core_interpreter, a_callback_of_a_pydlls_function_takes_it_again)
{
    cr_expect(eq(int, call_handler(handle, FFITAP_PYDLL, 0), FFITAP_OK));

    cr_expect(eq(str, log_text, "ensure(2) handler, held(2) keep(2) "));
}

Test(core_interpreter, a_callback_that_does_not_need_it_does_not_take_it)
{
    cr_expect(eq(int, call_handler(handle, FFITAP_CDLL, FFITAP_CALLBACK_WITHOUT_LOCK), FFITAP_OK));

    cr_expect(eq(str, log_text, "release(2) handler(2) acquire(2) "));
}

Test(core_interpreter, a_callback_takes_no_lock_of_one_that_has_not_started)
{
    initialized = 0;
    held = 0;
    cr_expect(eq(int, call_handler(handle, FFITAP_CDLL, 0), FFITAP_OK));

    cr_expect(eq(str, log_text, "handler(2) "));
}

static void end_interpreter(void *result, void *const *arguments, void *data)
{
    handle(result, arguments, data);
    initialized = 0;
}

Test(core_interpreter, a_callback_gives_nothing_back_to_one_that_ended)
{
    cr_expect(eq(int, call_handler(end_interpreter, FFITAP_PYDLL, 0), FFITAP_OK));

    cr_expect(eq(str, log_text, "ensure(2) handler, held(2) "));
}

Test(core_interpreter, the_hosts_own_goes_before_cpython)
{
    ffitap_interpreter_set(&own);
    cr_expect(eq(int, call_handler(handle, FFITAP_CDLL, 0), FFITAP_OK));

    cr_expect(eq(str, log_text,
                 "own release(2) own enter(2) handler, held(2) own leave(2) "
                 "own acquire(2) "));
    cr_expect(eq(int, errno, 2));
}

Test(core_interpreter, nobody_listening_the_hosts_own_is_used_alike)
{
    lttng_double_wants_calls = false;
    ffitap_interpreter_set(&own);
    cr_expect(eq(int, call_handler(handle, FFITAP_CDLL, 0), FFITAP_OK));

    cr_expect(eq(str, log_text,
                 "own release(2) own enter(2) handler, held(2) own leave(2) "
                 "own acquire(2) "));
    cr_expect(eq(int, errno, 2));
}

Test(core_interpreter, the_hosts_own_says_whether_it_is_held)
{
    own_held = 0;
    ffitap_interpreter_set(&own);
    cr_expect(eq(int, call_native(FFITAP_CDLL, 0), FFITAP_OK));

    cr_expect(eq(str, log_text, "native, held(2) "));
    cr_expect(eq(uint, lttng_double_call(0)->flags, 0));
}

Test(core_interpreter, an_error_in_the_hosts_own_fails_a_pydlls_call)
{
    raised = "own error";
    ffitap_interpreter_set(&own);
    cr_expect(eq(int, call_native(FFITAP_PYDLL, 0), FFITAP_CALL_FAILED));
}

Test(core_interpreter, asking_the_hosts_own_for_its_error_leaves_errno_as_the_native_code_did)
{
    ffitap_interpreter_set(&own);
    cr_expect(eq(int, call_native(FFITAP_PYDLL, 0), FFITAP_OK));
    cr_expect(eq(int, errno, 2));
}

Test(core_interpreter, one_that_knows_no_callbacks_lets_them_run_as_they_come)
{
    static const struct ffitap_interpreter simple = {
        .lock = "own_release",
        .is_held = own_is_held,
        .release = own_release,
        .acquire = own_acquire,
    };

    ffitap_interpreter_set(&simple);
    cr_expect(eq(int, call_handler(handle, FFITAP_CDLL, 0), FFITAP_OK));

    cr_expect(eq(str, log_text, "own release(2) handler, held(2) own acquire(2) "));
}

Test(core_interpreter, none_means_that_no_lock_is_touched)
{
    ffitap_interpreter_set(NULL);
    raised = "KeyError";
    cr_expect(eq(int, call_handler(handle, FFITAP_PYDLL, 0), FFITAP_OK));
    cr_expect(eq(int, call_handler(handle, FFITAP_CDLL, 0), FFITAP_OK));

    cr_expect(eq(str, log_text, "handler, held(2) handler, held(2) "));
    cr_expect(eq(uint, lttng_double_call(0)->flags, 0));
}

Test(core_interpreter, cpython_comes_back_when_the_choice_is_left_to_us_again)
{
    ffitap_interpreter_set(&own);
    ffitap_interpreter_set_automatic();
    cr_expect(eq(int, call_native(FFITAP_CDLL, 0), FFITAP_OK));

    cr_expect(eq(str, log_text, "release(2) native(2) acquire(2) "));
}

static void name_own(void)
{
    in_native();
    ffitap_interpreter_set(&own);
}

Test(core_interpreter, what_gave_its_lock_up_takes_it_back_though_another_was_named_meanwhile)
{
    cr_expect(eq(int, call_that(name_own, FFITAP_CDLL, 0), FFITAP_OK));

    cr_expect(eq(str, log_text, "release(2) native(2) acquire(2) "));
}

Test(core_interpreter, a_pydlls_call_asks_the_one_it_began_with_though_another_was_named_meanwhile)
{
    own_held = 0;
    raised = "KeyError";
    cr_expect(eq(int, call_that(name_own, FFITAP_PYDLL, 0), FFITAP_CALL_FAILED));
}

static void name_none(void *result, void *const *arguments, void *data)
{
    handle(result, arguments, data);
    ffitap_interpreter_set(NULL);
}

Test(core_interpreter, what_a_callback_took_it_gives_back_though_another_was_named_meanwhile)
{
    cr_expect(eq(int, call_handler(name_none, FFITAP_PYDLL, 0), FFITAP_OK));

    cr_expect(eq(str, log_text, "ensure(2) handler, held(2) keep(2) "));
}

Test(core_interpreter, naming_another_leaves_errno_alone)
{
    errno = 2;
    ffitap_interpreter_set(&own);
    ffitap_interpreter_set_automatic();
    cr_expect(eq(int, errno, 2));
}

Test(core_interpreter, the_runtime_names_the_lock_that_there_is_now)
{
    ffitap_library_destroy(open_library(NULL, FFITAP_CDLL, 0));
    ffitap_interpreter_set(&own);
    cr_expect(eq(str, (char *)lttng_double_runtime(0)->lock, "own_release"));
    ffitap_interpreter_set(NULL);
    cr_expect(eq(str, (char *)lttng_double_runtime(0)->lock, ""));
    ffitap_interpreter_set_automatic();
    cr_expect(eq(str, (char *)lttng_double_runtime(0)->lock, "PyEval_SaveThread"));
    cr_expect(eq(uint, lttng_double_runtime(0)->runtime_id, lttng_double_runtime(1)->runtime_id));
}

Test(core_interpreter, a_lock_that_is_the_same_is_not_told_again)
{
    ffitap_library_destroy(open_library(NULL, FFITAP_CDLL, 0));
    ffitap_library_destroy(open_library(NULL, FFITAP_CDLL, 0));
    cr_expect(eq(uint, lttng_double_runtime_count(), 1));
}
