/*
 * An interpreter and the module that makes its foreign calls in one object, as when _ctypes is
 * built into libpython. When its functions call each other, the calls go through slots that are
 * hooked. So does the jump to PyEval_SaveThread() by which PyGILState_Release() gives up the lock
 * at its end.
 */
#include <ffi.h>
#include <pthread.h>
#include <stdio.h>

void *PyEval_SaveThread(void);
void PyEval_RestoreThread(void *state);
int PyGILState_Ensure(void);
void PyGILState_Release(int state);
int calling_back(int times);
int asking_itself(int times);
int keeping(int argument);
int built_in_run(void);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void *PyEval_SaveThread(void)
{
    pthread_mutex_unlock(&lock);
    return &lock;
}

void PyEval_RestoreThread(void *state)
{
    pthread_mutex_lock(state);
}

int PyGILState_Ensure(void)
{
    PyEval_RestoreThread(&lock);
    return 1;
}

void PyGILState_Release(int state)
{
    if (state)
        PyEval_SaveThread();
}

static ffi_cif cif;
static int (*callback)(int);
static int handled;

static void handle(ffi_cif *cif_of_closure, void *result, void **arguments, void *data)
{
    const int state = PyGILState_Ensure();

    (void)cif_of_closure, (void)data;
    handled++;
    *(ffi_arg *)result = (ffi_arg)(*(int *)arguments[0] + 1);
    PyGILState_Release(state);
}

/* A callback as ctypes.CFUNCTYPE makes it: it takes the lock for as long as it lasts. */
static int prepare(void)
{
    static ffi_type *types[] = {&ffi_type_sint};
    void *code;
    ffi_closure *closure = ffi_closure_alloc(sizeof(*closure), &code);

    if (!closure || ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint, types) != FFI_OK ||
        ffi_prep_closure_loc(closure, &cif, handle, NULL, code) != FFI_OK)
        return 0;
    callback = (int (*)(int))code;
    return 1;
}

int calling_back(int times)
{
    int sum = 0;

    for (int i = 0; i < times; i++)
        sum += callback(i);
    return sum;
}

/* Does what a library does that uses the interpreter by itself, with no closure in between. */
int asking_itself(int times)
{
    for (int i = 0; i < times; i++) {
        const int state = PyGILState_Ensure();

        handled++;
        PyGILState_Release(state);
    }
    return times;
}

int keeping(int argument)
{
    return argument;
}

/* Calls as ctypes.PyDLL does. */
static int call_with_lock(int (*function)(int), int argument)
{
    void *arguments[] = {&argument};
    ffi_arg result = 0;

    ffi_call(&cif, FFI_FN(function), &result, arguments);
    return (int)result;
}

/* Calls as ctypes.CDLL does. */
static int call(int (*function)(int), int argument)
{
    void *state = PyEval_SaveThread();
    const int result = call_with_lock(function, argument);

    PyEval_RestoreThread(state);
    return result;
}

/* Makes ten calls of each of the three, with 30 callbacks, and takes the lock 30 times without a
 * callback. */
int built_in_run(void)
{
    int sum = 0;

    pthread_mutex_lock(&lock);
    if (!prepare())
        return -1;
    for (int i = 0; i < 10; i++) {
        sum += call(calling_back, 3) + call_with_lock(keeping, 100);
        sum += call(asking_itself, 3) + call_with_lock(keeping, 100);
    }
    printf("sum %d, handled %d\n", sum, handled);
    return 0;
}
