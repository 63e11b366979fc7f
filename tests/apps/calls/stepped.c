/*
 * A signal at every instruction of a foreign call. The processor traps after each instruction. In
 * each round the handler does something of its own, a few instructions later than in the round
 * before: it makes another foreign call, on a stack of its own or on the thread's, or it leaves by
 * siglongjmp(3). Prints how often each function was called.
 *
 *     stepped CALLER FUNCTION STACK ACTION STRIDE[+START] [FIRST LAST GAPS]
 *
 * CALLER is plain, unlocked or swapped (border.h), or behind: unlocked, after a call that was
 * abandoned. FUNCTION is known or fresh: it was called before, or it is another one each time.
 * STACK is same, below or above: where the handler runs, seen from the thread's stack. ACTION says
 * what the handler does. With known, other or fresh it calls such a function; with jump it jumps
 * away. With leave or fork it raises another signal, which can be blocked. The handler of that
 * signal jumps away, after which another thread calls a new function; or it forks, and the child
 * goes on with the call. In the first round the handler acts after START instructions. With GAPS it
 * acts twice in each round: first after each of the instructions from FIRST to LAST, and again
 * STRIDE, 2 * STRIDE and so on up to GAPS instructions later.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "border.h"

#define STACK_SIZE ((size_t)256 * 1024)

/* Both functions get the same place in a cache that goes by the lower bits of an address. */
#define PAGE_ALIGNED __attribute__((aligned(4096), noinline))

#define RET          0xC3
#define TRAP_FLAG    0x100 /* while this is set, the processor traps after each instruction */
#define FRESH_MAX    4096
#define ALARM_S      60

static int known_runs, other_runs;
PAGE_ALIGNED int known_function(int argument);
PAGE_ALIGNED int other_function(int argument);

int known_function(int argument)
{
    known_runs++;
    return argument + 1;
}

int other_function(int argument)
{
    other_runs++;
    return argument + 2;
}

static border_caller *caller;
static bool is_behind;
static const char *action;
static bool wants_fresh;
static unsigned char *fresh_code; /* each byte is a function */
static int fresh_count;

static volatile long step, act_at, gap;
static volatile bool acted;
static long stride, first, last, last_gap, rounds;
static int failures;
static pid_t child = -1; /* 0 in a child */
static sigjmp_buf outside;

static int (*fresh_function(void))(int)
{
    if (fresh_count == FRESH_MAX)
        abort();
    return (int (*)(int))(uintptr_t)(fresh_code + fresh_count++);
}

/* The child goes on with the call. */
static void fork_here(void)
{
    int status;

    child = fork();
    if (child)
        failures += waitpid(child, &status, 0) != child || status != 0;
}

static void act(void)
{
    if (strcmp(action, "known") == 0)
        failures += border_call(known_function, 1) != 2;
    else if (strcmp(action, "other") == 0)
        failures += border_call(other_function, 1) != 3;
    else if (strcmp(action, "fresh") == 0)
        border_call(fresh_function(), 1);
    else if (strcmp(action, "jump") == 0)
        siglongjmp(outside, 1);
    else
        raise(SIGUSR1);
}

/* Acts when it is time to. Once nothing is left to do, the processor no longer traps in the rest of
 * the call. */
static void on_step(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    const long now = step++;

    if (now == act_at + gap)
        ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
    if (now == act_at)
        acted = true;
    if (now == act_at || (gap && now == act_at + gap))
        act();
}

/* A signal that can be blocked. */
static void on_user_signal(int number)
{
    (void)number;
    if (strcmp(action, "fork") == 0)
        fork_here();
    else
        siglongjmp(outside, 1);
}

#define START_STEPPING() __asm__ volatile("pushf; orq $0x100, (%%rsp); popf" ::: "cc", "memory")
#define STOP_STEPPING()  __asm__ volatile("pushf; andq $~0x100, (%%rsp); popf" ::: "cc", "memory")

static void step_through(int (*function)(int))
{
    if (is_behind)
        border_call_abandoned(other_function, 1);
    if (sigsetjmp(outside, 1) == 0) {
        START_STEPPING();
        caller(function, 1);
    }
    STOP_STEPPING();
}

static void *call_fresh(void *unused)
{
    (void)unused;
    border_call(fresh_function(), 1);
    return NULL;
}

/* If the jump has left a lock behind, this thread waits for ever. */
static void call_in_other_thread(void)
{
    pthread_t other;

    alarm(ALARM_S);
    if (pthread_create(&other, NULL, call_fresh, NULL) != 0 || pthread_join(other, NULL) != 0)
        failures++;
    alarm(0);
}

/* False if the call was over before the handler could act. */
static bool run_round(void)
{
    int (*function)(int) = wants_fresh ? fresh_function() : known_function;

    rounds++;
    acted = false;
    step = 0;
    step_through(function);
    /* If something was left in disorder, this call shows it. */
    failures += caller(known_function, 1) != 2;
    if (!child)
        _exit(failures != 0);
    if (strcmp(action, "leave") == 0)
        call_in_other_thread();
    return acted;
}

static void act_once(void)
{
    while (run_round())
        act_at += stride;
}

static void act_twice(void)
{
    for (act_at = first; act_at <= last; act_at++)
        for (gap = stride; gap <= last_gap; gap += stride)
            run_round();
}

static void run_rounds(void)
{
    border_call(known_function, 1);
    border_call(other_function, 1);
    caller(known_function, 1);
    if (last_gap)
        act_twice();
    else
        act_once();
}

static void *run(void *signal_stack)
{
    const stack_t stack = {.ss_sp = signal_stack, .ss_size = STACK_SIZE};
    struct sigaction step_action = {.sa_sigaction = on_step, .sa_flags = SA_NODEFER | SA_SIGINFO};

    if (signal_stack) {
        sigaltstack(&stack, NULL);
        step_action.sa_flags |= SA_ONSTACK;
    }
    sigaction(SIGTRAP, &step_action, NULL);
    signal(SIGUSR1, on_user_signal);
    run_rounds();
    return NULL;
}

/* Runs in a thread whose stack lies in the middle, with a stack for signals on either side. */
static int run_in_thread(const char *where)
{
    char *stacks = mmap(NULL, 3 * STACK_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    void *signal_stack = strcmp(where, "below") == 0   ? stacks
                         : strcmp(where, "above") == 0 ? stacks + 2 * STACK_SIZE
                                                       : NULL;
    pthread_attr_t attributes;
    pthread_t thread;

    if (stacks == MAP_FAILED)
        return 1;
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, stacks + STACK_SIZE, STACK_SIZE);
    if (pthread_create(&thread, &attributes, run, signal_stack) != 0)
        return 1;
    pthread_join(thread, NULL);
    return 0;
}

int main(int argc, char **argv)
{
    char *start;

    if (argc != 6 && argc != 9)
        return 2;
    caller = strcmp(argv[1], "plain") == 0     ? border_call
             : strcmp(argv[1], "swapped") == 0 ? border_call_swapped
                                               : border_call_unlocked;
    is_behind = strcmp(argv[1], "behind") == 0;
    wants_fresh = strcmp(argv[2], "fresh") == 0;
    action = argv[4];
    stride = strtol(argv[5], &start, 10);
    act_at = *start == '+' ? atol(start) : 0;
    if (argc > 6) {
        first = atol(argv[6]);
        last = atol(argv[7]);
        last_gap = atol(argv[8]);
    }
    fresh_code = mmap(NULL, FRESH_MAX, PROT_READ | PROT_WRITE | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fresh_code == MAP_FAILED)
        return 1;
    memset(fresh_code, RET, FRESH_MAX);
    if (run_in_thread(argv[3]) != 0)
        return 1;
    printf("rounds %ld\nknown_function %d\nother_function %d\nfresh %d\nfailures %d\n", rounds,
           known_runs, other_runs, fresh_count, failures);
    return 0;
}
