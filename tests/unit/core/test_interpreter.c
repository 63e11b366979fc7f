/* An interpreter that only writes down what happens to its lock. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emit_double.h"
#include "open.h"

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int Py_IsInitialized(void);
EXPORTED int PyGILState_Check(void);
EXPORTED void *PyEval_SaveThread(void);
EXPORTED void PyEval_RestoreThread(void *state);
EXPORTED int PyGILState_Ensure(void);
EXPORTED void PyGILState_Release(int state);
EXPORTED void *PyErr_Occurred(void);
EXPORTED const char *PyExceptionClass_Name(void *class);

static char log_text[256];
static int initialized = 1;
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

/* Yes without an interpreter, as CPython's. */
int PyGILState_Check(void)
{
    return !initialized || held;
}

void *PyEval_SaveThread(void)
{
    note("release");
    held = 0;
    errno = 1000; /* CPython does not promise to keep it */
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
    return NULL;
}

const char *PyExceptionClass_Name(void *class)
{
    return class;
}

static void in_native(void)
{
    note(held ? "native, held" : "native");
}

static int call_native(enum ffitap_library_kind kind, unsigned flags)
{
    struct ffitap_library *native = open_library(NATIVE, kind, flags);
    struct ffitap_function *call_back = borrow_same(native, "call_back", FFITAP_TYPE_POINTER);
    void (*callback)(void) = in_native;

    emit_double_reset();
    errno = 2;
    ffitap_set_errno(3);
    const int status = ffitap_function_call(call_back, NULL, (void *[]){&callback}, 1, NULL);
    ffitap_library_destroy(native);
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
    emit_double_wants_calls = false;
    cr_expect(eq(int, call_native(FFITAP_CDLL, FFITAP_USE_ERRNO), FFITAP_OK));

    cr_expect(eq(str, log_text, "release(2) native(3) acquire(2) "));
    cr_expect(eq(int, errno, 2));
}

Test(core_interpreter, each_step_is_told_in_order)
{
    cr_expect(eq(int, call_native(FFITAP_CDLL, FFITAP_USE_ERRNO), FFITAP_OK));

    cr_expect(eq(str, (char *)emit_double_names(),
                 "gil_release errno_swap call_entry call_exit errno_swap gil_acquire call "));
    cr_expect(eq(uint, emit_double_call(0)->flags,
                 FFITAP__CALL_GIL_RELEASED | FFITAP__CALL_ERRNO_SWAPPED));
    cr_expect(eq(int, emit_double_call(0)->errno_before, 2));
    cr_expect(eq(int, emit_double_call(0)->errno_after, 2));
}

Test(core_interpreter, a_pydll_keeps_it)
{
    cr_expect(eq(int, call_native(FFITAP_PYDLL, 0), FFITAP_OK));

    cr_expect(eq(str, log_text, "native, held(2) "));
    cr_expect(eq(uint, emit_double_call(0)->flags, FFITAP__CALL_GIL_HELD));
}

Test(core_interpreter, a_pydll_exchanges_errno_with_the_lock_held)
{
    cr_expect(eq(int, call_native(FFITAP_PYDLL, FFITAP_USE_ERRNO), FFITAP_OK));

    cr_expect(eq(str, log_text, "native, held(3) "));
    cr_expect(
        eq(uint, emit_double_call(0)->flags, FFITAP__CALL_GIL_HELD | FFITAP__CALL_ERRNO_SWAPPED));
}

Test(core_interpreter, a_thread_that_does_not_hold_it_does_not_release_it)
{
    held = 0;
    cr_expect(eq(int, call_native(FFITAP_CDLL, 0), FFITAP_OK));

    cr_expect(eq(str, log_text, "native(2) "));
    cr_expect(eq(uint, emit_double_call(0)->flags, 0));
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
    cr_expect(eq(str, (char *)emit_double_runtime(0)->lock, "PyEval_SaveThread"));
}
