/*
 * Foreign calls that go on where others began: coroutines on stacks of their own that switch in the
 * middle of calls, and a fork(2) inside of a call, from which two processes return. Prints how
 * often each function was called, by the first process and by the others.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "border.h"

#define ROUNDS     100
#define COROUTINES 3
#define STACK_SIZE ((size_t)128 * 1024)

int switching(int to);
int quick(int argument);
int forking(int argument);

static ucontext_t contexts[COROUTINES + 1];
static int current, switching_calls, quick_calls, failures;

int quick(int argument)
{
    quick_calls++;
    return argument + 1;
}

/* Switches to another coroutine, and returns when a coroutine switches back here. */
int switching(int to)
{
    const int from = current;

    switching_calls++;
    current = to;
    swapcontext(&contexts[from], &contexts[to]);
    return from;
}

/* Coroutine 0 is the program itself; each goes on to the next, in the middle of a call. */
static void run(int own)
{
    for (int i = 0; i < ROUNDS; i++) {
        failures += border_call(quick, i) != i + 1;
        failures += border_call_unlocked(switching, (own + 1) % (COROUTINES + 1)) != own;
        failures += border_call_unlocked(quick, i) != i + 1;
    }
}

static void run_coroutine(int own)
{
    run(own);
    for (;;) /* only the turn has to be passed on */
        switching((own + 1) % (COROUTINES + 1));
}

static void prepare(int own, char *stack)
{
    getcontext(&contexts[own]);
    contexts[own].uc_stack.ss_sp = stack;
    contexts[own].uc_stack.ss_size = STACK_SIZE;
    makecontext(&contexts[own], (void (*)(void))run_coroutine, 1, own);
}

int forking(int argument)
{
    return argument ? fork() : -1;
}

static int fork_within(border_caller *call)
{
    const pid_t child = call(forking, 1);
    int status = 1;

    failures += call(quick, 1) != 2;
    if (child == 0) {
        failures += call(quick, 2) != 3;
        _exit(failures);
    }
    waitpid(child, &status, 0);
    return status;
}

int main(void)
{
    char *stacks = mmap(NULL, COROUTINES * STACK_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (stacks == MAP_FAILED)
        return 1;
    for (int i = 1; i <= COROUTINES; i++)
        prepare(i, stacks + (COROUTINES - i) * STACK_SIZE);
    run(0);
    printf("quick %d\n", quick_calls);
    for (int i = 0; i < 3; i++)
        printf("forked: %d\n", fork_within((border_caller *[]){border_call, border_call_unlocked,
                                                               border_call_swapped}[i]));
    printf("failures %d\n", failures);
    return failures;
}
