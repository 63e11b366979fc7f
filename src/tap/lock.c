#include "tap/lock.h"

#include <pthread.h>

#include "tap/fast.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static FFITAP__THREAD_LOCAL bool held;

bool ffitap__lock(void)
{
    if (held)
        return false;
    held = true;
    pthread_mutex_lock(&mutex);
    return true;
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
    held_for_fork = ffitap__lock();
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
