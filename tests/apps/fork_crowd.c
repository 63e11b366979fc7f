/*
 * Forks all the time while threads come and go. Each thread makes one foreign call, to an address
 * that was never called before.
 */
#include <ffi.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define RET          0xC3
#define THREAD_COUNT 4000

static unsigned char *code;
static _Atomic int done;

static void *call_once(void *function)
{
    ffi_cif cif;

    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &ffi_type_void, NULL) == FFI_OK)
        ffi_call(&cif, (void (*)(void))(uintptr_t)function, NULL, NULL);
    return NULL;
}

static void *call_from_threads(void *unused)
{
    for (int i = 0; i < THREAD_COUNT; i++) {
        pthread_t thread;

        if (pthread_create(&thread, NULL, call_once, code + i) == 0)
            pthread_join(thread, NULL);
    }
    atomic_store(&done, 1);
    return unused;
}

int main(void)
{
    pthread_t caller;

    code = mmap(NULL, THREAD_COUNT, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0);
    if (code == MAP_FAILED)
        return 1;
    memset(code, RET, THREAD_COUNT);
    pthread_create(&caller, NULL, call_from_threads, NULL);
    while (!atomic_load(&done)) {
        const pid_t child = fork();

        if (!child)
            _exit(0);
        waitpid(child, NULL, 0);
    }
    pthread_join(caller, NULL);
    return 0;
}
