/*
 * Calls a function through libffi that switches to another stack and returns in another thread, as
 * functions of coroutine libraries do. If told to, the function switches out of a callback as well.
 * The other thread has made no call before, and the first thread has ended by then.
 */
#include <ffi.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

static ffi_cif cif;
static ucontext_t coroutine, thread;
static char stack[1 << 18];
static void (*callback)(void);

static void pause_coroutine(void)
{
    swapcontext(&coroutine, &thread);
}

static void call_back(void)
{
    callback();
}

static void call(void (*function)(void))
{
    ffi_call(&cif, function, NULL, NULL);
}

static void be_called_back(ffi_cif *signature, void *result, void **arguments, void *data)
{
    (void)signature;
    (void)result;
    (void)arguments;
    (void)data;
    call(pause_coroutine);
}

static void run_coroutine(void)
{
    for (int i = 0; i < 3; i++)
        call(callback ? call_back : pause_coroutine);
}

/* Runs up to the call that pauses it. The first time that is one of several calls, the next time a
 * call that is known. */
static void *begin(void *unused)
{
    swapcontext(&thread, &coroutine);
    swapcontext(&thread, &coroutine);
    return unused;
}

static void *go_on(void *unused)
{
    swapcontext(&thread, &coroutine);
    return unused;
}

static bool run(void *(*function)(void *))
{
    pthread_t id;

    return pthread_create(&id, NULL, function, NULL) == 0 && pthread_join(id, NULL) == 0;
}

static bool prepare_callback(void)
{
    void *code;
    ffi_closure *closure = ffi_closure_alloc(sizeof(*closure), &code);

    memcpy(&callback, &code, sizeof(code));
    return closure && ffi_prep_closure_loc(closure, &cif, be_called_back, NULL, code) == FFI_OK;
}

int main(int argc, char **argv)
{
    (void)argv;
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &ffi_type_void, NULL) != FFI_OK ||
        (argc > 1 && !prepare_callback()) || getcontext(&coroutine) != 0)
        return 1;
    coroutine.uc_stack.ss_sp = stack;
    coroutine.uc_stack.ss_size = sizeof(stack);
    makecontext(&coroutine, run_coroutine, 0);
    if (!run(begin) || !run(go_on))
        return 1;
    puts("went on");
    return 0;
}
