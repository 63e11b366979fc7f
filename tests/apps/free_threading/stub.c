/*
 * As much of CPython 3.14 as says whether it has its interpreter lock, and as libffitap asks for.
 * Built once as a free-threaded one and once, WITH_LOCK, as one that always has its lock.
 */
#include "stub.h"

#include <stddef.h>
#include <stdint.h>

struct lock {
    uint64_t unused;
    int enabled;
};
struct interpreter {
    uint64_t unused[2];
    struct lock *lock;
};
struct state {
    uint64_t unused[3];
    struct interpreter *interpreter;
};

static struct lock lock;
static struct interpreter interpreter = {.lock = &lock};
static struct state state = {.interpreter = &interpreter};
static void *attached = &state;

#define WORDS 32

extern const uint64_t _PyRuntime[WORDS];
const uint64_t _PyRuntime[WORDS] = {
    [0] = 0x7970677562656478, /* "xdebugpy" */
    [1] = 0x030e00f0,
#ifndef WITH_LOCK
    [2] = 1,
#endif
    [3] = sizeof(_PyRuntime),
    [6] = sizeof(struct interpreter),
    [15] = offsetof(struct interpreter, lock),
    [17] = offsetof(struct lock, enabled),
    [22] = sizeof(struct state),
    [25] = offsetof(struct state, interpreter),
};

#define FUNCTION_MAP(X)                                                                            \
    X(void *, PyThreadState_GetUnchecked, (void), attached)                                        \
    X(int, Py_IsInitialized, (void), 1)                                                            \
    X(int, PyGILState_Check, (void), attached != NULL)                                             \
    X(void *, PyGILState_GetThisThreadState, (void), &state)                                       \
    X(int, PyGILState_Ensure, (void), 0)                                                           \
    X(void *, PyErr_Occurred, (void), NULL)

#define X(result, name, parameters, value)                                                         \
    result name parameters;                                                                        \
    result name parameters                                                                         \
    {                                                                                              \
        return value;                                                                              \
    }
FUNCTION_MAP(X)
#undef X

void PyGILState_Release(int ensured);
void PyGILState_Release(int ensured)
{
    (void)ensured;
}

const char *PyExceptionClass_Name(void *class);
const char *PyExceptionClass_Name(void *class)
{
    return class;
}

void *PyEval_SaveThread(void)
{
    void *released = attached;

    attached = NULL;
    return released;
}

void PyEval_RestoreThread(void *released)
{
    attached = released;
}

void stub_turn_lock(int on)
{
    lock.enabled = on;
}
