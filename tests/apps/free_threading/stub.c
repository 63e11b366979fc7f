/*
 * As much of CPython 3.14 as libffitap asks for, and as tells whether there is an interpreter lock.
 * It is built as a free-threaded CPython; with WITH_LOCK, as a CPython that always has its lock;
 * and with a symbol of another type or size, as something else that has CPython's names.
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

#ifndef RUNTIME_TYPE
#define RUNTIME_TYPE object
#endif
#ifndef RUNTIME_SIZE
#define RUNTIME_SIZE 256
#endif
#ifndef STATE
#define STATE      current_state
#define STATE_TYPE function
#else
#define STATE_TYPE object
#endif

#define DEFINE_SYMBOL(name, target, type, size)                                                    \
    __asm__(".globl " #name "\n.set " #name ", " #target "\n.type " #name ", @" #type              \
            "\n.size " #name ", " #size)
#define DEFINE(name, target, type, size) DEFINE_SYMBOL(name, target, type, size)

__attribute__((used)) static const uint64_t runtime[32] = {
    [0] = 0x7970677562656478, /* "xdebugpy" */
    [1] = 0x030e00f0,
#ifndef WITH_LOCK
    [2] = 1,
#endif
    [3] = RUNTIME_SIZE,
    [6] = sizeof(struct interpreter),
    [15] = offsetof(struct interpreter, lock),
    [17] = offsetof(struct lock, enabled),
    [22] = sizeof(struct state),
    [25] = offsetof(struct state, interpreter),
};

__attribute__((used)) static void *current_state(void)
{
    return attached;
}

DEFINE(_PyRuntime, runtime, RUNTIME_TYPE, RUNTIME_SIZE);
DEFINE(PyThreadState_GetUnchecked, STATE, STATE_TYPE, 1);

#define FUNCTION_MAP(X)                                                                            \
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
