#include "core/interpreter.h"

#include <errno.h>
#include <pthread.h>

#include "core/cpython.h"

const struct ffitap_interpreter *_Atomic ffitap__interpreter_in_force;

/* Whether the host has left the choice to us. Changed with the mutex held. */
static _Atomic bool automatic = true;
static pthread_mutex_t choosing = PTHREAD_MUTEX_INITIALIZER;

static void put_in_force(const struct ffitap_interpreter *interpreter)
{
    atomic_store_explicit(&ffitap__interpreter_in_force, interpreter, memory_order_release);
}

void ffitap__interpreter_find(void)
{
    if (ffitap__interpreter_get() || !atomic_load_explicit(&automatic, memory_order_relaxed))
        return;

    const struct ffitap_interpreter *cpython = ffitap__cpython_find();
    if (!cpython)
        return;
    pthread_mutex_lock(&choosing);
    if (automatic)
        put_in_force(cpython);
    pthread_mutex_unlock(&choosing);
}

void ffitap__interpreter_choose(const struct ffitap_interpreter *interpreter)
{
    pthread_mutex_lock(&choosing);
    automatic = false;
    put_in_force(interpreter);
    pthread_mutex_unlock(&choosing);
}

void ffitap__interpreter_choose_automatically(void)
{
    pthread_mutex_lock(&choosing);
    if (!automatic)
        put_in_force(NULL);
    automatic = true;
    pthread_mutex_unlock(&choosing);
    ffitap__interpreter_find();
}

const char *ffitap__interpreter_lock_name(void)
{
    const struct ffitap_interpreter *interpreter = ffitap__interpreter_get();

    return interpreter && interpreter->lock ? interpreter->lock : "";
}

enum ffitap__lock_kind ffitap__interpreter_lock_kind(void)
{
    const struct ffitap_interpreter *interpreter = ffitap__interpreter_get();

    if (!interpreter || !interpreter->lock)
        return FFITAP__LOCK_NONE;
    return ffitap__cpython_free_threading(interpreter) ? FFITAP__LOCK_OPTIONAL
                                                       : FFITAP__LOCK_ALWAYS;
}

bool ffitap__interpreter_asks_held(const struct ffitap_interpreter *interpreter)
{
    const int saved = errno;
    const bool held = interpreter->is_held();

    errno = saved;
    return held;
}

void *ffitap__interpreter_release(const struct ffitap_interpreter *interpreter)
{
    const int saved = errno;
    void *released = interpreter->release();

    errno = saved;
    return released;
}

void ffitap__interpreter_acquire(const struct ffitap_interpreter *interpreter, void *released)
{
    const int saved = errno;

    interpreter->acquire(released);
    errno = saved;
}

const char *ffitap__interpreter_error(const struct ffitap_interpreter *interpreter)
{
    if (!interpreter || !interpreter->error_occurred || !ffitap__interpreter_is_held(interpreter))
        return NULL;

    const int saved = errno;
    const char *raised = interpreter->error_occurred();

    errno = saved;
    return raised;
}

void *ffitap__interpreter_enter(const struct ffitap_interpreter *interpreter)
{
    if (!interpreter || !interpreter->enter)
        return NULL;

    const int saved = errno;
    void *entered = interpreter->enter();

    errno = saved;
    return entered;
}

void ffitap__interpreter_leave(const struct ffitap_interpreter *interpreter, void *entered)
{
    if (!interpreter || !interpreter->leave)
        return;

    const int saved = errno;

    interpreter->leave(entered);
    errno = saved;
}
