#include "tap/base/lock.h"

#include <pthread.h>
#include <signal.h>

#include "tap/base/fast.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void nothing(void)
{
}

static void (*get_ready)(void) = nothing;

void ffitap__lock_init(void (*before_waiting)(void))
{
    get_ready = before_waiting;
}

static FFITAP__THREAD_LOCAL bool held;

struct mask {
    sigset_t signals;
    bool is_known;
};

/* The holder's signal mask, from before it asked for the lock. */
static struct mask former_mask;

/*
 * Signals are blocked while the lock is held: a handler might leave by siglongjmp(3), and the lock
 * would never be given back. Signals that the thread may cause itself stay unblocked, because the
 * kernel ends a process that causes one while it is blocked.
 */
static struct mask block_signals(void)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
    struct mask former;
    sigset_t others;

    sigfillset(&others);
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        sigdelset(&others, own[i]);
    former.is_known = pthread_sigmask(SIG_BLOCK, &others, &former.signals) == 0;
    return former;
}

static void restore_signals(const struct mask *former)
{
    if (former->is_known)
        pthread_sigmask(SIG_SETMASK, &former->signals, NULL);
}

static bool take(void)
{
    if (held)
        return false;
    const struct mask former = block_signals();
    held = true;
    pthread_mutex_lock(&mutex);
    former_mask = former;
    return true;
}

bool ffitap__lock(void)
{
    if (!held)
        get_ready();
    return take();
}

bool ffitap__lock_try(void)
{
    if (held)
        return false;
    const struct mask former = block_signals();
    if (pthread_mutex_trylock(&mutex) != 0) {
        restore_signals(&former);
        return false;
    }
    held = true;
    former_mask = former;
    return true;
}

void ffitap__unlock(void)
{
    const struct mask former = former_mask;

    pthread_mutex_unlock(&mutex);
    held = false;
    restore_signals(&former);
}

/*
 * Whether ffitap__lock_before_fork() has taken the lock. It cannot if fork(3) is called in the
 * handler of a signal that the lock's holder has caused itself: this thread holds the lock already.
 */
static FFITAP__THREAD_LOCAL bool held_for_fork;

void ffitap__lock_before_fork(void)
{
    held_for_fork = take();
}

void ffitap__lock_after_fork(void)
{
    if (held_for_fork)
        ffitap__unlock();
}
