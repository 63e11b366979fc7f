/* A real CPython is embedded here. Its lock is given up and kept, waited for, and taken in
 * callbacks. */
#include <Python.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lttng_double.h"
#include "open.h"

#define SLEEP_US 100000u
#define SLEEP_NS 99990000u

/* The interpreter ends with the process, and leaves memory that it never frees. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libpython\n";
}

static void run(const char *code)
{
    cr_assert(eq(int, PyRun_SimpleString(code), 0));
}

/* A thread that never gives the lock up unless it is asked to. */
static void start_python(void)
{
    setenv("FFITAP_LTTNG", "0", 1);
    Py_InitializeEx(0);
    run("import threading\n"
        "count = 0\n"
        "has_counted = bytearray(1)\n"
        "stopped = False\n"
        "def advance():\n"
        "    global count\n"
        "    while not stopped:\n"
        "        count += 1\n"
        "        has_counted[0] = 1\n"
        "advancing = threading.Thread(target=advance)\n");
}

static void end_python(void)
{
    if (!Py_IsInitialized())
        return;
    run("stopped = True\n"
        "if advancing.ident: advancing.join()\n");
    Py_FinalizeEx();
}

/* If a lock were not given back, the test would wait for it for ever. */
TestSuite(core_python, .init = start_python, .fini = end_python, .timeout = 300);

/* Borrows a Python variable. The lock must be held; no Python code runs, neither here nor in
 * another thread. */
static PyObject *borrow_variable(const char *name)
{
    return PyDict_GetItemString(PyModule_GetDict(PyImport_AddModule("__main__")), name);
}

static long count(void)
{
    return PyLong_AsLong(borrow_variable("count"));
}

static void call_without_arguments(struct ffitap_function *function)
{
    struct ffitap_error error = {0};

    cr_assert(eq(int, ffitap_function_call(function, NULL, NULL, 0, &error), FFITAP_OK), "%s",
              error.text);
}

static struct ffitap_function *create_native(void (*native)(void), enum ffitap_library_kind kind)
{
    struct ffitap_function *function = NULL;
    const struct ffitap_type *nothing = ffitap_type_borrow(FFITAP_TYPE_VOID);

    cr_assert(eq(int, ffitap_function_create_at((void *)native, "native", kind, 0, &function, NULL),
                 FFITAP_OK));
    cr_assert(eq(int, ffitap_function_set_result(function, nothing, NULL), FFITAP_OK));
    return function;
}

/* How far the other thread gets during a call of `native`, as of a library of `kind`. */
static long count_during(void (*native)(void), enum ffitap_library_kind kind)
{
    struct ffitap_function *function = create_native(native, kind);

    lttng_double_reset();
    const long before = count();
    call_without_arguments(function);
    const long after = count();
    ffitap_function_destroy(function);
    return after - before;
}

static void nap(void)
{
    usleep(SLEEP_US);
}

static volatile char *has_counted;

/* Native code that needs the other thread to advance. That thread may be in the middle of a step
 * the first time. */
static void wait_for_the_other(void)
{
    for (int times = 0; times < 2; times++) {
        *has_counted = 0;
        while (!*has_counted)
            usleep(1000);
    }
}

static void start_to_advance(void)
{
    run("advancing.start()");
    has_counted = PyByteArray_AsString(borrow_variable("has_counted"));
}

Test(core_python, another_thread_advances_during_a_cdlls_function)
{
    start_to_advance();
    cr_expect(gt(long, count_during(wait_for_the_other, FFITAP_CDLL), 0));
}

Test(core_python, no_other_thread_advances_while_a_pydlls_function_sleeps)
{
    start_to_advance();
    cr_expect(eq(long, count_during(nap, FFITAP_PYDLL), 0));
}

Test(core_python, nobody_listening_the_same_happens)
{
    lttng_double_wants_calls = false;
    start_to_advance();
    cr_expect(gt(long, count_during(wait_for_the_other, FFITAP_CDLL), 0));
    cr_expect(eq(long, count_during(nap, FFITAP_PYDLL), 0));
}

static pthread_t holder;
static sem_t is_held;
static atomic_bool is_wanted;
static pid_t waiting;

static bool is_asleep(void)
{
    char path[64], state = 0;

    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", waiting);
    FILE *file = fopen(path, "re");
    const bool is_known = file && fscanf(file, "%*d (%*[^)]) %c", &state) == 1;
    if (file)
        fclose(file);
    return is_known && state == 'S';
}

/* Has the lock until the thread that wants it has waited for it for some time. */
static void *hold_the_lock(void *unused)
{
    const PyGILState_STATE state = PyGILState_Ensure();

    sem_post(&is_held);
    while (!is_wanted || !is_asleep())
        usleep(1000);
    usleep(SLEEP_US);
    PyGILState_Release(state);
    return unused;
}

/* The holder gets the lock when this thread gives it up. */
static void start_holder(void)
{
    waiting = gettid();
    sem_init(&is_held, 0, 0);
    cr_assert(eq(int, pthread_create(&holder, NULL, hold_the_lock, NULL), 0));
}

/* Lets the other thread have the lock. This thread does not have it, and from here on sleeps only
 * where it waits for the lock. */
static void let_it_be_held(void)
{
    sem_wait(&is_held);
    usleep(SLEEP_US);
    is_wanted = true;
}

/* Called once this thread has the lock. */
static void join_holder(void)
{
    Py_BEGIN_ALLOW_THREADS;
    pthread_join(holder, NULL);
    Py_END_ALLOW_THREADS;
}

Test(core_python, the_window_and_the_wait_are_told)
{
    start_holder();
    count_during(let_it_be_held, FFITAP_CDLL);
    join_holder();

    cr_expect(eq(uint, lttng_double_call(0)->flags, FFITAP__CALL_GIL_RELEASED));
    cr_expect(ge(ulong, lttng_double_call(0)->native_ns, SLEEP_NS));
    cr_expect(ge(ulong, lttng_double_call(0)->gil_wait_ns, SLEEP_NS));
    cr_expect(ge(ulong, lttng_double_call(0)->gil_released_ns,
                 SLEEP_NS + lttng_double_call(0)->gil_wait_ns));
}

Test(core_python, what_the_function_takes_is_none_of_the_wait)
{
    count_during(nap, FFITAP_CDLL);

    cr_expect(ge(ulong, lttng_double_call(0)->gil_released_ns,
                 SLEEP_NS + lttng_double_call(0)->gil_wait_ns));
}

Test(core_python, a_pydlls_function_has_no_window)
{
    count_during(nap, FFITAP_PYDLL);

    cr_expect(eq(uint, lttng_double_call(0)->flags, FFITAP__CALL_GIL_HELD));
    cr_expect(eq(ulong, lttng_double_call(0)->gil_released_ns, 0));
    cr_expect(eq(ulong, lttng_double_call(0)->gil_wait_ns, 0));
}

Test(core_python, the_runtime_names_its_lock)
{
    ffitap_library_destroy(open_library(NULL, FFITAP_CDLL, 0));

    cr_expect(eq(str, (char *)lttng_double_runtime(0)->lock, "PyEval_SaveThread"));
}

static struct ffitap_library *pythonapi(void)
{
    struct ffitap_library *library = NULL;
    struct ffitap_error error = {0};

    cr_assert(eq(int, ffitap_pythonapi_borrow(&library, &error), FFITAP_OK), "%s", error.text);
    return library;
}

Test(core_python, pythonapi_makes_and_reads_python_objects)
{
    struct ffitap_function *make = borrow_same(pythonapi(), "PyLong_FromLong", FFITAP_TYPE_LONG);
    struct ffitap_function *read = borrow_same(pythonapi(), "PyLong_AsLong", FFITAP_TYPE_LONG);
    const struct ffitap_type *object = ffitap_type_borrow(FFITAP_TYPE_PYOBJECT);
    PyObject *number = NULL;
    long value = -1234567890123, result = 0;

    cr_assert(eq(int, ffitap_function_set_result(make, object, NULL), FFITAP_OK));
    cr_assert(eq(int, ffitap_function_set_arguments(read, &object, 1, NULL), FFITAP_OK));
    cr_assert(eq(int, ffitap_function_call(make, &number, (void *[]){&value}, 1, NULL), FFITAP_OK));
    cr_expect(PyLong_Check(number));
    cr_assert(
        eq(int, ffitap_function_call(read, &result, (void *[]){&number}, 1, NULL), FFITAP_OK));
    cr_expect(eq(long, result, value));
    Py_DECREF(number);
}

Test(core_python, pythonapis_functions_return_int_at_first)
{
    int result = 0;

    cr_assert(eq(
        int, ffitap_function_call(borrow(pythonapi(), "Py_IsInitialized"), &result, NULL, 0, NULL),
        FFITAP_OK));
    cr_expect(eq(int, result, 1));
}

/* Sets an exception by a function of a library of `kind`. */
static enum ffitap_status raise(enum ffitap_library_kind kind, struct ffitap_error *error)
{
    struct ffitap_library *python = open_library(NULL, kind, 0);
    struct ffitap_function *set = borrow_same(python, "PyErr_SetNone", FFITAP_TYPE_PYOBJECT);
    PyObject *class = PyExc_KeyError;

    cr_assert(eq(int, ffitap_function_set_result(set, ffitap_type_borrow(FFITAP_TYPE_VOID), NULL),
                 FFITAP_OK));
    const enum ffitap_status status = ffitap_function_call(set, NULL, (void *[]){&class}, 1, error);
    ffitap_library_destroy(python);
    return status;
}

Test(core_python, an_exception_that_a_pydlls_function_sets_fails_the_call_and_stays)
{
    struct ffitap_error error = {0};

    cr_expect(eq(int, raise(FFITAP_PYDLL, &error), FFITAP_CALL_FAILED));
    cr_expect(strstr(error.text, "KeyError") != NULL, "%s", error.text);
    cr_expect(eq(ptr, PyErr_Occurred(), PyExc_KeyError));
    PyErr_Clear();
}

Test(core_python, after_an_exception_that_was_cleared_calls_succeed)
{
    cr_expect(eq(int, raise(FFITAP_PYDLL, NULL), FFITAP_CALL_FAILED));
    PyErr_Clear();
    call_without_arguments(borrow(pythonapi(), "Py_IsInitialized"));
}

/* What each place found: whether this thread held the lock. */
static int held_before, held_in_handler, held_after;
static void (*code_to_call)(void);

static void call_code(void)
{
    held_before = PyGILState_Check();
    code_to_call();
    held_after = PyGILState_Check();
}

static void *run_code(void *unused)
{
    call_code();
    return unused;
}

/* Makes the call when the other thread is certain to have the lock. */
static void let_it_be_held_and_call_code(void)
{
    let_it_be_held();
    call_code();
}

static void call_code_in_thread(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, run_code, NULL);
    pthread_join(thread, NULL);
}

static void run_python(void *result, void *const *arguments, void *data)
{
    (void)result;
    (void)arguments;
    held_in_handler = PyGILState_Check();
    if (data)
        run(data);
}

/* Calls `native` as of a library of `kind`, which leads to a callback that runs Python. */
static void call_back_from(void (*native)(void), enum ffitap_library_kind kind, unsigned flags,
                           const char *python)
{
    struct ffitap_callback *callback = NULL;
    const struct ffitap_type *nothing = ffitap_type_borrow(FFITAP_TYPE_VOID);
    struct ffitap_function *function = create_native(native, kind);

    cr_assert(eq(int,
                 ffitap_callback_create(run_python, (void *)python, FFITAP_CDLL, nothing, NULL, 0,
                                        flags, &callback, NULL),
                 FFITAP_OK));
    *(void **)&code_to_call = ffitap_callback_get_code(callback);
    call_without_arguments(function);
    ffitap_function_destroy(function);
    ffitap_callback_destroy(callback);
}

Test(core_python, a_callback_out_of_a_cdlls_call_has_the_lock_and_gives_it_back)
{
    call_back_from(call_code, FFITAP_CDLL, 0, "count = 5");
    cr_expect(eq(int, held_before, 0));
    cr_expect(eq(int, held_in_handler, 1));
    cr_expect(eq(int, held_after, 0));
    cr_expect(eq(int, PyGILState_Check(), 1));
    cr_expect(eq(long, count(), 5));
    cr_expect(eq(uint, lttng_double_call(0)->flags, FFITAP__CALL_GIL_RELEASED));
}

Test(core_python, a_callback_out_of_a_pydlls_call_keeps_the_lock)
{
    call_back_from(call_code, FFITAP_PYDLL, 0, "count = 5");
    cr_expect(eq(int, held_before, 1));
    cr_expect(eq(int, held_in_handler, 1));
    cr_expect(eq(int, held_after, 1));
    cr_expect(eq(long, count(), 5));
}

Test(core_python, a_callback_in_a_thread_that_is_new_to_python_has_the_lock)
{
    call_back_from(call_code_in_thread, FFITAP_CDLL, 0, "count = 5");
    cr_expect(eq(int, held_before, 0));
    cr_expect(eq(int, held_in_handler, 1));
    cr_expect(eq(int, held_after, 0));
    cr_expect(eq(long, count(), 5));
    cr_expect(eq(ulong, lttng_double_callback_exit(0)->call_id, 0));
}

Test(core_python, a_callback_that_does_not_need_the_lock_runs_without)
{
    call_back_from(call_code, FFITAP_CDLL, FFITAP_CALLBACK_WITHOUT_LOCK, NULL);
    cr_expect(eq(int, held_in_handler, 0));
    cr_expect(eq(int, PyGILState_Check(), 1));
}

/* The handler has to wait for the lock, which another thread has. */
Test(core_python, the_wait_of_a_callback_is_none_of_its_calls_own_time)
{
    start_holder();
    call_back_from(let_it_be_held_and_call_code, FFITAP_CDLL, 0, NULL);
    join_holder();

    cr_expect(ge(ulong, lttng_double_callback_exit(0)->duration_ns, SLEEP_NS));
    cr_expect(ge(ulong, lttng_double_call(0)->callbacks_ns, SLEEP_NS));
    cr_expect(
        ge(ulong, lttng_double_call(0)->native_ns, lttng_double_call(0)->callbacks_ns + SLEEP_NS));
}

Test(core_python, calls_and_callbacks_go_without_a_lock_when_python_has_ended)
{
    end_python();
    call_back_from(call_code, FFITAP_CDLL, 0, NULL);

    cr_expect(eq(uint, lttng_double_call(0)->flags, 0));
    cr_expect(eq(uint, lttng_double_callback_exit_count(), 1));
}

/* From then on PyGILState_Check() says yes to every thread. */
static void have_had_another_interpreter(void)
{
    PyThreadState *state = PyThreadState_Get();

    Py_EndInterpreter(Py_NewInterpreter());
    PyThreadState_Swap(state);
}

static void *call_without_the_lock(void *function)
{
    call_without_arguments(function);
    return NULL;
}

/* What a call in a thread that is new to Python notes of the lock. */
static unsigned flags_in_new_thread(struct ffitap_function *function)
{
    pthread_t thread;

    pthread_create(&thread, NULL, call_without_the_lock, function);
    pthread_join(thread, NULL);
    return lttng_double_call(0)->flags;
}

Test(core_python, who_is_without_the_lock_is_known_although_there_was_another_interpreter)
{
    struct ffitap_library *libc = open_library("libc.so.6", FFITAP_CDLL, 0);
    struct ffitap_function *function = borrow(libc, "getpid");

    have_had_another_interpreter();
    cr_expect(eq(uint, flags_in_new_thread(function), 0));
    PyThreadState *state = PyEval_SaveThread();
    cr_expect(eq(uint, flags_in_new_thread(function), 0));
    call_without_arguments(function);
    cr_expect(eq(uint, lttng_double_call(0)->flags, 0));
    PyEval_RestoreThread(state);
    call_without_arguments(function);
    cr_expect(eq(uint, lttng_double_call(0)->flags, FFITAP__CALL_GIL_RELEASED));
    ffitap_library_destroy(libc);
}

/* The thread has a state of the main interpreter, but another thread has the lock. */
Test(core_python, the_lock_of_another_thread_is_not_given_up_although_there_was_another_interpreter)
{
    struct ffitap_library *libc = open_library("libc.so.6", FFITAP_CDLL, 0);
    struct ffitap_function *function = borrow(libc, "getpid");

    have_had_another_interpreter();
    start_holder();
    PyThreadState *state = PyEval_SaveThread();
    sem_wait(&is_held);
    call_without_arguments(function);
    cr_expect(eq(uint, lttng_double_call(0)->flags, 0));
    is_wanted = true;
    PyEval_RestoreThread(state);
    join_holder();
    ffitap_library_destroy(libc);
}

Test(core_python, a_call_out_of_another_interpreter_gives_the_lock_up)
{
    struct ffitap_library *libc = open_library("libc.so.6", FFITAP_CDLL, 0);
    struct ffitap_function *function = borrow(libc, "getpid");
    PyThreadState *state = PyThreadState_Get();
    PyThreadState *other = Py_NewInterpreter();

    call_without_arguments(function);
    cr_expect(eq(uint, lttng_double_call(0)->flags, FFITAP__CALL_GIL_RELEASED));
    Py_EndInterpreter(other);
    PyThreadState_Swap(state);
    ffitap_library_destroy(libc);
}
