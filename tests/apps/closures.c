/*
 * Makes foreign calls and closures with libffi itself, and leaves them in every way that there is.
 * Prints what it counted; exits with 1 if something was not as it should be.
 */
#include <errno.h>
#include <ffi.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

typedef void handle(ffi_cif *cif, void *result, void **arguments, void *data);

struct callback {
    ffi_closure *closure;
    void *code;
    handle *handler;
};

static ffi_cif doubles; /* double (double) */
static ffi_cif calls;   /* double (callback) */

static void check(bool condition, const char *what)
{
    if (!condition) {
        printf("wrong: %s\n", what);
        exit(1);
    }
}

static void get_ready(void)
{
    static ffi_type *a_double[] = {&ffi_type_double};
    static ffi_type *a_pointer[] = {&ffi_type_pointer};

    check(ffi_prep_cif(&doubles, FFI_DEFAULT_ABI, 1, &ffi_type_double, a_double) == FFI_OK &&
              ffi_prep_cif(&calls, FFI_DEFAULT_ABI, 1, &ffi_type_double, a_pointer) == FFI_OK,
          "ffi_prep_cif");
}

static void prepare(struct callback *callback, handle *handler)
{
    callback->handler = handler;
    callback->closure = ffi_closure_alloc(sizeof(ffi_closure), &callback->code);
    check(callback->closure && ffi_prep_closure_loc(callback->closure, &doubles, handler, callback,
                                                    callback->code) == FFI_OK,
          "ffi_prep_closure_loc");
}

double call_back(double (*function)(double));

/* The native code. */
__attribute__((visibility("default"))) double call_back(double (*function)(double))
{
    return function(0.5) + 0.25;
}

static double make_call(struct callback *callback)
{
    double result = 0;

    ffi_call(&calls, FFI_FN(call_back), &result, (void *[]){&callback->code});
    return result;
}

/* An argument and a result in vector registers, errno in and out. */
static void add_one(ffi_cif *cif, void *result, void **arguments, void *data)
{
    struct callback *callback = data;

    (void)cif;
    check(callback->handler == add_one, "the handler's data");
    check(errno == 11, "errno in a callback");
    *(double *)result = *(double *)arguments[0] + 1;
    errno = 22;
}

static void pass_through(void)
{
    struct callback callback;

    prepare(&callback, add_one);
    errno = 11;
    check(make_call(&callback) == 1.75, "a callback's result");
    check(errno == 22, "errno after a callback");
    ffi_closure_free(callback.closure);
}

/* Prepares and frees more closures, one after another, than there can be at a time. Each is at
 * another address, because a closure that is never prepared takes the address of the one that was
 * freed. */
static void come_and_go(void)
{
    enum { TIMES = 300000 };
    static void *unprepared[TIMES];
    struct callback callback;
    void *unused;

    for (int i = 0; i < TIMES; i++) {
        prepare(&callback, add_one);
        ffi_closure_free(callback.closure);
        unprepared[i] = ffi_closure_alloc(sizeof(ffi_closure), &unused);
        check(unprepared[i], "ffi_closure_alloc");
    }
    for (int i = TIMES; i > 0; i--)
        ffi_closure_free(unprepared[i - 1]);
}

/* Frees the closure that it was called through, and another closure gets its place. */
static void free_own(ffi_cif *cif, void *result, void **arguments, void *data)
{
    struct callback *callback = data, next;

    (void)cif;
    ffi_closure_free(callback->closure);
    prepare(&next, add_one);
    *(double *)result = *(double *)arguments[0];
    ffi_closure_free(next.closure);
}

static void free_itself(void)
{
    struct callback callback;

    prepare(&callback, free_own);
    check(make_call(&callback) == 0.75, "a callback that frees its closure");
}

static jmp_buf back;

static void jump(ffi_cif *cif, void *result, void **arguments, void *data)
{
    (void)cif;
    (void)result;
    (void)arguments;
    (void)data;
    longjmp(back, 1);
}

static void jump_out(void)
{
    static struct callback callback;

    prepare(&callback, jump);
    if (setjmp(back) == 0) {
        make_call(&callback);
        check(false, "a longjmp out of a callback");
    }
    ffi_closure_free(callback.closure);
}

static void leave_thread(ffi_cif *cif, void *result, void **arguments, void *data)
{
    (void)cif;
    (void)result;
    (void)arguments;
    (void)data;
    pthread_exit(&back);
}

static int unwound;

static void note_unwound(void *data)
{
    (void)data;
    unwound++;
}

static void *end_in_callback(void *callback)
{
    pthread_cleanup_push(note_unwound, NULL);
    make_call(callback);
    pthread_cleanup_pop(0);
    return NULL;
}

/* Unwinds the stack from the handler to here, as an exception does. */
static void end_thread(void)
{
    struct callback callback;
    pthread_t thread;
    void *result = NULL;

    prepare(&callback, leave_thread);
    check(pthread_create(&thread, NULL, end_in_callback, &callback) == 0, "pthread_create");
    pthread_join(thread, &result);
    check(result == &back && unwound == 1, "pthread_exit out of a callback");
    ffi_closure_free(callback.closure);
}

static void split(ffi_cif *cif, void *result, void **arguments, void *data)
{
    const pid_t child = fork();
    int status = 0;

    (void)cif;
    (void)data;
    (void)arguments;
    if (child)
        check(waitpid(child, &status, 0) == child && status == 0, "the child of a callback");
    *(double *)result = child ? 1 : 2;
}

static void fork_inside(void)
{
    struct callback callback;

    prepare(&callback, split);
    const double result = make_call(&callback);
    if (result == 2.25) {
        pass_through();
        _exit(0);
    }
    check(result == 1.25, "a callback that forks");
    ffi_closure_free(callback.closure);
}

int main(void)
{
    get_ready();
    for (int i = 0; i < 10; i++)
        pass_through();
    come_and_go();
    free_itself();
    jump_out();
    end_thread();
    fork_inside();
    puts("as it should be");
    return 0;
}
