/*
 * Threads that make foreign calls under a storm of signals, whose handler makes foreign calls, too.
 * Now and then they leave a call by longjmp(3), and in the end they end inside of one. Prints how
 * often each function was called.
 *
 *     storm known|new
 *
 * The threads are either known, and have made a call before the first signal, or they are new to
 * the tap.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "border.h"

#define THREADS 3
#define SECONDS 1

static _Atomic int calm_runs, storm_runs, jump_runs, last_runs;
static _Atomic int failures;
static _Atomic bool signal_has_come = true;
static bool threads_are_known;
static sigset_t alarm_only;
static __thread jmp_buf outside;

int calm_function(int argument);
int storm_function(int argument);
int jump_function(int argument);
int last_function(int argument);

int calm_function(int argument)
{
    calm_runs++;
    return argument + 1;
}

int storm_function(int argument)
{
    storm_runs++;
    return argument + 2;
}

/* Leaves its call, and one around it. */
int jump_function(int argument)
{
    jump_runs++;
    if (argument)
        border_call_unlocked(jump_function, argument - 1);
    longjmp(outside, 1);
}

/* The thread ends in this call. */
int last_function(int argument)
{
    last_runs++;
    pthread_exit(NULL);
    return argument;
}

static void on_alarm(int number)
{
    failures += border_call(storm_function, number) != number + 2;
    signal_has_come = true;
}

/* Called by threads that have done something since the last signal. If signals came by themselves,
 * a slow machine would do nothing else. */
static void have_another_signal(void)
{
    const struct itimerval soon = {{0, 0}, {0, 5}};

    if (atomic_exchange(&signal_has_come, false))
        setitimer(ITIMER_REAL, &soon, NULL);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void *call_all_the_time(void *unused)
{
    if (threads_are_known)
        failures += border_call(calm_function, 0) != 1;
    pthread_sigmask(SIG_UNBLOCK, &alarm_only, NULL);
    const double end = now() + SECONDS;
    while (now() < end) {
        for (int i = 0; i < 100; i++) {
            have_another_signal();
            failures += border_call(calm_function, i) != i + 1;
            failures += border_call_unlocked(calm_function, i) != i + 1;
        }
        if (setjmp(outside) == 0)
            border_call(jump_function, 1);
    }
    have_another_signal();
    border_call(last_function, 0);
    return unused;
}

int main(int argc, char **argv)
{
    const struct itimerval never = {{0, 0}, {0, 0}};
    const struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    pthread_t threads[THREADS];

    if (argc != 2)
        return 2;
    threads_are_known = strcmp(argv[1], "known") == 0;
    sigaction(SIGALRM, &action, NULL);
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarm_only, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, call_all_the_time, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    setitimer(ITIMER_REAL, &never, NULL);
    printf("calm_function %d\nstorm_function %d\njump_function %d\nlast_function %d\nfailures %d\n",
           calm_runs, storm_runs, jump_runs, last_runs, failures);
    return failures != 0;
}
