/*
 * A thread calls functions for the first time while it walks through the list of mapped objects, as
 * programs do that look for a library. Meanwhile other threads load and unload a library. The
 * argument is the library.
 */
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "border.h"

#define RET       0xC3
#define FUNCTIONS 20000
#define LOADERS   2
#define LOADS     3000

static unsigned char *code; /* each byte is a function */
static const char *library;
static _Atomic int calls, loads;

static int call_one(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)info;
    (void)size;
    (void)unused;
    if (calls < FUNCTIONS)
        border_call((int (*)(int))(uintptr_t)(code + calls++), 1);
    return 0;
}

static void *load(void *unused)
{
    while (loads < LOADS) {
        void *handle = dlopen(library, RTLD_NOW);

        if (handle) {
            loads++;
            dlclose(handle);
        }
    }
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t loaders[LOADERS];

    if (argc != 2)
        return 2;
    library = argv[1];
    code = mmap(NULL, FUNCTIONS, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0);
    if (code == MAP_FAILED)
        return 1;
    memset(code, RET, FUNCTIONS);
    for (int i = 0; i < LOADERS; i++)
        pthread_create(&loaders[i], NULL, load, NULL);
    /* Some functions are called for each load, because at a load the tap looks at what is mapped,
     * too. */
    while (loads < LOADS)
        if (calls < loads * (FUNCTIONS / LOADS))
            dl_iterate_phdr(call_one, NULL);
    for (int i = 0; i < LOADERS; i++)
        pthread_join(loaders[i], NULL);
    printf("calls %d\nloads %d\n", calls, loads);
    return 0;
}
