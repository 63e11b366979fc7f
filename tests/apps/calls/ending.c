/*
 * Threads that end while signals come whose handler makes foreign calls. While a thread ends, locks
 * are taken and given back; a signal comes before each is given back. Prints how often each
 * function was called. With an argument, LTTng gets to know the threads before they call.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "border.h"

#define THREADS 3
#define ALARM_S 60

static int known_runs, signals, failures;
static __thread bool is_ending, is_in_handler;

int known_function(int argument);
int last_function(int argument);

int known_function(int argument)
{
    known_runs++;
    return argument + 1;
}

/* The thread ends in this call. */
int last_function(int argument)
{
    is_ending = true;
    pthread_exit(NULL);
    return argument;
}

static void on_signal(int number)
{
    is_in_handler = true;
    signals++;
    failures += border_call(known_function, number) != number + 1;
    is_in_handler = false;
}

static bool is_blocked(int number)
{
    sigset_t blocked;

    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    return sigismember(&blocked, number) == 1;
}

/* Stands in front of the C library's function: every lock that is taken is given back here. */
int pthread_mutex_unlock(pthread_mutex_t *lock)
{
    static int (*real)(pthread_mutex_t *);

    if (!real)
        real = (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_unlock");
    if (is_ending && !is_in_handler && !is_blocked(SIGUSR1))
        raise(SIGUSR1);
    return real(lock);
}

/* What a tracepoint of the program's own does in a new thread; NULL where LTTng is not there. */
static void (*become_known)(void);

static void find_lttng(void)
{
    void *lttng = dlopen("liblttng-ust-common.so.1", RTLD_LAZY | RTLD_NOLOAD);

    if (lttng)
        become_known = (void (*)(void))dlsym(lttng, "lttng_ust_urcu_register_thread");
}

static void *call_and_end(void *unused)
{
    if (become_known)
        become_known();
    failures += border_call(known_function, 1) != 2;
    border_call(last_function, 1);
    return unused;
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        find_lttng();
    signal(SIGUSR1, on_signal);
    for (int i = 0; i < THREADS; i++) {
        pthread_t thread;

        alarm(ALARM_S); /* ends the process if a thread waits for ever */
        failures += pthread_create(&thread, NULL, call_and_end, NULL) != 0 ||
                    pthread_join(thread, NULL) != 0;
    }
    printf("known_function %d\nlast_function %d\nsignals %d\nfailures %d\n", known_runs, THREADS,
           signals, failures);
    return 0;
}
