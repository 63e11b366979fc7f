// Leaves foreign calls in every way but by returning: by an exception, by longjmp(3) out of a
// callback, by pthread_exit(3), by cancellation. Prints what happened.
#include <cstdio>
#include <csetjmp>
#include <pthread.h>
#include <semaphore.h>
#include <stdexcept>
#include <unistd.h>

extern "C" {
#include "border.h"

int throwing(int argument);
int calling_back(int argument);
int jumping(int argument);
int leaving_thread(int argument);
int waiting(int argument);
int spinning(int argument);
int returning(int argument);
void *PyEval_SaveThread(void);
void PyEval_RestoreThread(void *state);

// The lock of an interpreter that no other thread wants, and how often it is given and taken.
static int releases, takes;

void *PyEval_SaveThread(void)
{
    __sync_fetch_and_add(&releases, 1);
    return &releases;
}

void PyEval_RestoreThread(void *)
{
    __sync_fetch_and_add(&takes, 1);
}
}

namespace
{
jmp_buf outside;
sem_t inside;
int destroyed;

struct Witness {
    ~Witness()
    {
        __sync_fetch_and_add(&destroyed, 1);
    }
};

void throw_from_callback(ffi_cif *, void *result, void **arguments, void *)
{
    const int argument = *static_cast<int *>(arguments[0]);

    *static_cast<ffi_arg *>(result) = argument;
    if (argument == 1)
        throw std::runtime_error("of a callback");
    if (argument == 2)
        longjmp(outside, 7);
    if (argument == 3)
        pthread_exit(nullptr);
}

int (*callback)(int);

void make_callback()
{
    static ffi_type *types[] = {&ffi_type_sint};
    static ffi_cif cif;
    void *code;
    auto *closure = static_cast<ffi_closure *>(ffi_closure_alloc(sizeof(ffi_closure), &code));

    ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint, types);
    ffi_prep_closure_loc(closure, &cif, throw_from_callback, nullptr, code);
    callback = reinterpret_cast<int (*)(int)>(code);
}

const char *caught(border_caller *call, int (*function)(int), int argument)
{
    static char text[64];
    Witness witness;

    try {
        call(function, argument);
    } catch (const std::exception &error) {
        std::snprintf(text, sizeof(text), "%s", error.what());
        return text;
    }
    return "(nothing)";
}

void jump(border_caller *call, int (*function)(int))
{
    const int how = setjmp(outside);

    if (how == 0)
        call(function, 2);
    std::printf("jumped: %d\n", how);
}

struct Task {
    border_caller *call;
    int (*function)(int);
    int argument;
    bool is_at_any_moment;
};

void *perform(void *data)
{
    const auto *task = static_cast<Task *>(data);
    Witness witness;

    if (task->is_at_any_moment)
        pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, nullptr);
    task->call(task->function, task->argument);
    return data;
}

const char *end_of(Task task, bool cancel)
{
    pthread_t thread;
    void *result = nullptr;

    pthread_create(&thread, nullptr, perform, &task);
    if (cancel) {
        sem_wait(&inside);
        pthread_cancel(thread);
    }
    pthread_join(thread, &result);
    return result == PTHREAD_CANCELED ? "cancelled" : result ? "returned" : "exited";
}
} // namespace

int throwing(int)
{
    Witness witness;

    throw std::runtime_error("of a function");
}

int calling_back(int argument)
{
    Witness witness;

    return callback(argument);
}

// Must have no destructor, which a jump would leave out.
int jumping(int argument)
{
    return callback(argument);
}

int leaving_thread(int)
{
    pthread_exit(nullptr);
}

int waiting(int)
{
    sem_post(&inside);
    pause();
    return 0;
}

int spinning(int)
{
    sem_post(&inside);
    for (volatile int forever = 1; forever;)
        ;
    return 0;
}

int returning(int argument)
{
    return argument;
}

int main()
{
    make_callback();
    sem_init(&inside, 0, 0);
    for (border_caller *call : {border_call, border_call_unlocked, border_call_swapped}) {
        std::printf("caught: %s\n", caught(call, throwing, 0));
        std::printf("caught: %s\n", caught(call, calling_back, 1));
        jump(call, jumping);
        std::printf("thread: %s\n", end_of({call, leaving_thread, 0, false}, false));
        std::printf("thread: %s\n", end_of({call, calling_back, 3, false}, false));
        std::printf("thread: %s\n", end_of({call, waiting, 0, false}, true));
        std::printf("thread: %s\n", end_of({call, spinning, 0, true}, true));
        std::printf("thread: %s\n", end_of({call, returning, 1, false}, false));
        std::printf("goes on: %d\n", call(returning, 5));
    }
    std::printf("destroyed: %d\n", destroyed);
    std::printf("lock given %d, taken %d\n", releases, takes);
}
