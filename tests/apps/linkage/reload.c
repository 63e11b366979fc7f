/*
 * Unloads a library and loads another one, which comes to lie at the same place; calls through the
 * old pointer; then loads the first library again, and so on. Another thread calls as well. Run
 * with the folder of the libraries.
 */
#include <dlfcn.h>
#include <ffi.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define ROUNDS 5

static const char *folder;
static void *stale;
static ffi_cif cif;

static int call(void *address)
{
    int argument = 0;
    void *arguments[] = {&argument};
    ffi_arg result = 0;

    ffi_call(&cif, FFI_FN(address), &result, arguments);
    return (int)result;
}

static void *load(const char *name, void **address)
{
    char path[4096], symbol[64];

    snprintf(path, sizeof(path), "%s/libreload_%s.so", folder, name);
    snprintf(symbol, sizeof(symbol), "%s_function", name);
    void *library = dlopen(path, RTLD_NOW);
    if (address)
        *address = library ? dlsym(library, symbol) : NULL;
    return library;
}

/* The other thread has called at this address before, and calls there again when another function
 * lies there. */
static pthread_barrier_t turn;

static void *call_in_turns(void *others)
{
    int sum = 0;

    for (int i = 0; i < 2 * ROUNDS; i++) {
        pthread_barrier_wait(&turn);
        sum += call(stale);
        pthread_barrier_wait(&turn);
    }
    *(int *)others = sum;
    return NULL;
}

static int let_other_call(void)
{
    const int own = call(stale);

    pthread_barrier_wait(&turn);
    pthread_barrier_wait(&turn);
    return own;
}

int main(int argc, char **argv)
{
    ffi_type *types[] = {&ffi_type_sint};
    pthread_t thread;
    int same = 0, ones = 0, twos = 0, others = 0;

    folder = argc > 1 ? argv[1] : ".";
    ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint, types);
    pthread_barrier_init(&turn, NULL, 2);
    pthread_create(&thread, NULL, call_in_turns, &others);
    for (int i = 0; i < ROUNDS; i++) {
        void *address;
        void *one = load("one", &stale);
        ones += let_other_call();
        printf("unloaded: %d\n", dlclose(one));
        void *two = load("two", i % 2 ? &address : NULL); /* not always looked up */
        if (i % 2)
            same += address == stale;
        twos += let_other_call();
        printf("unloaded: %d\n", dlclose(two));
    }
    pthread_join(thread, NULL);
    printf("at the same place: %d, ones %d, twos %d, the other thread %d\n", same, ones, twos,
           others);
    return 0;
}
