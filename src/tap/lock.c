#include "tap/lock.h"

#include <pthread.h>

#include "tap/emit.h"
#include "tap/fast.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static FFITAP__THREAD_LOCAL bool held;

static bool take(void)
{
    if (held)
        return false;
    held = true;
    pthread_mutex_lock(&mutex);
    return true;
}

/* Who holds the lock emits events, and a fork waits for the lock. */
bool ffitap__lock(void)
{
    if (!held)
        ffitap__emit_join();
    return take();
}

bool ffitap__lock_try(void)
{
    if (held)
        return false;
    held = true;
    if (pthread_mutex_trylock(&mutex) == 0)
        return true;
    held = false;
    return false;
}

void ffitap__unlock(void)
{
    pthread_mutex_unlock(&mutex);
    held = false;
}

/* fork() from a signal handler that interrupted the holder: it is this thread that holds it. */
static FFITAP__THREAD_LOCAL bool held_for_fork;

static void before_fork(void)
{
    held_for_fork = take();
}

static void after_fork(void)
{
    if (held_for_fork)
        ffitap__unlock();
}

__attribute__((constructor)) static void survive_fork(void)
{
    pthread_atfork(before_fork, after_fork, after_fork);
}
