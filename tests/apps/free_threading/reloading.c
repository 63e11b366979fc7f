/*
 * Loads a user of CPython, which brings CPython along; makes ten calls that give up the lock or
 * detach, and twenty that do not; and unloads both. It does so four times: without a lock; with a
 * lock, and CPython at another place; with a CPython that always has its lock; and without a lock
 * again. Then nothing can be read or run any more where the first CPython lay. Run with the folder
 * of the libraries.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *folder;

static void *load(const char *file)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", folder, file);
    return dlopen(path, RTLD_NOW);
}

/* Returns where CPython's function lay. */
static char *call_and_unload(int lock)
{
    void *user = load("libstub_user.so");
    int (*make_calls)(int, int, int) = user ? (int (*)(int, int, int))dlsym(user, "make_calls") : 0;
    char *place = user ? dlsym(user, "PyThreadState_GetUnchecked") : NULL;

    if (make_calls)
        printf("calls: %d\n", make_calls(10, 20, lock));
    if (user)
        dlclose(user);
    return place;
}

static int block(const char *place)
{
    const uintptr_t page = (uintptr_t)place & ~(uintptr_t)(sysconf(_SC_PAGESIZE) - 1);

    return mmap((void *)page, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
                0) == (void *)page;
}

int main(int argc, char **argv)
{
    folder = argc > 1 ? argv[1] : ".";
    dlopen("libffi.so.8", RTLD_NOW); /* it stays */
    const char *first = call_and_unload(0);
    printf("gone: %d\n", block(first));
    printf("at another place: %d\n", call_and_unload(1) != first);
    void *with_lock = load("with_lock/libstub.so");
    call_and_unload(0);
    if (with_lock)
        dlclose(with_lock);
    call_and_unload(0);
    return 0;
}
